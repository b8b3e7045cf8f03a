#!/usr/bin/env python3
"""LDA beside tomotopy, gensim and scikit-learn: seconds to the same held-out perplexity.

    python tests/bench/lda.py [--seeds 3] [--pace] [--write]

The 25,000 labelled training reviews of imdb.* (`--tokenizer words --lowercase`, words in 20
documents or more but not in half of them, the 300 most frequent left out), 50 and 200 topics, 2
threads. tomotopy 0.14 samples 200 sweeps with 2 workers and optimises alpha; how many sweeps w2v
takes for a perplexity as low on 2,500 reviews of the test is found by trying more, ten at a time,
each a training of its own (in steps of 20 with tomotopy's fixed eta). gensim's LdaMulticore (2
workers) and scikit-learn's online LDA, 10 passes each with priors 0.1 and 0.01, run with one seed,
and w2v until it is as good as they are. All times are those of training alone; those of our whole
commands, from the text to the file, stand beside.

Then how many million tokens a second both sample while no prior changes, medians of the seeds, for
up to 1,000 topics; and how many topics the document and the word of a token have, which a sampler
for sparse counts (Yao et al. 2009) would visit one by one. --pace does this alone.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from contest import DATA, in_own_process, publish
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
    parser.add_argument("--pace", action="store_true", help="nothing but the pace")
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    rows = [
        "| | topics | passes | seconds | perplexity | w2v as good | of the time | whole run, s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    with TemporaryDirectory() as name:
        folder = Path(name)
        in_own_process(unpack, folder)
        ours(folder / "train.tsv", folder, {**OPTIONS, "epochs": 2, "topics": 20})  # compiles
        publish({"pace": pace(folder, args.seeds)}, args.write)
        for topics in () if args.pace else (50, 200):
            for label, more, step in (
                ("tomotopy", {}, 10), ("tomotopy; w2v with eta 0.01", {"optimize": "alpha"}, 20),
            ):  # fmt: skip
                pairs = []
                for seed in range(1, args.seeds + 1):
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
    if not args.pace:
        publish({"lda": "\n".join(rows)}, args.write)


def pace(folder: Path, seeds: int) -> str:
    """A row for each number of topics."""
    import numpy as np

    from w2v.embeddings import container

    with np.load(folder / "train.npz") as held:
        tokens = held["words"].size / 1e6
    rows = [
        "| topics | w2v, million tokens/s | tomotopy | topics of a document and of a word |",
        "|---|---|---|---|",
    ]
    for topics in (20, 50, 200, 1000):
        mine, others = [], []
        for seed in range(1, seeds + 1):
            options = {"epochs": 30, "topics": topics, "seed": seed, "keep_state": True}
            found = ours(folder / "train.tsv", folder, {**OPTIONS, **options, "optimize": "none"})
            mine.append(30 * tokens / found.seconds)
            peer = theirs("tomotopy", folder, topics, 30, seed)
            others.append(30 * tokens / peer.seconds)
        state = container.read(str(folder / "x.safetensors"))[0]
        topic_of, words, starts = (state[f"state.{x}"] for x in ("topics", "words", "starts"))
        documents = np.repeat(np.arange(starts.size - 1), np.diff(starts))
        seen = []
        for rows_of in (documents, words):
            pairs = np.unique(rows_of.astype(np.int64) * topics + topic_of) // topics
            seen.append(np.bincount(pairs)[rows_of].mean())
        rows.append(
            f"| {topics} | {median(mine):.1f} | {median(others):.1f} | "
            f"{seen[0]:.0f} and {seen[1]:.0f} |"
        )
        print(rows[-1], file=sys.stderr, flush=True)
    return "\n".join(rows)


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
