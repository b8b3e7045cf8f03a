"""LazyTable: a table on a mapped array that sorts names and computes norms only when needed."""

from __future__ import annotations

from functools import cached_property
from typing import Self

import numpy as np

from w2v.embeddings.table import _JOINED, Table, _sorted, name_as_bytes, stored_norms

_SMALLEST_SQUARE = 1e-20  # Below this squared norm float32 loses digits.
_LARGEST_SQUARE = 2.0**32  # 65,536²; from here on float16 vectors may not have been finite


class LazyTable(Table):
    """A table that keeps the list of names in the form of the file; fields as in `Table`.

    Sorting the names and computing the norms of 400,000 vectors of 300 numbers takes longer than
    all the rest of a query. `order` and `norms` are therefore computed at their first use.
    """

    @classmethod
    def over(cls, names: bytes, matrix: np.ndarray) -> Table:
        """Build a table.

        names   N names, each followed by a line end
        matrix  (N, D), float32 or float16
        Raises  W2VError if a name occurs twice
        """
        made = cls._named(names)
        made.__dict__.update(matrix=matrix)
        return made

    @classmethod
    def _named(cls, names: bytes) -> Self:
        """A table that has no matrix yet; see `over`."""
        text = np.frombuffer(names, np.uint8)
        ends = np.flatnonzero(text == 10)
        offsets = np.concatenate([[0], ends - np.arange(ends.size)])
        made = cls.__new__(cls)
        made.__dict__.update(
            text=text[text != 10], offsets=offsets, counts=None, listing=b"\n" + names
        )
        if _may_repeat(made.text, offsets):
            made.order  # noqa: B018 - sorting raises an error if a name occurs twice
        return made

    @cached_property
    def norms(self) -> np.ndarray:
        """The Euclidean norm of each row, float32 (N,)."""
        return stored_norms(self.matrix)

    @cached_property
    def order(self) -> np.ndarray:
        """Row numbers sorted by the bytes of the names, int32 (N,)."""
        return _sorted(self.__dict__["listing"][1:-1].split(b"\n") if len(self) else [])

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def computes_vectors(self) -> bool:
        """True, because `quick_norms` computes norms."""
        return True

    def exact_norms(self, rows: slice | np.ndarray) -> np.ndarray:
        """The norms of the vectors in `rows`, float32, summed in float64."""
        return stored_norms(self.matrix[rows])

    def quick_norms(self, rows: slice | np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """The norms of the vectors in `rows`, float32, summed in float32.

        If a sum of squares is too small or too large for float32, `exact_norms` are returned.
        """
        squares = np.einsum("rd,rd->r", vectors, vectors)
        if ((squares < _LARGEST_SQUARE) & (squares > _SMALLEST_SQUARE)).all():
            roots: np.ndarray = np.sqrt(squares)
            return roots
        return self.exact_norms(rows)

    def find(self, name: str) -> int | None:
        """The row of a name, or None.

        Raises W2VError if the file of the matrix has become shorter.
        """
        self.check_whole()
        return self._row_of(name_as_bytes(name))

    def _search_row(self, name: bytes) -> int | None:
        """The row of a name, by a search of the bytes of all names."""
        listing: bytes = self.__dict__["listing"]
        at = -1 if b"\n" in name else listing.find(b"\n" + name + b"\n")
        return None if at < 0 else listing.count(b"\n", 0, at)


def _may_repeat(text: np.ndarray, offsets: np.ndarray) -> bool:
    """Whether two names have the same hash; if not, no name occurs twice.

    The hash of a name is the sum of (byte + 1) times a random number for the position of the byte.
    This takes a third of the time of a Python set. Different names have the same hash in about one
    of 10^8 lists. The random numbers are those of SplitMix (Steele et al. 2014), because importing
    NumPy's generators takes 10 ms.
    """
    lengths = np.diff(offsets)
    factors = np.arange(1, lengths.max(initial=0) + 1, dtype=np.uint64)
    factors *= np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        factors ^= factors >> np.uint64(shift)
        factors *= np.uint64(factor)
    factors ^= factors >> np.uint64(31)
    sums = np.empty(lengths.size, np.uint64)
    for row in range(0, lengths.size, _JOINED):
        ends = offsets[row : row + _JOINED + 1] - offsets[row]
        part = text[offsets[row] :][: ends[-1]].astype(np.uint64)
        part += np.uint64(1)
        part *= factors[np.arange(part.size) - np.repeat(ends[:-1], np.diff(ends))]
        total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(part)])
        sums[row : row + _JOINED] = total[ends[1:]] - total[ends[:-1]]
    sums.sort()
    return bool((sums[1:] == sums[:-1]).any())
