"""What workers do for LDA: they sample groups of documents, whose topics stay with them.

A group's topics after a sweep are a new object, not the old one changed: where a worker has died,
the task that made them can be done again.
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
    """What a worker must know to sample.

    run       a name of its own
    shape     (V, K) of the counts
    settings  of the model
    """

    run: str
    shape: tuple[int, int]
    settings: Any


class CountsBase(NamedTuple):
    """All counts after so many rounds."""

    rounds: int
    counts: CountChanges


class Group(NamedTuple):
    """Documents that are sampled by one task.

    begin   the position of their first token in the whole text
    tokens  theirs alone: `starts` begin with 0
    """

    begin: int
    tokens: EncodedTerms


class Topics(NamedTuple):
    """How far the documents of a group are.

    topics         int16 (N,)
    document_sums  int32 (M, K); (0, K) before there is anything to average
    """

    topics: np.ndarray
    document_sums: np.ndarray


class GibbsResult(NamedTuple):
    """What some chunks of a round have given.

    changes     of the counts
    alpha_sums  float64 (C, K), see `kernels.gibbs.Sampler`; they are rounded, and not added up here
    results     (-ln p of the tokens, tokens) of each chunk
    """

    changes: CountChanges
    alpha_sums: np.ndarray
    results: list[tuple[float, int]]

    @property
    def nbytes(self) -> int:
        """What it takes to move it."""
        return self.changes.nbytes + self.alpha_sums.nbytes


class Sampled(NamedTuple):
    """What a task returns, to be parted: the one stays, the other one moves."""

    topics: Topics
    found: GibbsResult


class CountsReplica(RoundState):
    """The counts in this process, and room for the chunks that its threads sample."""

    def __init__(self, setup: CountsSetup):
        super().__init__()
        self._setup = setup
        self._counts = aligned(setup.shape, np.int32)
        self._totals = self._counts.sum(axis=0)
        self._rooms: list[tuple[SamplerBuffers, np.ndarray]] = []

    def _load(self, base: CountsBase) -> None:
        self._counts[:] = 0
        count_changes.add_to(self._counts, base.counts)

    def _advance(self, later: Sequence[GibbsResult]) -> None:
        for found in later:
            count_changes.add_to(self._counts, found.changes)
        self._totals = self._counts.sum(axis=0)

    def sample(
        self, group: Group, before: Topics, chunks: Sequence[Chunk], alpha: np.ndarray, eta: float
    ) -> Sampled:
        """Sample chunks that together are a group, one after the other."""
        with self._turn:
            room, prior = self._rooms.pop() if self._rooms else self._make_room()
        prior[:] = alpha
        room.changes[:] = 0
        tokens = EncodedTerms(*(np.require(array, requirements="W") for array in group.tokens))
        topics, sums = before.topics.copy(), before.document_sums.copy()
        if not sums.size and chunks[0].epoch >= self._setup.settings.burned_in:
            sums = np.zeros((tokens.starts.size - 1, sums.shape[1]), np.int32)
        alpha_sums, results = np.empty((len(chunks), alpha.size)), []
        for number, chunk in enumerate(chunks):
            results.append(
                room.sample(
                    self._counts, self._totals, tokens, group.begin, chunk, eta, topics, sums
                )
            )
            alpha_sums[number] = room.alpha_sums
        found = GibbsResult(count_changes.tally(room.changes), alpha_sums, results)
        with self._turn:
            self._rooms.append((room, prior))
        return Sampled(Topics(topics, sums), found)

    def _make_room(self) -> tuple[SamplerBuffers, np.ndarray]:
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
    """Sample a group with the counts after the rounds `later`: depends on nothing else."""
    replica = worker_state(setup.run).kept("counts", lambda: CountsReplica(setup))
    with replica.at(base, later):
        return replica.sample(group, before, chunks, alpha, eta)


def topics_of(sampled: Sampled) -> Topics:
    """The part that stays with the worker."""
    return sampled.topics


def found_of(sampled: Sampled) -> GibbsResult:
    """The part that moves."""
    return sampled.found


def add_up(found: Sequence[GibbsResult], setup: CountsSetup) -> GibbsResult:
    """What chunks that follow each other have given."""
    return GibbsResult(
        count_changes.add_up([each.changes for each in found], setup.shape),
        np.concatenate([each.alpha_sums for each in found]),
        [result for each in found for result in each.results],
    )
