"""Running a model over a text: chunks, threads, progress. The only place with a training loop.

A run is a list of chunks. All its state is in the matrices, how many chunks of the list are done
and the losses so far: a chunk's learning rate and random numbers follow from the chunk itself (and
the seed), so neither needs to be kept. With one thread, chunks are trained in the order of the
list; with more, each thread takes the next one, all change the same matrices without locks
(Hogwild, Recht et al. 2011), and the result differs a little from run to run.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from w2v.errors import DivergedError
from w2v.progress import Progress
from w2v.vocabulary import Text

CHUNK = 100_000  # words: a fraction of a second, so that stopping and reporting are prompt
SMALL_CHUNK = 2_000  # words: below this the work between chunks begins to show
CHUNKS = 40  # at least so many an epoch, where the text allows it: threads then share an epoch


@dataclass(frozen=True)
class Chunk:
    """The words from position `first` to `last` - 1 of the text, in epoch `epoch` (from 0)."""

    epoch: int
    first: int
    last: int


@dataclass
class State:
    """Where a run is.

    latest       the chunk that was begun last
    chunks_done  of the run's list
    words        trained, of all epochs
    losses       (sum of losses, pairs) for each epoch
    """

    latest: Chunk
    losses: list[list[float]]
    chunks_done: int = 0
    words: int = 0

    def mean_losses(self) -> list[float]:
        """Nats for each trained pair, by epoch; NaN where nothing was trained."""
        return [total / pairs if pairs else math.nan for total, pairs in self.losses]


class Trainer(Protocol):
    """What a model brings to a run."""

    matrices: dict[str, np.ndarray]

    def lr_at(self, chunk: Chunk) -> float:
        """The learning rate at the start of a chunk."""

    def worker(self) -> Callable[[Chunk], tuple[float, int]]:
        """A function that trains a chunk and returns (sum of losses, pairs): one a thread."""

    def tables(self) -> dict[str, Any]:
        """What the run has learnt."""

    def tensors(self) -> dict[str, np.ndarray]:
        """What else a file needs."""


def plan(text: Text, epochs: int) -> list[Chunk]:
    """The chunks of a run, in order.

    Chunks end where a sentence ends if there is one near; a sentence longer than a chunk is cut.
    """
    size = text.ids.size
    length = min(max(size // CHUNKS, SMALL_CHUNK), CHUNK)
    count = max(1, round(size / length))
    cuts = [0]
    for target in np.linspace(0, size, count + 1)[1:-1].astype(np.int64):
        start = int(text.starts[np.searchsorted(text.starts, target, "right") - 1])
        cuts.append(start if start > cuts[-1] + length // 2 else int(target))
    cuts.append(size)
    spans = [(a, b) for a, b in zip(cuts, cuts[1:], strict=False) if a < b]
    return [Chunk(epoch, *span) for epoch in range(epochs) for span in spans]


def run(
    trainer: Trainer,
    chunks: Sequence[Chunk],
    threads: int,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    seconds: float = math.inf,
) -> State:
    """Train all chunks on `threads` threads; returns the state at the end.

    on_progress  called in this thread several times a second, and at the end
    seconds      stop after the chunk that is under way at that time
    Raises       DivergedError where a loss is not finite; KeyboardInterrupt as it comes. The chunks
                 under way are finished first, so that no thread still writes to the matrices.
    """
    epochs = chunks[-1].epoch + 1
    state = State(chunks[0], [[0.0, 0] for _ in range(epochs)])
    todo = iter(chunks)
    lock, stop = threading.Lock(), threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            train = trainer.worker()
            while not stop.is_set():
                with lock:
                    chunk = next(todo, None)
                    if chunk is None:
                        return
                    state.latest = chunk
                loss, pairs = train(chunk)
                with lock:
                    state.losses[chunk.epoch][0] += float(loss)
                    state.losses[chunk.epoch][1] += pairs
                    state.chunks_done += 1
                    state.words += chunk.last - chunk.first
                if not math.isfinite(loss):
                    raise _diverged(chunk.epoch, trainer.lr_at(chunks[0]))
        except BaseException as error:
            failures.append(error)
            stop.set()

    total = sum(chunk.last - chunk.first for chunk in chunks)
    began = time.monotonic()

    def report() -> None:
        with lock:
            epoch, words, lr = state.latest.epoch, state.words, trainer.lr_at(state.latest)
            loss = state.mean_losses()[epoch]
        elapsed = time.monotonic() - began
        on_progress(Progress(epoch + 1, epochs, words, total, elapsed, lr, loss))

    workers = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    try:
        for worker in workers:
            worker.start()
        while any(worker.is_alive() for worker in workers):
            next(w for w in workers if w.is_alive()).join(0.1)
            if time.monotonic() - began > seconds:
                stop.set()
            report()
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    if failures:
        raise failures[0]
    report()
    return state


def _diverged(epoch: int, lr: float) -> DivergedError:
    return DivergedError(
        f"training diverged in epoch {epoch + 1}: the loss is not finite. "
        f"Nothing was written; try --lr {lr / 10:g} or less"
    )
