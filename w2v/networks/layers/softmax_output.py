"""The output layer: a score for each label or word, softmax, and the cross-entropy loss.

Its variant for large vocabularies, the sampled softmax, computes the scores of some words only.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from w2v.kernels.softmax import softmax_cross_entropy
from w2v.networks.layers.layer import Layer, init_glorot

TARGETS = 256  # evaluated at a time, since the scores of a large vocabulary take much memory


class RowGradients(NamedTuple):
    """Gradients of some rows of a table.

    table  name of the table
    rows   int32 (N,), distinct
    sums   float (N, D), the gradients
    """

    table: str
    rows: np.ndarray
    sums: np.ndarray


class SoftmaxOutput(Layer):
    """Scores s = h W_ohᵀ + b_o, probabilities p = softmax(s), loss -ln p of the target.

    W_oh is the table `output_vectors`, (K, U). With tied weights it is `input_vectors`, (V, D).

    inputs   U, units of the last hidden layer
    outputs  K, labels or words
    tied     whether W_oh is `input_vectors`
    dtype    dtype of the parameters
    """

    def __init__(self, inputs: int, outputs: int, tied: bool = False, dtype: Any = np.float32):
        super().__init__(self.shapes(inputs, outputs, tied), dtype)
        self.table = "input_vectors" if tied else "output_vectors"
        self._loss, self._tied = SoftmaxLoss(), tied
        self._shape = outputs, inputs

    @staticmethod
    def shapes(inputs: int, outputs: int, tied: bool = False) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name, without a tied table."""
        table: dict[str, tuple[int, ...]] = {} if tied else {"output_vectors": (outputs, inputs)}
        return table | {"b_o": (outputs,)}

    def share(self, tables: dict[str, np.ndarray]) -> None:
        """Use `input_vectors` of `tables` as W_oh where the weights are tied."""
        if self._tied:
            self.parameters[self.table] = tables[self.table]
            self.gradients[self.table] = np.empty(self._shape, tables[self.table].dtype)

    def initialise(self, rng: np.random.Generator) -> None:
        """Glorot initialisation of W_oh, unless it is tied; b_o starts at 0."""
        if not self._tied:
            init_glorot(rng, self.parameters[self.table])

    def scores(self, h: np.ndarray) -> np.ndarray:
        """The scores of all outputs: (N, U) to (N, K)."""
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
        """Forward and backward: compute the gradients of the weighted sum of the losses.

        h        (N, U)
        targets  int32 (N,), column of each row's true label or word
        weights  (N,), weight of each row in the loss
        rng      random numbers of the sampled softmax; unused here
        Returns  d_h, (N, U)

        `losses` and `correct` are set, as in `SoftmaxLoss`.
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
        """The losses among all outputs, without gradients: (losses, correct), as in `SoftmaxLoss`.

        Arguments are those of `learn`.
        """
        losses, correct = np.empty(targets.size), 0
        for start in range(0, targets.size, TARGETS):
            part = slice(start, start + TARGETS)
            loss = SoftmaxLoss()
            loss.forward(self.scores(h[part]), targets[part], weights[part])
            losses[part], correct = loss.losses, correct + loss.correct
        return losses, correct

    @property
    def losses(self) -> np.ndarray:
        """-ln p of each target in nats, float64 (N,)."""
        return self._loss.losses

    @property
    def correct(self) -> int:
        """Number of rows with a weight whose target has the highest score."""
        return self._loss.correct

    def rows(self) -> list[RowGradients]:
        """Row gradients of tables that the optimizer changes by rows; none if weights are untied.

        Tied weights are a table of the embedding, so that all rows of it get a gradient here.
        """
        if not self._tied:
            return []
        whole = np.arange(self._shape[0], dtype=np.int32)
        return [RowGradients(self.table, whole, self.gradients[self.table])]


class SampledSoftmaxOutput(SoftmaxOutput):
    """Sampled softmax: training computes the scores of the minibatch's targets and samples only.

    Samples are drawn in proportion to count^0.75, once for each call of `learn`. The logarithm of a
    word's expected number of draws is subtracted from its score. This corrects for the sampling, so
    that the network learns the full softmax (Jean et al. 2015, "On using very large target
    vocabulary", equation 8; Bengio and Senécal 2008). `scores` and `evaluate` use all words.

    W_oh and b_o are both tables with row gradients; b_o is (K, 1).

    inputs   U, units of the last hidden layer
    counts   int64 (K,), counts of the words
    samples  words drawn in a call
    tied     whether W_oh is `input_vectors`
    dtype    dtype of the parameters
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
        """Use W_oh and b_o of `tables` as parameters."""
        self.parameters = {name: tables[name] for name in (self.table, "b_o")}

    def learn(
        self,
        h: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray,
        rng: np.random.Generator | None = None,
    ) -> np.ndarray:
        """Forward and backward, as in `SoftmaxOutput`, among the targets and the samples.

        rng  draws the samples; None: the same samples in every call
        """
        rng = rng or np.random.default_rng(0)
        drawn = np.searchsorted(self._sums, rng.random(self._samples))
        rows, places = np.unique(
            np.concatenate([targets, np.minimum(drawn, self._sums.size - 1)]), return_inverse=True
        )
        vectors = self.parameters[self.table][rows]
        scores = h @ vectors.T
        scores += (self.parameters["b_o"][rows, 0] - np.log(self._expected[rows])).astype(h.dtype)
        self._loss.forward(scores, places[: targets.size].astype(np.int32), weights)
        # 1. and 2. as in `SoftmaxOutput`, for the rows of targets and samples
        d_scores, rows = self._loss.backward(), rows.astype(np.int32)
        self._row_gradients = [
            RowGradients(self.table, rows, d_scores.T @ h),
            RowGradients("b_o", rows, d_scores.sum(axis=0)[:, None]),
        ]
        return d_scores @ vectors

    def scores(self, h: np.ndarray) -> np.ndarray:
        """The scores of all words: (N, U) to (N, K)."""
        return h @ self.parameters[self.table].T + self.parameters["b_o"][:, 0]

    def rows(self) -> list[RowGradients]:
        """Row gradients of the targets and samples of the last `learn`."""
        return self._row_gradients


class SoftmaxLoss:
    """Cross-entropy of the targets: -ln p in nats, with p = softmax(scores).

    `forward` sets `losses`, float64 (N,), of each row without its weight, and `correct`, the number
    of rows with a weight whose target has the highest score.
    """

    def forward(self, scores: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
        """The weighted sum of the losses.

        scores   (N, K), overwritten by their gradient
        targets  int32 (N,), the true column of each row
        weights  (N,), of the dtype of the scores; 0 excludes a row
        """
        self.losses = np.zeros(targets.size)
        self.correct = softmax_cross_entropy(scores, targets, weights, self.losses)
        self._d_scores = scores
        return float(weights @ self.losses)

    def backward(self) -> np.ndarray:
        """The gradient of the weighted sum: weight (p - onehot(target)), (N, K)."""
        return self._d_scores
