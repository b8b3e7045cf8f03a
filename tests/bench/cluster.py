#!/usr/bin/env python3
"""What a cluster costs: bytes and seconds of a round, by workers and by how the rounds are cut.

    python tests/bench/cluster.py [--megabytes 10] [--write]
    python tests/bench/cluster.py --paper [--write]
    python tests/bench/cluster.py --hosts [--write]    # as root

Trains skip-gram, one epoch, on the first megabytes of enwiki100m.txt.gz by 2 and by 4 workers of a
thread each on this machine (which has 2 processors: 4 workers show bytes, not speed). Bytes are
those that the workers say they have received. Prints a Markdown table; --write puts it in the
manual.

With --paper: how long an epoch would take on machines that are not here, by a model whose constants
are measured here: see `Costs`.

With --hosts the model is checked: every worker runs in a network namespace of its own, as on a host
of its own, with a link of a rate and a delay, and the scheduler with `w2v train` in another; see
`wire`.
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

from w2v.cluster.rounds import TOGETHER
from w2v.system.progress import duration

BIN = Path(sys.executable).parent
ROUNDS = [(8, 10_000), (8, 100_000), (16, 100_000)]  # shards, words of each in a round


def train(text: Path, *how: object) -> tuple[float, dict]:
    """Seconds that training takes without what comes before it, and the log's last report."""
    log = text.with_name("log")
    log.unlink(missing_ok=True)
    command = [BIN / "w2v", "train", text, "-o", text.with_name("x.bin"), "--epochs", 1, "--quiet"]
    command += ["--threads", 2, "--log-json", log, *how]
    subprocess.run(list(map(str, command)), env=environment(), check=True)
    [*_, last] = [e for e in map(json.loads, log.open()) if e["event"] == "progress"]
    return last["seconds"], last


def received(address: str) -> int:
    """Bytes that all workers have received from others."""
    with Client(address) as client:
        counters = client.run(
            lambda dask_worker: sum(each["total"] for each in dask_worker.transfer_incoming_log)
        )
        return sum(counters.values())


def on_cluster(text: Path, address: str, shards: int, words: int) -> tuple[float, int, int]:
    """Seconds of training, rounds, bytes received by the workers while it trained and before."""
    before = received(address)
    how = "--cluster", address, "--shards", shards, "--round-words", words
    seconds, last = train(text, *how)
    rounds = int(re.findall(r"round ([\d,]+)", last["note"])[0].replace(",", ""))
    return seconds, rounds, received(address) - before


@contextmanager
def processes(workers: int) -> Iterator[str]:
    """Workers on this machine."""
    with LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address


@contextmanager
def on_hosts(count: int, rate: float, delay: float) -> Iterator[str]:
    """Workers on hosts of their own, and the scheduler on host 0."""
    with wire.hosts(count + 1, rate, delay), ExitStack() as stack:
        scheduler = f"tcp://{wire.address(0)}:8786"
        commands = [f"dask scheduler --host {wire.address(0)} --port 8786 --no-dashboard"]
        commands += [f"dask worker {scheduler} --nthreads 1 --no-dashboard"] * count
        for host, command in enumerate(commands):
            name, *how = command.split()
            child = wire.run_on(
                host, [BIN / name, *how], stderr=subprocess.DEVNULL, env=environment()
            )
            stack.callback(child.wait)
            stack.callback(os.killpg, child.pid, signal.SIGTERM)
        yield scheduler


def table(text: Path) -> str:
    """A row for each way to cut the rounds and number of workers."""
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


def bytes_of_a_chunk(text: Path, words: int) -> tuple[int, int]:
    """Bytes of what a chunk of so many words changes, and of all vectors."""
    from w2v.cluster.row_changes import RowChanges
    from w2v.models import models
    from w2v.settings import TextSettings
    from w2v.text.corpus import Corpus
    from w2v.text.encode import read

    model, how = models()["skipgram"], TextSettings()
    settings = model.settings(deterministic=True, shards=1, round_words=words, epochs=1)
    corpus = Corpus([str(text)], how.tokenizer, how.encoding, how.lowercase, how.normalize)
    vocabulary, encoded = read(corpus, how, lambda tokens: None)
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
    """How many each of the chunks of an epoch had, with ROUNDS[0]."""
    return sum(len(line.split()) for line in text.open()) / rounds / ROUNDS[0][0]


def seconds_of_a_task() -> float:
    """What the scheduler takes for a task that does nothing, whose result is not asked for."""
    with processes(2) as address, Client(address) as client:
        client.gather(client.map(abs, range(100)))
        began = time.monotonic()
        client.gather(client.submit(len, client.map(abs, range(1000, 4000))))
        return (time.monotonic() - began) / 3000


MACHINES, CORES, WIRE, DELAY = (1, 16, 256), 32, 10e9 / 8, 1e-4  # bytes a second, seconds
TOKENS = (10**9, 10**11, 10**12)
SECONDS_A_WORD = 2 * 16.3 / (5 * 16.9e6)  # skip-gram on a core here: the README's table
SIZES = (1_000, 10_000, 100_000, 1_000_000)  # words of a chunk
POINTS = ((2, "1gbit", 1e-3), (4, "1gbit", 1e-3), (4, "200mbit", 1e-3), (4, "1gbit", 2e-2))


