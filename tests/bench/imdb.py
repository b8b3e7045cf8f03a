#!/usr/bin/env python3
"""Document vectors of film reviews by w2v and gensim: speed, and the errors of a classifier.

    python tests/bench/imdb.py [--seeds 1] [--write]

Both programs train on all 100,000 reviews of imdb.* of $W2V_DATA (else ../shared/data), including
those of the test set, but without labels. `w2v evaluate classify` then fits a logistic regression
to the vectors of the 25,000 labelled training reviews, and predicts the labels of the test reviews.

Both programs read the same tokens: those of `--tokenizer words --lowercase` without <br />. The
reviews are in one random order, because gensim keeps the order of the file, and in the corpus the
labels alternate. gensim 4.4 reads its fastest input, `corpus_file`, with 2 workers. A time is that
of the whole command, from the start of the process to the written file. The kernels are compiled
before. A ratio of times compares two runs of the same seed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from contest import (
    DATA,
    PEERS,
    Run,
    in_own_process,
    json_lines,
    publish,
    ratio,
    run,
    spread,
    train,
    w2v,
)

GENSIM = """
import json, sys
import numpy as np
from gensim.models.doc2vec import Doc2Vec
lines, names, out, options = sys.argv[1:]
model = Doc2Vec(corpus_file=lines, vector_size=100, negative=5, min_count=2, workers=2,
                **json.loads(options))
with open(out, "wb") as file, open(names) as ids:
    file.write(b"%d %d\\n" % model.dv.vectors.shape)
    for name, vector in zip(ids, model.dv.vectors):
        file.write(name.strip().encode() + b" " + vector.astype("<f4").tobytes() + b"\\n")
