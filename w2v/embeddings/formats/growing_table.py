"""Rows of vectors: as they are read, names and one matrix that grows; and written in digits."""

from __future__ import annotations

import numpy as np

from w2v.embeddings.formats.source import Source
from w2v.embeddings.table import Table

_FIRST = 1 << 22  # numbers there is room for, where nobody can say how many will come


class GrowingTable:
    """Names and their vectors, float32 (N, D), as a file is read.

    promised  how many there will be; believed only where the file is large enough for these
    least     bytes that a row takes at least
    """

    def __init__(self, source: Source, promised: int | None, dim: int, least: int):
        self.names: list[bytes] = []
        self.dim = dim
        believed = promised and source.size is not None and source.could_hold(promised, dim, least)
        room = promised if promised and believed else max(1, _FIRST // dim)
        self._matrix = np.empty((room, dim), np.float32)

    def room(self, more: int) -> np.ndarray:
        """The rows after those that are there, at least so many; (≥ more, D)."""
        needed = len(self.names) + more
        if needed > len(self._matrix):
            self._matrix.resize((max(needed, len(self._matrix) * 3 // 2), self.dim), refcheck=False)
        return self._matrix[len(self.names) :]

    def finished(self) -> tuple[list[bytes], np.ndarray]:
        """All names, and the matrix (N, D)."""
        self._matrix.resize((len(self.names), self.dim), refcheck=False)
        return self.names, self._matrix


def numbers(table: Table, row: int) -> list[bytes]:
    """The vector of a row in digits; each is the shortest that reads back as the same float32."""
    # Twice as fast as str() of each. The longest, of NumPy 1, is -1000000000000000.0.
    return table.row(row).astype("S20").tolist()
