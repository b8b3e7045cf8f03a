#!/usr/bin/env python3
"""Time, memory and disk of reading and training on texts of 0.1 to 10 GB, and 10^4 to 10^7 types.

    python tests/bench/large.py [--gigabytes 0.1,1,10] [--types 10000,100000,1000000,10000000]
                                [--once 10] [--write]

The texts of a given size are pieces of 20 words of enwiki100m.txt.gz of $W2V_DATA (else
../shared/data), drawn at random, one a line. The texts of a given number of types are 1 GB of
random words, where the word of rank r has a share in proportion to 1 / (r + 10). `w2v vocab`
counts, and `w2v train` trains skip-gram for one epoch on 2 threads: with 100 dimensions on the
first texts, and on the others with 32, and with all types as words. On a text of a given size
another training is killed when it has written its first checkpoint, and then resumed; both must
write the same file. On texts of the sizes of --once there is no other training: the time is then
that of both parts. Prints two Markdown tables; --write puts them in the manual, and draws
.github/large.png. All rows take about an hour and 40 GB of disk.
"""

from __future__ import annotations

import argparse
import filecmp
import gzip
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from contest import DATA, ROOT, in_own_process, publish, w2v
from watching import Watched, watched

from w2v.plots.chart import Chart, Lines, Series

PIECE = 20  # words of a line
BLOCK = 1 << 26  # bytes of a text that are made at a time, about
HEAD = (
    "MB/s counting", "seconds to train", "million words/s training",
    "anonymous memory, MB: counting, training", "disk beside the text, GB",
)  # fmt: skip
Times = dict[float, tuple[float, float]]  # of each size, or number of types: seconds of both steps


def recombined(path: Path, size: int) -> None:
    """Write a text of about `size` bytes, of pieces of Wikipedia in random order."""
    words = gzip.decompress((DATA / "enwiki100m.txt.gz").read_bytes()).split()
    pieces = [b" ".join(words[at : at + PIECE]) for at in range(0, len(words), PIECE)]
    rng, mean = np.random.default_rng(0), sum(map(len, pieces)) / len(pieces) + 1
    with path.open("wb") as file:
        while (missing := size - file.tell()) > 0:
            count = int(min(missing, BLOCK) / mean) + 1
            drawn = [pieces[at] for at in rng.integers(0, len(pieces), count).tolist()]
            file.write(b"\n".join([*drawn, b""]))


