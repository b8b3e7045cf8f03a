"""What commands need of a classifier of texts: a network of w2v, or a classifier of fastText."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from w2v.settings import TextSettings
from w2v.text.corpus import Corpus
from w2v.text.encoded_text import EncodedDocuments


class Prediction(NamedTuple):
    """The predictions for M texts.

    text           the texts, encoded in the words that the classifier knows
    unknown        number of tokens that are out-of-vocabulary
    probabilities  float32 (M, K), the probability of each label for each text
    best           int64 (M,), the label that is predicted for each text, one of the most probable
    """

    text: EncodedDocuments
    unknown: int
    probabilities: np.ndarray
    best: np.ndarray


class TextClassifier(Protocol):
    """Predicts the probabilities of K labels for texts."""

    @property
    def labels(self) -> Sequence[str]:
        """The K labels."""

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
