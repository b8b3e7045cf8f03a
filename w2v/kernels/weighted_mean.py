"""The mean of some rows of a matrix, and the mean of their squared lengths."""

from __future__ import annotations

from w2v.kernels import exact
from w2v.kernels.simd import load, multiply_add, splat, store_sums
from w2v.kernels.tiles import add_row, clear_row


@exact
def weighted_mean(matrix, rows, weights, mean, registers, sums):
    """Compute the weighted mean of some rows, and that of their squared lengths.

    matrix     float (V, D)
    rows       int32 (R,)    row numbers of `matrix`
    weights    float (R,)    their sum is 1
    mean       float (1, D)  overwritten
    registers  int           D / 16
    sums       float (4,)    scratch
    Returns    float, the mean of the squared lengths
    """
    zero = splat(matrix.dtype.type(0.0))
    square = zero
    clear_row(mean, 0, registers)
    for i in range(rows.size):
        add_row(matrix, rows[i], weights[i], mean, 0, registers)
        weight = splat(matrix.dtype.type(weights[i]))
        for register in range(registers):
            row = load(matrix, rows[i], register)
            square = multiply_add(multiply_add(weight, row, zero), row, square)
    store_sums(sums, 0, square, zero, zero, zero)
    return sums[0]
