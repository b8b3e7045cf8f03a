"""Sources of the words of chunks: a text in this process, or a text whose parts workers hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from w2v.cluster.model_replica import ChunkData, Slice
from w2v.system.packed_ids import PackedIds
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.training.chunks import Chunk


class ChunkSource(Protocol):
    """A source of the words of chunks."""

    def of(self, chunk: Chunk) -> Any:
        """Make the `ChunkData` of a chunk. The arrays of its slices may be futures."""

    def restore(self) -> None:
        """Let the workers read the text again, if a new scheduler does not know of it."""


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

    def restore(self) -> None:
        """Do nothing: the text is in this process."""


class RemoteText(EncodedText):
    """A text whose words the workers hold, in parts. This process has only the sentence starts.

    parts   for each part, a future of the int32 array of its word ids
    sizes   for each part, its number of words
    starts  int64 (S + 1,): the start of each of the S sentences, as in any `EncodedText`
    read    the function that lets the workers read the text again, and returns `parts` anew
    """

    def __init__(
        self, parts: Sequence[Any], sizes: Sequence[int], starts: np.ndarray,
        read: Callable[[], Sequence[Any]],
    ):  # fmt: skip
        super().__init__(PackedIds(), starts)
        self._parts, self._read = parts, read
        self._part_bounds = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.size = int(self._part_bounds[-1])

    def restore(self) -> None:
        """Let the workers read the text again if the futures of its parts are cancelled.

        Dask cancels all futures when the scheduler ends. After the death of a worker, it reads the
        parts again by itself.
        """
        if any(part.status == "cancelled" for part in self._parts):
            self._parts = self._read()

    def of(self, chunk: Chunk) -> ChunkData:
        """Make the `ChunkData` of a chunk, with slices of the parts that hold its words."""
        first_part = int(np.searchsorted(self._part_bounds, chunk.first, "right")) - 1
        slices = []
        for part in range(first_part, int(np.searchsorted(self._part_bounds, chunk.last))):
            part_begin, part_end = self._part_bounds[part : part + 2].tolist()
            first = max(chunk.first - part_begin, 0)
            last = min(chunk.last, part_end) - part_begin
            if first < last:
                slices.append(Slice(self._parts[part], first, last))
        return ChunkData(chunk, slices, self.bounds(chunk.first, chunk.last))
