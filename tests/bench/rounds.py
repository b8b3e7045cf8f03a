#!/usr/bin/env python3
"""What --deterministic costs: quality and time beside threads that run free.

    python tests/bench/rounds.py [--seeds 3] [--write]

Trains on enwiki100m.txt.gz with the default settings and 2 threads. Quality: means over the seeds.
Time: of training one epoch, every contender once in each of five rounds of turns, the median of the
ratios to the free threads of the same turn. Prints a Markdown table; --write puts it in the manual.

What led to the rule of merging (`kernels.row_copies`), with skip-gram, 8 shards of 20,000 words,
negatives drawn for each chunk and seed 1; per cent of the analogies right, 38.3 with free threads:
between sum and mean by how often a row is expected in a chunk (share ρ of the way to rest that it
takes there: 1 - exp(-f lr / k), lr falling), k = 3: 34.9, k = 10: 26.1, k = 30: diverges; our rule:
37.6; the square root of its weight: 25.6; our rule, but at least k = 3's: 37.8, at most k = 10's:
36.2. 8 shards of 50,000 by our rule: 35.8, and without negatives drawn for each chunk: 31.4. That
was with once the mean where all agree. Means of three seeds with 8 shards of 10,000 words,
WordSim-353 and analogies: once 64.1 and 38.0, 1.5 times 64.3 and 38.6, twice 64.0 and 38.8; CBOW
once 63.7 and 35.9, 1.5 times 65.7 and 36.3. Three times as many negatives for each chunk, 1.5 times
the mean: 65.0 and 36.3; lr 0.03: 64.1 and 38.7.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import mean, median

from contest import enwiki, pace, publish, train
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


def table(times: dict, scores: dict) -> str:
    """A row for each way, with each model's time and scores."""
    names = {"WordSim-353": "WordSim-353", "SimLex-999": "SimLex-999", "analogies": "total"}
    rows = [f"| | times as long | {' | '.join(names)} |", "|---|---|---|---|---|"]
    for model in MODELS:
        for way in WAYS:
            turns = zip(times[model, way], times[model, "free threads"], strict=True)
            long = median(ours / free for ours, free in turns)
            found = scores[model, way]
            cells = [f"{mean(each[name] for each in found):.1f}" for name in names.values()]
            rows.append(f"| {model}, {way} | {long:.2f} | {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> None:
    """Run it all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    contenders = [(label, way) for label in MODELS for way in WAYS]
    times: dict[tuple[str, str], list[float]] = {each: [] for each in contenders}
    scores: dict[tuple[str, str], list[dict]] = {each: [] for each in contenders}
    with enwiki() as (folder, text, _):
        for label, way in contenders:  # compiles
            train(folder / "small", folder / "x.bin", model=MODELS[label], **WAYS[way])
        for _ in range(args.turns):
            for label, way in contenders:
                options = {"model": MODELS[label], **WAYS[way]}
                times[label, way].append(pace(text, folder / "x.bin", epochs=1, **options))
        print(times, file=sys.stderr, flush=True)
        for seed in range(1, args.seeds + 1):
            for label, way in contenders:
                out = Path(folder, "x.bin")
                train(text, out, model=MODELS[label], seed=seed, **WAYS[way])
                scores[label, way].append(judge(out))
                print(seed, label, way, scores[label, way][-1], file=sys.stderr, flush=True)
    publish({"rounds": table(times, scores)}, args.write)


if __name__ == "__main__":
    main()
