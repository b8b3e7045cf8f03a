"""Counts of words and topics that are mostly 0, stored as pairs of a word and a topic."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_BLOCK_TOKENS = 1 << 20  # tokens that are processed at a time


class SparseCounts(NamedTuple):
    """The counts of E pairs of a word and a topic, sorted by word and then by topic.

    words   int32 (E,)  the number of the term
    topics  int32 (E,)  the number of the topic
    counts  int32 (E,)  the count of this word in this topic
    """

    words: np.ndarray
    topics: np.ndarray
    counts: np.ndarray

    def add_to(self, counts: np.ndarray, sign: int = 1, rows: slice = slice(None)) -> None:
        """Add these counts to a matrix of words and topics, in place.

        counts  number (V, K or more)
        sign    1 to add, -1 to subtract
        rows    the words whose counts are changed
        """
        first, last, _ = rows.indices(len(counts))
        part = slice(*np.searchsorted(self.words, (first, last)))
        counts[self.words[part], self.topics[part]] += sign * self.counts[part]

    def renumbered(self, numbers: np.ndarray) -> SparseCounts:
        """The same counts with other numbers of the words.

        numbers  int (V,), the new number of each word, all different
        """
        words = numbers[self.words].astype(np.int32)
        order = np.argsort(words, kind="stable")  # the topics of a word stay in order
        return SparseCounts(words[order], self.topics[order], self.counts[order])

    def draw_topics(self, words: np.ndarray, topics: np.ndarray, rng: np.random.Generator) -> None:
        """Draw the topic of each token of a word with pairs, in proportion to their counts.

        words   int32 (N,)  the term of each token
        topics  int16 (N,)  the topic of each token: changed in place for words with pairs
        rng     the source of random numbers
        """
        listed, first = np.unique(self.words, return_index=True)
        if not listed.size:
            return
        last = np.append(first[1:], self.words.size) - 1  # the last pair of each word
        sums = np.cumsum(self.counts, dtype=np.float64)
        before = np.append(0, sums[last])[:-1]  # the counts of all words before
        numbers = np.full(max(listed.max(), words.max(initial=0)) + 1, -1, np.int32)
        numbers[listed] = np.arange(listed.size)
        for begin in range(0, words.size, _BLOCK_TOKENS):
            block = numbers[words[begin : begin + _BLOCK_TOKENS]]
            tokens = np.flatnonzero(block >= 0)
            number = block[tokens]
            drawn = before[number] + rng.random(tokens.size) * (sums[last] - before)[number]
            pairs = np.minimum(np.searchsorted(sums, drawn, side="right"), last[number])
            topics[begin + tokens] = self.topics[pairs]


NO_COUNTS = SparseCounts(*(np.empty(0, np.int32) for _ in SparseCounts._fields))
