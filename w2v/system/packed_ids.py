"""Arrays of ids that need not fit in memory, nor four bytes for each id on disk."""

from __future__ import annotations

from array import array
from typing import NamedTuple

import numpy as np

from w2v.kernels.documents import gather_spans
from w2v.kernels.packed_blocks import BLOCK, most_words, pack_blocks, unpack_spans
from w2v.system import spooled_array
from w2v.system.signals import DeferredSignals
from w2v.system.spooled_array import SpooledArray

_AT_ONCE = 64  # blocks that are packed by one call


class PackedArray(NamedTuple):
    """An array of N numbers from 0 to 2³¹ - 1: packed blocks, and the numbers after them.

    words    uint32 (·,)  the blocks, and then the last numbers, which do not fill a block, as they
                          are
    lengths  int32 (K,)   the number of words of each block
    size     int          N
    """

    words: np.ndarray
    lengths: np.ndarray
    size: int

    @staticmethod
    def of(values: np.ndarray) -> PackedArray:
        """Pack numbers, int32 (N,). Threads may call this."""
        lengths = np.empty(values.size // BLOCK, np.int32)
        words = np.empty(lengths.size * most_words(BLOCK) + BLOCK, np.uint32)
        size = pack_blocks(values, BLOCK, np.empty(32, np.int64), words, lengths)
        rest = values[lengths.size * BLOCK :]
        words[size : size + rest.size] = rest
        return PackedArray(words[: size + rest.size].copy(), lengths, values.size)

    def read(self, first: int, last: int) -> np.ndarray:
        """The numbers at positions `first` to `last` - 1, int32."""
        places = np.cumsum([0, *self.lengths], dtype=np.int64)
        tail = self.words[places[-1] :].view(np.int32)
        return _unpacked(self.words, places[:-1], tail, BLOCK, first, last)


class PackedRun(NamedTuple):
    """Ids that are packed for a known position of a `PackedIds`, for `PackedIds.append_run`.

    head    int32, the ids before the first block that begins among these ids
    blocks  the blocks that these ids fill, and the ids after them
    """

    head: np.ndarray
    blocks: PackedArray

    @staticmethod
    def of(values: np.ndarray, position: int, total: int) -> PackedRun:
        """Pack ids, int32 (N,). Threads may call this.

        position  the position of the first of these ids
        total     the number of ids that the array will have in the end
        """
        head = -position % BLOCK if 4 * total > spooled_array.IN_MEMORY else values.size
        return PackedRun(values[:head], PackedArray.of(values[head:]))


def _unpacked(
    words: np.ndarray, places: np.ndarray, tail: np.ndarray, block: int, first: int, last: int
) -> np.ndarray:
    """The numbers at positions `first` to `last` - 1 of some blocks and the numbers after them."""
    ids, bounds = np.empty(last - first, np.int32), np.empty(2, np.int64)
    begins, ends = np.array([first], np.int64), np.array([last], np.int64)
    unpack_spans(words, places, tail, block, begins, ends, ids, bounds)
    return ids


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
        blocks = self._blocks  # which another thread may replace, see `mapped`
        return self._plain.size if blocks is None else blocks.size

    @property
    def bytes(self) -> int:
        """The bytes of the ids, in memory or on disk."""
        blocks = self._blocks
        return 4 * self._plain.size if blocks is None else blocks.bytes

    def append(self, values: np.ndarray) -> None:
        """Add ids at the end; OSError if the temporary folder is full."""
        if self._blocks is None and 4 * (self.size + values.size) <= spooled_array.IN_MEMORY:
            self._plain.append(values)
        else:
            self._packed().append(values)

    def append_run(self, run: PackedRun) -> None:
        """Add ids at the end that have been packed for this position, as `append`."""
        self.append(run.head)
        blocks = run.blocks
        if blocks.lengths.size:
            self._packed().append_blocks(blocks)
        self.append(blocks.read(blocks.lengths.size * BLOCK, blocks.size))

    def _packed(self) -> _Blocks:
        """The blocks of the ids, which are packed first if they are not yet."""
        if self._blocks is None:
            self._blocks = _Blocks(BLOCK)
            self._blocks.append(self._plain.read(0, self._plain.size))
            self._plain, self._unpacked = SpooledArray(np.int32), None
        return self._blocks

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
        self._view: tuple[np.ndarray, np.ndarray] | None = None  # of `_words` and `_places`
        # Python drops exceptions that are raised in callbacks from C, such as loading a kernel.
        with DeferredSignals():
            PackedArray.of(np.zeros(0, np.int32)).read(0, 0)

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
        values = np.concatenate([self._tail, values]).astype(np.int32, copy=False)
        full = values.size // self._block * self._block
        self._tail = values[full:].copy()
        for begin in range(0, full, _AT_ONCE * self._block):
            end = min(begin + _AT_ONCE * self._block, full)
            self._write(PackedArray.of(values[begin:end]))

    def append_blocks(self, blocks: PackedArray) -> None:
        """Add the blocks of a packed array at the end, which must be the end of a block."""
        assert not self._tail.size
        self._view = None
        self._write(blocks)

    def _write(self, blocks: PackedArray) -> None:
        """Write the blocks of a packed array to the end of the file."""
        places = self._words.size + np.cumsum([0, *blocks.lengths], dtype=np.int64)
        self._words.append(blocks.words[: places[-1] - places[0]])
        self._places.extend(places[:-1].tolist())
        self._lengths.extend(blocks.lengths.tolist())

    def read(self, first: int, last: int) -> np.ndarray:
        """A copy of the ids at positions `first` to `last` - 1, as far as there are any."""
        first, last = (min(position, self.size) for position in (first, last))
        numbers = self._numbers(first, last)
        parts = [self._stored(number) for number in numbers]
        words = parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.uint32), *parts])
        places = np.cumsum([0, *map(len, parts)], dtype=np.int64)[:-1]
        shift = numbers.start * self._block
        span = first - shift, max(last, first) - shift
        return _unpacked(words, places, self._tail, self._block, *span)

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

    def _stored(self, number: int) -> np.ndarray:
        """The words of a block."""
        place = self._places[number]
        return self._words.read(place, place + self._lengths[number])
