#!/usr/bin/env python3
"""20 Newsgroups: topic models of w2v and its peers, and posts classified by their vectors.

    python tests/bench/newsgroups.py [--write]

Topic models: `w2v train 20news-bydate.train.jsonl.gz --model lda` and its peers on raw posts, with
20, 50, 100 and 200 topics. The types are those in 5 posts or more, but not in half of them, without
our list of stop words. The perplexity is that of the posts of the test set. w2v and tomotopy train
200 epochs, gensim and scikit-learn 10 passes, as in lda.py. There is one seed, and times are those
of training alone.

Classification: LSA, LDA, Doc2Vec, SIF and means of word vectors are trained on the training posts
alone. The vectors of all posts are inferred, and a logistic regression on those of the training
posts predicts the groups of the test posts. Headers, quotes and signatures are removed: they often
name the group, and the accuracies would be too high. Random methods have means of 3 seeds.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from contest import DATA, in_own_process, json_lines, publish, train, w2v
from topics import PROGRAMS, ours, prepare, theirs

WORDS = {"tokenizer": "words", "lowercase": True, "min_count": 1}
RAW = {**WORDS, "id_prefix": "label"}  # an id is unique within a group
TERMS = {"stopwords": "english", "min_df": 5, "max_df": 0.5}
TOPICS = (20, 50, 100, 200)
EPOCHS = {"tomotopy": 200, "gensim": 10, "scikit-learn": 10}
QUOTE = re.compile(
    r"^\s*([\w.]{0,9}[>|:#}]|In (article|message) |.{0,80}\b(wrote|writes|said|says)\s*:?\s*$)"
)
SIGNATURE = re.compile(r"^\s*(--?\s*$|[-=_*~#+]{5,})")
SKIPGRAM = {
    "tokenizer": "words",
    "lowercase": True,
    "min_count": 5,
    "dim": 100,
    "epochs": 20,
    "sample": 1e-3,
}
# label: (options of `w2v train` besides WORDS, whether the result is random)
MODELS: dict[str, tuple[dict, bool]] = {
    "LSA, 100 topics": ({"model": "lsa", "topics": 100, **TERMS}, False),
    "LSA, 300 topics": ({"model": "lsa", "topics": 300, **TERMS}, False),
    "LDA, 50 topics": ({"model": "lda", "topics": 50, **TERMS}, True),
    "LDA, 200 topics": ({"model": "lda", "topics": 200, **TERMS}, True),
    "PV-DBOW, dim 100": (
        {"model": "pv-dbow", "dim": 100, "epochs": 40, "min_count": 2, "sample": 1e-3}, True,
    ),
    "PV-DM, dim 100, window 10": (
        {"model": "pv-dm", "dim": 100, "epochs": 40, "min_count": 2, "window": 10}, True,
    ),
}  # fmt: skip


def strip(text: str) -> str:
    """The text of a post without its header, quotes and signature."""
    body = text.partition("\n\n")[2]
    lines = [line for line in body.split("\n") if not QUOTE.match(line)]
    ends = [n for n, line in enumerate(lines) if SIGNATURE.match(line)]
    if ends and ends[-1] > len(lines) / 2:  # an earlier line may divide the text
        del lines[ends[-1] :]
    return " ".join(" ".join(lines).split())


def unpack(folder: Path) -> None:
    """Write the raw posts of both splits, and tables and lines of their stripped texts."""
    for split in ("train", "test"):
        packed = (DATA / f"20news-bydate.{split}.jsonl.gz").read_bytes()
        (folder / f"{split}.jsonl").write_bytes(gzip.decompress(packed))
        with open(folder / f"{split}.jsonl") as file, open(folder / f"{split}.tsv", "w") as table:
            posts = [json.loads(line) for line in file]
            rows = [
                (post["label"], f"{split}/{post['label']}/{post['id']}", strip(post["text"]))
                for post in posts
            ]
            table.writelines("\t".join(row) + "\n" for row in rows)
        (folder / f"{split}.txt").write_text("".join(text + "\n" for *_, text in rows))
    prepare(folder, folder / "train.jsonl", folder / "test.jsonl", {**RAW, **TERMS})


def judge(folder: Path) -> str:
    """A row for each number of topics and program."""
    rows = [
        "| | topics | perplexity | NPMI | seconds | times w2v's seconds |",
        "|---|---|---|---|---|---|",
    ]
    ours(folder / "train.jsonl", folder, {**RAW, **TERMS, "epochs": 2, "topics": 20})  # compiles
    for topics in TOPICS:
        mine = ours(folder / "train.jsonl", folder, {**RAW, **TERMS, "topics": topics})
        results = {"w2v": mine}
        for peer in PROGRAMS:
            results[peer] = theirs(peer, folder, topics, EPOCHS[peer], 1)
        for label, result in results.items():
            print(label, topics, result, file=sys.stderr, flush=True)
            rows.append(
                f"| {label} | {topics} | {result.perplexity:,.0f} | {result.npmi:.3f} | "
                f"{result.seconds:.1f} | {result.seconds / mine.seconds:.1f} |"
            )
    return "\n".join(rows)


def classify(folder: Path) -> str:
    """A row for each kind of document vectors."""
    accuracies: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    posts, out = folder / "train.tsv", folder / "x.safetensors"
    for seed in (1, 2, 3):
        for label, (options, is_random) in MODELS.items():
            if seed == 1 or is_random:
                run = train(posts, out, seed=seed, **{**WORDS, **options})
                seconds.setdefault(label, []).append(run.seconds)
                accuracies.setdefault(label, []).append(accuracy(folder, out))
        words = folder / "words.safetensors"
        run = train(folder / "train.txt", words, seed=seed, **SKIPGRAM)
        label = "mean of skip-gram vectors, dim 100"
        seconds.setdefault(label, []).append(run.seconds)
        accuracies.setdefault(label, []).append(accuracy(folder, words, "words"))
        sif_run = train(posts, out, model="sif", init=words, **{**WORDS, "min_count": 5})
        label = "SIF of the same word vectors"
        seconds.setdefault(label, []).append(run.seconds + sif_run.seconds)
        accuracies.setdefault(label, []).append(accuracy(folder, out))
        print(accuracies, file=sys.stderr, flush=True)
    rows = ["| | right, % | seconds of `w2v train` |", "|---|---|---|"]
    rows += [
        f"| {label} | {100 * mean(shares):.1f} | {mean(seconds[label]):.1f} |"
        for label, shares in accuracies.items()
    ]
    return "\n".join(rows)


def accuracy(folder: Path, model: Path, by: str = "documents") -> float:
    """The share of the test posts for which the classifier predicts the right group."""
    splits = folder / "train.tsv", folder / "test.tsv"
    if by == "documents":
        inferred = folder / "inferred.safetensors"
        w2v("infer", model, *splits, "-o", inferred, "--quiet")
        args = ("-v", inferred)
    else:
        args = ("-v", model, "--tokenizer", "words", "--lowercase")
    [result] = json_lines(w2v("evaluate", "classify", *splits, "--by", by, *args, "--json"))
    return result["accuracy"]


def main() -> None:
    """Make and publish both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the tables in the manual")
    args = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        in_own_process(unpack, folder)
        publish({"groups": classify(folder)}, args.write)
        publish({"topics": judge(folder)}, args.write)


if __name__ == "__main__":
    main()
