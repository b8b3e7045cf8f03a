"""An array that may outgrow memory: when it is large it goes to an unlinked temporary file."""

from __future__ import annotations

import tempfile
from typing import IO

import numpy as np

IN_MEMORY = 1 << 26  # bytes; a larger array goes to a file


class Spool:
    """Collects one-dimensional arrays of one dtype end to end."""

    def __init__(self, dtype: type):
        self.dtype = np.dtype(dtype)
        self.size = 0
        self._parts: list[np.ndarray] = []
        self._file: IO[bytes] | None = None

    def append(self, values: np.ndarray) -> None:
        """Add values at the end. OSError where the temporary directory is full."""
        self.size += values.size
        self._parts.append(values.astype(self.dtype, copy=False))
        if self._file is None and self.size * self.dtype.itemsize > IN_MEMORY:
            self._file = tempfile.TemporaryFile(prefix="w2v-")  # noqa: SIM115 - lives as long as we
        if self._file is not None:
            for part in self._parts:
                part.tofile(self._file)
            self._parts.clear()

    def array(self) -> np.ndarray:
        """All values: one writable array, mapped from the file if they are there; the last call."""
        if self._file is None:
            return np.concatenate([np.empty(0, self.dtype), *self._parts])
        with self._file:  # what is mapped outlives the file's name and its handle
            self._file.flush()
            return np.memmap(self._file, self.dtype, "r+", shape=(self.size,))
