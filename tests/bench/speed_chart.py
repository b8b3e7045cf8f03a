#!/usr/bin/env python3
"""Draw .github/speed.png from tables of the manual: how many times as fast w2v is as its peers.

    python tests/bench/speed_chart.py

The tables are the parts `speed`, `documents` and `lda`, which other benchmarks publish. The chart
has one colour for each kind of processor in the part `speed`.
"""

from __future__ import annotations

import re
import sys

from contest import ROOT

from w2v.plots.chart import Bars, Chart, Series

sys.path.insert(0, str(ROOT / "tests"))
import readme

# label of a bar: (part of the manual, row, column, peer). If `peer` is "", the cell says how many
# times as fast w2v is; if it is "share", the cell is the inverse of that; otherwise `peer` is the
# row of the peer, and both cells are times.
BARS = {
    "skip-gram, gensim": ("speed", "skip-gram, w2v", "times gensim's speed", ""),
    "skip-gram, fastText": (
        "speed", "skip-gram, w2v", "seconds", "skip-gram, fastText without subwords",
    ),
    "CBOW, gensim": ("speed", "CBOW, w2v", "times gensim's speed", ""),
    "CBOW, fastText": ("speed", "CBOW, w2v", "seconds", "CBOW, fastText without subwords"),
    "PV-DBOW, gensim": (
        "documents", "PV-DBOW, 10 epochs, sample 1e-4", "times gensim's speed", "",
    ),
    "PV-DM, gensim": (
        "documents", "PV-DM mean, window 10, 10 epochs, sample 1e-4", "times gensim's speed", "",
    ),
    "LDA, 50 topics, tomotopy": ("lda", "tomotopy", "of the time", "share"),
}  # fmt: skip


def cell(part: str, processor: str, row: str, column: str) -> float | None:
    """The number at the beginning of a cell of a published table; None if there is none."""
    lines = [line.split("|")[1:-1] for line in readme.part(part).splitlines() if line[:1] == "|"]
    cells = [[text.strip() for text in line] for line in lines]
    for line in cells[2:]:
        if line[0] == processor and line[1] == row:
            number = re.match(r"[\d.]+", line[cells[0].index(column)])
            return float(number[0]) if number else None
    return None


def times(name: str, processor: str) -> float | None:
    """How many times as fast as its peer w2v is; None if that was not measured."""
    part, row, column, peer = BARS[name]
    value = cell(part, processor, row, column)
    if not value or not peer:
        return value
    peer_value = 1.0 if peer == "share" else cell(part, processor, peer, column)
    return peer_value / value if peer_value else None


def main() -> None:
    """Draw the processors in the part `speed`, and the peers that were measured."""
    rows = [
        line.split("|")[1].strip()
        for line in readme.part("speed").splitlines()[2:]
        if line[:1] == "|"
    ]
    processors = list(dict.fromkeys(rows))
    names = [
        name for name in BARS if any(times(name, processor) is not None for processor in processors)
    ]
    series = [
        Series(processor, names, [times(name, processor) for name in names])
        for processor in processors
    ]
    title = "w2v against its peers, 2 threads" + f", {processors[0]}" * (len(processors) == 1)
    chart = Chart([Bars(title, "times as fast", series, percent=False)])
    with (ROOT / ".github" / "speed.png").open("wb") as file:
        chart.draw().write(file, "png")


if __name__ == "__main__":
    main()
