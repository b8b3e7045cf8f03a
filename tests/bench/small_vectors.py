#!/usr/bin/env python3
"""Size and quality of vectors in fewer bits and fewer dimensions, and of whitened vectors.

    python tests/bench/small_vectors.py [--megabytes 30] [--seeds 3] [--write]

Trains skip-gram with 100 and 300 dimensions on the first 30 MB of enwiki100m.txt.gz with 2 threads,
and converts the words of each model in several ways with w2v convert. The size is that of the
converted file. Scores are means over the seeds; those of a seed are of the same training. The
overlap is that of w2v compare: the share of the 10 nearest neighbours that a word also has in
float32, for the 1,000 most frequent words. Prints a Markdown table; --write puts it in the manual.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import mean

from contest import DATA, json_lines, publish, train, w2v, wikipedia

DIMENSIONS = (100, 300)
SETS = {"WordSim-353": "ws353", "SimLex-999": "simlex999"}
COLUMNS = ("MB", *SETS, "analogies", "same neighbours")
# (dimensions, options of w2v convert): a value for each column.
Results = dict[tuple[int, str], list[float]]


def changes(dim: int) -> list[str]:
    """The options of each conversion of vectors with `dim` numbers; the first changes nothing."""
    half, quarter = dim // 2, dim // 4
    return [
        "--dtype f32",
        "--dtype f16",
        "--dtype i8",
        f"--dim {half}",
        f"--dim {half} --dtype i8",
        f"--dim {quarter} --dtype i8",
        "--whiten",
        "--whiten --dtype i8",
        f"--whiten --dim {half} --dtype i8",
    ]


def judge(vectors: Path, whole: Path) -> list[float]:
    """A value for each column: size in MB, Spearman correlations times 100, and shares in %."""
    values = [vectors.stat().st_size / 1e6]
    oov = ("--oov", "skip", "--json")
    for stem in SETS.values():
        pairs = DATA / "similarity" / f"{stem}.tsv"
        [result] = json_lines(w2v("evaluate", "similarity", pairs, "-v", vectors, *oov))
        values.append(100 * result["spearman"])
    questions = DATA / "questions-words.txt"
    call = ("evaluate", "analogies", questions, "-v", vectors, "--restrict", 30000, *oov)
    values.append(100 * json_lines(w2v(*call))[-1]["accuracy"])
    pairs = DATA / "similarity" / "rg65.tsv"  # w2v compare needs a test set
    results = json_lines(w2v("compare", whole, vectors, "--pairs", pairs, "--json"))
    [overlap] = [result["overlap"] for result in results if "overlap" in result]
    return [*values, 100 * overlap]


def table(turns: list[Results]) -> str:
    """A row for each conversion: the means of the turns, one for each seed."""
    rows = [f"| dim | w2v convert | {' | '.join(COLUMNS)} |", f"|---|---|{'---|' * len(COLUMNS)}"]
    for dim, options in turns[0]:
        columns = zip(*(turn[dim, options] for turn in turns), strict=True)
        size, *scores = map(mean, columns)
        *cells, overlap = (f"{score:.1f}" for score in scores)
        rows.append(f"| {dim} | `{options}` | {size:.1f} | {' | '.join(cells)} | {overlap} % |")
    return "\n".join(rows)


def main() -> None:
    """Train the models of each seed, convert their words, and evaluate all files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    turns: list[Results] = []
    with wikipedia(args.megabytes * 1_000_000) as (folder, text, _lines):
        model, whole, small = (folder / f"{name}.safetensors" for name in ("m", "f32", "small"))
        for seed in range(1, args.seeds + 1):
            turn: Results = {}
            for dim in DIMENSIONS:
                train(text, model, dim=dim, seed=seed)
                w2v("convert", model, whole)  # without the output vectors
                for options in changes(dim):
                    w2v("convert", whole, small, *options.split())
                    turn[dim, options] = judge(small, whole)
                    print(seed, dim, options, turn[dim, options], file=sys.stderr, flush=True)
            turns.append(turn)
    publish({"small vectors": table(turns)}, args.write)


if __name__ == "__main__":
    main()
