"""Options of evaluate similarity and evaluate analogies, and the tables that they name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from w2v.cli.output import format_options
from w2v.cli.parameters import INPUT, grouped
from w2v.cli.vector_file import combine_option, open_table, vectors_path

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


def word_set_options(command: Callable) -> Callable:
    """Add SET..., -v, --restrict, --combine, --tsv and --json to a command."""
    return _SETS(_VECTORS(restrict_option(format_options(command))))


def open_tables(vectors: tuple[str, ...], combine: str) -> list[Table]:
    """The tables of words of the files, with their output vectors added where that is asked for."""
    if combine == "input":
        return [open_table(path) for path in vectors or [None]]
    from w2v.embeddings import formats, transform

    paths = [vectors_path(path) for path in vectors or [None]]
    return [
        transform.add_output_vectors(open_table(path), path, formats.contents(path)[0])
        for path in paths
    ]
