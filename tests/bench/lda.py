#!/usr/bin/env python3
"""LDA beside tomotopy, gensim and scikit-learn: seconds to the same held-out perplexity.

    python tests/bench/lda.py [--seeds 3] [--write]

The 25,000 labelled training reviews of imdb.* (`--tokenizer words --lowercase`, words in 20
documents or more but not in half of them, the 300 most frequent left out), 50 and 200 topics, 2
threads. tomotopy 0.14 samples 200 sweeps with 2 workers and optimises alpha; how many sweeps w2v
takes for a perplexity as low on 2,500 reviews of the test is found by trying more, ten at a time,
each a training of its own (in steps of 20 with tomotopy's fixed eta). gensim's LdaMulticore (2
workers) and scikit-learn's online LDA, 10 passes each with priors 0.1 and 0.01, run with one seed,
and w2v until it is as good as they are. All times are those of training alone; those of our whole
commands, from the text to the file, stand beside.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from contest import DATA, aside, publish
from topics import Judged, ours, prepare, theirs

OPTIONS = {
    "tokenizer": "words", "lowercase": True, "min_count": 1, "min_df": 20, "max_df": 0.5,
    "drop_top": 300, "id_prefix": "label",
}  # fmt: skip
SWEEPS = 200  # tomotopy's
PASSES = 10  # of the others


def unpack(folder: Path) -> None:
    """Write the training reviews, and every tenth of the test."""
    rows = gzip.decompress((DATA / "imdb.train.tsv.gz").read_bytes())
    (folder / "train.tsv").write_bytes(rows.replace(b"<br />", b" "))
    held = gzip.decompress((DATA / "imdb.test.tsv.gz").read_bytes()).splitlines(keepends=True)
    (folder / "test.tsv").write_bytes(b"".join(held[::10]).replace(b"<br />", b" "))
    prepare(folder, folder / "train.tsv", folder / "test.tsv", OPTIONS)


def reach(folder: Path, perplexity: float, step: int, **options: object) -> tuple[int, Judged]:
    """The fewest sweeps, in steps, that are as good: how many, and what they cost."""
    epochs = step
    while True:
        found = ours(folder / "train.tsv", folder, {**OPTIONS, "epochs": epochs, **options})
        print(f"  {epochs} sweeps: {found}", file=sys.stderr, flush=True)
        if found.perplexity <= perplexity:
            return epochs, found
        # Every tenth of what is missing takes more sweeps than the one before: a few at a time.
        gap = found.perplexity / perplexity - 1
        epochs += step * max(1, int(gap / 0.03))


def main() -> None:
    """Take turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table in the README")
    told = parser.parse_args()
    rows = [
        "| | topics | passes | seconds | perplexity | w2v as good | of the time | whole run, s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    with TemporaryDirectory() as name:
        folder = Path(name)
        aside(unpack, folder)
        ours(folder / "train.tsv", folder, {**OPTIONS, "epochs": 2, "topics": 20})  # compiles
        for topics in (50, 200):
            for label, more, step in (
                ("tomotopy", {}, 10), ("tomotopy; w2v with eta 0.01", {"optimize": "alpha"}, 20),
            ):  # fmt: skip
                pairs = []
                for seed in range(1, told.seeds + 1):
                    peer = theirs("tomotopy", folder, topics, SWEEPS, seed)
                    print(f"tomotopy, {topics} topics: {peer}", file=sys.stderr, flush=True)
                    options = {"topics": topics, "seed": seed, **more}
                    pairs.append((peer, *reach(folder, peer.perplexity, step, **options)))
                rows.append(row(label, topics, SWEEPS, pairs))
            for peer_name in ("gensim", "scikit-learn"):
                peer = theirs(peer_name, folder, topics, PASSES, 1)
                print(f"{peer_name}, {topics} topics: {peer}", file=sys.stderr, flush=True)
                found = reach(folder, peer.perplexity, 4, topics=topics)
                rows.append(row(peer_name, topics, PASSES, [(peer, *found)]))
    publish({"lda": "\n".join(rows)}, told.write)


def row(label: str, topics: int, passes: int, pairs: list[tuple[Judged, int, Judged]]) -> str:
    """A row of the table: medians of the seeds."""

    seconds = median([peer.seconds for peer, _, _ in pairs])
    perplexity = median([peer.perplexity for peer, _, _ in pairs])
    mine = median([found.seconds for _, _, found in pairs])
    sweeps = median([epochs for _, epochs, _ in pairs])
    share = median([found.seconds / peer.seconds for peer, _, found in pairs])
    whole = median([found.whole for _, _, found in pairs])
    return (
        f"| {label} | {topics} | {passes} | {seconds:.1f} | {perplexity:,.0f} | "
        f"{mine:.1f} s, {sweeps:.0f} sweeps | {share:.2f} | {whole:.1f} |"
    )


if __name__ == "__main__":
    main()
