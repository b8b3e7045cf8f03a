"""LDA in synchronous rounds on a cluster: each worker samples the documents whose topics it holds.

The rounds work as in `rounds`. The model is the word-topic counts, of which all workers have a
copy. But the topic of a token is only on the worker that sampled the token last. Dask deletes the
topics of earlier epochs, so it cannot sample lost topics again when a worker dies. Therefore this
process fetches all topics before each new base, and sends them out again. If topics are lost, the
run goes back to the last fetch of the topics and repeats the rounds after it.

A group is the documents of the consecutive chunks of a round that one task samples.
"""

from __future__ import annotations

import copy
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np

from w2v.cluster import count_changes, count_replica
from w2v.cluster.connection import Cluster
from w2v.cluster.count_replica import CountsBase, CountsSetup, GibbsResult, Group, Topics
from w2v.cluster.rounds import (
    FAN_IN,
    MAX_CHANGES_RATIO,
    MAX_PENDING_ROUNDS,
    MAX_RESTARTS,
    ClusterRounds,
)
from w2v.errors import ConnectionLostError
from w2v.factorization.term_matrix import EncodedTerms
from w2v.system.progress import Progress, plural
from w2v.system.signals import DeferredSignals
from w2v.topics.lda import LdaTrainer
from w2v.training.chunks import Chunk, Plan
from w2v.training.state import TrainingState
from w2v.training.workers import Workers

# Approximate limit of the dependencies of one round's tasks on the changes of earlier rounds.
MAX_DEPENDENCIES = 8192
MIN_BASE_ROUNDS, MAX_BASE_ROUNDS = 8, 32  # limits of the rounds from one base to the next
# A base is also sent, and the topics fetched before it, after this many seconds, if sending takes
# at most this share of the time. Rounds of a large text take minutes each.
BASE_SECONDS, BASE_SHARE = 60.0, 0.05
_LOCAL_MATRICES = "word_sums", "alpha", "eta", "alpha_sums"  # changed only by this process


class _RestorePoint(NamedTuple):
    """A state that a run can go back to. The trainer has the topics that belong to this state.

    rounds    number of rounds of the run before this state
    matrices  copies of the `_LOCAL_MATRICES` of the trainer
    state     a copy of the attributes of the run's `TrainingState`
    """

    rounds: int
    matrices: dict[str, np.ndarray]
    state: dict[str, Any]


