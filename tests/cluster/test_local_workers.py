"""Worker processes that cannot start, as those of a program without a guard around its training."""

import multiprocessing

import pytest

pytest.importorskip("distributed", reason="the extra cluster is not installed")

from w2v.cluster import local_workers
from w2v.cluster.connection import Cluster
from w2v.errors import W2VError

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


def test_a_worker_that_runs_the_training_again_ends_with_the_advice(monkeypatch):
    """As the processes that `multiprocessing` spawns, before their first task."""
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    with pytest.raises(SystemExit) as stop:
        Cluster("local:2")
    assert stop.value.code == f"w2v: {ADVICE}"
