"""Compression by gzip, bzip2 or xz: recognized by content when read, by suffix when written."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import IO, Any, cast

HEAD = 10  # number of first bytes by which a compressed file is recognized
SUFFIXES = (".gz", ".bz2", ".xz")
# How each compression is recognized, and how its files are opened. Magic numbers alone are not
# enough, because a text can begin with "BZh". Also checked are the method and reserved flags of
# gzip, the digits of pi (a block) or of its square root (the end) after the level of bzip2, and the
# first byte of the flags of xz. Data of gzip or xz that is cut short before these bytes is
# recognized too.
_KINDS: dict[str, tuple[re.Pattern[bytes], Callable[..., Any]]] = {
    "gzip": (re.compile(rb"\x1f\x8b\x08([\x00-\x1f]|$)"), gzip.open),
    "bzip2": (
        re.compile(rb"BZh[1-9](\x31\x41\x59\x26\x53\x59|\x17\x72\x45\x38\x50\x90)"),
        bz2.open,
    ),
    "xz": (re.compile(rb"\xfd7zXZ\x00(\x00|$)"), lzma.open),
}


class DamagedError(Exception):
    """Compressed data cannot be decompressed; the message is that of the compression library."""


def kind_of(start: bytes) -> str:
    """The compression of a file by its first HEAD bytes: gzip, bzip2, xz, or "" for none."""
    return next((name for name, (begin, _) in _KINDS.items() if begin.match(start)), "")


def peek(file: IO[bytes]) -> bytes:
    """The first HEAD bytes of a file with a `peek` method, which stay to be read.

    The result is shorter if the file is.
    """
    return cast(bytes, file.peek(HEAD)[:HEAD])  # type: ignore[attr-defined]


def unpacked(file: IO[bytes], kind: str) -> IO[bytes]:
    """The decompressed content of a file compressed by `kind`; for "" the file itself."""
    return cast(IO[bytes], _KINDS[kind][1](file)) if kind else file


def read(file: IO[bytes], size: int, waits: bool = True) -> bytes:
    """Read up to `size` bytes from a file of `unpacked`.

    waits   whether to wait for `size` bytes or the end of the file. If not, the bytes that are
            available are returned, at least one
    Raises  DamagedError for compressed data that is damaged or cut short
    """
    try:
        if waits:
            return file.read(size)
        return cast(bytes, getattr(file, "read1", file.read)(size))
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise DamagedError(str(error)) from None
    except OSError as error:
        if error.errno is None:  # bz2 raises this for damaged data
            raise DamagedError(str(error)) from None
        raise


def suffix(path: str) -> str:
    """The compression suffix of a path, in lower case; "" if it has none."""
    ending = os.path.splitext(path)[1].lower()
    return ending if ending in SUFFIXES else ""


def plain_name(path: str) -> str:
    """A path without its compression suffix."""
    return path[: len(path) - len(suffix(path))]


def packer(file: IO[bytes], path: str) -> AbstractContextManager[IO[bytes]]:
    """A file object that compresses into `file`, by the compression suffix of `path`.

    Without such a suffix, `file` itself is written.

    The same content always gives the same bytes: no time and no file name are stored.
    """
    compression = suffix(path)
    if compression == ".gz":
        return cast(Any, gzip.GzipFile("", "wb", 6, file, mtime=0))
    if compression == ".bz2":
        return cast(Any, bz2.BZ2File(file, "wb"))
    if compression == ".xz":
        return cast(Any, lzma.LZMAFile(file, "wb"))
    return nullcontext(file)
