"""Byte ranges of text files, which workers read independently of each other."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

from w2v.errors import W2VError
from w2v.settings import TextSettings
from w2v.system import packing
from w2v.system.remote_files import is_address, open_bytes, size_of
from w2v.system.text_file import MARK, encoding_by_mark
from w2v.text import corpus
from w2v.text.arrow_tables import is_table
from w2v.text.corpus import Corpus
from w2v.text.sources import HEAD, Source, is_archive

MIN_RANGE_BYTES = 1 << 21  # 2 MiB, whose word ids take about 1.5 MB
MAX_RANGES = 4096  # approximate limit, because the scheduler holds several tasks for each range
_BLANK = re.compile(rb"[ \t\n\r\v\f]")


class ByteRange(NamedTuple):
    """A range of whole words in a file.

    The first range of a file starts at byte 0. Any other range starts after the first blank at or
    after byte `begin` - 1. The last range ends with the file. Any other range ends with the first
    blank at or after byte `end` - 1. `size` is the number of bytes in the file.
    """

    path: str
    begin: int
    end: int
    size: int


def absolute_paths(paths: Sequence[str]) -> list[str]:
    """Make paths absolute, because workers may run in other folders. Addresses stay unchanged."""
    return [path if is_address(path) else os.path.abspath(path) for path in paths]


class TextFile(NamedTuple):
    """A file of a text.

    path            its path or address
    size            its number of bytes
    is_plain        whether it is uncompressed, in UTF-8, and no archive or table
    mark            the length of its byte order mark; 0: it has none, or is not plain
    lacks_line_end  whether it is plain, is not empty, and does not end with a line end
    """

    path: str
    size: int
    is_plain: bool
    mark: int
    lacks_line_end: bool


def examine(path: str, encoding: str) -> TextFile:
    """Find out what is needed to cut a file into parts.

    encoding  the encoding of the files without a byte order mark
    Raises    W2VError for a file whose size cannot be known, such as a pipe
    """
    size = size_of(path)
    if size is None:
        raise W2VError(
            f"{path}: the workers of a cluster read parts of a file, whose size must be known: "
            "save the text to a file first"
        )
    with open_bytes(path) as file:
        start = cast(bytes, file.peek(HEAD)[:HEAD])  # type: ignore[attr-defined]
        by_mark = encoding_by_mark(start)
        is_plain = (
            encoding == "utf-8"
            and by_mark in ("", "utf-8")
            and not packing.kind_of(start)
            and not is_archive(start)
            and not is_table(path)
        )
        if not is_plain:
            return TextFile(path, size, False, 0, False)
        file.seek(max(size - 1, 0))
        lacks_line_end = file.read(1) not in (b"", b"\n")
    mark = len(MARK) if by_mark else 0
    return TextFile(path, size, True, mark, lacks_line_end and size > mark)


def cut(files: Sequence[TextFile]) -> list[ByteRange]:
    """Cut files into ranges. A file that is not plain is a single range."""
    length = max(MIN_RANGE_BYTES, -(-sum(file.size for file in files) // MAX_RANGES))
    ranges = []
    for path, size, is_plain, *_ in files:
        step = max(length if is_plain else size, 1)
        ranges += [
            ByteRange(path, begin, min(begin + step, size), size) for begin in range(0, size, step)
        ]
    return ranges


class RangeCorpus(Corpus):
    """The words of one byte range.

    byte_range  the range
    settings    the encoding, the tokenizer, the lowercasing and the normalization of the text
    """

    def __init__(self, byte_range: ByteRange, settings: TextSettings):
        super().__init__(
            [byte_range.path], settings.tokenizer, settings.encoding, settings.lowercase,
            settings.normalize,
        )  # fmt: skip
        self._range = byte_range
        self._begin = byte_range.begin

    def blocks(self) -> Iterator[bytes]:
        """Yield the tokens, as any `Corpus` does, without computing a fingerprint."""
        yield from map(self.tokens, self._text())

    def _text(self) -> Iterator[bytes]:
        """Yield the text, as any `Corpus` does. Only the last range adds a missing line end."""
        path, begin, end, size = self._range
        if (begin, end) == (0, size):
            yield from super()._text()
            return
        yield from self._cut(Source(path, "", self._raw(path)))
        if end == size:
            with open_bytes(path) as file:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    yield b"\n"

    def _raw(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of the range, from its first word to the blank after its last word.

        The last range ends with the file, perhaps without a blank.
        """
        _, begin, end, size = self._range
        if (begin, end) == (0, size):
            yield from super()._raw(path)
            return
        with open_bytes(path) as file:
            block_begin = max(begin - 1, 0)
            file.seek(block_begin)
            has_begun = begin == 0  # whether the first word of the range has been found
            while block := file.read(corpus.BLOCK):
                first = 0
                if not has_begun:
                    blank = _BLANK.search(block)
                    if blank:
                        first, has_begun = blank.end(), True
                    if block_begin + (blank.end() if blank else len(block)) >= end < size:
                        return  # no word begins in this range: an earlier one fills it
                last = len(block)
                search_begin = max(end - 1 - block_begin, first)
                blank = _BLANK.search(block, search_begin) if end < size else None
                if blank:
                    last = blank.end()
                if has_begun and first < last:
                    self.bytes_read += last - first
                    yield block[first:last]
                if blank:
                    return
                block_begin += len(block)
