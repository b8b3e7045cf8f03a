"""The rounds of Gibbs sampling: chunks of documents that are sampled side by side.

Source: Newman et al. 2009, "Distributed algorithms for topic models" (AD-LDA). Each chunk is
sampled against the counts at the round's begin plus its own changes; then the changes of all are
added up. They are whole numbers: the sum is exact, whatever the order.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from w2v.kernels.gibbs import Sampler, count_topics, make_sampler, sample_topics
from w2v.kernels.lanes import aligned
from w2v.plan import Chunk
from w2v.sampling import random_state
from w2v.topics.priors import better_alpha, better_eta
from w2v.topics.terms import Tokens

PARTS = 16  # of a round's merging
ETA_EVERY = 5  # sweeps: it takes a tenth of a sweep's time to find a better one


class Sweeps:
    """Counts of words and topics, and what a round does with them.

    tokens
    matrices  `topics` int16 (N,), `word_sums` float32 (V, K), `document_sums` int32 (M, K),
              `alpha` float32 (1, K), `eta` float64 (1,), `alpha_sums` float64 (shards, K): all
              changed in place
    settings  of the model
    end       how many tokens a sweep has

    `counts`, int32 (V, K), is how often each word has each topic.
    """

    parts = (PARTS,)

    def __init__(self, tokens: Tokens, matrices: dict[str, np.ndarray], settings: Any, end: int):
        self._tokens, self._matrices, self._settings, self._end = tokens, matrices, settings, end
        self._lengths = np.diff(tokens.starts)
        self.counts = aligned(matrices["word_sums"].shape, np.int32)
        count_topics(tokens.words, matrices["topics"], self.counts)
        self._totals = self.counts.sum(axis=0)
        self._rooms: list[tuple[np.ndarray, np.ndarray]] = []  # changes and counts of each worker
        self._idle = iter(list(self._rooms))
        self._bounds = np.linspace(0, len(self.counts), PARTS + 1).astype(np.int64)
        self._lock, self._merged = threading.Lock(), 0
        self._sweep, self._at = 0, 0

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """A function that samples a chunk on counts of its own: (-ln p of the tokens, tokens)."""
        with self._lock:
            changes, counts = next(self._idle, None) or self._add_room()
        sampler = make_sampler(counts, self._matrices["alpha"])

        def train(chunk: Chunk, shard: int) -> tuple[float, int]:
            counts[:], sampler.totals[0] = self.counts, self._totals
            found = self._sample(chunk, sampler)
            self._matrices["alpha_sums"][shard] += sampler.alpha_sums[0]
            sampler.alpha_sums[:] = 0
            np.subtract(counts, self.counts, counts)
            np.add(changes, counts, changes)
            with self._lock:
                self._sweep, self._at = chunk.epoch, max(self._at, chunk.last)
            return -found, chunk.last - chunk.first

        return train

    def dismiss_workers(self) -> None:
        """Those that there were will not be called again: new ones may have their room."""
        self._idle = iter(list(self._rooms))

    def _add_room(self) -> tuple[np.ndarray, np.ndarray]:
        changes, counts = (aligned(self.counts.shape, np.int32) for _ in range(2))
        self._rooms.append((changes, counts))
        return self._rooms[-1]

    def _sample(self, chunk: Chunk, sampler: Sampler) -> float:
        tokens, told, matrices = self._tokens, self._settings, self._matrices
        first, last = np.searchsorted(tokens.starts, (chunk.first, chunk.last))
        averaged = chunk.epoch >= told.burned_in
        return sample_topics(
            *tokens, first, last, sampler, matrices["eta"][0],
            random_state(told.seed, chunk.epoch, chunk.first), matrices["topics"],
            matrices["document_sums"][: None if averaged else 0],
        )  # fmt: skip

    def merge(self, part: int, chunks: int) -> None:
        """Add up the changes of some words' counts; the last part ends the round."""
        rows = slice(*self._bounds[part : part + 2])
        for changes, _ in self._rooms:
            self.counts[rows] += changes[rows]
            changes[rows] = 0
        if self._at == self._end and self._sweep >= self._settings.burned_in:
            self._matrices["word_sums"][rows] += self.counts[rows]
        with self._lock:
            self._merged += 1
            if self._merged == PARTS:
                self._merged = 0
                self._end_round()

    def _end_round(self) -> None:
        self._totals = self.counts.sum(axis=0)
        if self._at < self._end:
            return
        told, matrices, count = self._settings, self._matrices, self._settings.topics
        if "alpha" in told.optimize and self._sweep >= told.alike:
            matrices["alpha"][0, :count] = better_alpha(
                matrices["alpha"][0, :count],
                matrices["alpha_sums"].sum(axis=0)[:count],
                self._lengths,
            )
        if "eta" in told.optimize and self._sweep % ETA_EVERY == 0:
            matrices["eta"][0] = better_eta(
                matrices["eta"][0], self.counts[:, :count], self._totals[:count]
            )
        matrices["alpha_sums"][:] = 0
        self._at = 0
