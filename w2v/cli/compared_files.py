"""Printing what a set says of each of several vector files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from w2v.cli.output import echo_json, echo_tsv, printable

if TYPE_CHECKING:
    from w2v.evaluation.compare import Compared


def echo_compared(
    files: Sequence[str], results: Sequence[Compared], as_tsv: bool, as_json: bool
) -> None:
    """Print what a set says of each file."""
    if not (as_tsv or as_json):
        click.echo(f"{printable(results[0].set)}: {results[0].items:,} items")
    for file, found in zip(files, results, strict=True):
        low, high = found.interval or (None, None)
        if as_json:
            facts = {"file": file, "set": found.set, "items": found.items, "score": found.score}
            echo_json(facts | {"low": low, "high": high, "p": found.p})
        elif as_tsv:
            echo_tsv([file, found.set, found.items, found.score, low, high, found.p])
        elif found.score is None:
            click.echo(f"      -  {printable(file)}")
        else:
            p = "" if found.p is None else "p <.001" if found.p < 0.0005 else f"p {found.p:.3f}"
            click.echo(f"{found.score:7.4f}  {low:.3f} to {high:.3f}  {p:8}  {printable(file)}")
