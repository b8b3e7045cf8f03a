"""Planted labels: texts of common words and of words that only one label has."""

import numpy as np
from helpers import COMPILED

LABELS = ["bird", "fish", "goat"]
OWN = {name: [f"{name}{letter}" for letter in "abcdefgh"] for name in LABELS}
FILLER = ("the", "a", "and", "of", "is", "it")


def texts(count, seed=1, labels=LABELS, filler=FILLER):
    """Rows LABEL TAB TEXT: five common words, and two words of the label."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        name = labels[number % len(labels)]
        words = [*rng.choice(filler, 5), *rng.choice(OWN[name], 2)]
        rng.shuffle(words)
        rows.append(f"{name}\t{' '.join(words)}\n")
    return "".join(rows)


def write(folder, filler=FILLER):
    """Write train.tsv and test.tsv, which are small where kernels are not compiled."""
    (folder / "train.tsv").write_text(texts(300 if COMPILED else 30, filler=filler))
    (folder / "test.tsv").write_text(texts(60 if COMPILED else 9, 2, filler=filler))


def run(w2v, *args, code=0):
    """Run a command, which must end with an exit status."""
    outcome = w2v(*args)
    assert outcome.code == code, outcome.err
    return outcome
