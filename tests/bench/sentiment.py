#!/usr/bin/env python3
"""How well LSTMs tell what reviews think of films: from random vectors, and from our own.

    python tests/bench/sentiment.py [--write]

IMDB: 22,500 reviews of imdb.train of $W2V_DATA (else ../shared/data) are learnt, 2,500 choose the
epoch, the 25,000 of imdb.test judge; vectors by skip-gram on the training and the unlabelled
reviews. rt-polarity: ten folds, of each training a tenth chooses the epoch; vectors by skip-gram on
enwiki100m. Accuracy in per cent, of the folds mean and standard deviation.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from pathlib import Path
from statistics import mean, stdev
from tempfile import TemporaryDirectory

from contest import DATA, enwiki, publish, train, w2v

IMDB = {
    "model": "lstm", "min_count": 5, "dim": 100, "units": 128, "dropout": 0.3, "epochs": 4,
    "length": 400,
}  # fmt: skip
POLARITY = {
    "model": "lstm", "min_count": 1, "dim": 100, "units": 128, "dropout": 0.5, "epochs": 6,
}  # fmt: skip
FOLDS = 10


def reviews(name: str) -> list[bytes]:
    """LABEL TAB TEXT of each review, in one random order; - where it has no label."""
    from w2v.text.tokenizers import TOKENIZERS, fold

    rows = []
    with gzip.open(DATA / name) as file:
        for line in file:
            *known, text = line.rstrip(b"\n").split(b"\t", 2)
            words = fold(TOKENIZERS["words"](text.replace(b"<br />", b" "))).split()
            rows.append(b"\t".join([known[0] if known else b"-", b" ".join(words)]))
    random.Random(1).shuffle(rows)
    return rows


def write(path: Path, rows: list[bytes]) -> Path:
    """Rows as lines."""
    path.write_bytes(b"\n".join(rows) + b"\n")
    return path


def judged(folder: Path, rows: dict[str, list[bytes]], **how: object) -> float:
    """Accuracy on the rows `test`, in per cent."""
    paths = {name: write(folder / f"{name}.tsv", found) for name, found in rows.items()}
    model = folder / "net.safetensors"
    train(paths["train"], model, valid=paths["valid"], **how)
    done = w2v("evaluate", "classify", paths["test"], "-v", model, "--by", "model", "--json")
    return 100 * json.loads(done.out)["accuracy"]


def main() -> None:
    """Train, judge, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    lines = ["| | vectors begin | accuracy, % |", "|---|---|---|"]
    with TemporaryDirectory() as name, enwiki() as (_, text, _):
        folder = Path(name)
        learnt, rest = reviews("imdb.train.tsv.gz"), reviews("imdb.unsup.txt.gz")
        own = folder / "own.safetensors"
        texts = [row.partition(b"\t")[2] for row in learnt + rest]
        train(write(folder / "texts.txt", texts), own, model="skipgram", dim=100)
        parts = {"train": learnt[2500:], "valid": learnt[:2500]}
        parts["test"] = reviews("imdb.test.tsv.gz")
        for begin, more in (("at random", {}), ("skip-gram", {"init": own})):
            lines.append(f"| IMDB | {begin} | {judged(folder, parts, **IMDB, **more):.1f} |")
            print(lines[-1], flush=True)
        train(text, own, model="skipgram", dim=100)
        with gzip.open(DATA / "rt-polarity.tsv.gz") as file:
            rows = file.read().splitlines()
        random.Random(1).shuffle(rows)
        for begin, more in (("at random", {}), ("skip-gram", {"init": own})):
            found = []
            for number in range(FOLDS):
                others = [row for at, row in enumerate(rows) if at % FOLDS != number]
                parts = {"test": rows[number::FOLDS], "valid": others[::10]}
                parts["train"] = [row for at, row in enumerate(others) if at % 10]
                found.append(judged(folder, parts, **POLARITY, **more))
            spread = f"{mean(found):.1f} ± {stdev(found):.1f}"
            lines.append(f"| rt-polarity | {begin} | {spread} |")
            print(lines[-1], flush=True)
    publish({"sentiment": "\n".join(lines)}, args.write)


if __name__ == "__main__":
    main()
