"""Dropout, which reduces overfitting: units cannot rely on single other units."""

from __future__ import annotations

import numpy as np


class Dropout:
    """In training, set each number to 0 with probability p = `share`; scale the others by 1/(1-p).

    Scaling in training keeps the expectation, so that evaluation needs no scaling (inverted
    dropout). Dropout is applied between layers and not between time steps, as in Zaremba et al.
    2014.

    Source: Srivastava et al. 2014.
    """

    def __init__(self, share: float):
        self._share = share

    def forward(self, x: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
        """Drop out numbers of x; without `rng` (evaluation) return x itself."""
        self._kept: np.ndarray | None = None
        if rng is None or not self._share:
            return x
        left = rng.random(x.shape, np.float32) >= self._share
        self._kept = left.astype(x.dtype) / x.dtype.type(1 - self._share)
        return x * self._kept

    def backward(self, d_y: np.ndarray) -> np.ndarray:
        """d_x = d_y with the zeros and the scale of the last `forward`."""
        return d_y if self._kept is None else d_y * self._kept
