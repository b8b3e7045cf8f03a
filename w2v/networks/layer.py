"""What all layers have: parameters, their gradients, and how they begin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


class Layer:
    """Parameters by name, and gradients of the same shapes, which grow until they are cleared."""

    def __init__(self, shapes: dict[str, tuple[int, ...]], dtype: Any = np.float32):
        self.parameters = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}
        self.gradients = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}

    def clear(self) -> None:
        """Begin new gradients."""
        for gradient in self.gradients.values():
            gradient[...] = 0


def spread_evenly(rng: np.random.Generator, matrix: np.ndarray) -> None:
    """Fill a matrix (I, O) at random, so that signals keep their size forward and backward.

    Source: Glorot and Bengio 2010, equation 16: uniform in ±sqrt(6 / (I + O)).
    """
    limit = math.sqrt(6 / sum(matrix.shape))
    matrix[...] = rng.uniform(-limit, limit, matrix.shape)


def turn(rng: np.random.Generator, matrix: np.ndarray) -> None:
    """Fill a square matrix with a random rotation, which keeps lengths (Saxe et al. 2014)."""
    q, r = np.linalg.qr(rng.standard_normal(matrix.shape))
    matrix[...] = q * np.sign(np.diagonal(r))
