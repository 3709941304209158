"""The Brain Imaging Data Structure: which images a data set holds, and results as a data set of derivatives.

BIDS 1.10 (https://bids-specification.readthedocs.io), "Imaging derivatives", "Discrete segmentations". Beside what BIDS
knows of a result, its folder stays as it is, in `RESULTS`, which `.bidsignore` names.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from .. import __version__
from ..errors import MedNCAError, Sentence
from ..files import explained, write_bytes, write_json, written
from ..imaging.reading import case_name
from ..models.description import Label
from ..schema import read_json, record
from .jobs import SEGMENTATION

VERSION = "1.10.0"
RESULTS = "mednca"  # folder of the results' own folders, in the data set of derivatives
_DESCRIPTION = "dataset_description.json"
_DESC = "mednca"  # entity desc of what is written
_SUFFIXES = (".nii.gz", ".nii")
_README = """# Segmentations by MedNCA: {title}

Made by `mednca bids`, or `mednca segment --bids`. Each segmentation's sidecar says which image it is of, and whether
to trust it; the folder `{results}` has the whole results: labels, variance, report and a picture of each image, and a
table of them all (`summary.csv`, `summary.html`). Research and education only: a person must review every result.
"""


@dataclass(frozen=True)
class BidsDataset:
    """A raw data set.

    Attributes:
        root: its folder.
        suffixes: of the images to take, as T1w; for a model of several channels one for each.
        participants: labels, without "sub-"; empty for all.
    """

    root: Path
    suffixes: tuple[str, ...] = ("T1w",)
    participants: tuple[str, ...] = ()

    def images(self) -> tuple[list[tuple[str, tuple[Path, ...]]], dict[str, Sentence]]:
        """The images.

        Returns:
            (entities of the name, files of the channels), participant by participant, as they were asked for or by
            name, and by path within each; and, by name, why others are none.

        Raises:
            MedNCAError: the folder is no raw BIDS data set, lacks one of the participants, or has no image of the
                suffix.
        """
        self._check()
        found, problems, first = {}, {}, {}
        for participant in self._folders():
            for path in sorted(self._of(participant, self.suffixes[0])):
                name = case_name(path).removesuffix(f"_{self.suffixes[0]}")
                if first.setdefault(name, path) is not path:
                    found.pop(name, None)
                    problems[name] = Sentence(
                        "{one} and {other} have the same name; keep one of them in the folder.",
                        one=first[name].name, other=path.name,
                    )  # fmt: skip
                    continue
                others = [self._channel(path, name, suffix) for suffix in self.suffixes[1:]]
                lacking = [suffix for suffix, other in zip(self.suffixes[1:], others, strict=True) if other is None]
                if lacking:
                    file = f"{name}_{lacking[0]}"
                    problems[name] = Sentence(
                        "{name} lacks its channel {channel}, the file {file}.",
                        name=path.name, channel=lacking[0], file=file,
                    )  # fmt: skip
                else:
                    found[name] = (path, *others)
        if not found and not problems:
            raise MedNCAError(
                "{folder} holds no image with the suffix {suffix}; give another --suffix.",
                folder=self.root,
                suffix=self.suffixes[0],
            )
        return list(found.items()), problems

    def _check(self) -> None:
        path = self.root / _DESCRIPTION
        if not path.is_file():
            raise MedNCAError("{folder} is no BIDS data set: it has no {file}.", folder=self.root, file=_DESCRIPTION)
        described = read_json(path, record({"DatasetType": {"type": "string"}}, others=True))
        if described.get("DatasetType", "raw") != "raw":
            raise MedNCAError(
                "{folder} is a data set of derivatives, not of images; give the raw one.", folder=self.root
            )

    def _folders(self) -> list[Path]:
        there = {path.name.removeprefix("sub-"): path for path in sorted(self.root.glob("sub-*")) if path.is_dir()}
        wanted = [label.removeprefix("sub-") for label in self.participants] or list(there)
        for label in wanted:
            if label not in there:
                raise MedNCAError("{folder} has no participant sub-{label}.", folder=self.root, label=label)
        return [there[label] for label in wanted]

    def _of(self, participant: Path, suffix: str) -> list[Path]:
        """Images of a participant, with sessions or without, of any data type."""
        return [
            path
            for ending in _SUFFIXES
            for place in ("*", "ses-*/*")
            for path in participant.glob(f"{place}/{participant.name}_*{suffix}{ending}")
            if case_name(path).endswith(f"_{suffix}")
        ]

    def _channel(self, path: Path, name: str, suffix: str) -> Path | None:
        """Another channel of an image: of the same entities, in any data type's folder of the same session."""
        found = [other for ending in _SUFFIXES for other in path.parents[1].glob(f"*/{name}_{suffix}{ending}")]
        return found[0] if found else None


