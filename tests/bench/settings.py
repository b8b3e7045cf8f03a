#!/usr/bin/env python3
"""Effect of dim, window, negative, sample and epochs on quality and time, one at a time.

    python tests/bench/settings.py [--model skipgram] [--megabytes 30] [--seeds 3] [--write]

Trains skip-gram on the first 30 MB of enwiki100m.txt.gz with 2 threads: with the default settings,
and with each other value of one setting. For each seed all values are tried once. A time is that of
the whole command, divided by the time of the default settings with the same seed; the table has the
median over the seeds. Scores are means. Prints a Markdown table; --write puts it in the manual and
draws .github/settings.png.
"""

from __future__ import annotations

import argparse
import sys
from statistics import mean, median

from contest import ROOT, publish, train, wikipedia
from enwiki import judge

from w2v.plots.chart import Chart, Lines, Series

VALUES: dict[str, list[float]] = {
    "dim": [50, 100, 200, 300],
    "window": [2, 5, 10, 15],
    "negative": [2, 5, 10, 20],
    "sample": [1e-5, 1e-4, 1e-3, 1e-2],
    "epochs": [1, 2, 5, 10, 20],
}
DEFAULT = {"dim": 100, "window": 5, "negative": 5, "sample": 1e-3, "epochs": 5}
SCORES = {"WordSim-353": "WordSim-353", "SimLex-999": "SimLex-999", "analogies": "total"}
# (setting, value): (time as a multiple of the default's, scores).
Results = dict[tuple[str, float], tuple[float, dict[str, float]]]


def table(results: Results) -> str:
    """A row for each value of each setting."""
    rows = [f"| setting | time | {' | '.join(SCORES)} |", "|---|---|---|---|---|"]
    for name, values in VALUES.items():
        for value in values:
            multiple, scores = results[name, value]
            cells = [f"{scores[key]:.1f}" for key in SCORES.values()]
            mark = ", the default" if value == DEFAULT[name] else ""
            rows.append(f"| `--{name} {value:g}`{mark} | {multiple:.2f} | {' | '.join(cells)} |")
    return "\n".join(rows)


def chart(results: Results) -> Chart:
    """Scores on two test sets against the time of training, with a curve for each setting."""
    panels = []
    for title, key in (("WordSim-353", "WordSim-353"), ("Google analogies", "total")):
        series = []
        for name, values in VALUES.items():
            points = sorted((results[name, v][0], results[name, v][1][key]) for v in values)
            label = f"--{name} {values[0]:g} to {values[-1]:g}"
            series.append(Series(label, *zip(*points, strict=True)))
        unit = "Spearman × 100" if key == title else "% right"
        panels.append(Lines(title, "time, as a multiple of the default's", unit, series))
    return Chart(panels)


def combined(turns: list[Results]) -> Results:
    """The median time and the mean scores of the turns, one for each seed."""
    results = {}
    for key in turns[0]:
        multiples, scores = zip(*(turn[key] for turn in turns), strict=True)
        means = {name: mean(score[name] for score in scores) for name in SCORES.values()}
        results[key] = median(multiples), means
    return results


def main() -> None:
    """Train and evaluate with each value of each setting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="skipgram")
    parser.add_argument("--megabytes", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    turns: list[Results] = []
    with wikipedia(args.megabytes * 1_000_000) as (folder, text, _lines):
        out = folder / "x.bin"
        for seed in range(1, args.seeds + 1):
            turn: Results = {}
            unit = train(text, out, model=args.model, seed=seed).seconds
            default = 1.0, judge(out)
            for name, values in VALUES.items():
                for value in values:
                    if value == DEFAULT[name]:
                        turn[name, value] = default
                    else:
                        changed = train(text, out, model=args.model, seed=seed, **{name: value})
                        turn[name, value] = changed.seconds / unit, judge(out)
                    print(seed, name, value, turn[name, value], file=sys.stderr, flush=True)
            turns.append(turn)
    results = combined(turns)
    publish({"settings": table(results)}, args.write)
    if args.write:
        with (ROOT / ".github" / "settings.png").open("wb") as file:
            chart(results).draw().write(file, "png")


if __name__ == "__main__":
    main()
