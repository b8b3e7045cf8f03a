"""Subwords: the rows of a word's character n-grams, and the vector that they compose.

The vector of a word is the mean of its own row, if it has one, and the rows of its n-grams
(Bojanowski et al. 2017, section 3.2, where it is the sum: the mean has the same direction, and
vectors of long and short words have the same scale). A word that has no row of its own, because it
is out-of-vocabulary, still has n-grams. `kernels.ngrams` explains n-grams and their hash. The
methods for a single word are in Python, because importing Numba takes longer than they do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from w2v.embeddings.mapped_files import check_whole
from w2v.embeddings.row_matrices import DenseMatrix, Matrix

SENTENCE_END = b"</s>"  # fastText's name of a line end, which has no n-grams
MOST_CHARACTERS = 100  # of an n-gram
LONGEST_WORD = 1 << 14  # bytes; a longer word has no n-grams, which bounds the memory
_BASIS, _PRIME, _LOW = 2166136261, 16777619, 0xFFFFFFFF  # of the hash FNV-1a with 32 bits
_ROWS = 4096  # rows that are added up at a time for one word
_WORDS = 2048  # words composed at a time; with more, they share more rows, but leave the cache
_NUMBERS = 1 << 20  # n-grams found at a time


@dataclass(frozen=True, eq=False)
class Subwords:
    """The rows that compose the vectors of words.

    vectors    Matrix (V + R, D): a row for each of V words, then the rows of n-grams
    words      V
    minn       fewest characters of an n-gram
    maxn       most characters of an n-gram; 0 if words have no n-grams
    buckets    number of buckets that n-grams are hashed to
    kept       uint32 or int64 (P,), ascending: the buckets that have a row. None: all have one, in
               their order
    kept_rows  int32 or int64 (P,), the row of each kept bucket in `vectors`. Several buckets may
               share a row, which may also be the own row of a word. None: the rows after those of
               the words, in the order of `kept`
    own_rows   int64 (N,), the rows of the N words of a table that has only some of the words. None:
               it has all

    The arrays may be mapped from a file. A bucket is found by bisection, so that opening a file
    builds no dictionary.
    """

    vectors: Matrix
    words: int
    minn: int
    maxn: int
    buckets: int
    kept: np.ndarray | None = None
    kept_rows: np.ndarray | None = None
    own_rows: np.ndarray | None = None

    @property
    def dim(self) -> int:
        """D, the length of a vector."""
        return self.vectors.shape[1]

    @property
    def has_ngrams(self) -> bool:
        """Whether a word that is out-of-vocabulary can have a vector."""
        return self.maxn > 0 and (self.kept is None or len(self.kept) > 0)

    @property
    def ngram_count(self) -> int:
        """The number of n-grams, or of buckets of n-grams, that have a row."""
        return self.buckets if self.kept is None else len(self.kept)

    @property
    def has_word_rows(self) -> bool:
        """Whether `vectors` has the own rows of the words; if not, `word_rows` computes them."""
        return True

    def word_rows(self, rows: np.ndarray) -> np.ndarray:
        """The own rows of words, float32 (K, D).

        rows  int64 (K,), the rows of the words in the table
        """
        return self.vectors.take(rows if self.own_rows is None else self.own_rows[rows])

    def ngram_rows(self) -> tuple[np.ndarray, np.ndarray]:
        """The P buckets that have a row, int64 (P,), ascending, and their rows, int64 (P,)."""
        if self.kept is None:
            buckets = np.arange(self.buckets)
            return buckets, buckets + self.words
        rows = self.kept_rows
        if rows is None:
            rows = np.arange(self.words, self.words + len(self.kept))
        return self.kept.astype(np.int64), rows.astype(np.int64)

    def ngrams(self, word: bytes) -> list[tuple[bytes, int]]:
        """The n-grams of a word that have a row, in order, each with its row in `vectors`."""
        listed, rows = self._listed(word)
        return [(ngram, row) for ngram, row in zip(listed, rows.tolist(), strict=True) if row >= 0]

    def count_ngrams(self, word: bytes) -> int:
        """The number of n-grams of a word that have a row."""
        return int((self._listed(word)[1] >= 0).sum())

    def _listed(self, word: bytes) -> tuple[list[bytes], np.ndarray]:
        """The n-grams of a word, and their rows in `vectors`, int64; -1 for one without a row."""
        listed, buckets = self._hashed(word)
        return listed, self.rows_of(np.array(buckets, np.int64))

    def _hashed(self, word: bytes) -> tuple[list[bytes], list[int]]:
        """The n-grams of a word, and the bucket of each."""
        found: list[bytes] = []
        buckets: list[int] = []
        if word == SENTENCE_END or self.maxn < 1 or len(word) > LONGEST_WORD:
            return found, buckets
        marked = b"<" + word + b">"
        starts = [at for at, byte in enumerate(marked) if byte & 0xC0 != 0x80]
        ends = [*starts[1:], len(marked)]
        for first, begin in enumerate(starts):
            code, at = _BASIS, begin
            for last in range(first, min(first + self.maxn, len(starts))):
                code = hash_of(marked[at : ends[last]], code)
                at = ends[last]
                is_mark_alone = first == last and first in (0, len(starts) - 1)
                if last - first + 1 >= self.minn and not is_mark_alone:
                    found.append(marked[begin:at])
                    buckets.append(code % self.buckets)
        return found, buckets

    def rows_of(self, buckets: np.ndarray) -> np.ndarray:
        """The rows of buckets int64 (K,) in `vectors`, int64 (K,); -1 for one without a row."""
        if self.kept is None:
            return buckets + self.words
        if not len(self.kept):
            return np.full(len(buckets), -1)
        # Without the conversion, searchsorted would convert all kept buckets instead.
        places = np.searchsorted(self.kept, buckets.astype(self.kept.dtype))
        np.minimum(places, len(self.kept) - 1, out=places)
        has_row = self.kept[places] == buckets
        found = places + self.words if self.kept_rows is None else self.kept_rows[places]
        rows: np.ndarray = np.where(has_row, found, -1)
        return rows

    def compose(self, word: bytes, row: int | None = None) -> np.ndarray | None:
        """The vector of a word, float32 (D,); None if it has neither a row nor an n-gram.

        row  the word's own row; None if it has none
        """
        rows = np.concatenate([[-1 if row is None else row], self._listed(word)[1]])
        rows = rows[rows >= 0]
        if not len(rows):
            return None
        total = np.zeros(self.dim, np.float32)
        for begin in range(0, len(rows), _ROWS):
            total += self.vectors.take(rows[begin : begin + _ROWS]).sum(axis=0, dtype=np.float32)
        return total / np.float32(len(rows))

    def compose_rows(
        self, text: np.ndarray, offsets: np.ndarray, names: np.ndarray, own: np.ndarray
    ) -> np.ndarray:
        """The vectors of many words, float32 (K, D); zero for a word without a row and n-grams.

        text     uint8 (·,), the bytes of names
        offsets  int64 (N + 1,), the position of each name in `text`
        names    int64 (K,), the numbers of the names of the words
        own      int64 (K,), the own rows of the words in `vectors`; -1 for a word without one
        """
        from concurrent.futures import ThreadPoolExecutor

        from w2v.system import resources

        vectors = np.empty((len(names), self.dim), np.float32)

        def compute(part: slice) -> None:
            self._compose_some(text, offsets, names[part], own[part], vectors[part])

        threads = resources.processors()
        turns = -(-len(names) // (threads * _WORDS))
        most = -(-len(names) // (threads * max(turns, 1)))  # Every thread has as many words.
        parts = list(self.parts(offsets[names + 1] - offsets[names], most))
        if threads == 1:
            for part in parts:
                compute(part)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(compute, parts))
        return vectors

    def parts(self, lengths: np.ndarray, most: int = _WORDS) -> Iterator[slice]:
        """The words whose n-grams are found at a time, which bounds the memory.

        lengths  int64 (K,), the bytes of each word
        most     maximum number of words at a time
        """
        ends = np.cumsum((np.minimum(lengths, LONGEST_WORD) + 2) * self.maxn)
        begin = 0
        while begin < len(lengths):
            limit = _NUMBERS + (int(ends[begin - 1]) if begin else 0)
            end = min(begin + most, max(begin + 1, int(np.searchsorted(ends, limit, "right"))))
            yield slice(begin, end)
            begin = end

    def _compose_some(
        self, text: np.ndarray, offsets: np.ndarray, names: np.ndarray, own: np.ndarray,
        vectors: np.ndarray,
    ) -> None:  # fmt: skip
        """Compose the vectors of words into an array (K, D)."""
        lists, bounds = self.row_lists(text, offsets, names, own)
        self.vectors.means(lists, bounds, vectors)

    def row_lists(
        self, text: np.ndarray, offsets: np.ndarray, names: np.ndarray, own: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The rows of words and of their n-grams.

        text     uint8 (·,), the bytes of names
        offsets  int64 (N + 1,), the position of each name in `text`
        names    int64 (K,), the numbers of the names of the words
        own      int64 (K,), the own rows of the words in `vectors`; -1 for a word without one
        Returns  (int64 (·,), int64 (K + 1,)): the rows of all words, the own row of each first, and
                 the bounds of each word in them

        The caller bounds the memory: see `parts`.
        """
        rows, owner = self._ngram_rows(text, offsets, names)
        has_own = own >= 0
        counts = has_own + np.bincount(owner, minlength=len(names))
        bounds = np.concatenate([[0], np.cumsum(counts)])
        is_own = np.zeros(bounds[-1], np.bool_)
        is_own[bounds[:-1][has_own]] = True
        lists = np.empty(bounds[-1], np.int64)
        lists[is_own], lists[~is_own] = own[has_own], rows
        return lists, bounds

    def _ngram_rows(
        self, text: np.ndarray, offsets: np.ndarray, names: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The row of each n-gram of words, int64, and the number of its word, from 0, ascending."""
        if not self.has_ngrams:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        buckets, bounds = find_ngrams(text, offsets, names, self.minn, self.maxn, self.buckets)
        rows, owner = self.rows_of(buckets), np.repeat(np.arange(len(names)), np.diff(bounds))
        return rows[rows >= 0], owner[rows >= 0]

    def compose_unknown(self, words: Sequence[bytes]) -> np.ndarray:
        """The vectors of K words from their n-grams alone, float32 (K, D).

        The vector of a word without n-grams is zero, and that of a word whose n-grams are not
        finite.
        """
        text, offsets = joined(words)
        none = np.full(len(words), -1)
        vectors = self.compose_rows(text, offsets, np.arange(len(words)), none)
        vectors[~np.isfinite(vectors).all(axis=1)] = 0
        return vectors

    def own_vectors(self, words: Sequence[bytes], vectors: np.ndarray) -> np.ndarray:
        """The own rows that compose K words to given vectors, float32 (K, D).

        The vector v of a word with n n-grams of mean m needs the own row v + n (v - m).

        words    the words
        vectors  float32 (K, D), the vector of each word
        """
        (text, offsets), numbers = joined(words), np.arange(len(words))
        counts = np.zeros((len(words), 1), np.float32)
        for part in self.parts(np.diff(offsets)):
            owner = self._ngram_rows(text, offsets, numbers[part])[1]
            counts[part, 0] = np.bincount(owner, minlength=len(counts[part]))
        own: np.ndarray = vectors + counts * (vectors - self.compose_unknown(words))
        return own

    def check_whole(self) -> None:
        """Raise W2VError if a file from which arrays are mapped has become shorter."""
        check_whole([*vars(self).values(), *vars(self.vectors).values()])

    def count_not_finite(self) -> int:
        """The number of n-grams whose vectors are not finite."""
        count, rows = 0, self.ngram_rows()[1]
        for begin in range(0, len(rows), _ROWS):
            block = self.vectors.take(rows[begin : begin + _ROWS])
            count += int((~np.isfinite(block).all(axis=1)).sum())
        return count

    def part(self, rows: np.ndarray) -> Subwords:
        """The subwords of a table of some of the words; all n-grams are kept.

        rows  int64 (N,), the rows of the words in the table
        """
        own_rows = rows.astype(np.int64) if self.own_rows is None else self.own_rows[rows]
        return replace(self, own_rows=own_rows)

    def stored(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The arrays that a file stores; the first may be mapped from a temporary file.

        Returns  float32 (N + R, D), the own rows of the N words of the table, then the R rows of
                 n-grams; uint32 (P,), the buckets of the n-grams, ascending; and int32 (P,), their
                 rows in the first array
        """
        if self.own_rows is None and isinstance(self.vectors, DenseMatrix) and self.has_word_rows:
            buckets, rows = self.ngram_rows()
            return self.vectors.numbers, buckets.astype(np.uint32), rows.astype(np.int32)
        count = self.words if self.own_rows is None else len(self.own_rows)
        begins = range(0, count, _ROWS)
        blocks = (self.word_rows(np.arange(at, min(at + _ROWS, count))) for at in begins)
        return self.stored_with(blocks, count)

    def stored_with(
        self, own: Iterable[np.ndarray], words: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The arrays that a file stores if the words have other own rows, see `stored`.

        own    float32 (·, D), blocks of the own rows of N words
        words  N
        """
        from w2v.system.spooled_array import SpooledArray

        buckets, rows = self.ngram_rows()
        distinct, numbers = np.unique(rows, return_inverse=True)
        spooled = SpooledArray(np.float32)
        for block in own:
            spooled.append(block.ravel())
        for begin in range(0, len(distinct), _ROWS):
            spooled.append(self.vectors.take(distinct[begin : begin + _ROWS]).ravel())
        vectors = spooled.mapped().reshape(words + len(distinct), self.dim)
        return vectors, buckets.astype(np.uint32), (words + numbers).astype(np.int32)


def hash_of(letters: bytes, code: int = _BASIS) -> int:
    """fastText's hash of an n-gram; with `code`, the hash of the letters before, it goes on."""
    for byte in letters:
        code = ((code ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * _PRIME) & _LOW
    return code


def joined(words: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """The bytes of K words, uint8, and the position of each word in them, int64 (K + 1,)."""
    offsets = np.zeros(len(words) + 1, np.int64)
    offsets[1:] = np.cumsum([len(word) for word in words])
    return np.frombuffer(b"".join(words), np.uint8), offsets


def find_ngrams(
    text: np.ndarray, offsets: np.ndarray, words: np.ndarray, minn: int, maxn: int, buckets: int
) -> tuple[np.ndarray, np.ndarray]:
    """The buckets of the n-grams of words; </s> and words above `LONGEST_WORD` have none.

    text     uint8 (·,), the bytes of names
    offsets  int64 (N + 1,), the position of each name in `text`
    words    int64 (K,), the numbers of the names of the words
    minn     fewest characters of an n-gram
    maxn     most characters of an n-gram
    buckets  number of buckets
    Returns  int64 (·,), the buckets of all words, and int64 (K + 1,), the bounds of each word in
             them

    The caller bounds the memory: see `Subwords.parts`.
    """
    from w2v.kernels.ngrams import all_ngrams

    lengths = offsets[words + 1] - offsets[words]
    have_none = _are_sentence_ends(text, offsets[words], lengths) | (lengths > LONGEST_WORD)
    spelled = np.flatnonzero(~have_none)
    most = max(maxn, 0) * int((lengths[spelled] + 2).sum())
    numbers, ends = np.empty(most, np.int64), np.zeros(len(spelled) + 1, np.int64)
    all_ngrams(text, offsets, words[spelled], max(minn, 1), maxn, buckets, numbers, ends)
    counts = np.zeros(len(words) + 1, np.int64)
    counts[spelled + 1] = np.diff(ends)
    return numbers[: ends[-1]], np.cumsum(counts)


def _are_sentence_ends(text: np.ndarray, begins: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Whether words, which begin at `begins` and have `lengths` bytes, are </s>; bool (K,)."""
    ends = np.zeros(len(begins), np.bool_)
    same = np.flatnonzero(lengths == len(SENTENCE_END))
    letters = text[begins[same][:, None] + np.arange(len(SENTENCE_END))]
    ends[same] = (letters == np.frombuffer(SENTENCE_END, np.uint8)).all(axis=1)
    return ends
