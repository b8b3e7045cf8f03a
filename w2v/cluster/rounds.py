"""Training in rounds on a cluster: a chain of futures, of which none needs what this process has.

The model after a round is the model before it and what the round has changed. A round's task takes
a base, the whole model of an earlier round, the changes of all rounds after it, and some chunks;
each worker holds the model of the round that it was asked for last, so that only new changes move.
What the tasks find is merged along a tree, and goes to the workers as they need it, and here.

Every so often a new base is sent out: tasks need no changes from before it any more, and where a
worker has died or a new one has come, there is no more to be done again than since then.
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

AHEAD = 3  # rounds that are handed out before their results are here
LONGEST = 64  # rounds from one base to the next
HEAVIEST = 4  # times as much as the base may its later changes take
TOGETHER = 8  # nodes that are merged by one task
TRIES = 3  # to go on from what this process has after all that a worker held is lost


class ClusterRounds:
    """The rounds of a run on a cluster.

    trainer  has the model at the beginning, and after each call of `run`
    source   what of the text each chunk needs
    """

    def __init__(self, cluster: Cluster, trainer: Any, plan: Plan, setup: Any, source: ChunkSource):
        self._cluster, self._trainer, self._plan, self._source = cluster, trainer, plan, source
        self._setup = cluster.keep(setup)
        self._rounds = 0  # whose changes are in the trainer
        self._base: Any = None
        self._base_bytes = 0
        self._later: list[Any] = []  # futures of the rounds since
        self._later_bytes = 0
        self._covers, self._moved = 1, 0

    def run(
        self,
        on_progress: Callable[[Progress], None],
        seconds: float,
        state: TrainingState,
        before: int,
    ) -> None:
        """Train until chunk `before` or about so many seconds have passed: see `training.run`."""
        workers = Workers(self._trainer, self._plan, state, before)
        began, passed, tries = time.monotonic(), state.seconds, 0

        def report() -> None:
            state.seconds = passed + time.monotonic() - began
            on_progress(progress_of(self._trainer, self._plan, state, self._round_note()))

        with DeferredSignals() as signals:
            waiting: deque[tuple[list[Chunk], Any]] = deque()
            handed = state.chunks_done
            try:
                while state.chunks_done < before:
                    over = time.monotonic() - began > seconds
                    if over and not waiting:
                        break
                    due = self._is_base_due()
                    if not waiting and (due or self._base is None):
                        self._send_base()
                        handed = state.chunks_done
                    elif not (due or over) and handed < before and self._is_ready(handed, waiting):
                        chunks = self._plan.round_from(handed)
                        waiting.append((chunks, self._hand_out(chunks)))
                        handed += len(chunks)
                        continue
                    if waiting and self._cluster.is_done(waiting[0][1]):
                        try:
                            node = self._cluster.result(waiting[0][1])
                        except self._cluster.lost:
                            tries += 1
                            if tries > TRIES:
                                raise
                            self._forget(waiting)
                            handed = state.chunks_done
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
        """How many rounds and workers, and the most bytes that the last round sent to a worker."""
        workers = self._cluster.workers()
        return f"round {self._rounds:,}, {plural(workers, 'worker')}, {readable(self._moved)} each"

    def _is_ready(self, number: int, waiting: deque[tuple[list[Chunk], Any]]) -> bool:
        """Whether the round that begins with a chunk can be handed out."""
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

    def _hand_out(self, chunks: list[Chunk]) -> Any:
        """Hand a round out: the future of its root."""
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
        """Count a round's chunks, and bring what they have changed into the trainer's matrices."""
        workers.state.latest = chunks[0]
        for chunk, (loss, pairs) in zip(chunks, node.results, strict=True):
            workers.count(chunk, loss, pairs)
        row_changes.apply(self._trainer.matrices, node.changes)
        self._rounds += 1
        self._later_bytes += node.nbytes
        self._moved = node.moved + node.nbytes * self._cluster.workers()

    def _forget(self, waiting: deque[tuple[list[Chunk], Any]]) -> None:
        """Cancel what has been handed out; the next round begins with a new base."""
        self._cluster.cancel([future for _, future in waiting])
        waiting.clear()
        self._base, self._later, self._later_bytes = None, [], 0
