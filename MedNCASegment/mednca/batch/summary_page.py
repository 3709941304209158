"""The page of a folder of results, summary.html: a card an image, what is doubtful first, with its picture."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from .. import __version__
from ..quality.verdict import COLORS
from .jobs import OVERVIEW
from .rows import Row, counted, doubt, verdict_text

_TITLE = "Results, what is doubtful first"
# A picture that is not loaded yet takes some room: otherwise all of them would be in sight, and be loaded.
_STYLE = """:root{color-scheme:light dark}
body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,36rem),1fr));gap:1rem}
article{border:1px solid #999;border-left-width:8px;border-radius:6px;padding:.6rem .8rem;break-inside:avoid}
img{width:100%;height:auto;min-height:16rem;object-fit:contain;display:block;margin-top:.6rem}
h1{font-size:1.6rem;margin:0}
h2{font-size:1.1rem;margin:0;overflow-wrap:anywhere}
p{margin:.3rem 0}
.light{font-size:1.3em;line-height:1;print-color-adjust:exact;-webkit-print-color-adjust:exact}"""


def as_html(rows: Iterable[Row]) -> str:
    """Rows as a page; the pictures lie in the results' folders beside it."""
    images: dict[str, list[Row]] = {}
    for row in sorted(rows, key=doubt):
        images.setdefault(row["image"], []).append(row)
    cards = "\n".join(_card(name, of_image) for name, of_image in images.items())
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{_TITLE}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>\n{_STYLE}\n</style>\n<h1>{_TITLE}</h1>\n<p>{_told(images)} mednca {__version__}. "
        f"Research and education only; a person must review every result.</p>\n<main>\n{cards}\n</main>\n</html>\n"
    )


def _told(images: dict[str, list[Row]]) -> str:
    """How many structures of each color; how many images without a result, or with an older one alone."""
    found = [row for rows in images.values() for row in rows if not row.get("error")]
    failed = {name for name, rows in images.items() if any(row.get("error") for row in rows)}
    there = {row["image"] for row in found}
    told = f"{counted(found)}. Volumes without a result: {len(failed - there)}."
    if older := len(failed & there):
        told += f" Volumes that failed, of which an older result is shown: {older}."
    return told


def _card(name: str, rows: list[Row]) -> str:
    """An image: what failed, its structures, and its picture where there is a result. rows: the most doubtful first."""
    errors = [row["error"] for row in rows if row.get("error")]
    found = sorted((row for row in rows if not row.get("error")), key=lambda row: row["structure"])  # as in its picture
    failed = "No new result, an older one stands" if found else "No result"
    color = "grey" if errors else rows[0]["verdict"]
    parts = [f"<h2>{escape(name)}</h2>", *(f"<p>{failed}: {escape(error)}</p>" for error in errors)]
    parts += [_finding(row, len(found) > 1) for row in found]
    parts += [f"<p>Note: {escape(notes)}</p>" for notes in dict.fromkeys(row.get("notes") for row in found) if notes]
    if found:
        picture, alt = f"{quote(name)}/{OVERVIEW}", f"Outlines and variance of {name}"
        parts.append(f'<a href="{picture}"><img loading="lazy" alt="{escape(alt)}" src="{picture}"></a>')
    return f'<article style="border-left-color:{COLORS[color]}">{"".join(parts)}</article>'


def _finding(row: Row, is_one_of_several: bool) -> str:
    """A structure: its light in color and in words, its volume, and why; of several by its click, as in the picture."""
    names = [row.get("side"), f"click {row['structure']}" if is_one_of_several else None]
    which, color = ", ".join(filter(None, names)), row["verdict"]
    light = f'<span class="light" style="color:{COLORS[color]}" aria-hidden="true">&#9679;</span>'
    named = f"<b>{escape(f'{which}: ' if which else '')}{color}</b>"
    return f"<p>{light} {named}, {row['volume_ml']:.2f} ml. {escape(verdict_text(row))}</p>"
