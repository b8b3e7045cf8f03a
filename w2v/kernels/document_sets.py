"""Counts the documents that contain both words of a pair, by sets of documents as bits.

Each of W words has a row of B 64-bit numbers. Bit d % 64 of number d // 64 is 1 where document d
contains the word. The documents of two words are the bits that both rows have. So a pair takes as
long for frequent words as for rare ones.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import inlined, jit

_PAIRS, _QUADS, _OCTETS = (
    np.uint64(bits) for bits in (0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F)
)
_1, _2, _4, _8, _16, _32, _LAST = (np.uint64(number) for number in (1, 2, 4, 8, 16, 32, 0x7F))


@jit
def mark_documents(sets, row_of, words, starts):
    """Enter documents into the sets of the words that they contain.

    sets    uint64 (W, B)   overwritten: bits are added
    row_of  int32 (V,)      the row of each word, or -1: its documents are not wanted
    words   int32 (N,)      the word of each token
    starts  int64 (D + 1,)  the first token of each document; D is 64 B or less
    """
    for document in range(starts.size - 1):
        bit = _1 << np.uint64(document & 63)
        for i in range(starts[document], starts[document + 1]):
            row = row_of[words[i]]
            if row >= 0:
                sets[row, document >> 6] |= bit


@jit
def count_shared(sets, pairs, counts):
    """Add the number of documents that are in both sets of each pair.

    sets    uint64 (W, B)
    pairs   int32 (P, 2)   two rows of sets
    counts  int64 (P,)     overwritten: added to
    """
    for i in range(pairs.shape[0]):
        first, second = sets[pairs[i, 0]], sets[pairs[i, 1]]
        count = np.uint64(0)
        for k in range(first.size):
            count += _count_bits(first[k] & second[k])
        counts[i] += np.int64(count)


@inlined
def _count_bits(number):
    """The number of bits that are 1: sums of two bits, of four, of eight and so on, side by side.

    number  uint64
    """
    count = number - ((number >> _1) & _PAIRS)
    count = (count & _QUADS) + ((count >> _2) & _QUADS)
    count = (count + (count >> _4)) & _OCTETS
    count += count >> _8
    count += count >> _16
    return (count + (count >> _32)) & _LAST
