"""The vectors of features in few bytes: float16, int8, or int4 with two numbers in a byte.

Each row of integers has a scale, row = scale · integers, which a byte stores: scale = s · 2^(-c/8),
with the largest scale s of all rows and the code c of the row, 0 to 254. It is the smallest such
scale with which the numbers of the row fit -127 to 127, or -7 to 7. The code 255 is a row of zeros.
In a byte of int4 are the numbers plus 8, the first one in the low half.

With few numbers in a row, a byte for its scale would take as much as its numbers. Then each column
has a scale, and int4 is int8.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from w2v.embeddings.int8_rows import are_scales, dequantize, quantize

VECTORS, CODES, LARGEST = "features.vectors", "features.scale_codes", "features.largest_scale"
COLUMN_SCALES = "features.column_scales"
DTYPES = {"float32": "f32", "float16": "f16", "int8": "i8", "uint8": "i4"}  # of VECTORS
_FEW = 8  # numbers; rows with fewer have no scale of their own
_LARGEST_HALF = float(np.finfo(np.float16).max)
_MOST = {"i8": 127, "i4": 7}  # the largest integer
_FINITE = float(np.finfo(np.float32).max) * (1 + 1e-6)
_STEPS, _ZERO = 8, 255  # codes of a factor of 2; the code of a row of zeros


def pack(vectors: np.ndarray, dtype: str) -> dict[str, np.ndarray]:
    """The arrays of a file that store the vectors of features.

    vectors  float32 (R, D), finite
    dtype    f32, f16, i8 or i4; float16 clips numbers that it cannot hold
    """
    if dtype == "f32":
        return {VECTORS: vectors}
    if dtype == "f16":
        return {VECTORS: np.clip(vectors, -_LARGEST_HALF, _LARGEST_HALF).astype(np.float16)}
    if vectors.shape[1] < _FEW:
        integers, scales = quantize(np.ascontiguousarray(vectors.T))
        return {VECTORS: np.ascontiguousarray(integers.T), COLUMN_SCALES: scales}
    most = _MOST[dtype]
    needed = np.abs(vectors).max(axis=1).astype(np.float64) / most
    largest = np.float32(needed.max(initial=0))
    if largest < np.finfo(np.float32).tiny:
        largest = np.float32(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        codes = np.floor(np.maximum(np.log2(np.float64(largest) / needed), 0) * _STEPS)
    codes = np.where(codes < _ZERO, codes, _ZERO).astype(np.uint8)  # also NaN
    scales = _scales(codes, largest)[:, None]
    quotients = np.divide(vectors, scales, out=np.zeros(vectors.shape), where=scales > 0)
    integers = np.clip(np.rint(quotients), -most, most).astype(np.int8)
    stored = integers if dtype == "i8" else _halves(integers)
    return {VECTORS: stored, CODES: codes, LARGEST: np.array([largest], np.float32)}


def unpack(tensors: Mapping[str, np.ndarray], dim: int) -> np.ndarray:
    """The vectors, float32 (R, D).

    tensors  the arrays of a file
    dim      D
    Raises   KeyError or ValueError if arrays are missing or damaged
    """
    vectors = tensors[VECTORS]
    is_half = vectors.dtype == np.uint8
    shape = (len(vectors), (dim + 1) // 2 if is_half else dim)
    if vectors.dtype.name not in DTYPES or vectors.shape != shape:
        raise ValueError(VECTORS)
    if vectors.dtype.kind == "f":
        return vectors.astype(np.float32)
    if COLUMN_SCALES in tensors:
        scales = tensors[COLUMN_SCALES]
        if is_half or scales.shape != (dim,) or scales.dtype != np.float32:
            raise ValueError(COLUMN_SCALES)
        if not are_scales(scales).all():
            raise ValueError(COLUMN_SCALES)
        return np.ascontiguousarray(dequantize(vectors.T, scales).T)
    codes, largest = tensors[CODES], tensors[LARGEST]
    if codes.dtype != np.uint8 or codes.shape != vectors.shape[:1]:
        raise ValueError(CODES)
    if largest.dtype != np.float32 or largest.shape != (1,):
        raise ValueError(LARGEST)
    most = _MOST["i4" if is_half else "i8"]
    if not 0 <= largest[0] <= _FINITE / most:
        raise ValueError(LARGEST)
    integers = _whole(vectors, dim) if is_half else vectors
    return dequantize(integers, _scales(codes, largest[0]).astype(np.float32))


def _scales(codes: np.ndarray, largest: np.floating) -> np.ndarray:
    """The scales of rows, float64 (R,)."""
    scales = np.float64(largest) * np.exp2(-codes.astype(np.float64) / _STEPS)
    return np.where(codes == _ZERO, 0, scales)


def _halves(integers: np.ndarray) -> np.ndarray:
    """Two numbers in a byte, uint8 (R, ⌈D / 2⌉); an odd last one alone."""
    padded = np.pad(integers, ((0, 0), (0, integers.shape[1] % 2))) + np.int8(8)
    found: np.ndarray = (padded[:, ::2] | (padded[:, 1::2] << 4)).astype(np.uint8)
    return found


def _whole(stored: np.ndarray, dim: int) -> np.ndarray:
    """The numbers of `_halves`, int8 (R, D)."""
    integers = np.stack([stored & 15, stored >> 4], axis=2).astype(np.int8) - np.int8(8)
    return integers.reshape(len(stored), 2 * stored.shape[1])[:, :dim]
