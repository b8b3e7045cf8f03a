"""Byte ranges of texts, each of which a worker reads by itself."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from w2v.errors import W2VError
from w2v.settings import TextSettings
from w2v.system import packing
from w2v.system.remote_files import is_address, open_bytes, size_of
from w2v.system.text_file import encoding_by_mark
from w2v.text import corpus
from w2v.text.corpus import Corpus

RANGE = 1 << 21  # bytes at least; of 2 MiB the words take some 1.5 MB as ids
MOST = 4096  # ranges, so that the scheduler has not too much to hold
_BLANK = re.compile(rb"[ \t\n\r\v\f]")


class ByteRange(NamedTuple):
    """The words of a file that begin after the first blank from byte begin - 1 on, or at byte 0.

    They end with the first blank from byte end - 1 on: where the next range begins.
    """

    path: str
    begin: int
    end: int
    size: int  # of the file


def absolute_paths(paths: Sequence[str]) -> list[str]:
    """The names of files by which workers know them, whatever folder they are in."""
    return [path if is_address(path) else os.path.abspath(path) for path in paths]


def cut(paths: Sequence[str], encoding: str) -> list[ByteRange]:
    """Ranges that together are the files; one alone for what is packed, or not UTF-8."""
    found, sizes = [], []
    for path in paths:
        size = size_of(path)
        if size is None:
            raise W2VError(f"{path}: workers read files, each a part of them: write it to one")
        sizes.append(size)
    length = max(RANGE, -(-sum(sizes) // MOST))
    for path, size in zip(paths, sizes, strict=True):
        with open_bytes(path) as file:
            start = packing.peek(file)
            whole = (
                encoding != "utf-8"
                or packing.kind_of(start) != ""
                or encoding_by_mark(start) not in ("", "utf-8")
            )
        step = max(size if whole else length, 1)
        found += [ByteRange(path, at, min(at + step, size), size) for at in range(0, size, step)]
    return found


class RangeCorpus(Corpus):
    """The words of one range."""

    def __init__(self, part: ByteRange, how: TextSettings):
        super().__init__([part.path], how.tokenizer, how.encoding, how.lowercase, how.normalize)
        self._part = part
        self._begin = part.begin

    def blocks(self) -> Iterator[bytes]:
        """As of any `Corpus`, without a fingerprint."""
        yield from map(self._tokens, self._text())

    def _text(self) -> Iterator[bytes]:
        """As of any `Corpus`; a line end is added at the end of the file only."""
        path, begin, end, size = self._part
        if (begin, end) == (0, size):
            yield from super()._text()
            return
        yield from self._cut(path)
        if end == size:
            with open_bytes(path) as file:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    yield b"\n"

    def _raw(self, path: str) -> Iterator[bytes]:
        _, begin, end, size = self._part
        if (begin, end) == (0, size):
            yield from super()._raw(path)
            return
        with open_bytes(path) as file:
            at = max(begin - 1, 0)
            file.seek(at)
            inside = begin == 0
            while block := file.read(corpus.BLOCK):
                first = 0
                if not inside:
                    blank = _BLANK.search(block)
                    if blank:
                        first, inside = blank.end(), True
                    if at + (blank.end() if blank else len(block)) >= end < size:
                        return  # the last word before it goes beyond its end
                last = len(block)
                blank = _BLANK.search(block, max(end - 1 - at, first)) if end < size else None
                if blank:
                    last = blank.end()
                if inside and first < last:
                    self.bytes_read += last - first
                    yield block[first:last]
                if blank:
                    return
                at += len(block)
