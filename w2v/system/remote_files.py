"""Opens files by path, or by an address such as s3://bucket/text, which needs fsspec.

An address may be that of a folder, or have a glob: `s3://bucket/*.jsonl.zst`.
"""

from __future__ import annotations

import errno
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import IO, Any, NamedTuple, cast

from w2v.errors import W2VError
from w2v.system import optional_packages

WINDOWS = os.name == "nt"
# A scheme has two letters or more: one letter is a drive, as in C://texts.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://|[A-Za-z0-9]+::")
_LONGEST = 300  # maximum letters of the message of another package
_BUFFER = 1 << 18  # bytes that are read at a time, where a reader asks for fewer
# What installs the packages of common kinds of addresses. fsspec itself names those of others.
_PACKAGES = {
    "s3fs": "pip install 'w2v[cloud]'",
    "gcsfs": "pip install gcsfs",
    "aiohttp": "pip install aiohttp requests",
}
_NO_CREDENTIALS = (
    "no credentials: for s3, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or, "
    "for a public bucket, FSSPEC_S3_ANON=true; for gs, set GOOGLE_APPLICATION_CREDENTIALS"
)
_ERRORS: tuple[tuple[type[OSError], int, str], ...] = (
    (FileNotFoundError, errno.ENOENT, "no such file: check each part of the address"),
    (PermissionError, errno.EACCES, "access is denied: the credentials do not allow to read it, or "
     "there are none"),
)  # fmt: skip


class Status(NamedTuple):
    """What is known of a file without reading it.

    size       its number of bytes; None: it cannot be known
    is_folder  whether the path or address is that of a folder
    """

    size: int | None
    is_folder: bool


def is_address(path: str) -> bool:
    """Whether a path is an address for fsspec; the path of a local file is none."""
    return _ADDRESS.match(path) is not None and not os.path.exists(path)


def open_bytes(path: str) -> IO[bytes]:
    """Open a file for reading; the file object has a `peek` method.

    A file at an address is read in pieces while it is used: it is never copied as a whole, unless
    the address asks for that, as simplecache:: does.
    Raises OSError if the file cannot be read, W2VError for an unknown kind of address, or if a
    package is not installed
    """
    if not is_address(path):
        return open(path, "rb")
    with _explained(path):
        system, inner = _resolved(path)
        return io.BufferedReader(_Remote(system.open(inner, "rb"), path, system), _BUFFER)


def local_paths(path: str) -> list[str]:
    """The paths of the local files that are read for a path or an address, such as file:///x."""
    if not is_address(path):
        return [path]
    chain = path.split("::")
    found = [link.partition("://")[2] for link in chain if link.startswith(("file:", "local:"))]
    if "://" not in chain[-1]:
        found.append(chain[-1])
    if WINDOWS:  # file:///C:/texts is the file C:/texts
        found = [re.sub(r"^/(?=[A-Za-z]:)", "", each) for each in found]
    return [os.path.expanduser(each) for each in found]


def status_of(path: str) -> Status:
    """The size of a file, and whether it is a folder. Raises as `open_bytes` does."""
    if path == "-":
        return Status(None, False)
    if not is_address(path):
        status = os.stat(path)
        return Status(status.st_size if os.path.isfile(path) else None, os.path.isdir(path))
    with _explained(path):
        system, inner = _resolved(path)
        info = system.info(inner)
    size = info.get("size")
    return Status(None if size is None else int(size), info.get("type") == "directory")


def size_of(path: str) -> int | None:
    """The size of a file in bytes; None if it cannot be known. Raises as `open_bytes` does."""
    return status_of(path).size


def is_folder(path: str) -> bool:
    """Whether a path or an address is that of a folder; False for a local path of nothing."""
    return status_of(path).is_folder if is_address(path) else path != "-" and os.path.isdir(path)


def matches(path: str) -> list[str]:
    """The addresses that match an address with a glob (*, ?, [a-z], **), sorted.

    Any other path is the only match of itself, and so is the address of a file whose name has such
    characters. Folders match too, but not those for **, which matches the files in them. As in a
    shell, what a dot hides matches only where the glob has the dot, as in .*
    Raises W2VError if nothing matches, and as `open_bytes` does
    """
    if not is_address(path) or not _has_glob(path):
        return [path]
    with _explained(path):
        system, inner = _resolved(path)
        system.invalidate_cache()  # files may be new since an earlier call in this process
        found = system.glob(inner, detail=True)
        if not found and system.exists(inner):
            return [path]
    names = [
        name
        for name, info in found.items()
        if ("**" not in path or info.get("type") != "directory") and not _is_hidden(name, inner)
    ]
    if not names:
        raise W2VError(
            f"{path}: no file matches: check the bucket, or the host, and the name before the "
            "first * or ?"
        )
    return sorted(_address(path, name) for name in names)


