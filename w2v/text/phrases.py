"""Phrase detection: joins words that often occur together, such as new york, into new_york.

Source: Mikolov et al. 2013b, "Distributed representations of words and phrases", equation 6, and
the program word2phrase; normalised pointwise mutual information (NPMI): Bouma 2009. Connectors
(words such as of) follow gensim: a phrase may contain them, as in bank_of_america, but neither
begins nor ends with one.
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

SCORINGS = {"default": 100.0, "npmi": 0.5}  # the default threshold of each scoring
MOST_INSIDE = 4  # most connectors in a phrase
# Our own list, by word classes: articles, prepositions, conjunctions.
ENGLISH_CONNECTORS = """
a an the
about above across after against along among around at before behind below beneath beside between
beyond by down for from in inside into like near of off on onto out outside over past per since
through throughout to toward towards under until unto up upon via with within without
and but nor or than
"""
_MOST_CONNECTORS = 50_000  # connectors in a file; a run of them must fit a 63-bit number
_PART = 1 << 21  # words processed at a time
_END = 0  # the type number of a sentence end


def read_connectors(given: str, lowercase: bool = False, normalize: str = "none") -> set[bytes]:
    """The connectors in a file, or for "english" those of ENGLISH_CONNECTORS.

    given      the path of a file of words separated by whitespace, or english
    lowercase  convert the words to lower case, as is done with the text
    normalize  the Unicode normalization of the text: none, NFC or NFKC
    Raises     W2VError for a file that is not UTF-8, or has no words or too many; OSError for a
               file that does not exist
    """
    if given == "english":
        return set(ENGLISH_CONNECTORS.encode().split())
    text = "\n".join(line for _, line in numbered_lines(given)).encode()
    words = set(split(text, "space", lowercase, normalize).split())
    if not 0 < len(words) <= _MOST_CONNECTORS:
        raise W2VError(
            f"{given}: expected 1 to {_MOST_CONNECTORS:,} connectors, found {len(words):,}"
        )
    return words


@dataclass(frozen=True)
class Pairs:
    """Counted pairs of words that are adjacent, or have only connectors between them.

    keys   int64 (P,), sorted; see `_Candidates`
    times  int64 (P,), the count of each pair
    lost   how many rare pairs were pruned while counting
    """

    keys: np.ndarray
    times: np.ndarray
    lost: int = 0


@dataclass(frozen=True)
class Phrase:
    """A phrase found in a pass.

    name   the joined words, as UTF-8
    count  how often the phrase occurs
    score  its score, see `Phrases`
    """

    name: bytes
    count: int
    score: float


class Phrases:
    """A text whose phrases are joined in passes; each pass joins two words or phrases.

    min_count   a pair and both its words must occur this many times
    scoring     with n a count, N the number of words of the text, and p = n / N,
                default: N (n(ab) - min_count) / (n(a) n(b))
                npmi:    ln(p(ab) / (p(a) p(b))) / -ln p(ab)
    threshold   a pair with a score above this is a phrase
    joiner      the string between the words of a phrase
    most        about how many pairs are counted at a time; above it the rarest are pruned
    connectors  words that neither begin nor end a phrase, as UTF-8; a phrase may contain up to
                MOST_INSIDE of them. Then a and b are its first and last word, and n(ab) is how
                often they occur with these connectors between them: bank of america is scored by
                the counts of bank, america and bank of america, whatever the count of `of` is
    names       the words by type number, phrases included; type 0 is a sentence end
    lost        how many rare pairs were pruned so far
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
        """Read a whole text. Its type numbers are kept in a temporary file if they are many."""
        counter, self._ids = WordCounter(), SpooledArray(np.int32)
        for block in corpus.blocks():
            self._ids.append(counter.number(block))
            on_block(self._ids.size)
        self.names = [b"\n", *(counter.name(number) for number in range(1, len(counter)))]
        self._counts = counter.counts.copy()
        types = [number for number, name in enumerate(self.names) if name in self._connectors]
        self._inside = _ConnectorRuns(types)

    @property
    def connectors(self) -> int:
        """The number of connectors that occur in the text."""
        return len(self._inside.names)

    @property
    def tokens(self) -> int:
        """The number of words, in which a joined phrase counts as one, without sentence ends."""
        return int(self._counts[1:].sum())

    def join(self) -> list[Phrase]:
        """One pass: find phrases, and join them in the text from left to right.

        Returns the phrases by falling count
        """
        types, joiner = len(self.names), self._joiner
        candidates = _Candidates(self._counts >= self._min_count, self._inside)
        pairs = self._count(candidates)
        self.lost += pairs.lost
        first, between, second = candidates.parts(pairs.keys)
        scores = self._scores(self._counts[first], self._counts[second], pairs.times)
        chosen = (scores > self._threshold) & (pairs.times >= self._min_count)
        found = []
        for a, runs, b, count, score in zip(
            *(array[chosen].tolist() for array in (first, between, second, pairs.times, scores)),
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
        """Count the candidate pairs of the text."""
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
        """Join the pairs with the given keys in the text; pair `keys[i]` becomes type `types + i`.

        keys   int64 (K,), sorted
        types  the number of types before
        """
        joined, counts = SpooledArray(np.int32), np.zeros(len(self.names), np.int64)
        carried = np.zeros(0, np.int32)
        for begin in range(0, self._ids.size, _PART):
            part = np.concatenate([carried, self._ids.read(begin, begin + _PART)])
            places, found = candidates.find(part)
            at = np.searchsorted(keys, found)
            begins = _every_other(keys[np.minimum(at, keys.size - 1)] == found)
            firsts, seconds = places[:-1][begins], places[1:][begins]
            part[firsts] = types + at[begins]
            depth = np.zeros(part.size + 1, np.int8)  # the cumulative sum is 1 on words to remove
            depth[firsts + 1] += 1
            depth[seconds + 1] -= 1
            kept = np.cumsum(depth[:-1], dtype=np.int8) == 0
            end = part.size
            if places.size and begin + _PART < self._ids.size and kept[places[-1]]:
                last = int(places[-1])  # a pair may begin here and end in the next part
                end = last if part.size - last <= MOST_INSIDE + 1 else part.size
            carried = part[end:].copy()
            done = part[:end][kept[:end]]
            joined.append(done)
            counts += np.bincount(done, minlength=counts.size)
        self._ids, self._counts = joined, counts

    def blocks(self) -> Iterator[bytes]:
        """The text with its phrases joined, a sentence a line, in blocks of UTF-8."""
        blank = b""
        for begin in range(0, self._ids.size, _PART):
            ids = self._ids.read(begin, begin + _PART)
            text = b" ".join([self.names[number] for number in ids.tolist()])
            text = text.replace(b" \n", b"\n").replace(b"\n ", b"\n")
            yield (b"" if text.startswith(b"\n") else blank) + text
            blank = b"" if text.endswith(b"\n") else b" "


class _ConnectorRuns:
    """Encodes a run of connectors as one number, in base `len(names) + 1`; the empty run is 0.

    names  the type numbers of the connectors
    """

    def __init__(self, names: list[int]):
        self.names = names
        self._digits = np.zeros(max(names, default=-1) + 1, np.int64)
        self._digits[names] = np.arange(1, len(names) + 1)

    def are(self, types: np.ndarray) -> np.ndarray:
        """Whether each type is a connector; bool, of the shape of `types`."""
        return self._digit(types) > 0

    def _digit(self, types: np.ndarray) -> np.ndarray:
        """The digit of each type, from 1; 0 for a type that is not a connector."""
        known = types < self._digits.size
        return (
            np.where(known, self._digits[np.where(known, types, 0)], 0)
            if self.names
            else (np.zeros(types.size, np.int64))
        )

    def between(self, text: np.ndarray, firsts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """The numbers of the runs of `lengths` connectors that follow the positions `firsts`."""
        runs = np.zeros(firsts.size, np.int64)
        for distance in range(int(lengths.max(initial=0)), 0, -1):
            inside = lengths >= distance
            runs[inside] *= len(self.names) + 1
            runs[inside] += self._digit(text[firsts[inside] + distance])
        return runs

    def numbers(self, run: int) -> list[int]:
        """The type numbers of the connectors in a run."""
        types = []
        while run:
            run, digit = divmod(run, len(self.names) + 1)
            types.append(self.names[digit - 1])
        return types


class _Candidates:
    """The pairs that may be phrases: two frequent words, with only connectors between them.

    The key of a pair is (run * width + first) * width + second, where `width` is the number of
    frequent types, `first` and `second` are the places of its two words among these types, and
    `run` numbers the runs of connectors by first occurrence.

    frequent  bool (T,), whether each type is frequent enough
    inside    the connectors
    """

    def __init__(self, frequent: np.ndarray, inside: _ConnectorRuns):
        self._inside = inside
        frequent = frequent & ~inside.are(np.arange(frequent.size))
        frequent[_END] = False
        self._types = np.flatnonzero(frequent)
        self._width = max(self._types.size, 1)
        self._numbers = np.where(frequent, np.cumsum(frequent) - 1, -1)
        self._runs = {0: 0}
        self._most_runs = (1 << 63) // self._width**2

    def find(self, text: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The positions (C,) of words that are not connectors, and the keys (C - 1,) of pairs.

        A pair is two successive positions; its key is -1 if the two words cannot be a phrase.
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
        """The number of each run by first occurrence; -1 if it is too large for a 63-bit key.

        That happens only in a huge text.
        """
        if not self._inside.names:
            return runs  # without connectors all are 0
        different, places = np.unique(runs, return_inverse=True)
        for run in different.tolist():
            if len(self._runs) < self._most_runs:
                self._runs.setdefault(run, len(self._runs))
        known = np.array([self._runs.get(run, -1) for run in different.tolist()], np.int64)
        return known[places] if runs.size else runs

    def parts(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The parts of each key: the type of its first word, its run, the type of its last word."""
        rest, second = np.divmod(keys, self._width)
        run, first = np.divmod(rest, self._width)
        runs = np.array(list(self._runs), np.int64)
        if not keys.size:
            return keys, keys, keys
        return self._types[first], runs[run], self._types[second]


def _added(keys: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct values of sorted keys, and the sum of the times of each."""
    if not keys.size:
        return keys, times
    begins = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[begins], np.add.reduceat(times, begins)


def _merged(*runs: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Merge sorted arrays of keys, with their times, into one."""
    keys, times = (np.concatenate(part) for part in zip(*runs, strict=True))
    order = np.argsort(keys, kind="stable")  # a stable sort merges sorted runs in linear time
    return _added(keys[order], times[order])


def _every_other(wanted: np.ndarray) -> np.ndarray:
    """Of each run of True values the first, third, fifth and so on.

    These are the pairs that are joined from left to right: a word is in one pair at most.
    """
    places = np.arange(wanted.size)
    begins = np.maximum.accumulate(np.where(wanted, -1, places + 1)) if wanted.size else places
    begins = np.where(begins < 0, 0, begins)
    return wanted & ((places - begins) % 2 == 0)
