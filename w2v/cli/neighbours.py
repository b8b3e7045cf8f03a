"""Answering queries with nearest neighbours, for the commands similar and analogy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from w2v.cli.composed_words import ComposedWords
from w2v.cli.output import ResultPrinter, print_lines, printable
from w2v.cli.query_options import AnswerOptions, LookupOptions
from w2v.cli.quotes import Quotes
from w2v.cli.unknown_words import UnansweredQueries
from w2v.cli.vector_file import listed_names, say_missing
from w2v.errors import NotFoundError, W2VError
from w2v.system.pipes import name_of

if TYPE_CHECKING:
    import numpy as np

    from w2v.embeddings.query import Neighbour, Query, QueryAnswerer
    from w2v.embeddings.search import Search
    from w2v.embeddings.table import Table

T = TypeVar("T")
# Up to this number of words on the command line, one BLAS thread answers as fast as several threads
# do. Several threads would use more processor time.
SINGLE_THREAD_WORDS = 32
_ANSWERS = 1 << 18  # neighbours of several queries that are in memory at a time


def query_answerer(
    table: Table, source: Table, lookup: LookupOptions, answer: AnswerOptions
) -> QueryAnswerer:
    """Return the object that answers queries by searching a table.

    table   the table that is searched; its names are the answers
    source  the table in which the words of queries are looked up
    """
    from w2v.embeddings.query import QueryAnswerer
    from w2v.embeddings.search import Search

    return QueryAnswerer(
        Search(table, answer.k, rows_searched(table, answer), answer.min_score), source,
        answer.method, answer.include_query, lookup.ignore_case, lookup.skips_unknown,
    )  # fmt: skip


def unanswered_queries(
    answerer: QueryAnswerer, vectors: str | None, expressions: bool = False
) -> UnansweredQueries:
    """Return the object that reports queries without an answer; see `UnansweredQueries`."""
    left_out = answerer.left_out if answerer.skips else None
    return UnansweredQueries(answerer.source, vectors, left_out, expressions)


@dataclass
class NeighbourPrinter:
    """Prints the nearest neighbours of a query, and counts the queries without any.

    results  prints in the format that the options select
    table    the name of the table that is searched; its singular is the key of a neighbour in JSON
    heading  whether plain output names the query on a line before its neighbours
    quotes   the texts of documents, whose beginnings are printed too; None: none
    """

    results: ResultPrinter
    table: str
    heading: bool
    quotes: Quotes | None = None
    _empty: int = 0

    def lines(self, query: str, answers: Sequence[Neighbour], is_known: bool = True) -> list[str]:
        """Return the lines that print the answers to a query; without answers only JSON has a line.

        is_known  whether all its words are in the vocabulary; JSON says if not
        """
        if not answers and not self.results.as_json:
            self._empty += 1
            return []

        texts: list[str | None] | None = None
        if self.quotes is not None:
            texts = self.quotes.of([a.name for a in answers], is_last=not self.heading)

        def record() -> dict[str, Any]:
            """Return the query and its answers for JSON."""
            kind = self.table.removesuffix("s")
            items: list[dict[str, Any]] = [
                {kind: a.name, "score": round(a.score, 6), "count": a.count} for a in answers
            ]
            for item, quote in zip(items, texts or (), strict=False):
                item["text"] = quote
            known = {} if is_known else {"known": False}
            return {"query": query, **known, "results": items}

        def rows() -> list[tuple]:
            """Return a row of TSV for each answer: query, rank, name, score, count, text."""
            ends = [()] * len(answers) if texts is None else [(quote,) for quote in texts]
            return [
                (query, rank, a.name, a.score, a.count, *end)
                for rank, (a, end) in enumerate(zip(answers, ends, strict=True), 1)
            ]

        def text() -> str:
            """Return plain lines, one for each answer."""
            ends = [f"  {quote}" if quote else "" for quote in texts or [None] * len(answers)]
            lines = [
                f"{a.score:7.4f}  {printable(a.name + end)}"
                for a, end in zip(answers, ends, strict=True)
            ]
            heading = [f"{printable(query)}:"] if self.heading else []
            return "\n".join([*heading, *lines])

        return self.results.lines(record, text, rows)

    def finish(self) -> None:
        """Say on stderr how many queries have no neighbours to print, if any."""
        say_empty(self._empty)
        if self.quotes is not None:
            self.quotes.finish()


def say_empty(count: int) -> None:
    """Say on stderr how many queries were left out because they have no neighbours to print."""
    if count:
        queries = "query" if count == 1 else "queries"
        click.echo(
            f"left out: {count:,} {queries} for which no answer remains, as with a high "
            "--min-score",
            err=True,
        )


def print_answers(
    answerer: QueryAnswerer,
    batches: Iterable[list[Query]],
    unanswered: UnansweredQueries,
    printer: NeighbourPrinter,
    order: Sequence[int] | None = None,
) -> int:
    """Print the answers to all queries and return the exit status of the command.

    batches     lists of queries that are answered together
    unanswered  reports the queries that have no answer
    order       for each term, in the order of typing, its position in `Query.terms`; None: `terms`
                is in the order of typing
    """
    composed = ComposedWords(answerer.source, answerer.ignore_case)
    for queries in batches:
        typed = _names(queries, order)
        for part in parts(queries, answerer.search):
            lines: list[str] = []
            for query, answer in zip(part, answerer.answer(part), strict=True):
                if isinstance(answer, NotFoundError):
                    print_lines(lines)
                    lines.clear()
                    unanswered.report(answer, typed)
                    lines += unanswered.lines(printer.results, unanswered_record(query), answer)
                else:
                    names = [name for _, name in query.terms if name in answerer.composed]
                    lines += printer.lines(str(query), answer, not composed.among(names))
            print_lines(lines)
    composed.finish()
    printer.finish()
    return unanswered.exit_code()


def parts(batch: Sequence[T], search: Search) -> Iterator[Sequence[T]]:
    """Yield the queries of a batch in parts, which bounds the memory for their answers."""
    most = max(1, _ANSWERS // max(1, min(search.k, len(search.table))))
    for begin in range(0, len(batch), most):
        yield batch[begin : begin + most]


def unanswered_record(query: Query | str) -> dict[str, Any]:
    """Return the JSON object of a query without an answer."""
    return {"query": str(query), "results": []}


def _names(queries: Iterable[Query], order: Sequence[int] | None) -> list[str]:
    """Return the words of queries in the order in which they were typed."""
    return [
        query.terms[position][1]
        for query in queries
        for position in order or range(len(query.terms))
    ]


def rows_searched(table: Table, answer: AnswerOptions) -> np.ndarray | None:
    """Return the rows of a table that are searched for answers, int64, or None for all rows.

    Raises  W2VError if --min-count is given and the table has no counts
    """
    import numpy as np

    restrict, min_count = answer.restrict, answer.min_count
    if restrict is None and min_count is None and not answer.only and not answer.exclude:
        return None
    allowed = _named_rows(table, answer.only) if answer.only else np.ones(len(table), np.bool_)
    if restrict is not None:
        allowed[restrict:] = False
    if min_count is not None:
        if table.counts is None:
            raise W2VError(
                "--min-count: the file has no word counts: try --restrict N, or add them with w2v "
                "convert FILE OUT.safetensors --counts COUNTS"
            )
        allowed &= table.counts >= min_count
    if answer.exclude:
        allowed &= ~_named_rows(table, answer.exclude)
    return np.flatnonzero(allowed)


def _named_rows(table: Table, paths: Sequence[str]) -> np.ndarray:
    """Return a mask of the rows whose names are listed in the files, bool (N,).

    Names that the table lacks are reported on stderr: a blank at the end of a line is part of the
    name, and the list may be of other spellings.
    """
    import numpy as np

    named = np.zeros(len(table), np.bool_)
    rows = {name: table.find(name) for name in listed_names(paths)}
    named[[row for row in rows.values() if row is not None]] = True
    missing = [name for name, row in rows.items() if row is None]
    say_missing(", ".join(map(name_of, paths)), "name", missing)
    return named
