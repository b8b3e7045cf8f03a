"""Word n-grams as features of texts: counted by bucket, and the rows of those that have one.

A word n-gram is a run of 2 to `order` words that follow each other in a text. Its bucket is that of
fastText, see `text_features`. Only buckets that occur often enough have a row. They are found in a
hash table of S slots, a power of two of at least 8, of which at most half are used. Collisions are
resolved by linear probing, from slot bucket mod S. A free slot is 0. The high 32 bits of a used
slot are the number of its row plus one, and the low 32 bits are the bucket.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.simd import prefetch_item

_FACTOR = np.uint64(116049371)
_32, _LOW, _ONE = np.uint64(32), np.uint64(0xFFFFFFFF), np.uint64(1)
_AHEAD = 16  # a slot is prefetched this many n-grams before it is read
MOST_COUNTED = 255  # occurrences of a bucket; more are counted as so many


@jit
def count_ngrams(ids, starts, hashes, order, buckets, counts):
    """Count the word n-grams of texts by bucket.

    ids      int32 (N,)      the words of all texts
    starts   int64 (S + 1,)  text s is ids[starts[s]:starts[s + 1]]
    hashes   uint64 (T,)     the hash of each word, see `text_features`
    order    int             most words of an n-gram
    buckets  uint64          number of buckets
    counts   uint8 (B,)      the count of each bucket, at most MOST_COUNTED; changed in place
    """
    for s in range(starts.size - 1):
        end = starts[s + 1]
        for i in range(starts[s], end):
            code = hashes[ids[i]]
            for j in range(i + 1, min(end, i + order)):
                code = code * _FACTOR + hashes[ids[j]]
                bucket = code % buckets
                if counts[bucket] < MOST_COUNTED:
                    counts[bucket] += 1


@inlined
def find_bucket(slots, bucket):
    """The slot of a bucket, or the free slot for it.

    slots    uint64 (S,)
    bucket   uint64
    Returns  int64
    """
    last = np.uint64(slots.size - 1)
    at = bucket & last
    while slots[at] != 0 and slots[at] & _LOW != bucket:
        at = (at + _ONE) & last
    return np.int64(at)


@jit
def fill_buckets(kept, slots):
    """Put buckets into an empty hash table.

    kept   uint32 (P,)  the buckets, of which bucket i has row i
    slots  uint64 (S,)  zeros, overwritten
    """
    for row in range(kept.size):
        bucket = np.uint64(kept[row])
        slots[find_bucket(slots, bucket)] = (np.uint64(row + 1) << _32) | bucket


@inlined
def text_buckets(ids, begin, end, hashes, order, buckets, found):
    """Compute the buckets of the word n-grams of a text.

    ids      int32 (N,)   see `count_ngrams`; the text is ids[begin:end]
    begin    int
    end      int
    hashes   uint64 (T,)
    order    int
    buckets  uint64
    found    uint32 (·,)  overwritten
    Returns  int64, the number of n-grams
    """
    count = 0
    for i in range(begin, end):
        code = hashes[ids[i]]
        for j in range(i + 1, min(end, i + order)):
            code = code * _FACTOR + hashes[ids[j]]
            found[count] = code % buckets
            count += 1
    return count


@jit
def ngram_rows(ids, starts, hashes, order, buckets, slots, first, found, rows, bounds):
    """Write the rows of the word n-grams of texts, leaving out those without a row.

    ids      int32 (N,)      see `count_ngrams`
    starts   int64 (S + 1,)
    hashes   uint64 (T,)
    order    int
    buckets  uint64
    slots    uint64 (·,)     see `fill_buckets`
    first    int             the first row of an n-gram
    found    uint32 (·,)     scratch, as long as the number of n-grams of the longest text
    rows     int32 (·,)      overwritten; as long as the number of all n-grams
    bounds   int64 (S + 1,)  overwritten: text s has rows[bounds[s]:bounds[s + 1]]
    """
    count, last = 0, np.uint64(slots.size - 1)
    bounds[0] = 0
    for s in range(starts.size - 1):
        total = text_buckets(ids, starts[s], starts[s + 1], hashes, order, buckets, found)
        for at in range(total):
            # The slots of many n-grams do not fit in the cache.
            ahead = np.uint64(found[min(at + _AHEAD, total - 1)]) & last
            prefetch_item(slots, np.int64(ahead))
            entry = slots[find_bucket(slots, np.uint64(found[at]))]
            if entry != 0:
                rows[count] = first + np.int64(entry >> _32) - 1
                count += 1
        bounds[s + 1] = count


@inlined
def add_feature(row, text, latest, rows, count):
    """Add a feature to those of a text, unless the text has it already.

    row      int
    text     int          number of the text
    latest   int32 (R,)   the number of the latest text that had each feature; changed in place
    rows     int32 (·,)   rows[count] may be overwritten
    count    int          number of features so far
    Returns  int64, number of features
    """
    if latest[row] == text:
        return count
    latest[row], rows[count] = text, row
    return count + 1


@jit
def gather_features(
    ids, starts, texts, type_rows, type_starts, ngrams, ngram_bounds, latest, rows, bounds
):  # fmt: skip
    """Write the rows of all features of some texts: those of the words, then of the word n-grams.

    A feature that occurs several times in a text is written once, as in NB-SVM (Wang and Manning
    2012); fastText counts every occurrence.

    ids           int32 (N,)      the words of all texts
    starts        int64 (S + 1,)  text s is ids[starts[s]:starts[s + 1]]
    texts         int32 (K,)      the texts
    type_rows     int32 (·,)      the rows of each word: its own and those of its character n-grams
    type_starts   int64 (T + 1,)  word t has type_rows[type_starts[t]:type_starts[t + 1]]
    ngrams        int32 (·,)      the rows of the word n-grams of all texts
    ngram_bounds  int64 (S + 1,)  text s has ngrams[ngram_bounds[s]:ngram_bounds[s + 1]]
    latest        int32 (R,)      scratch: -1 for each row; afterwards too
    rows          int32 (·,)      overwritten; as long as the number of all features of the texts
    bounds        int64 (K + 1,)  overwritten: text texts[k] has rows[bounds[k]:bounds[k + 1]]
    """
    count = 0
    bounds[0] = 0
    for k in range(texts.size):
        s = texts[k]
        for i in range(starts[s], starts[s + 1]):
            for at in range(type_starts[ids[i]], type_starts[ids[i] + 1]):
                count = add_feature(type_rows[at], k, latest, rows, count)
        for i in range(ngram_bounds[s], ngram_bounds[s + 1]):
            count = add_feature(ngrams[i], k, latest, rows, count)
        bounds[k + 1] = count
    for at in range(count):
        latest[rows[at]] = -1
