"""The features of a text in fastText's classifiers: rows for its words, n-grams and word n-grams.

The features of a text of words w_1 … w_n are, for each word, its own row and the rows of its
character n-grams (see `ngrams`), and then a row for each run of 2 to `order` words that follow each
other, its word n-grams. With H(w) the 32-bit hash of a word (see `ngrams`), read as a signed number
and extended to 64 bits, the bucket of a word n-gram (Joulin et al. 2016; dictionary.cc) is

    h_1 = H(w_1);  h_j = h_(j-1) · 116049371 + H(w_j)  mod 2⁶⁴;  bucket = h_j mod buckets

The row of a bucket is `words` + bucket, or in a pruned model `words` + the number that is kept for
the bucket. A bucket that was not kept gives no feature.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.ngrams import BASIS, hash_byte

_FACTOR = np.uint64(116049371)
_SIGN, _SPAN = 1 << 31, 1 << 32


@jit
def hash_words(text, offsets, hashes):
    """Compute the 32-bit hash of each word, as a signed number.

    text     uint8 (·,)      the bytes of all words
    offsets  int64 (T + 1,)  the position of each word in `text`
    hashes   int64 (T,)      overwritten
    """
    for word in range(hashes.size):
        code = np.int64(BASIS)
        for at in range(offsets[word], offsets[word + 1]):
            code = hash_byte(code, np.int64(text[at]))
        hashes[word] = code - _SPAN if code >= _SIGN else code


@inlined
def kept_row(kept, kept_rows, bucket):
    """The row that a pruned model keeps for a bucket, by bisection.

    kept       int64 (P,)  the buckets that have a row, ascending
    kept_rows  int64 (P,)  the number of the row of each
    bucket     int64
    Returns    int64, -1 if the bucket has no row
    """
    low, high = 0, kept.size
    while low < high:
        middle = (low + high) // 2
        if kept[middle] < bucket:
            low = middle + 1
        else:
            high = middle
    if low < kept.size and kept[low] == bucket:
        return kept_rows[low]
    return np.int64(-1)


@jit
def text_rows(
    ids, starts, hashes, type_rows, type_starts, order, buckets, kept, kept_rows, pruned, words,
    rows, bounds
):  # fmt: skip
    """Write the rows of the features of each text.

    Word w of a text has type t = ids[w], of T types.

    ids          int32 (N,)      the types of the words of all texts
    starts       int64 (S + 1,)  text s is ids[starts[s]:starts[s + 1]]
    hashes       uint64 (T,)     the hash of each type, a signed number modulo 2⁶⁴
    type_rows    int64 (·,)      the rows of each type and of its n-grams
    type_starts  int64 (T + 1,)  type t has the rows type_rows[type_starts[t]:type_starts[t + 1]]
    order        int             most words of a word n-gram; 1 if there are none
    buckets      uint64          number of buckets, at least 1
    kept         int64 (P,)      see `kept_row`
    kept_rows    int64 (P,)
    pruned       bool            whether only the buckets of `kept` have a row
    words        int             the first row of a bucket
    rows         int64 (·,)      overwritten; as long as the number of all features
    bounds       int64 (S + 1,)  overwritten: the features of text s are
                                 rows[bounds[s]:bounds[s + 1]]
    """
    count = 0
    bounds[0] = 0
    for s in range(starts.size - 1):
        begin, end = starts[s], starts[s + 1]
        for i in range(begin, end):
            for at in range(type_starts[ids[i]], type_starts[ids[i] + 1]):
                rows[count] = type_rows[at]
                count += 1
        for i in range(begin, end):
            code = hashes[ids[i]]
            for j in range(i + 1, min(end, i + order)):
                code = code * _FACTOR + hashes[ids[j]]
                number = np.int64(code % buckets)
                if pruned:
                    number = kept_row(kept, kept_rows, number)
                if number >= 0:
                    rows[count] = words + number
                    count += 1
        bounds[s + 1] = count
