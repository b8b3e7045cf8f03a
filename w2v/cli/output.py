"""Printing results: plain text for people, tab-separated fields or JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import click

from w2v.cli.option_bundle import option_bundle
from w2v.system.progress import UNSAFE
from w2v.system.progress import printable as printable

if TYPE_CHECKING:
    from w2v.embeddings.source import Diagnostics

T = TypeVar("T")
Lazy: TypeAlias = "T | Callable[[], T]"  # a value, or a function that computes it
Rows = Iterable[Iterable[Any]]


def json_line(value: Mapping[str, Any]) -> str:
    """Return a mapping as a JSON object on one line."""
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", line)


def tsv_row(values: Iterable[Any]) -> str:
    """Return the values as fields separated by tabs; None becomes an empty field."""
    return "\t".join("" if value is None else printable(_field(value)) for value in values)


def _field(value: Any) -> str:
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def say_findings(findings: Diagnostics) -> None:
    """Print the problems that were found in a file on stderr, one on each line."""
    for message in findings.messages:
        click.echo(f"{printable(findings.name)}: {printable(message)}", err=True)


@dataclass(frozen=True)
class ResultPrinter:
    """Prints results on stdout as plain lines, or with --tsv or --json in that format."""

    as_tsv: bool
    as_json: bool

    @property
    def plain(self) -> bool:
        """Whether neither --tsv nor --json is given."""
        return not (self.as_tsv or self.as_json)

    def lines(
        self, record: Lazy[Mapping[str, Any]], text: Lazy[str], rows: Lazy[Rows] | None = None
    ) -> list[str]:
        """Return the lines of one result in the format that the options select.

        An argument may be a function that returns the value. Only the function of the selected
        format is called.

        record  the JSON object
        text    the plain lines; an empty string prints no line
        rows    the rows of TSV, each a sequence of fields; None: one row, the record's values
        """
        if self.as_json:
            return [json_line(_computed(record))]
        if self.as_tsv:
            return [
                *map(tsv_row, [_computed(record).values()] if rows is None else _computed(rows))
            ]
        return [plain] if (plain := _computed(text)) else []

    def print(
        self, record: Lazy[Mapping[str, Any]], text: Lazy[str], rows: Lazy[Rows] | None = None
    ) -> None:
        """Print one result; the arguments are those of `lines`."""
        print_lines(self.lines(record, text, rows))

    def print_heading(self, text: str) -> None:
        """Print a heading, which --tsv and --json leave out."""
        if self.plain:
            click.echo(text)


def _computed(lazy: Lazy[T]) -> T:
    return lazy() if callable(lazy) else lazy


def print_lines(lines: Sequence[str]) -> None:
    """Print lines in a single write; print nothing if there are none."""
    if lines:
        click.echo("\n".join(lines))


format_options = option_bundle(
    "results",
    ResultPrinter,
    click.option("--tsv", "as_tsv", is_flag=True, help="Print fields separated by tabs."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON, one object on each line."),
)
