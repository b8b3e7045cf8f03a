"""Exact nearest neighbours of many vectors at once: blocked matrix products and a running top k.

The rows of the table and the queries are multiplied block by block in float32; this finds the
candidates. The scores of the candidates are then computed again in float64, so that neither the
answers nor their order depend on the blocks. Source of the product of cosines: Levy and Goldberg
2014, equation 4 (3CosMul).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from w2v.embeddings.norms import has_direction, needs_units, row_norms, unit_vectors
from w2v.embeddings.table import Table
from w2v.embeddings.top_rows import MORE, TopRows

_SCORES = 1 << 18  # scores computed at a time, as many as stay in the cache
_VECTORS = 1 << 10  # maximum number of query vectors multiplied with a block of rows at a time
_ROWS = 2048  # minimum number of rows in a block; with 4096 one thread takes a tenth longer
_COPIED = 1 << 20  # maximum numbers in a block of rows that is copied or computed, not mapped
_RESCORED = 1 << 16  # float64 numbers rescored at a time, as many as stay in the cache
_ROUNDING = 1e-6  # maximum difference of float32 cosines that are summed in another order
_TINY = float(np.finfo(np.float32).tiny)
_LARGEST = float(np.finfo(np.float32).max)
EPSILON = 0.001  # keeps 3CosMul from dividing by zero


@dataclass(frozen=True)
class Search:
    """A nearest-neighbour search.

    table      the table whose rows are searched; rows without a direction are never returned
    k          maximum number of neighbours of a query
    rows       int64, sorted: the rows to search; None: all rows
    min_score  minimum score of a neighbour; None: no limit
    hubness    float64 (R,), a number of each searched row; the score of a query of one term is then
               twice the cosine minus this number. None: the score is the cosine
    """

    table: Table
    k: int = 10
    rows: np.ndarray | None = None
    min_score: float | None = None
    hubness: np.ndarray | None = None

    def nearest(
        self,
        vectors: np.ndarray,
        excluded: Sequence[Sequence[int]] | np.ndarray,
        signs: Sequence[str] = ("+",),
    ) -> list[list[tuple[int, float]]]:
        """The neighbours of each query as pairs (row, score), the best first.

        vectors   float32 (Q, T, D), the vectors of the T terms of each of Q queries
        excluded  for each query, the rows that must not be returned
        signs     the signs of the T terms. With one term, the score is the cosine. With several
                  terms, cosines are moved to the range 0 to 1. The score is then the product of the
                  cosines of "+" terms, divided by the product of the cosines of "-" terms (3CosMul)

        Rows with equal scores are in ascending order. The final scores are computed in float64, so
        that the result of a query does not depend on the other queries.
        """
        if not len(vectors) or not self._count:
            return [[] for _ in vectors]
        most, top = min(self._count, self.k + MORE), dict[int, TopRows]()
        for part, begin, scores in self._scores(unit_vectors(vectors), tuple(signs), excluded):
            if self.hubness is not None:
                scores *= 2
                scores -= self.hubness[begin : begin + scores.shape[1]].astype(np.float32)
            if part.start not in top:
                top[part.start] = TopRows(len(scores), self.k, most)
            top[part.start].add(scores, begin)
        candidates = np.concatenate([each.rows() for each in top.values()])
        candidates = candidates[:, (candidates >= 0).any(axis=0)]
        step = max(1, _RESCORED // max(1, candidates.shape[1] * self.table.dim))
        answers = []
        for begin in range(0, len(vectors), step):
            units = unit_vectors(vectors[begin : begin + step], dtype=np.float64)
            answers += self._rescored(units, candidates[begin : begin + step], tuple(signs))
        return answers

    def count_nearer(self, vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Count, for each vector, the rows that are nearer to it than a given row; int64 (Q,).

        vectors  float32 (Q, D)
        rows     int64 (Q,), the given row of each vector
        """
        units, count = unit_vectors(vectors), np.zeros(len(vectors), np.int64)
        least = np.einsum("qd,qd->q", units, self.table.units(rows))[:, None] + _ROUNDING
        for part, _, scores in self._scores(units[:, None], ("+",), rows[:, None]):
            count[part] += np.count_nonzero(scores > least[part], axis=1)
        return count

    @property
    def _count(self) -> int:
        """The number of rows to search."""
        return len(self.table if self.rows is None else self.rows)

    def _scores(
        self,
        units: np.ndarray,
        signs: tuple[str, ...],
        excluded: Sequence[Sequence[int]] | np.ndarray,
    ) -> Iterator[tuple[slice, int, np.ndarray]]:
        """Compute all scores, for a block of queries and a block of rows at a time.

        units   unit vectors (Q, T, D)
        Yields  the block of queries, as a slice; the position, among the searched rows, of the
                first row of the block of rows; and the scores of these queries and rows, float32
                (queries, rows). A score is -inf if the row has no direction or is excluded. The
                next step overwrites the array of scores
        """
        self.table.check_whole()
        queries, terms, dim = units.shape
        excluded_places = self._places(excluded)
        table, together = self.table, min(queries, max(1, _VECTORS // terms))
        step = _SCORES // (together * terms)
        if self.rows is not None or table.computes_vectors:
            step = min(step, _COPIED // dim)
        step = min(max(_ROWS, step), self._count)
        products = np.empty(together * terms * step, np.float32)
        for begin in range(0, self._count, step):
            place = slice(begin, begin + step)
            rows = place if self.rows is None else _as_slice(self.rows[place])
            with np.errstate(invalid="ignore", over="ignore"):
                matrix, norms = _in_range(*table.directions(rows))
                shares = 1 / np.maximum(norms, _TINY)
                # Divide either the rows or the products by the norms: whichever has fewer numbers.
                if scaled := together * terms > dim:
                    matrix = matrix * shares[:, None]
            undirected = np.flatnonzero(~has_direction(norms))
            for first in range(0, queries, together):
                part = slice(first, first + together)
                flat = units[part].reshape(-1, dim)
                cosines = products[: len(flat) * len(matrix)].reshape(len(flat), -1)
                with np.errstate(invalid="ignore", over="ignore"):
                    np.matmul(flat, matrix.T, out=cosines)
                    if not scaled:
                        cosines *= shares
                    scores = _scored(cosines.reshape(-1, terms, len(matrix)), signs)
                scores[:, undirected] = -np.inf
                places = excluded_places[part] - begin
                query, column = np.nonzero((places >= 0) & (places < len(matrix)))
                scores[query, places[query, column]] = -np.inf
                yield part, begin, scores

    def _places(self, rows: Sequence[Sequence[int]] | np.ndarray) -> np.ndarray:
        """The positions of given rows among the searched rows, int64 (Q, X).

        X is the largest number of rows that are given for a query. A position is -1 for a row that
        is not searched, and where a query has fewer than X rows.
        """
        padded = np.full((len(rows), max(map(len, rows))), -1)
        for line, each in zip(padded, rows, strict=True):
            line[: len(each)] = each
        if self.rows is None:
            return padded
        places = np.searchsorted(self.rows, padded)
        return np.where(self.rows.take(places, mode="clip") == padded, places, -1)

    def _rescored(
        self, units: np.ndarray, candidates: np.ndarray, signs: tuple[str, ...]
    ) -> list[list[tuple[int, float]]]:
        """The best `k` of the candidates (Q, C) of `TopRows.rows`, by scores in float64."""
        none, places = candidates < 0, candidates
        if self.rows is not None:
            candidates = self.rows[candidates]
        matrix = self.table.vectors(candidates).astype(np.float64)
        norms = row_norms(matrix)
        norms[norms == 0] = 1
        cosines = [
            np.einsum("qcd,qd->qc", matrix, units[:, term]) / norms for term in range(len(signs))
        ]
        scores = _scored(np.clip(np.stack(cosines, axis=1), -1, 1), signs)
        if self.hubness is not None:
            scores = 2 * scores - self.hubness[places]
        scores = np.round(scores, 9)  # Differences by rounding errors of float64 are removed.
        scores[none] = -np.inf
        order = np.argsort(-scores, axis=1, kind="stable")[:, : self.k]
        rows, scores = (np.take_along_axis(each, order, 1) for each in (candidates, scores))
        least = -_LARGEST if self.min_score is None else self.min_score
        counts = np.count_nonzero(scores >= least, axis=1)
        return [
            list(zip(rows[:count], scores[:count], strict=True))
            for rows, scores, count in zip(
                rows.tolist(), scores.tolist(), counts.tolist(), strict=True
            )
        ]


def _scored(cosines: np.ndarray, signs: tuple[str, ...]) -> np.ndarray:
    """The scores (Q, R) of R rows, from the cosines (Q, T, R) to the T terms of each of Q queries.

    With one term, the score is the cosine, else 3CosMul. The cosines are overwritten.
    """
    if len(signs) == 1:
        return cosines[:, 0]
    cosines += 1
    cosines *= 0.5
    first = signs.index("+") if "+" in signs else 0
    scores = cosines[:, first]
    if signs[first] == "-":
        scores[:] = 1 / (scores + EPSILON)
    for term, sign in enumerate(signs):
        if term != first and sign == "+":
            scores *= cosines[:, term]
        elif term != first:
            cosines[:, term] += EPSILON
            scores /= cosines[:, term]
    return scores


def _in_range(matrix: np.ndarray, norms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The vectors (R, D) and their norms (R,), with unit vectors for those that need them.

    Products with vectors that are too long could become infinite, and so hide all other scores.
    """
    rows = np.flatnonzero(needs_units(norms))
    if rows.size:
        matrix, norms = matrix.copy(), norms.copy()
        matrix[rows], norms[rows] = unit_vectors(matrix[rows]), 1
    return matrix, norms


def _as_slice(rows: np.ndarray) -> slice | np.ndarray:
    """Convert sorted rows without gaps to a slice, because indexing by a slice copies nothing."""
    first, last = int(rows[0]), int(rows[-1])
    return slice(first, last + 1) if last - first + 1 == len(rows) else rows
