"""Atomic writing: a file is replaced as a whole, or stays as it was.

New content goes to a part file, PATH.XXXXXXXX.part with 8 random hexadecimal digits, which is
renamed when it is complete.

Windows neither renames, replaces nor deletes a file that is open or mapped, in this process or in
another one. There a part file is closed before it is renamed, and its lock ends a moment earlier.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
import sys
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import IO

from w2v.errors import W2VError
from w2v.system import locks, packing
from w2v.system.descriptor_paths import duplicate, file_descriptor
from w2v.system.signals import DeferredSignals

WINDOWS = os.name == "nt"
# What file systems answer that lack a function: some mounted network shares and buckets.
_UNSUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


@contextmanager
def replacing(path: str, like: str | None = None) -> Iterator[IO[bytes]]:
    """Open a file for writing that replaces `path` when the block ends.

    path    the path of the file; a device, a pipe, stdout (`-`) or an open file descriptor, such as
            /dev/stdout, is written directly
    like    a file whose permissions a new file gets; None: the default permissions. If `path`
            exists, its permissions are kept, see `give_permissions`
    Raises  OSError with the path of the file; W2VError if the path ends in a separator

    The content is written to a part file in the same folder, which is synchronized with the disk
    and then renamed to `path`. After an error, the part file is removed and the old file is
    unchanged. But if only `path` cannot be replaced, because another program has it open (Windows)
    or protects it, the new content stays beside it, and the error names that file. A file that is
    mounted by itself, as into a container, cannot be replaced: its content is overwritten. A stop
    signal is deferred to the end of the block.
    """
    if path == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()  # raises here if the disk is full or the stream is closed
        return
    if is_device(path):
        with _named(path), open(path, "wb", opener=_open_directly) as file:
            yield file
        return
    _check_name(path)
    target = os.path.realpath(path)
    with DeferredSignals(), _named(path, target):
        remove_parts(target)
        with _part(target, like or target) as file:
            try:
                yield file
                file.flush()
                synchronize(file)
                if WINDOWS:
                    file.close()
                _replace(file.name, target, path)
            except BaseException:
                with suppress(OSError):
                    locks.remove(file, file.name)
                raise


def appending(path: str) -> IO[bytes]:
    """Open a file to write at its end; `path` may also name an open file descriptor, as - does."""
    if path == "-":
        return open(1, "ab", closefd=False)
    return open(path, "ab", opener=_open_directly)


class AppendedFile:
    """A file at whose end is written; it is opened for each write, but a named pipe only once.

    Otherwise the reader of a named pipe would end after the first write, and the next one would
    wait for another reader.

    path  the path, as in `appending`
    """

    def __init__(self, path: str):
        self.path = path
        self._pipe: IO[bytes] | None = None

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """A block that writes to the file; OSError if it cannot be written."""
        if self._pipe is None and is_named_pipe(self.path):
            # Nothing is buffered, so that nothing is left to be written after the reader has ended.
            self._pipe = open(self.path, "ab", buffering=0)  # noqa: SIM115
            weakref.finalize(self, self._pipe.close)
        if self._pipe is not None:
            yield self._pipe
            return
        with appending(self.path) as file:
            yield file


def is_named_pipe(path: str) -> bool:
    """Whether a path is that of a pipe, which waits for its reader when it is opened."""
    return os.path.exists(path) and stat.S_ISFIFO(os.stat(path).st_mode)


def _open_directly(path: str, flags: int) -> int:
    """Open a path as `os.open` does, or duplicate the descriptor of a file that the path names."""
    descriptor = file_descriptor(path)
    return os.open(path, flags, 0o666) if descriptor is None else duplicate(descriptor)


def synchronize(file: IO[bytes]) -> None:
    """Wait until the content of a file is on the disk, if its file system can tell."""
    try:
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def _replace(part: str, target: str, path: str) -> None:
    """Rename a complete part file to `target`, or else to a new name beside it.

    path    the path of `target` that the user has given, for the message
    Raises  W2VError if `target` cannot be replaced
    """
    try:
        os.replace(part, target)
    except PermissionError as error:
        raise _kept(part, target, path, error) from None
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        try:
            _overwrite(target, part)
        except OSError as failure:
            raise _kept(part, target, path, failure) from None


def _kept(part: str, target: str, path: str, error: OSError) -> W2VError:
    """Rename a part file to a new name beside `target`; returns the error that names it."""
    folder, name = os.path.split(target)
    stem, suffix = os.path.splitext(name)
    kept = os.path.join(folder, f"{stem}.new-{secrets.token_hex(4)}{suffix}")
    os.replace(part, kept)
    return W2VError(
        f"{path}: cannot be replaced ({error.strerror}): the new content is in {kept}; if "
        f"another program has {path} open, end it, then rename the new file"
    )


def _overwrite(target: str, part: str) -> None:
    """Overwrite the content of a mounted file, whose name the system keeps, and remove `part`."""
    with open(part, "rb") as source, open(target, "r+b") as file:
        shutil.copyfileobj(source, file)
        file.truncate()
        file.flush()
        synchronize(file)
    os.unlink(part)


@contextmanager
def packed(path: str) -> Iterator[IO[bytes]]:
    """Like `replacing`; the content is compressed if `path` ends in .gz, .bz2, .xz or .zst."""
    with replacing(path) as file, packing.packer(file, path) as packing_file:
        yield packing_file


@contextmanager
def packed_within(files: ExitStack, path: str) -> Iterator[IO[bytes]]:
    """Like `packed`, for one of several files: either all of them are replaced or none.

    files  the block of all files, which replaces them when it ends. The content of this file must
           be complete before: after this block, it is in the part file on the disk
    """
    file = files.enter_context(replacing(path))
    with packing.packer(file, path) as packing_file:
        yield packing_file
    file.flush()
    if path != "-":
        synchronize(file)


@contextmanager
def _named(path: str, target: str | None = None) -> Iterator[None]:
    """Put `path` into an OSError that has no path, or the path of a part file of `target`.

    When NumPy cannot write, its errors have neither a path nor an error number.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None or (target and _is_part(str(error.filename), target)):
            reason = error.strerror or f"could not be written whole ({error}): is the disk full?"
            raise OSError(error.errno, reason, path) from None
        raise


