"""Ascending numbers in few bits each (Elias 1974; Fano 1971): P numbers of a range of B.

The lowest l = ⌊log2(B / P)⌋ bits of each number are stored as they are. The rest is its high part.
A bitmap has a one for each number, and before it as many zeros in all as the high part says. This
takes at most l + 3 bits for a number; uint32 takes 32. The lowest bit of a byte is the first.
"""

from __future__ import annotations

import numpy as np


def low_bits(count: int, size: int) -> int:
    """The number l of low bits.

    count  P, the number of numbers
    size   B, more than the largest number
    """
    return max((size // max(count, 1)).bit_length() - 1, 0)


def encode(numbers: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The low bits and the bitmap of numbers, each uint8 (·,).

    numbers  uint32 (P,), ascending, each once
    size     B, more than the largest number
    """
    bits = low_bits(len(numbers), size)
    low = np.empty((len(numbers), bits), np.uint8)
    for bit in range(bits):
        low[:, bit] = (numbers >> np.uint32(bit)) & np.uint32(1)
    places = (numbers >> np.uint32(bits)).astype(np.int64) + np.arange(len(numbers))
    high = np.zeros(places[-1] + 1 if len(places) else 0, np.uint8)
    high[places] = 1
    return np.packbits(low.ravel(), bitorder="little"), np.packbits(high, bitorder="little")


def decode(low: np.ndarray, high: np.ndarray, size: int) -> np.ndarray:
    """The numbers, uint32 (P,), from what `encode` returns and its `size`.

    low     uint8 (·,)
    high    uint8 (·,)
    size    B, up to 2³²
    Raises  ValueError if the arrays do not belong together
    """
    if any(part.dtype != np.uint8 or part.ndim != 1 for part in (low, high)):
        raise ValueError("buckets")
    places = np.flatnonzero(np.unpackbits(high, bitorder="little"))
    bits = low_bits(len(places), size)
    if len(low) != -(-len(places) * bits // 8):
        raise ValueError("buckets")
    numbers = (places - np.arange(len(places))) << bits
    single = np.unpackbits(low, count=len(places) * bits, bitorder="little")
    for bit in range(bits):
        numbers |= single[bit::bits].astype(np.int64) << bit
    if len(numbers) and (numbers.max() >= size or (np.diff(numbers) <= 0).any()):
        raise ValueError("buckets")
    return numbers.astype(np.uint32)
