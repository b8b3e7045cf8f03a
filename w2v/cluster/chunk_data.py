"""The words of each chunk, either sent with the chunk or held by the workers in parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from w2v.cluster.model_replica import ChunkData, Slice
from w2v.system.spooled_array import SpooledArray
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.training.chunks import Chunk


class ChunkSource(Protocol):
    """A source of the words of chunks."""

    def of(self, chunk: Chunk) -> Any:
        """Make the `ChunkData` of a chunk; its arrays may be futures of arrays."""


class LocalText:
    """A text in this process, whose words are sent to the workers with each chunk."""

    def __init__(self, text: EncodedText):
        self._text = text

    def of(self, chunk: Chunk) -> ChunkData:
        """Make the `ChunkData` of a chunk, with its words."""
        if isinstance(self._text, EncodedDocuments):
            ids, bounds = self._text.gather(chunk.spans)
        else:
            ids, bounds = self._text.part(chunk.first, chunk.last)
        return ChunkData(chunk, [Slice(ids, 0, ids.size)], bounds)


class RemoteText(EncodedText):
    """A text whose words the workers hold, in parts; this process has only the sentence starts.

    parts   futures of the word ids of each part, int32 arrays
    sizes   number of words in each part
    starts  int64 (S + 1,): the start of each sentence, as in any `EncodedText`
    """

    def __init__(self, parts: Sequence[Any], sizes: Sequence[int], starts: np.ndarray):
        super().__init__(SpooledArray(np.int32), starts)
        self._parts = parts
        self._edges = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.size = int(self._edges[-1])

    def of(self, chunk: Chunk) -> ChunkData:
        """Make the `ChunkData` of a chunk, with slices of the parts that hold its words."""
        begin = int(np.searchsorted(self._edges, chunk.first, "right")) - 1
        slices = []
        for part in range(begin, int(np.searchsorted(self._edges, chunk.last))):
            edge, end = self._edges[part : part + 2].tolist()
            first, last = max(chunk.first - edge, 0), min(chunk.last, end) - edge
            if first < last:
                slices.append(Slice(self._parts[part], first, last))
        return ChunkData(chunk, slices, self.bounds(chunk.first, chunk.last))
