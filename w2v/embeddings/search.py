"""The nearest rows of a table to many vectors at once: products in blocks, and a running top k.

Candidates are found with cosines in float32. Their scores are then computed anew in float64, so
that neither an answer nor its rank depends on the blocks. Source of the product of cosines: Levy
and Goldberg 2014, equation 4 (3CosMul).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from w2v.embeddings.norms import has_direction, row_norms, unit_vectors
from w2v.embeddings.table import Table

_SCORES = 1 << 18  # computed at a time: they stay in the cache
_VECTORS = 1 << 10  # compared with a block of rows at a time
_ROWS = 2048  # of the table in a block, at least: with 4096 one thread takes a tenth longer
_COPIED = 1 << 20  # numbers of the table in a block, at most, where they are copied or computed
_FIRST = 1 << 8  # scores of a query from which the first limit is taken: to part more takes longer
_RESCORED = 1 << 16  # numbers of candidates rescored at a time, as float64: these stay there too
_ROUNDING = 1e-6  # by which cosines in float32 differ when they are summed in another order
_MORE = 8  # candidates besides k, for those that float32 takes to be as near
_UNSURE = 1e-4  # by which scores in float32 may be wrong: those of 3CosMul, relative to their size
_TINY = float(np.finfo(np.float32).tiny)
_LARGEST = float(np.finfo(np.float32).max)
EPSILON = 0.001  # of 3CosMul, against division by zero


@dataclass(frozen=True)
class Search:
    """Where to search, and for how many.

    table      whose rows are searched; those without a direction are near to nothing
    k          how many answers at most
    rows       int64, sorted: only these are searched; None: all
    min_score  of an answer; None: any
    """

    table: Table
    k: int = 10
    rows: np.ndarray | None = None
    min_score: float | None = None

    def nearest(
        self,
        vectors: np.ndarray,
        excluded: Sequence[Sequence[int]] | np.ndarray,
        signs: Sequence[str] = ("+",),
    ) -> list[list[tuple[int, float]]]:
        """For each query its answers, row and score, the best first, ties by row.

        vectors   float32 (Q, T, D): with one sign the cosine to a vector is the score; with more,
                  the product of those of "+" through the product of those of "-", each moved to
                  the range 0 to 1
        excluded  rows that do not answer, for each query
        Scores are computed in float64 from few candidates: they do not depend on which queries are
        asked together.
        """
        if not len(vectors) or not self._count:
            return [[] for _ in vectors]
        most, top = min(self._count, self.k + _MORE), dict[int, _TopRows]()
        for some, begin, scores in self._scores(unit_vectors(vectors), tuple(signs), excluded):
            if some.start not in top:
                top[some.start] = _TopRows(len(scores), self.k, most)
            top[some.start].add(scores, begin)
        candidates = np.concatenate([each.rows() for each in top.values()])
        candidates = candidates[:, (candidates >= 0).any(axis=0)]
        step = max(1, _RESCORED // max(1, candidates.shape[1] * self.table.dim))
        found = []
        for begin in range(0, len(vectors), step):
            units = unit_vectors(vectors[begin : begin + step], dtype=np.float64)
            found += self._rescored(units, candidates[begin : begin + step], tuple(signs))
        return found

    def count_nearer(self, vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """How many rows are nearer to each vector, float32 (Q, D), than its own, int64 (Q,)."""
        units, count = unit_vectors(vectors), np.zeros(len(vectors), np.int64)
        least = np.einsum("qd,qd->q", units, self.table.units(rows))[:, None] + _ROUNDING
        for some, _, scores in self._scores(units[:, None], ("+",), rows[:, None]):
            count[some] += np.count_nonzero(scores > least[some], axis=1)
        return count

    @property
    def _count(self) -> int:
        return len(self.table if self.rows is None else self.rows)

    def _scores(
        self,
        units: np.ndarray,
        signs: tuple[str, ...],
        excluded: Sequence[Sequence[int]] | np.ndarray,
    ) -> Iterator[tuple[slice, int, np.ndarray]]:
        """All scores, float32 (Q, R), of some queries and some rows at a time.

        units   unit vectors (Q, T, D)
        Yields  which queries, the place of the first row among those that are searched, and the
                scores: -inf where a row has no direction or is excluded. They are overwritten by
                the next ones
        """
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
                matrix = table.vectors(rows)
                norms = table.quick_norms(rows, matrix)
                shares = 1 / np.maximum(norms, _TINY)
                if scaled := together * terms > dim:  # what is fewer is divided
                    matrix = matrix * shares[:, None]
            without = np.flatnonzero(~has_direction(norms))
            for first in range(0, queries, together):
                some = slice(first, first + together)
                flat = units[some].reshape(-1, dim)
                cosines = products[: len(flat) * len(matrix)].reshape(len(flat), -1)
                with np.errstate(invalid="ignore", over="ignore"):
                    np.matmul(flat, matrix.T, out=cosines)
                    if not scaled:
                        cosines *= shares
                    scores = _scored(cosines.reshape(-1, terms, len(matrix)), signs)
                scores[:, without] = -np.inf
                places = excluded_places[some] - begin
                query, which = np.nonzero((places >= 0) & (places < len(matrix)))
                scores[query, places[query, which]] = -np.inf
                yield some, begin, scores

    def _places(self, rows: Sequence[Sequence[int]] | np.ndarray) -> np.ndarray:
        """Where rows stand among those that are searched, int64 (Q, X); -1: not there, or none."""
        padded = np.full((len(rows), max(map(len, rows))), -1)
        for all_of_one, each in zip(padded, rows, strict=True):
            all_of_one[: len(each)] = each
        if self.rows is None:
            return padded
        places = np.searchsorted(self.rows, padded)
        return np.where(self.rows.take(places, mode="clip") == padded, places, -1)

    def _rescored(
        self, units: np.ndarray, candidates: np.ndarray, signs: tuple[str, ...]
    ) -> list[list[tuple[int, float]]]:
        """The answers among the candidates (Q, C), which are as `_TopRows.rows` gives them."""
        none = candidates < 0
        if self.rows is not None:
            candidates = self.rows[candidates]
        matrix = self.table.matrix[candidates].astype(np.float64)
        norms = row_norms(matrix)
        norms[norms == 0] = 1
        cosines = [
            np.einsum("qcd,qd->qc", matrix, units[:, term]) / norms for term in range(len(signs))
        ]
        scores = np.round(_scored(np.clip(np.stack(cosines, axis=1), -1, 1), signs), 9)  # ties
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
    """Scores (Q, R) from the cosines to each term of a query, (Q, T, R), which are overwritten."""
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


def _as_slice(rows: np.ndarray) -> slice | np.ndarray:
    """Sorted rows as a slice where they are all that it has: a slice copies nothing."""
    first, last = int(rows[0]), int(rows[-1])
    return slice(first, last + 1) if last - first + 1 == len(rows) else rows


def _ranked(queries: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Numbers that ascend with queries and fall with float32 scores, int64: one sort, not two.

    The bits of floats ascend with them, but for the negative ones, where they fall.
    """
    bits = (0 - scores).view(np.int32)  # 0 less 0 has no sign
    return (queries << 32) + np.where(bits < 0, bits ^ np.int32(0x7FFFFFFF), bits)


