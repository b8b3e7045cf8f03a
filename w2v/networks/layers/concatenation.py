"""The vectors of a fixed number of words side by side."""

from __future__ import annotations

import numpy as np


class Concatenation:
    """y_t = x_t, x_{t+1}, ..., x_{t+n-1} in a row: (T + n - 1, B, D) to (T, B, n D).

    Source: Bengio et al. 2003, "A neural probabilistic language model", section 2.
    """

    def __init__(self, words: int):
        self._words = words

    def forward(self, x: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Where there is no word, (T + n - 1, B) of 0 in the mask, there are zeros."""
        self._mask = mask
        x = x if mask is None else x * mask[:, :, None]
        steps = len(x) - self._words + 1
        return np.concatenate([x[at : at + steps] for at in range(self._words)], axis=-1)

    def backward(self, d_y: np.ndarray) -> np.ndarray:
        """1. A word gets what it got in each of its places."""
        steps, rows, wide = d_y.shape
        dim = wide // self._words
        d_x = np.zeros((steps + self._words - 1, rows, dim), d_y.dtype)
        for at in range(self._words):
            d_x[at : at + steps] += d_y[:, :, at * dim : (at + 1) * dim]
        return d_x if self._mask is None else d_x * self._mask[:, :, None]
