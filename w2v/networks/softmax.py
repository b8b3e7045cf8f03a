"""What a prediction of one of many costs."""

from __future__ import annotations

import numpy as np


class SoftmaxLoss:
    """Cross-entropy: -ln p of what was there, p = softmax(scores), in nats."""

    def forward(self, scores: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
        """The weighted sum over the rows of scores (N, V); targets int (N,), weights (N,)."""
        shifted = scores - scores.max(axis=1, keepdims=True)
        self._p = np.exp(shifted)
        sums = self._p.sum(axis=1, keepdims=True)
        self._p /= sums
        self._targets, self._weights = targets, weights
        rows = np.arange(targets.size)
        return float((weights * (np.log(sums[:, 0]) - shifted[rows, targets])).sum())

    def backward(self) -> np.ndarray:
        """1. Of the sum by the scores: p less 1 where the target is."""
        d_scores = self._p * self._weights[:, None]
        d_scores[np.arange(self._targets.size), self._targets] -= self._weights
        return d_scores
