#!/usr/bin/env python3
"""The speed that 1 to 64 threads can reach, computed from the times of all steps on one thread.

    python tests/bench/more_cores.py [--write]

Training by rounds, and counting and encoding a text, are lists of steps. Some steps are divided
into calls that threads take one after the other; in all other steps one thread works and the others
wait. One thread trains on the first 30 MB of enwiki100m.txt.gz of $W2V_DATA (else ../shared/data),
or counts and encodes all of it, and the time of each call is taken. Then each step is given to more
threads: each call goes to the thread that is free first. A step also costs the time that a pool of
so many threads needs for calls that do nothing, measured on the cores of this machine, which share
the threads; with a core for each thread it would be less. The caches and the memory are taken to be
as fast for each thread as for one; tests/bench/scaling.py counts the rows that threads take from
each other. Prints a Markdown table; --write puts it in the manual.

It also prints the time of a chunk of lock-free training, with its kernels and without them: what is
left is Python, which only one thread can run at a time.
"""

from __future__ import annotations

import argparse
import heapq
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from unittest.mock import patch

from contest import publish, wikipedia

from w2v.negative_sampling import worker
from w2v.settings import TextSettings
from w2v.system.resources import blas_threads
from w2v.text import numbered_parts, numbered_text
from w2v.text.encode import count, encode, open_corpus
from w2v.training import workers
from w2v.training.pool import Pool

SIZE = 30_000_000  # bytes of the text
THREADS = (1, 2, 4, 8, 16, 32, 64)


class Steps:
    """The times of the steps of a program on one thread, in seconds.

    divided  for each step that threads share, the times of its calls
    total    the time of the program
    """

    def __init__(self) -> None:
        self.divided: list[list[float]] = []
        self.total = 0.0

    @contextmanager
    def program(self) -> Iterator[None]:
        """Take the time of the program."""
        began = time.perf_counter()
        yield
        self.total = time.perf_counter() - began

    @property
    def serial(self) -> float:
        """The time in which one thread works alone."""
        return self.total - sum(map(sum, self.divided))

    def seconds(self, threads: int, pause: float) -> float:
        """The time with more threads; `pause` is what each step takes them beside its calls."""
        return self.serial + sum(pause + longest(calls, threads) for calls in self.divided)


def longest(calls: Iterable[float], threads: int) -> float:
    """The time after which all calls have ended: each goes to the thread that is free first."""
    free = [0.0] * threads
    for seconds in calls:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)


class TimedPool(Pool):
    """A pool of one thread that takes the time of each call."""

    steps: Steps

    def __init__(self, threads: int):
        super().__init__(1)

    def map(self, function: Callable[[int], None], numbers: range) -> None:
        """Call a function with each number."""
        calls = list[float]()
        for number in numbers:
            began = time.perf_counter()
            function(number)
            calls.append(time.perf_counter() - began)
        self.steps.divided.append(calls)


def training(text: Path, folder: Path, model: str, shards: int) -> Steps:
    """The steps of training one epoch by rounds."""
    import w2v

    TimedPool.steps = Steps()
    train = workers.RoundWorkers.train

    def timed(self: workers.RoundWorkers) -> None:
        with TimedPool.steps.program():
            train(self)

    with (
        patch.object(workers, "Pool", TimedPool),
        patch.object(workers.RoundWorkers, "train", timed),
    ):
        w2v.train(
            text, output=folder / "x.safetensors", model=model, epochs=1, threads=1, shards=shards
        )
    return TimedPool.steps


def chunk_time(text: Path, folder: Path, model: str, with_kernels: bool) -> float:
    """Microseconds in which one thread trains a chunk of lock-free training."""
    import w2v

    taken, train = list[float](), workers.HogwildWorkers.train

    def timed(self: workers.HogwildWorkers) -> None:
        began = time.perf_counter()
        train(self)
        taken.append(1e6 * (time.perf_counter() - began) / self.stop_before)

    with ExitStack() as patches:
        patches.enter_context(patch.object(workers.HogwildWorkers, "train", timed))
        if not with_kernels:
            for owner, kernel, result in (
                (worker, "build_windows", 1), (worker.Worker, "_train", (0.0, 1)),
            ):  # fmt: skip
                patches.enter_context(patch.object(owner, kernel, return_value=result))
        w2v.train(
            text, output=folder / "x.safetensors", model=model, epochs=1, threads=1,
            deterministic=False,
        )  # fmt: skip
    return sum(taken)


def reading(text: Path, read: Callable[..., object]) -> Steps:
    """The steps of counting or of encoding.

    The calls of one `ordered_map` are one step, because no thread waits for the others: all parts
    are numbered in a step, and encoding then counts and converts them in two steps.
    """
    steps = Steps()

    def timed(function: Callable, arguments: Iterable, threads: int) -> Iterator:
        calls = list[float]()
        steps.divided.append(calls)
        for argument in arguments:
            began = time.perf_counter()
            result = function(argument)
            calls.append(time.perf_counter() - began)
            yield result

    with (
        patch.object(numbered_parts, "ordered_map", timed),
        patch.object(numbered_text, "ordered_map", timed),
        steps.program(),
    ):
        read(open_corpus([str(text)], TextSettings(), None, threads=2), min_count=5)
    return steps


def pause(threads: int) -> float:
    """The median time of a step of calls that do nothing, in seconds."""
    if threads == 1:
        return 0.0
    pool, taken = Pool(threads), []
    for _ in range(200):
        began = time.perf_counter()
        pool.map(lambda number: None, range(threads))
        taken.append(time.perf_counter() - began)
    pool.close()
    return median(taken)


def main() -> None:
    """Compute the speeds, and publish the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    head = "threads", "skip-gram, 8 shards", "skip-gram", "CBOW", "counting", "encoding"
    rows = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    with wikipedia() as (_, whole, _), wikipedia(SIZE) as (folder, text, _), blas_threads(1):
        found = {
            (model, shards): training(text, folder, model, shards)
            for model in ("skipgram", "cbow")
            for shards in THREADS[3:]
        }
        chunks = {
            model: [chunk_time(text, folder, model, kernels) for kernels in (True, False)]
            for model in ("skipgram", "cbow")
        }
        reading(text, encode)  # loads the kernels
        counted, encoded = reading(whole, count), reading(whole, encode)
    for threads in THREADS:
        wait = pause(threads)
        shards = max(threads, 8)
        trained = found["skipgram", 8], found["skipgram", shards], found["cbow", shards]
        columns = *trained, counted, encoded
        ratios = (f"{each.seconds(1, 0) / each.seconds(threads, wait):.1f}" for each in columns)
        rows.append(f"| {threads} | {' | '.join(ratios)} |")
    publish({"more_cores": "\n".join(rows)}, args.write)
    for name, steps in {**found, "counting": counted, "encoding": encoded}.items():
        print(f"{name}: {steps.serial / steps.total:.2%} of {steps.total:.1f} s are serial, "
              f"{len(steps.divided)} steps")  # fmt: skip
    for model, (whole_time, python_time) in chunks.items():
        print(f"{model}, lock-free: {whole_time:,.0f} us a chunk, {python_time:,.0f} in Python")


if __name__ == "__main__":
    main()
