"""Pictures of the modules at work, for the README: the panel beside three slice views and the 3D view; the trainer.

Both hippocampi of the MNI152 brain are segmented by one press on the test host; a model is trained on phantoms. Run it
by `make screenshots`, then look at what it made in Resources/Screenshots.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "Testing" / "host"), str(ROOT / "Testing"), str(ROOT / "MedNCASegment")]
OUT = ROOT / "Resources" / "Screenshots"
PANEL_WIDTH, VIEW = 500, 620


def main():
    import slicerhost

    host = slicerhost.startApplication(size=(VIEW, VIEW))
    import slicer

    from demo import add_mni152

    volume = add_mni152(slicer)
    panel = host.openModule("MedNCASegment")
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    zoom(host, 120)
    host.click(panel.ui.findButton)
    assert host.wait(lambda: panel.logic.isBusy, 10) and host.wait(lambda: not panel.logic.isBusy, 300)
    assert host.dialogs == [], host.dialogs
    host.click(panel.ui.nextButton)
    host.click(panel.ui.show3DCheckBox)
    host.view("3D").resetFocalPoint()
    host.view("3D").rotateToViewAxis(3)
    views = [
        [host.view("Red").render(), host.view("3D").render()],
        [host.view(n).render() for n in ("Green", "Yellow")],
    ]
    save(OUT / "MedNCASegment.png", beside(picture(host, panel), np.vstack([np.hstack(row) for row in views])))
    print(f"Made {OUT / 'MedNCASegment.png'}; look at it.")
    trainer(host)
    slicerhost.leave()


def trainer(host):
    """The trainer's panel after a short training on phantoms."""
    import json

    import slicer

    from nodes import drawn_pair
    from phantoms import organ_case

    slicer.mrmlScene.Clear(0)
    for number in range(6):
        drawn_pair(slicer, *organ_case(number), f"Scan {number + 1}")
    panel = host.openModule(ROOT / "NCATrainer" / "NCATrainer.py")
    panel.ui.nameLineEdit.text = "Phantom organ"
    host.click(panel.ui.addAllButton)
    for button in ("proposeButton", "applyPlanButton", "trainButton"):
        if button == "applyPlanButton":
            panel.ui.detailsCollapsibleButton.collapsed = False
            changes = {"iterations": 120, "validate_every": 40, "learning_rate": 4e-3}
            panel.ui.planEdit.plainText = json.dumps(json.loads(panel.ui.planEdit.plainText) | changes)
        host.click(getattr(panel.ui, button))
        assert host.wait(lambda: not panel.logic.status.isBusy, 400), panel.ui.logText.plainText
    panel.ui.detailsCollapsibleButton.collapsed = True
    save(OUT / "NCATrainer.png", picture(host, panel))
    print(f"Made {OUT / 'NCATrainer.png'}; look at it.")


def zoom(host, millimeters):
    """A field of view in which the hippocampi are seen."""
    for name in ("Red", "Yellow", "Green"):
        node = host.view(name).mrmlSliceNode()
        node.SetFieldOfView(millimeters, millimeters, node.GetFieldOfView()[2])


def picture(host, panel):
    """The panel, (rows, columns, 3) of 0..255."""
    import matplotlib.image

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panel.png"
        host.grab(panel.parent, str(path), PANEL_WIDTH)
        drawn = (matplotlib.image.imread(path)[..., :3] * 255).astype(np.uint8)
    last = np.flatnonzero((drawn != drawn[-1, 0]).any(axis=(1, 2)))[-1]
    return drawn[: last + 20]


def beside(panel, views):
    """The panel to the left of the views, on a common gray background."""
    height = max(len(panel), len(views))
    sheet = np.full((height, panel.shape[1] + views.shape[1], 3), 239, np.uint8)
    sheet[: len(panel), : panel.shape[1]] = panel
    sheet[: len(views), panel.shape[1] :] = views
    return sheet


def save(path, array):
    import matplotlib.image

    path.parent.mkdir(parents=True, exist_ok=True)
    matplotlib.image.imsave(path, array)


if __name__ == "__main__":
    main()
