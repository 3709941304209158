"""What varies is one file: what is registered from outside is used without another change."""

import numpy as np
import SimpleITK as sitk
import torchio as tio

from mednca_train.data import artifacts
from mednca_train.model.calibration import conditions, measure_degraded
from mednca_train.pool import Pool
from phantoms import bright_model, image_of, organ_case, save


def blackout(severity: float) -> tio.Transform:
    """An artifact of this test: of every image nothing is left but a little noise."""
    return tio.Compose([tio.Lambda(lambda image: image * 0), tio.RandomNoise(std=0.001 * (1 + severity))])


def test_a_new_artifact_is_used_by_calibrations(cases, tmp_path, monkeypatch):
    """Registered by its name alone; its samples are made in other processes."""
    monkeypatch.setitem(artifacts.ARTIFACTS, "blackout", blackout)
    assert list(conditions())[-1] == "blackout"
    image = image_of(organ_case(0)[0])
    assert (
        np.ptp(sitk.GetArrayFromImage(artifacts.degrade(image, blackout, 1)))
        < 0.1
        < np.ptp(sitk.GetArrayFromImage(image))
    )
    folder = save(bright_model(labels=2), tmp_path / "bright")
    wanted = {name: conditions()[name] for name in ("clean", "blackout")}
    with Pool() as pool:
        samples = measure_degraded(pool, folder, cases[:2], 0, wanted=wanted)
    dice = {name: [sample.dice for sample in samples if sample.condition == name] for name in wanted}
    assert len(samples) == 4
    assert all(clean > 2 * black for clean, black in zip(dice["clean"], dice["blackout"], strict=True))
