"""Reads texts in parts and finds their features, to predict the labels of any number of texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from w2v.embeddings.subwords import Subwords
from w2v.kernels.word_hash import keep_words
from w2v.networks.text_classifier import TextCounts
from w2v.system.ordered_map import ordered_map
from w2v.system.packed_ids import PackedIds
from w2v.system.spooled_array import SpooledArray
from w2v.text.corpus import Corpus
from w2v.text.documents import DocumentCorpus
from w2v.text.encode import make_word_counter
from w2v.text.encoded_text import EncodedDocuments
from w2v.text.vocabulary import DROPPED
from w2v.text_classification.features import Features, TextFeatures, row_lists, word_hashes


class TextPart:
    """Some texts that follow each other, whose features any thread can find.

    features  the rows of all features; its types are those that have been read so far
    ids       int32 (N,), the words of all texts
    starts    int64 (S + 1,), text s is ids[starts[s]:starts[s + 1]]
    """

    def __init__(self, features: Features, ids: np.ndarray, starts: np.ndarray):
        self._features, self._ids, self._starts = features, ids, starts

    def gather(self, latest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The features of the texts, see `TextFeatures.gather`."""
        ids, texts = PackedIds(self._ids), np.arange(len(self._starts) - 1)
        text = EncodedDocuments(ids, self._starts, texts, ())
        return self._features.of_texts(text).gather(texts.astype(np.int32), latest)


def word_rows(names: Sequence[str]) -> dict[bytes, int]:
    """The row of each word of a model, by its bytes."""
    return {name.encode("utf-8", "surrogateescape"): row for row, name in enumerate(names)}


