"""Small matrix products in SIMD registers: tiles of 2 vectors, or of one, by 3 targets.

A step of negative sampling is three products of small matrices, see `negative_sampling`: with the
vectors X (B, D) that predict and their targets Y (K, D), S = X Yᵀ, Y += Gᵀ X and X += G Y_old.
Each is cut into tiles of two rows of X by three rows of Y. One tile of S:

                    Y[0]      Y[1]      Y[2]       three loads: each feeds two multiply-adds
                     │         │         │
        X[a] ─────── a0 ────── a1 ────── a2        a_j += X[a] * Y[j]
                     │         │         │
        X[b] ─────── b0 ────── b1 ────── b2        b_j += X[b] * Y[j]
     two loads: each
     feeds three          six registers of sums, each of 16 numbers

    for the registers 0, 1, ... D / 16 - 1 of the rows: 5 loads, 6 multiply-adds
    then the 16 numbers of each sum are added up and stored:

        scores, from 8 * tile on:   a0 a1 a2 padding | b0 b1 b2 padding        (two quads)

The updates have the same shape: the six numbers of G are spread over a register each, 5 loads feed
6 multiply-adds, and the 3 targets or the 2 vectors are stored. A row is D / 16 (`registers`) times
16 numbers: it has zeros at its end.

Why this shape. A load takes as long as a multiply-add, so a tile should have few loads for each:
measured on a processor with AVX-512, S of 6 by 6 rows with D = 112 takes 2.3 times as long with
tiles of 1 by 1, and 1.35 times with 1 by 3; X += G Y takes 1.9 and 1.2 times. A tile that is full
is faster still with more vectors (3 by 3: 0.8; 6 by 3: 0.65), but seldom would be full: a window
that shrinks at random has from 2 to 10 words, while 3 divides the targets of the default, one word
and 5 negatives. Where a window has an odd number of words the last tile has a row of zeros in the
place of X[b]. One vector by itself (CBOW, paragraph vectors) takes tiles of 1 by 3.
"""

from __future__ import annotations

from w2v.kernels import inlined
from w2v.kernels.simd import load, multiply_add, splat, store, store_sums

COLUMNS = 3  # targets in a tile
QUAD = 4  # numbers that a vector's scores take in a tile: three, and one that pads


