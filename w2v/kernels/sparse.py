"""Products of a sparse matrix and a dense one, row by row."""

from __future__ import annotations

from w2v.kernels import inlined, jit
from w2v.kernels.simd import load, multiply_add, prefetch, splat, store

PART = 7  # registers that a row is worked on at a time: sums that stay in the processor
AHEAD = 6  # entries


@inlined
def sum_row(starts, columns, values, row, dense, at):
    """The product of one row of a sparse matrix with some columns of a dense one.

    starts   int64 (N + 1,)  where each row's entries begin
    columns  int32 (E,)      the column of each entry
    values   float (E,)      and its value
    row      int
    dense    float (·, D)
    at       int             the first of PART registers
    Returns  PART lanes
    """
    zero = splat(dense.dtype.type(0.0))
    a0, a1, a2, a3, a4, a5, a6 = zero, zero, zero, zero, zero, zero, zero
    for k in range(starts[row], starts[row + 1]):
        column, value = columns[k], splat(values[k])
        coming = columns[min(k + AHEAD, columns.size - 1)]
        for register in range(PART):
            prefetch(dense, coming, at + register)
        a0 = multiply_add(value, load(dense, column, at), a0)
        a1 = multiply_add(value, load(dense, column, at + 1), a1)
        a2 = multiply_add(value, load(dense, column, at + 2), a2)
        a3 = multiply_add(value, load(dense, column, at + 3), a3)
        a4 = multiply_add(value, load(dense, column, at + 4), a4)
        a5 = multiply_add(value, load(dense, column, at + 5), a5)
        a6 = multiply_add(value, load(dense, column, at + 6), a6)
    return a0, a1, a2, a3, a4, a5, a6


@jit
def multiply_rows(starts, columns, values, dense, product, first, last, parts):
    """Multiply some rows of a sparse matrix with a dense one.

    starts   int64 (N + 1,)  where each row's entries begin
    columns  int32 (E,)      the column of each entry
    values   float (E,)      and its value
    dense    float (·, D)    D = 16 * PART * parts
    product  float (N, D)    rows from `first` to `last` - 1 are overwritten
    first    int
    last     int
    parts    int
    """
    for row in range(first, last):
        for part in range(parts):
            at = PART * part
            a0, a1, a2, a3, a4, a5, a6 = sum_row(starts, columns, values, row, dense, at)
            store(product, row, at, a0)
            store(product, row, at + 1, a1)
            store(product, row, at + 2, a2)
            store(product, row, at + 3, a3)
            store(product, row, at + 4, a4)
            store(product, row, at + 5, a5)
            store(product, row, at + 6, a6)


@jit
def add_gram(starts, columns, values, dense, sums, first, last, part):
    """Multiply a dense matrix with some rows of a sparse one, and then with their transposes.

    starts   int64 (N + 1,)  where each row's entries begin
    columns  int32 (E,)      the column of each entry
    values   float (E,)      and its value
    dense    float (M, D)    D = 16 * PART * parts
    sums     float (M, D)    grows by Σ xᵢᵀ (xᵢ dense) over the rows, in one part of its columns
    first    int             the first row
    last     int             the row after the last
    part     int
    """
    at = PART * part
    for row in range(first, last):
        a0, a1, a2, a3, a4, a5, a6 = sum_row(starts, columns, values, row, dense, at)
        for k in range(starts[row], starts[row + 1]):
            column, value = columns[k], splat(values[k])
            coming = columns[min(k + AHEAD, columns.size - 1)]
            for register in range(PART):
                prefetch(sums, coming, at + register)
            store(sums, column, at, multiply_add(value, a0, load(sums, column, at)))
            store(sums, column, at + 1, multiply_add(value, a1, load(sums, column, at + 1)))
            store(sums, column, at + 2, multiply_add(value, a2, load(sums, column, at + 2)))
            store(sums, column, at + 3, multiply_add(value, a3, load(sums, column, at + 3)))
            store(sums, column, at + 4, multiply_add(value, a4, load(sums, column, at + 4)))
            store(sums, column, at + 5, multiply_add(value, a5, load(sums, column, at + 5)))
            store(sums, column, at + 6, multiply_add(value, a6, load(sums, column, at + 6)))