class TextStream:
    """Reads the texts of a corpus with the features of a saved model.

    features       the rows of the model's features; its types are not used
    rows           the row of each word of the model, by its bytes, see `word_rows`
    subwords       the rows of their character n-grams; None if there are none
    spans_unknown  whether words without features keep their places in word n-grams

    Without `whole`, the memory depends on the number of types and on the longest text, not on the
    number of texts.

    counts  how many texts and unknown tokens have been read so far
    """

    def __init__(
        self,
        features: Features,
        rows: Mapping[bytes, int],
        subwords: Subwords | None,
        spans_unknown: bool = False,
    ):
        self.counts = TextCounts()
        self._features, self._subwords, self._spans_unknown = features, subwords, spans_unknown
        self._rows = rows
        # The types that have been read, in the order of a `WordCounter`. Type 0 is a line end.
        self._type_rows, self._starts = _Growing(np.int32), _Growing(np.int64)
        self._hashes, self._ids = _Growing(np.uint64), _Growing(np.int32)
        self._starts.add(np.zeros(2, np.int64))
        self._hashes.add(np.zeros(1, np.uint64))
        self._ids.add(np.full(1, DROPPED, np.int32))

    def whole(
        self, corpus: DocumentCorpus, on_block: Callable[[int], None] = lambda tokens: None
    ) -> TextFeatures:
        """Read all texts of a corpus; returns their features.

        on_block  called after each block with the number of tokens so far
        """
        ids, starts = PackedIds(), SpooledArray(np.int64, np.zeros(1, np.int64))
        for words, bounds in self._blocks(corpus, on_block):
            starts.append(bounds[1:] + ids.size)
            ids.append(words)
        text = EncodedDocuments(
            ids, starts.mapped(), corpus.row_numbers(), corpus.names, corpus.labels
        )
        return self._found().of_texts(text)

    def parts(
        self, corpus: Corpus, most: int, on_block: Callable[[int], None] = lambda tokens: None
    ) -> Iterator[TextPart]:
        """Read a corpus; yields its texts in parts of up to `most` texts.

        on_block  called after each block with the number of tokens so far
        """
        for words, starts in self._blocks(corpus, on_block):
            features = self._found()
            for first in range(0, len(starts) - 1, most):
                bounds = starts[first : first + most + 1]
                yield TextPart(features, words[bounds[0] : bounds[-1]], bounds - bounds[0])

    def _blocks(
        self, corpus: Corpus, on_block: Callable[[int], None]
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The texts that are complete after each block of a corpus.

        Yields  int32 (N,), the words that count, and int64 (S + 1,), text s is the words at
                positions starts[s] to starts[s + 1] - 1
        """
        counter, rest, tokens = make_word_counter(1 << 30), np.empty(0, np.int32), 0

        def number(block: bytes) -> tuple[np.ndarray, list[bytes]]:
            """Number the tokens of a block; also return the names of the new types."""
            first = len(counter)
            return counter.number(block).copy(), counter.names_from(first)

        # A thread numbers the tokens of a block while the next one is read, unless the answer for
        # this one is awaited.
        apart = not corpus.unbuffered
        for numbers, names in ordered_map(number, corpus.blocks(), 1, apart=apart):
            self._add_types(names)
            words, starts = self._texts(numbers, rest)
            end, tokens = starts[-1], tokens + numbers.size
            yield words[:end], starts
            rest = words[end:]
            on_block(tokens)
        if rest.size:  # the last text has no line end
            yield rest, np.array([0, rest.size])

    def _add_types(self, names: Sequence[bytes]) -> None:
        """Find the features of new types."""
        first = len(self._ids.values)
        if not names:
            return
        own = np.array([self._rows.get(name, -1) for name in names], np.int64)
        if self._subwords is None:
            sizes, rows = (own >= 0).astype(np.int64), own[own >= 0]
        else:
            rows, starts = row_lists(self._subwords, names, own)
            sizes = np.diff(starts)
        numbers = np.arange(first, first + len(names), dtype=np.int32)
        counts = (sizes > 0) | self._spans_unknown
        self._ids.add(np.where(counts, numbers, np.int32(DROPPED)))
        self._starts.add(self._starts.values[-1] + np.cumsum(sizes))
        self._type_rows.add(rows)
        self._hashes.add(word_hashes(names))

    def _texts(self, numbers: np.ndarray, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The words that count, and the bounds of the texts that are complete.

        numbers  int32 (N,), the types of the tokens of a block
        rest     int32 (·,), the words of the text that has begun before the block
        Returns  int32 (·,), and int64 (S + 1,), of which the last is where the next text begins
        """
        words = np.empty(rest.size + numbers.size, np.int32)
        words[: rest.size] = rest
        starts, size = np.zeros(numbers.size + 1, np.int64), np.array([rest.size, 0], np.int64)
        added, texts = keep_words(
            numbers, self._ids.values, size, words[rest.size :], starts[1:], True
        )
        words, starts = words[: rest.size + added], starts[: texts + 1]
        ends = np.arange(len(words) + 1)  # how many words before each position have features
        if self._spans_unknown:
            sizes = np.diff(self._starts.values)
            ends[1:] = np.cumsum(sizes[words] > 0)
        self.counts.texts += texts
        self.counts.unknown += numbers.size - texts - int(ends[-1] - ends[rest.size])
        self.counts.empty += int((ends[starts[1:]] == ends[starts[:-1]]).sum())
        return words, starts

    def _found(self) -> Features:
        """The features of all types that have been read so far."""
        return replace(
            self._features, type_rows=self._type_rows.values, type_starts=self._starts.values,
            hashes=self._hashes.values,
        )  # fmt: skip


class _Growing:
    """An array to which values are added. What `values` has returned stays valid."""

    def __init__(self, dtype: type):
        self._array: np.ndarray = np.empty(1 << 10, dtype)
        self._size = 0

    @property
    def values(self) -> np.ndarray:
        """The values so far, as a view."""
        return self._array[: self._size]

    def add(self, values: np.ndarray) -> None:
        """Add values at the end."""
        end = self._size + len(values)
        if end > len(self._array):
            longer = np.empty(max(2 * len(self._array), end), self._array.dtype)
            longer[: self._size] = self.values
            self._array = longer
        self._array[self._size : end] = values
        self._size = end
