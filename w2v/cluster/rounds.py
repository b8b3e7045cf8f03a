"""Training in synchronous rounds on a cluster, as a chain of futures.

The model after a round is the model before the round plus the changes of the round. The arguments
of a task are a base (the whole model after an earlier round), the changes of all rounds since the
base, and chunks. Each worker keeps the model of its last task, so that only new changes are sent.

The changes of the tasks are merged along a tree, the merge tree. A leaf of the tree is the changes
of one shard, that is of one chunk of the round. The root is the changes of the whole round. Workers
fetch merged changes from each other when they need them. This process gets a copy of the root.
Tasks do not need that copy, so this process can submit rounds before it has the results of earlier
rounds.

From time to time a new base is sent out. Later tasks need no changes from before the base. When a
worker has died, only rounds since the base are computed again. A worker that joins loads the base,
and applies only the changes since the base.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from w2v.cluster import row_changes, worker_tasks
from w2v.cluster.chunk_data import ChunkSource
from w2v.cluster.connection import Cluster
from w2v.cluster.model_replica import ModelBase, matrices
from w2v.kernels.contraction import Contraction
from w2v.system.progress import Progress, plural
from w2v.system.resources import readable
from w2v.system.signals import DeferredSignals
from w2v.training.chunks import Chunk, Plan
from w2v.training.loop import progress_of
from w2v.training.state import TrainingState
from w2v.training.workers import Workers

MAX_PENDING_ROUNDS = 3  # maximum number of rounds that are submitted but not complete
MAX_BASE_ROUNDS = 64  # maximum number of rounds from one base to the next
MAX_CHANGES_RATIO = 4  # maximum size of the changes since a base, in multiples of the base
FAN_IN = 8  # maximum number of nodes of the merge tree that one task merges
MAX_RESTARTS = 3  # maximum number of restarts in a row, after data on workers were lost


class ClusterRounds:
    """The rounds of a run on a cluster.

    cluster  the connection to the scheduler and its workers
    trainer  the trainer of this process. Its matrices are the model at the beginning of the run,
             and after each call of `run`
    plan     the chunks of the run
    setup    the facts that workers need: a `ModelSetup` or `CountsSetup`
    source   the source of the words of each chunk
    """

    def __init__(self, cluster: Cluster, trainer: Any, plan: Plan, setup: Any, source: ChunkSource):
        self._cluster, self._trainer, self._plan, self._source = cluster, trainer, plan, source
        self._facts = setup
        self._setup: Any = None  # the future of `_facts`; sent before each base
        self._rounds = 0  # number of rounds whose changes are in the trainer's matrices
        self._base: Any = None  # the future of the base; None if a new base must be sent first
        self._base_bytes = 0
        self._changes_since_base: list[Any] = []  # a future of the merged changes of each round
        self._changes_bytes = 0  # bytes of the changes since the base
        self._shards_per_task = 1  # maximum number of shards that a task trains
        self._max_bytes_sent = 0  # upper bound of the bytes that were sent in the last round

    def run(
        self,
        on_progress: Callable[[Progress], None],
        seconds: float,
        state: TrainingState,
        stop_before: int,
    ) -> None:
        """Train until chunk `stop_before`, or for about `seconds` seconds: see `loop.run`.

        After a loss of data on workers, submit the rounds after the last complete one again, with a
        new base.

        on_progress  called several times a second, and at the end
        state        the progress of the run; changed in place
        stop_before  number of the first chunk that is not trained
        Raises       ConnectionLostError if the scheduler is gone, if several workers died in the
                     same task, or if data of workers were lost more than MAX_RESTARTS times in a
                     row; DivergedError if a loss is not finite
        """
        workers = Workers(self._trainer, self._plan, state, stop_before)
        start, earlier_seconds, restarts = time.monotonic(), state.seconds, 0

        def report() -> None:
            state.seconds = earlier_seconds + time.monotonic() - start
            on_progress(progress_of(self._trainer, self._plan, state, self._round_note()))

        with DeferredSignals() as signals:
            # The chunks and the future of each submitted round.
            pending: deque[tuple[list[Chunk], Any]] = deque()
            submitted = state.chunks_done  # number of chunks that are submitted or done
            try:
                while state.chunks_done < stop_before:
                    is_time_up = time.monotonic() - start > seconds
                    if is_time_up and not pending:
                        break
                    base_due = self._is_base_due()
                    try:
                        if not pending and (base_due or self._base is None):
                            self._setup = self._cluster.keep(self._facts)
                            self._send_base()
                            submitted = state.chunks_done
                        elif (
                            not (base_due or is_time_up)
                            and submitted < stop_before
                            and self._can_submit(submitted, pending)
                        ):
                            chunks = self._plan.round_from(submitted)
                            pending.append((chunks, self._submit_round(chunks)))
                            submitted += len(chunks)
                            continue
                        if pending and self._cluster.is_done(pending[0][1]):
                            node = self._cluster.result(pending[0][1])
                            self._apply_round(workers, pending.popleft()[0], node)
                            restarts = 0
                    except self._cluster.data_loss_errors:
                        restarts += 1
                        if restarts > MAX_RESTARTS:
                            raise self._cluster.workers_lost(restarts) from None
                        self._cancel_rounds(pending)
                        submitted = state.chunks_done
                        continue
                    report()
                    signals.check()
            finally:
                if pending:
                    self._cancel_rounds(pending)
        report()

    def _round_note(self) -> str:
        """Format the number of rounds, of workers, and the most bytes that the last round sent."""
        workers = self._cluster.workers()
        note = f"round {self._rounds:,}, {plural(workers, 'worker')}"
        if self._max_bytes_sent:
            note += f", up to {readable(self._max_bytes_sent)} sent in the last round"
        return note

    def _can_submit(self, first_chunk: int, pending: deque[tuple[list[Chunk], Any]]) -> bool:
        """Whether the round that begins with chunk number `first_chunk` can be submitted."""
        return len(pending) < MAX_PENDING_ROUNDS

    def _is_base_due(self) -> bool:
        """Whether the changes since the base are too large or too many to be sent again."""
        too_many_rounds = len(self._changes_since_base) >= MAX_BASE_ROUNDS
        too_many_bytes = self._changes_bytes > MAX_CHANGES_RATIO * self._base_bytes
        return self._base is not None and (too_many_rounds or too_many_bytes)

    def _send_base(self) -> None:
        """Send the model of this process to all workers as the new base.

        Also set the number of shards that a task trains: a power of two, so that each task computes
        a node of the merge tree. A round with enough shards has at least two tasks for each thread.
        """
        self._source.restore()
        base = ModelBase(self._rounds, dict(matrices(self._trainer)))
        self._base_bytes = sum(matrix.nbytes for matrix in base.matrices.values())
        self._base = self._cluster.spread(base)
        self._changes_since_base, self._changes_bytes = [], 0
        limit = self._plan.shards / (2 * max(self._cluster.threads(), 1))
        self._shards_per_task = 1 << max(int(math.log2(max(limit, 1))), 0)

    def _submit_round(self, chunks: list[Chunk]) -> Any:
        """Submit the tasks of a round; return the future of the root of its merge tree."""
        submit, shard_count = self._cluster.submit, self._shards_per_task
        chunk_data = [self._source.of(chunk) for chunk in chunks]
        state = self._setup, self._base, list(self._changes_since_base)
        nodes = [
            submit(
                worker_tasks.train, *state,
                chunk_data[first : first + shard_count], number, shard_count,
            )
            for number, first in enumerate(range(0, len(chunk_data), shard_count))
        ]  # fmt: skip
        while len(nodes) > 1:
            shard_count *= FAN_IN
            nodes = [
                submit(worker_tasks.merge, *state, nodes[first : first + FAN_IN], shard_count)
                for first in range(0, len(nodes), FAN_IN)
            ]
        self._changes_since_base.append(nodes[0])
        return nodes[0]

    def _apply_round(self, workers: Workers, chunks: list[Chunk], node: row_changes.Node) -> None:
        """Count the chunks of a round, and apply their changes to the trainer's matrices."""
        workers.state.latest = chunks[0]
        for chunk, (loss, pairs) in zip(chunks, node.results, strict=True):
            workers.count(chunk, loss, pairs)
        contractions = self._contractions(node.begin)
        row_changes.apply(self._trainer.matrices, node.changes, contractions)
        self._rounds += 1
        self._changes_bytes += node.nbytes
        self._max_bytes_sent = node.merged_bytes + node.nbytes * self._cluster.workers()

    @cached_property
    def _contractions(self) -> Callable[[float], Mapping[str, Contraction]]:
        return self._trainer.contractions(self._plan)

    def _cancel_rounds(self, pending: deque[tuple[list[Chunk], Any]]) -> None:
        """Cancel the submitted rounds; a new base is sent before the next round."""
        self._cluster.cancel([future for _, future in pending])
        pending.clear()
        self._base, self._changes_since_base, self._changes_bytes = None, [], 0