"""
COMMON = {"dim": 100, "negative": 5, "min_count": 2}
# name: (settings of w2v, settings of gensim or None)
SETTINGS: dict[str, tuple[dict, dict | None]] = {
    "PV-DBOW, 10 epochs, sample 1e-4": (
        {"model": "pv-dbow", "epochs": 10, "sample": 1e-4},
        {"dm": 0, "epochs": 10, "sample": 1e-4},
    ),
    "PV-DBOW, 20 epochs, sample 0": (
        {"model": "pv-dbow", "epochs": 20, "sample": 0}, {"dm": 0, "epochs": 20, "sample": 0},
    ),
    "PV-DM mean, window 10, 10 epochs, sample 1e-4": (
        {"model": "pv-dm", "window": 10, "epochs": 10, "sample": 1e-4},
        {"dm": 1, "dm_mean": 1, "window": 10, "epochs": 10, "sample": 1e-4},
    ),
    "PV-DBOW --word-vectors, 10 epochs, sample 1e-4": (
        {"model": "pv-dbow", "epochs": 10, "sample": 1e-4, "word_vectors": True}, None,
    ),
    "PV-DM --combine sum, lr 0.01, window 10, 10 epochs, sample 1e-4": (
        {"model": "pv-dm", "combine": "sum", "lr": 0.01, "window": 10, "sample": 1e-4}, None,
    ),
    "PV-DM --combine concat, window 5, 10 epochs, sample 1e-4": (
        {"model": "pv-dm", "combine": "concat", "window": 5, "sample": 1e-4}, None,
    ),
}  # fmt: skip


def prepare(folder: Path) -> None:
    """Write all reviews as a table and as lines, and a table of each split."""
    from w2v.text.tokenizers import TOKENIZERS, fold

    rows = []
    for split in ("train", "test"):
        for line in unpacked(f"imdb.{split}.tsv.gz"):
            label, name, text = line.split(b"\t", 2)
            rows.append((label, b"%s:%s" % (split.encode(), name), text))
    unlabelled = unpacked("imdb.unsup.txt.gz")
    rows += [(b"-", b"unsup:%d" % n, text) for n, text in enumerate(unlabelled, 1)]
    tokenise = TOKENIZERS["words"]
    rows = [(a, b, fold(tokenise(c.replace(b"<br />", b" ")))) for a, b, c in rows]
    random.Random(1).shuffle(rows)
    table = [b"\t".join(row) + b"\n" for row in rows]
    (folder / "all.tsv").write_bytes(b"".join(table))
    (folder / "lines").write_bytes(b"".join(text + b"\n" for *_, text in rows))
    (folder / "names").write_bytes(b"".join(name + b"\n" for _, name, _ in rows))
    for split in (b"train", b"test", b"unsup"):
        lines = [
            line for line, (_, name, _) in zip(table, rows, strict=True) if name.startswith(split)
        ]
        (folder / f"{split.decode()}.tsv").write_bytes(b"".join(lines))
    (folder / "small.tsv").write_bytes(b"".join(table[:50]))


def unpacked(name: str) -> list[bytes]:
    """The lines of a compressed file of the corpora."""
    return gzip.decompress((DATA / name).read_bytes()).splitlines()


def error(folder: Path, vectors: Path, by: str = "documents", train: str = "train.tsv") -> float:
    """Per cent of the test reviews for which the classifier predicts the wrong label."""
    [result] = json_lines(
        w2v("evaluate", "classify", folder / train, folder / "test.tsv", "-v", vectors, "--by", by,
            "--json")
    )  # fmt: skip
    assert result["documents"] == 25_000
    return 100 * (1 - result["accuracy"])


def baselines(folder: Path, seed: int) -> dict[str, float]:
    """The errors of document vectors computed from word vectors, and of inferred ones."""
    words, vectors = folder / "words.safetensors", folder / "x.safetensors"
    common = {"seed": seed, "sample": 1e-4, "epochs": 10, **COMMON}
    train(folder / "all.tsv", words, **common)
    errors = {"mean of skip-gram vectors of the same text": error(folder, words, "words")}
    train(folder / "all.tsv", vectors, model="sif", init=words, min_count=2)
    errors["SIF of these"] = error(folder, vectors)
    seen = folder / "seen.tsv"
    seen.write_bytes(b"".join((folder / f"{s}.tsv").read_bytes() for s in ("train", "unsup")))
    train(seen, words, model="pv-dbow", **common)
    w2v("infer", words, folder / "train.tsv", folder / "test.tsv", "-o", vectors, "--quiet")
    label = "PV-DBOW, 10 epochs, sample 1e-4, trained on 75,000 reviews; train and test inferred"
    errors[label] = error(folder, vectors)
    return errors


def speed_table(ours: dict, theirs: dict, errors: dict, others: dict) -> str:
    """A row for each setting and program, then rows for the baselines, which are not timed."""
    rows = ["| | seconds | times gensim's speed | error % |", "|---|---|---|---|"]
    for name in SETTINGS:
        mine = [run.seconds for run in ours[name]]
        peers = [run.seconds for run in theirs[name]]
        if peers:
            wrong = mean(errors["gensim", name])
            rows.append(f"| {name}, gensim | {spread(peers)} | 1 | {wrong:.2f} |")
        times = ratio(peers, mine) if peers else ""
        rows.append(f"| {name} | {spread(mine)} | {times} | {mean(errors['w2v', name]):.2f} |")
    for name in others[0]:
        rows.append(f"| {name} | | | {mean(other[name] for other in others):.2f} |")
    return "\n".join(rows)


def main() -> None:
    """Train with all settings and evaluate the vectors, seed by seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    if not PEERS.exists():
        sys.exit(f"no {PEERS}: `make bench` installs the peers there")
    ours: dict[str, list[Run]] = {name: [] for name in SETTINGS}
    theirs: dict[str, list[Run]] = {name: [] for name in SETTINGS}
    errors: dict[tuple[str, str], list[float]] = {}
    others = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        in_own_process(prepare, folder)
        for mine, _ in SETTINGS.values():  # compiles
            train(folder / "small.tsv", folder / "x.safetensors", **{**mine, "epochs": 1})
        for seed in range(1, args.seeds + 1):
            for label, (mine, peers) in SETTINGS.items():
                done, out = ours[label], folder / "x.safetensors"
                done.append(train(folder / "all.tsv", out, seed=seed, **COMMON, **mine))
                errors.setdefault(("w2v", label), []).append(error(folder, out))
                line = f"{label}: {done[-1].seconds:.1f} s, {errors['w2v', label][-1]:.2f} %"
                if peers:
                    paths = (folder / "lines", folder / "names", folder / "x.bin")
                    options = json.dumps({**peers, "seed": seed})
                    theirs[label].append(run(PEERS, "-c", GENSIM, *paths, options))
                    errors.setdefault(("gensim", label), []).append(error(folder, paths[-1]))
                    line += f"; gensim {theirs[label][-1].seconds:.1f} s"
                    line += f", {errors['gensim', label][-1]:.2f} %"
                print(line, file=sys.stderr, flush=True)
            others.append(baselines(folder, seed))
            print(others[-1], file=sys.stderr, flush=True)
    publish({"documents": speed_table(ours, theirs, errors, others)}, args.write)


if __name__ == "__main__":
    main()
