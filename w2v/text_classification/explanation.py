"""Explanations: how much each feature of a text spoke for a label.

A classifier reads a text from the mean h of the vectors x_1 … x_n of its features. The contribution
of feature i to a label with the probability p is

    c_i = x_i · g / n,  g the gradient of the margin ln(p / (1 - p)) with respect to h

so that Σ c_i = h · g. g follows by back-propagation from the gradient of the margin with respect to
the scores, see `label_margin`, through hidden layers if there are any. The biases of all layers
have one contribution together, the product of each with the gradient at its place. Scores are
divided by the temperature, as the probabilities that are printed.

With the losses ova and ns, and with softmax and two labels, the margin is a difference of scores.
Scores are linear in h, and a layer of rectifiers is linear as long as the same units are active.
The contributions then add up exactly to ln(p / (1 - p)). In other cases they are the first-order
term of it. With softmax and more labels, what is missing is the entropy of the probabilities of the
other labels among themselves.

Character n-grams are summed by the words that they come from. One that several words of the text
share is divided among them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from w2v.text_classification.label_margin import best_label, label_margin
from w2v.text_classification.labels import LabelTree
from w2v.text_classification.named_features import (
    CHARACTERS,
    WORDS,
    FeatureNames,
    NamedFeature,
)


class Contribution(NamedTuple):
    """How much a feature spoke for a label.

    kind   the kind of the feature, see `named_features`
    names  the names of the n-grams that share its row, or one name
    words  the words that a character n-gram comes from; else empty
    value  the contribution
    """

    kind: str
    names: Sequence[str]
    words: Sequence[str]
    value: float


class Explanation(NamedTuple):
    """Which features of a text spoke for a label.

    label          the number of the label
    p              its probability
    margin         ln(p / (1 - p))
    bias           the contribution of the biases
    contributions  those of the features, the largest absolute value first
    features       n, the number of features
    unknown        the number of words without a feature
    """

    label: int
    p: float
    margin: float
    bias: float
    contributions: list[Contribution]
    features: int
    unknown: int


@dataclass(frozen=True)
class LabelScores:
    """The layers that compute scores of K labels from the mean of a text's features, in float64.

    hidden       the weights float64 (I, U) and biases float64 (U,) of each hidden layer
    outputs      float64 (K, U), the output vectors of the labels, or of inner nodes of the tree
    biases       float64 (K,)
    loss         the value of --loss
    tree         the tree of labels with the loss hs; else None
    temperature  divisor of the scores
    """

    hidden: Sequence[tuple[np.ndarray, np.ndarray]]
    outputs: np.ndarray
    biases: np.ndarray
    loss: str
    tree: LabelTree | None
    temperature: float

    def forward(self, mean: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """The activations of the hidden layers, and the scores divided by the temperature.

        mean  float64 (D,), the mean of the vectors of a text's features
        """
        inputs, active = mean, []
        for weights, biases in self.hidden:
            inputs = np.maximum(inputs @ weights + biases, 0)
            active.append(inputs)
        return active, (self.outputs @ inputs + self.biases) / self.temperature

    def margin(self, mean: np.ndarray, label: int | None) -> tuple[int, float, np.ndarray, float]:
        """The margin of a label, its gradient, and the contribution of the biases.

        mean     float64 (D,), as in `forward`
        label    the number of the label; None: the most probable one
        Returns  the number of the label, the margin, float64 (D,), and a number
        """
        active, scores = self.forward(mean)
        if label is None:
            label = best_label(scores, self.tree)
        margin = label_margin(scores, label, self.loss, self.tree)
        slopes = margin.slopes / self.temperature
        bias, gradient = float(slopes @ self.biases), slopes @ self.outputs
        for (weights, biases), units in zip(reversed(self.hidden), reversed(active), strict=True):
            gradient = gradient * (units > 0)
            bias += float(gradient @ biases)
            gradient = weights @ gradient
        return label, margin.value, gradient, bias


@dataclass(frozen=True)
class TextExplainer:
    """Explains the labels of texts.

    features  the features that texts may have
    take      function from rows int64 (K,) to the vectors of features, float32 (K, D)
    scores    the layers
    repeated  whether a feature counts as often as it occurs, as in fastText; if not, once
    """

    features: FeatureNames
    take: Callable[[np.ndarray], np.ndarray]
    scores: LabelScores
    repeated: bool = False

    def explain(
        self, words: Sequence[bytes], label: int | None = None, by_part: bool = False
    ) -> Explanation:
        """Explain a label of a text.

        words    the words of the text
        label    the number of the label; None: the most probable one
        by_part  whether character n-grams have contributions of their own; if not, they are summed
                 by the words that they come from

        Numbers that are too large to compute with give infinity or NaN.
        """
        found, unknown = self.features.of(words)
        vectors = self.take(np.array([each.row for each in found], np.int64)).astype(np.float64)
        counts = np.array([each.count if self.repeated else 1 for each in found], np.float64)
        total = max(counts.sum(), 1)
        with np.errstate(all="ignore"):
            label, margin, gradient, bias = self.scores.margin(counts @ vectors / total, label)
            values = (vectors @ gradient * counts / total).tolist()
            p = float(1 / (1 + np.exp(-np.float64(margin))))
        listed = _by_part(found, values) if by_part else _by_word(found, values, self.repeated)
        listed.sort(key=lambda each: -abs(each.value))
        return Explanation(label, p, margin, bias, listed, int(counts.sum()), unknown)


def _by_part(found: Sequence[NamedFeature], values: Sequence[float]) -> list[Contribution]:
    """The contribution of each feature, in their order."""
    listed = []
    for each, value in zip(found, values, strict=True):
        words = [name for _, name in each.owners] if each.kind == CHARACTERS else []
        listed.append(Contribution(each.kind, [*each.names], words, value))
    return listed


def _by_word(
    found: Sequence[NamedFeature], values: Sequence[float], repeated: bool
) -> list[Contribution]:
    """The contributions of words with their character n-grams, and of word n-grams.

    repeated  whether a shared feature is divided in proportion to how often it occurs in each word;
              if not, in equal parts
    """
    sums: dict[tuple[str, str], float] = {}
    ngrams = []
    for each, value in zip(found, values, strict=True):
        if all(kind == WORDS for kind, _ in each.owners):
            ngrams.append(Contribution(WORDS, [*each.names], [], value))
            continue
        shares = {owner: times if repeated else 1 for owner, times in each.owners.items()}
        for owner, share in shares.items():
            sums[owner] = sums.get(owner, 0.0) + value * share / sum(shares.values())
    return [Contribution(kind, [name], [], value) for (kind, name), value in sums.items()] + ngrams
