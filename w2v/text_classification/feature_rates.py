"""The learning rates of features: those whose frequency differs between labels learn faster."""

from __future__ import annotations

import numpy as np

from w2v.kernels.label_ratios import count_labels, label_ratios
from w2v.text_classification.features import TextFeatures
from w2v.text_classification.labels import LabelNumbers

_COUNTS = 1 << 24  # pairs of a feature and a label that are counted at a time
_MOST_COUNTS = 1 << 28  # pairs; with more, counting them would take longer than training
_TEXTS = 1 << 12  # texts whose features are gathered at a time


def feature_rates(features: TextFeatures, labels: LabelNumbers) -> np.ndarray:
    """The factor of the learning rate of each feature, float32 (R,), with the mean 1.

    It is in proportion to the mean log-count ratio of the feature, see `kernels.label_ratios`. With
    more than 2**28 pairs of a feature and a label, all factors are 1.

    features  the features of the training texts
    labels    their labels
    """
    count, size = features.features.count, len(labels.names)
    ratios, step = np.ones(count, np.float32), _features_at_a_time(size)
    if not count_bytes(count, size):
        return ratios
    texts, latest = np.arange(len(features.sizes), dtype=np.int32), features.features.scratch()
    parts = [texts[at : at + _TEXTS] for at in range(0, len(texts), _TEXTS)]
    table, shares = (
        np.empty((min(step, count), size), np.int32),
        labels.counts / max(labels.ids.size, 1),
    )
    # The texts are read again for each part of the features: all counts would take 1 GB.
    for first in range(0, count, step):
        counts, totals = table[: count - first], np.zeros(size)
        counts[:] = 0
        for part in parts:
            rows, bounds = features.gather(part, latest)
            ids, label_bounds = labels.of_texts(part)
            owners = np.repeat(np.arange(len(part)), np.diff(label_bounds))
            totals += np.bincount(ids, np.diff(bounds)[owners], minlength=size)
            count_labels(rows, bounds, ids, label_bounds, first, counts)
        bases = np.log((totals + count) / (totals.sum() - totals + count))
        label_ratios(counts, bases, shares, ratios[first : first + len(counts)])
    mean: np.floating = ratios.mean()
    return ratios / mean if mean > 0 else np.ones_like(ratios)


def count_bytes(features: int, labels: int) -> int:
    """The bytes of the counts in `feature_rates`; 0 if nothing is counted.

    features  the number of features
    labels    the number of labels
    """
    if features * labels > _MOST_COUNTS:
        return 0
    return 4 * min(features, _features_at_a_time(labels)) * labels


def _features_at_a_time(labels: int) -> int:
    """How many features are counted at a time."""
    return max(_COUNTS // max(labels, 1), 1)
