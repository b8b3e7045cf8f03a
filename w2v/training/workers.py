"""Worker threads: lock-free (Hogwild), or in rounds whose result is the same for any number.

Source of the lock-free workers: Recht et al. 2011, "Hogwild!".
"""

from __future__ import annotations

import math
import threading

from w2v.training.chunks import Chunk, Plan
from w2v.training.pool import Pool
from w2v.training.protocols import HasWorkers, IterativeTrainer, diverged
from w2v.training.state import TrainingState


class Workers:
    """Those that train: threads call `work`, until there is nothing to do or `stop` is set.

    trainer, plan
    state    where to go on; changed in place
    before   the chunk to stop before
    """

    def __init__(self, trainer: IterativeTrainer, plan: Plan, state: TrainingState, before: int):
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

    def count(self, chunk: Chunk, loss: float, pairs: int) -> None:
        """Note what a chunk gave; DivergedError where its loss is not finite."""
        self.state.add(chunk, loss, pairs)
        if not math.isfinite(loss):
            lr = self.trainer.lr_at(0.0)
            raise diverged(f"in epoch {chunk.epoch + 1}: the loss is {loss:g}", lr)


class HogwildWorkers(Workers):
    """Each thread trains the next chunk, and all change the same matrices without locks.

    Source: Hogwild, Recht et al. 2011. With one thread the chunks are trained in the order of the
    plan; with more the result differs a little from run to run.
    """

    def __init__(self, trainer: IterativeTrainer, plan: Plan, state: TrainingState, before: int):
        super().__init__(trainer, plan, state, before)
        assert isinstance(trainer, HasWorkers)
        self._make_worker = trainer.worker
        self._todo = map(plan.__getitem__, range(state.chunks_done, before))

    def train(self) -> None:
        """Take chunks while there are any."""
        train = self._make_worker()
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

    So the result is the same for any number of threads. One thread calls `work`; it maps training
    over the chunks of a round, and merging over the parts of each of its steps.
    """

    def __init__(
        self, trainer: IterativeTrainer, plan: Plan, state: TrainingState, before: int, threads: int
    ):
        super().__init__(trainer, plan, state, before)
        self._threads = threads

    def train(self) -> None:
        """Train and merge round after round."""
        shards, here, pool = self.trainer.shards(self.plan), threading.local(), Pool(self._threads)
        chunks: list[Chunk] = []
        results: list[tuple[float, int]] = []

        def train(number: int) -> None:
            """Train a chunk of the round on its copy."""
            if not hasattr(here, "train"):
                here.train = shards.worker()
            results[number] = here.train(chunks[number], number)

        def merge(part: int) -> None:
            """Bring a part of what the copies have learnt into the matrices."""
            shards.merge(part, len(chunks))

        try:
            while self.state.chunks_done < self.before and not self.stop.is_set():
                chunks = self.plan.round_from(self.state.chunks_done)
                self.state.latest, results = chunks[0], [(0.0, 0)] * len(chunks)
                pool.map(train, range(len(chunks)))
                with self.lock:
                    for chunk, (loss, pairs) in zip(chunks, results, strict=True):
                        self.count(chunk, loss, pairs)
                first = 0
                for parts in shards.parts:
                    pool.map(merge, range(first, first + parts))
                    first += parts
        finally:
            pool.close()
