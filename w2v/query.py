"""Questions to a table: nearest neighbours, analogies, similarity, the odd one out.

All similarities are cosines, -1 to 1. Vectors are combined as unit vectors, so that a long one does
not drown the others, and a zero vector has cosine 0 with everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from w2v.errors import NotFoundError, W2VError
from w2v.nearest import Search
from w2v.spelling import near_spellings
from w2v.table import Table

FEWEST = 3  # words, for one of them to be the odd one out


@dataclass(frozen=True)
class Query:
    """Words to add ("+") and to subtract ("-"), as typed: king +woman -man."""

    terms: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        first, *others = self.terms
        signed = [sign + name for sign, name in others]
        return " ".join([first[1] if first[0] == "+" else "".join(first), *signed])


@dataclass(frozen=True)
class Neighbour:
    """One answer: a name, its cosine, its row and its count (None where counts are not known)."""

    name: str
    score: float
    row: int
    count: int | None


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
    row = table.find(name)
    return table.folded.get(name.casefold()) if row is None and ignore_case else row


def find(table: Table, name: str, ignore_case: bool = False) -> int:
    """The row of a name; NotFoundError with the nearest spellings where there is none."""
    row = row_of(table, name, ignore_case)
    if row is None:
        near = ", ".join(near_spellings(table, name))
        raise NotFoundError(
            f"no vector for {name!r} among {len(table):,}" + (f"; near: {near}" if near else "")
        )
    return row


def unit(table: Table, row: int) -> np.ndarray:
    """The vector of a row divided by its length, float32 (D,); W2VError if it is not finite."""
    length = table.length(row)
    if not np.isfinite(length):
        raise W2VError(f"the file has NaN or infinity in the vector of {table.name(row)!r}")
    return table.row(row) / (length or np.float32(1))


def combine(table: Table, query: Query, ignore_case: bool = False) -> tuple[np.ndarray, list[int]]:
    """The sum of a query's unit vectors, float32 (D,), and the rows of its words."""
    rows = [find(table, name, ignore_case) for _, name in query.terms]
    return _sum([unit(table, row) for row in rows], query), rows


def _sum(vectors: Sequence[np.ndarray], query: Query) -> np.ndarray:
    signed = [v if sign == "+" else -v for v, (sign, _) in zip(vectors, query.terms, strict=True)]
    return np.stack(signed).sum(axis=0, dtype=np.float32)


@dataclass(frozen=True)
class Asking:
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
    _rows: dict[str, int] = field(default_factory=dict)  # of words that have been asked for

    def answer(self, queries: Sequence[Query]) -> list[list[Neighbour] | NotFoundError]:
        """The answers to each query, or which word is not there.

        Raises W2VError where vectors are not finite or of another length.
        """
        if self.source.dim != self.search.table.dim:
            raise W2VError(
                f"vectors of {self.source.dim} and of {self.search.table.dim} numbers cannot be "
                "compared"
            )
        found: list[list[Neighbour] | NotFoundError] = [[] for _ in queries]
        alike: dict[tuple[str, ...], list[tuple[int, np.ndarray, list[int]]]] = {}
        for number, query in enumerate(queries):
            try:
                vectors, rows, signs = self._asked(query)
                alike.setdefault(signs, []).append((number, vectors, rows))
            except NotFoundError as error:
                found[number] = error
        own = self.source is self.search.table and not self.include
        for signs, group in alike.items():
            numbers, stacked, rows = zip(*group, strict=True)
            left_out = rows if own else [[]] * len(rows)
            answers = self.search.nearest(np.stack(stacked), left_out, signs)
            for number, answer in zip(numbers, answers, strict=True):
                found[number] = self.neighbours(answer)
        return found

    def _asked(self, query: Query) -> tuple[np.ndarray, list[int], tuple[str, ...]]:
        """Vectors (T, D), the rows of the words, and the sign of each vector."""
        if self.skips:
            query = self.known(query)
        rows = [self._find(name) for _, name in query.terms]
        vectors = [unit(self.source, row) for row in rows]
        signs = tuple(sign for sign, _ in query.terms)
        if self.method == "mul" and len(signs) > 1:
            return np.stack(vectors), rows, signs
        return _sum(vectors, query)[None], rows, ("+",)

    def _find(self, name: str) -> int:
        row = self._rows.get(name)
        if row is None:
            row = self._rows[name] = find(self.source, name, self.ignore_case)
        return row

    def known(self, query: Query) -> Query:
        """A query without the words that are not there; NotFoundError where none is left."""
        unknown = {
            name
            for _, name in query.terms
            if name not in self._rows and row_of(self.source, name, self.ignore_case) is None
        }
        self.left_out.update(unknown)
        kept = tuple(term for term in query.terms if term[1] not in unknown)
        if not kept:
            raise NotFoundError(f"no vector for any word of {str(query)!r}")
        return Query(kept)

    def neighbours(self, answer: Sequence[tuple[int, float]]) -> list[Neighbour]:
        """Rows and scores with their names and counts."""
        table = self.search.table
        return [
            Neighbour(
                table.name(row),
                score,
                row,
                None if table.counts is None else int(table.counts[row]),
            )
            for row, score in answer
        ]


def similar(
    table: Table, query: Query, k: int = 10, source: Table | None = None
) -> list[Neighbour]:
    """The `k` nearest names to a query by cosine, ties by row.

    source  the table that the query's words are in, if that is another: W2VError where its vectors
            have another length. Else these words are left out
    """
    [found] = Asking(Search(table, k), source or table).answer([query])
    if isinstance(found, NotFoundError):
        raise found
    return found


def neighbours(vector: np.ndarray, search: Search) -> list[Neighbour]:
    """The nearest names to a vector (D,) by cosine, ties by row."""
    [found] = search.nearest(vector[None, None], [[]])
    return Asking(search, search.table).neighbours(found)


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
    one, other = (unit(table, find(table, name, ignore_case)) for name in (a, b))
    cosine = one @ other
    return float(np.clip(cosine, -1, 1))


def odd(table: Table, names: Sequence[str], ignore_case: bool = False) -> list[tuple[str, float]]:
    """Names with their cosine to the mean of all their unit vectors, the odd one out first."""
    if len(names) < FEWEST:
        raise W2VError("the odd one out needs three words or more")
    units = np.array([unit(table, find(table, name, ignore_case)) for name in names])
    mean = units.mean(axis=0)
    scores = units @ (mean / (np.linalg.norm(mean) or 1))
    order = np.argsort(scores, kind="stable")
    return [(names[i], float(scores[i])) for i in order]
