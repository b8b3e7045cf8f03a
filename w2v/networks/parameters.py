"""All parameters of a network that every batch changes, in one matrix, and views by name."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from w2v.kernels.simd import aligned

BLOCK = 1024  # numbers in a row of the matrix


def rows_for(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """How many rows of BLOCK numbers arrays of some shapes take."""
    return -(-sum(map(math.prod, shapes.values())) // BLOCK)


def views(matrix: np.ndarray, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Arrays of some shapes, one after the other, in a matrix of rows of BLOCK numbers."""
    numbers, start, found = matrix.reshape(-1), 0, {}
    for name, shape in shapes.items():
        found[name] = numbers[start : start + math.prod(shape)].reshape(shape)
        start += math.prod(shape)
    return found


def allocate(shapes: Mapping[str, tuple[int, ...]], dtype: type, copies: int = 1) -> np.ndarray:
    """Zeros for some arrays, in several copies; (copies, rows, BLOCK)."""
    return aligned((copies, rows_for(shapes), BLOCK), dtype)
