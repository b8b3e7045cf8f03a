"""Collapsing a linear classifier: fewer dimensions with the same scores.

Without hidden layers, the scores of a text are s = O h + b, where h is the mean of the vectors of
its features. Only the part of h in the row space of O counts. With the singular value decomposition
O = U S Vᵀ and r = rank O, the vectors h V and the output vectors O V of r dimensions have the same
scores.

The probabilities of the softmax do not change if the same vector is subtracted from all rows of O.
With the mean subtracted, the rank is at most K - 1: for two labels, a feature is one number. The
hierarchical softmax has K - 1 inner nodes, and the last row of O is not used.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from w2v.text_classification.scores import TrainedLayers

_ROWS = 1 << 16  # rows that are projected at a time


def collapsed(layers: TrainedLayers) -> TrainedLayers:
    """The layers with the fewest dimensions, up to K, that have the same probabilities.

    They are the same layers if there are hidden layers, or at least as many labels as dimensions.
    """
    outputs = layers.outputs.astype(np.float64)
    labels, dim = outputs.shape
    if layers.loss == "softmax":
        outputs -= outputs.mean(axis=0)
    if layers.loss == "hs":
        outputs[-1] = 0
    rank = labels - 1 if layers.loss in ("softmax", "hs") else labels
    if layers.hidden or rank >= dim:
        return layers
    directions = np.linalg.svd(outputs, full_matrices=False)[2][: max(rank, 1)].T
    vectors = np.empty((len(layers.vectors), directions.shape[1]), np.float32)
    for begin in range(0, len(vectors), _ROWS):
        vectors[begin : begin + _ROWS] = layers.vectors[begin : begin + _ROWS] @ directions
    return replace(layers, vectors=vectors, outputs=(outputs @ directions).astype(np.float32))
