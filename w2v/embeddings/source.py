"""A vector file as bytes, unpacked if need be, and what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

from w2v.errors import W2VError
from w2v.system import packing
from w2v.system.pipes import name_of, open_seekable

HEAD = 1 << 16  # bytes from which a format is recognised
BLOCK = 1 << 21  # bytes read at a time


class Layout(NamedTuple):
    """How vectors stand in a file, as a format sees it in the first bytes.

    kind    what the file is, as `w2v info` calls it
    rows    how many vectors the header promises; None: it does not say
    dim     numbers in each; 0: not known yet
    header  bytes before the first row
    error   what contradicts the header; nothing where all agrees
    """

    kind: str
    rows: int | None = None
    dim: int = 0
    header: int = 0
    error: str = ""


class Diagnostics:
    """What was found in a file that is not as it should be.

    path     of the file
    repairs  whether to go on where that can be repaired; else it is a mistake
    """

    def __init__(self, path: str, repairs: bool = False):
        self.path, self.name, self.repairs = path, name_of(path), repairs
        self.messages: list[str] = []

    def note(self, what: str) -> None:
        """Something that is not wrong, but that users should know."""
        self.messages.append(what)

    def error(self, what: str, instead: str) -> None:
        """Something wrong: W2VError, or a note of what is done instead."""
        if not self.repairs:
            raise W2VError(
                f"{self.name}: {what}; to repair it: w2v convert --check {self.path} OUT"
            )
        self.messages.append(f"{what}: {instead}")


class Source:
    """The bytes of a file, or what is packed in it.

    path  of the file, `-` is standard input
    raw   the file, at its beginning; it can seek

    `name` is what messages call it, `packed` says by what it is packed, `stored` how many bytes the
    file has. Unpacked: `head` is what it begins with, `begin` how much of that has been skipped,
    `size` how many bytes there are, None where that is not known.
    """

    def __init__(self, path: str, raw: IO[bytes]):
        self.path, self.name, self._raw = path, name_of(path), raw
        self.stored = raw.seek(0, os.SEEK_END)
        raw.seek(0)
        self.packed = packing.kind_of(raw.read(packing.HEAD))
        raw.seek(0)
        self._file = packing.unpacked(raw, self.packed)
        self.size = None if self.packed else self.stored
        self.begin = 0
        self.head = self._read(HEAD)
        self._ahead = self.head

    @classmethod
    @contextmanager
    def open(cls, path: str) -> Iterator[Source]:
        """Open a file as long as it is of use; a pipe is copied first."""
        with open_seekable(path) as raw:
            yield cls(path, raw)

    def _read(self, size: int) -> bytes:
        try:
            return packing.read(self._file, size)
        except packing.DamagedError as error:
            raise W2VError(
                f"{self.name}: byte {self._raw.tell():,} of the {self.packed} file: {error}; it is "
                "damaged or cut short: get it anew"
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