class Derivatives:
    """A data set of derivatives that results are added to.

    Args:
        out: its folder; made where it is not there.
        source: the raw data set.
        labels: of the model.
        title: of the model, for people.

    Raises:
        MedNCAError: the folder holds anything but results of MedNCA, so that something would be replaced; or it cannot
            be written.
    """

    def __init__(self, out: Path, source: BidsDataset, labels: Sequence[Label], title: str):
        self.out, self.source = out, source
        with explained(out):
            out.mkdir(parents=True, exist_ok=True)
            is_new = all(path.name.startswith(".") for path in out.iterdir())  # of a file browser, or a killed call
        if not is_new and not _is_own(out / _DESCRIPTION):
            raise MedNCAError("{out} holds something else than derivatives of MedNCA; choose another --out.", out=out)
        table = out / f"desc-{_DESC}_dseg.tsv"  # of all label maps here
        rows = [f"{label.value}\t{label.name}\t#{bytes(label.color).hex()}" for label in labels]
        content = "\n".join(["index\tname\tcolor", *rows, ""]).encode()
        with explained(table):
            if table.is_file() and table.read_bytes() != content:
                raise MedNCAError("{out} holds segmentations with other labels; choose another --out.", out=out)
        write_json(out / _DESCRIPTION, self._description(title))
        write_bytes(out / ".bidsignore", f"/{RESULTS}\n".encode())
        write_bytes(out / "README.md", _README.format(title=title, results=RESULTS).encode())
        write_bytes(table, content)

    @property
    def results(self) -> Path:
        """Where the results' own folders go."""
        return self.out / RESULTS

    def add(self, name: str, channels: Sequence[Path], verdict: dict) -> None:
        """Add the result of an image, which lies in its folder.

        Args:
            name: of `BidsDataset.images`.
            channels: files of the image.
            verdict: what the result says of itself, as JSON has it.

        Raises:
            MedNCAError: it cannot be written.
        """
        place = self.out / channels[0].parent.relative_to(self.source.root)
        stem, result = place / f"{name}_desc-{_DESC}_dseg", self.results / name / SEGMENTATION
        image = stem.with_name(stem.name + ".nii.gz")
        with explained(place):
            place.mkdir(parents=True, exist_ok=True)
        with written(image) as made:
            shutil.copyfile(result, made)
        write_json(
            stem.with_name(stem.name + ".json"),
            {
                "Description": "Segmentation by a neural cellular automaton, with a verdict whether to trust it.",
                "Manual": False,
                "Sources": [f"bids:raw:{quote(path.relative_to(self.source.root).as_posix())}" for path in channels],
                "MedNCA": verdict,
            },
        )

    def _description(self, title: str) -> dict:
        return {
            "Name": f"Segmentations by MedNCA: {title}",
            "BIDSVersion": VERSION,
            "DatasetType": "derivative",
            "GeneratedBy": [{"Name": "MedNCA", "Version": __version__, "Description": title}],
            "DatasetLinks": {"raw": self._link()},
        }

    def _link(self) -> str:
        """To the data set: relative, but from one drive of Windows to another, where no way leads."""
        try:
            return quote(Path(os.path.relpath(self.source.root, self.out)).as_posix())
        except ValueError:
            return self.source.root.resolve().as_uri()


def _is_own(path: Path) -> bool:
    """Whether a description is that of derivatives which were made here."""
    if not path.is_file():
        return False
    made = read_json(path, {"type": "object"}).get("GeneratedBy")
    return isinstance(made, list) and any(isinstance(each, dict) and each.get("Name") == "MedNCA" for each in made)
