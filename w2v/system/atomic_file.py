"""Atomic writing: a file is replaced as a whole, or stays as it was.

New content goes to a part file, PATH.XXXXXXXX.part with 8 random hexadecimal digits, which is
renamed when it is complete.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import IO

from w2v.errors import W2VError
from w2v.system import locks, packing
from w2v.system.signals import DeferredSignals


@contextmanager
def replacing(path: str, like: str | None = None) -> Iterator[IO[bytes]]:
    """Open a file for writing that replaces `path` when the block ends.

    The content is written to a part file in the same folder, synchronized with the disk, and then
    renamed to `path`. Its permissions are those of the file that it replaces, or else those of the
    file `like`. After an error the part file is removed and the old file is unchanged. A stop
    signal is deferred to the end of the block. A device, a pipe or stdout (`-`) is written
    directly.
    Raises OSError with the path of the file
    """
    if path == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()  # raises here if the disk is full or the stream is closed
        return
    if is_device(path):
        with _named(path), open(path, "wb") as file:
            yield file
        return
    target = os.path.realpath(path)
    with DeferredSignals(), _named(path, target):
        remove_parts(target)
        with _part(target, like or target) as file:
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                os.replace(file.name, target)
            except BaseException:
                with suppress(OSError):
                    os.unlink(file.name)
                raise


@contextmanager
def packed(path: str) -> Iterator[IO[bytes]]:
    """As `replacing`; the content is compressed if the name ends in .gz, .bz2 or .xz."""
    with replacing(path) as file, packing.packer(file, path) as packing_file:
        yield packing_file


@contextmanager
def _named(path: str, target: str | None = None) -> Iterator[None]:
    """Add `path` to an OSError without a path, or with that of a part file of `target`.

    NumPy's errors of writing have neither a path nor an error number.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None or (target and _is_part(str(error.filename), target)):
            reason = error.strerror or f"could not be written whole ({error}): is the disk full?"
            raise OSError(error.errno, reason, path) from None
        raise


def _part(target: str, like: str) -> IO[bytes]:
    """Create and lock a part file of `target`, with the permissions of `target` or else of `like`.

    The file must be new, so that a link that another user has put there is never written through.
    """
    mode = None
    for known in (target, like):
        with suppress(OSError):
            mode = mode or stat.S_IMODE(os.stat(known).st_mode) & 0o777
    opener = partial(os.open, mode=mode or 0o666)
    while True:
        part = f"{target}.{secrets.token_hex(4)}.part"
        file = open(part, "xb", opener=opener)  # noqa: SIM115 - the caller closes it
        if mode is not None:
            os.chmod(part, mode)  # `open` has applied the umask
        locks.hold(file)
        if locks.is_at(file, part):
            return file
        file.close()  # another process has removed it, as a leftover, before it was locked


def _is_part(path: str, target: str) -> bool:
    return re.fullmatch(re.escape(target) + r"\.[0-9a-f]{8}\.part", path) is not None


def remove_parts(target: str) -> None:
    """Remove part files of `target` that killed processes have left; locked files are in use."""
    folder = os.path.dirname(target)
    with suppress(OSError):
        for name in os.listdir(folder or "."):
            part = os.path.join(folder, name)
            if _is_part(part, target) and not os.path.islink(part):
                with suppress(OSError), open(part, "r+b") as file:
                    if locks.hold(file):
                        os.unlink(part)


def check_writable(path: str) -> None:
    """Raise OSError or W2VError, before hours of work, if `path` cannot be written.

    A part file is created and removed, because permissions alone are not enough: root passes every
    check, and /proc accepts no files.
    """
    if os.path.isdir(path):
        raise W2VError(f"{path} is a directory: name a file in it")
    if path != "-" and not is_device(path):
        target = os.path.realpath(path)
        if not os.path.isdir(os.path.dirname(target)):
            raise W2VError(f"{path}: there is no folder {os.path.dirname(target)}: create it first")
        with DeferredSignals(), _named(path, target), _part(target, target) as file:
            os.unlink(file.name)


def is_device(path: str) -> bool:
    """Whether `path` exists and is a device or a pipe, which is written directly."""
    return os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode)
