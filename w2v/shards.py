"""The rounds of negative sampling: chunks that are trained on copies of the rows that they need."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from w2v.kernels.lanes import WIDTH, aligned
from w2v.kernels.negative_sampling import draw_pool
from w2v.kernels.rows import BLOCK, copy_rows, merge_rows, number_rows
from w2v.plan import Chunk, Plan
from w2v.sampling import keep_probabilities, noise_probabilities
from w2v.settings import NegativeSamplingSettings
from w2v.worker import Worker

PARTS = 16  # of a round's merging
DRAWS = 24  # how often a chunk draws each word of its pool, on average


def room(counts: np.ndarray, settings: NegativeSamplingSettings, plan: Plan) -> int:
    """Bytes that the rounds of a plan take, about; `counts` are the vocabulary's."""
    share = counts / max(counts.sum(), 1)
    kept = share * keep_probabilities(counts, settings.sample) * plan.longest
    noise = noise_probabilities(counts, settings.noise_exponent)
    pool = kept.sum() * settings.negative / DRAWS
    inputs, outputs = (-np.expm1(-drawn).sum() for drawn in (kept, kept + noise * pool))
    return int(plan.shards * (4 * settings.padded_dim * (inputs + outputs) + 4 * counts.size))


class RowShards:
    """Room for `plan.shards` chunks that are trained at the same time.

    A chunk's words and a pool of noise words are numbered as they come, and their rows copied to
    small matrices with these numbers; there the chunk is trained by the same kernels. The noise
    words of a chunk are drawn from its pool, which is drawn from all words anew: so a chunk needs
    few rows that others need as well, and they stay in the processor's cache.

    matrices     the input and the output vectors, float32 (V + 1, D)
    noise        uint64 (V,), see `draw_noise`
    frozen       bool (V,), see `train_windows`
    negative     noise words for each window
    plan
    make_worker  what gives a thread its `Worker`, for matrices with a certain last row
    """

    def __init__(
        self,
        matrices: Sequence[np.ndarray],
        noise: np.ndarray,
        frozen: np.ndarray,
        negative: int,
        plan: Plan,
        make_worker: Callable[[int], Worker],
    ):
        self._matrices, self._noise, self._negative = matrices, noise, negative
        self._frozen = frozen
        self._make_worker = make_worker
        words, dim, shards = noise.size, matrices[0].shape[1], plan.shards
        self._registers = dim // WIDTH
        pool = self._pool_size(plan.longest)
        self._sizes = [1 + min(words, plan.longest), 1 + min(words, plan.longest + pool)]
        self._copies = [aligned((shards * size, dim)) for size in self._sizes]
        self._limits = np.zeros((2, shards), np.int64)
        self._places = np.full((shards, words + 1), -1, np.int32)
        self._rows = np.empty((shards, self._sizes[1]), np.int32)
        self.parts = min(PARTS, -(-words // BLOCK))

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """A function that trains a chunk on the copies of a shard."""
        worker = self._make_worker(self._sizes[1] - 1)

        def train(chunk: Chunk, shard: int) -> tuple[float, int]:
            count, state = worker.lay(chunk)
            table = self._borrow(shard, worker.windows.kept, count, state)
            copies = [
                copy[shard * size : (shard + 1) * size]
                for copy, size in zip(self._copies, self._sizes, strict=True)
            ]
            known = self._rows[shard, : self._limits[0, shard]]
            frozen = self._frozen[known] if self._frozen.size else self._frozen
            return worker.step(count, state, table, frozen, *copies)

        return train

    def _borrow(self, shard: int, kept: np.ndarray, count: int, state: np.ndarray) -> np.ndarray:
        """Copy the rows that a chunk needs; its words and the returned pool get their numbers."""
        places, rows = self._places[shard], self._rows[shard]
        pool = np.empty(self._pool_size(count), np.int32)
        draw_pool(self._noise, state, pool)
        places.fill(-1)
        known = number_rows(kept, count, places, rows, 0)
        self._limits[:, shard] = known, number_rows(pool, pool.size, places, rows, known)
        for side, matrix in enumerate(self._matrices):
            first = shard * self._sizes[side]
            copy = self._copies[side][first : first + self._sizes[side]]
            copy_rows(matrix, rows, self._limits[side, shard], copy, self._registers)
        return pool.astype(np.uint64)  # as an alias table: every slot is its alias

    def _pool_size(self, windows: int) -> int:
        return -(-windows * self._negative // DRAWS)

    def merge(self, part: int, chunks: int) -> None:
        """Bring what the first copies have learnt into every `parts`-th stretch of rows."""
        held, sums = np.empty((BLOCK + 1, chunks + 3), np.int32), aligned((WIDTH,))
        marks = np.empty(BLOCK, np.int32)
        for side, matrix in enumerate(self._matrices):
            merge_rows(
                matrix, self._copies[side][: chunks * self._sizes[side]], self._places[:chunks],
                self._limits[side], part, self.parts, self._registers, held, marks, sums,
            )  # fmt: skip
