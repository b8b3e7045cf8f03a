"""Printing the scores of several vector files on test sets: lines, or a table in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from w2v.cli.evaluate_options import say_composed, say_few
from w2v.cli.output import ResultPrinter, printable

if TYPE_CHECKING:
    from w2v.evaluation.compare import Compared


def say_scored(path: str, files: Sequence[str], compared: Sequence[Compared], what: str) -> None:
    """Report on stderr how many scored items of a set each file composes, and if few are scored."""
    for file, each in zip(files, compared, strict=True):
        say_composed(path, file, each.composed, what)
    say_few(path, compared[0].items, compared[0].total, what)


def print_compared(
    files: Sequence[str], compared: Sequence[Compared], what: str, results: ResultPrinter
) -> None:
    """Print the score of each file on a test set.

    what  an item of the set: pair or question
    """
    results.print_heading(_heading(files, compared, what))
    is_whole = compared[0].items == compared[0].total
    for file, result in zip(files, compared, strict=True):
        low, high = result.interval or (None, None)
        record = {"file": file, "set": result.set, "items": result.items, "score": result.score}
        record |= {"low": low, "high": high, "p": result.p}
        record |= {"found": result.found, "total": result.total, "limits": result.limits}
        coverage = "" if is_whole else f"  ({result.found:,} of {result.total:,} {what}s)"
        results.print(record, f"{_score(result)}  {printable(file)}{coverage}")


def _heading(files: Sequence[str], compared: Sequence[Compared], what: str) -> str:
    """Name the set, the number of its scored items, and the files that limit this number."""
    first = compared[0]
    heading = f"{printable(first.set)}: {first.items:,} of {first.total:,} {what}s"
    limits = [
        f"{each.limits:,} only because of {printable(file)}"
        for file, each in zip(files, compared, strict=True)
        if each.limits and len(files) > 1
    ]
    return f"{heading}; left out: {', '.join(limits)}" if limits else heading


def _score(result: Compared) -> str:
    """Format a score with its interval and its p-value; a dash if there is no score."""
    if result.score is None or result.interval is None:
        return "      -"
    low, high = result.interval
    # A p below 0.0005 would be printed as 0.000.
    p = "" if result.p is None else "p <.001" if result.p < 0.0005 else f"p {result.p:.3f}"
    return f"{result.score:7.4f}  {low:.3f} to {high:.3f}  {p:8}"
