"""How well labels of texts are predicted: precision, recall and F1, confusions, calibration.

N texts have one or more true labels each. A classifier gives the probability of each of its K
labels for each text. The labels that are predicted for a text are its most probable ones, see
`networks.text_classifier.choose`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from w2v.networks.reliability import Reliability
from w2v.networks.text_classifier import Ties, best_labels, choose

# The lowest probability in a log loss: the spacing of float32 numbers at 1, as in scikit-learn.
_LOWEST = float(np.finfo(np.float32).eps)

# The probabilities at which `SureTexts` are counted.
LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


class SureTexts(NamedTuple):
    """The texts whose most probable label has at least a certain probability.

    threshold  the probability
    texts      their number
    right      the number of those whose most probable label is true
    """

    threshold: float
    texts: int
    right: int


class Confusion(NamedTuple):
    """A number of texts that have a true label, and whose most probable label is another one."""

    true: str
    predicted: str
    texts: int


@dataclass(frozen=True)
class ClassificationReport:
    """The predicted labels of N texts compared with the true ones.

    labels             the L labels that are true or predicted for a text, sorted
    texts              N
    true               int64 (L,), the number of texts of each label
    predicted          int64 (L,), for how many texts each label is predicted
    hits               int64 (L,), for how many of them it is true
    right              number of texts whose most probable label is true; None if a text has several
                       true labels
    confusions         the other texts, the largest numbers first; None if `right` is
    calibration_error  the expected calibration error, see `ClassificationCounts`
    log_loss           the mean log loss in nats, see `ClassificationCounts`; None if no text has a
                       label that the classifier knows
    sure               the texts with at least each of the probabilities LEVELS; None if `right` is,
                       or if several labels may apply to a text
    """

    labels: list[str]
    texts: int
    true: np.ndarray
    predicted: np.ndarray
    hits: np.ndarray
    right: int | None
    confusions: list[Confusion] | None
    calibration_error: float
    log_loss: float | None
    sure: list[SureTexts] | None = None

    @property
    def accuracy(self) -> float | None:
        """Share of texts whose most probable label is true; None if a text has several labels."""
        return None if self.right is None else self.right / self.texts

    @property
    def precision(self) -> float:
        """Share of the predicted labels that are true, 0 to 1; fastText's precision at k."""
        return _share(self.hits.sum(), self.predicted.sum())

    @property
    def recall(self) -> float:
        """Share of the true labels that are predicted, 0 to 1; fastText's recall at k."""
        return _share(self.hits.sum(), self.true.sum())

    @property
    def micro_f1(self) -> float:
        """The harmonic mean of `precision` and `recall`."""
        return _share(2 * self.hits.sum(), self.true.sum() + self.predicted.sum())

    @property
    def macro_f1(self) -> float:
        """The mean of the F1 scores of the L labels."""
        return float(self.label_f1().mean())

    def label_precision(self) -> np.ndarray:
        """The precision of each label, float64 (L,); 0 for a label that is never predicted."""
        return self.hits / np.maximum(self.predicted, 1)

    def label_recall(self) -> np.ndarray:
        """The recall of each label, float64 (L,); 0 for a label that is never true."""
        return self.hits / np.maximum(self.true, 1)

    def label_f1(self) -> np.ndarray:
        """F1 of each label, float64 (L,): the harmonic mean of its precision and recall."""
        return 2 * self.hits / (self.predicted + self.true)

    def matrix(self) -> tuple[list[str], np.ndarray]:
        """The confusion matrix, which is defined only if each text has one true label.

        Returns  the labels, and int64 (labels, labels): the number of texts by true label (row) and
                 most probable label (column). The labels are those of the report, and those that
                 are most probable for a text but not predicted, because of the threshold
        """
        assert self.confusions is not None
        labels = sorted({*self.labels, *(confusion.predicted for confusion in self.confusions)})
        number = {label: row for row, label in enumerate(labels)}
        counts = np.zeros((len(labels),) * 2, np.int64)
        for confusion in self.confusions:
            counts[number[confusion.true], number[confusion.predicted]] = confusion.texts
        for label, texts in zip(self.labels, self.true.tolist(), strict=True):
            counts[number[label], number[label]] = texts - counts[number[label]].sum()
        return labels, counts


def _share(part: int, whole: int) -> float:
    return float(part) / max(float(whole), 1.0)


