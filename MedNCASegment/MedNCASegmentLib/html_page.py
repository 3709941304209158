"""A page of HTML that needs nothing else and runs nothing, and prints on A4: its frame, its tables, its pictures.

What stands on it is the business of `html_report`. Texts are escaped here, but for what is called a cell or a caption:
that is HTML already.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from .slice_pictures import png

_HEAD = """<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 180mm; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; margin: 0 0 .3em; }
h2 { font-size: 1.2em; margin: 1.6em 0 .4em; break-after: avoid; }
h3 { font-size: 1em; margin: 1em 0 .3em; break-after: avoid; }
small, figcaption { font-size: .85em; }
.limits { border: 2px solid; padding: .5em .8em; font-weight: bold; }
table { border-collapse: collapse; width: calc(100% - 1px); margin: .4em 0; }
th, td { border: 1px solid #999; padding: .25em .5em; text-align: left; vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr, figure { break-inside: avoid; }
.mark { font-size: 1.3em; line-height: 1; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.entry { display: inline-block; }
figure { margin: 0 0 3mm; }
.pictures { display: flex; justify-content: space-between; }
.pictures img { width: 32.7%; height: auto; }
code { overflow-wrap: anywhere; font-size: .9em; }
@page { size: A4; margin: 15mm; }
@media print { :root { color-scheme: light; } body { font-size: 10pt; margin: 0; padding: 0; max-width: none; } }
</style>"""


def page(title: str, language: str, parts: Iterable[str]) -> str:
    """The whole page. language: a tag, as in "en"; parts: HTML, in their order."""
    begin = (
        "<!DOCTYPE html>",
        f'<html lang="{escape(language)}">',
        "<head>",
        _HEAD,
        element("title", title),
        "</head>",
    )
    return "\n".join((*begin, "<body>", element("h1", title), *parts, "</body>", "</html>", ""))


def element(name: str, text: str) -> str:
    """A text as an element, such as h2 or p."""
    return f"<{name}>{escape(text)}</{name}>"


def cells(*texts: str) -> list[str]:
    """Texts as cells of a table."""
    return [escape(text) for text in texts]


def mark(symbol: str, color: str, text: str) -> str:
    """A text behind a symbol in a color (CSS): whoever does not see the color has the text."""
    return f'<span class="mark" style="color:{color}" aria-hidden="true">{symbol}</span>&nbsp;{escape(text)}'


def table(header: Sequence[str], rows: Iterable[Sequence[str]], numbersFrom: int | None = None) -> str:
    """Of cells; from a column on they are numbers, if that is given. Without a header the first cells are names."""
    first = numbersFrom or max(len(header), 2)
    head = _cells("th", header, first, ' scope="col"')
    body = "".join(f'<tr><th scope="row">{row[0]}</th>{_cells("td", row[1:], first - 1)}</tr>' for row in rows)
    return f"<table>{f'<thead><tr>{head}</tr></thead>' if head else ''}<tbody>{body}</tbody></table>"


def _cells(name, texts, numbersFrom, more=""):
    kinds = ("" if n < numbersFrom else ' class="number"' for n in range(len(texts)))
    return "".join(f"<{name}{more}{kind}>{text}</{name}>" for kind, text in zip(kinds, texts, strict=True))


def image(picture: np.ndarray, alt: str) -> str:
    """A picture, (down, across, 3) of uint8; alt: the same for whoever does not see it."""
    data, (rows, columns) = base64.b64encode(png(picture)).decode("ascii"), picture.shape[:2]
    return f'<img src="data:image/png;base64,{data}" width="{columns}" height="{rows}" alt="{escape(alt)}">'


def figure(pictures: Iterable[np.ndarray], alts: Iterable[str], caption: str) -> str:
    """Pictures beside each other, and a caption below."""
    images = "".join(map(image, pictures, alts))
    return f'<figure><div class="pictures">{images}</div><figcaption>{caption}</figcaption></figure>'
