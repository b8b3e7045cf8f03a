"""Reading queries from arguments, files and pipes, in batches that are answered together."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import IO, TypeVar

import click

from w2v.cli.vector_file import vectors_path
from w2v.errors import W2VError
from w2v.system.pipes import name_of

T = TypeVar("T")
_BATCH = 1024  # maximum number of lines that are answered together


class InvalidQueryError(W2VError):
    """A line, or a row of an array, that is not a valid query.

    query  the line without the blanks around it, or the number of the row
    """

    def __init__(self, message: str, query: str):
        super().__init__(message)
        self.query = query


def batches(
    queries: Sequence[T],
    paths: Sequence[str],
    parse: Callable[[str], Iterable[T]],
    refused: Callable[[InvalidQueryError], None],
) -> Iterator[list[T]]:
    """Yield the queries of the command line as one batch, then those of files in batches.

    paths    files with queries; `-` is stdin
    parse    turns a line that is not blank into queries; raises W2VError if the line is invalid
    refused  called with an error of `parse`, to which the file and the number of the line are
             added; reading then continues with the next line
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
    refused: Callable[[InvalidQueryError], None],
) -> Iterator[list[T]]:
    """Yield the queries in the lines of a file, in batches, as soon as the lines arrive.

    A batch ends at an invalid line, so that answers and errors are in the order of the lines.

    name            the file's name in messages
    parse, refused  as in `batches`
    Raises          W2VError if the beginning of the file shows that it is not text
    """
    from w2v.embeddings.spelling import BLANKS
    from w2v.system.text_file import lines_as_they_come
    from w2v.text.nontext import HEAD, looks_like

    earlier_lines = 0
    for lines in lines_as_they_come(file, name, _BATCH):
        queries: list[T] = []
        if not earlier_lines and (description := looks_like(b"\n".join(lines)[:HEAD])):
            raise W2VError(f"{name} is {description}")
        for number, line in enumerate(lines, earlier_lines + 1):
            text = line.decode("utf-8", "surrogateescape")
            try:
                queries += parse(text) if text.strip(BLANKS) else []
            except W2VError as error:
                if queries:
                    yield queries  # so that they are answered before the error is reported
                    queries = []
                message = f"{name}: line {number}: {error}"
                refused(InvalidQueryError(message, text.strip(BLANKS)))
        earlier_lines += len(lines)
        yield queries


def infers_vectors(vectors: str | None) -> bool:
    """Whether the vector file is a model that can infer the vector of a new text."""
    from w2v.embeddings.formats import contents
    from w2v.models import models

    model = models().get(contents(vectors_path(vectors))[1].get("model", ""))
    return model is not None and model.has_documents


def word_groups(words: tuple[str, ...], size: int, usage: str) -> list[tuple[str, ...]]:
    """Split words into groups of `size`; UsageError if the last group is incomplete.

    usage  names of the words of a group, for the message: A B C
    """
    if len(words) % size:
        from w2v.system.progress import plural

        found = plural(len(words), "word")
        raise click.UsageError(f"expected {usage}, or several such groups; found {found}")
    return [words[begin : begin + size] for begin in range(0, len(words), size)]


def line_words(line: str, size: int, usage: str) -> list[str]:
    """Split a line into its words; W2VError if their number is not `size`.

    usage  names of the expected words, for the message: A B C
    """
    from w2v.embeddings.spelling import split_words
    from w2v.system.progress import plural

    words = split_words(line)
    if len(words) != size:
        raise W2VError(f"expected {usage}, found {plural(len(words), 'word')}")
    return words


def require_queries(queries: Sequence, paths: Sequence[str], usage: str) -> None:
    """Raise UsageError if there is neither a query nor a file of queries.

    usage  names of the words of a query, for the message: A B C
    """
    if not (queries or paths):
        raise click.UsageError(f"no query: expected {usage}, or --queries FILE")
