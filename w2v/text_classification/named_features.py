"""The features of one text with their names, found without reading the features of other texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from w2v.embeddings.subwords import SENTENCE_END, Subwords

WORD, CHARACTERS, WORDS = "word", "character n-gram", "word n-gram"  # the kinds of features
_BASIS, _PRIME, _LOW, _SIGN = 2166136261, 16777619, (1 << 32) - 1, 1 << 31
_FACTOR, _LOW_64 = 116049371, (1 << 64) - 1


@dataclass
class NamedFeature:
    """A feature of a text.

    kind    WORD, CHARACTERS or WORDS
    row     the number of its vector
    count   how often it occurs in the text
    names   its name; several if n-grams of the text share a bucket. Each once, in their order
    owners  the words that it is or is a part of, and the word n-grams that it is, as WORD or WORDS
            and the name. The value is how often it occurs there
    """

    kind: str
    row: int
    count: int = 0
    names: dict[str, None] = field(default_factory=dict)
    owners: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class FeatureNames:
    """The features that texts may have.

    rows            the row of each word of the vocabulary
    subwords        the rows of character n-grams, which follow those of the words; None without any
    order           most words of a word n-gram; 1 if there are none
    buckets         number of buckets of word n-grams
    rows_of         function from buckets int64 (K,) to the rows of word n-grams, int64 (K,); -1 for
                    a bucket without one
    spans_unknown   whether words without features are words of word n-grams too, as in fastText. If
                    not, word n-grams skip them
    """

    rows: Mapping[bytes, int]
    subwords: Subwords | None
    order: int
    buckets: int
    rows_of: Callable[[np.ndarray], np.ndarray]
    spans_unknown: bool = False

    def of(self, words: Sequence[bytes]) -> tuple[list[NamedFeature], int]:
        """The features of a text, each once, and the number of words without a feature.

        words  the words of the text in their order
        """
        found: dict[int, NamedFeature] = {}
        known, listed = [], {word: self._of_word(word) for word in dict.fromkeys(words)}
        for word in words:
            for kind, name, row in listed[word]:
                _add(found, kind, row, name, (WORD, _text(word)))
            if listed[word] or self.spans_unknown:
                known.append(word)
        self._add_ngrams(known, found)
        unknown = sum(not listed[word] for word in words if word != SENTENCE_END)
        return [*found.values()], unknown

    def _of_word(self, word: bytes) -> list[tuple[str, str, int]]:
        """The features of a word: kind, name and row of itself and of its character n-grams."""
        row = self.rows.get(word)
        own = [] if row is None else [(WORD, _text(word), row)]
        ngrams = self.subwords.ngrams(word) if self.subwords else []
        return own + [(CHARACTERS, _text(ngram), at) for ngram, at in ngrams]

    def _add_ngrams(self, words: Sequence[bytes], found: dict[int, NamedFeature]) -> None:
        """Add the word n-grams of a text to its features."""
        hashes = {word: word_hash(word) for word in dict.fromkeys(words)}
        names, buckets = [], []
        for first, word in enumerate(words):
            code = hashes[word]
            for last in range(first + 1, min(first + self.order, len(words))):
                code = (code * _FACTOR + hashes[words[last]]) & _LOW_64
                names.append(_text(b" ".join(words[first : last + 1])))
                buckets.append(code % self.buckets)
        rows = self.rows_of(np.array(buckets, np.int64)).tolist()
        for name, row in zip(names, rows, strict=True):
            if row >= 0:
                _add(found, WORDS, row, name, (WORDS, name))


def _add(
    found: dict[int, NamedFeature], kind: str, row: int, name: str, owner: tuple[str, str]
) -> None:
    feature = found.setdefault(row, NamedFeature(kind, row))
    feature.count += 1
    feature.names[name] = None
    feature.owners[owner] = feature.owners.get(owner, 0) + 1


def _text(word: bytes) -> str:
    return word.decode("utf-8", "surrogateescape")


def word_hash(word: bytes) -> int:
    """The hash of a word, a signed number modulo 2⁶⁴, as `kernels.text_features` computes it."""
    code = _BASIS
    for byte in word:
        code = ((code ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * _PRIME) & _LOW
    return code if code < _SIGN else code + (1 << 64) - (1 << 32)
