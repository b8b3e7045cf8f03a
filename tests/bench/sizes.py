#!/usr/bin/env python3
"""Speed of w2v and gensim with other settings: whole commands, 2 epochs, 2 threads.

    python tests/bench/sizes.py [--repeats 1] [--write]

Trains on the first 30 MB of enwiki100m.txt.gz. The text for a vocabulary of a million types is
random: 10 million tokens drawn by Zipf's law from 4 million types. Prints a Markdown table of the
ratios of times; --write puts it in the manual.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from contest import enwiki, gensim, publish, ratio, train, write_lines

THEIRS = {"dim": "vector_size"}  # gensim's name of a setting, if it differs
SETTINGS = [
    {"dim": 50}, {"dim": 200}, {"dim": 300}, {"negative": 2}, {"negative": 20},
    {"window": 2}, {"window": 15}, {"min_count": 1},
]  # fmt: skip


def zipf_text() -> bytes:
    """10 million random tokens of about a million types."""
    rng = np.random.default_rng(1)
    ranks = np.exp(rng.random(10_000_000) * np.log(4_000_000)).astype(np.int64)
    return b" ".join(b"w%d" % rank for rank in ranks.tolist())


def main() -> None:
    """Time both programs with each setting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    rows = ["| | skip-gram | CBOW |", "|---|---|---|"]
    with enwiki(30_000_000) as (folder, text, lines):
        for setting in SETTINGS:
            [(name, value)] = setting.items()
            if name == "min_count":
                made = zipf_text()
                text.write_bytes(made)
                write_lines(lines, made)
                types = len(set(made.split()))
                del made
            cells = []
            for model, lr in (("skipgram", 0.025), ("cbow", 0.05)):
                ours, theirs = [], []
                for _ in range(args.repeats):
                    options = {THEIRS.get(name, name): value, "epochs": 2, "alpha": lr}
                    peer = gensim(lines, folder / "x.bin", sg=int(model == "skipgram"), **options)
                    done = train(text, folder / "x.bin", model=model, epochs=2, **setting)
                    theirs.append(peer.seconds)
                    ours.append(done.seconds)
                    print(
                        setting, model, f"{peer.seconds:.1f} s, {done.seconds:.1f} s",
                        file=sys.stderr, flush=True,
                    )  # fmt: skip
                cells.append(ratio(theirs, ours))
            label = f"--{name.replace('_', '-')} {value}"
            if name == "min_count":
                label += f", {types:,} types"
            rows.append(f"| `{label}` | {' | '.join(cells)} |")
    publish({"sizes": "\n".join(rows)}, args.write)


if __name__ == "__main__":
    main()
