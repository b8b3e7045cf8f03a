"""Mutual nearest neighbours: a query is also among the nearest neighbours of its answer.

A hub is near to very many words, and is therefore an answer to very many queries. Few of them are
among the nearest words of the hub itself, so that most such answers are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from w2v.embeddings.norms import unit_vectors
from w2v.embeddings.search import Search

_ROUNDING = 1e-6  # Vectors of queries are rounded to float32, which changes cosines less than this.


@dataclass(frozen=True)
class MutualSearch(Search):
    """A search as `Search`, without the answers to which the query is not near enough.

    A query that is a searched row must be among the `k` nearest searched rows of its answer. Any
    other query must be as near to its answer as the `k`-th of them, or nearer.
    """

    _nearest: dict[int, list[tuple[int, float]]] = field(default_factory=dict)  # of each answer

    def nearest(
        self,
        vectors: np.ndarray,
        excluded: Sequence[Sequence[int]] | np.ndarray,
        signs: Sequence[str] = ("+",),
    ) -> list[list[tuple[int, float]]]:
        """The mutual neighbours of each query of one term as pairs (row, cosine), the best first.

        vectors   float32 (Q, 1, D)
        excluded  for each query, the rows that must not be returned. A single row is the query if
                  it has its direction, unlike the row of w for the query -w
        signs     the sign of the only term, "+"
        """
        search = Search(self.table, self.k, self.rows, self.min_score)
        answers = search.nearest(vectors, excluded, signs)
        new = sorted({row for answer in answers for row, _ in answer} - self._nearest.keys())
        if new:
            rows = np.array(new)
            found = search.nearest(self.table.vectors(rows)[:, None], rows[:, None])
            self._nearest.update(zip(new, found, strict=True))
        own = self._rows_of(vectors, excluded)
        return [
            [(row, score) for row, score in answer if self._is_near(query, row, score)]
            for query, answer in zip(own, answers, strict=True)
        ]

    def _rows_of(
        self, vectors: np.ndarray, excluded: Sequence[Sequence[int]] | np.ndarray
    ) -> list[int | None]:
        """The row that each query is, or None; see `nearest`."""
        rows = np.array([int(each[0]) if len(each) == 1 else -1 for each in excluded], np.int64)
        single = np.flatnonzero(rows >= 0)
        if single.size:
            units = unit_vectors(vectors[single, 0], dtype=np.float64)
            cosines = np.einsum("qd,qd->q", units, self.table.units(rows[single]))
            rows[single[cosines < 1 - _ROUNDING]] = -1
        return [row if row >= 0 else None for row in rows.tolist()]

    def _is_near(self, query: int | None, answer: int, score: float) -> bool:
        """Whether a query is near enough to an answer.

        query   the row of the query; None: it is no row
        answer  the row of the answer
        score   their cosine
        """
        nearest = self._nearest[answer]
        if query is not None and self._is_searched(query):
            return any(row == query for row, _ in nearest)
        return len(nearest) < self.k or score >= nearest[-1][1] - _ROUNDING

    def _is_searched(self, row: int) -> bool:
        """Whether a row is among those that are searched."""
        if self.rows is None:
            return True
        at = int(np.searchsorted(self.rows, row))
        return at < len(self.rows) and int(self.rows[at]) == row
