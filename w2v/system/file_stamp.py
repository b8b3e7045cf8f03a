"""Whether a file is still the one that was opened before: its inode, size and time of change."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from w2v.errors import W2VError

Stamp = tuple[int, ...]


def stamp_of(path: str) -> Stamp | None:
    """The stamp of a file, to compare later; None for a folder and for a file that is missing."""
    with suppress(OSError, ValueError):
        status = os.stat(path)
        if stat.S_ISREG(status.st_mode):
            return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
    return None


def check_unchanged(path: str, stamp: Stamp | None, advice: str = "") -> None:
    """Raise W2VError if the file at a path is another one than that with the stamp.

    stamp   the stamp of the file when it was loaded; None: not known
    advice  what can be done besides loading the file again
    """
    if stamp and stamp_of(path) not in (stamp, None):  # opening a missing file raises an OSError
        raise W2VError(f"{path} has changed since it was loaded: load it again{advice}")
