#!/usr/bin/env python3
"""What `w2v evaluate --tsv` found of several files, as one table: a part of corpora/table.mk.

    python corpora/table.py out/cbow out/lda ...    # reads out/cbow.pairs, out/cbow.analogies, ...

Sets of pairs: Spearman's correlation x 100; analogies: per cent right, and of how many questions:
those whose words the model knows.
"""

from __future__ import annotations

import sys
from pathlib import Path

TOTALS = ("semantic", "syntactic", "total")


def scores(path: Path, column: int) -> dict[str, float | None]:
    """What is in a column, by name of set or section; None where nothing could be judged."""
    found: dict[str, float | None] = {}
    for line in path.read_text().splitlines():
        fields = line.split("\t")
        name = Path(fields[0]).stem if column == 1 else fields[1]
        found[name] = float(fields[column]) if fields[column] else None
    return found


def row(stem: str) -> dict[str, str]:
    """All scores of a file of vectors, as they are shown."""
    path = Path(f"{stem}.analogies")
    analogies, asked = scores(path, 2), scores(path, 4)
    found = scores(Path(f"{stem}.pairs"), 1) | {name: analogies.get(name) for name in TOTALS}
    shown = {name: "-" if x is None else f"{100 * x:.1f}" for name, x in found.items()}
    return shown | {"questions": f"{asked.get('total') or 0:,.0f}"}


def table(stems: list[str]) -> str:
    """A Markdown table, a row for each file."""
    rows = {Path(stem).name: row(stem) for stem in stems}
    names = list(dict.fromkeys(name for found in rows.values() for name in found))
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for label, found in rows.items():
        lines.append(f"| {label} | {' | '.join(found.get(name, '-') for name in names)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("table.py: name the files before their .pairs and .analogies")
    sys.stdout.write(table(sys.argv[1:]))
