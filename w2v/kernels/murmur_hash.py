"""MurmurHash3 with 128 bits, and the numbers that floret gives to a word and its n-grams.

The hash is MurmurHash3_x64_128 (Austin Appleby 2011, in the public domain). It mixes blocks of 16
bytes, as two little-endian numbers k, into two numbers h with 64 bits, all modulo 2⁶⁴:

    h₁ = (rotl(h₁ XOR c₂ · rotl(c₁ k₁, 31), 27) + h₂) · 5 + 0x52DCE729
    h₂ = (rotl(h₂ XOR c₁ · rotl(c₂ k₂, 33), 31) + h₁) · 5 + 0x38495AB5

floret writes a word between marks. The word with its marks, and each n-gram of it, has one to four
numbers: the low and the high 32 bits of h₁ and then of h₂, modulo the number of rows.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.ngrams import is_continuation

_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
_ADD1, _ADD2, _FIVE = np.uint64(0x52DCE729), np.uint64(0x38495AB5), np.uint64(5)
_MIX1, _MIX2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_LOW, _32, _33, _64 = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(33), np.uint64(64)
_27, _31 = np.uint64(27), np.uint64(31)


@inlined
def rotated(number, bits):
    """Rotate a number to the left.

    number   uint64
    bits     uint64  from 1 to 63
    Returns  uint64
    """
    return (number << bits) | (number >> (_64 - bits))


@inlined
def finished(number):
    """Mix the bits of a half of the hash for the last time.

    number   uint64
    Returns  uint64
    """
    number = (number ^ (number >> _33)) * _MIX1
    number = (number ^ (number >> _33)) * _MIX2
    return number ^ (number >> _33)


@inlined
def bytes_number(text, begin, end):
    """Read bytes as a little-endian number; 0 if there are none.

    text     uint8 (·,)  at most 8 bytes text[begin:end]
    begin    int
    end      int
    Returns  uint64
    """
    number = np.uint64(0)
    for at in range(begin, end):
        number |= np.uint64(text[at]) << np.uint64(8 * (at - begin))
    return number


@jit
def murmur_hash(text, begin, end, seed, halves):
    """Compute the hash of text[begin:end].

    text    uint8 (·,)
    begin   int
    end     int
    seed    int          from 0 to 2³² - 1
    halves  uint64 (2,)  overwritten by h₁ and h₂
    """
    h1 = np.uint64(seed)
    h2 = np.uint64(seed)
    blocks = (end - begin) // 16
    for block in range(blocks):
        at = begin + 16 * block
        k1, k2 = bytes_number(text, at, at + 8), bytes_number(text, at + 8, at + 16)
        h1 ^= rotated(k1 * _C1, _31) * _C2
        h1 = (rotated(h1, _27) + h2) * _FIVE + _ADD1
        h2 ^= rotated(k2 * _C2, _33) * _C1
        h2 = (rotated(h2, _31) + h1) * _FIVE + _ADD2
    at = begin + 16 * blocks
    h2 ^= rotated(bytes_number(text, at + 8, end) * _C2, _33) * _C1
    h1 ^= rotated(bytes_number(text, at, min(at + 8, end)) * _C1, _31) * _C2
    h1 ^= np.uint64(end - begin)
    h2 ^= np.uint64(end - begin)
    h1 += h2
    h2 += h1
    h1, h2 = finished(h1), finished(h2)
    h1 += h2
    h2 += h1
    halves[0], halves[1] = h1, h2


@jit
def floret_numbers(text, offsets, minn, maxn, hashes, seed, rows, numbers, bounds):
    """Write the rows of words and their n-grams, in floret's order.

    text     uint8 (·,)      the bytes of all words, each with its marks
    offsets  int64 (V + 1,)  the position of each word in `text`
    minn     int             fewest characters of an n-gram, at least 1
    maxn     int             most characters of an n-gram
    hashes   int             numbers of an n-gram, from 1 to 4
    seed     int             seed of the hash
    rows     int             number of rows
    numbers  int64 (·,)      overwritten; at least hashes * (maxn * bytes + 1) for each word
    bounds   int64 (V + 1,)  overwritten: the rows of word v are numbers[bounds[v]:bounds[v + 1]]
    """
    halves = np.empty(2, np.uint64)
    count = 0
    bounds[0] = 0
    for word in range(offsets.size - 1):
        first, last = offsets[word], offsets[word + 1]
        count = _write(text, first, last, hashes, seed, rows, halves, numbers, count)
        for start in range(first, last):
            if is_continuation(np.int64(text[start])):
                continue
            at, length = start, 0
            while at < last and length < maxn:
                at += 1
                while at < last and is_continuation(np.int64(text[at])):
                    at += 1
                length += 1
                alone = length == 1 and (start == first or at == last)
                if length >= minn and not alone:
                    count = _write(text, start, at, hashes, seed, rows, halves, numbers, count)
        bounds[word + 1] = count


@inlined
def _write(text, begin, end, hashes, seed, rows, halves, numbers, count):
    """Append the rows of an n-gram.

    text     uint8 (·,)   the n-gram is text[begin:end]
    begin    int
    end      int
    hashes   int          see `floret_numbers`
    seed     int
    rows     int
    halves   uint64 (2,)  overwritten by the hash
    numbers  int64 (·,)   overwritten from `count` on
    count    int
    Returns  int, the number of rows in `numbers`
    """
    murmur_hash(text, begin, end, seed, halves)
    for number in range(hashes):
        half = halves[number // 2]
        part = half >> _32 if number % 2 else half & _LOW
        numbers[count] = np.int64(part) % rows
        count += 1
    return count
