"""The progress of a run after a chunk: the number of chunks and words done, and the losses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from w2v.training.chunks import Chunk, Plan


@dataclass
class TrainingState:
    """The progress of a run.

    latest       the chunk that was started last
    losses       [sum of losses in nats, number of pairs] of each epoch that has begun. Epochs that
                 have not begun have no entry, because a run may have very many of them
    chunks_done  number of chunks trained; chunks are trained in the order of the plan
    words        number of words trained, in all epochs
    resumed      number of words, of those trained, that were trained before a resume
    seconds      training time of this process
    """

    latest: Chunk
    losses: list[list[float]]
    chunks_done: int = 0
    words: int = 0
    resumed: int = 0
    seconds: float = 0.0

    @classmethod
    def start(cls, plan: Plan) -> TrainingState:
        """The state before the first chunk."""
        return cls(plan[0], [])

    def saved(self) -> dict[str, Any]:
        """The part of the state that a checkpoint holds; the rest is derived from the plan."""
        return {"chunks_done": self.chunks_done, "losses": self.losses}

    @classmethod
    def restored(cls, plan: Plan, saved: Mapping[str, Any]) -> TrainingState:
        """The state of a run that is resumed from a checkpoint.

        saved  the result of the method `saved` of the stopped run. If --force resumes a run with
               another text or number of epochs, losses and chunks done are cut to those of `plan`
        """
        losses = [[float(total), int(pairs)] for total, pairs in saved["losses"][: plan.epochs]]
        done = min(int(saved["chunks_done"]), len(plan))
        words = round(plan[done - 1].end * plan.words) if done else 0
        return cls(plan[max(done - 1, 0)], losses, done, words, resumed=words)

    def add(self, chunk: Chunk, loss: float, pairs: int) -> None:
        """Add the loss and the words of a trained chunk.

        loss   the sum of the losses in nats
        pairs  number of pairs: the predictions that the loss is the sum of
        """
        while len(self.losses) <= chunk.epoch:
            self.losses.append([0.0, 0])
        self.losses[chunk.epoch][0] += float(loss)
        self.losses[chunk.epoch][1] += int(pairs)
        self.chunks_done += 1
        self.words += chunk.last - chunk.first

    def pairs(self, epoch: int) -> int:
        """Number of pairs of an epoch so far."""
        return int(self.losses[epoch][1]) if 0 <= epoch < len(self.losses) else 0

    def mean_loss(self, epoch: int) -> float:
        """The mean loss of an epoch, in nats for each pair; NaN for an epoch without pairs."""
        pairs = self.pairs(epoch)
        return self.losses[epoch][0] / pairs if pairs else math.nan

    def mean_losses(self) -> list[float]:
        """The mean loss of each epoch that has begun, see `mean_loss`."""
        return [self.mean_loss(epoch) for epoch in range(len(self.losses))]
