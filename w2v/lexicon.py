"""Every type of a text: numbered in the order of their first occurrence, and counted."""

from __future__ import annotations

import numpy as np

from w2v.kernels.tokens import fill_slots, number_tokens

SENTENCE_END = b"</s>"  # the first type; a line end is one too, as in word2vec.c


class Lexicon:
    """Numbers types as they come. `counts` says how often each has come; `len` how many there are.

    The memory it takes grows with the number of types, not with the text.
    """

    def __init__(self) -> None:
        self._slots = np.zeros(1 << 12, np.uint64)
        self._text = np.empty(1 << 14, np.uint8)
        self._offsets = np.zeros((1 << 11) + 1, np.int64)
        self._counts = np.zeros(1 << 11, np.int64)
        self._types = 0
        self._ids = np.empty(0, np.int32)
        self.number(SENTENCE_END)
        self._counts[0] = 0

    def __len__(self) -> int:
        return self._types

    @property
    def counts(self) -> np.ndarray:
        """int64 (T,), of sentence ends first."""
        return self._counts[: self._types]

    def number(self, block: bytes) -> np.ndarray:
        """The numbers of a block's tokens: int32 (N,), valid until the next call.

        block  a text that ends with a whole token; tokens are parted by ASCII whitespace, and each
               line end is a token, SENTENCE_END
        """
        if self._ids.size < len(block):
            self._ids = np.empty(len(block), np.int32)
        with np.errstate(over="ignore"):  # uncompiled, NumPy would warn: the hash is meant to wrap
            return self._ids[: self._number(np.frombuffer(block, np.uint8))]

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

    def _grow(self, longest: int) -> None:
        """Make room for twice as many types, and for one of `longest` bytes."""
        types = 2 * self._counts.size
        self._counts = _lengthened(self._counts, types)
        self._offsets = _lengthened(self._offsets, types + 1)
        wanted = int(self._offsets[self._types]) + longest
        self._text = _lengthened(self._text, max(2 * self._text.size, wanted))
        self._slots = np.zeros(2 * types, np.uint64)
        fill_slots(self._slots, self._text, self._offsets, self._types)

    def name(self, number: int) -> bytes:
        """The bytes of a type."""
        return self._text[self._offsets[number] : self._offsets[number + 1]].tobytes()


def _lengthened(array: np.ndarray, size: int) -> np.ndarray:
    longer = np.zeros(size, array.dtype)
    longer[: array.size] = array
    return longer
