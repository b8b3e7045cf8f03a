"""Map: some names of a table as points in the plane, with colours and arrows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from w2v.embeddings import query
from w2v.embeddings.query import Neighbour
from w2v.embeddings.search import Search
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.plots.groups import Groups


@dataclass(frozen=True)
class Choice:
    """Which rows are drawn.

    rows    int64 (N,), different
    marked  bool (N,), which of them are named by the user
    arrows  int64 (A, 2), places in `rows`: from the first to the second
    """

    rows: np.ndarray
    marked: np.ndarray
    arrows: np.ndarray

    @classmethod
    def of(cls, marked: Sequence[int], others: Sequence[int] = (), arrows: object = ()) -> Choice:
        """Rows that the user names, and others, each once."""
        rows = list(dict.fromkeys([*marked, *others]))
        known = np.arange(len(rows)) < len({*marked})
        return cls(np.array(rows, np.int64), known, np.array(arrows, np.int64).reshape(-1, 2))

    def with_others(self, rows: Iterable[int]) -> Choice:
        """And some more rows."""
        marked, near = self.rows[self.marked].tolist(), self.rows[~self.marked].tolist()
        return Choice.of(marked, [*near, *rows], self.arrows)

    def only(self, which: np.ndarray) -> Choice:
        """Those of which bool (N,) is true, and the arrows between these."""
        place = np.cumsum(which) - 1
        arrows = self.arrows[which[self.arrows].all(axis=1)]
        return Choice(self.rows[which], self.marked[which], place[arrows])


def around(table: Table, names: Sequence[str], k: int) -> Choice:
    """Some names and the `k` nearest of each; NotFoundError where one is not there."""
    rows = [query.find(table, name) for name in names]
    found = neighbours(table, np.array(rows, np.int64), k) if k and rows else []
    return Choice.of(rows, [each.row for near in found for each in near])


def neighbours(table: Table, rows: np.ndarray, k: int) -> list[list[Neighbour]]:
    """The `k` nearest names of each of some rows, as `w2v similar` tells them."""
    return query.neighbours_each(table.units(rows), Search(table, k), rows[:, None].tolist())


def pairs(table: Table, texts: Sequence[str]) -> Choice:
    """Both names of pairs A:B, with an arrow from A to B.

    Raises W2VError for what is not a pair, NotFoundError where a name is not there.
    """
    ends: list[int] = []
    for each in texts:
        first, colon, second = each.partition(":")
        if not (first and colon and second):
            raise W2VError(f"--pairs: expected A:B, found {each!r}")
        ends += [query.find(table, first), query.find(table, second)]
    place = {row: at for at, row in enumerate(dict.fromkeys(ends))}
    return Choice.of(ends, arrows=[place[row] for row in ends])


@dataclass(frozen=True)
class Map:
    """What is drawn.

    title   what it shows
    about   how
    names   of N points, the more important first
    points  float64 (N, 2)
    marked  bool (N,), which of them are named by the user
    counts  int64 (N,), or None
    groups  of the points, which get their colours by these
    arrows  int64 (A, 2): from one point to another
    """

    title: str
    about: str
    names: list[str]
    points: np.ndarray
    marked: np.ndarray
    counts: np.ndarray | None
    groups: Groups
    arrows: np.ndarray

    def rows(self) -> list[list[object]]:
        """Its numbers, with a heading: name, x, y, group, count."""
        heading: list[object] = ["name", "x", "y", "group", "count"]
        found = [heading]
        for at, (x, y) in enumerate(self.points.tolist()):
            count = None if self.counts is None else int(self.counts[at])
            group = self.groups.names[self.groups.of[at]] if self.groups.names else None
            found.append([self.names[at], x, y, group, count])
        return found
