"""Checks the arguments of Python calls, and converts them to the values of the command line.

A wrong argument raises a W2VError that names the argument, the expected value and the value found.
In the functions below, `value` is the argument and `what` is its name, for messages.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeGuard, get_args

from w2v.errors import W2VError
from w2v.system import resources

if TYPE_CHECKING:
    import numpy as np

_BLANK = re.compile(r"[ \t\n\r\v\f]")  # ASCII whitespace, which separates words
_CONTROL = re.compile(r"[\t\n\r]")
_MESSAGE_LETTERS = 60  # maximum number of characters of a wrong argument in a message
# Settings that are strings on the command line. In Python, they may be lists or numbers too.
_MAY_BE_LISTS = {"dense", "hidden", "format", "columns"}
_MAY_BE_NUMBERS = {"dense", "hidden", "checkpoint_every", "max_memory", "time", "word_ngrams"}
_ADDRESSES = ("scheduler_address", "scheduler.address")  # attributes of a Dask cluster or client


def is_iterable(value: object) -> TypeGuard[Iterable[Any]]:
    """Whether a value has items; an array without dimensions has none, although it has `__iter__`.

    Such an array is `numpy.array("king")`, or a tensor of PyTorch with a single number.
    """
    return isinstance(value, Iterable) and getattr(value, "ndim", 1) != 0


def path(value: object, what: str) -> str:
    """The path of a file, given as a string, bytes or a `Path`."""
    try:
        found = os.fsdecode(value)  # type: ignore[arg-type]
    except TypeError:
        found = ""
    if not found:
        raise _wrong(what, "the path of a file", value)
    return _possible(found, what)


def paths(value: object, what: str) -> list[str]:
    """The paths of files, given as one path or several."""
    if isinstance(value, str | bytes | os.PathLike):
        return [path(value, what)]
    if isinstance(value, Mapping) or not is_iterable(value):
        raise _wrong(what, "the path of a file, or several", value)
    if isinstance(value, set | frozenset):
        raise _unordered(what)
    return [path(item, f"{what}[{number}]") for number, item in enumerate(value)]


def whole(value: object, what: str, low: int) -> int:
    """A whole number of at least `low`; a float such as 3.0 is accepted."""
    number = _int(value)
    if number is None or number < low:
        raise _wrong(what, f"a whole number, {low} or more", value)
    return number


def threads(value: object) -> int:
    """A number of threads; with None, as many as available processors."""
    return resources.processors() if value is None else whole(value, "threads", 1)


def word(value: object, what: str = "a word") -> str:
    """A word or the name of a document, which must be a string."""
    if not isinstance(value, str):
        raise _wrong(what, "a string", value)
    return value


def words(value: object, what: str, in_order: bool = False) -> list[str]:
    """Words or names, given as one string or several.

    in_order  whether their order matters, so that a set is a W2VError
    """
    if isinstance(value, str):
        return [value]
    if isinstance(value, bytes | Mapping) or not is_iterable(value):
        raise _wrong(what, "a string, or several", value)
    if in_order and isinstance(value, set | frozenset):
        raise _unordered(what)
    return [word(item, f"{what}[{number}]") for number, item in enumerate(value)]


def score(value: object, what: str) -> float | None:
    """A number, or None; NaN is none."""
    if value is None:
        return None
    if not isinstance(value, Real) or value != value:  # NaN differs from itself
        raise W2VError(f"{what}: expected a number, found {value!r}")
    return _float(value)


def matrix(value: object, what: str) -> np.ndarray:
    """An array of numbers, float32 or float16; numbers too large for float32 become infinity."""
    import numpy as np

    try:
        array = unmasked(value, what)
    except ValueError:
        raise W2VError(f"{what}: expected numbers, found lists of different lengths") from None
    if array.dtype.kind not in "fiu":
        raise W2VError(f"{what}: expected numbers, found an array of {array.dtype}")
    if array.dtype == np.float16:
        return array
    with np.errstate(over="ignore"):
        return array.astype(np.float32, copy=False)


def vector(value: object, dim: int) -> np.ndarray:
    """A vector of a query, float32 (D,): its numbers are finite, and not all zero."""
    import numpy as np

    try:
        given = unmasked(value, "the vector")
        if np.iscomplexobj(given):
            raise TypeError
        with np.errstate(over="ignore"):  # Numbers too large for float32 become infinity.
            array = given.astype(np.float32)
    except (TypeError, ValueError):
        raise W2VError(f"expected a word or a vector of {dim} numbers") from None
    except OverflowError:  # a number such as 10**400, which NumPy does not make infinity
        array = np.full(dim, np.inf, np.float32)
    if array.shape != (dim,) or not np.isfinite(array).all():
        fault = "NaN or infinity, or a number too large for float32"
        fault = fault if array.shape == (dim,) else f"shape {array.shape}"
        raise W2VError(f"expected a vector of {dim} finite numbers, found {fault}")
    if not array.any():
        raise W2VError("the vector is zero: it has no direction")
    return array


def counts(value: object, what: str) -> np.ndarray:
    """Counts of words, int64 (N,)."""
    import numpy as np

    try:
        numbers = unmasked(value, what)
    except ValueError:  # lists of different lengths
        numbers = np.empty(0, object)
    are_numbers = numbers.dtype.kind in "fiu" and numbers.ndim == 1 and np.isfinite(numbers).all()
    if not are_numbers or ((numbers % 1 != 0) | (numbers < 0) | (numbers >= 2.0**63)).any():
        raise W2VError(f"{what}: expected whole numbers, 0 or more, one for each word")
    return numbers.astype(np.int64)


def unmasked(value: object, what: str) -> np.ndarray:
    """An array of a value; W2VError if it has masked numbers, which NumPy would unmask."""
    import numpy as np

    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise W2VError(f"{what}: some numbers are masked: fill them in with its method filled()")
    return np.asarray(value)


def texts(value: object, what: str = "texts") -> Iterator[str]:
    """Texts, given as one string, or as several strings or lists of words."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, bytes | Mapping) or not is_iterable(value):
        raise _wrong(what, "a text, or several", value)
    if isinstance(value, set | frozenset):
        raise _unordered(what)
    for number, text in enumerate(value):
        yield text if isinstance(text, str) else _joined(text, f"{what}[{number}]")


