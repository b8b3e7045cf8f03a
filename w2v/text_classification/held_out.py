"""The held-out texts of a classifier: their loss, accuracy and calibration after an epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from w2v.text_classification.calibration import (
    Block,
    Calibration,
    best_temperature,
    calibration,
    calibration_errors,
)
from w2v.text_classification.features import TextFeatures
from w2v.text_classification.labels import LabelNumbers
from w2v.text_classification.scores import TrainedLayers

_SCORES = 1 << 22  # scores of texts times labels that are in memory at a time, 16 MB
_TEXTS = 1 << 12  # texts whose features are gathered at a time


@dataclass(frozen=True)
class HeldOutTexts:
    """M held-out texts with their labels.

    With many texts and labels, their scores do not fit in memory. They are then computed in blocks,
    and the temperature is chosen by some of the texts, which are evenly spaced.

    features      the features of the texts
    labels        their labels, among the K labels of the classifier
    is_exclusive  whether exactly one label applies to a text
    """

    features: TextFeatures
    labels: LabelNumbers
    is_exclusive: bool

    @property
    def bytes(self) -> int:
        """Approximate bytes of the features and of the scores, with those of their losses."""
        scores = min(len(self.features.sizes) * len(self.labels.names), _SCORES)
        return self.features.bytes + (20 if self.is_exclusive else 48) * scores

    def calibrated(self, layers: TrainedLayers) -> Calibration:
        """Choose the temperature with the lowest loss, and judge the texts with it."""
        texts = len(self.features.sizes)
        step = max(-(-texts * len(self.labels.names) // _SCORES), 1)
        blocks = self._blocks(layers, np.arange(0, texts, step, dtype=np.int32))
        sample = [_joined(list(blocks))] if texts else []
        temperature = best_temperature(layers, *sample[0]) if sample else 1.0
        return calibration(layers, sample if step == 1 else self.blocks(layers), temperature)

    def errors(self, layers: TrainedLayers, temperature: float) -> tuple[float, float]:
        """The expected calibration errors without and with a temperature."""
        return calibration_errors(layers, self.blocks(layers), temperature, self.is_exclusive)

    def score(self, layers: TrainedLayers) -> float:
        """The accuracy; NaN without texts.

        Where a text may have several labels, it is the micro F1 of the labels with a probability of
        at least 0.5, which no temperature changes.
        """
        right = true = predicted = 0
        for scores, labels in self.blocks(layers):
            has_label = labels.matrix()
            is_predicted = scores >= 0
            if self.is_exclusive:
                is_predicted = np.zeros_like(has_label)
                is_predicted[np.arange(len(scores)), layers.best(scores)] = True
            right += int((is_predicted & has_label).sum())
            true += int(has_label.sum())
            predicted += int(is_predicted.sum())
        return 2 * right / (true + predicted) if true else math.nan

    def blocks(self, layers: TrainedLayers) -> Iterator[Block]:
        """The scores of all texts in their order, and their labels, in blocks of some texts."""
        return self._blocks(layers, np.arange(len(self.features.sizes), dtype=np.int32))

    def _blocks(self, layers: TrainedLayers, texts: np.ndarray) -> Iterator[Block]:
        """The scores of the texts with these numbers, int32 (·,), and their labels, in blocks."""
        latest = self.features.features.scratch()
        layers.prepare(int(self.features.sizes[texts].sum()))
        size = max(min(_TEXTS, _SCORES // len(self.labels.names)), 1)
        for first in range(0, len(texts), size):
            part = texts[first : first + size]
            yield layers.scores(*self.features.gather(part, latest)), self.labels.part(part)


def _joined(blocks: Sequence[Block]) -> Block:
    """Several blocks as one."""
    labels = [each for _, each in blocks]
    sizes = np.concatenate([np.diff(each.bounds) for each in labels])
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    ids = np.concatenate([each.ids for each in labels])
    scores = np.concatenate([each for each, _ in blocks])
    return scores, LabelNumbers(labels[0].names, ids, bounds)
