"""The dense parameters of a network in one matrix, with a view for each parameter.

Dense parameters are those that every minibatch changes as a whole. Of an embedding, a minibatch
changes only some rows. The optimizer and the sum of gradients treat all dense parameters as one
array.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from w2v.kernels.simd import aligned

BLOCK = 1024  # columns of the matrix


def rows_for(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Rows of a matrix with BLOCK columns that holds arrays of these shapes."""
    return -(-sum(map(math.prod, shapes.values())) // BLOCK)


def views(matrix: np.ndarray, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Views of these shapes, one after the other, of a matrix with BLOCK columns."""
    numbers, start, arrays = matrix.reshape(-1), 0, {}
    for name, shape in shapes.items():
        arrays[name] = numbers[start : start + math.prod(shape)].reshape(shape)
        start += math.prod(shape)
    return arrays


def allocate(shapes: Mapping[str, tuple[int, ...]], dtype: type, copies: int = 1) -> np.ndarray:
    """Zeros for arrays of these shapes, in several copies: (copies, rows, BLOCK)."""
    return aligned((copies, rows_for(shapes), BLOCK), dtype)
