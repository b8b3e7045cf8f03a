"""Rotations that bring the vectors of several runs into one space.

Two runs on the same corpus give vectors that differ by a rotation, besides noise: the training loss
depends on products of vectors only. The rotation R (orthogonal, RᵀR = I) with the smallest squared
error ‖X R - Y‖ follows from the singular value decomposition Xᵀ Y = U S Vᵀ (Schönemann 1966):

    R = U Vᵀ

For K runs X_i, generalised Procrustes analysis (Gower 1975) finds rotations R_i with the smallest
sum of squared errors to their mean. Each in turn is the solution for the sum of the others,

    X_iᵀ Σ_(j≠i) X_j R_j

until the sum of the traces no longer grows. The products X_iᵀ X_j are computed once, so that the
time of the iterations does not depend on the number of words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_ITERATIONS = 100
_GAIN = 1e-9  # relative gain below which the iterations end


def rotation(products: np.ndarray) -> np.ndarray:
    """The rotation R with the smallest error ‖X R - Y‖, float64 (D, D).

    products  float64 (D, D), Xᵀ Y
    """
    left, _, right = np.linalg.svd(products)
    found: np.ndarray = left @ right
    return found


def rotations(products: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    """The rotation of each of K runs, each float64 (D, D); that of the first is the identity.

    products  products[i][j] is X_iᵀ X_j, float64 (D, D)
    """
    dim = len(products[0][0])
    found = [np.eye(dim)] + [rotation(row[0]) for row in products[1:]]
    before = -np.inf
    for _ in range(_ITERATIONS):
        agreement = 0.0
        for i, row in enumerate(products):
            others = sum(row[j] @ found[j] for j in range(len(found)) if j != i)
            found[i] = rotation(np.asarray(others))
            agreement += float((found[i] * others).sum())
        if agreement <= before + _GAIN * abs(agreement):
            break
        before = agreement
    return [each @ found[0].T for each in found]
