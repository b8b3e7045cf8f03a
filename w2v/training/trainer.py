"""How the threads of a run share its chunks: freely, or in rounds that give the same for any.

What a model brings to a run is here too: `Trainer`, and `Shards` for its rounds.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from w2v.errors import DivergedError
from w2v.text.encoded_text import EncodedText
from w2v.training.chunks import Chunk, Plan
from w2v.training.state import TrainingState

_ROWS = 1 << 14  # looked at together


class Shards(Protocol):
    """Copies of a trainer's matrices, or of rows of them, that chunks of a round are trained on.

    A round's merging falls into steps, of which `parts` says how many pieces each has; threads may
    take the pieces of a step at once. They are numbered from the first step on.
    """

    parts: tuple[int, ...]

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """A function that trains a chunk on the copy with a number: one a thread.

        It depends on nothing but the matrices as they are, the chunk and the settings.
        """

    def merge(self, part: int, chunks: int) -> None:
        """Bring a part of what the first `chunks` copies have learnt into the matrices."""


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

    def shards(self, plan: Plan) -> Shards:
        """Room for the rounds of a plan."""

    def loss(self, text: EncodedText) -> float:
        """Mean nats for each pair of a text, without learning from it; NaN if it has none."""

    def loss_note(self, epoch: int, pairs: int, loss: float) -> str:
        """What else is to be shown beside the loss of so many pairs in an epoch (from 0)."""

    def on_validation(self, losses: list[float]) -> None:
        """Take account of what a held-out text has cost after each epoch so far."""

    def validation_note(self) -> str:
        """The same of the loss that `loss` has found last."""

    def freeze(self, rows: np.ndarray) -> None:
        """Never change the words' vectors of these rows, bool (V,)."""

    def tables(self) -> dict[str, Any]:
        """What the run has learnt."""

    def tensors(self) -> dict[str, np.ndarray]:
        """What else a file needs."""


class Workers:
    """The threads of a run: each calls `work`, until there is nothing to do or `stop` is set.

    trainer, plan
    state    where to go on; changed in place
    before   the chunk to stop before
    """

    def __init__(self, trainer: Trainer, plan: Plan, state: TrainingState, before: int):
        self.trainer, self.plan, self.state, self.before = trainer, plan, state, before
        self.lock, self.stop = threading.Lock(), threading.Event()
        self.failures: list[BaseException] = []

    def work(self) -> None:
        """What a thread does; an exception ends the work of all."""
        try:
            self.train()
        except BaseException as error:
            self.failures.append(error)
            self.stop.set()

    def train(self) -> None:
        """Train until there is nothing to do."""
        raise NotImplementedError

    def end(self) -> None:
        """Let go of what only a collection of circles would free, for it may be large."""

    def count(self, chunk: Chunk, loss: float, pairs: int) -> None:
        """Note what a chunk gave; DivergedError where its loss is not finite."""
        self.state.add(chunk, loss, pairs)
        if not math.isfinite(loss):
            raise diverged(f"in epoch {chunk.epoch + 1}: the loss is {loss:g}", self.trainer)


class HogwildWorkers(Workers):
    """Each thread trains the next chunk, and all change the same matrices without locks.

    Source: Hogwild, Recht et al. 2011. With one thread the chunks are trained in the order of the
    plan; with more the result differs a little from run to run.
    """

    def __init__(self, trainer: Trainer, plan: Plan, state: TrainingState, before: int):
        super().__init__(trainer, plan, state, before)
        self._todo = map(plan.__getitem__, range(state.chunks_done, before))

    def train(self) -> None:
        """Take chunks while there are any."""
        train = self.trainer.worker()
        while not self.stop.is_set():
            with self.lock:
                chunk = next(self._todo, None)
                if chunk is None:
                    return
                self.state.latest = chunk
            loss, pairs = train(chunk)
            with self.lock:
                self.count(chunk, loss, pairs)


class RoundWorkers(Workers):
    """The chunks of a round are trained side by side, each on a copy of its own, then merged.

    So the result is the same for any number of threads. All threads do the same step at a time,
    training or merging, and the last one to finish it makes the next one ready.
    """

    def __init__(
        self, trainer: Trainer, plan: Plan, state: TrainingState, before: int, threads: int
    ):
        super().__init__(trainer, plan, state, before)
        self._shards = trainer.shards(plan)
        self._barrier = threading.Barrier(threads, self._turn)
        self._chunks: list[Chunk] = []
        self._results: list[tuple[float, int]] = []
        self._merging, self._merged, self._todo = False, 0, iter(range(0))
        self._begin_round()

    def train(self) -> None:
        """Take chunks, then parts to merge, then the chunks of the next round, and so on."""
        try:
            train = self._shards.worker()
            while self._chunks:
                while (number := self._next()) is not None:
                    if self._merging:
                        self._shards.merge(number, len(self._chunks))
                    else:
                        self._results[number] = train(self._chunks[number], number)
                self._barrier.wait()
        except threading.BrokenBarrierError:  # by another thread, whose failure counts
            return
        except BaseException:
            self._barrier.abort()
            raise

    def end(self) -> None:
        """The barrier holds this crew, and so the shards."""
        del self._barrier

    def _next(self) -> int | None:
        with self.lock:
            return next(self._todo, None)

    def _turn(self) -> None:
        """From training to merging, from one step of it to the next, or to the next round."""
        parts = self._shards.parts
        if not self._merging:
            with self.lock:
                for chunk, (loss, pairs) in zip(self._chunks, self._results, strict=True):
                    self.count(chunk, loss, pairs)
            self._merging, self._merged = True, 0
        if self._merged == len(parts):
            self._begin_round()
        else:
            begin = sum(parts[: self._merged])
            self._todo = iter(range(begin, begin + parts[self._merged]))
            self._merged += 1

    def _begin_round(self) -> None:
        done = self.state.chunks_done
        over = self.stop.is_set() or done >= self.before
        self._chunks = [] if over else self.plan.round_from(done)
        self._results = [(0.0, 0)] * len(self._chunks)
        self._merging, self._todo = False, iter(range(len(self._chunks)))
        if self._chunks:
            self.state.latest = self._chunks[0]


def diverged(how: str, trainer: Trainer) -> DivergedError:
    """The error of a run that has come to NaN or infinity."""
    rate = trainer.lr_at(0.0) if hasattr(trainer, "lr_at") else math.nan
    advice = f"; try --lr {rate / 10:g} or less" if rate > 0 else ""
    return DivergedError(f"training diverged {how}{advice}")


def check_finite(trainer: Trainer) -> None:
    """DivergedError where there is a vector that must not be written."""
    for matrix in trainer.matrices.values():
        for begin in range(0, len(matrix), _ROWS):
            if not np.isfinite(matrix[begin : begin + _ROWS]).all():
                raise diverged("to vectors that are not finite", trainer)
