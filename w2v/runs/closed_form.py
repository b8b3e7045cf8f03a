"""A `Job` whose trainer reads the text itself; and one whose model is computed at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from w2v.errors import W2VError
from w2v.runs import memory
from w2v.runs.run import Job
from w2v.system.progress import Progress
from w2v.system.signals import Deferred
from w2v.training.chunks import Chunk
from w2v.training.state import TrainingState


class Prepared(Job):
    """A `Job` whose trainer is made once the text is read, and knows what memory it takes."""

    def _refuse_valid(self) -> None:
        if self.valid:
            raise W2VError("--valid is for models that are trained by gradients")

    def _lay_out(self) -> None:
        self.trainer = self.model.trainer(self.vocabulary, self.text, self.options)

    def matrix_bytes(self) -> int:
        """How many of them the matrices take."""
        return self.trainer.matrix_bytes()

    def _more_memory(self) -> int:
        names = memory.names_bytes(self.vocabulary.counts, self.text)
        return self.trainer.memory_bytes(self.threads) + names

    def _metadata(self) -> dict[str, str]:
        found = self.trainer.facts() if self.trainer.matrices else {}
        return super()._metadata() | {"found": json.dumps(found, sort_keys=True)}


class Solution(Prepared):
    """There is nothing to go on from: `train` computes it all."""

    def __init__(self, *args: Any, **others: Any):
        super().__init__(*args, **others)
        self._refuse_valid()
        if self.options.needs_vectors and not self.origin:
            raise W2VError(f"--model {self.model.name} needs word vectors: --init FILE")
        self.checkpoint_path = None

    def _lay_out(self) -> None:
        super()._lay_out()
        self.state = TrainingState(Chunk(0, 0, 0, 0, 0), [])

    def start(self, on_compile: Callable[[], None]) -> None:
        """Take over what the run starts from."""
        self._check_memory()
        with Deferred():
            self.trainer.begin()
            if self.origin:
                self.placed = self.origin.place(self.trainer, self.vocabulary.names, False)
        if self.origin and not self.placed:
            bad = f": {self.origin.left_out}" if self.origin.left_out else ""
            raise W2VError(f"{self.origin.name} has no vector of the text's words{bad}")

    def estimate(self, on_progress: Callable[[Progress], None], seconds: float) -> None:
        """There is nothing to learn from a part of it."""

    def train(
        self,
        on_progress: Callable[[Any], None],
        on_epoch: Callable[[], None] = lambda: None,
    ) -> TrainingState:
        """Compute the result; `on_progress` gets what is shown meanwhile."""
        self.trainer.solve(self.threads, lambda share: on_progress(f"computing {share:6.1%}"))
        return self.state
