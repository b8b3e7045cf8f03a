"""Printing results: plain for people, tab-separated or JSON for scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from w2v.embeddings.formats.source import Diagnostics

# Control characters, lone surrogates and marks that reorder a line: a name must not be able to
# move the cursor or rewrite what is on the screen.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""`text` with what could harm a terminal or break a line escaped, as \x1b or \u202e."""
    if text.isprintable():  # most are, and this is ten times as fast
        return text
    return _UNSAFE.sub(lambda found: ascii(found.group())[1:-1], text)


def echo_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on a line, as UTF-8."""
    click.echo(json_line(value))


def json_line(value: Mapping[str, Any]) -> str:
    """One JSON object on a line."""
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", line)


def echo_tsv(values: Iterable[Any]) -> None:
    """Print one row of fields that are separated by tabs; None is empty."""
    click.echo(tsv_row(values))


def tsv_row(values: Iterable[Any]) -> str:
    """Fields separated by tabs; None is empty."""
    return "\t".join("" if v is None else printable(_field(v)) for v in values)


def _field(value: Any) -> str:
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def say_findings(findings: Diagnostics) -> None:
    """Tell on stderr what was odd in a file, a line each."""
    for what in findings.said:
        click.echo(f"{printable(findings.name)}: {printable(what)}", err=True)


def format_options(command: Callable) -> Callable:
    """Add --tsv and --json to a command."""
    for option in (
        click.option(
            "--json", "as_json", is_flag=True, help="Print JSON, one object on each line."
        ),
        click.option("--tsv", "as_tsv", is_flag=True, help="Print fields separated by tabs."),
    ):
        command = option(command)
    return command
