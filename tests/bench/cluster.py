#!/usr/bin/env python3
"""Cost of a cluster: bytes and seconds of a round, by number of workers and size of the round.

    python tests/bench/cluster.py [--megabytes 10] [--write]
    python tests/bench/cluster.py --topics [--write]
    python tests/bench/cluster.py --paper [--write]
    python tests/bench/cluster.py --hosts [--write]    # as root

Trains one epoch of skip-gram on the first megabytes of enwiki100m.txt.gz, with 2 and with 4 workers
of one thread on this machine. (On a machine of 2 cores, the rows of 4 workers show bytes, but not
speed.) Bytes are those that the workers count as received. Prints a Markdown table; --write puts it
in the manual.

--topics times LDA and LSA of the same text, whose lines are documents, on 1, 2 and 4 workers of one
thread, and without a cluster on one thread. The seconds are those of the whole command, which also
reads the text.

--paper computes the time of an epoch on clusters of many machines, from the cost model `Costs`. The
constants of this model are measured on this machine.

--hosts compares the cost model with measured rounds. Each worker runs in a network namespace of its
own, as on a separate host, with a link of a given rate and delay (see `wire`). The scheduler and
`w2v train` run in another namespace.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import wire
from contest import environment, publish, wikipedia
from distributed import Client, LocalCluster

from w2v.cluster.rounds import FAN_IN
from w2v.system.progress import duration

BIN = Path(sys.executable).parent
TOPIC_MODELS = {"lda": ("--topics", 50, "--epochs", 50), "lsa": ("--topics", 200)}
ROUNDS = [(8, 10_000), (8, 100_000), (16, 100_000)]  # shards, words of each in a round


def train(text: Path, *options: object) -> tuple[float, dict]:
    """Train one epoch; the seconds of training alone, and the last progress report of the log."""
    log = text.with_name("log")
    log.unlink(missing_ok=True)
    command = [BIN / "w2v", "train", text, "-o", text.with_name("x.bin"), "--epochs", 1, "--quiet"]
    command += ["--threads", 2, "--log-json", log, *options]
    subprocess.run(list(map(str, command)), env=environment(), check=True)
    [*_, last] = [e for e in map(json.loads, log.open()) if e["event"] == "progress"]
    return last["seconds"], last


def received(address: str) -> int:
    """Bytes that all workers together have received from other workers."""
    with Client(address) as client:
        counters = client.run(
            lambda dask_worker: sum(
                transfer["total"] for transfer in dask_worker.transfer_incoming_log
            )
        )
        return sum(counters.values())


def on_cluster(text: Path, address: str, shards: int, words: int) -> tuple[float, int, int]:
    """Train on a cluster; seconds of training, rounds, and bytes received by workers in the run."""
    before = received(address)
    options = "--cluster", address, "--shards", shards, "--round-words", words
    seconds, last = train(text, *options)
    rounds = int(re.findall(r"round ([\d,]+)", last["note"])[0].replace(",", ""))
    return seconds, rounds, received(address) - before


@contextmanager
def processes(workers: int) -> Iterator[str]:
    """Start a cluster of workers on this machine; the address of its scheduler."""
    with LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address


@contextmanager
def on_hosts(count: int, rate: float, delay: float) -> Iterator[str]:
    """Start workers on simulated hosts of their own, and a scheduler on host 0; its address."""
    with wire.hosts(count + 1, rate, delay), ExitStack() as stack:
        scheduler = f"tcp://{wire.address(0)}:8786"
        commands = [f"dask scheduler --host {wire.address(0)} --port 8786 --no-dashboard"]
        commands += [f"dask worker {scheduler} --nthreads 1 --no-dashboard"] * count
        for host, command in enumerate(commands):
            name, *args = command.split()
            child = wire.run_on(
                host, [BIN / name, *args], stderr=subprocess.DEVNULL, env=environment()
            )
            stack.callback(child.wait)
            stack.callback(os.killpg, child.pid, signal.SIGTERM)
        yield scheduler


def table(text: Path) -> str:
    """A row for each size of the rounds and number of workers."""
    rows = ["| shards × words | workers | seconds | rounds | ms a round | MB a round, received |"]
    rows.append("|---|---|---|---|---|---|")
    for shards, words in ROUNDS:
        label = f"{shards} × {words:,}"
        for workers in (2, 4):
            with processes(workers) as address:
                train(text.with_name("small"), "--cluster", address, "--min-count", 1)
                seconds, rounds, moved = on_cluster(text, address, shards, words)
            rows.append(
                f"| {label} | {workers} | {seconds:.1f} | {rounds} "
                f"| {1e3 * seconds / rounds:.0f} | {moved / rounds / 1e6:.1f} |"
            )
            print(rows[-1], file=sys.stderr, flush=True)
    return "\n".join(rows)


def run_seconds(documents: Path, *options: object) -> float:
    """Train a model of documents; the seconds of the whole command."""
    command = [BIN / "w2v", "train", documents, "-o", documents.with_name("x.safetensors")]
    began = time.monotonic()
    subprocess.run(
        list(map(str, [*command, "--quiet", *options])), env=environment(), check=True
    )  # fmt: skip
    return time.monotonic() - began


def topics_table(documents: Path) -> str:
    """A row for each model and number of workers; 0 workers is a run without a cluster."""
    rows = ["| model | workers | seconds | MB received |", "|---|---|---|---|"]
    small = documents.with_name("small")
    for model, options in TOPIC_MODELS.items():
        chosen = "--model", model, *options
        run_seconds(small, *chosen, "--min-count", 1)
        seconds = run_seconds(documents, *chosen, "--threads", 1)
        rows.append(f"| {model} | 0 | {seconds:.1f} | - |")
        for workers in (1, 2, 4):
            with processes(workers) as address:
                run_seconds(small, *chosen, "--min-count", 1, "--cluster", address)
                before = received(address)
                seconds = run_seconds(documents, *chosen, "--cluster", address)
                moved = received(address) - before
            rows.append(f"| {model} | {workers} | {seconds:.1f} | {moved / 1e6:.0f} |")
            print(rows[-1], file=sys.stderr, flush=True)
    return "\n".join(rows)


def bytes_of_a_chunk(text: Path, words: int) -> tuple[int, int]:
    """Bytes of the changes of a chunk with `words` words, and of all vectors."""
    from w2v.cluster.row_changes import RowChanges
    from w2v.models import models
    from w2v.settings import TextSettings
    from w2v.text.corpus import Corpus
    from w2v.text.encode import read

    model, text_settings = models()["skipgram"], TextSettings()
    settings = model.settings(deterministic=True, shards=1, round_words=words, epochs=1)
    corpus = Corpus(
        [str(text)], text_settings.tokenizer, text_settings.encoding, text_settings.lowercase,
        text_settings.normalize,
    )  # fmt: skip
    vocabulary, encoded = read(corpus, text_settings, lambda tokens: None)
    trainer: Any = model.make_trainer(vocabulary, encoded, settings)
    plan = trainer.plan(1)
    trainer.begin(plan.shards)
    shards = trainer.shards(plan)
    shards.worker()(plan[len(plan) // 2], 0)
    moved = sum(
        RowChanges(rows, sums[:, :100], squares).nbytes
        for rows, sums, squares in shards.changes(0).values()
    )
    return moved, 2 * len(vocabulary.names) * 102 * 4


def words_of_a_chunk(text: Path, rounds: int) -> float:
    """Mean number of words in a chunk, in an epoch of `rounds` rounds with ROUNDS[0]."""
    return sum(len(line.split()) for line in text.open()) / rounds / ROUNDS[0][0]


def seconds_of_a_task() -> float:
    """Seconds of the scheduler for a task that does nothing and whose result is not fetched."""
    with processes(2) as address, Client(address) as client:
        client.gather(client.map(abs, range(100)))
        began = time.monotonic()
        client.gather(client.submit(len, client.map(abs, range(1000, 4000))))
        return (time.monotonic() - began) / 3000


MACHINES, CORES, WIRE, DELAY = (1, 16, 256), 32, 10e9 / 8, 1e-4  # bytes a second, seconds
TOKENS = (10**9, 10**11, 10**12)
SECONDS_A_WORD = (
    2 * 16.3 / (5 * 16.9e6)
)  # skip-gram on one core, from the table `speed` of the manual
SIZES = (1_000, 10_000, 100_000, 1_000_000)  # words of a chunk
POINTS = ((2, "1gbit", 1e-3), (4, "1gbit", 1e-3), (4, "200mbit", 1e-3), (4, "1gbit", 2e-2))


class Costs:
    """The cost model: seconds of a round. Its constants are measured when an object is made.

    The time of a round is the sum of the times for
    - training the words of a chunk;
    - the scheduler's work for each task;
    - merging: at each level of the tree, a task fetches the changes of up to TOGETHER others;
    - sending the sum to all machines: a machine fetches it from one that has it, so that the number
      of machines that have it doubles at each step;
    - network delays: a worker reports the result of a task to the scheduler, the scheduler informs
      the worker that needs it, and this worker requests it;
    - a constant, the time that two workers on this machine take in addition to all of these.
    """

    def __init__(self, text: Path):
        sizes = [bytes_of_a_chunk(text, words) for words in SIZES]
        self._chunks, self.model = [changed for changed, _ in sizes], sizes[0][1]
        self.task, self.constant = seconds_of_a_task(), 0.0
        with processes(2) as scheduler:
            train(text.with_name("small"), "--cluster", scheduler, "--min-count", 1)
            seconds, rounds, _ = on_cluster(text, scheduler, *ROUNDS[0])
        words, shards = words_of_a_chunk(text, rounds), ROUNDS[0][0]
        self.constant = seconds / rounds - self.seconds(words, shards, 2, 1, math.inf, 0)

    def __str__(self) -> str:
        chunks = ", ".join(f"{moved / 1e6:.2f}" for moved in self._chunks)
        return (
            f"a chunk of {SIZES} words changes {chunks} MB; all vectors {self.model / 1e6:.1f} MB; "
            f"a task takes the scheduler {1e3 * self.task:.2f} ms; a round takes "
            f"{self.constant:.3f} s more"
        )

    def changed(self, words: float) -> float:
        """Bytes of the changes of a chunk with `words` words, interpolated."""
        logs = np.log(self._chunks)
        return min(float(np.exp(np.interp(np.log(words), np.log(SIZES), logs))), self.model)

    def seconds(
        self, words: float, shards: int, machines: int, threads: int, rate: float, delay: float
    ) -> float:
        """Seconds of a round.

        words     words of each shard
        threads   threads on each machine, each on a core of its own; if 1, all machines are
                  simulated and share the cores of this machine
        rate      bytes a second of each link
        delay     seconds, one way
        """
        cores = os.cpu_count() if threads == 1 else machines * threads
        covers = 2 ** int(np.log2(max(shards / (2 * machines * threads), 1)))
        nodes, moved, levels, tasks = shards // covers, 0.0, 0, 0
        elsewhere = (machines - 1) / machines
        while nodes > 1:
            tasks += nodes
            moved += min(FAN_IN, nodes) * self.changed(words * covers) * elsewhere
            nodes, covers, levels = -(-nodes // FAN_IN), covers * FAN_IN, levels + 1
        moved += math.ceil(math.log2(machines)) * self.changed(words * shards)
        work = words * SECONDS_A_WORD * max(shards / cores, 1)
        waits = (tasks + 1) * self.task + (levels + 1) * 4 * delay
        return self.constant + work + waits + moved / rate


def paper(costs: Costs) -> str:
    """A row for each number of tokens and machines: the time of an epoch by the cost model.

    An epoch has 40 rounds, the fewest that it can have. The number of shards is the power of two
    with the shortest time. If it is smaller than the number of cores, the other cores are idle.
    """
    rows = [
        "| tokens | machines of 32 cores | shards | an epoch | times the speed of one machine |"
    ]
    rows.append("|---|---|---|---|---|")
    for tokens in TOKENS:
        alone = tokens * SECONDS_A_WORD / CORES
        for machines in MACHINES:
            most = min(int(np.log2(machines * CORES)), 10)  # --shards goes to 1024
            best = min(
                (40 * costs.seconds(tokens / 40 / n, n, machines, CORES, WIRE, DELAY), n)
                for n in (2**k for k in range(most + 1))
            )
            took, shards = (alone, CORES) if machines == 1 else best
            power = int(np.log10(tokens))
            rows.append(
                f"| 10^{power} | {machines} | {shards} | {duration(took)} | {alone / took:.1f} |"
            )
    return "\n".join(rows)


def checked(text: Path, costs: Costs) -> str:
    """A row for each of POINTS: seconds of a round on hosts with one thread, and by the formula."""
    rows = ["| hosts | link | delay, ms | MB a round, received | s a round | by the formula |"]
    rows.append("|---|---|---|---|---|---|")
    shards, _ = ROUNDS[0]
    for hosts, rate, delay in POINTS:
        with on_hosts(hosts, wire.bytes_a_second(rate), delay) as scheduler:
            command = [*wire.inside(0), sys.executable, __file__, "--scheduler", scheduler]
            printed = subprocess.run([*command, text], stdout=subprocess.PIPE, check=True).stdout
        seconds, rounds, moved = json.loads(printed)
        words = words_of_a_chunk(text, rounds)
        computed = costs.seconds(words, shards, hosts, 1, wire.bytes_a_second(rate), delay)
        rows.append(
            f"| {hosts} | {rate} | {1e3 * delay:.0f} | {moved / rounds / 1e6:.1f} "
            f"| {seconds / rounds:.2f} | {computed:.2f} |"
        )
        print(rows[-1], file=sys.stderr, flush=True)
    return "\n".join(rows)


def main() -> None:
    """Measure, and publish one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=10)
    parser.add_argument("--topics", action="store_true")
    parser.add_argument("--paper", action="store_true")
    parser.add_argument("--hosts", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--scheduler", nargs=2, help=argparse.SUPPRESS)  # the process on host 0
    args = parser.parse_args()
    os.environ["DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH"] = "10000000"  # keep all transfers
    if args.scheduler:
        scheduler, path = args.scheduler
        print(json.dumps(on_cluster(Path(path), scheduler, *ROUNDS[0])))
        return
    with wikipedia(args.megabytes * 1_000_000) as (_, text, lines):
        if args.topics:
            publish({"cluster-topics": topics_table(lines)}, args.write)
            return
        if not (args.paper or args.hosts):
            publish({"cluster": table(text)}, args.write)
            return
        costs = Costs(text)
        print(costs, flush=True)
        tables = {"paper": paper(costs)} if args.paper else {"hosts": checked(text, costs)}
        publish(tables, args.write)


if __name__ == "__main__":
    main()
