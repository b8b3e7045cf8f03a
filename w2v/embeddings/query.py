"""Questions to a table: nearest neighbours, analogies, similarity, the odd one out.

All similarities are cosines, -1 to 1. Vectors are combined as unit vectors, so that a long one does
not drown the others. A vector that is zero or not finite has no direction, and so no cosine: see
`norms.has_direction`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from w2v.embeddings.norms import unit_vectors
from w2v.embeddings.search import Search
from w2v.embeddings.spelling import joined_form, near_spellings, split_words, unicode_form
from w2v.embeddings.table import Table
from w2v.errors import NotFoundError, W2VError
from w2v.system import python_arguments

FEWEST = 3  # words, for one of them to be the odd one out


@dataclass(frozen=True)
class Query:
    """Words to add ("+") and to subtract ("-"), as typed: king +woman -man."""

    terms: tuple[tuple[str, str], ...]

    @property
    def signs(self) -> tuple[str, ...]:
        """Of each word."""
        return tuple(sign for sign, _ in self.terms)

    def __str__(self) -> str:
        first, *others = self.terms
        signed = [sign + name for sign, name in others]
        return " ".join([first[1] if first[0] == "+" else "".join(first), *signed])


class Neighbour(NamedTuple):
    """One answer: a name, its cosine, its row and its count (None where counts are not known)."""

    name: str
    score: float
    row: int
    count: int | None  # type: ignore[assignment]


def parse_terms(terms: Sequence[str], verbatim: bool = False) -> list[Query]:
    """Queries from words as typed: a bare one begins a query, `+w` and `-w` extend it.

    `+` and `-` by themselves are words. With `verbatim` every term is a query of one word.
    """
    queries: list[list[tuple[str, str]]] = []
    for term in terms:
        signed = not verbatim and len(term) > 1 and term[0] in "+-"
        sign, name = (term[0], term[1:]) if signed else ("+", term)
        if not queries or not signed:
            queries.append([])
        queries[-1].append((sign, name))
    return [Query(tuple(query)) for query in queries]


def row_of(table: Table, name: str, ignore_case: bool = False) -> int | None:
    """The row of a name, or None.

    ignore_case  where it is not there as it is written, the first that differs only in case
    """
    row = table.find(python_arguments.word(name))
    return table.folded.get(name.casefold()) if row is None and ignore_case else row


def find(table: Table, name: str, ignore_case: bool = False) -> int:
    """The row of a name; NotFoundError with the nearest spellings where there is none."""
    row = row_of(table, name, ignore_case)
    if row is None:
        form = joined_form(table, split_words(name))
        near = ", ".join(_spelling(name, each) for each in near_spellings(table, name))
        hint = f"; as one word: {form}" if form else f"; near: {near}" if near else ""
        raise NotFoundError(f"no vector for {name!r} among {len(table):,}{hint}", name)
    return row


def _spelling(name: str, near: str) -> str:
    """A near spelling; one that looks like the name itself is distinguished by its Unicode form."""
    form = unicode_form(name, near)
    return f"{near} (in Unicode's {form})" if form else near


def find_direction(table: Table, name: str, ignore_case: bool = False) -> int:
    """As `find`; NotFoundError too where the vector has no direction, and so no cosine."""
    row = find(table, name, ignore_case)
    if not _has_direction(table, row):
        what = "is zero" if np.isfinite(table.row(row)).all() else "has NaN or infinity in it"
        raise NotFoundError(f"the vector of {table.name(row)!r} {what}: it has no direction")
    return row


def _has_direction(table: Table, row: int) -> bool:
    return bool(table.has_direction(np.array([row]))[0])


def directed_row(table: Table, name: str, ignore_case: bool = False) -> int | None:
    """The row of a name whose vector has a direction, or None."""
    row = row_of(table, name, ignore_case)
    return row if row is not None and _has_direction(table, row) else None


def _rows(table: Table, names: Sequence[str], ignore_case: bool) -> np.ndarray:
    return np.array([find_direction(table, name, ignore_case) for name in names])


def combine(table: Table, query: Query, ignore_case: bool = False) -> tuple[np.ndarray, list[int]]:
    """The sum of a query's unit vectors, float32 (D,), and the rows of its words."""
    rows = [find_direction(table, name, ignore_case) for _, name in query.terms]
    return _sum(table.units(np.array(rows))[None], query.signs)[0], rows


def _sum(vectors: np.ndarray, signs: Sequence[str]) -> np.ndarray:
    """The sums (Q, D) of vectors (Q, T, D), each with the sign of its place."""
    plus_or_minus = np.array([1 if sign == "+" else -1 for sign in signs], np.float32)
    sums: np.ndarray = (vectors * plus_or_minus[:, None]).sum(axis=1, dtype=np.float32)
    return sums


