"""Smooth inverse frequency (SIF): a document vector is a weighted mean of word vectors.

Source: Arora, Liang & Ma 2017, "A simple but tough-to-beat baseline for sentence embeddings",
algorithm 1.

Arrays have V words, M documents and D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from w2v.embeddings import subword_tensors
from w2v.embeddings.subwords import Subwords
from w2v.embeddings.table import Table
from w2v.kernels.simd import aligned
from w2v.system.progress import plural
from w2v.text.encoded_text import EncodedDocuments
from w2v.text.vocabulary import Vocabulary

_DOCUMENTS = 1 << 12  # documents that are processed at a time
# An eigenvalue below this share of the largest one is a rounding error of float32. Those errors
# were up to 1.3e-12 in documents of 4,000 words, and the smallest other eigenvalues 3e-10.
_ROUNDING_SHARE = 1e-11
_PIECE = 1 << 10  # tokens that are summed in float32; a sum of more would lose the last ones


class SifTrainer:
    """Computes the document vectors of a text, in `solve`.

    vocabulary  the words of the text and their counts
    text        the documents, encoded in this vocabulary
    settings    `models.sif.Settings`

    Between `begin` and `solve`, the caller must copy the word vectors into
    `vectors("input_vectors")`, float32 (V, D), or call `set_ngrams` and `set_words`. A word whose
    row is zeros has no vector and is ignored.
    """

    kernels = ("documents",)

    def __init__(self, vocabulary: Vocabulary, text: EncodedDocuments, settings: Any):
        self._vocabulary, self._text, self._settings = vocabulary, text, settings
        self.matrices: dict[str, np.ndarray] = {}
        self._component = np.zeros((settings.components, settings.dim), np.float32)
        self._removed, self._rank = settings.components, settings.dim
        self._subwords: Subwords | None = None

    def matrix_bytes(self) -> int:
        """The size in bytes of the matrices in memory."""
        rows = len(self._vocabulary.names)
        if not self._text.mapped:  # otherwise the document vectors are in a file
            rows += len(self._text.names)
        return 4 * rows * self._settings.dim

    def memory_bytes(self, threads: int) -> int:
        """An estimate of the bytes that `begin` and `solve` need on top of the memory in use.

        The word ids of the text are included, because a mapped file fills memory when it is read.
        """
        return self.matrix_bytes() + self._text.ids.bytes

    def begin(self) -> None:
        """Allocate the matrices, filled with zeros."""
        self.matrices = {
            "input_vectors": aligned((len(self._vocabulary.names), self._settings.dim)),
            "document_vectors": self._text.allocate((len(self._text.names), self._settings.dim)),
        }

    def vectors(self, name: str) -> np.ndarray:
        """The matrix of this name."""
        return self.matrices[name]

    @property
    def ngrams(self) -> int:
        """The number of n-grams that are kept in the file; 0 before `set_ngrams`."""
        return self._subwords.ngram_count if self._subwords else 0

    def set_ngrams(self, subwords: Subwords) -> None:
        """Compose unknown words from these n-grams, and keep these in the file."""
        if self._settings.oov == "compose" and subwords.has_ngrams:
            self._subwords = subwords

    def set_words(self, rows: np.ndarray, vectors: np.ndarray) -> None:
        """Set the vectors (K, D) of the words that are marked in `rows`, bool (V,).

        The other words are composed from n-grams, if `set_ngrams` was called.
        """
        words = self.matrices["input_vectors"]
        words[rows] = vectors
        if self._subwords:
            others = [self._name(row) for row in np.flatnonzero(~rows).tolist()]
            words[~rows] = self._subwords.compose_unknown(others)

    def _name(self, row: int) -> bytes:
        return self._vocabulary.names[row].encode("utf-8", "surrogateescape")

    def solve(self, threads: int, on_share: Callable[[float], None]) -> None:
        """Compute the document vectors.

        on_share  called with the share (0 to 1) of the work that is done
        """
        documents, words = self.matrices["document_vectors"], self.matrices["input_vectors"]
        weights = word_weights(self._vocabulary.counts, words, self._settings.smoothing)
        add_means(self._text, weights, words, documents, on_share)
        directions, self._rank = leading_directions(documents, self._settings.components)
        self._removed = len(directions)
        self._component[: self._removed] = directions  # the others stay zeros
        remove(documents, self._component)

    def summary(self) -> str:
        """A line about the result, for the report at the end."""
        documents = plural(len(self._text.names), "document vector")
        line = f"{documents} from {plural(self._known().size, 'word vector')}"
        if self._removed == self._settings.components:
            return line
        return (
            f"{line}; removed {plural(self._removed, 'direction')}, not --components "
            f"{self._settings.components}: the documents have only "
            f"{plural(self._rank, 'independent direction')}"
        )

    def facts(self) -> dict[str, Any]:
        """Facts about the result, for the metadata of the file: none."""
        return {}

    def tables(self) -> dict[str, Table]:
        """The tables of documents and of the words that have a vector."""
        known = self._known()
        names, counts = self._vocabulary.names, self._vocabulary.counts
        words = self.matrices["input_vectors"][known]
        documents = self.matrices["document_vectors"]
        return {
            "documents": Table.build(self._text.names, documents, self._text.sizes()),
            "words": Table.build([names[row] for row in known], words, counts[known]),
        }

    def _known(self) -> np.ndarray:
        """The rows of the words that have a vector, int64 (K,)."""
        return np.flatnonzero(self.matrices["input_vectors"].any(axis=1))

    def tensors(self) -> dict[str, np.ndarray]:
        """The other arrays of the file.

        These are the removed directions, float32 (components, D), with rows of zeros if fewer are
        removed, and the subwords if words are composed. The subwords are mapped from a temporary
        file if they are large.
        """
        tensors = {"component": self._component}
        if self._subwords:
            known = self._known()
            names = [self._name(row) for row in known.tolist()]
            own = self._subwords.own_vectors(names, self.matrices["input_vectors"][known])
            tensors |= subword_tensors.named(*self._subwords.stored_with([own], len(own)))
        return tensors


class SifInference:
    """Infers the vectors of new documents.

    settings  `models.sif.Settings` of the model
    tensors   the tensors of the model's file
    Raises    KeyError or ValueError if tensors are missing, or their shapes are wrong
    """

    def __init__(self, settings: Any, tensors: Mapping[str, np.ndarray]):
        self._words, self._component = tensors["words.matrix"], tensors["component"]
        counts = tensors["words.counts"]
        if self._component.shape != (settings.components, self._words.shape[1]):
            raise ValueError("component")
        self._weights = word_weights(counts, self._words, settings.smoothing)

    def add_words(self, vectors: np.ndarray) -> None:
        """Add words that did not occur in training, with ids after those of the other words.

        vectors  float32 (K, D), the vectors of the words. They have the weight a / (a + 0) = 1
        """
        self._words = np.concatenate([self._words, vectors])
        self._weights = np.concatenate([self._weights, np.ones(len(vectors), np.float32)])

    def vectors(
        self,
        text: EncodedDocuments,
        threads: int = 1,
        on_progress: Callable[[int], None] = lambda documents: None,
    ) -> np.ndarray:
        """The vectors of all documents of a text, float32 (M, D).

        A document without any word of the model gets zeros.
        """
        documents, count = aligned((len(text.names), self._words.shape[1])), len(text.names)
        add_means(text, self._weights, self._words, documents, lambda share: on_progress(
            int(share * count)
        ))  # fmt: skip
        remove(documents, self._component)
        return documents


def word_weights(counts: np.ndarray, vectors: np.ndarray, smoothing: float) -> np.ndarray:
    """The weight a / (a + p) of each word, where a is `smoothing`; float32 (V,).

    p is the count of the word, divided by the sum of the counts of all words that have a vector. A
    word without a vector has the weight 0.
    """
    known = np.asarray(vectors).any(axis=1)
    shares = counts / max(counts[known].sum(), 1)
    return np.where(known, smoothing / (smoothing + shares), 0).astype(np.float32)


def add_means(
    text: EncodedDocuments,
    weights: np.ndarray,
    words: np.ndarray,
    documents: np.ndarray,
    on_progress: Callable[[float], None],
) -> None:
    """Compute the weighted mean of the word vectors of each document (algorithm 1, line 2).

    The sum of the weighted vectors is divided by the number of words, not by the sum of weights.

    text         the documents
    weights      float32 (V,)    the weights of the words; words of weight 0 are ignored
    words        float32 (V, D)  the word vectors
    documents    float32 (M, D)  zeros, in which the means of the rows that have documents are set
    on_progress  called with the share (0 to 1) of the documents that are done
    """
    from scipy.sparse import csr_array

    order = np.argsort(text.rows, kind="stable")  # all documents of a row, one after the other
    row, total, length = -1, np.zeros(words.shape[1]), 0.0  # of the last row, which may go on
    for begin in range(0, order.size, _DOCUMENTS):
        chosen = order[begin : begin + _DOCUMENTS]
        rows, firsts = np.unique(text.rows[chosen], return_index=True)
        ids, bounds = text.gather(text.spans(chosen))
        bounds, pieces = _pieces(bounds)
        token_weights = weights[ids]
        by_piece = csr_array((token_weights, ids, bounds), shape=(bounds.size - 1, len(words)))
        ones = np.ones(bounds.size - 1)
        # Each piece is summed in float32, and the pieces of a row in float64.
        by_row = csr_array((ones, np.arange(ones.size), [*pieces[firsts], ones.size]))
        sums = by_row @ (by_piece @ words)
        known = np.concatenate([[0], np.cumsum(token_weights > 0)])
        lengths = by_row @ np.diff(known[bounds]).astype(np.float64)
        if rows[0] == row:
            sums[0] += total
            lengths[0] += length
        row, total, length = rows[-1], sums[-1], lengths[-1]
        documents[rows] = sums / np.maximum(lengths, 1)[:, None]
        on_progress((begin + chosen.size) / order.size)


def _pieces(bounds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut documents into pieces of up to _PIECE tokens; a document without tokens is a piece.

    bounds   int (M + 1,), the position of the first token of each document, and the end
    Returns  the bounds of the pieces, and the number of the first piece of each document, int (M,)
    """
    sizes = np.diff(bounds)
    counts = np.maximum(-(-sizes // _PIECE), 1)
    ends = np.cumsum(counts)
    numbers = np.arange(ends[-1]) - np.repeat(ends - counts, counts)  # of the piece in its document
    return np.append(np.repeat(bounds[:-1], counts) + _PIECE * numbers, bounds[-1]), ends - counts


def leading_directions(vectors: np.ndarray, count: int) -> tuple[np.ndarray, int]:
    """The leading right singular vectors of a matrix (N, D), and the rank of the matrix.

    As in algorithm 1, line 4, the mean of the rows is not subtracted first.

    Returns  float64 (K, D), where K is `count`, or less than the rank if that is smaller: vectors
             without all their directions would be rounding errors
    """
    dim = vectors.shape[1]
    products = np.zeros((dim, dim))
    for begin in range(0, len(vectors), _DOCUMENTS):
        block = vectors[begin : begin + _DOCUMENTS].astype(np.float64)
        products += block.T @ block
    eigenvalues, eigenvectors = np.linalg.eigh(products)  # by ascending eigenvalue
    rank = int((eigenvalues > _ROUNDING_SHARE * max(eigenvalues[-1], 0)).sum())
    return eigenvectors[:, ::-1][:, : min(count, max(rank - 1, 0))].T, rank


def remove(vectors: np.ndarray, directions: np.ndarray) -> None:
    """Subtract from vectors (N, D) their projections on directions (K, D), in place.

    BLAS is not used, because its sums for a row depend on the number of other rows.
    """
    for begin in range(0, len(vectors), _DOCUMENTS):
        block = vectors[begin : begin + _DOCUMENTS]
        along = np.einsum("nd,kd->nk", block, directions)
        block -= np.einsum("nk,kd->nd", along, directions)
