"""Paths that name an open file descriptor, as /dev/stdout does.

If a shell has redirected stdout to a regular file, then /dev/stdout is a symbolic link to that file
on Linux. A program that replaced or reopened the file would lose what other programs have written,
or will write, through the descriptor of the shell.
"""

from __future__ import annotations

import os
import re
import stat
import sys

_LINKS = 40  # symbolic links that are followed; Linux follows as many


def file_descriptor(path: str) -> int | None:
    """The descriptor of a regular file that a path names; None if the path names no descriptor.

    path  such as /dev/stdout, /dev/fd/1 or /proc/self/fd/1, or a symbolic link to one of them

    None is also the answer for a descriptor of a device or a pipe, which can be opened by its path.
    """
    if os.name == "nt":
        return None
    folders = re.compile(rf"/dev/fd|/proc/{os.getpid()}/(task/\d+/)?fd")
    for _ in range(_LINKS):
        folder, name = os.path.split(os.path.abspath(path))
        folder = os.path.realpath(folder)
        if folders.fullmatch(folder) and re.fullmatch("[0-9]+", name):
            return int(name) if _is_regular(path) else None
        try:
            path = os.path.join(folder, os.readlink(path))
        except OSError:  # not a symbolic link
            return None
    return None


def _is_regular(path: str) -> bool:
    return os.path.exists(path) and stat.S_ISREG(os.stat(path).st_mode)


def duplicate(descriptor: int) -> int:
    """Duplicate a file descriptor, after what this program has printed is written."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    return os.dup(descriptor)
