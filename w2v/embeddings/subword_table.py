"""SubwordTable: a table whose vectors are composed from subwords when they are needed."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from w2v.embeddings.lazy_table import LazyTable
from w2v.embeddings.norms import unit_vectors
from w2v.embeddings.subwords import Subwords
from w2v.embeddings.table import stored_norms

_MANY = 1024  # vectors of a block of a search
_FEW = 8  # vectors composed in Python, because importing Numba would take longer


class SubwordTable(LazyTable):
    """A table of the words of a fastText model; fields as in `Table`.

    A single vector is composed from a few rows of the file. `matrix` composes those of all words,
    once, which takes the memory of a matrix (N, D). A first search composes them in blocks and
    keeps none. `vectors` makes `matrix` when as many vectors have been composed as there are words,
    so that many queries compose them twice at most.
    """

    @classmethod
    def composing(cls, names: bytes, subwords: Subwords, counts: np.ndarray) -> SubwordTable:
        """Build a table.

        names     N names, each followed by a line end; the first N words of `subwords`
        subwords  composes the vectors
        counts    int64 (N,)
        Raises    W2VError if a name occurs twice
        """
        made = cls._named(names)
        if len(made) < subwords.words:
            subwords = subwords.part(np.arange(len(made)))
        made.__dict__.update(counts=counts, _composer=subwords, _composed=0)
        made.__dict__["subwords"] = subwords if subwords.has_ngrams else None
        return made

    @property
    def _composer(self) -> Subwords:
        """Composes the vectors, also those of a table `without_subwords`."""
        composer: Subwords = self.__dict__["_composer"]
        return composer

    @cached_property
    def matrix(self) -> np.ndarray:  # a field of the base class
        """The composed vectors of all words, float32 (N, D)."""
        return self._compose_rows(np.arange(len(self)))

    def _compose_rows(self, rows: np.ndarray) -> np.ndarray:
        """The composed vectors of rows int64 (K,), float32 (K, D)."""
        if 0 < len(rows) <= _FEW:
            return np.stack([self.row(row) for row in rows.tolist()])
        if not self._composer.has_ngrams:
            return self._composer.vectors.take(rows)
        return self._composer.compose_rows(self.text, self.offsets, rows, rows)

    def check_whole(self) -> None:
        """Raise W2VError if the file of the model has become shorter."""
        super().check_whole()
        if self._composer is not self.subwords:
            self._composer.check_whole()

    @property
    def _is_composed(self) -> bool:
        return "matrix" in self.__dict__

    @property
    def dtype(self) -> np.dtype:
        """The type of the numbers, float32."""
        return np.dtype(np.float32)

    @property
    def dim(self) -> int:
        """D, the length of a vector."""
        return self._composer.dim

    def vectors(self, rows: slice | np.ndarray) -> np.ndarray:
        """The vectors of `rows`, float32; composed unless `matrix` has been."""
        numbers = np.arange(len(self))[rows]
        often = numbers.size >= _MANY and self.__dict__["_composed"] >= len(self)
        if self._is_composed or often:
            vectors: np.ndarray = self.matrix[rows]
            return vectors
        self.__dict__["_composed"] += numbers.size
        return self._compose_rows(numbers.ravel()).reshape(*numbers.shape, self.dim)

    def stored(self, rows: slice | np.ndarray) -> np.ndarray:
        """The vectors of `rows`, float32."""
        return self.vectors(rows)

    def row(self, row: int) -> np.ndarray:
        """The vector of a row, float32 (D,)."""
        if self._is_composed:
            vector: np.ndarray = self.matrix[row]
            return vector
        composed = self._composer.compose(self.name_bytes(row), row)
        assert composed is not None  # a word of the table has a row of its own
        return composed

    def units(self, rows: slice | np.ndarray) -> np.ndarray:
        """The unit vectors of `rows`, float32 (K, D)."""
        return unit_vectors(self.vectors(rows))

    def exact_norms(self, rows: slice | np.ndarray) -> np.ndarray:
        """The norms of the vectors in `rows`, float32, summed in float64."""
        return stored_norms(self.vectors(rows))
