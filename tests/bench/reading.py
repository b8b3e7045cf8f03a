#!/usr/bin/env python3
"""How fast texts are read from each kind of file: megabytes of text a second.

    python tests/bench/reading.py [--megabytes 100] [--runs 3] [--threads 2] [--kinds NAME ...]
        [--write]

The text is enwiki100m.txt.gz of $W2V_DATA (else ../shared/data), in lines of 20 words, cut into 8
files. Each kind of file has the same lines: as they are, as JSON objects, as rows of Parquet, in
tar archives of 125 files each, and as pages of WET files, of about 5 kB. A process reads and
tokenizes them as `w2v train` does, without counting. A figure is the size of the text by the best
time of the runs: the processor time with one thread (the rate of a core), the time that passes with
one thread, and with --threads, of which all but one read packed files ahead. Prints a Markdown
table; --write puts it in the manual.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import io
import itertools
import json
import lzma
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from contest import DATA, environment, publish

TEXT = DATA / "enwiki100m.txt.gz"
WORDS = 20  # of a line, because the text is one line
_READ = """
import sys, time
from contextlib import suppress
with suppress(ImportError):
    import pyarrow.compute, pyarrow.parquet
from w2v.settings import DocumentSettings, TextSettings
from w2v.text.corpus import Corpus
from w2v.text.documents import DocumentCorpus
paths, threads, format = sys.argv[3:], int(sys.argv[1]), sys.argv[2]
if format == "-":
    corpus = Corpus(paths, threads=threads)
else:
    settings = DocumentSettings(format=format, merge_ids=True)
    corpus = DocumentCorpus(paths, TextSettings(), settings, threads=threads)
began, used = time.perf_counter(), time.process_time()
size = sum(map(len, corpus.blocks()))
print(size, time.perf_counter() - began, time.process_time() - used)
"""


def _zstd(text: bytes) -> bytes:
    from w2v.system import packing

    return packing._zstd().compress(text)


def _objects(text: bytes) -> bytes:
    rows = (json.dumps({"text": line}) + "\n" for line in text.decode(errors="replace").split("\n"))
    return "".join(rows).encode()


def _parquet(text: bytes) -> bytes:
    import pyarrow
    from pyarrow import parquet

    file = io.BytesIO()
    rows = text.decode(errors="replace").split("\n")
    parquet.write_table(pyarrow.table({"text": rows}), file, compression="zstd")
    return file.getvalue()


def _parts(text: bytes, count: int) -> list[bytes]:
    """A text in `count` parts, each of whole lines."""
    lines = text.splitlines(keepends=True)
    ends = [len(lines) * n // count for n in range(count + 1)]
    return [b"".join(lines[begin:end]) for begin, end in itertools.pairwise(ends)]


def _text(size: int) -> bytes:
    """The first bytes of the text, with a line end after every WORDS words."""
    with gzip.open(TEXT) as file:
        words = file.read(size).split()
    return b"".join(
        b" ".join(words[first : first + WORDS]) + b"\n" for first in range(0, len(words), WORDS)
    )


def _tar(text: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for number, part in enumerate(_parts(text, 125)):
            member = tarfile.TarInfo(f"texts/{number}.txt")
            member.size = len(part)
            archive.addfile(member, io.BytesIO(part))
    return file.getvalue()


def _wet(text: bytes) -> bytes:
    pages = []
    for number, part in enumerate(_parts(text, max(len(text) // 5000, 1))):
        head = f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: https://example.org/{number}"
        page = f"{head}\r\nContent-Length: {len(part)}\r\n\r\n".encode() + part + b"\r\n\r\n"
        pages.append(gzip.compress(page))
    return b"".join(pages)


# How each kind of file is written, its suffix, and the format of documents; - for sentences.
KINDS: dict[str, tuple[Callable[[bytes], bytes], str, str]] = {
    "plain": (bytes, ".txt", "-"),
    "gzip": (gzip.compress, ".gz", "-"),
    "bzip2": (bz2.compress, ".bz2", "-"),
    "xz": (lzma.compress, ".xz", "-"),
    "zstd": (_zstd, ".zst", "-"),
    "tar": (_tar, ".tar", "-"),
    "tar, files": (_tar, ".tar", "files"),
    "wet": (_wet, ".warc.wet.gz", "-"),
    "wet, pages": (_wet, ".warc.wet.gz", "wet"),
    "parquet": (_parquet, ".parquet", "-"),
    "parquet, rows": (_parquet, ".parquet", "parquet"),
    "jsonl, rows": (_objects, ".jsonl", "jsonl"),
    "jsonl in gzip, rows": (lambda text: gzip.compress(_objects(text)), ".jsonl.gz", "jsonl"),
}


def rates(folder: str, parts: list[bytes], kind: str, threads: int, runs: int) -> list[float]:
    """Megabytes of text a second: of processor time, and of time with 1 and with more threads."""
    write, suffix, format = KINDS[kind]
    paths = []
    for number, part in enumerate(parts):
        path = Path(folder, f"{number}{suffix}")
        path.write_bytes(write(part))
        paths.append(str(path))
    found: dict[int, list[list[float]]] = {1: [], threads: []}
    for count, _ in itertools.product(found, range(runs)):
        command = [sys.executable, "-c", _READ, str(count), format, *paths]
        out = subprocess.run(command, env=environment(), capture_output=True, check=True).stdout
        found[count].append([float(field) for field in out.split()])
    for path in paths:
        Path(path).unlink()
    best = (
        min(used for *_, used in found[1]),
        *(min(passed for _, passed, _ in each) for each in found.values()),
    )
    return [sum(map(len, parts)) / 1e6 / seconds for seconds in best]


def main() -> None:
    """Write each kind of file, read it, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=[*KINDS])
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    if not TEXT.exists():
        sys.exit(f"no {TEXT}; set W2V_DATA to the folder that has it")
    parts = _parts(_text(args.megabytes * 1_000_000), 8)
    threads = f"MB/s, {args.threads} threads"
    rows = [f"| source | MB/s a core | MB/s, 1 thread | {threads} |", "|---|---|---|---|"]
    with TemporaryDirectory(prefix="w2v-") as folder:
        for kind in args.kinds:
            figures = rates(folder, parts, kind, args.threads, args.runs)
            rows.append(f"| {kind} | {' | '.join(f'{figure:.0f}' for figure in figures)} |")
            print(rows[-1], file=sys.stderr, flush=True)
    publish({"sources": "\n".join(rows)}, args.write)


if __name__ == "__main__":
    main()
