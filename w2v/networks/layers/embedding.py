"""The embedding layer: looks up the vector of each word id."""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.kernels.optimizers import add_rows
from w2v.kernels.row_merge import number_rows
from w2v.networks.layers.layer import Layer, flat


class Embedding(Layer):
    """x = E[word]; the embedding matrix E is `input_vectors` (V, D), the word vectors of the file.

    Only the rows of words in the minibatch have a gradient. `backward` stores it as `rows`, int32
    (N,), the distinct ids, and `sums`, (N, D).

    words  size of the vocabulary, V
    dim    dimensions of a word vector, D
    dtype  dtype of the vectors
    """

    def __init__(self, words: int, dim: int, dtype: Any = np.float32):
        super().__init__(self.shapes(words, dim), dtype)
        self.gradients = {}
        self.rows, self.sums = np.zeros(0, np.int32), np.zeros((0, dim), dtype)
        self._places = np.full(words, -1, np.int32)

    @staticmethod
    def shapes(words: int, dim: int) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name."""
        return {"input_vectors": (words, dim)}

    def initialise(self, rng: np.random.Generator) -> None:
        """Random vectors, uniform in ±0.1."""
        vectors = self.parameters["input_vectors"]
        vectors[...] = rng.uniform(-0.1, 0.1, vectors.shape)

    def forward(self, words: np.ndarray) -> np.ndarray:
        """Word ids, int32 (...), to vectors, (..., D)."""
        self._words = words
        return self.parameters["input_vectors"][words]

    def backward(self, d_x: np.ndarray) -> None:
        """Sum d_x, (..., D), over the occurrences of each word, into `rows` and `sums`."""
        numbers = self._words.astype(np.int32).reshape(-1)
        rows = np.empty(numbers.size, np.int32)
        known = number_rows(numbers, numbers.size, self._places, rows, 0)
        self.rows = rows[:known]
        self._places[self.rows] = -1
        self.sums = np.zeros((known, d_x.shape[-1]), d_x.dtype)
        add_rows(numbers, np.ascontiguousarray(flat(d_x)), self.sums)
