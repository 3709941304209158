"""The main job: both hippocampi of the MNI152 brain, through Slicer's real MRML scene, from two clicks.

Leaves in the given folder: segmentation.seg.nrrd, variance.nrrd, scene.mrb, report.json, overview.png.
Run it by `make demo`.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
import warnings
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "Testing" / "host"), str(ROOT / "MedNCASegment")]

CLICKS = ((-27.0, -22.0, -14.0), (27.0, -22.0, -14.0))  # mm RAS: left and right hippocampus
MODEL = "hippocampus-m3dnca"


def main(folder: Path) -> None:
    laps, start = {}, time.perf_counter()

    def lap(name):
        nonlocal start
        laps[name] = round(time.perf_counter() - start, 2)
        start = time.perf_counter()

    import slicerhost

    slicer = slicerhost.start()
    lap("start Slicer's core")
    volume_node = add_mni152(slicer)
    lap("load the MNI152 brain")
    from mednca.models.library import Library
    from mednca.overview import draw_overview
    from MedNCASegment import MedNCASegmentLogic

    model = Library().load(MODEL)
    lap("load torch and the model")
    added, result = MedNCASegmentLogic().segmentInProcess(volume_node, model, CLICKS)
    lap("segment, two clicks")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    save_node(added.segmentationNode, folder / "segmentation.seg.nrrd")
    save_node(added.varianceNode, folder / "variance.nrrd")
    slicer.mrmlScene.WriteToMRB(str(folder / "scene.mrb"))
    lap("save nodes and scene")
    draw_overview(result, folder / "overview.png")
    lap("draw the overview")
    report = result.report.to_json() | {"volume": "ICBM MNI152 template, 1 mm", "stages_seconds": laps}
    (folder / "report.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    tell(result, laps, folder)


def add_mni152(slicer):
    """The template that nilearn carries, as a volume node."""
    import vtk

    from MedNCASegmentLib.volumes import imageDataFromArray

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nilearn.datasets import load_mni152_template

        template = load_mni152_template(resolution=1)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "MNI152")
    node.SetAndObserveImageData(imageDataFromArray(np.asarray(template.dataobj, np.float32).transpose(2, 1, 0)))
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(template.affine.ravel().tolist())
    node.SetIJKToRASMatrix(matrix)
    node.CreateDefaultDisplayNodes()
    return node


def save_node(node, path: Path) -> None:
    node.AddDefaultStorageNode()
    storage = node.GetStorageNode()
    storage.SetFileName(str(path))
    if not storage.WriteData(node):
        raise SystemExit(f"{path} could not be written.")


def tell(result, laps, folder: Path) -> None:
    """The short table."""
    print(f"\n{'Click (R, A, S)':>18} {'Found at':>18} {'Volume':>9} {'NQM':>6}  Verdict")
    for finding in result.findings:
        click, center = (", ".join(f"{x:.0f}" for x in point) for point in (finding.click, finding.center))
        volume, quality = finding.volume_mm3["union"] / 1000, finding.nqm["union"]
        words = f"{finding.verdict.word}. {finding.verdict.reason}"
        print(f"{click:>18} {center:>18} {volume:>6.2f} ml {quality:>6.3f}  {words}")
    print()
    for name, seconds in laps.items():
        print(f"{seconds:>7.2f} s  {name}")
    print(f"\nLeft in {folder}: {', '.join(sorted(f.name for f in folder.iterdir()))}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
