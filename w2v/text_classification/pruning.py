"""Pruning a classifier: only its most important features keep a vector.

Without hidden layers, the scores of a text are the mean of O x over the vectors x of its n
features, plus the biases, with O the output vectors. A feature contributes O x / n. Its importance
is the root of the sum, over all texts with the feature, of the squared length of this contribution:

    ‖O x‖ √(Σ 1 / n²)    with  ‖O x‖ = √(xᵀ OᵀO x)

The probabilities of the softmax do not change if the same vector is subtracted from all rows of O,
which the mean is. With hidden layers, the weights of the first one take the place of O. Without
texts, only ‖O x‖ counts; fastText ranks by ‖x‖.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np

from w2v.embeddings.row_matrices import DenseMatrix
from w2v.text_classification.features import Features, TextFeatures
from w2v.text_classification.saved import TrainedTextClassifier
from w2v.text_classification.scores import TrainedLayers

_ROWS = 1 << 16  # rows that are ranked at a time
_TEXTS = 1 << 12  # texts whose features are gathered at a time


def score_norms(layers: TrainedLayers) -> np.ndarray:
    """The norm of the scores of each feature alone, float64 (R,)."""
    outputs = layers.outputs.astype(np.float64)
    if layers.hidden:
        outputs = layers.hidden[0][0].T.astype(np.float64)
    elif layers.loss == "softmax":
        outputs -= outputs.mean(axis=0)
    elif layers.loss == "hs":
        outputs = outputs[:-1]  # the last row is not used
    products, found = outputs.T @ outputs, np.empty(len(layers.vectors))
    for begin in range(0, len(found), _ROWS):
        vectors = layers.vectors[begin : begin + _ROWS].astype(np.float64)
        found[begin : begin + _ROWS] = np.einsum("rd,rd->r", vectors @ products, vectors)
    return np.sqrt(np.maximum(found, 0))


def squared_shares(features: TextFeatures) -> np.ndarray:
    """The sum of 1 / n² over the texts that have each feature, float64 (R,).

    features  the features of the texts, of which a text has n
    """
    sums, latest = np.zeros(features.features.count), features.features.scratch()
    texts = np.arange(len(features.sizes), dtype=np.int32)
    for at in range(0, len(texts), _TEXTS):
        rows, bounds = features.gather(texts[at : at + _TEXTS], latest)
        sizes = np.diff(bounds)
        shares = np.repeat(1 / np.maximum(sizes, 1).astype(np.float64) ** 2, sizes)
        sums += np.bincount(rows, shares, minlength=len(sums))
    return sums


def most_important(values: np.ndarray, count: int) -> np.ndarray:
    """The rows of the `count` largest values, int64, ascending; of equal values the first rows."""
    return np.sort(np.argsort(-values, kind="stable")[:count])


def pruned(trained: TrainedTextClassifier, rows: np.ndarray) -> TrainedTextClassifier:
    """A classifier with some of the features; it shares the other arrays with the given one.

    The words without a vector become unknown words, which keep their places in word n-grams.

    trained  the classifier; it does not change
    rows     int64 (R,), ascending, the rows of the features to keep
    """
    features, subwords = trained.features.keeping(rows), trained.subwords
    vectors = trained.layers.vectors[rows]
    found = copy.copy(trained)
    found.names = [trained.names[row] for row in rows[: features.words].tolist()]
    if subwords is not None:
        found.subwords = replace(
            subwords,
            vectors=DenseMatrix(vectors[: features.first_ngram]),
            words=features.words,
            kept=features.characters,
            kept_rows=None,
        )
    found.features = Features.saved(features.words, found.subwords, features.ngrams)
    found.layers = replace(trained.layers, vectors=vectors)
    found.spans_unknown = features.ngrams.order > 1
    return found
