"""LazyTable: names over a mapped array, of which nothing is computed before it is asked for."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from w2v.embeddings.table import _JOINED, Table, _sorted, stored_norms

_SHORTEST = 1e-20  # a square below which float32 has not all its digits
_FURTHEST = 2.0**32  # and from which on float16 may not have been finite


class LazyTable(Table):
    """A table over a list of names as it is in a file: nothing is sorted or summed unasked.

    Of 400,000 names and vectors of 300 numbers that takes longer than all else that a query does.
    """

    @classmethod
    def over(cls, names: bytes, matrix: np.ndarray) -> Table:
        """A table of names that are given with a line end after each; W2VError where two are alike.

        matrix  (N, D), a row for each name
        """
        text = np.frombuffer(names, np.uint8)
        ends = np.flatnonzero(text == 10)
        offsets = np.concatenate([[0], ends - np.arange(ends.size)])
        made = cls.__new__(cls)
        made.__dict__.update(
            matrix=matrix, text=text[text != 10], offsets=offsets, counts=None,
            listing=b"\n" + names,
        )  # fmt: skip
        if _seem_alike(made.text, offsets):
            made.order  # noqa: B018 - which tells of them, if they are
        return made

    @cached_property
    def norms(self) -> np.ndarray:
        """The norm of each row."""
        return stored_norms(self.matrix)

    @cached_property
    def order(self) -> np.ndarray:
        """Row numbers sorted by the names' bytes."""
        return _sorted(self.__dict__["listing"][1:-1].split(b"\n") if len(self) else [])

    def __len__(self) -> int:
        return len(self.matrix)

    @property
    def computes_vectors(self) -> bool:
        """It does: norms are computed."""
        return True

    def exact_norms(self, rows: slice | np.ndarray) -> np.ndarray:
        """The norms of some vectors, float32."""
        return stored_norms(self.matrix[rows])

    def quick_norms(self, rows: slice | np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """The norms of some vectors, float32; exactly where float32 cannot sum the squares."""
        squares = np.einsum("rd,rd->r", vectors, vectors)
        if ((squares < _FURTHEST) & (squares > _SHORTEST)).all():
            roots: np.ndarray = np.sqrt(squares)
            return roots
        return self.exact_norms(rows)

    def find(self, name: str) -> int | None:
        """The row of a name, or None."""
        wanted = name.encode("utf-8", "surrogateescape")
        listing: bytes = self.__dict__["listing"]
        at = -1 if b"\n" in wanted else listing.find(b"\n" + wanted + b"\n")
        return None if at < 0 else listing.count(b"\n", 0, at)


def _seem_alike(text: np.ndarray, offsets: np.ndarray) -> bool:
    """Whether names have the same sum of bytes times random numbers, one for each place.

    That takes a third of the time of a set of names, and those that differ have the same in one of
    10^8 lists. The numbers are SplitMix's (Steele et al. 2014): to import NumPy's takes 10 ms.
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
