"""The commands that say what a model is worth, and its light: calibrate, verdict-report and study."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mednca import cli, terminal
from mednca.errors import MedNCAError
from mednca.files import held
from mednca.models.library import Library
from mednca.models.schema import SPLIT_SCHEMA
from mednca.schema import read_json

from ..plan.fingerprint import Fingerprint
from ..plan.metadata import slug
from ..run_folder import CALIBRATION_CASES, METADATA, SAMPLES, read_metadata
from . import given, shown

if TYPE_CHECKING:
    from ..data.cases import Case


@cli.app.command()
def calibrate(
    model: str,
    out: Annotated[Path, typer.Option(help="Where the calibrated model's folder goes.")],
    data: given.DataOption = None,
    images: given.ImagesOption = None,
    labels: given.LabelsOption = None,
    cases: Annotated[Path | None, typer.Option(help="A split.json; default: the model's, or else a new one.")] = None,
    unseen: given.Unseen = False,
    scan_images: given.ScanImages = None,
    scan_labels: given.ScanLabels = None,
    signal: Annotated[str | None, typer.Option(help="That the verdict goes by, as nqm; default: the best.")] = None,
    coverage: Annotated[float, typer.Option(min=0.5, max=0.99, help="Of the interval.")] = 0.9,
    seed: Annotated[int, typer.Option(help="Of the split and the artifacts.")] = 0,
    calibration_cases: given.CalibrationOption = CALIBRATION_CASES,
    keep_names: given.KeepNames = False,
    reuse: Annotated[
        bool,
        typer.Option(
            "--reuse", help="Take the samples that the model carries; measure the scans, and the model, only."
        ),
    ] = False,
) -> None:
    """Make a model's calibration anew on your own cases, clean and degraded, and try it on others.

    Without any data it is made of the samples that were saved with the model, as for another --coverage. The same
    command goes on where it was stopped: what was measured lies beside --out until the model is there.
    """
    given.require_training_packages()
    from mednca.quality.calibration import CONTEXTS, SCAN
    from mednca.quality.signals import SIGNALS

    from ..model.build import Wanted, recalibrate
    from ..model.build import calibrate as make

    loaded = Library().load(model)
    before = set(loaded.calibration.curves) if loaded.calibration else set()
    signals: dict[str, str] | None = dict.fromkeys(CONTEXTS, signal) if signal else None
    if signal and signal not in SIGNALS:
        raise MedNCAError(
            "There is no signal {signal}; known are {known}.", signal=repr(signal), known=", ".join(SIGNALS)
        )
    with given.holding(out):
        given.check_free(out)
        if data is None and images is None and labels is None:
            if scan_images or scan_labels or cases or unseen or reuse:
                raise MedNCAError(
                    "Without --data (or --images and --labels) the saved samples are taken; leave out --cases, "
                    "--unseen, --reuse and the scans, or give the data."
                )
            recalibrate(loaded, signals, coverage)
            loaded.id = slug(out.name)
            _write_recalibrated(loaded, Library().find(model), out)
            _tell_lost(loaded, before - set(loaded.calibration.curves if loaded.calibration else ()))
            return
        scans = given.scans(scan_images, scan_labels)
        divided = _divided(loaded, given.case_set(data, images, labels), cases, unseen, seed, scans)
        sure = set() if scans or reuse else before & {SCAN}
        _tell_lost(loaded, sure)  # before it takes an hour
        wanted = Wanted(
            divided.training, divided.validation, scans, calibration_cases, seed, signals, coverage,
            None if keep_names else secrets.token_hex(16), reuse,
            kept=out.with_name(f"{out.name}.{SAMPLES}"), is_unseen_known=divided.is_unseen_known,
        )  # fmt: skip
        loaded.id = slug(out.name)
        with shown.bar() as (_, stage):
            report = make(loaded, wanted, out, given.command(), stage)
        if wanted.kept:
            wanted.kept.unlink(missing_ok=True)
    terminal.tell_scores(report.cases, report.mean)
    assert report.calibration is not None  # else nothing would have been written
    terminal.say(f"Calibrated with {report.calibration.samples} samples.")
    _tell_lost(loaded, before - sure - set(report.calibration.curves))
    shown.end(divided.facts, report.failures)


@cli.app.command("verdict-report")
def verdict_report(
    model: str,
    out: Annotated[Path, typer.Option(help="Folder for verdicts.json, verdicts.md and verdicts.png.")],
    data: given.DataOption = None,
    images: given.ImagesOption = None,
    labels: given.LabelsOption = None,
    cases: Annotated[Path | None, typer.Option(help="A split.json; default: the model's, or else all cases.")] = None,
    unseen: given.Unseen = False,
    scan_images: given.ScanImages = None,
    scan_labels: given.ScanLabels = None,
    clicks: Annotated[int, typer.Option(min=0, help="Scans in which clicks beside the middle are tried.")] = 5,
    seed: Annotated[int, typer.Option(help="Of the artifacts and the clicks.")] = 0,
    reuse: Annotated[
        bool, typer.Option("--reuse", help="Take the samples that the model carries of these cases.")
    ] = False,
) -> None:
    """Measure what a model's light is worth, on cases that it has not seen.

    Clean, degraded and nonsense, and by clicks in larger images; each is judged by a calibration made without it.
    """
    given.require_training_packages()
    from ..model.verdict_report import count_steps, measure_verdicts, write_verdicts
    from ..progress import counter

    if os.path.lexists(out) and not os.path.isdir(out):  # before all is measured
        raise MedNCAError("{path} is a file; --out names the folder that the report goes to.", path=out)
    library = Library()
    folder, loaded = library.find(model), library.load(model)
    scans = given.scans(scan_images, scan_labels)
    divided = _divided(
        loaded, given.case_set(data, images, labels), cases, unseen, seed, scans, all_for_trying=True, reuse=reuse
    )
    held_out = divided.validation
    with held(out), shown.bar() as (_, stage):
        tried = scans[:clicks]
        step = counter(stage, "measuring", count_steps(held_out, scans, tried, reuse))
        report, judged = measure_verdicts(loaded, folder, held_out, scans, tried, seed, step, reuse, unseen)
        write_verdicts(report, judged, out, given.command())
    terminal.out.print((out / "verdicts.md").read_text(encoding="utf-8"))
    shown.end(divided.facts, [{"image": name, "error": error} for name, error in report["failed"].items()])


@cli.app.command()
def study(
    plan: Annotated[Path, typer.Argument(help="A study file: which models are measured, on which cases, how changed.")],
    out: Annotated[Path, typer.Option(help="Folder of the study; what is measured there already is taken.")],
    data: Annotated[list[str], typer.Option(help="NAME=FOLDER of a data set of the study; may be repeated.")],
) -> None:
    """Measure what a study file asks, and write study.html, study.md and study.json; goes on where it was stopped."""
    given.require_training_packages()
    from ..data.layouts import find_dataset
    from ..study.plan import read_study
    from ..study.report import write_report
    from ..study.run import run_study, try_machines

    asked = read_study(plan)
    sets = {name: find_dataset(folder) for name, folder in map(_named_folder, data)}
    with held(out), terminal.progress() as bar:
        task = bar.add_task("Measuring", total=None)
        answers = run_study(
            asked, sets, out, Library(), lambda done, total: bar.update(task, completed=done, total=total)
        )
        trying = bar.add_task("Trying machines", total=None, visible=bool(asked.machines))
        tried = try_machines(
            asked, sets, out, Library(), lambda done, total: bar.update(trying, completed=done, total=total)
        )
        write_report(asked, answers, tried, out, given.command())
    terminal.say(f"Written: {out / 'study.html'}")
    failed = {case: why for answer in (*answers, *tried) for case, why in answer.failed.items()}
    shown.end(failures=[{"image": case, "error": why} for case, why in failed.items()])


def _named_folder(text: str) -> tuple[str, Path]:
    name, equals, folder = text.partition("=")
    if not equals or not name or not folder:
        raise MedNCAError("--data {text} is not NAME=FOLDER.", text=repr(text))
    return name, Path(folder)


def _write_recalibrated(model, old: Path, out: Path) -> None:
    """A model whose calibration alone has changed. old: its folder."""
    from mednca.files import staged
    from mednca.models.description import CARD_NAME
    from mednca.models.weights import save_model

    from ..model.build import tell_command
    from ..model.card import recalibrated_card

    path = old / CARD_NAME
    card = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else f"# {model.name}\n"
    tell_command(model, given.command())
    with staged(out) as made:
        save_model(model, made, recalibrated_card(card, model, given.command()))
    terminal.say(f"Calibrated anew with {model.calibration.samples} saved samples: {out}")


def _tell_lost(model, contexts: Iterable[str]) -> None:
    """A light that is no more is missed only where somebody says so. contexts: of its calibration before, that the new
    one has not."""
    from ..model.card import IMAGE_NAMES

    if lost := [IMAGE_NAMES[context] for context in sorted(contexts)]:
        terminal.remark(
            f"{model.name} was calibrated on {' and on '.join(lost)} before; the new calibration is not, and nothing "
            "will be green there: to keep that, give such images, too (larger ones by --scan-images and "
            "--scan-labels), or take the samples that the model carries, by --reuse."
        )


@dataclass(frozen=True)
class _Divided:
    """A data set for a calibration.

    Attributes:
        facts: its fingerprint.
        training, validation: its cases for making one, and for trying it.
        is_unseen_known: whether it is known, not only said, that the model was trained with none of the validation.
    """

    facts: Fingerprint
    training: list[Case]
    validation: list[Case]
    is_unseen_known: bool


def _divided(
    model, case_set, split_file: Path | None, unseen: bool, seed: int, scans: list, all_for_trying: bool = False,
    reuse: bool = False,
) -> _Divided:  # fmt: skip
    """The fingerprint of a data set, and its cases for making and for trying a calibration: as a split.json says, or
    the model's own split where it holds their names, or else a new one, where it was trained with none of them; or all
    for trying, where nothing is made. reuse: the samples of the model's folds are taken, which had not seen them."""
    from ..data.cases import split
    from ..model.privacy import check_unseen, known_of, readable_split, revealed, tells_its_cases

    if split_file and not (unseen or reuse) and model.info.get("training", {}).get("folds"):
        raise MedNCAError(
            "{model} has learned from all cases of its folds, whatever their split.json says. Give other cases, with "
            "--unseen.",
            model=model.name,
        )
    own = {} if split_file or unseen else readable_split(model.info)
    facts = given.fingerprint(case_set, [label.value for label in model.labels])
    found = given.usable(case_set, facts)
    given.check_fits(model.name, model.labels, model.preprocessing, facts)
    names = {case.name for case in found}
    info = dict(model.info)
    if split_file:
        divided = read_json(split_file, SPLIT_SCHEMA)
        told = {*divided["training"], *divided["validation"]}
        info = revealed(info, told | names | {case.name for case in scans}, _salt_of(split_file.parent))
        _tell_lacking(told - names, split_file)
    elif own and names & set(own["training"]) and names & set(own["validation"]):
        divided = own
    elif all_for_trying:
        divided = {"training": [], "validation": sorted(names)}
    elif own and names & set(own["training"]):
        divided = {"training": own["training"], "validation": sorted(names - set(known_of(names, model.info)))}
    else:
        divided = split(found, 0.3, seed)
    training, validation = (
        [case for case in found if case.name in set(divided[part])] for part in ("training", "validation")
    )
    if not validation or not (training or all_for_trying):
        raise MedNCAError(
            "A calibration needs cases to be made with and cases to be tried on, which the model was not trained with."
        )
    if not all_for_trying:
        asked = (*(training if unseen else ()), *validation, *scans)
        check_unseen((case.name for case in asked), info, not unseen)
    return _Divided(facts, training, validation, tells_its_cases(info))


def _salt_of(run: Path) -> str | None:
    """Of the hashes that a run's model has in place of its cases' names; None where that is not told."""
    if not (run / METADATA).is_file():
        return None
    try:
        return read_metadata(run)[1].salt
    except MedNCAError:  # somebody else's file of that name
        return None


def _tell_lacking(names: set[str], split_file: Path) -> None:
    """Figures of fewer cases than a split names are those of other cases."""
    if names:
        terminal.remark(
            f"Left out, as they are not there: {len(names)} of the cases of {split_file}, such as {min(names)}."
        )
