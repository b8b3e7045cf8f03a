"""The words that several tables of vectors share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from w2v.embeddings.table import Table


@dataclass(frozen=True)
class CommonWords:
    """The words that all of K tables have, in the order of the first one.

    rows  int64 (K, N), the row of each word in each table
    """

    rows: np.ndarray

    @classmethod
    def of(cls, tables: Sequence[Table]) -> CommonWords:
        """Find the common words of tables; words are compared by their bytes."""
        first = tables[0]
        rows = np.arange(len(first))[None]
        for table in tables[1:]:
            row_of = {table.name_bytes(row): row for row in range(len(table))}
            found = np.array([row_of.get(first.name_bytes(row), -1) for row in rows[0]], np.int64)
            rows = np.concatenate([rows, found[None]])[:, found >= 0]
        return cls(rows)

    def __len__(self) -> int:
        return self.rows.shape[1]

    def with_directions(self, tables: Sequence[Table]) -> CommonWords:
        """The words that have a direction in all tables: a vector that is finite and not zero."""
        has_direction = np.ones(len(self), np.bool_)
        for table, rows in zip(tables, self.rows, strict=True):
            has_direction &= table.has_direction(rows)
        return CommonWords(self.rows[:, has_direction])
