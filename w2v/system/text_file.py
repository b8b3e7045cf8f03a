"""Reads the small text files of a command: word lists, similarity and analogy sets, logs.

The same rules hold for all these files. The text is UTF-8, or UTF-16 or UTF-32 with a byte order
mark. A byte order mark is removed. Files compressed by gzip, bzip2, xz or zstd are decompressed. A
line ends with LF or CR LF; the last line may have no line end.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import IO

from w2v.errors import W2VError
from w2v.system import packing
from w2v.system.pipes import name_of, open_seekable

MARK = codecs.BOM_UTF8  # the byte order mark of UTF-8
BLOCK = 1 << 16  # bytes read at a time
_LONGEST_LINE = 1 << 24  # maximum bytes of a line
# Byte order marks. UTF-32 comes first, because its little-endian mark begins with that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_LONGEST_MARK = 4  # bytes of the longest mark


def encoding_by_mark(start: bytes) -> str:
    """The encoding of the byte order mark that `start` begins with; "" without a mark."""
    return next((name for mark, name in _MARKS.items() if start.startswith(mark)), "")


def mark_before(start: bytes) -> bytes:
    """The bytes to write before a UTF-8 text that begins with `start`: a byte order mark or none.

    The mark is needed if the first bytes of the text would otherwise be read as a byte order mark
    or as the beginning of compressed data.
    """
    return MARK if encoding_by_mark(start) or packing.kind_of(start[: packing.HEAD]) else b""


def chunks(file: IO[bytes], name: str) -> Iterator[bytes]:
    """The text of an open file as UTF-8, decompressed, without a byte order mark, in blocks.

    A block is returned as soon as it is available, so that a pipe can be read line by line. UTF-8
    is not checked.

    file    a file object with a `peek` method
    name    the name of the file in messages
    Raises  W2VError for damaged compressed data, or for invalid UTF-16 or UTF-32
    """
    stream = packing.unpacked(file, packing.kind_of(packing.peek(file)), name)
    start = b""
    for block in _read(stream, name):
        start += block
        if len(start) >= _LONGEST_MARK or not any(mark.startswith(start) for mark in _MARKS):
            break
    encoding = encoding_by_mark(start)
    if encoding not in ("", "utf-8"):
        yield from _decoded(start, stream, encoding, name)
        return
    if start := start.removeprefix(MARK):
        yield start
    yield from _read(stream, name)


def _read(stream: IO[bytes], name: str) -> Iterator[bytes]:
    """The blocks of a decompressed file, as soon as they are available."""
    while True:
        try:
            block = packing.read(stream, BLOCK, waits=False)
        except packing.DamagedError as error:
            raise W2VError(f"{name}: {error}") from None
        if not block:
            return
        yield block


def _decoded(start: bytes, stream: IO[bytes], encoding: str, name: str) -> Iterator[bytes]:
    """Convert a text in UTF-16 or UTF-32 to UTF-8; its bytes `start` have been read already."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        yield decoder.decode(start).encode()
        for block in _read(stream, name):
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeDecodeError as error:
        raise W2VError(
            f"{name}: begins with the byte order mark of {encoding.upper()}, but is not "
            f"{encoding.upper()} text ({error.reason})"
        ) from None


def lines_as_they_come(file: IO[bytes], name: str, limit: int = BLOCK) -> Iterator[list[bytes]]:
    """Lists of lines of an open text file, without line ends, as soon as they are available.

    file, name  as in `chunks`
    limit       maximum number of lines in a list
    Raises      W2VError for a line of more than 16 MiB, and as in `chunks`
    """
    rest, number = b"", 1
    for block in chunks(file, name):
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise W2VError(
                f"{name}: line {number + len(lines)} has more than {_LONGEST_LINE >> 20} MiB: "
                "check that it is a text file"
            )
        number += len(lines)
        for begin in range(0, len(lines), limit):
            yield [line.removesuffix(b"\r") for line in lines[begin : begin + limit]]
    if rest:
        yield [rest.removesuffix(b"\r")]


def numbered_lines(path: str, errors: str = "strict") -> Iterator[tuple[int, str]]:
    """The lines of a file, without line ends, with their numbers from 1; `-` is stdin.

    errors  the treatment of bytes that are not UTF-8, as in `bytes.decode`. With "surrogateescape"
            these bytes are kept, because names of vectors may contain them
    Raises  W2VError with the line number for text that is not UTF-8, if `errors` is "strict"
    """
    lines_read = 0
    with open_seekable(path) as file:
        for lines in lines_as_they_come(file, name_of(path)):
            for number, line in enumerate(lines, lines_read + 1):
                try:
                    yield number, line.decode("utf-8", errors)
                except UnicodeDecodeError as error:
                    raise W2VError(
                        f"{name_of(path)}: line {number}: not UTF-8 text ({error.reason} at byte "
                        f"{error.start + 1} of the line): convert the file to UTF-8"
                    ) from None
            lines_read += len(lines)


def read_bytes(path: str) -> bytes:
    """The whole text of a file as UTF-8, see `chunks`; `-` is stdin."""
    with open_seekable(path) as file:
        return b"".join(chunks(file, name_of(path)))
