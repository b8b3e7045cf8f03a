"""Byte ranges of text files, which workers read independently of each other."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, cast

from distributed import get_worker

from w2v.errors import W2VError
from w2v.settings import TextSettings
from w2v.system import packing
from w2v.system.remote_files import is_address, open_bytes, size_of
from w2v.system.text_file import MARK, encoding_by_mark
from w2v.text import corpus
from w2v.text.arrow_tables import is_table
from w2v.text.corpus import Corpus
from w2v.text.document_files import DocumentFile
from w2v.text.sources import HEAD, Source, is_archive, is_tar_name

MIN_RANGE_BYTES = 1 << 21  # 2 MiB, whose word ids take about 1.5 MB
MAX_RANGES = 4096  # approximate limit, because the scheduler holds several tasks for each range
_BLANK = re.compile(rb"[ \t\n\r\v\f]")
_LINE_END = re.compile(rb"\n")
_FORMATS_OF_LINES = ("lines", "tsv", "jsonl")  # those in which each line is a document


class ByteRange(NamedTuple):
    """A range of whole words in a file, or of whole lines in a file of documents.

    The first range of a file starts at byte 0. Any other range starts after the first blank (in a
    file of documents: line end) at or after byte `begin` - 1. The last range ends with the file.
    Any other range ends with the first blank (line end) at or after byte `end` - 1. `size` is the
    number of bytes in the file. `documents` is the format and the name of a file of documents.
    """

    path: str
    begin: int
    end: int
    size: int
    documents: DocumentFile | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the range is the whole file."""
        return (self.begin, self.end) == (0, self.size)

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """Read the bytes of the range in blocks, each with its position in the file.

        They are those from the first word (line) to the blank (line end) after the last one. The
        last range ends with the file, perhaps without a blank.
        """
        begin, end, size = self.begin, self.end, self.size
        find = (_BLANK if self.documents is None else _LINE_END).search
        with open_bytes(self.path) as file:
            block_begin = max(begin - 1, 0)
            file.seek(block_begin)
            has_begun = begin == 0  # whether the first word of the range has been found
            while block := file.read(corpus.BLOCK):
                first = 0
                if not has_begun:
                    blank = find(block)
                    if blank:
                        first, has_begun = blank.end(), True
                    if block_begin + (blank.end() if blank else len(block)) >= end < size:
                        return  # no word begins in this range: an earlier one fills it
                last = len(block)
                search_begin = max(end - 1 - block_begin, first)
                blank = find(block, search_begin) if end < size else None
                if blank:
                    last = blank.end()
                if has_begun and first < last:
                    yield block_begin + first, block[first:last]
                if blank:
                    return
                block_begin += len(block)


@contextmanager
def read_by_worker(path: str) -> Iterator[None]:
    """A block in which a task reads a file.

    path  the file that an OSError is about if it does not say so itself

    An OSError becomes a W2VError: the main process would take the OSError of a task for a broken
    connection, and try again. A full disk is that of the worker's temporary files.
    """
    try:
        yield
    except OSError as error:
        name, reason = error.filename or path, error.strerror or error
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise W2VError(f"{name}: the temporary folder of a worker is full ({reason})") from None
        raise W2VError(
            f"{name}: a worker cannot read this file ({reason}{_on_worker()}): make it readable "
            "under this path on every worker"
        ) from None


def _on_worker() -> str:
    """The address of the worker that runs this task, for a message; "" outside of a worker."""
    try:
        return f", on {get_worker().address}"
    except ValueError:
        return ""


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
            and not is_tar_name(path)  # such a file without members is refused
        )
        if not is_plain:
            return TextFile(path, size, False, 0, False)
        file.seek(max(size - 1, 0))
        lacks_line_end = file.read(1) not in (b"", b"\n")
    mark = len(MARK) if by_mark else 0
    return TextFile(path, size, True, mark, lacks_line_end and size > mark)


def cut(
    files: Sequence[TextFile], documents: Sequence[DocumentFile | None]
) -> list[list[ByteRange]]:
    """Cut files into ranges; returns the ranges of each task.

    A file that is not plain is a single range, and so is a file of documents that are not lines.
    Small ranges are one task, so that a folder of small files has few tasks.

    documents  the format and the name of each file of documents; None: a file of sentences
    """
    length = max(MIN_RANGE_BYTES, -(-sum(file.size for file in files) // MAX_RANGES))
    tasks, ranges, total = list[list[ByteRange]](), list[ByteRange](), 0
    for (path, size, is_plain, *_), each in zip(files, documents, strict=True):
        is_cut = is_plain and (each is None or each.format in _FORMATS_OF_LINES)
        step = max(length if is_cut else size, 1)
        # An empty file has a range too, because it may be a document, or be refused.
        for begin in range(0, max(size, 1), step):
            end = min(begin + step, size)
            ranges.append(ByteRange(path, begin, end, size, each))
            total += end - begin
            if total >= length:
                tasks.append(ranges)
                ranges, total = [], 0
    return [*tasks, ranges] if ranges else tasks


class ReadsRange(Corpus):
    """A corpus that is one byte range, `_range`, of a file."""

    _range: ByteRange

    def _raw(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of the range."""
        if self._range.is_whole:
            yield from super()._raw(path)
            return
        for number, (position, block) in enumerate(self._range.blocks()):
            self._begin = self._begin if number else position
            yield block


class RangeCorpus(ReadsRange):
    """The words of one byte range.

    byte_range  the range
    settings    the encoding, the tokenizer, the lowercasing and the normalization of the text
    """

    def __init__(self, byte_range: ByteRange, settings: TextSettings):
        super().__init__(
            [byte_range.path], settings.tokenizer, settings.encoding, settings.case,
            settings.normalize,
        )  # fmt: skip
        self._range = byte_range
        self._begin = byte_range.begin

    def blocks(self) -> Iterator[bytes]:
        """Yield the tokens, as any `Corpus` does, without computing a fingerprint."""
        yield from map(self.tokens, self._text())

    def _text(self) -> Iterator[bytes]:
        """Yield the text, as any `Corpus` does. Only the last range adds a missing line end."""
        path, _, end, size, _ = self._range
        if self._range.is_whole:
            yield from super()._text()
            return
        yield from self._cut(Source(path, "", self._raw(path)))
        if end == size:
            with open_bytes(path) as file:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    yield b"\n"
