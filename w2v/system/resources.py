"""Processors and memory: the amounts that this process may use, and the memory that it uses."""

from __future__ import annotations

import ctypes
import importlib.util
import itertools
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from w2v.errors import W2VError
from w2v.system import cgroups, windows_memory

try:
    import resource
except ModuleNotFoundError:  # Windows
    resource = None  # type: ignore[assignment]


_BLAS_LOCK = threading.Lock()
# The blocks of `blas_threads` that have not ended: BLAS threads, and the thread of the block.
_blas_blocks: list[tuple[int, int]] = []
# The function that sets the threads of each OpenBLAS, and their number before the first block.
_blas_before: list[tuple[Callable[[int], None], int]] = []


def processors() -> int:
    """The number of processors this process may use, by its CPU affinity and cgroup quotas."""
    has_affinity = hasattr(os, "sched_getaffinity")
    count = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    return min(count, cgroups.processors() or count)


@contextmanager
def blas_threads(count: int) -> Iterator[bool]:
    """A block in which the BLAS of NumPy and SciPy uses `count` threads.

    Yields whether the number could be set. This is possible only for the OpenBLAS in the wheels of
    NumPy or SciPy. All threads of a program share the number: it is that of the block that began
    last, of those that have not ended, and after the last block that from before the first one.

    The command line sets the number by environment variables before NumPy is imported, but a Python
    program may have imported NumPy already. The number matters for two reasons. First, the order of
    sums depends on it, so that the last digits of results differ. Second, if several threads call
    BLAS, each with several BLAS threads, they wait for each other: an LSTM on 3,000 reviews, with 2
    threads, took 26 s of processor time with 2 BLAS threads, and 2.1 s with one.
    """
    block = count, threading.get_ident()  # compared by identity: others may be equal
    with _BLAS_LOCK:
        if not _blas_blocks:
            _set_blas_threads()  # in a process that was forked within the block of another thread
            _blas_before[:] = [(set_, get()) for get, set_ in _openblas()]
        _blas_blocks.append(block)
        _set_blas_threads()
    try:
        yield bool(_blas_before)
    finally:
        with _BLAS_LOCK:
            _blas_blocks[:] = [each for each in _blas_blocks if each is not block]
            _set_blas_threads()
            if not _blas_blocks:
                _blas_before.clear()  # The program may set another number now.


def _set_blas_threads() -> None:
    """Set the number of the latest block of `blas_threads`, or without blocks that from before."""
    for set_, count_before in _blas_before:
        set_(_blas_blocks[-1][0] if _blas_blocks else count_before)


def _end_blocks_of_other_threads() -> None:
    """In a forked process, which has only the thread that forked: end what others have begun."""
    global _BLAS_LOCK
    _BLAS_LOCK = threading.Lock()  # Another thread may have held the lock.
    _blas_blocks[:] = [block for block in _blas_blocks if block[1] == threading.get_ident()]


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_end_blocks_of_other_threads)


def _openblas() -> Iterator[tuple[Callable[[], int], Callable[[int], None]]]:
    """Find each OpenBLAS in a wheel.

    Yields  two functions, which get and set its number of threads
    """
    for package in ("numpy", "scipy"):
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            continue
        home = Path(spec.origin).parent
        for path in [*home.parent.glob(f"{package}.libs/*openblas*"), *home.glob(".dylibs/*blas*")]:
            library = ctypes.CDLL(str(path))
            for prefix, suffix in itertools.product(("scipy_", ""), ("64_", "")):
                names = [f"{prefix}openblas_{verb}_num_threads{suffix}" for verb in ("get", "set")]
                if all(hasattr(library, name) for name in names):
                    yield tuple(getattr(library, name) for name in names)
                    break


def available_memory() -> int | None:
    """Bytes that can be allocated before the machine or container runs out; None if unknown.

    Without /proc, as on macOS, the result is all memory of the machine.
    """
    limits = []
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                limits.append(int(line.split()[1]) * 1024)
    except OSError:
        if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
            limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        elif (free := windows_memory.available()) is not None:
            limits.append(free)
    if (free := cgroups.free_memory()) is not None:
        limits.append(free)
    return max(min(limits), 0) if limits else None


def used_memory() -> int:
    """The resident memory of this process in bytes; without /proc, its peak so far."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return peak_memory() if resource else windows_memory.of_process()[0]


def peak_memory() -> int:
    """The largest resident memory of this process so far, in bytes."""
    if resource is None:
        return windows_memory.of_process()[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def readable(size: float) -> str:
    """A number of bytes in readable form, such as 840 KB, 57 MB or 1.2 GB; a KB has 1,000 bytes."""
    for unit in ("bytes", "KB", "MB"):
        if size < 999.5:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def rounded_down(number: float) -> int:
    """A number for advice, with two digits other than 0, from 0 to 2,147,483,647."""
    whole = min(max(int(number), 0), (1 << 31) - 1)
    unit = 10 ** max(len(str(whole)) - 2, 0)
    return whole // unit * unit


def size(text: str) -> int:
    """The number of bytes of a size such as 800MB, 4G or 1.5 GB; W2VError for any other text."""
    parts = re.fullmatch(r"\s*(\d{1,18}(?:\.\d+)?)\s*([KMGT]?)B?\s*", text, re.IGNORECASE)
    if not parts:
        raise W2VError(f"{text!r} is not a size in bytes: expected, for example, 800MB or 4GB")
    return int(float(parts[1]) * 1000 ** ("KMGT".index(parts[2].upper()) + 1 if parts[2] else 0))
