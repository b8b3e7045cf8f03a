"""Queries: nearest neighbours, analogies, cosine similarity of two words, the odd one out.

All similarities are cosines, -1 to 1. The vector of a query with several words is the sum of their
unit vectors, so that a vector of large norm counts no more than one of small norm. The method mul
(3CosMul) differs, see `Search.nearest`. A vector that is zero or not finite has no direction and
therefore no cosine, see `norms.has_direction`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from w2v.embeddings.lookup import composed, directed_row, find_direction, find_vector
from w2v.embeddings.norms import row_norms, unit_vectors
from w2v.embeddings.search import Search
from w2v.embeddings.table import Table
from w2v.errors import NotFoundError, W2VError

_ROUNDING = 1e-6  # A sum of unit vectors that is shorter than this, for each of them, is zero.
_KEPT = 1 << 10  # vectors of unknown words that are kept from some queries to the next ones
FEWEST = 3  # minimum number of words among which one can be the odd one out


@dataclass(frozen=True)
class Query:
    """A query: words to add and to subtract, such as king +woman -man.

    terms  pairs of a sign, "+" or "-", and a word
    """

    terms: tuple[tuple[str, str], ...]

    @property
    def signs(self) -> tuple[str, ...]:
        """The sign of each word, "+" or "-"."""
        return tuple(sign for sign, _ in self.terms)

    def __str__(self) -> str:
        first, *others = self.terms
        signed = [sign + name for sign, name in others]
        return " ".join([first[1] if first[0] == "+" else "".join(first), *signed])


class Neighbour(NamedTuple):
    """One nearest neighbour.

    name   the word, or the id of the document
    score  the cosine similarity, -1 to 1; for several words with the method mul, the score 3CosMul
    row    the row of the name in the table, from 0
    count  the count of the name in the corpus; None if counts are not known
    """

    name: str
    score: float
    row: int
    count: int | None  # type: ignore[assignment]  # hides tuple.count


def parse_terms(terms: Sequence[str], verbatim: bool = False) -> list[Query]:
    """Parse the words of a command line: `w` begins a query, `+w` and `-w` extend it.

    `+` and `-` alone are words. With `verbatim`, each term is a query of one word, and its first
    character is never a sign.
    """
    queries: list[list[tuple[str, str]]] = []
    for term in terms:
        signed = not verbatim and len(term) > 1 and term[0] in "+-"
        sign, name = (term[0], term[1:]) if signed else ("+", term)
        if not queries or not signed:
            queries.append([])
        queries[-1].append((sign, name))
    return [Query(tuple(query)) for query in queries]


def query_words(queries: Sequence[Query]) -> list[str]:
    """The words of queries, without signs."""
    return [name for query in queries for _, name in query.terms]


def _units(table: Table, names: Sequence[str], ignore_case: bool) -> np.ndarray:
    """The unit vectors of names, float32 (K, D); NotFoundError for one without a direction."""
    units = np.empty((len(names), table.dim), np.float32)
    for number, name in enumerate(names):
        vector = composed(table, name, ignore_case)
        if vector is None:
            row = find_direction(table, name, ignore_case)
            units[number] = table.units(np.array([row]))[0]
        else:
            units[number] = unit_vectors(vector)
    return units


def combine(table: Table, query: Query, ignore_case: bool = False) -> np.ndarray:
    """The sum of a query's unit vectors, float32 (D,)."""
    units = _units(table, [name for _, name in query.terms], ignore_case)
    total: np.ndarray = _sum(units[None], query.signs)[0]
    return total


def _sum(vectors: np.ndarray, signs: Sequence[str]) -> np.ndarray:
    """Add up the unit vectors of the T terms of Q queries with their signs.

    vectors  float32 (Q, T, D)
    Returns  float32 (Q, D); a sum that is no longer than rounding errors is zero
    """
    plus_or_minus = np.array([1 if sign == "+" else -1 for sign in signs], np.float32)
    sums: np.ndarray = (vectors * plus_or_minus[:, None]).sum(axis=1, dtype=np.float32)
    if len(signs) > 1:
        sums[row_norms(sums) < _ROUNDING * len(signs)] = 0
    return sums


