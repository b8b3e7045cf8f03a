"""A held-out text: its loss after each epoch, when to stop, and the best vectors so far."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from w2v.text.encoded_text import EncodedText
from w2v.training.protocols import GradientTrainer

_BEST = "best."  # before the names of matrices in a checkpoint


class Validation:
    """Evaluates a trainer on a held-out text after each epoch.

    trainer
    text      what is held out, in the words of the vocabulary
    patience  epochs without a lower loss after which to stop; None: never
    keeps     whether to keep the best matrices, and to go back to them in the end

    `losses` are means in nats, of the same windows and noise words each time.
    """

    def __init__(
        self, trainer: GradientTrainer, text: EncodedText, patience: int | None, keeps: bool
    ):
        self._trainer = trainer
        self.text, self.patience, self.keeps = text, patience, keeps
        self.losses: list[float] = []
        self._best: dict[str, np.ndarray] = {}

    @property
    def best(self) -> int:
        """The epoch (from 0) with the lowest loss, the first of several."""
        return min(range(len(self.losses)), key=lambda epoch: self.losses[epoch], default=0)

    @property
    def is_over(self) -> bool:
        """Whether patience is at its end."""
        return self.patience is not None and len(self.losses) - 1 - self.best >= self.patience

    def evaluate(self) -> None:
        """Take the loss after an epoch."""
        loss = self._trainer.loss(self.text)
        self.losses.append(math.inf if math.isnan(loss) else loss)
        if self.keeps and self.best == len(self.losses) - 1:
            self._best = {name: matrix.copy() for name, matrix in self._trainer.matrices.items()}
        self._trainer.on_validation(self.losses)

    def note(self) -> str:
        """What is shown beside the newest loss."""
        return self._trainer.validation_note()

    def restore_best(self) -> None:
        """Take the trainer back to where its loss was lowest, if that was kept."""
        for name, matrix in self._best.items():
            self._trainer.matrices[name][:] = matrix

    def saved(self) -> dict[str, np.ndarray]:
        """The matrices that a checkpoint needs besides those of the trainer."""
        return {_BEST + name: matrix for name, matrix in self._best.items()}

    def resume(self, losses: list[float], tensors: Mapping[str, np.ndarray]) -> None:
        """Go on from what a checkpoint has kept."""
        self.losses = losses
        self._best = {
            name.removeprefix(_BEST): np.array(tensor)
            for name, tensor in tensors.items()
            if name.startswith(_BEST)
        }
        self._trainer.on_validation(self.losses)
