"""The texts in a file: the file itself or, if it is an archive, each of its members or records.

Archives are known by their content, and read from a stream. No member is ever written to a file.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import IO, NamedTuple, cast

from w2v.errors import W2VError
from w2v.system import packing
from w2v.system.byte_stream import ByteStream
from w2v.text import tar_members, wet_records

HEAD = tar_members.BLOCK  # number of first bytes by which an archive is recognized
TAR_SUFFIXES = (".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tzst")
_DEEPEST = 8  # levels of archives in archives; an archive could contain itself
_BLOCK = 1 << 20  # bytes of a member that are decompressed at a time


class Source(NamedTuple):
    """A text: a file, or a member of an archive.

    place     its name in messages: "x.tar: folder/a.txt" for a member
    member    the path of a member in its archive; "" for a file
    blocks    its decompressed bytes, in blocks, which must be read before the next source
    encoding  its text encoding, if it is known; "": the one that the user names
    is_page   whether it is a record of a WET file; `member` is then the address of the page
    """

    place: str
    member: str
    blocks: Iterator[bytes]
    encoding: str = ""
    is_page: bool = False


def is_archive(head: bytes) -> bool:
    """Whether a file with these first HEAD bytes, decompressed, is an archive."""
    return tar_members.is_tar(head) or wet_records.is_warc(head)


def is_tar_name(path: str) -> bool:
    """Whether a path ends as those of tar archives do, compressed or not.

    An address such as tar://a.txt::file:///x.tar is that of the file a.txt.
    """
    name = path.partition("::")[0] if "://" in path.partition("::")[0] else path
    return os.path.splitext(packing.plain_name(name))[1].lower() in TAR_SUFFIXES


def sources_in(
    blocks: Iterator[bytes], place: str, left_out: Counter[str], member: str = "", depth: int = 0
) -> Iterator[Source]:
    """The texts in a file, in order. Each must be read before the next.

    blocks    the decompressed bytes of the file
    place     its name in messages
    left_out  is counted up, by kind, for members of archives that are no files
    member    its path in the archive it is in, or ""
    depth     the number of archives it is in
    Raises    W2VError for an archive that is damaged, or has no files
    """
    stream = ByteStream(blocks)
    if wet_records.is_warc(stream.peek(wet_records.HEAD)):
        yield from _pages(stream, place, left_out)
        return
    if not tar_members.is_tar(stream.peek(HEAD)):
        if is_tar_name(member or place):
            if not any(stream.peek(HEAD)):
                raise W2VError(f"{place}: no files in this archive")
            raise W2VError(
                f"{place}: byte 0: no header of a tar archive, as the name says: download or write "
                "it again, or rename it if it is a text"
            )
        yield Source(place, member, stream.blocks())
        return
    if depth == _DEEPEST:
        raise W2VError(f"{place}: an archive in {depth} others: unpack the outer ones first")
    is_empty = True
    for path, data in tar_members.members(stream, place, left_out):
        inner = f"{place}: {path}"
        whole = f"{member}/{path}" if member else path
        yield from sources_in(_unpacked(data, inner), inner, left_out, whole, depth + 1)
        is_empty = False
    if is_empty:
        raise W2VError(f"{place}: no files in this archive")


def _pages(stream: ByteStream, place: str, left_out: Counter[str]) -> Iterator[Source]:
    """The texts of a WET file."""
    is_empty = True
    for uri, data in wet_records.records(stream, place, left_out):
        yield Source(f"{place}: {uri}", uri, data, is_page=True)
        is_empty = False
    if is_empty:
        raise W2VError(
            f"{place}: a WARC file without extracted texts, which are records of the type "
            "conversion: give a WET file (.warc.wet.gz)"
        )


def _unpacked(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The bytes of a member, decompressed if its first bytes are those of compressed data."""
    stream = ByteStream(blocks)
    kind = packing.kind_of(stream.peek(packing.HEAD))
    if not kind:
        yield from stream.blocks()
    else:
        yield from packing.blocks(cast(IO[bytes], stream), kind, _BLOCK, name)
