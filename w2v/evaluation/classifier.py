"""Classification of documents by their vectors, with logistic regression.

There are N documents with D features each, and K labels.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace

import numpy as np

from w2v.embeddings import container, formats
from w2v.embeddings.formats import safetensors
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.settings import DocumentSettings, TextSettings
from w2v.text.documents import DocumentCorpus
from w2v.text.encode import read_as
from w2v.text.labels import Labels

_BLOCK = 1 << 14  # rows of a table in int8 that are converted at a time


@dataclass(frozen=True)
class Regression:
    """Multinomial logistic regression on standardised features.

    labels   the K labels, sorted
    weights  float64 (D + 1, K); the last row holds the intercepts
    mean     float64 (D,), the mean of the training features
    scale    float64 (D,), the standard deviation of the training features, or 1 where it is 0
    """

    labels: list[str]
    weights: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """The probability of each label for each row of the features, float (N, D); float64 (N, K).

        They are exclusive: those of a row add up to 1.
        """
        scores = _prepared(features, self.mean, self.scale) @ self.weights
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        return p / p.sum(axis=1, keepdims=True)


def fit(features: np.ndarray, labels: Sequence[str], penalty: float = 1.0) -> Regression:
    """Fit a regression by L-BFGS.

    features  float (N, D)
    labels    N labels
    penalty   L2 regularization: the objective is the sum of the losses in nats plus penalty / 2
              times the squared norm of the weights without the intercept. scikit-learn's C is
              1 / penalty
    Raises    W2VError if all labels are the same
    """
    from scipy.optimize import minimize

    names = sorted(set(labels))
    if len(names) < 2:
        raise W2VError(
            f"classification needs two labels or more, but all documents have {names[0]!r}"
        )
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    # The deviation of a constant is 0, or a rounding error, by which nothing may be divided.
    scale = np.where(deviation > 1e-12 * np.abs(mean), deviation, 1)
    x = _prepared(features, mean, scale)
    # Not an array of the labels, each of which would take as many bytes as the longest one.
    column_of = {name: column for column, name in enumerate(names)}
    true_columns = np.array([column_of[label] for label in labels], np.int64)
    shape, rows = (x.shape[1], len(names)), np.arange(len(x))

    def loss(flat_weights: np.ndarray) -> tuple[float, np.ndarray]:
        """The objective and its gradient with respect to the weights."""
        weights = flat_weights.reshape(shape)
        scores = x @ weights
        scores -= scores.max(axis=1, keepdims=True)  # so that exp does not overflow
        probabilities = np.exp(scores)  # divided by their sums below
        sums = probabilities.sum(axis=1)
        total = np.log(sums).sum() - scores[rows, true_columns].sum()
        probabilities /= sums[:, None]
        probabilities[rows, true_columns] -= 1  # the gradient with respect to the scores
        gradient = x.T @ probabilities
        gradient[:-1] += penalty * weights[:-1]
        return total + penalty / 2 * np.sum(weights[:-1] ** 2), gradient.ravel()

    solution = minimize(
        loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B",
        options={"maxiter": 1000, "maxfun": 2000},
    )  # fmt: skip
    return Regression(names, solution.x.reshape(shape), mean, scale)


def _prepared(features: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Standardised features in float64, with a column of ones for the intercept."""
    return np.column_stack([(features - mean) / scale, np.ones(len(features))])


