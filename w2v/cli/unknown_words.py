"""Unknown words of queries: what is said, with what is near, and the exit code 3."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import click

from w2v.cli.output import printable
from w2v.cli.queries import infers_vectors
from w2v.errors import NotFoundError, W2VError

if TYPE_CHECKING:
    from w2v.embeddings.table import Table


class UnansweredQueries:
    """Reports on stderr which queries have no answer, and why, and counts them.

    table        where words were looked up
    vectors      the file that it is of, as given by -v
    left_out     the words that are left out of queries; None: their queries have no answer
    expressions  whether the command takes expressions, as in prime +minister
    """

    def __init__(
        self,
        table: Table,
        vectors: str | None,
        left_out: Collection[str] | None = None,
        expressions: bool = False,
    ):
        self._table, self._vectors, self._expressions = table, vectors, expressions
        self._left_out, self._count, self._refused = left_out, 0, False

    def report(self, error: NotFoundError, names: Sequence[str]) -> None:
        """Report that a query has no answer.

        names  the words of the queries that are answered together, in order
        """
        self._count += 1
        if self._left_out is None:
            advice = self._advice(error.name, names) if error.name else ""
            click.echo(f"w2v: {printable(str(error) + advice)}", err=True)

    def refuse(self, error: W2VError) -> None:
        """Report a line that is no query, or a query that cannot be answered; others are."""
        self._refused = True
        click.echo(f"w2v: {printable(str(error))}", err=True)

    def _advice(self, name: str, names: Sequence[str]) -> str:
        """What else may be meant: a phrase that is one word here, words to add, a text."""
        from w2v.embeddings.query import row_of
        from w2v.embeddings.spelling import joined_form, joined_to_others, split_words

        words = split_words(name)
        if len(words) <= 1:
            form = joined_to_others(self._table, name, names)
            return f"; together: {form}" if form else ""
        advice = ""
        if joined_form(self._table, words) is None:
            if self._expressions and all(row_of(self._table, word) is not None for word in words):
                advice = f"; its words added: {' +'.join(words)}"
            elif not infers_vectors(self._vectors):
                advice = "; w2v phrases makes one word of several, before training"
        if infers_vectors(self._vectors):
            file = f" -v {shlex.quote(self._vectors)}" if self._vectors else ""
            advice += f"; as a text: w2v similar --text {shlex.quote(name)}{file}"
        return advice

    def exit_code(self) -> int:
        """The exit code of the command; reports what was left out.

        A query that was refused counts for more than one with an unknown word.
        """
        from w2v.system.progress import plural

        if self._left_out is None and self._count and not self._refused:
            return NotFoundError.exit_code
        if self._left_out:
            words = f"left out: {plural(len(self._left_out), 'word')} without a vector"
            none = (
                f"; {self._count:,} {'query' if self._count == 1 else 'queries'} not answered"
                if self._count
                else ""
            )
            click.echo(words + none, err=True)
        return W2VError.exit_code if self._refused else 0
