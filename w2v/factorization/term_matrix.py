"""The document-term matrix: counts of terms in documents, the choice of terms, and weights.

Terms are the words of the vocabulary that a topic model keeps. Arrays have M documents, V words or
terms, and N tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from w2v.errors import W2VError
from w2v.factorization import stopwords
from w2v.factorization.svd import Sparse
from w2v.settings import TermSettings
from w2v.system.progress import plural
from w2v.text.encoded_text import EncodedDocuments
from w2v.text.vocabulary import Vocabulary

ROWS = 1 << 12  # documents that are processed at a time


def _rows(text: EncodedDocuments) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Blocks of up to ROWS documents of a text.

    A row of the matrix can have several documents, which have one name.

    Yields  the rows of a block, as a slice; the word ids of the documents of these rows; and the
            position in them of the first word of each row, and their number, int64 (rows + 1,)
    """
    order, rows = np.argsort(text.rows, kind="stable"), len(text.names)
    for first in range(0, rows, ROWS):
        last = min(first + ROWS, rows)
        begin, end = np.searchsorted(text.rows, (first, last), sorter=order)
        spans = text.spans(order[begin:end])
        lengths = np.bincount(spans.rows - first, spans.ends - spans.begins, minlength=last - first)
        bounds = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        yield slice(first, last), text.words(spans), bounds


def count_terms(text: EncodedDocuments, words: int) -> Sparse:
    """The matrix of the counts, float32, of each word (column) in each document (row).

    words  the number of words in the vocabulary
    """
    from scipy.sparse import csr_array

    starts, size = np.zeros(len(text.names) + 1, np.int64), 0
    columns, values = np.empty(text.size, np.int32), np.empty(text.size, np.float32)
    for rows, ids, bounds in _rows(text):
        ones = np.ones(ids.size, np.uint32)  # float32 cannot count beyond 2^24 by ones
        counts = csr_array((ones, ids, bounds), shape=(bounds.size - 1, words))
        counts.sum_duplicates()
        starts[rows.start + 1 : rows.stop + 1] = size + counts.indptr[1:]
        columns[size : size + counts.nnz] = counts.indices
        values[size : size + counts.nnz] = counts.data
        size += counts.nnz
    return Sparse(starts, columns[:size], values[:size], words)


class EncodedTerms(NamedTuple):
    """The terms of all documents, one after the other.

    words   int32 (N,)      the number of the term of each token
    starts  int64 (M + 1,)  the position of the first token of each document, and N
    """

    words: np.ndarray
    starts: np.ndarray


def encode_terms(text: EncodedDocuments, kept: np.ndarray, words: int) -> EncodedTerms:
    """The terms of each document, in the order of its text.

    text   documents
    kept   the ids of the words that are terms, in ascending order; the number of a term is its
           position in this array
    words  the number of words in the vocabulary
    """
    numbers = np.full(words, -1, np.int32)
    numbers[kept] = np.arange(kept.size, dtype=np.int32)
    starts, size = np.zeros(len(text.names) + 1, np.int64), 0
    encoded = np.empty(text.size, np.int32)
    for rows, ids, bounds in _rows(text):
        terms = numbers[ids]
        terms_before = np.concatenate([[0], np.cumsum(terms >= 0)])
        starts[rows.start + 1 : rows.stop + 1] = size + terms_before[bounds[1:]]
        encoded[size : size + terms_before[-1]] = terms[terms >= 0]
        size += int(terms_before[-1])
    return EncodedTerms(encoded[:size], starts)


def _blocks(matrix: Sparse) -> Iterator[tuple[slice, slice]]:
    """Blocks of up to ROWS rows: a slice of the rows, and a slice of their entries."""
    rows = len(matrix.starts) - 1
    for first in range(0, rows, ROWS):
        last = min(first + ROWS, rows)
        yield slice(first, last), slice(int(matrix.starts[first]), int(matrix.starts[last]))


def document_frequencies(counts: Sparse) -> np.ndarray:
    """The document frequency of each word, the number of documents that contain it; int64 (V,)."""
    return np.bincount(counts.columns, minlength=counts.width)


def choose(
    vocabulary: Vocabulary,
    counts: Sparse,
    settings: TermSettings,
    is_earlier: np.ndarray | None = None,
) -> np.ndarray:
    """The ids of the words that the settings keep as terms; int64, in ascending order.

    is_earlier  bool (V,), the terms of the model that is updated. They stay terms in any case, and
                the settings choose among the other words. None: a new model
    Raises      W2VError if no word is kept, OSError if the file of stop words cannot be read
    """
    documents = max(len(counts.starts) - 1, 1)
    frequencies = document_frequencies(counts)
    # 29 / 100 is 0.29, but 0.29 * 100 is less than 29.
    is_term = (frequencies >= settings.min_df) & (frequencies / documents <= settings.max_df)
    if is_earlier is None:
        is_earlier = np.zeros(is_term.size, np.bool_)
    # The vocabulary is sorted by descending count.
    is_term[np.flatnonzero(~is_earlier)[: settings.drop_top]] = False
    is_term &= ~stopwords.find(settings.stopwords, vocabulary.names).is_listed
    is_term |= is_earlier
    if not is_term.any():
        raise W2VError(_nothing_left(vocabulary, frequencies, settings, documents))
    return np.flatnonzero(is_term)


