"""Queries with unknown words: the error message, with suggestions, and the exit status 3."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from w2v.cli.output import ResultPrinter, print_lines, printable
from w2v.cli.queries import InvalidQueryError, infers_vectors
from w2v.errors import NotFoundError, W2VError

if TYPE_CHECKING:
    from w2v.embeddings.table import Table

_MOST_REPORTED = 10  # number of queries without an answer that are reported one by one


class UnansweredQueries:
    """Reports the first queries without an answer on stderr, with the reason, and counts the rest.

    table        the table in which words are looked up
    vectors      the vector file, as given by -v; None: the default file
    left_out     with --oov skip: the unknown words that have been left out of queries; else None
    expressions  whether a query may be an expression, as in prime +minister
    """

    def __init__(
        self,
        table: Table,
        vectors: str | None,
        left_out: Collection[str] | None = None,
        expressions: bool = False,
    ):
        self._table, self._vectors, self._expressions = table, vectors, expressions
        self._left_out, self._count, self._any_invalid = left_out, 0, False

    def report(self, error: NotFoundError, names: Sequence[str]) -> None:
        """Report that a query has no answer.

        error  the error, whose `name` is the unknown word
        names  the words of all queries that are answered together, in the order of typing. The
               unknown word may be part of a phrase that was typed as several queries
        """
        self._count += 1
        if self._left_out is None and self._count <= _MOST_REPORTED:
            advice = self._advice(error.name, names) if error.name else ""
            click.echo(f"w2v: {printable(str(error) + advice)}", err=True)

    @staticmethod
    def lines(results: ResultPrinter, record: Mapping[str, Any], error: NotFoundError) -> list[str]:
        """Return the line of JSON for a query without an answer; no line of other formats.

        A program that writes a query to a pipe and reads its answer would wait forever without it.

        record  the JSON object of the query, without an answer
        """
        return results.lines({**record, "error": error.fact}, "", ())

    def refusing(
        self, results: ResultPrinter, record: Callable[[str], Mapping[str, Any]]
    ) -> Callable[[InvalidQueryError], None]:
        """Return a function that reports an invalid query, and prints its line of JSON.

        The exit status is then 2. Later queries are still answered.

        record  returns the JSON object of an invalid query, without an answer
        """

        def report(error: InvalidQueryError) -> None:
            self._any_invalid = True
            click.echo(f"w2v: {printable(str(error))}", err=True)
            print_lines(results.lines({**record(error.query), "error": str(error)}, "", ()))

        return report

    def _advice(self, name: str, names: Sequence[str]) -> str:
        """Return suggestions for an unknown name.

        A suggestion is a phrase that is one word in the table, the sum of the name's words, w2v
        phrases, or inference of a vector for the name as a text.
        """
        from w2v.embeddings.lookup import row_of
        from w2v.embeddings.spelling import (
            expression,
            joined_form,
            joined_to_others,
            split_words,
        )

        if self._expressions and (meant := expression(self._table, name)):
            return f"; did you mean {meant}?"
        words = split_words(name)
        if len(words) <= 1:
            phrase = joined_to_others(self._table, name, names)
            return f"; as one word: {phrase}" if phrase else ""
        advice = ""
        if joined_form(self._table, words) is None:
            terms = [words[0], *(word[1:] for word in words[1:] if word[0] in "+-")]
            if self._expressions and len(terms) == len(words):
                advice = f"; as one query of several words, without quotes: {name}"
            elif self._expressions and all(row_of(self._table, word) is not None for word in words):
                advice = f"; as the sum of its words: {' +'.join(words)}"
            elif not infers_vectors(self._vectors):
                advice = "; w2v phrases, before training, joins phrases to single words"
        if infers_vectors(self._vectors):
            file = f" -v {shlex.quote(self._vectors)}" if self._vectors else ""
            advice += f"; as a text: w2v similar --text {shlex.quote(name)}{file}"
        return advice

    def exit_code(self) -> int:
        """Return the exit status of the command, and report how many words were left out.

        The status is 2 if a query was invalid, else 3 if a query had an unknown word, else 0.
        """
        from w2v.system.progress import plural

        if self._left_out is None and self._count > _MOST_REPORTED:
            more = self._count - _MOST_REPORTED
            queries = "query" if more == 1 else "queries"
            click.echo(f"w2v: {more:,} more {queries} without an answer", err=True)
        if self._left_out is None and self._count and not self._any_invalid:
            return NotFoundError.exit_code
        if self._left_out is not None and (self._left_out or self._count):
            facts = []
            if self._left_out:
                facts.append(f"{plural(len(self._left_out), 'word')} without a vector")
            if self._count:
                queries = "query" if self._count == 1 else "queries"
                facts.append(f"{self._count:,} {queries} not answered")
            click.echo(f"left out: {'; '.join(facts)}", err=True)
        return W2VError.exit_code if self._any_invalid else 0
