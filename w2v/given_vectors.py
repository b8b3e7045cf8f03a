"""The vectors that a caller gives to the functions on several runs."""

from __future__ import annotations

from collections.abc import Iterable

from w2v.errors import W2VError
from w2v.system import python_arguments
from w2v.vectors import Vectors


def given_vectors(given: Vectors | Iterable[Vectors], what: str) -> list[Vectors]:
    """The vectors of one run or of several; W2VError for anything else than `Vectors`.

    what  the name of the argument, for messages
    """
    if isinstance(given, Vectors):
        return [given]
    if not python_arguments.is_iterable(given):
        raise W2VError(f"{what}: expected w2v.Vectors, found {type(given).__name__}")
    runs: list[Vectors] = list(given)
    for each in runs:
        if not isinstance(each, Vectors):
            raise W2VError(f"{what}: expected w2v.Vectors, found {type(each).__name__}")
    return runs
