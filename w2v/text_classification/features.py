"""The features of texts: rows for their words, for character n-grams and for word n-grams.

There are V rows for words, then G for character n-grams, then P for word n-grams.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from w2v.classifier_settings import ClassifierSettings
from w2v.embeddings.subwords import Subwords, joined
from w2v.kernels.documents import gather_spans
from w2v.kernels.text_features import hash_words
from w2v.kernels.word_ngrams import (
    MOST_COUNTED,
    count_ngrams,
    fill_buckets,
    gather_features,
    ngram_rows,
)
from w2v.negative_sampling.subword_rows import number_ngrams
from w2v.system.spooled_array import SpooledArray
from w2v.text.encoded_text import EncodedDocuments

# The number of buckets of word n-grams is this times the number of n-grams of a text, at most.
# So few of the n-grams that are kept share a bucket.
_BUCKETS_PER_NGRAM = 8
_LOWEST_BITS, _HIGHEST_BITS = 16, 27  # of the number of buckets, a power of two
_TOKENS = 1 << 20  # words of texts that are read at a time
_TEXTS = 1 << 12  # texts whose features are gathered at a time
_MOST_KEPT = 1 << 27  # features of texts that are kept in a file, 512 MB


@dataclass(frozen=True)
class WordNgrams:
    """The word n-grams that have rows.

    order    most words of an n-gram; 1: there are none
    buckets  number of buckets that n-grams are hashed to
    kept     uint32 (P,), ascending: the buckets that have a row
    slots    uint64 (S,), the hash table of the kept buckets, see `kernels.word_ngrams`
    """

    order: int
    buckets: int
    kept: np.ndarray
    slots: np.ndarray

    @classmethod
    def of(cls, order: int, buckets: int, kept: np.ndarray) -> Self:
        """Make the hash table of the kept buckets."""
        slots = np.zeros(1 << max(int(2 * len(kept)).bit_length(), 3), np.uint64)
        fill_buckets(kept, slots)
        return cls(order, buckets, kept, slots)

    @classmethod
    def found_in(
        cls, text: EncodedDocuments, hashes: np.ndarray, settings: ClassifierSettings
    ) -> Self:
        """Choose the n-grams of a text that occur often enough.

        hashes  uint64 (V,), the hash of each word
        """
        order, sizes = settings.order, np.diff(text.starts)
        total = sum(int(np.maximum(sizes - n, 0).sum()) for n in range(1, order))
        bits = (_BUCKETS_PER_NGRAM * total).bit_length()
        buckets = 1 << min(max(bits, _LOWEST_BITS), _HIGHEST_BITS)
        if not total:
            return cls.of(order, buckets, np.empty(0, np.uint32))
        counts = np.zeros(buckets, np.uint8)
        for ids, starts in _blocks(text):
            with np.errstate(over="ignore"):  # without compilation NumPy would warn of the overflow
                count_ngrams(ids, starts, hashes, order, np.uint64(buckets), counts)
        kept = _frequent(counts, settings.ngram_min_count, settings.max_ngrams)
        ngrams = cls.of(order, buckets, kept)
        if len(kept) > settings.max_ngrams:
            kept = ngrams._most_frequent(text, hashes, settings.max_ngrams)
            ngrams = cls.of(order, buckets, kept)
        return ngrams

    def _most_frequent(self, text: EncodedDocuments, hashes: np.ndarray, most: int) -> np.ndarray:
        """The buckets that occur most often in a text, uint32 (most,), ascending.

        hashes  uint64 (V,), the hash of each word
        """
        counts = np.zeros(len(self.kept), np.int64)
        for rows, _ in self._blocks_of_rows(text, hashes, 0):
            counts += np.bincount(rows, minlength=counts.size)
        kept: np.ndarray = np.sort(self.kept[np.argsort(-counts, kind="stable")[:most]])
        return kept

    @property
    def bytes(self) -> int:
        """The bytes of the arrays."""
        return self.kept.nbytes + self.slots.nbytes

    def rows_in(
        self, text: EncodedDocuments, hashes: np.ndarray, first: int
    ) -> tuple[SpooledArray, np.ndarray]:
        """The rows of the n-grams of each of S texts.

        hashes   uint64 (T,), the hash of each word
        first    the first row of an n-gram
        Returns  int32 (·,), the rows of all texts, and int64 (S + 1,), the bounds of each text
        """
        rows, ends = SpooledArray(np.int32), [np.zeros(1, np.int64)]
        for found, bounds in self._blocks_of_rows(text, hashes, first):
            ends.append(bounds[1:] + rows.size)
            rows.append(found)
        return rows, np.concatenate(ends)

    def _blocks_of_rows(
        self, text: EncodedDocuments, hashes: np.ndarray, first: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """As `rows_in`, for some texts after the other."""
        for ids, starts in _blocks(text):
            found = np.empty(ids.size * (self.order - 1) * bool(len(self.kept)), np.int32)
            bounds = np.zeros(len(starts), np.int64)
            if found.size:
                most = int(np.diff(starts).max()) * (self.order - 1)
                with np.errstate(over="ignore"):
                    ngram_rows(
                        ids, starts, hashes, self.order, np.uint64(self.buckets), self.slots,
                        first, np.empty(most, np.uint32), found, bounds,
                    )  # fmt: skip
            yield found[: bounds[-1]], bounds


def _frequent(counts: np.ndarray, min_count: int, most: int) -> np.ndarray:
    """The buckets that occur often enough, uint32 (P,), ascending; at most the `most` frequent.

    They are more than `most` only if more than `most` occur MOST_COUNTED times or more: then it is
    not known which of these occur most often.

    counts  uint8 (B,), in which more than MOST_COUNTED is the same as MOST_COUNTED
    """
    parts = range(0, len(counts), _TOKENS)
    kept = np.concatenate(
        [
            (at + np.flatnonzero(counts[at : at + _TOKENS] >= min_count)).astype(np.uint32)
            for at in parts
        ]
    )
    if len(kept) > most:
        sizes = np.bincount(counts[kept], minlength=MOST_COUNTED + 1)
        at_least = np.cumsum(sizes[::-1])[::-1]  # how many buckets have each count or a higher one
        lowest = int(np.argmax(at_least <= most)) if (at_least <= most).any() else MOST_COUNTED
        kept = kept[counts[kept] >= lowest]
    return kept


def _blocks(text: EncodedDocuments) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Parts of a text of whole documents: the words, and the bounds of the documents in them."""
    first = 0
    while first < text.starts.size - 1:
        begin = int(text.starts[first])
        last = int(np.searchsorted(text.starts, begin + _TOKENS, "right")) - 1
        last = min(max(last, first + 1), text.starts.size - 1)
        yield text.ids.read(begin, int(text.starts[last])), text.starts[first : last + 1] - begin
        first = last


