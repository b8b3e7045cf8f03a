"""What commands that ask a vector file share: their arguments, and opening the file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from w2v.cli.command import INPUT, Command, grouped
from w2v.cli.output import say_findings
from w2v.errors import W2VError

if TYPE_CHECKING:
    from w2v.embeddings.table import Table

DEFAULT_VECTORS = "vectors.safetensors"


class QueryCommand(Command):
    """A command whose arguments are words, also words that begin with a dash.

    Only exactly -k, -v, -h and - are short options; any other argument with one dash is a term, an
    unknown --x is a mistake, and after -- all arguments are terms. (By itself click would read
    -kitchen as -k itchen.)
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Part options from terms before click parses them."""
        known = {name: param for param in self.params for name in param.opts}
        options: list[str] = []
        terms: list[str] = []
        rest = iter(args)
        for arg in rest:
            if arg == "--":
                terms.extend(rest)
            elif arg == "-" and "--stdin" in known:
                options.append("--stdin")
            elif arg.startswith("--") or arg in known or arg == "-h":
                options.append(arg)
                param = known.get(arg)
                if isinstance(param, click.Option) and not param.is_flag:
                    value = next(rest, None)
                    if value is None and not ctx.resilient_parsing:
                        raise click.UsageError(f"{arg} needs a value")
                    options += [] if value is None else [value]
            else:
                terms.append(arg)
        return super().parse_args(ctx, [*options, "--", *terms])


vectors_option = grouped(
    "Vectors",
    click.option(
        "-v", "--vectors", type=INPUT, metavar="FILE",
        help="The vector file.  [default: $W2V_VECTORS, else vectors.safetensors]",
    ),
)  # fmt: skip
table_option = grouped(
    "Vectors",
    click.option(
        "--table", default="words", show_default=True, metavar="NAME",
        help="The table of the file: words, documents or topics.",
    ),
)  # fmt: skip
combine_option = grouped(
    "Vectors",
    click.option(
        "--combine", type=click.Choice(["input", "sum"]), default="input", show_default=True,
        help="Use the word vectors (input), or add to each the word's output vector (sum), which "
        ".safetensors files have.",
    ),
)  # fmt: skip


def open_table(vectors: str | None, table: str = "words") -> Table:
    """A table of the file that `vectors_path` finds; what is odd in it is said on stderr.

    Vectors of a NumPy array are not all read for one question: those without a direction are left
    out of its answers all the same, but not counted.
    """
    from w2v.embeddings.formats import load
    from w2v.embeddings.lazy_table import LazyTable
    from w2v.embeddings.source import Diagnostics

    path = vectors_path(vectors)
    findings = Diagnostics(path)
    opened = load(path, table, findings=findings)
    if not isinstance(opened, LazyTable) and (found := opened.without_direction()):
        findings.note(f"{found}: without a direction, left out of all that asks for cosines")
    say_findings(findings)
    return opened


def read_names(paths: Iterable[str]) -> set[str]:
    """The names in files, one a line; - is stdin."""
    from w2v.system.text_file import numbered_lines

    found = (numbered_lines(path, "surrogateescape") for path in paths)
    return {name for lines in found for _, name in lines} - {""}


def vectors_path(vectors: str | None) -> str:
    """The file that is named by -v, or by $W2V_VECTORS, or is in this folder."""
    path = vectors or os.environ.get("W2V_VECTORS")
    if path is None and not os.path.exists(DEFAULT_VECTORS):
        raise W2VError(
            f"there is no {DEFAULT_VECTORS} in this folder: name a file by -v FILE or "
            f"$W2V_VECTORS, or make one: w2v train CORPUS"
        )
    return path or DEFAULT_VECTORS
