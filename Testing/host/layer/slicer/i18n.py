"""Stand-in for slicer.i18n: texts in the application's language, by the context of the file that asks."""

import functools
import re
import sys
from pathlib import Path

import slicer


def translate(context, text):
    """By the translators that the application has loaded; the text itself without any."""
    app = getattr(slicer, "app", None)
    return app.translate(context, text) if app else text


def tr(text):
    """In the context of the file that asks."""
    translated = translate(_context(sys._getframe(1).f_code.co_filename), text)
    return translated if translated == text or _places(text) == _places(translated) else text


@functools.cache
def _context(file):
    """The file's name, after that of its package if it is in one."""
    path = Path(file)
    isInPackage = (path.parent / "__init__.py").is_file()
    return f"{path.parent.name}.{path.stem}" if isInPackage else path.stem


def _places(text):
    """As in Slicer, a translation that has other placeholders is not used."""
    return set(re.findall(r"(?<!\{)\{([^{}]+)\}(?!\})", text))
