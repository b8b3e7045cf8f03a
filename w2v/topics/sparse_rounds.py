"""Synchronous rounds of Gibbs sampling with many topics, see `kernels.sparse_gibbs`.

All chunks of a round are sampled from the counts of words and topics at the start of the round,
which are not copied. After the round the counts are brought up to date, then the tables that the
sampler needs. The time for a token does not grow with the number of topics, but the time for the
tables does, so that a round should have many tokens.

Arrays have N tokens, V terms, K topics, and E entries: the topics of all words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from w2v.factorization.term_matrix import EncodedTerms
from w2v.kernels.random import random_state
from w2v.kernels.sparse_gibbs import (
    WordTables,
    make_document_topics,
    move_counts,
    sample_sparse_topics,
    tabulate_words,
)
from w2v.topics.gibbs_rounds import TopicCounts
from w2v.training.chunks import Chunk

PARTS = 8  # parts of each of the two steps after a round; a part has some of the words


class SparseRounds(TopicCounts):
    """Rounds that are sampled by the threads of this process.

    The parameters are those of `TopicCounts`. `parts` is described in `training.protocols.Shards`:
    the first step updates the counts, and the second one the tables.
    """

    parts = (PARTS, PARTS)

    def __init__(
        self, tokens: EncodedTerms, matrices: dict[str, np.ndarray], settings: Any, end: int
    ):
        super().__init__(tokens, matrices, settings, end)
        words, topics = len(self.counts), settings.topics
        self._before = np.empty_like(matrices["topics"])
        self._sampled: list[tuple[int, int]] = []  # the first and last token of each chunk
        self._updated_parts = 0
        self._bounds = np.linspace(0, words, PARTS + 1).astype(np.int64)
        # A word has at most as many topics as tokens.
        most = np.minimum(np.bincount(tokens.words, minlength=words), topics)
        offsets = np.concatenate([[0], np.cumsum(most)])
        self._tables = WordTables(
            self.counts, np.empty(topics, np.float32), offsets, np.zeros(words, np.int32),
            np.zeros(offsets[-1], np.int16), np.zeros(offsets[-1], np.float32),
            np.empty(topics, np.float32),
        )  # fmt: skip
        self._weigh()
        tabulate_words(0, words, self._alpha(), self._tables)

    def _alpha(self) -> np.ndarray:
        """The prior of topics in documents, float32 (K,); not a copy."""
        return self._matrices["alpha"][0, : self._settings.topics]

    def _weigh(self) -> None:
        """Update the tables of topics after a round."""
        eta, tables = self._matrices["eta"][0], self._tables
        totals = self._totals[: self._settings.topics]
        tables.reciprocals[:] = 1 / (totals + len(self.counts) * eta)
        np.cumsum(self._alpha() * (eta * tables.reciprocals), out=tables.smoothing)

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """A function (chunk, shard) with which a thread samples chunks.

        The function returns the sum of -ln p of the tokens, in nats, and the number of tokens.
        """
        matrices, settings, starts = self._matrices, self._settings, self._tokens.starts
        scratch = make_document_topics(matrices["alpha"].size)

        def train(chunk: Chunk, shard: int) -> tuple[float, int]:
            tokens = slice(chunk.first, chunk.last)
            self._before[tokens] = matrices["topics"][tokens]
            scratch.alpha_sums[:] = 0
            sums = matrices["document_sums"]
            log_likelihood = sample_sparse_topics(
                *self._tokens, *np.searchsorted(starts, (chunk.first, chunk.last)), self._tables,
                scratch, self._alpha(), matrices["eta"][0],
                random_state(settings.seed, chunk.epoch, chunk.first), matrices["topics"],
                sums if chunk.epoch >= settings.burned_in else sums[:0],  # no rows: no sums
            )  # fmt: skip
            self.note(chunk, shard, scratch.alpha_sums)
            with self._lock:
                self._sampled.append((chunk.first, chunk.last))
            return -log_likelihood, chunk.last - chunk.first

        return train

    def dismiss_workers(self) -> None:
        """Do nothing: workers hold little memory."""

    def merge(self, part: int, chunks: int) -> None:
        """Update the counts of a part of the words, or later their tables.

        part    the number of the part, 0 to 2 PARTS - 1; the tables follow when all counts have
                been updated
        chunks  the number of chunks in the round; not needed here
        """
        first, last = self._bounds[part % PARTS : part % PARTS + 2]
        if part >= PARTS:
            tabulate_words(first, last, self._alpha(), self._tables)
            return
        words, topics = self._tokens.words, self._matrices["topics"]
        for begin, end in self._sampled:
            move_counts(words, self._before, topics, begin, end, first, last, self.counts)
        self.average(slice(first, last))
        with self._lock:
            self._updated_parts += 1
            if self._updated_parts == PARTS:
                self._updated_parts, self._sampled = 0, []
                self.end_round()
                self._weigh()
