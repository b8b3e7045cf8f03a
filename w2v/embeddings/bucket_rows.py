"""The rows of n-grams in a number of buckets, and the own rows of words that fit them.

fastText's models have a row for every bucket. Other models have rows only for the n-grams that
occur, so that n-grams hardly ever share a row. To write such a model as fastText's, N buckets are
given rows:

    row of a bucket  = the mean of the rows of the n-grams that fall into it, or zero
    own row of word  = n · vector - Σ rows of the buckets of its n-grams,
                       where n is 1 + the number of its n-grams that are in a bucket with a row

The second line is solved from the mean that composes a vector, see `Subwords`. The vectors of the
words therefore stay as they are. The vectors of out-of-vocabulary words change: n-grams share
buckets, and n-grams that had no row now count with the row of others. In fastText's file all
buckets have rows, so that all n-grams count, those that fall into no other's bucket as zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from w2v.embeddings.row_matrices import DenseMatrix, Matrix
from w2v.embeddings.subwords import Subwords, find_ngrams
from w2v.embeddings.table import Table
from w2v.errors import W2VError

NUMBERED = 1 << 32  # buckets of a model whose n-grams are numbered by the whole hash
MOST = (1 << 31) - 1  # fastText stores the number of buckets, and other settings, as int32
USUAL = 2_000_000  # fastText's default
_NGRAMS = 1 << 13  # n-grams whose rows are added up at a time
_ROWS = 1 << 12  # rows that are computed at a time


@dataclass(frozen=True)
class BucketRows:
    """The rows of the buckets that have one, each computed when it is taken.

    vectors  Matrix (·, D)
    buckets  number of buckets, N
    numbers  int64 (U,), ascending: the buckets that have a row
    rows     int64 (·,), rows of `vectors`, sorted by bucket
    bounds   int64 (U + 1,), bucket numbers[u] has the mean of rows[bounds[u]:bounds[u + 1]]
    """

    vectors: Matrix
    buckets: int
    numbers: np.ndarray
    rows: np.ndarray
    bounds: np.ndarray

    @classmethod
    def of(cls, subwords: Subwords, buckets: int) -> BucketRows:
        """Distribute the rows of the n-grams to `buckets` buckets.

        Raises W2VError if the n-grams of the model cannot be distributed to this number
        """
        old, rows = subwords.ngram_rows()
        if subwords.buckets not in (NUMBERED, buckets) and subwords.buckets % buckets:
            raise W2VError(
                f"--buckets {buckets}: the n-grams of the model are in {subwords.buckets:,} "
                "buckets, and can only be written with a number that divides this one: leave out "
                "--buckets"
            )
        new = old % buckets
        order = np.argsort(new, kind="stable")
        numbers, begins = np.unique(new[order], return_index=True)
        return cls(subwords.vectors, buckets, numbers, rows[order], np.append(begins, len(order)))

    def take(self, places: np.ndarray) -> np.ndarray:
        """The rows of the buckets numbers[places], float32 (K, D)."""
        begins, sizes = self.bounds[places], np.diff(self.bounds)[places]
        if not len(places) or sizes.max() == 1:
            return self.vectors.take(self.rows[begins])
        bounds = np.concatenate([[0], np.cumsum(sizes)])
        shifts = np.repeat(begins - bounds[:-1], sizes)
        means = np.empty((len(places), self.vectors.shape[1]), np.float32)
        self.vectors.means(self.rows[shifts + np.arange(bounds[-1])], bounds, means)
        return means

    def block(self, begin: int, end: int) -> np.ndarray:
        """The rows of the buckets begin to end, float32 (end - begin, D); zero without a row."""
        first, last = np.searchsorted(self.numbers, [begin, end])
        block = np.zeros((end - begin, self.vectors.shape[1]), np.float32)
        block[self.numbers[first:last] - begin] = self.take(np.arange(first, last))
        return block

    def own_rows(
        self, table: Table, subwords: Subwords, words: np.ndarray, all_count: bool
    ) -> np.ndarray:
        """The own rows of some words with which their vectors stay as they are, float32 (K, D).

        table      the words and their vectors
        subwords   the model, whose numbers of characters count
        words      int64 (K,), the rows of the words in `table`
        all_count  whether n-grams in buckets without a row count, as zero
        """
        numbers, bounds = find_ngrams(
            table.text, table.offsets, words, subwords.minn, subwords.maxn, self.buckets
        )
        counts = np.diff(bounds)
        owner = np.repeat(np.arange(len(words)), counts)
        places = np.searchsorted(self.numbers, numbers)
        found = places < len(self.numbers)
        found[found] = self.numbers[places[found]] == numbers[found]
        owner, places = owner[found], places[found]
        if not all_count:
            counts = np.bincount(owner, minlength=len(words))
        own: np.ndarray = table.vectors(words) * (1.0 + counts[:, None])
        for begin in range(0, len(places), _NGRAMS):
            part = slice(begin, begin + _NGRAMS)
            used, which = np.unique(places[part], return_inverse=True)
            summed, begins = np.unique(owner[part], return_index=True)
            rows = self.take(used)[which]
            own[summed] -= np.add.reduceat(rows, begins, axis=0, dtype=np.float64)
        return own.astype(np.float32)


def in_buckets(table: Table, buckets: int) -> Table:
    """The table with its n-grams in another number of buckets, of which only used ones have rows.

    The vectors of the table stay as they are. W2VError as in `BucketRows.of`.
    """
    from w2v.system.spooled_array import SpooledArray

    subwords = table.subwords
    assert subwords is not None
    placed, spooled = BucketRows.of(subwords, buckets), SpooledArray(np.float32)
    for begin in range(0, len(table), _ROWS):
        words = np.arange(begin, min(begin + _ROWS, len(table)))
        spooled.append(placed.own_rows(table, subwords, words, all_count=False).ravel())
    for begin in range(0, len(placed.numbers), _ROWS):
        places = np.arange(begin, min(begin + _ROWS, len(placed.numbers)))
        spooled.append(placed.take(places).ravel())
    vectors = spooled.mapped().reshape(len(table) + len(placed.numbers), subwords.dim)
    lengths = subwords.minn, subwords.maxn
    numbers = placed.numbers.astype(np.uint32)
    return table.with_subwords(
        Subwords(DenseMatrix(vectors), len(table), *lengths, buckets, numbers)
    )


def usual_buckets(subwords: Subwords) -> int:
    """The number of buckets in the file: that of the model, if fastText can have so many."""
    return subwords.buckets if subwords.buckets <= MOST else USUAL
