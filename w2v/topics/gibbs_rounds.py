"""Synchronous rounds of Gibbs sampling: chunks of documents are sampled in parallel and merged.

Source: Newman et al. 2009, "Distributed algorithms for topic models" (AD-LDA). Each chunk is
sampled from the counts at the start of the round plus its own changes. A merge then adds the
changes of all chunks to the counts. Counts are integers, so the sum is exact in any order.

Arrays have N tokens, M documents, V terms (the words that the model keeps), and K columns: the
number of topics, rounded up to a multiple of `WIDTH`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from w2v.factorization.term_matrix import EncodedTerms
from w2v.kernels.gibbs import count_topics, make_sampler, sample_topics
from w2v.kernels.random import random_state
from w2v.kernels.simd import aligned
from w2v.topics.priors import update_alpha, update_eta
from w2v.topics.sparse_counts import NO_COUNTS, SparseCounts
from w2v.topics.topic_samples import keep_sample
from w2v.training.chunks import Chunk

PARTS = 16  # parts of a merge, which threads compute in parallel; each merges some of the words
ETA_EPOCHS = 5  # epochs between updates of eta; an update takes a tenth of the time of an epoch


def sum_type(starts: np.ndarray, epochs: int) -> type:
    """The integer type that holds the sums of the topic counts of documents over these epochs.

    starts  int64 (M + 1,), the position of the first token of each document, and N
    """
    longest = int(np.diff(starts).max(initial=0))
    return np.int32 if longest * epochs <= np.iinfo(np.int32).max else np.int64


class TopicCounts:
    """The counts of words and topics.

    At the end of an epoch, it adds the counts to their sums over epochs, and updates the priors.

    tokens    the terms of the documents
    matrices  arrays that are changed in place:
              `topics`         int16 (N,)     the topic of each token
              `word_sums`      float32 (V, K) the counts of words and topics, summed over the
                               averaged epochs
              `document_sums`  int (M, K)     the counts of documents and topics, summed likewise;
                               (0, K) if samples are kept in their place
              `topic_samples`  int16 (S, N)   see `topic_samples`; (0, N): no samples are kept
              `alpha`          float32 (1, K) the prior of topics in documents
              `eta`            float64 (1,)   the prior of words in topics
              `alpha_sums`     float64 (shards, K)  the sums for `priors.update_alpha`, by shard
    settings  `models.lda.Settings`
    end       the number of tokens in an epoch
    pseudo    the pseudo-counts of seed words
    earlier   the counts of the model that is updated; none for a new model

    `counts`, int32 (V, K), holds the number of tokens of each word that have each topic. The tokens
    of the model that is updated are among them, but their topics are never sampled. The
    pseudo-counts are added: the kernels then sample with the prior eta + s of seed words.
    """

    def __init__(
        self,
        tokens: EncodedTerms,
        matrices: dict[str, np.ndarray],
        settings: Any,
        end: int,
        pseudo: SparseCounts = NO_COUNTS,
        earlier: SparseCounts = NO_COUNTS,
    ):
        self._tokens, self._matrices, self._settings, self._end = tokens, matrices, settings, end
        self._lengths, self._pseudo = np.diff(tokens.starts), pseudo
        self.counts = aligned(matrices["word_sums"].shape, np.int32)
        count_topics(tokens.words, matrices["topics"], self.counts)
        earlier.add_to(self.counts)
        pseudo.add_to(self.counts)
        self._totals = self.counts.sum(axis=0)
        self._lock = threading.Lock()
        self._epoch, self._sampled_end = 0, 0

    def note(self, chunk: Chunk, shard: int, alpha_sums: np.ndarray) -> None:
        """Record that a chunk has been sampled, and add its `alpha_sums`, float64 (K,)."""
        self._matrices["alpha_sums"][shard] += alpha_sums
        with self._lock:
            self._epoch = chunk.epoch
            self._sampled_end = max(self._sampled_end, chunk.last)

    def keep_sample(self, chunk: Chunk) -> None:
        """Keep the topics of a chunk that has been sampled, if its epoch is one of a sample."""
        matrices, tokens = self._matrices, slice(chunk.first, chunk.last)
        samples, topics = matrices["topic_samples"], matrices["topics"]
        keep_sample(samples, topics, chunk.epoch, self._settings, tokens)

    def average(self, rows: slice) -> None:
        """Add the counts of these rows to `word_sums`, if the round ends an epoch after burn-in.

        Call this in each round, after its changes have been added to the counts of these rows.
        Pseudo-counts are not added.
        """
        if self._sampled_end == self._end and self._epoch >= self._settings.burned_in:
            self._pseudo.add_to(self.counts, -1, rows)
            self._matrices["word_sums"][rows] += self.counts[rows]
            self._pseudo.add_to(self.counts, 1, rows)

    def end_round(self, totals: np.ndarray) -> None:
        """End a round; in the last round of an epoch, update the priors.

        Call this after `average` has been called for all rows.

        totals  int64 (K,), the sums of the counts over words
        """
        self._totals = totals
        if self._sampled_end < self._end:
            return
        set_, matrices, count = self._settings, self._matrices, self._settings.topics
        if "alpha" in set_.optimize and self._epoch >= set_.alpha_delay:
            matrices["alpha"][0, :count] = update_alpha(
                matrices["alpha"][0, :count],
                matrices["alpha_sums"].sum(axis=0)[:count],
                self._lengths,
            )
        if "eta" in set_.optimize and self._epoch % ETA_EPOCHS == 0:
            # Eta is fitted to the tokens alone, as without seeds.
            self._pseudo.add_to(self.counts, -1)
            totals = self.counts.sum(axis=0) if self._pseudo.words.size else self._totals
            matrices["eta"][0] = update_eta(
                matrices["eta"][0], self.counts[:, :count], totals[:count]
            )
            self._pseudo.add_to(self.counts)
        matrices["alpha_sums"][:] = 0
        self._sampled_end = 0


class GibbsRounds(TopicCounts):
    """Rounds that are sampled by the threads of this process.

    The parameters are those of `TopicCounts`. `parts` is described in `training.protocols.Shards`:
    a merge has one step.
    """

    parts = (PARTS,)

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
        self._buffers: list[SamplerBuffers] = []
        self._idle = iter(list(self._buffers))
        self._bounds = np.linspace(0, len(self.counts), PARTS + 1).astype(np.int64)
        self._merged_parts = 0

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """A function (chunk, shard) with which a thread samples chunks, in its own buffers.

        The function returns the sum of -ln p of the tokens, in nats, and the number of tokens.
        """
        with self._lock:
            buffers = next(self._idle, None) or self._add_buffers()
        matrices = self._matrices

        def train(chunk: Chunk, shard: int) -> tuple[float, int]:
            result = buffers.sample(
                self.counts, self._totals, self._tokens, 0, chunk, matrices["eta"][0],
                matrices["topics"], matrices["document_sums"],
            )  # fmt: skip
            self.note(chunk, shard, buffers.alpha_sums)
            self.keep_sample(chunk)
            return result

        return train

    def dismiss_workers(self) -> None:
        """End the use of all workers. New workers get the buffers of the earlier ones."""
        self._idle = iter(list(self._buffers))

    def _add_buffers(self) -> SamplerBuffers:
        """Allocate the buffers of one more thread."""
        self._buffers.append(
            SamplerBuffers(self.counts.shape, self._matrices["alpha"], self._settings)
        )
        return self._buffers[-1]

    def merge(self, part: int, chunks: int) -> None:
        """Add the changes of a part of the words to the counts; the last part ends the round.

        part    the number of the part, 0 to PARTS - 1
        chunks  the number of chunks in the round; not needed here
        """
        rows = slice(*self._bounds[part : part + 2])
        for buffers in self._buffers:
            self.counts[rows] += buffers.changes[rows]
            buffers.changes[rows] = 0
        self.average(rows)
        with self._lock:
            self._merged_parts += 1
            if self._merged_parts == PARTS:
                self._merged_parts = 0
                self.end_round(self.counts.sum(axis=0))


class SamplerBuffers:
    """The buffers of one sampling thread: its own copy of the counts, and its changes to them.

    shape     (V, K), the shape of the counts
    alpha     float32 (1, K), the prior of topics in documents. It is not copied, so that updates
              take effect
    settings  `models.lda.Settings`

    `changes`, int32 (V, K), is the sum of the changes of the chunks that were sampled since the
    caller last set it to 0. `alpha_sums`, float64 (K,), holds the sums for `priors.update_alpha` of
    the chunk that was sampled last.
    """

    def __init__(self, shape: tuple[int, ...], alpha: np.ndarray, settings: Any):
        self.changes, self._counts = (aligned(shape, np.int32) for _ in range(2))
        self._sampler, self._settings = make_sampler(self._counts, alpha), settings
        self.alpha_sums = self._sampler.alpha_sums[0]

    def begin_round(self, counts: np.ndarray, totals: np.ndarray, eta: float) -> None:
        """Do nothing: `sample` needs only its arguments."""

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
        """Sample the topics of the documents of a chunk.

        counts         int32 (V, K)  the counts at the start of the round
        totals         int (K,)      the sums of these counts over words
        tokens         the terms of some documents, among them those of the chunk
        begin          the position of the first of these tokens in the whole text
        eta            the prior of words in topics
        topics         int16 (N,)    the topics of these tokens: changed in place
        document_sums  int (M, K)  the sums of the counts of these documents over the averaged
                       epochs: changed in place after burn-in
        Returns        the sum of -ln p of the chunk's tokens, in nats, and the number of tokens
        """
        local_counts, set_, sampler = self._counts, self._settings, self._sampler
        local_counts[:], sampler.totals[0] = counts, totals
        sampler.alpha_sums[:] = 0
        bounds = chunk.first - begin, chunk.last - begin
        is_averaged = chunk.epoch >= set_.burned_in
        log_likelihood = sample_topics(
            *tokens, *np.searchsorted(tokens.starts, bounds), sampler, eta,
            random_state(set_.seed, chunk.epoch, chunk.first), topics,
            document_sums if is_averaged else document_sums[:0],  # no rows: no sums
        )  # fmt: skip
        np.subtract(local_counts, counts, local_counts)  # the changes of this chunk
        np.add(self.changes, local_counts, self.changes)
        return -log_likelihood, chunk.last - chunk.first
