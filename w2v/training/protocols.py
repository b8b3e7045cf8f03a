"""Protocols of trainers, the classes that train a model; and the check that results are finite.

A trainer is made from (vocabulary, text, settings) and allocates no matrices before `begin`. There
are two kinds. An `IterativeTrainer` trains its model chunk by chunk. Of these, a `GradientTrainer`
can also compute the loss on a held-out text, and a `SgdTrainer` can also run on lock-free threads.
A `ClosedFormTrainer` computes its model without iterations over the text.

A pair is one prediction that a loss is the mean of, such as a center word and a context word.
Letters: V words, M documents, D numbers in a vector.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from w2v.embeddings.subwords import Subwords
from w2v.embeddings.table import Table
from w2v.errors import DivergedError
from w2v.settings import TextSettings
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.training.chunks import Chunk, Plan

if TYPE_CHECKING:
    from w2v.text.vocabulary import Vocabulary

_ROWS = 1 << 14  # rows that are checked at a time


class Shards(Protocol):
    """Copies of a trainer's matrices, or of rows of them, for the chunks of a round.

    Shard s is the copy that the s-th chunk of the round is trained on. The merge after a round has
    one or more steps, one after the other. Each step is divided into parts, which threads may merge
    at the same time. `parts` holds the number of parts of each step. The parts are numbered from 0
    through all steps.
    """

    parts: tuple[int, ...]

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """Make a function that trains a chunk on a shard; each thread needs a function of its own.

        The arguments of the function are the chunk and the number of the shard. It returns (sum of
        losses in nats, number of pairs). The result depends only on the current matrices, the chunk
        and the settings.
        """

    def merge(self, part: int, chunks: int) -> None:
        """Merge one part of the first `chunks` shards into the matrices.

        part    number of the part
        chunks  number of chunks in the round
        """


@runtime_checkable
class PreparesChunks(Protocol):
    """Shards whose chunks are prepared while those of the round before are trained."""

    def preparer(self) -> Callable[[Chunk, int], None]:
        """Make a function that prepares a chunk; each thread needs a function of its own.

        The arguments of the function are a chunk of the next round and the number of its shard.
        """

    def arrange(self, chunks: int) -> None:
        """Complete the preparation of the next round, after its `chunks` chunks are prepared."""

    def begin_round(self, share: float) -> None:
        """Begin the round that is prepared, while no thread trains or merges.

        share  share (0 to 1) of the run that is done before the round
        """


@runtime_checkable
class Trainer(Protocol):
    """The interface of every trainer."""

    matrices: dict[str, np.ndarray]  # all arrays that training changes; may have padding
    kernels: tuple[str, ...]  # names of the modules of `w2v.kernels` that the trainer calls

    def matrix_bytes(self) -> int:
        """Bytes of the matrices, known before they are allocated."""

    def memory_bytes(self, threads: int) -> int:
        """Approximate bytes that training and writing need, beyond the memory already in use."""

    def tables(self) -> dict[str, Table]:
        """The trained tables of vectors, by name."""

    def tensors(self) -> dict[str, np.ndarray]:
        """The other arrays of the model file, by name."""


@runtime_checkable
class HasVectors(Protocol):
    """A trainer whose matrices can be set, from a checkpoint or to initial vectors (--init)."""

    def vectors(self, name: str) -> np.ndarray:
        """One of the matrices without its padding, as a writable view."""


@runtime_checkable
class ComposesWords(Protocol):
    """A trainer that may compose word vectors from subwords, so that it sets them itself."""

    @property
    def ngrams(self) -> int:
        """The number of n-grams, or of buckets of n-grams, that have vectors."""

    def set_ngrams(self, subwords: Subwords) -> None:
        """Set the vectors of n-grams, where the run composes words of the same n-grams."""

    def set_words(self, rows: np.ndarray, vectors: np.ndarray) -> None:
        """Set the vectors (K, D) of the words that are marked in `rows`, bool (V,)."""


@runtime_checkable
class IterativeTrainer(Trainer, HasVectors, Protocol):
    """A trainer that trains chunk by chunk and can be stopped after each chunk.

    Gibbs sampling and all methods of gradient descent have such trainers.
    """

    def plan(self, threads: int) -> Plan:
        """The chunks of a run.

        threads  number of threads; used only if the settings do not fix the number of shards
        """

    def begin(self, shards: int) -> None:
        """Allocate and initialise the matrices; a round has `shards` chunks."""

    def restored(self) -> None:
        """Discard what is derived from the matrices, after a checkpoint was read into them."""

    def lr_at(self, share: float) -> float:
        """The learning rate after a share (0 to 1) of the run; NaN for a model without one."""

    def shards(self, plan: Plan) -> Shards:
        """The copies that the rounds of a plan are trained on."""

    def loss_note(self, epoch: int, pairs: int, loss: float) -> str:
        """A note to show after the mean loss of the pairs of an epoch (from 0), or ""."""


@runtime_checkable
class TakesSeeds(Protocol):
    """A trainer whose topics seed words can steer (--seeds)."""

    def place_seeds(self, text: TextSettings) -> list[str]:
        """Read the seed words, before the matrices are allocated.

        text     the settings of tokenizing the text, which apply to seed words too
        Returns  messages: how many seed words are used, then which are not; none without --seeds
        """


@runtime_checkable
class GradientTrainer(IterativeTrainer, Protocol):
    """A trainer by gradient descent; it can compute a validation loss."""

    def best_bytes(self, threads: int) -> int:
        """Bytes that validation needs, and the copy of the matrices with the lowest loss."""

    def check_held_out(self, text: EncodedText) -> None:
        """Raise W2VError if the loss on a held-out text cannot be computed."""

    def loss(self, text: EncodedText) -> float:
        """The mean loss on a held-out text, in nats for each pair; NaN if it has no pairs."""

    def on_validation(self, losses: list[float]) -> None:
        """Adapt the trainer, for example its learning rate, to the validation losses so far.

        losses  the validation loss of each epoch
        """

    def validation_note(self) -> str:
        """A note to show after the result of the latest call of `loss`, or ""."""

    def freeze(self, rows: np.ndarray) -> None:
        """Exclude the word vectors that are marked in `rows`, bool (V,), from training."""


@runtime_checkable
class HasWorkers(Protocol):
    """A trainer that lock-free threads can train."""

    def worker(self) -> Callable[[Chunk], tuple[float, int]]:
        """Make a function that trains a chunk; each thread needs a function of its own.

        The function returns (sum of losses in nats, number of pairs).
        """


@runtime_checkable
class SgdTrainer(GradientTrainer, HasWorkers, Protocol):
    """A trainer by stochastic gradient descent on single predictions, lock-free or in rounds.

    vocabulary  the words and their counts
    text        the training text
    frozen      bool (V,), the word vectors that must not change; empty for none, see `freeze`
    ngram_rows  int32 (G,), the row of each n-gram from which words are composed, see `share_rows`
    """

    vocabulary: Vocabulary
    text: EncodedText
    frozen: np.ndarray
    ngram_rows: np.ndarray

    def find_shared_rows(self, initial: Subwords | None) -> np.ndarray:
        """Find rows, int32 (G,), that n-grams can share which begin with the vectors `initial`."""

    def share_rows(self, ngram_rows: np.ndarray) -> None:
        """Give rows to n-grams, int32 (G,), before `plan` and `begin`."""


@runtime_checkable
class ClosedFormTrainer(Trainer, Protocol):
    """A trainer that computes its matrices without iterations over the text."""

    def begin(self) -> None:
        """Allocate the matrices that initial vectors are copied to."""

    def solve(self, threads: int, on_share: Callable[[float], None]) -> None:
        """Compute the matrices; `on_share` is called with the share (0 to 1) of the work done."""


@runtime_checkable
class Summarised(Protocol):
    """A trainer that can summarise its result."""

    def summary(self) -> str:
        """A summary of the result, in one line."""


@runtime_checkable
class ScoresHeldOut(Protocol):
    """A trainer whose settings can be searched by a score on the held-out text."""

    def score_name(self, metric: str) -> str:
        """The name of a score, for messages."""

    def check_metric(self, metric: str) -> None:
        """Raise W2VError if there is no score of this name."""

    def held_out_score(self, metric: str) -> float:
        """A score of the matrices on the held-out text, 0 to 1; the higher, the better."""


@runtime_checkable
class Described(Protocol):
    """A trainer that writes metadata of its result to the model file."""

    matrices: dict[str, np.ndarray]

    def facts(self) -> dict[str, Any]:
        """The metadata, as JSON values."""


class DocumentInference(Protocol):
    """Computes the vectors of new documents with a trained model."""

    def vectors(
        self, text: EncodedDocuments, threads: int = 1, on_progress: Callable[[int], None] = ...
    ) -> np.ndarray:
        """The vectors of all documents of a text, float32 (M, D).

        threads      number of threads
        on_progress  called from time to time with the number of documents that are done
        """


@runtime_checkable
class InfersInBlocks(Protocol):
    """A `DocumentInference` that gives the vectors in blocks, which need not all be in memory."""

    def blocks(
        self, text: EncodedDocuments, threads: int = 1, on_progress: Callable[[int], None] = ...
    ) -> Iterator[np.ndarray]:
        """The vectors of the next documents of a text, float32 (R, D); see `vectors`."""


@runtime_checkable
class AddsWords(Protocol):
    """A `DocumentInference` whose documents may have words that did not occur in training."""

    def add_words(self, vectors: np.ndarray) -> None:
        """Add K words with these vectors, float32 (K, D); their ids follow those of the others."""


def diverged(symptom: str, lr: float) -> DivergedError:
    """The error of a run whose numbers became NaN or infinite.

    symptom  end of the sentence "training diverged ...": where or how the divergence was noticed
    lr       the learning rate at the start, of which the message advises a tenth; NaN for a model
             without a learning rate
    """
    advice = f"; try --lr {lr / 10:g} or less" if lr > 0 else ""
    return DivergedError(f"training diverged {symptom}{advice}")


def check_finite(trainer: Trainer) -> None:
    """Raise DivergedError if a matrix has NaN or infinity, so that it is not written to a file."""
    for matrix in trainer.matrices.values():
        if matrix.dtype.kind != "f":
            continue
        for begin in range(0, len(matrix), _ROWS):
            if not np.isfinite(matrix[begin : begin + _ROWS]).all():
                lr = trainer.lr_at(0.0) if isinstance(trainer, IterativeTrainer) else math.nan
                raise diverged("and some vectors are not finite", lr)
