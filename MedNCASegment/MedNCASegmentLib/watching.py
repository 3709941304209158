"""The part of the panel that shows what the model does: how its last result grew, and what it makes of a worse image.

It asks for the work and shows what came of it; how the steps are shown is `growth`'s business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
from slicer.i18n import tr as _

from mednca.messages import ARTIFACTS

from . import growth, messages, review
from .record import VARIANCE_ROLE, Run, originalOf, presentRuns, segmentationOf
from .requests import Disturbing, Growing
from .result_view import gravest
from .validity import unjudged
from .worker_client import RequestState

Places = list[tuple[float, float, float] | None]  # world RAS mm; None for the whole volume


class Watching:
    """Works on the widgets of the panel.

    ask(begin) begins something by the parameter node, on the volume and with the model that are chosen, once all that
    it needs is there; logic starts what is asked for; segment(volumeNode, places) segments a copy; told(text) is called
    with a sentence beside the buttons.
    """

    def __init__(
        self,
        ui: Any,
        logic: Any,
        ask: Callable[[Callable[[Any, slicer.vtkMRMLScalarVolumeNode, str], None]], bool],
        segment: Callable[[slicer.vtkMRMLScalarVolumeNode, Places], None],
        told: Callable[[str], None],
    ):
        self.ui, self.logic, self.ask, self.segment, self.told = ui, logic, ask, segment, told
        self.sliders = {name: getattr(ui, f"{name}Slider") for name in ARTIFACTS}
        self._node, self._isReady = None, False
        ui.growthButton.connect("clicked(bool)", self._onGrow)
        ui.removeGrowthButton.connect("clicked(bool)", self._onRemove)
        ui.disturbButton.connect("clicked(bool)", self._onDisturb)
        for slider in self.sliders.values():
            slider.connect("valueChanged(double)", self._onSlider)

    def follow(self, node: Any, isReady: bool) -> None:
        """Show what can be done now; what belongs to another volume goes out of sight.

        Args:
            node: the panel's parameter node, or None.
            isReady: whether a volume and a model are chosen.
        """
        self._node, self._isReady = node, isReady
        if slicer.mrmlScene.IsBatchProcessing() or slicer.mrmlScene.IsClosing():  # half a scene
            return
        growth.removeOrphans()
        growth.hideOthers(self._volume)
        self._showState()

    @property
    def _volume(self):
        return self._node.inputVolume if self._node else None

    def _showState(self):
        ui, busy = self.ui, _("Wait until what is computed is done.") if self.logic.isBusy else ""
        for button, reason, tip in (
            (ui.growthButton, busy or self._whyNotGrow(), messages.growthTip()),
            (ui.removeGrowthButton, self._whyNotRemove(), _("Take the steps out of the scene.")),
            (ui.disturbButton, busy or self._whyNotDisturb(), messages.disturbTip()),
        ):
            button.enabled = not reason
            button.toolTip = reason or tip
        ui.undisturbedLabel.text = self._undisturbed()

    def _whyNotGrow(self):
        if not self._isReady:
            return _("Choose a volume and a model first.")
        return "" if self._runs(self._volume) else _("Segment something first: the last result is what is shown.")

    def _whyNotRemove(self):
        return "" if growth.growthOf(self._volume) else _("There is nothing to remove.")

    def _whyNotDisturb(self):
        if not self._isReady:
            return _("Choose a volume and a model first.")
        runs = self._runs(originalOf(self._volume))
        if not runs:
            return _("Segment the image first: its copy is segmented at the same places.")
        used = runs[-1].report.model
        if used.id != self._node.model:
            told = _("Choose {name}, which segmented the image: the lights of two models cannot be compared.")
            return told.format(name=used.name)
        return "" if any(self._severities().values()) else _("Move a slider first.")

    def _runs(self, volumeNode) -> list[Run]:
        """The runs of a volume: of its segmentation that is chosen, or of its latest one."""
        return presentRuns(self._node.segmentation if volumeNode is self._volume else segmentationOf(volumeNode))

    def _severities(self):
        return {name: slider.value for name, slider in self.sliders.items()}

    def _undisturbed(self):
        """Rich text: the light of the original, where a disturbed copy is chosen; it compares with the one above."""
        original = originalOf(self._volume) if self._volume else None
        if original is self._volume:
            return ""
        judged = [run.rejudged(self._node.targetDice) for run in self._runs(original)]
        worst = gravest(judged, unjudged(segmentationOf(original), judged))
        return _("Undisturbed: {light}").format(light=messages.lightText(worst.verdict)) if worst else ""

    def _onSlider(self, value):
        self._showState()

    def _onGrow(self):
        report = self._runs(self._volume)[-1].report  # now: while packages are installed, another volume may be chosen
        self.ask(lambda node, volumeNode, model: self._grow(node, volumeNode, report))

    def _grow(self, node, volumeNode, report):
        finding = report.findings[-1]
        self.logic.startGrowth(
            volumeNode,
            report.model.id,
            finished=lambda request: self._onGrown(request, finding.center),
            click=finding.click,
            members=report.members,
            seed=report.seed,
            memory_limit=node.memoryLimit or None,
        )

    def _onGrown(self, request: Growing, center: tuple[float, float, float]):
        """It is played where it is seen, unless another volume was chosen meanwhile."""
        if request.state is RequestState.DONE and request.volumeNode is self._volume:
            review.jumpTo(center)
            growth.play(request.browserNode)
            if varianceNode := self._variance():
                review.setLegend(varianceNode, False)  # it is of the layer that is under this one

    def _onRemove(self):
        """The variance is over the image again."""
        growth.removeGrowth(self._volume)
        varianceNode = self._variance()
        if varianceNode and self._node.showOverlay:
            review.showOverlay(varianceNode, self._node.opacity)
            review.setLegend(varianceNode, self._node.showLegend)
        self._showState()

    def _variance(self):
        segmentationNode = self._node.segmentation
        return segmentationNode.GetNodeReference(VARIANCE_ROLE) if segmentationNode else None

    def _onDisturb(self):
        original = originalOf(self._volume)
        places = [finding.click for run in self._runs(original) for finding in run.report.findings]
        self.ask(lambda node, volumeNode, model: self._disturb(node, original, places))

    def _disturb(self, node, original, places):
        self.logic.startDisturbing(
            original,
            finished=lambda request: self._onDisturbed(request, list(dict.fromkeys(places))),
            seed=max(node.seed, 0),
            **self._severities(),
        )

    def _onDisturbed(self, request: Disturbing, places: Places):
        """The copy is segmented, unless another volume was chosen meanwhile."""
        if request.state is not RequestState.DONE:
            return
        if self._volume and originalOf(self._volume) is request.volumeNode:
            self.segment(request.copyNode, places)
        else:
            self.told(messages.copyText(request.copyNode.GetName()))
