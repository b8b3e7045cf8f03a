"""Rows of numbers as int8 with a scale each: row = scale · integers.

scale    = max |number of the row| / 127
integers = number / scale, rounded to the nearest integer, half to even: -127 to 127

A number therefore changes by half a scale at most. A row of zeros has the scale 0.
"""

from __future__ import annotations

import numpy as np

LARGEST = 127  # integers are -127 to 127, so that a number and its negative are equally exact
LARGEST_SCALE = float(np.finfo(np.float32).max) / LARGEST


def quantize(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The integers and scales of finite rows.

    rows     float32 (K, D)
    Returns  int8 (K, D) and float32 (K,). A row whose scale would be too small for a normal
             float32 becomes zero
    """
    peaks = np.abs(rows).max(axis=1, initial=0)
    scales = peaks / np.float32(LARGEST)
    scales[scales < np.finfo(np.float32).tiny] = 0
    # In float64, a quotient is rounded to the integer that is really the nearest.
    divisors = np.where(scales > 0, scales, np.inf)[:, None]
    integers = np.rint(np.divide(rows, divisors, dtype=np.float64)).astype(np.int8)
    return integers, scales


def dequantize(integers: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """The rows of integers int8 (..., D) and scales float32 (...); float32 (..., D)."""
    rows = integers.astype(np.float32)
    with np.errstate(over="ignore"):  # Only -128, which `quantize` never writes, can overflow.
        rows *= scales[..., None]
    return rows


def are_scales(scales: np.ndarray) -> np.ndarray:
    """Whether numbers can be scales, bool: from 0 to one that keeps rows finite; NaN cannot."""
    possible: np.ndarray = (scales >= 0) & (scales <= LARGEST_SCALE * (1 + 1e-6))
    return possible
