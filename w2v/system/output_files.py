"""Checks, before a command starts, that its outputs can be written and overwrite no input."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Mapping

from w2v.errors import W2VError
from w2v.system import atomic_file, atomic_folder
from w2v.system.remote_files import local_paths


def check(
    outputs: Mapping[str, str | None],
    inputs: Mapping[str, str | Iterable[str] | None],
    appended: Mapping[str, str | None] | None = None,
) -> None:
    """Raise an error if an output would overwrite an input or another output, or is not writable.

    outputs   the path of each output, by its option, such as --plot, for messages; `-` is stdout,
              None means no output
    inputs    one or several paths, by their description in messages, such as "one of the texts";
              `-` is stdin
    appended  like `outputs`, for files to which the command appends
    Raises    W2VError for a conflict, W2VError or OSError for an output that cannot be written

    Two paths name the same file if their real paths or their inodes are equal. A device or pipe may
    be given twice.
    """
    appended_paths = {name: path for name, path in (appended or {}).items() if path is not None}
    written_paths = {name: path for name, path in outputs.items() if path is not None}
    for name, path in {**written_paths, **appended_paths}.items():
        if not path:  # a variable of a shell that is not set
            raise W2VError(f"{name}: the path is empty: name a file")
    check_apart({**written_paths, **appended_paths}, inputs)
    for path in written_paths.values():
        if path == "-":
            _check_stdout()
        else:
            atomic_file.check_writable(path)
    for path in appended_paths.values():
        if path == "-":
            _check_stdout()
            continue
        if atomic_file.is_named_pipe(path):  # its reader would end when it is closed
            continue
        is_new = not os.path.exists(path)
        atomic_file.appending(path).close()
        if is_new:
            os.unlink(os.path.realpath(path))  # a link to it stays


def check_folder(
    option: str, path: str, files: Iterable[str], inputs: Mapping[str, str | Iterable[str] | None]
) -> None:
    """As `check`, for an output that is a folder.

    option  the option or argument of the folder, for messages
    path    the path of the folder
    files   the paths of its files
    inputs  as in `check`
    """
    for file in files:
        check_apart({option: file}, inputs)
    atomic_folder.check(path, [os.path.basename(file) for file in files])


def check_apart(
    outputs: Mapping[str, str], inputs: Mapping[str, str | Iterable[str] | None]
) -> None:
    """Raise W2VError if an output is an input, or two outputs are one file; see `check`.

    Nothing is written, not even as a test.
    """
    input_by_identity: dict[object, str] = {}
    folders: dict[str, str] = {}
    for description, paths in inputs.items():
        for path in [paths] if isinstance(paths, str) else paths or ():
            for read in local_paths(path):
                input_by_identity |= dict.fromkeys(_identities(read, 0), description)
                if os.path.isdir(read):
                    folders[os.path.join(os.path.realpath(read), "")] = description
    output_by_identity: dict[object, str] = {}
    for name, path in outputs.items():
        _check_outside(name, path, folders)
        for identity in _identities(path, 1):
            if identity in input_by_identity:
                description = input_by_identity[identity]
                raise W2VError(f"{name} {path} is {description}: name another file to write")
            other = output_by_identity.setdefault(identity, name)
            if other != name:
                raise W2VError(f"{other} and {name} both write {path}: name two files")


def _check_outside(name: str, path: str, folders: Mapping[str, str]) -> None:
    """Raise W2VError if an output would replace a file of a folder that is read.

    folders  the descriptions of the folders, by their real paths with a separator at the end
    """
    written = os.path.realpath(path)
    if not os.path.isfile(written):
        return
    for folder, description in folders.items():
        inner = written.removeprefix(folder)
        # Files and folders that a dot hides are not read.
        if inner != written and not any(part.startswith(".") for part in inner.split(os.sep)):
            raise W2VError(f"{name} {path} is {description}: name another file to write")


def _check_stdout() -> None:
    """Raise W2VError if standard output was closed when the program started."""
    try:
        os.write(1, b"")
    except OSError as error:
        if error.errno == errno.EBADF:
            raise W2VError("standard output is closed: redirect it: > FILE") from None


def _identities(path: str, standard: int) -> list[object]:
    """Keys of the file at a path: two paths with a common key name the same file.

    A device, a pipe or a folder has no keys.

    standard  the file descriptor of the path `-`, 0 or 1, which is also a key
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
