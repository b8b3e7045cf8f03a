"""Numbers the tokens of a text: splits it at blanks, and looks up each token in a hash table.

The hash is FNV-1a with 64 bits (Fowler, Noll and Vo 1991), over the bytes b of a token:

    code = 0xCBF29CE484222325;  for each b: code = (code XOR b) · 0x100000001B3  mod 2⁶⁴

The table has S slots, a power of two, of which at most half are used. Collisions are resolved by
linear probing from slot code mod S. A free slot is 0. The high 32 bits of a used slot are the high
32 bits of the code; the low 32 bits are the number of the type plus one. Bytes of names are
compared only if the high bits of the codes agree.

T is the capacity of the tables of types, and `types` the number of types that they hold. The name
of type i is text[offsets[i]:offsets[i + 1]].
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.simd import prefetch_item

_PRIME, _BASIS = np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325)
_32, _LOW, _ONE = np.uint64(32), np.uint64(0xFFFFFFFF), np.uint64(1)
NEWLINE = 10
_AHEAD = 8  # types between two steps of prefetching


@inlined
def is_blank(byte):
    """Whether a byte separates tokens: ASCII whitespace, and nothing else.

    byte     uint8
    Returns  bool
    """
    return byte == 32 or (9 <= byte <= 13)


@inlined
def hash_step(code, byte):
    """The hash of a token, from the hash of the token without its last byte.

    code     uint64  the hash without the last byte
    byte     uint8   the last byte
    Returns  uint64
    """
    return (code ^ np.uint64(byte)) * _PRIME


@inlined
def find_slot(slots, text, offsets, code, block, begin, end):
    """The slot of a token in the hash table, or the free slot for it if it is a new type.

    slots    uint64 (S,)
    text     uint8 (·,)      the names of all types
    offsets  int64 (T + 1,)  the position of each name in `text`
    code     uint64          the hash of the token
    block    uint8 (·,)      the token is block[begin:end]
    begin    int
    end      int
    Returns  int64
    """
    mask = slots.size - 1
    slot = np.int64(code & np.uint64(mask))
    while slots[slot] != 0:
        if slots[slot] >> _32 == code >> _32:
            known = np.int64((slots[slot] & _LOW) - _ONE)
            at, same = offsets[known], offsets[known + 1] - offsets[known] == end - begin
            for i in range(end - begin):
                same = same and text[at + i] == block[begin + i]
                if not same:
                    break
            if same:
                return slot
        slot = (slot + 1) & mask
    return slot


@jit
def hash_names(text, offsets, codes):
    """Compute the hash of each name.

    text     uint8 (·,)      the names
    offsets  int64 (T + 1,)  the position of each name in `text`
    codes    uint64 (T,)     overwritten
    """
    for number in range(codes.size):
        code = _BASIS
        for at in range(offsets[number], offsets[number + 1]):
            code = hash_step(code, text[at])
        codes[number] = code


@jit
def fill_slots(slots, text, offsets, types):
    """Enter the first `types` types into an empty hash table.

    slots    uint64 (S,)     all 0 before; changed in place
    text     uint8 (·,)      the names of all types
    offsets  int64 (T + 1,)  the position of each name in `text`
    types    int
    """
    for number in range(types):
        code = _BASIS
        for at in range(offsets[number], offsets[number + 1]):
            code = hash_step(code, text[at])
        slot = find_slot(slots, text, offsets, code, text, offsets[number], offsets[number + 1])
        slots[slot] = (code >> _32) << _32 | np.uint64(number + 1)


@jit
def number_tokens(block, begin, slots, text, offsets, counts, types, ids):
    """Number the tokens of a block by type, and count the tokens of each type.

    New types get the next numbers.

    Reading stops at the end of the block, or at the first token for which a table has no space.

    block    uint8 (N,)      a text that ends with a whole token; a line end is a token of type 0
    begin    int             the position in the block to start from
    slots    uint64 (S,)     changed in place
    text     uint8 (·,)      the names of all types; changed in place: new names are added
    offsets  int64 (T + 1,)  the position of each name in `text`; changed in place
    counts   int64 (T,)      the count of each type; changed in place
    types    int             the number of types so far
    ids      int32 (N,)      overwritten: the type number of each token
    Returns  (int64, int64, int64): the position in the block where reading stopped, the number of
             tokens read, and the number of types after the call
    """
    at, count = begin, 0
    while at < block.size:
        if is_blank(block[at]):
            if block[at] == NEWLINE:
                ids[count] = 0
                counts[0] += 1
                count += 1
            at += 1
            continue
        first, code = at, _BASIS
        while at < block.size and not is_blank(block[at]):
            code = hash_step(code, block[at])
            at += 1
        slot = find_slot(slots, text, offsets, code, block, first, at)
        if slots[slot] == 0:
            end = offsets[types] + at - first
            if types == counts.size or end > text.size or 2 * types >= slots.size:
                return first, count, types
            for i in range(first, at):  # a slice assignment would take 1.5 s longer to compile
                text[end - at + i] = block[i]
            types += 1
            offsets[types] = end
            slots[slot] = (code >> _32) << _32 | np.uint64(types)
        number = np.int64((slots[slot] & _LOW) - _ONE)
        ids[count] = number
        counts[number] += 1
        count += 1
    return at, count, types


@inlined
def prefetch_type(slots, text, offsets, counts, codes, i):
    """Prefetch what `add_types` reads of the types that it adds soon.

    Each step needs what the step before has fetched. A type takes a third of the time then.

    slots    uint64 (S,)
    text     uint8 (·,)
    offsets  int64 (T + 1,)
    counts   int64 (T,)
    codes    uint64 (M,)
    i        int             the type that is added now
    """
    mask = np.uint64(slots.size - 1)
    if i + 3 * _AHEAD < codes.size:
        prefetch_item(slots, codes[i + 3 * _AHEAD] & mask)
        known = slots[codes[i + 2 * _AHEAD] & mask] & _LOW
        if known:
            prefetch_item(offsets, known - _ONE)
            prefetch_item(counts, known - _ONE)
        known = slots[codes[i + _AHEAD] & mask] & _LOW
        if known:
            prefetch_item(text, offsets[known - _ONE])


@jit
def add_types(
    names, bounds, codes, added, begin, slots, text, offsets, counts, types, numbers
):  # fmt: skip
    """Add types with their counts. Types that are not in the table get the next numbers.

    Adding stops at the end, or at the first new type for which a table has no space.

    names    uint8 (·,)      the names of the types that are added
    bounds   int64 (M + 1,)  the position of each of them in `names`
    codes    uint64 (M,)     the hash of each of them
    added    int64 (M,)      the count of each of them
    begin    int             the type to start from
    slots    uint64 (S,)     changed in place
    text     uint8 (·,)      the names of all types; changed in place: new names are added
    offsets  int64 (T + 1,)  the position of each name in `text`; changed in place
    counts   int64 (T,)      the count of each type; changed in place
    types    int             the number of types so far
    numbers  int32 (M,)      overwritten: the number of each type that has been added
    Returns  (int64, int64): the type where adding stopped, and the number of types after the call
    """
    for i in range(begin, codes.size):
        prefetch_type(slots, text, offsets, counts, codes, i)
        first, last = bounds[i], bounds[i + 1]
        slot = find_slot(slots, text, offsets, codes[i], names, first, last)
        if slots[slot] == 0:
            end = offsets[types] + last - first
            if types == counts.size or end > text.size or 2 * types >= slots.size:
                return i, types
            for at in range(first, last):
                text[end - last + at] = names[at]
            types += 1
            offsets[types] = end
            slots[slot] = (codes[i] >> _32) << _32 | np.uint64(types)
        number = np.int64((slots[slot] & _LOW) - _ONE)
        numbers[i] = number
        counts[number] += added[i]
    return codes.size, types


@jit
def join_names(text, offsets, numbers, names):
    """Copy the names of some types, with a blank after each.

    text     uint8 (·,)      the names of all types
    offsets  int64 (T + 1,)  the position of each name in `text`
    numbers  int64 (K,)      the numbers of the types
    names    uint8 (·,)      overwritten
    """
    end = 0
    for i in range(numbers.size):
        for at in range(offsets[numbers[i]], offsets[numbers[i] + 1]):
            names[end] = text[at]
            end += 1
        names[end] = 32
        end += 1


@jit
def renumber(ids, numbers):
    """Replace the number of each type by another one.

    ids      int32 (N,)  changed in place
    numbers  int32 (T,)  the new number of each type
    """
    for i in range(ids.size):
        ids[i] = numbers[ids[i]]


@jit
def keep_words(ids, word_ids, size, words, starts, every):
    """Convert the type numbers of a part of a text to word ids, without out-of-vocabulary tokens.

    ids       int32 (N,)  type numbers; 0 ends a sentence
    word_ids  int32 (T,)  the word id of each type, or -1 if it is out of vocabulary
    size      int64 (2,)  the number of words before this part, and the position where the current
                          sentence began; changed in place to the values after this part
    words     int32 (N,)  overwritten: the word ids
    starts    int64 (N,)  overwritten: the position after each sentence that ends here, where the
                          next one begins
    every     bool        whether empty sentences are kept
    Returns   (int64, int64): the number of words, and the number of starts
    """
    count, sentences = 0, 0
    for i in range(ids.size):
        if ids[i] == 0:
            if every or size[0] + count > size[1]:
                size[1] = size[0] + count
                starts[sentences] = size[1]
                sentences += 1
        elif word_ids[ids[i]] >= 0:
            words[count] = word_ids[ids[i]]
            count += 1
    size[0] += count
    return count, sentences
