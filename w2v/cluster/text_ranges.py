"""Byte ranges of text files, which workers read independently of each other."""

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

RANGE = 1 << 21  # fewest bytes in a range; the word ids of 2 MiB take about 1.5 MB
MOST = 4096  # most ranges, to limit the number of tasks that the scheduler holds
_BLANK = re.compile(rb"[ \t\n\r\v\f]")


class ByteRange(NamedTuple):
    """A range of whole words in a file.

    The first range of a file starts at byte 0, any other after the first blank at or after byte
    begin - 1. The last range ends with the file, any other with the first blank at or after byte
    end - 1. `size` is the number of bytes in the file.
    """

    path: str
    begin: int
    end: int
    size: int


def absolute_paths(paths: Sequence[str]) -> list[str]:
    """Make paths absolute, because workers may run in other folders. Addresses stay unchanged."""
    return [path if is_address(path) else os.path.abspath(path) for path in paths]


def cut(paths: Sequence[str], encoding: str) -> list[ByteRange]:
    """Cut files into ranges; a file that is compressed or not UTF-8 is a single range."""
    ranges, sizes = [], []
    for path in paths:
        size = size_of(path)
        if size is None:
            raise W2VError(
                f"{path}: the workers of a cluster read parts of a file, whose size must be known: "
                "save the text to a file first"
            )
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
        ranges += [ByteRange(path, at, min(at + step, size), size) for at in range(0, size, step)]
    return ranges


class RangeCorpus(Corpus):
    """The words of one byte range.

    part      the range
    settings  the encoding and the tokenizer of the text
    """

    def __init__(self, part: ByteRange, settings: TextSettings):
        super().__init__(
            [part.path], settings.tokenizer, settings.encoding, settings.lowercase,
            settings.normalize,
        )  # fmt: skip
        self._part = part
        self._begin = part.begin

    def blocks(self) -> Iterator[bytes]:
        """Yield the tokens, as any `Corpus` does, without computing a fingerprint."""
        yield from map(self._tokens, self._text())

    def _text(self) -> Iterator[bytes]:
        """Yield the text, as any `Corpus` does; only the last range adds a missing line end."""
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
                        return  # the word that began before this range also ends after it
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
