"""Packed blocks: each number of a block has one of four widths, which are chosen for the block.

A block of N numbers v_i, 0 ≤ v_i < 2³¹, is an array of 32-bit words:

    1 word                  the four widths w_0 ≤ w_1 ≤ w_2 ≤ w_3 in bits, 8 bits for each
    ⌈N / 1024⌉ words        the bit of the block where each 1024th number begins
    ⌈N / 16⌉ words          the code c_i of each number, 2 bits for each, the lowest bits first
    ⌈Σ w_{c_i} / 32⌉ words  the numbers, w_{c_i} bits for each, the lowest bits first
    1 or 2 words            padding: a number is always read from two words

The code of a number is that of the smallest width that is enough for it. The widths are those for
which the block is shortest. Codes are kept apart from the numbers, as in Stream VByte (Lemire, Kurz
and Rupp 2018), so that unpacking has no branches. There the widths are 8, 16, 24 and 32 bits.

Word ids by descending frequency are small for most tokens. Bytes for each token, and nanoseconds
for each token to pack and to unpack, of 16.7 million tokens of Wikipedia with 67,873 words. All
columns are from one run:

    int32                      4.00
    17 bits                    2.13
    Stream VByte, no SIMD      1.69   5.3   1.8
    LEB128                     1.55   7.0   8.3
    four widths                1.42   7.1   1.6
    entropy of the words       1.32
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import inlined, jit

BLOCK = 1 << 14  # numbers in a block
MARKED = 1024  # a block says where each of so many numbers begins, so that a span is found soon
# Unsigned numbers: a signed index could be negative, and testing that takes twice as long.
_TWO, _THREE, _FOUR, _FIVE = np.uint64(2), np.uint64(3), np.uint64(4), np.uint64(5)
_ONE, _EIGHT, _LOWEST, _WORD = np.uint64(1), np.uint64(8), np.uint64(31), np.uint64(32)
_BYTE, _ALL = np.uint64(0xFF), np.uint64(0xFFFFFFFF)
_PAIRS, _FOURS = np.uint64(0x55555555), np.uint64(0x33333333)
_EIGHTS = np.uint64(0x0F0F0F0F)


def most_words(size: int) -> int:
    """The maximum number of words of a block of `size` numbers."""
    return 3 + -(-size // MARKED) + -(-size // 16) + size


@inlined
def bit_length(number):
    """The number of bits of a number.

    number  int, from 0 to 2³¹ - 1
    """
    # The exponent of a float: 0.5 has the exponent -1. Steps by shifts take twice as long.
    return (np.float64(number + 0.5).view(np.int64) >> 52) - 1022


@inlined
def count_pairs(word):
    """Count the pairs of bits whose lower bit is set.

    word  uint64, of which 32 bits count
    """
    pairs = word & _PAIRS
    pairs = (pairs & _FOURS) + ((pairs >> _TWO) & _FOURS)
    pairs = (pairs + (pairs >> _FOUR)) & _EIGHTS
    pairs += pairs >> _EIGHT
    return (pairs + (pairs >> np.uint64(16))) & _LOWEST


@inlined
def field(words, bit, width):
    """Read a number from an array of words.

    words  uint32 (·,)  the words
    bit    uint64       the bit where the number begins
    width  uint64       its number of bits
    """
    at = bit >> _FIVE
    pair = np.uint64(words[at]) | np.uint64(words[at + _ONE]) << _WORD
    return (pair >> (bit & _LOWEST)) & ((_ONE << width) - _ONE)


@jit
def choose_widths(values, fitting):
    """Choose the four widths for which a block is shortest.

    values   int32 (N,)   the numbers
    fitting  int64 (32,)  overwritten: how many numbers have at most this many bits
    Returns  int          the widths, 8 bits for each, the smallest first
    """
    fitting[:] = 0
    for i in range(values.size):
        fitting[bit_length(values[i])] += 1
    longest = 0
    for bits in range(1, 32):
        if fitting[bits] > 0:
            longest = bits
        fitting[bits] += fitting[bits - 1]
    best, widths = np.int64(1) << 62, 0
    for third in range(longest + 1):
        for second in range(third + 1):
            size = longest * (values.size - fitting[third])
            size += third * (fitting[third] - fitting[second])
            for first in range(second + 1):
                total = size + second * (fitting[second] - fitting[first]) + first * fitting[first]
                if total < best:
                    best = total
                    widths = first | second << 8 | third << 16 | longest << 24
    return widths


@jit
def pack_block(values, widths, words):
    """Pack the numbers of a block.

    values   int32 (N,)  the numbers
    widths   int         the result of `choose_widths`
    words    uint32 (·,) overwritten by the block; at most `most_words(N)` words
    Returns  int         the number of words of the block
    """
    # The least numbers that have the codes 1, 2 and 3.
    one, two = _ONE << np.uint64(widths & 255), _ONE << np.uint64(widths >> 8 & 255)
    three = _ONE << np.uint64(widths >> 16 & 255)
    codes = 1 + (values.size + MARKED - 1) // MARKED
    word = np.uint64(codes + (values.size + 15) // 16)
    words[0] = widths
    words[codes:word] = 0
    all_widths = np.uint64(widths)
    bits, count = np.uint64(0), np.uint64(0)  # the bits that are not written yet
    for i in range(values.size):
        if i % MARKED == 0:
            words[1 + i // MARKED] = (word << _FIVE) + count
        value = np.uint64(values[i])
        code = np.uint64(value >= one) + np.uint64(value >= two) + np.uint64(value >= three)
        group = codes + (i >> 4)
        words[group] = np.uint64(words[group]) | code << np.uint64((i & 15) << 1)
        bits |= value << count
        count += (all_widths >> (code << _THREE)) & _BYTE
        words[word] = bits & _ALL
        is_full = count >> _FIVE
        word += is_full
        bits >>= is_full << _FIVE
        count &= _LOWEST
    words[word] = bits
    words[word + _ONE] = 0
    return np.int64(word) + 2


@jit
def pack_blocks(values, block, fitting, words, lengths):
    """Pack numbers in blocks, one after the other.

    values   int32 (N,)   the numbers; the last ones, which do not fill a block, are left out
    block    int          numbers in a block
    fitting  int64 (32,)  see `choose_widths`
    words    uint32 (·,)  overwritten by the blocks; at most `most_words(block)` words for each
    lengths  int32 (K,)   overwritten: the number of words of each of the K blocks
    Returns  int          the number of words of all blocks
    """
    total = 0
    for number in range(lengths.size):
        part = values[number * block : (number + 1) * block]
        lengths[number] = pack_block(part, choose_widths(part, fitting), words[total:])
        total += lengths[number]
    return total


@inlined
def find_group(words, start, first, codes):
    """The bit where the group of 16 numbers begins that has number `first` of a block.

    words  uint32 (·,)  the blocks
    start  int          index of the first word of the block
    first  int          position of a number in the block
    codes  int          index of the word with the first codes of the block
    """
    marked = first // MARKED
    widths, bit = np.uint64(words[start]), np.uint64(words[start + 1 + marked])
    bit += np.uint64(start) << _FIVE
    a, b, c = widths & _BYTE, (widths >> _EIGHT) & _BYTE, (widths >> np.uint64(16)) & _BYTE
    for group in range(marked * (MARKED // 16), first >> 4):
        word = np.uint64(words[np.uint64(codes + group)])
        odd, high = count_pairs(word), count_pairs(word >> _ONE)
        both = count_pairs(word & (word >> _ONE))  # code 3
        odd, high = odd - both, high - both  # codes 1 and 2
        bit += odd * b + high * c + both * (widths >> np.uint64(24))
        bit += (np.uint64(16) - odd - high - both) * a
    return bit


@inlined
def unpack_few(words, group, widths, bit, first, last, ids, to):
    """Unpack numbers `first` to `last` - 1 of a group of 16 to `ids`, from `to` on.

    words    uint32 (·,)  the blocks
    group    int          index of the word with the codes of the group
    widths   uint64       the widths of the block
    bit      uint64       the bit where the group begins
    first    int          position in the group of the first number that is wanted
    last     int          position after the last one
    ids      int32 (·,)   changed in place
    to       int          where the first number goes in `ids`
    Returns  uint64       the bit after these numbers
    """
    codes = np.uint64(words[np.uint64(group)])
    for i in range(last):
        width = (widths >> ((codes & _THREE) << _THREE)) & _BYTE
        if i >= first:
            ids[to + i - first] = field(words, bit, width)
        codes >>= _TWO
        bit += width
    return bit


@inlined
def unpack_run(words, start, first, last, block, ids, total):
    """Unpack numbers `first` to `last` - 1 of a block to `ids`.

    words  uint32 (·,)  the blocks
    start  int          index of the first word of the block
    first  int          position of the first number in the block
    last   int          position after the last number
    block  int          numbers in a block
    ids    int32 (·,)   changed in place
    total  int          where the first number goes in `ids`
    """
    codes, widths = start + 1 + (block + MARKED - 1) // MARKED, np.uint64(words[start])
    bit = find_group(words, start, first, codes)
    if first & 15:
        group = first >> 4
        few = min(last - (group << 4), 16)
        bit = unpack_few(words, codes + group, widths, bit, first & 15, few, ids, total)
        total += few - (first & 15)
    for group in range((first + 15) >> 4, last >> 4):
        word, to = np.uint64(words[np.uint64(codes + group)]), np.uint64(total)
        for i in range(16):  # a constant number, so that the loop is unrolled
            width = (widths >> ((word & _THREE) << _THREE)) & _BYTE
            ids[to + np.uint64(i)] = field(words, bit, width)
            word >>= _TWO
            bit += width
        total += 16
    if last & 15 and last >> 4 >= (first + 15) >> 4:
        unpack_few(words, codes + (last >> 4), widths, bit, 0, last & 15, ids, total)


@jit
def unpack_spans(words, places, tail, block, begins, ends, ids, bounds):
    """Unpack spans of an array whose first numbers are in full blocks, and the last ones are not.

    words   uint32 (·,)     the blocks
    places  int64 (K,)      index of the first word of each block
    tail    int32 (·,)      the numbers after those of the blocks
    block   int             numbers in each block
    begins  int64 (S,)      position where each span begins
    ends    int64 (S,)      position where each span ends
    ids     int32 (N,)      overwritten by the numbers of all spans
    bounds  int64 (S + 1,)  overwritten by the index in `ids` where each span begins, and N
    """
    total = 0
    for span in range(begins.size):
        bounds[span] = total
        position, end = begins[span], ends[span]
        while position < end:
            number = position // block
            first = position - number * block
            last = min(end - number * block, block)
            if number < places.size:
                unpack_run(words, places[number], first, last, block, ids, total)
            else:
                last = end - number * block
                for i in range(first, last):
                    ids[total + i - first] = tail[i + (number - places.size) * block]
            position += last - first
            total += last - first
    bounds[begins.size] = total
