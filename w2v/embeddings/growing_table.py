"""GrowingTable: names and one matrix that grows, as a file of unknown length is read."""

from __future__ import annotations

import numpy as np

from w2v.embeddings.source import Source

_FIRST = 1 << 22  # numbers that are allocated where no header says how many will come


class GrowingTable:
    """Names and their vectors, float32 (N, D), as a file is read.

    promised  how many there will be; believed only where the file is large enough for these
    least     bytes that a row takes at least
    """

    def __init__(self, source: Source, promised: int | None, dim: int, least: int):
        self.names: list[bytes] = []
        self.dim = dim
        believed = promised and source.size is not None and source.could_hold(promised, dim, least)
        capacity = promised if promised and believed else max(1, _FIRST // dim)
        self._matrix = np.empty((capacity, dim), np.float32)

    def allocate(self, more: int) -> np.ndarray:
        """The rows after those that are there, at least so many; (≥ more, D)."""
        needed = len(self.names) + more
        if needed > len(self._matrix):
            self._matrix.resize((max(needed, len(self._matrix) * 3 // 2), self.dim), refcheck=False)
        return self._matrix[len(self.names) :]

    def finished(self) -> tuple[list[bytes], np.ndarray]:
        """All names, and the matrix (N, D)."""
        self._matrix.resize((len(self.names), self.dim), refcheck=False)
        return self.names, self._matrix
