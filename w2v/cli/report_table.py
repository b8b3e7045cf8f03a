"""w2v compare --markdown and --latex: a table for a report, with a row for each file or setting."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from statistics import mean, stdev
from typing import TYPE_CHECKING

import click

from w2v.cli.output import printable

if TYPE_CHECKING:
    import numpy as np

    from w2v.evaluation.compare import Compared

_LATEX = str.maketrans(
    {
        **{letter: f"\\{letter}" for letter in "&%$#_{}"},
        "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
        "±": r"$\pm$",
    }
)  # fmt: skip


def print_report(
    files: Sequence[str],
    sets: Sequence[Sequence[Compared]],
    shares: np.ndarray | None,
    groups: Sequence[Sequence[int]],
    *,
    latex: bool,
) -> None:
    """Print a table with a row for each group of files and a column for each set.

    sets    the scores of the T files on each set
    shares  float (T, T), the overlap of neighbours of each pair of files; None for a single file
    groups  the numbers of the files of each row: see `runs_of_settings`
    latex   whether the table is LaTeX and not Markdown
    """
    titles = ["file", *(f"{os.path.basename(s[0].set)} ({s[0].items:,} of {s[0].total:,})"
                        for s in sets)]  # fmt: skip
    titles += [] if shares is None else [f"overlap@10 with {files[0]}"]
    rows = []
    for group in groups:
        runs = f" ({len(group)} runs)" if len(group) > 1 else ""
        row = [files[group[0]] + runs, *(_cell([each[run] for run in group]) for each in sets)]
        if shares is not None:
            others = [run for run in group if run] or [0]  # the first file agrees with itself
            row.append(f"{mean(float(shares[0, run]) for run in others):.4f}")
        rows.append(row)
    for line in (_latex if latex else _markdown)([titles, *rows]):
        click.echo(line)


def runs_of_settings(files: Sequence[str]) -> list[list[int]]:
    """Group the files that were trained with the same settings on one text, but for the seed.

    Returns  the numbers of the files of each group, in the order of the first files. A file that
             does not hold its settings is a group of its own
    """
    from w2v.embeddings import formats
    from w2v.embeddings.container import nested

    groups: dict[str, list[int]] = {}
    for number, path in enumerate(files):
        metadata = formats.contents(path)[1]
        settings = nested(metadata, "settings")
        key = str(number)
        if settings.pop("seed", None) is not None:
            text = nested(metadata, "corpus").get("sha256")
            key = json.dumps([metadata.get("model"), text, settings], sort_keys=True)
        groups.setdefault(key, []).append(number)
    return [*groups.values()]


def _cell(results: Sequence[Compared]) -> str:
    """A score with its interval in brackets, or the mean and standard deviation of several runs.

    It is a dash if a score is not defined.
    """
    scores = [result.score for result in results if result.score is not None]
    interval = results[0].interval
    if len(scores) < len(results) or interval is None:
        return "-"
    if len(scores) > 1:
        return f"{mean(scores):.4f} ± {stdev(scores):.4f}"
    return f"{scores[0]:.4f} [{interval[0]:.3f}, {interval[1]:.3f}]"


def _markdown(rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table in Markdown, whose first row has the titles."""
    ruled = [rows[0], ["---", *["---:"] * (len(rows[0]) - 1)], *rows[1:]]
    cells = [[printable(cell).replace("|", r"\|") for cell in row] for row in ruled]
    return [f"| {' | '.join(row)} |" for row in cells]


def _latex(rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table in LaTeX, whose first row has the titles."""
    lines = [" & ".join(printable(cell).translate(_LATEX) for cell in row) + r" \\" for row in rows]
    columns = "l" + "r" * (len(rows[0]) - 1)
    begin, rule = rf"\begin{{tabular}}{{{columns}}}", r"\hline"
    return [begin, rule, lines[0], rule, *lines[1:], rule, r"\end{tabular}"]
