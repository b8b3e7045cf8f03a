"""Parsing decimal numbers: the rows of text files of vectors.

A number is a mantissa m, its digits without the point, times a power of ten:

    value = ±m · 10ᵖ or ±m / 10⁻ᵖ

With m < 2⁵³ and |p| <= 22 doubles hold both exactly, so that the one product or quotient is rounded
correctly (Clinger 1990, "How to read floating point numbers accurately"). Any other number is left
to a slower reader. These kernels are compiled without fast-math.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import exact, inlined

_ZERO, _NINE, _MINUS, _PLUS, _POINT, _BLANK = 48, 57, 45, 43, 46, 32
_LARGE_E, _SMALL_E = 69, 101
_EXACT = 1 << 53  # integers below are doubles
_MAX_POWER = 22  # powers of ten up to this one are doubles
_MAX_MANTISSA = 1 << 56  # with one digit more it is still an int64


@inlined
def read_sign(text, at, end):
    """Read a sign, if there is one.

    text     uint8 (·,)
    at       int
    end      int
    Returns  (bool, int): whether it is a minus, and the position after it
    """
    minus = at < end and text[at] == _MINUS
    return minus, at + (minus or (at < end and text[at] == _PLUS))


@inlined
def read_digits(text, at, end, number):
    """Append digits to a number, until something else comes or the number is too large anyway.

    text     uint8 (·,)
    at       int
    end      int
    number   int64
    Returns  (int, int64): the position after the digits, the number
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
    powers   float64 (23,)  of ten
    Returns  (int, float64): the position after it, or -1 if it cannot be read here; the number
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
    """Read lines of a name, a blank, and D numbers, each with a blank before it.

    Lines of another form are left to a slower reader: with more numbers, with nan, with more digits
    than a double has.

    text    uint8 (·,)
    begins  int64 (L,)      of each line
    ends    int64 (L,)      without line ends and blanks before these
    powers  float64 (23,) of ten
    matrix  float32 (L, D)  overwritten
    names   int64 (L,)      overwritten: where each line's name ends; -1 where the line is left
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
