"""Makes the table of names, numbers and counts that a Python program gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system import python_arguments


def build_table(words: Iterable[str], matrix: ArrayLike, counts: ArrayLike | None) -> Table:
    """The table of N names, (N, D) numbers and N counts, or None; W2VError if they are none.

    The table computes norms once, so it never shares memory with an array that may change.
    """
    names = python_arguments.words(words, "words", in_order=True)
    _check_names(names)
    array = python_arguments.matrix(matrix, "matrix")
    numbers = None if counts is None else python_arguments.counts(counts, "counts")
    lengths = {len(names), *array.shape[:1], len(names) if numbers is None else len(numbers)}
    if array.ndim != 2 or len(lengths) > 1 or not array.shape[1]:
        and_counts = "" if numbers is None else f" and {len(numbers)} counts"
        shapes = f"a matrix of shape {array.shape}{and_counts}"
        raise W2VError(f"{len(names)} words do not fit {shapes}")
    array = np.ascontiguousarray(array)
    if not isinstance(matrix, list | tuple):
        given = np.asarray(matrix)
        if _may_change(given) and np.may_share_memory(array, given):
            array = array.copy()
    return Table.build(names, array, numbers)


def read_only(array: np.ndarray) -> np.ndarray:
    """A view of an array of a table that a Python program cannot write to."""
    view = array.view()
    view.flags.writeable = False
    return view


def _may_change(array: np.ndarray) -> bool:
    """Whether an array can be written to, or an array that it is a view of."""
    base: object = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return True
        base = base.base
    return False


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