@inlined
def score_pair(vectors, first, second, targets, column, scores, tile, padding, registers):
    """A tile of S = X Yᵀ: the scores of two vectors with three targets.

    vectors    float (·, D)  X
    first      int           a row of `vectors`
    second     int           another
    targets    float (·, D)  Y
    column     int           the first of three rows of `targets`
    scores     float (·,)    two quads overwritten, from 8 * tile on
    tile       int
    padding    float         goes to the last place of each quad
    registers  int
    """
    zero = splat(vectors.dtype.type(0.0))
    unused = splat(vectors.dtype.type(padding / 16))  # whose 16 numbers add up to `padding`
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
def score_one(vectors, row, targets, target_ids, at, column, scores, tile, padding, registers):
    """The same for one vector: its scores with three targets.

    vectors     float (·, D)
    row         int           a row of `vectors`
    targets     float (·, D)
    target_ids  int32 (N, K)  three rows of `targets`, in row `at` from `column` on
    at          int
    column      int
    scores      float (·,)    a quad overwritten, from 4 * tile on
    tile        int
    padding     float         goes to the last place of the quad
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
    store_sums(scores, tile, a0, a1, a2, splat(vectors.dtype.type(padding / 16)))


@inlined
def update_targets(
    steps, tile, sign, vectors, first, second, targets, target_ids, at, column, registers
):
    """A tile of Y += Gᵀ X: add two vectors, each times its step, to three targets.

    steps       float (·,)    G: two quads, from 8 * tile on
    tile        int
    sign        float         what the steps of the first target are multiplied by
    vectors     float (·, D)  X
    first       int           a row of `vectors`
    second      int           another
    targets     float (·, D)  Y: three rows changed in place, one after the other
    target_ids  int32 (N, K)  which: in row `at` from `column` on
    at          int
    column      int
    registers   int
    """
    a, b = 2 * QUAD * tile, 2 * QUAD * tile + QUAD
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
def update_pair(steps, tile, targets, column, vectors, first, second, registers):
    """A tile of X += G Y_old: add three targets, each times its step, to two vectors.

    steps      float (·,)    G: two quads, from 8 * tile on
    tile       int
    targets    float (·, D)  Y as it was before the step
    column     int           the first of three rows of `targets`
    vectors    float (·, D)  X: rows `first` and `second` changed in place, one after the other
    first      int
    second     int
    registers  int
    """
    a, b = 2 * QUAD * tile, 2 * QUAD * tile + QUAD
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
def update_one(steps, quad, targets, column, vectors, row, registers):
    """The same for one vector: add three targets, each times its step, to it.

    steps      float (·,)    a quad, from 4 * quad on
    quad       int
    targets    float (·, D)  as they were before the step
    column     int           the first of three rows of `targets`
    vectors    float (·, D)  row `row` changed in place
    row        int
    registers  int
    """
    s0, s1 = splat(steps[QUAD * quad]), splat(steps[QUAD * quad + 1])
    s2 = splat(steps[QUAD * quad + 2])
    for register in range(registers):
        total = multiply_add(s2, load(targets, column + 2, register), load(vectors, row, register))
        total = multiply_add(s1, load(targets, column + 1, register), total)
        total = multiply_add(s0, load(targets, column, register), total)
        store(vectors, row, register, total)


@inlined
def update_targets_and_step(
    steps, tile, vectors, row, vector_step, targets, target_ids, at, column, registers
):
    """Both updates for one vector: y += g x for three targets, vector_step += g y_old.

    steps        float (·,)    a quad, from 4 * tile on
    tile         int
    vectors      float (·, D)
    row          int           a row of `vectors`
    vector_step  float (1, D)  changed in place
    targets      float (·, D)  three rows changed in place, one after the other
    target_ids   int32 (N, K)  which: in row `at` from `column` on
    at           int
    column       int
    registers    int
    """
    s0, s1 = splat(steps[QUAD * tile]), splat(steps[QUAD * tile + 1])
    s2 = splat(steps[QUAD * tile + 2])
    row0, row1 = target_ids[at, column], target_ids[at, column + 1]
    row2 = target_ids[at, column + 2]
    for register in range(registers):
        x, total = load(vectors, row, register), load(vector_step, 0, register)
        target = load(targets, row0, register)
        total = multiply_add(s0, target, total)
        store(targets, row0, register, multiply_add(s0, x, target))
        target = load(targets, row1, register)
        total = multiply_add(s1, target, total)
        store(targets, row1, register, multiply_add(s1, x, target))
        target = load(targets, row2, register)
        total = multiply_add(s2, target, total)
        store(targets, row2, register, multiply_add(s2, x, target))
        store(vector_step, 0, register, total)


@inlined
def accumulate_step(steps, tile, vector_step, targets, target_ids, at, column, registers):
    """The second of these alone: vector_step += g y, for three targets that stay.

    steps        float (·,)    a quad, from 4 * tile on
    tile         int
    vector_step  float (1, D)  changed in place
    targets      float (·, D)
    target_ids   int32 (N, K)  which: in row `at` from `column` on
    at           int
    column       int
    registers    int
    """
    s0, s1 = splat(steps[QUAD * tile]), splat(steps[QUAD * tile + 1])
    s2 = splat(steps[QUAD * tile + 2])
    row0, row1 = target_ids[at, column], target_ids[at, column + 1]
    row2 = target_ids[at, column + 2]
    for register in range(registers):
        total = load(vector_step, 0, register)
        total = multiply_add(s0, load(targets, row0, register), total)
        total = multiply_add(s1, load(targets, row1, register), total)
        store(vector_step, 0, register, multiply_add(s2, load(targets, row2, register), total))


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
