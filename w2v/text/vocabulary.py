"""The vocabulary: which words are kept, in what order, with what counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from w2v.errors import W2VError
from w2v.system import atomic_file
from w2v.system.pipes import name_of
from w2v.system.text_file import numbered_lines
from w2v.text.corpus import Corpus
from w2v.text.word_counter import SENTENCE_END, WordCounter

UNKNOWN = "<unk>"  # stands for every word that is not in a vocabulary, where there is such a one
END = "<eos>"  # the end of a sentence, where it is a word
_LOOKED_AT = 50_000  # words, the most frequent, of which `doubles` are sought
DROPPED = -1  # instead of a word id


@dataclass(frozen=True)
class Vocabulary:
    """The words that are trained: `names` by falling count, ties by first occurrence.

    names          V words
    counts         int64 (V,)
    types          how many different words the text has, rare ones included
    tokens         how many words the text has, rare ones included
    sentence_ends  how many line ends and </s> it has
    pruned_types   how many rare types were forgotten while counting, so that it took no more memory
    pruned_tokens  and how often they had come until then
    lost           by how much a count may be too low for that
    """

    names: list[str]
    counts: np.ndarray
    types: int
    tokens: int
    sentence_ends: int = 0
    pruned_types: int = 0
    pruned_tokens: int = 0
    lost: int = 0

    def adding(self, name: str, count: int) -> Vocabulary:
        """This one, and a word at its end unless it has that."""
        if name in self.names:
            return self
        return replace(self, names=[*self.names, name], counts=np.append(self.counts, count))

    def with_count(self, name: str, count: int) -> Vocabulary:
        """This one, with another count of a word, if it has that."""
        if name not in self.names:
            return self
        counts = self.counts.copy()
        counts[self.names.index(name)] = count
        return replace(self, counts=counts)


class Doubles(NamedTuple):
    """Words that are another word of the vocabulary but for something: their share of the tokens.

    example  the most frequent one, and the other; None where there is none
    """

    share: float
    example: tuple[str, str] | None


def doubles(vocabulary: Vocabulary, plain: Callable[[str], str]) -> Doubles:
    """The words, among the most frequent ones, that `plain` makes another word of these."""
    names = vocabulary.names[:_LOOKED_AT]
    there = set(names)
    found = [(row, plain(name)) for row, name in enumerate(names)]
    found = [(row, name) for row, name in found if name != names[row] and name in there]
    tokens = int(vocabulary.counts[: len(names)].sum())
    if not found:
        return Doubles(0.0, None)
    share = int(vocabulary.counts[[row for row, _ in found]].sum()) / max(tokens, 1)
    return Doubles(share, (names[found[0][0]], found[0][1]))


def read_counts(path: str, min_count: int, max_vocab: int | None) -> Vocabulary:
    """The words of a file of `w2v vocab`, or of word2vec.c's -save-vocab, that are frequent enough.

    Raises W2VError for a line that is not a word, a blank and a count, or a word that comes again
    """
    counts: dict[str, int] = {}
    for number, line in numbered_lines(path, "replace"):
        name, _, count = line.rpartition(" ")
        if not name or not count.isdecimal() or len(count) > 18:
            raise W2VError(f"{name_of(path)}: line {number}: expected word, count: {line[:60]!r}")
        if name in counts:
            raise W2VError(f"{name_of(path)}: line {number}: {name!r} comes again")
        counts[name] = int(count)
    ends = counts.pop(SENTENCE_END.decode(), 0)
    order = sorted(counts, key=lambda name: -counts[name])
    names = [name for name in order if counts[name] >= max(min_count, 1)][:max_vocab]
    if not names:
        raise W2VError(f"{name_of(path)}: none of {len(counts):,} words occurs {min_count} times")
    kept = np.array([counts[name] for name in names], np.int64)
    return Vocabulary(names, kept, len(counts), sum(counts.values()), ends)


def write_counts(path: str, vocabulary: Vocabulary) -> None:
    """Write what `read_counts` reads: </s> and its count, then the words; `-` is stdout."""
    counts = [vocabulary.sentence_ends, *vocabulary.counts.tolist()]
    lines = zip([SENTENCE_END.decode(), *vocabulary.names], counts, strict=True)
    with atomic_file.packed(path) as file:
        file.write("".join(f"{name} {times}\n" for name, times in lines).encode())


def choose(
    corpus: Corpus,
    counter: WordCounter,
    min_count: int,
    max_vocab: int | None,
    known: Mapping[str, int],
) -> tuple[Vocabulary, np.ndarray]:
    """The vocabulary, and the word id of each type, int32 (T,): -1 where it is left out.

    known  the words that came first, with their counts: they stay, however rare, even if they are
           more than `max_vocab`
    """
    counts = counter.counts
    ends, counts[0] = int(counts[0]), 0
    order = np.argsort(-counts, kind="stable")
    wanted = counts >= max(min_count, 1)
    is_known = np.zeros(counts.size, np.bool_)
    is_known[1 : 1 + len(known)] = True
    kept = order[(wanted | is_known)[order]]
    if max_vocab is not None:
        is_new = ~is_known[kept]
        kept = kept[~is_new | (np.cumsum(is_new) <= max_vocab - len(known))]
    vocabulary = Vocabulary(
        [counter.name(i).decode() for i in kept.tolist()],
        counts[kept],
        int(np.count_nonzero(counts)) + counter.pruned_types,
        int(counts.sum()) - sum(known.values()) + counter.pruned_tokens,
        ends,
        counter.pruned_types,
        counter.pruned_tokens,
        counter.lost,
    )
    if not kept.size:
        raise W2VError(nothing_left(corpus, vocabulary, int(counts.max()), min_count))
    word_ids = np.full(len(counter), DROPPED, np.int32)
    word_ids[kept] = np.arange(kept.size)
    return vocabulary, word_ids


def nothing_left(corpus: Corpus, vocabulary: Vocabulary, highest: int, min_count: int) -> str:
    """Why the vocabulary is empty, and what would help."""
    if vocabulary.types == 0:
        return f"{corpus.source}: no words in the text"
    return (
        f"{corpus.source}: none of {vocabulary.types:,} different words occurs {min_count} times; "
        f"the most frequent occurs {highest} times: try --min-count {highest}"
    )
