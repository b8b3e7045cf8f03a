"""Lock files, which ensure that only one process at a time writes an output.

The locks are those of flock(2), or on Windows those of _locking. The system releases them when a
process ends, even if the process is killed and its lock file stays. On some network file systems
there are no such locks, and other processes are not noticed.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from w2v.errors import W2VError
from w2v.system.signals import DeferredSignals

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]
try:
    import msvcrt
except ModuleNotFoundError:  # all other systems
    msvcrt = None  # type: ignore[assignment]

SUFFIX = ".lock"
WINDOWS = os.name == "nt"
# Windows lets nobody else read or write a locked byte: this one is behind the end of any file.
_LOCKED_BYTE = (1 << 31) - 2
# The content of our lock files: a process id and a host. A new file is empty at first.
_CONTENT = re.compile(r"(?:(\d+) (\S*)\n)?")


def hold(file: IO[bytes]) -> bool | None:
    """Lock an open file until it is closed; returns whether it could be locked.

    Returns False if the file is locked already, and None if the system has no locks.
    """
    if fcntl is None:
        return _hold_byte(file.fileno())
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _hold_byte(descriptor: int) -> bool | None:
    """Lock a byte of a file on Windows; returns as `hold`."""
    if msvcrt is None:
        return None
    locking: Any = msvcrt  # mypy knows its names only on Windows
    position = os.lseek(descriptor, 0, os.SEEK_CUR)
    try:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        locking.locking(descriptor, locking.LK_NBLCK, 1)
    except PermissionError:
        return False
    except OSError:
        return None
    finally:
        os.lseek(descriptor, position, os.SEEK_SET)
    return True


def remove(file: IO[bytes], path: str) -> None:
    """Delete an open file and close it.

    It is deleted first, so that it stays locked until it is gone. Windows deletes no open file.
    Raises OSError if it cannot be deleted; it is closed in any case
    """
    try:
        if WINDOWS:
            file.close()
    finally:
        try:
            os.unlink(path)
        finally:
            file.close()


def is_at(file: IO[bytes], path: str) -> bool:
    """Whether an open file is still the file at `path`; another process may have removed it."""
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
        with DeferredSignals():  # A stop signal in between would leave the lock file.
            file = _open_locked(path, output)
        try:
            file.truncate(0)
            os.write(file.fileno(), f"{os.getpid()} {platform.node()}\n".encode())
        except OSError as error:  # an error of `os.write` has no path
            raise OSError(error.errno, error.strerror, path) from None
        yield
    finally:
        if file:
            # On Windows, another process may just be reading whose lock it is. The next run uses a
            # lock file that is left.
            with DeferredSignals(), suppress(FileNotFoundError, PermissionError):
                remove(file, path)


def _open_locked(path: str, output: str) -> IO[bytes]:
    """Open the lock file of `output` and lock it. The file of a killed process is reused."""
    while True:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        file = os.fdopen(os.open(path, flags, 0o666), "r+b")
        owner = _CONTENT.fullmatch(file.read(1000).decode("ascii", "replace"))
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
        file.close()  # The process that held the lock has just removed the file.


def _run(process: str | None, host: str | None) -> str:
    """A description of the run that holds a lock, for a message."""
    if process is None:
        return "which has just begun"
    return f"process {process}" if host == platform.node() else f"process {process} on {host}"