def _nothing_left(
    vocabulary: Vocabulary, frequencies: np.ndarray, settings: TermSettings, documents: int
) -> str:
    """The message if the settings keep no word: how many each option leaves out by itself."""
    count = len(vocabulary.names)
    listed = int(stopwords.find(settings.stopwords, vocabulary.names).is_listed.sum())
    rare = int((frequencies < settings.min_df).sum())
    left_out = {
        "lower --min-df": rare if settings.min_df > 1 else 0,
        "raise --max-df": int((frequencies / documents > settings.max_df).sum()),
        "lower --drop-top": min(settings.drop_top, count),
        "give fewer --stopwords": listed,
    }
    advice = [f"{what}, which leaves out {plural(n, 'word')}" for what, n in left_out.items() if n]
    if rare and settings.min_df == 1:  # words of --read-vocab, or of held-out documents alone
        advice.append(f"give more documents: these lack {plural(rare, 'word')}")
    return f"no term is left of {plural(count, 'word')} in the vocabulary: {'; '.join(advice)}"


def keep_columns(counts: Sparse, kept: np.ndarray) -> Sparse:
    """The matrix with only the columns `kept`, renumbered from 0.

    kept  the numbers of the columns to keep, in ascending order

    The result uses the memory of `counts`, which is overwritten.
    """
    numbers = np.full(counts.width, -1, np.int32)
    numbers[kept] = np.arange(kept.size, dtype=np.int32)
    starts, size = np.zeros_like(counts.starts), 0
    for rows, entries in _blocks(counts):
        columns = numbers[counts.columns[entries]]
        is_kept = columns >= 0
        kept_before = np.concatenate([[0], np.cumsum(is_kept)])
        ends = counts.starts[rows.start + 1 : rows.stop + 1] - entries.start
        starts[rows.start + 1 : rows.stop + 1] = size + kept_before[ends]
        values = counts.values[entries][is_kept]
        counts.columns[size : size + values.size] = columns[is_kept]
        counts.values[size : size + values.size] = values
        size += values.size
    return Sparse(starts, counts.columns[:size], counts.values[:size], kept.size)


def global_weights(counts: Sparse, weight: str) -> np.ndarray:
    """The global weight of each word, which is the same in all documents; float32 (V,).

    weight  the name of the weighting:
            tfidf        ln((1 + M) / (1 + df)) + 1, as in scikit-learn, where df is the document
                         frequency of the word
            log-entropy  1 + Σ p ln p / ln M (Dumais 1991), where p is the share of the occurrences
                         of the word that are in a document, and the sum is over documents. A word
                         with the same count in every document has the weight 0
            count        1
    """
    documents = len(counts.starts) - 1
    if weight == "tfidf":
        weights = np.log((1 + documents) / (1 + document_frequencies(counts))) + 1
    elif weight == "log-entropy":
        # Σ p ln(p M) / ln M is the same, and exactly 0 for a word whose counts are the same.
        totals = np.bincount(counts.columns, counts.values, minlength=counts.width)
        ratios = np.multiply(counts.values, max(documents, 2), dtype=np.float64)  # will be p M
        ratios /= totals[counts.columns]
        sums = np.bincount(counts.columns, ratios * np.log(ratios), minlength=counts.width)
        weights = np.maximum(sums, 0) / (max(documents, 2) * np.log(max(documents, 2)))
    else:
        weights = np.ones(counts.width)
    return weights.astype(np.float32)


def weigh(counts: Sparse, weights: np.ndarray, weight: str) -> Sparse:
    """The weighted matrix. Its rows are scaled to length 1, except with the weighting `count`.

    A row without a word of a weight above 0 stays zeros.

    weights  float32 (V,)  see `global_weights`
    weight   the name of the weighting. With tfidf and count, counts are multiplied by weights; with
             log-entropy, ln(1 + count) is multiplied by weights

    `counts` is changed in place and returned.
    """
    for rows, entries in _blocks(counts):
        values = counts.values[entries]
        if weight == "log-entropy":
            values = np.log1p(values)
        values = values * weights[counts.columns[entries]]
        if weight != "count":
            sizes = np.diff(counts.starts[rows.start : rows.stop + 1])
            row = np.repeat(np.arange(sizes.size), sizes)  # the row of each entry
            lengths = np.sqrt(np.bincount(row, np.square(values), minlength=sizes.size))
            values /= np.where(lengths > 0, lengths, 1)[row]
        counts.values[entries] = values
    return counts
