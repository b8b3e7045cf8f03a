"""Changes of the word-topic counts, packed for sending.

The changes are integers, so their sum does not depend on the order of the additions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_WIDE = -128  # stands in `narrow` for an entry outside -127 to 127


class CountChanges(NamedTuple):
    """The nonzero entries of an int32 matrix (V, K); K is a multiple of 8.

    rows    int32 (R,)        the rows that have nonzero entries, in ascending order
    marks   uint8 (R, K / 8)  a bit for each entry of these rows, 1 where it is not 0
    narrow  int8 (E,)         the nonzero entries, row by row; -128 for an entry outside -127 to 127
    wide    int32             the entries that are -128 in `narrow`, in the same order
    """

    rows: np.ndarray
    marks: np.ndarray
    narrow: np.ndarray
    wide: np.ndarray

    @property
    def nbytes(self) -> int:
        """Bytes that are sent."""
        return sum(array.nbytes for array in self)


def tally(counts: np.ndarray) -> CountChanges:
    """Pack the nonzero entries of a matrix, int32 (V, K).

    With 25,000 film reviews, 28,717 types and 50 topics (in 64 columns), the changes of the first
    epoch take 0.81 MB and those of the 30th 0.58 MB; as an int32 matrix they would take 7.35 MB.
    """
    rows = np.flatnonzero(counts.any(axis=1)).astype(np.int32)
    if rows.size < len(counts):
        counts = counts[rows]
    is_nonzero = counts != 0
    numbers = counts[is_nonzero]
    is_wide = np.abs(numbers) >= -_WIDE
    narrow = np.where(is_wide, _WIDE, numbers).astype(np.int8)
    return CountChanges(rows, np.packbits(is_nonzero, axis=1), narrow, numbers[is_wide])


def add_to(counts: np.ndarray, more: CountChanges) -> None:
    """Add packed changes to a matrix, int32 (V, K), in place."""
    is_nonzero = np.unpackbits(more.marks, axis=1).view(np.bool_)
    numbers = more.narrow.astype(np.int32)
    numbers[more.narrow == _WIDE] = more.wide
    if more.rows.size == len(counts):
        counts[is_nonzero] += numbers
    else:
        block = counts[more.rows]
        block[is_nonzero] += numbers
        counts[more.rows] = block


def add_up(tallies: Sequence[CountChanges], shape: tuple[int, int]) -> CountChanges:
    """The sum of several changes of a matrix with this shape."""
    if len(tallies) == 1:
        return tallies[0]
    counts = np.zeros(shape, np.int32)
    for changes in tallies:
        add_to(counts, changes)
    return tally(counts)
