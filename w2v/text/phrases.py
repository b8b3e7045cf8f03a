"""Phrase detection: joins words that often occur together, such as new york, into new_york.

Source: Mikolov et al. 2013b, "Distributed representations of words and phrases", equation 6, and
the program word2phrase; normalised pointwise mutual information (NPMI): Bouma 2009. Connectors
(words such as of) follow gensim: a phrase may contain them, as in bank_of_america, but neither
begins nor ends with one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from w2v.errors import W2VError
from w2v.settings import Lowercase
from w2v.system.packed_ids import PackedIds
from w2v.system.text_file import numbered_lines
from w2v.text.corpus import Corpus
from w2v.text.disk_space import check_space
from w2v.text.numbered_parts import numbered_parts
from w2v.text.numbered_text import NumberedText
from w2v.text.phrase_candidates import MOST_INSIDE, Candidates, ConnectorRuns
from w2v.text.tokenizers import split
from w2v.text.word_counter import WordCounter

SCORINGS = {"default": 100.0, "npmi": 0.5}  # the default threshold of each scoring
# This list was compiled from word classes of English: articles, prepositions, conjunctions.
ENGLISH_CONNECTORS = """
a an the
about above across after against along among around at before behind below beneath beside between
beyond by down for from in inside into like near of off on onto out outside over past per since
through throughout to toward towards under until unto up upon via with within without
and but nor or than
"""
_MAX_CONNECTORS = 50_000  # connectors in a file; MOST_INSIDE of them must fit a 63-bit number
_PART = 1 << 21  # words processed at a time


def read_connectors(
    given: str, lowercase: Lowercase = False, normalize: str = "none"
) -> set[bytes]:
    """The connectors in a file, or with `english` the words of ENGLISH_CONNECTORS, as UTF-8.

    given      the path of a file of words separated by whitespace, or english
    lowercase  whether to convert the words to lower case, like the text, and by which rules
    normalize  the Unicode normalization of the text: none, NFC or NFKC
    Raises     W2VError for a file that is not UTF-8, or has no words or too many; OSError for a
               file that does not exist
    """
    if given == "english":
        return set(ENGLISH_CONNECTORS.encode().split())
    text = "\n".join(line for _, line in numbered_lines(given)).encode()
    words = set(split(text, "space", lowercase, normalize).split())
    if not 0 < len(words) <= _MAX_CONNECTORS:
        raise W2VError(
            f"{given}: expected 1 to {_MAX_CONNECTORS:,} connectors, found {len(words):,}"
        )
    return words


@dataclass(frozen=True)
class Pairs:
    """P counted pairs of words that are adjacent, or have only connectors between them.

    keys    int64 (P,), the keys of the pairs, sorted; see `Candidates`
    counts  int64 (P,), the count of each pair
    pruned  number of rare pairs that were pruned while counting
    """

    keys: np.ndarray
    counts: np.ndarray
    pruned: int = 0


@dataclass(frozen=True)
class Phrase:
    """A phrase found in a pass.

    name   the joined words, as UTF-8
    count  number of occurrences of the phrase
    score  the score of the phrase, see `Phrases`
    """

    name: bytes
    count: int
    score: float


class Phrases:
    """A text whose phrases are joined in passes.

    A pass joins pairs of words. Later passes also join phrases of earlier passes.

    min_count   a pair and both of its words must occur this many times
    scoring     the formula of the score of a pair, where a and b are its words, n is a count, N the
                number of words of the text, and p = n / N:
                default: N (n(ab) - min_count) / (n(a) n(b))
                npmi:    ln(p(ab) / (p(a) p(b))) / -ln p(ab)
    threshold   a pair with a score above this is a phrase
    joiner      the string between the words of a phrase
    max_pairs   approximate limit of the pairs that are counted at a time; beyond it the rarest
                pairs are pruned
    connectors  words that neither begin nor end a phrase, as UTF-8. A phrase may contain up to
                MOST_INSIDE connectors. Then a and b are its first and last word, and n(ab) is the
                number of times that they occur with these connectors between them. For example,
                the score of bank of america depends on the counts of bank, america and bank of
                america, and not on the count of `of`
    names       the words by type number, phrases included; type 0 is a sentence end
    lost        number of rare pairs that were pruned so far
    """

    def __init__(
        self,
        min_count: int,
        scoring: str,
        threshold: float,
        joiner: str,
        max_pairs: int = 1 << 24,
        connectors: Collection[bytes] = (),
    ):
        self._min_count, self._scoring, self._threshold = min_count, scoring, threshold
        self._joiner, self._max_pairs = joiner.encode(), max_pairs
        self._connectors = connectors
        self.names: list[bytes] = []
        self.lost = 0

    def read(self, corpus: Corpus, on_block: Callable[[int], None] = lambda tokens: None) -> None:
        """Read the whole text. The type numbers of a large text are kept in a temporary file."""
        counter, text = WordCounter(), NumberedText(corpus.threads)
        for part in numbered_parts(corpus, counter, kept=True):
            text.append(part)
            check_space(corpus, text, 0, copies=1)  # each pass writes the text anew
            on_block(text.size)
        self._ids = text.renumbered()
        self.names = [b"\n", *counter.names_from(1)]
        self._counts = counter.counts.copy()
        types = [number for number, name in enumerate(self.names) if name in self._connectors]
        self._runs = ConnectorRuns(types)

    @property
    def connectors(self) -> int:
        """The number of connectors that occur in the text."""
        return len(self._runs.types)

    @property
    def tokens(self) -> int:
        """The number of words, without sentence ends; a joined phrase counts as one word."""
        return int(self._counts[1:].sum())

    def join(self) -> list[Phrase]:
        """Run one pass: find phrases, and join them in the text from left to right.

        Returns the phrases by descending count
        """
        types, joiner = len(self.names), self._joiner
        candidates = Candidates(self._counts >= self._min_count, self._runs)
        pairs = self._count(candidates)
        self.lost += pairs.pruned
        first, runs, last = candidates.parts(pairs.keys)
        scores = self._scores(self._counts[first], self._counts[last], pairs.counts)
        is_phrase = (scores > self._threshold) & (pairs.counts >= self._min_count)
        phrases = []
        for a, run, b, count, score in zip(
            *(array[is_phrase].tolist() for array in (first, runs, last, pairs.counts, scores)),
            strict=True,
        ):
            connectors = [self.names[number] for number in self._runs.types_of(run)]
            self.names.append(joiner.join([self.names[a], *connectors, self.names[b]]))
            phrases.append(Phrase(self.names[-1], count, score))
        if phrases:
            self._rewrite(pairs.keys[is_phrase], types, candidates)
        return sorted(phrases, key=lambda phrase: (-phrase.count, phrase.name))

    def join_listed(self, listed: Mapping[bytes, float]) -> list[Phrase]:
        """Run one pass that joins the phrases of a list, whatever their counts in this text.

        listed   the score of each phrase
        Returns  the phrases of the list that occur, by descending count
        """
        types = len(self.names)
        candidates = Candidates(np.ones(types, np.bool_), self._runs)
        keys, names = candidates.keys_of(listed, self._joiner, self.names)
        if not keys.size:
            return []
        self.names += names
        self._rewrite(keys, types, candidates)
        counts: dict[bytes, int] = {}
        for name, count in zip(names, self._counts[types:].tolist(), strict=True):
            counts[name] = counts.get(name, 0) + count
        phrases = [Phrase(name, count, listed[name]) for name, count in counts.items() if count]
        return sorted(phrases, key=lambda phrase: (-phrase.count, phrase.name))

    def _scores(self, a: np.ndarray, b: np.ndarray, both: np.ndarray) -> np.ndarray:
        """The scores of pairs, from the counts of their first and last words and of the pairs."""
        total = max(self.tokens, 1)
        if self._scoring == "default":
            return (both - self._min_count) / a.astype(float) / b * total
        share = both / total
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(share < 1, np.log(share * total / a * total / b) / -np.log(share), 1.0)

    def _count(self, candidates: Candidates) -> Pairs:
        """Count the candidate pairs of the text.

        The counts are kept as sorted arrays, each at most half as long as the array before it, so
        that each key is merged only a few times. If the arrays become too long, the pairs with the
        lowest counts are removed.
        """
        lowest, pruned = 0, 0
        sorted_counts: list[tuple[np.ndarray, np.ndarray]] = []
        for begin in range(0, self._ids.size, _PART):
            part = self._ids.read(begin, begin + _PART + 1 + MOST_INSIDE)
            places, keys = candidates.find(part)
            keys = keys[(keys >= 0) & (places[:-1] < _PART)]
            sorted_counts.append(_sum_equal_keys(np.sort(keys), np.ones(keys.size, np.int64)))
            while (
                len(sorted_counts) > 1 and sorted_counts[-1][0].size * 2 > sorted_counts[-2][0].size
            ):
                sorted_counts[-2:] = [_merged(*sorted_counts[-2:])]
            if sum(keys.size for keys, _ in sorted_counts) > self._max_pairs:
                keys, counts = _merged(*sorted_counts)
                lowest += 1
                pruned += int(np.count_nonzero(counts <= lowest))
                sorted_counts = [(keys[counts > lowest], counts[counts > lowest])]
        if not sorted_counts:
            return Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), pruned)
        return Pairs(*_merged(*sorted_counts), pruned)

    def _rewrite(self, keys: np.ndarray, types: int, candidates: Candidates) -> None:
        """Join K pairs in the text: the pair with the key `keys[i]` becomes type `types + i`.

        keys   int64 (K,), sorted
        types  the number of types before this pass
        """
        joined, counts = PackedIds(), np.zeros(len(self.names), np.int64)
        carried = np.zeros(0, np.int32)  # the end of a part, which is joined with the next part
        for begin in range(0, self._ids.size, _PART):
            part = np.concatenate([carried, self._ids.read(begin, begin + _PART)])
            places, part_keys = candidates.find(part)
            number = np.searchsorted(keys, part_keys)  # the number of each pair in `keys`
            joins = _every_other(keys[np.minimum(number, keys.size - 1)] == part_keys)
            firsts, lasts = places[:-1][joins], places[1:][joins]
            part[firsts] = types + number[joins]
            # The words after the first word of a phrase are removed: the cumulative sum is 1 there.
            steps = np.zeros(part.size + 1, np.int8)
            steps[firsts + 1] += 1
            steps[lasts + 1] -= 1
            kept = np.cumsum(steps[:-1], dtype=np.int8) == 0
            end = part.size
            if places.size and begin + _PART < self._ids.size and kept[places[-1]]:
                last = int(places[-1])  # a pair may begin here and end in the next part
                end = last if part.size - last <= MOST_INSIDE + 1 else part.size
            carried = part[end:].copy()
            rewritten = part[:end][kept[:end]]
            joined.append(rewritten)
            counts += np.bincount(rewritten, minlength=counts.size)
        self._ids, self._counts = joined, counts

    def blocks(self) -> Iterator[bytes]:
        """The text with its phrases joined, with a sentence on each line, in blocks of UTF-8."""
        blank = b""
        for begin in range(0, self._ids.size, _PART):
            ids = self._ids.read(begin, begin + _PART)
            text = b" ".join([self.names[number] for number in ids.tolist()])
            text = text.replace(b" \n", b"\n").replace(b"\n ", b"\n")
            yield (b"" if text.startswith(b"\n") else blank) + text
            blank = b"" if text.endswith(b"\n") else b" "


def _sum_equal_keys(keys: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct values of sorted keys, and the sum of the counts of each."""
    if not keys.size:
        return keys, counts
    begins = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[begins], np.add.reduceat(counts, begins)


def _merged(*runs: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Merge pairs of arrays, sorted keys and their counts, into one pair."""
    keys, counts = (np.concatenate(arrays) for arrays in zip(*runs, strict=True))
    order = np.argsort(keys, kind="stable")  # a stable sort merges sorted runs in linear time
    return _sum_equal_keys(keys[order], counts[order])


def _every_other(wanted: np.ndarray) -> np.ndarray:
    """Whether each value is the first, third, fifth and so on of a run of True values.

    These are the pairs that are joined: from left to right, each word is in at most one pair.
    """
    places = np.arange(wanted.size)
    begins = np.maximum.accumulate(np.where(wanted, -1, places + 1)) if wanted.size else places
    begins = np.where(begins < 0, 0, begins)  # where the run of each value begins
    return wanted & ((places - begins) % 2 == 0)
