"""Queries from arguments, files and pipes, and those that have no answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import IO, TYPE_CHECKING, TypeVar

import click

from w2v.cli.vector_file import vectors_path
from w2v.errors import W2VError
from w2v.system.pipes import name_of

if TYPE_CHECKING:
    pass


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
