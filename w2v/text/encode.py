"""From files to word ids, be it text in sentences or documents with names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from w2v.errors import W2VError
from w2v.kernels.word_hash import keep_words
from w2v.settings import DocumentSettings, TextSettings
from w2v.system import python_arguments
from w2v.system.signals import DeferredSignals
from w2v.system.spooled_array import SpooledArray
from w2v.text.corpus import Corpus
from w2v.text.documents import DocumentCorpus, Labels
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.vocabulary import DROPPED, UNKNOWN, Vocabulary, choose, read_counts
from w2v.text.word_counter import WordCounter


def open_corpus(
    paths: Sequence[str],
    text: TextSettings,
    documents: DocumentSettings | None,
    labels: Labels = "extra",
    refused: Callable[[W2VError], None] | None = None,
) -> Corpus:
    """The files as a corpus: of documents, where `documents` says what these are.

    refused  as in `DocumentCorpus`
    """
    if documents:
        return DocumentCorpus(paths, text, documents, labels, refused)
    return Corpus(paths, text.tokenizer, text.encoding, text.lowercase, text.normalize)


def read(
    corpus: Corpus,
    how: TextSettings,
    on_block: Callable[[int], None],
    known: Mapping[str, int] | None = None,
    unknown: bool = False,
    fixed: str | None = None,
) -> tuple[Vocabulary, EncodedText]:
    """Read a corpus: its vocabulary, and its text in the words of that; see `encode`.

    fixed  a file of `w2v vocab`, whose words and counts are the vocabulary
    """
    every = unknown or isinstance(corpus, DocumentCorpus)
    if fixed is not None:
        vocabulary = read_counts(fixed, how.min_count, how.max_vocab)
        if unknown:
            vocabulary = vocabulary.adding(UNKNOWN, 0)
        text, unknown_tokens = encode_as(corpus, vocabulary.names, every, on_block, unknown)
        tokens = text.size + (0 if unknown else unknown_tokens)
        check_shared(corpus, fixed, tokens - unknown_tokens, unknown_tokens)
        vocabulary = replace(vocabulary.with_count(UNKNOWN, unknown_tokens), tokens=tokens)
        return vocabulary, _named(corpus, text)
    vocabulary, text = encode(
        corpus, how.min_count, how.max_vocab, how.max_types, on_block, known, every, unknown
    )
    return vocabulary, _named(corpus, text)


def read_as(
    corpus: Corpus,
    names: Sequence[str],
    on_block: Callable[[int], None] = lambda tokens: None,
    unknown: bool = False,
    needed: bool = False,
) -> tuple[EncodedText, int]:
    """Read a corpus in words that are known: the text, and how many tokens are none of them.

    needed  W2VError where no token is a known word; a text of sentences always needs one
    """
    every = unknown or isinstance(corpus, DocumentCorpus)
    text, unknown_tokens = encode_as(corpus, names, every, on_block, unknown)
    if needed or not every:
        check_shared(corpus, "the vocabulary", text.size - unknown_tokens * unknown, unknown_tokens)
    return _named(corpus, text), unknown_tokens


def _named(corpus: Corpus, text: EncodedText) -> EncodedText:
    if isinstance(corpus, DocumentCorpus):
        labels = corpus.labels
        return EncodedDocuments(text.ids, text.starts, corpus.row_numbers(), corpus.names, labels)
    return text


@contextmanager
def texts_corpus(texts: str | Iterable[str | Sequence[str]], how: TextSettings) -> Iterator[Corpus]:
    """Texts of a program as a corpus of documents, whose names are their numbers."""
    with TemporaryDirectory(prefix="w2v-") as folder:
        path = write_texts(texts, folder)
        documents = DocumentSettings(format="lines")
        yield open_corpus([path], replace(how, encoding="utf-8"), documents, "if there")


def write_texts(
    texts: str | Iterable[str | Sequence[str]], folder: str, name: str = "texts"
) -> str:
    """Write texts, or lists of words, to a file in a folder, a line each; returns its path.

    texts   a string is one text; W2VError, with its number from 0, for what is no text
    folder  where the file goes, named `name`

    It begins with a byte order mark, so that no first word can look like a packed file.
    """
    path = Path(folder, name)
    with path.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
        file.write("\ufeff")
        for text in python_arguments.texts(texts, name):
            file.write(text.replace("\n", " ") + "\n")
    return str(path)


def count(
    corpus: Corpus,
    min_count: int = 1,
    max_vocab: int | None = None,
    max_types: int = 1 << 30,
    on_block: Callable[[int], None] = lambda tokens: None,
    on_types: Callable[[int, int], None] = lambda tokens, types: None,
) -> Vocabulary:
    """Read a corpus and count its words: the vocabulary that `encode` finds, without the text.

    on_types  called after each block with the numbers of words and of different words so far
    """
    counter, tokens = make_word_counter(max_types), 0
    for block in corpus.blocks():
        tokens += counter.number(block).size
        words = tokens - int(counter.counts[0])
        on_types(words, len(counter) - 1 + counter.pruned_types)
        if counter.is_full:
            counter.prune()
        on_block(tokens)
    return choose(corpus, counter, min_count, max_vocab, {})[0]


def encode(
    corpus: Corpus,
    min_count: int = 1,
    max_vocab: int | None = None,
    max_types: int = 1 << 30,
    on_block: Callable[[int], None] = lambda tokens: None,
    known: Mapping[str, int] | None = None,
    every: bool = False,
    unknown: bool = False,
) -> tuple[Vocabulary, EncodedText]:
    """Read a corpus once: its words that occur at least `min_count` times, and its text in them.

    max_vocab  keep this many of the most frequent words at most
    max_types  count about so many different words at a time at most: the rarest are forgotten, and
               go out of the text
    on_block   called after each block with the number of tokens so far
    known      words from before and their counts, to which those of the corpus are added
    every      empty lines too are sentences
    unknown    UNKNOWN is a word, and stands for those that are left out
    Raises     W2VError where no word is left
    """
    known = known or {}
    counter, ids = make_word_counter(max_types, known), SpooledArray(np.int32)
    for block in corpus.blocks():
        ids.append(counter.number(block))
        on_block(ids.size + counter.pruned_tokens)
        if counter.is_full:
            _renumber(ids, counter.prune())
    vocabulary, word_ids = choose(corpus, counter, min_count, max_vocab, known)
    if unknown:
        counts, left_out = counter.counts, word_ids == DROPPED
        left_out[0] = False  # the end of a sentence
        vocabulary = vocabulary.adding(UNKNOWN, int(counts[left_out].sum()))
        word_ids[left_out] = vocabulary.names.index(UNKNOWN)
    return vocabulary, _keep(ids, word_ids, every)


def make_word_counter(max_types: int, known: Mapping[str, int] | None = None) -> WordCounter:
    """A word counter, with every kernel that reading needs already loaded.

    While kernels are loaded a signal has to wait: Python drops exceptions in C's callbacks.
    """
    nothing = np.empty(0, np.int32)
    with DeferredSignals():
        counter = WordCounter(max_types, known)
        starts = np.empty(0, np.int64)
        keep_words(nothing, nothing, np.zeros(2, np.int64), nothing.copy(), starts, False)
    return counter


def _renumber(ids: SpooledArray, numbers: np.ndarray) -> None:
    """Give types their new numbers, and leave out those that have none."""

    def change(old: np.ndarray) -> np.ndarray:
        new = numbers[old]
        return new[new >= 0]

    ids.rewrite(change)


def encode_as(
    corpus: Corpus,
    names: Sequence[str],
    every: bool = False,
    on_block: Callable[[int], None] = lambda tokens: None,
    unknown: bool = False,
) -> tuple[EncodedText, int]:
    """Read a corpus in words that are known: the text, and how many tokens are none of them.

    names     the words
    every     empty lines too are sentences, even if all are
    on_block  called after each block with the number of tokens so far
    unknown   if UNKNOWN is among the words, it stands for all others, which else are left out
    """
    counter, ids = make_word_counter(1 << 30), SpooledArray(np.int32)
    for block in corpus.blocks():
        ids.append(counter.number(block))
        on_block(ids.size)
    rows = {name: row for row, name in enumerate(names)}
    types = [counter.name(number).decode() for number in range(1, len(counter))]
    instead = rows.get(UNKNOWN, DROPPED) if unknown else DROPPED
    found = [rows.get(name, instead) for name in types]
    is_unknown = np.array([False, *(name not in rows for name in types)])
    text = _keep(ids, np.array([DROPPED, *found], np.int32), every)
    return text, int(counter.counts[is_unknown].sum())


def check_shared(corpus: Corpus, vocabulary: str, known: int, unknown: int) -> None:
    """W2VError where a text has no word of a vocabulary that was not made from it.

    vocabulary  what to call it
    known       how many of the text's tokens are words of it, and `unknown` how many are not
    """
    if known:
        return
    if not unknown:
        raise W2VError(f"{corpus.source}: no words in the text")
    raise W2VError(
        f"{corpus.source}: none of its {unknown:,} words is in {vocabulary}: check that both have "
        "the same language, --tokenizer and --lowercase"
    )


def _keep(ids: SpooledArray, word_ids: np.ndarray, every: bool) -> EncodedText:
    """Turn type numbers into word ids in their place, close the gaps, note the sentences."""
    starts, size = SpooledArray(np.int64, np.zeros(1)), np.zeros(2, np.int64)

    def change(numbers: np.ndarray) -> np.ndarray:
        words, begins = np.empty(numbers.size, np.int32), np.empty(numbers.size, np.int64)
        count, sentences = keep_words(numbers, word_ids, size, words, begins, every)
        starts.append(begins[:sentences])
        return words[:count]

    ids.rewrite(change)
    if size[1] < size[0]:
        starts.append(size[:1])
    return EncodedText(ids, starts.mapped())
