"""What a prediction of one of many costs."""

from __future__ import annotations

import numpy as np

from w2v.kernels.softmax import learn_softmax


class SoftmaxLoss:
    """Cross-entropy: -ln p of what was there, p = softmax(scores), in nats.

    `losses`, float64 (N,), are those of the rows; `right` says in how many the target came first.
    """

    def forward(self, scores: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
        """The weighted sum over the rows of scores (N, V), which are overwritten by their gradient.

        targets  int32 (N,)
        weights  (N,), of the dtype of the scores; a row of none costs nothing
        """
        self.losses = np.zeros(targets.size)
        self.right = learn_softmax(scores, targets, weights, self.losses)
        self._d_scores = scores
        return float(weights @ self.losses)

    def backward(self) -> np.ndarray:
        """1. Of the sum by the scores: weight times (p - 1 where the target is)."""
        return self._d_scores
