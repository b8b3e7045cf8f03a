"""The trainer of every model that is trained by negative sampling: its matrices and its chunks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from w2v.kernels.windows import lay_windows
from w2v.sampling import alias_table, keep_thresholds, noise_probabilities, random_state
from w2v.settings import NegativeSamplingSettings
from w2v.table import Table
from w2v.training import Chunk
from w2v.vocabulary import Text, Vocabulary


class NegativeSampling:
    """Word vectors in training.

    vocabulary     V words and their counts
    text           N word ids in sentences
    settings       the model's
    train_windows  the model's kernel, see `kernels.skipgram.train_windows`

    `matrices` holds `input_vectors` and `output_vectors`, float32 (V, D). The input vectors start
    uniform in ±1 / D, as in gensim, the output vectors zero. (word2vec.c has ±0.5 / D; on 100 MB of
    Wikipedia, CBOW, 3 seeds each, the two and ±2 / D did not differ by more than runs do.)
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        text: Text,
        settings: NegativeSamplingSettings,
        train_windows: Callable[..., tuple[float, int]],
    ):
        self.vocabulary, self.text, self.settings = vocabulary, text, settings
        self._train_windows = train_windows
        self._keep = keep_thresholds(vocabulary.counts, settings.sample)
        self._noise = alias_table(noise_probabilities(vocabulary.counts, settings.noise_exponent))
        shape = len(vocabulary.names), settings.dim
        start = np.random.default_rng(settings.seed).random(shape, np.float32)
        start -= 0.5
        start *= 2 / settings.dim
        self.matrices = {"input_vectors": start, "output_vectors": np.zeros(shape, np.float32)}

    def lr_at(self, share: float) -> float:
        """The learning rate when a share (0 to 1) of the run is done."""
        return self.settings.lr_at(share)

    def worker(self) -> Callable[[Chunk], tuple[float, int]]:
        """A function that trains a chunk, with scratch memory of its own: one for each thread.

        It returns the sum of the losses in nats and the number of trained pairs. What it does
        depends on nothing but the matrices, the chunk and the settings.
        """
        set_ = self.settings
        ids, starts = self.text.ids, self.text.starts
        target_ids = np.empty(1 + set_.negative, np.int32)
        scratch = np.empty((2, set_.dim), np.float32)
        kept, first, last = (np.empty(0, np.int32) for _ in range(3))
        rates = np.empty(0, np.float32)

        def train(chunk: Chunk) -> tuple[float, int]:
            size = chunk.last - chunk.first
            for array in (kept, first, last, rates):
                if array.size < size:
                    array.resize(size, refcheck=False)
            inside = slice(
                np.searchsorted(starts, chunk.first, "right"), np.searchsorted(starts, chunk.last)
            )
            bounds = np.concatenate([[chunk.first], starts[inside], [chunk.last]]) - chunk.first
            state = random_state(set_.seed, chunk.epoch, chunk.first)
            count = lay_windows(
                ids[chunk.first : chunk.last], bounds, self._keep, set_.window, set_.shrink,
                self.lr_at(chunk.begin), self.lr_at(chunk.end), state, kept, first, last, rates,
            )  # fmt: skip
            return self._train_windows(
                kept, first, last, rates, count, *self._noise, set_.negative, state,
                *self.matrices.values(), target_ids, scratch,
            )  # fmt: skip

        return train

    def tables(self) -> dict[str, Table]:
        """What the run has learnt, by table name."""
        vectors = self.matrices["input_vectors"]
        return {"words": Table.build(self.vocabulary.names, vectors, self.vocabulary.counts)}

    def tensors(self) -> dict[str, np.ndarray]:
        """What else a file needs so that training can go on."""
        return {"output_vectors": self.matrices["output_vectors"]}
