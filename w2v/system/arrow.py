"""pyarrow, the optional package that reads and writes Parquet and Arrow files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from w2v.errors import W2VError


def module(name: str, path: str) -> Any:
    """Import a module of pyarrow.

    name    the name of the module, such as pyarrow.parquet
    path    the file for which it is needed, for the message
    Raises  W2VError if pyarrow is not installed
    """
    try:
        import_module("pyarrow")
        return import_module(name)
    except ModuleNotFoundError:
        raise W2VError(
            f"{path}: Parquet and Arrow files need the package pyarrow: pip install 'w2v[arrow]'"
        ) from None


@contextmanager
def explained(path: str, pyarrow: Any) -> Iterator[None]:
    """A block that reads a file, in which errors of pyarrow become a W2VError of one line.

    path     the name of the file, for the message
    pyarrow  the module
    """
    try:
        yield
    except W2VError:
        raise
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        reason = " ".join(str(error).split())[:200]
        raise W2VError(
            f"{path}: a Parquet or Arrow file that is damaged or cut short ({reason}): download or "
            "write it again"
        ) from None
