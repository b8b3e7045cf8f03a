"""Pipes and standard input read as files: copied once, so that readers can seek and read again."""

from __future__ import annotations

import errno
import os
import stat
import sys
from shutil import copyfileobj
from typing import IO, Any, cast

STDIN = "-"
_BLOCK = 1 << 20  # bytes copied at a time
_copies: dict[str, IO[bytes]] = {}  # by path


def name_of(path: str) -> str:
    """What messages call a file."""
    return "stdin" if path == STDIN else path


def open_seekable(path: str) -> IO[bytes]:
    """Open a file for reading, from its beginning; `-` is standard input.

    A pipe is copied to an unlinked temporary file at the first call. Further calls with this path
    read the same copy, one after the other: they share its position. `forget` drops it.
    Raises OSError where the file cannot be read, or the temporary folder is full
    """
    if path not in _copies:
        if path == STDIN:
            _copies[path] = _copy(sys.stdin.buffer, path)
        elif (file := open(path, "rb")).seekable():  # noqa: SIM115 - it is what was asked for
            return file
        else:
            with file:
                _copies[path] = _copy(file, path)
    copy = _copies[path]
    copy.seek(0)
    return open(copy.fileno(), "rb", closefd=False)


def sha256_of(path: str) -> str:
    """The SHA-256 of the bytes of a file or pipe, in hexadecimal digits."""
    import hashlib

    with open_seekable(path) as file:
        return hashlib.file_digest(cast(Any, file), "sha256").hexdigest()


def is_pipe(path: str) -> bool:
    """Whether it can be read only once: a pipe, a socket, or standard input."""
    if path == STDIN:
        return True
    mode = os.stat(path).st_mode if os.path.exists(path) else 0
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def copied_to(folder: str, path: str) -> str:
    """Copy a pipe to a new file in a folder; returns its path."""
    found = os.path.join(folder, "vectors")
    with open_seekable(path) as pipe, open(found, "xb") as copy:
        copyfileobj(pipe, copy)
    forget(path)
    return found


def is_copied(path: str) -> bool:
    """Whether it is a pipe that `open_seekable` has copied."""
    return path in _copies


def forget(path: str | None = None) -> None:
    """Drop the copy of a pipe, or of all: whoever opens one now reads what comes next."""
    for each in [*_copies] if path is None else [path]:
        if each in _copies:
            _copies.pop(each).close()


def _copy(file: IO[bytes], path: str) -> IO[bytes]:
    """All that is still in a pipe, in a temporary file that has no name."""
    import tempfile  # rarely needed, and slow to import

    copy = tempfile.TemporaryFile(prefix="w2v-")  # noqa: SIM115 - it is kept
    try:
        copyfileobj(file, copy, _BLOCK)
        copy.flush()
    except OSError as error:
        copy.close()
        if error.errno != errno.ENOSPC:
            raise
        said = f"no space left in {tempfile.gettempdir()} for a copy; $TMPDIR names another folder"
        raise OSError(error.errno, said, name_of(path)) from None
    except BaseException:
        copy.close()
        raise
    return copy
