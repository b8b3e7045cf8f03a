#!/usr/bin/env python3
"""Draws .github/speed.png, how many times as fast w2v is as its peers, from the manual's tables.

    python tests/bench/speed_chart.py

It reads the parts `speed`, `documents` and `lda`, which other benchmarks have published, and has
one colour for each kind of processor in them.
"""

from __future__ import annotations

import re
import sys

from contest import ROOT

from w2v.plots.chart import Bars, Chart, Series

sys.path.insert(0, str(ROOT / "tests"))
import readme

# a name of each bar: the part, its row, its column, and whether the cell is a share of the time
BARS = {
    "skip-gram, gensim": ("speed", "skip-gram, w2v", "times gensim's speed", False),
    "CBOW, gensim": ("speed", "CBOW, w2v", "times gensim's speed", False),
    "PV-DBOW, gensim": (
        "documents", "PV-DBOW, 10 epochs, sample 1e-4", "times gensim's speed", False,
    ),
    "PV-DM, gensim": (
        "documents", "PV-DM mean, window 10, 10 epochs, sample 1e-4", "times gensim's speed", False,
    ),
    "LDA, 50 topics, tomotopy": ("lda", "tomotopy", "of the time", True),
}  # fmt: skip
FASTTEXT = {
    "skip-gram, fastText": ("skip-gram, w2v", "skip-gram, fastText without subwords"),
    "CBOW, fastText": ("CBOW, w2v", "CBOW, fastText without subwords"),
}


def cell(part: str, processor: str, row: str, column: str) -> float | None:
    """The number that begins a cell of a published table; None where there is none."""
    lines = [line.split("|")[1:-1] for line in readme.part(part).splitlines() if line[:1] == "|"]
    cells = [[text.strip() for text in line] for line in lines]
    for line in cells[2:]:
        if line[0] == processor and line[1] == row:
            number = re.match(r"[\d.]+", line[cells[0].index(column)])
            return float(number[0]) if number else None
    return None


def times(name: str, processor: str) -> float | None:
    """How many times as fast as its peer w2v is."""
    if name in FASTTEXT:
        ours, theirs = (
            cell("speed", processor, row, "times gensim's speed") for row in FASTTEXT[name]
        )
        return ours / theirs if ours and theirs else None
    part, row, column, share = BARS[name]
    value = cell(part, processor, row, column)
    return 1 / value if share and value else value


def main() -> None:
    """Draw the processors that the table of `speed` has, and the peers that were measured."""
    rows = [
        line.split("|")[1].strip()
        for line in readme.part("speed").splitlines()[2:]
        if line[:1] == "|"
    ]
    processors = list(dict.fromkeys(rows))
    names = [
        name
        for name in [*BARS, *FASTTEXT]
        if any(times(name, processor) is not None for processor in processors)
    ]
    series = [Series(each, names, [times(name, each) for name in names]) for each in processors]
    title = "w2v against its peers, 2 threads" + f", {processors[0]}" * (len(processors) == 1)
    chart = Chart([Bars(title, "times as fast", series, percent=False)])
    with (ROOT / ".github" / "speed.png").open("wb") as file:
        chart.draw().write(file, "png")


if __name__ == "__main__":
    main()
