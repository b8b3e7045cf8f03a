"""Euclidean norms, unit vectors, and the test whether vectors have a direction."""

from __future__ import annotations

import math

import numpy as np

_BLOCK = 1 << 16  # numbers processed at a time
_TINY = float(np.finfo(np.float32).tiny)  # Below this, numbers of float32 have fewer digits.
_HUGE = float(np.finfo(np.float32).max) / 2  # Above this, norms may be limited to the maximum.


def row_norms(vectors: np.ndarray) -> np.ndarray:
    """The Euclidean norm of each vector (..., D): float64 (...), summed in float64.

    Vectors are converted to float64 in blocks, so the whole array is never copied.
    """
    *shape, dim = vectors.shape
    flat = vectors.reshape(math.prod(shape), dim)
    norms = np.empty(len(flat))
    rows = max(1, _BLOCK // max(dim, 1))
    for begin in range(0, len(flat), rows):
        with np.errstate(invalid="ignore"):  # A damaged file may hold a signalling NaN.
            block = flat[begin : begin + rows].astype(np.float64, copy=False)
        norms[begin : begin + rows] = np.sqrt(np.einsum("ij,ij->i", block, block))
    return norms.reshape(shape)


def has_direction(norms: np.ndarray) -> np.ndarray:
    """Whether vectors with these norms have a direction, bool.

    A vector that is zero or not finite has no direction, and therefore no cosine. It is left out of
    searches, analogies, evaluation and means.
    """
    directed: np.ndarray = np.isfinite(norms) & (norms > 0)
    return directed


def needs_units(norms: np.ndarray) -> np.ndarray:
    """Whether finite norms above zero are too small or too large to be exact in float32; bool."""
    needed: np.ndarray = ((norms > 0) & (norms < _TINY)) | ((norms > _HUGE) & np.isfinite(norms))
    return needed


def unit_vectors(
    vectors: np.ndarray, norms: np.ndarray | None = None, dtype: type[np.floating] = np.float32
) -> np.ndarray:
    """Divide vectors (..., D) by their norms; vectors without a direction become zero.

    norms    float (...), the norms of the vectors; None: they are computed
    Returns  a new array of `dtype`
    """
    if norms is None:
        norms = row_norms(vectors)
    elif (inexact := needs_units(norms)).any():
        norms = np.where(inexact, row_norms(vectors), norms)
    directed = has_direction(norms)
    units = np.zeros(vectors.shape, dtype)
    divisors = np.where(directed, norms, 1)[..., None]
    np.divide(vectors, divisors, out=units, where=directed[..., None])
    return units
