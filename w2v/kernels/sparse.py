"""Products of a sparse matrix A (CSR) and a dense one Q, row by row, for the truncated SVD.

    A Q          row i:  Σ_j A_ij Q_j
    Aᵀ A Q       grows by A_ijᵀ (A_i Q) over the rows i: one pass over A, nothing of A Q is stored

Columns are worked on REGISTERS times 16 at a time: sums that stay in SIMD registers.
"""

from __future__ import annotations

from w2v.kernels import inlined, jit
from w2v.kernels.simd import load, multiply_add, prefetch, splat, store

REGISTERS = 7
AHEAD = 6  # entries of A whose rows of Q are prefetched ahead


@inlined
def multiply_row(starts, columns, values, row, dense, at):
    """The product of one row of A with some columns of Q.

    starts   int64 (N + 1,)  where each row's entries begin
    columns  int32 (E,)      the column of each entry
    values   float (E,)      and its value
    row      int
    dense    float (·, D)
    at       int             the first of REGISTERS registers
    Returns  REGISTERS registers
    """
    zero = splat(dense.dtype.type(0.0))
    a0, a1, a2, a3, a4, a5, a6 = zero, zero, zero, zero, zero, zero, zero
    for k in range(starts[row], starts[row + 1]):
        column, value = columns[k], splat(values[k])
        ahead = columns[min(k + AHEAD, columns.size - 1)]
        for register in range(REGISTERS):
            prefetch(dense, ahead, at + register)
        a0 = multiply_add(value, load(dense, column, at), a0)
        a1 = multiply_add(value, load(dense, column, at + 1), a1)
        a2 = multiply_add(value, load(dense, column, at + 2), a2)
        a3 = multiply_add(value, load(dense, column, at + 3), a3)
        a4 = multiply_add(value, load(dense, column, at + 4), a4)
        a5 = multiply_add(value, load(dense, column, at + 5), a5)
        a6 = multiply_add(value, load(dense, column, at + 6), a6)
    return a0, a1, a2, a3, a4, a5, a6


@jit
def multiply_rows(starts, columns, values, dense, product, first, last, blocks):
    """Multiply some rows of A with Q.

    starts   int64 (N + 1,)  where each row's entries begin
    columns  int32 (E,)      the column of each entry
    values   float (E,)      and its value
    dense    float (·, D)    D = 16 * REGISTERS * blocks
    product  float (N, D)    rows from `first` to `last` - 1 are overwritten
    first    int
    last     int
    blocks   int
    """
    for row in range(first, last):
        for block in range(blocks):
            at = REGISTERS * block
            a0, a1, a2, a3, a4, a5, a6 = multiply_row(starts, columns, values, row, dense, at)
            store(product, row, at, a0)
            store(product, row, at + 1, a1)
            store(product, row, at + 2, a2)
            store(product, row, at + 3, a3)
            store(product, row, at + 4, a4)
            store(product, row, at + 5, a5)
            store(product, row, at + 6, a6)


@jit
def add_gram(starts, columns, values, dense, sums, first, last, block):
    """Add Aᵀ (A Q) of some rows of A, in one block of the columns of Q.

    starts   int64 (N + 1,)  where each row's entries begin
    columns  int32 (E,)      the column of each entry
    values   float (E,)      and its value
    dense    float (M, D)    D = 16 * REGISTERS * blocks
    sums     float (M, D)    grows in the columns of this block
    first    int             the first row
    last     int             the row after the last
    block    int
    """
    at = REGISTERS * block
    for row in range(first, last):
        a0, a1, a2, a3, a4, a5, a6 = multiply_row(starts, columns, values, row, dense, at)
        for k in range(starts[row], starts[row + 1]):
            column, value = columns[k], splat(values[k])
            ahead = columns[min(k + AHEAD, columns.size - 1)]
            for register in range(REGISTERS):
                prefetch(sums, ahead, at + register)
            store(sums, column, at, multiply_add(value, a0, load(sums, column, at)))
            store(sums, column, at + 1, multiply_add(value, a1, load(sums, column, at + 1)))
            store(sums, column, at + 2, multiply_add(value, a2, load(sums, column, at + 2)))
            store(sums, column, at + 3, multiply_add(value, a3, load(sums, column, at + 3)))
            store(sums, column, at + 4, multiply_add(value, a4, load(sums, column, at + 4)))
            store(sums, column, at + 5, multiply_add(value, a5, load(sums, column, at + 5)))
            store(sums, column, at + 6, multiply_add(value, a6, load(sums, column, at + 6)))
