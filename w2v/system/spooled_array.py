"""Arrays that need not fit in memory: large ones are kept in an unlinked temporary file."""

from __future__ import annotations

import errno
import math
import os
import threading
import weakref
from collections.abc import Callable
from typing import IO

import numpy as np

from w2v.system import scratch

IN_MEMORY = 1 << 22  # bytes; a larger array is kept in a file
PART = 1 << 17  # values rewritten at a time
_ZEROS = bytes(1 << 20)
# On Windows, which has neither pread nor pwrite, all threads share the one position of a file.
_POSITIONED = threading.Lock()


class SpooledArray:
    """A one-dimensional array that can grow. Several threads may read it at the same time.

    dtype   the type of the values
    values  the first values; None: the array is empty
    """

    def __init__(self, dtype: type, values: np.ndarray | None = None):
        self.dtype = np.dtype(dtype)
        self.size = 0
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        if values is not None:
            self.append(values)

    def append(self, values: np.ndarray) -> None:
        """Add values at the end; OSError if the temporary folder is full."""
        self.write(values, self.size)

    def read(self, first: int, last: int) -> np.ndarray:
        """A copy of the values at positions `first` to `last` - 1, as far as the array has them."""
        begin, end = (min(index, self.size) * self.dtype.itemsize for index in (first, last))
        values = bytearray(memoryview(self._memory)[begin:end])
        while len(values) < end - begin:
            assert self._file is not None
            values += _read_at(self._file.fileno(), end - begin - len(values), begin + len(values))
        return np.frombuffer(values, self.dtype)

    def read_ahead(self, first: int, last: int) -> None:
        """Ask the system to read values from the file soon, as far as they are not in memory."""
        if self._file is not None and hasattr(os, "posix_fadvise"):  # not on macOS, Windows
            begin, size = first * self.dtype.itemsize, (last - first) * self.dtype.itemsize
            os.posix_fadvise(self._file.fileno(), begin, size, os.POSIX_FADV_WILLNEED)

    def mapped(self) -> np.ndarray:
        """All values as one array: a memory map of the file, or a view of the memory."""
        if self._file is None:
            return np.frombuffer(self._memory, self.dtype)
        with scratch.named_in_errors():  # some network file systems cannot map files
            return np.memmap(self._file, self.dtype, "r", shape=(self.size,))

    def rewrite(self, change: Callable[[np.ndarray], np.ndarray]) -> None:
        """Replace the values, in parts of up to PART values.

        change  a function that returns the new values of a part, as many as the part has
        """
        for begin in range(0, self.size, PART):
            self.write(change(self.read(begin, begin + PART)), begin)

    def write(self, values: np.ndarray, index: int) -> None:
        """Write values from an index on; a large array is moved to a file first.

        index  a position in the array, or its size
        """
        data = np.ascontiguousarray(values, self.dtype).reshape(-1).view(np.uint8).data
        begin = index * self.dtype.itemsize
        if self._file is None and begin + len(data) > IN_MEMORY:
            self._file = scratch.temporary_file()
            weakref.finalize(self, self._file.close)
            self._put(memoryview(self._memory), 0)
            self._memory = bytearray()
        if self._file is None:
            self._memory[begin : begin + len(data)] = data
        else:
            self._put(data, begin)
        self.size = max(self.size, index + values.size)

    def _put(self, data: memoryview, begin: int) -> None:
        """Write bytes to the file, from byte `begin` on."""
        assert self._file is not None
        while data:
            with scratch.named_in_errors():
                written = _write_at(self._file.fileno(), data, begin)
            begin, data = begin + written, data[written:]


def _read_at(descriptor: int, size: int, position: int) -> bytes:
    """Up to `size` bytes of a file from a position on. Several threads may call it."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, size, position)
    with _POSITIONED:
        os.lseek(descriptor, position, os.SEEK_SET)
        return os.read(descriptor, size)


def _write_at(descriptor: int, data: memoryview, position: int) -> int:
    """Write bytes to a file from a position on; returns how many were written."""
    if hasattr(os, "pwrite"):
        return os.pwrite(descriptor, data, position)
    with _POSITIONED:
        os.lseek(descriptor, position, os.SEEK_SET)
        return os.write(descriptor, data)


def _fill(file: IO[bytes], size: int) -> None:
    """Fill a file with `size` zero bytes.

    This allocates the disk space, so that a full disk raises an OSError here, and not an error when
    the mapped memory is written.
    """
    try:
        os.posix_fallocate(file.fileno(), 0, size)
    except (AttributeError, OSError) as error:  # not on macOS, Windows and some file systems
        if isinstance(error, OSError) and error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise
        for begin in range(0, size, len(_ZEROS)):
            file.write(_ZEROS[: size - begin])
        file.flush()


def mapped_zeros(shape: tuple[int, ...], kind: type = np.float32) -> np.ndarray:
    """An array of zeros, mapped from an unlinked temporary file, unless it is empty."""
    if not math.prod(shape):  # NumPy before 2.0 cannot map an empty file
        return np.zeros(shape, kind)
    with scratch.temporary_file() as file, scratch.named_in_errors():
        _fill(file, math.prod(shape) * np.dtype(kind).itemsize)
        return np.asarray(np.memmap(file, kind, "r+", shape=shape))
