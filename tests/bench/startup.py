#!/usr/bin/env python3
"""Cost of commands besides training: start, compilation, reading, queries, memory.

    python tests/bench/startup.py [--write]

A time is that of a whole process, and the median of 5 runs, or of 3 for compilation. Memory is
measured once. Prints a Markdown table; --write puts it in the manual.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from contest import Run, enwiki, in_own_process, publish, run, w2v
from watching import watched

from w2v.embeddings import formats, transform
from w2v.embeddings.table import Table
from w2v.text.corpus import Corpus
from w2v.text.encode import encode

TIMES = 5


def seconds(call: Callable[[], Run]) -> float:
    """The median time of several calls of a command."""
    return median(call().seconds for _ in range(TIMES))


QUERIES = {
    "similar": ("king",),
    "analogy": ("man", "king", "woman"),
    "similarity": ("king", "queen"),
    "odd": ("king", "queen", "man", "w5"),
    "vector": ("king",),
}
MAPPED = {
    "container": "x.safetensors",
    "container of float16": "h.safetensors",
    "`.npy`": "x.npy",
    "`.npy` of float16": "h.npy",
}


def large_tables(folder: Path) -> None:
    """Write 400,000 random vectors of 300 numbers in each format that is memory-mapped."""
    rng = np.random.default_rng(1)
    names = ["king", "queen", "man", "woman", *(f"w{n}" for n in range(399_996))]
    table = Table.build(names, rng.standard_normal((400_000, 300), np.float32))
    for halves in (False, True):
        made = transform.to_float16(table) if halves else table
        for suffix in ("safetensors", "npy"):
            formats.save(str(folder / f"{'xh'[halves]}.{suffix}"), made)


def queries(path: Path) -> dict[str, float]:
    """Seconds of each query command on a file of vectors."""
    return {
        command: seconds(lambda c=command, a=args: w2v(c, *a, "-v", path))
        for command, args in QUERIES.items()
    }


def encoding(text: Path) -> float:
    """Seconds of `encode`, which `w2v train` calls before it trains, on one thread."""
    encode(Corpus([str(text.with_name("small"))]))  # loads the kernels
    taken = []
    for _ in range(TIMES):
        began = time.monotonic()
        encode(Corpus([str(text)]), 5)
        taken.append(time.monotonic() - began)
    return median(taken)


def compile_time(folder: Path) -> float:
    """Seconds that a run with an empty cache of kernels takes longer than the run after it."""
    longer = []
    for _ in range(3):
        with TemporaryDirectory() as cache:
            cold, warm = (
                train_small(folder, NUMBA_CACHE_DIR=cache).seconds for _ in range(2)
            )  # fmt: skip
            longer.append(cold - warm)
    return median(longer)


def train_small(folder: Path, **environment: str) -> Run:
    """Train on a text of 400 words."""
    return w2v(
        "train", folder / "small", "-o", folder / "x.bin", "--quiet", "--epochs", 1, **environment
    )


def anonymous(text: Path, min_count: int) -> float:
    """Peak anonymous memory of one epoch in MB."""
    model = text.with_name("x.bin")
    return watched(
        "train", text, "--quiet", "-o", model, "--epochs", 1, "--min-count", min_count
    ).anonymous  # fmt: skip


def main() -> None:
    """Measure each cost and publish the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    rows = []

    def add(label: str, value: str) -> None:
        rows.append(f"| {label} | {value} |")
        print(label, value, file=sys.stderr, flush=True)

    with enwiki() as (folder, text, _):
        add("`w2v --help`", f"{seconds(lambda: w2v('--help')):.2f} s")
        numpy = seconds(lambda: run(sys.executable, "-c", "import numpy"))
        add('`python -c "import numpy"`', f"{numpy:.2f} s")
        in_own_process(large_tables, folder)
        for kind, name in MAPPED.items():
            taken = queries(folder / name)
            print(kind, *(f"{c} {t:.2f}" for c, t in taken.items()), file=sys.stderr)
            others = max(t for c, t in taken.items() if c not in ("similar", "analogy"))
            near = max(taken["similar"], taken["analogy"])
            add(f"`w2v similar` or `analogy`, 400,000 × 300, {kind}", f"{near:.2f} s")
            add("`similarity`, `odd` or `vector` on it, the slowest", f"{others:.2f} s")
            (folder / name).unlink()
        out = folder / "vocab.txt"
        whole = seconds(lambda: w2v("vocab", text, "-o", out, "--quiet"))
        start = seconds(lambda: w2v("vocab", folder / "small", "-o", out, "--quiet"))
        add("`w2v vocab` on 100 MB, minus its time on 800 bytes", f"{whole - start:.2f} s")
        add(
            "reading, counting and encoding these 100 MB, in a running process",
            f"{encoding(text):.2f} s",
        )
        add(
            "how much longer the first training takes, with no kernel compiled, than a later one",
            f"{compile_time(folder):.1f} s",
        )
        once = anonymous(text, 5)
        data = text.read_bytes() + b" "
        with text.open("wb") as file:
            for _ in range(10):
                file.write(data)
        del data
        add("anonymous memory of skip-gram on 100 MB", f"{once:.0f} MB")
        add(
            "anonymous memory of skip-gram on this text ten times over, `--min-count 50`",
            f"{anonymous(text, 50):.0f} MB",
        )
    publish({"startup": "\n".join(["| | |", "|---|---|", *rows])}, args.write)


if __name__ == "__main__":
    main()
