"""Products of a sparse matrix A (CSR) and a dense matrix Q, row by row, for the truncated SVD.

    A Q          row i:  Σ_j A_ij Q_j
    Aᵀ A Q       for each row i and its entries j:  row j += A_ij (A_i Q)

A has N rows, M columns and E entries. Aᵀ A Q takes one pass over A, and A Q is not stored. The
columns of Q are processed in blocks of 16 REGISTERS columns, so that the sums of a block stay in
SIMD registers.
"""

from __future__ import annotations

from w2v.kernels import inlined, jit
from w2v.kernels.simd import load, multiply_add, prefetch, splat, store

REGISTERS = 7  # registers for the columns of a block
AHEAD = 6  # the row of Q for an entry of A is prefetched this many entries before it is used


@inlined
def multiply_row(starts, columns, values, row, dense, at):
    """The product of one row of A with one block of columns of Q.

    starts   int64 (N + 1,)  index of the first entry of each row of A, and E
    columns  int32 (E,)      column of each entry
    values   float (E,)      value of each entry
    row      int             row of A
    dense    float (·, D)    Q
    at       int             first of REGISTERS registers of a row of Q
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
    """Multiply rows of A with Q.

    starts   int64 (N + 1,)  index of the first entry of each row of A, and E
    columns  int32 (E,)      column of each entry
    values   float (E,)      value of each entry
    dense    float (·, D)    Q; D = 16 * REGISTERS * blocks
    product  float (N, D)    rows `first` to `last` - 1 are overwritten
    first    int             first row
    last     int             row after the last one
    blocks   int             number of blocks of columns
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
    """Add the part of Aᵀ A Q that comes from some rows of A, for one block of columns of Q.

    starts   int64 (N + 1,)  index of the first entry of each row of A, and E
    columns  int32 (E,)      column of each entry
    values   float (E,)      value of each entry
    dense    float (M, D)    Q; D = 16 * REGISTERS * blocks
    sums     float (M, D)    changed in place in the columns of this block
    first    int             first row of A
    last     int             row after the last one
    block    int             number of the block of columns
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
