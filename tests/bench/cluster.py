#!/usr/bin/env python3
"""What a cluster costs: bytes and seconds of a round, by workers and by how the rounds are cut.

    python tests/bench/cluster.py [--megabytes 10] [--write]
    python tests/bench/cluster.py --hosts 4 --rate 1gbit    # as root
    python tests/bench/cluster.py --paper

Trains skip-gram, one epoch, on the first megabytes of enwiki100m.txt.gz by 2 and by 4 workers of a
thread each on this machine (which has 2 processors: 4 workers show bytes, not speed). Bytes are
those that the workers say they have received. Prints a Markdown table; --write puts it in the
manual.

With --hosts every worker runs in a network namespace of its own, as on a host of its own, at the
end of a link of this rate (by tc's tbf), and the scheduler and `w2v train` in another. A delay is
not added: tc's netem is not in every kernel.

With --paper: how long an epoch would take on machines that are not here, from constants that are
measured here: see `paper`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from contest import environment, publish, wikipedia
from distributed import Client, LocalCluster

from w2v.progress import duration

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
    seconds, last = train(text, "--cluster", address, *_rounds(shards, words))
    rounds = int(re.findall(r"round ([\d,]+)", last["aside"])[0].replace(",", ""))
    return seconds, rounds, received(address) - before


def _rounds(shards: int, words: int) -> list[object]:
    return ["--shards", shards, "--round-words", words]


@contextmanager
def processes(workers: int) -> Iterator[str]:
    """Workers on this machine."""
    with LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address


def call(command: str) -> None:
    """Run a command of iproute2."""
    subprocess.run(command.split(), check=True)


@contextmanager
def hosts(count: int, rate: str) -> Iterator[str]:
    """Network namespaces on a bridge: worker processes in all but the first."""
    with ExitStack() as stack:

        def made(command: str, undo: str) -> None:
            call(command)
            stack.callback(subprocess.run, undo.split())

        made("ip link add w2vbr type bridge", "ip link del w2vbr")
        call("ip link set w2vbr up")
        for host in range(count + 1):
            made(f"ip netns add w2v{host}", f"ip netns del w2v{host}")
            call(f"ip link add w2vo{host} type veth peer name eth0 netns w2v{host}")
            call(f"ip link set w2vo{host} master w2vbr up")
            inside = f"ip netns exec w2v{host}"
            call(f"{inside} ip addr add 10.99.0.{host + 1}/24 dev eth0")
            call(f"{inside} ip link set eth0 up")
            call(f"{inside} ip link set lo up")
            for side in (f"{inside} tc qdisc add dev eth0", f"tc qdisc add dev w2vo{host}"):
                call(f"{side} root tbf rate {rate} burst 1mb latency 50ms")
        address = "tcp://10.99.0.1:8786"
        commands = ["dask scheduler --host 10.99.0.1 --port 8786 --no-dashboard"]
        commands += [f"dask worker {address} --nthreads 1 --no-dashboard"] * count
        for host, command in enumerate(commands):
            child = subprocess.Popen(
                ["ip", "netns", "exec", f"w2v{host}", str(BIN / command.split()[0]),
                 *command.split()[1:]],
                stderr=subprocess.DEVNULL, start_new_session=True, env=environment(),
            )  # fmt: skip
            stack.callback(child.wait)
            stack.callback(os.killpg, child.pid, signal.SIGTERM)
        time.sleep(5)
        yield address


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
    from w2v.cluster.changes import Changes
    from w2v.job import Job
    from w2v.models import models
    from w2v.settings import RunSettings, TextSettings

    model = models()["skipgram"]
    told = model.settings(deterministic=True, shards=1, round_words=words, epochs=1)
    job = Job([str(text)], str(text) + ".bin", model, told, TextSettings(), RunSettings())
    job.read(lambda tokens: None, lambda: None)
    job.start(lambda: None)
    shards = job.trainer.shards(job.plan)
    shards.worker()(job.plan[len(job.plan) // 2], 0)
    moved = sum(
        Changes(rows, sums[:, :100], squares).nbytes
        for rows, sums, squares in shards.changes(0).values()
    )
    return moved, 2 * len(job.vocabulary.names) * 102 * 4


def seconds_of_a_task() -> float:
    """What the scheduler takes for a task that does nothing, whose result is not asked for."""
    with processes(2) as address, Client(address) as client:
        client.gather(client.map(abs, range(100)))
        began = time.monotonic()
        client.gather(client.submit(len, client.map(abs, range(1000, 4000))))
        return (time.monotonic() - began) / 3000


MACHINES, CORES, WIRE = (1, 16, 256), 32, 10e9 / 8  # bytes a second
TOKENS = (10**9, 10**11, 10**12)
SECONDS_A_WORD = 2 * 16.3 / (5 * 16.9e6)  # skip-gram on a core here: the README's table


def paper(text: Path) -> str:
    """What an epoch takes: the longest rounds of which it has 40.

    A round is the sum of: its chunk's words; the scheduler's time for a task a shard, and for an
    eighth of that again; what a machine sends, the changes of a shard for each core; what the root
    of the tree receives, eight times all rows; and what each machine receives, all rows once. With
    fewer shards than cores, the rest stand still: the number of shards is the best power of two.
    """
    sizes = (1_000, 10_000, 100_000, 1_000_000)
    found = [bytes_of_a_chunk(text, words) for words in sizes]
    model, task = found[0][1], seconds_of_a_task()
    print([(n, moved) for n, (moved, _) in zip(sizes, found, strict=True)], model, task, flush=True)

    def chunk(words: float) -> float:
        logs = np.log([moved for moved, _ in found])
        return min(float(np.exp(np.interp(np.log(words), np.log(sizes), logs))), model)

    def seconds(tokens: int, machines: int, shards: int) -> float:
        words = tokens / 40 / shards
        each = -(-shards // machines)
        moved = (each * chunk(words) + 9 * min(model, shards * chunk(words))) / WIRE
        return 40 * (words * SECONDS_A_WORD + 1.125 * shards * task + moved * (machines > 1))

    rows = ["| tokens | machines of 32 cores | shards | an epoch | as many times as fast as one |"]
    rows.append("|---|---|---|---|---|")
    for tokens in TOKENS:
        alone = tokens * SECONDS_A_WORD / CORES
        for machines in MACHINES:
            most = min(int(np.log2(machines * CORES)), 10)  # --shards goes to 1024
            best = min((seconds(tokens, machines, 2**k), 2**k) for k in range(most + 1))
            took, shards = (alone, CORES) if machines == 1 else best
            power = int(np.log10(tokens))
            rows.append(
                f"| 10^{power} | {machines} | {shards} | {duration(took)} | {alone / took:.1f} |"
            )
    return "\n".join(rows)


def main() -> None:
    """Run it all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=10)
    parser.add_argument("--hosts", type=int, default=0)
    parser.add_argument("--rate", default="1gbit")
    parser.add_argument("--paper", action="store_true")
    parser.add_argument("--write", action="store_true")
    told = parser.parse_args()
    os.environ["DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH"] = "10000000"  # of all transfers
    with wikipedia(told.megabytes * 1_000_000) as (_, text, _lines):
        if told.paper:
            publish({"paper": paper(text)}, told.write)
            return
        if not told.hosts:
            publish({"cluster": table(text)}, told.write)
            return
        if os.environ.get("W2V_INSIDE") is None:  # the client too runs in a namespace
            with hosts(told.hosts, told.rate):
                inside = ["ip", "netns", "exec", "w2v0", sys.executable, *sys.argv]
                subprocess.run(inside, check=True, env={**os.environ, "W2V_INSIDE": "1"})
            return
        for shards, words in ROUNDS:
            seconds, rounds, moved = on_cluster(text, "tcp://10.99.0.1:8786", shards, words)
            print(
                f"{told.hosts} hosts, {told.rate}: {shards} x {words:,}: "
                f"{seconds:.1f} s, {rounds} rounds, {1e3 * seconds / rounds:.0f} ms each, "
                f"{moved / rounds / 1e6:.1f} MB received by all workers in each",
                flush=True,
            )


if __name__ == "__main__":
    main()
