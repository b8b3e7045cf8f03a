"""The n-grams of a vocabulary: numbered, and the rows from which each word is composed.

Letters: V words, G n-grams. The subword vectors have V rows for the words, then G rows for the
n-grams, as the input matrix of fastText.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from w2v.embeddings.subwords import find_ngrams, joined
from w2v.settings import SubwordSettings

_WORDS = 1 << 14  # words whose n-grams are computed at a time


class WordRows(NamedTuple):
    """The rows of the subword vectors from which each word is composed.

    offsets  int64 (V + 1,)  the rows of word w are rows[offsets[w]:offsets[w + 1]]
    rows     int32 (·,)      the first of them is w itself, the word's own row
    """

    offsets: np.ndarray
    rows: np.ndarray

    def take(self, words: np.ndarray) -> WordRows:
        """The rows of some words, int (K,), as new arrays."""
        begins = self.offsets[words]
        lengths = self.offsets[words + 1] - begins
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(offsets[-1]) + np.repeat(begins - offsets[:-1], lengths)
        return WordRows(offsets, self.rows[places])


def number_ngrams(names: Sequence[str], settings: SubwordSettings) -> tuple[np.ndarray, WordRows]:
    """Number the n-grams that occur in a vocabulary.

    names     the V words
    settings  lengths of n-grams, buckets, and in how many words an n-gram must occur
    Returns   uint32 (G,), the buckets that n-grams of the words fall into, ascending: bucket i has
              row V + i; and the rows of each word
    """
    encoded = [name.encode("utf-8", "surrogateescape") for name in names]
    blocks = range(0, len(encoded), _WORDS)
    # The first pass finds the buckets, the second one their numbers, so that the n-grams of all
    # words, of which most occur in many words, are never in memory together as 64-bit numbers.
    found = [_words_of_buckets(encoded[at : at + _WORDS], settings) for at in blocks]
    kept, words = _sum_by_bucket(found)
    kept = kept[words >= settings.subword_min_count].astype(np.uint32)
    counts, parts = [], []
    for at in blocks:
        buckets, bounds = _buckets(encoded[at : at + _WORDS], settings)
        rows = np.searchsorted(kept, buckets)
        has_row = kept.take(rows, mode="clip") == buckets if kept.size else buckets < 0
        owners = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))[has_row]
        counts.append(np.bincount(owners, minlength=len(bounds) - 1))
        parts.append((rows[has_row] + len(names)).astype(np.int32))
    lengths = 1 + np.concatenate([*counts, np.empty(0, np.int64)])
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = np.empty(offsets[-1], np.int32)
    is_own = np.zeros(rows.size, np.bool_)
    is_own[offsets[:-1]] = True
    rows[is_own] = np.arange(len(names))
    rows[~is_own] = np.concatenate([*parts, np.empty(0, np.int32)])
    return kept, WordRows(offsets, rows)


def without_ngrams(word_rows: WordRows, words: np.ndarray) -> WordRows:
    """The rows of each word, where the words that are marked have only their own row.

    words  bool (V,)
    """
    lengths = np.diff(word_rows.offsets)
    is_own = np.zeros(word_rows.rows.size, np.bool_)
    is_own[word_rows.offsets[:-1]] = True
    rows = word_rows.rows[is_own | np.repeat(~words, lengths)]
    lengths = np.where(words, 1, lengths)
    return WordRows(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), rows)


def _buckets(encoded: list[bytes], settings: SubwordSettings) -> tuple[np.ndarray, np.ndarray]:
    """The bucket of each n-gram of K words, int64, and the bounds of each word, int64 (K + 1,)."""
    text, offsets = joined(encoded)
    minn, maxn = settings.ngram_lengths
    return find_ngrams(text, offsets, np.arange(len(encoded)), minn, maxn, settings.bucket_count)


def _words_of_buckets(
    encoded: list[bytes], settings: SubwordSettings
) -> tuple[np.ndarray, np.ndarray]:
    """The buckets of the n-grams of words, ascending, and in how many of the words each occurs."""
    buckets, bounds = _buckets(encoded, settings)
    owners = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    pairs = np.unique(buckets * len(encoded) + owners)  # once for each bucket and word
    return np.unique(pairs // len(encoded), return_counts=True)


def _sum_by_bucket(
    found: list[tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """The buckets of several blocks of words, ascending, and the sum of their counts."""
    buckets = np.concatenate([*(buckets for buckets, _ in found), np.empty(0, np.int64)])
    counts = np.concatenate([*(counts for _, counts in found), np.empty(0, np.int64)])
    unique, places = np.unique(buckets, return_inverse=True)
    return unique, np.bincount(places, weights=counts, minlength=unique.size)
