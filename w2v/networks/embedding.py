"""The embedding layer: a row of numbers for each word."""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.networks.layer import Layer


class Embedding(Layer):
    """x = E[word], E the embedding matrix `vectors` (V, D), which becomes the table of words."""

    def __init__(self, words: int, dim: int, dtype: Any = np.float32):
        super().__init__(self.shapes(words, dim), dtype)

    @staticmethod
    def shapes(words: int, dim: int) -> dict[str, tuple[int, ...]]:
        """Its parameters."""
        return {"vectors": (words, dim)}

    def begin(self, rng: np.random.Generator, scale: float = 0.05) -> None:
        """Fill it at random, uniform in ±scale."""
        vectors = self.parameters["vectors"]
        vectors[...] = rng.uniform(-scale, scale, vectors.shape)

    def forward(self, words: np.ndarray) -> np.ndarray:
        """The rows of words, int (...): float (..., D)."""
        self._words = words
        return self.parameters["vectors"][words]

    def backward(self, d_x: np.ndarray) -> None:
        """1. Each row gets the sum of what its occurrences got; words have no gradient."""
        rows, places = np.unique(self._words.reshape(-1), return_inverse=True)
        sums = np.zeros((rows.size, d_x.shape[-1]), d_x.dtype)
        np.add.at(sums, places, d_x.reshape(places.size, -1))
        self.gradients["vectors"][rows] += sums
