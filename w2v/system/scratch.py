"""The folder of large temporary files: that of --scratch, or of the variable TMPDIR."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from w2v.errors import W2VError

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))  # full, or beyond a quota
# The folder and the thread of each block of `used` that has not ended.
_blocks: list[tuple[str | None, int]] = []


@contextmanager
def used(path: str | None) -> Iterator[None]:
    """A block in which large temporary files are made in a folder; None: in that of TMPDIR.

    Of the blocks of several threads, the one that began last counts.
    Raises  W2VError if the folder does not exist, is no folder, or cannot be written
    """
    if path is not None:
        _check(path)
    block = path, threading.get_ident()  # compared by identity: others may be equal
    _blocks.append(block)
    try:
        yield
    finally:
        _blocks[:] = [each for each in _blocks if each is not block]


def _end_blocks_of_other_threads() -> None:
    """In a forked process, which has only the thread that forked: end what others have begun."""
    _blocks[:] = [block for block in _blocks if block[1] == threading.get_ident()]


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_end_blocks_of_other_threads)


def _given() -> str | None:
    """The folder of --scratch; None: it is not given."""
    return _blocks[-1][0] if _blocks else None


def _check(path: str) -> None:
    advice = "name a folder that exists and can be written"
    if not os.path.exists(path):
        raise W2VError(f"--scratch {path}: no such folder: {advice}")
    if not os.path.isdir(path):
        raise W2VError(f"--scratch {path} is not a folder: {advice}")
    try:
        tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        raise W2VError(f"--scratch {path}: {error.strerror}: {advice}") from None


def temporary_file() -> IO[bytes]:
    """Make an unlinked temporary file."""
    return tempfile.TemporaryFile(prefix="w2v-", dir=_given())


def folder() -> str:
    """The folder of the temporary files."""
    return _given() or tempfile.gettempdir()


def free_bytes() -> int:
    """The bytes of the folder's file system that are free for this user."""
    return shutil.disk_usage(folder()).free


def advice(error: int | None = errno.ENOSPC) -> str:
    """What to do when the folder cannot be used.

    error  the number of the error of the system
    """
    other = "with more space" if error in _FULL else "on a local disk"
    if _given() is not None:
        return f"give --scratch another folder, {other}"
    option = "add --scratch FOLDER, or " if _blocks else ""  # outside, a command has no --scratch
    return f"{option}set TMPDIR to a folder {other}"


@contextmanager
def named_in_errors() -> Iterator[None]:
    """A block whose OSErrors name the folder, and say how to choose another one."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror}: {advice(error.errno)}", folder()) from None
