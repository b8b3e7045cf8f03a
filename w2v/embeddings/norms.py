"""Euclidean norms, unit vectors, and which vectors have a direction: the start of all cosines."""

from __future__ import annotations

import math

import numpy as np

_BLOCK = 1 << 16  # numbers worked on at a time


def row_norms(vectors: np.ndarray) -> np.ndarray:
    """The Euclidean norm of each vector (..., D), float64 (...), summed in float64, in blocks."""
    *shape, dim = vectors.shape
    flat = vectors.reshape(math.prod(shape), dim)
    norms = np.empty(len(flat))
    rows = max(1, _BLOCK // max(dim, 1))
    for begin in range(0, len(flat), rows):
        with np.errstate(invalid="ignore"):  # a NaN of the signalling kind, from a damaged file
            block = flat[begin : begin + rows].astype(np.float64, copy=False)
        norms[begin : begin + rows] = np.sqrt(np.einsum("ij,ij->i", block, block))
    return norms.reshape(shape)


def has_direction(norms: np.ndarray) -> np.ndarray:
    """Whether vectors with these norms have a direction, bool; zero and not finite ones have none.

    A vector without a direction is treated as if it were not there wherever cosines are asked for:
    it is near to nothing, answers nothing and is no part of a mean.
    """
    directed: np.ndarray = np.isfinite(norms) & (norms > 0)
    return directed


def unit_vectors(
    vectors: np.ndarray, norms: np.ndarray | None = None, dtype: type[np.floating] = np.float32
) -> np.ndarray:
    """Vectors (..., D) divided by their norms; those without a direction become zero.

    norms    float (...), as in a table; None: they are computed
    Returns  a new array of `dtype`
    """
    if norms is None:
        norms = row_norms(vectors)
    directed = has_direction(norms)
    found = np.zeros(vectors.shape, dtype)
    divisors = np.where(directed, norms, 1)[..., None]
    np.divide(vectors, divisors, out=found, where=directed[..., None])
    return found
