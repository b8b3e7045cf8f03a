"""Mapping of files, and arrays that are mapped: has the file become shorter since it was opened?

Some file systems, such as mounted buckets and network shares, cannot map files. These files are
read into memory instead.

Reading a mapped byte that its file no longer has ends the process with the signal SIGBUS, which no
program can turn into a message. A file becomes shorter when another program writes to it in place,
as `cp` and `>` do, while `w2v similar -` or a Python program answers queries from it.
"""

from __future__ import annotations

import errno
import mmap
from collections.abc import Iterable
from typing import IO

import numpy as np

from w2v.errors import W2VError


class MappedFile(mmap.mmap):
    """The bytes of a file, mapped; `filename` is its name in messages."""

    filename = ""


# What file systems answer that cannot map files.
_UNMAPPABLE = (errno.ENODEV, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


def map_file(file: IO[bytes], name: str) -> MappedFile | bytes:
    """The bytes of an open file, read-only: mapped, or else read into memory.

    file  the file, which is not empty
    name  its name in messages
    """
    try:
        mapped = MappedFile(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        if error.errno not in _UNMAPPABLE:
            raise
        file.seek(0)
        return file.read()
    mapped.filename = name
    return mapped


def check_whole(arrays: Iterable[object]) -> None:
    """Raise W2VError if an array is mapped from a file that has become shorter.

    Other objects, and arrays in memory, are passed over.
    """
    for array in list(arrays):  # the values of a table, to which other threads may add
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
