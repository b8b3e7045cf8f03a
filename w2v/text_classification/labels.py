"""The labels of texts as numbers, with their weights in the loss and what each loss needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from w2v.classifier_settings import ClassifierSettings
from w2v.errors import W2VError
from w2v.kernels.label_losses import HIERARCHICAL, NEGATIVE, ONE_VERSUS_ALL, SOFTMAX, Labels
from w2v.negative_sampling.word_distributions import alias_table
from w2v.networks.fasttext_classifier import label_tree
from w2v.system.text_file import numbered_lines
from w2v.text.encoded_text import EncodedDocuments
from w2v.text.labels import check_two

_LOSSES = {"softmax": SOFTMAX, "ova": ONE_VERSUS_ALL, "ns": NEGATIVE, "hs": HIERARCHICAL}


@dataclass(frozen=True)
class LabelNumbers:
    """The labels of S texts as numbers.

    names   the K labels, sorted
    ids     int32 (M,), the labels of all texts
    bounds  int64 (S + 1,), text s has the labels ids[bounds[s]:bounds[s + 1]]
    """

    names: Sequence[str]
    ids: np.ndarray
    bounds: np.ndarray

    @classmethod
    def found_in(cls, text: EncodedDocuments) -> Self:
        """Number the labels of texts; NothingToLearnError if there are fewer than two."""
        names = sorted({name for names in text.labels for name in names})
        check_two(names)
        return cls.numbered(text, names)

    @classmethod
    def numbered(cls, text: EncodedDocuments, names: Sequence[str]) -> Self:
        """Number the labels of texts in a given list; W2VError for a label that is not in it."""
        number_of = {name: number for number, name in enumerate(names)}
        ids: list[int] = []
        for row, labels in enumerate(text.labels):
            for label in labels:
                if label not in number_of:
                    raise W2VError(
                        f"text {row + 1:,} has the label {label!r}, which no training text has: "
                        "remove that text, or train on texts with this label"
                    )
                ids.append(number_of[label])
        sizes = np.fromiter(map(len, text.labels), np.int64, len(text.labels))
        bounds = np.concatenate([[0], np.cumsum(sizes)])
        return cls(names, np.array(ids, np.int32), bounds)

    @property
    def counts(self) -> np.ndarray:
        """The number of texts that have each label, int64 (K,)."""
        return np.bincount(self.ids, minlength=len(self.names)).astype(np.int64)

    def of_texts(self, texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The labels of some texts, int32 (·,), and the bounds of each text, int64 (K + 1,)."""
        sizes = self.bounds[texts + 1] - self.bounds[texts]
        bounds = np.concatenate([[0], np.cumsum(sizes)])
        places = np.arange(bounds[-1]) + np.repeat(self.bounds[texts] - bounds[:-1], sizes)
        return self.ids[places], bounds

    def part(self, texts: np.ndarray) -> LabelNumbers:
        """The labels of some texts, int32 (·,), as those of a corpus that has only these."""
        return LabelNumbers(self.names, *self.of_texts(texts))

    def matrix(self) -> np.ndarray:
        """Whether each text has each label, bool (S, K)."""
        has_label = np.zeros((len(self.bounds) - 1, len(self.names)), np.bool_)
        has_label[np.repeat(np.arange(len(has_label)), np.diff(self.bounds)), self.ids] = True
        return has_label


