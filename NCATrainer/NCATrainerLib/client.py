"""The other end of `mednca_train.worker`: what a training tells of itself beside its progress, heard in Slicer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mednca.messages import Event, Row, Told
from mednca.models.description import JSON_NAME
from mednca_train.messages import TrainAnswer, TrainRequest
from mednca_train.run_folder import HistoryRow
from MedNCASegmentLib.sentences import sentenceText
from MedNCASegmentLib.worker_client import Job, WorkerClient


class TrainingClient(WorkerClient):
    """A `WorkerClient` of the training worker.

    Args:
        changed: called with a job whenever its progress or its state changes.
        row: called with rows of a training's history as they come.
        log: called with lines for people.
    """

    module = "mednca_train.worker"
    folders = (*WorkerClient.folders, Path(__file__).resolve().parents[1])
    cancelPatience = 60_000  # an iteration is brought to its end, and what was done is saved

    def __init__(
        self, changed: Callable[[Job], None], row: Callable[[HistoryRow], None], log: Callable[[str], None] = print
    ):
        super().__init__(changed, log)
        self.row = row

    def isWhole(self, job: Job, answer: dict) -> bool:
        """A training must have left a model; of other jobs nothing stays on disk."""
        if job.request["command"] != TrainRequest.command:
            return True
        return (TrainAnswer.from_json(answer).out / JSON_NAME).is_file()

    def heard(self, job: Job, event: Event) -> None:
        """Rows and sentences of a training."""
        if isinstance(event, Row):
            self.row(HistoryRow.from_json(event.row))
        elif isinstance(event, Told):
            self.log(sentenceText(event.sentence) if event.sentence else event.text)
