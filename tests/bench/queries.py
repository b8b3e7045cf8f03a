#!/usr/bin/env python3
"""Time and memory to read vector files, with w2v and gensim, and to answer many queries.

    python tests/bench/queries.py [--turns 3] [--write]

Reading: files of 400,000 random vectors of 300 numbers. The time is that of reading alone, and the
memory is the peak of the process; the matrix takes 480 MB. w2v and gensim run by turns, and the
table has medians. Queries: whole commands, on random vectors. The analogies are those of
questions-words.txt of $W2V_DATA (else ../shared/data), and their words name the first vectors.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from contest import DATA, PEERS, Run, in_own_process, publish, run, w2v

from w2v.embeddings import formats
from w2v.embeddings.table import Table

OURS = """
import json, resource, sys, time
from w2v.embeddings import formats
began = time.monotonic()
table = formats.load(sys.argv[1])
taken = time.monotonic() - began
"""
GENSIM = """
import json, resource, sys, time
from gensim.models import KeyedVectors
began = time.monotonic()
table = KeyedVectors.load_word2vec_format(sys.argv[1], binary=sys.argv[1].endswith("bin"))
taken = time.monotonic() - began
"""
END = """
assert len(table) == 400000
print(json.dumps([taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1.024 / 1000]))
"""
QUERIES = 10_000


def make(path: Path, rows: int, dim: int, names: list[str]) -> None:
    """Write a container of random vectors, named by `names` and then w0, w1 and so on."""
    rng = np.random.default_rng(1)
    names = [*names, *(f"w{n}" for n in range(rows - len(names)))]
    formats.save(str(path), Table.build(names, rng.standard_normal((rows, dim), np.float32)))


def question_words() -> list[str]:
    """The types of the analogies, in lower case."""
    lines = (DATA / "questions-words.txt").read_text().casefold().splitlines()
    words = (word for line in lines if not line.startswith(":") for word in line.split())
    return list(dict.fromkeys(words))


def reading(folder: Path, turns: int) -> list[str]:
    """A row for each format: seconds and peak megabytes of w2v and gensim."""
    rows = ["| | w2v, seconds | w2v, MB | gensim, seconds | gensim, MB |", "|---|---|---|---|---|"]
    for suffix, kind in (("txt", "word2vec text"), ("bin", "word2vec binary")):
        path, results = folder / f"x.{suffix}", ([], [])
        w2v("convert", folder / "x.safetensors", path)
        for _ in range(turns):
            results[0].append(json.loads(run(sys.executable, "-c", OURS + END, path).out))
            results[1].append(json.loads(run(PEERS, "-c", GENSIM + END, path).out))
        figures = [median(column) for program in results for column in zip(*program, strict=True)]
        rows.append("| {} | {:.1f} | {:,.0f} | {:.1f} | {:,.0f} |".format(kind, *figures))
        print(rows[-1], flush=True)
        path.unlink()
    return rows


def asking(folder: Path, turns: int) -> list[str]:
    """A row for each query: seconds and peak megabytes of the whole command."""
    small, large = folder / "small.safetensors", folder / "x.safetensors"
    in_own_process(make, small, 30_000, 100, question_words())
    in_own_process(make, folder / "middle.safetensors", 70_000, 100, question_words())
    questions = DATA / "questions-words.txt"
    lines = [line for line in questions.read_text().casefold().splitlines() if line[0] != ":"]
    analogies = folder / "analogies"
    analogies.write_text("".join(" ".join(line.split()[:3]) + "\n" for line in lines))
    words = folder / "words"
    words.write_text("".join(f"w{n * 37}\n" for n in range(QUERIES)))
    calls = {
        f"`w2v analogy`, {len(lines):,} analogies, 30,000 x 100": (
            "analogy", "--queries", analogies, "-v", small, "--tsv"),
        "`w2v evaluate analogies`, the same analogies, 30,000 x 100": (
            "evaluate", "analogies", questions, "-v", small),
        "`w2v evaluate analogies`, the same analogies, 70,000 x 100": (
            "evaluate", "analogies", questions, "-v", folder / "middle.safetensors"),
        f"`w2v similar`, {QUERIES:,} words, 400,000 x 300": (
            "similar", "--queries", words, "-v", large, "--tsv"),
    }  # fmt: skip
    rows = ["| | seconds | MB |", "|---|---|---|"]
    for label, call in calls.items():
        runs: list[Run] = [w2v(*call) for _ in range(turns)]
        seconds, megabytes = (
            median(column) for column in zip(*((r[0], r[1]) for r in runs), strict=True)
        )
        rows.append(f"| {label} | {seconds:.1f} | {megabytes:,.0f} |")
        print(rows[-1], flush=True)
    return rows


def main() -> None:
    """Measure queries and reading, and publish both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the tables in the manual")
    args = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        in_own_process(make, folder / "x.safetensors", 400_000, 300, ["king"])
        tables = {"asking": asking(folder, args.turns), "reading": reading(folder, args.turns)}
    publish({part: "\n".join(rows) for part, rows in tables.items()}, args.write)


if __name__ == "__main__":
    main()
