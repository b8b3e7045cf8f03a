"""The lines of text files that a user names: lists of words, similarity and analogy sets, logs.

All such files are opened here, so that the same holds for each: the text is UTF-8, or UTF-16 or
UTF-32 with a byte order mark; the mark is no letter; what is packed by gzip, bzip2 or xz is
unpacked; a line ends with LF or CR LF, and the last one may have no end.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import IO

from w2v.errors import W2VError
from w2v.system import packing
from w2v.system.pipes import name_of, open_seekable

MARK = codecs.BOM_UTF8
BLOCK = 1 << 16  # bytes read at a time
_LONGEST_LINE = 1 << 24  # bytes
_MARKS = {  # of encodings, the longer ones first: that of UTF-32 begins with that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_LONGEST_MARK = 4  # bytes


def encoding_by_mark(start: bytes) -> str:
    """The encoding that the byte order mark at the beginning of a file names; "" without one."""
    return next((name for mark, name in _MARKS.items() if start.startswith(mark)), "")


def mark_before(start: bytes) -> bytes:
    """What must be written before a text that begins with these bytes so that they are kept.

    It is the mark of UTF-8, where they would be taken for a mark or for something packed.
    """
    return MARK if encoding_by_mark(start) or packing.kind_of(start[: packing.HEAD]) else b""


def chunks(file: IO[bytes], name: str) -> Iterator[bytes]:
    """The bytes of an open text as they come, unpacked, as UTF-8 without a byte order mark.

    file    can peek; what is there is passed on without waiting for more
    name    what messages call it
    Raises  W2VError where packed data is damaged, or UTF-16 is wrong
    """
    stream = packing.unpacked(file, packing.kind_of(packing.peek(file)))
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
    while True:
        try:
            block = packing.read(stream, BLOCK, waits=False)
        except packing.DamagedError as error:
            raise W2VError(f"{name}: the packed data is damaged or cut short ({error})") from None
        if not block:
            return
        yield block


def _decoded(start: bytes, stream: IO[bytes], encoding: str, name: str) -> Iterator[bytes]:
    """What an encoding with a mark holds, as UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        yield decoder.decode(start).encode()
        for block in _read(stream, name):
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeDecodeError as error:
        raise W2VError(
            f"{name}: it begins as {encoding.upper()} text, but is none ({error.reason})"
        ) from None


def lines_as_they_come(file: IO[bytes], name: str, most: int = BLOCK) -> Iterator[list[bytes]]:
    """The lines of an open text, without their ends: those that are there now, without waiting.

    most  how many at a time
    """
    rest, number = b"", 1
    for block in chunks(file, name):
        *found, rest = (rest + block).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise W2VError(
                f"{name}: line {number + len(found)} has more than {_LONGEST_LINE >> 20} MiB"
            )
        number += len(found)
        for begin in range(0, len(found), most):
            yield [line.removesuffix(b"\r") for line in found[begin : begin + most]]
    if rest:
        yield [rest.removesuffix(b"\r")]


def numbered_lines(path: str, errors: str = "strict") -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers, from 1, without their ends; `-` is stdin.

    errors  what becomes of bytes that are not UTF-8, as of `bytes.decode`; names of vectors may
            have some, which "surrogateescape" keeps
    Raises  W2VError, with the line, where they are not UTF-8, if that is "strict"
    """
    passed = 0
    with open_seekable(path) as file:
        for some in lines_as_they_come(file, name_of(path)):
            for number, line in enumerate(some, passed + 1):
                try:
                    yield number, line.decode("utf-8", errors)
                except UnicodeDecodeError as error:
                    raise W2VError(
                        f"{name_of(path)}: line {number}: not UTF-8 text ({error.reason} at byte "
                        f"{error.start + 1} of the line)"
                    ) from None
            passed += len(some)


def read_bytes(path: str) -> bytes:
    """All of a file's text as UTF-8; `-` is stdin."""
    with open_seekable(path) as file:
        return b"".join(chunks(file, name_of(path)))
