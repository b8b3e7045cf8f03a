"""Compiled inner loops: the only package that imports Numba.

Rules of the house:

1. A file opens with its equations, and says where they differ from their source and why. Where a
   file says D, rows are padded to a multiple of 16 numbers, `registers` times 16 (see `simd`).
2. Arguments are arrays and numbers; results are written into arguments; scratch is passed in.
   Nothing is raised, printed, read or allocated in a loop.
3. `jit` owns the Numba options. Its fast-math flags let the compiler reorder sums and fuse
   multiply-adds, but keep the meaning of NaN and infinity: we test for them.
4. Threads are Python threads over these functions, which hold no lock while they run.
5. Random numbers come from a state argument and are made of shifts and xors, so that the same code
   gives the same numbers as plain Python (`NUMBA_DISABLE_JIT=1`).
6. Every kernel has a twin in plain NumPy, `tests/naive.py`, and every step is proven to be a
   gradient by finite differences in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from w2v.kernels.cache import cached

# A kernel that trains a chunk, or a `partial` of one: returns (sum of losses in nats, pairs).
Kernel = Callable[..., tuple[float, int]]

_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "fastmath": {"nsz", "arcp", "contract", "afn", "reassoc"},
    "error_model": "numpy",
}


def jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` with the options of this package."""
    return cached(numba.njit(**_OPTIONS)(function))


def exact(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile without the fast-math flags: each operation rounds as IEEE 754 says."""
    return cached(numba.njit(**_OPTIONS | {"fastmath": False})(function))


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` into its callers; it has no compiled form of its own.

    A call passes seven numbers for each array: with calls skip-gram takes 1.3 times as long, CBOW
    1.2 (tests/bench/tricks.py).
    """
    return numba.njit(**_OPTIONS, forceinline=True)(function)


def inlined_exact(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` into its callers, without the fast-math flags."""
    return numba.njit(**_OPTIONS | {"fastmath": False}, forceinline=True)(function)
