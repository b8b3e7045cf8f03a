"""Int8Table: a table whose vectors are stored as int8 with a scale for each row."""

from __future__ import annotations

from functools import cached_property
from typing import Self

import numpy as np

from w2v.embeddings.int8_rows import dequantize, quantize
from w2v.embeddings.row_blocks import row_blocks
from w2v.embeddings.table import Table, stored_norms
from w2v.errors import W2VError


class Int8Table(Table):
    """A table of vectors in int8; fields as in `Table`, and those below.

    integers  int8 (N, D)
    scales    float32 (N,), at least 0; vector = scale · integers, see `int8_rows`

    A search converts blocks of rows, and keeps none. `matrix` converts all rows, once, which takes
    the memory of a float32 matrix (N, D). The package itself uses it only to write other formats.
    """

    @classmethod
    def over(cls, named: Table, integers: np.ndarray, scales: np.ndarray) -> Self:
        """Build a table.

        named     a table with the names, counts and norms; its matrix is not used
        integers  int8 (N, D)
        scales    float32 (N,)
        """
        made = cls.__new__(cls)
        fields = ("norms", "text", "offsets", "order", "counts", "normalize", "subwords")
        made.__dict__.update({field: getattr(named, field) for field in fields})
        made.__dict__.update(integers=integers, scales=scales)
        return made

    @property
    def integers(self) -> np.ndarray:
        """The integers of all vectors, int8 (N, D)."""
        integers: np.ndarray = self.__dict__["integers"]
        return integers

    @property
    def scales(self) -> np.ndarray:
        """The scale of each vector, float32 (N,)."""
        scales: np.ndarray = self.__dict__["scales"]
        return scales

    @cached_property
    def matrix(self) -> np.ndarray:  # a field of the base class
        """All vectors, float32 (N, D)."""
        return self.vectors(slice(None))

    @property
    def dim(self) -> int:
        """D, the length of a vector."""
        return int(self.integers.shape[1])

    @property
    def dtype(self) -> np.dtype:
        """The type of the stored numbers, int8."""
        return self.integers.dtype

    def row(self, row: int) -> np.ndarray:
        """The vector of a row, float32 (D,)."""
        return dequantize(self.integers[row], self.scales[row])

    def vectors(self, rows: slice | np.ndarray) -> np.ndarray:
        """The vectors of `rows`, float32."""
        return dequantize(self.integers[rows], self.scales[rows])

    def stored(self, rows: slice | np.ndarray) -> np.ndarray:
        """The vectors of `rows`, float32."""
        return self.vectors(rows)

    def directions(self, rows: slice | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The integers of `rows` as float32, and their norms: cosines do not depend on scales."""
        scales = self.scales[rows]
        norms = np.zeros(scales.shape, np.float32)
        np.divide(self.norms[rows], scales, out=norms, where=scales > 0)
        return self.integers[rows].astype(np.float32), norms

    def take(self, rows: np.ndarray) -> Table:
        """A new table of some rows, with the same integers; see `Table.take`."""
        names = [self.name_bytes(row) for row in rows.tolist()]
        taken = self._named(names, rows)
        return taken if self.subwords is None else taken.with_subwords(self.subwords.part(rows))

    def with_names(self, names: list[str]) -> Table:
        """A table with other names and the same vectors and counts, without subwords."""
        encoded = [name.encode("utf-8", "surrogateescape") for name in names]
        return self._named(encoded, slice(None))

    def _named(self, names: list[bytes], rows: slice | np.ndarray) -> Table:
        """The table of K names with the vectors and counts of `rows`, and the normalization."""
        counts = None if self.counts is None else self.counts[rows]
        bare = Table.of(names, np.empty((len(names), 0), np.float32), counts)
        named = bare.with_normalization(self.normalize)
        made = Int8Table.over(named, self.integers[rows], self.scales[rows])
        made.__dict__["norms"] = self.norms[rows]
        return made


def quantized(table: Table) -> Table:
    """The table with its vectors in int8, and the same subwords.

    The norms are those of the new vectors. A table in int8 is returned unchanged.

    Raises W2VError if a vector is not finite, or too small
    """
    if isinstance(table, Int8Table):
        return table
    integers = np.empty((len(table), table.dim), np.int8)
    scales, norms = np.empty(len(table), np.float32), np.empty(len(table), np.float32)
    for part in row_blocks(len(table), table.dim):
        vectors = table.vectors(part)
        # `vectors` of float16 hide infinity. Norms in a file may be wrong.
        given = table.exact_norms(part) if table.dtype == np.float16 else stored_norms(vectors)
        is_finite = np.isfinite(given) & np.isfinite(vectors).all(axis=1)
        _refuse(table, part.start, ~is_finite, "is not finite: add --check to leave it out")
        integers[part], scales[part] = quantize(vectors)
        norms[part] = stored_norms(dequantize(integers[part], scales[part]))
        is_lost = (scales[part] == 0) & (given > 0)
        _refuse(table, part.start, is_lost, "is too small for int8: add --normalize")
    bare = table.with_matrix(np.empty((len(table), 0), np.float32))
    made = Int8Table.over(bare.with_subwords(table.subwords), integers, scales)
    made.__dict__["norms"] = norms
    return made


def _refuse(table: Table, begin: int, bad: np.ndarray, reason: str) -> None:
    """Raise a W2VError for the first row that is bad, of the rows from `begin` on."""
    for at in np.flatnonzero(bad)[:1].tolist():
        row = begin + at
        raise W2VError(f"row {row + 1}, {table.name(row)!r}: the vector {reason}")
