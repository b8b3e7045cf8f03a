"""Options of evaluate similarity and evaluate analogies: test sets and vector files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from w2v.cli.command import INPUT, grouped
from w2v.cli.option_bundle import option_bundle
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


@dataclass(frozen=True)
class EvaluatedFiles:
    """The test sets, and the vector files that are evaluated on them.

    sets      the paths of the test sets
    vectors   the paths of the vector files; if there are none, the default file is used
    restrict  number of words of each file to use, the most frequent ones
    combine   input: input vectors; sum: input vectors plus output vectors
    """

    sets: tuple[str, ...]
    vectors: tuple[str, ...]
    restrict: int
    combine: str

    def paths(self) -> list[str]:
        """Return the paths of the vector files."""
        return [vectors_path(path) for path in self.vectors or [None]]

    def tables(self) -> list[Table]:
        """Open the tables of words of the vector files."""
        if self.combine == "input":
            return [open_table(path) for path in self.paths()]
        from w2v.embeddings import formats, transform

        return [
            transform.add_output_vectors(open_table(path), path, formats.contents(path)[0])
            for path in self.paths()
        ]


evaluated_file_options = option_bundle("files", EvaluatedFiles, _SETS, _VECTORS, restrict_option)
