"""The trainer of every model that is trained by negative sampling: its matrices and its chunks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from w2v.embeddings.table import Table
from w2v.kernels.simd import aligned
from w2v.negative_sampling.row_copies import RowCopies
from w2v.negative_sampling.sampling import alias_table, keep_thresholds, noise_probabilities
from w2v.negative_sampling.worker import Worker
from w2v.settings import NegativeSamplingSettings
from w2v.text.encoded_text import EncodedText
from w2v.text.vocabulary import Vocabulary
from w2v.training.chunks import Chunk, Plan

_ROWS = 1 << 12  # started at a time


class WordTrainer:
    """Word vectors in training.

    vocabulary     V words and their counts
    text           N word ids in sentences
    settings       the model's
    train_windows  the model's kernel, see `kernels.skipgram.train_windows`

    `matrices` holds `input_vectors` and `output_vectors`, float32 (V + 1, D), as kernels want them:
    D is `dim` and zeros up to a multiple of WIDTH, the last row is spare; `vectors` is what is in
    them. The input vectors start uniform in ±1 / dim, as in gensim, the output vectors zero.
    (word2vec.c has ±0.5 / dim; on 100 MB of Wikipedia, CBOW, 3 seeds each, the two and ±2 / dim did
    not differ by more than runs do.)
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        text: EncodedText,
        settings: NegativeSamplingSettings,
        train_windows: Callable[..., tuple[float, int]],
    ):
        self.vocabulary, self.text, self.settings = vocabulary, text, settings
        self._train_windows = train_windows
        module = getattr(train_windows, "func", train_windows).__module__  # func: of a partial
        self.kernels = (
            "windows",
            module.rpartition(".")[2],
            *(["row_copies"] * settings.deterministic),
        )
        self._keep = keep_thresholds(vocabulary.counts, settings.sample)
        self.noise = alias_table(noise_probabilities(vocabulary.counts, settings.noise_exponent))
        self.frozen = np.zeros(0, np.bool_)
        self.matrices = {
            name: self._make_room(name, (rows + 1, dim))
            for name, (rows, dim) in self._shapes().items()
        }
        rng = np.random.default_rng(settings.seed)
        for name in self.matrices:
            if name != "output_vectors":
                _start(self.vectors(name), rng)

    def _shapes(self) -> dict[str, tuple[int, int]]:
        """The rows and the padded length of each matrix, without the spare row."""
        shape = len(self.vocabulary.names), self.settings.padded_dim
        return {"input_vectors": shape, "output_vectors": shape}

    def _make_room(self, name: str, shape: tuple[int, int]) -> np.ndarray:
        return aligned(shape)

    def vectors(self, name: str) -> np.ndarray:
        """A matrix without what pads it: float32 (V, dim), a view."""
        return self.matrices[name][:-1, : self.settings.dim]

    def lr_at(self, share: float) -> float:
        """The learning rate when a share (0 to 1) of the run is done."""
        return self.settings.lr_at(share)

    def worker(self) -> Callable[[Chunk], tuple[float, int]]:
        """A function that trains a chunk, with scratch memory of its own: one for each thread.

        It returns the sum of the losses in nats and the number of trained pairs. What it does
        depends on nothing but the matrices, the chunk and the settings.
        """
        worker = self._make_worker(spare=len(self.vocabulary.names))

        def train(chunk: Chunk) -> tuple[float, int]:
            count, state = worker.lay(chunk)
            return worker.step(count, state, self.noise, self.frozen, self.matrices)

        return train

    def loss(self, text: EncodedText) -> float:
        """Mean nats for each pair of a text, without learning from it; NaN if it has none.

        The windows and noise words follow from the seed: they are the same at every call.
        """
        still = replace(self.settings, lr=0.0, min_lr=0.0)
        spare = len(self.vocabulary.names)
        worker = Worker(text, still, self._keep, self._train_windows, spare)
        loss, pairs = 0.0, 0
        for chunk in Plan(text, 1, still.seed):
            laid = worker.lay(chunk)
            more = worker.step(*laid, self.noise, self.frozen, self.matrices)
            loss, pairs = loss + more[0], pairs + more[1]
        return loss / pairs if pairs else math.nan

    def on_validation(self, losses: list[float]) -> None:
        """The learning rate falls anyway."""

    def validation_note(self) -> str:
        """The loss says it all."""
        return ""

    def _make_worker(self, spare: int) -> Worker:
        return Worker(self.text, self.settings, self._keep, self._train_windows, spare)

    def loss_note(self, epoch: int, pairs: int, loss: float) -> str:
        """The loss says it all."""
        return ""

    def shards(self, plan: Plan) -> RowCopies:
        """Room for the rounds of a plan."""
        return RowCopies(
            self.matrices, self.noise, self.frozen, self.settings.negative, plan,
            self._make_worker,
        )  # fmt: skip

    def freeze(self, rows: np.ndarray) -> None:
        """Never change the input vectors of these rows, bool (V,)."""
        self.frozen = rows

    def tables(self) -> dict[str, Table]:
        """What the run has learnt, by table name."""
        names, counts = self.vocabulary.names, self.vocabulary.counts
        return {"words": Table.build(names, self.vectors("input_vectors"), counts)}

    def tensors(self) -> dict[str, np.ndarray]:
        """What else a file needs so that training can go on."""
        return {"output_vectors": self.vectors("output_vectors")}


def _start(vectors: np.ndarray, rng: np.random.Generator) -> None:
    """Fill a matrix with numbers that are uniform in ±1 / D; float32 (N, D)."""
    for begin in range(0, len(vectors), _ROWS):
        rows = vectors[begin : begin + _ROWS]
        rows[:] = (rng.random(rows.shape, np.float32) - 0.5) * (2 / rows.shape[1])
