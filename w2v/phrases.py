"""Words that go together joined into one: new york becomes new_york.

Source: Mikolov et al. 2013b, "Distributed representations of words and phrases", equation 6, and
the program word2phrase; normalised pointwise mutual information: Bouma 2009.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from w2v.corpus import Corpus
from w2v.lexicon import Lexicon
from w2v.spool import Spool

SCORINGS = {"default": 100.0, "npmi": 0.5}  # and their thresholds
_PART = 1 << 21  # words at a time
_END = 0  # the number of the end of a sentence


@dataclass(frozen=True)
class Pairs:
    """Pairs of words that follow each other, by their keys: first * types + second.

    keys   int64 (P,), sorted
    times  int64 (P,), how often each comes
    lost   how many rare pairs were forgotten while counting
    """

    keys: np.ndarray
    times: np.ndarray
    lost: int = 0


@dataclass(frozen=True)
class Phrase:
    """Two words that are joined: as one word, how often they follow each other, their score."""

    name: bytes
    count: int
    score: float


class Phrases:
    """A text whose phrases are joined, pass after pass.

    min_count  of a pair, and of its words
    scoring    default: (n(ab) - min_count) / n(a) / n(b) times the words of the text; npmi
    threshold  above which a pair is a phrase
    joiner     what is put between its words
    most       how many pairs are counted at a time, about: the rarest are forgotten
    """

    def __init__(
        self, min_count: int, scoring: str, threshold: float, joiner: str, most: int = 1 << 24
    ):
        self._min_count, self._scoring, self._threshold = min_count, scoring, threshold
        self._joiner, self._most = joiner.encode(), most
        self.names: list[bytes] = []
        self.lost = 0

    def read(self, corpus: Corpus, on_block: Callable[[int], None] = lambda tokens: None) -> None:
        """Read a text, all of it; it is kept on disk as numbers."""
        lexicon, self._ids = Lexicon(), Spool(np.int32)
        for block in corpus.blocks():
            self._ids.append(lexicon.number(block))
            on_block(self._ids.size)
        self.names = [b"\n", *(lexicon.name(number) for number in range(1, len(lexicon)))]
        self._counts = lexicon.counts.copy()

    @property
    def tokens(self) -> int:
        """How many words there are now, ends of sentences not counted."""
        return int(self._counts[1:].sum())

    def join(self) -> list[Phrase]:
        """One pass: find phrases and join them from left to right; the most frequent first."""
        pairs = self._count()
        self.lost += pairs.lost
        types = len(self.names)
        first, second = np.divmod(pairs.keys, types)
        scores = self._scores(self._counts[first], self._counts[second], pairs.times)
        chosen = (scores > self._threshold) & (pairs.times >= self._min_count)
        keys, times, scores = pairs.keys[chosen], pairs.times[chosen], scores[chosen]
        for a, b in zip(*(half.tolist() for half in np.divmod(keys, types)), strict=True):
            self.names.append(self.names[a] + self._joiner + self.names[b])
        found = [
            Phrase(name, count, score)
            for name, count, score in zip(
                self.names[types:], times.tolist(), scores.tolist(), strict=True
            )
        ]
        if found:
            self._rewrite(keys, types)
        return sorted(found, key=lambda phrase: (-phrase.count, phrase.name))

    def _scores(self, a: np.ndarray, b: np.ndarray, both: np.ndarray) -> np.ndarray:
        total = max(self.tokens, 1)
        if self._scoring == "default":
            return (both - self._min_count) / a.astype(float) / b * total
        share = both / total
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(share < 1, np.log(share * total / a * total / b) / -np.log(share), 1.0)

    def _count(self) -> Pairs:
        """All pairs of frequent words in a sentence."""
        types, lowest, lost = len(self.names), 0, 0
        frequent = self._counts >= self._min_count
        frequent[_END] = False
        runs: list[tuple[np.ndarray, np.ndarray]] = []
        for begin in range(0, self._ids.size, _PART):
            part = self._ids.read(begin, begin + _PART + 1)
            there = frequent[part[:-1]] & frequent[part[1:]]
            keys = part[:-1][there].astype(np.int64) * types + part[1:][there]
            runs.append(_added(np.sort(keys), np.ones(keys.size, np.int64)))
            while len(runs) > 1 and runs[-1][0].size * 2 > runs[-2][0].size:
                runs[-2:] = [_merged(*runs[-2:])]
            if sum(keys.size for keys, _ in runs) > self._most:
                keys, times = _merged(*runs)
                if keys.size > self._most // 2:
                    lowest += 1
                    lost += int(np.count_nonzero(times <= lowest))
                    keys, times = keys[times > lowest], times[times > lowest]
                runs = [(keys, times)]
        keys, times = _merged(*runs) if runs else (np.zeros(0, np.int64),) * 2
        return Pairs(keys, times, lost)

    def _rewrite(self, keys: np.ndarray, types: int) -> None:
        """Join the pairs with some keys, in the text."""
        joined, counts = Spool(np.int32), np.zeros(len(self.names), np.int64)
        carried = np.zeros(0, np.int32)
        for begin in range(0, self._ids.size, _PART):
            part = np.concatenate([carried, self._ids.read(begin, begin + _PART)])
            pairs = part[:-1].astype(np.int64) * types + part[1:]
            at = np.searchsorted(keys, pairs)
            begins = _every_other(keys[np.minimum(at, keys.size - 1)] == pairs)
            part[:-1][begins] = types + at[begins]
            kept = np.ones(part.size, np.bool_)
            kept[1:][begins] = False
            last = begin + _PART >= self._ids.size
            carried = part[:0] if last or not kept[-1] else part[-1:].copy()
            done = part[: part.size - carried.size][kept[: part.size - carried.size]]
            joined.append(done)
            counts += np.bincount(done, minlength=counts.size)
        self._ids, self._counts = joined, counts

    def blocks(self) -> Iterator[bytes]:
        """The text as it is now, with line ends where sentences end."""
        blank = b""
        for begin in range(0, self._ids.size, _PART):
            ids = self._ids.read(begin, begin + _PART)
            text = b" ".join([self.names[number] for number in ids.tolist()])
            text = text.replace(b" \n", b"\n").replace(b"\n ", b"\n")
            yield (b"" if text.startswith(b"\n") else blank) + text
            blank = b"" if text.endswith(b"\n") else b" "


def _added(keys: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Different keys, of sorted ones, and the sum of the times of each."""
    if not keys.size:
        return keys, times
    begins = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[begins], np.add.reduceat(times, begins)


def _merged(*runs: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Sorted runs as one."""
    keys, times = (np.concatenate(part) for part in zip(*runs, strict=True))
    order = np.argsort(keys, kind="stable")  # which merges what is sorted already
    return _added(keys[order], times[order])


def _every_other(wanted: np.ndarray) -> np.ndarray:
    """Of each run of wanted places the first, the third and so on: what greed takes."""
    places = np.arange(wanted.size)
    begins = np.maximum.accumulate(np.where(wanted, -1, places + 1)) if wanted.size else places
    begins = np.where(begins < 0, 0, begins)
    return wanted & ((places - begins) % 2 == 0)
