"""Files that are written whole or not at all, and the parts that they are written as."""

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
    """Open a file for writing that takes the place of `path` only when all is written.

    What is written goes to a new file beside it, to disk, and is then renamed. It has the mode of
    the file that it replaces, or else that of `like`. After an error the old file is as it was; a
    stop signal waits until all is written. A device or pipe is written to directly, and so is
    stdout, named `-`.
    """
    if path == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()  # a full disk, or a closed stream, shows now
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
    """As `replacing`; what is written is packed where the name ends in .gz, .bz2 or .xz."""
    with replacing(path) as file, packing.packer(file, path) as packing_file:
        yield packing_file


@contextmanager
def _named(path: str, target: str | None = None) -> Iterator[None]:
    """Let errors of writing say of which file; NumPy's do not even say which error it is."""
    try:
        yield
    except OSError as error:
        if error.filename is None or (target and _is_part(str(error.filename), target)):
            said = error.strerror or f"could not be written whole ({error}): is the disk full?"
            raise OSError(error.errno, said, path) from None
        raise


def _part(target: str, like: str) -> IO[bytes]:
    """Open a new file beside `target`, with a name of its own, that is held while it is open.

    It is made anew: nobody can leave a link there, to another file, that is written through.
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
            os.chmod(part, mode)  # which the user's mask has nothing to do with
        locks.hold(file)
        if locks.is_at(file, part):
            return file
        file.close()  # taken for one of a killed process before it was held


def _is_part(path: str, target: str) -> bool:
    return re.fullmatch(re.escape(target) + r"\.[0-9a-f]{8}\.part", path) is not None


def remove_parts(target: str) -> None:
    """Remove what processes that were killed while they wrote `target` have left beside it."""
    folder = os.path.dirname(target)
    with suppress(OSError):
        for name in os.listdir(folder or "."):
            part = os.path.join(folder, name)
            if _is_part(part, target) and not os.path.islink(part):
                with suppress(OSError), open(part, "r+b") as file:
                    if locks.hold(file):
                        os.unlink(part)


def check_writable(path: str) -> None:
    """Find out, before hours of work, that `path` could not be written: OSError or W2VError.

    Permissions are not enough to tell (root passes every check, and /proc takes no files), so a
    file beside it is made and removed.
    """
    if os.path.isdir(path):
        raise W2VError(f"{path} is a directory; name a file in it")
    if path != "-" and not is_device(path):
        target = os.path.realpath(path)
        if not os.path.isdir(os.path.dirname(target)):
            raise W2VError(f"{path}: there is no folder {os.path.dirname(target)}; make it first")
        with DeferredSignals(), _named(path, target), _part(target, target) as file:
            os.unlink(file.name)


def is_device(path: str) -> bool:
    """Whether something is there that is written to directly: a device or a pipe."""
    return os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode)
