"""TERMs of the command line that are meant as an option or as a vector file, not as words."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from w2v.errors import W2VError

if TYPE_CHECKING:
    from w2v.embeddings.query import Query
    from w2v.embeddings.table import Table


def check_signs(queries: Iterable[Query], table: Table, ignore_case: bool) -> None:
    """Raise UsageError for a letter after a minus sign that is no word of the vocabulary.

    A model with n-grams would compose the letter, so that `king -n 5` had a senseless answer.
    """
    from w2v.embeddings.lookup import row_of

    options = {name for param in click.get_current_context().command.params for name in param.opts}
    number = "-k sets the number of answers, " if "-k" in options else ""
    for query in queries:
        for sign, name in query.terms:
            is_letter = len(name) == 1 and name.isascii() and name.isalpha()
            if sign == "-" and is_letter and row_of(table, name, ignore_case) is None:
                raise click.UsageError(
                    f"-{name} is neither an option nor a word to subtract, because {name!r} is not "
                    f"in the vocabulary: {number}-v names the vector file"
                )


def check_files(
    names: Iterable[str], table: Table, vectors: Sequence[str | None], ignore_case: bool
) -> None:
    """Raise W2VError for a word that is not in the vocabulary, and is the path of a vector file.

    vectors  the vector files that are given by -v; None: the default file
    """
    from w2v.cli.misplaced_files import holds_vectors
    from w2v.embeddings.lookup import row_of

    for name in names:
        if name in vectors or not os.path.isfile(name) or not holds_vectors(name):
            continue
        if row_of(table, name, ignore_case) is None:
            raise W2VError(f"{name} is a file of vectors: name it with -v {shlex.quote(name)}")
