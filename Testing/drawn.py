"""What a terminal and a browser show, as pictures of 0..255, (rows, columns, 3): for the tutorials."""

import errno
import fcntl
import os
import pty
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
from contextlib import suppress
from pathlib import Path

import numpy as np

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BELOW = 20  # pixels that are left below what is drawn
_GROUND, _TEXT, _FONT_SIZE, _MARGIN = (31, 38, 43), (232, 237, 240), 15, 14
_COLORS = {"red": (240, 100, 90), "green": (90, 200, 110), "brown": (230, 180, 70), "cyan": (90, 200, 220)}
_LINES = 200  # of the terminal: more than a command says
_OF_TERMINALS = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")  # what is set for another one


def terminal(command: str, folder: Path, environment: dict[str, str], columns: int = 110) -> np.ndarray:
    """A command typed in a terminal, and what it says until it ends; it must end well."""
    import pyte

    screen = pyte.Screen(columns, _LINES)
    stream = pyte.ByteStream(screen)
    stream.feed(f"\x1b[1m$ {command}\x1b[0m\r\n".encode())
    kept = {name: value for name, value in environment.items() if name not in _OF_TERMINALS}
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _LINES, columns, 0, 0))
    process = subprocess.Popen(
        command, shell=True, cwd=folder, env=kept | {"TERM": "xterm-256color"}, stdin=theirs, stdout=theirs,
        stderr=theirs, start_new_session=True,
    )  # fmt: skip
    try:
        os.close(theirs)
        while said := _read(ours):
            stream.feed(said)
        assert process.wait() == 0, "\n".join(screen.display)
    finally:
        os.close(ours)
        _end(process)
    return _drawn(screen)


def _read(descriptor: int) -> bytes:
    """What comes next; nothing at the end, which Linux tells by an error."""
    try:
        return os.read(descriptor, 65536)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return b""


def _end(process: subprocess.Popen) -> None:
    """With all that it started, where it is still there."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _drawn(screen) -> np.ndarray:
    from matplotlib.font_manager import FontProperties, findfont
    from PIL import Image, ImageDraw, ImageFont

    fonts = [
        ImageFont.truetype(findfont(FontProperties("DejaVu Sans Mono", weight=weight)), _FONT_SIZE)
        for weight in ("normal", "bold")
    ]
    width, height = round(fonts[0].getlength("m")), sum(fonts[0].getmetrics())
    used = max(number for number, line in enumerate(screen.display) if line.strip()) + 1
    picture = Image.new("RGB", (screen.columns * width + 2 * _MARGIN, used * height + 2 * _MARGIN), _GROUND)
    pen = ImageDraw.Draw(picture)
    for row in range(used):
        for column in range(screen.columns):
            cell = screen.buffer[row][column]
            place = (_MARGIN + column * width, _MARGIN + row * height)
            pen.text(place, cell.data, _COLORS.get(cell.fg, _TEXT), fonts[cell.bold])
    return np.asarray(picture)


def browser_program() -> str:
    """A browser that draws pages of HTML. Raises SystemExit where there is none."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise SystemExit(f"None of {', '.join(BROWSERS)} is installed; on Debian: apt-get install chromium")
    return program


def browser(page: Path, width: int, height: int) -> np.ndarray:
    """A page of HTML in a window of so many pixels, which must be enough for it, without what is empty below."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, tempfile.TemporaryFile("w+") as said:
        picture = Path(home) / "page.png"
        process = subprocess.Popen(
            [
                browser_program(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                f"--user-data-dir={home}", f"--window-size={width},{height}", f"--screenshot={picture}", page.as_uri(),
            ],
            stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip
        try:
            status = process.wait(120)
        finally:
            _end(process)
        said.seek(0)
        assert status == 0 and picture.is_file(), said.read()
        drawn = without_what_is_below(picture)
    assert len(drawn) < height - 2 * BELOW, f"{page}: longer than {height} pixels"
    return drawn


def without_what_is_below(path: Path) -> np.ndarray:
    """A picture file without the empty rows at its end, but some."""
    from PIL import Image

    drawn = np.asarray(Image.open(path).convert("RGB"))
    last = np.flatnonzero((drawn != drawn[-1, 0]).any(axis=(1, 2)))[-1]
    return drawn[: last + BELOW]
