#!/usr/bin/env python3
"""Print the results of `w2v evaluate --tsv` for several models as one table; for corpora/table.mk.

    python corpora/table.py out/cbow out/lda ...    # reads out/cbow.pairs, out/cbow.analogies, ...

Word pairs: Spearman's correlation × 100. Analogies: accuracy in percent, and the number of
questions, which are those without OOV words.
"""

from __future__ import annotations

import sys
from pathlib import Path

TOTALS = ("semantic", "syntactic", "total")


def scores(path: Path, column: int) -> dict[str, float | None]:
    """A column of a file of results, by name of test set or section; None for an empty field."""
    values: dict[str, float | None] = {}
    for line in path.read_text().splitlines():
        fields = line.split("\t")
        name = Path(fields[0]).stem if column == 1 else fields[1]
        values[name] = float(fields[column]) if fields[column] else None
    return values


def row(stem: str) -> dict[str, str]:
    """The cells of a model's row, by column; `stem` is the path without .pairs and .analogies."""
    path = Path(f"{stem}.analogies")
    analogies, questions = scores(path, 2), scores(path, 4)
    own = scores(Path(f"{stem}.pairs"), 1) | {name: analogies.get(name) for name in TOTALS}
    cells = {name: "-" if x is None else f"{100 * x:.1f}" for name, x in own.items()}
    return cells | {"questions": f"{questions.get('total') or 0:,.0f}"}


def table(stems: list[str]) -> str:
    """A Markdown table with a row for each model."""
    rows = {Path(stem).name: row(stem) for stem in stems}
    names = list(dict.fromkeys(name for cells in rows.values() for name in cells))
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for label, cells in rows.items():
        lines.append(f"| {label} | {' | '.join(cells.get(name, '-') for name in names)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("table.py: give the paths of results without .pairs and .analogies: out/cbow ...")
    sys.stdout.write(table(sys.argv[1:]))
