"""The concatenation layer of multilayer perceptrons: vectors of n consecutive words in a row."""

from __future__ import annotations

import numpy as np


class Concatenation:
    """Concatenate windows of n words: (T + n - 1, B, D) to (T, B, n D).

        y_t = [x_t, x_{t+1}, ..., x_{t+n-1}]

    Source: Bengio et al. 2003, "A neural probabilistic language model", section 2.
    """

    def __init__(self, words: int):
        self._words = words

    def forward(self, x: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Concatenate; padding, where the mask (T + n - 1, B) is 0, becomes zeros."""
        self._mask = mask
        x = x if mask is None else x * mask[:, :, None]
        steps = len(x) - self._words + 1
        return np.concatenate([x[at : at + steps] for at in range(self._words)], axis=-1)

    def backward(self, d_y: np.ndarray) -> np.ndarray:
        """d_x_t = the sum of the parts of d_y that were copied from x_t, times the mask."""
        steps, rows, wide = d_y.shape
        dim = wide // self._words
        d_x = np.zeros((steps + self._words - 1, rows, dim), d_y.dtype)
        for at in range(self._words):
            d_x[at : at + steps] += d_y[:, :, at * dim : (at + 1) * dim]
        return d_x if self._mask is None else d_x * self._mask[:, :, None]
