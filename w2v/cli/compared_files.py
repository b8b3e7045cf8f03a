"""Printing the scores of several vector files on a test set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from w2v.cli.output import ResultPrinter, printable

if TYPE_CHECKING:
    from w2v.evaluation.compare import Compared


def print_compared(
    files: Sequence[str], compared: Sequence[Compared], results: ResultPrinter
) -> None:
    """Print the score of each file on a test set."""
    results.print_heading(f"{printable(compared[0].set)}: {compared[0].items:,} items")
    for file, found in zip(files, compared, strict=True):
        low, high = found.interval or (None, None)
        record = {"file": file, "set": found.set, "items": found.items, "score": found.score}
        record |= {"low": low, "high": high, "p": found.p}
        results.print(record, f"{_score(found)}  {printable(file)}")


def _score(found: Compared) -> str:
    """Format a score with its interval and its p-value; a dash if there is no score."""
    if found.score is None or found.interval is None:
        return "      -"
    low, high = found.interval
    p = "" if found.p is None else "p <.001" if found.p < 0.0005 else f"p {found.p:.3f}"
    return f"{found.score:7.4f}  {low:.3f} to {high:.3f}  {p:8}"
