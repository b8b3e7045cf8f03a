#!/usr/bin/env python3
"""Quality of the large rounds that a cluster of many machines needs, on 1 GB of text.

    python tests/bench/large_rounds.py [--gigabytes 1] [--seeds 1] [--write]

Trains one epoch of skip-gram on 2 threads; the result does not depend on where shards are trained.
The text is made as that of tests/bench/large.py, of pieces of enwiki100m.txt.gz in random order, so
that an epoch of 1 GB has the words of ten epochs of that text. Prints a Markdown table; --write
puts it in the manual.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from contest import in_own_process, publish, train
from enwiki import judge
from large import recombined

ROUNDS = {  # shards, and words of each in a round
    "lock-free threads": {"hogwild": True},
    "8 shards of 5,000 words, the default": {},
    "16 shards of 5,000 words": {"shards": 16},
    "64 shards of 5,000 words": {"shards": 64},
    "256 shards of 5,000 words": {"shards": 256},
    "64 shards of 100,000 words": {"shards": 64, "round_words": 100_000},
    "256 shards of 100,000 words": {"shards": 256, "round_words": 100_000},
}
SCORES = {"WordSim-353": "WordSim-353", "SimLex-999": "SimLex-999", "analogies": "total"}


def main() -> None:
    """Train and judge each kind of rounds, and publish the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=1)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    rows = [f"| | {' | '.join(SCORES)} |", "|---" * (len(SCORES) + 1) + "|"]
    with TemporaryDirectory() as name:
        text, vectors = Path(name, "text"), Path(name, "x.safetensors")
        in_own_process(recombined, text, int(args.gigabytes * 1e9))
        for label, options in ROUNDS.items():
            found = []
            for seed in range(1, args.seeds + 1):
                train(text, vectors, epochs=1, seed=seed, **options)
                found.append(judge(vectors))
            scores = (f"{mean(each[score] for each in found):.1f}" for score in SCORES.values())
            rows.append(f"| {label} | {' | '.join(scores)} |")
            print(rows[-1], file=sys.stderr, flush=True)
    publish({"large_rounds": "\n".join(rows)}, args.write)


if __name__ == "__main__":
    main()
