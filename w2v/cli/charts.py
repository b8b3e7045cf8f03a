"""Writing charts, and numbers as tables, where an option names a file for them."""

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
_TEXTS = ("html", "tsv")
plot_option = click.option(
    "--plot", type=OUTPUT, metavar="FILE",
    help="Also draw the result: .png, .svg or .pdf, or its numbers as .tsv.",
)  # fmt: skip


def chart_kind(path: str) -> str:
    """The format that a suffix names, tested before work begins: W2VError where there is none."""
    from w2v.plots import needs

    kind = kind_named(path)
    if kind not in _KINDS:
        raise W2VError(f"{path}: the suffix names the format; known: {', '.join(_KINDS)}")
    if kind != "tsv":
        needs("matplotlib", "plot")
    return kind


def kind_named(path: str) -> str:
    """The format that a suffix names: png, tsv, ...; text may be packed: tsv.gz is tsv."""
    from w2v.system import packing

    plain = packing.plain_name(path).rpartition(".")[2].lower()
    return plain if plain in _TEXTS else path.rpartition(".")[2].lower()


def write_chart(chart: Chart, path: str, say: Callable[[str], None]) -> None:
    """Write a chart, or its numbers, and say so."""
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
            say(f"{plural(picture.missing, 'letter')} in no font that is installed")
    say(f"wrote {printable(path)}")


def write_table(path: str, rows: Iterable[Sequence[object]]) -> None:
    """Write rows of fields that are separated by tabs."""
    from w2v.system import atomic_file

    with atomic_file.packed(path) as file:
        for row in rows:
            file.write(tsv_row(row).encode() + b"\n")
