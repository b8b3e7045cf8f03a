"""The nearest rows of a table to many vectors at once: products in blocks, and a running top k.

Source of the product of cosines: Levy and Goldberg 2014, equation 4 (3CosMul).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from w2v.embeddings.table import Table, has_direction

_SCORES = 1 << 18  # worked on at a time: they stay in the cache
_RESCORED = 1 << 16  # numbers of candidates worked on at a time: so do they, as float64
_ROWS = 1 << 8  # of the table at least
_COPIED = 1 << 20  # numbers of the table at most, where they are copied or computed
_ROUNDED = 1e-6  # by which cosines in float32 differ when they are summed in another order
_JUDGED, _QUESTIONS = 1 << 12, 1 << 10  # rows and vectors that are compared at a time: 16 MB
_MORE = 8  # candidates besides k, for those that float32 takes to be as near
_TINY = float(np.finfo(np.float32).tiny)
_LARGEST = float(np.finfo(np.float32).max)
EPSILON = 0.001  # of 3CosMul, against division by nothing


@dataclass(frozen=True)
class Search:
    """Where to look, and for how many.

    table  whose rows are sought
    k      how many at most
    rows   int64, sorted: only these; None: all
    least  score that an answer must have; None: any
    """

    table: Table
    k: int = 10
    rows: np.ndarray | None = None
    least: float | None = None

    def nearest(
        self,
        vectors: np.ndarray,
        leave_out: Sequence[Sequence[int]],
        signs: Sequence[str] = ("+",),
    ) -> list[list[tuple[int, float]]]:
        """For each query its answers, row and score, the best first, ties by row.

        vectors    float32 (Q, T, D): with one sign the cosine to a vector is the score; with more,
                   the product of those of "+" through the product of those of "-", each moved to
                   the range 0 to 1
        leave_out  rows that do not answer, for each query
        Scores are worked out anew in float64 from few candidates: they do not depend on which
        queries are asked together.
        """
        if not len(vectors) or not len(self.table if self.rows is None else self.rows):
            return [[] for _ in vectors]
        lengths = np.linalg.norm(vectors.astype(np.float64), axis=2)
        units = vectors / np.maximum(lengths, _TINY)[:, :, None]
        most = self.k + max(map(len, leave_out)) + _MORE
        candidates = self._candidates(units.astype(np.float32), tuple(signs), most)
        step = max(1, _RESCORED // (candidates.shape[1] * self.table.dim))
        found = []
        for begin in range(0, len(units), step):
            some = slice(begin, begin + step)
            found += self._exactly(units[some], candidates[some], leave_out[some], tuple(signs))
        return found

    def _candidates(self, units: np.ndarray, signs: tuple[str, ...], most: int) -> np.ndarray:
        """The rows that seem nearest to each query, unit vectors (Q, T, D): as `_Pool.finished`."""
        queries, terms, dim = units.shape
        flat = units.reshape(-1, dim)
        pool = _Pool(queries, most)
        rows, table = self.rows, self.table
        count = len(table) if rows is None else len(rows)
        step = _SCORES // (queries * terms)
        if rows is not None or table.worked_out:
            step = min(step, _COPIED // dim)
        step = max(_ROWS, step)
        for begin in range(0, count, step):
            some = slice(begin, begin + step) if rows is None else rows[begin : begin + step]
            with np.errstate(invalid="ignore", over="ignore"):
                matrix = table.vectors(some)
                lengths = table.lengths(some, matrix)
                scores = _scored(_cosines(flat, matrix, lengths).reshape(queries, terms, -1), signs)
            scores[:, ~has_direction(lengths)] = -np.inf
            pool.add(scores, begin)
        found = pool.finished()
        return found if rows is None else np.where(found < 0, found, rows[found])

    def _exactly(
        self,
        units: np.ndarray,
        candidates: np.ndarray,
        leave_out: Sequence[Sequence[int]],
        signs: tuple[str, ...],
    ) -> list[list[tuple[int, float]]]:
        """The best of the candidates (Q, C) of each query, which ascend."""
        out = np.full((len(units), max(map(len, leave_out))), -1)
        for row, told in zip(out, leave_out, strict=True):
            row[: len(told)] = told
        left_out = (candidates < 0) | (candidates[:, :, None] == out[:, None]).any(axis=2)
        matrix = self.table.matrix[candidates].astype(np.float64)
        lengths = np.sqrt(np.einsum("qcd,qcd->qc", matrix, matrix))
        lengths[lengths == 0] = 1
        cosines = [
            np.einsum("qcd,qd->qc", matrix, units[:, term]) / lengths for term in range(len(signs))
        ]
        scores = np.round(_scored(np.clip(np.stack(cosines, axis=1), -1, 1), signs), 9)  # ties
        scores[left_out] = -np.inf
        order = np.argsort(-scores, axis=1, kind="stable")[:, : self.k]
        rows, scores = (np.take_along_axis(each, order, 1) for each in (candidates, scores))
        least = -_LARGEST if self.least is None else self.least
        counts = np.count_nonzero(scores >= least, axis=1)
        return [
            list(zip(rows[:count], scores[:count], strict=True))
            for rows, scores, count in zip(
                rows.tolist(), scores.tolist(), counts.tolist(), strict=True
            )
        ]


def unit_vectors(vectors: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
    """Vectors (N, D) divided by their lengths, float32; those without a direction become zero.

    lengths  float (N,), as in a table; None: they are computed
    """
    if lengths is None:
        with np.errstate(invalid="ignore"):
            lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    directed = has_direction(lengths)
    found = np.zeros(vectors.shape, np.float32)
    np.divide(vectors, np.where(directed, lengths, 1)[:, None], out=found, where=directed[:, None])
    return found


@dataclass(frozen=True)
class Judge:
    """Compares scores of rows of a table with those of all others, in blocks of questions and rows.

    table    rows that are compared
    allowed  bool (R,): which of the first R rows of the table; those without a direction never are

    Takes a few megabytes, whatever the table: there are never more scores than of one block.
    """

    table: Table
    allowed: np.ndarray

    def best(
        self, vectors: np.ndarray, leave_out: np.ndarray, signs: Sequence[str] = ("+",)
    ) -> np.ndarray:
        """The row with the highest score for each question, int64 (Q,), ties by row; -1: none.

        vectors    float32 (Q, T, D), unit vectors; see `Search.nearest`
        leave_out  int64 (Q, X), rows that do not answer
        """
        best = np.full(len(vectors), -1)
        highest = np.full(len(vectors), -np.inf, np.float32)
        for some, begin, scores in self._blocks(vectors, signs):
            question, out = np.nonzero(
                (leave_out[some] >= begin) & (leave_out[some] < begin + scores.shape[1])
            )
            scores[question, leave_out[some][question, out] - begin] = -np.inf
            row = scores.argmax(axis=1)
            found = scores[np.arange(len(row)), row]
            better = found > highest[some]
            highest[some][better] = found[better]
            best[some][better] = row[better] + begin
        return best

    def nearer(self, vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """How many rows are nearer to each vector, float32 (Q, D), than its own, int64 (Q,)."""
        own = unit_vectors(self.table.vectors(rows), self.table.exact_lengths(rows))
        at_own = np.einsum("qd,qd->q", unit_vectors(vectors), own)[:, None]
        count = np.zeros(len(vectors), np.int64)
        for some, begin, scores in self._blocks(unit_vectors(vectors)[:, None], ("+",)):
            inside = np.flatnonzero((rows[some] >= begin) & (rows[some] < begin + scores.shape[1]))
            scores[inside, rows[some][inside] - begin] = -np.inf
            count[some] += np.count_nonzero(scores > at_own[some] + _ROUNDED, axis=1)
        return count

    def _blocks(
        self, vectors: np.ndarray, signs: Sequence[str]
    ) -> Iterator[tuple[slice, int, np.ndarray]]:
        """Questions, the first row, and the scores of both: -inf where a row is not allowed.

        Scores are overwritten by the next ones.
        """
        terms, dim = vectors.shape[1:]
        together = max(1, _QUESTIONS // terms)
        buffer = np.empty((together * terms, _JUDGED), np.float32)
        for begin in range(0, len(self.allowed), _JUDGED):
            rows = slice(begin, min(begin + _JUDGED, len(self.allowed)))
            with np.errstate(invalid="ignore", over="ignore"):
                matrix = self.table.vectors(rows)
                lengths = self.table.lengths(rows, matrix)
            units = unit_vectors(matrix, lengths)
            out = np.flatnonzero(~(self.allowed[rows] & has_direction(lengths)))
            for first in range(0, len(vectors), together):
                some = slice(first, first + together)
                flat = vectors[some].reshape(-1, dim)
                cosines = buffer.reshape(-1)[: len(flat) * len(units)].reshape(len(flat), -1)
                np.matmul(flat, units.T, out=cosines)
                scores = _scored(cosines.reshape(-1, terms, len(units)), tuple(signs))
                scores[:, out] = -np.inf
                yield some, begin, scores


def _cosines(units: np.ndarray, matrix: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Cosines (Q, R) of unit vectors (Q, D) to others (R, D): what is fewer is divided."""
    shares = 1 / np.maximum(lengths, _TINY)
    if len(units) > matrix.shape[1]:
        return units @ (matrix * shares[:, None]).T
    cosines = units @ matrix.T
    cosines *= shares
    return cosines


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