def _joined(given: object, what: str) -> str:
    """A text that is given as a list of words: the words, separated by blanks."""
    if isinstance(given, bytes | Mapping) or not is_iterable(given):
        raise _wrong(what, "a string or a list of words", given)
    if isinstance(given, set | frozenset):
        raise _unordered(what)
    listed = list(given)
    try:
        blank = _BLANK.search("".join(listed))
    except TypeError:
        words(listed, what)  # raises a W2VError with the number of the word that is not a string
        raise
    if blank:
        number = next(at for at, name in enumerate(listed) if _BLANK.search(name))
        raise W2VError(
            f"{what}[{number}]: the word {listed[number]!r} has a blank: split it, or give the "
            "text as one string"
        )
    return " ".join(listed)


def setting(name: str, kind: Any, value: Any) -> Any:
    """Convert the value of a setting to the type that the command line gives it.

    name   the name of the setting's field
    kind   the type of the setting. NumPy numbers become Python numbers of this type, and so do
           floats that are whole numbers if the type is int
    value  the value from Python. If it cannot be converted, it is returned unchanged
    """
    if hasattr(value, "tolist"):
        value = value.tolist()  # arrays of NumPy and series of pandas have no truth value
    try:
        bool(value)
    except (TypeError, ValueError):  # as pandas.NA
        raise _wrong(name, "a single value", value) from None
    kinds = get_args(kind) or (kind,)
    if bool in kinds:
        return bool(value) if type(value).__name__ in ("bool", "bool_") else value
    if isinstance(value, bool):
        return value
    if float in kinds:
        return _float(value) if isinstance(value, Real) else value
    if int in kinds:
        number = _int(value)
        return value if number is None else number
    return _text(name, value)


def _text(name: str, value: Any) -> Any:
    """Convert the value of a setting that is a string on the command line."""
    if name == "cluster":
        return _address(value)
    if name == "stopwords" and isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return "".join(f"{stopword}\n" for stopword in sorted(words(value, name)))
    if name == "seeds" and isinstance(value, Mapping):
        if not value:
            raise _wrong(name, "topics with their seed words", value)
        return "".join(_seed_line(*topic) for topic in value.items())
    if name in _MAY_BE_LISTS and isinstance(value, list | tuple):
        return ",".join(str(_text(name, item)) for item in value)
    if name in _MAY_BE_NUMBERS and isinstance(value, Real):
        number = _int(value)
        return str(_float(value) if number is None else number)
    is_text = name in ("stopwords", "seeds")  # may be several lines
    if isinstance(value, os.PathLike | bytes):
        return path(value, name)
    return _possible(value, name) if isinstance(value, str) and not is_text else value


def _possible(value: str, what: str) -> str:
    """A string that a command line can have: without NUL and halves of surrogate pairs."""
    try:
        possible = b"\0" not in os.fsencode(value)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise _wrong(what, "a string without NUL and halves of surrogate pairs", value)
    return value


def _seed_line(name: object, given: object) -> str:
    """The line of --seeds for a topic: its name, a tab, and words with weights.

    given  a word, several words, or a mapping of words to weights
    """
    what = f"seeds[{name!r}]"
    line = word(name, "a name in seeds")
    if not line.strip() or line.startswith("#") or _CONTROL.search(line):
        raise W2VError(f"{what}: a name is not empty, begins with no # and has no tab or line end")
    seeds = []
    for seed in words([*given] if isinstance(given, Mapping) else given, what):
        weight = given[seed] if isinstance(given, Mapping) else 1
        is_number = isinstance(weight, Real) and not isinstance(weight, bool)
        if not is_number or not math.isfinite(_float(weight)):
            raise _wrong(f"{what}[{seed!r}]", "a weight", weight)
        if not seed or _BLANK.search(seed):
            raise W2VError(f"{what}: the word {seed!r} is empty or has a blank: give single words")
        seeds.append(f"{seed}:{float(weight)!r}")
    return f"{line}\t{' '.join(seeds)}\n"


def _address(value: Any) -> Any:
    """The address of a Dask scheduler, which may be given as a Dask cluster or client."""
    for names in _ADDRESSES:
        address = value
        for name in names.split("."):
            address = getattr(address, name, None)
        if isinstance(address, str):
            return address
    return value


def _int(value: object) -> int | None:
    """A whole number as an int; None for any other value, a bool included."""
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, Real) and not isinstance(value, bool) and _float(value).is_integer():
        return int(_float(value))
    return None


def _float(value: Any) -> float:
    """A number as a float; infinity for one that is too large, such as 10**400."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _unordered(what: str) -> W2VError:
    """The error for a set, whose order differs between two runs of the same program."""
    return W2VError(f"{what}: a set has no order: give a list, such as sorted(...)")


def _wrong(what: str, expected: str, value: object) -> W2VError:
    """The error for a wrong argument."""
    found = " ".join(repr(value).split())
    found = found if len(found) <= _MESSAGE_LETTERS else found[:_MESSAGE_LETTERS] + "..."
    return W2VError(f"{what}: expected {expected}, found {found}")
