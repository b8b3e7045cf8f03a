"""Compression by gzip, bzip2, xz or zstd, known by content when read, by suffix when written."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cache
from importlib import import_module
from typing import IO, Any, cast

from w2v.errors import W2VError

# Bytes of a member of gzip that are given first. zlib copies what follows a member in them, and the
# members of WET files are small: with 1 MB, they were read at half the speed.
_FIRST_STEP = 1 << 15
_STEP = 1 << 16  # bytes that `_Streams` reads or decompresses at a time
HEAD = 10  # number of first bytes by which a compressed file is recognized
SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
# Modules with the interface of PEP 784: that of Python from 3.14 on, and its backport.
_ZSTD_MODULES = ("compression.zstd", "backports.zstd")


class _Streams(io.RawIOBase):
    """The content of a file made of compressed streams, which follow each other.

    Python's own readers end without an error at data that is no stream. The texts of a file that
    was joined from a compressed and a plain one would be missing. Only zeros are left out.

    file          the compressed file
    decompressor  makes a decompressor of one stream
    """

    def __init__(self, file: IO[bytes], decompressor: Callable[[], Any]):
        super().__init__()
        self._file, self._new, self._stream = file, decompressor, decompressor()

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Decompress some bytes; returns how many, 0 at the end of the last stream."""
        content = b""
        while not content:
            data = b""
            if self._stream.eof:
                data = self._stream.unused_data.lstrip(b"\0")
                while not data and (more := self._file.read(_STEP)):
                    data = more.lstrip(b"\0")
                if not data:
                    return 0
                self._stream = self._new()
            elif self._stream.needs_input and not (data := self._file.read(_STEP)):
                raise EOFError("ended before the end-of-stream marker was reached")
            content = self._stream.decompress(data, len(buffer))
        buffer[: len(content)] = content
        return len(content)


def _open_bzip2(file: IO[bytes]) -> IO[bytes]:
    """Decompress all streams of a bzip2 file."""
    return cast(IO[bytes], io.BufferedReader(_Streams(file, bz2.BZ2Decompressor), _STEP))


def _open_xz(file: IO[bytes]) -> IO[bytes]:
    """Decompress all streams of an xz file."""
    return cast(IO[bytes], io.BufferedReader(_Streams(file, lzma.LZMADecompressor), _STEP))


def _open_zstd(file: IO[bytes]) -> IO[bytes]:
    """Decompress all frames of a zstd file; skippable frames are left out.

    A window of more than 128 MiB, the default limit of libzstd, is refused: a file cannot make its
    reader allocate more memory than that.
    """
    return cast(IO[bytes], cast(Any, _zstd()).ZstdFile(file))


# How each compression is recognized, and how its files are opened. Magic numbers alone are not
# enough, because a text can begin with "BZh". Also checked are the method and reserved flags of
# gzip, the digits of pi (a block) or of its square root (the end) after the level of bzip2, and the
# first byte of the flags of xz. Data of gzip that is cut short before these bytes is recognized
# too, and so is data of xz. No UTF-8 text begins with the magic number of zstd. A zstd file may
# also begin with a skippable frame, which has one of 16 magic numbers (RFC 8878, section 3.1.2).
_KINDS: dict[str, tuple[re.Pattern[bytes], Callable[..., Any]]] = {
    "gzip": (re.compile(rb"\x1f\x8b\x08([\x00-\x1f]|$)"), gzip.open),
    "bzip2": (
        re.compile(rb"BZh[1-9](\x31\x41\x59\x26\x53\x59|\x17\x72\x45\x38\x50\x90)"),
        _open_bzip2,
    ),
    "xz": (re.compile(rb"\xfd7zXZ\x00(\x00|$)"), _open_xz),
    "zstd": (re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), _open_zstd),
}
_ADVICE = {  # what to do where libzstd gives one of these reasons
    "too much memory": "the compressed data needs a window of more than 128 MiB: decompress it "
    "first, with zstd -d --long=31",
    "Dictionary mismatch": "the data was compressed with a dictionary: decompress it first, with "
    "zstd -d -D DICTIONARY",
}


class DamagedError(Exception):
    """Compressed data cannot be decompressed; the message says why, and what to do."""


def kind_of(start: bytes) -> str:
    """The compression of a file by its first HEAD bytes: gzip, bzip2, xz, zstd, or "".

    The result is "" for a file that is not compressed.
    """
    return next((name for name, (begin, _) in _KINDS.items() if begin.match(start)), "")


def peek(file: IO[bytes]) -> bytes:
    """The first HEAD bytes of a file with a `peek` method, which stay to be read.

    The result is shorter if the file is.
    """
    return cast(bytes, file.peek(HEAD)[:HEAD])  # type: ignore[attr-defined]


def unpacked(file: IO[bytes], kind: str, name: str) -> IO[bytes]:
    """The decompressed content of a file compressed by `kind`; for "" the file itself.

    name    the name of the file in messages
    Raises  W2VError if the library for this compression is not installed
    """
    _check_library(kind, name)
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
    except _damage() as error:
        raise DamagedError(_explained(error)) from None
    except OSError as error:
        if error.errno is None:  # bz2 raises this for damaged data
            raise DamagedError(_explained(error)) from None
        raise


