"""Rows of a matrix that go away, are trained elsewhere, and come back: copies and their merging."""

from __future__ import annotations

from w2v.kernels import inlined, jit
from w2v.kernels.lanes import load, multiply_add, prefetch, splat, store, store_sums
from w2v.kernels.tiles import copy_row

AHEAD = 4  # rows asked for before they are needed
BLOCK = 256  # rows looked through at a time


@jit
def number_rows(ids, count, places, rows, known):
    """Turn row numbers into places in a copy that has these rows only, in order of appearance.

    ids      int32 (N,)  changed in place
    count    int         the first `count` of them
    places   int32 (V,)  the place of each row in the copy, or -1; changed in place
    rows     int32 (R,)  the row at each place; new ones are added
    known    int         how many places are taken
    Returns  int64, how many are taken then
    """
    for i in range(count):
        row = ids[i]
        if places[row] < 0:
            places[row] = known
            rows[known] = row
            known += 1
        ids[i] = places[row]
    return known


@jit
def copy_rows(matrix, rows, count, copy, registers):
    """Copy some rows of a matrix to the first rows of another.

    matrix     float (V, D)
    rows       int32 (R,)
    count      int           the first `count` of `rows` are copied
    copy       float (·, D)  overwritten
    registers  int           D / 16
    """
    for i in range(count):
        coming = rows[min(i + AHEAD, count - 1)]
        for register in range(registers):
            prefetch(matrix, coming, register)
        copy_row(matrix, rows[i], 1.0, copy, i, registers)


@inlined
def find_copies(places, limits, size, first, last, held, marks):
    """List the rows of a stretch that have copies, and where these are.

    places   int32 (S, V)  see `number_rows`; for each of S copies
    limits   int64 (S,)    a copy has only the places below this
    size     int           rows of each copy
    first    int           the stretch's first row
    last     int           and the one after its last
    held     int32 (BLOCK + 1, S + 3)  overwritten: a row, how many copies it has, where they are
    marks    int32 (BLOCK,)  scratch: negative where a row has none. Without it, scanning takes
                             1.4 of the 4.3 ms of a merging
    Returns  int64, how many rows are listed
    """
    for i in range(last - first):
        marks[i] = -1
    for shard in range(places.shape[0]):
        stretch = places[shard, first:last]
        for i in range(last - first):
            marks[i] &= stretch[i]
    found = 0
    for i in range(last - first):
        if marks[i] >= 0:
            count = 0
            for shard in range(places.shape[0]):
                place = places[shard, first + i]
                held[found, 2 + count] = shard * size + place
                count += (place >= 0) & (place < limits[shard])  # a branch would be a guess
            held[found, 0], held[found, 1] = first + i, count
            found += count > 0
    return found


@inlined
def merge_row(matrix, copies, held, at, sums, registers):
    """Merge the copies of one row into it, see `merge_rows`.

    matrix     float (V, D)  changed in place
    copies     float (·, D)
    held       int32 (BLOCK + 1, S + 3)
    at         int           the row is that of held[at]
    sums       float (4,)    scratch
    registers  int
    """
    row, count = held[at, 0], held[at, 1]
    one, minus = splat(matrix.dtype.type(1.0)), splat(matrix.dtype.type(-1.0))
    zero = splat(matrix.dtype.type(0.0))
    whole, parts = zero, zero
    for register in range(registers):
        base, total = load(matrix, row, register), zero
        for k in range(count):
            copied = load(copies, held[at, 2 + k], register)
            change = multiply_add(minus, base, copied)
            parts = multiply_add(change, change, parts)
            total = multiply_add(one, change, total)
        whole = multiply_add(total, total, whole)
    store_sums(sums, 0, whole, parts, zero, zero)
    weight = splat(sums[1] / sums[0] if sums[0] > sums[1] else matrix.dtype.type(1.0))
    for register in range(registers):
        base, total = load(matrix, row, register), zero
        for k in range(count):
            copied = load(copies, held[at, 2 + k], register)
            total = multiply_add(one, multiply_add(minus, base, copied), total)
        store(matrix, row, register, multiply_add(weight, total, base))


@jit
def merge_rows(matrix, copies, places, limits, first, step, registers, held, marks, sums):
    """Bring copies of rows that were trained apart back into their matrix.

    matrix     float (V, D)   rows with copies are changed in place
    copies     float (·, D)   S copies one after the other
    places     int32 (S, V)   see `number_rows`
    limits     int64 (S,)     a copy has only the places below this
    first      int            of the stretches of BLOCK rows the first to merge
    step       int            and how many further on the next is
    registers  int            D / 16
    held       int32 (BLOCK + 1, S + 3)  scratch
    marks      int32 (BLOCK,)  scratch
    sums       float (4,)     scratch
    A row with one copy becomes that copy. One with several moves by the sum of their changes d
    times Σ|d|² / |Σd|², if that is less than 1. It is 1 where the changes have nothing to do with
    each other, as in rare words, which then move as if trained one after the other; it makes the
    sum a mean where all copies did the same, as with frequent words, which reach their balance in
    each copy and would overshoot it by the sum. What else was tried: tests/bench/rounds.py.
    """
    size = copies.shape[0] // places.shape[0]
    for begin in range(first * BLOCK, matrix.shape[0] - 1, step * BLOCK):
        end = min(begin + BLOCK, matrix.shape[0] - 1)
        found = find_copies(places, limits, size, begin, end, held, marks)
        for at in range(found):
            coming = min(at + AHEAD, found - 1)
            for register in range(registers):
                prefetch(matrix, held[coming, 0], register)
            for k in range(held[coming, 1]):
                for register in range(registers):
                    prefetch(copies, held[coming, 2 + k], register)
            if held[at, 1] == 1:
                copy_row(copies, held[at, 2], 1.0, matrix, held[at, 0], registers)
            else:
                merge_row(matrix, copies, held, at, sums, registers)
