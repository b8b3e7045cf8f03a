"""Dropout: numbers left out at random, so that no unit comes to lean on another."""

from __future__ import annotations

import numpy as np


class Dropout:
    """Each number is left out with a probability, and the others grow by as much.

    Source: Srivastava et al. 2014; between layers, not from step to step: Zaremba et al. 2014.
    """

    def __init__(self, share: float):
        self._share = share

    def forward(self, x: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
        """x with its gaps; x itself without `rng`, when nothing is learnt."""
        self._kept: np.ndarray | None = None
        if rng is None or not self._share:
            return x
        left = rng.random(x.shape, np.float32) >= self._share
        self._kept = left.astype(x.dtype) / x.dtype.type(1 - self._share)
        return x * self._kept

    def backward(self, d_y: np.ndarray) -> np.ndarray:
        """1. The same gaps."""
        return d_y if self._kept is None else d_y * self._kept
