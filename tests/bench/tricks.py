#!/usr/bin/env python3
"""What each trick in the kernels gains: the program without it, beside the program.

    python tests/bench/tricks.py [--repeats 3] [--only PATTERN]

Each trick is taken out of a copy of the source by replacing a piece of text; copy and original
train one epoch on enwiki100m.txt.gz in turn, with 2 threads. Printed is how many times as long
training takes without the trick (the median of the ratios), for skip-gram and CBOW; where a trick
is of documents alone, for PV-DBOW, on the same text in lines of 1,000 words.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from contest import ROOT, enwiki

# what is taken out: (file of w2v/kernels, text, what stands there instead)
TRICKS = {
    "rows are fetched three windows ahead": (
        "windows", "        prefetch(", "        False and prefetch(",
    ),
    "rows begin with a cache line": ("simd", "-memory.ctypes.data % LINE", "16"),
    "small functions are compiled into their callers": (
        "__init__", ", forceinline=True", "",
    ),
    "exp by a polynomial, many at once": (
        "logistic",
        "small = exp_minus_abs(scores[at], dtype)",
        "small = dtype(math.exp(-abs(scores[at])))",
    ),
    "one logarithm for hundreds of scores": (
        "logistic", "loss_accumulator[1] > 1e300", "loss_accumulator[1] > 0.0",
    ),
    "four words of a document make a step": ("pv_dbow", "WORDS_PER_STEP = 4", "WORDS_PER_STEP = 1"),
    "two short chains in the polynomial": (
        "logistic",
        "return (even + x * odd) * power_of_two(whole)",
        "power = dtype(C10) + x * dtype(C11)\n"
        "    power = dtype(C8) + x * (dtype(C9) + x * power)\n"
        "    power = dtype(C6) + x * (dtype(C7) + x * power)\n"
        "    power = dtype(C4) + x * (dtype(C5) + x * power)\n"
        "    power = dtype(C2) + x * (dtype(C3) + x * power)\n"
        "    return (dtype(1.0) + x * (dtype(C1) + x * power)) * power_of_two(whole)",
    ),
}  # fmt: skip


def source_without(trick: str) -> tuple[str, str]:
    """The file of a trick, by its path below the root, and its source without the trick."""
    file, text, instead = TRICKS[trick]
    path = f"w2v/kernels/{file}.py"
    source = (ROOT / path).read_text()
    assert text in source, f"{path} has no {text!r}"
    return path, source.replace(text, instead)


def without(trick: str, folder: Path) -> Path:
    """A folder with a copy of the package that lacks a trick."""
    copy = folder / re.sub(r"\W+", "-", trick)
    shutil.copytree(ROOT / "w2v", copy / "w2v", ignore=shutil.ignore_patterns("__pycache__"))
    path, source = source_without(trick)
    (copy / path).write_text(source)
    return copy


def seconds(source: Path, text: Path, model: str) -> float:
    """Seconds of training for a million words, from what `w2v train` says of itself."""
    out = text.with_name("x.bin")
    command = [sys.executable, "-m", "w2v", "train", str(text), "--model", model, "-o", str(out)]
    done = subprocess.run(
        [*command, "--epochs", "1", "--threads", "2"],
        cwd=source,  # whose package it is
        check=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    [rate] = re.findall(r"([\d,]+) words/s on", done.stderr)
    return 1e6 / int(rate.replace(",", ""))


def main() -> None:
    """Measure each trick alone."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default="", help="tricks whose names match this")
    args = parser.parse_args()
    with enwiki() as (folder, text, lines), TemporaryDirectory() as name:
        for trick in filter(re.compile(args.only).search, TRICKS):
            copy = without(trick, Path(name))
            of_documents = TRICKS[trick][0] == "pv_dbow"
            for model in ("pv-dbow",) if of_documents else ("skipgram", "cbow"):
                for source in (copy, ROOT):  # compiles
                    seconds(source, folder / "small", model)
                corpus = lines if of_documents else text
                ratios = [
                    seconds(copy, corpus, model) / seconds(ROOT, corpus, model)
                    for _ in range(args.repeats)
                ]
                print(f"{median(ratios):.2f}  {model:8}  {trick}", flush=True)


if __name__ == "__main__":
    main()
