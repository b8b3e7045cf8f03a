"""Small matrix products in SIMD registers, in tiles of 2 vectors (or 1) by 3 targets.

A step of negative sampling is three products of small matrices (see `negative_sampling`) of vectors
X (B, D) and their targets Y (K, D): S = X Yᵀ, Y += Gᵀ X and X += G Y_old. Each product is computed
in tiles of two rows of X by three rows of Y. One tile of S:

                    Y[0]      Y[1]      Y[2]       three loads: each feeds two multiply-adds
                     │         │         │
        X[a] ─────── a0 ────── a1 ────── a2        a_j += X[a] * Y[j]
                     │         │         │
        X[b] ─────── b0 ────── b1 ────── b2        b_j += X[b] * Y[j]
     two loads: each
     feeds three          six registers of sums, each of 16 numbers

    for the registers 0, 1, ... D / 16 - 1 of the rows: 5 loads, 6 multiply-adds
    then the 16 numbers of each sum are added, and the totals stored:

        scores, from 8 * tile on:   a0 a1 a2 padding | b0 b1 b2 padding        (two quads)

The updates have tiles of the same shape. Each of the six numbers of G is copied to all lanes of a
register, 5 loads feed 6 multiply-adds, and the 3 targets or the 2 vectors are stored. A row has
D = 16 `registers` numbers, with zeros as padding at its end.

The reason for this shape: a load takes as long as a multiply-add, so that a tile should need few
loads for each multiply-add. Measured on a processor with AVX-512, S of 6 by 6 rows with D = 112
takes 2.3 times as long in tiles of 1 by 1, and 1.35 times in tiles of 1 by 3; X += G Y takes 1.9
and 1.2 times. Full tiles with more vectors are faster (3 by 3: 0.8 times; 6 by 3: 0.65), but few
would be full, because windows that shrink at random have 2 to 10 context words. Three targets fit,
because the default has 6: one true word and 5 negatives. If a window has an odd number of words, a
row of zeros takes the place of X[b] in the last tile. For a single vector (CBOW, paragraph
vectors), tiles are 1 by 3.

The updates take two tiles at a time where they can, so that a row that both change is loaded and
stored once. Skip-gram then takes 0.88 times as long with rows in the L2 cache of an Intel Ice Lake
(tests/bench/tricks.py).
"""

from __future__ import annotations

from w2v.kernels import inlined
from w2v.kernels.simd import load, multiply_add, splat, store, store_sums

COLUMNS = 3  # targets in a tile
QUAD = 4  # numbers stored for a vector in a tile: three scores, and one number of padding


