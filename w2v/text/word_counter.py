"""Counts the types of a text and numbers them by first occurrence, in a hash table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from w2v.kernels.word_hash import fill_slots, number_tokens

_NAME_BYTES = 16  # mean length of names above which the counter is full with fewer types
SENTENCE_END = b"</s>"  # type 0; a line end is this token too, as in word2vec.c


class WordCounter:
    """Numbers types by first occurrence and counts them; its `len` is the number of types.

    most   about how many types are kept; the caller must call `prune` when `is_full`
    known  types with counts that get the first numbers, after SENTENCE_END, and are never pruned

    Memory grows with the number of types, not with the text, up to some 80 bytes times `most`.

    pruned_types   types pruned so far; a type that is pruned twice counts twice
    pruned_tokens  tokens of these types that had been counted
    lost           how many occurrences any one type may have lost by pruning
    """

    def __init__(self, most: int = 1 << 30, known: Mapping[str, int] | None = None) -> None:
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
        self._safe, self._most = self._types, most

    def __len__(self) -> int:
        return self._types

    @property
    def counts(self) -> np.ndarray:
        """The count of each type, int64 (T,); the first is that of SENTENCE_END. Not a copy."""
        return self._counts[: self._types]

    def number(self, block: bytes) -> np.ndarray:
        """Count the tokens of a block; returns their type numbers, int32 (N,).

        The returned array is overwritten by the next call.

        block  text that ends with a whole token; ASCII whitespace separates tokens, and each line
               end is a token too, SENTENCE_END
        """
        if self._ids.size < len(block):
            self._ids = np.empty(len(block), np.int32)
        return self._ids[: self._number(np.frombuffer(block, np.uint8))]

    def add(self, names: bytes, counts: np.ndarray) -> None:
        """Add the types and counts of another counter.

        names   distinct types, separated by blanks
        counts  int64 (T,), the count of each
        """
        numbers = self.number(names)
        self.counts[numbers] += counts - 1

    def names(self) -> bytes:
        """The names of all types, by number, separated by blanks."""
        return b" ".join(self.name(number) for number in range(len(self)))

    @np.errstate(over="ignore")  # without compilation NumPy would warn of the hash's overflow
    def _number(self, data: np.ndarray) -> int:
        at = count = 0
        while True:
            at, more, self._types = number_tokens(
                data, at, self._slots, self._text, self._offsets, self._counts, self._types,
                self._ids[count:],
            )  # fmt: skip
            count += more
            if at == data.size:
                return count
            self._grow(data.size - at)

    @property
    def is_full(self) -> bool:
        """Whether to prune now: at nine tenths of `most` types, or with long names at fewer.

        The rest is for the types of the next block: above `most` the memory would double.
        """
        most = self._most * 9 // 10
        too_long = self._offsets[self._types] > _NAME_BYTES * self._most
        return self._types > self._safe + 1 and (self._types - self._safe >= most or too_long)

    def prune(self) -> np.ndarray:
        """Remove the rarest types, at least half: all whose count is at most the median count.

        Returns int32 (T,): the new number of each type, or -1 for a removed one
        """
        counts = self.counts
        middle = (counts.size - self._safe) // 2
        threshold = int(np.partition(counts[self._safe :], middle)[middle])
        keep = counts > threshold
        keep[: self._safe] = True
        self.pruned_types += int(np.count_nonzero(~keep))
        self.pruned_tokens += int(counts[~keep].sum())
        self.lost += threshold
        numbers = np.full(counts.size, -1, np.int32)
        left = numbers[keep] = np.arange(np.count_nonzero(keep), dtype=np.int32)
        lengths = np.diff(self._offsets[: counts.size + 1])
        text = self._text[: self._offsets[counts.size]][np.repeat(keep, lengths)]
        self._text[: text.size] = text
        self._offsets[1 : left.size + 1] = np.cumsum(lengths[keep])
        self._counts[: left.size], self._types = counts[keep], left.size
        self._counts[left.size :] = 0
        self._slots.fill(0)
        self._fill()
        return numbers

    def _grow(self, longest: int) -> None:
        """Enlarge the arrays that are full, so that a new type of up to `longest` bytes fits."""
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
        fill_slots(self._slots, self._text, self._offsets, self._types)

    def name(self, number: int) -> bytes:
        """The name of a type, as UTF-8."""
        return self._text[self._offsets[number] : self._offsets[number + 1]].tobytes()


def _lengthened(array: np.ndarray, size: int) -> np.ndarray:
    longer = np.zeros(size, array.dtype)
    longer[: array.size] = array
    return longer
