#!/usr/bin/env python3
"""Quality of words that are composed once for many windows, or again for each window.

    python tests/bench/composing.py [--megabytes 10] [--seeds 1] [--write]

Trains skip-gram with n-grams of 3 to 6 characters on the first 10 MB of enwiki100m.txt.gz, with 2
threads. w2v composes each word of a segment of 600 windows once. Here words are also composed for
other numbers of windows, by replacing a method of `Worker`. fastText's number is 1, which takes
long here: `--sizes 1`. `w2v evaluate` evaluates known words alone. Prints a Markdown table of mean
scores; --write puts it in the manual.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from statistics import mean

from contest import publish, run, wikipedia
from enwiki import judge

# Trains with the arguments after the first, which is the number of windows for which words are
# composed. Unlike the segments of `Worker`, these do not cut windows off.
SCRIPT = """
import sys
import numpy as np
from w2v.cli import main
from w2v.negative_sampling import worker

size = int(sys.argv.pop(1))
from w2v.negative_sampling import trainer
trainer.segment_length = lambda *_: 1 << 30
whole = worker.Worker.step

def step(self, count, *rest):
    windows, done = self.windows, (0.0, 0)
    own = np.arange(count, dtype=np.int32)
    for begin in range(0, count, size):
        end = min(begin + size, count)
        low, high = windows.first[begin:end].min(), windows.last[begin:end].max() + 1
        part = windows._replace(
            **{name: getattr(windows, name)[low:high] for name in ("word_ids", "rates")},
            first=own[low:high] - low, last=own[low:high] - low, input_rows=own[low:high] * 0,
        )
        # Only the windows of this part have context words.
        part.first[begin - low : end - low] = windows.first[begin:end] - low
        part.last[begin - low : end - low] = windows.last[begin:end] - low
        self.windows = part
        result = whole(self, high - low, *rest)
        done = done[0] + result[0], done[1] + result[1]
    self.windows = windows
    return done

worker.Worker.step = step
main()
"""
SIZES = (6_000, 2_000, 600, 200, 10)


def main() -> None:
    """Train and evaluate with each way of composing, seed by seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of windows")
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    scores: dict[int, list[dict[str, float]]] = {size: [] for size in args.sizes}
    with wikipedia(args.megabytes * 1_000_000) as (folder, text, _):
        out = folder / "x.safetensors"
        train = partial(run, sys.executable, "-c", SCRIPT)
        options = ("--subwords", "3-6", "--threads", 2, "--quiet")
        for seed in range(1, args.seeds + 1):
            for size, done in scores.items():
                train(size, "train", text, "-o", out, "--seed", seed, *options)
                done.append(judge(out, "--oov", "skip"))
                print(size, seed, done[-1], file=sys.stderr, flush=True)
    columns = list(next(iter(scores.values()))[0])
    rows = [f"| windows | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for size, done in scores.items():
        cells = [f"{mean(result[key] for result in done):.1f}" for key in columns]
        rows.append(f"| {size:,} | {' | '.join(cells)} |")
    publish({"composing": "\n".join(rows)}, args.write)


if __name__ == "__main__":
    main()
