"""Subwords of finalfusion: n-grams in buckets of its own hash, for unknown words.

The hash is FNV-1a with 64 bits, of the number of characters as 8 bytes, and then of each character
as 4 bytes, little-endian. The bucket is its lowest e bits. A file that w2v writes has n-grams by
fastText's hash, so that it can have only n-grams that are listed: those of the words of the file.
finalfusion's command bucket-to-explicit makes the same choice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from w2v.embeddings.finished_words import FinishedWords
from w2v.embeddings.subwords import LONGEST_WORD, hash_of

_BASIS, _PRIME, _LOW = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1


@dataclass(frozen=True, eq=False)
class HashedWords(FinishedWords):
    """The rows that compose the vectors of words; fields as in `FinishedWords`.

    buckets   2³², for the listed n-grams
    exponent  e, with which n-grams are hashed to 2ᵉ buckets
    """

    exponent: int = 0

    @property
    def has_ngrams(self) -> bool:
        """True: every n-gram has a row."""
        return True

    @property
    def ngram_count(self) -> int:
        """The number of buckets that have a row."""
        return 1 << self.exponent

    def _listed(self, word: bytes) -> tuple[list[bytes], np.ndarray]:
        """The n-grams of a word, and their rows in `vectors`, int64."""
        ngrams = self._ngrams(word)
        return ngrams, np.array([self._row(ngram) for ngram in ngrams], np.int64)

    def _ngrams(self, word: bytes) -> list[bytes]:
        """The n-grams of a word, in order."""
        if len(word) > LONGEST_WORD:
            return []
        marked = b"<" + word + b">"
        edges = [at for at, byte in enumerate(marked) if byte & 0xC0 != 0x80] + [len(marked)]
        return [
            marked[edges[first] : edges[last]]
            for first in range(len(edges))
            for last in range(first + self.minn, min(first + self.maxn, len(edges) - 1) + 1)
        ]

    def _row(self, ngram: bytes) -> int:
        return self.words + (own_hash(ngram) & ((1 << self.exponent) - 1))

    def _ngram_rows(
        self, text: np.ndarray, offsets: np.ndarray, names: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The row of each n-gram of words, int64, and the number of its word, from 0, ascending."""
        found = [
            self._listed(text[offsets[name] : offsets[name + 1]].tobytes())[1]
            for name in names.tolist()
        ]
        owner = np.repeat(np.arange(len(names)), [len(rows) for rows in found])
        return np.concatenate([np.zeros(0, np.int64), *found]), owner

    @cached_property
    def listed(self) -> FinishedWords:
        """The subwords with the n-grams of the words alone, which are numbered by fastText's hash.

        All n-grams of all words are looked up, which takes seconds for 100,000 words.
        """
        rows: dict[bytes, int] = {}
        for word in self.names:
            for ngram in self._ngrams(word):
                if ngram not in rows:
                    rows[ngram] = self._row(ngram)
        hashes = np.array([hash_of(ngram) for ngram in rows], np.uint32)
        kept, first = np.unique(hashes, return_index=True)
        kept_rows = np.array([*rows.values()], np.int64)[first]
        return FinishedWords(
            self.vectors, self.words, self.minn, self.maxn, self.buckets, kept, kept_rows,
            self.own_rows, self.names, self.finished,
        )  # fmt: skip

    def ngram_rows(self) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of the listed n-grams, and their rows; see `Subwords.ngram_rows`."""
        return self.listed.ngram_rows()

    def rows_of(self, buckets: np.ndarray) -> np.ndarray:
        """The rows of listed n-grams, by their numbers; see `Subwords.rows_of`."""
        return self.listed.rows_of(buckets)

    def stored(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The arrays that a file stores, with the listed n-grams; see `Subwords.stored`."""
        return replace(self.listed, own_rows=self.own_rows).stored()


def own_hash(ngram: bytes) -> int:
    """finalfusion's hash of an n-gram, which is UTF-8."""
    letters = ngram.decode("utf-8", "surrogateescape")
    code = _BASIS
    for byte in len(letters).to_bytes(8, "little") + letters.encode("utf-32-le", "surrogatepass"):
        code = (code ^ byte) * _PRIME & _LOW
    return code
