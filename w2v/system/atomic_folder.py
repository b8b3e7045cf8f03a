"""Atomic writing of a folder: it appears with all of its files, or not at all.

The files are written to a new folder, PATH.XXXXXXXX.part with 8 random hexadecimal digits, which is
renamed when it is complete.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

from w2v.errors import W2VError
from w2v.system.atomic_file import give_permissions, synchronize
from w2v.system.signals import DeferredSignals


@contextmanager
def replacing(path: str, names: Collection[str]) -> Iterator[str]:
    """Give the path of an empty folder that replaces `path` when the block ends.

    path    the path of the folder
    names   the names of its files, which the block writes
    Raises  W2VError if `path` is a file, or a folder with other files; OSError with `path`

    The permissions of an old folder and its files are kept.

    After an error, the new folder is removed and the old one is unchanged. A stop signal is
    deferred to the end of the block. The old folder is moved away just before the new one is moved
    to its place; a process that is killed between the two leaves it as PATH.XXXXXXXX.old. One that
    is killed earlier leaves the new folder as PATH.XXXXXXXX.part, which no later run removes.
    """
    target = os.path.realpath(path)
    with DeferredSignals():
        check(path, names)
        stem = f"{target}.{secrets.token_hex(4)}"
        part, old = stem + ".part", stem + ".old"
        try:
            os.mkdir(part, 0o700 if os.path.isdir(target) else 0o777)
            yield part
            for name in names:
                _synchronize(os.path.join(part, name))
            if os.path.isdir(target):
                _keep_permissions(part, target, names)
                _swap(part, target, old)
                _remove(old, names)
            else:
                os.rename(part, target)
        except BaseException as error:
            shutil.rmtree(part, ignore_errors=True)
            if isinstance(error, OSError) and str(error.filename or part).startswith(stem):
                reason = error.strerror or f"could not be written whole ({error})"
                raise OSError(error.errno, reason, path) from None
            raise


def _keep_permissions(part: str, target: str, names: Collection[str]) -> None:
    """Give a new folder and its files the permissions of those that they replace."""
    for name in (*names, "."):
        with suppress(FileNotFoundError):
            give_permissions(os.path.join(part, name), os.stat(os.path.join(target, name)))


def _swap(part: str, target: str, old: str) -> None:
    """Move the folder `target` to `old`, and `part` to `target`; undone if the second fails."""
    os.rename(target, old)
    try:
        os.rename(part, target)
    except BaseException:
        os.rename(old, target)
        raise


def _remove(folder: str, names: Collection[str]) -> None:
    """Remove a folder with these files; it stays if somebody has put another file into it."""
    with suppress(OSError):
        for name in names:
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(folder, name))
        os.rmdir(folder)


def _synchronize(path: str) -> None:
    """Wait until the content of a file is on the disk."""
    with open(path, "r+b") as file:
        synchronize(file)


def check(path: str, names: Collection[str]) -> None:
    """Raise an error if `replacing` could not write the folder; call this before the work.

    As a test, a folder is created beside it and removed.
    """
    target = os.path.realpath(path)
    if os.path.isdir(target):
        for other in sorted(set(os.listdir(target)) - set(names)):
            raise W2VError(
                f"{path} is a folder with other files, such as {other}: name a new folder"
            )
    elif os.path.exists(target):
        raise W2VError(f"{path} is a file, and a folder is to be written: name a new folder")
    if not os.path.isdir(os.path.dirname(target)):
        raise W2VError(f"{path}: there is no folder {os.path.dirname(target)}: create it first")
    test = f"{target}.{secrets.token_hex(4)}.part"
    try:
        os.mkdir(test)
        os.rmdir(test)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
