"""Reads lists of files: a path on each line, or separated by NUL, as `find -print0` writes them."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator

from w2v.errors import W2VError
from w2v.system.pipes import name_of, open_seekable
from w2v.system.remote_files import is_address, matches
from w2v.system.text_file import chunks

LONGEST = 1 << 30  # maximum bytes of a list
_SHOWN = 200  # maximum characters of a path in a message


def paths_in(path: str) -> list[tuple[str, str]]:
    """The paths that a list of files names, each with its place, such as "list: row 3".

    path    the list; `-` is stdin. If it has NUL bytes, these separate the paths, which then may
            contain line ends; otherwise each line is a path. Blank rows are left out
    Raises  W2VError for a path that does not exist or a glob that nothing matches, for a list
            without paths, or for one of more than 1 GiB; OSError for a list that cannot be read

    Paths are relative to the current folder, wherever the list is. A glob (*, ?, [a-z], and ** for
    folders at any depth) stands for the files that match it, sorted; but the path of an existing
    file is no glob. An address without a glob is not checked, and neither is `-`, which is stdin.
    """
    name = name_of(path)
    data = _read(path, name)
    separator = b"\0" if b"\0" in data else b"\n"
    found = []
    for number, row in enumerate(data.split(separator), 1):
        entry = row if separator == b"\0" else row.removesuffix(b"\r")
        if not entry.strip():
            continue
        listed, where = os.fsdecode(entry), f"{name}: row {number}"
        found += [(match, where) for match in _matches(listed, where)]
    if not found:
        raise W2VError(f"{name}: the list names no files: write a path on each line")
    return found


def _matches(listed: str, where: str) -> list[str]:
    """The paths that a row of a list names: itself, or those that match it if it is a glob."""
    if listed == "-" or os.path.exists(listed):
        return [listed]
    if is_address(listed):
        try:
            return matches(listed)
        except (W2VError, OSError) as error:
            raise W2VError(f"{where}: {_text_of(error)}") from None
    if not glob.has_magic(listed):
        raise W2VError(f"{where}: no such file: {_shown(listed)}")
    found = sorted(glob.glob(listed, recursive=True))
    if "**" in listed:  # the files in the folders match, too
        found = [path for path in found if not os.path.isdir(path)]
    if not found:
        raise W2VError(f"{where}: no file matches {_shown(listed)}")
    return found


def _shown(listed: str) -> str:
    """A path of a list in a message of one line; a list with NUL may have line ends in paths."""
    shown = listed[:_SHOWN]
    return shown if shown.isprintable() else repr(shown)


def _text_of(error: Exception) -> str:
    """An error in words; that of a file with its name."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _read(path: str, name: str) -> bytes:
    """The bytes of a list, decompressed; W2VError if there are more than `LONGEST`."""

    def _blocks() -> Iterator[bytes]:
        size = 0
        with open_seekable(path) as file:
            for block in chunks(file, name):
                size += len(block)
                if size > LONGEST:
                    raise W2VError(f"{name}: more than {LONGEST >> 30} GiB: not a list of files")
                yield block

    return b"".join(_blocks())
