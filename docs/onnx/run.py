"""Segment without torch: python run.py STEPS IMAGE OUT, STEPS of `mednca onnx`, IMAGE one field of view on the model's
own grid. The mask is the engine's; needs numpy, onnxruntime, SimpleITK and scipy."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import SimpleITK as sitk
from scipy.ndimage import label

MASK = (1 << 64) - 1


def mix(address):  # a 64-bit hash: which cells fire is addressed, not drawn (mednca/nca/firing.py)
    z = 0x9E3779B97F4A7C15
    for number in address:
        z = ((z ^ number) + 0x9E3779B97F4A7C15) & MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        z ^= z >> 31
    return z


def fires(shape, rate, *address):
    key = mix(address)
    x = np.arange(np.prod(shape), dtype=np.uint32) + np.uint32(key & 0xFFFFFFFF)
    x = (x ^ (x >> 16)) * np.uint32(0x7FEB352D) + np.uint32(key >> 32)
    x = (x ^ (x >> 15)) * np.uint32(0x846CA68B)
    x ^= x >> 16
    return ((x & 0xFFFFFF) < round(rate * 2**24) if rate < 1 else x == x).reshape(1, 1, *shape).astype(np.float32)


def pooled(image, scale):  # the average of each block, an incomplete one of what it has
    pads = [(0, -n % s) for n, s in zip(image.shape, scale)]
    blocks = np.pad(image, pads, constant_values=np.nan)
    shape = [each for n, s in zip(blocks.shape, scale) for each in (n // s, s)]
    return np.nanmean(blocks.reshape(shape), (1, 3, 5)).astype(np.float32)


def main(folder, path, out):
    model = json.loads((Path(folder) / "model.json").read_text("utf-8"))
    architecture, p, ensemble = model["architecture"], model["preprocessing"], model["ensemble"]
    steps = [onnxruntime.InferenceSession(Path(folder) / f"step-{n}.onnx") for n in range(len(architecture["levels"]))]
    assert architecture["input_channels"] == 1, "this runner is for models of one channel"
    there = sitk.ReadImage(path)
    image = sitk.DICOMOrient(there, "LPS")
    array = sitk.GetArrayFromImage(image).transpose(2, 1, 0)[::-1, ::-1].astype(np.float32)  # R, A, S
    low, high = np.percentile(array, p["percentiles"])
    array = np.clip((np.clip(array, low, high) - low) / (high - low), 0, 1) ** p.get("gamma", 1)
    array = ((array - array.mean(dtype=float)) / array.std(dtype=float)).astype(np.float32)
    mean = 0
    for member in range(ensemble["members"]):
        for number, (level, step) in enumerate(zip(architecture["levels"], steps)):
            small = pooled(array, level["scale"])
            if number == 0:
                state = np.zeros((1, architecture["channels"], *small.shape), np.float32)
            else:  # each coarse cell fills its finer ones
                ratios = np.array(architecture["levels"][number - 1]["scale"]) // level["scale"]
                for axis, ratio in enumerate(ratios, start=2):
                    state = np.repeat(state, ratio, axis).take(range(small.shape[axis - 2]), axis)
            state[:, 0] = small
            for n in range(level["steps"]):
                fire = fires(small.shape, architecture["fire_rate"], ensemble["seed"], member, number, n)
                (state,) = step.run(None, {"state": np.ascontiguousarray(state), "fire": fire})
        mean = mean + 1 / (1 + np.exp(-state[0, 1 : 1 + architecture["labels"]])) / ensemble["members"]
    found = np.where(np.minimum(mean.sum(0), 1) > 0.5, mean.argmax(0) + 1, 0)
    if p.get("keep_largest") and found.any():
        pieces, _ = label(found > 0, np.ones((3, 3, 3)))
        found[pieces != np.bincount(pieces.ravel())[1:].argmax() + 1] = 0
    values = np.array([0, *(each["value"] for each in model["labels"])], np.uint8)[found]
    mask = sitk.GetImageFromArray(np.ascontiguousarray(values[::-1, ::-1].transpose(2, 1, 0)))
    mask.CopyInformation(image)
    sitk.WriteImage(sitk.Resample(mask, there, sitk.Transform(), sitk.sitkNearestNeighbor), out)


if __name__ == "__main__":
    main(*sys.argv[1:])
