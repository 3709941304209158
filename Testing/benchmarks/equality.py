"""Do the fast paths give the same masks? Every validation case of a model, four ways, compared with the plain path.

plain: `Cell.plain`; fast: as shipped; tiles: under a memory limit; region: the finest level in the region of interest.
Run it by `make check-equality`; DATA holds images/ and labels/ of the model's training set.
"""

import json
import sys
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from MedNCALib import fast
from MedNCALib.ensemble import run_ensemble, settle
from MedNCALib.images import read_image
from MedNCALib.library import Library
from MedNCALib.memory import predicted_peak
from MedNCALib.space import Box, View, normalize

MEMBERS = 3
WAYS = ("fast", "tiles", "region")


def main(data: Path, model_id: str = "hippocampus-m3dnca") -> None:
    model = Library().load(model_id)
    names = model.info["training"]["split"]["validation"]
    worst = {way: {"different": 0, "probability": 0.0, "share": []} for way in WAYS}
    for name in names:
        view = View.of(read_image(data / "images" / f"{name}.nii.gz"))
        image = normalize(Box.whole(view, model.preprocessing.spacing).extract(view.array))
        plain = _plain(model, image)
        whole = predicted_peak(model.architecture, image.shape, None, 1) / 1e6
        for way in WAYS:
            options = {"fast": {}, "tiles": {"memory_limit": 0.95 * whole}, "region": {"roi": True}}[way]
            result = run_ensemble(model.pyramid, image, MEMBERS, model.seed, **options)
            row = worst[way]
            row["different"] += int((settle(result.mean) != settle(plain.mean)).sum())
            if way != "region":
                row["probability"] = max(row["probability"], float(np.abs(result.mean - plain.mean).max()))
            row["share"].append(result.computed_share)
    table = Table("Way", "Different voxels", "Largest difference of the mean probability", "Computed share")
    for way, row in worst.items():
        largest = "-" if way == "region" else f"{row['probability']:.1e}"
        table.add_row(way, str(row["different"]), largest, f"{np.mean(row['share']):.2f}")
    Console().print(f"{len(names)} validation cases, {MEMBERS} members, seed {model.seed}", table)
    print(json.dumps({way: row["different"] for way, row in worst.items()}))


def _plain(model, image):
    kept, fast.run = fast.run, lambda cell, *arguments: cell.plain(*arguments)
    try:
        return run_ensemble(model.pyramid, image, MEMBERS, model.seed)
    finally:
        fast.run = kept


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
