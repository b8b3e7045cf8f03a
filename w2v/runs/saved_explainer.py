"""Classifiers of texts read from files to explain their labels: neural bags of words, fastText's.

Only the features of the explained texts are read from the file, which is mapped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from w2v.classifier_settings import ClassifierSettings
from w2v.embeddings import container, subword_tensors
from w2v.embeddings.fasttext_file import LOSSES
from w2v.embeddings.formats import fasttext_model
from w2v.embeddings.mapped_files import check_whole
from w2v.embeddings.row_matrices import DenseMatrix, Matrix
from w2v.embeddings.spelling import near_spellings
from w2v.embeddings.subwords import SENTENCE_END
from w2v.embeddings.table import Table
from w2v.errors import NotFoundError, W2VError
from w2v.models import models
from w2v.networks.fasttext_classifier import LABEL_PREFIX, FastTextClassifier, label_tree
from w2v.runs.model_file import kind_of_model, read_model, too_large
from w2v.runs.saved_model import SavedModel
from w2v.system.pipes import name_of
from w2v.text.labels import leading_labels
from w2v.text.tokenizers import split
from w2v.text_classification import small_file
from w2v.text_classification.explanation import Explanation, LabelScores, TextExplainer
from w2v.text_classification.labels import LabelTree
from w2v.text_classification.named_features import FeatureNames
from w2v.text_classification.saved import (
    kept_buckets,
    mapped_matrix,
    read_layers,
    read_temperature,
    spans_unknown,
)
from w2v.text_classification.tensor_names import NGRAMS


@dataclass(frozen=True)
class SavedExplainer:
    """A classifier from a file, which explains the labels of texts.

    name         the file's name in messages
    labels       the labels of the classifier
    words_of     function from a line of text in UTF-8 to its words
    explainer    explains a label of a text from its words
    check_whole  raises W2VError if the file, which is mapped, has become shorter
    """

    name: str
    labels: Sequence[str]
    words_of: Callable[[bytes], Sequence[bytes]]
    explainer: TextExplainer
    check_whole: Callable[[], None]

    def number_of(self, label: str) -> int:
        """The number of a label; NotFoundError with labels of a similar spelling if it is none."""
        if label in self.labels:
            return list(self.labels).index(label)
        table = Table.build([*self.labels], np.ones((len(self.labels), 1), np.float32))
        near = near_spellings(table, label)
        first = f"the first ones: {', '.join(self.labels[:3])}"
        hint = f"near: {', '.join(near)}" if near else first
        raise NotFoundError(
            f"{self.name} has no label {label!r} among {len(self.labels):,}; {hint}", label
        )

    def explain(self, text: bytes, label: int | None = None, by_part: bool = False) -> Explanation:
        """Explain a label of a text.

        text     a text, which may begin with labels as __label__NAME; these are left out. Bytes
                 that are not UTF-8 are replaced
        label    the number of the label; None: the most probable one
        by_part  whether character n-grams have contributions of their own; if not, they are summed
                 by the words that they come from
        Raises   W2VError if numbers of the file are too large to compute with, or if it has become
                 shorter
        """
        self.check_whole()
        line = text.decode("utf-8", "replace").encode()
        line = line[len(leading_labels(line)) :]
        found = self.explainer.explain(self.words_of(line), label, by_part)
        values = [each.value for each in found.contributions]
        if not all(map(math.isfinite, (found.margin, found.bias, *values))):
            raise too_large(self.name)
        return found


def open_explainer(path: str) -> SavedExplainer:
    """Open a classifier of texts to explain its labels.

    Raises  W2VError where the file holds no classifier that can be explained, or is damaged
    """
    if kind_of_model(path) == fasttext_model.KIND:
        return _of_fasttext(FastTextClassifier.read(path))
    name = read_model(path)[1].get("model", "")
    model = models().get(name)
    if model and not model.is_labelled:
        raise W2VError(
            f"{name_of(path)} was trained with --model {name}: what can be explained are the "
            "labels of nbow models and of fastText's classifiers"
        )
    saved = _NeuralBagOfWords(path)
    check = partial(check_whole, saved.tensors.values())
    return SavedExplainer(saved.name, saved.labels, saved.split, saved.explainer, check)


class _NeuralBagOfWords(SavedModel):
    """A neural bag of words; W2VError where the file holds no such model, or is damaged."""

    def __init__(self, path: str):
        super().__init__(path, lambda model: model.is_labelled, "explanations of labels")
        assert isinstance(self.options, ClassifierSettings)
        with self._damage_as_error():
            self.labels = container.read_names(self.tensors, "labels")
            if len(self.labels) < 2:  # noqa: PLR2004
                raise ValueError("labels")
            self.explainer = self._read(self.options)

    def _read(self, settings: ClassifierSettings) -> TextExplainer:
        """Read the model; KeyError or ValueError where it is damaged."""
        tensors, size, dim = self.tensors, len(self.names), settings.dim
        if small_file.is_small(tensors):
            tensors = small_file.unpacked(tensors, self.metadata, size, dim)
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
            rows, subwords if settings.has_subwords else None, settings.order, buckets, rows_of,
            spans_unknown(settings, self._facts),
        )  # fmt: skip
        hidden, outputs, biases, tree = read_layers(settings, tensors, len(self.labels))
        doubles = [(weights.astype(float), each.astype(float)) for weights, each in hidden]
        scores = LabelScores(
            doubles, outputs.astype(float), biases.astype(float), settings.loss, tree,
            read_temperature(tensors),
        )  # fmt: skip
        return TextExplainer(names, take, scores)

    def split(self, line: bytes) -> list[bytes]:
        """The words of a text."""
        settings = self.text_settings
        words = split(line, settings.tokenizer, settings.case, settings.normalize)
        return [word for word in words.split() if word != SENTENCE_END]


def _of_fasttext(classifier: FastTextClassifier) -> SavedExplainer:
    """Explain the labels of a classifier of fastText, which has no biases.

    Probabilities are computed without fastText's table of the logistic function and its ε.
    """
    model, subwords, size = classifier.model, classifier.subwords, len(classifier.labels)
    loss, tree = LOSSES[model.settings.loss], None
    if size < 2 and loss in ("softmax", "hs"):  # noqa: PLR2004
        raise W2VError(f"{classifier.name} has one label, which every text has: nothing to explain")
    if loss == "hs":
        left, right = label_tree(model.label_counts.tolist())
        tree = LabelTree(left, right, np.arange(size))
    rows = {word: row for row, word in enumerate(model.words.split(b"\n")[:-1])}
    labels = set(model.labels)  # those of fasttext -label have another prefix

    def is_label(word: bytes) -> bool:
        """Whether a word of a text is left out, as in `FastTextClassifier.predict`."""
        return word not in rows and (word in labels or word.startswith(LABEL_PREFIX))

    def split_line(line: bytes) -> list[bytes]:
        """The words of a text, with the end of the line and without labels."""
        words = (word for word in line.split() if word != SENTENCE_END)
        return [*(word for word in words if not is_label(word)), SENTENCE_END]

    def rows_of(buckets: np.ndarray) -> np.ndarray:
        """The rows of buckets of word n-grams; -1 for those without one."""
        found = subwords.rows_of(buckets)
        return np.where(found < subwords.vectors.shape[0], found, -1)

    names = FeatureNames(
        rows, subwords, classifier.order, max(subwords.buckets, 1), rows_of, spans_unknown=True
    )
    outputs = model.outputs.take(np.arange(size)).astype(float)
    scores = LabelScores([], outputs, np.zeros(size), loss, tree, 1.0)

    def take(numbers: np.ndarray) -> np.ndarray:
        """The vectors of rows."""
        with np.errstate(all="ignore"):
            return subwords.vectors.take(numbers)

    explainer = TextExplainer(names, take, scores, repeated=True)
    check = classifier.subwords.check_whole
    return SavedExplainer(classifier.name, classifier.labels, split_line, explainer, check)
