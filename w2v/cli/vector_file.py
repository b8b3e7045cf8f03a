"""Options that name a vector file, opening it, and commands whose arguments are words."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from w2v.cli.command import INPUT, OUTPUT, Command, grouped
from w2v.cli.output import printable, say_findings
from w2v.errors import W2VError

if TYPE_CHECKING:
    from w2v.embeddings.table import Table

DEFAULT_VECTORS = "vectors.safetensors"
_NAMED = 3  # maximum number of names without a vector that a message shows


class QueryCommand(Command):
    """A command whose arguments are words, which may begin with a dash.

    Only the arguments -k, -v, -h and - are short options. Any other argument with a single dash is
    a term, whereas click would read -kitchen as -k itchen. An unknown --x is an error. After --,
    all arguments are terms.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Separate options from terms, then parse as click does."""
        # The name of an argument, such as "words", is a word like any other.
        by_name = {
            name: param
            for param in self.params
            if isinstance(param, click.Option)
            for name in param.opts
        }
        options: list[str] = []
        terms: list[str] = []
        remaining_args = iter(args)
        for arg in remaining_args:
            if arg == "--":
                terms.extend(remaining_args)
            elif arg == "-" and "--stdin" in by_name:
                options.append("--stdin")
            elif arg.startswith("--") or arg in by_name or arg == "-h":
                _refuse_foreign(arg.partition("=")[0], by_name)
                options.append(arg)
                param = by_name.get(arg)
                if param is not None and not param.is_flag:
                    value = next(remaining_args, None)
                    if value is None and not ctx.resilient_parsing:
                        raise click.UsageError(f"{arg} needs a value")
                    options += [] if value is None else [value]
            else:
                terms.append(arg)
        return super().parse_args(ctx, [*options, "--", *terms])


# The option, or the way to write it, for names that other programs have.
_FOREIGN = {
    "--topn": "-k N", "--top": "-k N", "--top-n": "-k N", "--model": "-v FILE",
    "--restrict-vocab": "--restrict N", "--cosmul": "--method mul", "--positive": "king +woman",
    "--negative": "king -man",
}  # fmt: skip


def _refuse_foreign(name: str, by_name: Mapping[str, click.Option]) -> None:
    """Raise UsageError for an option of another program whose equivalent the command has."""
    own = _FOREIGN.get(name)
    if own and name not in by_name and (own.split()[0] in by_name or not own.startswith("-")):
        raise click.UsageError(f"No such option {name!r}: in w2v it is {own}")


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
        help="The table of vectors to use: words or documents.",
    ),
)  # fmt: skip
combine_option = grouped(
    "Vectors",
    click.option(
        "--combine", type=click.Choice(["input", "sum"]), default="input", show_default=True,
        help="Use the input vectors of the words (input), or the sum of their input and output "
        "vectors (sum). Only .safetensors files have output vectors.",
    ),
)  # fmt: skip
vectors_output_option = click.option(
    "-o", "--output", type=OUTPUT, metavar="FILE",
    help="Output file, which must be given. Its suffix sets the format, as in w2v convert.",
)  # fmt: skip
tables_option = grouped(
    "Vectors",
    click.option(
        "--table", default="words", show_default=True, metavar="NAME",
        help="The table of the .safetensors files: words or documents.",
    ),
)  # fmt: skip
blank_option = click.option(
    "--blank", metavar="TEXT",
    help="Replace each blank in a name by TEXT. Use it for .txt, .vec and .bin, where a blank ends "
    "a name.",
)  # fmt: skip


def open_table(vectors: str | None, table: str = "words", counts_zeros: bool = True) -> Table:
    """Open a table of the file that `vectors_path` finds; report its problems on stderr.

    Zero vectors and vectors that are not finite have no direction, so they are left out of answers
    by cosine similarity. These vectors are counted here, except in a NumPy array: counting would
    read the whole array for a single query.

    counts_zeros  whether zero vectors are counted too. They are no damage: a document without a
                  word of the vocabulary has one. A query for one is an error in any case
    """
    import numpy as np

    from w2v.embeddings.formats import load
    from w2v.embeddings.lazy_table import LazyTable
    from w2v.embeddings.source import Diagnostics

    path = vectors_path(vectors)
    findings = Diagnostics(path)
    opened = load(path, table, findings=findings)
    if not isinstance(opened, LazyTable) and (
        count := opened.without_direction(None if counts_zeros else ~np.isfinite(opened.norms))
    ):
        findings.note(f"{count}: without a direction, so left out of answers by cosine similarity")
    say_findings(findings)
    return opened


def read_table(file: str, table: str) -> Table:
    """Read a table of a file, from which a command makes another file; report its problems."""
    from w2v.embeddings.formats import load
    from w2v.embeddings.source import Diagnostics

    findings = Diagnostics(file)
    found = load(file, table, findings=findings)
    say_findings(findings)
    return found


def check_vectors_output(output: str | None, read: Mapping[str, str | Iterable[str] | None]) -> str:
    """Return the path of the vector file that a command writes, before it reads its input.

    read    what the command reads, for `output_files.check`
    Raises  UsageError if no output is named; W2VError if it is one of the files that are read
    """
    from w2v.embeddings import formats
    from w2v.system import output_files

    if output is None:
        raise click.UsageError("name the output file: -o FILE")
    output_files.check({"-o": output, "the list of names": formats.written_beside(output)}, read)
    return output


def written_vectors(output: str, table: Table) -> str:
    """Return the message that a vector file is written."""
    from w2v.system.progress import plural

    return printable(f"{output}: {plural(len(table), 'vector')} of {plural(table.dim, 'number')}")


def read_names(paths: Iterable[str]) -> set[str]:
    """Read names from files, one on each line; `-` is stdin. Blank lines are ignored."""
    return set(listed_names(paths))


def listed_names(paths: Iterable[str]) -> list[str]:
    """Read names as `read_names`, in the order of the files, each name once.

    A count after a name is left out if a tab separates them, and in a file of w2v vocab, whose
    first line is the count of sentences.
    """
    return list(dict.fromkeys(name for path in paths for name in _names_in(path) if name))


def _names_in(path: str) -> Iterator[str]:
    """Read the names in one file."""
    from w2v.system.text_file import numbered_lines

    blank = "\t"
    for number, line in numbered_lines(path, "surrogateescape"):
        if number == 1 and re.fullmatch(r"</s> \d+", line):
            blank = " "
            continue
        name, _, count = line.rpartition(blank)
        yield name if name and count.isdecimal() else line


def no_counts(path: str) -> str:
    """Return the message for a file without word counts, with advice."""
    return (
        f"{path} has no word counts: add them with w2v convert {shlex.quote(path)} OUT.safetensors "
        "--counts FILE"
    )


def say_missing(names: str, kind: str, missing: Sequence[str]) -> None:
    """Say on stderr how many of the names in a list have no vector, and show the first of them.

    names    the name of the list
    kind     what is listed: "name" or "word"
    missing  the names without a vector
    """
    from w2v.system.progress import plural

    if missing:
        shown = ", ".join(map(repr, missing[:_NAMED])) + (", ..." if len(missing) > _NAMED else "")
        count = plural(len(missing), kind)
        click.echo(printable(f"{names}: {count} without a vector ({shown})"), err=True)


def vectors_path(vectors: str | None) -> str:
    """Return the path of the vector file.

    It is the argument of -v, else $W2V_VECTORS, else vectors.safetensors in the current folder.
    Raises W2VError if neither is given and the current folder has no vectors.safetensors.
    """
    path = vectors or os.environ.get("W2V_VECTORS")  # which may be empty
    if not path and not os.path.exists(DEFAULT_VECTORS):
        raise W2VError(
            f"no {DEFAULT_VECTORS} in this folder: name a vector file with -v FILE or "
            f"$W2V_VECTORS, or train one: w2v train CORPUS"
        )
    return path or DEFAULT_VECTORS
