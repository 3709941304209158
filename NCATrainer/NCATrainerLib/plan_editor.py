"""The text of a plan, which the user may change. What comes of the changes is the engine's business."""

from __future__ import annotations

import json

import qt
from slicer.i18n import tr as _

from mednca.errors import MedNCAError
from mednca_train.plan.plan import Plan


class PlanEditor:
    """Shows a plan as JSON."""

    def __init__(self, edit: qt.QPlainTextEdit):
        self.edit = edit
        self._shown: Plan | None = None

    def show(self, plan: Plan | None) -> None:
        """A new plan takes the place of what the user made of the one before."""
        if plan is not self._shown:
            self._shown = plan
            self.edit.plainText = _textOf(plan) if plan else ""

    def changes(self) -> dict | None:
        """What the user made of the plan that is shown, by the plan's fields; None where nothing was changed.

        Raises:
            MedNCAError: where the text is no plan.
        """
        text = self.edit.plainText
        if self._shown is None or text == _textOf(self._shown):
            return None
        try:
            changes = json.loads(text)
        except ValueError as error:
            raise MedNCAError(_("This is no plan: {error}").format(error=error)) from error
        if not isinstance(changes, dict):
            raise MedNCAError(_("This is no plan: it must stand in braces."))
        return changes


def _textOf(plan: Plan) -> str:
    return json.dumps(plan.to_json(), indent=1)
