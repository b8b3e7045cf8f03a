"""Answering queries with their nearest neighbours: what similar and analogy share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from w2v.cli.output import ResultPrinter, print_lines, printable
from w2v.cli.query_options import AnswerOptions, LookupOptions
from w2v.cli.unknown_words import UnansweredQueries
from w2v.cli.vector_file import read_names
from w2v.errors import NotFoundError, W2VError

if TYPE_CHECKING:
    import numpy as np

    from w2v.embeddings.query import Neighbour, Query, QueryAnswerer
    from w2v.embeddings.table import Table

FEW_WORDS = 32  # words, for which more threads of BLAS are no faster, and four times the work


def query_answerer(
    table: Table, source: Table, lookup: LookupOptions, answer: AnswerOptions
) -> QueryAnswerer:
    """What answers queries, whose words are in `source`, with names of `table`."""
    from w2v.embeddings.query import QueryAnswerer
    from w2v.embeddings.search import Search

    return QueryAnswerer(
        Search(table, answer.k, rows_searched(table, answer), answer.min_score), source,
        answer.method, answer.include_query, lookup.ignore_case, lookup.skips_unknown,
    )  # fmt: skip


def unanswered_queries(
    answerer: QueryAnswerer, vectors: str | None, expressions: bool = False
) -> UnansweredQueries:
    """Where queries that have no answer are reported; the arguments are those of the class."""
    left_out = answerer.left_out if answerer.skips else None
    return UnansweredQueries(answerer.source, vectors, left_out, expressions)


@dataclass(frozen=True)
class NeighbourPrinter:
    """Prints the nearest neighbours that answer a query.

    table    the name of the table that they are in
    heading  whether a line before them names the query
    """

    results: ResultPrinter
    table: str
    heading: bool

    def lines(self, query: str, answers: Sequence[Neighbour]) -> list[str]:
        """The answers to a query as they are printed."""

        def record() -> dict[str, Any]:
            """The query with its answers."""
            kind = self.table.removesuffix("s")
            found = [{kind: a.name, "score": round(a.score, 6), "count": a.count} for a in answers]
            return {"query": query, "results": found}

        def rows() -> list[tuple]:
            """An answer a row, with the query before it."""
            return [(query, rank, a.name, a.score, a.count) for rank, a in enumerate(answers, 1)]

        def text() -> str:
            """An answer a line."""
            lines = [f"{score:7.4f}  {printable(name)}" for name, score, _, _ in answers]
            return "\n".join([f"{printable(query)}:", *lines] if self.heading else lines)

        return self.results.lines(record, text, rows)


def print_answers(
    answerer: QueryAnswerer,
    batches: Iterable[list[Query]],
    unanswered: UnansweredQueries,
    printer: NeighbourPrinter,
    order: Sequence[int] | None = None,
) -> int:
    """Print the answers to all queries; the exit code.

    order  in which a query's terms were typed, where that is not theirs
    """
    for queries in batches:
        lines: list[str] = []
        for query, found in zip(queries, answerer.answer(queries), strict=True):
            if isinstance(found, NotFoundError):
                print_lines(lines)
                lines.clear()
                unanswered.report(found, _names(queries, order))
            else:
                lines += printer.lines(str(query), found)
        print_lines(lines)
    return unanswered.exit_code()


def _names(queries: Iterable[Query], order: Sequence[int] | None) -> list[str]:
    """The words of queries as they were typed."""
    return [each.terms[at][1] for each in queries for at in order or range(len(each.terms))]


def rows_searched(table: Table, answer: AnswerOptions) -> np.ndarray | None:
    """The rows that may answer, int64; None: all."""
    import numpy as np

    restrict, min_count = answer.restrict, answer.min_count
    if restrict is None and min_count is None and not answer.only and not answer.exclude:
        return None
    allowed = _named_rows(table, answer.only) if answer.only else np.ones(len(table), np.bool_)
    if restrict is not None:
        allowed[restrict:] = False
    if min_count is not None:
        if table.counts is None:
            raise W2VError("--min-count: the file does not say how frequent its words are")
        allowed &= table.counts >= min_count
    if answer.exclude:
        allowed &= ~_named_rows(table, answer.exclude)
    return np.flatnonzero(allowed)


def _named_rows(table: Table, paths: Sequence[str]) -> np.ndarray:
    """Which rows have a name that is in one of these files, bool (N,)."""
    import numpy as np

    named = np.zeros(len(table), np.bool_)
    rows = [table.find(name) for name in read_names(paths)]
    named[[row for row in rows if row is not None]] = True
    return named
