#!/usr/bin/env python3
"""The standard corpora: fetched from where they are given away, checked, laid out for w2v.

    python corpora/fetch.py text8|enwik9|imdb|20news [FOLDER]      # default: demo/corpora
    python corpora/fetch.py --list                                 # addresses, sizes, checksums

An archive that is in FOLDER already is not fetched again: without a network, put it there. Nothing
of these texts is in this repository; how they may be used is said where they come from.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import layouts

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Corpus:
    """Where a corpus is, and what is known of its archive.

    url       of the archive
    size      of the archive in bytes; None: not stated
    checksum  algorithm:digest, of the archive; or of the text in it, if `of_text`; None: not stated
    stated    who states it
    of_text   whether the checksum is that of what was unpacked
    unpack    makes files of the archive in a folder, and returns their names
    """

    url: str
    size: int | None
    checksum: str | None
    stated: str
    of_text: bool
    unpack: layouts.Unpack


CORPORA = {
    "text8": Corpus(
        "http://mattmahoney.net/dc/text8.zip", 31_344_016, "md5:3bea1919949baf155f99411df5fada7e",
        "mattmahoney.net/dc/textdata.html", True, layouts.text8,
    ),
    "enwik9": Corpus(
        "http://mattmahoney.net/dc/enwik9.zip", 322_592_222, "md5:e206c3450ac99950df65bf70ef61a12d",
        "mattmahoney.net/dc/textdata.html", True, layouts.enwik9,
    ),
    "imdb": Corpus(
        "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz", 84_125_825,
        "md5:7c2ac02c03563afcf9b574c7e56c153a", "torchtext", False, layouts.imdb,
    ),
    "20news": Corpus(
        "http://qwone.com/~jason/20Newsgroups/20news-bydate.tar.gz", None,
        "sha256:8f1b2514ca22a5ade8fbb9cfa5727df95fa587f4c87b786e15c759fa66d95610",
        "scikit-learn", False, layouts.newsgroups,
    ),
}  # fmt: skip


def download(url: str, path: Path) -> None:
    """Fetch a file, whole or not at all; SystemExit with a line where that fails."""
    part = path.with_name(path.name + ".part")
    try:
        with urllib.request.urlopen(url, timeout=60) as answer, part.open("wb") as file:
            expected = answer.headers.get("Content-Length")
            while block := answer.read(_BLOCK):
                file.write(block)
            if expected and file.tell() != int(expected):
                raise OSError(f"cut short: {file.tell():,} of {int(expected):,} bytes")
        part.replace(path)
    except (OSError, ValueError) as error:
        with suppress(OSError):
            part.unlink()
        reason = getattr(error, "reason", None) or error
        sys.exit(
            f"fetch.py: {url} cannot be fetched ({reason}); get it by other means and put it in "
            f"{path.parent} as {path.name}"
        )


def check(path: Path, corpus: Corpus, digest: str | None) -> str:
    """SystemExit where size or checksum is another; else what was verified."""
    size = path.stat().st_size
    if corpus.size not in (None, size):
        sys.exit(f"fetch.py: {path} has {size:,} bytes, not {corpus.size:,}: remove it, try again")
    if corpus.checksum is None or digest is None:
        return "not verified"
    if digest != corpus.checksum:
        sys.exit(
            f"fetch.py: {path}: {digest}, but {corpus.stated} states {corpus.checksum}: not what "
            "is meant, or damaged; remove it"
        )
    return f"{digest}, as {corpus.stated} states"


def digest_of(blocks: Iterator[bytes], algorithm: str) -> str:
    """algorithm:digest of some bytes."""
    found = hashlib.new(algorithm, usedforsecurity=False)
    for block in blocks:
        found.update(block)
    return f"{algorithm}:{found.hexdigest()}"


def blocks_of(path: Path) -> Iterator[bytes]:
    """The bytes of a file."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def fetch(name: str, folder: Path) -> list[str]:
    """Fetch, check and lay out a corpus; the names of its files."""
    corpus = CORPORA[name]
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / corpus.url.rpartition("/")[2]
    if not archive.exists():
        print(f"{corpus.url} -> {archive}", file=sys.stderr)
        download(corpus.url, archive)
    algorithm = (corpus.checksum or "").partition(":")[0]
    try:
        checked = layouts.text_of(archive) if corpus.of_text else blocks_of(archive)
        said = check(archive, corpus, digest_of(checked, algorithm) if algorithm else None)
        print(f"{archive}: {said}", file=sys.stderr)
        return corpus.unpack(archive, folder)
    except layouts.DAMAGE as error:
        sys.exit(f"fetch.py: {archive} is damaged ({error}); remove it and try again")


def listing() -> str:
    """What is known of each corpus, tab-separated."""
    rows = [
        (
            name,
            c.url,
            "not stated" if c.size is None else str(c.size),
            f"{c.checksum}, of {'the text' if c.of_text else 'the archive'}, states {c.stated}"
            if c.checksum
            else "not verified",
        )
        for name, c in CORPORA.items()
    ]
    return "".join("\t".join(row) + "\n" for row in rows)


def main() -> None:
    """Fetch what is named."""
    parser = argparse.ArgumentParser(description="Fetch, check and lay out a standard corpus.")
    parser.add_argument("name", nargs="?", choices=CORPORA)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("demo/corpora"))
    parser.add_argument("--list", action="store_true", help="addresses, sizes and checksums")
    args = parser.parse_args()
    if args.list:
        sys.stdout.write(listing())
    elif args.name is None:
        parser.error("name a corpus: " + ", ".join(CORPORA))
    else:
        for made in fetch(args.name, args.folder):
            print(os.path.join(args.folder, made))


if __name__ == "__main__":
    main()
