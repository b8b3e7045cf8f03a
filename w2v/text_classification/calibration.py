"""Calibration: whether probabilities are the shares of right predictions, and a temperature.

The expected calibration error (Guo et al. 2017, equation 3) sorts the predictions into BINS bins
of equal width by their probability p. In bin b, of n_b predictions, the mean probability is c_b and
the share of right ones is a_b:

    ECE = Σ_b n_b / n |a_b - c_b|

Temperature scaling (section 4.2) divides all scores by one number T, which has the lowest loss on
held-out texts. The order of the labels of a text stays the same.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from w2v.text_classification.labels import LabelNumbers
from w2v.text_classification.scores import TrainedLayers, mean_loss

BINS = 15
_LIMIT = math.log(50)  # of the logarithm of the temperature


class Calibration(NamedTuple):
    """The temperature with the lowest loss.

    temperature  divisor of the scores
    loss         the mean loss of a text with it, in nats; NaN without texts
    before       the expected calibration error without it
    after        the expected calibration error with it
    """

    temperature: float
    loss: float
    before: float
    after: float


def expected_calibration_error(probabilities: np.ndarray, is_right: np.ndarray) -> float:
    """The expected calibration error of N predictions; 0 without any.

    probabilities  float (N,), 0 to 1
    is_right       bool (N,)
    """
    if not len(probabilities):
        return 0.0
    bins = np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)
    differences = is_right.astype(np.float64) - probabilities
    sums = np.bincount(bins, differences, minlength=BINS)
    return float(np.abs(sums).sum() / len(probabilities))


def confidence_error(probabilities: np.ndarray, labels: LabelNumbers, is_exclusive: bool) -> float:
    """The expected calibration error of the probabilities of the labels of M texts.

    probabilities  float32 (M, K)
    labels         the true labels
    is_exclusive   whether only the most probable label of each text counts as a prediction;
                   otherwise each label of each text is a prediction
    """
    has_label = labels.matrix()
    if not is_exclusive:
        return expected_calibration_error(probabilities.ravel(), has_label.ravel())
    best = probabilities.argmax(axis=1) if len(probabilities) else np.empty(0, np.int64)
    texts = np.arange(len(best))
    return expected_calibration_error(probabilities[texts, best], has_label[texts, best])


def calibrated(layers: TrainedLayers, scores: np.ndarray, labels: LabelNumbers) -> Calibration:
    """Find the temperature with the lowest loss on held-out texts.

    scores  float32 (M, K), the scores of their labels
    labels  their labels
    """
    from scipy.optimize import minimize_scalar

    if not len(scores):
        return Calibration(1.0, math.nan, 0.0, 0.0)

    def loss(logarithm: float) -> float:
        return mean_loss(layers, scores / np.float32(math.exp(logarithm)), labels)

    found = minimize_scalar(
        loss, bounds=(-_LIMIT, _LIMIT), method="bounded", options={"xatol": 1e-3}
    )
    temperature = math.exp(found.x)
    is_exclusive = layers.loss in ("softmax", "hs")
    errors = (
        confidence_error(layers.probabilities(scores.copy(), t), labels, is_exclusive)
        for t in (1.0, temperature)
    )
    return Calibration(temperature, float(found.fun), *errors)
