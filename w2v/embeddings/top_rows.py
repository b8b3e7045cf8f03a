"""The rows with the best scores so far, while blocks of rows are scored one after the other."""

from __future__ import annotations

import numpy as np

MORE = 8  # candidates beyond k, for rows that float32 cannot distinguish from the k-th best
_FIRST = 1 << 8  # scores for the first limit of a query; more scores take longer to partition
_UNSURE = 1e-4  # maximum error of a float32 score; of 3CosMul, relative to the score


class TopRows:
    """The rows so far that may be among the best `k` of each of Q queries.

    A row is kept if its score is below the k-th best score by no more than the error of float32. If
    that would be more than `most` rows of a query, the best `most` rows are kept.

    queries  Q
    k        number of rows that are wanted for each query
    most     maximum number of rows that are kept for each query, k or more
    """

    def __init__(self, queries: int, k: int, most: int):
        self._queries, self._k, self._most = queries, k, most
        self._limits = np.full(queries, -np.inf, np.float32)  # Scores up to the limit are dropped.
        self._found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._size = 0

    def add(self, scores: np.ndarray, begin: int) -> None:
        """Add the scores (Q, R) of R rows; `begin` is the position of the first row."""
        # In most blocks, no score is above the limit of a query; the maximum shows this quickly.
        peaks = scores.max(axis=1)
        improved = np.flatnonzero(peaks > self._limits)
        if self._k == 1:
            self._limits = np.maximum(self._limits, _limit(peaks))
        elif not self._found and scores.shape[1] > self._k:
            first = scores[:, : max(_FIRST, 16 * self._k)]
            self._limits = _limit(np.partition(first, -self._k, axis=1)[:, -self._k])
        if 2 * improved.size < len(scores):
            scores, limits = scores[improved], self._limits[improved]
        else:
            improved, limits = np.arange(len(scores)), self._limits
        places = np.flatnonzero(scores > limits[:, None])
        queries, rows = np.divmod(places, scores.shape[1])
        self._found.append((improved[queries], rows + begin, scores[queries, rows]))
        self._size += queries.size
        if self._size > 4 * self._most * self._queries:
            self._compact()

    def _compact(self) -> None:
        """Drop the entries that can no longer be among the best, and raise the limits."""
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
        """The position of each entry within its query; the entries are sorted by query."""
        first = np.searchsorted(queries, np.arange(self._queries))
        rank: np.ndarray = np.arange(queries.size) - first[queries]
        return rank

    def rows(self) -> np.ndarray:
        """The kept rows of each query, int64 (Q, most), ascending, after -1 for missing rows."""
        self._compact()
        queries, rows, _ = self._found[0]
        kept = np.full((self._queries, self._most), -1)
        kept[queries, self._rank(queries)] = rows
        kept.sort(axis=1)
        return kept


def _ranked(queries: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Keys, int64, by which entries are sorted: ascending by query, then descending by score.

    One sort by these keys replaces two sorts. The bits of float32 numbers are compared as int32:
    for positive numbers they have the order of the numbers, for negative ones the reverse order.
    """
    bits = (0 - scores).view(np.int32)  # 0 - scores and not -scores, which could be -0.0
    return (queries << 32) + np.where(bits < 0, bits ^ np.int32(0x7FFFFFFF), bits)


def _limit(scores: np.ndarray) -> np.ndarray:
    """The lowest float32 scores whose exact values can reach the exact values of `scores`."""
    limits: np.ndarray = scores - np.float32(_UNSURE) * np.maximum(1, np.abs(scores))
    return limits
