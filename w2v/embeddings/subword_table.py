"""SubwordTable: a table whose vectors are composed from subwords when they are needed."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from w2v.embeddings.lazy_table import LazyTable
from w2v.embeddings.subwords import Subwords
from w2v.embeddings.table import stored_norms


class SubwordTable(LazyTable):
    """A table of the words of a fastText model; fields as in `Table`.

    A single vector is composed from a few rows of the file. `matrix` composes those of all words,
    once, which takes the memory of a matrix (N, D).
    """

    @classmethod
    def composing(cls, names: bytes, subwords: Subwords, counts: np.ndarray) -> SubwordTable:
        """Build a table.

        names     N names, each followed by a line end; the first N words of `subwords`
        subwords  composes the vectors
        counts    int64 (N,)
        """
        made = cls._named(names)
        made.__dict__.update(subwords=subwords, counts=counts)
        return made

    @property
    def _subwords(self) -> Subwords:
        subwords: Subwords = self.__dict__["subwords"]
        return subwords

    @cached_property
    def matrix(self) -> np.ndarray:  # type: ignore[override]  # a field of the base class
        """The composed vectors of all words, float32 (N, D)."""
        return self._subwords.compose_rows(self.text, self.offsets, np.arange(len(self)))

    @property
    def dtype(self) -> np.dtype:
        """The type of the numbers, float32."""
        return np.dtype(np.float32)

    @property
    def dim(self) -> int:
        """D, the length of a vector."""
        return self._subwords.dim

    def vectors(self, rows: slice | np.ndarray) -> np.ndarray:
        """The vectors of `rows`, float32; composed unless `matrix` has been."""
        if "matrix" in self.__dict__:
            vectors: np.ndarray = self.matrix[rows]
            return vectors
        numbers = np.arange(len(self))[rows]
        flat = self._subwords.compose_rows(self.text, self.offsets, numbers.ravel())
        return flat.reshape(*numbers.shape, self.dim)

    def row(self, row: int) -> np.ndarray:
        """The vector of a row, float32 (D,)."""
        if "matrix" in self.__dict__:
            vector: np.ndarray = self.matrix[row]
            return vector
        composed = self._subwords.compose(self.name_bytes(row), row)
        assert composed is not None  # a word of the table has a row of its own
        return composed

    def exact_norms(self, rows: slice | np.ndarray) -> np.ndarray:
        """The norms of the vectors in `rows`, float32, summed in float64."""
        return stored_norms(self.vectors(rows))

    def compose(self, name: str) -> np.ndarray | None:
        """The vector of a name that is out-of-vocabulary, from its n-grams; None if it has none."""
        return self._subwords.compose(name.encode("utf-8", "surrogateescape"))
