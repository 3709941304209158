"""How long a person waits: mouse clicks on the hippocampi of the MNI152 brain, in the panel on the test host.

Prints one line of JSON: the first click (torch loads), warm clicks, the longest gap between two ticks of the event
loop while they ran, and whether torch got into this process. Run it by `make measure-click`.
"""

import json
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "Testing" / "host"), str(ROOT / "Testing"), str(ROOT / "MedNCASegment")]

CLICKS = ((-27.0, -22.0, -14.0), (27.0, -22.0, -14.0))


def main():
    import slicerhost

    host = slicerhost.startApplication()
    import slicer

    from demo import add_mni152

    volume = add_mni152(slicer)
    panel = host.openModule("MedNCASegment")
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    host.click(panel.ui.placeButton)
    first, _ = click(host, panel, CLICKS[0])
    warm, ticks = zip(*(click(host, panel, CLICKS[number % 2]) for number in range(1, 5)), strict=True)
    figures = {
        "first_click_seconds": round(first, 2),
        "click_seconds": round(statistics.median(warm), 2),
        "clicks": [round(seconds, 2) for seconds in warm],
        "longest_tick_seconds": round(max(ticks), 3),
        "torch_in_process": "torch" in sys.modules,
    }
    print(json.dumps(figures))
    slicerhost.leave()


def click(host, panel, ras):
    """Seconds from the mouse button to the mask drawn in the slice view, and the longest gap between two ticks of the
    event loop from then on until the result was there (drawing the views, in software here, is not the module's)."""
    import slicer

    slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *ras, slicer.vtkMRMLSliceNode.OffsetJumpSlice)
    host.processEvents()
    start = time.perf_counter()
    host.view("Red").clickRas(*ras)
    with host.longestTick() as tick:
        if not (host.wait(lambda: panel.logic.isBusy, 10) and host.wait(lambda: not panel.logic.isBusy, 100)):
            raise SystemExit("The click was not answered.")
    if host.dialogs:
        raise SystemExit(str(host.dialogs))
    host.view("Red").render()
    return time.perf_counter() - start, tick.seconds


if __name__ == "__main__":
    main()