class Features:
    """Looks up the features of documents in a table of vectors.

    table      the vectors of documents, or of words
    by         documents: the features are the document's vector; words: they are the mean of the
               vectors of its words
    documents  settings for reading the documents and their ids from files
    text       settings for splitting texts into tokens, used with `words`; if the vector file has
               such settings, these are used instead
    path       the vector file
    remembered  the names of `documents` that come from the training text, see `DocumentCorpus`
    on_read    called with each corpus that has been read, and with the number of its documents
               without a known word, which have zeros
    """

    def __init__(
        self, table: Table, by: str, documents: DocumentSettings, text: TextSettings, path: str,
        remembered: Container[str] = (),
        on_read: Callable[[DocumentCorpus, int], None] = lambda corpus, empty: None,
    ):  # fmt: skip
        self._table, self._by, self._documents, self._text = table, by, documents, text
        self._path, self._remembered, self._on_read = path, remembered, on_read
        if by == "words" and (settings := container.nested(formats.contents(path)[1], "settings")):
            names = safetensors.TEXT_SETTINGS & settings.keys()
            self._text = replace(text, **{name: settings[name] for name in names})

    def of(self, path: str) -> tuple[np.ndarray, list[str]]:
        """The features of the documents in a file, float64 (N, D), and their labels.

        Raises W2VError if a document has no label, several labels, or no vector.
        """
        # The vectors of documents are found by id, which only the mode "extra" reads.
        mode: Labels = "needed" if self._by == "words" else "extra"
        corpus = DocumentCorpus(
            [path], self._text, self._documents, mode, remembered=self._remembered
        )
        if self._by == "words":
            features, empty = self._means(corpus)
        else:
            features, empty = self._vectors(corpus), 0
        if not corpus.labels:
            raise W2VError(f"{path}: no documents in the file")
        missing = corpus.labels.count(())
        if missing:
            raise W2VError(
                f"{path}: {missing:,} of {len(corpus.labels):,} documents without a label: name "
                "the column or field of the labels: --columns, --label-field"
            )
        for labels, row in zip(corpus.labels, corpus.row_numbers().tolist(), strict=True):
            if len(labels) > 1:
                raise W2VError(
                    f"{path}: the document {corpus.names[row]!r} has several labels, such as "
                    f"{labels[0]!r} and {labels[1]!r}, but the regression predicts one: keep one"
                )
        if not np.isfinite(features).all():
            raise W2VError(
                f"{self._path} has NaN or infinity in the vectors of these documents: the file is "
                "damaged, or its training diverged"
            )
        self._on_read(corpus, empty)
        return features, [labels[0] for labels in corpus.labels]

    def _vectors(self, corpus: DocumentCorpus) -> np.ndarray:
        """The vectors of the documents, float64 (N, D); W2VError if a document has none."""
        for _ in corpus.blocks():  # reading the corpus fills `corpus.names`
            pass
        rows = {name: row for row, name in enumerate(self._table.names)}
        row_of = [rows.get(name, -1) for name in corpus.names]  # -1: no vector
        if -1 in row_of:
            raise W2VError(
                f"{self._path} has no vector of {row_of.count(-1):,} of {len(row_of):,} documents, "
                f"such as {corpus.names[row_of.index(-1)]!r}: train the model on them, make their "
                "vectors with w2v infer, or use the vectors of their words: --by words"
            )
        rows = np.array(row_of, np.int64)[corpus.row_numbers()]
        return self._table.stored(rows).astype(np.float64)

    def _means(self, corpus: DocumentCorpus) -> tuple[np.ndarray, int]:
        """The mean vector of the known words of each document; zeros for a document without any.

        Returns  the vectors, and the number of documents without any
        """
        from scipy.sparse import csr_array

        table = self._table
        text, _ = read_as(corpus, table.names)
        sizes = np.diff(text.starts)
        shape = sizes.size, len(table)
        ones = np.ones(text.size, np.float32)
        # A row for each document, which counts its words: its product with the table is their sum.
        words = csr_array((ones, text.ids.mapped(), text.starts), shape=shape)
        if table.dtype != np.int8:
            sums = (words @ table.matrix).astype(np.float64)
        else:  # Only a block of the vectors is in float32 at a time.
            columns, sums = words.tocsc(), np.zeros((sizes.size, table.dim))
            for begin in range(0, len(table), _BLOCK):
                block = slice(begin, begin + _BLOCK)
                sums += columns[:, block] @ table.vectors(block)
        return sums / np.maximum(sizes, 1)[:, None], int(np.count_nonzero(sizes == 0))
