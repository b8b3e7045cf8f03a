#!/usr/bin/env python3
"""Gain of each optimisation of the kernels: training time without it and with it.

    python tests/bench/tricks.py [--repeats 3] [--only PATTERN]

Each optimisation ("trick") is removed from a copy of the source by replacing a piece of text. The
copy and the original train one epoch on 30 MB of enwiki100m.txt.gz by turns, with 2 threads. The
output is the ratio of their times, the median of the repeats, for skip-gram and CBOW. A trick that
concerns documents alone is measured with PV-DBOW, on the same text in lines of 1,000 words.

Tried, and not in the kernels. The times are microseconds a window, the least of some hundred calls
of a kernel on an Intel Ice Lake, 112 numbers in a row, all rows in the L2 cache; the scores are
WordSim-353, SimLex-999, MTurk-287 and analogies on 100 MB, means of two seeds:

    skip-gram  0.59  66.7 31.0 62.6 38.6   each window has negative samples of its own (five seeds)
               0.40  66.0 29.6 62.5 37.1   four windows share 5: one product of their 11 words with
                                           4 true words and 5 negative samples
               0.61                        two windows share 7, which have the weight 5 / 7
               0.46  68.0 30.3 62.3 37.0   two windows share 4, of the weight 5 / 4 (one seed)
               0.55                        scores of two tiles are stored at once; whole trainings
                                           take 0.96 times as long
    CBOW       0.31                        each window has negative samples of its own
               0.27                        four windows share 5

    PV-DBOW, 10 epochs of 100,000 film reviews (tests/bench/imdb.py), 2 threads, one seed:
               36.8 s, error 11.50 %       each word has negative samples of its own
               29.5 s, error 12.45 %       the 4 words of a step share 8, of the weight 5 / 2
               A word takes 0.14 us with all rows in the L1 cache: 0.035 for prefetching, 0.025 for
               the logistic function, most of the rest for the update of 6 targets. In a chunk it
               takes 0.2 to 0.3, because its rows do not fit in the L2 cache. Steps of 8 and 16
               words take as long as those of 4. If only the true word is prefetched, whole
               trainings take as long, because the negative samples of a chunk stay in the cache.
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

SIZE = 30_000_000  # bytes of the text

# name of the optimisation: (file of w2v/kernels, text to replace, replacement)
TRICKS = {
    "rows are fetched three windows ahead": (
        "windows", "        prefetch(", "        False and prefetch(",
    ),
    "rows begin with a cache line": ("simd", "-memory.ctypes.data % LINE", "16"),
    "targets are updated by two tiles at a time": (
        "negative_sampling", "while pair + 1 < pairs:", "while pair + 1 < 0:",
    ),
    "vectors are updated by two tiles at a time": (
        "negative_sampling", "while tile + 1 < tiles:", "while tile + 1 < 0:",
    ),
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
    """The path of a trick's file, relative to the root, and its source without the trick."""
    file, text, replacement = TRICKS[trick]
    path = f"w2v/kernels/{file}.py"
    source = (ROOT / path).read_text()
    assert text in source, f"{path} has no {text!r}"
    return path, source.replace(text, replacement)


def without(trick: str, folder: Path) -> Path:
    """Make a copy of the package without a trick, and return its folder."""
    copy = folder / re.sub(r"\W+", "-", trick)
    shutil.copytree(ROOT / "w2v", copy / "w2v", ignore=shutil.ignore_patterns("__pycache__"))
    path, source = source_without(trick)
    (copy / path).write_text(source)
    return copy


def seconds(source: Path, text: Path, model: str) -> float:
    """Seconds for training a million words, from the words/s that `w2v train` reports."""
    out = text.with_name("x.bin")
    command = [sys.executable, "-m", "w2v", "train", str(text), "--model", model, "-o", str(out)]
    done = subprocess.run(
        [*command, "--epochs", "1", "--threads", "2"],
        cwd=source,  # `-m w2v` runs the package in this folder
        check=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    [rate] = re.findall(r"([\d,]+) words/s on", done.stderr)
    return 1e6 / int(rate.replace(",", ""))


def main() -> None:
    """Measure the gain of each trick."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--only", default="", help="measure only tricks whose names match this pattern"
    )
    args = parser.parse_args()
    with enwiki(SIZE) as (folder, text, lines), TemporaryDirectory() as name:
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
