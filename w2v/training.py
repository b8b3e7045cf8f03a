"""Running a model over a text: chunks, threads, progress. The only place with a training loop.

A run is a list of chunks. All its state is in the matrices, how many chunks of the list are done
and the losses so far: a chunk's learning rate and random numbers follow from the chunk itself (and
the seed), so neither needs to be kept. With one thread, chunks are trained in the order of the
list; with more, each thread takes the next one, all change the same matrices without locks
(Hogwild, Recht et al. 2011), and the result differs a little from run to run.

Within an epoch the chunks are shuffled. A text that is read in its order teaches what it is about
at the moment: on 100 MB of Wikipedia, CBOW, 3 seeds, the order of the text gave 34.2 % of the
analogies, shuffled chunks of 100,000 words 34.7 %, of 10,000 words 35.5 %.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from w2v.errors import DivergedError
from w2v.progress import Progress
from w2v.signals import Deferred
from w2v.vocabulary import Text

CHUNK = 10_000  # words: CBOW takes 6 ms, of which 0.01 ms are Python
SMALL_CHUNK = 1_000  # words, of a text so short that threads would not share an epoch otherwise
CHUNKS = 40  # an epoch has as many at least, where the text allows it


@dataclass(frozen=True)
class Chunk:
    """The words from position `first` to `last` - 1 of the text, in epoch `epoch` (from 0).

    `begin` and `end` (0 to 1) are the shares of the run that come before it, and with it.
    """

    epoch: int
    first: int
    last: int
    begin: float
    end: float


@dataclass
class State:
    """Where a run is.

    latest       the chunk that was begun last
    losses       (sum of losses, pairs) for each epoch
    chunks_done  of the run's list
    words        trained, of all epochs
    resumed      how many of them were trained before this process began
    seconds      for which this process has trained
    """

    latest: Chunk
    losses: list[list[float]]
    chunks_done: int = 0
    words: int = 0
    resumed: int = 0
    seconds: float = 0.0

    @classmethod
    def start(cls, plan: Plan) -> State:
        """The state of a run that has not begun."""
        return cls(plan[0], [[0.0, 0] for _ in range(plan.epochs)])

    def saved(self) -> dict[str, Any]:
        """What a checkpoint keeps of it: all that does not follow from the plan."""
        return {"chunks_done": self.chunks_done, "words": self.words, "losses": self.losses}

    @classmethod
    def restored(cls, plan: Plan, saved: Mapping[str, Any]) -> State:
        """The state that `saved` was made of."""
        latest = plan[max(saved["chunks_done"] - 1, 0)]
        words = saved["words"]
        return cls(latest, saved["losses"], saved["chunks_done"], words, resumed=words)

    def mean_losses(self) -> list[float]:
        """Nats for each trained pair, by epoch; NaN where nothing was trained."""
        return [total / pairs if pairs else math.nan for total, pairs in self.losses]


class Trainer(Protocol):
    """What a model brings to a run."""

    matrices: dict[str, np.ndarray]  # all that training changes; perhaps padded: see `vectors`
    kernels: tuple[str, ...]  # the modules of `w2v.kernels` that it calls

    def vectors(self, name: str) -> np.ndarray:
        """One of the matrices without what pads it, as a view that can be written to."""

    def lr_at(self, share: float) -> float:
        """The learning rate when a share (0 to 1) of the run is done."""

    def worker(self) -> Callable[[Chunk], tuple[float, int]]:
        """A function that trains a chunk and returns (sum of losses, pairs): one a thread."""

    def tables(self) -> dict[str, Any]:
        """What the run has learnt."""

    def tensors(self) -> dict[str, np.ndarray]:
        """What else a file needs."""


class Plan:
    """The chunks of a run, in order: each epoch has all of the text, in an order of its own.

    Chunks end where a sentence ends if there is one near; a sentence longer than a chunk is cut.
    Only one epoch is held at a time, as arrays: a chunk is made when it is asked for.
    """

    def __init__(self, text: Text, epochs: int, seed: int):
        self.epochs, self.seed = epochs, seed
        self.words = epochs * text.size
        cuts = _cuts(text)
        self._firsts, self._lasts = cuts[:-1], cuts[1:]
        self._epoch = -1
        self._order = self._ends = cuts

    def __len__(self) -> int:
        return self.epochs * len(self._firsts)

    def __iter__(self) -> Iterator[Chunk]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, number: int) -> Chunk:
        epoch, place = divmod(number, len(self._firsts))
        if epoch != self._epoch:
            self._epoch = epoch
            rng = np.random.default_rng((self.seed, epoch))
            self._order = rng.permutation(len(self._firsts))
            self._ends = np.cumsum((self._lasts - self._firsts)[self._order])
        which = self._order[place]
        first, last, end = self._firsts[which], self._lasts[which], self._ends[place]
        end += epoch * (self.words // self.epochs)
        begin = end - (last - first)
        shares = float(begin / self.words), float(end / self.words)
        return Chunk(epoch, int(first), int(last), *shares)


def _cuts(text: Text) -> np.ndarray:
    """Where chunks begin, and the end of the text; int64, rising."""
    size = text.size
    length = min(max(size // CHUNKS, SMALL_CHUNK), CHUNK)
    cuts = [0]
    for target in np.linspace(0, size, max(1, round(size / length)) + 1)[1:-1].astype(np.int64):
        start = int(text.starts[np.searchsorted(text.starts, target, "right") - 1])
        cuts.append(start if start > cuts[-1] + length // 2 else int(target))
    return np.unique(np.array([*cuts, size]))


def run(
    trainer: Trainer,
    plan: Plan,
    threads: int,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    seconds: float = math.inf,
    state: State | None = None,
    stop_before: int | None = None,
) -> State:
    """Train chunks of a plan on `threads` threads; returns the state at the end.

    on_progress  called in this thread several times a second, and at the end
    seconds      stop after the chunk that is under way at that time
    state        where to go on; changed in place, also where an exception ends the run
    stop_before  the chunk to stop before: else all are trained
    Raises       DivergedError where a loss is not finite; KeyboardInterrupt as it comes. The chunks
                 under way are finished first, so that no thread still writes to the matrices.
    """
    state = State.start(plan) if state is None else state
    chunks = range(state.chunks_done, len(plan) if stop_before is None else stop_before)
    todo = map(plan.__getitem__, chunks)
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
                    raise _diverged(chunk.epoch, trainer.lr_at(0.0))
        except BaseException as error:
            failures.append(error)
            stop.set()

    began, before = time.monotonic(), state.seconds

    def report() -> None:
        state.seconds = before + time.monotonic() - began
        with lock:
            progress = _progress(trainer, plan, state)
        on_progress(progress)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    with Deferred() as signals:
        try:
            for worker in workers:
                worker.start()
            while any(worker.is_alive() for worker in workers):
                next(w for w in workers if w.is_alive()).join(0.1)
                if time.monotonic() - began > seconds:
                    stop.set()
                report()
                signals.check()
        finally:
            stop.set()
            for worker in workers:
                worker.join()
    if failures:
        raise failures[0]
    report()
    return state


def _progress(trainer: Trainer, plan: Plan, state: State) -> Progress:
    """What a run shows of its state."""
    epoch, lr = state.latest.epoch, trainer.lr_at(state.latest.begin)
    losses = state.mean_losses()[: epoch + 1]
    trained = [loss for loss in losses[-2:] if not math.isnan(loss)]  # an epoch may just begin
    loss = trained[-1] if trained else math.nan
    return Progress(
        epoch + 1, plan.epochs, state.words, plan.words, state.seconds, lr, loss, state.resumed
    )


def _diverged(epoch: int, lr: float) -> DivergedError:
    return DivergedError(
        f"training diverged in epoch {epoch + 1}: the loss is not finite. "
        f"Nothing was written; try --lr {lr / 10:g} or less"
    )
