"""Map: rows of a table of vectors as named points in the plane, with colours and arrows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from w2v.embeddings import lookup, query
from w2v.embeddings.query import Neighbour
from w2v.embeddings.search import Search
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.plots.groups import Groups


@dataclass(frozen=True)
class Choice:
    """The rows of a table to draw.

    rows    int64 (N,), N distinct rows of the table
    marked  bool (N,), whether the user has given the name of each row
    arrows  int64 (A, 2), start and end of each of A arrows as indices of `rows`
    """

    rows: np.ndarray
    marked: np.ndarray
    arrows: np.ndarray

    @classmethod
    def of(cls, marked: Sequence[int], others: Sequence[int] = (), arrows: object = ()) -> Choice:
        """A choice of marked rows and others; repeated rows are drawn once."""
        rows = list(dict.fromkeys([*marked, *others]))
        is_marked = np.arange(len(rows)) < len({*marked})  # the marked rows come first
        return cls(np.array(rows, np.int64), is_marked, np.array(arrows, np.int64).reshape(-1, 2))

    def with_others(self, rows: Iterable[int]) -> Choice:
        """The choice with further rows, which are not marked."""
        marked, others = self.rows[self.marked].tolist(), self.rows[~self.marked].tolist()
        return Choice.of(marked, [*others, *rows], self.arrows)

    def only(self, kept: np.ndarray) -> Choice:
        """The rows where `kept`, bool (N,), is true, and the arrows between them."""
        new_index = np.cumsum(kept) - 1
        arrows = self.arrows[kept[self.arrows].all(axis=1)]
        return Choice(self.rows[kept], self.marked[kept], new_index[arrows])


def around(table: Table, names: Sequence[str], k: int) -> Choice:
    """The given names and the `k` nearest neighbours of each; NotFoundError for an unknown name.

    A vector without a direction has no neighbours.
    """
    rows = [lookup.find(table, name) for name in names]
    at = np.array(rows, np.int64)
    directed = at[table.has_direction(at)]
    answers_each = neighbours(table, directed, k) if k and directed.size else []
    return Choice.of(rows, [neighbour.row for answers in answers_each for neighbour in answers])


def neighbours(table: Table, rows: np.ndarray, k: int) -> list[list[Neighbour]]:
    """The `k` nearest neighbours of each row, int64 (N,), as `w2v similar` finds them."""
    return query.neighbours_each(table.units(rows), Search(table, k), rows[:, None].tolist())


def pairs(table: Table, texts: Sequence[str]) -> Choice:
    """The rows of the names A and B of each text A:B, with an arrow from A to B.

    Raises W2VError for a text that is not a pair, NotFoundError for an unknown name.
    """
    ends: list[int] = []
    for text in texts:
        first, colon, second = text.partition(":")
        if not (first and colon and second):
            raise W2VError(f"--pairs: {text!r} is not a pair: write A:B, as man:woman")
        ends += [lookup.find(table, first), lookup.find(table, second)]
    index_of = {row: index for index, row in enumerate(dict.fromkeys(ends))}
    return Choice.of(ends, arrows=[index_of[row] for row in ends])


@dataclass(frozen=True)
class Map:
    """A map of N named points.

    title   name of the vector file
    about   the projection and the number of points
    names   names of the points, the more important first
    points  float64 (N, 2), positions of the points
    marked  bool (N,), whether the user has given each name
    counts  int64 (N,), count of each word or length of each document; None: unknown
    groups  groups of the points, which define their colours
    arrows  int64 (A, 2), start and end of each of A arrows as indices of points
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
        """The map as a table with the heading name, x, y, group, count."""
        heading: list[object] = ["name", "x", "y", "group", "count"]
        table = [heading]
        for index, (x, y) in enumerate(self.points.tolist()):
            count = None if self.counts is None else int(self.counts[index])
            group = self.groups.names[self.groups.of[index]] if self.groups.names else None
            table.append([self.names[index], x, y, group, count])
        return table
