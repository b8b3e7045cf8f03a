"""An array that may outgrow memory: when it is large it is kept in an unlinked temporary file."""

from __future__ import annotations

import errno
import math
import os
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

import numpy as np

IN_MEMORY = 1 << 22  # bytes; a larger array goes to a file
PART = 1 << 17  # values that are rewritten at a time
_ZEROS = bytes(1 << 20)


class SpooledArray:
    """A growing one-dimensional array of one dtype. Threads may read it at the same time."""

    def __init__(self, dtype: type, values: np.ndarray | None = None):
        self.dtype = np.dtype(dtype)
        self.size = 0
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        if values is not None:
            self.append(values)

    def append(self, values: np.ndarray) -> None:
        """Add values at the end. OSError where the temporary directory is full."""
        self._write(values, self.size)
        self.size += values.size

    def read(self, first: int, last: int) -> np.ndarray:
        """The values from `first` to `last` - 1, or to the end: a copy."""
        begin, end = (min(at, self.size) * self.dtype.itemsize for at in (first, last))
        values = bytearray(memoryview(self._memory)[begin:end])
        while len(values) < end - begin:
            assert self._file is not None
            values += os.pread(self._file.fileno(), end - begin - len(values), begin + len(values))
        return np.frombuffer(values, self.dtype)

    def mapped(self) -> np.ndarray:
        """All values as one array, mapped from the file if they are there."""
        if self._file is None:
            return np.frombuffer(self._memory, self.dtype)
        return np.memmap(self._file, self.dtype, "r", shape=(self.size,))

    def rewrite(self, change: Callable[[np.ndarray], np.ndarray]) -> None:
        """Put what `change` makes of each part of the values in its place: not more than it got."""
        size = 0
        for begin in range(0, self.size, PART):
            values = change(self.read(begin, begin + PART))
            self._write(values, size)
            size += values.size
        self.size = size
        if self._file is None:
            del self._memory[size * self.dtype.itemsize :]
        else:
            os.truncate(self._file.fileno(), size * self.dtype.itemsize)

    def _write(self, values: np.ndarray, at: int) -> None:
        data = np.ascontiguousarray(values, self.dtype).reshape(-1).view(np.uint8).data
        begin = at * self.dtype.itemsize
        if self._file is None and begin + len(data) > IN_MEMORY:
            self._file = tempfile.TemporaryFile(prefix="w2v-")  # noqa: SIM115
            weakref.finalize(self, self._file.close)
            self._put(memoryview(self._memory), 0)
            self._memory = bytearray()
        if self._file is None:
            self._memory[begin : begin + len(data)] = data
        else:
            self._put(data, begin)

    def _put(self, data: memoryview, begin: int) -> None:
        assert self._file is not None
        while data:
            with _named():
                written = os.pwrite(self._file.fileno(), data, begin)
            begin, data = begin + written, data[written:]


@contextmanager
def _named() -> Iterator[None]:
    """Let errors say in which folder the disk is full, and how to choose another."""
    try:
        yield
    except OSError as error:
        said = f"{error.strerror}: set TMPDIR to a folder with more space"
        raise OSError(error.errno, said, tempfile.gettempdir()) from None


def _fill(file: IO[bytes], size: int) -> None:
    """Give a file so many bytes, zeros: a full disk shows now, not when the memory is written."""
    try:
        os.posix_fallocate(file.fileno(), 0, size)
    except (AttributeError, OSError) as error:  # macOS has no such call, nor have some file systems
        if isinstance(error, OSError) and error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise
        for begin in range(0, size, len(_ZEROS)):
            file.write(_ZEROS[: size - begin])
        file.flush()


def mapped_zeros(shape: tuple[int, ...], kind: type = np.float32) -> np.ndarray:
    """A matrix of zeros, 4 bytes each, in an unlinked temporary file: memory need not hold it."""
    with tempfile.TemporaryFile(prefix="w2v-") as file:
        with _named():
            _fill(file, math.prod(shape) * 4)
        return np.asarray(np.memmap(file, kind, "r+", shape=shape))
