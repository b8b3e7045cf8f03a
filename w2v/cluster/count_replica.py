"""The worker's side of LDA: it samples groups of documents, whose topics stay on the worker.

Each epoch makes a new array with the topics of a group, and leaves the previous array unchanged. A
task can therefore be repeated if its worker dies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from w2v.cluster import count_changes
from w2v.cluster.count_changes import CountChanges
from w2v.cluster.round_state import RoundState
from w2v.cluster.worker_tasks import worker_state
from w2v.factorization.term_matrix import EncodedTerms
from w2v.kernels.simd import aligned
from w2v.topics.gibbs_rounds import SamplerBuffers
from w2v.training.chunks import Chunk


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
    """All word-topic counts after a number of rounds."""

    rounds: int
    counts: CountChanges


class Group(NamedTuple):
    """Documents that one task samples.

    begin   the position of their first token in the whole text
    tokens  the tokens of these documents; `starts` begin with 0
    """

    begin: int
    tokens: EncodedTerms


class Topics(NamedTuple):
    """The sampled state of a group's documents.

    topics         int16 (N,): the topic of each token
    document_sums  int32 (M, K): sums of the document-topic counts over the epochs after burn-in;
                   (0, K) during burn-in
    """

    topics: np.ndarray
    document_sums: np.ndarray


class GibbsResult(NamedTuple):
    """The result of C chunks of a round.

    changes     the changes of the word-topic counts
    alpha_sums  float64 (C, K), see `kernels.gibbs.Sampler`. Each chunk has its own, because the
                order of their addition changes the rounding
    results     (-ln p of the tokens, number of tokens) of each chunk
    """

    changes: CountChanges
    alpha_sums: np.ndarray
    results: list[tuple[float, int]]

    @property
    def nbytes(self) -> int:
        """Bytes that are sent."""
        return self.changes.nbytes + self.alpha_sums.nbytes


class Sampled(NamedTuple):
    """The two results of a task: `topics` stays on the worker, `result` is added up and sent."""

    topics: Topics
    result: GibbsResult


class CountsReplica(RoundState):
    """The counts in a worker process, and the buffers in which its threads sample chunks."""

    def __init__(self, setup: CountsSetup):
        super().__init__()
        self._setup = setup
        self._counts = aligned(setup.shape, np.int32)
        self._totals = self._counts.sum(axis=0)
        self._free: list[tuple[SamplerBuffers, np.ndarray]] = []  # buffers that no thread uses

    def _load(self, base: CountsBase) -> None:
        self._counts[:] = 0
        count_changes.add_to(self._counts, base.counts)

    def _advance(self, later: Sequence[GibbsResult]) -> None:
        for result in later:
            count_changes.add_to(self._counts, result.changes)
        self._totals = self._counts.sum(axis=0)

    def sample(
        self, group: Group, before: Topics, chunks: Sequence[Chunk], alpha: np.ndarray, eta: float
    ) -> Sampled:
        """Sample the chunks of a group, one after the other.

        group   the documents
        before  the topics after the previous epoch; not changed
        chunks  the chunks of these documents in this epoch
        alpha   float64 (K,): the prior of the document-topic mixtures
        eta     the prior of the topic-word distributions
        """
        with self._turn:
            buffers, prior = self._free.pop() if self._free else self._make_buffers()
        prior[:] = alpha
        buffers.changes[:] = 0
        tokens = EncodedTerms(*(np.require(array, requirements="W") for array in group.tokens))
        topics, sums = before.topics.copy(), before.document_sums.copy()
        if not sums.size and chunks[0].epoch >= self._setup.settings.burned_in:
            sums = np.zeros((tokens.starts.size - 1, sums.shape[1]), np.int32)
        alpha_sums, results = np.empty((len(chunks), alpha.size)), []
        for number, chunk in enumerate(chunks):
            results.append(
                buffers.sample(
                    self._counts, self._totals, tokens, group.begin, chunk, eta, topics, sums
                )
            )
            alpha_sums[number] = buffers.alpha_sums
        result = GibbsResult(count_changes.tally(buffers.changes), alpha_sums, results)
        with self._turn:
            self._free.append((buffers, prior))
        return Sampled(Topics(topics, sums), result)

    def _make_buffers(self) -> tuple[SamplerBuffers, np.ndarray]:
        prior = aligned((1, self._setup.shape[1]))
        return SamplerBuffers(self._setup.shape, prior, self._setup.settings), prior


def sample(
    setup: CountsSetup,
    base: CountsBase,
    later: Sequence[GibbsResult],
    group: Group,
    before: Topics,
    chunks: Sequence[Chunk],
    alpha: np.ndarray,
    eta: float,
) -> Sampled:
    """The task that samples a group, with the counts `base` plus the changes `later`.

    The result depends only on the arguments. `group` and those after it are the arguments of
    `CountsReplica.sample`.
    """
    replica = worker_state(setup.run).kept("counts", lambda: CountsReplica(setup))
    with replica.at(base, later):
        return replica.sample(group, before, chunks, alpha, eta)


def topics_of(sampled: Sampled) -> Topics:
    """The task that returns the topics, which stay on the worker."""
    return sampled.topics


def result_of(sampled: Sampled) -> GibbsResult:
    """The task that returns the changes, which are added up and sent."""
    return sampled.result


def add_up(parts: Sequence[GibbsResult], setup: CountsSetup) -> GibbsResult:
    """The task that combines the results of consecutive chunks."""
    return GibbsResult(
        count_changes.add_up([part.changes for part in parts], setup.shape),
        np.concatenate([part.alpha_sums for part in parts]),
        [result for part in parts for result in part.results],
    )
