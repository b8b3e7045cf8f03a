"""Printing results: plain for people, tab-separated or JSON for scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import click

from w2v.cli.option_bundle import option_bundle

if TYPE_CHECKING:
    from w2v.embeddings.source import Diagnostics

T = TypeVar("T")
Form: TypeAlias = "T | Callable[[], T]"
Rows = Iterable[Iterable[Any]]

# Control characters, lone surrogates and marks that reorder a line: a name must not be able to
# move the cursor or rewrite what is on the screen.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""`text` with what could harm a terminal or break a line escaped, as \x1b or \u202e."""
    if text.isprintable():  # most are, and this is ten times as fast
        return text
    return _UNSAFE.sub(lambda found: ascii(found.group())[1:-1], text)


def json_line(value: Mapping[str, Any]) -> str:
    """One JSON object on a line."""
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", line)


def tsv_row(values: Iterable[Any]) -> str:
    """Fields separated by tabs; None is empty."""
    return "\t".join("" if v is None else printable(_field(v)) for v in values)


def _field(value: Any) -> str:
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def say_findings(findings: Diagnostics) -> None:
    """Tell on stderr what was odd in a file, a line each."""
    for what in findings.messages:
        click.echo(f"{printable(findings.name)}: {printable(what)}", err=True)


@dataclass(frozen=True)
class ResultPrinter:
    """Prints results on stdout: plain lines for people, or what --tsv or --json asks for."""

    as_tsv: bool
    as_json: bool

    @property
    def plain(self) -> bool:
        """Whether neither --tsv nor --json is given."""
        return not (self.as_tsv or self.as_json)

    def lines(
        self, record: Form[Mapping[str, Any]], text: Form[str], rows: Form[Rows] | None = None
    ) -> list[str]:
        """The lines of one result. Each form of it is a value, or a function that makes it.

        record  the JSON object
        text    the plain lines; the empty string is none
        rows    the fields of TSV, for each row; None: one row, which is the record's values
        """
        if self.as_json:
            return [json_line(_made(record))]
        if self.as_tsv:
            return [*map(tsv_row, [_made(record).values()] if rows is None else _made(rows))]
        return [shown] if (shown := _made(text)) else []

    def print(
        self, record: Form[Mapping[str, Any]], text: Form[str], rows: Form[Rows] | None = None
    ) -> None:
        """Print one result, whose forms are as in `lines`."""
        print_lines(self.lines(record, text, rows))

    def print_heading(self, text: str) -> None:
        """Print a line that only people need."""
        if self.plain:
            click.echo(text)


def _made(form: Form[T]) -> T:
    return form() if callable(form) else form


def print_lines(lines: Sequence[str]) -> None:
    """Print lines, if there are any, by one write."""
    if lines:
        click.echo("\n".join(lines))


format_options = option_bundle(
    "results",
    ResultPrinter,
    click.option("--tsv", "as_tsv", is_flag=True, help="Print fields separated by tabs."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON, one object on each line."),
)
