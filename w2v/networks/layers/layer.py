"""What all layers have: parameters, their gradients, and how they begin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

State = Sequence[np.ndarray] | None  # of a recurrent layer before its first step; None: zeros


class Layer:
    """Parameters by name, and gradients of the same shapes, which `backward` overwrites."""

    def __init__(self, shapes: dict[str, tuple[int, ...]], dtype: Any = np.float32):
        self.parameters = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}
        self.gradients = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}

    def attach(
        self, parameters: Mapping[str, np.ndarray], gradients: Mapping[str, np.ndarray]
    ) -> None:
        """Take these in place of its own: threads share parameters, each has its gradients."""
        self.parameters = {name: parameters[name] for name in self.parameters}
        self.gradients = {name: gradients[name] for name in self.gradients if name in gradients}


def init_glorot(rng: np.random.Generator, matrix: np.ndarray) -> None:
    """Fill a matrix (I, O) at random, so that signals keep their size forward and backward.

    Source: Glorot and Bengio 2010, equation 16: uniform in ±sqrt(6 / (I + O)).
    """
    limit = math.sqrt(6 / sum(matrix.shape))
    matrix[...] = rng.uniform(-limit, limit, matrix.shape)


def init_orthogonal(rng: np.random.Generator, matrix: np.ndarray) -> None:
    """Fill a square matrix with a random rotation, which keeps lengths (Saxe et al. 2014)."""
    q, r = np.linalg.qr(rng.standard_normal(matrix.shape))
    matrix[...] = q * np.sign(np.diagonal(r))


def flat(array: np.ndarray) -> np.ndarray:
    """All steps and rows of (T, B, D) as rows of one matrix."""
    return array.reshape(-1, array.shape[-1])


def times(array: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """(..., I) times (I, O) in one product; NumPy takes one a step, up to 5 times as long."""
    return (flat(array) @ matrix).reshape(*array.shape[:-1], matrix.shape[1])
