"""The concatenation layer of multilayer perceptrons: the vectors of n consecutive words as one."""

from __future__ import annotations

import numpy as np


class Concatenation:
    """Concatenate the vectors x of n consecutive words, at each of T positions.

        y_t = [x_t, x_{t+1}, ..., x_{t+n-1}]

    x is (T + n - 1, B, D), and y is (T, B, n D), with B rows of the minibatch and dimension D.

    words  n

    Source: Bengio et al. 2003, "A neural probabilistic language model", section 2.
    """

    def __init__(self, words: int):
        self._words = words

    def forward(self, x: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Compute y from x. Vectors of padding count as zeros.

        mask  (T + n - 1, B), 1 for a word and 0 for padding; None: no padding
        """
        self._mask = mask
        x = x if mask is None else x * mask[:, :, None]
        steps = len(x) - self._words + 1
        return np.concatenate([x[place : place + steps] for place in range(self._words)], axis=-1)

    def backward(self, d_y: np.ndarray) -> np.ndarray:
        """Compute d_x from d_y: d_x_t is the sum of the parts of d_y that were copied from x_t."""
        steps, rows, columns = d_y.shape
        dim = columns // self._words
        d_x = np.zeros((steps + self._words - 1, rows, dim), d_y.dtype)
        for place in range(self._words):
            d_x[place : place + steps] += d_y[:, :, place * dim : (place + 1) * dim]
        return d_x if self._mask is None else d_x * self._mask[:, :, None]
