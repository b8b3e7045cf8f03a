"""Nearest neighbours over several runs: mean cosine, deviation, and how many runs agree.

The neighbours of a word differ from run to run, so that those of a single run say little (Antoniak
and Mimno 2018, "Evaluating the Stability of Embedding-based Word Similarities"). The cosines of
each run are computed in its own space, so that no rotation is needed, and the runs may have other
numbers of dimensions. Only words that all runs have can be answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from w2v.alignment.common_words import CommonWords
from w2v.embeddings.norms import unit_vectors
from w2v.embeddings.search import Search
from w2v.embeddings.table import Table
from w2v.embeddings.top_rows import MORE, TopRows

_NUMBERS = 1 << 20  # numbers of a block of vectors, and of scores
_QUERIES = 256  # queries that are answered together
_LARGEST = float(np.finfo(np.float32).max)


class RunNeighbour(NamedTuple):
    """A nearest neighbour over R runs.

    name       the word
    score      the mean of its cosines in the runs
    deviation  the standard deviation of the cosines, with the divisor R - 1
    runs       number of runs in which the word is among the k nearest
    disagree   whether it is among them in half of the runs or fewer
    count      the count of the word in the first run; None if counts are not known
    """

    name: str
    score: float
    deviation: float
    runs: int
    disagree: bool
    count: int | None  # type: ignore[assignment]  # hides tuple.count


class RunSearch:
    """A search for the nearest neighbours over R runs, two or more.

    tables     the tables of the runs
    k          maximum number of neighbours
    allowed    int64, sorted: the rows of the first table that may be answers; None: all
    min_score  minimum mean cosine of a neighbour; None: no limit
    """

    def __init__(
        self,
        tables: Sequence[Table],
        k: int,
        allowed: np.ndarray | None = None,
        min_score: float | None = None,
    ):
        self.tables, self.k, self._min_score = tables, k, min_score
        self.common = CommonWords.of(tables)
        words = self.common.with_directions(tables)
        if allowed is not None:
            words = CommonWords(words.rows[:, np.isin(words.rows[0], allowed)])
        self._rows = words.rows  # int64 (R, N)
        self._searches = [
            Search(table, k, np.sort(rows)) for table, rows in zip(tables, self._rows, strict=True)
        ]

    def nearest(
        self, vectors: Sequence[np.ndarray], excluded: Sequence[Sequence[int]]
    ) -> list[list[RunNeighbour]]:
        """The neighbours of each of Q queries, the largest mean cosine first.

        vectors   for each run, the vectors of the queries, float32 (Q, D of this run)
        excluded  for each query, the rows of the first table that must not be answers
        """
        answers: list[list[RunNeighbour]] = []
        for begin in range(0, len(excluded), _QUERIES):
            part = slice(begin, begin + _QUERIES)
            answers += self._answers([each[part] for each in vectors], excluded[part])
        return answers

    def _answers(
        self, vectors: Sequence[np.ndarray], excluded: Sequence[Sequence[int]]
    ) -> list[list[RunNeighbour]]:
        """The neighbours of some queries; the arguments are those of `nearest`."""
        if not self._rows.size:  # no common word is allowed
            return [[] for _ in excluded]
        places = np.full(len(self.tables[0]), -1)  # the position of each row of the first table
        places[self._rows[0]] = np.arange(self._rows.shape[1])
        hidden = [[at for at in places[[*rows]].tolist() if at >= 0] for rows in excluded]
        units = [unit_vectors(each, dtype=np.float64) for each in vectors]
        candidates = self._candidates(units, hidden)
        cosines = np.stack(
            [
                np.einsum("qcd,qd->qc", self._units(run, candidates), each)
                for run, each in enumerate(units)
            ]
        )  # (R, Q, C)
        scores = np.round(np.clip(cosines, -1, 1).mean(axis=0), 9)
        scores[candidates < 0] = -np.inf
        deviations = cosines.std(axis=0, ddof=1)
        order = np.argsort(-scores, axis=1, kind="stable")[:, : self.k]
        nearest = self._nearest_of_each_run(vectors, hidden)
        least = -_LARGEST if self._min_score is None else self._min_score
        return [
            [
                self._neighbour(int(candidates[query, at]), nearest[query],
                                float(scores[query, at]), float(deviations[query, at]))
                for at in columns
                if scores[query, at] >= least
            ]
            for query, columns in enumerate(order.tolist())
        ]  # fmt: skip

    def _neighbour(
        self, place: int, nearest: Sequence[set[int]], score: float, deviation: float
    ) -> RunNeighbour:
        """A neighbour; `nearest` has the positions of the k nearest words of each run."""
        row, table = int(self._rows[0, place]), self.tables[0]
        runs = sum(place in each for each in nearest)
        count = None if table.counts is None else int(table.counts[row])
        return RunNeighbour(
            table.name(row), score, deviation, runs, 2 * runs <= len(self.tables), count
        )

    def _units(self, run: int, places: np.ndarray | slice) -> np.ndarray:
        """The unit vectors of a run at some positions, float32 (..., D)."""
        rows = self._rows[run, places]
        return self.tables[run].units(rows.ravel()).reshape(*rows.shape, -1)

    def _candidates(self, units: Sequence[np.ndarray], hidden: Sequence[list[int]]) -> np.ndarray:
        """The positions of the words with the largest mean cosines, int64 (Q, C), ascending.

        C is k and a few more, or the number of words if that is smaller. A position is -1 where
        there are fewer words that are not hidden.
        """
        queries, count = len(hidden), self._rows.shape[1]
        top = TopRows(queries, self.k, min(self.k + MORE, count))
        singles = [each.astype(np.float32) for each in units]
        step = max(1, _NUMBERS // max(queries, *(table.dim for table in self.tables)))
        for begin in range(0, count, step):
            part = slice(begin, min(begin + step, count))
            scores = singles[0] @ self._units(0, part).T
            for run, each in enumerate(singles[1:], 1):
                scores += each @ self._units(run, part).T
            scores /= len(singles)
            for query, places in enumerate(hidden):
                inside = [at - begin for at in places if begin <= at < part.stop]
                scores[query, inside] = -np.inf
            top.add(scores, begin)
        return top.rows()

    def _nearest_of_each_run(
        self, vectors: Sequence[np.ndarray], hidden: Sequence[list[int]]
    ) -> list[list[set[int]]]:
        """For each query and run, the positions of the k nearest words."""
        found: list[list[set[int]]] = [[] for _ in hidden]
        for run, (search, rows) in enumerate(zip(self._searches, self._rows, strict=True)):
            places = np.full(len(self.tables[run]), -1)
            places[rows] = np.arange(rows.size)
            excluded = [rows[at].tolist() for at in hidden]
            answers = search.nearest(vectors[run][:, None], excluded)
            for sets, answer in zip(found, answers, strict=True):
                sets.append({int(places[row]) for row, _ in answer})
        return found
