"""Stops of a run with worker processes of its own: nothing is lost, and no worker stays behind."""

import json
import os
import signal
import subprocess
import sys

import planted
import pytest
from helpers import compiled, wait_until

pytest.importorskip("distributed", reason="the extra cluster is not installed")
psutil = pytest.importorskip("psutil", reason="the extra cluster is not installed")

pytestmark = [
    compiled,
    pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups of this kind"),
]
OPTIONS = ("--model", "lda", "--topics", "5", "--epochs", "100000", "--checkpoint-every", "0")


def words_done(log):
    """The words that were trained by the last progress event of a log."""
    events = map(json.loads, log.read_text().splitlines()) if log.exists() else ()
    return max((event["words"] for event in events if event["event"] == "progress"), default=0)


@pytest.fixture
def training(folder, stoppable):
    """LDA on two workers of its own, after some rounds, in a process group of its own."""
    (folder / "text").write_text(planted.text(300))
    command = [sys.executable, "-m", "w2v", "train", "text", "-o", "x.safetensors", *OPTIONS]
    child = subprocess.Popen(
        [*command, "--cluster", "local:2", "--log-json", "log"], cwd=folder, text=True,
        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    with child:
        wait_until(lambda: words_done(folder / "log"), child)
        yield child
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)


def workers_of(training):
    """The processes that a run has started."""
    found = psutil.Process(training.pid).children(recursive=True)
    assert len(found) >= 2
    return found


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1"])
def test_a_signal_to_the_process_group_loses_no_topics(training, folder, name):
    """The program timeout, terminals and batch systems send a signal to the whole group."""
    workers, number = workers_of(training), getattr(signal, name)
    os.killpg(training.pid, number)
    said = training.stderr.read()
    assert training.wait() == 128 + number
    assert "which are lost" not in said
    assert "to continue, run the same command with --resume (x.safetensors.checkpoint)" in said
    stop = json.loads((folder / "log").read_text().splitlines()[-1])
    assert stop["event"] == "stop"
    assert stop["words"] >= words_done(folder / "log")
    assert not psutil.wait_procs(workers, timeout=30)[1]


def test_workers_of_a_killed_run_end(training):
    workers = workers_of(training)
    training.kill()
    assert not psutil.wait_procs(workers, timeout=30)[1]