def _ranked(queries: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Numbers that ascend with queries and fall with float32 scores, int64: one sort, not two.

    The bits of floats ascend with them, but for the negative ones, where they fall.
    """
    bits = (0 - scores).view(np.int32)  # 0 less 0 has no sign
    return (queries << 32) + np.where(bits < 0, bits ^ np.int32(0x7FFFFFFF), bits)


class _Pool:
    """The best of all that has been seen, for each of Q queries."""

    def __init__(self, queries: int, most: int):
        self._most, self._queries = most, queries
        self._limits = np.full(queries, -np.inf, np.float32)  # what is not above is of no use
        self._found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._size = 0

    def add(self, scores: np.ndarray, begin: int) -> None:
        """Take account of scores (Q, R) of the rows from `begin` on, which may be changed."""
        limits = self._limits
        if scores.shape[1] > self._most and not self._found:
            best = np.partition(scores, -self._most, axis=1)[:, -self._most]
            limits = np.nextafter(np.maximum(best, -_LARGEST), -np.inf, dtype=np.float32)
            self._limits = best
        places = np.flatnonzero(scores > limits[:, None])
        queries, rows = np.divmod(places, scores.shape[1])
        self._found.append((queries, rows + begin, scores.ravel()[places]))
        self._size += queries.size
        if self._size > 4 * self._most * self._queries:
            self._compact()

    def _compact(self) -> None:
        queries, rows, scores = (np.concatenate(part) for part in zip(*self._found, strict=True))
        order = np.argsort(_ranked(queries, scores), kind="stable")  # ties in the order of rows
        queries, rows, scores = queries[order], rows[order], scores[order]
        begins = np.searchsorted(queries, np.arange(self._queries))
        rank = np.arange(queries.size) - begins[queries]
        kept = rank < self._most
        last = rank == self._most - 1
        self._limits[queries[last]] = scores[last]
        self._found = [(queries[kept], rows[kept], scores[kept])]
        self._size = int(kept.sum())

    def finished(self) -> np.ndarray:
        """The rows of each query, int64 (Q, C), ascending; -1 before them where they are fewer."""
        self._compact()
        queries, rows, _ = self._found[0]
        begins = np.searchsorted(queries, np.arange(self._queries))
        rank = np.arange(queries.size) - begins[queries]
        found = np.full((self._queries, rank.max(initial=0) + 1), -1)
        found[queries, rank] = rows
        found.sort(axis=1)
        return found
