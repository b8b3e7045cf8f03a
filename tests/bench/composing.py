#!/usr/bin/env python3
"""Quality of words that are composed once in a chunk of the text, or once for a few steps.

    python tests/bench/composing.py [--megabytes 30] [--seeds 2] [--write]

Trains skip-gram with n-grams of 3 to 6 characters on the first 30 MB of enwiki100m.txt.gz, with 2
threads. w2v composes each word of a chunk of 1,000 words once. Here the words are also composed
for a chunk of 10,000 words, and again for every 100, 10 and 1 windows, as fastText does for each
window, by replacing two attributes of the trainer. All evaluate known words alone. Prints a
Markdown table of mean scores; --write puts it in the manual.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from statistics import mean

from contest import publish, run, wikipedia
from enwiki import judge

# Trains with the arguments after the first two, which are the words of a chunk, and the windows
# for which words are composed; 0: those of the whole chunk.
SCRIPT = """
import sys
import numpy as np
from w2v.cli import main
from w2v.negative_sampling import trainer, worker

chunk, size = int(sys.argv.pop(1)), int(sys.argv.pop(1))
trainer.SUBWORD_CHUNK = chunk
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

if size:
    worker.Worker.step = step
main()
"""
CONTENDERS = {
    "a chunk of 10,000 words": (10_000, 0),
    "a chunk of 1,000 words (w2v)": (1_000, 0),
    "100 windows": (1_000, 100),
    "10 windows": (1_000, 10),
    "1 window": (1_000, 1),
}


def main() -> None:
    """Train and evaluate with each way of composing, seed by seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--only", default="", help="only names that begin so; write nothing")
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    scores: dict[str, list[dict[str, float]]] = {
        name: [] for name in CONTENDERS if name.startswith(args.only)
    }
    with wikipedia(args.megabytes * 1_000_000) as (folder, text, _):
        out = folder / "x.safetensors"
        train = partial(run, sys.executable, "-c", SCRIPT)
        options = ("--subwords", "3-6", "--threads", 2, "--quiet")
        for seed in range(1, args.seeds + 1):
            for name, done in scores.items():
                train(*CONTENDERS[name], "train", text, "-o", out, "--seed", seed, *options)
                done.append(judge(out, "--oov", "skip"))
                print(name, seed, done[-1], file=sys.stderr, flush=True)
    columns = list(next(iter(scores.values()))[0])
    rows = [f"| composed once for | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for name, done in scores.items():
        cells = [f"{mean(result[key] for result in done):.1f}" for key in columns]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    publish({"composing": "\n".join(rows)}, args.write and not args.only)


if __name__ == "__main__":
    main()
