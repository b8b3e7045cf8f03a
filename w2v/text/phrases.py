"""Words that go together joined into one: new york becomes new_york, and bank of america one word.

Source: Mikolov et al. 2013b, "Distributed representations of words and phrases", equation 6, and
the program word2phrase; normalised pointwise mutual information: Bouma 2009. Connectors, such as
of, are gensim's idea: a phrase neither begins nor ends with one, but may have some inside.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np

from w2v.errors import W2VError
from w2v.system.spooled_array import SpooledArray
from w2v.system.text_file import numbered_lines
from w2v.text.corpus import Corpus
from w2v.text.tokenizers import split
from w2v.text.word_counter import WordCounter

SCORINGS = {"default": 100.0, "npmi": 0.5}  # and their thresholds
MOST_INSIDE = 4  # connectors between the two ends of a phrase
# Put together here from the word classes of a grammar: articles, prepositions, conjunctions.
ENGLISH_CONNECTORS = """
a an the
about above across after against along among around at before behind below beneath beside between
beyond by down for from in inside into like near of off on onto out outside over past per since
through throughout to toward towards under until unto up upon via with within without
and but nor or than
"""
_MOST_CONNECTORS = 50_000  # different ones: runs of them are numbered in 63 bits
_PART = 1 << 21  # words at a time
_END = 0  # the number of the end of a sentence


def read_connectors(given: str, lowercase: bool = False, normalize: str = "none") -> set[bytes]:
    """The words of a file, with blanks or line ends between, or of our own list: english.

    lowercase  fold them, as the text is folded
    normalize  and normalize them: none, NFC, NFKC
    Raises     W2VError where it is not UTF-8, has no words or too many; OSError without a file
    """
    if given == "english":
        return set(ENGLISH_CONNECTORS.encode().split())
    text = "\n".join(line for _, line in numbered_lines(given)).encode()
    words = set(split(text, "space", lowercase, normalize).split())
    if not 0 < len(words) <= _MOST_CONNECTORS:
        raise W2VError(f"{given}: {len(words):,} connectors: expected 1 to {_MOST_CONNECTORS:,}")
    return words


@dataclass(frozen=True)
class Pairs:
    """Pairs of words that follow each other, or have only connectors between.

    keys   int64 (P,), sorted; see `_Candidates`
    times  int64 (P,), how often each comes
    lost   how many rare pairs were forgotten while counting
    """

    keys: np.ndarray
    times: np.ndarray
    lost: int = 0


@dataclass(frozen=True)
class Phrase:
    """Two words that are joined, with what is between: as one word, how often, the score."""

    name: bytes
    count: int
    score: float


class Phrases:
    """A text whose phrases are joined, pass after pass.

    min_count   of a pair, and of its words
    scoring     default: (n(ab) - min_count) / n(a) / n(b) times the words of the text; npmi:
                ln(p(ab) / p(a) / p(b)) / -ln p(ab), p = n / words of the text
    threshold   above which a pair is a phrase
    joiner      what is put between its words
    most        how many pairs are counted at a time, about: the rarest are forgotten
    connectors  words that neither begin nor end a phrase, as UTF-8. Of a phrase with some inside,
                at most MOST_INSIDE, a and b are its first and last word, and n(ab) is how often
                they come with the same connectors between: bank of america is scored by the counts
                of bank, of america and of all three; the count of `of` does not matter
    """

    def __init__(
        self,
        min_count: int,
        scoring: str,
        threshold: float,
        joiner: str,
        most: int = 1 << 24,
        connectors: Collection[bytes] = (),
    ):
        self._min_count, self._scoring, self._threshold = min_count, scoring, threshold
        self._joiner, self._most = joiner.encode(), most
        self._connectors = connectors
        self.names: list[bytes] = []
        self.lost = 0

    def read(self, corpus: Corpus, on_block: Callable[[int], None] = lambda tokens: None) -> None:
        """Read a text, all of it; it is kept on disk as numbers."""
        counter, self._ids = WordCounter(), SpooledArray(np.int32)
        for block in corpus.blocks():
            self._ids.append(counter.number(block))
            on_block(self._ids.size)
        self.names = [b"\n", *(counter.name(number) for number in range(1, len(counter)))]
        self._counts = counter.counts.copy()
        found = [number for number, name in enumerate(self.names) if name in self._connectors]
        self._inside = _Inside(found)

    @property
    def connectors(self) -> int:
        """How many of the connectors are in the text."""
        return len(self._inside.names)

    @property
    def tokens(self) -> int:
        """How many words there are now, ends of sentences not counted."""
        return int(self._counts[1:].sum())

    def join(self) -> list[Phrase]:
        """One pass: find phrases and join them from left to right; the most frequent first."""
        types, joiner = len(self.names), self._joiner
        candidates = _Candidates(self._counts >= self._min_count, self._inside)
        pairs = self._count(candidates)
        self.lost += pairs.lost
        first, between, second = candidates.parts(pairs.keys)
        scores = self._scores(self._counts[first], self._counts[second], pairs.times)
        chosen = (scores > self._threshold) & (pairs.times >= self._min_count)
        found = []
        for a, runs, b, count, score in zip(
            *(each[chosen].tolist() for each in (first, between, second, pairs.times, scores)),
            strict=True,
        ):
            inside = [self.names[number] for number in self._inside.numbers(runs)]
            self.names.append(joiner.join([self.names[a], *inside, self.names[b]]))
            found.append(Phrase(self.names[-1], count, score))
        if found:
            self._rewrite(pairs.keys[chosen], types, candidates)
        return sorted(found, key=lambda phrase: (-phrase.count, phrase.name))

    def _scores(self, a: np.ndarray, b: np.ndarray, both: np.ndarray) -> np.ndarray:
        total = max(self.tokens, 1)
        if self._scoring == "default":
            return (both - self._min_count) / a.astype(float) / b * total
        share = both / total
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(share < 1, np.log(share * total / a * total / b) / -np.log(share), 1.0)

    def _count(self, candidates: _Candidates) -> Pairs:
        """All pairs of frequent words in a sentence."""
        lowest, lost = 0, 0
        runs: list[tuple[np.ndarray, np.ndarray]] = []
        for begin in range(0, self._ids.size, _PART):
            part = self._ids.read(begin, begin + _PART + 1 + MOST_INSIDE)
            places, keys = candidates.find(part)
            keys = keys[(keys >= 0) & (places[:-1] < _PART)]
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

    def _rewrite(self, keys: np.ndarray, types: int, candidates: _Candidates) -> None:
        """Join the pairs with some keys, in the text; the first of them becomes type `types`."""
        joined, counts = SpooledArray(np.int32), np.zeros(len(self.names), np.int64)
        carried = np.zeros(0, np.int32)
        for begin in range(0, self._ids.size, _PART):
            part = np.concatenate([carried, self._ids.read(begin, begin + _PART)])
            places, found = candidates.find(part)
            at = np.searchsorted(keys, found)
            begins = _every_other(keys[np.minimum(at, keys.size - 1)] == found)
            firsts, seconds = places[:-1][begins], places[1:][begins]
            part[firsts] = types + at[begins]
            depth = np.zeros(part.size + 1, np.int8)  # 1 from after a first word to the second
            depth[firsts + 1] += 1
            depth[seconds + 1] -= 1
            kept = np.cumsum(depth[:-1], dtype=np.int8) == 0
            end = part.size
            if places.size and begin + _PART < self._ids.size and kept[places[-1]]:
                open_end = int(places[-1])  # a pair can begin there, and end in the next part
                end = open_end if part.size - open_end <= MOST_INSIDE + 1 else part.size
            carried = part[end:].copy()
            done = part[:end][kept[:end]]
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


class _Inside:
    """Runs of connectors, by a number that follows from their types: 0 is none.

    names  the types that are connectors
    """

    def __init__(self, names: list[int]):
        self.names = names
        self._digits = np.zeros(max(names, default=-1) + 1, np.int64)
        self._digits[names] = np.arange(1, len(names) + 1)

    def are(self, types: np.ndarray) -> np.ndarray:
        """Which of some types are connectors."""
        return self._digit(types) > 0

    def _digit(self, types: np.ndarray) -> np.ndarray:
        known = types < self._digits.size
        return (
            np.where(known, self._digits[np.where(known, types, 0)], 0)
            if self.names
            else (np.zeros(types.size, np.int64))
        )

    def between(self, text: np.ndarray, firsts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """The number of the run after each of some places; its digits are connectors."""
        found = np.zeros(firsts.size, np.int64)
        for distance in range(int(lengths.max(initial=0)), 0, -1):
            here = lengths >= distance
            found[here] *= len(self.names) + 1
            found[here] += self._digit(text[firsts[here] + distance])
        return found

    def numbers(self, run: int) -> list[int]:
        """The types in a run."""
        types = []
        while run:
            run, digit = divmod(run, len(self.names) + 1)
            types.append(self.names[digit - 1])
        return types


class _Candidates:
    """What can be a phrase in a pass: two frequent words with nothing or connectors between.

    Its key is (run * width + first) * width + second: `first` and `second` number the `width`
    frequent types, `run` the runs of connectors in the order in which they are met.

    frequent  bool (T,), which types are
    inside    the connectors
    """

    def __init__(self, frequent: np.ndarray, inside: _Inside):
        self._inside = inside
        frequent = frequent & ~inside.are(np.arange(frequent.size))
        frequent[_END] = False
        self._types = np.flatnonzero(frequent)
        self._width = max(self._types.size, 1)
        self._numbers = np.where(frequent, np.cumsum(frequent) - 1, -1)
        self._runs = {0: 0}
        self._most_runs = (1 << 63) // self._width**2

    def find(self, text: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The places of a text where no connector is, (C,), and the keys of each two, (C - 1,).

        A key is -1 where the two cannot be a phrase.
        """
        places = np.flatnonzero(~self._inside.are(text))
        numbers = self._numbers[text[places]]
        firsts, between = places[:-1], np.diff(places) - 1
        possible = (numbers[:-1] >= 0) & (numbers[1:] >= 0) & (between <= MOST_INSIDE)
        keys = np.full(max(places.size - 1, 0), -1, np.int64)
        runs = self._number(self._inside.between(text, firsts[possible], between[possible]))
        pair = numbers[:-1][possible] * self._width + numbers[1:][possible]
        keys[possible] = np.where(runs < 0, -1, runs * self._width**2 + pair)
        return places, keys

    def _number(self, runs: np.ndarray) -> np.ndarray:
        """The numbers of runs; -1 where a key has no bits left for another, in a huge text."""
        if not self._inside.names:
            return runs  # all zero
        different, places = np.unique(runs, return_inverse=True)
        for run in different.tolist():
            if len(self._runs) < self._most_runs:
                self._runs.setdefault(run, len(self._runs))
        known = np.array([self._runs.get(run, -1) for run in different.tolist()], np.int64)
        return known[places] if runs.size else runs

    def parts(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The type of the first word of each key, the run of connectors, the last word's type."""
        rest, second = np.divmod(keys, self._width)
        run, first = np.divmod(rest, self._width)
        runs = np.array(list(self._runs), np.int64)
        if not keys.size:
            return keys, keys, keys
        return self._types[first], runs[run], self._types[second]


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
