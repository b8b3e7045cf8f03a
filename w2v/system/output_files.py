"""Checks the outputs of a command before it starts: against its inputs, and for being writable."""

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
    """Raise an error if an output would overwrite an input or another output, or is not writable.

    outputs   a path for each option, such as --plot, to name it in messages; `-` is stdout, None
              is no output
    inputs    one or several paths for each description, such as "one of the texts"; `-` is stdin
    appended  outputs that are appended to; they are created if they do not exist
    Raises    W2VError for a conflict, W2VError or OSError for an output that cannot be written

    Two paths name the same file if their real paths or their inodes are equal. A device or pipe may
    be given twice.
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
                raise W2VError(f"{name} {path} is {read[identity]}: name another file to write")
            other = by_identity.setdefault(identity, name)
            if other != name:
                raise W2VError(f"{other} and {name} both write {path}: name two files")
    for path in written.values():
        if path == "-":
            _check_stdout()
        else:
            atomic_file.check_writable(path)
    for path in added.values():
        open(path, "ab").close()


def _check_stdout() -> None:
    """Raise W2VError if standard output was closed when the program started."""
    try:
        os.write(1, b"")
    except OSError as error:
        if error.errno == errno.EBADF:
            raise W2VError("standard output is closed: redirect it: > FILE") from None


def _identities(path: str, standard: int) -> list[object]:
    """Keys by which a path is compared with others; none for a device, a pipe or a folder.

    standard  the file descriptor of `-`, 0 or 1, which is a key of its own
    """
    try:
        status = os.fstat(standard) if path == "-" else os.stat(path)
    except OSError:  # a file that does not exist, or a closed descriptor
        return [os.path.realpath(path)] if path != "-" else [standard]
    keys: list[object] = [standard] if path == "-" else []
    if stat.S_ISREG(status.st_mode):
        keys.append((status.st_dev, status.st_ino))
        keys += [os.path.realpath(path)] if path != "-" else []
    return keys