@dataclass(frozen=True)
class QueryAnswerer:
    """Answers queries with their nearest neighbours.

    search       the search, with the table to search and the number of neighbours
    source       the table in which the words of the queries are looked up; it may be another table
                 than the searched one
    method       the score of a neighbour. add: the cosine to the sum of unit vectors; mul: for
                 several words the score 3CosMul, see `Search.nearest`
    include      whether the answers may include the words of the query. If `source` is not the
                 searched table, they always may
    ignore_case  whether to match words case-insensitively if there is no exact match
    skips        whether to leave words without a direction out of a query, also those that are
                 out-of-vocabulary. If not, a query with such a word has no answer
    left_out     the words that were left out of queries so far
    composed     the words whose vectors were composed from n-grams so far
    """

    search: Search
    source: Table
    method: str = "add"
    include: bool = False
    ignore_case: bool = False
    skips: bool = False
    left_out: set[str] = field(default_factory=set)
    composed: set[str] = field(default_factory=set)
    # cache: the rows of words in `source`; those from len(source) on are rows of `_composed`
    _rows: dict[str, int] = field(default_factory=dict)
    _composed: dict[str, np.ndarray] = field(default_factory=dict)  # unit vectors, unknown words
    _names: dict[int, str] = field(default_factory=dict)  # cache: the names of rows returned

    def answer(self, queries: Sequence[Query]) -> list[list[Neighbour] | NotFoundError]:
        """The nearest neighbours of each query, or the error for a query without an answer.

        The error is about an out-of-vocabulary word, a vector without a direction, or a query whose
        vectors sum to zero. Raises W2VError if the two tables have different dimensions.
        """
        self.check_dimensions()
        self._forget()
        if not len(self.search.table) and self.search.table.subwords is not None:
            raise W2VError(
                "the file composes the vector of any word, but lists no words that could be "
                "neighbours: write those of a list with w2v convert --words"
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
        excludes_own_words = self.source is self.search.table and not self.include
        count = len(self.source)
        for signs, (numbers, rows_of_each, vectors) in self._vectors(by_signs).items():
            excluded = [
                [row for row in rows if excludes_own_words and row < count] for rows in rows_of_each
            ]
            answers = self.search.nearest(vectors, excluded, signs)
            for number, vector, answer in zip(numbers, vectors, answers, strict=True):
                found[number] = (
                    self.neighbours(answer)
                    if vector.any()
                    else NotFoundError(
                        f"the vector of {str(queries[number])!r} is zero: it has no direction"
                    )
                )
        return found

    def check_dimensions(self) -> None:
        """Raise W2VError if the two tables have different dimensions."""
        if self.source.dim != self.search.table.dim:
            raise W2VError(
                f"vectors of {self.source.dim} and of {self.search.table.dim} numbers cannot be "
                "compared"
            )

    def _vectors(
        self, by_signs: dict[tuple[str, ...], list[tuple[int, list[int]]]]
    ) -> dict[tuple[str, ...], tuple[list[int], list[list[int]], np.ndarray]]:
        """Group the queries by the signs of their terms: those of a group are searched together.

        by_signs  for each tuple of signs, the number of each query and the rows of its words
        Returns   for each tuple of T signs, the numbers of its Q queries, the rows of their words,
                  and their unit vectors (Q, T, D). With the method add, T is 1, and the vector of a
                  query is the sum of the unit vectors of its words
        """
        together: dict[tuple[str, ...], tuple[list[int], list[list[int]], list[np.ndarray]]] = {}
        for signs, group in by_signs.items():
            flat = [row for _, rows in group for row in rows]
            vectors = self._units(np.array(flat)).reshape(len(group), len(signs), -1)
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

    def _units(self, rows: np.ndarray) -> np.ndarray:
        """The unit vectors of rows as `_find` returns them, float32 (K, D)."""
        if not self._composed or (known := rows < len(self.source)).all():
            return self.source.units(rows)
        units = np.empty((len(rows), self.source.dim), np.float32)
        units[known] = self.source.units(rows[known])
        vectors = [*self._composed.values()]
        units[~known] = [vectors[row] for row in (rows[~known] - len(self.source)).tolist()]
        return units

    def _find(self, name: str) -> int:
        """The row of a name in `source`, or a number beyond its last row if it is composed."""
        row = self._rows.get(name)
        if row is None:
            vector = composed(self.source, name, self.ignore_case)
            if vector is None:
                row = find_direction(self.source, name, self.ignore_case)
            else:
                self.composed.add(name)
                self._composed[name] = unit_vectors(vector)
                row = len(self.source) + len(self._composed) - 1
            self._rows[name] = row
        return row

    def _forget(self) -> None:
        """Empty the cache of unknown words, of which there may be any number, if it has many."""
        if len(self._composed) > _KEPT:
            for name in self._composed:
                del self._rows[name]
            self._composed.clear()

    def known(self, query: Query) -> Query:
        """The query without words that have no direction; NotFoundError if no word is left."""
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
        """The neighbours, with names and counts, from pairs of row and score."""
        counts = self.search.table.counts
        return [
            Neighbour(self._name(row), score, row, None if counts is None else int(counts[row]))
            for row, score in answer
        ]

    def _name(self, row: int) -> str:
        """The name of a row of the searched table; it is kept in the cache."""
        name = self._names.get(row)
        if name is None:
            name = self._names[row] = self.search.table.name(row)
        return name


def similar(
    table: Table, query: Query, k: int = 10, source: Table | None = None
) -> list[Neighbour]:
    """The `k` nearest neighbours of a query by cosine, without the words of the query.

    Neighbours with equal scores are in the order of their rows.

    source  another table, in which the words of the query are looked up. The answers may then
            include these words. None: `table`
    Raises  NotFoundError for a query without an answer, W2VError if the two tables have different
            dimensions
    """
    [answer] = QueryAnswerer(Search(table, k), table if source is None else source).answer([query])
    if isinstance(answer, NotFoundError):
        raise answer
    return answer


def neighbours(vector: np.ndarray, search: Search) -> list[Neighbour]:
    """The nearest neighbours of a vector (D,) by cosine; equal scores are in the order of rows."""
    return neighbours_each(vector[None], search)[0]


def neighbours_each(
    vectors: np.ndarray, search: Search, excluded: Sequence[Sequence[int]] = ()
) -> list[list[Neighbour]]:
    """The nearest neighbours of each of many vectors, float32 (Q, D).

    excluded  for each vector, the rows that must not be among its neighbours. If it is empty, no
              rows are excluded
    """
    answerer = QueryAnswerer(search, search.table)
    return [
        answerer.neighbours(answer)
        for answer in search.nearest(vectors[:, None], excluded or [[]] * len(vectors))
    ]


def numbers(table: Table, query: Query, ignore_case: bool = False) -> np.ndarray:
    """The vector of a query, float32 (D,).

    For a single word without a minus sign it is the vector in the table. Otherwise it is the sum of
    the unit vectors, with their signs.
    """
    if len(query.terms) == 1 and query.terms[0][0] == "+":
        return find_vector(table, query.terms[0][1], ignore_case)
    return combine(table, query, ignore_case)


def analogy(a: str, b: str, c: str) -> Query:
    """The query b - a + c for "a is to b as c is to ..." (3CosAdd, Mikolov et al. 2013c)."""
    return Query((("+", b), ("-", a), ("+", c)))


def similarity(table: Table, a: str, b: str, ignore_case: bool = False) -> float:
    """The cosine similarity of the vectors of two names, -1 to 1."""
    one, other = _units(table, (a, b), ignore_case)
    return float(np.clip(one @ other, -1, 1))


def odd(table: Table, names: Sequence[str], ignore_case: bool = False) -> list[tuple[str, float]]:
    """Pairs of a name and its cosine to the mean of all unit vectors, the odd one out first.

    Raises W2VError for fewer than three names.
    """
    if len(names) < FEWEST:
        raise W2VError(f"expected three words or more to find the odd one out, found {len(names)}")
    vectors = _units(table, names, ignore_case)
    scores = vectors @ unit_vectors(vectors.mean(axis=0))
    order = np.argsort(scores, kind="stable")
    return [(names[i], float(scores[i])) for i in order]
