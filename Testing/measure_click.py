"""How long a person waits: mouse clicks on the hippocampi of the MNI152 brain, and one press for both, in the panel on
the test host.

python Testing/measure_click.py FILE.json [WARM_CLICKS]

Writes the file: the first click (torch loads), warm clicks, the press, the longest gap between two ticks of the
event loop while they ran, and whether torch got into this process. `make measure-click` makes docs/click.json of it.
"""

import json
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "Testing" / "host"), str(ROOT / "Testing"), str(ROOT / "MedNCASegment")]

CLICKS = ((-27.0, -22.0, -14.0), (27.0, -22.0, -14.0))


def main(file, warm_clicks):
    import slicerhost

    host = slicerhost.startApplication()
    import slicer

    from demo import add_mni152
    from mednca.files import write_json

    volume = add_mni152(slicer)
    panel = host.openModule("MedNCASegment")
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    host.click(panel.ui.placeButton)
    first, _ = click(host, panel, CLICKS[0])
    warm, ticks = zip(*(click(host, panel, CLICKS[number % 2]) for number in range(1, 1 + warm_clicks)), strict=True)
    host.click(panel.ui.placeButton)
    both, tick = press(host, panel)
    figures = {
        "first_click_seconds": round(first, 2),
        "click_seconds": round(statistics.median(warm), 2),
        "clicks": [round(seconds, 2) for seconds in warm],
        "both_sides_seconds": round(both, 2),
        "longest_tick_seconds": round(max(*ticks, tick), 3),
        "torch_in_process": "torch" in sys.modules,
    }
    print(json.dumps(figures))
    write_json(file, figures)
    slicerhost.leave()


def click(host, panel, ras):
    """Seconds from the mouse button to the mask drawn in the slice view, and the longest gap between two ticks of the
    event loop from then on until the result was there (drawing the views, in software here, is not the module's)."""
    import slicer

    slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *ras, slicer.vtkMRMLSliceNode.OffsetJumpSlice)
    host.processEvents()
    return _timed(host, panel, lambda: host.view("Red").clickRas(*ras))


def press(host, panel):
    """The same from the press of *Segment both sides* to both volumes on the screen."""
    found = _timed(host, panel, lambda: host.click(panel.ui.findButton))
    if panel.ui.volumesTable.columnCount != 5:
        raise SystemExit("The volumes of both sides are not there.")
    return found


def _timed(host, panel, ask):
    start = time.perf_counter()
    ask()
    with host.longestTick() as tick:
        if not (host.wait(lambda: panel.logic.isBusy, 10) and host.wait(lambda: not panel.logic.isBusy, 100)):
            raise SystemExit("It was not answered.")
    if host.dialogs:
        raise SystemExit(str(host.dialogs))
    host.view("Red").render()
    return time.perf_counter() - start, tick.seconds


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 4)
