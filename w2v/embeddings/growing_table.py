"""GrowingTable: collects names and vectors from a file whose number of rows is not known."""

from __future__ import annotations

import numpy as np

from w2v.embeddings.source import Source

_FIRST = 1 << 22  # numbers allocated at first if no header gives the number of rows


class GrowingTable:
    """The names read so far, and their vectors in a float32 matrix (N, D) that grows.

    source    the file
    declared  the number of rows that the header of the file declares, or None. It is ignored if
              the file is too small for so many rows, so that a damaged header does not cost memory
    dim       D, the length of a vector
    least     minimum number of bytes of a row in the file
    """

    def __init__(self, source: Source, declared: int | None, dim: int, least: int):
        self.names: list[bytes] = []
        self.dim = dim
        believed = declared and source.size is not None and source.could_hold(declared, dim, least)
        capacity = declared if declared and believed else max(1, _FIRST // dim)
        self._matrix = np.empty((capacity, dim), np.float32)

    def allocate(self, more: int) -> np.ndarray:
        """Make space for `more` rows after those with names; returns all free rows (≥ more, D).

        The caller fills these rows and appends their names to `names`. A later call may move the
        matrix, after which the returned array must not be used.
        """
        needed = len(self.names) + more
        if needed > len(self._matrix):
            self._matrix.resize((max(needed, len(self._matrix) * 3 // 2), self.dim), refcheck=False)
        return self._matrix[len(self.names) :]

    def finished(self) -> tuple[list[bytes], np.ndarray]:
        """All names, and their vectors (N, D). The memory of free rows is released."""
        self._matrix.resize((len(self.names), self.dim), refcheck=False)
        return self.names, self._matrix
