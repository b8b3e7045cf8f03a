"""Finds lines with nearly the same words, by MinHash (Broder 1997).

A shingle is a run of consecutive words of a line. The similarity of two lines is that of their sets
of shingles A and B, by Jaccard: |A ∩ B| / |A ∪ B|. Each of K functions hₖ gives every shingle x, a
number of 32 bits, another number of 32 bits (Dietzfelbinger 1996, strongly universal):

    hₖ(x) = (aₖ x + bₖ mod 2⁶⁴) div 2³²

The signature of a line has the smallest hₖ(x) of its shingles for each k. Two signatures agree in
an entry with a probability that is the similarity of the lines. So the share of entries that agree
estimates the similarity.

A band is a number of consecutive entries of a signature. A line is compared with those lines whose
entries in a band have the same slot in a hash table: heads[band, slot] is one of them, and `nexts`
leads from each line to the next one. Both have line numbers from 1, and 0 for none.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.murmur_hash import finished
from w2v.kernels.word_hash import hash_step

_BASIS, _FACTOR = np.uint64(0xCBF29CE484222325), np.uint64(0x9E3779B97F4A7C15)
_32, _LARGEST = np.uint64(32), np.uint32(0xFFFFFFFF)
_SPACE = 32


@jit
def sign_lines(squeezed, starts, lengths, chosen, size, factors, addends, codes, signatures):
    """Compute the signatures of lines.

    squeezed    uint8 (·,)      lines as `line_hash.squeeze_lines` writes them
    starts      int64 (L + 1,)  where each line begins
    lengths     int64 (L,)      the bytes of each line
    chosen      int64 (C,)      the numbers of the lines to sign
    size        int             the words of a shingle
    factors     uint64 (K,)     the numbers aₖ
    addends     uint64 (K,)     the numbers bₖ
    codes       uint64 (·,)     overwritten; as long as the longest line has words
    signatures  uint32 (C, K)   overwritten; all bits are 1 if a line has fewer words than a shingle
    """
    for row in range(chosen.size):
        first, length = starts[chosen[row]], lengths[chosen[row]]
        words, code = 0, _BASIS
        for at in range(first, first + length + 1 if length > 0 else first):
            if at == first + length or squeezed[at] == _SPACE:
                codes[words] = finished(code)
                words += 1
                code = _BASIS
            else:
                code = hash_step(code, squeezed[at])
        for k in range(factors.size):
            signatures[row, k] = _LARGEST
        for begin in range(words - size + 1):
            sum_ = codes[begin]
            for at in range(begin + 1, begin + size):
                sum_ = sum_ * _FACTOR + codes[at]
            shingle = finished(sum_) >> _32
            for k in range(factors.size):
                number = np.uint32((factors[k] * shingle + addends[k]) >> _32)
                signatures[row, k] = min(signatures[row, k], number)


@inlined
def band_slot(signature, first, rows, slots):
    """The slot of a band of a signature.

    signature  uint32 (K,)
    first      int          the first entry of the band
    rows       int          the entries of a band
    slots      int          the slots of a band, a power of two
    Returns    int64
    """
    code = _BASIS
    for k in range(first, first + rows):
        code = (code ^ np.uint64(signature[k])) * _FACTOR
    return np.int64(finished(code) & np.uint64(slots - 1))


@inlined
def near_line(signature, signatures, nexts, heads, rows, needed, is_first):
    """A line of the tables with whose signature a signature agrees in enough entries.

    signature   uint32 (K,)
    signatures  uint32 (M, K)
    nexts       int32 (M, B)
    heads       int32 (B, S)
    rows        int
    needed      int            number of entries that must agree
    is_first    bool           whether to return the first of such lines; else any of them
    Returns     int64          the number of the line, or -1
    """
    found = np.int64(-1)
    for band in range(heads.shape[0]):
        other = heads[band, band_slot(signature, band * rows, rows, heads.shape[1])]
        while other != 0:
            if found < 0 or other - 1 < found:
                agreeing = 0
                for k in range(signature.size):
                    agreeing += signature[k] == signatures[other - 1, k]
                if agreeing >= needed:
                    found = np.int64(other - 1)
                    if not is_first:
                        return found
            other = nexts[other - 1, band]
    return found


@jit
def link_lines(signatures, first, last, rows, nexts, heads):
    """Enter signatures into the tables of all bands.

    signatures  uint32 (M, K)
    first       int            the signatures first to last - 1 are entered
    last        int
    rows        int            the entries of a band
    nexts       int32 (M, B)   changed in place
    heads       int32 (B, S)   changed in place
    """
    for band in range(heads.shape[0]):  # the slots of one band stay in the cache
        for line in range(first, last):
            slot = band_slot(signatures[line], band * rows, rows, heads.shape[1])
            nexts[line, band] = heads[band, slot]
            heads[band, slot] = line + 1


@jit
def enter_near(new, begin, can_be_new, signatures, count, capacity, rows, needed, nexts, heads,
               verdicts, partners):  # fmt: skip
    """Find lines that are near an earlier line, and enter the other ones into the tables.

    new         uint32 (C, K)  signatures of lines in the order of the text; all bits are 1 for a
                               line without shingles, which is near no line and is not entered
    begin       int            the line to begin with
    can_be_new  int            number of the first lines, to which alone a verdict 1 is given
    signatures  uint32 (M, K)  of the lines entered so far; changed in place
    count       int            the number of these lines
    capacity    int            the largest number of lines, at most M
    rows        int            the entries of a band
    needed      int            number of entries that must agree
    nexts       int32 (M, B)   changed in place
    heads       int32 (B, S)   changed in place
    verdicts    uint8 (C,)     overwritten from `begin` on: 1 for a line that is near no earlier
                               line, 2 for one that is, 0 for a line that cannot be new
    partners    int32 (C,)     changed in place for a line with verdict 2: the number of the first
                               line of the tables that it is near; (0,): not needed
    Returns     (int64, int64): the first line that does not fit, or C; the number of lines entered
    """
    for row in range(begin, new.shape[0]):
        short = True
        for k in range(new.shape[1]):
            short = short and new[row, k] == _LARGEST
        found = np.int64(-1)
        if not short:
            is_first = partners.size > 0
            found = near_line(new[row], signatures, nexts, heads, rows, needed, is_first)
        if found >= 0:
            verdicts[row] = 2
            if partners.size:
                partners[row] = found
            continue
        verdicts[row] = 1 if row < can_be_new else 0
        if short or row >= can_be_new:
            continue
        if count >= capacity:
            return row, count
        signatures[count] = new[row]
        link_lines(signatures, count, count + 1, rows, nexts, heads)
        count += 1
    return new.shape[0], count
