"""What a segmentation says of itself: plain dataclasses, made once and never added to, without torch.

`Segmentation` is the result in memory, images and report; `Report` is what is written down, as report.json, in the
worker's answer and in Slicer's scene. `Report.to_json` and `Report.from_json` are the one place where that JSON is
made and read; reports of version 0.1 are read, too.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import SimpleITK as sitk

from .axes import triple
from .errors import MedNCAError, Sentence
from .models.description import Description, Label
from .quality.calibration import CROP, Calibration
from .quality.domain import Objection, milliliters
from .quality.hotspots import Hotspot
from .quality.verdict import COLORS, Verdict, judge
from .schema import tuples

VARIANCE_LIMIT = 0.25  # the largest variance that a probability can have; the window in which variance is shown
VARIANCE_SHOWN_FROM = 0.005  # where nobody chose another threshold


@dataclass(frozen=True)
class Finding:
    """The result within one field of view (one click, or the whole image).

    Attributes:
        click: RAS mm, or None where nobody clicked.
        center: RAS mm of the middle of what was found, or of what was computed where nothing was.
        side: `models.description.LEFT` or `RIGHT`, of the person, of a structure that there are two of; None where that
            cannot be told.
        field_of_view: mm along R, A, S.
        nqm: Eq. (1) of M3D-NCA on and near the kept piece, per label name and "union"; None where nothing was found.
        volume_mm3: per label name and "union".
        verdict: against the target Dice of the request.
        objection: what in members, image or result stands against any verdict (`quality.domain.objection_to`); None
            where nothing does. The verdict may have another one, as that the model has no calibration.
        signals: every signal of `quality.signals` by name, of the union; "nqm" is one of them.
        context: of `quality.calibration.CONTEXTS`, that it was found in.
        distance_mm: from the click to the nearest voxel of the kept piece, 0 inside; None where nobody clicked, or
            nothing was found.
        dropped_mm3: of the pieces that were found beside the kept one, and dropped.
        moves: mm that each round of locating moved the field of view.
        computed_share: of the finest level's cells, margins included; less than 1 where a region of interest was used.
        again: number of the earlier click, from 1, that found the same structure; None where there is none.
    """

    click: tuple[float, float, float] | None
    center: tuple[float, float, float]
    field_of_view: tuple[float, float, float]
    nqm: dict[str, float | None]
    volume_mm3: dict[str, float]
    verdict: Verdict
    objection: Objection | None
    signals: dict[str, float | None] = field(default_factory=dict)
    context: str = CROP
    distance_mm: float | None = None
    dropped_mm3: float = 0.0
    side: str | None = None
    moves: tuple[float, ...] = ()
    computed_share: float = 1.0
    again: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        return self.volume_mm3["union"] == 0

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said beside the verdict, a sentence each, unless that says it: Slicer's panel has the same
        sentences in the user's language."""
        said = self.verdict.objection.key if self.verdict.objection else None
        remarks = []
        if self.distance_mm and said != "far":
            remarks.append(f"It lies {self.distance_mm:.{0 if self.distance_mm >= 1 else 1}f} mm from the click.")
        if self.dropped_mm3 and said != "rival":
            remarks.append(f"Other pieces of {milliliters(self.dropped_mm3):g} ml were found and left out.")
        if self.again:
            remarks.append(f"It is the structure of click {self.again} again: do not count it twice.")
        return tuple(remarks)

    @classmethod
    def from_json(cls, data: dict) -> Finding:
        """From a finding of a report's JSON."""
        verdict, objection = dict(data["verdict"]), data["objection"]
        objection = Objection(**objection) if objection else None
        verdict["objection"] = Objection(**verdict["objection"]) if verdict.get("objection") else None
        if verdict["color"] not in COLORS:
            raise ValueError(verdict["color"])
        return cls(
            **tuples(data)
            | {
                "verdict": Verdict(**verdict),
                "objection": objection,
                # Before version 0.2 Eq. (1) was taken over the whole field of view.
                "signals": data.get("signals", {"nqm field": data["nqm"]["union"]}),
            }
        )


@dataclass(frozen=True)
class Place:
    """Where a structure was found without a click.

    Attributes:
        point: RAS mm, the middle of it: where a person would have clicked.
        side: `models.description.LEFT` or `RIGHT`; None of a structure that there is one of.
    """

    point: tuple[float, float, float]
    side: str | None = None

    def to_json(self) -> dict:
        """As JSON has it."""
        return {"point": list(self.point), "side": self.side}

    @classmethod
    def from_json(cls, data: dict) -> Place:
        """Read what `to_json` made."""
        return cls(**tuples(data))


@dataclass(frozen=True)
class ModelIdentity:
    """Which model made a result, as much of it as is needed to show and to judge that again.

    Attributes:
        id, name, terms: as of `models.description.Description`.
        version: of the model; None where it has none.
        sha256: of the weights' file.
        labels: what the result's values are.
        calibration: by which it is judged again; None where there is none.
    """

    id: str
    name: str
    version: str | None
    sha256: str
    terms: str | None
    labels: tuple[Label, ...]
    calibration: Calibration | None

    @classmethod
    def of(cls, model: Description) -> ModelIdentity:
        """From a model, with or without its weights."""
        version = model.info.get("version")
        return cls(model.id, model.name, version, model.sha256, model.terms, model.labels, model.calibration)

    @classmethod
    def from_json(cls, data: dict) -> ModelIdentity:
        """From the model of a report's JSON."""
        calibration = Calibration.from_json(data["calibration"]) if data["calibration"] else None
        labels = tuple(Label.from_json(label) for label in data["labels"])
        return cls(**data | {"labels": labels, "calibration": calibration})