class _TopRows:
    """The rows that may be among the best `k` of each of Q queries, of all that have been seen.

    These are the rows whose score is not farther below the k-th best than float32 may be wrong;
    where many are as near, at most `most`.
    """

    def __init__(self, queries: int, k: int, most: int):
        self._queries, self._k, self._most = queries, k, most
        self._limits = np.full(queries, -np.inf, np.float32)  # what is not above is of no use
        self._found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._size = 0

    def add(self, scores: np.ndarray, begin: int) -> None:
        """Take account of scores (Q, R) of the rows from `begin` on."""
        peaks = scores.max(axis=1)  # most blocks have nothing better: to see that is quick
        some = np.flatnonzero(peaks > self._limits)
        if self._k == 1:
            self._limits = np.maximum(self._limits, _limit(peaks))
        elif not self._found and scores.shape[1] > self._k:
            first = scores[:, : max(_FIRST, 16 * self._k)]
            self._limits = _limit(np.partition(first, -self._k, axis=1)[:, -self._k])
        if 2 * some.size < len(scores):
            scores, limits = scores[some], self._limits[some]
        else:
            some, limits = np.arange(len(scores)), self._limits
        places = np.flatnonzero(scores > limits[:, None])
        queries, rows = np.divmod(places, scores.shape[1])
        self._found.append((some[queries], rows + begin, scores[queries, rows]))
        self._size += queries.size
        if self._size > 4 * self._most * self._queries:
            self._compact()

    def _compact(self) -> None:
        queries, rows, scores = (np.concatenate(part) for part in zip(*self._found, strict=True))
        order = np.argsort(_ranked(queries, scores), kind="stable")  # ties in the order of rows
        queries, rows, scores = queries[order], rows[order], scores[order]
        rank = self._rank(queries)
        for at, limit in ((self._k - 1, _limit), (self._most - 1, np.array)):
            last = rank == at
            at_least = np.maximum(self._limits[queries[last]], limit(scores[last]))
            self._limits[queries[last]] = at_least
        kept = (rank < self._most) & (scores >= self._limits[queries])
        self._found = [(queries[kept], rows[kept], scores[kept])]
        self._size = int(kept.sum())

    def _rank(self, queries: np.ndarray) -> np.ndarray:
        """The place of each entry among those of its query, which are together."""
        first = np.searchsorted(queries, np.arange(self._queries))
        rank: np.ndarray = np.arange(queries.size) - first[queries]
        return rank

    def rows(self) -> np.ndarray:
        """They, int64 (Q, most), ascending; -1 before them where a query has fewer."""
        self._compact()
        queries, rows, _ = self._found[0]
        found = np.full((self._queries, self._most), -1)
        found[queries, self._rank(queries)] = rows
        found.sort(axis=1)
        return found


def _limit(scores: np.ndarray) -> np.ndarray:
    """Scores in float32 which may in truth be as high as these."""
    limits: np.ndarray = scores - np.float32(_UNSURE) * np.maximum(1, np.abs(scores))
    return limits
