"""The rounds of LDA on a cluster: each group of documents is sampled on the worker with its topics.

The rounds work as in `rounds`. All workers have the counts, but the topic of a token is only on the
worker that sampled it last. Dask deletes the topics of earlier epochs, so it cannot sample lost
topics again when a worker dies. Therefore each new base fetches all topics and sends them out
again. A run that loses topics goes back to the last base and repeats the rounds after it.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np

from w2v.cluster import count_changes, count_replica
from w2v.cluster.connection import Cluster
from w2v.cluster.count_replica import CountsBase, CountsSetup, GibbsResult, Group, Topics
from w2v.cluster.rounds import AHEAD, HEAVIEST, TOGETHER, ClusterRounds
from w2v.errors import ConnectionLostError
from w2v.factorization.term_matrix import EncodedTerms
from w2v.system.progress import Progress
from w2v.system.signals import DeferredSignals
from w2v.topics.lda import LdaTrainer
from w2v.training.chunks import Chunk, Plan
from w2v.training.state import TrainingState
from w2v.training.workers import Workers

EDGES = 8192  # most dependencies of tasks on changes that the scheduler holds at a time
SHORTEST, LONGEST = 8, 32  # rounds from one base to the next
_AVERAGED = "word_sums", "alpha", "eta", "alpha_sums"  # matrices that this process changes


class _Point(NamedTuple):
    """A state that a run can go back to, with the topics that were fetched at the same time."""

    rounds: int
    matrices: dict[str, np.ndarray]
    state: dict[str, Any]


class ClusterGibbs(ClusterRounds):
    """The LDA rounds of a run. The trainer has the latest topics only after `fetch_topics`.

    cluster   the workers
    trainer   has the topics of all tokens at the beginning
    plan      the chunks of the run
    settings  the settings of the model
    """

    def __init__(self, cluster: Cluster, trainer: LdaTrainer, plan: Plan, settings: Any):
        shape = cast("tuple[int, int]", trainer.matrices["word_sums"].shape)
        setup = CountsSetup(cluster.run, shape, settings)
        super().__init__(cluster, trainer, plan, setup, cast(Any, None))
        self._settings, self._counts = settings, trainer.counts(plan)
        self._epoch_chunks = len(plan) // plan.epochs
        self._threads = self._together = 0
        self._groups: dict[int, Any] = {}  # futures, by the position of the first token
        self._topics: dict[int, Any] = {}  # futures of the topics after the last complete round
        self._coming: deque[dict[int, Any]] = deque()  # the same for each submitted round
        self._state: TrainingState
        self._point: _Point

    def run(
        self,
        on_progress: Callable[[Progress], None],
        seconds: float,
        state: TrainingState,
        before: int,
    ) -> None:
        """Sample until chunk `before`, or for about `seconds` seconds; `state` changes in place."""
        self._state = state
        super().run(on_progress, seconds, state, before)

    def fetch_topics(self) -> bool:
        """Copy the topics from the workers into the trainer's matrices.

        Return False if a worker died with some of the topics. The run is then set back to the round
        after which they were last fetched.
        """
        if not self._topics:
            return True
        self._base = None
        try:
            fetched = self._cluster.gather(list(self._topics.values()))
        except (*self._cluster.lost, ConnectionLostError):
            self._go_back()
            return False
        tokens, matrices = self._trainer.tokens, self._trainer.matrices
        with DeferredSignals():
            for begin, (topics, sums) in zip(self._topics, fetched, strict=True):
                matrices["topics"][begin : begin + topics.size] = topics
                if sums.size:
                    first = np.searchsorted(tokens.starts, begin)
                    matrices["document_sums"][first : first + len(sums)] = sums
            self._topics = {}
            self._note_point()
        return True

    def _note_point(self) -> None:
        matrices = {name: self._trainer.matrices[name].copy() for name in _AVERAGED}
        self._point = _Point(self._rounds, matrices, copy.deepcopy(vars(self._state)))

    def _go_back(self) -> None:
        with DeferredSignals():
            for name, matrix in self._point.matrices.items():
                self._trainer.matrices[name][:] = matrix
            seconds = self._state.seconds
            vars(self._state).update(copy.deepcopy(self._point.state), seconds=seconds)
            self._rounds, self._groups, self._topics = self._point.rounds, {}, {}
            self._counts = self._trainer.counts(self._plan)

    def _is_ready(self, number: int, waiting: deque[tuple[list[Chunk], Any]]) -> bool:
        """Whether a round can start: its epoch needs the priors that the previous epoch yields."""
        done = self._state.chunks_done
        return len(waiting) < AHEAD and number // self._epoch_chunks == done // self._epoch_chunks

    def _is_base_due(self) -> bool:
        tasks = -(-self._plan.shards // max(self._together, 1))
        longest = min(max(EDGES // tasks, SHORTEST), LONGEST)
        heavy = self._later_bytes > HEAVIEST * self._counts.counts.nbytes
        return self._base is not None and (heavy or len(self._later) >= longest)

    def _send_base(self) -> None:
        self.fetch_topics()
        self._note_point()
        threads = self._cluster.threads()
        if threads != self._threads:
            self._threads, self._groups = threads, {}
            # One group for each thread: Dask would move waiting tasks, with their topics, to idle
            # workers.
            self._together = -(-self._plan.shards // max(threads, 1))
        number = 0
        while number < self._epoch_chunks:
            chunks = self._plan.round_from(number)
            number += len(chunks)
            for group in self._split(chunks):
                self._place(group)
        base = CountsBase(self._rounds, count_changes.tally(self._counts.counts))
        self._base, self._later, self._later_bytes = self._cluster.spread(base), [], 0

    def _split(self, chunks: list[Chunk]) -> list[list[Chunk]]:
        """Split the chunks of a round into those of its groups."""
        step = self._together
        return [chunks[first : first + step] for first in range(0, len(chunks), step)]

    def _place(self, chunks: list[Chunk]) -> None:
        """Send the topics of a group to a worker; send its tokens too if no worker has them."""
        begin, end = chunks[0].first, chunks[-1].last
        tokens, matrices = self._trainer.tokens, self._trainer.matrices
        first, last = np.searchsorted(tokens.starts, (begin, end))
        if begin not in self._groups:
            words = np.array(tokens.words[begin:end])
            starts = tokens.starts[first : last + 1] - begin
            self._groups[begin] = self._cluster.place(Group(begin, EncodedTerms(words, starts)))
        is_averaging = self._state.chunks_done > self._settings.burned_in * self._epoch_chunks
        sums = matrices["document_sums"][first : last if is_averaging else first]
        topics = Topics(np.array(matrices["topics"][begin:end]), np.array(sums))
        self._topics[begin] = self._cluster.place(topics, self._groups[begin])

    def _submit_round(self, chunks: list[Chunk]) -> Any:
        """Submit the tasks of a round; return the future of its merged changes."""
        submit, matrices = self._cluster.submit, self._trainer.matrices
        alpha, eta = matrices["alpha"].copy(), float(matrices["eta"][0])
        coming, nodes = {}, []
        for group in self._split(chunks):
            begin = group[0].first
            sampled = submit(
                count_replica.sample, self._setup, self._base, list(self._later),
                self._groups[begin], self._topics[begin], group, alpha, eta,
            )  # fmt: skip
            coming[begin] = submit(count_replica.topics_of, sampled)
            nodes.append(submit(count_replica.result_of, sampled))
        while len(nodes) > 1:
            nodes = [
                submit(count_replica.add_up, nodes[first : first + TOGETHER], self._setup)
                for first in range(0, len(nodes), TOGETHER)
            ]
        self._coming.append(coming)
        self._later.append(nodes[0])
        return nodes[0]

    def _take(self, workers: Workers, chunks: list[Chunk], node: Any) -> None:
        """Count the chunks of a round, and add its changes to the counts of the trainer."""
        round_result: GibbsResult = node
        workers.state.latest = chunks[0]
        for shard, (chunk, result) in enumerate(zip(chunks, round_result.results, strict=True)):
            workers.count(chunk, *result)
            self._counts.note(chunk, shard, round_result.alpha_sums[shard])
        count_changes.add_to(self._counts.counts, round_result.changes)
        self._counts.average(slice(None))
        self._counts.end_round()
        self._topics |= self._coming.popleft()
        self._rounds += 1
        self._later_bytes += round_result.nbytes

    def _forget(self, waiting: deque[tuple[list[Chunk], Any]]) -> None:
        super()._forget(waiting)
        self._coming.clear()
        self._groups = {}  # a dead worker may have held some of them
