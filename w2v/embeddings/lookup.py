"""Looks up names in a table: the row of a name, or the vector that its n-grams compose."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from w2v.embeddings.norms import has_direction, row_norms
from w2v.embeddings.spelling import joined_form, near_spellings, split_words, unicode_form
from w2v.embeddings.table import Table
from w2v.errors import NotFoundError
from w2v.system import python_arguments


def row_of(table: Table, name: str, ignore_case: bool = False) -> int | None:
    """The row of a name, or None.

    ignore_case  whether to take the first row whose name differs only in case, if there is no
                 exact match
    """
    row = table.find(python_arguments.word(name))
    return table.find_folded(name) if row is None and ignore_case else row


def find(table: Table, name: str, ignore_case: bool = False) -> int:
    """The row of a name; NotFoundError, with similar spellings, for an out-of-vocabulary name."""
    row = row_of(table, name, ignore_case)
    if row is None:
        reason = _not_composed(table, name)
        fact = f"no vector for {name!r} among {len(table):,}{reason}"
        raise NotFoundError(fact, name, partial(_hint, table, name))
    return row


def _hint(table: Table, name: str) -> str:
    """Names of the table that may be meant by an out-of-vocabulary name."""
    if form := joined_form(table, split_words(name)):
        return f"; as one word: {form}"
    near = ", ".join(_spelling(name, each) for each in near_spellings(table, name))
    return f"; near: {near}" if near else ""


def _not_composed(table: Table, name: str) -> str:
    """Why a name has no vector, in a table with subwords; "" in other tables."""
    subwords = table.subwords
    if subwords is None:
        return ""
    if subwords.count_ngrams(table.encoded(name)):
        return ", and the vector composed of its n-grams is zero or not finite"
    return f", and it has no n-gram of {subwords.minn} to {subwords.maxn} characters in the model"


def _spelling(name: str, near: str) -> str:
    """A similar spelling as the message shows it, with its Unicode form if it looks like `name`."""
    form = unicode_form(name, near)
    return f"{near} (in Unicode's {form})" if form else near


def find_direction(table: Table, name: str, ignore_case: bool = False) -> int:
    """As `find`; also a NotFoundError if the vector has no direction, and therefore no cosine."""
    row = find(table, name, ignore_case)
    if not _has_direction(table, row):
        what = "is zero" if np.isfinite(table.row(row)).all() else "contains NaN or infinity"
        raise NotFoundError(f"the vector of {table.name(row)!r} {what}: it has no direction")
    return row


def _has_direction(table: Table, row: int) -> bool:
    """Whether the vector of a row has a direction."""
    return bool(table.has_direction(np.array([row]))[0])


def directed_row(table: Table, name: str, ignore_case: bool = False) -> int | None:
    """The row of a name, or None if it is out-of-vocabulary or its vector has no direction."""
    row = row_of(table, name, ignore_case)
    return row if row is not None and _has_direction(table, row) else None


def composed(table: Table, name: str, ignore_case: bool = False) -> np.ndarray | None:
    """The vector of an out-of-vocabulary name from its n-grams, float32 (D,), or None.

    It is None if the name has a row, if the table has no n-grams, or if the vector has no
    direction.
    """
    if table.subwords is None or row_of(table, name, ignore_case) is not None:
        return None
    vector = table.compose(name)
    return vector if vector is not None and has_direction(row_norms(vector)) else None


def ngrams_composed(table: Table, name: str, ignore_case: bool = False) -> int:
    """The number of n-grams that the vector of a name is composed from; 0 if it is not composed."""
    if composed(table, name, ignore_case) is None:
        return 0
    assert table.subwords is not None
    return table.subwords.count_ngrams(table.encoded(name))


def find_vector(table: Table, name: str, ignore_case: bool = False) -> np.ndarray:
    """The vector of a name, float32 (D,): that of its row, or composed from its n-grams.

    Raises NotFoundError, as `find`, if there is neither.
    """
    vector = composed(table, name, ignore_case)
    return table.row(find(table, name, ignore_case)) if vector is None else vector


def find_vectors(table: Table, names: Sequence[str]) -> np.ndarray:
    """The vectors of K names, float32 (K, D), each as `find_vector`."""
    rows = [table.find(name) for name in names]
    vectors = np.empty((len(names), table.dim), np.float32)
    known = np.array([row is not None for row in rows], np.bool_)
    vectors[known] = table.stored(np.array([row for row in rows if row is not None], np.int64))
    for at in np.flatnonzero(~known).tolist():
        vectors[at] = find_vector(table, names[at])
    return vectors