class Costs:
    """What a round takes: the model on paper. Its constants are measured when it is made.

    A round is a chain: the words of a chunk; the scheduler's time for each task; the way up, where
    a task of each level of the tree fetches the changes of up to eight others; the way down, where
    machines fetch the sum from those that have it, so that these double; and the delays: a task's
    worker reports its result to the scheduler, which names it to the worker that needs it. And what
    two workers on this machine take besides.
    """

    def __init__(self, text: Path):
        found = [bytes_of_a_chunk(text, words) for words in SIZES]
        self._chunks, self.model = [moved for moved, _ in found], found[0][1]
        self.task, self.besides = seconds_of_a_task(), 0.0
        with processes(2) as scheduler:
            train(text.with_name("small"), "--cluster", scheduler, "--min-count", 1)
            seconds, rounds, _ = on_cluster(text, scheduler, *ROUNDS[0])
        words, shards = words_of_a_chunk(text, rounds), ROUNDS[0][0]
        self.besides = seconds / rounds - self.seconds(words, shards, 2, 1, math.inf, 0)

    def __str__(self) -> str:
        chunks = ", ".join(f"{moved / 1e6:.2f}" for moved in self._chunks)
        return (
            f"a chunk of {SIZES} words changes {chunks} MB; all vectors {self.model / 1e6:.1f} MB; "
            f"a task takes the scheduler {1e3 * self.task:.2f} ms; a round takes "
            f"{self.besides:.3f} s besides"
        )

    def changed(self, words: float) -> float:
        """Bytes of what so many words change."""
        logs = np.log(self._chunks)
        return min(float(np.exp(np.interp(np.log(words), np.log(SIZES), logs))), self.model)

    def seconds(
        self, words: float, shards: int, machines: int, threads: int, rate: float, delay: float
    ) -> float:
        """What a round takes of so many words for each shard, with so many threads on each machine.

        The machines that are not here have a core for each; all that are here have two.
        """
        cores = os.cpu_count() if threads == 1 else machines * threads
        covers = 2 ** int(np.log2(max(shards / (2 * machines * threads), 1)))
        nodes, moved, levels, tasks = shards // covers, 0.0, 0, 0
        elsewhere = (machines - 1) / machines
        while nodes > 1:
            tasks += nodes
            moved += min(TOGETHER, nodes) * self.changed(words * covers) * elsewhere
            nodes, covers, levels = -(-nodes // TOGETHER), covers * TOGETHER, levels + 1
        moved += math.ceil(math.log2(machines)) * self.changed(words * shards)
        work = words * SECONDS_A_WORD * max(shards / cores, 1)
        waits = (tasks + 1) * self.task + (levels + 1) * 4 * delay
        return self.besides + work + waits + moved / rate


def paper(costs: Costs) -> str:
    """What an epoch takes, in the longest rounds, of which it has 40.

    With fewer shards than cores, the rest stand still: the number of shards is the best power of
    two.
    """
    rows = ["| tokens | machines of 32 cores | shards | an epoch | as many times as fast as one |"]
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
    """A row for each point: what a round takes on hosts of one core, and by the model."""
    rows = ["| hosts | link | delay, ms | MB a round, received | s a round | by the model |"]
    rows.append("|---|---|---|---|---|---|")
    shards, _ = ROUNDS[0]
    for hosts, rate, delay in POINTS:
        with on_hosts(hosts, wire.bytes_a_second(rate), delay) as scheduler:
            command = [*wire.inside(0), sys.executable, __file__, "--scheduler", scheduler]
            printed = subprocess.run([*command, text], stdout=subprocess.PIPE, check=True).stdout
        seconds, rounds, moved = json.loads(printed)
        words = words_of_a_chunk(text, rounds)
        said = costs.seconds(words, shards, hosts, 1, wire.bytes_a_second(rate), delay)
        rows.append(
            f"| {hosts} | {rate} | {1e3 * delay:.0f} | {moved / rounds / 1e6:.1f} "
            f"| {seconds / rounds:.2f} | {said:.2f} |"
        )
        print(rows[-1], file=sys.stderr, flush=True)
    return "\n".join(rows)


def main() -> None:
    """Run it all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=10)
    parser.add_argument("--paper", action="store_true")
    parser.add_argument("--hosts", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--scheduler", nargs=2, help=argparse.SUPPRESS)  # on host 0
    args = parser.parse_args()
    os.environ["DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH"] = "10000000"  # of all transfers
    if args.scheduler:
        scheduler, path = args.scheduler
        print(json.dumps(on_cluster(Path(path), scheduler, *ROUNDS[0])))
        return
    with wikipedia(args.megabytes * 1_000_000) as (_, text, _lines):
        if not (args.paper or args.hosts):
            publish({"cluster": table(text)}, args.write)
            return
        costs = Costs(text)
        print(costs, flush=True)
        found = {"paper": paper(costs)} if args.paper else {"hosts": checked(text, costs)}
        publish(found, args.write)


if __name__ == "__main__":
    main()
