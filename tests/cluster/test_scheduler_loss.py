"""The end of a scheduler: training goes on with the next one, or says how to go on."""

import os
import random
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import compiled, start_run, use_two_rounds

from w2v.models import models

pytest.importorskip("distributed", reason="the extra cluster is not installed")

from w2v.cluster import connection, lda_rounds, rounds, svd_products  # noqa: E402

pytestmark = compiled
OPTIONS = {
    "lda": {"topics": 5, "epochs": 6, "deterministic": True, "shards": 4},
    "lsa": {"topics": 9, "power_iters": 1},
    "skipgram": {"dim": 6, "epochs": 2, "deterministic": True, "shards": 5, "round_words": 40},
}


class Processes:
    """A scheduler and a worker, each a process of its own as on a real cluster."""

    def __init__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = str(probe.getsockname()[1])
        self.address = f"tcp://127.0.0.1:{self._port}"
        self._running = []

    def start(self):
        """Start both; neither waits for the other."""
        scheduler = "dask_scheduler", "--host", "127.0.0.1", "--port", self._port
        worker = "dask_worker", self.address, "--nthreads", "2", "--no-nanny"
        for command, *args in (scheduler, worker):
            command = [sys.executable, "-m", f"distributed.cli.{command}", "--no-dashboard", *args]
            child = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
            self._running.append(child)

    def kill(self):
        """Kill the scheduler, as a machine that is switched off; the worker ends by itself."""
        scheduler, worker = self._running
        scheduler.kill()
        scheduler.wait()
        worker.wait(timeout=30)
        self._running = []

    def restart(self):
        """Kill the scheduler, and start another one under the same address."""
        self.kill()
        self.start()

    def close(self):
        for child in self._running:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


@pytest.fixture
def processes():
    found = Processes()
    found.start()
    try:
        yield found
    finally:
        found.close()


@pytest.fixture
def text(folder, monkeypatch):
    """A text of more words than the basis of LSA has columns; LDA has two rounds an epoch."""

    monkeypatch.setattr("w2v.training.chunks.SMALL_CHUNK", 80)
    use_two_rounds(monkeypatch)
    monkeypatch.setattr(lda_rounds, "MIN_BASE_ROUNDS", 4)
    monkeypatch.setattr(lda_rounds, "MAX_BASE_ROUNDS", 4)
    rng = random.Random(1)
    lines = (" ".join(f"w{rng.randrange(300)}" for _ in range(20)) for _ in range(200))
    (folder / "text").write_text("\n".join(lines))
    return "text"


def after(number, owner, name, do, monkeypatch):
    """Call `do` after the call with this number of a method."""
    calls, original = [], getattr(owner, name)

    def call(*args):
        result = original(*args)
        calls.append(args)
        if len(calls) == number:
            do()
        return result

    monkeypatch.setattr(owner, name, call)


def disturb(model, do, monkeypatch):
    """Call `do` in the middle of a training: after 7 rounds, or one product of LSA."""
    if model == "lsa":
        after(1, svd_products.ClusterProducts, "gram", do, monkeypatch)
    else:
        owner = lda_rounds.ClusterGibbs if model == "lda" else rounds.ClusterRounds
        after(7, owner, "_apply_round", do, monkeypatch)


def train(model, output, cluster=None):
    found = models()[model]
    run = start_run("text", output, found, found.settings(**OPTIONS[model]), cluster=cluster)
    run.train()
    run.save()
    return Path(output).read_bytes()


@pytest.mark.parametrize("model", OPTIONS)
def test_a_scheduler_that_is_started_again_changes_nothing(text, processes, model, monkeypatch):
    wanted = train(model, "a.safetensors")
    killed = []
    disturb(model, lambda: killed.append(processes.restart()), monkeypatch)
    with connection.Cluster(processes.address) as cluster:
        assert train(model, "b.safetensors", cluster) == wanted
    assert killed


@pytest.mark.parametrize("model", ["lda", "lsa"])
def test_a_scheduler_that_is_gone_is_said(w2v, text, processes, model, monkeypatch):
    def end():
        monkeypatch.setattr(connection, "TIMEOUT", 0.5)
        processes.kill()

    disturb(model, end, monkeypatch)
    options = ["train", text, "--model", model, "--min-count", "1", "--topics", "9", "-o"]
    options += ["x.safetensors", *{"lda": ["--epochs", "6"], "lsa": ["--power-iters", "1"]}[model]]
    outcome = w2v(*options, "--cluster", processes.address)
    said = outcome.err.splitlines()
    assert outcome.code == 1
    assert f"{processes.address}: the connection to the scheduler is lost: start" in said[-1]
    assert "x.safetensors was not written" in outcome.err
    if model == "lsa":
        assert said[-2] == "the run cannot be continued: run the same command again"
        return
    # 7 of 12 rounds were done. The topics had been fetched after 4 rounds.
    assert "the last 6,000 words, which are lost; the checkpoint is at 33.3%" in outcome.err
    assert said[-2] == "to continue, run the same command with --resume (x.safetensors.checkpoint)"
    outcome = w2v(*options, "--resume", "--deterministic")
    assert "resumed from x.safetensors.checkpoint at 33.3%" in outcome.err
    went_on = Path("x.safetensors").read_bytes()
    assert w2v(*options, "--deterministic").code == 0
    assert Path("x.safetensors").read_bytes() == went_on
