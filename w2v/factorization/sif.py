"""Smooth inverse frequency: a document is a weighted mean of its words' vectors.

Source: Arora, Liang & Ma 2017, "A simple but tough-to-beat baseline for sentence embeddings",
algorithm 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from w2v.embeddings.table import Table
from w2v.kernels.simd import aligned
from w2v.text.encoded_text import EncodedDocuments
from w2v.text.vocabulary import Vocabulary

_DOCUMENTS = 1 << 12  # at a time


class SifTrainer:
    """The documents of a text, and their vectors once `solve` has been called.

    vocabulary  V words and their counts
    text        documents
    settings    of the model

    After `begin`, `vectors("input_vectors")`, float32 (V, D), are the words': they must be put
    there before `solve`. A word whose vector is zero has none; it counts nowhere.
    """

    kernels = ("documents",)

    def __init__(self, vocabulary: Vocabulary, text: EncodedDocuments, settings: Any):
        self._vocabulary, self._text, self._settings = vocabulary, text, settings
        self.matrices: dict[str, np.ndarray] = {}
        self._component = np.zeros((settings.components, settings.dim), np.float32)

    def matrix_bytes(self) -> int:
        """What the matrices take in memory."""
        rows = len(self._vocabulary.names) + len(self._text.names) * (not self._text.mapped)
        return 4 * rows * self._settings.dim

    def memory_bytes(self, threads: int) -> int:
        """Bytes that it will need besides what is used already, about."""
        return self.matrix_bytes() + 4 * self._text.size  # the text is mapped

    def begin(self) -> None:
        """Make the matrices."""
        self.matrices = {
            "input_vectors": aligned((len(self._vocabulary.names), self._settings.dim)),
            "document_vectors": self._text.allocate((len(self._text.names), self._settings.dim)),
        }

    def vectors(self, name: str) -> np.ndarray:
        """One of the matrices."""
        return self.matrices[name]

    def solve(self, threads: int, on_share: Callable[[float], None]) -> None:
        """Compute the documents' vectors; `on_share` gets how much of the work is done."""
        documents, words = self.matrices["document_vectors"], self.matrices["input_vectors"]
        weights = word_weights(self._vocabulary.counts, words, self._settings.smoothing)
        add_means(self._text, weights, words, documents, on_share)
        self._component[:] = leading_directions(documents, self._settings.components)
        remove(documents, self._component)

    def summary(self) -> str:
        """What was found, for people."""
        known = int(self.matrices["input_vectors"].any(axis=1).sum())
        return f"{len(self._text.names):,} documents are means of {known:,} words' vectors"

    def facts(self) -> dict[str, Any]:
        """What was found, for the file: nothing that its arrays do not say."""
        return {}

    def tables(self) -> dict[str, Table]:
        """The documents, and the words that have a vector."""
        known = np.flatnonzero(self.matrices["input_vectors"].any(axis=1))
        names, counts = self._vocabulary.names, self._vocabulary.counts
        words = self.matrices["input_vectors"][known]
        documents = self.matrices["document_vectors"]
        return {
            "documents": Table.build(self._text.names, documents, self._text.sizes()),
            "words": Table.build([names[row] for row in known], words, counts[known]),
        }

    def tensors(self) -> dict[str, np.ndarray]:
        """What else a file needs to infer new documents."""
        return {"component": self._component}


class SifInference:
    """Vectors of new documents; KeyError or ValueError where the arrays of a file do not fit."""

    def __init__(self, settings: Any, tensors: Mapping[str, np.ndarray]):
        self._words, self._component = tensors["words.matrix"], tensors["component"]
        counts = tensors["words.counts"]
        if self._component.shape != (settings.components, self._words.shape[1]):
            raise ValueError("component")
        self._weights = word_weights(counts, self._words, settings.smoothing)

    def vectors(
        self,
        text: EncodedDocuments,
        threads: int = 1,
        on_progress: Callable[[int], None] = lambda documents: None,
    ) -> np.ndarray:
        """The vectors of all documents of a text, float32 (M, D); of those without words, zeros."""
        found, count = aligned((len(text.names), self._words.shape[1])), len(text.names)
        add_means(text, self._weights, self._words, found, lambda share: on_progress(
            int(share * count)
        ))  # fmt: skip
        remove(found, self._component)
        return found


def word_weights(counts: np.ndarray, vectors: np.ndarray, smoothing: float) -> np.ndarray:
    """a / (a + p) for words of share p among those that have a vector, else 0; float32 (V,)."""
    known = np.asarray(vectors).any(axis=1)
    shares = counts / max(counts[known].sum(), 1)
    return np.where(known, smoothing / (smoothing + shares), 0).astype(np.float32)


def add_means(
    text: EncodedDocuments,
    weights: np.ndarray,
    words: np.ndarray,
    found: np.ndarray,
    on_progress: Callable[[float], None],
) -> None:
    """Put the weighted mean of each document's words into `found`, zeros (M, D).

    Words of weight 0 do not count. Source: algorithm 1, line 2.
    """
    from scipy.sparse import csr_array

    lengths = np.zeros(len(found))
    for begin in range(0, text.rows.size, _DOCUMENTS):
        span = slice(begin, begin + _DOCUMENTS)
        rows = text.rows[span]
        ids, bounds = text.gather(text.spans(span))
        kept = weights[ids]
        shape = rows.size, len(words)
        np.add.at(found, rows, csr_array((kept, ids, bounds), shape=shape) @ words)
        ones = (kept > 0).astype(np.float64)
        np.add.at(lengths, rows, csr_array((ones, ids, bounds), shape=shape).sum(axis=1))
        on_progress(min(begin + _DOCUMENTS, text.rows.size) / text.rows.size)
    found /= np.maximum(lengths, 1)[:, None]


def leading_directions(vectors: np.ndarray, count: int) -> np.ndarray:
    """The first right singular vectors of a matrix (N, D), float64 (count, D).

    Source: algorithm 1, line 4: the vectors' mean is not taken off.
    """
    dim = vectors.shape[1]
    products = np.zeros((dim, dim))
    for begin in range(0, len(vectors), _DOCUMENTS):
        block = vectors[begin : begin + _DOCUMENTS].astype(np.float64)
        products += block.T @ block
    return np.linalg.eigh(products)[1][:, ::-1][:, :count].T


def remove(vectors: np.ndarray, directions: np.ndarray) -> None:
    """Take the part along some directions, (K, D), off vectors (N, D), in place.

    Without BLAS, whose sums depend on how many vectors there are beside.
    """
    for begin in range(0, len(vectors), _DOCUMENTS):
        block = vectors[begin : begin + _DOCUMENTS]
        along = np.einsum("nd,kd->nk", block, directions)
        block -= np.einsum("nk,kd->nd", along, directions)
