"""The embedding layer: looks up the vector of each word id."""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.kernels.optimizers import add_rows
from w2v.kernels.row_merge import number_rows
from w2v.networks.layers.layer import Layer, flat


class Embedding(Layer):
    """An embedding layer: x = E[word], with the embedding matrix E.

    E is the parameter `input_vectors`, (V, D), which are the word vectors in a model's file. Only
    the rows of the words in the minibatch have a gradient. `backward` stores the distinct ids of
    these words in `rows`, int32 (N,), and the gradients of their vectors in `sums`, (N, D).

    words  V, size of the vocabulary
    dim    D, dimension of a word vector
    dtype  dtype of the vectors
    """

    def __init__(self, words: int, dim: int, dtype: Any = np.float32):
        super().__init__(self.shapes(words, dim), dtype)
        self.gradients = {}
        self.rows, self.sums = np.zeros(0, np.int32), np.zeros((0, dim), dtype)
        self._local_ids = np.full(words, -1, np.int32)  # scratch of `backward`: -1 everywhere

    @staticmethod
    def shapes(words: int, dim: int) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name."""
        return {"input_vectors": (words, dim)}

    def initialise(self, rng: np.random.Generator) -> None:
        """Initialise the vectors at random, uniform in ±0.1."""
        vectors = self.parameters["input_vectors"]
        vectors[...] = rng.uniform(-0.1, 0.1, vectors.shape)

    def forward(self, words: np.ndarray) -> np.ndarray:
        """Look up the vectors, (..., D), of word ids, int32 (...)."""
        self._words = words
        return self.parameters["input_vectors"][words]

    def backward(self, d_x: np.ndarray) -> None:
        """Sum d_x, (..., D), over the occurrences of each word, and set `rows` and `sums`."""
        numbers = self._words.astype(np.int32).reshape(-1)  # `number_rows` overwrites this copy
        rows = np.empty(numbers.size, np.int32)
        distinct = number_rows(numbers, numbers.size, self._local_ids, rows, 0)
        self.rows = rows[:distinct]
        self._local_ids[self.rows] = -1
        self.sums = np.zeros((distinct, d_x.shape[-1]), d_x.dtype)
        add_rows(numbers, np.ascontiguousarray(flat(d_x)), self.sums)
