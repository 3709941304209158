"""Squares of the world's planes through an image, as pictures: gray values, outlines, colors, letters at the edges.

Axial, coronal and sagittal are those of the patient, whatever the axes, the spacing and the transform of the image: it
is resampled to square pixels. Radiological convention. Which planes of which result are drawn is not asked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import vtk
from vtk.util import numpy_support

SIZE = 420  # pixels, of each side
_RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])
_LETTER = 3  # pixels for a dot of a letter
_MARGIN = 6  # pixels from a letter to the edge
_INK, _RIM = (255, 213, 74), (0, 0, 0)
_BAR = 10.0  # mm, of the scale bar
_OPACITY = 0.8  # of the colors over the gray values
_LETTERS = {
    "A": ("01110", "10001", "10001", "11111", "10001", "10001", "10001"),
    "I": ("01110", "00100", "00100", "00100", "00100", "00100", "01110"),
    "L": ("10000", "10000", "10000", "10000", "10000", "10000", "11111"),
    "P": ("11110", "10001", "10001", "11110", "10000", "10000", "10000"),
    "R": ("11110", "10001", "10001", "11110", "10100", "10010", "10001"),
    "S": ("01111", "10000", "10000", "01110", "00001", "00001", "11110"),
}


@dataclass(frozen=True)
class Plane:
    """A plane of the patient. across, down: the picture's directions, LPS; letters: at its left, right, top, bottom."""

    across: tuple[float, float, float]
    down: tuple[float, float, float]
    letters: str


AXIAL = Plane((1, 0, 0), (0, 1, 0), "RLAP")
CORONAL = Plane((1, 0, 0), (0, 0, -1), "RLSI")
SAGITTAL = Plane((0, 1, 0), (0, 0, -1), "APSI")


@dataclass(frozen=True)
class Section:
    """What one picture shows. middle: world RAS mm; width: mm, of each side."""

    plane: Plane
    middle: tuple[float, float, float]
    width: float

    def of(self, image: sitk.Image) -> np.ndarray:
        """The values of an image there, (down, across); 0 outside of it."""
        across, down = (np.array(direction, float) for direction in (self.plane.across, self.plane.down))
        step = self.width / SIZE
        corner = np.multiply(self.middle, _RAS_TO_LPS) - (across + down) * (self.width - step) / 2
        direction = np.column_stack([across, down, np.cross(across, down)]).ravel()
        cut = sitk.Resample(
            image, [SIZE, SIZE, 1], sitk.Transform(), sitk.sitkLinear, corner.tolist(), [step] * 3, direction.tolist(),
            0.0, sitk.sitkFloat32,
        )  # fmt: skip
        return sitk.GetArrayFromImage(cut)[0]


@dataclass(frozen=True)
class ColorScale:
    """Colors for values. colors: (n, 3) of 0 to 255, from low to high; what is below `shownFrom` is not drawn."""

    colors: np.ndarray
    low: float
    high: float
    shownFrom: float

    @property
    def lowest(self) -> float:
        """The lowest value that is drawn."""
        return max(self.low, self.shownFrom)

    def colorsOf(self, values: np.ndarray) -> np.ndarray:
        """(..., 3) of 0 to 255."""
        places = (values - self.low) / (self.high - self.low) * (len(self.colors) - 1)
        return self.colors[np.clip(np.round(places), 0, len(self.colors) - 1).astype(int)]

    def draw(self, picture: np.ndarray, values: np.ndarray) -> None:
        """Lay the colors of values, (down, across), over a picture."""
        shown = values >= self.shownFrom
        mixed = _OPACITY * self.colorsOf(values)[shown] + (1 - _OPACITY) * picture[shown]
        picture[shown] = np.round(mixed)

    def bar(self, width: int = 120, height: int = 10) -> np.ndarray:
        """A picture of the scale, from what is shown to the highest."""
        values = np.linspace(self.lowest, self.high, width)
        return np.tile(self.colorsOf(values), (height, 1, 1)).astype(np.uint8)


def grayPicture(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """(down, across, 3), uint8: low is black, high is white."""
    gray = np.clip((values - low) / max(high - low, 1e-9), 0, 1) * 255
    return np.repeat(np.round(gray).astype(np.uint8)[..., None], 3, axis=2)


def drawOutline(picture: np.ndarray, inside: np.ndarray, color: Sequence[int]) -> None:
    """The border of what is inside, (down, across), three pixels wide: on paper that is 0.4 mm."""
    grown = _neighbors(_neighbors(inside, np.logical_or), np.logical_or)
    picture[grown & ~_neighbors(inside, np.logical_and)] = color


def drawMarks(picture: np.ndarray, section: Section) -> None:
    """The letters of the directions, and a bar of one centimeter."""
    left, right, top, bottom = section.plane.letters
    high, wide = (n * _LETTER for n in (7, 5))
    middle, end = (SIZE - wide) // 2, SIZE - _MARGIN
    row = SIZE // 6  # not in the middle, where the structure of the other side lies
    _stamp(picture, _glyph(left), row, _MARGIN)
    _stamp(picture, _glyph(right), row, end - wide)
    _stamp(picture, _glyph(top), _MARGIN, middle)
    _stamp(picture, _glyph(bottom), end - high, middle)
    length = round(_BAR / section.width * SIZE)
    _stamp(picture, np.ones((_LETTER, length), bool), end - _LETTER, end - length)


def png(picture: np.ndarray) -> bytes:
    """A picture as a PNG file."""
    rows, columns = picture.shape[:2]
    image = vtk.vtkImageData()
    image.SetDimensions(columns, rows, 1)
    values = np.ascontiguousarray(picture[::-1]).reshape(-1, 3)  # VTK's first row is the lowest
    image.GetPointData().SetScalars(numpy_support.numpy_to_vtk(values, deep=True))
    writer = vtk.vtkPNGWriter()
    writer.WriteToMemoryOn()
    writer.SetInputData(image)
    writer.Write()
    return numpy_support.vtk_to_numpy(writer.GetResult()).tobytes()


def _neighbors(inside, join):
    """Join each pixel with those beside it; outside of the picture it goes on as at its edge."""
    wide, (rows, columns) = np.pad(inside, 1, mode="edge"), inside.shape
    shifted: Iterable[np.ndarray] = (
        wide[1 + down : 1 + down + rows, 1 + across : 1 + across + columns]
        for down, across in ((-1, 0), (1, 0), (0, -1), (0, 1))
    )
    joined = inside
    for each in shifted:
        joined = join(joined, each)
    return joined


def _glyph(letter):
    """A letter as dots."""
    dots = np.array([[dot == "1" for dot in row] for row in _LETTERS[letter]])
    return dots.repeat(_LETTER, axis=0).repeat(_LETTER, axis=1)


def _stamp(picture, dots, row, column):
    """Draw dots with a dark rim, so that they are seen on every gray."""
    ink = np.zeros(picture.shape[:2], bool)
    ink[row : row + dots.shape[0], column : column + dots.shape[1]] = dots
    rim = _neighbors(_neighbors(ink, np.logical_or), np.logical_or)
    picture[rim], picture[ink] = _RIM, _INK