def _part(target: str, like: str) -> IO[bytes]:
    """Create and lock a part file of `target`, with the permissions of `target` or else of `like`.

    The file must be new. Otherwise another user could have put a link there, and the content would
    be written to the target of the link.
    """
    status = None
    for existing in (target, like):
        with suppress(OSError):
            status = status or os.stat(existing)
    opener = partial(os.open, mode=stat.S_IMODE(status.st_mode) & 0o777 if status else 0o666)
    while True:
        part = f"{target}.{secrets.token_hex(4)}.part"
        file = open(part, "xb", opener=opener)  # noqa: SIM115 - the caller closes it
        try:
            if status:
                give_permissions(part, status)  # `open` has applied the umask
            locks.hold(file)
            if locks.is_at(file, part):
                return file
        except BaseException:
            with suppress(OSError):
                locks.remove(file, part)
            raise
        file.close()  # Another process has removed the file, as a leftover, before it was locked.


def give_permissions(path: str, like: os.stat_result) -> None:
    """Give a new file or folder the permissions of another one, and if possible owner and group.

    A group that cannot be given gets no permissions that other users do not have: it would be
    another group than the one that had them.
    """
    mode, new = stat.S_IMODE(like.st_mode) & 0o777, os.stat(path)
    if (new.st_uid, new.st_gid) != (like.st_uid, like.st_gid):
        for owner in (like.st_uid, -1):  # only root may change the owner
            with suppress(OSError):
                os.chown(path, owner, like.st_gid)
                break
        else:
            mode &= ~0o070 | (mode & 0o007) << 3
    _set_mode(path, mode)


def _set_mode(path: str, mode: int) -> None:
    """Set the permissions of a file, unless its file system has the same for all files."""
    try:
        os.chmod(path, mode)
    except OSError as error:
        if error.errno not in (errno.EPERM, *_UNSUPPORTED):
            raise


def _is_part(path: str, target: str) -> bool:
    """Whether a path is that of a part file of `target`."""
    return re.fullmatch(re.escape(target) + r"\.[0-9a-f]{8}\.part", path) is not None


def remove_parts(target: str) -> None:
    """Remove part files of `target` that killed processes have left.

    Part files that are locked are in use, and are kept.
    """
    folder = os.path.dirname(target)
    with suppress(OSError):
        for name in os.listdir(folder or "."):
            part = os.path.join(folder, name)
            if _is_part(part, target) and not os.path.islink(part):
                with suppress(OSError), open(part, "r+b") as file:
                    if locks.hold(file):
                        locks.remove(file, part)


def check_writable(path: str) -> None:
    """Raise OSError or W2VError if `path` cannot be written; call this before hours of work.

    As a test, a part file is created and removed. A check of permissions is not enough: root passes
    every check, and no file can be created in /proc.
    """
    if os.path.isdir(path):
        raise W2VError(f"{path} is a directory: name a file in it")
    packing.check_packer(path)
    if (descriptor := file_descriptor(path)) is not None:
        with _named(path):
            os.write(descriptor, b"")  # fails for a descriptor that is open for reading only
    if path != "-" and not is_device(path):
        _check_name(path)
        target = os.path.realpath(path)
        if not os.path.isdir(os.path.dirname(target)):
            raise W2VError(f"{path}: there is no folder {os.path.dirname(target)}: create it first")
        with DeferredSignals(), _named(path, target), _part(target, target) as file:
            locks.remove(file, file.name)
        if WINDOWS and os.path.exists(target):
            _check_closed(path, target)


def _check_name(path: str) -> None:
    """Raise W2VError if a path that is no folder ends in a separator, which `realpath` drops."""
    if not os.path.basename(path):
        raise W2VError(
            f"{path}: there is no such folder: leave out the {path[-1]} at the end, or create the "
            "folder and name a file in it"
        )


def _check_closed(path: str, target: str) -> None:
    """Raise W2VError if a program has a file open, so that Windows will not replace it."""
    try:
        os.rename(target, target)
    except PermissionError:
        raise W2VError(
            f"{path} is open in another program, so that it cannot be replaced: close it there, or "
            "name another file"
        ) from None


def is_device(path: str) -> bool:
    """Whether `path` is a device, a pipe or an open file descriptor, which is written directly."""
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        return True
    return file_descriptor(path) is not None
