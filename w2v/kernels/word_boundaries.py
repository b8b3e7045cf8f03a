"""Splits text in any script into words, by a class of each character.

A word begins with a letter, and goes on with letters and joiners, and with single apostrophes that
a letter follows. Here a letter may be a digit or an underscore, too, but each word has a letter or
digit. A character that stands alone is a token with the joiners after it, and so are a line end and
the mark `</s>`. Everything else separates tokens.

The class of a character is a sum of the bits below. C is the number of characters of a text,
without the layout characters, which are left out.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import inlined, jit

LETTER, DIGIT_OR_LETTER, JOINER, ALONE = 1, 2, 4, 8  # LETTER: also digits and the underscore
LAYOUT, APOSTROPHE, LINE_END = 16, 32, 64
BEFORE_WORD = 128  # underscores, apostrophes and joiners
_INSIDE, _NOTHING = 256, 512  # an apostrophe before a letter; the class of no character
_SPACE, _MARK = 32, (60, 47, 115, 62)  # </s>


@inlined
def length(byte):
    """The number of bytes of a character in UTF-8.

    byte     uint8  the first byte
    Returns  int64
    """
    return 1 + (byte >= 0xC0) + (byte >= 0xE0) + (byte >= 0xF0)


@jit
def classify(text, class_of, classes, starts):
    """Find the class and the position of each character.

    text      uint8 (N,)      UTF-8
    class_of  uint8 (2**21,)  the class of each code point
    classes   uint8 (N + 1,)  overwritten: the class of each character, and 0 after the last one
    starts    int32 (N + 1,)  overwritten: the position of each character
    Returns   int64, C

    Invalid bytes, and a character that is cut off, may get any class. DIGIT_OR_LETTER is added to
    the class of underscores, apostrophes and joiners that a digit or letter of the same word
    follows.
    """
    count, at = 0, 0
    while at < text.size:
        starts[count], point = at, np.int64(text[at])
        at += 1
        if point >= 0x80:
            size = length(point)
            point &= 0x7F >> size
            end = min(at + size - 1, text.size)
            while at < end:
                point = (point << 6) | (np.int64(text[at]) & 0x3F)
                at += 1
        classes[count] = class_of[point]
        count += (class_of[point] & LAYOUT) == 0
    classes[count] = 0
    for number in range(count - 1, -1, -1):
        following = classes[number + 1]
        goes_on = following & (LETTER | JOINER) or (
            following & APOSTROPHE and classes[number + 2] & LETTER
        )
        if classes[number] & BEFORE_WORD and goes_on:
            classes[number] |= following & DIGIT_OR_LETTER
    return count


@inlined
def is_mark(text, starts, number, count):
    """Whether four characters are the mark </s>.

    text     uint8 (N,)
    starts   int32 (N + 1,)  see `classify`
    number   int             the number of the first character
    count    int             C
    Returns  bool
    """
    same = number + 4 <= count
    for i in range(4):
        same = same and text[starts[number + i]] == _MARK[i]
    return same


@jit
def copy_tokens(text, classes, starts, count, tokens):
    """Copy the tokens of a text, with a space between two.

    text     uint8 (N,)
    classes  uint8 (N + 1,)  see `classify`
    starts   int32 (N + 1,)  see `classify`
    count    int             C
    tokens   uint8 (2 N,)    overwritten
    Returns  int64, the length of the copy
    """
    size, joining, end = 0, 0, 0
    for number in range(count):
        kind, at = np.int64(classes[number]), starts[number]
        if kind & APOSTROPHE and classes[number + 1] & LETTER:
            kind |= _INSIDE
        if number >= end and not kind & joining:
            joining = 0
            if kind & LETTER and kind & DIGIT_OR_LETTER:
                joining = LETTER | JOINER | _INSIDE
            elif kind & ALONE:
                joining = JOINER
            elif kind & LINE_END:
                joining = _NOTHING
            elif text[at] == _MARK[0] and is_mark(text, starts, number, count):
                joining, end = _NOTHING, number + 4
            if joining and size:
                tokens[size] = _SPACE
                size += 1
        if joining:
            for i in range(at, min(at + length(text[at]), text.size)):
                tokens[size] = text[i]
                size += 1
    return size
