"""The scores and probabilities of labels, computed with a trained neural bag of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from w2v.kernels.label_tree import tree_probabilities
from w2v.kernels.nbow import mean_features
from w2v.text_classification.labels import LabelNumbers, LabelTree


@dataclass(frozen=True)
class TrainedLayers:
    """The parameters of a neural bag of words with R features, D dimensions and K labels.

    vectors  float32 (R, D), the vectors of features
    hidden   the weights float32 (I, U) and biases float32 (U,) of each hidden layer
    outputs  float32 (K, U), the output vectors of the labels, or of inner nodes of the tree
    biases   float32 (K,)
    loss     the value of --loss
    tree     the tree of labels with the loss hs; else None
    """

    vectors: np.ndarray
    hidden: Sequence[tuple[np.ndarray, np.ndarray]]
    outputs: np.ndarray
    biases: np.ndarray
    loss: str
    tree: LabelTree | None

    @cached_property
    def _score_table(self) -> np.ndarray:
        """The scores of each feature alone, float32 (R, K), without the biases."""
        return np.ascontiguousarray(self.vectors @ self.outputs.T)

    def prepare(self, features: int) -> None:
        """Compute the scores of each feature alone, if that saves time for so many features.

        Without hidden layers, the scores of a text are the mean of those of its features. If there
        are fewer labels than dimensions, less memory is then read for each feature.
        """
        rows, dim = self.vectors.shape
        if not self.hidden and len(self.outputs) < dim and features > rows // 4:
            with _overflow_ignored():
                _ = self._score_table

    def scores(self, rows: np.ndarray, bounds: np.ndarray) -> np.ndarray:
        """The scores of the labels for M texts, float32 (M, K); not finite where they overflow.

        rows    int32 (N,), the features of all texts
        bounds  int64 (M + 1,), text m has the features rows[bounds[m]:bounds[m + 1]]
        """
        if "_score_table" in self.__dict__:
            return self._means(self._score_table, rows, bounds) + self.biases
        hidden = self._means(self.vectors, rows, bounds)
        with _overflow_ignored():
            for weights, biases in self.hidden:
                hidden = np.maximum(hidden @ weights + biases, 0)
            scores: np.ndarray = hidden @ self.outputs.T + self.biases
        return scores

    @staticmethod
    def _means(vectors: np.ndarray, rows: np.ndarray, bounds: np.ndarray) -> np.ndarray:
        means = np.empty((len(bounds) - 1, vectors.shape[1]), np.float32)
        mean_features(vectors, rows, bounds, means)
        return means

    def probabilities(self, scores: np.ndarray, temperature: float = 1.0) -> np.ndarray:
        """The probabilities of the labels, float32 (M, K); NaN where scores overflow.

        scores       float32 (M, K); changed in place
        temperature  divisor of the scores
        """
        with _overflow_ignored():
            scores /= np.float32(temperature)
            if self.loss == "softmax":
                scores -= scores.max(axis=1, keepdims=True)
                np.exp(scores, out=scores)
                scores /= scores.sum(axis=1, keepdims=True)
                return scores
            if self.tree is None:
                return logistic(scores)
        p, nodes = np.empty_like(scores), np.empty(2 * scores.shape[1] - 1)
        inner = np.ascontiguousarray(scores[:, :-1])
        tree_probabilities(inner, self.tree.left, self.tree.right, 0.0, nodes, p)
        by_label = np.empty_like(p)
        by_label[:, self.tree.leaves] = p
        return by_label

    def best(self, scores: np.ndarray) -> np.ndarray:
        """The most probable label of each of M texts, int64 (M,), from their scores."""
        best: np.ndarray = (
            scores if self.tree is None else self.probabilities(scores.copy())
        ).argmax(axis=1)
        return best


def _overflow_ignored() -> np.errstate:
    """A block that does not warn of numbers that overflow: who uses the result tests it."""
    return np.errstate(over="ignore", invalid="ignore")


def logistic(scores: np.ndarray) -> np.ndarray:
    """The logistic function of each score, which does not overflow."""
    small = np.exp(-np.abs(scores))
    p: np.ndarray = np.where(scores > 0, 1, small) / (1 + small)
    return p


def mean_loss(layers: TrainedLayers, scores: np.ndarray, labels: LabelNumbers) -> float:
    """The mean loss of texts in nats; NaN if there are none.

    scores  float32 (M, K); overwritten
    labels  the labels of the M texts. With the losses softmax and hs, each has one
    """
    if not len(scores):
        return float("nan")
    if layers.loss in ("softmax", "hs"):
        p = layers.probabilities(scores)[np.arange(len(scores)), labels.ids]
        logs = np.log(np.maximum(p, np.finfo(np.float32).tiny), dtype=np.float64)
        return float(0.0 - logs.mean())  # not -0.0
    wrong = np.where(labels.matrix(), -scores, scores).astype(np.float64)
    losses = np.maximum(wrong, 0) + np.log1p(np.exp(-np.abs(wrong)))
    return float(losses.sum(axis=1).mean())
