"""Reads the bytes of a vector file, decompressed if necessary, and collects its faults."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

from w2v.errors import W2VError
from w2v.system import packing
from w2v.system.pipes import name_of, open_seekable

HEAD = 1 << 16  # bytes at the beginning of a file by which its format is recognised
BLOCK = 1 << 21  # bytes read at a time


class Layout(NamedTuple):
    """The layout of a vector file, which `sniff` of a format finds in the first bytes.

    kind    the name of the format, which `w2v info` prints
    rows    the number of vectors that the header declares; None without a header
    dim     the length of a vector; 0 if it is not known yet
    header  the number of bytes before the first row
    error   the contradiction between the first rows and the header; empty if they agree
    """

    kind: str
    rows: int | None = None
    dim: int = 0
    header: int = 0
    error: str = ""


@contextmanager
def named_in_errors(name: str) -> Iterator[None]:
    """A block whose W2VErrors, which do not say so, are about the file with this name."""
    try:
        yield
    except W2VError as error:
        raise W2VError(f"{name}: {error}") from None


class Diagnostics:
    """Collects the faults of a file while it is read.

    path      the path of the file
    repairs   whether to repair faults: they are recorded, and reading goes on. If not, the first
              fault is raised as an error
    advice    what the error advises; None: to repair the file
    messages  the faults and notes that were recorded
    """

    def __init__(self, path: str, repairs: bool = False, advice: str | None = None):
        self.path, self.name, self.repairs = path, name_of(path), repairs
        self._given = bool(advice)
        self._advice = advice or f"to repair the file: w2v convert --check {shlex.quote(path)} OUT"
        self.messages: list[str] = []

    def note(self, what: str) -> None:
        """Record a fact about the file that users should know, but that is no fault."""
        self.messages.append(what)

    def error(self, what: str, instead: str, cut: bool = False) -> None:
        """Raise a fault as a W2VError, or record it.

        what     the fault
        instead  the repair
        cut      whether the file is cut short, so that a new download may be whole
        """
        if not self.repairs:
            first = (
                "the file is cut short: download it again, or " if cut and not self._given else ""
            )
            raise W2VError(f"{self.name}: {what}; {first}{self._advice}")
        self.messages.append(f"{what}: {instead}")


class Source:
    """The bytes of a file, decompressed if the file is compressed.

    path    the path of the file; `-` is standard input
    raw     the open file, at its beginning; it must be seekable

    Attributes:
    name    the name of the file in messages
    packed  the compression, such as gzip; empty if there is none
    stored  the size of the file in bytes
    size    the size of the data in bytes; None if the file is compressed
    head    the first HEAD bytes of the data
    begin   the number of first bytes that have been skipped
    """

    def __init__(self, path: str, raw: IO[bytes]):
        self.path, self.name, self._raw = path, name_of(path), raw
        self.stored = raw.seek(0, os.SEEK_END)
        raw.seek(0)
        self.packed = packing.kind_of(raw.read(packing.HEAD))
        raw.seek(0)
        self._file = packing.unpacked(raw, self.packed, self.name)
        self.size = None if self.packed else self.stored
        self.begin = 0
        self.head = self._read(HEAD)
        self._ahead = self.head

    @classmethod
    @contextmanager
    def open(cls, path: str) -> Iterator[Source]:
        """Open a file for a `with` statement; a pipe is first copied to a temporary file."""
        with open_seekable(path) as raw:
            yield cls(path, raw)

    def _read(self, size: int) -> bytes:
        """Read the next bytes; W2VError if compressed data is damaged."""
        try:
            return packing.read(self._file, size)
        except packing.DamagedError as error:
            where = f"byte {self._raw.tell():,} of the {self.packed} file"
            raise W2VError(f"{self.name}: {where}: {error}") from None

    def skip(self, size: int) -> None:
        """Leave the first `size` bytes, which must be in `head`, out of `blocks`."""
        self.begin, self._ahead = size, self.head[size:]

    def blocks(self) -> Iterator[bytes]:
        """The bytes of the file in blocks, without the bytes that were skipped."""
        if self._ahead:
            yield self._ahead
        self._ahead = b""
        while block := self._read(BLOCK):
            yield block

    def could_hold(self, rows: int, dim: int, least: int) -> bool:
        """Whether the file is large enough for `rows` rows of at least `least` bytes each.

        The result is always True for a compressed file, because the size of its data is not known.
        """
        return self.size is None or (rows * least <= self.size and (not rows or dim <= self.size))
