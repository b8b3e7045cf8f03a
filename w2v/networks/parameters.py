"""One matrix with all dense parameters of a network, and a view of the matrix for each parameter.

Every minibatch changes all numbers of the dense parameters. Of an embedding matrix it changes only
some rows, so an embedding matrix is not dense. The optimizer and the sum of gradients treat all
dense parameters as one array.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from w2v.kernels.simd import aligned

BLOCK = 1024  # columns of the matrix


def rows_for(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Number of rows of a matrix with BLOCK columns that holds arrays of these shapes."""
    return -(-sum(map(math.prod, shapes.values())) // BLOCK)


def views(matrix: np.ndarray, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Make views of a matrix with BLOCK columns: arrays of these shapes, one after the other."""
    numbers, start, arrays = matrix.reshape(-1), 0, {}
    for name, shape in shapes.items():
        arrays[name] = numbers[start : start + math.prod(shape)].reshape(shape)
        start += math.prod(shape)
    return arrays


def allocate(shapes: Mapping[str, tuple[int, ...]], dtype: type, copies: int = 1) -> np.ndarray:
    """Allocate matrices of zeros, (copies, rows, BLOCK), which each hold arrays of these shapes."""
    return aligned((copies, rows_for(shapes), BLOCK), dtype)
