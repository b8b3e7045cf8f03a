"""Character n-grams: which a word has, the number of each, and the mean of their vectors.

A word is written between `<` and `>`, so that n-grams at its beginning or end differ from the same
characters inside other words. Its n-grams are all runs of minn to maxn characters, except `<` and
`>` alone (Bojanowski et al. 2017, section 3.2). A character is a UTF-8 byte that is not a
continuation byte, and the continuation bytes after it. fastText gives an n-gram the number of its
hash modulo the number of buckets. The hash is FNV-1a with 32 bits over the bytes b, each as a
*signed* byte extended to 32 bits, which differs from FNV-1a for bytes above 127 (dictionary.cc
explains why):

    h = 2166136261;  for each b: h = (h XOR signed(b)) · 16777619  mod 2³²

The vector of a word is the mean of its own row, if it has one, and the rows of its n-grams.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import exact, inlined, jit
from w2v.kernels.simd import WIDTH, prefetch_to_read

BASIS, _PRIME, _LOW = 2166136261, 16777619, 0xFFFFFFFF
_BEGIN, _END = 60, 62  # < and >
_AHEAD = 2  # a row is prefetched this many rows before it is used


@inlined
def hash_byte(code, byte):
    """The hash of an n-gram that is one byte longer.

    code     int64, below 2³²
    byte     int64, 0 to 255
    Returns  int64, below 2³²
    """
    signed = byte if byte < 128 else byte | 0xFFFFFF00
    return ((code ^ signed) * _PRIME) & _LOW


@inlined
def marked_byte(text, begin, end, at):
    """A byte of a word between its marks: `<` before `begin`, and `>` at `end`.

    text     uint8 (·,)  the word is text[begin:end]
    begin    int
    end      int
    at       int         from begin - 1 to end
    Returns  int64
    """
    if at < begin:
        return np.int64(_BEGIN)
    return np.int64(_END) if at == end else np.int64(text[at])


@inlined
def is_continuation(byte):
    """Whether a UTF-8 byte continues a character.

    byte     int
    Returns  bool
    """
    return byte & 0xC0 == 0x80


@jit
def word_ngrams(text, begin, end, minn, maxn, buckets, numbers, first):
    """Write the bucket of each n-gram of a word, in fastText's order.

    text     uint8 (·,)    the word is text[begin:end]
    begin    int
    end      int
    minn     int           fewest characters of an n-gram, at least 1
    maxn     int           most characters of an n-gram
    buckets  int           number of buckets, at least 1
    numbers  int64 (·,)    overwritten from index `first` on, at most maxn * (end - begin + 2)
    first    int
    Returns  int64, number of n-grams
    """
    count = 0
    for start in range(begin - 1, end + 1):
        if is_continuation(marked_byte(text, begin, end, start)):
            continue
        code, at, length = np.int64(BASIS), start, 0
        while at <= end and length < maxn:
            code = hash_byte(code, marked_byte(text, begin, end, at))
            at += 1
            while at <= end and is_continuation(marked_byte(text, begin, end, at)):
                code = hash_byte(code, marked_byte(text, begin, end, at))
                at += 1
            length += 1
            alone = length == 1 and (start == begin - 1 or at == end + 1)
            if length >= minn and not alone:
                numbers[first + count] = code % buckets
                count += 1
    return count


@jit
def all_ngrams(text, offsets, rows, minn, maxn, buckets, numbers, bounds):
    """Write the buckets of the n-grams of several words.

    text     uint8 (·,)      the bytes of all words
    offsets  int64 (V + 1,)  the position of each word in `text`
    rows     int64 (K,)      the numbers of the words
    minn     int             see `word_ngrams`
    maxn     int
    buckets  int
    numbers  int64 (·,)      overwritten; at least maxn for each byte and mark of the words
    bounds   int64 (K + 1,)  overwritten: the n-grams of word k are numbers[bounds[k]:bounds[k + 1]]
    """
    bounds[0] = 0
    for k in range(rows.size):
        begin, end = offsets[rows[k]], offsets[rows[k] + 1]
        count = word_ngrams(text, begin, end, minn, maxn, buckets, numbers, bounds[k])
        bounds[k + 1] = bounds[k] + count


@jit
def add_to_lists(vectors, rows, lists, sums):
    """Add rows to the sums of the lists that they belong to.

    The rows are scattered over a matrix that is larger than any cache, so they are prefetched.

    vectors  float32 (M, D)
    rows     int64 (N,)      rows of `vectors`; ascending rows are read faster
    lists    int64 (N,)      the list of each row
    sums     float32 (K, D)  changed in place
    """
    dim = sums.shape[1]
    registers = dim // WIDTH
    for at in range(rows.size):
        ahead = rows[min(at + _AHEAD, rows.size - 1)]
        for register in range(registers):
            prefetch_to_read(vectors, ahead, register)
        row, number = rows[at], lists[at]
        for d in range(dim):
            sums[number, d] += vectors[row, d]


@jit
def add_int8_to_lists(integers, scales, rows, lists, sums):
    """Add rows of int8 with a scale each to the sums of the lists that they belong to.

    integers  int8 (M, D)
    scales    float32 (M,)    row i is scales[i] · integers[i]
    rows      int64 (N,)      rows of `integers`; ascending rows are read faster
    lists     int64 (N,)      the list of each row
    sums      float32 (K, D)  changed in place
    """
    for at in range(rows.size):
        row, number = rows[at], lists[at]
        scale = scales[row]
        for d in range(sums.shape[1]):
            sums[number, d] += scale * np.float32(integers[row, d])


@exact
def mean_coded_rows(codes, centroids, norms, rows, bounds, means):
    """Compute the means of several lists of rows of a product-quantized matrix.

    codes      uint8 (M, S)           a code for each part of each row
    centroids  float32 (S, 256, W)    the W numbers of each code; the last part may use fewer
    norms      float32 (M,)           a factor of each row
    rows       int64 (·,)             rows of `codes`
    bounds     int64 (K + 1,)         list k is rows[bounds[k]:bounds[k + 1]]
    means      float32 (K, D)         overwritten; zero for an empty list
    """
    dim, width = means.shape[1], centroids.shape[2]
    for k in range(bounds.size - 1):
        first, last = bounds[k], bounds[k + 1]
        for d in range(dim):
            means[k, d] = 0.0
        for at in range(first, last):
            row = rows[at]
            norm = norms[row]
            for part in range(codes.shape[1]):
                begin, code = part * width, codes[row, part]
                for d in range(begin, min(begin + width, dim)):
                    means[k, d] += norm * centroids[part, code, d - begin]
        if last > first:
            share = np.float32(1.0 / (last - first))
            for d in range(dim):
                means[k, d] *= share
