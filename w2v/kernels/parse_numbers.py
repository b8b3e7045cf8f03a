"""Parses decimal numbers in the rows of text files of vectors.

A number is a mantissa m, its digits without the point, times a power of ten:

    value = ±m · 10ᵖ for p >= 0, ±m / 10⁻ᵖ for p < 0

If m < 2⁵³ and |p| <= 22, a double represents m and the power of ten exactly. The product or
quotient is then correctly rounded (Clinger 1990, "How to read floating point numbers accurately").
Other numbers are left to a slower reader. These kernels are compiled without fast-math.

In the parameters, `text` is an array of bytes, and numbers are read from text[at:end].
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import exact, inlined

_ZERO, _NINE, _MINUS, _PLUS, _POINT, _BLANK = 48, 57, 45, 43, 46, 32
_LARGE_E, _SMALL_E = 69, 101
_EXACT = 1 << 53  # doubles represent all integers below this exactly
_MAX_POWER = 22  # doubles represent powers of ten up to 10²² exactly
_MAX_MANTISSA = 1 << 56  # a number below this fits int64 even with one more digit


@inlined
def read_sign(text, at, end):
    """Read an optional sign.

    text     uint8 (·,)
    at       int
    end      int
    Returns  (bool, int): whether the sign is a minus, and the position after it
    """
    minus = at < end and text[at] == _MINUS
    return minus, at + (minus or (at < end and text[at] == _PLUS))


@inlined
def read_digits(text, at, end, number):
    """Append digits to a number, up to another character, or until the number is _MAX_MANTISSA.

    text     uint8 (·,)
    at       int
    end      int
    number   int64
    Returns  (int, int64): the position after the digits, and the number
    """
    while at < end and _ZERO <= text[at] <= _NINE and number < _MAX_MANTISSA:
        number = number * 10 + (np.int64(text[at]) - _ZERO)
        at += 1
    return at, number


@inlined
def read_number(text, at, end, powers):
    """Read a number such as -1.25e-3.

    text     uint8 (·,)
    at       int
    end      int
    powers   float64 (23,)  the powers of ten from 10⁰ to 10²²
    Returns  (int, float64): the position after the number, or -1 if it must be left to the slower
             reader; the number
    """
    minus, first = read_sign(text, at, end)
    at, mantissa = read_digits(text, first, end, 0)
    digits, power = at - first, 0
    if at < end and text[at] == _POINT:
        first = at + 1
        at, mantissa = read_digits(text, first, end, mantissa)
        power = first - at
        digits -= power
    if at < end and (text[at] == _SMALL_E or text[at] == _LARGE_E):
        negative, first = read_sign(text, at + 1, end)
        at, exponent = read_digits(text, first, end, 0)
        digits *= at > first
        power += -exponent if negative else exponent
    if digits == 0 or mantissa >= _EXACT or abs(power) > _MAX_POWER:
        return -1, 0.0
    value = np.float64(mantissa)
    value = value * powers[power] if power >= 0 else value / powers[-power]
    return at, -value if minus else value


@exact
def read_rows(text, begins, ends, powers, matrix, names):
    """Read lines of a name and D numbers, with one blank before each number.

    Other lines are left to a slower reader, for example lines with more numbers, with nan, or with
    more digits than a double has.

    text    uint8 (·,)
    begins  int64 (L,)      the position where each line begins
    ends    int64 (L,)      the position where each line ends, without blanks and line end
    powers  float64 (23,)   the powers of ten from 10⁰ to 10²²
    matrix  float32 (L, D)  overwritten: the numbers of each line
    names   int64 (L,)      overwritten: the position where the name of each line ends; -1 for a
                            line that is left to the slower reader
    """
    for line in range(begins.size):
        at, end = begins[line], ends[line]
        while at < end and text[at] != _BLANK:
            at += 1
        names[line] = at
        for column in range(matrix.shape[1]):
            if at >= end or text[at] != _BLANK:
                at = -1
                break
            at, value = read_number(text, at + 1, end, powers)
            if at < 0:
                break
            matrix[line, column] = np.float32(value)
        if at != end:
            names[line] = -1
