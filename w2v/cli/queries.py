"""Queries from arguments, files and pipes, and those that have no answer."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import IO, TYPE_CHECKING, TypeVar

import click

from w2v.cli.output import printable
from w2v.cli.vector_file import vectors_path
from w2v.errors import NotFoundError, W2VError
from w2v.system.pipes import name_of

if TYPE_CHECKING:
    from w2v.embeddings.table import Table


T = TypeVar("T")
_AT_ONCE = 1024  # queries


def batches(
    queries: Sequence[T],
    paths: Sequence[str],
    parse: Callable[[str], Iterable[T]],
    refused: Callable[[W2VError], None],
) -> Iterator[list[T]]:
    """Queries to answer together: those of the command line, then those of files.

    paths    `-` is stdin
    parse    a line, not a blank one, as queries; W2VError where it is none
    refused  called with the error, which names the line; the lines after it are read
    """
    if queries:
        yield list(queries)
    for path in paths:
        with nullcontext(sys.stdin.buffer) if path == "-" else open(path, "rb") as file:
            yield from parsed_lines(file, name_of(path), parse, refused)


def parsed_lines(
    file: IO[bytes],
    name: str,
    parse: Callable[[str], Iterable[T]],
    refused: Callable[[W2VError], None],
) -> Iterator[list[T]]:
    """The queries in the lines of a file, some at a time, as they come.

    name            of the file, for messages
    parse, refused  as in `batches`
    Raises          W2VError where the file is plainly not text
    """
    from w2v.embeddings.spelling import BLANKS
    from w2v.system.text_file import lines_as_they_come
    from w2v.text.nontext import HEAD, looks_like

    passed = 0
    for lines in lines_as_they_come(file, name, _AT_ONCE):
        queries: list[T] = []
        if not passed and (meaning := looks_like(b"\n".join(lines)[:HEAD])):
            raise W2VError(f"{name} is {meaning}")
        for number, line in enumerate(lines, passed + 1):
            text = line.decode("utf-8", "surrogateescape")
            try:
                queries += parse(text) if text.strip(BLANKS) else []
            except W2VError as error:
                refused(W2VError(f"{name}: line {number}: {error}"))
        passed += len(lines)
        yield queries


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


def infers_vectors(vectors: str | None) -> bool:
    """Whether the file is a model that can infer the vector of a text."""
    from w2v.embeddings.formats import contents
    from w2v.models import models

    model = models().get(contents(vectors_path(vectors))[1].get("model", ""))
    return model is not None and model.has_documents


def word_groups(words: tuple[str, ...], size: int, what: str) -> list[tuple[str, ...]]:
    """Words in groups of `size`; UsageError where some are left over."""
    if len(words) % size:
        raise click.UsageError(f"{len(words)} words: expected {what}, or several of these")
    return [words[at : at + size] for at in range(0, len(words), size)]


def line_words(line: str, size: int, what: str) -> list[str]:
    """The words of a line; W2VError where they are not `size`."""
    from w2v.embeddings.spelling import split_words
    from w2v.system.progress import plural

    words = split_words(line)
    if len(words) != size:
        raise W2VError(f"expected {what}, found {plural(len(words), 'word')}")
    return words


def require_queries(queries: Sequence, paths: Sequence[str], what: str) -> None:
    """UsageError where there is neither a query nor a file of queries."""
    if not (queries or paths):
        raise click.UsageError(f"missing: {what}")
