"""Validation on a held-out text after each epoch: losses, early stopping, the best epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from w2v.text.encoded_text import EncodedText
from w2v.training.protocols import GradientTrainer

_BEST = "best."  # prefix of the names of the matrices of the best epoch in a checkpoint


class Validation:
    """Evaluates a trainer on a held-out text after each epoch.

    trainer   the trainer whose matrices are evaluated
    text      the held-out text, encoded with the vocabulary of the training text
    patience  stop after this number of epochs without a lower validation loss; None: never
    keeps     whether to keep a copy of the matrices of the best epoch, for `restore_best`

    `losses` holds the validation loss of each epoch so far, a mean in nats. Every evaluation uses
    the same windows and negative samples. The best epoch is that with the lowest validation loss.
    `unkept` is the number of first epochs that are not compared: a resumed run was trained for them
    without --valid or without --patience, so that it has no copy of their matrices.
    """

    def __init__(
        self, trainer: GradientTrainer, text: EncodedText, patience: int | None, keeps: bool
    ):
        self._trainer = trainer
        self.text, self.patience, self.keeps = text, patience, keeps
        self.losses: list[float] = []
        self.unkept = 0
        self._best: dict[str, np.ndarray] = {}

    @property
    def best_epoch(self) -> int:
        """The number, from 0, of the epoch with the lowest validation loss; of ties the first.

        It is the number of the next epoch if no epoch has been compared.
        """
        compared = range(self.unkept, len(self.losses))
        return min(compared, key=lambda epoch: self.losses[epoch], default=self.unkept)

    @property
    def has_best(self) -> bool:
        """Whether the matrices of the best epoch are kept."""
        return self.keeps and self.best_epoch < len(self.losses)

    @property
    def is_over(self) -> bool:
        """Whether early stopping ends the run: `patience` epochs have passed since the best one."""
        return self.patience is not None and len(self.losses) - 1 - self.best_epoch >= self.patience

    def evaluate(self) -> None:
        """Compute the validation loss after an epoch; keep the matrices if it is the best one."""
        loss = self._trainer.loss(self.text)
        self.losses.append(math.inf if math.isnan(loss) else loss)
        if self.keeps and self.best_epoch == len(self.losses) - 1:
            self._best = {name: matrix.copy() for name, matrix in self._trainer.matrices.items()}
        self._trainer.on_validation(self.losses)

    def note(self) -> str:
        """The text to show after the newest validation loss; may be empty."""
        return self._trainer.validation_note()

    def restore_best(self) -> None:
        """Overwrite the trainer's matrices by those of the best epoch, if these were kept."""
        for name, matrix in self._best.items():
            self._trainer.matrices[name][:] = matrix

    @contextmanager
    def best_restored(self) -> Iterator[int]:
        """A block in which the trainer has the matrices of the best epoch, whose number it gets.

        The number is from 1. After the block, the trainer has the matrices from before it.
        """
        matrices = self._trainer.matrices
        last_matrices = {name: matrix.copy() for name, matrix in matrices.items()}
        self.restore_best()
        try:
            yield self.best_epoch + 1
        finally:
            for name, matrix in last_matrices.items():
                matrices[name][:] = matrix

    def forget_best(self) -> None:
        """Free the copy of the matrices of the best epoch."""
        self._best = {}

    def saved(self) -> dict[str, np.ndarray]:
        """The matrices of the best epoch, by their names in a checkpoint."""
        return {_BEST + name: matrix for name, matrix in self._best.items()}

    def resume(
        self, losses: list[float], tensors: Mapping[str, np.ndarray], epochs: int, unkept: int
    ) -> None:
        """Restore the losses and the matrices of the best epoch from a checkpoint.

        losses   the validation losses of the epochs so far. --force also resumes a run that had no
                 --valid: an epoch that lacks its loss gets an infinite one
        tensors  all matrices of the checkpoint, by name
        epochs   number of complete epochs; the last one may not have been evaluated
        unkept   the `unkept` of the stopped run
        """
        missing = max(epochs - 1 - len(losses), 0)
        self.losses = losses + [math.inf] * missing
        self._best = {
            name.removeprefix(_BEST): np.array(tensor)
            for name, tensor in tensors.items()
            if name.startswith(_BEST) and self.keeps
        }
        lacks_best = missing > 0 or (self.keeps and not self._best)
        self.unkept = len(self.losses) if lacks_best else min(unkept, len(losses))
        self._trainer.on_validation(self.losses)
