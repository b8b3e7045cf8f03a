"""The n-grams of a vocabulary: numbered, and the rows from which each word is composed.

Letters: V words, G n-grams, R rows of n-grams. The subword vectors have V rows for the words, then
rows for the n-grams, as the input matrix of fastText. Each n-gram has a row of its own (R = G), or
n-grams share rows (R < G), see `shared_rows`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from w2v.embeddings.subwords import LONGEST_WORD, find_ngrams, joined
from w2v.settings import SubwordSettings

_PLACES = 1 << 20  # uses of rows that are looked at at a time
_WORDS = 1 << 14  # words whose n-grams are computed at a time
_UNSUMMED = 1 << 22  # buckets that are counted before their numbers of words are summed
# Bytes that `number_ngrams` and sharing rows need at most for each word, for each n-gram of each
# word, and for each n-gram of the words whose n-grams are computed at a time.
_WORD_BYTES, _NGRAM_BYTES, _BLOCK_BYTES = 150, 32, 64
# How many steps a word may move at most where training makes one, because its n-grams repeat. The
# n-grams of "banana" make it 1.1 steps, those of a line of 300 dashes 300 steps: words like these
# made training diverge. Each n-gram of such a word moves once, so that the word moves one step.
_MOST_MOVES = 10.0
_ONE, _HALF, _LOWER = np.uint64(1), np.uint64(32), np.uint64((1 << 32) - 1)


class WordRows(NamedTuple):
    """The rows of the subword vectors from which each word is composed.

    offsets  int64 (V + 1,)  the rows of word w are rows[offsets[w]:offsets[w + 1]]
    rows     int32 (·,)      the first of them is w itself, the word's own row
    shares   float32 (·,)    the factor of each row in the sum that is the vector of the word
    """

    offsets: np.ndarray
    rows: np.ndarray
    shares: np.ndarray

    @classmethod
    def of_means(cls, offsets: np.ndarray, rows: np.ndarray) -> WordRows:
        """The rows of words whose vectors are the means of their rows."""
        lengths = np.diff(offsets)
        return cls(offsets, rows, np.repeat((1 / lengths).astype(np.float32), lengths))

    def take(self, words: np.ndarray) -> WordRows:
        """The rows of some words, int (K,), as new arrays."""
        begins = self.offsets[words]
        lengths = self.offsets[words + 1] - begins
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(offsets[-1]) + np.repeat(begins - offsets[:-1], lengths)
        return WordRows(offsets, self.rows[places], self.shares[places])


def numbering_bytes(names: Sequence[str], settings: SubwordSettings) -> int:
    """An upper estimate of the bytes for numbering the n-grams and for `shared_rows`."""
    minn, maxn = settings.ngram_lengths
    characters = np.fromiter(map(len, names), np.int64, len(names))
    characters[characters > LONGEST_WORD] = -maxn  # these have no n-grams
    ngrams = np.zeros(len(names), np.int64)
    for length in range(minn, maxn + 1):
        ngrams += np.maximum(characters + 3 - length, 0)
    in_block = max(
        (int(ngrams[at : at + _WORDS].sum()) for at in range(0, len(names), _WORDS)), default=0
    )
    return _WORD_BYTES * len(names) + _NGRAM_BYTES * int(ngrams.sum()) + _BLOCK_BYTES * in_block


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
    del words
    counts, parts = [], []
    for at in blocks:
        block = encoded[at : at + _WORDS]
        buckets, bounds = _buckets(block, settings)
        order = np.argsort(buckets)  # ascending buckets are found faster
        rows = np.empty(buckets.size, np.int64)
        rows[order] = np.searchsorted(kept, buckets[order].astype(np.uint32))
        has_row = kept.take(rows, mode="clip") == buckets if kept.size else buckets < 0
        owners = np.repeat(np.arange(len(block)), np.diff(bounds))[has_row]
        lengths = 1 + np.bincount(owners, minlength=len(block))
        is_own = np.zeros(lengths.sum(), np.bool_)
        is_own[np.cumsum(lengths) - lengths] = True
        found = np.empty(is_own.size, np.int32)
        found[is_own] = np.arange(at, at + len(block))
        found[~is_own] = rows[has_row] + len(names)
        counts.append(lengths)
        parts.append(found)
    offsets = np.cumsum(np.concatenate([[0], *counts])).astype(np.int64)
    rows = np.concatenate([*parts, np.empty(0, np.int32)])
    return kept, WordRows.of_means(offsets, rows)


def shared_rows(word_rows: WordRows, ngrams: int, given: np.ndarray | None = None) -> np.ndarray:
    """Find one row for all n-grams that occur in the same words, equally often in each.

    Training adds the same change to each of them, see `kernels.composition`. So one row is enough,
    if they also begin with the same vector. The n-grams of a single word, in which they occur once,
    share the word's own row. On 100 MB of Wikipedia, 68,000 words and 317,000 n-grams of 3 to 6
    characters have 160,000 rows.

    word_rows  the rows of each word, where each n-gram has a row of its own
    ngrams     G
    given      int64 (G,), a number of the vector with which each n-gram begins; -1 for any vector.
               N-grams with a number share no word's own row. None: all begin with any vector
    Returns    int32 (G,), the row of each n-gram: below V it is a word's own row. The others are
               numbered in the order of the words, so that those of frequent words are near each
               other
    """
    offsets, rows, words = word_rows.offsets, word_rows.rows, word_rows.offsets.size - 1
    # The sum of random numbers of an n-gram's words. Other words have another sum: with 10⁸ n-grams
    # two equal sums are expected once in some thousand vocabularies, and would only share a row.
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 1 << 64, words, np.uint64)
    sums = np.zeros(words + ngrams, np.uint64)
    if given is not None:
        of_given = rng.integers(0, 1 << 64, given.max(initial=-1) + 2, np.uint64)
        of_given[0] = 0
        sums[words:] = of_given[given + 1]
    for at in range(0, words, _WORDS):
        end = min(at + _WORDS, words)
        owners = np.repeat(numbers[at:end], np.diff(offsets[at : end + 1]))
        np.add.at(sums, rows[offsets[at] : offsets[end]], owners)
    # As np.unique with return_index and return_inverse, in half of the memory.
    order = np.argsort(sums, kind="stable").astype(np.int32)
    begins = np.ones(sums.size, np.bool_)
    begins[1:] = np.diff(sums[order]) != 0
    del sums
    row_of = np.empty(order.size, np.int32)
    numbers_by_group = _numbered_by_use(order[begins], rows, words)
    row_of[order] = np.repeat(numbers_by_group, np.diff(np.flatnonzero(np.append(begins, True))))
    return row_of[words:]


def share_rows(word_rows: WordRows, ngram_rows: np.ndarray) -> WordRows:
    """The rows of each word if n-grams share rows, each of which counts as often as it is shared.

    An n-gram that repeats in a word is listed as often, see `_MOST_MOVES`.

    word_rows   the rows of each word, where each n-gram has a row of its own
    ngram_rows  int32 (G,), see `shared_rows`
    """
    offsets, rows, words = word_rows.offsets, word_rows.rows, word_rows.offsets.size - 1
    row_of = np.concatenate([np.arange(words, dtype=np.int32), ngram_rows])
    members = np.bincount(row_of)
    lengths, counts, parts, shares = np.diff(offsets), [], [], []
    for at in range(0, words, _WORDS):
        end = min(at + _WORDS, words)
        owners = np.repeat(np.arange(end - at), lengths[at:end])
        pairs = owners * members.size + row_of[rows[offsets[at] : offsets[end]]]
        pairs, uses = np.unique(pairs, return_counts=True)
        owners, found = np.divmod(pairs, members.size)
        # An n-gram that occurs twice in a word is listed twice, because it moves twice.
        repeats = np.maximum(uses // members[found], 1)
        moves = np.bincount(owners, uses * repeats, end - at) / lengths[at:end]
        repeats[moves[owners] > _MOST_MOVES] = 1
        share = (uses / repeats / lengths[at + owners]).astype(np.float32)
        counts.append(np.bincount(owners, repeats, end - at))
        parts.append(np.repeat(found.astype(np.int32), repeats))
        shares.append(np.repeat(share, repeats))
    empty = np.empty(0, np.float32)
    ends = np.cumsum(np.concatenate([[0], *counts])).astype(np.int64)
    shared = np.concatenate([*parts, empty.astype(np.int32)])
    return WordRows(ends, shared, np.concatenate([*shares, empty]))


def _numbered_by_use(first: np.ndarray, rows: np.ndarray, words: int) -> np.ndarray:
    """Numbers of groups of rows: that of a word's own row, else from V on in the order of use.

    first    int32 (C,), the first row of each group
    rows     int32 (·,), the rows of all words, one word after the other
    words    V
    Returns  int32 (C,)
    """
    use = np.empty(rows.max(initial=-1) + 1, np.int64)
    for end in range(rows.size, 0, -_PLACES):  # from the end, so that the first use of a row stays
        begin = max(end - _PLACES, 0)
        use[rows[begin:end][::-1]] = np.arange(end - 1, begin - 1, -1)
    numbers = first.copy()
    of_ngrams = np.flatnonzero(first >= words)
    order = of_ngrams[np.argsort(use[first[of_ngrams]])]
    numbers[order] = words + np.arange(order.size, dtype=np.int32)
    return numbers


def without_ngrams(word_rows: WordRows, words: np.ndarray) -> WordRows:
    """The rows of each word, where the words that are marked have only their own row.

    words  bool (V,)
    """
    lengths = np.diff(word_rows.offsets)
    is_own = np.zeros(word_rows.rows.size, np.bool_)
    is_own[word_rows.offsets[:-1]] = True
    kept = is_own | np.repeat(~words, lengths)
    shares = np.where(np.repeat(words, lengths), np.float32(1), word_rows.shares)[kept]
    offsets = np.concatenate([[0], np.cumsum(np.where(words, 1, lengths))]).astype(np.int64)
    return WordRows(offsets, word_rows.rows[kept], shares)


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
            parts.append(_sum_by_bucket(parts))
            total = parts[0].size
    sums = _sum_by_bucket(parts)
    return (sums >> _HALF).astype(np.uint32), (sums & _LOWER).astype(np.int64)


def _sum_by_bucket(parts: list[np.ndarray]) -> np.ndarray:
    """The sums of the numbers of words of each bucket, see `_count_words`, by ascending bucket.

    parts  emptied
    """
    numbers = np.concatenate(parts)
    parts.clear()  # so that they do not need memory beside what follows
    numbers.sort()
    buckets = np.empty(numbers.size, np.uint32)
    np.right_shift(numbers, _HALF, out=buckets, casting="unsafe")
    is_first = np.ones(numbers.size, np.bool_)
    is_first[1:] = buckets[1:] != buckets[:-1]
    begins = np.flatnonzero(is_first)
    if not begins.size:
        return numbers
    numbers &= _LOWER
    sums: np.ndarray = np.add.reduceat(numbers, begins)
    del numbers
    found = buckets[begins].astype(np.uint64)
    found <<= _HALF
    found |= sums
    return found
