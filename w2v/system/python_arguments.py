"""Arguments of Python calls, checked, and turned into what the command line would pass on.

A mistake is a W2VError that names the argument, says what was expected, and shows what was found.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from numbers import Integral, Real
from typing import Any, get_args

from w2v.errors import W2VError

_BLANK = re.compile(r"[ \t\n\r\v\f]")  # what separates words in a text
_SHOWN = 60  # characters of a wrong argument
_BY_COMMAS = {"dense", "format", "columns"}  # settings that are lists
_NUMBERS = {"dense", "checkpoint_every", "max_memory"}  # text settings that may be numbers
_ADDRESSES = ("scheduler_address", "scheduler.address")  # of a Dask cluster, of a client


def path(value: object, what: str) -> str:
    """The path of a file: a string, bytes or a `Path`."""
    try:
        return os.fsdecode(value)  # type: ignore[arg-type]
    except TypeError:
        raise _wrong(what, "the path of a file", value) from None


def paths(value: object, what: str) -> list[str]:
    """The path of a file, or the paths of several."""
    if isinstance(value, str | bytes | os.PathLike):
        return [path(value, what)]
    if isinstance(value, Mapping) or not isinstance(value, Iterable):
        raise _wrong(what, "the path of a file, or several", value)
    return [path(each, f"{what}[{number}]") for number, each in enumerate(value)]


def whole(value: object, what: str, low: int) -> int:
    """A whole number of `low` or more; 3.0 is one too."""
    found = _int(value)
    if found is None or found < low:
        raise _wrong(what, f"a whole number, {low} or more", value)
    return found


def word(value: object, what: str = "a word") -> str:
    """The name of a vector."""
    if not isinstance(value, str):
        raise _wrong(what, "a string", value)
    return value


def words(value: object, what: str) -> list[str]:
    """One name, or several: a string is one."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, bytes | Mapping) or not isinstance(value, Iterable):
        raise _wrong(what, "a string, or several", value)
    return [word(each, f"{what}[{number}]") for number, each in enumerate(value)]


def texts(value: object, what: str = "texts") -> Iterator[str]:
    """One text, or several, each a string or a list of words: a string is one text."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, bytes | Mapping) or not isinstance(value, Iterable):
        raise _wrong(what, "a text, or several", value)
    for number, each in enumerate(value):
        yield each if isinstance(each, str) else _joined(each, f"{what}[{number}]")


def _joined(given: object, what: str) -> str:
    """A list of words as a text."""
    if isinstance(given, bytes | Mapping) or not isinstance(given, Iterable):
        raise _wrong(what, "a string or a list of words", given)
    listed = list(given)
    try:
        blank = _BLANK.search("".join(listed))
    except TypeError:
        listed = words(listed, what)  # which says where a word is no string
        raise
    if blank:
        number = next(at for at, each in enumerate(listed) if _BLANK.search(each))
        raise W2VError(
            f"{what}[{number}]: the word {listed[number]!r} has a blank: split it, or give the "
            "text as one string"
        )
    return " ".join(listed)


def setting(name: str, kind: Any, value: Any) -> Any:
    """A setting as the command line gives it.

    name   of the field
    kind   its type; NumPy's numbers, and floats that are whole, become Python's
    value  as a program gives it; what cannot be turned into `kind` is returned as it is
    """
    kinds = get_args(kind) or (kind,)
    if bool in kinds:
        return bool(value) if type(value).__name__ in ("bool", "bool_") else value
    if isinstance(value, bool):
        return value
    if float in kinds:
        return float(value) if isinstance(value, Real) else value
    if int in kinds:
        found = _int(value)
        return value if found is None else found
    return _text(name, value)


def _text(name: str, value: Any) -> Any:
    """A setting that the command line writes as text."""
    if name == "cluster":
        return _address(value)
    if name == "stopwords" and isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return "".join(f"{each}\n" for each in sorted(words(value, name)))
    if name in _BY_COMMAS and isinstance(value, list | tuple):
        return ",".join(str(_text(name, each)) for each in value)
    if name in _NUMBERS and isinstance(value, Real):
        found = _int(value)
        return str(float(value) if found is None else found)
    return os.fsdecode(value) if isinstance(value, os.PathLike | bytes) else value


def _address(value: Any) -> Any:
    """Where the scheduler of a Dask cluster listens, which may be given as an object of Dask."""
    for names in _ADDRESSES:
        found = value
        for name in names.split("."):
            found = getattr(found, name, None)
        if isinstance(found, str):
            return found
    return value


def _int(value: object) -> int | None:
    """A whole number as Python's; None where it is none."""
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, Real) and not isinstance(value, bool) and float(value).is_integer():
        return int(float(value))
    return None


def _wrong(what: str, expected: str, value: object) -> W2VError:
    found = " ".join(repr(value).split())
    shown = found if len(found) <= _SHOWN else found[:_SHOWN] + "..."
    return W2VError(f"{what}: expected {expected}, found {shown}")
