"""Training in synchronous rounds on a cluster, as a chain of futures.

The model after a round is the model before it plus the changes of the round. The arguments of a
task are a base (the whole model after an earlier round), the changes of all rounds since the base,
and chunks. Each worker keeps the model of its last task, so that only new changes are sent. The
changes of the tasks are merged along a tree. Workers fetch the merged changes from each other when
they need them; this process gets a copy. The next round does not need that copy, so this process
can submit rounds ahead.

From time to time a new base is sent out. Later tasks need no changes from before the base. When a
worker has died or a new one has joined, only the rounds since the base are computed again.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from w2v.cluster import row_changes, worker_tasks
from w2v.cluster.chunk_data import ChunkSource
from w2v.cluster.connection import Cluster
from w2v.cluster.model_replica import ModelBase, matrices
from w2v.system.progress import Progress, plural
from w2v.system.resources import readable
from w2v.system.signals import DeferredSignals
from w2v.training.chunks import Chunk, Plan
from w2v.training.loop import progress_of
from w2v.training.state import TrainingState
from w2v.training.workers import Workers

AHEAD = 3  # most rounds that are submitted and not yet complete
LONGEST = 64  # most rounds from one base to the next
HEAVIEST = 4  # most bytes of the changes since a base, as a multiple of the bytes of the base
TOGETHER = 8  # nodes that one task merges
TRIES = 3  # most restarts in a row from this process's model, after workers' data were lost


class ClusterRounds:
    """The rounds of a run on a cluster.

    cluster  the workers
    trainer  has the model at the beginning, and after each call of `run`
    plan     the chunks of the run
    setup    the facts that workers need: a `ModelSetup` or `CountsSetup`
    source   finds the words of a chunk
    """

    def __init__(self, cluster: Cluster, trainer: Any, plan: Plan, setup: Any, source: ChunkSource):
        self._cluster, self._trainer, self._plan, self._source = cluster, trainer, plan, source
        self._setup = cluster.keep(setup)
        self._rounds = 0  # rounds whose changes are in the trainer
        self._base: Any = None
        self._base_bytes = 0
        self._later: list[Any] = []  # futures of the changes of the rounds since the base
        self._later_bytes = 0
        self._covers = 1  # shards that a task trains
        self._moved = 0  # most bytes that the last round can have sent

    def run(
        self,
        on_progress: Callable[[Progress], None],
        seconds: float,
        state: TrainingState,
        before: int,
    ) -> None:
        """Train until chunk `before`, or for about `seconds` seconds: see `loop.run`.

        on_progress  called several times a second, and at the end
        state        the progress of the run; changed in place
        Raises       ConnectionLostError if the scheduler is gone; `Cluster.lost` if data of
                     workers were lost more than TRIES times in a row
        """
        workers = Workers(self._trainer, self._plan, state, before)
        began, passed, tries = time.monotonic(), state.seconds, 0

        def report() -> None:
            state.seconds = passed + time.monotonic() - began
            on_progress(progress_of(self._trainer, self._plan, state, self._round_note()))

        with DeferredSignals() as signals:
            waiting: deque[tuple[list[Chunk], Any]] = deque()
            submitted = state.chunks_done  # chunks that are submitted or done
            try:
                while state.chunks_done < before:
                    over = time.monotonic() - began > seconds
                    if over and not waiting:
                        break
                    due = self._is_base_due()
                    if not waiting and (due or self._base is None):
                        self._send_base()
                        submitted = state.chunks_done
                    elif (
                        not (due or over)
                        and submitted < before
                        and self._is_ready(submitted, waiting)
                    ):
                        chunks = self._plan.round_from(submitted)
                        waiting.append((chunks, self._submit_round(chunks)))
                        submitted += len(chunks)
                        continue
                    if waiting and self._cluster.is_done(waiting[0][1]):
                        try:
                            node = self._cluster.result(waiting[0][1])
                        except self._cluster.lost:
                            tries += 1
                            if tries > TRIES:
                                raise
                            self._forget(waiting)
                            submitted = state.chunks_done
                            continue
                        self._take(workers, waiting.popleft()[0], node)
                        tries = 0
                    report()
                    signals.check()
            finally:
                if waiting:
                    self._forget(waiting)
        report()

    def _round_note(self) -> str:
        """Format the numbers of rounds and workers, and the most bytes that a round sent."""
        workers = self._cluster.workers()
        sent = f", {readable(self._moved)} a round" if self._moved else ""
        return f"round {self._rounds:,}, {plural(workers, 'worker')}{sent}"

    def _is_ready(self, number: int, waiting: deque[tuple[list[Chunk], Any]]) -> bool:
        """Whether the round that begins with chunk `number` can be submitted."""
        return len(waiting) < AHEAD

    def _is_base_due(self) -> bool:
        heavy = self._later_bytes > HEAVIEST * self._base_bytes
        return self._base is not None and (heavy or len(self._later) >= LONGEST)

    def _send_base(self) -> None:
        base = ModelBase(self._rounds, dict(matrices(self._trainer)))
        self._base_bytes = sum(matrix.nbytes for matrix in base.matrices.values())
        self._base, self._later, self._later_bytes = self._cluster.spread(base), [], 0
        spare = self._plan.shards / (2 * max(self._cluster.threads(), 1))
        self._covers = 1 << max(int(math.log2(max(spare, 1))), 0)

    def _submit_round(self, chunks: list[Chunk]) -> Any:
        """Submit the tasks of a round; return the future of the root of its tree."""
        submit, covers = self._cluster.submit, self._covers
        chunk_data = [self._source.of(chunk) for chunk in chunks]
        nodes = [
            submit(
                worker_tasks.train, self._setup, self._base, list(self._later),
                chunk_data[first : first + covers], number, covers,
            )
            for number, first in enumerate(range(0, len(chunk_data), covers))
        ]  # fmt: skip
        while len(nodes) > 1:
            covers *= TOGETHER
            nodes = [
                submit(worker_tasks.merge, nodes[first : first + TOGETHER], covers)
                for first in range(0, len(nodes), TOGETHER)
            ]
        self._later.append(nodes[0])
        return nodes[0]

    def _take(self, workers: Workers, chunks: list[Chunk], node: row_changes.Node) -> None:
        """Count the chunks of a round, and apply their changes to the trainer's matrices."""
        workers.state.latest = chunks[0]
        for chunk, (loss, pairs) in zip(chunks, node.results, strict=True):
            workers.count(chunk, loss, pairs)
        row_changes.apply(self._trainer.matrices, node.changes)
        self._rounds += 1
        self._later_bytes += node.nbytes
        self._moved = node.moved + node.nbytes * self._cluster.workers()

    def _forget(self, waiting: deque[tuple[list[Chunk], Any]]) -> None:
        """Cancel the submitted rounds; the next round begins with a new base."""
        self._cluster.cancel([future for _, future in waiting])
        waiting.clear()
        self._base, self._later, self._later_bytes = None, [], 0
