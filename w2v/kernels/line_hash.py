"""Hashes the lines of a text to 128 bits, and finds lines that occurred before.

A line is hashed in a squeezed form: without blanks at its ends, and with one space for each run of
blanks between two words. The hash is SipHash-2-4 with 128 bits (Aumasson and Bernstein 2012, and
their reference implementation), under a key of 128 bits. Without the key, nobody can construct two
lines with the same hash. It mixes words m of 8 bytes, as little-endian numbers, into a state v:

    v₃ ^= m;  two rounds of v;  v₀ ^= m

The last word has the bytes that remain, and the length of the line modulo 256 in its high byte.

The table has S slots of 128 bits, a power of two. Collisions are resolved by linear probing. A slot
of two zeros is free, and a hash of two zeros stands for a line without words, which is not entered.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.murmur_hash import rotated
from w2v.kernels.word_hash import NEWLINE, is_blank

_SPACE = 32
_13, _16, _17, _21, _32 = (np.uint64(bits) for bits in (13, 16, 17, 21, 32))
_BEGIN0, _BEGIN1 = np.uint64(0x736F6D6570736575), np.uint64(0x646F72616E646F6D)
_BEGIN2, _BEGIN3 = np.uint64(0x6C7967656E657261), np.uint64(0x7465646279746573)
_FIRST_HALF, _SECOND_HALF, _56 = np.uint64(0xEE), np.uint64(0xDD), np.uint64(56)
_BYTE, _ZERO, _ONE = np.uint64(0xFF), np.uint64(0), np.uint64(1)


@jit
def squeeze_lines(text, squeezed, starts, lengths):
    """Copy the lines of a text, without blanks at their ends and with single spaces inside.

    text      uint8 (N,)          lines, each with its line end
    squeezed  uint8 (N + 7 L,)    all 0 before; overwritten. A line begins at a multiple of 8
    starts    int64 (L + 1,)      overwritten: where each line begins, and the end of the last one
    lengths   int64 (L,)          overwritten: the bytes of each line, without the padding
    """
    line, at, first, blank = 0, 0, 0, False
    starts[0] = 0
    for i in range(text.size):
        byte = text[i]
        if not is_blank(byte):
            if blank:
                squeezed[at] = _SPACE
                at += 1
            squeezed[at] = byte
            at += 1
            blank = False
        elif byte != NEWLINE:
            blank = at > first
        else:
            lengths[line] = at - first
            at = first = (at + 7) // 8 * 8
            line += 1
            starts[line] = at
            blank = False


@inlined
def sip_round(v0, v1, v2, v3):
    """Mix the state of SipHash once.

    v0       uint64
    v1       uint64
    v2       uint64
    v3       uint64
    Returns  (uint64, uint64, uint64, uint64), the new state
    """
    v0 += v1
    v2 += v3
    v1 = rotated(v1, _13) ^ v0
    v3 = rotated(v3, _16) ^ v2
    v0 = rotated(v0, _32) + v3
    v2 += v1
    v3 = rotated(v3, _21) ^ v0
    v1 = rotated(v1, _17) ^ v2
    return v0, v1, rotated(v2, _32), v3


@jit
def hash_lines(words, starts, lengths, key, hashes):
    """Compute the hash of each line; two zeros for a line without bytes.

    words    uint64 (·,)     the lines of `squeeze_lines`, 8 bytes a number
    starts   int64 (L + 1,)  where each line begins, in bytes
    lengths  int64 (L,)      the bytes of each line
    key      uint64 (2,)
    hashes   uint64 (L, 2)   overwritten
    """
    for line in range(lengths.size):
        if lengths[line] == 0:
            hashes[line, 0] = hashes[line, 1] = _ZERO
            continue
        v0, v1 = key[0] ^ _BEGIN0, key[1] ^ _BEGIN1 ^ _FIRST_HALF
        v2, v3 = key[0] ^ _BEGIN2, key[1] ^ _BEGIN3
        first, count = starts[line] // 8, lengths[line] // 8
        for at in range(count + 1):
            word = _ZERO
            if at < count or lengths[line] % 8:
                word = words[first + at]
            if at == count:
                word |= (np.uint64(lengths[line]) & _BYTE) << _56
            v3 ^= word
            v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
            v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
            v0 ^= word
        v2 ^= _FIRST_HALF
        for _ in range(4):
            v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
        hashes[line, 0] = v0 ^ v1 ^ v2 ^ v3
        v1 ^= _SECOND_HALF
        for _ in range(4):
            v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
        hashes[line, 1] = v0 ^ v1 ^ v2 ^ v3
        if hashes[line, 0] == _ZERO and hashes[line, 1] == _ZERO:
            hashes[line, 1] = _ONE  # two zeros stand for a line without bytes


@inlined
def line_slot(slots, first, second):
    """The slot of a hash, or the free slot for it.

    slots    uint64 (S, 2)
    first    uint64  the first half of the hash
    second   uint64  the second half
    Returns  int64
    """
    mask = slots.shape[0] - 1
    slot = np.int64(first & np.uint64(mask))
    while (slots[slot, 0] != first or slots[slot, 1] != second) and (
        slots[slot, 0] != _ZERO or slots[slot, 1] != _ZERO
    ):
        slot = (slot + 1) & mask
    return slot


@jit
def enter_lines(hashes, begin, slots, counts, used, capacity, frozen, occurrences):
    """Count how often each line has occurred so far, and enter new lines into the table.

    Without `frozen`, the function stops at the first new line for which the table has no space.

    hashes       uint64 (L, 2)  of the lines; two zeros for a line without words
    begin        int            the line to begin with
    slots        uint64 (S, 2)  changed in place
    counts       uint32 (S,)    the occurrences of the line in each slot; changed in place
    used         int            the number of used slots
    capacity     int            the number of slots that may be used, less than S
    frozen       bool           whether new lines are left out of the table
    occurrences  uint32 (L,)    overwritten from `begin` on: 1 for a new line or a line without
                                words, 2 for a second occurrence, and so on. With `frozen`, 0 for
                                a line that is not in the table
    Returns      (int64, int64): the line at which the function stopped, and the used slots
    """
    for line in range(begin, hashes.shape[0]):
        first, second = hashes[line, 0], hashes[line, 1]
        if first == _ZERO and second == _ZERO:
            occurrences[line] = 0 if frozen else 1
            continue
        slot = line_slot(slots, first, second)
        if slots[slot, 0] == _ZERO and slots[slot, 1] == _ZERO:
            if frozen:
                occurrences[line] = 0
                continue
            if used >= capacity:
                return line, used
            slots[slot, 0], slots[slot, 1] = first, second
            used += 1
        if counts[slot] < np.uint32(0xFFFFFFFF):
            counts[slot] += np.uint32(1)
        occurrences[line] = counts[slot]
    return hashes.shape[0], used


@jit
def move_lines(old_slots, old_counts, slots, counts):
    """Enter the lines of a table into a larger one.

    old_slots   uint64 (·, 2)
    old_counts  uint32 (·,)
    slots       uint64 (S, 2)  all 0 before; changed in place
    counts      uint32 (S,)    changed in place
    """
    for old in range(old_slots.shape[0]):
        first, second = old_slots[old, 0], old_slots[old, 1]
        if first != _ZERO or second != _ZERO:
            slot = line_slot(slots, first, second)
            slots[slot, 0], slots[slot, 1] = first, second
            counts[slot] = old_counts[old]
