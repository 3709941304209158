"""The other end of `mednca_train.worker`."""

from pathlib import Path

from MedNCASegmentLib import worker_client


class TrainingClient(worker_client.WorkerClient):
    """told(job, event, message) is called with what a training says of itself: rows of its history, and sentences."""

    module = "mednca_train.worker"
    folders = (*worker_client.WorkerClient.folders, Path(__file__).resolve().parents[1])
    cancelPatience = 60_000  # an iteration is brought to its end, and what was done is saved

    def __init__(self, changed, told, log=lambda text: None):
        super().__init__(changed, log)
        self.told = told

    def isWhole(self, job, message):
        return job.request["command"] != "train" or (Path(message["out"]) / "model.json").is_file()

    def heard(self, job, message):
        self.told(job, message)
