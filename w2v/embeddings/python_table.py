"""Makes the table of names, numbers and counts that a Python program gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system import python_arguments


def build_table(
    words: Sequence[str], matrix: np.ndarray, counts: Sequence[int] | np.ndarray | None
) -> Table:
    """The table of N names, (N, D) numbers and N counts, or None; W2VError if they are none.

    The table computes norms once, so it never shares memory with an array that may change.
    """
    names = python_arguments.words(words, "words", in_order=True)
    _check_names(names)
    given = np.asarray(matrix)
    if given.dtype.kind not in "fiu":
        raise W2VError(f"matrix: expected numbers, found an array of {given.dtype}")
    array = given
    if array.dtype != np.float16:
        with np.errstate(over="ignore"):  # numbers too large for float32 become infinity
            array = array.astype(np.float32, copy=False)
    numbers = None if counts is None else np.asarray(counts)
    if numbers is not None and not _are_counts(numbers):
        raise W2VError("counts: expected whole numbers, 0 or more")
    numbers = None if numbers is None else numbers.astype(np.int64)
    lengths = {len(names), len(array), len(names) if numbers is None else len(numbers)}
    if array.ndim != 2 or len(lengths) > 1:
        and_counts = "" if numbers is None else f" and {len(numbers)} counts"
        shapes = f"a matrix of shape {array.shape}{and_counts}"
        raise W2VError(f"{len(names)} words do not fit {shapes}")
    array = np.ascontiguousarray(array)
    may_change = given.flags.writeable and not isinstance(matrix, list | tuple)
    if may_change and np.may_share_memory(array, given):
        array = array.copy()
    return Table.build(names, array, numbers)


def _check_names(names: Sequence[str]) -> None:
    """Raise W2VError for a name that no file can hold; bytes that are not UTF-8 are allowed."""
    for number, name in enumerate(names):
        try:
            name.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise W2VError(
                f"words[{number}]: {name!r} has half of a surrogate pair, which is not a "
                "character: correct it"
            ) from None


def _are_counts(numbers: np.ndarray) -> bool:
    """Whether all numbers of an array are whole, and none is negative."""
    return numbers.dtype.kind in "fiu" and bool(((numbers % 1 == 0) & (numbers >= 0)).all())
