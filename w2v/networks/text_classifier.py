"""What commands need of a classifier of texts: a network of w2v, or a classifier of fastText.

There are M texts and K labels. The probabilities of a million texts for thousands of labels do not
fit in memory, so that they come in blocks of some texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, Self

import numpy as np

from w2v.settings import TextSettings
from w2v.text.corpus import Corpus
from w2v.text.encoded_text import EncodedDocuments

# Which of equally probable labels comes first: the first or the last in the order of the labels.
Ties = Literal["first", "last"]

_LARGEST_BLOCK = 1 << 22  # probabilities in a block, 16 MB


@dataclass
class TextCounts:
    """What a classifier has read so far.

    texts    number of texts
    unknown  number of tokens that are out-of-vocabulary
    empty    number of texts without any word that the classifier knows
    cut      number of texts of which only the last words are read, see `TextClassifier.length`
    """

    texts: int = 0
    unknown: int = 0
    empty: int = 0
    cut: int = 0

    @classmethod
    def of(cls, text: EncodedDocuments, unknown: int, length: int | None = None) -> Self:
        """The counts of a text that has been read.

        text     the words that the classifier knows
        unknown  number of other tokens
        length   how many words of a text are read; None: all
        """
        sizes = text.ends - text.begins
        cut = 0 if length is None else int((sizes > length).sum())
        return cls(len(sizes), unknown, int((sizes == 0).sum()), cut)


class Prediction(NamedTuple):
    """The predictions for M texts.

    blocks  for the texts in their order, float32 (m, K): the probability of each label for each of
            the next m texts. They are computed while they are taken, and can be taken once. Texts
            may be read meanwhile; those of a block have been read, with their labels, when the
            block is taken
    counts  what has been read; complete when all blocks have been taken
    ties    which of equally probable labels comes first
    added   a constant that every probability contains; a threshold is compared without it.
            fastText's probabilities contain 0.00001
    """

    blocks: Iterator[np.ndarray]
    counts: TextCounts
    ties: Ties = "first"
    added: float = 0.0


class TextClassifier(Protocol):
    """Predicts the probabilities of K labels for texts."""

    @property
    def labels(self) -> Sequence[str]:
        """The K labels."""

    @property
    def is_exclusive(self) -> bool:
        """Whether exactly one label applies to a text, and the probabilities of a text add up to 1.

        If not, each label has a probability of its own, and any number of labels may apply.
        """

    @property
    def length(self) -> int | None:
        """How many words of a text are read, the last ones; None: all."""

    @property
    def text_settings(self) -> TextSettings:
        """How texts are read and split into words."""

    def predict(
        self,
        corpus: Corpus,
        threads: int,
        on_block: Callable[[int], None] = lambda tokens: None,
    ) -> Prediction:
        """Read texts and predict their labels.

        corpus    a `DocumentCorpus`
        threads   number of worker threads
        on_block  called while the texts are read, with the number of tokens so far
        """


def texts_in_block(labels: int, most: int = 1024) -> int:
    """The number of texts in a block of probabilities.

    labels  K
    most    maximum number of texts; fewer if there are many labels
    """
    return max(min(most, _LARGEST_BLOCK // max(labels, 1)), 1)


def best_labels(probabilities: np.ndarray, count: int, ties: Ties) -> np.ndarray:
    """The most probable labels of each text, the best first.

    probabilities  float (m, K), without NaN
    count          number of labels for each text; all, if there are fewer
    ties           which of equally probable labels comes first
    Returns        int64 (m, min(count, K)), columns of `probabilities`
    """
    texts, labels = probabilities.shape
    if ties == "last":
        return labels - 1 - best_labels(probabilities[:, ::-1], count, "first")
    if count == 1 and labels:
        return probabilities.argmax(axis=1)[:, None]
    if 4 * count > labels:
        return np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    # Only the labels that are chosen are sorted: with thousands of labels this is much faster.
    lowest = np.partition(probabilities, labels - count, axis=1)[:, labels - count, None]
    is_chosen = probabilities > lowest
    # Of the labels that are as probable as the last one to be chosen, the first ones are.
    is_last, missing = probabilities == lowest, count - is_chosen.sum(axis=1, keepdims=True)
    is_chosen |= is_last & (np.cumsum(is_last, axis=1) <= missing)
    chosen = np.nonzero(is_chosen)[1].reshape(texts, count)
    p = np.take_along_axis(probabilities, chosen, axis=1)
    return np.take_along_axis(chosen, np.argsort(-p, axis=1, kind="stable"), axis=1)


class ChosenLabels(NamedTuple):
    """The labels that are chosen for m texts: for text i the first `counts[i]` of row i.

    labels         int64 (m, k), the numbers of the most probable labels, the best first
    probabilities  float32 (m, k)
    counts         int64 (m,), 0 to k
    """

    labels: np.ndarray
    probabilities: np.ndarray
    counts: np.ndarray

    def rows(self) -> Iterator[list[tuple[int, float]]]:
        """For each text the chosen labels with their probabilities."""
        # The whole block becomes lists at once: calls for each text take three times as long.
        block = self.labels.tolist(), self.probabilities.tolist(), self.counts.tolist()
        for labels, p, count in zip(*block, strict=True):
            yield list(zip(labels[:count], p[:count], strict=True))


def choose(
    block: np.ndarray, count: int, threshold: float, ties: Ties = "first", added: float = 0.0
) -> ChosenLabels:
    """Choose the most probable labels of each text, as `fasttext predict` does.

    block      float (m, K), probabilities
    count      maximum number of labels for each text
    threshold  lowest probability of a label, without `added`
    ties       which of equally probable labels comes first
    added      a constant that every probability contains, see `Prediction`
    """
    best = best_labels(block, count, ties)
    p = np.take_along_axis(block, best, axis=1)
    # In float32, so that a probability that equals the threshold is not below it.
    counts = (p >= np.float32(threshold) + np.float32(added)).sum(axis=1)
    return ChosenLabels(best, p, counts)
