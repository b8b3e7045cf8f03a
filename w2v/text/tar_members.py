"""Reads the members of a tar archive from a stream, without a file being written.

The headers are those of POSIX (ustar and pax), of GNU tar, and of tar before both (v7).
"""

from __future__ import annotations

import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from w2v.errors import W2VError
from w2v.system.byte_stream import ByteStream

BLOCK = 512  # bytes of a header; the data of a member fills whole blocks
_LARGEST_HEADER = 1 << 20  # maximum bytes of a long name or of pax records
_PAX_RECORD = re.compile(rb"(\d{1,20}) ([^=]+)=")
# What is left out, by the type of a header. All other types are files.
_OTHERS = {
    tarfile.LNKTYPE: "link", tarfile.SYMTYPE: "link", tarfile.CHRTYPE: "device",
    tarfile.BLKTYPE: "device", tarfile.FIFOTYPE: "pipe", tarfile.DIRTYPE: "folder",
    tarfile.GNUTYPE_SPARSE: "sparse file", b"V": "label of the archive",
    b"D": "list of a folder", b"M": "part of a file of another archive",
}  # fmt: skip
# A size in the header of one of these, if any, is not that of data which follow.
_WITHOUT_DATA = (
    tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE,
    tarfile.DIRTYPE,
)  # fmt: skip
_ADVICE = "download or write the archive again"


class Member(NamedTuple):
    """A file in an archive.

    path  its path, with / between folders and without ./ before it
    data  its bytes in blocks, which must be read before the next member
    """

    path: str
    data: Iterator[bytes]


def is_tar(head: bytes) -> bool:
    """Whether a file with these first BLOCK bytes is a tar archive with members."""
    if len(head) < BLOCK or not head[0]:
        return False
    try:
        tarfile.TarInfo.frombuf(head[:BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return (
            head[257:262] == b"ustar" and 0 in head[:BLOCK]
        )  # a damaged header, which `members` reports
    return True


def members(stream: ByteStream, name: str, left_out: Counter[str]) -> Iterator[Member]:
    """The files of an archive in order; each is read from the stream before the next.

    stream    the archive
    name      its name in messages
    left_out  is counted up, by kind, for links, devices, sparse and hidden files
    Raises    W2VError, with the byte, for an archive that is damaged or cut short
    """
    first = stream.position
    path, size = "", -1  # those of pax records or of long names, for the next member
    sparse = False
    while True:
        at = stream.position - first
        block = stream.read(BLOCK)
        if len(block) < BLOCK:
            if block or not at:
                raise _damaged(name, at + len(block), "is cut short")
            return  # an archive may end without the two blocks of zeros
        if not any(block):
            _check_rest(stream, name, first)
            return
        header = _header(block, name, at)
        if header.type in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME):
            data = _small(stream, header, name, at)
            if header.type == tarfile.GNUTYPE_LONGNAME:
                path = data.rstrip(b"\0").decode("utf-8", "surrogateescape")
                continue
            records = _pax_records(data, name, at)
            path = records.get("path", path)
            sparse = any(key.startswith("GNU.sparse.") for key in records)
            size = _number(records["size"], name, at) if "size" in records else -1
            continue
        if header.type in (tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK):
            _small(stream, header, name, at)  # comments, and the targets of links
            continue
        member_path = _plain(path or header.name)
        kind = _kind(header, member_path, sparse)
        length = 0 if header.type in _WITHOUT_DATA else header.size if size < 0 else size
        if header.type == tarfile.GNUTYPE_SPARSE:
            _skip_sparse_headers(stream, block, name, first)
        path, size, sparse = "", -1, False
        data_begin = stream.position
        if kind:
            if kind != "folder":
                left_out[kind] += 1
        else:
            yield Member(member_path, _data(stream, length, name, first))
        done = stream.position - data_begin
        _skip(stream, -(-length // BLOCK) * BLOCK - done, name, first)


def _header(block: bytes, name: str, at: int) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise _damaged(name, at, f"is damaged ({error})") from None


def _kind(header: tarfile.TarInfo, path: str, sparse: bool) -> str:
    """Why a member is left out, see `_OTHERS`; "" for a file."""
    if header.type in _OTHERS:
        return _OTHERS[header.type]
    if sparse:
        return "sparse file"
    return "hidden file" if any(part.startswith(".") for part in path.split("/")) else ""


def _plain(path: str) -> str:
    """A path without ./ and / before it."""
    return "/".join(part for part in path.split("/") if part not in ("", ".", ".."))


def _data(stream: ByteStream, size: int, name: str, first: int) -> Iterator[bytes]:
    """The bytes of a member; W2VError if the archive ends in it."""
    for block in stream.blocks(size):
        size -= len(block)
        yield block
    if size:
        raise _damaged(name, stream.position - first, "is cut short")


def _skip(stream: ByteStream, size: int, name: str, first: int) -> None:
    if stream.skip(size) < size:
        raise _damaged(name, stream.position - first, "is cut short")


def _small(stream: ByteStream, header: tarfile.TarInfo, name: str, at: int) -> bytes:
    """The data of a header that says something of the next member."""
    if header.size > _LARGEST_HEADER:
        raise _damaged(name, at, f"has a header of {header.size:,} bytes, and is damaged")
    padded = -(-header.size // BLOCK) * BLOCK
    data = stream.read(padded)
    if len(data) < padded:
        raise _damaged(name, at + BLOCK + len(data), "is cut short")
    return data[: header.size]


def _pax_records(data: bytes, name: str, at: int) -> dict[str, str]:
    """The records `length key=value` of a pax header; length counts the whole record."""
    records, begin = {}, 0
    while begin < len(data) and data[begin]:
        found = _PAX_RECORD.match(data, begin)
        length = int(found[1]) if found else 0
        end = begin + length
        if not found or end > len(data) or end <= found.end() or data[end - 1 : end] != b"\n":
            raise _damaged(name, at + BLOCK + begin, "has a damaged header")
        value = data[found.end() : end - 1].decode("utf-8", "surrogateescape")
        records[found[2].decode("utf-8", "surrogateescape")] = value
        begin = end
    return records


def _number(value: str, name: str, at: int) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 20:
        raise _damaged(name, at, f"has a damaged header (size {value[:30]!r})")
    return int(value)


def _skip_sparse_headers(stream: ByteStream, block: bytes, name: str, first: int) -> None:
    """Pass over the further headers of a sparse file of GNU tar."""
    more = block[482]
    while more:
        block = stream.read(BLOCK)
        if len(block) < BLOCK:
            raise _damaged(name, stream.position - first, "is cut short")
        more = block[504]


def _check_rest(stream: ByteStream, name: str, first: int) -> None:
    """Read what follows the end of an archive, which must be zeros: it is filled with them."""
    at = stream.position - first
    for block in stream.blocks():
        if any(block):
            raise _damaged(
                name, at, "goes on after its end, as if archives had been joined or it is damaged"
            )
        at += len(block)


def _damaged(name: str, at: int, what: str) -> W2VError:
    return W2VError(f"{name}: byte {at}: the tar archive {what}: {_ADVICE}")
