"""Arrays that are mapped from a file: has the file become shorter since it was opened?

Reading a mapped byte that its file no longer has ends the process with the signal SIGBUS, which no
program can turn into a message. A file becomes shorter when another program writes to it in place,
as `cp` and `>` do, while `w2v similar -` or a Python program answers queries from it.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable

import numpy as np

from w2v.errors import W2VError


class MappedFile(mmap.mmap):
    """The bytes of a file, mapped; `filename` is its name in messages."""

    filename = ""


def check_whole(arrays: Iterable[object]) -> None:
    """Raise W2VError if an array is mapped from a file that has become shorter.

    Other objects, and arrays in memory, are passed over.
    """
    for array in arrays:
        name, base = "", array
        while isinstance(base, np.ndarray):
            name, base = getattr(base, "filename", None) or name, base.base
        if isinstance(base, memoryview):
            base = base.obj
        if isinstance(base, mmap.mmap) and base.size() < len(base):
            where = getattr(base, "filename", "") or name or "the file of the vectors"
            raise W2VError(
                f"{where}: cut short while it was open, from {len(base):,} to {base.size():,} "
                "bytes: open it again, and let programs replace it by renaming, as mv does"
            )
