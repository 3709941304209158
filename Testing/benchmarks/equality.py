"""Do the fast paths give the same masks? Every validation case of a model, four ways, compared with the plain path.

plain: `Cell.plain`; fast: as shipped; tiles: under a memory limit; region: computed only in the region of interest,
compared as the command line and the module use it, with what falls outside the largest piece dropped.
Run it by `make check-equality`; DATA holds images/ and labels/ of the model's training set.
"""

import json
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from rich.console import Console
from rich.table import Table

from mednca.imaging.geometry import CanonicalImage, Grid, normalize
from mednca.imaging.reading import read_image
from mednca.models.library import Library
from mednca.nca.cells import Cell
from mednca.nca.ensemble import run_ensemble
from mednca.nca.labels import to_labels
from mednca.nca.memory import predicted_peak
from mednca.segment import segment_image

MEMBERS = 3
WAYS = ("fast", "tiles", "region")


def main(data: Path, model_id: str = "hippocampus-m3dnca") -> None:
    model = Library().load(model_id)
    names = model.info["training"]["split"]["validation"]
    worst = {way: {"different": 0, "cases": 0, "probability": 0.0, "share": []} for way in WAYS}
    for name in names:
        image = read_image(data / "images" / f"{name}.nii.gz")
        for way, (different, probability, share) in _compare(model, image).items():
            row = worst[way]
            row["different"] += different
            row["cases"] += different > 0
            row["probability"] = max(row["probability"], probability)
            row["share"].append(share)
    table = Table("Way", "Different voxels", "In cases", "Largest difference of the mean probability", "Computed share")
    for way, row in worst.items():
        largest = "-" if way == "region" else f"{row['probability']:.1e}"
        table.add_row(way, str(row["different"]), str(row["cases"]), largest, f"{np.mean(row['share']):.2f}")
    Console().print(f"{len(names)} validation cases of {model.id}, {MEMBERS} members, seed {model.seed}", table)
    print(json.dumps({way: row["different"] for way, row in worst.items()}))


def _compare(model, image) -> dict:
    """Per way: voxels of the mask that differ, largest difference of the mean probability, computed share."""
    view, p = CanonicalImage.of(image), model.preprocessing
    array = normalize(Grid.whole(view, p.spacing).extract(view.array), p.percentiles, p.gamma)
    plain = _plain(model, array)
    limit = 0.8 * predicted_peak(model.architecture, array.shape, None, 1) / 1e6
    found = {}
    for way, options in (("fast", {}), ("tiles", {"memory_limit": limit})):
        result = run_ensemble(model.pyramid, array, MEMBERS, model.seed, **options)
        different = int((to_labels(result.mean) != to_labels(plain.mean)).sum())
        found[way] = different, float(np.abs(result.mean - plain.mean).max()), 1.0
    whole, region = (segment_image(image, model, members=MEMBERS, roi=roi) for roi in (False, True))
    masks = [sitk.GetArrayFromImage(result.labels) for result in (whole, region)]
    found["region"] = int((masks[0] != masks[1]).sum()), 0.0, region.findings[0].computed_share
    return found


def _plain(model, image):
    kept, Cell.forward = Cell.forward, Cell.plain
    try:
        return run_ensemble(model.pyramid, image, MEMBERS, model.seed)
    finally:
        Cell.forward = kept


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
