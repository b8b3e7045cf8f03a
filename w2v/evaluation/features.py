"""Documents with labels as rows of numbers: their own vectors, or the mean of their words'."""

from __future__ import annotations

import numpy as np

from w2v.embeddings import container, formats
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.settings import DocumentSettings, TextSettings
from w2v.text.documents import DocumentCorpus
from w2v.text.encode import read_as


class Features:
    """Finds the features of documents in a table.

    table  of documents, or of words
    by     which: `documents` or `words`
    how    where documents are in files, and what names them
    text   how texts become words, for `words`; a model's file knows better
    path   of the file
    """

    def __init__(self, table: Table, by: str, how: DocumentSettings, text: TextSettings, path: str):
        self._table, self._by, self._how, self._text = table, by, how, text
        self._path = path
        if by == "words" and (told := container.nested(formats.contents(path)[1], "settings")):
            names = {"tokenizer", "lowercase", "encoding", "normalize"} & told.keys()
            self._text = TextSettings(**{name: told[name] for name in names})

    def of(self, path: str) -> tuple[np.ndarray, list[str]]:
        """The features of a file's documents, float64 (N, D), and their labels.

        Raises W2VError where one has no label, or no vector
        """
        corpus = DocumentCorpus([path], self._text, self._how)
        features = self._means(corpus) if self._by == "words" else self._vectors(corpus)
        labels = [label for label in corpus.labels if label is not None]
        if not corpus.labels:
            raise W2VError(f"{path}: no documents in the file")
        if len(labels) < len(corpus.labels):
            raise W2VError(f"{path}: there are documents without a label; see --columns")
        if not np.isfinite(features).all():
            raise W2VError(f"{self._path} has NaN or infinity in the vectors of these documents")
        return features, labels

    def _vectors(self, corpus: DocumentCorpus) -> np.ndarray:
        for _ in corpus.blocks():  # notes the names
            pass
        rows = {name: row for row, name in enumerate(self._table.names)}
        found = [rows.get(name, -1) for name in corpus.names]
        if -1 in found:
            raise W2VError(
                f"{self._path} has no vector of {found.count(-1):,} of {len(found):,} documents, "
                f"such as {corpus.names[found.index(-1)]!r}: the model must be trained on them, or "
                f"their vectors be from w2v infer; --by words takes their words' vectors instead"
            )
        return self._table.matrix[np.array(found, np.int64)[corpus.row_numbers()]].astype(
            np.float64
        )

    def _means(self, corpus: DocumentCorpus) -> np.ndarray:
        """The mean of each document's words that are known; zeros where none is."""
        from scipy.sparse import csr_array

        text, _ = read_as(corpus, self._table.names)
        sizes = np.diff(text.starts)
        shape = sizes.size, len(self._table)
        ones = np.ones(text.size, np.float32)
        words = csr_array((ones, text.ids.mapped(), text.starts), shape=shape)
        return (words @ self._table.matrix).astype(np.float64) / np.maximum(sizes, 1)[:, None]
