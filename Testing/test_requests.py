"""The one state of a request: which changes it knows, and what the worker's lines make of it. No worker runs here."""

import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from mednca.errors import MedNCAError, NothingFound
from mednca.messages import Advanced, Done, Failed, Progress, Ready, Row, Started, Stopped, Told


@pytest.fixture
def states(host):
    from MedNCASegmentLib.worker_client import RequestState

    return RequestState


@pytest.fixture
def client(host, monkeypatch):
    """A client whose worker is the test: `client.hears(events)` as they would come from it."""
    import qt

    from MedNCASegmentLib.worker_client import WorkerClient

    class Client(WorkerClient):
        whole, problem = True, None

        def isWhole(self, job, answer):
            return self.whole

        def take(self, job):
            if self.problem:
                raise self.problem

        def heard(self, job, event):
            self.told.append(event)

        def hears(self, *events):
            for event in events:
                self._hear(event)

    monkeypatch.setattr(qt.QProcess, "start", lambda self, program, arguments: None)
    client = Client(lambda job: client.told.append((job.state, job.progress.stage)))
    client.told = []
    yield client
    client.shutdown()


def test_a_state_is_never_left_for_an_earlier_one(states):
    from MedNCASegmentLib.worker_client import Job

    over = {states.DONE, states.MISSED, states.FAILED, states.CANCELED}
    assert {state for state in states if state.isOver} == over
    for begun in over:
        job = Job()
        assert job.enter(begun, "why") and not any(job.enter(state) for state in states if state is not begun)
        assert (job.state, job.error) == (begun, "why")
    job = Job()
    assert job.enter(states.RUNNING) and job.enter(states.RUNNING) and job.enter(states.CANCELING)
    assert not job.enter(states.RUNNING) and job.state is states.CANCELING and job.enter(states.CANCELED)


def test_a_job_that_goes_well(client, states):
    job = client.submit(command="segment", image="x")
    client.hears(Started(pid=7), Ready(), Advanced("1", Progress("reading", 0, 1)), Told("1", "so far, so good"))
    client.hears(Row("1", {"dice": 1}), Advanced("2", Progress("of another")), Done("1", {"out": "y"}), Stopped("1"))
    assert client.pid == 7 and client.isReady and client.jobs == {}
    assert client.told == [
        (states.WAITING, "starting"), (states.RUNNING, "reading"), Told("1", "so far, so good"), Row("1", {"dice": 1}),
        (states.DONE, "reading"),
    ]  # fmt: skip
    assert (job.answer, job.error) == ({"out": "y"}, "")


def test_jobs_that_do_not_go_well(client, states):
    def ended(*events, whole=True, problem=None):
        client.whole, client.problem = whole, problem
        job = client.submit(command="segment", image="x")
        client.hears(*(type(event)(**vars(event) | {"job": job.id}) for event in events))
        assert client.jobs == {} and client.told[-1][0] is job.state
        return job.state, job.error

    assert ended(Failed(error="no")) == (states.FAILED, "no")
    assert ended(Failed(error="nothing", missed=True)) == (states.MISSED, "nothing")
    assert ended(Stopped()) == (states.CANCELED, "")
    assert ended(Done(answer={}), whole=False) == (states.FAILED, "The worker left no result.")
    assert ended(Done(answer={}), problem=NothingFound("empty")) == (states.MISSED, "empty")
    assert ended(Done(answer={}), problem=MedNCAError("unfit")) == (states.FAILED, "unfit")
    assert ended(Done(answer={}), problem=KeyError()) == (states.FAILED, "KeyError")


def test_what_is_being_canceled_ends_canceled(client, states):
    """Also where the worker was done a moment before: its result is not used."""
    client.problem = MedNCAError("must not be taken")
    job = client.submit(command="segment", image="x")
    job.folder.mkdir()
    client.cancel(job)
    client.hears(Advanced(job.id, Progress("ensemble", 1, 2)))
    assert job.state is states.CANCELING
    client.hears(Done(job.id, {}))
    assert (job.state, job.error) == (states.CANCELED, "") and not job.folder.exists()
    assert not client._impatience.isActive()
    client.cancel(job)
    assert client.told[-1][0] is states.CANCELED


def test_a_job_that_was_never_submitted_can_be_canceled(client, states):
    from MedNCASegmentLib.worker_client import Job

    job = Job()
    client.cancel(job)
    assert job.state is states.CANCELED and client.told == [(states.CANCELED, "sending")]


def test_lines_that_are_no_events_are_for_the_log(client, monkeypatch):
    from types import SimpleNamespace

    import qt

    said = []
    client.log = said.append
    lines = b'{"event": "started", "pid": 3}\nwarning: something\n{"event": "unheard of"}\n{"event": "rea'
    output = SimpleNamespace(data=lambda: lines)
    monkeypatch.setattr(qt.QProcess, "readAllStandardOutput", lambda self: output)
    client.start()
    client._onOutput()
    assert client.pid == 3 and said == ["warning: something", '{"event": "unheard of"}']
    lines = b'dy"}\n'
    client._onOutput()
    assert client.isReady


def test_what_is_said_of_progress(states):
    from MedNCASegmentLib.messages import progressText

    running = Progress("ensemble", 3, 10, field=2, fields=4, seconds_left=12.3)
    assert progressText(states.RUNNING, running) == "Running the ensemble, click 2/4: 3/10, 12 s left"
    assert progressText(states.CANCELING, running) == "Canceling"
    assert progressText(states.WAITING, Progress("sending")) == "Handing over the volume"
