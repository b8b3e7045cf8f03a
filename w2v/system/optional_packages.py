"""Packages that only some commands need, which pip installs as extras of w2v."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from w2v.errors import W2VError


def load(module: str, extra: str, needing: str) -> Any:
    """Import a module of an optional package.

    module   its name, such as pyarrow.parquet
    extra    the extra of w2v that installs the package
    needing  what needs it, the beginning of a message: "--tokenizer jieba needs"
    Raises   W2VError as `failure` makes it
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise failure(error, module, extra, needing) from None


def failure(error: ImportError, module: str, extra: str, needing: str) -> W2VError:
    """The error for an optional package that is missing, or does not fit the installed packages.

    The newest release of a package may refuse an older NumPy when it is imported, although pip has
    installed both.
    """
    package = module.partition(".")[0]
    if isinstance(error, ModuleNotFoundError):
        missing = (error.name or package).partition(".")[0]
        return W2VError(f"{needing} the package {missing}: pip install 'w2v[{extra}]'")
    reason = " ".join(str(error).split())
    return W2VError(
        f"{needing} the package {package}, which cannot be imported ({reason}): pip install "
        f"--upgrade numpy scipy numba 'w2v[{extra}]'"
    )
