"""Options of evaluate similarity and evaluate analogies: test sets and vector files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from w2v.cli.command import INPUT, grouped
from w2v.cli.option_bundle import option_bundle
from w2v.cli.output import printable
from w2v.cli.vector_file import combine_option, open_table, vectors_path
from w2v.errors import NotFoundError

if TYPE_CHECKING:
    from w2v.embeddings.table import Table


restrict_option = grouped(
    "Evaluation",
    click.option(
        "--restrict", type=click.IntRange(1), default=300_000, show_default=True, metavar="N",
        help="Use only the N most frequent words.",
    ),
)  # fmt: skip
_SETS = click.argument("sets", nargs=-1, required=True, type=INPUT, metavar="SET...")
_VECTORS = grouped(
    "Vectors",
    click.option(
        "-v", "--vectors", multiple=True, type=INPUT, metavar="FILE",
        help="The vector file. Repeat it to compare files.  [default: $W2V_VECTORS, else "
        "vectors.safetensors]",
    ),
    combine_option,
)  # fmt: skip
_OOV = grouped(
    "Evaluation",
    click.option(
        "--oov", type=click.Choice(["compose", "error", "skip"]), default="compose",
        show_default=True,
        help="What to do with unknown words: compose their vectors from n-grams if the model has "
        "subwords, else leave them out (compose); fail (error); or leave them out (skip).",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class EvaluatedFiles:
    """The test sets, and the vector files that are evaluated on them.

    sets      the paths of the test sets
    vectors   the paths of the vector files; if there are none, the default file is used
    restrict  number of words of each file to use, the most frequent ones
    combine   input: input vectors; sum: input vectors plus output vectors
    oov       compose, error or skip
    """

    sets: tuple[str, ...]
    vectors: tuple[str, ...]
    restrict: int
    combine: str
    oov: str

    def paths(self) -> list[str]:
        """Return the paths of the vector files."""
        return [vectors_path(path) for path in self.vectors or [None]]

    def tables(self) -> list[Table]:
        """Open the tables of words of the vector files; only with --oov compose they compose."""
        if self.combine == "input":
            tables = [open_table(path) for path in self.paths()]
            if self.oov == "compose":
                return tables
            return [table.without_subwords() for table in tables]
        from w2v.embeddings import formats, transform

        tables = []
        for path in self.paths():
            table = open_table(path)
            if table.subwords is not None and self.oov == "compose":
                message = f"{path}: unknown words are left out: --combine sum cannot compose them"
                click.echo(printable(message), err=True)
            tables.append(transform.add_output_vectors(table, path, formats.contents(path)[0]))
        return tables

    def report_words(self, path: str, file: str, composed: int, unknown: int, what: str) -> None:
        """Report on stderr how many pairs or questions of a set have composed words.

        path      the path of the set
        file      the vector file
        composed  number of pairs or questions with words that are composed from n-grams
        unknown   number of those with words that have no vector
        what      pair or question
        Raises    NotFoundError with --oov error, if a word has no vector
        """
        from w2v.system.progress import plural

        if self.oov == "error" and unknown:
            raise NotFoundError(
                f"{path}: {plural(unknown, what)} with words that are unknown, or beyond "
                "--restrict: leave out --oov error"
            )
        say_composed(path, file if len(self.vectors) > 1 else "", composed, what)


def say_few(path: str, scored: int, total: int, what: str) -> None:
    """Report on stderr that fewer than half of the pairs or questions of a set are scored.

    path    the path of the set
    scored  number of pairs or questions that are scored
    total   number of pairs or questions
    what    pair or question
    """
    from w2v.system.progress import plural

    if 2 * scored < total:
        message = (
            f"{path}: only {scored:,} of {plural(total, what)} scored, because words of the others "
            "are unknown, or beyond --restrict: the score says little about the set"
        )
        click.echo(printable(message), err=True)


def say_composed(path: str, file: str, composed: int, what: str) -> None:
    """Report on stderr how many pairs or questions of a set have composed words.

    path      the path of the set
    file      the vector file; "" if there is only one
    composed  number of pairs or questions with words that are composed from n-grams
    what      pair or question
    """
    from w2v.system.progress import plural

    if composed:
        place = f"{path}, {file}" if file else path
        message = f"{plural(composed, what)} with out-of-vocabulary words, composed from n-grams"
        click.echo(printable(f"{place}: {message}"), err=True)


evaluated_file_options = option_bundle(
    "files", EvaluatedFiles, _SETS, _VECTORS, restrict_option, _OOV
)