@inlined
def score_pair(vectors, first, second, targets, column, scores, tile, padding, registers):
    """Compute a tile of S = X Yᵀ: the scores of two vectors with three targets.

    vectors    float (·, D)  X
    first      int           row of the first vector
    second     int           row of the second vector
    targets    float (·, D)  Y
    column     int           first of three consecutive rows of `targets`
    scores     float (·,)    two quads from index 8 * tile are overwritten
    tile       int           number of the tile
    padding    float         written to the last place of each quad
    registers  int           D / 16
    """
    zero = splat(vectors.dtype.type(0.0))
    unused = splat(vectors.dtype.type(padding / 16))  # 16 equal numbers, whose sum is `padding`
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
    """Compute a tile of S for one vector: its scores with three targets.

    vectors     float (·, D)  X
    row         int           row of the vector
    targets     float (·, D)  Y
    target_ids  int32 (N, K)  row `at`, from `column` on, has the rows of the three targets
    at          int
    column      int
    scores      float (·,)    the quad from index 4 * tile is overwritten
    tile        int           number of the tile
    padding     float         written to the last place of the quad
    registers   int           D / 16
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
    """Compute a tile of Y += Gᵀ X: add two vectors, each times its step, to three targets.

    steps       float (·,)    G: the two quads from index 8 * tile
    tile        int           number of the tile
    sign        float         factor of the steps of the first target, 1 or -1
    vectors     float (·, D)  X
    first       int           row of the first vector
    second      int           row of the second vector
    targets     float (·, D)  Y: three rows are changed in place, one after the other
    target_ids  int32 (N, K)  row `at`, from `column` on, has the rows of the three targets
    at          int
    column      int
    registers   int           D / 16
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
def update_targets_twice(
    steps, tile, next_tile, sign, vectors, ids, position, targets, target_ids, at, column, registers
):
    """Compute two tiles of Y += Gᵀ X: add four vectors, each times its step, to three targets.

    steps       float (·,)    G: the two quads from index 8 * tile, and from 8 * next_tile
    tile        int           number of the tile of the first two vectors
    next_tile   int           number of the tile of the other two
    sign        float         factor of the steps of the first target, 1 or -1
    vectors     float (·, D)  X
    ids         int32 (B,)    rows of the vectors, from `position` on
    position    int
    targets     float (·, D)  Y: three rows are changed in place, one after the other
    target_ids  int32 (N, K)  row `at`, from `column` on, has the rows of the three targets
    at          int
    column      int
    registers   int           D / 16
    """
    a, b = 2 * QUAD * tile, 2 * QUAD * tile + QUAD
    c, d = 2 * QUAD * next_tile, 2 * QUAD * next_tile + QUAD
    sign = steps.dtype.type(sign)
    a0, a1, a2 = splat(sign * steps[a]), splat(steps[a + 1]), splat(steps[a + 2])
    b0, b1, b2 = splat(sign * steps[b]), splat(steps[b + 1]), splat(steps[b + 2])
    c0, c1, c2 = splat(sign * steps[c]), splat(steps[c + 1]), splat(steps[c + 2])
    d0, d1, d2 = splat(sign * steps[d]), splat(steps[d + 1]), splat(steps[d + 2])
    row0, row1 = target_ids[at, column], target_ids[at, column + 1]
    row2 = target_ids[at, column + 2]
    first, second = ids[position], ids[position + 1]
    third, fourth = ids[position + 2], ids[position + 3]
    for register in range(registers):
        x, y = load(vectors, first, register), load(vectors, second, register)
        u, v = load(vectors, third, register), load(vectors, fourth, register)
        target = multiply_add(a0, x, multiply_add(b0, y, load(targets, row0, register)))
        store(targets, row0, register, multiply_add(c0, u, multiply_add(d0, v, target)))
        target = multiply_add(a1, x, multiply_add(b1, y, load(targets, row1, register)))
        store(targets, row1, register, multiply_add(c1, u, multiply_add(d1, v, target)))
        target = multiply_add(a2, x, multiply_add(b2, y, load(targets, row2, register)))
        store(targets, row2, register, multiply_add(c2, u, multiply_add(d2, v, target)))


