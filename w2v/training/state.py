"""The state of a run between two chunks: the latest chunk, the losses, and what was counted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from w2v.training.chunks import Chunk, Plan


@dataclass
class TrainingState:
    """Where a run is.

    latest       the chunk that was begun last
    losses       (sum of losses, pairs) for each epoch
    chunks_done  of the run's list
    words        trained, of all epochs
    resumed      how many of them were trained before this process began
    seconds      for which this process has trained
    """

    latest: Chunk
    losses: list[list[float]]
    chunks_done: int = 0
    words: int = 0
    resumed: int = 0
    seconds: float = 0.0

    @classmethod
    def start(cls, plan: Plan) -> TrainingState:
        """The state of a run that has not begun."""
        return cls(plan[0], [[0.0, 0] for _ in range(plan.epochs)])

    def saved(self) -> dict[str, Any]:
        """What a checkpoint keeps of it: all that does not follow from the plan."""
        return {"chunks_done": self.chunks_done, "losses": self.losses}

    @classmethod
    def restored(cls, plan: Plan, saved: Mapping[str, Any]) -> TrainingState:
        """The state that `saved` was made of.

        Of a run that was forced to go on with another text or --epochs: as far on as that allows.
        """
        losses = [[float(total), int(pairs)] for total, pairs in saved["losses"][: plan.epochs]]
        losses += [[0.0, 0] for _ in range(plan.epochs - len(losses))]
        done = min(int(saved["chunks_done"]), len(plan))
        words = round(plan[done - 1].end * plan.words) if done else 0
        return cls(plan[max(done - 1, 0)], losses, done, words, resumed=words)

    def add(self, chunk: Chunk, loss: float, pairs: int) -> None:
        """Count a chunk as trained."""
        self.losses[chunk.epoch][0] += float(loss)
        self.losses[chunk.epoch][1] += int(pairs)
        self.chunks_done += 1
        self.words += chunk.last - chunk.first

    def mean_losses(self) -> list[float]:
        """Nats for each trained pair, by epoch; NaN where nothing was trained."""
        return [total / pairs if pairs else math.nan for total, pairs in self.losses]
