#!/usr/bin/env python3
"""Accuracy of LSTM classifiers on film reviews, with random initial vectors and with our own.

    python tests/bench/sentiment.py [--write]

IMDB: 22,500 reviews of imdb.train of $W2V_DATA (else ../shared/data) are for training. The other
2,500 are for validation, which chooses the epoch. The 25,000 of imdb.test are the test set. The
initial vectors are those of skip-gram on all reviews of imdb.train and the unlabelled ones.

rt-polarity: ten folds. A tenth of the training reviews of each fold is for validation. The
initial vectors are those of skip-gram on enwiki100m. The table has the accuracy in per cent; for
the folds it has the mean and the standard deviation.
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
    """A line LABEL TAB TEXT for each review, in one random order; the label is - if it has none."""
    from w2v.text.tokenizers import TOKENIZERS, fold

    rows = []
    with gzip.open(DATA / name) as file:
        for line in file:
            *columns, text = line.rstrip(b"\n").split(b"\t", 2)
            words = fold(TOKENIZERS["words"](text.replace(b"<br />", b" "))).split()
            rows.append(b"\t".join([columns[0] if columns else b"-", b" ".join(words)]))
    random.Random(1).shuffle(rows)
    return rows


def write(path: Path, rows: list[bytes]) -> Path:
    """Write rows as lines, and return the path."""
    path.write_bytes(b"\n".join(rows) + b"\n")
    return path


def test_accuracy(folder: Path, splits: dict[str, list[bytes]], **options: object) -> float:
    """Train with some options on the rows `train`; the accuracy on the rows `test` in per cent."""
    paths = {name: write(folder / f"{name}.tsv", rows) for name, rows in splits.items()}
    model = folder / "net.safetensors"
    train(paths["train"], model, valid=paths["valid"], **options)
    done = w2v("evaluate", "classify", paths["test"], "-v", model, "--by", "model", "--json")
    return 100 * json.loads(done.out)["accuracy"]


def main() -> None:
    """Train and evaluate on both corpora, and publish the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    lines = ["| | initial vectors | accuracy, % |", "|---|---|---|"]
    with TemporaryDirectory() as name, enwiki() as (_, text, _):
        folder = Path(name)
        labelled, unlabelled = reviews("imdb.train.tsv.gz"), reviews("imdb.unsup.txt.gz")
        own = folder / "own.safetensors"
        texts = [row.partition(b"\t")[2] for row in labelled + unlabelled]
        train(write(folder / "texts.txt", texts), own, model="skipgram", dim=100)
        splits = {"train": labelled[2500:], "valid": labelled[:2500]}
        splits["test"] = reviews("imdb.test.tsv.gz")
        for begin, more in (("random", {}), ("skip-gram", {"init": own})):
            accuracy = test_accuracy(folder, splits, **IMDB, **more)
            lines.append(f"| IMDB | {begin} | {accuracy:.1f} |")
            print(lines[-1], flush=True)
        train(text, own, model="skipgram", dim=100)
        with gzip.open(DATA / "rt-polarity.tsv.gz") as file:
            rows = file.read().splitlines()
        random.Random(1).shuffle(rows)
        for begin, more in (("random", {}), ("skip-gram", {"init": own})):
            accuracies = []
            for number in range(FOLDS):
                others = [row for at, row in enumerate(rows) if at % FOLDS != number]
                splits = {"test": rows[number::FOLDS], "valid": others[::10]}
                splits["train"] = [row for at, row in enumerate(others) if at % 10]
                accuracies.append(test_accuracy(folder, splits, **POLARITY, **more))
            spread = f"{mean(accuracies):.1f} ± {stdev(accuracies):.1f}"
            lines.append(f"| rt-polarity | {begin} | {spread} |")
            print(lines[-1], flush=True)
    publish({"sentiment": "\n".join(lines)}, args.write)


if __name__ == "__main__":
    main()
