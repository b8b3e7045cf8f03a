"""Files by path, or by an address such as s3://bucket/text, which fsspec opens."""

from __future__ import annotations

import io
import os
import re
from typing import IO, Any, cast

from w2v.errors import W2VError

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[A-Za-z0-9]+::")


def is_address(path: str) -> bool:
    """Whether fsspec must open it; a file here may have any name."""
    return _ADDRESS.match(path) is not None and not os.path.exists(path)


def open_bytes(path: str) -> IO[bytes]:
    """A file to read, which can peek.

    Raises  OSError where it cannot be read, W2VError where its kind of address is not known
    """
    if not is_address(path):
        return open(path, "rb")
    system, inner = _found(path)
    return cast(IO[bytes], io.BufferedReader(system.open(inner, "rb")))


def size_of(path: str) -> int | None:
    """Bytes of a file; None where that cannot be known. Raises as `open_bytes` does."""
    if not is_address(path):
        found = os.stat(path)
        return found.st_size if os.path.isfile(path) else None
    system, inner = _found(path)
    return system.size(inner)


def _found(path: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ModuleNotFoundError:
        raise W2VError(f"{path}: addresses need fsspec: pip install 'w2v[cluster]'") from None
    try:
        return fsspec.core.url_to_fs(path)
    except (ValueError, ImportError) as error:
        raise W2VError(f"{path}: {' '.join(str(error).split())}") from None
