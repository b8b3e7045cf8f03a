"""Synchronous rounds of Gibbs sampling with many topics, see `kernels.sparse_gibbs`.

All chunks of a round are sampled from the counts of words and topics at the start of the round,
which are not copied. After the round the counts are brought up to date, then the tables that the
sampler needs. The time for a token does not grow with the number of topics, but the time for the
tables does, so that a round should have many tokens.

Arrays have N tokens, M documents, V terms, K topics, and E entries: the topics of all words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from w2v.factorization.term_matrix import EncodedTerms
from w2v.kernels.document_topics import make_document_topics
from w2v.kernels.random import random_state
from w2v.kernels.simd import aligned
from w2v.kernels.sparse_gibbs import (
    WordTables,
    move_counts,
    sample_sparse_topics,
    tabulate_words,
)
from w2v.topics.gibbs_rounds import TopicCounts
from w2v.topics.sparse_counts import NO_COUNTS, SparseCounts
from w2v.training.chunks import Chunk

# Parts of each of the two steps after a round. A part has some of the words, and reads all tokens.
PARTS = 4


def make_tables(counts: np.ndarray, most: np.ndarray, topics: int) -> WordTables:
    """Allocate tables for counts of words and topics, int32 (V, K or more).

    most    int (V,), the most topics that each word can have
    topics  K
    """
    offsets = np.concatenate([[0], np.cumsum(most, dtype=np.int64)])
    return WordTables(
        counts, np.empty(topics, np.float32), offsets, np.zeros(len(counts), np.int32),
        np.zeros(offsets[-1], np.int16), np.zeros(offsets[-1], np.float32),
        np.zeros(offsets[-1], np.float32), np.empty(topics, np.float32),
    )  # fmt: skip


def weigh_topics(tables: WordTables, totals: np.ndarray, alpha: np.ndarray, eta: float) -> None:
    """Update the tables that do not depend on words.

    totals  int (K or more,)  the sums of the counts over words
    alpha   float (K,)        the prior of topics in documents
    eta     float             the prior of words in topics
    """
    tables.reciprocals[:] = 1 / (totals[: alpha.size] + len(tables.word_topics) * eta)
    np.cumsum(alpha * tables.reciprocals, out=tables.smoothing)


class SparseSampler:
    """Samples chunks from the tables of a round, in the memory of one thread.

    settings  `models.lda.Settings`
    alpha     float32 (K,): the prior of topics in documents. It is not copied
    size      K, rounded up as in `TopicCounts`

    `alpha_sums`, float64 (size,), holds the sums for `priors.update_alpha` of the latest chunk.
    """

    def __init__(self, settings: Any, alpha: np.ndarray, size: int):
        self._settings, self._alpha = settings, alpha
        self._scratch = make_document_topics(size)
        self.alpha_sums = self._scratch.alpha_sums

    def sample(
        self,
        tables: WordTables,
        tokens: EncodedTerms,
        begin: int,
        chunk: Chunk,
        eta: float,
        topics: np.ndarray,
        document_sums: np.ndarray,
    ) -> tuple[float, int]:
        """Sample the topics of the documents of a chunk, as `SamplerBuffers.sample`.

        tables         the counts at the start of the round, and what follows from them
        tokens         the terms of some documents, among them those of the chunk
        begin          the position of the first of these tokens in the whole text
        eta            the prior of words in topics
        topics         int16 (N,)    the topics of these tokens: changed in place
        document_sums  int (M, K)  changed in place after burn-in
        Returns        the sum of -ln p of the chunk's tokens, in nats, and the number of tokens
        """
        self.alpha_sums[:] = 0
        bounds = np.searchsorted(tokens.starts, (chunk.first - begin, chunk.last - begin))
        is_averaged = chunk.epoch >= self._settings.burned_in
        log_likelihood = sample_sparse_topics(
            *tokens, *bounds, tables, self._scratch, self._alpha, eta,
            random_state(self._settings.seed, chunk.epoch, chunk.first), topics,
            document_sums if is_averaged else document_sums[:0],  # no rows: no sums
        )  # fmt: skip
        return -log_likelihood, chunk.last - chunk.first


class SparseRounds(TopicCounts):
    """Rounds that are sampled by the threads of this process.

    The parameters are those of `TopicCounts`. `parts` is described in `training.protocols.Shards`:
    the first step updates the counts, and the second one the tables.
    """

    parts = (PARTS, PARTS)

    def __init__(
        self,
        tokens: EncodedTerms,
        matrices: dict[str, np.ndarray],
        settings: Any,
        end: int,
        pseudo: SparseCounts = NO_COUNTS,
        earlier: SparseCounts = NO_COUNTS,
    ):
        super().__init__(tokens, matrices, settings, end, pseudo, earlier)
        words = len(self.counts)
        self._before = np.empty_like(matrices["topics"])
        self._sampled: list[tuple[int, int]] = []  # the first and last token of each chunk
        self._new_totals = self._totals.copy()
        self._updated_parts = 0
        self._bounds = np.linspace(0, words, PARTS + 1).astype(np.int64)
        # A word has at most as many topics as tokens, earlier topics and pseudo-counts.
        most = np.bincount(tokens.words, minlength=words)
        for pairs in (pseudo, earlier):
            most += np.bincount(pairs.words, minlength=words)
        self._tables = make_tables(self.counts, np.minimum(most, settings.topics), settings.topics)
        self._weigh()
        tabulate_words(0, words, self._alpha(), self._tables)

    @staticmethod
    def memory_bytes(tokens: int, earlier: int = 0) -> int:
        """The bytes of the tables and old topics, at most; the counts are not among them.

        tokens   N
        earlier  number of pairs of a word and a topic in the model that is updated

        The tables have an entry for each of these at most, but for seed words, which are few.
        """
        return tokens * (2 + 4 + 4 + 2) + earlier * (2 + 4 + 4)

    def _weigh(self) -> None:
        """Update the tables that do not depend on words."""
        weigh_topics(self._tables, self._totals, self._alpha(), self._matrices["eta"][0])

    def _alpha(self) -> np.ndarray:
        """The prior of topics in documents, float32 (K,); not a copy."""
        return self._matrices["alpha"][0, : self._settings.topics]

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """A function (chunk, shard) with which a thread samples chunks.

        The function returns the sum of -ln p of the tokens, in nats, and the number of tokens.
        """
        matrices = self._matrices
        sampler = SparseSampler(self._settings, self._alpha(), matrices["alpha"].size)

        def train(chunk: Chunk, shard: int) -> tuple[float, int]:
            tokens = slice(chunk.first, chunk.last)
            self._before[tokens] = matrices["topics"][tokens]
            result = sampler.sample(
                self._tables, self._tokens, 0, chunk, matrices["eta"][0], matrices["topics"],
                matrices["document_sums"],
            )  # fmt: skip
            self.note(chunk, shard, sampler.alpha_sums)
            self.keep_sample(chunk)
            size = self._totals.size
            old, new = self._before[tokens], matrices["topics"][tokens]
            moved = np.bincount(new, minlength=size) - np.bincount(old, minlength=size)
            with self._lock:
                self._sampled.append((chunk.first, chunk.last))
                self._new_totals += moved
            return result

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
                self.end_round(self._new_totals.copy())
                self._weigh()


class SparseBuffers:
    """Samples chunks on a worker of a cluster, with the methods of `SamplerBuffers`.

    shape     (V, K), the shape of the counts
    alpha     float32 (1, K), the prior of topics in documents. It is not copied
    settings  `models.lda.Settings`

    `changes`, int32 (V, K), and `alpha_sums`, float64 (K,), are as in `SamplerBuffers`.
    """

    def __init__(self, shape: tuple[int, ...], alpha: np.ndarray, settings: Any):
        self.changes, self._alpha = aligned(shape, np.int32), alpha[0, : settings.topics]
        self._sampler = SparseSampler(settings, self._alpha, shape[1])
        self.alpha_sums = self._sampler.alpha_sums
        self._tables: WordTables

    def begin_round(self, counts: np.ndarray, totals: np.ndarray, eta: float) -> None:
        """Make the tables of a round.

        counts  int32 (V, K)  the counts at the start of the round
        totals  int (K,)      their sums over words
        eta     float         the prior of words in topics
        """
        topics = self._alpha.size
        most = np.count_nonzero(counts[:, :topics], axis=1)
        self._tables = make_tables(counts, most, topics)
        weigh_topics(self._tables, totals, self._alpha, eta)
        tabulate_words(0, len(counts), self._alpha, self._tables)

    def sample(
        self,
        counts: np.ndarray,
        totals: np.ndarray,
        tokens: EncodedTerms,
        begin: int,
        chunk: Chunk,
        eta: float,
        topics: np.ndarray,
        document_sums: np.ndarray,
    ) -> tuple[float, int]:
        """Sample the topics of the documents of a chunk, as `SamplerBuffers.sample`."""
        before = topics.copy()
        result = self._sampler.sample(
            self._tables, tokens, begin, chunk, eta, topics, document_sums
        )
        bounds = chunk.first - begin, chunk.last - begin
        move_counts(tokens.words, before, topics, *bounds, 0, len(counts), self.changes)
        return result
