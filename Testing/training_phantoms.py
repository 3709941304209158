"""Plans that train in seconds, and the cases for them: phantoms written as files."""

import csv

import numpy as np
import SimpleITK as sitk

from mednca.models.description import Label, Preprocessing
from mednca.nca.architecture import Architecture, Level
from mednca_train.plan.plan import Augmentation, Plan
from phantoms import image_of

RAS = np.diag([-1.0, -1.0, 1.0])
LABELS = (Label(1, "Front", (255, 0, 0)), Label(2, "Back", (0, 0, 255)))
METADATA = {
    "id": "phantom", "name": "Phantom", "version": "1", "task": "t", "description": "d", "intended_use": "tests",
    "license": "none", "data_source": "made by code", "references": ["none"],
}  # fmt: skip


def plan(**changes) -> Plan:
    """A plan of eight iterations on phantoms of 24 x 26 x 22 voxels. changes: to its fields."""
    architecture = Architecture(
        "m3d-nca", 8, 24, (Level((2, 2, 2), 5, 6), Level((1, 1, 1), 3, 6)), norm="batch", labels=2
    )
    options = {
        "architecture": architecture,
        "field_of_view": (24, 26, 22), "patch": (14, 14, 14), "batch": 2, "iterations": 8, "checkpoint_every": 3,
        "validate_every": 1000, "augmentation": Augmentation(shift=2, rotation=4, elastic=0.1),
    }  # fmt: skip
    preprocessing = Preprocessing((1.0, 1.0, 1.0), field_of_view=(24.0, 26.0, 22.0), keep_largest=True)
    return Plan(**({"preprocessing": preprocessing, "labels": LABELS} | options | changes))


COARSE = {"preprocessing": Preprocessing((3.0, 3.0, 3.0), field_of_view=(72.0, 78.0, 66.0), keep_largest=True)}


def history(folder):
    """(iteration, loss, gradient norm) of each row, as strings: to the last digit."""
    with open(folder / "history.csv", newline="", encoding="utf-8") as file:
        return [(row["iteration"], row["loss"], row["gradient_norm"]) for row in csv.DictReader(file)]


def write_case(folder, name, image, labels, spacing=(1, 1, 1), images="images", label_folder="labels", image_name=None):
    """Write a case: image and labels (i, j, k), in the folders of a data set."""
    for part, array, file in ((images, image, image_name or name), (label_folder, labels, name)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(image_of(array, spacing, RAS), str(folder / part / f"{file}.nii.gz"))
