"""A `Job` that goes in rounds always; and one whose model is sampled: a Markov chain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from w2v.errors import W2VError
from w2v.kernels.cache import is_cold
from w2v.runs.closed_form import Prepared
from w2v.system.progress import Progress
from w2v.system.signals import Deferred
from w2v.training.loop import run
from w2v.training.state import TrainingState


class Rounds(Prepared):
    """Always in rounds: the result is the same for the same --threads, or --shards in their place.

    So what a checkpoint goes on from is bit for bit what would have been.
    """

    def _threads_told(self) -> str:
        return str(self.threads)

    def _lay_out(self) -> None:
        super()._lay_out()
        told = self.options
        self.plan = self.trainer.plan(told.shards if told.deterministic else self.threads)
        self.state = TrainingState.start(self.plan)

    def start(self, on_compile: Callable[[], None]) -> None:
        """Make the matrices and load the kernels."""
        self._check_memory()
        with Deferred():
            self.trainer.begin(self.plan.shards)
            if self.origin:
                names, freeze = self.vocabulary.names, self.how.freeze
                self.placed = self.origin.place(self.trainer, names, freeze)
            if is_cold(*self.trainer.kernels):
                on_compile()
            self.trainer.shards(self.plan).worker()(self.plan.nothing(), 0)

    def resume(self, force: bool = False) -> bool:
        """As of any `Job`; the trainer learns that its matrices are others."""
        found = super().resume(force)
        self.trainer.restored()
        return found

    def _run(
        self,
        on_progress: Callable[[Progress], None],
        seconds: float,
        state: TrainingState,
        before: int,
    ) -> None:
        run(
            self.trainer, self.plan, self.threads, on_progress, seconds, state, before,
            in_rounds=True,
        )  # fmt: skip


class Chain(Rounds):
    """Its last sweeps are averaged."""

    def __init__(self, *args: Any, **others: Any):
        super().__init__(*args, **others)
        self._refuse_valid()
        if self.options.averaged < 1:
            raise W2VError(
                f"--burn-in {self.options.burn_in} leaves none of --epochs {self.options.epochs} "
                "to average"
            )
