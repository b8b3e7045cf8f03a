"""Small matrix products in registers: tiles of 2 vectors, or of one, by 3 targets.

A tile of 2 by 3 keeps six sums in registers, so that five loads feed six multiply-adds. Rows have
`registers` times 16 numbers. Steps and scores of a tile are stored in fours, of three and a filler:
a pair of vectors takes two fours.
"""

from __future__ import annotations

from w2v.kernels import inlined
from w2v.kernels.simd import load, multiply_add, splat, store, store_sums

COLUMNS = 3  # targets in a tile
FOUR = 4  # numbers of a vector in a tile


@inlined
def multiply_pair(vectors, first, second, targets, column, scores, tile, filler, registers):
    """Dot products of two vectors with three targets.

    vectors    float (·, D)
    first      int           a row of `vectors`
    second     int           another
    targets    float (·, D)
    column     int           the first of three rows of `targets`
    scores     float (·,)    two fours overwritten, from 8 * tile on
    tile       int
    filler     float         goes to the last place of each four
    registers  int
    """
    zero = splat(vectors.dtype.type(0.0))
    unused = splat(vectors.dtype.type(filler / 16))
    a0, a1, a2, b0, b1, b2 = zero, zero, zero, zero, zero, zero
    for register in range(registers):
        a, b = load(vectors, first, register), load(vectors, second, register)
        target = load(targets, column, register)
        a0, b0 = multiply_add(a, target, a0), multiply_add(b, target, b0)
        target = load(targets, column + 1, register)
        a1, b1 = multiply_add(a, target, a1), multiply_add(b, target, b1)
        target = load(targets, column + 2, register)
        a2, b2 = multiply_add(a, target, a2), multiply_add(b, target, b2)
    store_sums(scores, 2 * tile, a0, a1, a2, unused)
    store_sums(scores, 2 * tile + 1, b0, b1, b2, unused)


@inlined
def multiply_one(vectors, row, targets, target_ids, at, column, scores, tile, filler, registers):
    """Dot products of one vector with three targets.

    vectors     float (·, D)
    row         int           a row of `vectors`
    targets     float (·, D)
    target_ids  int32 (N, K)  three rows of `targets`, in row `at` from `column` on
    at          int
    column      int
    scores      float (·,)    a four overwritten, from 4 * tile on
    tile        int
    filler      float         goes to the last place of the four
    registers   int
    """
    zero = splat(vectors.dtype.type(0.0))
    row0, row1 = target_ids[at, column], target_ids[at, column + 1]
    row2 = target_ids[at, column + 2]
    a0, a1, a2 = zero, zero, zero
    for register in range(registers):
        a = load(vectors, row, register)
        a0 = multiply_add(a, load(targets, row0, register), a0)
        a1 = multiply_add(a, load(targets, row1, register), a1)
        a2 = multiply_add(a, load(targets, row2, register), a2)
    store_sums(scores, tile, a0, a1, a2, splat(vectors.dtype.type(filler / 16)))


@inlined
def move_targets(
    steps, tile, sign, vectors, first, second, targets, target_ids, at, column, registers
):
    """Add two vectors, each times its step, to three targets.

    steps       float (·,)    two fours, from 8 * tile on
    tile        int
    sign        float         what the steps of the first target are multiplied by
    vectors     float (·, D)
    first       int           a row of `vectors`
    second      int           another
    targets     float (·, D)  three rows changed in place, one after the other
    target_ids  int32 (N, K)  which: in row `at` from `column` on
    at          int
    column      int
    registers   int
    """
    a, b = 2 * FOUR * tile, 2 * FOUR * tile + FOUR
    sign = steps.dtype.type(sign)
    a0, a1, a2 = splat(sign * steps[a]), splat(steps[a + 1]), splat(steps[a + 2])
    b0, b1, b2 = splat(sign * steps[b]), splat(steps[b + 1]), splat(steps[b + 2])
    row0, row1 = target_ids[at, column], target_ids[at, column + 1]
    row2 = target_ids[at, column + 2]
    for register in range(registers):
        x, y = load(vectors, first, register), load(vectors, second, register)
        target = load(targets, row0, register)
        store(targets, row0, register, multiply_add(a0, x, multiply_add(b0, y, target)))
        target = load(targets, row1, register)
        store(targets, row1, register, multiply_add(a1, x, multiply_add(b1, y, target)))
        target = load(targets, row2, register)
        store(targets, row2, register, multiply_add(a2, x, multiply_add(b2, y, target)))


