"""Finds the lines of a text that occurred before, by a table of hashes of bounded size."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import numpy as np

from w2v.kernels.line_hash import enter_lines, hash_lines, move_lines, squeeze_lines

SLOT_BYTES = 20  # a hash of 16 bytes and a count of 4 bytes
FIRST_SLOTS = 1 << 16  # slots of a new table


@dataclass(frozen=True)
class HashedLines:
    """L lines whose blanks are squeezed, and their hashes.

    squeezed  uint8 (·,), the lines; each begins at a multiple of 8
    starts    int64 (L + 1,), where each line begins in `squeezed`
    lengths   int64 (L,), the bytes of each line; 0 for a line without words
    hashes    uint64 (L, 2), see `kernels.line_hash`
    """

    squeezed: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    hashes: np.ndarray

    def line(self, number: int) -> bytes:
        """The squeezed text of a line."""
        first = self.starts[number]
        return self.squeezed[first : first + self.lengths[number]].tobytes()


class LineHasher:
    """Hashes lines under a key that is drawn at random.

    Two different lines among n lines have the same hash with a probability of about n² / 2¹²⁹,
    which is 1.5e-19 for 10¹⁰ lines. With a random key this is true for any text, also for one that
    was written to make lines collide.
    """

    def __init__(self) -> None:
        self._key = np.frombuffer(secrets.token_bytes(16), np.uint64)

    @np.errstate(over="ignore")  # without compilation NumPy would warn of the hash's overflow
    def hashed(self, text: bytes, lines: int) -> HashedLines:
        """Squeeze and hash the lines of a text.

        text   the text, whose last line has a line end
        lines  the number of its lines
        """
        source = np.frombuffer(text, np.uint8)
        squeezed = np.zeros((source.size + 7 * lines + 7) // 8 * 8, np.uint8)
        starts, lengths = np.empty(lines + 1, np.int64), np.empty(lines, np.int64)
        hashes = np.empty((lines, 2), np.uint64)
        squeeze_lines(source, squeezed, starts, lengths)
        hash_lines(squeezed.view(np.uint64), starts, lengths, self._key, hashes)
        return HashedLines(squeezed, starts, lengths, hashes)


class LineTable:
    """A table of the hashes of different lines, which grows up to a limit.

    max_bytes  limit of the memory of the table, also while it grows: then the old table and the new
               one are in memory. The table has at least FIRST_SLOTS slots

    frozen     whether the table takes no more lines. It is set when it cannot grow, and may be set
    size       number of lines in the table
    """

    def __init__(self, max_bytes: int):
        self._max_bytes = max_bytes
        self._slots, self._counts = _new_table(FIRST_SLOTS)
        self.size, self.frozen = 0, False

    def enter(self, hashes: np.ndarray) -> np.ndarray:
        """Count the occurrences of lines, and enter new lines until the table is full.

        hashes   uint64 (L, 2)
        Returns  uint32 (L,): 1 for a line that is new or has no words, 2 for its second occurrence,
                 and so on. When the table is full: 0 for a line that is not in it, or has no words
        """
        occurrences = np.zeros(hashes.shape[0], np.uint32)
        done = 0
        while done < hashes.shape[0]:
            capacity = self._slots.shape[0] // 4 * 3
            done, self.size = enter_lines(
                hashes, done, self._slots, self._counts, self.size, capacity, self.frozen,
                occurrences,
            )  # fmt: skip
            if done < hashes.shape[0]:
                self._grow()
        return occurrences

    def _grow(self) -> None:
        """Double the table; if that would exceed the limit, freeze it."""
        old_slots, old_counts = self._slots, self._counts
        if 3 * old_slots.shape[0] * SLOT_BYTES > self._max_bytes:
            self.frozen = True
            return
        self._slots, self._counts = _new_table(2 * old_slots.shape[0])
        move_lines(old_slots, old_counts, self._slots, self._counts)


def _new_table(slots: int) -> tuple[np.ndarray, np.ndarray]:
    """The slots and counts of an empty table."""
    return np.zeros((slots, 2), np.uint64), np.zeros(slots, np.uint32)
