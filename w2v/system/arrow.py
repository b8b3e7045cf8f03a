"""pyarrow, the optional package that reads and writes Parquet and Arrow files."""

from __future__ import annotations

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
