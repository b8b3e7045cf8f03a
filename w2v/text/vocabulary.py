"""The vocabulary: the words that get vectors, in order of frequency, with their counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from w2v.errors import W2VError
from w2v.system import atomic_file
from w2v.system.pipes import name_of
from w2v.system.progress import plural
from w2v.system.text_file import numbered_lines
from w2v.text.corpus import Corpus
from w2v.text.word_counter import SENTENCE_END, WordCounter

UNKNOWN = "<unk>"  # the word that replaces OOV tokens, in models that have one
END = "<eos>"  # the word for a sentence end, in models that have one
_EXAMINED = 50_000  # number of most frequent words that `doubles` examines
_MOST_TOKENS = 1 << 62  # sums of counts are 64-bit numbers, see also `kernels.huffman_tree`
_BLANK = re.compile(r"[ \t\n\r\v\f]")  # ASCII whitespace, which separates words
DROPPED = -1  # in place of a word id, for a type that is out of vocabulary


@dataclass(frozen=True)
class Vocabulary:
    """The V words of a model and their counts in the text.

    names          the words, by descending count; words of equal count are in the order of their
                   first occurrence
    counts         int64 (V,), the count of each word
    types          number of types in the text, including rare types
    tokens         number of tokens in the text, including tokens of rare types
    sentence_ends  number of line ends and `</s>` tokens
    pruned_types   number of rare types that were pruned while counting, to limit the memory
    pruned_tokens  number of tokens of pruned types that had been counted before
    lost           maximum number by which a count may be too low because of pruning
    added          number of names that the text did not have, such as UNKNOWN and END: see `adding`
    """

    names: list[str]
    counts: np.ndarray
    types: int
    tokens: int
    sentence_ends: int = 0
    pruned_types: int = 0
    pruned_tokens: int = 0
    lost: int = 0
    added: int = 0

    @property
    def types_kept(self) -> int:
        """The number of words without those that were added, and at most that of `types`.

        An earlier vocabulary may have words that the text lacks, which are no types of it.
        """
        return min(len(self.names) - self.added, self.types)

    def adding(self, name: str, count: int) -> Vocabulary:
        """This vocabulary with so many tokens more of a word, which is added at the end if new."""
        if name not in self.names:
            names, counts = [*self.names, name], np.append(self.counts, count)
            return replace(self, names=names, counts=counts, added=self.added + 1)
        counts = self.counts.copy()
        counts[self.names.index(name)] += count
        return replace(self, counts=counts)


class Doubles(NamedTuple):
    """Words that differ from another word of the vocabulary only in capitals or punctuation.

    share    the share of these words in the tokens of all examined words
    example  the most frequent of these words, and the word that it duplicates; None if no word does
    """

    share: float
    example: tuple[str, str] | None


def doubles(vocabulary: Vocabulary, plain: Callable[[str], str]) -> Doubles:
    """Find words that `plain` turns into another word. Only the 50,000 most frequent are examined.

    plain  a function that removes capitals or punctuation from a word, such as str.lower
    """
    names = vocabulary.names[:_EXAMINED]
    known = set(names)
    plain_names = [(row, plain(name)) for row, name in enumerate(names)]
    pairs = [(row, name) for row, name in plain_names if name != names[row] and name in known]
    tokens = int(vocabulary.counts[: len(names)].sum())
    if not pairs:
        return Doubles(0.0, None)
    share = int(vocabulary.counts[[row for row, _ in pairs]].sum()) / max(tokens, 1)
    return Doubles(share, (names[pairs[0][0]], pairs[0][1]))


def word_counts(path: str, errors: str = "replace", blanks: bool = True) -> dict[str, int]:
    """Read the words and counts of a file of `w2v vocab`, of word2vec.c or of gensim's fvocab.

    A blank or a tab separates a word from its count.

    errors  what to do with bytes that are not UTF-8, as for `bytes.decode`
    blanks  whether a word may have blanks, as a name of vectors may and a word of a text may not
    Raises  W2VError for a line that is not a word and a count, for a word that occurs twice, and
            for one with a blank that must not have it
    """
    counts: dict[str, int] = {}
    for number, line in numbered_lines(path, errors):
        name, _, count = line.rpartition("\t" if "\t" in line else " ")
        if not name or not count.isdecimal() or len(count) > 18:
            raise W2VError(
                f"{name_of(path)}: line {number}: expected a word, a blank and a count, as "
                f"w2v vocab writes; found {line[:60]!r}"
            )
        if not blanks and _BLANK.search(name):
            raise W2VError(
                f"{name_of(path)}: line {number}: {name!r} has a blank, which no word of a text "
                "has: remove the line"
            )
        if name in counts:
            raise W2VError(
                f"{name_of(path)}: line {number}: the word {name!r} occurs twice: remove one line"
            )
        counts[name] = int(count)
    return counts


def read_counts(path: str, min_count: int, max_vocab: int | None) -> Vocabulary:
    """Read a vocabulary from a file of `w2v vocab`, or of word2vec.c's -save-vocab.

    min_count  minimum count of a word in the vocabulary
    max_vocab  maximum size of the vocabulary; None: no limit
    Raises     W2VError as `word_counts`, if no word is frequent enough, or if the sum of the counts
               is too large to compute with
    """
    counts = word_counts(path, blanks=False)
    ends = counts.pop(SENTENCE_END.decode(), 0)
    if sum(counts.values()) > _MOST_TOKENS:
        raise W2VError(
            f"{name_of(path)}: the sum of its counts is {sum(counts.values()):.1e}, and at most "
            f"{_MOST_TOKENS:.1e} can be computed with: divide all counts by the same number"
        )
    order = sorted(counts, key=lambda name: -counts[name])
    names = [name for name in order if counts[name] >= max(min_count, 1)][:max_vocab]
    if not names:
        raise W2VError(
            f"{name_of(path)}: none of {len(counts):,} words occurs "
            f"{plural(min_count, 'time')}: check the file, or lower --min-count"
        )
    kept = np.array([counts[name] for name in names], np.int64)
    return Vocabulary(names, kept, len(counts), sum(counts.values()), ends)


def write_counts(path: str, vocabulary: Vocabulary) -> None:
    """Write a vocabulary for `read_counts`: first </s>, then the words; the path `-` is stdout."""
    counts = [vocabulary.sentence_ends, *vocabulary.counts.tolist()]
    lines = zip([SENTENCE_END.decode(), *vocabulary.names], counts, strict=True)
    with atomic_file.packed(path) as file:
        file.write("".join(f"{name} {count}\n" for name, count in lines).encode())


def choose(
    corpus: Corpus,
    counter: WordCounter,
    min_count: int,
    max_vocab: int | None,
    known: Mapping[str, int],
) -> tuple[Vocabulary, np.ndarray]:
    """Choose the vocabulary of a corpus that has been counted.

    corpus     the corpus, for messages
    counter    the types and their counts; the count of sentence ends is set to 0
    min_count  minimum count of a word that is not known
    max_vocab  maximum size of the vocabulary; None: no limit
    known      the words of an earlier vocabulary with their counts, in the order of their numbers
               in `counter`. They all stay, even if they are rare or more than `max_vocab`
    Returns    the vocabulary, and int32 (T,): the word id of each type, or DROPPED
    Raises     W2VError if the vocabulary is empty
    """
    counts = counter.counts
    ends, counts[0] = int(counts[0]), 0
    is_frequent = counts >= max(min_count, 1)
    is_known = np.zeros(counts.size, np.bool_)
    is_known[1 : 1 + len(known)] = True
    kept = np.flatnonzero(is_frequent | is_known)
    kept = kept[np.argsort(-counts[kept], kind="stable")]
    if max_vocab is not None:
        is_new = ~is_known[kept]
        kept = kept[~is_new | (np.cumsum(is_new) <= max_vocab - len(known))]
    vocabulary = Vocabulary(
        counter.words(kept),
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
    """A message that says why the vocabulary is empty, and which setting would fill it.

    highest  the count of the most frequent word that is left; 0: none, after pruning
    """
    if vocabulary.types == 0:
        return f"{corpus.source}: no words in the text"
    if vocabulary.pruned_types:
        left, advice = "none is left", ""
        if highest:
            left = f"the most frequent one that is left occurs {highest} times, not {min_count}"
            advice = f", or try --min-count {highest}"
        return (
            f"{corpus.source}: words were dropped while counting, because there are more than "
            f"--max-types allows; {left}: raise --max-types{advice}"
        )
    return (
        f"{corpus.source}: none of {vocabulary.types:,} different words occurs "
        f"{plural(min_count, 'time')}; the most frequent one occurs {plural(highest, 'time')}: "
        f"try --min-count {highest}"
    )
