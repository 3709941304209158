"""Does the runner without torch (docs/onnx/run.py) give the engine's masks? On every validation case of a model, as one
field of view on its own grid. Writes docs/onnx/validation.json. Run it by `make check-onnx`; DATA holds images/."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from rich.console import Console
from rich.progress import track

from mednca.imaging.metrics import dice
from mednca.imaging.reading import read_image
from mednca.models.library import Library
from mednca.models.onnx_export import export_steps
from mednca.segment import segment_image

ROOT = Path(__file__).parents[2]
RUNNER = ROOT / "docs" / "onnx" / "run.py"


def main(data: Path, model_id: str = "hippocampus-m3dnca") -> None:
    model = Library().load(model_id)
    names = model.info["training"]["split"]["validation"]
    with tempfile.TemporaryDirectory() as folder:
        export_steps(model, Path(folder) / "steps")
        cases = {name: _compared(model, data / "images" / f"{name}.nii.gz", Path(folder)) for name in track(names)}
    report = {
        "model": model.id,
        "sha256": model.sha256,
        "cases": len(cases),
        "least_dice": min(dice for _different, scores in cases.values() for dice in scores.values()),
        "cases_with_other_voxels": sum(different > 0 for different, _scores in cases.values()),
        "other_voxels": sum(different for different, _scores in cases.values()),
    }
    (ROOT / "docs" / "onnx" / "validation.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    Console().print(report)


def _compared(model, image: Path, folder: Path) -> tuple[int, dict[str, float]]:
    """Voxels that differ, and the Dice of each label between the two."""
    mask = folder / "mask.nii.gz"
    subprocess.run([sys.executable, str(RUNNER), str(folder / "steps"), str(image), str(mask)], check=True)
    found = sitk.GetArrayFromImage(sitk.ReadImage(str(mask)))
    own = sitk.GetArrayFromImage(segment_image(read_image(image), model).labels)
    scores = {label.name: dice(found == label.value, own == label.value) for label in model.labels}
    return int(np.count_nonzero(found != own)), scores


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
