#!/usr/bin/env python3
"""Download a standard corpus from its source, verify it, and convert it to files for w2v.

    python corpora/fetch.py text8|enwik9|imdb|20news [FOLDER]      # default: demo/corpora
    python corpora/fetch.py --list                                 # addresses, sizes, checksums

An archive that is already in FOLDER is not downloaded again. On a machine without a network, put
the archive there yourself. The texts are not part of this repository; for their licences see their
sources.
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
    """The source of a corpus, and how to verify and convert its archive.

    url       address of the archive
    size      size of the archive in bytes; None: the source does not state it
    checksum  algorithm:digest of the archive, or with `of_text` of the text in it; None: unknown
    stated    where the checksum is published
    of_text   whether the checksum is that of the unpacked text
    unpack    function (archive, folder) that writes the corpus files and returns their names
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
    """Download a file completely or not at all; SystemExit with a one-line message on failure."""
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
            f"fetch.py: {url} cannot be downloaded ({reason}); download it in another way, save it "
            f"as {path}, and run this command again"
        )


def check(path: Path, corpus: Corpus, digest: str | None) -> str:
    """Compare size and checksum of an archive with those stated: what was verified, as text.

    Raises SystemExit with a one-line message where they differ.
    """
    size = path.stat().st_size
    if corpus.size not in (None, size):
        sys.exit(
            f"fetch.py: {path} has {size:,} bytes instead of {corpus.size:,}; remove it and try "
            "again"
        )
    if corpus.checksum is None or digest is None:
        return "not verified"
    if digest != corpus.checksum:
        sys.exit(
            f"fetch.py: {path} has the checksum {digest}, but {corpus.stated} states "
            f"{corpus.checksum}: the file is damaged or another version; remove it and try again"
        )
    return f"verified: {digest}, as {corpus.stated} states"


def digest_of(blocks: Iterator[bytes], algorithm: str) -> str:
    """The checksum of blocks of bytes, as algorithm:digest."""
    state = hashlib.new(algorithm, usedforsecurity=False)
    for block in blocks:
        state.update(block)
    return f"{algorithm}:{state.hexdigest()}"


def blocks_of(path: Path) -> Iterator[bytes]:
    """The bytes of a file, in blocks."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def fetch(name: str, folder: Path) -> list[str]:
    """Download, verify and convert a corpus; returns the names of its files."""
    corpus = CORPORA[name]
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / corpus.url.rpartition("/")[2]
    if not archive.exists():
        print(f"{corpus.url} -> {archive}", file=sys.stderr)
        download(corpus.url, archive)
    algorithm = (corpus.checksum or "").partition(":")[0]
    try:
        checked = layouts.text_of(archive) if corpus.of_text else blocks_of(archive)
        verified = check(archive, corpus, digest_of(checked, algorithm) if algorithm else None)
        print(f"{archive}: {verified}", file=sys.stderr)
        return corpus.unpack(archive, folder)
    except layouts.DAMAGE as error:
        sys.exit(f"fetch.py: {archive} is damaged ({error}); remove it and try again")


def listing() -> str:
    """A tab-separated table of the corpora: name, address, size, checksum."""
    rows = [
        (
            name,
            c.url,
            "not stated" if c.size is None else str(c.size),
            f"{c.checksum} of {'the text' if c.of_text else 'the archive'}, stated by {c.stated}"
            if c.checksum
            else "not verified",
        )
        for name, c in CORPORA.items()
    ]
    return "".join("\t".join(row) + "\n" for row in rows)


def main() -> None:
    """Fetch the corpus that the arguments name, or print the list."""
    parser = argparse.ArgumentParser(
        description="Download a standard corpus, verify it, and convert it to files for w2v."
    )
    parser.add_argument("name", nargs="?", choices=CORPORA, help="Name of the corpus.")
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path("demo/corpora"),
        help="Folder for the archive and the files. Default: demo/corpora.",
    )  # fmt: skip
    parser.add_argument(
        "--list", action="store_true", help="Print addresses, sizes and checksums instead."
    )
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
