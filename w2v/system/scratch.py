"""The folder of large temporary files: that of --scratch, or of the variable TMPDIR."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from w2v.errors import W2VError

_folder: str | None = None  # that of --scratch
_is_option = False  # whether the command that runs has the option --scratch


@contextmanager
def used(path: str | None) -> Iterator[None]:
    """A block in which large temporary files are made in a folder; None: in that of TMPDIR.

    Raises  W2VError if the folder does not exist, is no folder, or cannot be written
    """
    global _folder, _is_option
    before = _folder, _is_option
    if path is not None:
        _check(path)
    _folder, _is_option = path, True
    try:
        yield
    finally:
        _folder, _is_option = before


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
    return tempfile.TemporaryFile(prefix="w2v-", dir=_folder)


def folder() -> str:
    """The folder of the temporary files."""
    return _folder or tempfile.gettempdir()


def free_bytes() -> int:
    """The bytes of the folder's file system that are free for this user."""
    return shutil.disk_usage(folder()).free


def advice() -> str:
    """What to do when the folder is full."""
    if _folder is not None:
        return "give --scratch another folder, with more space"
    option = "add --scratch FOLDER, or " if _is_option else ""
    return f"{option}set TMPDIR to a folder with more space"


@contextmanager
def named_in_errors() -> Iterator[None]:
    """A block whose OSErrors name the folder, and say how to choose another one."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror}: {advice()}", folder()) from None
