"""The trainer of every model of negative sampling: its matrices, and what trains a chunk."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from w2v.embeddings.table import Table
from w2v.kernels.simd import aligned
from w2v.negative_sampling.row_copies import RowCopies
from w2v.negative_sampling.row_copies import memory_bytes as copy_bytes
from w2v.negative_sampling.word_distributions import (
    alias_table,
    keep_thresholds,
    noise_probabilities,
)
from w2v.negative_sampling.worker import Worker
from w2v.settings import NegativeSamplingSettings
from w2v.text.encoded_text import EncodedText
from w2v.text.vocabulary import Vocabulary
from w2v.training.chunks import CHUNK, Chunk, Plan, make_plan

_ROWS = 1 << 12  # that are initialised at a time


class WordTrainer:
    """Word vectors in training.

    vocabulary  V words and their counts
    text        N word ids in sentences
    settings    the model's, whose `kernel` trains a chunk

    `matrices` holds `input_vectors` and `output_vectors`, float32 (V + 1, D), padded for the
    kernels: D is `dim` rounded up to a multiple of WIDTH, the last row is padding, both are zero;
    `vectors` are views without padding. The input vectors start uniform in ±1 / dim, as in gensim,
    the output vectors as zeros. (word2vec.c has ±0.5 / dim; on 100 MB of Wikipedia, CBOW, 3 seeds
    each, the two and ±2 / dim differed by no more than runs do.)
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        text: EncodedText,
        settings: NegativeSamplingSettings,
    ):
        self.vocabulary, self.text, self.settings = vocabulary, text, settings
        self._train_windows = train_windows = settings.kernel()
        module = getattr(train_windows, "func", train_windows).__module__  # func: of a partial
        self.kernels = (
            "windows",
            module.rpartition(".")[2],
            *(["row_merge"] * settings.deterministic),
        )
        self.frozen = np.zeros(0, np.bool_)
        self.matrices: dict[str, np.ndarray] = {}
        self.noise: np.ndarray
        self._plan: Plan
        self._keep: np.ndarray

    def plan(self, threads: int) -> Plan:
        """The chunks of a run, for lock-free threads or for the rounds of --deterministic."""
        how = self.settings
        rounds = (how.round_words, how.shards) if how.deterministic else (CHUNK, 1)
        self._plan = make_plan(self.text, how.epochs, how.seed, *rounds)
        return self._plan

    def matrix_bytes(self) -> int:
        """Bytes of the matrices."""
        return 4 * sum((rows + 1) * dim for rows, dim in self._shapes().values())

    def memory_bytes(self, threads: int) -> int:
        """Bytes that training takes: the matrices, and the copies of rows of rounds."""
        if not self.settings.deterministic:
            return self.matrix_bytes()
        lengths = {name: dim for name, (_, dim) in self._shapes().items()}
        copies = copy_bytes(self.vocabulary.counts, self.settings, self._plan, lengths)
        return self.matrix_bytes() + copies

    def best_bytes(self, threads: int) -> int:
        """Bytes of the best matrices, which are kept besides."""
        return self.matrix_bytes()

    def begin(self, shards: int) -> None:
        """Allocate the matrices, with their initial values, and the noise distribution."""
        counts, settings = self.vocabulary.counts, self.settings
        self._keep = keep_thresholds(counts, settings.sample)
        self.noise = alias_table(noise_probabilities(counts, settings.noise_exponent))
        self.matrices = {
            name: self._allocate(name, (rows + 1, dim))
            for name, (rows, dim) in self._shapes().items()
        }
        rng = np.random.default_rng(settings.seed)
        for name in self.matrices:
            if name != "output_vectors":
                _init_uniform(self.vectors(name), rng)

    def restored(self) -> None:
        """Nothing was derived from the matrices."""

    def check_held_out(self, text: EncodedText) -> None:
        """Any text that has words of the vocabulary can be evaluated."""

    def _shapes(self) -> dict[str, tuple[int, int]]:
        """The rows and the padded length of each matrix, without the padding row."""
        shape = len(self.vocabulary.names), self.settings.padded_dim
        return {"input_vectors": shape, "output_vectors": shape}

    def _allocate(self, name: str, shape: tuple[int, int]) -> np.ndarray:
        return aligned(shape)

    def vectors(self, name: str) -> np.ndarray:
        """A matrix without its padding: a view, float32 (V, dim)."""
        return self.matrices[name][:-1, : self.settings.dim]

    def lr_at(self, share: float) -> float:
        """The learning rate when a share (0 to 1) of the run is done."""
        return self.settings.lr_at(share)

    def worker(self) -> Callable[[Chunk], tuple[float, int]]:
        """A function that trains a chunk, with scratch memory of its own: one for each thread.

        It returns the sum of the losses in nats and the number of trained pairs, and depends on
        nothing but the matrices, the chunk and the settings.
        """
        worker = self._make_worker(padding_id=len(self.vocabulary.names))

        def train(chunk: Chunk) -> tuple[float, int]:
            count, state = worker.build_windows(chunk)
            return worker.step(count, state, self.noise, self.frozen, self.matrices)

        return train

    def loss(self, text: EncodedText) -> float:
        """The mean loss in nats of a pair of a text, without training on it; NaN if it has none.

        Windows and negatives follow from the seed: they are the same at every call.
        """
        fixed = replace(self.settings, lr=0.0, min_lr=0.0)
        padding_id = len(self.vocabulary.names)
        worker = Worker(text, fixed, self._keep, self._train_windows, padding_id)
        loss, pairs = 0.0, 0
        for chunk in Plan(text, 1, fixed.seed):
            windows = worker.build_windows(chunk)
            more = worker.step(*windows, self.noise, self.frozen, self.matrices)
            loss, pairs = loss + more[0], pairs + more[1]
        return loss / pairs if pairs else math.nan

    def on_validation(self, losses: list[float]) -> None:
        """The learning rate does not depend on it."""

    def validation_note(self) -> str:
        """Nothing but the loss."""
        return ""

    def _make_worker(self, padding_id: int) -> Worker:
        return Worker(self.text, self.settings, self._keep, self._train_windows, padding_id)

    def loss_note(self, epoch: int, pairs: int, loss: float) -> str:
        """Nothing but the loss."""
        return ""

    def shards(self, plan: Plan) -> RowCopies:
        """Memory for the rounds of a plan."""
        return RowCopies(
            self.matrices, self.noise, self.frozen, self.settings.negative, plan,
            self._make_worker,
        )  # fmt: skip

    def freeze(self, rows: np.ndarray) -> None:
        """Never change the input vectors of these rows, bool (V,)."""
        self.frozen = rows

    def tables(self) -> dict[str, Table]:
        """The trained tables, by name."""
        names, counts = self.vocabulary.names, self.vocabulary.counts
        return {"words": Table.build(names, self.vectors("input_vectors"), counts)}

    def tensors(self) -> dict[str, np.ndarray]:
        """What else a file needs to continue training."""
        return {"output_vectors": self.vectors("output_vectors")}


def _init_uniform(vectors: np.ndarray, rng: np.random.Generator) -> None:
    """Fill a matrix with numbers that are uniform in ±1 / D; float32 (N, D)."""
    for begin in range(0, len(vectors), _ROWS):
        rows = vectors[begin : begin + _ROWS]
        rows[:] = (rng.random(rows.shape, np.float32) - 0.5) * (2 / rows.shape[1])
