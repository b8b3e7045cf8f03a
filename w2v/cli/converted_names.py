"""The names of a converted table: --only and --words choose them, --counts gives them counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from w2v.cli.command import INPUT, grouped
from w2v.cli.option_bundle import option_bundle
from w2v.cli.output import printable
from w2v.cli.vector_file import listed_names, read_names, say_missing
from w2v.errors import W2VError
from w2v.system.pipes import name_of

if TYPE_CHECKING:
    from w2v.embeddings.table import Table

_OPTIONS = grouped(
    "Vectors",
    click.option(
        "--only", multiple=True, type=INPUT, metavar="FILE",
        help="Keep only the names in this file, one on each line. May be repeated.",
    ),
    click.option(
        "--words", type=INPUT, metavar="FILE",
        help="Write the vectors of the words in this file, one on each line, in that order. A "
        "model with subwords composes words that it lacks.",
    ),
    click.option(
        "--counts", type=INPUT, metavar="FILE",
        help="Give the words the counts in this file, as w2v vocab and gensim's fvocab write it: a "
        "word and a count on each line. Words that it lacks get 0.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class NameOptions:
    """The files that choose the names of a table, and the file of their counts."""

    only: tuple[str, ...]
    words: str | None
    counts: str | None

    def chosen(self, table: Table) -> Table:
        """Return the table of the names that are kept, with their counts; report what is missing.

        Raises  W2VError if no name is left, or if the file of counts has none of them
        """
        if self.only:
            table = _selected(table, self.only)
        if self.words:
            table = _listed(table, self.words)
        return _counted(table, self.counts) if self.counts else table


name_options = option_bundle("names", NameOptions, _OPTIONS)


def _selected(table: Table, lists: tuple[str, ...]) -> Table:
    """Return the vectors of the names in some files; report how many names have none on stderr."""
    from w2v.embeddings import transform
    from w2v.system.progress import plural

    found, missing = transform.select(table, read_names(lists))
    names = ", ".join(map(name_of, lists))
    _require_vectors(found, names, missing)
    click.echo(printable(f"{names}: {plural(missing, 'name')} without a vector"), err=True)
    return found


def _listed(table: Table, path: str) -> Table:
    """Return the vectors of the words in a file; report composed and missing words on stderr."""
    from w2v.embeddings import transform
    from w2v.system.progress import plural

    names = name_of(path)
    found, composed, missing = transform.listed(table, listed_names([path]))
    _require_vectors(found, names, len(missing))
    if composed:
        count = plural(composed, "out-of-vocabulary word")
        click.echo(printable(f"{names}: {count} composed from n-grams"), err=True)
    say_missing(names, "word", missing)
    return found


def _require_vectors(found: Table, names: str, missing: int) -> None:
    """Raise W2VError if none of the names in a list has a vector."""
    from w2v.system.progress import plural

    if not len(found):
        raise W2VError(
            f"{names}: none of {plural(missing, 'name')} has a vector: expected a name on each "
            "line; if a count follows each word: cut -d ' ' -f 1 FILE"
        )


def _counted(table: Table, path: str) -> Table:
    """Return the table with the counts in a file; report on stderr how many words it lacks."""
    import numpy as np

    from w2v.system.progress import plural
    from w2v.text.vocabulary import word_counts

    by_word: dict[str, int] = {}
    for word, count in word_counts(path, "surrogateescape").items():
        name = table.normalized(word)  # Several spellings may become one.
        by_word[name] = by_word.get(name, 0) + count
    names = map(table.normalized, table.names)
    counts = np.array([by_word.get(name, -1) for name in names], np.int64)
    missing = int((counts < 0).sum())
    if missing == len(table):
        raise W2VError(f"{name_of(path)} has none of the words: check that it is of the same text")
    if missing:
        message = f"{name_of(path)}: {plural(missing, 'word')} without a count, so that it is 0"
        click.echo(printable(message), err=True)
    return table.with_counts(np.maximum(counts, 0))
