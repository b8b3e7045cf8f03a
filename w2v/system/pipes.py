"""Opens pipes and standard input as seekable files, by a copy of each in a temporary file."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Sequence
from shutil import copyfileobj
from typing import IO, Any, cast

STDIN = "-"
_BLOCK = 1 << 20  # bytes copied at a time
_SHOWN = 3  # number of many files that a message names
_copies: dict[str, IO[bytes]] = {}  # the copies of pipes, by path


def name_of(path: str) -> str:
    """The name of a file in messages."""
    return "stdin" if path == STDIN else path


def names_of(paths: Sequence[str]) -> str:
    """The names of files in messages; of many files those of the first ones, and the number."""
    shown = paths if len(paths) <= _SHOWN + 1 else paths[:_SHOWN]
    names = ", ".join(map(name_of, shown))
    return names if shown is paths else f"{names} and {len(paths) - _SHOWN:,} other files"


def output_name(path: str) -> str:
    """The name of an output file in messages; `-` is standard output."""
    return "stdout" if path == STDIN else path


def open_seekable(path: str) -> IO[bytes]:
    """Open a file for reading, from its beginning; `-` is standard input.

    A pipe is copied to an unlinked temporary file at the first call. Later calls with the same path
    open the same copy, until `forget` deletes it. All file objects of a copy share one file
    position, so that only one of them can be read at a time.
    Raises OSError if the file cannot be read, or the temporary folder is full
    """
    if path not in _copies:
        if path == STDIN:
            _copies[path] = _copy(sys.stdin.buffer, path)
        elif (file := open(path, "rb")).seekable():  # noqa: SIM115 - the caller closes it
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
    """Whether a path can be read only once, because it is a pipe, a socket or standard input."""
    if path == STDIN:
        return True
    mode = os.stat(path).st_mode if os.path.exists(path) else 0
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def copied_to(folder: str, path: str) -> str:
    """Copy a pipe to a new file with the name `vectors` in a folder; returns its path."""
    copied = os.path.join(folder, "vectors")
    with open_seekable(path) as pipe, open(copied, "xb") as copy:
        copyfileobj(pipe, copy)
    forget(path)
    return copied


def is_copied(path: str) -> bool:
    """Whether `open_seekable` has copied the pipe with this path."""
    return path in _copies


def forget(path: str | None = None) -> None:
    """Delete the copy of a pipe, or of all pipes, so that `open_seekable` reads new data.

    path  the path of the pipe; None: all pipes
    """
    for copied in [*_copies] if path is None else [path]:
        if copied in _copies:
            _copies.pop(copied).close()


def _copy(file: IO[bytes], path: str) -> IO[bytes]:
    """Copy the rest of a pipe to an unlinked temporary file."""
    from w2v.system import scratch  # imported here because it is slow to import and rarely needed

    copy = scratch.temporary_file()  # `forget` closes it
    try:
        copyfileobj(file, copy, _BLOCK)
        copy.flush()
    except OSError as error:
        copy.close()
        if error.errno != errno.ENOSPC:
            raise
        reason = f"no space left in {scratch.folder()} for a copy: {scratch.advice()}"
        raise OSError(error.errno, reason, name_of(path)) from None
    except BaseException:
        copy.close()
        raise
    return copy
