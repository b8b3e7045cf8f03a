"""Writing a chart, or its numbers as TSV, to the file that --plot or w2v plot -o names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from w2v.cli.command import OUTPUT
from w2v.cli.output import printable, tsv_row
from w2v.errors import W2VError

if TYPE_CHECKING:
    from w2v.plots.chart import Chart

_KINDS = ("png", "svg", "pdf", "tsv")
_COMPRESSIBLE = ("html", "tsv")  # formats that may have a further suffix, as in .tsv.gz
plot_option = click.option(
    "--plot", type=OUTPUT, metavar="FILE",
    help="Also draw a chart of the result. The suffix sets the format: .png, .svg or .pdf is a "
    "picture, which needs the extra w2v[plot]; .tsv holds the numbers.",
)  # fmt: skip


def chart_kind(path: str) -> str:
    """Return the format of a chart by its file's suffix; W2VError if the suffix is unknown.

    Also raises W2VError if the format needs a package that is not installed. Call it before the
    work begins.
    """
    from w2v.plots import needs

    kind = kind_named(path)
    if kind not in _KINDS:
        raise W2VError(f"{path}: expected a name that ends in .{', .'.join(_KINDS)}")
    if kind != "tsv":
        needs("matplotlib", "plot")
    return kind


def kind_named(path: str) -> str:
    """Return the format that a suffix names: png, tsv, ... A name that ends in .tsv.gz is tsv."""
    from w2v.system import packing

    kind = packing.plain_name(path).rpartition(".")[2].lower()
    return kind if kind in _COMPRESSIBLE else path.rpartition(".")[2].lower()


def write_chart(chart: Chart, path: str, say: Callable[[str], None]) -> None:
    """Write a chart, or its numbers as TSV, and report the file with `say`."""
    from w2v.system import atomic_file
    from w2v.system.progress import plural

    kind = chart_kind(path)
    if kind == "tsv":
        write_table(path, chart.rows)
    else:
        picture = chart.draw()
        with atomic_file.replacing(path) as file:
            picture.write(file, kind)
        if picture.missing:
            say(f"{plural(picture.missing, 'letter')} missing in all installed fonts")
    say(f"wrote {printable(path)}")


def write_table(path: str, rows: Iterable[Sequence[object]]) -> None:
    """Write rows as TSV, compressed if the path ends in .gz, .bz2, .xz or .zst."""
    from w2v.system import atomic_file

    with atomic_file.packed(path) as file:
        for row in rows:
            file.write(tsv_row(row).encode() + b"\n")
