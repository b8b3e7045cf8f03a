"""Documents as rows of a sparse matrix: how often each word comes in each, and what that weighs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from w2v.errors import W2VError
from w2v.factorization import stopwords
from w2v.factorization.svd import Sparse
from w2v.settings import TermSettings
from w2v.text.encoded_text import EncodedDocuments
from w2v.text.vocabulary import Vocabulary

ROWS = 1 << 12  # documents at a time


def _rows(text: EncodedDocuments) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Some rows at a time, the words of their documents, and where each row's words begin."""
    order, rows = np.argsort(text.rows, kind="stable"), len(text.names)
    for first in range(0, rows, ROWS):
        last = min(first + ROWS, rows)
        begin, end = np.searchsorted(text.rows, (first, last), sorter=order)
        spans = text.spans(order[begin:end])
        lengths = np.bincount(spans.rows - first, spans.ends - spans.begins, minlength=last - first)
        bounds = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        yield slice(first, last), text.words(spans), bounds


def count_terms(text: EncodedDocuments, words: int) -> Sparse:
    """How often each of the vocabulary's words comes in each row's documents; float32 counts."""
    from scipy.sparse import csr_array

    starts, size = np.zeros(len(text.names) + 1, np.int64), 0
    columns, values = np.empty(text.size, np.int32), np.empty(text.size, np.float32)
    for rows, ids, bounds in _rows(text):
        ones = np.ones(ids.size, np.float32)
        counts = csr_array((ones, ids, bounds), shape=(bounds.size - 1, words))
        counts.sum_duplicates()
        starts[rows.start + 1 : rows.stop + 1] = size + counts.indptr[1:]
        columns[size : size + counts.nnz] = counts.indices
        values[size : size + counts.nnz] = counts.data
        size += counts.nnz
    return Sparse(starts, columns[:size], values[:size], words)


class EncodedTerms(NamedTuple):
    """The terms of all documents, one after the other.

    words   int32 (N,)
    starts  int64 (M + 1,)  the token that each document begins with, and N
    """

    words: np.ndarray
    starts: np.ndarray


def encode_terms(text: EncodedDocuments, kept: np.ndarray, words: int) -> EncodedTerms:
    """The terms of each row's documents in their order, numbered as in `kept`.

    text   documents
    kept   rising ids of the words that are terms
    words  how many words the vocabulary has
    """
    numbers = np.full(words, -1, np.int32)
    numbers[kept] = np.arange(kept.size, dtype=np.int32)
    starts, size = np.zeros(len(text.names) + 1, np.int64), 0
    found = np.empty(text.size, np.int32)
    for rows, ids, bounds in _rows(text):
        terms = numbers[ids]
        passed = np.concatenate([[0], np.cumsum(terms >= 0)])
        starts[rows.start + 1 : rows.stop + 1] = size + passed[bounds[1:]]
        found[size : size + passed[-1]] = terms[terms >= 0]
        size += int(passed[-1])
    return EncodedTerms(found[:size], starts)


def _blocks(matrix: Sparse) -> Iterator[tuple[slice, slice]]:
    """Some rows at a time, and their entries."""
    rows = len(matrix.starts) - 1
    for first in range(0, rows, ROWS):
        last = min(first + ROWS, rows)
        yield slice(first, last), slice(int(matrix.starts[first]), int(matrix.starts[last]))


def document_frequencies(counts: Sparse) -> np.ndarray:
    """In how many documents each word comes; int64 (V,)."""
    return np.bincount(counts.columns, minlength=counts.width)


def choose(vocabulary: Vocabulary, counts: Sparse, how: TermSettings) -> np.ndarray:
    """The words that are terms, as `how` tells: rising int64 ids.

    Raises W2VError where none is left, OSError where a list of stop words is not there
    """
    documents = len(counts.starts) - 1
    frequencies = document_frequencies(counts)
    kept = (frequencies >= how.min_df) & (frequencies <= how.max_df * documents)
    kept[: how.drop_top] = False  # words are in the order of their counts
    kept &= ~stopwords.find(how.stopwords, vocabulary.names).are
    if not kept.any():
        raise W2VError("no term is left: try a lower --min-df or --drop-top, or a higher --max-df")
    return np.flatnonzero(kept)


def keep_columns(counts: Sparse, kept: np.ndarray) -> Sparse:
    """A matrix with some of the columns, numbered anew in their order, in the old one's place."""
    numbers = np.full(counts.width, -1, np.int32)
    numbers[kept] = np.arange(kept.size, dtype=np.int32)
    starts, size = np.zeros_like(counts.starts), 0
    for rows, entries in _blocks(counts):
        columns = numbers[counts.columns[entries]]
        inside = columns >= 0
        passed = np.concatenate([[0], np.cumsum(inside)])
        ends = counts.starts[rows.start + 1 : rows.stop + 1] - entries.start
        starts[rows.start + 1 : rows.stop + 1] = size + passed[ends]
        values = counts.values[entries][inside]
        counts.columns[size : size + values.size] = columns[inside]
        counts.values[size : size + values.size] = values
        size += values.size
    return Sparse(starts, counts.columns[:size], counts.values[:size], kept.size)


def global_weights(counts: Sparse, weight: str) -> np.ndarray:
    """What each word weighs whatever the document; float32 (V,).

    tfidf        ln((1 + M) / (1 + df)) + 1 for M documents, as in scikit-learn
    log-entropy  1 + Σ p ln p / ln M, p the share of a word's occurrences that a document has: 0
                 for a word that is spread evenly (Dumais 1991)
    count        1
    """
    documents = len(counts.starts) - 1
    if weight == "tfidf":
        found = np.log((1 + documents) / (1 + document_frequencies(counts))) + 1
    elif weight == "log-entropy":
        totals = np.bincount(counts.columns, counts.values, minlength=counts.width)
        p = counts.values / totals[counts.columns]
        entropies = np.bincount(counts.columns, p * np.log(p), minlength=counts.width)
        found = 1 + entropies / np.log(max(documents, 2))
    else:
        found = np.ones(counts.width)
    return found.astype(np.float32)


def weigh(counts: Sparse, weights: np.ndarray, weight: str) -> Sparse:
    """The weighted matrix: rows of length 1, but for `count`, which leaves them as they are.

    It takes the place of the counts.
    """
    for rows, entries in _blocks(counts):
        values = counts.values[entries]
        values = (np.log1p(values) if weight == "log-entropy" else values) * weights[
            counts.columns[entries]
        ]
        if weight != "count":
            sizes = np.diff(counts.starts[rows.start : rows.stop + 1])
            number = np.repeat(np.arange(sizes.size), sizes)
            lengths = np.sqrt(np.bincount(number, np.square(values), minlength=sizes.size))
            values /= lengths[number]
        counts.values[entries] = values
    return counts
