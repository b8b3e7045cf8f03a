"""What of a text each chunk needs: words that this process has, or parts that workers hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from w2v.cluster.model_replica import Parcel, Slice
from w2v.system.spooled_array import Spool
from w2v.text.encoded_text import Documents, Text
from w2v.training.chunks import Chunk


class Parcels(Protocol):
    """Where the words of chunks are."""

    def parcel(self, chunk: Chunk) -> Any:
        """A `Parcel`, in which arrays may be futures of such."""


class Sent:
    """The words of a text that this process has: they go out with the chunks."""

    def __init__(self, text: Text):
        self._text = text

    def parcel(self, chunk: Chunk) -> Parcel:
        """The chunk with its words."""
        if isinstance(self._text, Documents):
            ids, bounds = self._text.gather(chunk.pieces)
        else:
            ids, bounds = self._text.part(chunk.first, chunk.last)
        return Parcel(chunk, [Slice(ids, 0, ids.size)], bounds)


class Held(Text):
    """A text whose words the workers hold, in parts; here is only where sentences begin.

    parts   futures of int32 arrays
    sizes   how many words each has
    starts  int64 (S + 1,), as of any `Text`
    """

    def __init__(self, parts: Sequence[Any], sizes: Sequence[int], starts: np.ndarray):
        super().__init__(Spool(np.int32), starts)
        self._parts = parts
        self._edges = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.size = int(self._edges[-1])

    def parcel(self, chunk: Chunk) -> Parcel:
        """The chunk, and of which parts it is."""
        begin = int(np.searchsorted(self._edges, chunk.first, "right")) - 1
        slices = []
        for part in range(begin, int(np.searchsorted(self._edges, chunk.last))):
            edge, end = self._edges[part : part + 2].tolist()
            first, last = max(chunk.first - edge, 0), min(chunk.last, end) - edge
            if first < last:
                slices.append(Slice(self._parts[part], first, last))
        return Parcel(chunk, slices, self.bounds(chunk.first, chunk.last))
