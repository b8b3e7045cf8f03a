"""Reads the extracted texts of WET files, as of Common Crawl: records of WARC (ISO 28500)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from w2v.errors import W2VError
from w2v.system.byte_stream import ByteStream

HEAD = 16  # number of first bytes by which a WARC file is recognized
_VERSION = re.compile(rb"WARC/\d\.\d\r?\n")
_LONGEST_LINE = 1 << 16  # maximum bytes of a line of a header
_MOST_LINES = 1000  # maximum lines of a header
_ADVICE = "download the file again"


class Record(NamedTuple):
    """The text of a page.

    uri   its address
    data  its text in blocks, which must be read before the next record
    """

    uri: str
    data: Iterator[bytes]


def is_warc(head: bytes) -> bool:
    """Whether a file with these first HEAD bytes consists of records of WARC."""
    return _VERSION.match(head) is not None


def records(stream: ByteStream, name: str, left_out: Counter[str]) -> Iterator[Record]:
    """The extracted texts in a file: its records of the type conversion, in order.

    stream    the file
    name      its name in messages
    left_out  is counted up, by type, for other records but warcinfo, which describes the file
    Raises    W2VError, with the byte, for a file that is damaged or cut short
    """
    first = stream.position
    while True:
        at = stream.position - first
        line = stream.line(_LONGEST_LINE)
        if not line:
            return
        if not line.strip(b"\r\n"):  # between two records
            continue
        if not _VERSION.fullmatch(line):
            raise _damaged(name, at, f"expected the line WARC/1.0, found {line[:40]!r}")
        fields = _header(stream, name, first)
        length = fields.get("content-length", "")
        if not length.isascii() or not length.isdigit() or len(length) > 18:
            raise _damaged(name, at, f"a record with the Content-Length {length[:40]!r}")
        kind, begin = fields.get("warc-type", "?").lower(), stream.position
        if kind == "conversion":
            yield Record(fields.get("warc-target-uri", "").strip("<>"), stream.blocks(int(length)))
        elif kind != "warcinfo":
            left_out[f"{kind[:40]} record"] += 1
        rest = int(length) - (stream.position - begin)
        if stream.skip(rest) < rest:
            raise _damaged(name, stream.position - first, "the file is cut short")


def _header(stream: ByteStream, name: str, first: int) -> dict[str, str]:
    """The fields of a header by their names in lower case. Lines that continue one are left out."""
    fields: dict[str, str] = {}
    for _ in range(_MOST_LINES):
        at = stream.position - first
        line = stream.line(_LONGEST_LINE)
        if line in (b"\r\n", b"\n"):
            return fields
        if not line.endswith(b"\n"):
            raise _damaged(name, at + len(line), "the file is cut short, or a line is too long")
        key, colon, value = line.decode("utf-8", "replace").partition(":")
        if colon and not key[:1].isspace():
            fields.setdefault(key.strip().lower(), value.strip())
    raise _damaged(name, stream.position - first, f"a header of more than {_MOST_LINES:,} lines")


def _damaged(name: str, at: int, what: str) -> W2VError:
    return W2VError(f"{name}: byte {at}: {what}: {_ADVICE}")
