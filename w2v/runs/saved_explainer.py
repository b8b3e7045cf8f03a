"""Classifiers of texts read from files to explain their labels: neural bags of words.

Only the features of the explained texts are read from the file, which is mapped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from w2v.classifier_settings import ClassifierSettings
from w2v.embeddings import container, subword_tensors
from w2v.embeddings.row_matrices import DenseMatrix, Matrix
from w2v.embeddings.subwords import SENTENCE_END
from w2v.errors import W2VError
from w2v.runs.saved_model import SavedModel
from w2v.text.labels import leading_labels
from w2v.text.tokenizers import split
from w2v.text_classification.explanation import Explanation, LabelScores, TextExplainer
from w2v.text_classification.named_features import FeatureNames
from w2v.text_classification.saved import (
    kept_buckets,
    mapped_matrix,
    read_layers,
    read_temperature,
)
from w2v.text_classification.trainer import NGRAMS


class SavedExplainer(SavedModel):
    """A neural bag of words that explains labels.

    path    a container
    Raises  W2VError where the file holds no such model, or is damaged

    `labels` are the labels of the model.
    """

    def __init__(self, path: str):
        super().__init__(path, lambda model: model.is_labelled, "explanations of labels")
        assert isinstance(self.options, ClassifierSettings)
        with self._damage_as_error():
            self.labels: Sequence[str] = container.read_names(self.tensors, "labels")
            if len(self.labels) < 2:  # noqa: PLR2004
                raise ValueError("labels")
            self._explainer = self._read(self.options)

    def _read(self, settings: ClassifierSettings) -> TextExplainer:
        """Read the model; KeyError or ValueError where it is damaged."""
        tensors, size, dim = self.tensors, len(self.names), settings.dim
        subwords = subword_tensors.read(self.path, tensors, self.metadata, size, dim)
        kept, buckets = kept_buckets(settings, tensors, self._facts)
        words: Matrix = DenseMatrix(mapped_matrix(tensors, "words.matrix", (size, dim)))
        if settings.has_subwords:
            if subwords is None:
                raise KeyError("subwords.vectors")
            words = subwords.vectors
        ngrams, first = np.empty((0, dim), np.float32), words.shape[0]
        if settings.order > 1:
            ngrams = mapped_matrix(tensors, NGRAMS, (len(kept), dim))

        def take(rows: np.ndarray) -> np.ndarray:
            """The vectors of rows: those of words, character n-grams, then word n-grams."""
            vectors, is_ngram = np.empty((len(rows), dim), np.float32), rows >= first
            vectors[~is_ngram] = words.take(rows[~is_ngram])
            vectors[is_ngram] = ngrams[rows[is_ngram] - first]
            return vectors

        def rows_of(bucket: np.ndarray) -> np.ndarray:
            """The rows of buckets of word n-grams; -1 for those without one."""
            places = np.searchsorted(kept, bucket.astype(np.uint32))
            has_row = places < len(kept)
            has_row[has_row] = kept[places[has_row]] == bucket[has_row]
            rows: np.ndarray = np.where(has_row, places + first, -1)
            return rows

        rows = {name.encode("utf-8", "surrogateescape"): row for row, name in enumerate(self.names)}
        names = FeatureNames(
            rows, subwords if settings.has_subwords else None, settings.order, buckets, rows_of
        )
        hidden, outputs, biases, tree = read_layers(settings, tensors, len(self.labels))
        doubles = [(weights.astype(float), each.astype(float)) for weights, each in hidden]
        scores = LabelScores(
            doubles, outputs.astype(float), biases.astype(float), settings.loss, tree,
            read_temperature(tensors),
        )  # fmt: skip
        return TextExplainer(names, take, scores)

    def explain(self, text: bytes, label: int | None = None, by_part: bool = False) -> Explanation:
        """Explain a label of a text.

        text     a text in UTF-8, which may begin with labels as __label__NAME; these are left out
        label    the number of the label; None: the most probable one
        by_part  whether character n-grams have contributions of their own; if not, they are summed
                 by the words that they come from
        Raises   W2VError if numbers of the file are too large to compute with
        """
        settings = self.text_settings
        text = text.decode("utf-8", "replace").encode("utf-8", "replace")
        line = leading_labels(text)[1]
        tokens = split(line, settings.tokenizer, settings.lowercase, settings.normalize).split()
        words = [word for word in tokens if word != SENTENCE_END]
        found = self._explainer.explain(words, label, by_part)
        if not all(map(math.isfinite, (found.margin, found.bias, *_values(found)))):
            raise W2VError(
                f"{self.name} has numbers that are too large to compute with: the file is damaged, "
                "or its training diverged"
            )
        return found


def _values(explanation: Explanation) -> list[float]:
    return [each.value for each in explanation.contributions]


def open_explainer(path: str) -> SavedExplainer:
    """Open a classifier of texts to explain its labels.

    Raises  W2VError where the file holds no classifier that can be explained, or is damaged
    """
    return SavedExplainer(path)
