"""Links from the panel's sections to what the documentation says of them."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

HOME = ""  # as EXTENSION_HOMEPAGE in CMakeLists.txt; while the project has no public address, no link is shown
_PAGES = {
    "dataset": "docs/training.md#the-data-set",
    "start": "docs/training.md#fine-tuning",
    "plan": "docs/training.md#the-plan",
    "train": "docs/training.md#the-run",
    "result": "docs/training.md#the-calibration",
}


def showLinks(ui: Any, home: str = HOME) -> None:
    """In each section, the link to its page on a home page; none without one."""
    for section, page in _PAGES.items():
        label = getattr(ui, f"{section}HelpLabel")
        label.text = '<a href="{url}">{text}</a>'.format(url=f"{home}/blob/main/{page}", text=_("Help"))
        label.visible = bool(home)
