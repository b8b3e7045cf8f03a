"""Counting words, and turning a text into word ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from w2v.corpus import Corpus
from w2v.errors import W2VError
from w2v.spool import Spool

_AT_ONCE = 1 << 22  # ids
_SENTENCE_END = 0  # the first type's number
_DROPPED, _BOUNDARY = -1, -2  # instead of a word id


@dataclass(frozen=True)
class Vocabulary:
    """The words that are trained: `names` by falling count, ties by first occurrence.

    names   V words
    counts  int64 (V,)
    types   how many different words the text has, rare ones included
    tokens  how many words the text has, rare ones included
    """

    names: list[str]
    counts: np.ndarray
    types: int
    tokens: int


@dataclass(frozen=True)
class Text:
    """A text as word ids.

    ids     int32 (N,), the words of the vocabulary in the order of the text
    starts  int64 (S + 1,), the position where each sentence begins, and N
    """

    ids: np.ndarray
    starts: np.ndarray

    def part(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """The words from position `first` to `last` - 1: their ids, and where sentences begin.

        Returns  (int32 (N,), int64 (S + 1,)): N = last - first; the bounds begin with 0, end with N
        """
        inside = slice(
            np.searchsorted(self.starts, first, "right"), np.searchsorted(self.starts, last)
        )
        bounds = np.concatenate([[first], self.starts[inside], [last]]) - first
        return self.ids[first:last], bounds


def encode(
    corpus: Corpus,
    min_count: int = 1,
    max_vocab: int | None = None,
    lowercase: bool = False,
    on_block: Callable[[int], None] = lambda tokens: None,
) -> tuple[Vocabulary, Text]:
    """Read a corpus once: its words that occur at least `min_count` times, and its text in them.

    max_vocab  keep this many of the most frequent words at most
    lowercase  fold words that differ in case into one
    on_block   called after each block with the number of tokens so far
    Raises     W2VError where no word is left
    """
    types, raw = _number(corpus, on_block)
    spellings = [name.decode() if isinstance(name, bytes) else name for name in types]
    if lowercase:
        spellings = [name.lower() for name in spellings]
    canonical: dict[str, int] = {}
    folded = np.array([canonical.setdefault(s, len(canonical)) for s in spellings], np.int32)
    counts = np.zeros(len(canonical), np.int64)
    for begin in range(0, raw.size, _AT_ONCE):
        counts += np.bincount(folded[raw[begin : begin + _AT_ONCE]], minlength=counts.size)
    counts[_SENTENCE_END] = 0
    order = np.argsort(-counts, kind="stable")
    kept = order[: np.count_nonzero(counts >= max(min_count, 1))][:max_vocab]
    names = list(canonical)
    vocabulary = Vocabulary(
        [names[i] for i in kept], counts[kept], len(names) - 1, int(counts.sum())
    )
    if not vocabulary.names:
        raise W2VError(_nothing_left(corpus, vocabulary, int(counts.max()), min_count))
    word_ids = np.full(len(names), _DROPPED, np.int32)
    word_ids[kept] = np.arange(kept.size)
    word_ids[_SENTENCE_END] = _BOUNDARY
    return vocabulary, _compact(raw, word_ids[folded])


def _number(corpus: Corpus, on_block: Callable[[int], None]) -> tuple[list, np.ndarray]:
    """Number the types of a corpus as they come: (types, int32 (N,) the text in their numbers)."""
    numbers: defaultdict[bytes | str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    numbers[corpus.tokenise(b"\n")[0]] = _SENTENCE_END
    spool = Spool(np.int32)
    for tokens in corpus.tokens():
        spool.append(np.fromiter(map(numbers.__getitem__, tokens), np.int32, len(tokens)))
        on_block(spool.size)
    return list(numbers), spool.array()


def _compact(ids: np.ndarray, word_ids: np.ndarray) -> Text:
    """Turn type numbers into word ids in place, close the gaps, and note where sentences begin."""
    starts = Spool(np.int64)
    starts.append(np.zeros(1, np.int64))
    size = last = 0
    for begin in range(0, ids.size, _AT_ONCE):
        part = word_ids[ids[begin : begin + _AT_ONCE]]
        kept = part >= 0
        ends = size + np.cumsum(kept)[part == _BOUNDARY]
        ends = ends[np.diff(ends, prepend=last) > 0]  # no empty sentences
        starts.append(ends)
        last = int(ends[-1]) if ends.size else last
        words = part[kept]
        ids[size : size + words.size] = words
        size += words.size
    if last < size:
        starts.append(np.array([size]))
    return Text(np.asarray(ids[:size]), np.asarray(starts.array()))


def _nothing_left(corpus: Corpus, vocabulary: Vocabulary, highest: int, min_count: int) -> str:
    """Why the vocabulary is empty, and what would help."""
    if vocabulary.types == 0:
        return f"{corpus.source}: no words in the text"
    return (
        f"{corpus.source}: none of {vocabulary.types:,} different words occurs {min_count} times; "
        f"the most frequent occurs {highest} times: try --min-count {highest}"
    )
