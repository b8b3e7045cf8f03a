"""The held-out texts of a classifier: their loss, accuracy and calibration after an epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from w2v.errors import W2VError
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

ACCURACY, MACRO_F1, F1_OF = "accuracy", "macro-f1", "f1:"  # scores; F1_OF precedes a label
_NAMED = 5  # labels that an error names
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

    def check_metric(self, metric: str) -> None:
        """Raise W2VError if there is no score of this name, see `score`."""
        label = metric.removeprefix(F1_OF)
        if metric in (ACCURACY, MACRO_F1):
            return
        if not metric.startswith(F1_OF):
            raise W2VError(
                f"--metric {metric}: expected {ACCURACY}, {MACRO_F1}, or {F1_OF} and a label"
            )
        if label not in self.labels.names:
            names = ", ".join(map(repr, self.labels.names[:_NAMED]))
            raise W2VError(f"--metric {metric}: no text has the label; labels are {names}")
        if not (self.labels.ids == self.labels.names.index(label)).any():
            raise W2VError(f"--metric {metric}: no text of --valid has the label {label!r}")

    def score(self, layers: TrainedLayers, metric: str = ACCURACY) -> float:
        """The score of a name, from 0 to 1; NaN without texts.

        metric  accuracy: where a text may have several labels, it is the micro F1 of the labels
                with a probability of at least 0.5, which no temperature changes. macro-f1: the mean
                F1 of the labels that texts have. f1:LABEL: the F1 of one label
        """
        right, true, predicted = np.zeros((3, len(self.labels.names)), np.int64)
        for scores, labels in self.blocks(layers):
            has_label = labels.matrix()
            is_predicted = scores >= 0
            if self.is_exclusive:
                is_predicted = np.zeros_like(has_label)
                is_predicted[np.arange(len(scores)), layers.best(scores)] = True
            right += (is_predicted & has_label).sum(axis=0)
            true += has_label.sum(axis=0)
            predicted += is_predicted.sum(axis=0)
        if not true.any():
            return math.nan
        if metric == ACCURACY:
            return 2 * int(right.sum()) / int(true.sum() + predicted.sum())
        f1 = 2 * right / np.maximum(true + predicted, 1)
        if metric == MACRO_F1:
            return float(f1[true > 0].mean())
        return float(f1[self.labels.names.index(metric.removeprefix(F1_OF))])

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
