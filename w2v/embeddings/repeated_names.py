"""Names that occur in several rows of a vector file: an error, or the first row is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from w2v.embeddings.source import Diagnostics
from w2v.errors import W2VError


def first_rows(names: Sequence[bytes], findings: Diagnostics) -> np.ndarray | None:
    """The rows whose name occurs in no earlier row, int64, ascending; the others are a fault.

    Returns  None if these are all rows, or if faults are not repaired: building a table from the
             names then raises an error, see `refused`
    """
    if not findings.repairs:
        return None
    first: dict[bytes, int] = {}
    rows = [row for row, name in enumerate(names) if first.setdefault(name, row) == row]
    if len(rows) == len(names):
        return None
    row = next(row for row, name in enumerate(names) if first[name] != row)
    shown = repr(names[row].decode("utf-8", "surrogateescape"))
    what = f"rows {first[names[row]] + 1} and {row + 1} have the same name, {shown}"
    more = len(names) - len(rows) - 1
    what += f"; in all, {more + 1:,} rows have the name of an earlier row" if more else ""
    findings.error(what, "the first is kept")
    return np.array(rows, np.int64)


@contextmanager
def refused(findings: Diagnostics) -> Iterator[None]:
    """A block that builds a table: if a name occurs twice, the error is a fault of the file."""
    try:
        yield
    except W2VError as error:
        findings.error(str(error), "")
        raise
