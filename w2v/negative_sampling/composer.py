"""Composer: the word vectors that a thread composes from subwords, trains and scatters."""

from __future__ import annotations

import numpy as np

from w2v.kernels.composition import compose_words, scatter_changes
from w2v.kernels.row_merge import number_rows
from w2v.kernels.simd import WIDTH, aligned
from w2v.kernels.windows import Windows
from w2v.negative_sampling.subword_rows import WordRows


class Composer:
    """Composes the vectors of the words of some windows, and adds their changes to their rows.

    words  V, the number of words
    dim    the length of a row of vectors in memory

    `words` holds the words that were composed last, in order of appearance, int32 (K,).
    """

    def __init__(self, words: int, dim: int):
        self._local_ids = np.full(words, -1, np.int32)
        self._words = np.empty(0, np.int32)
        self._composed, self._before = aligned((1, dim)), aligned((1, dim))
        self.words = self._words

    def compose(
        self, windows: Windows, count: int, word_rows: WordRows, vectors: np.ndarray
    ) -> np.ndarray:
        """Compose the vector of each word of the windows.

        windows    the windows, whose `input_rows` are words, and are overwritten by their rows in
                   the result
        count      number of windows
        word_rows  the rows of each word
        vectors    float32 (M, D), the subword vectors
        Returns    float32 (K + 1, D), the vectors of K words; the last row is padding
        """
        size = min(count, self._local_ids.size)
        if self._words.size < size:
            self._words = np.empty(size, np.int32)
            dim = self._composed.shape[1]
            self._composed, self._before = aligned((size + 1, dim)), aligned((size, dim))
        number = number_rows(windows.input_rows, count, self._local_ids, self._words, 0)
        self.words = self._words[:number]
        self._local_ids[self.words] = -1
        self._composed[number] = 0
        compose_words(
            vectors, *word_rows, self.words, number, self._composed, self._before,
            vectors.shape[1] // WIDTH,
        )  # fmt: skip
        return self._composed[: number + 1]

    def scatter(self, word_rows: WordRows, vectors: np.ndarray) -> None:
        """Add the change of each composed vector to its rows of the subword vectors, in place."""
        scatter_changes(
            vectors, word_rows.offsets, word_rows.rows, self.words, self.words.size,
            self._composed, self._before, vectors.shape[1] // WIDTH,
        )  # fmt: skip


def own_rows(
    vectors: np.ndarray, word_rows: WordRows, words: np.ndarray, wanted: np.ndarray
) -> np.ndarray:
    """The own rows with which words have wanted vectors, float32 (K, D).

    vectors    float32 (M, D), the subword vectors
    word_rows  the rows of each of V words
    words      bool (V,), which words
    wanted     float32 (K, D), the vectors that these words should have
    """
    shares = word_rows.shares[word_rows.offsets[:-1][words], None]
    missing = wanted - compose(vectors, word_rows)[words]
    own: np.ndarray = vectors[: words.size][words] + missing / shares
    return own


def compose(vectors: np.ndarray, word_rows: WordRows) -> np.ndarray:
    """Compose the vectors of all words.

    vectors    float32 (M, D), the subword vectors
    word_rows  the rows of each of V words
    Returns    float32 (V, D)
    """
    count = word_rows.offsets.size - 1
    composed, words = aligned((count, vectors.shape[1])), np.arange(count, dtype=np.int32)
    compose_words(vectors, *word_rows, words, count, composed, composed, vectors.shape[1] // WIDTH)
    return composed


def compose_own(vectors: np.ndarray, word_rows: WordRows, words: np.ndarray) -> np.ndarray:
    """A copy of the subword vectors with which some words, not composed so far, are composed.

    vectors    float32 (M, D), the subword vectors; the own rows of these words are their vectors
    word_rows  the rows of each of V words
    words      bool (V,), which words
    """
    wanted, vectors = vectors[: words.size][words], vectors.copy()
    vectors[: words.size][words] = own_rows(vectors, word_rows, words, wanted)
    return vectors
