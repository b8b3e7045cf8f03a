"""Numbers from decimal digits: the rows of text files of vectors."""

from __future__ import annotations

import numpy as np

from w2v.kernels import exact, inlined

_ZERO, _NINE, _MINUS, _PLUS, _POINT, _BLANK = 48, 57, 45, 43, 46, 32
_LARGE_E, _SMALL_E = 69, 101
_EXACT = 1 << 53  # integers below are doubles
_FURTHEST = 22  # powers of ten up to this one are doubles
_MOST = 1 << 56  # with one digit more it is still an int64


@inlined
def read_sign(text, at, end):
    """Whether there is a minus, and where what follows a sign begins.

    text     uint8 (·,)
    at       int
    end      int
    Returns  (bool, int)
    """
    minus = at < end and text[at] == _MINUS
    return minus, at + (minus or (at < end and text[at] == _PLUS))


@inlined
def read_digits(text, at, end, number):
    """Append digits to a number, until there is another sign or it is as large as is of use.

    text     uint8 (·,)
    at       int
    end      int
    number   int64
    Returns  (where they end, the number)
    """
    while at < end and _ZERO <= text[at] <= _NINE and number < _MOST:
        number = number * 10 + (np.int64(text[at]) - _ZERO)
        at += 1
    return at, number


@inlined
def read_number(text, at, end, powers):
    """Read a number such as -1.25e-3.

    One that is below 2^53 without its point, with a power of ten up to the 22nd, is one division or
    product of two numbers that doubles hold exactly, so it is rounded rightly (Clinger 1990).

    text     uint8 (·,)
    at       int
    end      int
    powers   float64 (23,)  of ten
    Returns  (where it ends, or -1 where it is none that can be read here; the number, float64)
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
        down, first = read_sign(text, at + 1, end)
        at, tens = read_digits(text, first, end, 0)
        digits *= at > first
        power += -tens if down else tens
    if digits == 0 or mantissa >= _EXACT or abs(power) > _FURTHEST:
        return -1, 0.0
    value = np.float64(mantissa)
    value = value * powers[power] if power >= 0 else value / powers[-power]
    return at, -value if minus else value


@exact
def read_rows(text, begins, ends, powers, matrix, names):
    """Read lines of a name, a blank, and D numbers, each with a blank before it.

    Lines of another form are left to a slower reader: those with more numbers, with nan, with more
    digits than a double has.

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
