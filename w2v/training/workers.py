"""The training of chunks on threads: lock-free (Hogwild), or in synchronous rounds.

The result of synchronous rounds does not depend on the number of threads.
Source of the lock-free threads: Recht et al. 2011, "Hogwild!".
"""

from __future__ import annotations

import math
import threading

from w2v.training.chunks import Chunk, Plan
from w2v.training.pool import Pool
from w2v.training.protocols import HasWorkers, IterativeTrainer, PreparesChunks, diverged
from w2v.training.state import TrainingState


class Workers:
    """Trains the chunks of a plan; each thread of a run calls `work`.

    trainer      the trainer of the model
    plan         the chunks of the run
    state        the state to continue from; changed in place
    stop_before  number of the first chunk that is not trained

    `work` returns when all chunks up to `stop_before` are trained, or when the event `stop` is set.
    """

    def __init__(
        self, trainer: IterativeTrainer, plan: Plan, state: TrainingState, stop_before: int
    ):
        self.trainer, self.plan, self.state = trainer, plan, state
        self.stop_before = stop_before
        self.lock, self.stop = threading.Lock(), threading.Event()
        self.failures: list[BaseException] = []

    def work(self) -> None:
        """Run `train` in a thread; an exception stops all threads and is kept in `failures`."""
        try:
            self.train()
        except BaseException as error:
            self.failures.append(error)
            self.stop.set()

    def train(self) -> None:
        """Train chunks, until all are trained or `stop` is set."""
        raise NotImplementedError

    def count(self, chunk: Chunk, loss: float, pairs: int) -> None:
        """Add a trained chunk to the state; DivergedError if its loss is not finite."""
        self.state.add(chunk, loss, pairs)
        if not math.isfinite(loss):
            lr = self.trainer.lr_at(0.0)
            raise diverged(f"in epoch {chunk.epoch + 1}: the loss is {loss:g}", lr)


class HogwildWorkers(Workers):
    """Lock-free threads: each takes the next chunk and trains it on the matrices of all threads.

    A single thread trains the chunks in the order of the plan. With more threads the result differs
    a little from run to run.
    """

    def __init__(
        self,
        trainer: IterativeTrainer,
        plan: Plan,
        state: TrainingState,
        stop_before: int,
        threads: int,
    ):
        super().__init__(trainer, plan, state, stop_before)
        assert isinstance(trainer, HasWorkers)
        self._threads = threads
        self._make_worker = trainer.worker
        self._numbers = iter(range(state.chunks_done, stop_before))

    def train(self) -> None:
        """Train the next chunk, until all chunks are trained or `stop` is set."""
        train_chunk = self._make_worker()
        while not self.stop.is_set():
            with self.lock:
                number = next(self._numbers, None)
                if number is None:
                    return
                self.state.latest = chunk = self.plan[number]
                self.plan.read_ahead(number + self._threads)
            loss, pairs = train_chunk(chunk)
            with self.lock:
                self.count(chunk, loss, pairs)


class RoundWorkers(Workers):
    """Synchronous rounds: the chunks of a round are trained in parallel, from the same matrices.

    What several chunks change is merged after the round. The result does not depend on the number
    of threads. One thread calls `work`. It distributes the training of the chunks of a round over a
    pool of threads, then the parts of each step of the merge.
    """

    def __init__(
        self,
        trainer: IterativeTrainer,
        plan: Plan,
        state: TrainingState,
        stop_before: int,
        threads: int,
    ):
        super().__init__(trainer, plan, state, stop_before)
        self._threads = threads

    def train(self) -> None:
        """Train round after round, until all chunks are trained or `stop` is set."""
        shards, local, pool = self.trainer.shards(self.plan), threading.local(), Pool(self._threads)
        preparing = shards if isinstance(shards, PreparesChunks) else None
        chunks: list[Chunk] = []
        following: list[Chunk] = []
        results: list[tuple[float, int]] = []
        prepared: list[int] = []

        def prepare_shard(shard: int) -> None:
            """Prepare a chunk of the next round."""
            assert preparing
            if not hasattr(local, "prepare_chunk"):
                local.prepare_chunk = preparing.preparer()
            local.prepare_chunk(following[shard], shard)
            with self.lock:
                prepared.append(shard)
                is_last = len(prepared) == len(following)
            if is_last:
                preparing.arrange(len(following))

        def train_shard(shard: int) -> None:
            """Train the chunk of a shard. Each thread makes its training function at first use."""
            if not hasattr(local, "train_chunk"):
                local.train_chunk = shards.worker()
            results[shard] = local.train_chunk(chunks[shard], shard)

        def train_or_prepare(number: int) -> None:
            """Train the chunks of the round; threads that have none left prepare the next round."""
            if number < len(chunks):
                train_shard(number)
            else:
                prepare_shard(number - len(chunks))

        def merge_part(part: int) -> None:
            """Merge one part of the copies into the matrices."""
            shards.merge(part, len(chunks))

        try:
            following = self.plan.round_from(self.state.chunks_done)
            if preparing:
                pool.map(prepare_shard, range(len(following)))
            while following and not self.stop.is_set():
                chunks, results = following, [(0.0, 0)] * len(following)
                done = self.state.chunks_done + len(chunks)
                following = self.plan.round_from(done) if done < self.stop_before else []
                for number in range(done, done + len(following)):
                    self.plan.read_ahead(number)
                self.state.latest = chunks[0]
                if preparing:
                    preparing.begin_round(chunks[0].begin)
                prepared.clear()
                to_prepare = len(following) if preparing else 0
                pool.map(train_or_prepare, range(len(chunks) + to_prepare))
                with self.lock:
                    for chunk, (loss, pairs) in zip(chunks, results, strict=True):
                        self.count(chunk, loss, pairs)
                first_part = 0
                for parts in shards.parts:
                    pool.map(merge_part, range(first_part, first_part + parts))
                    first_part += parts
        finally:
            pool.close()
