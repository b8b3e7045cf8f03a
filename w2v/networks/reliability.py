"""The reliability of probabilities: whether they are the shares of right predictions."""

from __future__ import annotations

import numpy as np

BINS = 15  # as in Guo et al. 2017


class Reliability:
    """Sorts predictions into BINS bins of equal width by their probability, block by block.

    In bin b, of n_b of n predictions, the mean probability is c_b and the share of right ones is
    a_b. The expected calibration error (Guo et al. 2017, On calibration of modern neural networks,
    equation 3) is

        ECE = Σ_b n_b / n |a_b - c_b|
    """

    def __init__(self) -> None:
        self._bins = np.zeros((3, BINS))  # predictions: number, sum of probabilities, right ones

    def add(self, probabilities: np.ndarray, is_right: np.ndarray) -> None:
        """Add predictions.

        probabilities  float (n,). Those outside of 0 to 1 count as 0 or 1, and NaN as 0
        is_right       bool (n,)
        """
        p = np.nan_to_num(np.clip(probabilities.astype(np.float64), 0, 1))
        bins = np.clip(np.ceil(p * BINS).astype(np.int64) - 1, 0, BINS - 1)  # a bin has its end
        for total, weights in zip(self._bins, (None, p, is_right), strict=True):
            total += np.bincount(bins, weights, BINS)

    def error(self) -> float:
        """The expected calibration error; 0 without any prediction."""
        numbers, sums, right = self._bins
        return float(np.abs(right - sums).sum() / max(numbers.sum(), 1))
