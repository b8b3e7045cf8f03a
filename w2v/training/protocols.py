"""What a model brings to a run: the protocols of trainers, and the checks of what they have learnt.

A trainer is made from (vocabulary, text, settings) and allocates nothing before `begin`. There are
two kinds: `IterativeTrainer`, of which `GradientTrainer` has a loss and `SgdTrainer` can be trained
by lock-free threads; and `ClosedFormTrainer`, which is computed without iterations over the text.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from w2v.embeddings.table import Table
from w2v.errors import DivergedError
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.training.chunks import Chunk, Plan

if TYPE_CHECKING:
    from w2v.text.vocabulary import Vocabulary

_ROWS = 1 << 14  # looked at together


class Shards(Protocol):
    """Copies of a trainer's matrices, or of rows of them, that chunks of a round are trained on.

    A round's merging falls into steps, of which `parts` says how many pieces each has; threads may
    take the pieces of a step at once. They are numbered from the first step on.
    """

    parts: tuple[int, ...]

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """A function that trains a chunk on the copy with a number: one for each thread.

        It depends on nothing but the matrices as they are, the chunk and the settings.
        """

    def merge(self, part: int, chunks: int) -> None:
        """Bring a part of what the first `chunks` copies have learnt into the matrices."""


@runtime_checkable
class Trainer(Protocol):
    """What every model brings."""

    matrices: dict[str, np.ndarray]  # all that training changes; perhaps padded: see `vectors`
    kernels: tuple[str, ...]  # the modules of `w2v.kernels` that it calls

    def matrix_bytes(self) -> int:
        """Bytes of the matrices, known before they are allocated."""

    def memory_bytes(self, threads: int) -> int:
        """Bytes that training on some threads and writing take, about, besides what is used."""

    def tables(self) -> dict[str, Table]:
        """What the run has learnt, by the names of tables."""

    def tensors(self) -> dict[str, np.ndarray]:
        """What else a file needs."""


@runtime_checkable
class HasVectors(Protocol):
    """A trainer whose matrices can be filled from outside: from a checkpoint, or by --init."""

    def vectors(self, name: str) -> np.ndarray:
        """One of the matrices without its padding, as a view that can be written to."""


@runtime_checkable
class IterativeTrainer(Trainer, HasVectors, Protocol):
    """What is trained chunk by chunk, and can be stopped after each: by Gibbs sampling, say."""

    def plan(self, threads: int) -> Plan:
        """The chunks of a run on so many threads, where the settings do not fix the rounds."""

    def begin(self, shards: int) -> None:
        """Allocate the matrices, with their initial values; a round has so many chunks."""

    def restored(self) -> None:
        """The matrices have been read from a checkpoint: forget what was derived from them."""

    def lr_at(self, share: float) -> float:
        """The learning rate when a share (0 to 1) of the run is done; NaN where there is none."""

    def shards(self, plan: Plan) -> Shards:
        """What the rounds of a plan are trained on."""

    def loss_note(self, epoch: int, pairs: int, loss: float) -> str:
        """What is shown beside the mean loss of so many pairs in an epoch (from 0)."""


@runtime_checkable
class GradientTrainer(IterativeTrainer, Protocol):
    """What is trained by gradients, so that a held-out text has a loss."""

    def best_bytes(self, threads: int) -> int:
        """Bytes that keeping the best matrices and evaluating take besides."""

    def check_held_out(self, text: EncodedText) -> None:
        """W2VError where a held-out text cannot be evaluated."""

    def loss(self, text: EncodedText) -> float:
        """Mean nats for each pair of a text, without learning from it; NaN if it has none."""

    def on_validation(self, losses: list[float]) -> None:
        """Take account of the losses of the held-out text after each epoch so far."""

    def validation_note(self) -> str:
        """What is shown beside the loss that `loss` has found last."""

    def freeze(self, rows: np.ndarray) -> None:
        """Never change the words' vectors of these rows, bool (V,)."""


@runtime_checkable
class HasWorkers(Protocol):
    """What lock-free threads can train."""

    def worker(self) -> Callable[[Chunk], tuple[float, int]]:
        """A function that trains a chunk: (sum of losses, pairs); one for each thread."""


@runtime_checkable
class SgdTrainer(GradientTrainer, HasWorkers, Protocol):
    """Stochastic gradient descent on single predictions, lock-free or in rounds.

    vocabulary, text  what it is trained on
    frozen            bool (V,), or of no row: see `freeze`
    """

    vocabulary: Vocabulary
    text: EncodedText
    frozen: np.ndarray


@runtime_checkable
class ClosedFormTrainer(Trainer, Protocol):
    """What is computed without iterations over the text."""

    def begin(self) -> None:
        """Allocate what initial vectors are copied into."""

    def solve(self, threads: int, on_share: Callable[[float], None]) -> None:
        """Compute the matrices; `on_share` gets how much (0 to 1) of the work is done."""


@runtime_checkable
class Summarised(Protocol):
    """A trainer that sums up what it has found."""

    def summary(self) -> str:
        """What was found, in a line."""


@runtime_checkable
class Described(Protocol):
    """A trainer that has more to say in the file than its arrays do."""

    matrices: dict[str, np.ndarray]

    def facts(self) -> dict[str, Any]:
        """What was found, for the file; JSON."""


class DocumentInference(Protocol):
    """What infers vectors of new documents."""

    def vectors(
        self, text: EncodedDocuments, threads: int = 1, on_progress: Callable[[int], None] = ...
    ) -> np.ndarray:
        """The vectors of all documents of a text, float32 (M, D).

        on_progress  called with how many are done, now and then
        """


def diverged(how: str, lr: float) -> DivergedError:
    """The error of a run that has come to NaN or infinity; `lr` is its rate, or NaN."""
    advice = f"; try --lr {lr / 10:g} or less" if lr > 0 else ""
    return DivergedError(f"training diverged {how}{advice}")


def check_finite(trainer: Trainer) -> None:
    """DivergedError where there is a vector that must not be written."""
    for matrix in trainer.matrices.values():
        for begin in range(0, len(matrix), _ROWS):
            if not np.isfinite(matrix[begin : begin + _ROWS]).all():
                lr = trainer.lr_at(0.0) if isinstance(trainer, IterativeTrainer) else math.nan
                raise diverged("to vectors that are not finite", lr)
