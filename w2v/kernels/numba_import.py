"""Imports Numba, and explains in one line what keeps it from being imported or configured."""

from __future__ import annotations

import logging
import os
import re
import warnings
from importlib import import_module

from w2v.errors import W2VError

_LOG = logging.getLogger("w2v")
_UNREADABLE = re.compile(r"Environment variable '(\w+)' is defined but its associated value ")


def import_numba() -> None:
    """Import Numba for the first time.

    Numba reports a variable that it cannot read with the traceback of its parser, once for each
    module that reads it. Here the variable is named in one line, and other warnings are shown as
    Numba gives them.

    Raises  W2VError if Numba stops at the value of a variable, cannot load its libraries, or
            refuses the version of another package; FileNotFoundError if the current folder was
            removed
    """
    ignored: set[str] = set()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            import_module("numba")
        except (ValueError, RuntimeError) as error:
            raise W2VError(_wrong_variable(error)) from None
        except ImportError as error:  # such as "Numba needs NumPy 2.3 or less. Got NumPy 2.4."
            raise W2VError(
                f"Numba cannot be imported ({' '.join(str(error).split())}): install versions that "
                "fit each other: pip install --upgrade numpy numba w2v"
            ) from None
        except OSError as error:  # llvmlite's error has several lines
            os.getcwd()  # raises if the current folder was removed, which Numba needs
            raise W2VError(
                "Numba cannot load its libraries: allow more memory (ulimit -v), or install numba "
                f"and llvmlite again: {str(error).splitlines()[0]}"
            ) from None
    for warning in caught:
        if found := _UNREADABLE.match(str(warning.message)):
            ignored.add(found[1])
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    for name in sorted(ignored):
        _LOG.warning(
            "%s=%s: Numba cannot read this value and ignores it: correct it, or unset the variable",
            name,
            os.environ.get(name, ""),
        )


def _wrong_variable(error: Exception) -> str:
    """The message for an error that Numba raises while it reads its configuration."""
    given = [
        f"{name}={os.environ[name]}" for name in sorted(os.environ) if name.startswith("NUMBA_")
    ]
    variables = ", ".join(given) or "none is set"
    return f"Numba refuses its settings ({error}): correct its variables ({variables})"
