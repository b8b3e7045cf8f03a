"""Subwords of floret: words and their n-grams, hashed to the rows of one small matrix.

floret (Explosion 2021) has no row for a word. The vector of any word is the mean of the rows of the
word with its marks and of its n-grams. Each of them has one to four rows, see
`kernels.murmur_hash`. The methods for a single word are in Python, because importing Numba takes
longer than they do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from w2v.embeddings.subwords import LONGEST_WORD, Subwords
from w2v.errors import W2VError

SEED = 2166136261  # of the hash in floret's files
_FULL = (1 << 64) - 1
_C1, _C2 = 0x87C37B91114253D5, 0x4CF5AD432745937F


@dataclass(frozen=True, eq=False)
class FloretSubwords(Subwords):
    """The rows that compose the vectors of words; fields as in `Subwords`, with V = 0.

    hashes  rows of a word or an n-gram, from 1 to 4
    seed    seed of the hash
    begin   the mark before a word
    end     the mark after a word
    """

    hashes: int = 1
    seed: int = SEED
    begin: bytes = b"<"
    end: bytes = b">"

    @property
    def has_ngrams(self) -> bool:
        """True: every word has rows."""
        return True

    def count_ngrams(self, word: bytes) -> int:
        """The number of n-grams of a word, and one for the word itself."""
        return super().count_ngrams(word) // self.hashes

    def _hashed(self, word: bytes) -> tuple[list[bytes], list[int]]:
        """The word and its n-grams, each as often as it has rows, and these rows."""
        if len(word) > LONGEST_WORD:
            return [], []
        marked = self.begin + word + self.end
        starts = [at for at, byte in enumerate(marked) if byte & 0xC0 != 0x80]
        edges = [*starts, len(marked)]
        listed = [marked]
        for first in range(len(starts)):
            for last in range(first + max(self.minn, 1), min(first + self.maxn, len(starts)) + 1):
                if last - first > 1 or 0 < first < len(starts) - 1:
                    listed.append(marked[edges[first] : edges[last]])
        rows = [part % self.buckets for each in listed for part in self._parts_of(each)]
        return [each for each in listed for _ in range(self.hashes)], rows

    def _parts_of(self, ngram: bytes) -> list[int]:
        """The parts of the hash of an n-gram that number its rows."""
        halves = murmur_hash(ngram, self.seed)
        return [part for half in halves for part in (half & 0xFFFFFFFF, half >> 32)][: self.hashes]

    @np.errstate(over="ignore")  # without compilation NumPy would warn of the hash's overflow
    def _ngram_rows(
        self, text: np.ndarray, offsets: np.ndarray, names: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The rows of words and their n-grams, int64, and the number of the word of each."""
        from w2v.kernels.murmur_hash import floret_numbers

        words = np.flatnonzero(offsets[names + 1] - offsets[names] <= LONGEST_WORD)
        marked = [
            self.begin + text[offsets[name] : offsets[name + 1]].tobytes() + self.end
            for name in names[words].tolist()
        ]
        begins = np.concatenate([[0], np.cumsum([len(word) for word in marked], dtype=np.int64)])
        numbers = np.empty(self.hashes * (self.maxn * begins[-1] + len(words)), np.int64)
        bounds = np.zeros(len(words) + 1, np.int64)
        floret_numbers(
            np.frombuffer(b"".join(marked), np.uint8), begins, max(self.minn, 1), self.maxn,
            self.hashes, self.seed, self.buckets, numbers, bounds,
        )  # fmt: skip
        return numbers[: bounds[-1]], np.repeat(words, np.diff(bounds))


def refuse(path: str, subwords: Subwords) -> None:
    """Raise a W2VError if the file `path` is to be written with the subwords of floret."""
    if isinstance(subwords, FloretSubwords):
        raise W2VError(
            f"{path}: a floret text lists no words that could be written, and its n-grams have "
            "another hash than fastText's: list the words that you need with --words"
        )


def murmur_hash(data: bytes, seed: int) -> tuple[int, int]:
    """The two halves of MurmurHash3_x64_128 of bytes; see `kernels.murmur_hash`."""
    h1 = h2 = seed
    whole = len(data) // 16 * 16
    for at in range(0, whole + 1, 16):
        k1 = int.from_bytes(data[at : at + 8], "little")
        k2 = int.from_bytes(data[at + 8 : at + 16], "little")
        k1 = _rotated(k1 * _C1 & _FULL, 31) * _C2 & _FULL
        k2 = _rotated(k2 * _C2 & _FULL, 33) * _C1 & _FULL
        if at == whole:  # fewer than 16 bytes are left
            h1, h2 = h1 ^ k1 ^ len(data), h2 ^ k2 ^ len(data)
        else:
            h1 = ((_rotated(h1 ^ k1, 27) + h2) * 5 + 0x52DCE729) & _FULL
            h2 = ((_rotated(h2 ^ k2, 31) + h1) * 5 + 0x38495AB5) & _FULL
    h1 = (h1 + h2) & _FULL
    h2 = (h1 + h2) & _FULL
    h1, h2 = _mixed(h1), _mixed(h2)
    h1 = (h1 + h2) & _FULL
    return h1, (h1 + h2) & _FULL


def _rotated(number: int, bits: int) -> int:
    return (number << bits | number >> (64 - bits)) & _FULL


def _mixed(number: int) -> int:
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        number = (number ^ number >> 33) * factor & _FULL
    return number ^ number >> 33
