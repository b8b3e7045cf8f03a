"""Questions to a table: nearest neighbours, analogies, similarity, the odd one out.

All similarities are cosines, -1 to 1. Vectors are combined as unit vectors, so that a long one does
not drown the others, and a zero vector has cosine 0 with everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from w2v.errors import NotFoundError, W2VError
from w2v.spelling import near_spellings
from w2v.table import Table


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


def find(table: Table, name: str) -> int:
    """The row of a name; NotFoundError with the nearest spellings where there is none."""
    row = table.find(name)
    if row is None:
        near = ", ".join(near_spellings(table, name))
        raise NotFoundError(
            f"no vector for {name!r} among {len(table):,}" + (f"; near: {near}" if near else "")
        )
    return row


def unit(table: Table, row: int) -> np.ndarray:
    """The vector of a row divided by its length, float32 (D,); W2VError if it is not finite."""
    if not np.isfinite(table.norms[row]):
        raise W2VError(f"the file has NaN or infinity in the vector of {table.name(row)!r}")
    return table.matrix[row] / (table.norms[row] or 1)


def combine(table: Table, query: Query) -> tuple[np.ndarray, list[int]]:
    """The sum of a query's unit vectors, float32 (D,), and the rows of its words."""
    rows = [find(table, name) for _, name in query.terms]
    vector = np.zeros(table.dim, np.float32)
    for (sign, _), row in zip(query.terms, rows, strict=True):
        vector += unit(table, row) if sign == "+" else -unit(table, row)
    return vector, rows


def similar(
    table: Table, query: Query, k: int = 10, source: Table | None = None
) -> list[Neighbour]:
    """The `k` nearest names to a query by cosine, ties by row.

    source  the table that the query's words are in, if that is another: W2VError where its vectors
            have another length. Else these words are left out
    """
    if source is None or source is table:
        vector, rows = combine(table, query)
        return neighbours(table, vector, rows, k)
    if source.dim != table.dim:
        raise W2VError(f"vectors of {source.dim} and of {table.dim} numbers cannot be compared")
    return neighbours(table, combine(source, query)[0], [], k)


def neighbours(
    table: Table, vector: np.ndarray, leave_out: Sequence[int], k: int
) -> list[Neighbour]:
    """The `k` nearest names to a vector (D,) by cosine, ties by row."""
    scores = table.matrix @ vector
    scores /= np.maximum(table.norms, np.finfo(np.float32).tiny) * (np.linalg.norm(vector) or 1)
    scores[np.isnan(scores)] = -np.inf  # of vectors that are not finite
    scores[list(leave_out)] = -np.inf
    k = min(k, int(np.count_nonzero(scores > -np.inf)))
    if k == 0:
        return []
    least = np.partition(scores, -k)[-k]
    near = np.flatnonzero(scores >= least)
    near = near[np.lexsort((near, -scores[near]))][:k]
    return [
        Neighbour(
            name=table.name(int(row)),
            score=float(np.clip(scores[row], -1, 1)),
            row=int(row),
            count=None if table.counts is None else int(table.counts[row]),
        )
        for row in near
    ]


def analogy(a: str, b: str, c: str) -> Query:
    """a is to b as c is to ...: b - a + c (Mikolov et al. 2013c; 3CosAdd)."""
    return Query((("+", b), ("-", a), ("+", c)))


def similarity(table: Table, a: str, b: str) -> float:
    """The cosine of two names."""
    cosine = unit(table, find(table, a)) @ unit(table, find(table, b))
    return float(np.clip(cosine, -1, 1))


def odd(table: Table, names: Sequence[str]) -> list[tuple[str, float]]:
    """Names with their cosine to the mean of all their unit vectors, the odd one out first."""
    if len(names) < 3:
        raise W2VError("the odd one out needs three words or more")
    units = np.array([unit(table, find(table, name)) for name in names])
    mean = units.mean(axis=0)
    scores = units @ (mean / (np.linalg.norm(mean) or 1))
    order = np.argsort(scores, kind="stable")
    return [(names[i], float(scores[i])) for i in order]
