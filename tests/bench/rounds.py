#!/usr/bin/env python3
"""What --deterministic costs: quality and time beside threads that run free.

    python tests/bench/rounds.py [--seeds 3] [--write]

Trains on enwiki100m.txt.gz with the default settings, 2 threads, every contender once with each
seed, one after the other; ratios are those of two runs with the same seed. Prints a Markdown table
of means; --write puts it in the README.

What led to the rule of merging (`kernels.rows.merge_rows`), with skip-gram, 8 shards of 20,000
words, a pool of noise words and seed 1; per cent of the analogies right, 38.3 with free threads:
between sum and mean by how often a row is expected in a chunk (share ρ of the way to rest that it
takes there: 1 - exp(-f lr / k), lr falling), k = 3: 34.9, k = 10: 26.1, k = 30: diverges; our rule:
37.6; the square root of its weight: 25.6; our rule, but at least k = 3's: 37.8, at most k = 10's:
36.2. 8 shards of 50,000 by our rule: 35.8, and without the pool: 31.4.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import mean

from contest import Run, enwiki, publish, ratio, train
from enwiki import judge

MODELS = {"skip-gram": "skipgram", "CBOW": "cbow"}
WAYS: dict[str, dict] = {
    "free threads": {},
    "2 shards": {"deterministic": True, "shards": 2},
    "4 shards": {"deterministic": True, "shards": 4},
    "8 shards, the default": {"deterministic": True},
    "16 shards": {"deterministic": True, "shards": 16},
    "8 shards of 20,000 words": {"deterministic": True, "round_words": 20_000},
}


def table(runs: dict, scores: dict) -> str:
    """A row for each way, with each model's time and scores."""
    names = {"WordSim-353": "WordSim-353", "SimLex-999": "SimLex-999", "analogies": "total"}
    rows = [f"| | times as long | {' | '.join(names)} |", "|---|---|---|---|---|"]
    for model in MODELS:
        free = [run.seconds for run in runs[model, "free threads"]]
        for way in WAYS:
            long = ratio([run.seconds for run in runs[model, way]], free)
            found = scores[model, way]
            cells = [f"{mean(each[name] for each in found):.1f}" for name in names.values()]
            rows.append(f"| {model}, {way} | {long} | {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> None:
    """Run it all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    told = parser.parse_args()

    runs: dict[tuple[str, str], list[Run]] = {}
    scores: dict[tuple[str, str], list[dict]] = {}
    with enwiki() as (folder, text, _):
        train(text, folder / "warm.bin", deterministic=True, epochs=1)
        train(text, folder / "warm.bin", deterministic=True, epochs=1, model="cbow")
        for seed in range(1, told.seeds + 1):
            for label, model in MODELS.items():
                for way, options in WAYS.items():
                    out = Path(folder, "x.bin")
                    run = train(text, out, model=model, seed=seed, **options)
                    runs.setdefault((label, way), []).append(run)
                    scores.setdefault((label, way), []).append(judge(out))
                    print(seed, label, way, f"{run.seconds:.1f} s", file=sys.stderr, flush=True)
    publish({"rounds": table(runs, scores)}, told.write)


if __name__ == "__main__":
    main()
