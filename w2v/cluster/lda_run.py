"""A `Chain` whose sweeps are sampled on a cluster; its documents are read here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from w2v.cluster.connection import Cluster
from w2v.cluster.lda_rounds import ClusterGibbs
from w2v.runs import memory
from w2v.runs.gibbs import Chain
from w2v.system.progress import Progress
from w2v.training.state import TrainingState


class ClusterChain(Chain):
    """A run on a cluster, whose result is that of --deterministic on one machine."""

    def __init__(self, cluster: Cluster, *args: Any):
        super().__init__(*args)
        self._cluster, self.threads = cluster, cluster.threads()
        self._rounds: ClusterGibbs | None = None

    def _more_memory(self) -> int:
        return self.trainer.memory_bytes(1) + memory.names_bytes(self.vocabulary.counts, self.text)

    def start(self, on_compile: Callable[[], None]) -> None:
        """As of any `Chain`; no thread of this process will sample."""
        super().start(on_compile)
        self.trainer.restored()

    def _run(
        self,
        on_progress: Callable[[Progress], None],
        seconds: float,
        state: TrainingState,
        before: int,
    ) -> None:
        if self._rounds is None:
            self._rounds = ClusterGibbs(self._cluster, self.trainer, self.plan, self.options)
        self._rounds.run(on_progress, seconds, state, before)

    def train(
        self,
        on_progress: Callable[[Progress], None],
        on_epoch: Callable[[], None] = lambda: None,
    ) -> TrainingState:
        """As of any `Job`; what is lost before it is here is sampled again."""
        while True:
            state = super().train(on_progress, on_epoch)
            if self._rounds is None or self._rounds.bring_home():
                return state

    def checkpoint(self) -> bool:
        """As of any `Job`, or of what was here last, if more cannot be had."""
        if self._rounds:
            self._rounds.bring_home()
        return super().checkpoint()
