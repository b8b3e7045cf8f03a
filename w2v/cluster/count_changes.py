"""Changes of the word-topic counts of LDA, packed for sending.

The changes are an int32 matrix (V, K): V words, K topics with padding to a multiple of 8. They are
integers, so a sum of changes does not depend on the order of the additions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_ESCAPE = -128  # stands in `small_values` for an entry outside -127 to 127


class CountChanges(NamedTuple):
    """The E nonzero entries of an int32 matrix (V, K), which are in R of the rows.

    rows          int32 (R,)        the rows that have nonzero entries, in ascending order
    nonzero_bits  uint8 (R, K / 8)  a bit for each entry of these rows, 1 if the entry is not 0
    small_values  int8 (E,)         the nonzero entries, row by row. -128 stands for an entry
                                    outside -127 to 127
    large_values  int32             the entries outside -127 to 127, in the same order
    """

    rows: np.ndarray
    nonzero_bits: np.ndarray
    small_values: np.ndarray
    large_values: np.ndarray

    @property
    def nbytes(self) -> int:
        """Bytes that are sent."""
        return sum(array.nbytes for array in self)


def tally(counts: np.ndarray) -> CountChanges:
    """Pack the nonzero entries of a matrix, int32 (V, K).

    With 25,000 film reviews, 28,717 types and 50 topics (in 64 columns), the changes of the first
    epoch take 0.81 MB and the changes of the 30th 0.58 MB. An int32 matrix would take 7.35 MB.
    """
    rows = np.flatnonzero(counts.any(axis=1)).astype(np.int32)
    if rows.size < len(counts):
        counts = counts[rows]
    is_nonzero = counts != 0
    entries = counts[is_nonzero]
    is_large = np.abs(entries) >= -_ESCAPE
    small_values = np.where(is_large, _ESCAPE, entries).astype(np.int8)
    return CountChanges(rows, np.packbits(is_nonzero, axis=1), small_values, entries[is_large])


def add_to(counts: np.ndarray, changes: CountChanges) -> None:
    """Add packed changes to a matrix, int32 (V, K), in place."""
    is_nonzero = np.unpackbits(changes.nonzero_bits, axis=1).view(np.bool_)
    entries = changes.small_values.astype(np.int32)
    entries[changes.small_values == _ESCAPE] = changes.large_values
    if changes.rows.size == len(counts):
        counts[is_nonzero] += entries
    else:
        block = counts[changes.rows]
        block[is_nonzero] += entries
        counts[changes.rows] = block


def add_up(tallies: Sequence[CountChanges], shape: tuple[int, int]) -> CountChanges:
    """Return the sum of several changes of a matrix with this shape."""
    if len(tallies) == 1:
        return tallies[0]
    counts = np.zeros(shape, np.int32)
    for changes in tallies:
        add_to(counts, changes)
    return tally(counts)