@dataclass(frozen=True)
class Features:
    """The rows of all features that texts may have.

    type_rows    int32 (·,), the rows of each of T words and of its character n-grams
    type_starts  int64 (T + 1,), word t has the rows type_rows[type_starts[t]:type_starts[t + 1]]
    hashes       uint64 (T,), the hash of each word, from which the buckets of word n-grams follow
    words        V, the number of rows of words. Types from V on are words without a row, unless
                 `keeping` has removed rows of others
    characters   uint32 (G,), the buckets of the character n-grams
    ngrams       the word n-grams
    """

    type_rows: np.ndarray
    type_starts: np.ndarray
    hashes: np.ndarray
    words: int
    characters: np.ndarray
    ngrams: WordNgrams

    @classmethod
    def found_in(
        cls, names: Sequence[str], text: EncodedDocuments, settings: ClassifierSettings
    ) -> Self:
        """Number the features of a text.

        names     the V words of the vocabulary
        text      the encoded texts
        settings  which n-grams are features
        """
        starts, rows = np.arange(len(names) + 1), np.arange(len(names), dtype=np.int32)
        characters = np.empty(0, np.uint32)
        if settings.has_subwords:
            characters, word_rows = number_ngrams(names, settings)
            starts, rows = word_rows.offsets, word_rows.rows
        hashes = word_hashes([name.encode() for name in names])
        ngrams = WordNgrams.found_in(text, hashes, settings)
        return cls(rows, starts, hashes, len(names), characters, ngrams)

    @classmethod
    def saved(cls, words: int, subwords: Subwords | None, ngrams: WordNgrams) -> Self:
        """The features of a saved model, without types: `TextStream` adds those that it reads.

        words     V, the number of words
        subwords  the rows of their character n-grams; None if there are none
        ngrams    the word n-grams
        """
        characters = np.empty(0, np.uint32)
        if subwords is not None:
            characters = subwords.ngram_rows()[0].astype(np.uint32)
        rows, hashes = np.empty(0, np.int32), np.empty(0, np.uint64)
        return cls(rows, np.zeros(1, np.int64), hashes, words, characters, ngrams)

    def keeping(self, kept: np.ndarray) -> Features:
        """The features with some of the rows; the words stay, also those that have no row then.

        kept  int64 (·,), ascending, the rows to keep, which are numbered anew in their order
        """
        numbers = np.full(self.count, -1, np.int32)
        numbers[kept] = np.arange(len(kept))
        rows = numbers[self.type_rows]
        has_row = rows >= 0
        ends = np.concatenate([[0], np.cumsum(has_row)])
        words, first_ngram = np.searchsorted(kept, (self.words, self.first_ngram)).tolist()
        ngrams = self.ngrams
        buckets = ngrams.kept[kept[first_ngram:] - self.first_ngram]
        return Features(
            rows[has_row],
            ends[self.type_starts],
            self.hashes,
            words,
            self.characters[kept[words:first_ngram] - self.words],
            WordNgrams.of(ngrams.order, ngrams.buckets, buckets),
        )

    @property
    def first_ngram(self) -> int:
        """The row of the first word n-gram."""
        return self.words + len(self.characters)

    @property
    def count(self) -> int:
        """The number of rows: V + G + P."""
        return self.first_ngram + len(self.ngrams.kept)

    def scratch(self) -> np.ndarray:
        """Scratch of `TextFeatures.gather`, int32 (R,)."""
        return np.full(self.count, -1, np.int32)

    def of_texts(self, text: EncodedDocuments) -> TextFeatures:
        """The features of the texts of a corpus."""
        return TextFeatures(self, text)


