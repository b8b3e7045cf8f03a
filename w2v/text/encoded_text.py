"""Encoded text: the word ids of a text, with the bounds of its sentences or documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from w2v.kernels.simd import aligned
from w2v.system.packed_ids import PackedIds
from w2v.system.spooled_array import mapped_zeros

_PART = 1 << 16  # sentences whose lengths are computed at a time


class EncodedText:
    """A text of S sentences as word ids. A position is an index into `ids`.

    ids     the word ids in the order of the text
    starts  int64 (S + 1,), the position where each sentence begins, and the end of the text
    size    the number of words
    """

    def __init__(self, ids: PackedIds, starts: np.ndarray):
        self.ids, self.starts, self.size = ids, starts, ids.size

    def part(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """The word ids at positions `first` to `last` - 1, and the bounds of sentences in them.

        Returns  (int32 (N,), int64 (S + 1,)): the word ids, N = last - first, and the bounds, which
                 begin with 0 and end with N
        """
        return self.ids.read(first, last), self.bounds(first, last)

    def read_ahead(self, first: int, last: int) -> None:
        """Ask the system to read the words of a part from disk soon, if they are there."""
        self.ids.read_ahead(first, last)

    def has_pair(self) -> bool:
        """Whether any sentence has two words."""
        # In parts, because a text of 10 GB has 85 million sentences. Nearly always the first one
        # answers.
        return any(
            (np.diff(self.starts[first : first + _PART + 1]) > 1).any()
            for first in range(0, self.starts.size - 1, _PART)
        )

    def bounds(self, first: int, last: int) -> np.ndarray:
        """The bounds of the sentences at positions `first` to `last` - 1, as in `part`."""
        inside = slice(
            np.searchsorted(self.starts, first, "right"), np.searchsorted(self.starts, last)
        )
        return np.concatenate([[first], self.starts[inside], [last]]) - first


class Spans(NamedTuple):
    """S parts of a text, each of which is within one document.

    rows    int32 (S,)  the row of the document of each span
    begins  int64 (S,)  the position of the first word of each span
    ends    int64 (S,)  the position after the last word of each span
    """

    rows: np.ndarray
    begins: np.ndarray
    ends: np.ndarray


class EncodedDocuments(EncodedText):
    """An encoded text of S documents instead of sentences; a document may be empty.

    rows    int32 (S,), the row of each document in the table of document vectors: documents with
            one name share a row
    names   the name of each row
    labels  the labels of each document, each once; an empty tuple for a document without labels
    begins  int64 (S,), the position of the first word of each document
    ends    int64 (S,), the position after the last word of each document
    mapped  whether the document vectors are kept in a temporary file while they are trained
    """

    mapped = False

    def __init__(
        self,
        ids: PackedIds,
        starts: np.ndarray,
        rows: np.ndarray,
        names: Sequence[str],
        labels: Sequence[tuple[str, ...]] = (),
    ):
        super().__init__(ids, starts)
        self.rows, self.names, self.labels = rows, names, labels
        self.begins, self.ends = starts[:-1], starts[1:]

    def words(self, spans: Spans) -> np.ndarray:
        """The word ids of spans, one after the other."""
        # Spans that follow each other in the text are read at once, which is faster.
        if (spans.begins[1:] == spans.ends[:-1]).all() and spans.rows.size:
            return self.ids.read(int(spans.begins[0]), int(spans.ends[-1]))
        return self.gather(spans)[0]

    def gather(self, spans: Spans) -> tuple[np.ndarray, np.ndarray]:
        """The word ids of spans, one after the other, and the bounds of the spans in them.

        Returns  as `part`
        """
        ids = np.empty(int((spans.ends - spans.begins).sum()), np.int32)
        bounds = np.empty(spans.rows.size + 1, np.int64)
        self.ids.gather(spans.begins, spans.ends, ids, bounds)
        return ids, bounds

    def allocate(self, shape: tuple[int, ...], kind: type = np.float32) -> np.ndarray:
        """Allocate an array of zeros, in a temporary file if `mapped`."""
        return mapped_zeros(shape, kind) if self.mapped else aligned(shape, kind)

    def spans(self, numbers: slice | np.ndarray) -> Spans:
        """The spans of whole documents, given by the numbers of the documents."""
        return Spans(self.rows[numbers], self.begins[numbers], self.ends[numbers])

    def sizes(self) -> np.ndarray:
        """The number of words of each of the M rows, in all documents of a row; int64 (M,)."""
        lengths = self.ends - self.begins
        return np.bincount(self.rows, lengths, minlength=len(self.names)).astype(np.int64)

    def with_names(self, names: Sequence[str]) -> EncodedDocuments:
        """The documents with the given names, without labels; row i of the result has `names[i]`.

        `starts` of the result still has the positions of all documents.
        """
        row_of = {name: row for row, name in enumerate(names)}
        new_rows = np.array([row_of.get(name, -1) for name in self.names], np.int32)[self.rows]
        is_selected = new_rows >= 0
        selected = EncodedDocuments(self.ids, self.starts, new_rows[is_selected], names)
        selected.begins, selected.ends = self.begins[is_selected], self.ends[is_selected]
        return selected