@inlined
def update_pair(steps, tile, targets, column, vectors, first, second, registers):
    """Compute a tile of X += G Y_old: add three targets, each times its step, to two vectors.

    steps      float (·,)    G: the two quads from index 8 * tile
    tile       int           number of the tile
    targets    float (·, D)  Y_old, the targets before the step
    column     int           first of three consecutive rows of `targets`
    vectors    float (·, D)  X: rows `first` and `second` are changed in place, one after the other
    first      int           row of the first vector
    second     int           row of the second vector
    registers  int           D / 16
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
def update_pair_twice(steps, tile, targets, column, vectors, first, second, registers):
    """Compute two tiles of X += G Y_old: add six targets, each times its step, to two vectors.

    steps      float (·,)    G: the four quads from index 8 * tile
    tile       int           number of the first tile
    targets    float (·, D)  Y_old, the targets before the step
    column     int           first of six consecutive rows of `targets`
    vectors    float (·, D)  X: rows `first` and `second` are changed in place, one after the other
    first      int           row of the first vector
    second     int           row of the second vector
    registers  int           D / 16
    """
    a, b = 2 * QUAD * tile, 2 * QUAD * tile + QUAD
    c, d = a + 2 * QUAD, b + 2 * QUAD
    a0, a1, a2 = splat(steps[a]), splat(steps[a + 1]), splat(steps[a + 2])
    b0, b1, b2 = splat(steps[b]), splat(steps[b + 1]), splat(steps[b + 2])
    c0, c1, c2 = splat(steps[c]), splat(steps[c + 1]), splat(steps[c + 2])
    d0, d1, d2 = splat(steps[d]), splat(steps[d + 1]), splat(steps[d + 2])
    for register in range(registers):
        x = load(targets, column, register)
        y = load(targets, column + 1, register)
        z = load(targets, column + 2, register)
        u = load(targets, column + 3, register)
        v = load(targets, column + 4, register)
        w = load(targets, column + 5, register)
        row = load(vectors, first, register)
        row = multiply_add(a0, x, multiply_add(a1, y, multiply_add(a2, z, row)))
        row = multiply_add(c0, u, multiply_add(c1, v, multiply_add(c2, w, row)))
        store(vectors, first, register, row)
        row = load(vectors, second, register)
        row = multiply_add(b0, x, multiply_add(b1, y, multiply_add(b2, z, row)))
        row = multiply_add(d0, u, multiply_add(d1, v, multiply_add(d2, w, row)))
        store(vectors, second, register, row)


@inlined
def update_one(steps, quad, targets, column, vectors, row, registers):
    """Compute a tile of X += G Y_old for one vector: add three targets, each times its step.

    steps      float (·,)    G: the quad from index 4 * quad
    quad       int           number of the quad
    targets    float (·, D)  Y_old, the targets before the step
    column     int           first of three consecutive rows of `targets`
    vectors    float (·, D)  X: row `row` is changed in place
    row        int           row of the vector
    registers  int           D / 16
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
    """Compute both updates for one vector: y += g x for three targets, vector_step += g y_old.

    steps        float (·,)    G: the quad from index 4 * tile
    tile         int           number of the tile
    vectors      float (·, D)  X
    row          int           row of the vector
    vector_step  float (1, D)  changed in place
    targets      float (·, D)  Y: three rows are changed in place, one after the other
    target_ids   int32 (N, K)  row `at`, from `column` on, has the rows of the three targets
    at           int
    column       int
    registers    int           D / 16
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
    """Compute vector_step += g y for three targets that do not change.

    steps        float (·,)    G: the quad from index 4 * tile
    tile         int           number of the tile
    vector_step  float (1, D)  changed in place
    targets      float (·, D)  Y
    target_ids   int32 (N, K)  row `at`, from `column` on, has the rows of the three targets
    at           int
    column       int
    registers    int           D / 16
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
    """Set a row to zero.

    matrix     float (·, D)  row `row` is overwritten
    row        int
    registers  int           D / 16
    """
    for register in range(registers):
        store(matrix, row, register, splat(matrix.dtype.type(0.0)))


@inlined
def copy_row(source, row, weight, target, at, registers):
    """Copy a row, times a weight, to a row of another matrix.

    source     float (·, D)
    row        int           row of `source`
    weight     float
    target     float (·, D)  row `at` is overwritten
    at         int
    registers  int           D / 16
    """
    weight, zero = splat(source.dtype.type(weight)), splat(source.dtype.type(0.0))
    for register in range(registers):
        store(target, at, register, multiply_add(weight, load(source, row, register), zero))


@inlined
def add_row(source, row, weight, target, at, registers):
    """Add a row, times a weight, to a row of another matrix.

    source     float (·, D)
    row        int           row of `source`
    weight     float
    target     float (·, D)  row `at` is changed in place
    at         int
    registers  int           D / 16
    """
    weight = splat(source.dtype.type(weight))
    for register in range(registers):
        here = load(target, at, register)
        store(target, at, register, multiply_add(weight, load(source, row, register), here))
