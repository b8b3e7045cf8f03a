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
    """How good probabilities are on held-out texts.

    temperature  divisor of the scores
    loss         the mean loss of a text with it, in nats; NaN without texts
    before       the expected calibration error without it
    after        the expected calibration error with it
    accuracy     the share of the texts whose most probable label is true; NaN without texts
    """

    temperature: float
    loss: float
    before: float
    after: float
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


def calibration(
    layers: TrainedLayers, blocks: Iterable[Block], temperature: float, is_exclusive: bool
) -> Calibration:
    """Judge the probabilities of held-out texts.

    blocks        the texts
    temperature   divisor of the scores
    is_exclusive  whether only the most probable label of each text counts as a prediction in the
                  expected calibration error; if not, each label of each text does
    """
    before, after, loss, right, texts = Reliability(), Reliability(), 0.0, 0, 0
    for scores, labels in blocks:
        has_label, best = labels.matrix(), layers.best(scores)
        rows = np.arange(len(scores))
        for bins, divisor in ((before, 1.0), (after, temperature)):
            p = layers.probabilities(scores.copy(), divisor)
            if is_exclusive:
                bins.add(p[rows, best], has_label[rows, best])
            else:
                bins.add(p.ravel(), has_label.ravel())
        loss += mean_loss(layers, scores / np.float32(temperature), labels) * len(scores)
        right += int(has_label[rows, best].sum())
        texts += len(scores)
    if not texts:
        return Calibration(temperature, math.nan, 0.0, 0.0, math.nan)
    return Calibration(temperature, loss / texts, before.error(), after.error(), right / texts)
