#!/usr/bin/env python3
"""Topic models of 20 Newsgroups, ours beside the peers'; and what vectors tell of a post's group.

    python tests/bench/newsgroups.py [--write]

First: `w2v train 20news-bydate.train.jsonl.gz --model lda` with our list of stop words, words in 5
posts or more but not in half of them, on the raw posts; 20, 50, 100 and 200 topics; perplexity of
the posts of the test. 200 sweeps for w2v and tomotopy, 10 passes for gensim and scikit-learn, as in
lda.py; one seed; times are those of training.

Then: documents by LSA, LDA, Doc2Vec, SIF and means of word vectors, trained on the posts of the
training alone; vectors of both sides are inferred, a logistic regression on those of the training
tells the group of the others. Headers, quotes and signatures are left out, or the table flatters:
they often name the group. Means of 3 seeds for what is random.
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
    """The text of a post without header, quotes and signature."""
    body = text.partition("\n\n")[2]
    lines = [line for line in body.split("\n") if not QUOTE.match(line)]
    ends = [n for n, line in enumerate(lines) if SIGNATURE.match(line)]
    if ends and ends[-1] > len(lines) / 2:  # not a line that parts the text itself
        del lines[ends[-1] :]
    return " ".join(" ".join(lines).split())


def unpack(folder: Path) -> None:
    """Write both texts as they are, and as tables of what was written by hand."""
    for split in ("train", "test"):
        packed = (DATA / f"20news-bydate.{split}.jsonl.gz").read_bytes()
        (folder / f"{split}.jsonl").write_bytes(gzip.decompress(packed))
        with open(folder / f"{split}.jsonl") as file, open(folder / f"{split}.tsv", "w") as out:
            posts = [json.loads(line) for line in file]
            rows = [
                (post["label"], f"{split}/{post['label']}/{post['id']}", strip(post["text"]))
                for post in posts
            ]
            out.writelines("\t".join(row) + "\n" for row in rows)
        (folder / f"{split}.txt").write_text("".join(text + "\n" for *_, text in rows))
    prepare(folder, folder / "train.jsonl", folder / "test.jsonl", {**RAW, **TERMS})


def judge(folder: Path) -> str:
    """A row for each number of topics and system."""
    rows = [
        "| | topics | perplexity | NPMI | seconds | times as long |",
        "|---|---|---|---|---|---|",
    ]
    ours(folder / "train.jsonl", folder, {**RAW, **TERMS, "epochs": 2, "topics": 20})  # compiles
    for topics in TOPICS:
        mine = ours(folder / "train.jsonl", folder, {**RAW, **TERMS, "topics": topics})
        found = {"w2v": mine}
        for peer in PROGRAMS:
            found[peer] = theirs(peer, folder, topics, EPOCHS[peer], 1)
        for label, each in found.items():
            print(label, topics, each, file=sys.stderr, flush=True)
            rows.append(
                f"| {label} | {topics} | {each.perplexity:,.0f} | {each.npmi:.3f} | "
                f"{each.seconds:.1f} | {each.seconds / mine.seconds:.1f} |"
            )
    return "\n".join(rows)


def classify(folder: Path) -> str:
    """A row for each kind of vectors."""
    found: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    posts, out = folder / "train.tsv", folder / "x.safetensors"
    for seed in (1, 2, 3):
        for label, (options, is_random) in MODELS.items():
            if seed == 1 or is_random:
                run = train(posts, out, seed=seed, **{**WORDS, **options})
                seconds.setdefault(label, []).append(run.seconds)
                found.setdefault(label, []).append(accuracy(folder, out))
        words = folder / "words.safetensors"
        run = train(folder / "train.txt", words, seed=seed, **SKIPGRAM)
        label = "mean of skip-gram vectors, dim 100"
        seconds.setdefault(label, []).append(run.seconds)
        found.setdefault(label, []).append(accuracy(folder, words, "words"))
        more = train(posts, out, model="sif", init=words, **{**WORDS, "min_count": 5})
        seconds.setdefault("SIF of these", []).append(run.seconds + more.seconds)
        found.setdefault("SIF of these", []).append(accuracy(folder, out))
        print(found, file=sys.stderr, flush=True)
    rows = ["| | right, % | seconds of `w2v train` |", "|---|---|---|"]
    rows += [f"| {x} | {100 * mean(found[x]):.1f} | {mean(seconds[x]):.1f} |" for x in found]
    return "\n".join(rows)


def accuracy(folder: Path, model: Path, by: str = "documents") -> float:
    """The share of the test's posts that get the right group."""
    sides = folder / "train.tsv", folder / "test.tsv"
    if by == "documents":
        inferred = folder / "inferred.safetensors"
        w2v("infer", model, *sides, "-o", inferred, "--quiet")
        args = ("-v", inferred)
    else:
        args = ("-v", model, "--tokenizer", "words", "--lowercase")
    [found] = json_lines(w2v("evaluate", "classify", *sides, "--by", by, *args, "--json"))
    return found["accuracy"]


def main() -> None:
    """Both tables."""
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