class ClusterGibbs(ClusterRounds):
    """The LDA rounds of a run. The trainer has the latest topics only after `fetch_topics`.

    cluster   the connection to the scheduler and its workers
    trainer   the trainer of this process, with the topics of all tokens at the beginning
    plan      the chunks of the run
    settings  the settings of the model
    """

    def __init__(self, cluster: Cluster, trainer: LdaTrainer, plan: Plan, settings: Any):
        shape = cast("tuple[int, int]", trainer.matrices["word_sums"].shape)
        setup = CountsSetup(cluster.run, shape, settings)
        super().__init__(cluster, trainer, plan, setup, cast(Any, None))
        self._settings, self._counts = settings, trainer.counts(plan)
        self._epoch_chunks = len(plan) // plan.epochs
        # The threads of the workers, and the maximum number of chunks in a group.
        self._threads = self._group_shards = 0
        # The key of each dictionary is the position of the first token of a group.
        self._groups: dict[int, Any] = {}  # futures of the groups
        self._topics: dict[int, Any] = {}  # futures of the topics after the last complete round
        self._pending_topics: deque[dict[int, Any]] = (
            deque()
        )  # the same, for each round in progress
        # When the last base had been sent, and the seconds that fetching and sending took.
        self._base_sent_at = self._base_duration = 0.0
        self._losses = 0  # number of times in a row that topics were lost before they were fetched
        self._state: TrainingState
        self._restore_point: _RestorePoint

    def run(
        self,
        on_progress: Callable[[Progress], None],
        seconds: float,
        state: TrainingState,
        stop_before: int,
    ) -> None:
        """Sample until chunk `stop_before`, as `ClusterRounds.run` trains."""
        self._state = state
        super().run(on_progress, seconds, state, stop_before)

    def fetch_topics(self) -> bool:
        """Copy the topics from the workers into the trainer's matrices.

        Return False if a worker died with some of the topics. The run then goes back to the state
        at the last fetch of the topics.
        """
        if not self._topics:
            return True
        self._base = None
        try:
            fetched = self._cluster.gather(list(self._topics.values()))
        except ConnectionLostError:
            self._restore()
            return False
        except self._cluster.data_loss_errors:
            words = self._state.words
            self._losses += 1
            self._restore()
            self._report_loss(words - self._state.words)
            return False
        self._losses = 0
        tokens, matrices = self._trainer.tokens, self._trainer.matrices
        with DeferredSignals():
            for begin, (topics, sums, samples) in zip(self._topics, fetched, strict=True):
                end = begin + topics.size
                matrices["topics"][begin:end] = topics
                if samples.size:
                    matrices["topic_samples"][:, begin:end] = samples
                if sums.size:
                    first = np.searchsorted(tokens.starts, begin)
                    matrices["document_sums"][first : first + len(sums)] = sums
            self._topics = {}
            self._save_restore_point()
        return True

    def _save_restore_point(self) -> None:
        """Copy the state that `_restore` goes back to, just after the topics were fetched."""
        matrices = {name: self._trainer.matrices[name].copy() for name in _LOCAL_MATRICES}
        self._restore_point = _RestorePoint(
            self._rounds, matrices, copy.deepcopy(vars(self._state))
        )

    def _restore(self) -> None:
        """Go back to the restore point; only the time of the run keeps its value."""
        with DeferredSignals():
            for name, matrix in self._restore_point.matrices.items():
                self._trainer.matrices[name][:] = matrix
            seconds = self._state.seconds
            vars(self._state).update(copy.deepcopy(self._restore_point.state), seconds=seconds)
            self._rounds, self._groups, self._topics = self._restore_point.rounds, {}, {}
            self._counts = self._trainer.counts(self._plan)

    def _report_loss(self, words: int) -> None:
        """Report why the run has gone back, and where to; `words` are to be sampled again."""
        epoch = self._state.chunks_done // self._epoch_chunks + 1
        lost = f"the topics of the last {plural(words, 'word')}"
        self._cluster.report(
            f"a worker or the scheduler was lost with {lost}: "
            f"back to epoch {min(epoch, self._plan.epochs)}/{self._plan.epochs}"
        )

    def _can_submit(self, first_chunk: int, pending: deque[tuple[list[Chunk], Any]]) -> bool:
        """Whether the round that begins with chunk number `first_chunk` can be submitted.

        A round of the next epoch has to wait until the priors are updated, at the end of this
        epoch.
        """
        epoch = self._state.chunks_done // self._epoch_chunks
        return len(pending) < MAX_PENDING_ROUNDS and first_chunk // self._epoch_chunks == epoch

    def _is_base_due(self) -> bool:
        """Whether the changes since the base are too large, too many or too old to be sent again.

        Each task depends on the changes of each round since the base. The scheduler holds all these
        dependencies in memory, so their number is limited by MAX_DEPENDENCIES.
        """
        tasks = -(-self._plan.shards // max(self._group_shards, 1))
        max_rounds = min(max(MAX_DEPENDENCIES // tasks, MIN_BASE_ROUNDS), MAX_BASE_ROUNDS)
        too_many_rounds = len(self._changes_since_base) >= max_rounds
        too_many_bytes = self._changes_bytes > MAX_CHANGES_RATIO * self._counts.counts.nbytes
        age = time.monotonic() - self._base_sent_at
        too_old = age > max(BASE_SECONDS, self._base_duration / BASE_SHARE)
        is_changed = bool(self._changes_since_base)
        return self._base is not None and (
            too_many_rounds or too_many_bytes or (too_old and is_changed)
        )

    def _send_base(self) -> None:
        """Fetch the topics and send them out again, then send the counts as the new base."""
        start = time.monotonic()
        self.fetch_topics()
        if self._losses > MAX_RESTARTS:
            raise self._cluster.workers_lost(self._losses)
        self._save_restore_point()
        threads = self._cluster.threads()
        if threads != self._threads or not self._group_shards:
            self._threads, self._groups = threads, {}
            # A round has at most one group for each thread. With more groups, some tasks would
            # wait, and Dask would move waiting tasks, with their topics, to idle workers.
            self._group_shards = -(-self._plan.shards // max(threads, 1))
        placed = 0  # number of chunks whose topics have been sent
        while placed < self._epoch_chunks:
            chunks = self._plan.round_from(placed)
            placed += len(chunks)
            for group in self._split_into_groups(chunks):
                self._place_group(group)
        base = CountsBase(self._rounds, count_changes.tally(self._counts.counts))
        self._base = self._cluster.spread(base)
        self._changes_since_base, self._changes_bytes = [], 0
        self._base_sent_at = time.monotonic()
        self._base_duration = self._base_sent_at - start

    def _split_into_groups(self, chunks: list[Chunk]) -> list[list[Chunk]]:
        """Split the chunks of a round into lists, one for each group."""
        step = self._group_shards
        return [chunks[first : first + step] for first in range(0, len(chunks), step)]

    def _place_group(self, chunks: list[Chunk]) -> None:
        """Send the topics of a group to a worker; first send the tokens if no worker has them."""
        begin, end = chunks[0].first, chunks[-1].last
        tokens, matrices = self._trainer.tokens, self._trainer.matrices
        first, last = np.searchsorted(tokens.starts, (begin, end))
        if begin not in self._groups:
            words = np.array(tokens.words[begin:end])
            starts = tokens.starts[first : last + 1] - begin
            self._groups[begin] = self._cluster.place(Group(begin, EncodedTerms(words, starts)))
        is_averaging = self._state.chunks_done > self._settings.burned_in * self._epoch_chunks
        sums = matrices["document_sums"][first : last if is_averaging else first]
        samples = matrices["topic_samples"][: None if is_averaging else 0, begin:end]
        parts = matrices["topics"][begin:end], sums, samples
        topics = Topics(*(np.array(part) for part in parts))
        self._topics[begin] = self._cluster.place(topics, self._groups[begin])

    def _submit_round(self, chunks: list[Chunk]) -> Any:
        """Submit the tasks of a round; return the future of the merged result of the round."""
        submit, matrices = self._cluster.submit, self._trainer.matrices
        alpha, eta = matrices["alpha"].copy(), float(matrices["eta"][0])
        pending_topics, nodes = {}, []
        for group in self._split_into_groups(chunks):
            begin = group[0].first
            sampled = submit(
                count_replica.sample, self._setup, self._base, list(self._changes_since_base),
                self._groups[begin], self._topics[begin], group, alpha, eta,
            )  # fmt: skip
            pending_topics[begin] = submit(count_replica.topics_of, sampled)
            nodes.append(submit(count_replica.result_of, sampled))
        while len(nodes) > 1:
            nodes = [
                submit(count_replica.add_up, nodes[first : first + FAN_IN], self._setup)
                for first in range(0, len(nodes), FAN_IN)
            ]
        self._pending_topics.append(pending_topics)
        self._changes_since_base.append(nodes[0])
        return nodes[0]

    def _apply_round(self, workers: Workers, chunks: list[Chunk], node: Any) -> None:
        """Count the chunks of a round, and add its changes to the counts.

        At the end of an epoch, also add the counts to their sums (after burn-in), and update the
        priors."""
        round_result: GibbsResult = node
        workers.state.latest = chunks[0]
        for shard, (chunk, result) in enumerate(zip(chunks, round_result.results, strict=True)):
            workers.count(chunk, *result)
            self._counts.note(chunk, shard, round_result.alpha_sums[shard])
        count_changes.add_to(self._counts.counts, round_result.changes)
        self._counts.average(slice(None))
        self._counts.end_round(self._counts.counts.sum(axis=0))
        self._topics |= self._pending_topics.popleft()
        self._rounds += 1
        self._changes_bytes += round_result.nbytes

    def _cancel_rounds(self, pending: deque[tuple[list[Chunk], Any]]) -> None:
        """Cancel the submitted rounds; the groups are sent again before the next round."""
        super()._cancel_rounds(pending)
        self._pending_topics.clear()
        self._groups = {}  # a dead worker may have held some of the groups
