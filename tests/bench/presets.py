#!/usr/bin/env python3
"""Quality over seconds of the presets, beside gensim and fastText with their defaults.

    python tests/bench/presets.py [--text FILE] [--sizes 1 10 100] [--seeds 1] [--write]

Trains on the first 1, 10 and 100 MB of a text, by default enwiki100m.txt.gz of $W2V_DATA (else
../shared/data), with 2 threads. A size that the text does not have is left out. gensim and fastText
have the settings that a user gets who gives none but the model: fastText thus has subwords, and w2v
has them in two rows, too. gensim reads its fastest input, `corpus_file`. A time is that of the
whole command, from the start of the process to the written file; the kernels are compiled before.
`w2v evaluate` evaluates all vectors, with `--oov skip`, so that fastText is asked the same pairs as
the others. The mean is that of the four scores before it. Prints a Markdown table with means over
the seeds; --write puts it in the manual, and draws .github/presets.png.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from contest import (
    DATA,
    PEERS,
    ROOT,
    Run,
    gensim,
    in_own_process,
    publish,
    run,
    spread,
    train,
    unpack,
    warm_up,
)
from enwiki import judge

from w2v.plots.chart import Chart, Lines, Series
from w2v.presets import PRESETS, settings_of

SCORES = {
    "WordSim-353": "WordSim-353", "SimLex-999": "SimLex-999", "MTurk-287": "MTurk-287",
    "analogies": "total",
}  # fmt: skip
MODELS = {"skipgram": "skip-gram", "cbow": "CBOW"}
Runs = list[tuple[float, dict[str, float]]]  # of each seed: seconds, and scores by name
FASTTEXT = """
import sys
import fasttext
fasttext.FastText.unsupervised_default["seed"] = int(sys.argv[4])
fasttext.train_unsupervised(sys.argv[1], model=sys.argv[3], thread=2, verbose=0).save_model(
    sys.argv[2]
)
"""


def fasttext(lines: Path, out: Path, model: str, seed: int) -> Run:
    """Train with fastText and its defaults, on 2 threads."""
    return run(PEERS, "-c", FASTTEXT, lines, out, model, seed)


def contenders(folder: Path, out: Path, seed: int) -> dict[str, Callable[[], Run]]:
    """For each contender, the function that trains it."""
    text, lines = folder / "text", folder / "lines"
    words = len(text.read_bytes().split())
    found: dict[str, Callable[[], Run]] = {}
    for model, name in MODELS.items():
        found[f"{name}, gensim"] = partial(
            gensim, lines, out, sg=int(model == "skipgram"), seed=seed
        )
        found[f"{name}, fastText"] = partial(fasttext, lines, out, model, seed)
        found[f"{name}, w2v"] = partial(train, text, out, model=model, seed=seed)
        # A preset with the settings of the one before is not trained again.
        names = {tuple(settings_of(model, each, words).values()): each for each in PRESETS[::-1]}
        for preset in reversed(names.values()):
            found[f"{name}, w2v --preset {preset}"] = partial(
                train, text, out, model=model, seed=seed, preset=preset
            )
        found[f"{name}, w2v --subwords 3-6"] = partial(
            train, text, out, model=model, seed=seed, subwords="3-6"
        )
        found[f"{name}, w2v --subwords 3-6 --preset standard"] = partial(
            train, text, out, model=model, seed=seed, subwords="3-6", preset="standard"
        )
    return found


def scores_of(runs: Runs) -> list[float]:
    """The mean of each of SCORES over the seeds."""
    return [mean(result[key] for _, result in runs) for key in SCORES.values()]


def table(rows: dict[str, Runs]) -> str:
    """A row for each contender: seconds, scores and the mean of the scores."""
    lines = [f"| | seconds | {' | '.join(SCORES)} | mean |", f"|---|---{'|---' * len(SCORES)}|---|"]
    for name, runs in rows.items():
        scores = scores_of(runs)
        cells = [f"{score:.1f}" for score in [*scores, mean(scores)]]
        lines.append(f"| {name} | {spread([took for took, _ in runs])} | {' | '.join(cells)} |")
    return "\n".join(lines)


def chart(rows: dict[str, Runs]) -> Chart:
    """The mean of the scores over the seconds: a panel for each size and model."""
    points = {
        name: (mean(took for took, _ in runs), mean(scores_of(runs))) for name, runs in rows.items()
    }
    panels = []
    for size, model in dict.fromkeys(tuple(name.split(", ")[0].split(": ")) for name in rows):
        start = f"{size}: {model}"
        curves = {  # first those of every panel, so that they have the same colour in all
            "w2v --preset": [f"{start}, w2v --preset {preset}" for preset in PRESETS],
            "w2v": [f"{start}, w2v"],
            "gensim": [f"{start}, gensim"],
            "w2v --subwords 3-6": [
                f"{start}, w2v --subwords 3-6{preset}" for preset in ("", " --preset standard")
            ],
            "fastText": [f"{start}, fastText"],
        }
        series = [
            Series(name, *zip(*sorted(points[each] for each in found), strict=True))
            for name, curve in curves.items()
            if (found := [each for each in curve if each in points])
        ]
        panels.append(Lines(f"{model}, {size} of Wikipedia", "seconds", "mean of scores", series))
    return Chart(panels)


def main() -> None:
    """Train and evaluate all contenders on each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, default=DATA / "enwiki100m.txt.gz", metavar="FILE")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100], metavar="MB")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    for path, advice in ((PEERS, "`make bench` installs it"), (args.text, "give --text FILE")):
        if not path.exists():
            sys.exit(f"no {path}: {advice}")
    rows: dict[str, Runs] = {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        out = folder / "x.bin"
        warm_up(folder)
        for size in args.sizes:
            in_own_process(unpack, args.text, size * 1_000_000, folder)
            if (folder / "text").stat().st_size < 0.95 * size * 1_000_000:
                print(f"the text has less than {size} MB: left out", file=sys.stderr)
                continue
            for seed in range(1, args.seeds + 1):
                for contender, trained in contenders(folder, out, seed).items():
                    took, scores = trained().seconds, judge(out, "--oov", "skip")
                    rows.setdefault(f"{size} MB: {contender}", []).append((took, scores))
                    print(size, seed, contender, f"{took:.1f} s", scores, file=sys.stderr)
    publish({"preset quality": table(rows)}, args.write)
    if args.write:
        with (ROOT / ".github" / "presets.png").open("wb") as file:
            chart(rows).draw().write(file, "png")


if __name__ == "__main__":
    main()
