"""The n-grams of a vocabulary: numbered, and the rows from which each word is composed.

Letters: V words, G n-grams. The subword vectors have V rows for the words, then G rows for the
n-grams, as the input matrix of fastText.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from w2v.embeddings.subwords import find_ngrams, joined
from w2v.settings import SubwordSettings

_WORDS = 1 << 14  # words whose n-grams are computed at a time
_UNSUMMED = 1 << 22  # buckets that are counted before their numbers of words are summed
_ONE, _HALF, _LOWER = np.uint64(1), np.uint64(32), np.uint64((1 << 32) - 1)


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
    kept, words = _count_words((encoded[at : at + _WORDS] for at in blocks), settings)
    kept = kept[words >= settings.subword_min_count]
    counts, parts = [], []
    for at in blocks:
        buckets, bounds = _buckets(encoded[at : at + _WORDS], settings)
        rows = np.searchsorted(kept, buckets.astype(np.uint32))
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


def _count_words(
    blocks: Iterable[list[bytes]], settings: SubwordSettings
) -> tuple[np.ndarray, np.ndarray]:
    """The buckets of the n-grams of words, and in how many of the words each bucket occurs.

    blocks   the words, in several lists
    Returns  uint32 (G,), the buckets, ascending; int64 (G,)
    """
    # The upper 32 bits of a number are a bucket, and the lower ones a number of words.
    parts, total = [np.empty(0, np.uint64)], 0
    for block in blocks:
        buckets, bounds = _buckets(block, settings)
        owners = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
        pairs = np.sort(buckets * len(block) + owners)
        pairs = pairs[np.diff(pairs, prepend=-1) != 0]  # once for each bucket and word
        found = _sum_by_bucket([(pairs // len(block)).astype(np.uint64) << _HALF | _ONE])
        parts.append(found)
        total += found.size
        # Most buckets of a block occur in others too, so that sums need less memory than parts.
        if total > 2 * parts[0].size + _UNSUMMED:
            parts = [_sum_by_bucket(parts)]
            total = parts[0].size
    sums = _sum_by_bucket(parts)
    return (sums >> _HALF).astype(np.uint32), (sums & _LOWER).astype(np.int64)


def _sum_by_bucket(parts: list[np.ndarray]) -> np.ndarray:
    """The sums of the numbers of words of each bucket, see `_count_words`, by ascending bucket."""
    numbers = np.concatenate(parts)
    if not numbers.size:
        return numbers
    numbers.sort()
    buckets = numbers >> _HALF
    begins = np.flatnonzero(np.diff(buckets, prepend=~buckets[0]))
    sums: np.ndarray = np.add.reduceat(numbers & _LOWER, begins)
    return buckets[begins] << _HALF | sums