@dataclass(frozen=True)
class LabelTree:
    """The Huffman tree of K labels for the hierarchical softmax.

    left    int64 (K - 1,), the left child of each inner node, see `kernels.label_tree`
    right   int64 (K - 1,), the right child of each inner node
    leaves  int64 (K,), the label of each leaf
    """

    left: np.ndarray
    right: np.ndarray
    leaves: np.ndarray

    @classmethod
    def of(cls, counts: np.ndarray) -> Self:
        """The tree of labels that occur in `counts` texts, int64 (K,)."""
        leaves = np.argsort(-counts, kind="stable")
        return cls(*label_tree(counts[leaves].tolist()), leaves)

    def path(self, label: int) -> tuple[np.ndarray, np.ndarray]:
        """The inner nodes on the path to a label, int64 (P,), and the turns, see `paths`."""
        size = len(self.leaves)
        node = int(np.flatnonzero(self.leaves == label)[0])
        nodes, turns = [], []
        while node < 2 * size - 2:  # the root
            parents = np.flatnonzero((self.left == node) | (self.right == node))
            turns.append(bool(self.right[parents[0]] == node))
            nodes.append(int(parents[0]))
            node = size + nodes[-1]
        return np.array(nodes[::-1], np.int64), np.array(turns[::-1], np.bool_)

    def paths(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The path from the root to each label.

        Returns  int32 (P,), the inner nodes of all paths; bool (P,), whether the path goes right at
                 each of them; int64 (K + 1,), the bounds of each label
        """
        size = len(self.leaves)
        steps: list[list[tuple[int, bool]]] = [[] for _ in range(2 * size - 1)]
        for node in range(size - 2, -1, -1):  # parents come before their children
            for child, is_right in ((self.left[node], False), (self.right[node], True)):
                steps[child] = [*steps[size + node], (node, is_right)]
        by_label = [steps[leaf] for leaf in np.argsort(self.leaves)]
        nodes = [node for path in by_label for node, _ in path]
        turns = [turn for path in by_label for _, turn in path]
        bounds = np.cumsum([0, *map(len, by_label)])
        return np.array(nodes, np.int32), np.array(turns, np.bool_), bounds


def importance(labels: LabelNumbers, settings: ClassifierSettings) -> np.ndarray:
    """The weight of each label in the loss, float32 (K,), by --balance or --weights.

    With --balance it is S / (K n), where n of S texts have the label, as in scikit-learn. With the
    loss ova it is (S - n) / n: a text with the label is compared with those without it, and both
    together get the same weight, as in scikit-learn's balanced regression for each label.
    """
    size = len(labels.names)
    if settings.balance and settings.loss == "ova":
        texts, having = len(labels.bounds) - 1, np.maximum(labels.counts, 1)
        # A label of all texts has no other side, and must not lose its only one.
        return (np.maximum(texts - having, 1) / having).astype(np.float32)
    if settings.balance:
        weights = labels.ids.size / (size * np.maximum(labels.counts, 1))
        return weights.astype(np.float32)
    found = np.ones(size, np.float32)
    if settings.weights:
        number_of = {name: number for number, name in enumerate(labels.names)}
        for label, weight in read_weights(settings.weights).items():
            if label not in number_of:
                raise W2VError(
                    f"{settings.weights}: no text has the label {label!r}: correct it, or remove "
                    "the line"
                )
            found[number_of[label]] = weight
    return found


def read_weights(path: str) -> dict[str, float]:
    """Read a file with LABEL TAB WEIGHT on each line; W2VError for a wrong line."""
    weights: dict[str, float] = {}
    for number, line in numbered_lines(path):
        if not line.strip():
            continue
        label, tab, text = line.rpartition("\t")
        try:
            weight = float(text)
        except ValueError:
            weight = math.nan
        if not (tab and label and 0 <= weight <= 1e6):  # noqa: PLR2004
            raise W2VError(
                f"{path}: line {number}: expected LABEL TAB WEIGHT, with a weight from 0 to "
                f"1,000,000, found {line[:60]!r}"
            )
        if label in weights:
            raise W2VError(f"{path}: line {number}: the label {label!r} has an earlier line")
        weights[label] = weight
    return weights


def with_loss(
    ids: np.ndarray, bounds: np.ndarray, weights: np.ndarray, counts: np.ndarray,
    settings: ClassifierSettings,
) -> Labels:  # fmt: skip
    """The labels of texts with what the loss of the settings needs.

    ids      int32 (M,), see `Labels`
    bounds   int64 (S + 1,)
    weights  float32 (K,), see `importance`
    counts   int64 (K,), the number of training texts that have each label
    """
    loss = _LOSSES[settings.loss]
    noise, none = np.empty(0, np.uint64), np.empty(0, np.int32)
    paths = none, np.empty(0, np.bool_), np.zeros(1, np.int64)
    if loss == NEGATIVE:
        noise = alias_table(_noise_probabilities(counts))
    if loss == HIERARCHICAL:
        paths = LabelTree.of(counts).paths()
    return Labels(ids, bounds, weights, loss, settings.negative, noise, *paths)


def _noise_probabilities(counts: np.ndarray) -> np.ndarray:
    """The noise distribution of labels: the square roots of their counts, with the sum 1."""
    roots = np.sqrt(np.maximum(counts, 1))
    return roots / roots.sum()


def sampling_shifts(
    labels: LabelNumbers, weights: np.ndarray, counts: np.ndarray, settings: ClassifierSettings
) -> np.ndarray:
    """What must be added to the biases that a loss trains; float32 (K,), 0 unless the loss is ns.

    labels   the labels of the training texts
    weights  float32 (K,), see `importance`
    counts   int64 (K,), see `with_loss`

    Let a text without the label t draw it as a negative sample r times on average, counted by
    weights. The loss is lowest if σ(s) = w p / (w p + r (1 - p)), with the probability p of t and
    its weight w. The score s is thus too low by ln r, more for frequent labels than for rare ones.
    With ln r added, it is the score of the loss ova (Gutmann and Hyvärinen 2012, "Noise-contrastive
    estimation of unnormalized statistical models", equation 3).
    """
    size = len(labels.names)
    if settings.loss != "ns":
        return np.zeros(size, np.float32)
    sizes = np.diff(labels.bounds)
    owners = np.repeat(np.arange(sizes.size), sizes)
    sums = np.bincount(owners, weights[labels.ids], sizes.size)  # the weights of each text's labels
    lacking = np.count_nonzero(sizes) - labels.counts  # the labelled texts without each label
    drawing = sums.sum() - np.bincount(labels.ids, sums[owners], size)
    rates = settings.negative * _noise_probabilities(counts) * drawing / np.maximum(lacking, 1)
    known = (lacking > 0) & (rates > 0)
    shifts: np.ndarray = np.log(np.where(known, rates, 1)).astype(np.float32)
    return shifts