@inlined
def move_vectors(steps, tile, targets, column, vectors, first, second, registers):
    """Add three targets, each times its step, to two vectors.

    steps      float (·,)    two fours, from 8 * tile on
    tile       int
    targets    float (·, D)
    column     int           the first of three rows of `targets`
    vectors    float (·, D)  rows `first` and `second` changed in place, one after the other
    first      int
    second     int
    registers  int
    """
    a, b = 2 * FOUR * tile, 2 * FOUR * tile + FOUR
    a0, a1, a2 = splat(steps[a]), splat(steps[a + 1]), splat(steps[a + 2])
    b0, b1, b2 = splat(steps[b]), splat(steps[b + 1]), splat(steps[b + 2])
    for register in range(registers):
        x = load(targets, column, register)
        y = load(targets, column + 1, register)
        z = load(targets, column + 2, register)
        row = load(vectors, first, register)
        row = multiply_add(a0, x, multiply_add(a1, y, multiply_add(a2, z, row)))
        store(vectors, first, register, row)
        row = load(vectors, second, register)
        row = multiply_add(b0, x, multiply_add(b1, y, multiply_add(b2, z, row)))
        store(vectors, second, register, row)


@inlined
def move_vector(steps, four, targets, column, vectors, row, registers):
    """Add three targets, each times its step, to one vector.

    steps      float (·,)    a four, from 4 * four on
    four       int
    targets    float (·, D)
    column     int           the first of three rows of `targets`
    vectors    float (·, D)  row `row` changed in place
    row        int
    registers  int
    """
    s0, s1 = splat(steps[FOUR * four]), splat(steps[FOUR * four + 1])
    s2 = splat(steps[FOUR * four + 2])
    for register in range(registers):
        total = multiply_add(s2, load(targets, column + 2, register), load(vectors, row, register))
        total = multiply_add(s1, load(targets, column + 1, register), total)
        total = multiply_add(s0, load(targets, column, register), total)
        store(vectors, row, register, total)


@inlined
def move_both(steps, tile, vectors, row, pull, targets, target_ids, at, column, registers):
    """Add a vector times its steps to three targets, and these times the steps to `pull`.

    steps       float (·,)    a four, from 4 * tile on
    tile        int
    vectors     float (·, D)
    row         int           a row of `vectors`
    pull        float (1, D)  changed in place
    targets     float (·, D)  three rows changed in place, one after the other
    target_ids  int32 (N, K)  which: in row `at` from `column` on
    at          int
    column      int
    registers   int
    """
    s0, s1 = splat(steps[FOUR * tile]), splat(steps[FOUR * tile + 1])
    s2 = splat(steps[FOUR * tile + 2])
    row0, row1 = target_ids[at, column], target_ids[at, column + 1]
    row2 = target_ids[at, column + 2]
    for register in range(registers):
        x, total = load(vectors, row, register), load(pull, 0, register)
        target = load(targets, row0, register)
        total = multiply_add(s0, target, total)
        store(targets, row0, register, multiply_add(s0, x, target))
        target = load(targets, row1, register)
        total = multiply_add(s1, target, total)
        store(targets, row1, register, multiply_add(s1, x, target))
        target = load(targets, row2, register)
        total = multiply_add(s2, target, total)
        store(targets, row2, register, multiply_add(s2, x, target))
        store(pull, 0, register, total)


@inlined
def pull_vector(steps, tile, pull, targets, target_ids, at, column, registers):
    """Add three targets, each times its step, to `pull`.

    steps       float (·,)    a four, from 4 * tile on
    tile        int
    pull        float (1, D)  changed in place
    targets     float (·, D)
    target_ids  int32 (N, K)  which: in row `at` from `column` on
    at          int
    column      int
    registers   int
    """
    s0, s1 = splat(steps[FOUR * tile]), splat(steps[FOUR * tile + 1])
    s2 = splat(steps[FOUR * tile + 2])
    row0, row1 = target_ids[at, column], target_ids[at, column + 1]
    row2 = target_ids[at, column + 2]
    for register in range(registers):
        total = load(pull, 0, register)
        total = multiply_add(s0, load(targets, row0, register), total)
        total = multiply_add(s1, load(targets, row1, register), total)
        store(pull, 0, register, multiply_add(s2, load(targets, row2, register), total))


@inlined
def clear_row(matrix, row, registers):
    """Make a row zero.

    matrix     float (·, D)  row `row` overwritten
    row        int
    registers  int
    """
    for register in range(registers):
        store(matrix, row, register, splat(matrix.dtype.type(0.0)))


@inlined
def copy_row(source, row, weight, target, at, registers):
    """Copy a row, times a weight, over a row of another matrix.

    source     float (·, D)
    row        int
    weight     float
    target     float (·, D)  row `at` overwritten
    at         int
    registers  int
    """
    weight, zero = splat(source.dtype.type(weight)), splat(source.dtype.type(0.0))
    for register in range(registers):
        store(target, at, register, multiply_add(weight, load(source, row, register), zero))


@inlined
def add_row(source, row, weight, target, at, registers):
    """Add a row, times a weight, to a row of another matrix.

    source     float (·, D)
    row        int
    weight     float
    target     float (·, D)  row `at` changed in place
    at         int
    registers  int
    """
    weight = splat(source.dtype.type(weight))
    for register in range(registers):
        here = load(target, at, register)
        store(target, at, register, multiply_add(weight, load(source, row, register), here))
