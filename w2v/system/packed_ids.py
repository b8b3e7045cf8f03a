"""Arrays of ids that need not fit in memory, nor four bytes for each id on disk."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from w2v.kernels.documents import gather_spans
from w2v.kernels.packed_blocks import BLOCK, choose_widths, most_words, pack_block, unpack_spans
from w2v.system import spooled_array
from w2v.system.signals import DeferredSignals
from w2v.system.spooled_array import SpooledArray


class PackedIds:
    """A one-dimensional array of ids, from 0 to 2³¹ - 1, that can grow.

    values  the first ids; None: the array is empty

    A small array is kept in memory, as int32. A larger one is kept in a temporary file, in packed
    blocks of BLOCK ids, see `kernels.packed_blocks`; the memory is then 12 bytes for each block.
    Several threads may read an array at the same time, but not while it is changed.
    """

    def __init__(self, values: np.ndarray | None = None):
        self._plain = SpooledArray(np.int32)
        self._blocks: _Blocks | None = None  # None: the ids are in `_plain`
        self._unpacked: np.ndarray | None = None  # a map of the file of `_plain`
        if values is not None:
            self.append(values)

    @property
    def size(self) -> int:
        """The number of ids."""
        return self._plain.size if self._blocks is None else self._blocks.size

    @property
    def bytes(self) -> int:
        """The bytes of the ids, in memory or on disk."""
        return 4 * self._plain.size if self._blocks is None else self._blocks.bytes

    def append(self, values: np.ndarray) -> None:
        """Add ids at the end; OSError if the temporary folder is full."""
        if self._blocks is None and 4 * (self.size + values.size) > spooled_array.IN_MEMORY:
            self._blocks = _Blocks(BLOCK)
            self._blocks.append(self._plain.read(0, self._plain.size))
            self._plain, self._unpacked = SpooledArray(np.int32), None
        if self._blocks is None:
            self._plain.append(values)
        else:
            self._blocks.append(values)

    def read(self, first: int, last: int) -> np.ndarray:
        """A copy of the ids at positions `first` to `last` - 1, as far as the array has them."""
        blocks = self._blocks
        return self._plain.read(first, last) if blocks is None else blocks.read(first, last)

    def read_ahead(self, first: int, last: int) -> None:
        """Ask the system to read the ids at positions `first` to `last` - 1 from disk soon."""
        if (blocks := self._blocks) is None:
            self._plain.read_ahead(first, last)
        else:
            blocks.read_ahead(first, last)

    def gather(
        self, begins: np.ndarray, ends: np.ndarray, ids: np.ndarray, bounds: np.ndarray
    ) -> None:
        """Copy spans of the array, one after the other.

        begins, ends  int64 (S,)      the position of the first id of each span, and after the last
        ids           int32 (N,)      overwritten by the ids
        bounds        int64 (S + 1,)  overwritten by the index in `ids` where each span begins, and
                                      by N
        """
        if (blocks := self._blocks) is None:
            unpacked = self._plain.mapped() if self._unpacked is None else self._unpacked
            gather_spans(unpacked, begins, ends, ids, bounds)
        else:
            blocks.gather(begins, ends, ids, bounds)

    def rewrite(self, change: Callable[[np.ndarray], np.ndarray]) -> None:
        """Replace the ids, in parts.

        change  a function that returns the new ids of a part, not more than the part has. With
                fewer ids, the array shrinks
        """
        if self._blocks is None:
            self._plain.rewrite(change)
        else:
            self._blocks.rewrite(change)

    def mapped(self) -> np.ndarray:
        """All ids as one int32 array. The first call unpacks a large array to another file.

        From then on its ids take four bytes each.
        """
        if self._blocks is None:
            return self._plain.mapped() if self._unpacked is None else self._unpacked
        plain = SpooledArray(np.int32)
        for begin in range(0, self.size, spooled_array.PART):
            plain.append(self.read(begin, begin + spooled_array.PART))
        # `_blocks` is replaced last, because another thread may be reading.
        self._plain, self._unpacked = plain, plain.mapped()
        self._blocks = None
        return self._unpacked


class _Blocks:
    """Packed blocks of ids, and the last ids, which do not fill a block.

    block  the number of ids in a block
    """

    def __init__(self, block: int):
        self._block = block
        self._words = SpooledArray(np.uint32)
        # Where each block begins in `_words`, and its number of words. A list would take six times
        # as much memory.
        self._places, self._lengths = array("q"), array("i")
        self._tail = np.empty(0, np.int32)
        self._fitting = np.empty(32, np.int64)
        self._packed = np.empty(most_words(block), np.uint32)
        self._view: tuple[np.ndarray, np.ndarray] | None = None  # of `_words` and `_places`
        # Python drops exceptions that are raised in callbacks from C, such as loading a kernel.
        with DeferredSignals():
            self._pack(np.zeros(block, np.int32))
            self.read(0, 0)

    @property
    def size(self) -> int:
        """The number of ids."""
        return len(self._places) * self._block + self._tail.size

    @property
    def bytes(self) -> int:
        """The bytes of the ids."""
        return 4 * (self._words.size + self._tail.size)

    def append(self, values: np.ndarray) -> None:
        """Add ids at the end."""
        self._view = None
        for packed in self._fill(values):
            self._write(packed, self._words.size)

    def read(self, first: int, last: int) -> np.ndarray:
        """A copy of the ids at positions `first` to `last` - 1, as far as there are any."""
        first, last = (min(position, self.size) for position in (first, last))
        numbers = self._numbers(first, last)
        parts = [self._stored(number) for number in numbers]
        shift = numbers.start * self._block
        return self._unpack(parts, self._tail, first - shift, max(last, first) - shift)

    def read_ahead(self, first: int, last: int) -> None:
        """Ask the system to read blocks from disk soon, see `PackedIds.read_ahead`."""
        for number in self._numbers(first, last):
            place = self._places[number]
            self._words.read_ahead(place, place + self._lengths[number])

    def _numbers(self, first: int, last: int) -> range:
        """The numbers of the blocks that have the ids at positions `first` to `last` - 1."""
        return range(first // self._block, min(-(-last // self._block), len(self._places)))

    def gather(
        self, begins: np.ndarray, ends: np.ndarray, ids: np.ndarray, bounds: np.ndarray
    ) -> None:
        """Copy spans of the array, see `PackedIds.gather`."""
        # A new mapping for each chunk would take half as long as training it.
        if (view := self._view) is None:
            view = self._view = self._words.mapped(), np.array(self._places, np.int64)
        unpack_spans(*view, self._tail, self._block, begins, ends, ids, bounds)

    def rewrite(self, change: Callable[[np.ndarray], np.ndarray]) -> None:
        """Replace the ids block by block, see `PackedIds.rewrite`.

        A new block may have more words than the old one: types that are numbered by first
        occurrence have small numbers at the beginning of a text, whatever their frequency. A block
        that does not fit in front of the old blocks that are still to be read is written to the end
        of the file, and is moved when all have been read. So the file grows only by such blocks: of
        100 MB of Wikipedia there is none. A second file would need as much space again.
        """
        self._view = None
        places, lengths, tail, end = self._places, self._lengths, self._tail, self._words.size
        # For each old block, the words in front of it and of the old blocks after it.
        free = np.minimum.accumulate(np.array([*places, end], np.int64)[::-1])[::-1]
        self._places, self._lengths, self._tail = array("q"), array("i"), tail[:0]
        written = 0
        for number in range(len(places) + 1):
            if number < len(places):
                words = self._words.read(places[number], places[number] + lengths[number])
                values = self._unpack([words], tail[:0], 0, self._block)
            else:
                values = tail
            for packed in self._fill(change(values)):
                fits = written + packed.size <= free[min(number + 1, len(places))]
                self._write(packed, written if fits else self._words.size)
                written += packed.size * fits
        for number in np.flatnonzero(np.array(self._places, np.int64) >= end).tolist():
            packed = self._stored(number)
            self._words.write(packed, written)
            self._places[number] = written
            written += packed.size
        self._words.truncate(written)

    def _fill(self, values: np.ndarray) -> Iterator[np.ndarray]:
        """Add ids to the tail; yields the words of each block that it fills.

        The array that is yielded is overwritten by the next one.
        """
        values = np.concatenate([self._tail, values]).astype(np.int32, copy=False)
        full = values.size // self._block * self._block
        self._tail = values[full:].copy()
        for begin in range(0, full, self._block):
            yield self._pack(values[begin : begin + self._block])

    def _pack(self, values: np.ndarray) -> np.ndarray:
        """The words of a block, in an array that the next call overwrites."""
        size = pack_block(values, choose_widths(values, self._fitting), self._packed)
        return self._packed[:size]

    def _unpack(
        self, parts: Sequence[np.ndarray], tail: np.ndarray, first: int, last: int
    ) -> np.ndarray:
        """The ids at positions `first` to `last` - 1 of some blocks and the ids after them."""
        words = parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.uint32), *parts])
        places = np.cumsum([0, *map(len, parts)], dtype=np.int64)[:-1]
        ids, bounds = np.empty(last - first, np.int32), np.empty(2, np.int64)
        spans = np.array([first]), np.array([last])
        unpack_spans(words, places, tail, self._block, *spans, ids, bounds)
        return ids

    def _write(self, packed: np.ndarray, place: int) -> None:
        """Write a new block to a place in the file."""
        self._words.write(packed, place)
        self._places.append(place)
        self._lengths.append(packed.size)

    def _stored(self, number: int) -> np.ndarray:
        """The words of a block."""
        place = self._places[number]
        return self._words.read(place, place + self._lengths[number])
