"""A `Job` whose model is sampled: a Markov chain, sweep by sweep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from w2v.errors import W2VError
from w2v.kernels.cache import is_cold
from w2v.plan import State, SweepPlan
from w2v.progress import Progress
from w2v.signals import Deferred
from w2v.solution import Prepared
from w2v.training import run


class Chain(Prepared):
    """Always in rounds: the result is the same for the same --threads, or --shards in their place.

    So what a checkpoint goes on from is bit for bit what would have been.
    """

    def __init__(self, *args: Any, **others: Any):
        super().__init__(*args, **others)
        if self.options.averaged < 1:
            raise W2VError(
                f"--burn-in {self.options.burn_in} leaves none of --epochs {self.options.epochs} "
                "to average"
            )

    def _threads_told(self) -> str:
        return str(self.threads)

    def _lay_out(self) -> None:
        super()._lay_out()
        told, trainer = self.options, self.trainer
        shards = told.shards if told.deterministic else self.threads
        starts = trainer.tokens.starts
        self.plan = SweepPlan(starts, told.epochs, shards, trainer.longest_chunk())
        self.state = State.start(self.plan)

    def start(self, on_compile: Callable[[], None]) -> None:
        """Make the matrices and load the kernels."""
        self._check_memory()
        with Deferred():
            self.trainer.begin(self.plan.shards)
            if is_cold(*self.trainer.kernels):
                on_compile()
            self.trainer.shards(self.plan).worker()(self.plan.nothing(), 0)

    def resume(self, force: bool = False) -> bool:
        """As of any `Job`; the counts follow from the topics that were saved."""
        found = super().resume(force)
        self.trainer.recount()
        return found

    def _run(
        self, on_progress: Callable[[Progress], None], seconds: float, state: State, before: int
    ) -> None:
        run(
            self.trainer, self.plan, self.threads, on_progress, seconds, state, before,
            in_rounds=True,
        )  # fmt: skip
