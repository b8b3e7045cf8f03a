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
    for file, result in zip(files, compared, strict=True):
        low, high = result.interval or (None, None)
        record = {"file": file, "set": result.set, "items": result.items, "score": result.score}
        record |= {"low": low, "high": high, "p": result.p}
        results.print(record, f"{_score(result)}  {printable(file)}")


def _score(result: Compared) -> str:
    """Format a score with its interval and its p-value; a dash if there is no score."""
    if result.score is None or result.interval is None:
        return "      -"
    low, high = result.interval
    # A p below 0.0005 would be printed as 0.000.
    p = "" if result.p is None else "p <.001" if result.p < 0.0005 else f"p {result.p:.3f}"
    return f"{result.score:7.4f}  {low:.3f} to {high:.3f}  {p:8}"
