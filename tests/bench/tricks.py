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

# what is taken out: (file, text, what stands there instead)
TRICKS = {
    "rows are fetched three windows ahead": (
        "windows", "        prefetch(", "        False and prefetch(",
    ),
    "rows begin with a cache line": ("lanes", "-memory.ctypes.data % LINE", "16"),
    "small functions are compiled into their callers": (
        "__init__", '{"cache": False}, forceinline=True', '{"cache": False}',
    ),
    "exp by a polynomial, many at once": (
        "sigmoid", "small = fade(scores[at], kind)", "small = kind(math.exp(-abs(scores[at])))",
    ),
    "one logarithm for hundreds of scores": ("sigmoid", "tally[1] > 1e300", "tally[1] > 0.0"),
    "four words of a document make a step": ("pv_dbow", "TOGETHER = 4", "TOGETHER = 1"),
    "two short chains in the polynomial": (
        "sigmoid",
        "return (even + x * odd) * power_of_two(whole)",
        "power = kind(C10) + x * kind(C11)\n"
        "    power = kind(C8) + x * (kind(C9) + x * power)\n"
        "    power = kind(C6) + x * (kind(C7) + x * power)\n"
        "    power = kind(C4) + x * (kind(C5) + x * power)\n"
        "    power = kind(C2) + x * (kind(C3) + x * power)\n"
        "    return (kind(1.0) + x * (kind(C1) + x * power)) * power_of_two(whole)",
    ),
}  # fmt: skip


def without(trick: str, folder: Path) -> Path:
    """A folder with a copy of the package that lacks a trick."""
    file, text, instead = TRICKS[trick]
    copy = folder / re.sub(r"\W+", "-", trick)
    shutil.copytree(ROOT / "w2v", copy / "w2v", ignore=shutil.ignore_patterns("__pycache__"))
    path = copy / "w2v" / "kernels" / f"{file}.py"
    source = path.read_text()
    assert text in source, f"{path.name} has no {text!r}"
    path.write_text(source.replace(text, instead))
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
