"""Which kept row each removed row of a text is equal to, or near."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class RemovedPairs(NamedTuple):
    """P removed rows in order, with the rows that were kept in place of them.

    removed     int64 (P,), the numbers of the rows, from 0
    kept        int64 (P,)
    similarity  float64 (P,), 1 for equal rows, else the estimate of the Jaccard similarity
    """

    removed: np.ndarray
    kept: np.ndarray
    similarity: np.ndarray


class RemovedRows:
    """The hashes of all rows, and of the near ones among them, from which the pairs are computed.

    It takes 17 bytes for each row, and about 100 bytes more for each while `pairs` is computed.
    """

    def __init__(self) -> None:
        self._hashes: list[np.ndarray] = []
        self._blank: list[np.ndarray] = []
        self._near: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def add_rows(self, hashes: np.ndarray, blank: np.ndarray) -> None:
        """Add the next rows of the text.

        hashes  uint64 (L, 2)
        blank   bool (L,), whether each has no words, so that it is kept
        """
        self._hashes.append(hashes)
        self._blank.append(blank)

    def add_near(self, removed: np.ndarray, kept: np.ndarray, similarity: np.ndarray) -> None:
        """Add near rows, which may come before or after the calls of `add_rows` for them.

        removed     uint64 (R, 2), the hashes of the rows
        kept        uint64 (R, 2), those of the rows that are kept
        similarity  float64 (R,)
        """
        if len(removed):
            self._near.append((removed, kept, similarity))

    def pairs(self) -> RemovedPairs:
        """The pairs of the text, when all rows have been added."""
        none = np.empty((0, 2), np.uint64)
        rows, blank = np.concatenate([none, *self._hashes]), np.concatenate([[], *self._blank])
        removed = np.concatenate([none, *(near[0] for near in self._near)])
        kept = np.concatenate([none, *(near[1] for near in self._near)])
        numbers, first = _numbered(np.concatenate([rows, removed, kept]))
        own, near, near_kept = np.split(numbers, [len(rows), len(rows) + len(removed)])
        # The first of equal rows is kept, unless it is near another one.
        kept_row, similarity = first.copy(), np.ones(len(first))
        kept_row[near] = first[near_kept]
        similarity[near] = np.concatenate([[], *(each[2] for each in self._near)])
        is_removed = (kept_row[own] != np.arange(len(rows))) & (blank == 0)
        found = np.flatnonzero(is_removed)
        return RemovedPairs(found, kept_row[own][found], similarity[own][found])


def _numbered(hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number different hashes: int64 (L,) the number of each, int64 (N,) where each is first.

    hashes  uint64 (L, 2)
    """
    order = np.lexsort((hashes[:, 1], hashes[:, 0]))  # stable: the first of equal hashes is first
    ordered = hashes[order]
    is_new = np.ones(len(order), bool)
    is_new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.cumsum(is_new) - 1
    return numbers, order[is_new]
