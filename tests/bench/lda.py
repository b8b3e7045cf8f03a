#!/usr/bin/env python3
"""LDA of w2v, tomotopy, gensim and scikit-learn: seconds to the same held-out perplexity.

    python tests/bench/lda.py [--seeds 3] [--pace] [--many] [--write]

The corpus is the 25,000 labelled training reviews of imdb.*, with `--tokenizer words --lowercase`.
The types are those in 20 documents or more, but not in half of them, without the 300 most frequent.
There are 50 or 200 topics and 2 threads. The perplexity is that of 2,500 reviews of the test set.

tomotopy 0.14 trains 200 epochs with 2 workers and optimises alpha. To find the number of epochs in
which w2v reaches the same perplexity, w2v is trained anew with more and more epochs: in steps of
10, or of 20 with tomotopy's fixed eta. gensim's LdaMulticore (2 workers) and scikit-learn's online
LDA train 10 passes, with priors 0.1 and 0.01 and one seed, and w2v is trained in steps of 4 epochs
to their perplexities. Times are those of training alone; the last column has the time of our whole
command, from the text to the file.

A second table has the million tokens that w2v and tomotopy sample in a second, for up to 1,000
topics, with fixed priors; medians of the seeds. It also has the mean number of topics in the
document of a token, and in all tokens of its type: a sampler for sparse counts (Yao et al. 2009)
would visit these topics one by one. --pace measures this table only.

A third table has thousands of topics, where tomotopy trains 20 epochs. w2v with the sparse sampler
is trained in steps of 5 epochs to the same perplexity, and the dense sampler as many epochs; one
seed. --many measures this table only.
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
EPOCHS = 200  # of tomotopy
PASSES = 10  # of gensim and scikit-learn
MANY_EPOCHS = 20  # of tomotopy with thousands of topics


def unpack(folder: Path) -> None:
    """Write the training reviews, and every tenth review of the test set."""
    rows = gzip.decompress((DATA / "imdb.train.tsv.gz").read_bytes())
    (folder / "train.tsv").write_bytes(rows.replace(b"<br />", b" "))
    test = gzip.decompress((DATA / "imdb.test.tsv.gz").read_bytes()).splitlines(keepends=True)
    (folder / "test.tsv").write_bytes(b"".join(test[::10]).replace(b"<br />", b" "))
    prepare(folder, folder / "train.tsv", folder / "test.tsv", OPTIONS)


def reach(folder: Path, perplexity: float, step: int, **options: object) -> tuple[int, Judged]:
    """The fewest epochs, in steps, that reach a perplexity, and the results of that training."""
    epochs = step
    while True:
        result = ours(folder / "train.tsv", folder, {**OPTIONS, "epochs": epochs, **options})
        print(f"  {epochs} epochs: {result}", file=sys.stderr, flush=True)
        if result.perplexity <= perplexity:
            return epochs, result
        # A larger gap takes more epochs: one step for each 3 % of perplexity, and at least one.
        gap = result.perplexity / perplexity - 1
        epochs += step * max(1, int(gap / 0.03))


def main() -> None:
    """Measure the pace, then the time to the perplexity of each peer, and publish both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--pace", action="store_true", help="measure tokens a second only")
    parser.add_argument("--many", action="store_true", help="measure thousands of topics only")
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    rows = [
        "| | topics | passes | seconds | perplexity | w2v to this perplexity | of the time | "
        "whole `w2v train`, s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    with TemporaryDirectory() as name:
        folder = Path(name)
        in_own_process(unpack, folder)
        ours(folder / "train.tsv", folder, {**OPTIONS, "epochs": 2, "topics": 20})  # compiles
        if not args.many:
            publish({"pace": pace(folder, args.seeds)}, args.write)
        if not args.pace:
            publish({"many": many(folder)}, args.write)
        for topics in () if args.pace or args.many else (50, 200):
            for label, more, step in (
                ("tomotopy", {}, 10), ("tomotopy; w2v with eta 0.01", {"optimize": "alpha"}, 20),
            ):  # fmt: skip
                pairs = []
                for seed in range(1, args.seeds + 1):
                    peer = theirs("tomotopy", folder, topics, EPOCHS, seed)
                    print(f"tomotopy, {topics} topics: {peer}", file=sys.stderr, flush=True)
                    options = {"topics": topics, "seed": seed, **more}
                    pairs.append((peer, *reach(folder, peer.perplexity, step, **options)))
                rows.append(row(label, topics, EPOCHS, pairs))
            for peer_name in ("gensim", "scikit-learn"):
                peer = theirs(peer_name, folder, topics, PASSES, 1)
                print(f"{peer_name}, {topics} topics: {peer}", file=sys.stderr, flush=True)
                reached = reach(folder, peer.perplexity, 4, topics=topics)
                rows.append(row(peer_name, topics, PASSES, [(peer, *reached)]))
    if not (args.pace or args.many):
        publish({"lda": "\n".join(rows)}, args.write)


def pace(folder: Path, seeds: int) -> str:
    """A row for each number of topics: million tokens a second, and topics of each token."""
    import numpy as np

    from w2v.embeddings import container

    with np.load(folder / "train.npz") as encoded:
        tokens = encoded["words"].size / 1e6
    rows = [
        "| topics | w2v, million tokens/s | tomotopy, million tokens/s | "
        "topics of a document and of a word |",
        "|---|---|---|---|",
    ]
    for topics in (20, 50, 200, 1000):
        mine, others = [], []
        for seed in range(1, seeds + 1):
            options = {"epochs": 30, "topics": topics, "seed": seed, "keep_state": True}
            options["sampler"] = "dense"
            result = ours(folder / "train.tsv", folder, {**OPTIONS, **options, "optimize": "none"})
            mine.append(30 * tokens / result.seconds)
            peer = theirs("tomotopy", folder, topics, 30, seed)
            others.append(30 * tokens / peer.seconds)
        state = container.read(str(folder / "x.safetensors"))[0]
        topic_of, words, starts = (state[f"state.{x}"] for x in ("topics", "words", "starts"))
        documents = np.repeat(np.arange(starts.size - 1), np.diff(starts))
        counts = []
        for rows_of in (documents, words):
            pairs = np.unique(rows_of.astype(np.int64) * topics + topic_of) // topics
            counts.append(np.bincount(pairs)[rows_of].mean())
        rows.append(
            f"| {topics} | {median(mine):.1f} | {median(others):.1f} | "
            f"{counts[0]:.0f} and {counts[1]:.0f} |"
        )
        print(rows[-1], file=sys.stderr, flush=True)
    return "\n".join(rows)


def many(folder: Path) -> str:
    """A row for each number of topics and sampler: seconds, epochs and perplexity."""
    rows = ["| topics | | epochs | seconds | perplexity |", "|---|---|---|---|---|"]
    for topics in (1000, 4000, 10_000):
        peer = theirs("tomotopy", folder, topics, MANY_EPOCHS, 1)
        epochs, sparse = reach(folder, peer.perplexity, 5, topics=topics, sampler="sparse")
        options = {**OPTIONS, "topics": topics, "epochs": epochs, "sampler": "dense"}
        dense = ours(folder / "train.tsv", folder, options)
        for name, passes, result in (
            ("tomotopy", MANY_EPOCHS, peer), ("w2v, sparse", epochs, sparse),
            ("w2v, dense", epochs, dense),
        ):  # fmt: skip
            rows.append(
                f"| {topics:,} | {name} | {passes} | {result.seconds:.1f} | "
                f"{result.perplexity:,.0f} |"
            )
            print(rows[-1], file=sys.stderr, flush=True)
    return "\n".join(rows)


def row(label: str, topics: int, passes: int, pairs: list[tuple[Judged, int, Judged]]) -> str:
    """A row of the table: medians of the seeds."""
    seconds = median([peer.seconds for peer, _, _ in pairs])
    perplexity = median([peer.perplexity for peer, _, _ in pairs])
    mine = median([result.seconds for _, _, result in pairs])
    epochs = median([epochs for _, epochs, _ in pairs])
    share = median([result.seconds / peer.seconds for peer, _, result in pairs])
    whole = median([result.whole for _, _, result in pairs])
    return (
        f"| {label} | {topics} | {passes} | {seconds:.1f} | {perplexity:,.0f} | "
        f"{mine:.1f} s, {epochs:.0f} epochs | {share:.2f} | {whole:.1f} |"
    )


if __name__ == "__main__":
    main()
