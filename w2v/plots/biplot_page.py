"""The topics of an LSA as an interactive HTML page: words and documents in one map, a biplot.

The map shows the plane of two topics. Arrays have M documents, V words and K topics.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from w2v.plots.groups import Groups
from w2v.plots.html_page import assemble, content_key, packed
from w2v.topics.biplot import extreme_rows, half_scaled, lengths, prominent_rows
from w2v.topics.topic_words import TopicWords

WORDS, DOCUMENTS = 15, 8  # number of words and documents that the page lists for an end of a topic
MAX_TOPICS = 300  # number of topics on the page
# The map has at most so many points, and its coordinates are at most so many numbers of 16 bits, so
# that a page stays below 5 MB: 5,000 points with up to 200 topics, 3,333 with 300.
MAX_POINTS, _MAX_NUMBERS = 5000, 1_000_000
_STYLES = ("base.css", "topics.css", "biplot.css")
_PROGRAMS = ("elements.js", "lettering.js", "plane.js", "topic_parts.js", "biplot.js",
             "biplot_panel.js", "topic_names.js", "biplot_start.js", "search.js",
             "topics_keys.js")  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Items:
    """The words and documents of a page, as rows of their tables.

    words, documents          int64, those on the map, the longest vectors first
    word_ends, document_ends  for each topic, those at its positive and at its negative end
    """

    words: np.ndarray
    documents: np.ndarray
    word_ends: list[tuple[np.ndarray, np.ndarray]]
    document_ends: list[tuple[np.ndarray, np.ndarray]]

    @property
    def other_words(self) -> list[int]:
        """The words at an end that are not on the map."""
        return _others(self.word_ends, self.words)

    @property
    def other_documents(self) -> list[int]:
        """The documents at an end that are not on the map."""
        return _others(self.document_ends, self.documents)


@dataclass(frozen=True, eq=False)
class BiplotPage:
    """What the page of an LSA shows.

    path              the file of the model, for the title
    topics            the topics, whose weights are the rows of V
    values            float (K,), the singular values
    explained         the share of the squared norm that all topics explain; None: unknown
    words             the names of the V words
    word_vectors      float (V, K), the rows of V Σ
    counts            int (V,), the number of tokens of each word
    documents         the names of the M documents
    document_vectors  float (M, K), the rows of U Σ
    tokens            int (M,), the number of tokens of each document
    names             the name of each topic; "" where it has none
    """

    path: str
    topics: TopicWords
    values: np.ndarray
    explained: float | None
    words: Sequence[str]
    word_vectors: np.ndarray
    counts: np.ndarray
    documents: Sequence[str]
    document_vectors: np.ndarray
    tokens: np.ndarray
    names: Sequence[str]

    def html(
        self, beginnings: Mapping[str, str], by: str | None = None, groups: Groups | None = None
    ) -> str:
        """The page as one file that loads nothing else.

        beginnings  the beginning of the text of documents, by their names
        by          the name of a field that colours the documents; None: no field
        groups      the values of this field for `map_documents`; None: no field
        """
        data = self.data(beginnings, by, groups)
        # The names that a reader gives are kept in the browser for this page only.
        data["key"] = content_key(data)
        return assemble("topics.html", _STYLES, _PROGRAMS, data, data["title"])

    @property
    def map_documents(self) -> list[str]:
        """The names of the documents on the map."""
        return [self.documents[row] for row in self._items.documents.tolist()]

    @property
    def quoted(self) -> list[str]:
        """The names of the documents whose beginnings the page shows."""
        rows = [*self._items.documents.tolist(), *self._items.other_documents]
        return [self.documents[row] for row in rows]

    def left_out(self) -> str:
        """Which topics, words and documents the page has, if it leaves some out; "" if none."""
        items = self._items
        kinds = [
            (self._topics, self.topics.sizes.size, "topics"),
            (items.words.size + len(items.other_words), len(self.words), "words"),
            (items.documents.size + len(items.other_documents), len(self.documents), "documents"),
        ]
        parts = [f"{some:,} of {all_:,} {name}" for some, all_, name in kinds if some < all_]
        return ", ".join(parts)

    def data(
        self, beginnings: Mapping[str, str], by: str | None = None, groups: Groups | None = None
    ) -> dict[str, Any]:
        """The data that biplot.js reads; the arguments are those of `html`."""
        items = self._items
        shares = self.topics.sizes[: self._topics] * (self.explained or 1)
        words = [*items.words.tolist(), *items.other_words]
        documents = [*items.documents.tolist(), *items.other_documents]
        on_map = items.words.size
        # Items are numbered: words and documents on the map, then other documents and other words.
        names = [self.words[row] for row in words]
        counts = self.counts[words].tolist()
        names[on_map:on_map] = [self.documents[row] for row in documents]
        counts[on_map:on_map] = self.tokens[documents].tolist()
        numbers = [*range(on_map), *range(on_map + len(documents), len(names))]
        number_of_word = dict(zip(words, numbers, strict=True))
        number_of_document = {row: on_map + n for n, row in enumerate(documents)}
        word_ends = _listed(items.word_ends, self.topics.weights, number_of_word)
        document_ends = _listed(items.document_ends, self.document_vectors, number_of_document)
        return {
            "title": f"Topics of {os.path.basename(self.path)}",
            "allTopics": int(self.topics.sizes.size),
            "allDocuments": len(self.documents),
            "allWords": len(self.words),
            "explains": None if self.explained is None else round(self.explained, 6),
            "names": [*self.names],
            "sizes": [_rounded(share) for share in shares.tolist()],
            "order": np.argsort(-shares, kind="stable").tolist(),
            "sigma": [_rounded(value) for value in self.values[: self._topics].tolist()],
            "items": names,
            "counts": counts,
            "wordPoints": int(on_map),
            "points": int(on_map + items.documents.size),
            "documentsEnd": int(on_map + len(documents)),
            "beginnings": [beginnings.get(self.documents[row], "") for row in documents],
            "coordinates": {
                "words": self._packed(self.word_vectors, items.words),
                "documents": self._packed(self.document_vectors, items.documents),
            },
            "ends": [
                {"words": word_end, "documents": document_end}
                for word_end, document_end in zip(word_ends, document_ends, strict=True)
            ],
            "by": by,
            "groups": [] if groups is None else groups.names,
            "colours": [] if groups is None else groups.colours,
            "group": [] if groups is None else groups.of.tolist(),
        }

    @property
    def _topics(self) -> int:
        """The number of topics on the page."""
        return min(MAX_TOPICS, int(self.topics.sizes.size))

    @cached_property
    def _items(self) -> _Items:
        kept = slice(self._topics)
        points = min(MAX_POINTS, _MAX_NUMBERS // self._topics)
        word_lengths, document_lengths = (
            lengths(vectors[:, kept], self.values[kept])
            for vectors in (self.word_vectors, self.document_vectors)
        )
        word_ends = extreme_rows(self.topics.weights[:, kept], WORDS)
        document_ends = extreme_rows(self.document_vectors[:, kept], DOCUMENTS)
        # Where there are few documents or words, there are more of the other ones.
        found = int((document_lengths > 0).sum())
        words = prominent_rows(word_lengths, word_ends, points - min(points // 2, found))
        documents = prominent_rows(document_lengths, document_ends, points - words.size)
        return _Items(words, documents, word_ends, document_ends)

    def _packed(self, vectors: np.ndarray, rows: np.ndarray) -> dict[str, Any]:
        """The rows of V Σ^½ or U Σ^½ as numbers of 16 bits, topic by topic, and their scales."""
        topics = self._topics
        scaled = half_scaled(vectors[rows, :topics], self.values[:topics])
        scales = np.abs(scaled).max(axis=0, initial=0) / 32767
        numbers = np.round(scaled / np.where(scales > 0, scales, 1)).astype("<i2")
        return {
            "scales": [_rounded(scale) for scale in scales.tolist()],
            "values": packed(np.ascontiguousarray(numbers.T)),
        }


def _rounded(number: float) -> float:
    """A number with seven digits."""
    return float(f"{number:.7g}")


def _others(ends: Sequence[tuple[np.ndarray, np.ndarray]], rows: np.ndarray) -> list[int]:
    """The rows at the ends of topics that are not among `rows`, ascending."""
    at_ends = [row for pair in ends for end in pair for row in end.tolist()]
    return sorted({*at_ends}.difference(rows.tolist()))


def _listed(
    ends: Sequence[tuple[np.ndarray, np.ndarray]], weights: np.ndarray, number_of: Mapping[int, int]
) -> list[list[list[list[float]]]]:
    """For each topic and each of its ends, the numbers of the items and their weights."""
    return [
        [
            [
                [number_of[row] for row in rows.tolist()],
                [round(weight, 4) for weight in weights[rows, topic].tolist()],
            ]
            for rows in pair
        ]
        for topic, pair in enumerate(ends)
    ]