class ClassificationCounts:
    """Compares probabilities with true labels, block by block, to make a `ClassificationReport`.

    labels        the K labels of the classifier
    is_exclusive  whether exactly one label applies to a text, see `TextClassifier`
    ties          which of equally probable labels comes first
    count         maximum number of labels that are predicted for a text
    threshold     lowest probability of a predicted label
    added         see `Prediction`

    The predictions of the expected calibration error, see `Reliability`, are the most probable
    label of each text of an exclusive classifier, and else all labels of each text.

    The log loss of an exclusive classifier is the mean of -ln p over the true labels of all texts,
    without those that the classifier does not know. Else it is the mean over all N · K
    probabilities of -ln p for a true label, and of -ln(1 - p) for another one. In both, p is kept
    between 1.2e-7 and 1 - 1.2e-7, as in scikit-learn.
    """

    def __init__(
        self,
        labels: Sequence[str],
        is_exclusive: bool,
        ties: Ties = "first",
        count: int = 1,
        threshold: float = 0.0,
        added: float = 0.0,
    ):
        self._is_exclusive, self._ties = is_exclusive, ties
        self._count, self._threshold, self._added = count, threshold, added
        self._known = len(labels)
        self._names = list(labels)  # then the other true labels
        self._number = {label: number for number, label in enumerate(labels)}
        self.texts = 0
        self._totals = np.zeros((3, len(labels)), np.int64)  # true, predicted, hits
        self._reliability = Reliability()
        self._losses = np.zeros(2)  # sum, number
        self._sure = np.zeros((2, len(LEVELS)), np.int64)  # texts, right
        self._has_one = True  # whether each text has one true label
        self._pairs: list[np.ndarray] = []  # the true and the most probable label of each text

    def add(self, block: np.ndarray, true: Sequence[tuple[str, ...]]) -> None:
        """Add the probabilities for the next m texts.

        block  float (m, K)
        true   the true labels of each text, one or more, which need not be among the K
        """
        self.texts += len(block)
        self._add_names(true)
        rows = np.repeat(np.arange(len(true)), [len(each) for each in true])
        labels = np.array([self._number[label] for each in true for label in each], np.int64)
        true_codes = rows * len(self._names) + labels  # a number for each pair (text, label)
        chosen = choose(block, self._count, self._threshold, self._ties, self._added)
        is_chosen = np.arange(chosen.labels.shape[1]) < chosen.counts[:, None]
        predicted = chosen.labels[is_chosen]
        codes = np.nonzero(is_chosen)[0] * len(self._names) + predicted
        hits = predicted[np.isin(codes, true_codes)]
        for total, found in zip(self._totals, (labels, predicted, hits), strict=True):
            total += np.bincount(found, minlength=len(self._names))
        if self._is_exclusive or self._has_one:
            best = best_labels(block, 1, self._ties)[:, 0]
            if self._has_one:
                self._pairs.append(np.stack([labels, best]))
        if self._is_exclusive:
            at_best = np.arange(len(block)) * len(self._names) + best
            p = np.take_along_axis(block, best[:, None], axis=1)[:, 0]
            is_right = np.isin(at_best, true_codes)
            self._reliability.add(p, is_right)
            # In float32, as `choose` does.
            is_sure = p[:, None] >= np.array(LEVELS, np.float32) + np.float32(self._added)
            self._sure += is_sure.sum(axis=0), (is_sure & is_right[:, None]).sum(axis=0)
            known = labels < self._known
            self._add_losses(-np.log(_inside(block[rows[known], labels[known]])))
        else:
            is_true = np.zeros((len(block), len(self._names)), np.bool_)
            is_true[rows, labels] = True
            is_true = is_true[:, : self._known]
            self._reliability.add(block.ravel(), is_true.ravel())
            p = _inside(block)
            self._add_losses(-np.log(np.where(is_true, p, 1 - p)).ravel())

    def _add_names(self, true: Sequence[tuple[str, ...]]) -> None:
        """Number the labels that the classifier does not know."""
        self._has_one = self._has_one and all(len(each) == 1 for each in true)
        for label in (label for each in true for label in each):
            if label not in self._number:
                self._number[label] = len(self._names)
                self._names.append(label)
        missing = len(self._names) - self._totals.shape[1]
        self._totals = np.pad(self._totals, ((0, 0), (0, missing)))

    def _add_losses(self, losses: np.ndarray) -> None:
        self._losses += losses.sum(), losses.size

    def report(self) -> ClassificationReport:
        """The report on all N texts that have been added."""
        order = np.array(sorted(range(len(self._names)), key=self._names.__getitem__), np.int64)
        order = order[self._totals[:2, order].sum(axis=0) > 0]
        true, predicted, hits = self._totals[:, order]
        right, confusions = self._confusions() if self._has_one else (None, None)
        loss, number = self._losses
        names = [self._names[number] for number in order]
        sure = None
        if self._is_exclusive and self._has_one:
            sure = list(map(SureTexts, LEVELS, *self._sure.tolist()))
        return ClassificationReport(
            names, self.texts, true, predicted, hits, right, confusions,
            self._reliability.error(), float(loss / number) if number else None, sure,
        )  # fmt: skip

    def _confusions(self) -> tuple[int, list[Confusion]]:
        """The number of texts whose most probable label is true, and the confusions of the others.

        Confusions of equal size are in the order of the names.
        """
        pairs = np.concatenate([np.empty((2, 0), np.int64), *self._pairs], axis=1)
        (true, predicted), counts = np.unique(pairs, axis=1, return_counts=True)
        confusions = [
            Confusion(self._names[label], self._names[other], number)
            for label, other, number in zip(
                true.tolist(), predicted.tolist(), counts.tolist(), strict=True
            )
            if label != other
        ]
        confusions.sort(key=lambda each: (-each.texts, each.true, each.predicted))
        return int(counts[true == predicted].sum()), confusions


def _inside(p: np.ndarray) -> np.ndarray:
    """Probabilities in float64, kept away from 0 and 1 so that their logarithms are finite."""
    return np.clip(p.astype(np.float64), _LOWEST, 1 - _LOWEST)
