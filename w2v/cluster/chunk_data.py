"""What of a text each chunk needs: words that this process has, or parts that workers hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from w2v.cluster.model_replica import ChunkData, Slice
from w2v.system.spooled_array import SpooledArray
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.training.chunks import Chunk


class ChunkSource(Protocol):
    """Where the words of chunks are."""

    def of(self, chunk: Chunk) -> Any:
        """A `ChunkData`, in which arrays may be futures of such."""


class LocalText:
    """The words of a text that this process has: they go out with the chunks."""

    def __init__(self, text: EncodedText):
        self._text = text

    def of(self, chunk: Chunk) -> ChunkData:
        """The chunk with its words."""
        if isinstance(self._text, EncodedDocuments):
            ids, bounds = self._text.gather(chunk.spans)
        else:
            ids, bounds = self._text.part(chunk.first, chunk.last)
        return ChunkData(chunk, [Slice(ids, 0, ids.size)], bounds)


class RemoteText(EncodedText):
    """A text whose words the workers hold, in parts; here is only where sentences begin.

    parts   futures of int32 arrays
    sizes   how many words each has
    starts  int64 (S + 1,), as of any `Text`
    """

    def __init__(self, parts: Sequence[Any], sizes: Sequence[int], starts: np.ndarray):
        super().__init__(SpooledArray(np.int32), starts)
        self._parts = parts
        self._edges = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.size = int(self._edges[-1])

    def of(self, chunk: Chunk) -> ChunkData:
        """The chunk, and of which parts it is."""
        begin = int(np.searchsorted(self._edges, chunk.first, "right")) - 1
        slices = []
        for part in range(begin, int(np.searchsorted(self._edges, chunk.last))):
            edge, end = self._edges[part : part + 2].tolist()
            first, last = max(chunk.first - edge, 0), min(chunk.last, end) - edge
            if first < last:
                slices.append(Slice(self._parts[part], first, last))
        return ChunkData(chunk, slices, self.bounds(chunk.first, chunk.last))
