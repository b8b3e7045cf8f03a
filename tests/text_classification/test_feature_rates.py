"""The learning rates of features: what is counted at a time, and its memory."""

from __future__ import annotations

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from w2v.text_classification import feature_rates as module
from w2v.text_classification.labels import LabelNumbers

FEATURES, LABELS, TEXTS = 2_000, 50, 60


class Given:
    """Texts of 5 features each, in place of `TextFeatures`."""

    def __init__(self):
        rng = np.random.default_rng(1)
        self.rows = np.array(
            [rng.choice(FEATURES, 5, replace=False) for _ in range(TEXTS)], np.int32
        )
        self.sizes = np.full(TEXTS, 5)
        self.features = SimpleNamespace(
            count=FEATURES, scratch=lambda: np.full(FEATURES, -1, np.int32)
        )

    def gather(self, texts, latest):
        return self.rows[texts].ravel(), 5 * np.arange(len(texts) + 1)


def rates():
    """The rates of these features, and the bytes that were in use at most."""
    ids = np.random.default_rng(2).integers(0, LABELS, TEXTS).astype(np.int32)
    labels = LabelNumbers([str(k) for k in range(LABELS)], ids, np.arange(TEXTS + 1))
    features = Given()
    tracemalloc.start()
    try:
        found = module.feature_rates(features, labels)
        return found, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_counts_of_some_features_at_a_time_give_the_same_rates_in_less_memory(monkeypatch):
    wanted, most = rates()
    assert len(set(wanted)) > 2
    assert most > module.count_bytes(FEATURES, LABELS) == 4 * FEATURES * LABELS
    monkeypatch.setattr(module, "_COUNTS", 300 * LABELS)  # the last part has fewer features
    found, less = rates()
    np.testing.assert_array_equal(found, wanted)
    assert module.count_bytes(FEATURES, LABELS) == 4 * 300 * LABELS
    assert less < most / 2


@pytest.mark.parametrize("most", [FEATURES * LABELS, FEATURES * LABELS - 1])
def test_nothing_is_counted_with_too_many_pairs(monkeypatch, most):
    monkeypatch.setattr(module, "_MOST_COUNTS", most)
    found, _ = rates()
    is_counted = most == FEATURES * LABELS
    assert bool(module.count_bytes(FEATURES, LABELS)) == is_counted
    assert (found == 1).all() == (not is_counted)
