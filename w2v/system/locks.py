"""Files that a living process holds: a killed one lets go of them, whatever else it leaves behind.

Where there are no locks (Windows, some network file systems), nothing is known about others.
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
_OURS = re.compile(r"(?:(\d+) (\S*)\n)?")  # a process and its host; empty for a moment


def hold(file: IO[bytes]) -> bool | None:
    """Hold an open file until it is closed: False where another does, None if nobody can know."""
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
    """Whether an open file is still the one with this path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.lstat(path))
    except FileNotFoundError:
        return False


def path_for(output: str) -> str:
    """The lock of a run that writes `output`."""
    return os.path.realpath(output) + SUFFIX


@contextmanager
def locked(output: str) -> Iterator[None]:
    """Be the only run that writes a file, until the end of the block.

    Raises W2VError where another process is, OSError where the lock cannot be made
    """
    path = path_for(output)
    file = None
    try:
        with DeferredSignals():  # so that a stop leaves no lock behind
            file = _taken(path, output)
        try:
            file.truncate(0)
            os.write(file.fileno(), f"{os.getpid()} {platform.node()}\n".encode())
        except OSError as error:  # of a write it does not say where
            raise OSError(error.errno, error.strerror, path) from None
        yield
    finally:
        if file:
            with DeferredSignals():
                with suppress(FileNotFoundError):
                    os.unlink(path)
                file.close()


def _taken(path: str, output: str) -> IO[bytes]:
    """The lock, open and held. One that is left of a killed process is taken over."""
    while True:
        how = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        file = os.fdopen(os.open(path, how, 0o666), "r+b")
        found = _OURS.fullmatch(file.read(1000).decode("ascii", "replace"))
        if not found:
            file.close()
            raise W2VError(f"{path} is no lock of w2v; move it away, or name another output")
        if hold(file) is False:
            file.close()
            raise W2VError(
                f"{output} is being written by another run, {_who(*found.groups())}: wait for it, "
                "or name another file by -o"
            )
        if is_at(file, path):
            file.seek(0)
            return file
        file.close()  # its owner has just removed it


def _who(process: str | None, host: str | None) -> str:
    if process is None:
        return "which has just begun"
    return f"process {process}" + f" on {host}" * (host != platform.node())
