"""What a command writes, held against what it reads, before any work begins."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Mapping

from w2v.errors import W2VError
from w2v.system import atomic_file


def check(
    outputs: Mapping[str, str | None],
    inputs: Mapping[str, str | Iterable[str] | None],
    appended: Mapping[str, str | None] | None = None,
) -> None:
    """Find out that outputs would overwrite inputs or each other, or cannot be written.

    outputs   paths by what a user calls them, such as --plot; `-` is stdout, None none at all
    inputs    one or several paths by what they are, such as "one of the texts"; `-` is stdin
    appended  outputs that are added to; they are made if they are not there
    Raises    W2VError, and OSError where the system says why a file cannot be written

    Files are the same by path or, through links, by inode. Devices and pipes may be given twice.
    """
    added = {name: path for name, path in (appended or {}).items() if path is not None}
    written = {name: path for name, path in outputs.items() if path is not None}
    read: dict[object, str] = {}
    for what, paths in inputs.items():
        for path in [paths] if isinstance(paths, str) else paths or ():
            read |= dict.fromkeys(_identities(path, 0), what)
    by_identity: dict[object, str] = {}
    for name, path in {**written, **added}.items():
        for identity in _identities(path, 1):
            if identity in read:
                raise W2VError(f"{name} {path} is {read[identity]}; name another file to write")
            other = by_identity.setdefault(identity, name)
            if other != name:
                raise W2VError(f"{other} and {name} both write {path}; name two files")
    for path in written.values():
        if path == "-":
            _check_stdout()
        else:
            atomic_file.check_writable(path)
    for path in added.values():
        open(path, "ab").close()


def _check_stdout() -> None:
    """W2VError where standard output was closed when the program began."""
    try:
        os.write(1, b"")
    except OSError as error:
        if error.errno == errno.EBADF:
            raise W2VError("standard output is closed: redirect it: > FILE") from None


def _identities(path: str, standard: int) -> list[object]:
    """What tells that two paths are of the same file; nothing for a device, a pipe or a folder.

    standard  the descriptor that `-` stands for
    """
    try:
        found = os.fstat(standard) if path == "-" else os.stat(path)
    except OSError:  # not there, or closed
        return [os.path.realpath(path)] if path != "-" else [standard]
    known: list[object] = [standard] if path == "-" else []
    if stat.S_ISREG(found.st_mode):
        known.append((found.st_dev, found.st_ino))
        known += [os.path.realpath(path)] if path != "-" else []
    return known
