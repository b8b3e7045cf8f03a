"""A text as word ids: sentences, or documents with names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from w2v.kernels.documents import gather_spans
from w2v.kernels.simd import aligned
from w2v.system.spooled_array import SpooledArray, mapped_zeros


class EncodedText:
    """A text as word ids.

    ids       int32, the words of the vocabulary in the order of the text
    starts    int64 (S + 1,), the position where each sentence begins, and the end
    size      how many words
    """

    def __init__(self, ids: SpooledArray, starts: np.ndarray):
        self.ids, self.starts, self.size = ids, starts, ids.size

    def part(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """The words from position `first` to `last` - 1: their ids, and where sentences begin.

        Returns  (int32 (N,), int64 (S + 1,)): N = last - first; the bounds begin with 0, end with N
        """
        return self.ids.read(first, last), self.bounds(first, last)

    def bounds(self, first: int, last: int) -> np.ndarray:
        """Where sentences begin in such a part; int64 (S + 1,)."""
        inside = slice(
            np.searchsorted(self.starts, first, "right"), np.searchsorted(self.starts, last)
        )
        return np.concatenate([[first], self.starts[inside], [last]]) - first


class Spans(NamedTuple):
    """Documents of a text, or parts of them.

    rows    int32 (S,)  the row of each one's document
    begins  int64 (S,)  the position in the text where each begins
    ends    int64 (S,)  and where it ends
    """

    rows: np.ndarray
    begins: np.ndarray
    ends: np.ndarray


class EncodedDocuments(EncodedText):
    """A text of documents, which may be empty: `starts` says where each begins.

    rows    int32 (S,), the row of each document's vector: several documents may share one
    names   the name of each row
    labels  the label of each document, None where it has none
    begins  int64 (S,), the position where each begins, and `ends`
    mapped  whether their vectors are kept in a temporary file while they are trained
    """

    mapped = False

    def __init__(
        self,
        ids: SpooledArray,
        starts: np.ndarray,
        rows: np.ndarray,
        names: Sequence[str],
        labels: Sequence[str | None] = (),
    ):
        super().__init__(ids, starts)
        self.rows, self.names, self.labels = rows, names, labels
        self.begins, self.ends = starts[:-1], starts[1:]

    def words(self, spans: Spans) -> np.ndarray:
        """The words of some spans one after the other: read, where they are so in the text."""
        if (spans.begins[1:] == spans.ends[:-1]).all() and spans.rows.size:
            return self.ids.read(int(spans.begins[0]), int(spans.ends[-1]))
        return self.gather(spans)[0]

    @cached_property
    def _words(self) -> np.ndarray:
        return (
            self.ids.mapped()
        )  # once: a mapping for each chunk costs as much as half its training

    def gather(self, spans: Spans) -> tuple[np.ndarray, np.ndarray]:
        """The words of some spans one after the other, and where each begins, as in `part`."""
        ids = np.empty(int((spans.ends - spans.begins).sum()), np.int32)
        bounds = np.empty(spans.rows.size + 1, np.int64)
        gather_spans(self._words, spans.begins, spans.ends, ids, bounds)
        return ids, bounds

    def allocate(self, shape: tuple[int, int], kind: type = np.float32) -> np.ndarray:
        """Zeros for the vectors of the documents, in a temporary file if `mapped`."""
        return mapped_zeros(shape, kind) if self.mapped else aligned(shape, kind)

    def spans(self, which: slice | np.ndarray) -> Spans:
        """Some whole documents, by their number."""
        return Spans(self.rows[which], self.begins[which], self.ends[which])

    def sizes(self) -> np.ndarray:
        """How many words each row has; int64 (M,)."""
        lengths = self.ends - self.begins
        return np.bincount(self.rows, lengths, minlength=len(self.names)).astype(np.int64)

    def some(self, names: Sequence[str]) -> EncodedDocuments:
        """The documents with some of the names, which then are its rows, in that order."""
        number = {name: row for row, name in enumerate(names)}
        renumbered = np.array([number.get(name, -1) for name in self.names], np.int32)[self.rows]
        wanted = renumbered >= 0
        found = EncodedDocuments(self.ids, self.starts, renumbered[wanted], names)
        found.begins, found.ends = self.begins[wanted], self.ends[wanted]
        return found
