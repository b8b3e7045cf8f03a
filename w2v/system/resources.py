"""What this machine lets the process use: processors and memory."""

from __future__ import annotations

import ctypes
import importlib.util
import itertools
import os
import re
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from w2v.errors import W2VError
from w2v.system import cgroups


def processors() -> int:
    """How many processors this process may use: by its affinity, and the quotas of its cgroups."""
    known = hasattr(os, "sched_getaffinity")
    count = len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
    return min(count, cgroups.processors() or count)


@contextmanager
def blas_threads(count: int) -> Iterator[bool]:
    """Let NumPy's and SciPy's BLAS take so many threads for a while; False where that is not known.

    The command line tells BLAS by the environment before NumPy is imported; in a program NumPy may
    be there already. More threads sum in another order, so that the last digits differ, and where
    several threads call BLAS they wait for each other: an LSTM on 3,000 reviews, 2 threads, took
    26 s of processor time with 2 threads of BLAS, 2.1 s with one.
    Only the OpenBLAS that wheels bring is in reach; a second block in another thread has no effect.
    """
    setters = []
    for get, set_ in _openblas():
        setters.append((set_, get()))
        set_(count)
    try:
        yield bool(setters)
    finally:
        for set_, before in setters:
            set_(before)


def _openblas() -> Iterator[tuple[Callable[[], int], Callable[[int], None]]]:
    """What gets and what sets the threads of each OpenBLAS that a wheel has brought."""
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
    """Bytes that can be allocated before the machine or container runs out; None if unknown."""
    found = []
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
    except OSError:
        if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
            found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    if (free := cgroups.free_memory()) is not None:
        found.append(free)
    return max(min(found), 0) if found else None


def used_memory() -> int:
    """The memory that this process uses now, in bytes; its peak where only that can be known."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return peak_memory()


def peak_memory() -> int:
    """The most memory that this process has used so far, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def readable(size: float) -> str:
    """Bytes as people write them: 840 KB, 57 MB, 1.2 GB."""
    for unit in ("bytes", "KB", "MB"):
        if size < 999.5:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def size(text: str) -> int:
    """Bytes from what people write: 800MB, 4G, 1.5 GB; W2VError where it is none of these."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)B?\s*", text, re.IGNORECASE)
    if not found:
        raise W2VError(f"{text!r} is no size: try 800MB or 4GB")
    return int(float(found[1]) * 1000 ** ("KMGT".index(found[2].upper()) + 1 if found[2] else 0))
