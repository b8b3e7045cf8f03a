"""Files packed by gzip, bzip2 or xz: recognised by content when read, by suffix when written."""

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

HEAD = 10  # bytes that tell whether a file is packed
SUFFIXES = (".gz", ".bz2", ".xz")
# More than the magic numbers, with which a text can begin as well ("BZh" in ASCII): gzip's method
# and reserved flags; after bzip2's level a block (the digits of pi) or the end (of its root); xz's
# first byte of flags. What is cut short within them is packed too.
_KINDS: dict[str, tuple[re.Pattern[bytes], Callable[..., Any]]] = {
    "gzip": (re.compile(rb"\x1f\x8b\x08([\x00-\x1f]|$)"), gzip.open),
    "bzip2": (
        re.compile(rb"BZh[1-9](\x31\x41\x59\x26\x53\x59|\x17\x72\x45\x38\x50\x90)"),
        bz2.open,
    ),
    "xz": (re.compile(rb"\xfd7zXZ\x00(\x00|$)"), lzma.open),
}


class DamagedError(Exception):
    """What is packed cannot be unpacked; the message is that of the packing's library."""


def kind_of(start: bytes) -> str:
    """How a file that begins with `start`, of HEAD bytes, is packed: gzip, bzip2, xz; else ""."""
    return next((name for name, (begin, _) in _KINDS.items() if begin.match(start)), "")


def peek(file: IO[bytes]) -> bytes:
    """The first HEAD bytes of a file that can peek, or as many as are there."""
    return cast(bytes, file.peek(HEAD)[:HEAD])  # type: ignore[attr-defined]


def unpacked(file: IO[bytes], kind: str) -> IO[bytes]:
    """What is in a file that is packed by `kind`; for "" the file itself."""
    return cast(IO[bytes], _KINDS[kind][1](file)) if kind else file


def read(file: IO[bytes], size: int, waits: bool = True) -> bytes:
    """Some bytes of what `unpacked` has given; DamagedError where they are not as packed.

    waits  for `size` bytes or the end; else what is there now, one byte or more, will do
    """
    try:
        if waits:
            return file.read(size)
        return cast(bytes, getattr(file, "read1", file.read)(size))
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise DamagedError(str(error)) from None
    except OSError as error:
        if error.errno is None:  # bz2's way to say so
            raise DamagedError(str(error)) from None
        raise


def suffix(path: str) -> str:
    """The suffix that says how a file is packed, in lower case; "" where there is none."""
    found = os.path.splitext(path)[1].lower()
    return found if found in SUFFIXES else ""


def plain_name(path: str) -> str:
    """A path without such a suffix."""
    return path[: len(path) - len(suffix(path))]


def packer(file: IO[bytes], path: str) -> AbstractContextManager[IO[bytes]]:
    """What packs what is written to it into `file`, as the suffix of `path` says.

    Without such a suffix it is `file`. The same bytes are always packed into the same: no time and
    no name go with them.
    """
    found = suffix(path)
    if found == ".gz":
        return cast(Any, gzip.GzipFile("", "wb", 6, file, mtime=0))
    if found == ".bz2":
        return cast(Any, bz2.BZ2File(file, "wb"))
    if found == ".xz":
        return cast(Any, lzma.LZMAFile(file, "wb"))
    return nullcontext(file)
