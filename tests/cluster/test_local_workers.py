"""Worker processes, schedulers and connections that cannot start, for example without a guard."""

import multiprocessing
from types import SimpleNamespace

import pytest

pytest.importorskip("distributed", reason="the extra cluster is not installed")

from w2v.cluster import connection, local_workers
from w2v.cluster.connection import Cluster
from w2v.errors import ConnectionLostError, W2VError

ADVICE = (
    "--cluster local:2: no worker process can start: run the program from a file, and train only "
    'below the line: if __name__ == "__main__":'
)


def test_workers_that_do_not_start_are_an_error_of_one_line(monkeypatch):
    def fail(**settings):
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr(local_workers, "LocalCluster", fail)
    with pytest.raises(W2VError) as error:
        Cluster("local:2")
    assert str(error.value) == ADVICE


def test_a_scheduler_that_does_not_start_has_its_reason(monkeypatch):
    """As where the configuration of Dask requires encryption."""

    def fail(**settings):
        try:
            raise RuntimeError("encryption required by Dask configuration")
        except RuntimeError as error:
            raise RuntimeError("Cluster failed to start: Scheduler failed to start.") from error

    monkeypatch.setattr(local_workers, "LocalCluster", fail)
    with pytest.raises(W2VError, match="no scheduler can start .* Dask .encryption required by"):
        Cluster("local:2")


@pytest.mark.parametrize("scheme", ["tls", "tcp"])
def test_a_connection_that_dask_refuses_is_an_error_of_one_line(scheme):
    """One without certificates, and one that is not encrypted although this is required."""
    import dask

    required = dask.config.set({"distributed.comm.require-encryption": True})
    with required, pytest.raises(W2VError) as error:
        Cluster(f"{scheme}://127.0.0.1:1")
    said = f"--cluster {scheme}://127.0.0.1:1: Dask does not connect: check distributed.comm in "
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


def test_a_worker_that_runs_the_training_again_ends_with_the_advice(monkeypatch):
    """As the processes that `multiprocessing` spawns, before their first task."""
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    with pytest.raises(SystemExit) as stop:
        Cluster("local:2")
    assert stop.value.code == f"w2v: {ADVICE}"


@pytest.mark.parametrize("call", ["_send", "_call"])
def test_a_call_that_fails_after_minutes_is_repeated(call, monkeypatch):
    """The data of a call may be large, and the time to try again begins when it fails."""
    now, times = [0.0], list[float]()
    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=lambda seconds: None)
    monkeypatch.setattr(connection, "time", clock)
    monkeypatch.setattr(Cluster, "_check_connection", lambda self: None)
    cluster = Cluster.__new__(Cluster)
    cluster.address = "tcp://x:1"
    cluster._client = SimpleNamespace(status="running", wait_for_workers=lambda *_, **__: None)

    def fail(seconds):
        times.append(now[0])
        now[0] += seconds
        if len(times) < 2 or seconds < 100:
            raise OSError("broken")
        return "sent"

    assert getattr(cluster, call)(lambda: fail(100.0)) == "sent"
    times.clear()
    with pytest.raises(ConnectionLostError):
        getattr(cluster, call)(lambda: fail(11.0))
    assert len(times) == 1 + connection.TIMEOUT // 11 + 1
