#!/usr/bin/env python3
"""Seconds of queries to a large fastText model, and to the container that is made of it.

    python tests/bench/fasttext_queries.py [--words 200000] [--buckets 2000000] [--dim 300]

The model has random words and vectors, and takes 2.6 GB with the defaults. A time is that of a
whole process, and the median of 5 runs, with the file in the page cache. The first line tells how
many rows a search reads, and their bytes. Needs twice the size of the model on disk.
"""

from __future__ import annotations

import argparse
import struct
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from contest import in_own_process, w2v

from w2v.embeddings import formats
from w2v.embeddings.fasttext_file import DICTIONARY, MAGIC, SETTINGS

TIMES = 5
LETTERS = np.frombuffer(b"etaoinshrdlucmfwypvbgk", np.uint8)  # by frequency
BLOCK = 20_000  # rows written at a time
QUERIES = {
    "similarity": ("king", "queen"),
    "similar": ("king",),
    "analogy": ("man", "king", "queen"),
}


def make(path: Path, words: int, buckets: int, dim: int) -> None:
    """Write a model of words of 3 to 15 random letters, with n-grams of 3 to 6 characters."""
    rng = np.random.default_rng(1)
    shares = np.exp(-0.12 * np.arange(len(LETTERS)))
    names = dict.fromkeys([b"king", b"queen", b"man"])
    while len(names) < words:
        length = min(15, max(3, int(rng.poisson(8))))
        names[LETTERS[rng.choice(len(LETTERS), length, p=shares / shares.sum())].tobytes()] = None
    with path.open("wb") as file:
        file.write(MAGIC + struct.pack("<i", 12))
        file.write(SETTINGS.pack(dim, 5, 5, 5, 5, 1, 2, 2, buckets, 3, 6, 100, 1e-4))
        file.write(DICTIONARY.pack(words, words, 0, 10**8, -1))
        for name in names:
            file.write(name + b"\0" + struct.pack("<qb", 5, 0))
        file.write(b"\0" + struct.pack("<2q", words + buckets, dim))
        for begin in range(0, words + buckets, BLOCK):
            rows = min(BLOCK, words + buckets - begin)
            file.write(rng.standard_normal((rows, dim), np.float32).tobytes())
        file.write(b"\0" + struct.pack("<2q", words, dim))
        file.truncate(file.tell() + 4 * words * dim)


def rows_read(path: Path) -> int:
    """The number of rows that compose the vectors of all words."""
    table = formats.load(str(path))
    subwords = table.subwords
    assert subwords is not None
    rows = np.arange(len(table))
    parts = subwords.parts(np.diff(table.offsets))
    return sum(
        len(subwords.row_lists(table.text, table.offsets, rows[part], rows[part])[0])
        for part in parts
    )


def main() -> None:
    """Measure each query on both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, default=200_000)
    parser.add_argument("--buckets", type=int, default=2_000_000)
    parser.add_argument("--dim", type=int, default=300)
    args = parser.parse_args()
    with TemporaryDirectory() as name:
        model, container = Path(name, "x.bin"), Path(name, "x.safetensors")
        in_own_process(make, model, args.words, args.buckets, args.dim)
        rows = rows_read(model)
        print(f"a search reads {rows:,} rows, {rows * args.dim * 4 / 1e9:.1f} GB")
        print(f"convert {w2v('convert', model, container).seconds:.1f} s")
        for path in (model, container):
            for command, words in QUERIES.items():
                taken = [w2v(command, *words, "-v", path).seconds for _ in range(TIMES)]
                print(f"{command} on {path.name}: {median(taken):.2f} s", flush=True)


if __name__ == "__main__":
    main()
