"""Subwords: the rows of a word's character n-grams, and the vector that they compose.

The vector of a word is the mean of its own row, if it has one, and the rows of its n-grams
(Bojanowski et al. 2017, section 3.2, where it is the sum: the mean has the same direction, and
vectors of long and short words have the same scale). A word that has no row of its own, out of
the vocabulary, still has n-grams. See `kernels.ngrams` for the n-grams and their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from w2v.embeddings.row_matrices import Matrix

SENTENCE_END = b"</s>"  # fastText's name of a line end, which has no n-grams
_WORDS = 1024  # words composed at a time


@dataclass(frozen=True)
class Subwords:
    """The rows that compose the vectors of words.

    vectors    Matrix (V + n-grams, D): a row for each of V words, then a row for each bucket of
               n-grams
    words      V
    minn       fewest characters of an n-gram
    maxn       most characters of an n-gram; 0 if words have no n-grams
    buckets    number of buckets that n-grams are hashed to
    kept       int64 (P, 2), the buckets that have a row, ascending, and the number of the row
               after the words; None if every bucket has a row, in their order
    """

    vectors: Matrix
    words: int
    minn: int
    maxn: int
    buckets: int
    kept: np.ndarray | None = None

    @property
    def dim(self) -> int:
        """D, the length of a vector."""
        return self.vectors.shape[1]

    def ngrams(self, word: bytes) -> list[tuple[bytes, int]]:
        """The n-grams of a word that have a row, in order, each with its row in `vectors`."""
        from w2v.kernels.ngrams import BASIS, hash_byte, is_continuation

        if word == SENTENCE_END or self.maxn < 1:
            return []
        marked = b"<" + word + b">"
        starts = [at for at, byte in enumerate(marked) if not is_continuation(byte)]
        ends = [*starts[1:], len(marked)]
        found: list[tuple[bytes, int]] = []
        for first in range(len(starts)):
            for last in range(first + max(self.minn, 1) - 1, min(first + self.maxn, len(starts))):
                if first == last and first in (0, len(starts) - 1):
                    continue  # a mark alone
                ngram = marked[starts[first] : ends[last]]
                code = BASIS
                for byte in ngram:
                    code = hash_byte(code, byte)
                row = self._row(code % self.buckets)
                if row is not None:
                    found.append((ngram, row))
        return found

    def _row(self, bucket: int) -> int | None:
        """The row of a bucket in `vectors`, or None."""
        number = bucket if self.kept is None else self._kept_rows.get(bucket)
        return None if number is None else self.words + number

    @cached_property
    def _kept_rows(self) -> dict[int, int]:
        assert self.kept is not None
        return dict(self.kept.tolist())

    def compose(self, word: bytes, row: int | None = None) -> np.ndarray | None:
        """The vector of a word, float32 (D,); None if it has neither a row nor an n-gram.

        row  the word's own row; None if it has none
        """
        rows = [] if row is None else [row]
        rows += [found for _, found in self.ngrams(word)]
        if not rows:
            return None
        mean: np.ndarray = self.vectors.take(np.array(rows)).mean(axis=0, dtype=np.float32)
        return mean

    def compose_rows(self, text: np.ndarray, offsets: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The vectors of words of the vocabulary, float32 (K, D).

        text     uint8 (·,), the names of all words
        offsets  int64 (V + 1,), the position of each name in `text`
        rows     int64 (K,), the rows of the words
        """
        vectors = np.empty((len(rows), self.dim), np.float32)
        for begin in range(0, len(rows), _WORDS):
            some = rows[begin : begin + _WORDS]
            self._compose_some(text, offsets, some, vectors[begin : begin + _WORDS])
        return vectors

    def _compose_some(
        self, text: np.ndarray, offsets: np.ndarray, rows: np.ndarray, vectors: np.ndarray
    ) -> None:
        """Compose the vectors of words into an array (K, D)."""
        from w2v.kernels.ngrams import all_ngrams

        lengths = offsets[rows + 1] - offsets[rows]
        numbers = np.empty(int((lengths + 2).sum()) * self.maxn, np.int64)
        bounds = np.zeros(len(rows) + 1, np.int64)
        if self.maxn > 0:
            all_ngrams(
                text, offsets, rows, max(self.minn, 1), self.maxn, self.buckets, numbers, bounds
            )
        numbers, owner = numbers[: bounds[-1]], np.repeat(np.arange(len(rows)), np.diff(bounds))
        used = ~_are_sentence_ends(text, offsets[rows], lengths)[owner]
        if self.kept is not None:
            places = np.searchsorted(self.kept[:, 0], numbers)
            if len(self.kept):
                found = self.kept.take(places, axis=0, mode="clip")
                used &= found[:, 0] == numbers
                numbers = found[:, 1]
            else:
                used[:] = False
        owner, numbers = owner[used], numbers[used]
        bounds = np.concatenate([[0], np.cumsum(1 + np.bincount(owner, minlength=len(rows)))])
        lists = np.empty(bounds[-1], np.int64)
        own = np.zeros(len(lists), np.bool_)
        own[bounds[:-1]] = True
        lists[own], lists[~own] = rows, self.words + numbers
        self.vectors.means(lists, bounds, vectors)


def _are_sentence_ends(text: np.ndarray, begins: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Whether words, which begin at `begins` and have `lengths` bytes, are </s>; bool (K,)."""
    ends = np.zeros(len(begins), np.bool_)
    same = np.flatnonzero(lengths == len(SENTENCE_END))
    letters = text[begins[same][:, None] + np.arange(len(SENTENCE_END))]
    ends[same] = (letters == np.frombuffer(SENTENCE_END, np.uint8)).all(axis=1)
    return ends
