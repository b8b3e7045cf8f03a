"""Opens files by path, or by an address such as s3://bucket/text, which needs fsspec."""

from __future__ import annotations

import io
import os
import re
from typing import IO, Any, cast

from w2v.errors import W2VError

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[A-Za-z0-9]+::")


def is_address(path: str) -> bool:
    """Whether a path is an address for fsspec; the path of a local file is none."""
    return _ADDRESS.match(path) is not None and not os.path.exists(path)


def open_bytes(path: str) -> IO[bytes]:
    """Open a file for reading; the file object has a `peek` method.

    Raises OSError if the file cannot be read, W2VError for an unknown kind of address, or if fsspec
    is not installed
    """
    if not is_address(path):
        return open(path, "rb")
    system, inner = _resolved(path)
    return cast(IO[bytes], io.BufferedReader(system.open(inner, "rb")))


def size_of(path: str) -> int | None:
    """The size of a file in bytes; None if it cannot be known. Raises as `open_bytes` does."""
    if not is_address(path):
        status = os.stat(path)
        return status.st_size if os.path.isfile(path) else None
    system, inner = _resolved(path)
    return system.size(inner)


def _resolved(path: str) -> tuple[Any, str]:
    """The file system of fsspec for an address, and the path in that file system."""
    try:
        import fsspec
    except ModuleNotFoundError:
        raise W2VError(f"{path}: addresses need fsspec: pip install 'w2v[cluster]'") from None
    try:
        return fsspec.core.url_to_fs(path)
    except (ValueError, ImportError) as error:
        raise W2VError(f"{path}: {' '.join(str(error).split())}") from None
