"""The type numbers of a text whose parts were numbered by several threads, each by itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from w2v.kernels.packed_blocks import BLOCK
from w2v.kernels.word_hash import keep_words, renumber
from w2v.system.ordered_map import ordered_map
from w2v.system.packed_ids import PackedArray, PackedIds, PackedRun
from w2v.system.signals import DeferredSignals
from w2v.system.spooled_array import SpooledArray
from w2v.text.encoded_text import EncodedText
from w2v.text.numbered_parts import NumberedPart

_AT_ONCE = 8 * BLOCK  # tokens that are converted by one call
# Words of a file: so many, and at least a sixteenth of all words before it. So there are few files,
# and only a sixteenth of a text is on disk twice while it is converted.
_LEAST_FILE = 1 << 22
_SHARE = 16


class _Stored(NamedTuple):
    """A packed array in a file; see `PackedArray`."""

    file: SpooledArray
    place: int
    words: int
    lengths: np.ndarray
    size: int

    def load(self) -> PackedArray:
        """Read the array."""
        words = self.file.read(self.place, self.place + self.words)
        return PackedArray(words, self.lengths, self.size)


class _StoredPart(NamedTuple):
    """The tokens of a part and the counts of its types, and the position of its first type."""

    tokens: _Stored
    counts: _Stored
    first_type: int


class NumberedText:
    """The tokens of a text, each with the number of its type in its part of the text.

    threads  the number of threads that convert the text
    size     the number of tokens

    The numbers are packed on disk. They are converted only once, and then the text is empty.
    """

    def __init__(self, threads: int) -> None:
        self.size, self._threads = 0, threads
        self._parts = deque[_StoredPart]()
        self._file = SpooledArray(np.uint32)
        self._words = 0  # in all files
        self._types = SpooledArray(np.int32)  # of all parts, one after the other: their numbers
        empty = np.empty(0, np.int32)
        with DeferredSignals():  # see `make_word_counter`
            PackedArray.of(empty).read(0, 0)
            renumber(empty.copy(), empty)

    @property
    def bytes(self) -> int:
        """The bytes in memory or on disk."""
        return 4 * (self._words + self._types.size)

    def append(self, part: NumberedPart) -> None:
        """Add a part at the end; OSError if the temporary folder is full."""
        if self._file.size > max(_LEAST_FILE, self._words // _SHARE):
            self._file = SpooledArray(np.uint32)
        stored = self._store(part.tokens), self._store(part.counts)
        self._parts.append(_StoredPart(*stored, self._types.size))
        self._types.append(part.types)
        self.size += part.size

    def _store(self, array: PackedArray) -> _Stored:
        file, place = self._file, self._file.size
        file.append(array.words)
        self._words += array.words.size
        return _Stored(file, place, array.words.size, array.lengths, array.size)

    def change_types(self, numbers: np.ndarray) -> None:
        """Replace the numbers of types; -1 stands for a type without a number.

        numbers  int32 (T,), the result of `WordCounter.prune`
        """
        numbers = np.append(numbers, np.int32(-1))
        self._types.rewrite(lambda old: numbers[old])

    def renumbered(self) -> PackedIds:
        """The tokens by the types of the whole text; sentence ends are tokens of type 0.

        No type may have been pruned.
        """

        def change(part: _StoredPart, begin: int, size: int) -> tuple[np.ndarray, np.ndarray]:
            """Renumber the tokens of a part."""
            tokens, types = part.tokens.load().read(0, size), self._types_of(part)
            renumber(tokens, types)
            return tokens, np.empty(0, np.int64)

        return self._converted([part.tokens.size for part in self._parts], change, False)[0]

    def encoded(self, word_ids: np.ndarray, keep_empty: bool) -> EncodedText:
        """Convert the text to word ids, without the tokens that are dropped.

        word_ids    int32 (T,)  the word id of each type, or -1 (`DROPPED`), as for type 0
        keep_empty  whether empty lines are sentences too
        """
        word_ids = np.append(word_ids, np.int32(-1))  # index -1: a type that was pruned

        def count(part: _StoredPart) -> int:
            """Count the words of a part."""
            counts = part.counts.load().read(0, part.counts.size)
            return int(counts[word_ids[self._types_of(part)] >= 0].sum(dtype=np.int64))

        def change(part: _StoredPart, begin: int, size: int) -> tuple[np.ndarray, np.ndarray]:
            """Convert a part; returns its words, and where each sentence begins after an end."""
            tokens, own_ids = part.tokens.load(), word_ids[self._types_of(part)]
            words, done, starts = np.empty(size, np.int32), 0, [np.empty(0, np.int64)]
            # Whether a sentence that ends at the begin of the part is empty is not known here. It
            # is taken not to be; `_converted` leaves out its end if it is.
            place = np.array([begin, begin - 1], np.int64)
            for first in range(0, tokens.size, _AT_ONCE):
                numbers = tokens.read(first, min(first + _AT_ONCE, tokens.size))
                begins = np.empty(numbers.size, np.int64)
                kept, ends = keep_words(numbers, own_ids, place, words[done:], begins, keep_empty)
                starts.append(begins[:ends].copy())
                done += kept
            return words, np.concatenate(starts)

        sizes = list(ordered_map(count, self._parts, self._threads))
        return EncodedText(*self._converted(sizes, change, keep_empty))

    def _types_of(self, part: _StoredPart) -> np.ndarray:
        """The numbers of the types of a part; -1 for a type that was pruned."""
        return self._types.read(part.first_type, part.first_type + part.counts.size)

    def _converted(
        self,
        sizes: list[int],
        change: Callable[[_StoredPart, int, int], tuple[np.ndarray, np.ndarray]],
        keep_empty: bool,
    ) -> tuple[PackedIds, np.ndarray]:
        """Convert all parts on threads; returns the ids, and the starts of the sentences.

        sizes       the number of ids of each part
        change      a function that returns the ids of a part, and the starts in it, from the part,
                    the position of its first id and the number of its ids
        keep_empty  whether empty lines are sentences too
        """
        begins = np.cumsum([0, *sizes], dtype=np.int64).tolist()
        total = begins[-1]
        self._file = SpooledArray(np.uint32)

        def parts() -> Iterator[tuple[_StoredPart, int, int]]:
            """Take one part after the other; a file is freed with its last part."""
            for begin, size in zip(begins[:-1], sizes, strict=True):
                yield self._parts.popleft(), begin, size

        def convert(part: tuple[_StoredPart, int, int]) -> tuple[PackedRun, np.ndarray]:
            """Convert and pack a part."""
            ids, starts = change(*part)
            return PackedRun.of(ids, part[1], total), starts

        ids, starts, last = PackedIds(), SpooledArray(np.int64, np.zeros(1)), 0
        for run, found in ordered_map(convert, parts(), self._threads):
            ids.append_run(run)
            if found.size and found[0] == last and not keep_empty:
                found = found[1:]
            starts.append(found)
            last = int(found[-1]) if found.size else last
        if last < total:  # The last sentence has no line end.
            starts.append(np.array([total]))
        return ids, starts.mapped()
