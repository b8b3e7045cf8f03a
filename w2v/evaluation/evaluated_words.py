"""The words of a test set: their rows in a table, or vectors composed from n-grams."""

from __future__ import annotations

import numpy as np

from w2v.embeddings.letter_case import dotless_rows, folded_rows, row_without_case
from w2v.embeddings.lookup import composed
from w2v.embeddings.norms import unit_vectors
from w2v.embeddings.table import Table


def directed_rows(table: Table, restrict: int) -> dict[str, int]:
    """Map each of the first `restrict` words, case-folded, to its row.

    If several words differ only in case, the first is used, which is the most frequent. Words
    whose vectors have no direction are left out: see `norms.has_direction`.
    """
    directed = table.has_direction(slice(restrict)).tolist()
    names = table.first_names(restrict)
    rows = enumerate(zip(names, directed, strict=True))
    return folded_rows((row, name) for row, (name, has_direction) in rows if has_direction)


class EvaluatedWords:
    """Numbers the words of test sets, and has the unit vector of each number.

    table     the table that is evaluated; with subwords it composes words that it lacks
    restrict  number of its words to use, the first and most frequent ones

    A number below len(table) is a row. Words are compared case-insensitively. A word that the table
    lacks is composed in lower case if the most frequent words of the table are in lower case, else
    as it is written. A word of the table beyond the first `restrict` ones is neither used nor
    composed.
    """

    def __init__(self, table: Table, restrict: int):
        self._table = table
        self.rows = directed_rows(table, restrict)
        self._dotless = dotless_rows(self.rows)
        self._is_lowercase = all(name == name.lower() for name in table.first_names(1000))
        self._numbers: dict[str, int] = {}
        self._units: list[np.ndarray] = []  # of composed words

    def number(self, word: str) -> int:
        """The number of a word; -1 if it has no vector."""
        row = row_without_case(self.rows, self._dotless, word)
        if row is not None:
            return row
        if self._table.subwords is None:
            return -1
        name = word.replace("İ", "i").lower() if self._is_lowercase else word
        if name not in self._numbers:
            self._numbers[name] = self._compose(name)
        return self._numbers[name]

    def _compose(self, name: str) -> int:
        """The number of a word that is composed; -1 if it cannot be."""
        is_known = any(self._table.find(each) is not None for each in (name, name.casefold()))
        vector = None if is_known else composed(self._table, name)
        if vector is None:
            return -1
        self._units.append(unit_vectors(vector))
        return len(self._table) + len(self._units) - 1

    def are_composed(self, numbers: np.ndarray) -> np.ndarray:
        """Whether each number is of a composed word, bool."""
        are_composed: np.ndarray = numbers >= len(self._table)
        return are_composed

    def units(self, numbers: np.ndarray) -> np.ndarray:
        """The unit vectors of numbers int64 (K,) that are not -1, float32 (K, D)."""
        if not self._units:
            return self._table.units(numbers)
        is_composed = self.are_composed(numbers)
        units = np.empty((len(numbers), self._table.dim), np.float32)
        units[~is_composed] = self._table.units(numbers[~is_composed])
        for at in np.flatnonzero(is_composed).tolist():
            units[at] = self._units[int(numbers[at]) - len(self._table)]
        return units
