#!/usr/bin/env python3
"""Time and memory of LDA with 1,000 topics on millions of short documents.

    python tests/bench/many_documents.py [--millions 1,10] [--write]

Each document has 20 random words: of two of the 1,000 topics, and a quarter of words that are
everywhere. The vocabulary has 50,000 words. Trains 8 epochs with --document-table sparse on 2
threads, and lists the topics with three documents each. Ten million documents take 6 GB of disk.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from contest import Run, publish, train, w2v

WORDS, TOPICS, LENGTH, WORDS_OF_TOPIC = 50_000, 1000, 20, 60
EVERYWHERE, SECOND = 0.25, 0.35  # shares of words that are everywhere, and of the second topic
BLOCK = 100_000  # documents that are made at a time


def write_documents(path: Path, count: int) -> None:
    """Write `count` random documents, one on each line."""
    rng = np.random.default_rng(0)
    names = np.array([b"w%05d " % number for number in range(WORDS)], "S7")
    shares = np.cumsum(1 / np.arange(1, WORDS + 1) ** 0.9)
    words_of = rng.integers(0, WORDS, (TOPICS, WORDS_OF_TOPIC))
    with open(path, "wb") as file:
        for begin in range(0, count, BLOCK):
            shape = min(BLOCK, count - begin), LENGTH
            topics = rng.integers(0, TOPICS, (shape[0], 2))
            second = (rng.random(shape) < SECOND).astype(int)
            ranks = np.minimum(rng.exponential(12, shape).astype(int), WORDS_OF_TOPIC - 1)
            words = words_of[np.take_along_axis(topics, second, axis=1), ranks]
            is_common = rng.random(shape) < EVERYWHERE
            drawn = rng.random(int(is_common.sum())) * shares[-1]
            words[is_common] = np.searchsorted(shares, drawn)
            lines = names[words].view("S1").reshape(shape[0], -1)
            lines[:, -1] = b"\n"
            file.write(lines.tobytes())


def main() -> None:
    """Measure, and print a Markdown table; --write puts it in the manual."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--millions", default="1,10")
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    rows = ["| documents | | seconds | most memory, GB |", "|---|---|---|---|"]
    for millions in map(int, args.millions.split(",")):
        with TemporaryDirectory() as name:
            text, model = Path(name, "text"), Path(name, "model.safetensors")
            write_documents(text, millions * 1_000_000)
            trained = train(
                text, model, model="lda", topics=TOPICS, epochs=8, burn_in=0,
                document_table="sparse",
            )  # fmt: skip
            size = model.stat().st_size / 1e9
            listed = w2v("topics", model, "--documents", 3, "--tsv")
        for what, run in (
            (f"`w2v train`, 8 epochs; a file of {size:.1f} GB", trained),
            ("`w2v topics --documents 3`", listed),
        ):
            rows.append(row(f"{millions} million", what, run))
            print(rows[-1], file=sys.stderr, flush=True)
    publish({"many_documents": "\n".join(rows)}, args.write)


def row(documents: str, what: str, run: Run) -> str:
    """A row of the table."""
    return f"| {documents} | {what} | {run.seconds:,.0f} | {run.megabytes / 1000:.1f} |"


if __name__ == "__main__":
    main()
