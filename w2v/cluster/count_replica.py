"""Gibbs sampling of LDA in a worker process; the sampled topics stay on the worker.

A task samples a group of documents: N tokens in M documents, with K topics and V words. It makes a
new array with the topics of the group, and leaves the array of the previous epoch unchanged.
Therefore a task can be repeated if its worker dies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from w2v.cluster import count_changes
from w2v.cluster.count_changes import CountChanges
from w2v.cluster.round_state import RoundState
from w2v.cluster.worker_tasks import worker_state
from w2v.factorization.term_matrix import EncodedTerms
from w2v.kernels.simd import aligned
from w2v.topics.gibbs_rounds import SamplerBuffers
from w2v.topics.sparse_rounds import SparseBuffers
from w2v.topics.topic_samples import keep_sample, sample_count
from w2v.training.chunks import Chunk

Buffers: TypeAlias = SamplerBuffers | SparseBuffers


@dataclass(frozen=True)
class CountsSetup:
    """The facts that a worker needs to sample.

    run       the identifier of the run
    shape     (V, K): the shape of the word-topic counts
    settings  the settings of the model
    """

    run: str
    shape: tuple[int, int]
    settings: Any


class CountsBase(NamedTuple):
    """All word-topic counts after a number of rounds, the base of later rounds.

    rounds  number of rounds that the counts include
    counts  the counts, packed as changes of a matrix of zeros
    """

    rounds: int
    counts: CountChanges


class Group(NamedTuple):
    """The consecutive documents that one task samples.

    begin   the position of the first token of these documents in the whole text
    tokens  the tokens of these documents; positions in `tokens.starts` are relative to `begin`
    """

    begin: int
    tokens: EncodedTerms


class Topics(NamedTuple):
    """The sampled state of a group's documents.

    topics         int16 (N,): the topic of each token
    document_sums  int (M, K): sums of the document-topic counts over the epochs after burn-in;
                   shape (0, K) during burn-in, or if samples are kept in their place
    samples        int16 (S, N): see `topic_samples`; shape (0, N) during burn-in, or if sums are
                   kept
    """

    topics: np.ndarray
    document_sums: np.ndarray
    samples: np.ndarray


class GibbsResult(NamedTuple):
    """The result of C consecutive chunks of a round.

    changes     the changes of the word-topic counts
    alpha_sums  float64 (C, K): the sums of each chunk, see `kernels.gibbs.Sampler`. The main
                process adds them up in the order of the chunks, which determines the rounding
    results     for each chunk, the sum of -ln p of its tokens, and the number of its tokens
    """

    changes: CountChanges
    alpha_sums: np.ndarray
    results: list[tuple[float, int]]

    @property
    def nbytes(self) -> int:
        """Bytes that are sent."""
        return self.changes.nbytes + self.alpha_sums.nbytes


class Sampled(NamedTuple):
    """The result of a task: `topics` stays on the worker, `result` is added up and sent."""

    topics: Topics
    result: GibbsResult


class CountsReplica(RoundState):
    """The counts in a worker process, and the buffers in which its threads sample chunks."""

    def __init__(self, setup: CountsSetup):
        super().__init__()
        self._setup = setup
        self._counts = aligned(setup.shape, np.int32)
        self._totals = self._counts.sum(axis=0)
        # The tuples of `_make_buffers` that no thread uses.
        self._free_buffers: list[tuple[Buffers, np.ndarray]] = []

    def _load(self, base: CountsBase) -> None:
        self._counts[:] = 0
        count_changes.add_to(self._counts, base.counts)

    def _advance(self, changes: Sequence[GibbsResult]) -> None:
        for result in changes:
            count_changes.add_to(self._counts, result.changes)
        self._totals = self._counts.sum(axis=0)

    def sample(
        self, group: Group, old_topics: Topics, chunks: Sequence[Chunk], alpha: np.ndarray,
        eta: float,
    ) -> Sampled:  # fmt: skip
        """Sample the chunks of a group, one after the other.

        group       the documents
        old_topics  the topics after the previous epoch; not changed
        chunks      the chunks of these documents in this epoch
        alpha       float32 (1, K): the prior of the document-topic mixtures
        eta         the prior of the topic-word distributions
        """
        with self._condition:
            free = self._free_buffers
            buffers, prior = free.pop() if free else self._make_buffers()
        prior[:] = alpha
        buffers.changes[:] = 0
        # Dask delivers read-only arrays; the kernels are compiled for writable arrays.
        tokens = EncodedTerms(*(np.require(array, requirements="W") for array in group.tokens))
        topics, sums, samples = (array.copy() for array in old_topics)
        set_, epoch = self._setup.settings, chunks[0].epoch
        if epoch >= set_.burned_in:
            if set_.document_table == "dense" and not sums.size:
                sums = np.zeros((tokens.starts.size - 1, sums.shape[1]), np.int32)
            if set_.document_table == "sparse" and not samples.size:
                samples = np.zeros((sample_count(set_), topics.size), np.int16)
        buffers.begin_round(self._counts, self._totals, eta)
        alpha_sums, results = np.empty((len(chunks), alpha.size)), []
        for index, chunk in enumerate(chunks):
            results.append(
                buffers.sample(
                    self._counts, self._totals, tokens, group.begin, chunk, eta, topics, sums
                )
            )
            alpha_sums[index] = buffers.alpha_sums
        keep_sample(samples, topics, epoch, set_, slice(None))
        result = GibbsResult(count_changes.tally(buffers.changes), alpha_sums, results)
        with self._condition:
            self._free_buffers.append((buffers, prior))
        return Sampled(Topics(topics, sums, samples), result)

    def _make_buffers(self) -> tuple[Buffers, np.ndarray]:
        """Make the buffers of a thread, and the array of the prior alpha that they use, (1, K)."""
        prior = aligned((1, self._setup.shape[1]))
        make = SparseBuffers if self._setup.settings.is_sparse else SamplerBuffers
        return make(self._setup.shape, prior, self._setup.settings), prior


def sample(
    setup: CountsSetup,
    base: CountsBase,
    changes: Sequence[GibbsResult],
    group: Group,
    old_topics: Topics,
    chunks: Sequence[Chunk],
    alpha: np.ndarray,
    eta: float,
) -> Sampled:
    """The task that samples a group, with the counts `base` plus the changes `changes`.

    The result depends only on the arguments. See `CountsReplica.sample` for `group` and the
    arguments after it.
    """
    replica = worker_state(setup.run).kept("counts", lambda: CountsReplica(setup))
    with replica.at(base, changes):
        return replica.sample(group, old_topics, chunks, alpha, eta)


def topics_of(sampled: Sampled) -> Topics:
    """The task that returns the topics, which stay on the worker."""
    return sampled.topics


def result_of(sampled: Sampled) -> GibbsResult:
    """The task that returns the changes, which are added up and sent."""
    return sampled.result


def add_up(results: Sequence[GibbsResult], setup: CountsSetup) -> GibbsResult:
    """The task that combines the results of consecutive chunks."""
    return GibbsResult(
        count_changes.add_up([result.changes for result in results], setup.shape),
        np.concatenate([result.alpha_sums for result in results]),
        [chunk_result for result in results for chunk_result in result.results],
    )
