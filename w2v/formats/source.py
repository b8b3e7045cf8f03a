"""A vector file as bytes, unpacked if need be, and what is wrong with it."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from w2v import store
from w2v.errors import W2VError

GZIP = b"\x1f\x8b"
HEAD = 1 << 16  # bytes from which a format is recognised
BLOCK = 1 << 21  # bytes read at a time


class Findings:
    """What was found in a file that is not as it should be.

    path     of the file
    repairs  whether to go on where that can be repaired; else it is a mistake
    """

    def __init__(self, path: str, repairs: bool = False):
        self.path, self.repairs = path, repairs
        self.said: list[str] = []

    def note(self, what: str) -> None:
        """Something that is not wrong, but that users should know."""
        self.said.append(what)

    def wrong(self, what: str, instead: str) -> None:
        """Something wrong: W2VError, or a note of what is done instead."""
        if not self.repairs:
            raise W2VError(
                f"{self.path}: {what}; to repair it: w2v convert --check {self.path} OUT"
            )
        self.said.append(f"{what}: {instead}")


@contextmanager
def packed(path: str) -> Iterator[IO[bytes]]:
    """Open a file for writing, as `store.replacing`; packed by gzip if its name ends in .gz."""
    with store.replacing(path) as file:
        if not path.endswith(".gz"):
            yield file
            return
        with gzip.GzipFile("", "wb", 6, file, mtime=0) as packing:
            yield cast(IO[bytes], packing)


class Source:
    """The bytes of a file, or what is packed in it by gzip.

    `head` is what it begins with, `begin` how much of that has been skipped, `size` how many bytes
    there are, None where that is not known.
    """

    def __init__(self, path: str, raw: IO[bytes]):
        self.path, self._raw = path, raw
        self.packed = raw.read(2) == GZIP
        raw.seek(0)
        self._file = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if self.packed else raw
        self.size = None if self.packed else os.fstat(raw.fileno()).st_size
        self.begin = 0
        self.head = self._read(HEAD)
        self._ahead = self.head

    @classmethod
    @contextmanager
    def open(cls, path: str) -> Iterator[Source]:
        """Open a file as long as it is of use."""
        with open(path, "rb") as raw:
            yield cls(path, raw)

    def _read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise W2VError(
                f"{self.path}: byte {self._raw.tell():,} of the gzip file: {error}; it is damaged "
                "or cut short: get it anew"
            ) from None

    def skip(self, size: int) -> None:
        """Leave out the first bytes, which are in `head`."""
        self.begin, self._ahead = size, self.head[size:]

    def blocks(self) -> Iterator[bytes]:
        """All bytes, some at a time."""
        if self._ahead:
            yield self._ahead
        self._ahead = b""
        while block := self._read(BLOCK):
            yield block

    def could_hold(self, rows: int, dim: int, least: int) -> bool:
        """Whether a file of this size can hold rows of `least` bytes each; if packed, perhaps."""
        return self.size is None or (rows * least <= self.size and (not rows or dim <= self.size))