class TextFeatures:
    """The features of the S texts of a corpus, of which those of any texts can be gathered.

    features  the rows of all features
    text      the encoded texts
    sizes     int64 (S,), the number of features of each text, with repetitions
    """

    def __init__(self, features: Features, text: EncodedDocuments):
        self.features, self.text = features, text
        self._ngrams, self._bounds = features.ngrams.rows_in(
            text, features.hashes, features.first_ngram
        )
        sizes, per_word = [np.empty(0, np.int64)], np.diff(features.type_starts)
        for ids, starts in _blocks(text):
            ends = np.concatenate([[0], np.cumsum(per_word[ids])])
            sizes.append(np.diff(ends[starts]))
        self.sizes = np.concatenate(sizes) + np.diff(self._bounds)
        self._gathered: tuple[np.ndarray, np.ndarray] | None = None

    def keep_gathered(self) -> None:
        """Gather the features of all texts once, so that each epoch need not do that again.

        They are kept in a temporary file if they are many, and not at all if they are too many.
        """
        texts, latest = np.arange(len(self.sizes), dtype=np.int32), self.features.scratch()
        if self.sizes.sum() > _MOST_KEPT:
            return
        gathered, ends = SpooledArray(np.int32), [np.zeros(1, np.int64)]
        for at in range(0, len(texts), _TEXTS):
            rows, bounds = self.gather(texts[at : at + _TEXTS], latest)
            ends.append(bounds[1:] + gathered.size)
            gathered.append(rows)
        self._gathered = gathered.mapped(), np.concatenate(ends)

    def gather(self, texts: np.ndarray, latest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The features of K texts, each feature of a text once.

        texts    int32 (K,), numbers of texts
        latest   the result of `Features.scratch`, which a thread needs for itself
        Returns  int32 (N,), the rows of all, and int64 (K + 1,), the bounds of each text in them
        """
        bounds = np.empty(len(texts) + 1, np.int64)
        if self._gathered:
            gathered, ends = self._gathered
            rows = np.empty(int((ends[texts + 1] - ends[texts]).sum()), np.int32)
            gather_spans(gathered, ends[texts], ends[texts + 1], rows, bounds)
            return rows, bounds
        rows = np.empty(int(self.sizes[texts].sum()), np.int32)
        gather_features(
            self._ids, self.text.starts, texts, self.features.type_rows,
            self.features.type_starts, self._rows, self._bounds, latest, rows, bounds,
        )  # fmt: skip
        return rows[: bounds[-1]], bounds

    # A new mapping for each chunk would take half as long as training it.
    @cached_property
    def _ids(self) -> np.ndarray:
        return self.text.ids.mapped()

    @cached_property
    def _rows(self) -> np.ndarray:
        return self._ngrams.mapped()

    @property
    def bytes(self) -> int:
        """The bytes of the arrays, of which those of the n-grams may be in a file."""
        return 4 * (self._ngrams.size + int(self.sizes.sum())) + 2 * self._bounds.nbytes


def word_hashes(names: Sequence[bytes]) -> np.ndarray:
    """The hash of each word, uint64 (T,): a signed number modulo 2⁶⁴, see `text_features`."""
    text, offsets = joined(names)
    hashes = np.empty(len(names), np.int64)
    hash_words(text, offsets, hashes)
    return hashes.view(np.uint64)


def row_lists(
    subwords: Subwords, names: Sequence[bytes], own: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The rows of words and of their character n-grams, computed in parts to bound the memory.

    own      int64 (T,), the own row of each word; -1 if it has none
    Returns  int32 (·,), and int64 (T + 1,), the bounds of each word
    """
    text, offsets = joined(names)
    lists, sizes, numbers = [np.empty(0, np.int64)], [np.zeros(1, np.int64)], np.arange(len(names))
    for part in subwords.parts(np.diff(offsets)):
        rows, bounds = subwords.row_lists(text, offsets, numbers[part], own[part])
        lists.append(rows)
        sizes.append(np.diff(bounds))
    return np.concatenate(lists).astype(np.int32), np.cumsum(np.concatenate(sizes))
