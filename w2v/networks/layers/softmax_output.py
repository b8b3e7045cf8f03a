"""The last layer: a score for each label or word, and what it costs to be wrong."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from w2v.kernels.softmax import softmax_cross_entropy
from w2v.networks.layers.layer import Layer, init_glorot

TARGETS = 256  # scored at a time in evaluation: scores of many words take much memory


class RowGradients(NamedTuple):
    """The gradient of some rows of a table: int32 (N,), each once, and float (N, D)."""

    table: str
    rows: np.ndarray
    sums: np.ndarray


class SoftmaxOutput(Layer):
    """Scores h W_oh^T + b_o of K outputs, softmax, cross-entropy.

    W_oh is the table `output_vectors` (K, U). Where it is tied, it is the `input_vectors` (V, D).
    """

    def __init__(self, inputs: int, outputs: int, tied: bool = False, dtype: Any = np.float32):
        super().__init__(self.shapes(inputs, outputs, tied), dtype)
        self.table = "input_vectors" if tied else "output_vectors"
        self._loss, self._tied = SoftmaxLoss(), tied
        self._shape = outputs, inputs

    @staticmethod
    def shapes(inputs: int, outputs: int, tied: bool = False) -> dict[str, tuple[int, ...]]:
        """Its own parameters."""
        table: dict[str, tuple[int, ...]] = {} if tied else {"output_vectors": (outputs, inputs)}
        return table | {"b_o": (outputs,)}

    def share(self, tables: dict[str, np.ndarray]) -> None:
        """Take over the table that is tied."""
        if self._tied:
            self.parameters[self.table] = tables[self.table]
            self.gradients[self.table] = np.empty(self._shape, tables[self.table].dtype)

    def initialise(self, rng: np.random.Generator) -> None:
        """Fill it at random; biases start at 0."""
        if not self._tied:
            init_glorot(rng, self.parameters[self.table])

    def scores(self, h: np.ndarray) -> np.ndarray:
        """(N, U) to (N, K)."""
        scores = h @ self.parameters[self.table].T
        scores += self.parameters["b_o"]
        return scores

    def learn(
        self,
        h: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray,
        rng: np.random.Generator | None = None,
    ) -> np.ndarray:
        """Forward and backward at once: the gradient by h of the weighted sum of losses.

        rng  for samples, where these are drawn
        `losses` and `correct` are as in `SoftmaxLoss`.
        """
        self._loss.forward(self.scores(h), targets, weights)
        # 1. softmax and cross-entropy
        d_scores = self._loss.backward()
        # 2. scores = h W_oh^T + b_o
        np.matmul(d_scores.T, h, out=self.gradients[self.table])
        d_scores.sum(axis=0, out=self.gradients["b_o"])
        return d_scores @ self.parameters[self.table]

    def evaluate(
        self, h: np.ndarray, targets: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, int]:
        """-ln p of each target among all outputs, float64 (N,), and how many come first."""
        losses, correct = np.empty(targets.size), 0
        for start in range(0, targets.size, TARGETS):
            part = slice(start, start + TARGETS)
            loss = SoftmaxLoss()
            loss.forward(self.scores(h[part]), targets[part], weights[part])
            losses[part], correct = loss.losses, correct + loss.correct
        return losses, correct

    @property
    def losses(self) -> np.ndarray:
        """-ln p of each target, nats; float64 (N,)."""
        return self._loss.losses

    @property
    def correct(self) -> int:
        """How often the target had the highest score."""
        return self._loss.correct

    def rows(self) -> list[RowGradients]:
        """Gradients of rows of tables, that are not among `gradients`."""
        if not self._tied:
            return []
        whole = np.arange(self._shape[0], dtype=np.int32)
        return [RowGradients(self.table, whole, self.gradients[self.table])]


class SampledSoftmaxOutput(SoftmaxOutput):
    """Only the targets of a batch and words drawn by chance compete, in training.

    From each score goes the logarithm of how often its word was to be expected, so that the whole
    softmax is what is learnt (Jean et al. 2015, "On using very large target vocabulary", equation
    8; Bengio and Senécal 2008). `scores` are of all words. Not shared with W_oh is b_o: both are
    tables of which rows have gradients.

    counts   int64 (K,), of the words
    samples  how many are drawn for a batch
    """

    def __init__(
        self, inputs: int, counts: np.ndarray, samples: int, tied: bool, dtype: Any = np.float32
    ):
        super().__init__(inputs, counts.size, tied, dtype)
        weights = np.maximum(counts, 1) ** 0.75
        self._expected = samples * weights / weights.sum()
        self._sums, self._samples = np.cumsum(weights / weights.sum()), samples
        self.gradients = {}
        self.parameters["b_o"] = np.zeros((counts.size, 1), dtype)
        self._row_gradients: list[RowGradients] = []

    def share(self, tables: dict[str, np.ndarray]) -> None:
        """Take over the tables of which rows change."""
        self.parameters = {name: tables[name] for name in (self.table, "b_o")}

    def learn(
        self,
        h: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray,
        rng: np.random.Generator | None = None,
    ) -> np.ndarray:
        """As of an `SoftmaxOutput`."""
        rng = rng or np.random.default_rng(0)
        drawn = np.searchsorted(self._sums, rng.random(self._samples))
        rows, places = np.unique(
            np.concatenate([targets, np.minimum(drawn, self._sums.size - 1)]), return_inverse=True
        )
        vectors = self.parameters[self.table][rows]
        scores = h @ vectors.T
        scores += (self.parameters["b_o"][rows, 0] - np.log(self._expected[rows])).astype(h.dtype)
        self._loss.forward(scores, places[: targets.size].astype(np.int32), weights)
        # 1. as in `SoftmaxOutput`, of the rows that compete
        d_scores, rows = self._loss.backward(), rows.astype(np.int32)
        self._row_gradients = [
            RowGradients(self.table, rows, d_scores.T @ h),
            RowGradients("b_o", rows, d_scores.sum(axis=0)[:, None]),
        ]
        return d_scores @ vectors

    def scores(self, h: np.ndarray) -> np.ndarray:
        """(N, U) to (N, K)."""
        return h @ self.parameters[self.table].T + self.parameters["b_o"][:, 0]

    def rows(self) -> list[RowGradients]:
        """Of what competed."""
        return self._row_gradients


class SoftmaxLoss:
    """Cross-entropy: -ln p of what was there, p = softmax(scores), in nats.

    `losses`, float64 (N,), are those of the rows; `correct` says in how many the target came first.
    """

    def forward(self, scores: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
        """The weighted sum over the rows of scores (N, V), which are overwritten by their gradient.

        targets  int32 (N,)
        weights  (N,), of the dtype of the scores; a row of none costs nothing
        """
        self.losses = np.zeros(targets.size)
        self.correct = softmax_cross_entropy(scores, targets, weights, self.losses)
        self._d_scores = scores
        return float(weights @ self.losses)

    def backward(self) -> np.ndarray:
        """1. Of the sum by the scores: weight times (p - 1 where the target is)."""
        return self._d_scores
