"""Counting words, and turning a text into word ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from w2v.corpus import Corpus
from w2v.errors import W2VError
from w2v.kernels.tokens import keep_words
from w2v.lexicon import Lexicon
from w2v.spool import Spool

_DROPPED = -1  # instead of a word id


@dataclass(frozen=True)
class Vocabulary:
    """The words that are trained: `names` by falling count, ties by first occurrence.

    names          V words
    counts         int64 (V,)
    types          how many different words the text has, rare ones included
    tokens         how many words the text has, rare ones included
    sentence_ends  how many line ends and </s> it has
    """

    names: list[str]
    counts: np.ndarray
    types: int
    tokens: int
    sentence_ends: int = 0


class Text:
    """A text as word ids.

    ids       int32, the words of the vocabulary in the order of the text
    starts    int64 (S + 1,), the position where each sentence begins, and the end
    size      how many words
    """

    def __init__(self, ids: Spool, starts: np.ndarray):
        self.ids, self.starts, self.size = ids, starts, ids.size

    def part(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """The words from position `first` to `last` - 1: their ids, and where sentences begin.

        Returns  (int32 (N,), int64 (S + 1,)): N = last - first; the bounds begin with 0, end with N
        """
        inside = slice(
            np.searchsorted(self.starts, first, "right"), np.searchsorted(self.starts, last)
        )
        bounds = np.concatenate([[first], self.starts[inside], [last]]) - first
        return self.ids.read(first, last), bounds


def count(
    corpus: Corpus,
    min_count: int = 1,
    max_vocab: int | None = None,
    lowercase: bool = False,
    on_block: Callable[[int], None] = lambda tokens: None,
) -> Vocabulary:
    """Read a corpus and count its words: the vocabulary that `encode` finds, without the text."""
    lexicon, tokens = Lexicon(), 0
    for block in corpus.blocks():
        tokens += lexicon.number(block).size
        on_block(tokens)
    return _choose(corpus, lexicon, min_count, max_vocab, lowercase)[0]


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
    lexicon, ids = Lexicon(), Spool(np.int32)
    for block in corpus.blocks():
        ids.append(lexicon.number(block))
        on_block(ids.size)
    vocabulary, word_ids = _choose(corpus, lexicon, min_count, max_vocab, lowercase)
    return vocabulary, _keep(ids, word_ids)


def encode_as(corpus: Corpus, vocabulary: Vocabulary, lowercase: bool = False) -> tuple[Text, int]:
    """Read a corpus in the words of a vocabulary: the text, and how many tokens are none of them.

    Raises W2VError where none is
    """
    lexicon, ids = Lexicon(), Spool(np.int32)
    for block in corpus.blocks():
        ids.append(lexicon.number(block))
    rows = {name: row for row, name in enumerate(vocabulary.names)}
    names = (lexicon.name(number).decode() for number in range(1, len(lexicon)))
    found = [rows.get(name.lower() if lowercase else name, _DROPPED) for name in names]
    text = _keep(ids, np.array([_DROPPED, *found], np.int32))
    if not text.size:
        raise W2VError(f"{corpus.source}: none of its words is in the vocabulary")
    return text, int(lexicon.counts[1:].sum()) - text.size


def _choose(
    corpus: Corpus, lexicon: Lexicon, min_count: int, max_vocab: int | None, lowercase: bool
) -> tuple[Vocabulary, np.ndarray]:
    """The vocabulary, and the word id of each type, int32 (T,): -1 where it is left out."""
    counts, folded = lexicon.counts, np.arange(len(lexicon))
    if lowercase:
        first: dict[str, int] = {}
        folded = np.array(
            [first.setdefault(lexicon.name(i).decode().lower(), i) for i in range(len(lexicon))]
        )
        counts = np.bincount(folded, counts).astype(np.int64)
    ends, counts[0] = int(counts[0]), 0
    order = np.argsort(-counts, kind="stable")
    kept = order[: np.count_nonzero(counts >= max(min_count, 1))][:max_vocab]
    names = [lexicon.name(i).decode() for i in kept.tolist()]
    if lowercase:
        names = [name.lower() for name in names]
    vocabulary = Vocabulary(
        names, counts[kept], int(np.count_nonzero(counts)), int(counts.sum()), ends
    )
    if not names:
        raise W2VError(_nothing_left(corpus, vocabulary, int(counts.max()), min_count))
    word_ids = np.full(len(lexicon), _DROPPED, np.int32)
    word_ids[kept] = np.arange(kept.size)
    return vocabulary, word_ids[folded]


def _keep(ids: Spool, word_ids: np.ndarray) -> Text:
    """Turn type numbers into word ids in their place, close the gaps, note the sentences."""
    starts, size = Spool(np.int64, np.zeros(1)), np.zeros(2, np.int64)

    def change(numbers: np.ndarray) -> np.ndarray:
        words, begins = np.empty(numbers.size, np.int32), np.empty(numbers.size, np.int64)
        count, sentences = keep_words(numbers, word_ids, size, words, begins)
        starts.append(begins[:sentences])
        return words[:count]

    ids.rewrite(change)
    if size[1] < size[0]:
        starts.append(size[:1])
    return Text(ids, starts.mapped())


def _nothing_left(corpus: Corpus, vocabulary: Vocabulary, highest: int, min_count: int) -> str:
    """Why the vocabulary is empty, and what would help."""
    if vocabulary.types == 0:
        return f"{corpus.source}: no words in the text"
    return (
        f"{corpus.source}: none of {vocabulary.types:,} different words occurs {min_count} times; "
        f"the most frequent occurs {highest} times: try --min-count {highest}"
    )
