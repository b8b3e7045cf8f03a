#!/usr/bin/env python3
"""Quality and time of synchronous rounds, compared with the lock-free threads of --hogwild.

    python tests/bench/rounds.py [--seeds 3] [--model skip-gram] [--write]

Trains on enwiki100m.txt.gz with the default settings and 2 threads. Scores are means over seeds. A
time is that of training one epoch. In each of five turns all contenders train once, and the table
has the median of the ratios to the lock-free threads of the same turn. Prints a Markdown table;
--write puts it in the manual.

These measurements led to the rule of contraction in `kernels.contraction`: skip-gram, 8 shards of
10,000 words, REUSE 1 (fresh negative samples for each window), seed 1. WordSim-353, analogies, the
loss of the last epoch, and the length of the mean input and output vector of 30,000 words:

    66.2, 38.2, 2.254, 1.09 and 2.75  lock-free threads (mean of five seeds)
    65.7, 35.5, 2.540, 1.51 and 1.81  one share of the sum for all directions
    66.7, 37.1, 2.248, 1.27 and 2.34  a share of its own for the mean, from constants: in the
                                      direction of the mean 10 times the rate of the others for
                                      input vectors, and 5 times for output vectors
    67.3, 38.7, 2.251, 1.09 and 2.75  our rule, whose rates follow the lengths of the vectors

The chunks of some rounds were also trained one after the other. The squared difference between this
change of a row and that of the rule of contraction is 3 % of the change for rare words, 10 % for
the 500th word, and half for the ten most frequent ones.

These measurements led to the rule of agreement in `kernels.row_merge`. Accuracy on analogies in per
cent, for skip-gram, 8 shards of 20,000 words, negative samples drawn for each chunk, seed 1:

    38.3  lock-free threads
    34.9  between sum and mean, by the expected frequency f of a row in a chunk: the chunk moves the
          row by the share ρ = 1 - exp(-f lr / k) of the way to its optimum, with the current
          learning rate lr; k = 3
    26.1  the same with k = 10 (k = 30 diverges)
    37.6  the rule of agreement, with MEAN_FACTOR 1
    25.6  the same with the square root of its weight
    37.8  the same, but at least the weight of k = 3
    36.2  the same, but at most the weight of k = 10
    35.8  the same, 8 shards of 50,000 words
    31.4  the same without negative samples drawn for each chunk

WordSim-353 and analogies with 8 shards of 10,000 words, means of three seeds:

    64.1 and 38.0  skip-gram, MEAN_FACTOR 1
    64.3 and 38.6  skip-gram, MEAN_FACTOR 1.5
    64.0 and 38.8  skip-gram, MEAN_FACTOR 2
    63.7 and 35.9  CBOW, MEAN_FACTOR 1
    65.7 and 36.3  CBOW, MEAN_FACTOR 1.5
    65.0 and 36.3  MEAN_FACTOR 1.5, three times as many negative samples for each chunk
    64.1 and 38.7  MEAN_FACTOR 1.5, lr 0.03
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import mean, median

from contest import enwiki, pace, publish, train
from enwiki import judge

MODELS = {"skip-gram": "skipgram", "CBOW": "cbow"}
WORDS = {"skip-gram": 5_000, "CBOW": 10_000}  # the defaults of --round-words
FREE = "free threads"


def ways(model: str) -> dict[str, dict]:
    """The options of each way of training a model."""
    return {
        FREE: {"hogwild": True},
        "4 shards": {"shards": 4},
        "8 shards, the default": {},
        "16 shards": {"shards": 16},
        "8 shards, twice the words": {"round_words": 2 * WORDS[model]},
    }


def table(models: list[str], times: dict, scores: dict) -> str:
    """A row for each model and way of training: the ratio of times, and the scores."""
    names = {"WordSim-353": "WordSim-353", "SimLex-999": "SimLex-999", "analogies": "total"}
    rows = [f"| | times as long | {' | '.join(names)} |", "|---|---|---|---|---|"]
    for model in models:
        for way in ways(model):
            turns = zip(times[model, way], times[model, FREE], strict=True)
            ratio = median(ours / free for ours, free in turns)
            results = scores[model, way]
            cells = [f"{mean(result[name] for result in results):.1f}" for name in names.values()]
            rows.append(f"| {model}, {way} | {ratio:.2f} | {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> None:
    """Measure times in turns, then scores for each seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--model", choices=MODELS, help="default: both models")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    labels = [args.model] if args.model else list(MODELS)
    contenders = {
        (label, way): {"model": MODELS[label], **options}
        for label in labels
        for way, options in ways(label).items()
    }
    times: dict[tuple[str, str], list[float]] = {key: [] for key in contenders}
    scores: dict[tuple[str, str], list[dict]] = {key: [] for key in contenders}
    with enwiki() as (folder, text, _):
        for options in contenders.values():  # compiles
            train(folder / "small", folder / "x.bin", **options)
        for _ in range(args.turns):
            for key, options in contenders.items():
                times[key].append(pace(text, folder / "x.bin", epochs=1, **options))
        print(times, file=sys.stderr, flush=True)
        for seed in range(1, args.seeds + 1):
            for key, options in contenders.items():
                out = Path(folder, "x.bin")
                train(text, out, seed=seed, **options)
                scores[key].append(judge(out))
                print(seed, *key, scores[key][-1], file=sys.stderr, flush=True)
    publish({"rounds": table(labels, times, scores)}, args.write)


if __name__ == "__main__":
    main()
