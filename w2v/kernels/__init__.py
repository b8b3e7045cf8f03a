"""Compiled inner loops: the only package that imports Numba.

Rules of this package:

1. A file opens with its equations, and with the differences from their source and the reasons. D is
   the length of a row of vectors, padded to a multiple of 16 numbers: D = 16 `registers` (see
   `simd`).
2. Arguments are arrays and numbers. Results are written into arguments, and scratch memory is
   passed in. No loop raises an exception, prints, reads a file or allocates memory.
3. Only `jit` and its variants below set Numba options. The fast-math flags let the compiler reorder
   sums and fuse multiply-adds. They keep the meaning of NaN and infinity, because the program tests
   for them.
4. Threads are Python threads that call these functions; the functions release the GIL.
5. Random numbers come from a state argument and are made of shifts and xors, so that compiled code
   and plain Python (`NUMBA_DISABLE_JIT=1`) draw the same numbers.
6. Every kernel has a twin in plain NumPy, in `tests/naive.py`. Tests compare every step with a
   gradient by finite differences in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from w2v.kernels.numba_import import import_numba

import_numba()

import numba  # noqa: E402 - explained above if it fails

from w2v.kernels.cache import cached  # noqa: E402

# A kernel that trains a chunk, or a `partial` of such a kernel. It returns the sum of the losses in
# nats and the number of pairs (the predictions that the loss counts).
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
    """Compile `function` without fast-math flags: each operation is rounded as in IEEE 754."""
    return cached(numba.njit(**_OPTIONS | {"fastmath": False})(function))


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` into its callers; it has no separate compiled form.

    A call would pass seven numbers for each array. With calls, skip-gram takes 1.3 times as long,
    and CBOW 1.2 times (tests/bench/tricks.py).
    """
    return numba.njit(**_OPTIONS, forceinline=True)(function)


def inlined_exact(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` into its callers, without fast-math flags."""
    return numba.njit(**_OPTIONS | {"fastmath": False}, forceinline=True)(function)
