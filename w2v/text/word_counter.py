"""Counts the types of a text and numbers them by first occurrence, in a hash table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from w2v.kernels.word_hash import add_types, fill_slots, hash_names, join_names, number_tokens

_NAME_BYTES = 16  # mean length of names beyond which the counter is full with fewer types
SENTENCE_END = b"</s>"  # type 0; a line end is this token too, as in word2vec.c


class CountedTypes(NamedTuple):
    """Types with their counts and hashes, to be added to a `WordCounter`.

    names    uint8 (·,), the names, one after the other
    offsets  int64 (T + 1,), the position of each name
    codes    uint64 (T,), the hash of each name
    counts   int64 (T,)
    """

    names: np.ndarray
    offsets: np.ndarray
    codes: np.ndarray
    counts: np.ndarray


class WordCounter:
    """Numbers types by first occurrence and counts them; its `len` is T, the number of types.

    max_types  approximate limit of the types that are kept; the caller must call `prune` when
               `is_full` is true
    known      types with their counts, which get the first numbers after SENTENCE_END and are never
               pruned

    The memory depends on the number of types, not on the length of the text. It is at most about 80
    bytes times `max_types`.

    pruned_types   number of types that were pruned so far; a type that is pruned twice counts twice
    pruned_tokens  number of tokens of these types that had been counted
    lost           maximum number of tokens of a type that are not counted because of pruning
    """

    def __init__(self, max_types: int = 1 << 30, known: Mapping[str, int] | None = None) -> None:
        self._slots = np.zeros(1 << 12, np.uint64)
        self._text = np.empty(1 << 14, np.uint8)
        self._offsets = np.zeros((1 << 11) + 1, np.int64)
        self._counts = np.zeros(1 << 11, np.int64)
        self._types = 0
        self._ids = np.empty(0, np.int32)
        self.pruned_types = self.pruned_tokens = self.lost = 0
        known = known or {}
        self._fill()
        self.number(b" ".join([SENTENCE_END, *(name.encode() for name in known)]))
        self._counts[: self._types] = [0, *known.values()]
        # The first types, SENTENCE_END and the known ones, are never pruned.
        self._known_types, self._max_types = self._types, max_types

    def __len__(self) -> int:
        return self._types

    @property
    def counts(self) -> np.ndarray:
        """The count of each type, int64 (T,), of SENTENCE_END first; not a copy."""
        return self._counts[: self._types]

    def number(self, block: bytes | bytearray) -> np.ndarray:
        """Count the tokens of a block; returns their type numbers, int32 (N,).

        The returned array is overwritten by the next call.

        block  text that ends with a whole token; ASCII whitespace separates tokens, and each line
               end is a token too, SENTENCE_END
        """
        if self._ids.size < len(block):
            self._ids = np.empty(len(block), np.int32)
        return self._ids[: self._number(np.frombuffer(block, np.uint8))]

    def add(self, names: bytes, counts: np.ndarray) -> np.ndarray:
        """Add the types and counts of another counter; returns its types' numbers here, int32 (T,).

        The returned array is overwritten by the next call.

        names   distinct types, separated by blanks
        counts  int64 (T,), the count of each of these types
        """
        numbers = self.number(names)
        self.counts[numbers] += counts - 1
        return numbers

    @np.errstate(over="ignore")  # see `_number`
    def types(self) -> CountedTypes:
        """A copy of all types, for `merge` of another counter."""
        types = self._types
        offsets, codes = self._offsets[: types + 1].copy(), np.empty(types, np.uint64)
        hash_names(self._text, offsets, codes)
        return CountedTypes(self._text[: offsets[types]].copy(), offsets, codes, self.counts.copy())

    def merge(self, types: CountedTypes) -> np.ndarray:
        """Add the types and counts of another counter; returns their numbers here, int32 (T,)."""
        numbers, added = np.empty(types.codes.size, np.int32), 0
        while True:
            added, self._types = add_types(
                *types, added, self._slots, self._text, self._offsets, self._counts, self._types,
                numbers,
            )  # fmt: skip
            if added == numbers.size:
                return numbers
            # An array is full: the kernel has stopped early.
            self._grow(int(types.offsets[-1] - types.offsets[added]))

    def names(self) -> bytes:
        """The names of all types, by number, separated by blanks."""
        ends = self._offsets[1 : self._types] + np.arange(self._types - 1)  # of all but the last
        text = self._text[: self._offsets[self._types]]
        names = np.full(text.size + ends.size, ord(" "), np.uint8)
        is_letter = np.ones(names.size, np.bool_)
        is_letter[ends] = False
        names[is_letter] = text
        return names.tobytes()

    @np.errstate(over="ignore")  # without compilation NumPy would warn of the hash's overflow
    def _number(self, data: np.ndarray) -> int:
        """Number the tokens of a block in `_ids`; returns the number of tokens."""
        position = count = 0
        while True:
            position, new_tokens, self._types = number_tokens(
                data, position, self._slots, self._text, self._offsets, self._counts, self._types,
                self._ids[count:],
            )  # fmt: skip
            count += new_tokens
            if position == data.size:
                return count
            self._grow(data.size - position)  # An array is full: the kernel has stopped early.

    @property
    def is_full(self) -> bool:
        """Whether to prune now: at nine tenths of `max_types`, or at fewer types with long names.

        The last tenth is for the types of the next part of the text. Beyond `max_types` the memory
        would double.
        """
        limit = self._max_types * 9 // 10
        names_too_long = self._offsets[self._types] > _NAME_BYTES * self._max_types
        new_types = self._types - self._known_types
        return new_types > 1 and (new_types >= limit or names_too_long)

    def prune(self) -> np.ndarray:
        """Remove the types whose count is at most the median count: at least half of the types.

        Returns int32 (T,): the new number of each type, or -1 for a removed type
        """
        counts = self.counts
        middle = (counts.size - self._known_types) // 2
        threshold = int(np.partition(counts[self._known_types :], middle)[middle])
        is_kept = counts > threshold
        is_kept[: self._known_types] = True
        self.pruned_types += int(np.count_nonzero(~is_kept))
        self.pruned_tokens += int(counts[~is_kept].sum())
        self.lost += threshold
        numbers = np.full(counts.size, -1, np.int32)
        types = int(np.count_nonzero(is_kept))
        numbers[is_kept] = np.arange(types, dtype=np.int32)
        lengths = np.diff(self._offsets[: counts.size + 1])
        text = self._text[: self._offsets[counts.size]][np.repeat(is_kept, lengths)]
        self._text[: text.size] = text
        self._offsets[1 : types + 1] = np.cumsum(lengths[is_kept])
        self._counts[:types], self._types = counts[is_kept], types
        self._counts[types:] = 0
        self._slots.fill(0)
        self._fill()
        return numbers

    def _grow(self, longest: int) -> None:
        """Enlarge the arrays that are full, so that a new name of up to `longest` bytes fits."""
        types = self._counts.size
        if self._types == types:
            self._counts = _lengthened(self._counts, 2 * types)
            self._offsets = _lengthened(self._offsets, 2 * types + 1)
        wanted = int(self._offsets[self._types]) + longest
        if wanted > self._text.size:
            self._text = _lengthened(self._text, max(2 * self._text.size, wanted))
        if 2 * self._types >= self._slots.size:
            # The old slots are freed before the new ones are allocated, to limit the memory.
            size, self._slots = 2 * self._slots.size, self._slots[:0]
            self._slots = np.zeros(size, np.uint64)
            self._fill()

    @np.errstate(over="ignore")
    def _fill(self) -> None:
        """Put all types into the slots of the hash table, which must be empty."""
        fill_slots(self._slots, self._text, self._offsets, self._types)

    def names_from(self, first: int) -> list[bytes]:
        """The names of the types from a number on, as UTF-8."""
        return self.names_of(np.arange(first, self._types))

    def names_of(self, numbers: np.ndarray) -> list[bytes]:
        """The names of some types, as UTF-8.

        numbers  int64 (K,), the numbers of the types
        """
        return self._joined(numbers).split()

    def words(self, numbers: np.ndarray) -> list[str]:
        """The names of some types.

        numbers  int64 (K,), the numbers of the types
        """
        # Decoding all at once takes a third of the time of decoding each.
        return self._joined(numbers).decode().split(" ")[:-1]

    def _joined(self, numbers: np.ndarray) -> bytes:
        """The names of some types, as UTF-8, with a blank after each."""
        lengths = self._offsets[numbers + 1] - self._offsets[numbers]
        names = np.empty(int(lengths.sum()) + numbers.size, np.uint8)
        join_names(self._text, self._offsets, numbers, names)
        return names.tobytes()


def _lengthened(array: np.ndarray, size: int) -> np.ndarray:
    """A longer copy of an array, with zeros at the end."""
    longer = np.zeros(size, array.dtype)
    longer[: array.size] = array
    return longer
