"""The dropout layer, which reduces overfitting: no unit can rely on a single other unit."""

from __future__ import annotations

import numpy as np


class Dropout:
    """In training, set each number to 0 with probability p, and multiply the others by 1 / (1 - p).

    The multiplication keeps the expected value of each number, so that evaluation needs no scaling
    (inverted dropout). Dropout is applied between layers and not between time steps, as in Zaremba
    et al. 2014.

    Source: Srivastava et al. 2014.

    share  p
    """

    def __init__(self, share: float):
        self._share = share

    def forward(self, x: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
        """Drop out numbers of x. Return x itself in evaluation, where `rng` is None."""
        self._factors: np.ndarray | None = None
        if rng is None or not self._share:
            return x
        is_kept = rng.random(x.shape, np.float32) >= self._share
        self._factors = is_kept.astype(x.dtype) / x.dtype.type(1 - self._share)
        return x * self._factors

    def backward(self, d_y: np.ndarray) -> np.ndarray:
        """Compute d_x from d_y, with the factors of the last `forward`."""
        return d_y if self._factors is None else d_y * self._factors
