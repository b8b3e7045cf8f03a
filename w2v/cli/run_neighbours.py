"""Printing nearest neighbours over the files of several runs, for the command similar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from w2v.cli.composed_words import ComposedWords
from w2v.cli.meant_terms import check_files, check_signs
from w2v.cli.neighbours import rows_searched, say_empty
from w2v.cli.output import ResultPrinter, print_lines, printable
from w2v.cli.query_options import AnswerOptions, LookupOptions
from w2v.cli.unknown_words import UnansweredQueries
from w2v.errors import NotFoundError
from w2v.system.pipes import name_of

if TYPE_CHECKING:
    import numpy as np

    from w2v.alignment.run_neighbours import RunNeighbour, RunSearch
    from w2v.embeddings.query import Query
    from w2v.embeddings.table import Table


@dataclass
class RunAnswerer:
    """Answers queries with the nearest neighbours over several runs, and prints the answers.

    lookups  the options of each file
    answer   the options of the answers
    table    the name of the table that is searched in each file
    results  prints in the format that the options select
    heading  whether plain output names the query on a line before its neighbours
    """

    lookups: Sequence[LookupOptions]
    answer: AnswerOptions
    table: str
    results: ResultPrinter
    heading: bool
    _tables: list[Table] = field(init=False)
    _search: RunSearch = field(init=False)
    _left_out: set[str] = field(default_factory=set)
    _empty: int = 0  # number of queries without neighbours

    def __post_init__(self) -> None:
        from w2v.alignment.run_neighbours import RunSearch

        self._tables = [lookup.open_table(self.table) for lookup in self.lookups]
        allowed = rows_searched(self._tables[0], self.answer)
        self._search = RunSearch(self._tables, self.answer.k, allowed, self.answer.min_score)
        self._say_missing()
        self.unanswered = UnansweredQueries(
            self._tables[0],
            self.lookups[0].vectors,
            self._left_out if self.lookups[0].skips_unknown else None,
            expressions=True,
        )
        self.refused = self.unanswered.refusing(self.results, self.unanswered_record)

    def check(self, queries: Sequence[Query]) -> None:
        """Raise an error for words of the command line that are meant as options or files."""
        from w2v.embeddings.query import query_words

        ignore_case, files = self.lookups[0].ignore_case, [each.vectors for each in self.lookups]
        check_signs(queries, self._tables[0], ignore_case)
        check_files(query_words(queries), self._tables[0], files, ignore_case)

    def _say_missing(self) -> None:
        """Say on stderr how many words of each file are not in all of them."""
        from w2v.system.progress import plural

        for lookup, table in zip(self.lookups, self._tables, strict=True):
            if missing := len(table) - len(self._search.common):
                file = name_of(lookup.vectors or "")
                message = f"{file}: {plural(missing, 'name')} not in all files, so no candidates"
                click.echo(printable(message), err=True)

    def print_answers(self, batches: Iterable[list[Query]]) -> int:
        """Print the answers to all queries and return the exit status of the command."""
        import numpy as np

        from w2v.embeddings.query import query_words

        ignore_case = self.lookups[0].ignore_case
        composed = [ComposedWords(table, ignore_case) for table in self._tables]
        for queries in batches:
            found = [self._vectors(query) for query in queries]
            known = [each for each in found if not isinstance(each, NotFoundError)]
            vectors = [np.stack(each) for each in zip(*(run for run, _ in known), strict=True)]
            excluded = [rows for _, rows in known]
            typed = query_words(queries)
            answers = iter(self._search.nearest(vectors, excluded) if known else [])
            for query, each in zip(queries, found, strict=True):
                if isinstance(each, NotFoundError):
                    self.unanswered.report(each, typed)
                    record = self.unanswered_record(query)
                    print_lines(self.unanswered.lines(self.results, record, each))
                    continue
                unknown = [words.among(name for _, name in query.terms) for words in composed]
                print_lines(self._lines(str(query), next(answers), not any(unknown)))
        for words in composed:
            words.finish()
        say_empty(self._empty)
        return self.unanswered.exit_code()

    def unanswered_record(self, query: Query | str) -> dict[str, Any]:
        """Return the JSON object of a query without an answer."""
        return {"query": str(query), "files": len(self._tables), "results": []}

    def _vectors(self, query: Query) -> tuple[list[np.ndarray], list[int]] | NotFoundError:
        """The vector of a query in each run, and its rows in the first table, or the error."""
        from w2v.embeddings.lookup import composed, directed_row
        from w2v.embeddings.query import Query, combine

        first, ignore_case = self.lookups[0], self.lookups[0].ignore_case
        if first.skips_unknown:
            terms = tuple(
                term
                for term in query.terms
                if all(
                    directed_row(table, term[1], ignore_case) is not None
                    or composed(table, term[1], ignore_case) is not None
                    for table in self._tables
                )
            )
            self._left_out.update({term[1] for term in query.terms} - {term[1] for term in terms})
            if not terms:
                return NotFoundError(f"no vector for any word of {str(query)!r} in all files")
            query = Query(terms)
        vectors = []
        for lookup, table in zip(self.lookups, self._tables, strict=True):
            try:
                vectors.append(combine(table, query, ignore_case))
            except NotFoundError as error:
                return NotFoundError(
                    f"{name_of(lookup.vectors or '')}: {error.fact}", error.name, error.hint
                )
            if not vectors[-1].any():
                return NotFoundError(f"the vector of {str(query)!r} is zero: it has no direction")
        rows = (directed_row(self._tables[0], name, ignore_case) for _, name in query.terms)
        return vectors, [row for row in rows if row is not None and not self.answer.include_query]

    def _lines(self, query: str, answers: Sequence[RunNeighbour], is_known: bool) -> list[str]:
        """Return the lines that print the answers to a query, as `NeighbourPrinter.lines`."""
        files = len(self._tables)
        if not answers and not self.results.as_json:
            self._empty += 1
            return []

        def record() -> dict[str, Any]:
            """Return the query and its answers for JSON."""
            kind = self.table.removesuffix("s")
            items = [
                {
                    kind: a.name, "score": round(a.score, 6), "deviation": round(a.deviation, 6),
                    "runs": a.runs, "disagree": a.disagree, "count": a.count,
                }
                for a in answers
            ]  # fmt: skip
            known = {} if is_known else {"known": False}
            return {"query": query, **known, "files": files, "results": items}

        def rows() -> list[tuple]:
            """Return a row of TSV for each answer."""
            return [
                (query, rank, a.name, a.score, a.count, a.deviation, a.runs, "?" * a.disagree)
                for rank, a in enumerate(answers, 1)
            ]

        def text() -> str:
            """Return plain lines, one for each answer."""
            heading = [f"{printable(query)}:"] if self.heading else []
            lines = [
                f"{a.score:7.4f} ± {a.deviation:.4f}  {a.runs}/{files}{' ?'[a.disagree]} "
                f"{printable(a.name)}"
                for a in answers
            ]
            return "\n".join([*heading, *lines])

        return self.results.lines(record, text, rows)