def blocks(file: IO[bytes], kind: str, size: int, name: str, waits: bool = True) -> Iterator[bytes]:
    """The rest of a file compressed by `kind`, decompressed, in blocks of at most `size` bytes.

    Many bytes are read and decompressed at a time: while that is done, other threads run.

    name    the name of the file in messages
    waits   whether to wait for `size` bytes of a file that is not compressed, see `read`
    Raises  W2VError for compressed data that is damaged or cut short, or if the library for this
            compression is not installed
    """
    try:
        if kind == "gzip":
            yield from _gzip_blocks(file, size)
            return
        stream = unpacked(cast(IO[bytes], _Greedy(file, size)), kind, name) if kind else file
        while block := read(stream, size, waits or bool(kind)):
            yield block
    except (DamagedError, EOFError, zlib.error) as error:
        text = str(error) if isinstance(error, DamagedError) else _explained(error)
        raise W2VError(f"{name}: {text}") from None


def _gzip_blocks(file: IO[bytes], size: int) -> Iterator[bytes]:
    """The decompressed members of a gzip file; zeros after them are left out, as by gzip.

    Python's own reader decompresses some kB at a time. A thread that does so waits for other
    threads of Python after each of them: beside a busy one it had half the speed of this function.
    """
    member, data, step = zlib.decompressobj(31), memoryview(file.read(size)), _FIRST_STEP
    while True:
        piece = data[:step]
        block = member.decompress(piece, size)
        step = min(2 * step, max(size // 4, 1))
        rest = len(member.unused_data) if member.eof else len(member.unconsumed_tail)
        data = data[len(piece) - rest :]
        if member.eof:
            data = _without_zeros(data)
            while not data and (more := file.read(size)):
                data = _without_zeros(memoryview(more))
            member, step = zlib.decompressobj(31), _FIRST_STEP
            if not data:
                break
        # A full block may leave bytes in the decompressor, though all of the data is consumed.
        elif not data and len(block) < size:
            data = memoryview(file.read(size))
            if not data:
                raise EOFError("ended before the end-of-stream marker was reached")
        if block:
            yield block
    if block:
        yield block


def _without_zeros(data: memoryview) -> memoryview:
    """Data without the zeros at its beginning."""
    if data and not data[0]:
        data = data[len(data) - len(bytes(data).lstrip(b"\0")) :]
    return data


class _Greedy:
    """A file that returns more bytes than a decompressor asks for, which is a few kB."""

    def __init__(self, file: IO[bytes], size: int):
        self._file, self._size = file, size

    def read(self, size: int = -1) -> bytes:
        """At most the larger of `size` and the size of this object; all bytes for -1."""
        return self._file.read(size if size < 0 else max(size, self._size))


def _damage() -> tuple[type[Exception], ...]:
    """The exceptions of the libraries for damaged data."""
    errors = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)
    zstd = _zstd()
    return errors if zstd is None else (*errors, zstd.ZstdError)


def _explained(error: Exception) -> str:
    """What is wrong with compressed data, by the exception of a library, and what to do."""
    for reason, advice in _ADVICE.items():
        if reason in str(error):
            return advice
    return f"the compressed data is damaged or cut short ({error}): download or write it again"


def suffix(path: str) -> str:
    """The compression suffix of a path, in lower case; "" if it has none."""
    ending = os.path.splitext(path)[1].lower()
    return ending if ending in SUFFIXES else ""


def plain_name(path: str) -> str:
    """A path without its compression suffix."""
    return path[: len(path) - len(suffix(path))]


def check_packer(path: str) -> None:
    """Raise W2VError if the suffix of a path names a compression that is not installed."""
    _check_library("zstd" if suffix(path) == ".zst" else "", path)


def packer(file: IO[bytes], path: str) -> AbstractContextManager[IO[bytes]]:
    """A file object that compresses into `file`, by the compression suffix of `path`.

    Without such a suffix, `file` itself is written.

    The same content always gives the same bytes: no time and no file name are stored.
    Raises W2VError as `check_packer` does
    """
    check_packer(path)
    compression = suffix(path)
    if compression == ".gz":
        return cast(Any, gzip.GzipFile("", "wb", 6, file, mtime=0))
    if compression == ".bz2":
        return cast(Any, bz2.BZ2File(file, "wb"))
    if compression == ".xz":
        return cast(Any, lzma.LZMAFile(file, "wb"))
    if compression == ".zst":
        zstd = cast(Any, _zstd())
        packed = zstd.ZstdFile(file, "wb", options={zstd.CompressionParameter.checksum_flag: 1})
        packed.write(b"")  # Without it, a file to which nothing is written would have no frame.
        return cast(Any, packed)
    return nullcontext(file)


@cache
def _zstd() -> Any:
    """The first module of _ZSTD_MODULES that is installed; None: none of them is."""
    for name in _ZSTD_MODULES:
        with suppress(ImportError):
            return import_module(name)
    return None


def _check_library(kind: str, name: str) -> None:
    """Raise W2VError if `kind` is zstd, but no library for it is installed."""
    if kind == "zstd" and _zstd() is None:
        raise W2VError(
            f"{name}: compression by zstd needs the package backports.zstd: pip install 'w2v[zst]'"
        )