@dataclass(frozen=True)
class QueryAnswerer:
    """How queries are answered.

    search       where answers are sought
    source       the table that the queries' words are in; its words do not answer if it is that of
                 the search
    method       add: the cosine to the sum of unit vectors; mul: the product of cosines (3CosMul)
    include      whether a query's own words may answer it
    ignore_case  of words that are not there as written
    skips        words that are not there are left out of a query, else the query has no answer
    left_out     those that were
    """

    search: Search
    source: Table
    method: str = "add"
    include: bool = False
    ignore_case: bool = False
    skips: bool = False
    left_out: set[str] = field(default_factory=set)
    _rows: dict[str, int] = field(default_factory=dict)  # of words that have been found
    _names: dict[int, str] = field(default_factory=dict)  # of rows that have answered

    def answer(self, queries: Sequence[Query]) -> list[list[Neighbour] | NotFoundError]:
        """The answers to each query, or which word is not there, or that its sum is zero.

        Raises W2VError where vectors are not finite or of another length.
        """
        if self.source.dim != self.search.table.dim:
            raise W2VError(
                f"vectors of {self.source.dim} and of {self.search.table.dim} numbers cannot be "
                "compared"
            )
        found: list[list[Neighbour] | NotFoundError] = [[] for _ in queries]
        by_signs: dict[tuple[str, ...], list[tuple[int, list[int]]]] = {}
        for number, query in enumerate(queries):
            try:
                known = self.known(query) if self.skips else query
                rows = [self._find(name) for _, name in known.terms]
            except NotFoundError as error:
                found[number] = error
            else:
                by_signs.setdefault(known.signs, []).append((number, rows))
        own = self.source is self.search.table and not self.include
        for signs, (numbers, rows_of_each, vectors) in self._vectors(by_signs).items():
            left_out = rows_of_each if own else [[]] * len(numbers)
            answers = self.search.nearest(vectors, left_out, signs)
            for number, vector, answer in zip(numbers, vectors, answers, strict=True):
                found[number] = (
                    self.neighbours(answer)
                    if vector.any()
                    else NotFoundError(
                        f"the vector of {str(queries[number])!r} is zero: it has no direction"
                    )
                )
        return found

    def _vectors(
        self, by_signs: dict[tuple[str, ...], list[tuple[int, list[int]]]]
    ) -> dict[tuple[str, ...], tuple[list[int], list[list[int]], np.ndarray]]:
        """The queries to search for together by the signs of their vectors (Q, T, D)."""
        together: dict[tuple[str, ...], tuple[list[int], list[list[int]], list[np.ndarray]]] = {}
        for signs, group in by_signs.items():
            flat = [row for _, rows in group for row in rows]
            vectors = self.source.units(np.array(flat)).reshape(len(group), len(signs), -1)
            if self.method == "add" or len(signs) == 1:
                vectors, signs = _sum(vectors, signs)[:, None], ("+",)  # noqa: PLW2901
            numbers, rows_of_each, parts = together.setdefault(signs, ([], [], []))
            numbers += [number for number, _ in group]
            rows_of_each += [rows for _, rows in group]
            parts.append(vectors)
        return {
            signs: (numbers, rows, np.concatenate(parts))
            for signs, (numbers, rows, parts) in together.items()
        }

    def _find(self, name: str) -> int:
        row = self._rows.get(name)
        if row is None:
            row = self._rows[name] = find_direction(self.source, name, self.ignore_case)
        return row

    def known(self, query: Query) -> Query:
        """A query without the words that are not there; NotFoundError where none is left."""
        unknown = {
            name
            for _, name in query.terms
            if name not in self._rows and directed_row(self.source, name, self.ignore_case) is None
        }
        self.left_out.update(unknown)
        kept = tuple(term for term in query.terms if term[1] not in unknown)
        if not kept:
            raise NotFoundError(f"no vector for any word of {str(query)!r}")
        return Query(kept)

    def neighbours(self, answer: Sequence[tuple[int, float]]) -> list[Neighbour]:
        """Rows and scores with their names and counts."""
        counts = self.search.table.counts
        return [
            Neighbour(self._name(row), score, row, None if counts is None else int(counts[row]))
            for row, score in answer
        ]

    def _name(self, row: int) -> str:
        name = self._names.get(row)
        if name is None:
            name = self._names[row] = self.search.table.name(row)
        return name


def similar(
    table: Table, query: Query, k: int = 10, source: Table | None = None
) -> list[Neighbour]:
    """The `k` nearest names to a query by cosine, ties by row.

    source  the table that the query's words are in, if that is another: W2VError where its vectors
            have another length. Else these words are left out
    """
    [found] = QueryAnswerer(Search(table, k), source or table).answer([query])
    if isinstance(found, NotFoundError):
        raise found
    return found


def neighbours(vector: np.ndarray, search: Search) -> list[Neighbour]:
    """The nearest names to a vector (D,) by cosine, ties by row."""
    return neighbours_each(vector[None], search)[0]


def neighbours_each(
    vectors: np.ndarray, search: Search, excluded: Sequence[Sequence[int]] = ()
) -> list[list[Neighbour]]:
    """The nearest names to each of many vectors, float32 (Q, D).

    excluded  rows that do not answer, for each vector; empty: any may
    """
    answerer = QueryAnswerer(search, search.table)
    return [
        answerer.neighbours(found)
        for found in search.nearest(vectors[:, None], excluded or [[]] * len(vectors))
    ]


def numbers(table: Table, query: Query, ignore_case: bool = False) -> np.ndarray:
    """The vector of a word as it is in the table, or that of an expression; float32 (D,)."""
    if len(query.terms) == 1 and query.terms[0][0] == "+":
        return table.row(find(table, query.terms[0][1], ignore_case))
    return combine(table, query, ignore_case)[0]


def analogy(a: str, b: str, c: str) -> Query:
    """a is to b as c is to ...: b - a + c (Mikolov et al. 2013c; 3CosAdd)."""
    return Query((("+", b), ("-", a), ("+", c)))


def similarity(table: Table, a: str, b: str, ignore_case: bool = False) -> float:
    """The cosine of two names."""
    one, other = table.units(_rows(table, (a, b), ignore_case))
    return float(np.clip(one @ other, -1, 1))


def odd(table: Table, names: Sequence[str], ignore_case: bool = False) -> list[tuple[str, float]]:
    """Names with their cosine to the mean of all their unit vectors, the odd one out first."""
    if len(names) < FEWEST:
        raise W2VError("the odd one out needs three words or more")
    vectors = table.units(_rows(table, names, ignore_case))
    scores = vectors @ unit_vectors(vectors.mean(axis=0))
    order = np.argsort(scores, kind="stable")
    return [(names[i], float(scores[i])) for i in order]
