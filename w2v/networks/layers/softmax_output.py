"""The output layer: a score for each label or word, softmax, and the cross-entropy loss.

The sampled softmax is a variant for large vocabularies. In training it computes the scores of some
words only.

Letters of shapes: N rows, which are the predictions of a minibatch, U units of the last hidden
layer, K outputs (labels or words), V words, D dimension of a word vector.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from w2v.kernels.softmax import softmax_cross_entropy
from w2v.networks.layers.layer import Layer, init_glorot

TARGETS = 256  # targets evaluated at a time: the scores of a large vocabulary take much memory


class RowGradients(NamedTuple):
    """Gradients of some rows of a table of vectors.

    table  name of the table
    rows   int32, the distinct row numbers
    sums   float, the gradient of each of these rows
    """

    table: str
    rows: np.ndarray
    sums: np.ndarray


class SoftmaxOutput(Layer):
    """Computes scores s = h W_ohᵀ + b_o and p = softmax(s). The loss is -ln p of the target.

    W_oh, (K, U), is the table `output_vectors`. If the weights are tied, W_oh is the table of word
    vectors, `input_vectors`, (V, D), with K = V and U = D.

    inputs   U
    outputs  K
    tied     whether the weights are tied
    dtype    dtype of the parameters
    """

    def __init__(self, inputs: int, outputs: int, tied: bool = False, dtype: Any = np.float32):
        super().__init__(self.shapes(inputs, outputs, tied), dtype)
        self.table = "input_vectors" if tied else "output_vectors"
        self._loss, self._tied = SoftmaxLoss(), tied
        self._shape = outputs, inputs

    @staticmethod
    def shapes(inputs: int, outputs: int, tied: bool = False) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name, without `input_vectors` if the weights are tied."""
        table: dict[str, tuple[int, ...]] = {} if tied else {"output_vectors": (outputs, inputs)}
        return table | {"b_o": (outputs,)}

    def share(self, tables: dict[str, np.ndarray]) -> None:
        """Use `input_vectors` of `tables` as W_oh if the weights are tied."""
        if self._tied:
            self.parameters[self.table] = tables[self.table]
            self.gradients[self.table] = np.empty(self._shape, tables[self.table].dtype)

    def initialise(self, rng: np.random.Generator) -> None:
        """Initialise W_oh (Glorot), unless the weights are tied; b_o starts at 0."""
        if not self._tied:
            init_glorot(rng, self.parameters[self.table])

    def scores(self, h: np.ndarray) -> np.ndarray:
        """Compute the scores of all outputs, (N, K), from h, (N, U)."""
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

        Sets `losses` and `correct`, as `SoftmaxLoss.forward` does.

        h        (N, U)
        targets  int32 (N,), the id of the true label or word of each row
        weights  (N,), the weight of each row in the loss
        rng      unused; the sampled softmax draws words with it
        Returns  d_h, (N, U)
        """
        scores = h @ self.parameters[self.table].T
        self._loss.forward(scores, self.parameters["b_o"], targets, weights)
        # 1. softmax and cross-entropy, and the gradient of b_o
        d_scores, self.gradients["b_o"][:] = self._loss.backward()
        # 2. scores = h W_oh^T
        np.matmul(d_scores.T, h, out=self.gradients[self.table])
        return d_scores @ self.parameters[self.table]

    def evaluate(
        self, h: np.ndarray, targets: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, int]:
        """Compute the losses with the softmax of all outputs, without gradients.

        h, targets, weights  as in `learn`
        Returns              (losses, correct), as in `SoftmaxLoss`
        """
        losses, correct = np.empty(targets.size), 0
        for start in range(0, targets.size, TARGETS):
            part = slice(start, start + TARGETS)
            loss = SoftmaxLoss()
            scores = h[part] @ self.parameters[self.table].T
            loss.forward(scores, self.parameters["b_o"].reshape(-1), targets[part], weights[part])
            losses[part], correct = loss.losses, correct + loss.correct
        return losses, correct

    @property
    def losses(self) -> np.ndarray:
        """-ln p of each target in nats, float64 (N,)."""
        return self._loss.losses

    @property
    def correct(self) -> int:
        """Number of rows whose target has the highest score and whose weight is not 0."""
        return self._loss.correct

    def rows(self) -> list[RowGradients]:
        """The gradients of tables that the optimizer changes by rows; none if weights are not tied.

        Tied weights are the table of the embedding layer, of which all rows get a gradient here.
        """
        if not self._tied:
            return []
        all_rows = np.arange(self._shape[0], dtype=np.int32)
        return [RowGradients(self.table, all_rows, self.gradients[self.table])]


class SampledSoftmaxOutput(SoftmaxOutput):
    """Sampled softmax: `learn` computes the scores of the targets and of random words only.

    These random words are the samples. Each call of `learn` draws them in proportion to
    count^0.75. A row has the scores of its target, of the samples and of the targets of the other
    rows, each word once. The logarithm of the probability that a word is among them is subtracted
    from the score of the word. This corrects for the sampling, so that the network learns the full
    softmax (Jean et al. 2015, "On using very large target vocabulary", equation 8; Bengio and
    Senécal 2008). A word of frequency f that a draw takes with the probability q is among S samples
    and N - 1 other targets with the probability 1 - (1 - q)^S (1 - f)^(N - 1). `scores` and
    `evaluate` use all words.

    W_oh and b_o are both tables with row gradients; b_o is (K, 1).

    inputs   U
    counts   int64 (K,), counts of the words
    samples  number of words drawn in a call of `learn`
    tied     whether the weights are tied
    dtype    dtype of the parameters
    """

    def __init__(
        self, inputs: int, counts: np.ndarray, samples: int, tied: bool, dtype: Any = np.float32
    ):
        super().__init__(inputs, counts.size, tied, dtype)
        frequencies = np.maximum(counts, 1) / np.maximum(counts, 1).sum()
        q = frequencies**0.75 / (frequencies**0.75).sum()
        self._cumulative, self._samples = np.cumsum(q), samples
        # The logarithms of the probabilities that a word is not drawn, and is not a target.
        self._not_drawn, self._not_target = (
            np.log1p(-np.minimum(p, 1 - 1e-9)) for p in (q, frequencies)
        )
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
        samples = np.searchsorted(self._cumulative, rng.random(self._samples))
        samples = np.minimum(samples, self._cumulative.size - 1)  # the last sum may be below 1
        rows, columns = np.unique(np.concatenate([targets, samples]), return_inverse=True)
        vectors = self.parameters[self.table][rows]
        scores = h @ vectors.T
        left_out = self._samples * self._not_drawn[rows]
        left_out += (targets.size - 1) * self._not_target[rows]
        bias = self.parameters["b_o"][rows, 0] - np.log(-np.expm1(left_out))
        bias = bias.astype(h.dtype)
        self._loss.forward(scores, bias, columns[: targets.size].astype(np.int32), weights)
        # 1. and 2. as in `SoftmaxOutput`, for the rows of targets and samples
        (d_scores, d_bias), rows = self._loss.backward(), rows.astype(np.int32)
        self._row_gradients = [
            RowGradients(self.table, rows, d_scores.T @ h),
            RowGradients("b_o", rows, d_bias[:, None]),
        ]
        return d_scores @ vectors

    def scores(self, h: np.ndarray) -> np.ndarray:
        """Compute the scores of all words, (N, K), from h, (N, U)."""
        return h @ self.parameters[self.table].T + self.parameters["b_o"][:, 0]

    def rows(self) -> list[RowGradients]:
        """The gradients of the rows of the targets and samples in the last `learn`."""
        return self._row_gradients


class SoftmaxLoss:
    """Cross-entropy of the targets: -ln p in nats, with p = softmax(scores).

    `forward` sets `losses`, float64 (N,), the unweighted loss of each row, and `correct`, the
    number of rows whose target has the highest score and whose weight is not 0.
    """

    def forward(
        self, scores: np.ndarray, bias: np.ndarray, targets: np.ndarray, weights: np.ndarray
    ) -> float:
        """Compute the weighted sum of the losses.

        scores   (N, K), overwritten by the gradient of the scores
        bias     (K,), added to the scores of each row
        targets  int32 (N,), the column of the target of each row
        weights  (N,), of the dtype of the scores; the weight 0 excludes a row
        """
        self.losses, self._d_bias = np.zeros(targets.size), np.empty_like(bias)
        self.correct = softmax_cross_entropy(
            scores, bias, targets, weights, self.losses, self._d_bias
        )
        self._d_scores = scores
        return float(weights @ self.losses)

    def backward(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradients of the weighted sum: of the scores (N, K), and of the bias (K,).

        That of a score is weight times (p - onehot(target)).
        """
        return self._d_scores, self._d_bias
