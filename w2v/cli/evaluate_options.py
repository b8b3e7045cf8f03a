"""Options of evaluate similarity and evaluate analogies, and the tables that they name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from w2v.cli.output import format_options
from w2v.cli.parameters import INPUT
from w2v.cli.vector_file import open_table, vectors_path

if TYPE_CHECKING:
    from w2v.embeddings.table import Table


_COMMON = (
    click.argument("sets", nargs=-1, required=True, type=INPUT, metavar="SET..."),
    click.option(
        "-v", "--vectors", multiple=True, type=INPUT, metavar="FILE",
        help="Vector file; several are compared.  [default: $W2V_VECTORS, else "
        "vectors.safetensors]",
    ),
    click.option(
        "--restrict", type=click.IntRange(1), default=300_000, show_default=True, metavar="N",
        help="Only the N most frequent words.",
    ),
    click.option(
        "--combine", type=click.Choice(["input", "sum"]), default="input", show_default=True,
        help="sum: add to each word's vector its output vector, from a container.",
    ),
)  # fmt: skip


def word_set_options(command: Callable) -> Callable:
    """Add SET..., -v, --restrict, --combine, --tsv and --json to a command."""
    for option in reversed(_COMMON):
        command = option(command)
    return format_options(command)


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
