"""The merge of the changes of a row by how far each chunk moves it towards its optimum.

If m chunks have changed a row x by d_s, the merge of a round moves x by a share of the sum Σ d_s. A
step moves a row a share of the way towards its optimum, so that a chunk leaves the share r of the
distance. m chunks trained one after the other would move the row by Σ r^k d_s, k = 0 … m - 1, and
in any order of the chunks by the mean

    Δ = w(r) Σ d_s        w(r) = (1 + r + … + r^(m - 1)) / m

Rows of rare words have r ≈ 1, and Δ is the sum of the changes. A frequent word reaches its optimum
in each chunk, r ≈ 0, and Δ is their mean. A row that is part of n pairs in a chunk has r = e^(-λ n)
with λ = lr times the curvature of the loss. The curvature is large in one direction u, that of the
mean of the vectors that the row is multiplied with: most pairs are negative samples, whose vectors
have this mean. So the changes along u have a share of their own:

    Δ = w(r) Σ d_s + (w(r_u) - w(r)) u uᵀ Σ d_s

If all directions had the share w(r), the mean vectors would overshoot in each round, because those
of all rows move together (tests/bench/rounds.py). `negative_sampling.contractions` computes λ n,
λ_u n and u.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.kernels import exact, inlined_exact
from w2v.kernels.simd import WIDTH, aligned, load, multiply_add, splat, store, store_sums

_SQUARINGS = 4  # e^(-x) is computed as (1 + x / 16)^-16, which has the same bits on all processors


class Contraction(NamedTuple):
    """How fast training moves the rows of a matrix towards their optimum.

    pairs      float32 (V,)    the number of pairs of each row in a chunk; (0,) for rows that are
                               merged by agreement
    rates      float32 (2,)    λ and λ_u, for each pair
    direction  float32 (1, D)  u, of length 1 or 0
    """

    pairs: np.ndarray
    rates: np.ndarray
    direction: np.ndarray


def by_agreement(registers: int, dtype: type = np.float32) -> Contraction:
    """The `Contraction` of a matrix whose rows are merged by agreement.

    registers  D / 16
    dtype      that of the matrix
    """
    direction = aligned((1, WIDTH * registers), dtype)
    return Contraction(np.empty(0, np.float32), np.zeros(2, np.float32), direction)


@inlined_exact
def share_of_sum(exponent, count):
    """The share of the sum of changes by which a row moves: w(r), with r = e^-exponent.

    exponent  float
    count     int    number of changes, at least 1
    Returns   float
    """
    one = np.float32(1.0)
    left = one / (one + exponent / np.float32(1 << _SQUARINGS))
    for _ in range(_SQUARINGS):
        left *= left
    total = one
    for _ in range(count - 1):
        total = one + left * total
    return total / np.float32(count)


@inlined_exact
def contract_row(matrix, row, changes, local_row, count, contraction, registers, sums):
    """Move a row by Δ, by contraction.

    matrix       float (V, D)  changed in place
    row          int
    changes      float (·, D)  row `local_row` is Σ d
    local_row    int
    count        int           m
    contraction  Contraction
    registers    int           D / 16
    sums         float (4,)    scratch
    """
    pairs, rates, direction = contraction
    share = share_of_sum(rates[0] * pairs[row], count)
    share_along = share_of_sum(rates[1] * pairs[row], count)
    zero = splat(matrix.dtype.type(0.0))
    product = zero
    for register in range(registers):
        change = load(changes, local_row, register)
        product = multiply_add(change, load(direction, 0, register), product)
    store_sums(sums, 0, product, zero, zero, zero)
    weight = splat(matrix.dtype.type(share))
    along = splat(matrix.dtype.type((share_along - share) * sums[0]))
    for register in range(registers):
        moved = multiply_add(
            weight, load(changes, local_row, register), load(matrix, row, register)
        )
        store(matrix, row, register, multiply_add(along, load(direction, 0, register), moved))


@exact
def contract_rows(matrix, rows, changes, counts, contraction, registers, sums):
    """Move rows by Δ, by contraction.

    matrix       float (V, D)  changed in place
    rows         int32 (R,)    the rows that are moved
    changes      float (R, D)  Σ d of each row
    counts       int32 (R,)    m of each row
    contraction  Contraction
    registers    int           D / 16
    sums         float (4,)    scratch
    """
    for i in range(rows.size):
        contract_row(matrix, rows[i], changes, i, counts[i], contraction, registers, sums)