def random_words(path: Path, size: int, types: int) -> None:
    """Write a text of about `size` bytes of random words, each rank once first."""
    rng, shares = np.random.default_rng(0), np.cumsum(1 / (np.arange(types) + 10.0))
    with path.open("wb") as file:
        for first in range(0, types, BLOCK // 8):
            write_ranks(file, np.arange(first, min(first + BLOCK // 8, types)))
        while file.tell() < size:
            write_ranks(file, np.searchsorted(shares, rng.random(BLOCK // 8) * shares[-1]))


def write_ranks(file, ranks: np.ndarray) -> None:
    """Write the words of some ranks, which have a name of seven letters each, in lines."""
    letters = (ranks[:, None] // 26 ** np.arange(6) % 26 + ord("a")).astype(np.uint8)
    ends = np.where(np.arange(1, ranks.size + 1) % PIECE, ord(" "), ord("\n")).astype(np.uint8)
    file.write(np.column_stack([letters, ends]).tobytes())


def counting(folder: Path, text: Path) -> Watched:
    """Count the words of a text."""
    return watched("vocab", text, "-o", folder / "counts")


def training(folder: Path, text: Path, *options: object) -> Watched:
    """Train on a text."""
    return watched("train", text, "-o", folder / "x.safetensors", *common(*options))


def cells(text: Path, counted: Watched, trained: Watched, seconds: str) -> str:
    """The cells of the columns `HEAD`."""
    rate = re.search(r"([\d,]+) words/s on", trained.errors)
    assert rate, trained.errors
    return " | ".join((
        f"{text.stat().st_size / 1e6 / counted.seconds:.0f}", seconds,
        f"{int(rate[1].replace(',', '')) / 1e6:.2f}",
        f"{counted.anonymous:,.0f}, {trained.anonymous:,.0f}", f"{trained.disk / 1000:.1f}",
    ))  # fmt: skip


def common(*options: object) -> tuple[object, ...]:
    """The options of all trainings."""
    return "--epochs", 1, "--threads", 2, *options


def resumed(folder: Path, text: Path) -> tuple[Watched, Watched]:
    """Kill a training after its first checkpoint, and resume it: both parts of it."""
    model = folder / "resumed.safetensors"
    saved = model.with_name(model.name + ".checkpoint")
    seconds = text.stat().st_size / 1e9 * 20
    options = common("--checkpoint-every", f"{max(seconds / 60, 0.01):.2f}")
    killed = watched("train", text, "-o", model, *options, until=saved.exists)
    if not saved.exists():
        sys.exit(f"no checkpoint within {killed.seconds:.0f} s")
    again = watched("train", text, "-o", model, "--resume", *options)
    return killed, again


def by_size(gigabytes: list[str], once: list[str]) -> tuple[str, Times]:
    """The table of texts of a given size, and the times; see --once."""
    times = Times()
    rows = header("GB", "seconds until killed, and after it", "`w2v similar`, s")
    for size in gigabytes:
        with TemporaryDirectory() as name:
            folder, text = Path(name), Path(name, "text")
            in_own_process(recombined, text, int(float(size) * 1e9))
            counted, seconds = counting(folder, text), "–"
            killed, again = resumed(folder, text)
            trained, model = again, folder / "resumed.safetensors"
            times[float(size)] = counted.seconds, killed.seconds + again.seconds
            if size not in once:
                trained = training(folder, text)
                seconds = f"{trained.seconds:,.0f}"
                times[float(size)] = counted.seconds, trained.seconds
                if not filecmp.cmp(model, folder / "x.safetensors", shallow=False):
                    sys.exit("the resumed training has written another file")
            asked = w2v("similar", "king", "-v", model).seconds
            row = cells(text, counted, trained, seconds)
            parts = f"{killed.seconds:,.0f}, {again.seconds:,.0f}"
            rows.append(f"| {size} | {row} | {parts} | {asked:.2f} |")
            print(rows[-1], file=sys.stderr, flush=True)
    return "\n".join(rows), times


def by_types(numbers: list[str]) -> tuple[str, Times]:
    """The table of texts of a given number of types, and the times."""
    times = Times()
    rows = header("types")
    for types in numbers:
        with TemporaryDirectory() as name:
            folder, text = Path(name), Path(name, "text")
            in_own_process(random_words, text, 10**9, int(types))
            counted = counting(folder, text)
            trained = training(folder, text, "--dim", 32, "--min-count", 1)
            times[int(types)] = counted.seconds, trained.seconds
            row = cells(text, counted, trained, f"{trained.seconds:,.0f}")
            rows.append(f"| {int(types):,} | {row} |")
            print(rows[-1], file=sys.stderr, flush=True)
    return "\n".join(rows), times


def panel(title: str, x_label: str, times: Times) -> Lines:
    """A panel of the seconds of both steps."""
    steps = zip(*times.values(), strict=True)
    series = [
        Series(step, list(times), list(seconds))
        for step, seconds in zip(("counting", "training for one epoch"), steps, strict=True)
    ]
    return Lines(title, x_label, "seconds", series, log=True, log_x=True)


def header(first: str, *more: str) -> list[str]:
    """The first two lines of a table."""
    names = (first, *HEAD, *more)
    return [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]


def main() -> None:
    """Measure both tables, publish them and draw the chart."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", default="0.1,1,10")
    parser.add_argument("--types", default="10000,100000,1000000,10000000")
    parser.add_argument("--once", default="")
    parser.add_argument("--write", action="store_true", help="put the tables in the manual")
    args = parser.parse_args()
    with TemporaryDirectory() as name:  # compiles the kernels
        folder, text = Path(name), Path(name, "text")
        recombined(text, 10_000_000)
        counting(folder, text)
        training(folder, text)
    tables, panels = {}, []
    if sizes := values(args.gigabytes):
        tables["large_texts"], times = by_size(sizes, values(args.once))
        panels.append(panel("English, 100 dimensions", "GB of text", times))
    if types := values(args.types):
        tables["many_types"], times = by_types(types)
        panels.append(panel("1 GB of random words, 32 dimensions", "types", times))
    publish(tables, args.write)
    if args.write and len(panels) == 2:
        with (ROOT / ".github" / "large.png").open("wb") as file:
            Chart(panels).draw().write(file, "png")


def values(text: str) -> list[str]:
    """The values of an option."""
    return [value for value in text.split(",") if value]


if __name__ == "__main__":
    main()
