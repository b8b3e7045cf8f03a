"""Lock files, by which only one process at a time writes an output.

The locks are those of flock(2): the system releases them when a process ends, even if it is killed
and leaves the file behind. Where there are no such locks (Windows, some network file systems),
other processes are not noticed.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from w2v.errors import W2VError
from w2v.system.signals import DeferredSignals

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]

SUFFIX = ".lock"
_OURS = re.compile(r"(?:(\d+) (\S*)\n)?")  # a process id and host; empty until they are written


def hold(file: IO[bytes]) -> bool | None:
    """Lock an open file until it is closed; False if it is locked already, None without locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def is_at(file: IO[bytes], path: str) -> bool:
    """Whether an open file is still the file at `path`, which another process may have removed."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.lstat(path))
    except FileNotFoundError:
        return False


def path_for(output: str) -> str:
    """The path of the lock file of a run that writes `output`."""
    return os.path.realpath(output) + SUFFIX


@contextmanager
def locked(output: str) -> Iterator[None]:
    """A block in which this process alone writes `output`.

    Raises W2VError if another run writes it, OSError if the lock file cannot be created
    """
    path = path_for(output)
    file = None
    try:
        with DeferredSignals():  # a stop signal in between would leave the lock file behind
            file = _taken(path, output)
        try:
            file.truncate(0)
            os.write(file.fileno(), f"{os.getpid()} {platform.node()}\n".encode())
        except OSError as error:  # an error of `os.write` has no path
            raise OSError(error.errno, error.strerror, path) from None
        yield
    finally:
        if file:
            with DeferredSignals():
                with suppress(FileNotFoundError):
                    os.unlink(path)
                file.close()


def _taken(path: str, output: str) -> IO[bytes]:
    """Open and lock the lock file; one that a killed process has left is taken over."""
    while True:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        file = os.fdopen(os.open(path, flags, 0o666), "r+b")
        owner = _OURS.fullmatch(file.read(1000).decode("ascii", "replace"))
        if not owner:
            file.close()
            raise W2VError(f"{path} is not a lock file of w2v: move it, or name another output")
        if hold(file) is False:
            file.close()
            raise W2VError(
                f"{output} is being written by another run, {_run(*owner.groups())}: wait for it, "
                "or name another file with -o"
            )
        if is_at(file, path):
            file.seek(0)
            return file
        file.close()  # its owner has just removed it


def _run(process: str | None, host: str | None) -> str:
    """A run in words, for a message."""
    if process is None:
        return "which has just begun"
    return f"process {process}" + f" on {host}" * (host != platform.node())