@dataclass(frozen=True)
class ImageIdentity:
    """The image of a result.

    Attributes:
        size: voxels (i, j, k).
        spacing_mm: along them.
        file: its name, of several channels the first one's, without folder; None of an image in memory.
        sha256: of what each of its channels' files holds; none of an image in memory, or in reports of version 0.1.
    """

    size: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    file: str | None = None
    sha256: tuple[str, ...] = ()

    @classmethod
    def of(cls, image: sitk.Image, file: str | None = None, sha256: tuple[str, ...] = ()) -> ImageIdentity:
        """From an image, and what is known of its files where it has some."""
        return cls(image.GetSize(), tuple(round(s, 6) for s in image.GetSpacing()), file, sha256)


@dataclass(frozen=True)
class Region:
    """The part of the image that was computed. start: its first voxel (i, j, k); size: voxels."""

    start: tuple[int, int, int]
    size: tuple[int, int, int]


@dataclass(frozen=True)
class Report:
    """Everything that is needed to repeat and to judge a result.

    Attributes:
        model, image: which ones.
        members, seed, device, target_dice: of the request, as they were used.
        findings: one per click, in their order, or one of the whole image.
        region: what was computed.
        hotspots: the most uncertain regions, in the order in which to look at them.
        seconds: that each stage took.
        notes: sentences for people, as where another device was used than asked for.
        program: name and version of the program that made it; None in reports of version 0.1.
        found: whether its clicks are places that were found, rather than somebody's; None where that is not told.
    """

    model: ModelIdentity
    image: ImageIdentity
    members: int
    seed: int
    device: str
    target_dice: float
    findings: tuple[Finding, ...]
    region: Region
    hotspots: tuple[Hotspot, ...]
    seconds: dict[str, float]
    notes: tuple[Sentence, ...] = ()
    program: str | None = None
    found: bool | None = None

    def to_json(self) -> dict:
        """As JSON has it: lists, no tuples."""
        return _lists(asdict(self))

    @classmethod
    def from_json(cls, data: dict) -> Report:
        """Read what `to_json` made, also in version 0.1.

        Raises:
            MedNCAError: it cannot be understood.
        """
        try:
            data = dict(data)
            hotspots = data.pop("places", None)  # as they were called before version 0.2
            return cls(
                **data
                | {
                    "model": ModelIdentity.from_json(data["model"]),
                    "image": ImageIdentity(**tuples(data["image"])),
                    "findings": tuple(Finding.from_json(finding) for finding in data["findings"]),
                    "region": Region(**tuples(data["region"])),
                    "hotspots": tuple(Hotspot(**tuples(each)) for each in data.get("hotspots", hotspots) or ()),
                    "notes": tuple(Sentence.from_json(note) for note in data.get("notes", ())),
                }
            )
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise MedNCAError(
                "A result's report cannot be read ({cause}); segment again.", cause=repr(error)
            ) from error

    def rejudged(self, target: float) -> Report:
        """The same against another target Dice; nothing is run again."""
        findings = tuple(replace(each, verdict=self._judge(each, target)) for each in self.findings)
        return replace(self, target_dice=target, findings=findings)

    def moved(self, matrix: np.ndarray) -> Report:
        """The same of an image that lies elsewhere now. Where it was turned so far that another axis points to the
        right, to the front or up, sides and surfaces are not told any more. matrix: 4x4, world RAS mm then -> now."""
        is_turned = bool((np.diag(matrix)[:3] < np.abs(matrix[:3, :3]).max(axis=0)).any())

        def there(point):
            return point and triple((matrix @ (*point, 1.0))[:3].tolist())

        findings = tuple(replace(each, click=there(each.click), center=there(each.center)) for each in self.findings)
        hotspots = tuple(replace(each, position=there(each.position)) for each in self.hotspots)
        if is_turned:
            findings = tuple(replace(each, side=None) for each in findings)
            hotspots = tuple(replace(each, surface=None) for each in hotspots)
        return replace(self, findings=findings, hotspots=hotspots)

    def _judge(self, finding: Finding, target: float) -> Verdict:
        return judge(finding.signals, self.members, self.model.calibration, target, finding.objection, finding.context)


@dataclass(frozen=True)
class Segmentation:
    """A result on the input image's own voxel grid.

    Attributes:
        parts: the images "labels", "variance" and "probability", cut to `report.region`; a click in a large image
            computes little.
        image: the input. The images on the whole grid live as long as the result does: an array that views one of
            them (`sitk.GetArrayViewFromImage`) needs an owner.
        report: all else.
    """

    parts: dict[str, sitk.Image]
    image: sitk.Image
    report: Report

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The report's."""
        return self.report.findings

    @cached_property
    def labels(self) -> sitk.Image:
        """uint8, the labels' values, on the whole grid."""
        return self._whole("labels")

    @cached_property
    def variance(self) -> sitk.Image:
        """float32, voxelwise variance of the members' probabilities, largest over the labels, 0 to 0.25."""
        return self._whole("variance")

    @cached_property
    def probability(self) -> sitk.Image:
        """float32, mean probability of the union."""
        return self._whole("probability")

    def _whole(self, name: str) -> sitk.Image:
        part = self.parts[name]
        if part.GetSize() == self.image.GetSize():
            return part
        whole = sitk.Image(self.image.GetSize(), part.GetPixelID())
        whole.CopyInformation(self.image)
        return sitk.Paste(whole, part, part.GetSize(), destinationIndex=self.report.region.start)


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists(each) for key, each in value.items()}
    return [_lists(each) for each in value] if isinstance(value, (list, tuple)) else value
