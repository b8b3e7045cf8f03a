"""Uniform random vectors, with which training begins."""

from __future__ import annotations

import numpy as np

_ROWS = 1 << 12  # rows that are filled at a time


def fill_uniform(vectors: np.ndarray, rng: np.random.Generator) -> None:
    """Fill a matrix, float32 (N, dim), with uniform random numbers in ±1 / dim."""
    for begin in range(0, len(vectors), _ROWS):
        rows = vectors[begin : begin + _ROWS]
        rows[:] = (rng.random(rows.shape, np.float32) - 0.5) * (2 / rows.shape[1])
