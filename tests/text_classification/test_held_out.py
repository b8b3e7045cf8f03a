"""Held-out texts: the temperature, loss and accuracy, whole and in blocks."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import COMPILED, compiled

from w2v.classifier_settings import ClassifierSettings
from w2v.kernels.simd import aligned
from w2v.system.packed_ids import PackedIds
from w2v.text.encoded_text import EncodedDocuments
from w2v.text_classification import held_out
from w2v.text_classification.features import Features
from w2v.text_classification.held_out import HeldOutTexts
from w2v.text_classification.labels import LabelNumbers, LabelTree
from w2v.text_classification.scores import TrainedLayers

LABELS, WORDS, DIM = ["a", "b", "c", "d"], 30, 16
LOSSES = ("softmax", "ova", "ns", "hs")


def held_out_texts(loss, count=400 if COMPILED else 24, seed=1):
    """Texts of random words with labels from the probabilities of random layers, and the layers."""
    rng = np.random.default_rng(seed)
    starts = np.cumsum([0, *rng.integers(1, 6, count)])
    ids = PackedIds(rng.integers(0, WORDS, starts[-1]).astype(np.int32))
    text = EncodedDocuments(ids, starts, np.arange(count), [])
    names = [f"w{n}" for n in range(WORDS)]
    features = Features.found_in(names, text, ClassifierSettings(dim=DIM)).of_texts(text)
    vectors = aligned((WORDS, DIM))
    vectors[:] = rng.normal(0, 1, vectors.shape)
    outputs = rng.normal(0, 1, (len(LABELS), DIM)).astype(np.float32)
    tree = LabelTree.of(np.array([5, 3, 2, 2])) if loss == "hs" else None
    layers = TrainedLayers(vectors, [], outputs, np.zeros(len(LABELS), np.float32), loss, tree)
    is_exclusive = loss in ("softmax", "hs")
    unlabelled = HeldOutTexts(features, LabelNumbers(LABELS, [], np.zeros(1)), is_exclusive)
    scores, numbers = (
        layers.scores(
            *features.gather(np.arange(count, dtype=np.int32), features.features.scratch())
        ),
        [],
    )
    for p in layers.probabilities(scores.copy(), 2.0):
        if is_exclusive:
            numbers.append([rng.choice(len(LABELS), p=p / p.sum())])
        else:
            numbers.append(np.flatnonzero(rng.random(len(LABELS)) < p))
    bounds = np.cumsum([0, *map(len, numbers)])
    labels = LabelNumbers(LABELS, np.concatenate(numbers).astype(np.int32), bounds)
    return replace(unlabelled, labels=labels), layers, scores


@pytest.mark.parametrize("loss", LOSSES)
def test_blocks_give_what_all_scores_at_once_give(monkeypatch, loss):
    texts, layers, scores = held_out_texts(loss)
    whole, score = texts.calibrated(layers), texts.score(layers)
    errors = texts.errors(layers, whole.temperature)
    monkeypatch.setattr(held_out, "_SCORES", 4 * 7)
    blocks = list(texts.blocks(layers))
    assert all(len(block) <= 7 for block, _ in blocks)
    np.testing.assert_allclose(np.concatenate([block for block, _ in blocks]), scores, atol=1e-5)
    labels = np.concatenate([each.matrix() for _, each in blocks])
    np.testing.assert_array_equal(labels, texts.labels.matrix())
    assert texts.score(layers) == score
    np.testing.assert_allclose(texts.errors(layers, whole.temperature), errors, atol=1e-5)
    monkeypatch.setattr(held_out, "best_temperature", lambda *args: whole.temperature)
    np.testing.assert_allclose(texts.calibrated(layers), whole, rtol=1e-5)


@compiled
@pytest.mark.parametrize("loss", LOSSES)
def test_the_temperature_is_found_also_by_some_of_the_texts(monkeypatch, loss):
    texts, layers, _ = held_out_texts(loss, 4000)
    found = texts.calibrated(layers)
    assert found.temperature == pytest.approx(2, rel=0.15)  # by which the labels were drawn
    before, after = texts.errors(layers, found.temperature)
    assert after < min(before, 0.03)
    monkeypatch.setattr(held_out, "_SCORES", 4 * 1000)
    some = texts.calibrated(layers)
    assert some.temperature == pytest.approx(found.temperature, rel=0.3)
    assert some.temperature != found.temperature
    assert found.loss <= some.loss < 1.02 * found.loss
    assert some.accuracy == found.accuracy


def test_no_texts():
    texts, layers, _ = held_out_texts("softmax")
    none = texts.features.features.of_texts(
        EncodedDocuments(PackedIds(), np.zeros(1, np.int64), np.empty(0), [])
    )
    labels = LabelNumbers(LABELS, np.empty(0, np.int32), np.zeros(1, np.int64))
    empty = HeldOutTexts(none, labels, True)
    assert np.isnan(empty.score(layers))
    assert np.isnan(empty.calibrated(layers).loss)
