"""Temperature scaling: held-out scores divided by one number, so that probabilities are right.

The temperature has the lowest loss on held-out texts (Guo et al. 2017, section 4.2). The order of
the labels of a text stays the same. See `networks.reliability` for the expected calibration error.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from w2v.networks.reliability import Reliability
from w2v.text_classification.labels import LabelNumbers
from w2v.text_classification.scores import TrainedLayers, mean_loss

_LIMIT = math.log(50)  # of the logarithm of the temperature

# Some texts: float32 (m, K), the scores of their labels, and their true labels.
Block = tuple[np.ndarray, LabelNumbers]


class Calibration(NamedTuple):
    """The temperature, and how good the labels are on held-out texts.

    temperature  divisor of the scores
    loss         the mean loss of a text with it, in nats; NaN without texts
    accuracy     the share of the texts whose most probable label is true; NaN without texts
    """

    temperature: float
    loss: float
    accuracy: float


def best_temperature(layers: TrainedLayers, scores: np.ndarray, labels: LabelNumbers) -> float:
    """The temperature with the lowest loss, from 1/50 to 50.

    scores  float32 (M, K), the scores of the labels of one or more texts
    labels  their labels
    """
    from scipy.optimize import minimize_scalar

    def loss(logarithm: float) -> float:
        return mean_loss(layers, scores / np.float32(math.exp(logarithm)), labels)

    found = minimize_scalar(
        loss, bounds=(-_LIMIT, _LIMIT), method="bounded", options={"xatol": 1e-3}
    )
    return math.exp(found.x)


def calibration(layers: TrainedLayers, blocks: Iterable[Block], temperature: float) -> Calibration:
    """The loss and the accuracy of held-out texts with a temperature."""
    loss, right, texts = 0.0, 0, 0
    for scores, labels in blocks:
        rows = np.arange(len(scores))
        right += int(labels.matrix()[rows, layers.best(scores)].sum())
        loss += mean_loss(layers, scores / np.float32(temperature), labels) * len(scores)
        texts += len(scores)
    if not texts:
        return Calibration(temperature, math.nan, math.nan)
    return Calibration(temperature, loss / texts, right / texts)


def calibration_errors(
    layers: TrainedLayers, blocks: Iterable[Block], temperature: float, is_exclusive: bool
) -> tuple[float, float]:
    """The expected calibration errors of held-out texts without and with a temperature.

    is_exclusive  whether only the most probable label of each text counts as a prediction; if not,
                  each label of each text does
    """
    before, after = Reliability(), Reliability()
    for scores, labels in blocks:
        has_label, rows = labels.matrix(), np.arange(len(scores))
        best = layers.best(scores)
        for bins, divisor in ((before, 1.0), (after, temperature)):
            p = layers.probabilities(scores.copy(), divisor)
            if is_exclusive:
                bins.add(p[rows, best], has_label[rows, best])
            else:
                bins.add(p.ravel(), has_label.ravel())
    return before.error(), after.error()