def _is_hidden(name: str, glob: str) -> bool:
    """Whether a dot hides a file, or a folder that it is in, from the glob that it matches.

    The folders before the first with a sign of a glob are named, so that no dot hides them.
    """
    parts = glob.split("/")
    named = next((number for number, part in enumerate(parts) if {*part} & {*"*?["}), len(parts))
    dotted = [part for part in parts[named:] if part.startswith(".")]
    return any(
        part.startswith(".") and not any(fnmatchcase(part, pattern) for pattern in dotted)
        for part in name.lstrip("/").split("/")[named - glob.startswith("/") :]
    )


def files_below(address: str) -> list[str]:
    """The addresses of all files in a folder and its subfolders, sorted; not those hidden by a dot.

    Raises W2VError for a folder without files, and as `open_bytes` does
    """
    with _explained(address):
        system, inner = _resolved(address)
        found = system.find(inner)
    files = sorted(_address(address, name) for name in found if not name.endswith("/"))
    shown = [
        file
        for file in files
        if not any(part.startswith(".") for part in relative_to(address, file).split("/"))
    ]
    if not shown:
        raise W2VError(f"{address}: no files in this folder")
    return shown


def relative_to(folder: str, file: str) -> str:
    """The path of a file in a folder, both of which are local, or addresses; parted by "/"."""
    if not is_address(folder):
        return os.path.relpath(file, folder).replace(os.sep, "/")
    before, name, _ = _parts(folder)
    _, inner, _ = _parts(file)
    return inner.removeprefix(name.rstrip("/") + "/") if before else os.path.basename(inner)


def _parts(address: str) -> tuple[str, str, str]:
    """An address as the text before its path, its path, and the addresses after it.

    zip://a/*.txt::s3://bucket/x.zip has the path a/*.txt; simplecache::s3://bucket/x has bucket/x.
    """
    chain = address.split("::")
    place = next((n for n, link in enumerate(chain) if "://" in link), len(chain) - 1)
    # The first mark, because an address in the web may have another one in its path.
    scheme, mark, path = chain[place].partition("://")
    before = "".join(link + "::" for link in chain[:place])
    before, path = (before + scheme + mark, path) if mark else (before, scheme)
    return before, path, "".join("::" + link for link in chain[place + 1 :])


def _has_glob(address: str) -> bool:
    before, path, _ = _parts(address)
    is_web = before.endswith(("http://", "https://"))  # where ? begins a query
    return not {*path}.isdisjoint("*" if is_web else "*?[")


def _address(like: str, name: str) -> str:
    """The address of a file that a file system has named, in the form of the address `like`."""
    before, path, after = _parts(like)
    if "://" in name:
        name = name.partition("://")[2]
    return before + (name if path.startswith("/") else name.lstrip("/")) + after


class _Remote(io.RawIOBase):
    """A file of fsspec, whose errors name its address."""

    def __init__(self, file: IO[bytes], path: str, system: object = None):
        self._file, self._path = file, path
        self._system = system  # that of an archive closes its files when it is deleted

    def readable(self) -> bool:
        """Whether it can be read: it can."""
        return True

    def seekable(self) -> bool:
        """Whether it has a position, as files that are sent as a stream have not."""
        return self._file.seekable()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position."""
        with _explained(self._path):
            return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The position."""
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        """Read up to as many bytes as a buffer has; returns their number, 0 at the end."""
        with _explained(self._path):
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            super().close()
            with _explained(self._path):
                self._file.close()


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """A block in which errors of fsspec and its file systems become one line that names `path`."""
    try:
        yield
    except W2VError:
        raise
    except OSError as error:
        for kind, number, text in _ERRORS:
            if isinstance(error, kind):
                raise kind(number, text, path) from None
        reason = " ".join(str(error.strerror or error).split())[:_LONGEST]
        raise W2VError(f"{path}: cannot be read: {reason or type(error).__name__}") from None
    except Exception as error:  # such as those of botocore, aiohttp and google.auth
        if "Credential" in type(error).__name__:
            raise W2VError(f"{path}: {_NO_CREDENTIALS}") from None
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST]
        raise W2VError(
            f"{path}: cannot be read ({reason}): check the address and the connection"
        ) from None


def _resolved(path: str) -> tuple[Any, str]:
    """The file system of fsspec for an address, and the path in that file system."""
    fsspec = optional_packages.load("fsspec", "cloud", f"{path}: addresses need")
    try:
        return cast(tuple[Any, str], fsspec.core.url_to_fs(path))
    except ImportError as error:
        raise W2VError(_missing(path, error)) from None
    except ValueError as error:
        reason = " ".join(str(error).split())[:_LONGEST]
        if "rotocol not known" in reason:
            scheme = _ADDRESS.match(path)
            assert scheme
            reason = (
                f"{scheme[0]} is no kind of address that fsspec knows: check the letters before "
                "it; s3://, gs:// and https:// are some"
            )
        raise W2VError(f"{path}: {reason}") from None


def _missing(path: str, error: ImportError) -> str:
    """What to install where a file system of fsspec needs a package that is not installed."""
    reason = " ".join(str(error).split())[:_LONGEST]
    for package, advice in _PACKAGES.items():
        if package in reason:
            return f"{path}: needs the package {package}: {advice}"
    return f"{path}: {reason}"
