"""Encoding: reads text files, in sentences or documents, counts words and makes word ids."""

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
    """Open files as a `DocumentCorpus` if `documents` is given, else as a `Corpus`.

    labels, refused  as in `DocumentCorpus`
    """
    if documents:
        return DocumentCorpus(paths, text, documents, labels, refused)
    return Corpus(paths, text.tokenizer, text.encoding, text.lowercase, text.normalize)


def read(
    corpus: Corpus,
    settings: TextSettings,
    on_block: Callable[[int], None],
    known: Mapping[str, int] | None = None,
    unknown: bool = False,
    fixed: str | None = None,
) -> tuple[Vocabulary, EncodedText]:
    """Read a corpus; returns its vocabulary and its encoded text.

    settings                  min_count, max_vocab and max_types
    on_block, known, unknown  as in `encode`
    fixed                     a file of `w2v vocab`, from which the vocabulary is read; the corpus
                              is then only encoded in it
    Raises                    W2VError if the vocabulary is empty, or if no token of the corpus is
                              in that of `fixed`
    """
    every = unknown or isinstance(corpus, DocumentCorpus)
    if fixed is not None:
        vocabulary = read_counts(fixed, settings.min_count, settings.max_vocab)
        if unknown:
            vocabulary = vocabulary.adding(UNKNOWN, 0)
        text, unknown_tokens = encode_as(corpus, vocabulary.names, every, on_block, unknown)
        tokens = text.size + (0 if unknown else unknown_tokens)
        check_shared(corpus, fixed, tokens - unknown_tokens, unknown_tokens)
        vocabulary = replace(vocabulary.with_count(UNKNOWN, unknown_tokens), tokens=tokens)
        return vocabulary, _named(corpus, text)
    vocabulary, text = encode(
        corpus,
        settings.min_count,
        settings.max_vocab,
        settings.max_types,
        on_block,
        known,
        every,
        unknown,
    )
    return vocabulary, _named(corpus, text)


def read_as(
    corpus: Corpus,
    names: Sequence[str],
    on_block: Callable[[int], None] = lambda tokens: None,
    unknown: bool = False,
    needed: bool = False,
) -> tuple[EncodedText, int]:
    """Encode a corpus in a given vocabulary; returns the encoded text and the number of OOV tokens.

    names, on_block, unknown  as in `encode_as`
    needed                    whether a corpus of documents needs a known word; a corpus of
                              sentences always does, unless `unknown`
    Raises                    W2VError for a corpus that needs a known word and has none
    """
    every = unknown or isinstance(corpus, DocumentCorpus)
    text, unknown_tokens = encode_as(corpus, names, every, on_block, unknown)
    if needed or not every:
        check_shared(corpus, "the vocabulary", text.size - unknown_tokens * unknown, unknown_tokens)
    return _named(corpus, text), unknown_tokens


def _named(corpus: Corpus, text: EncodedText) -> EncodedText:
    """The encoded text, with names, rows and labels if the corpus is one of documents."""
    if isinstance(corpus, DocumentCorpus):
        labels = corpus.labels
        return EncodedDocuments(text.ids, text.starts, corpus.row_numbers(), corpus.names, labels)
    return text


@contextmanager
def texts_corpus(
    texts: str | Iterable[str | Sequence[str]], settings: TextSettings
) -> Iterator[Corpus]:
    """A block in which texts from Python are a corpus of documents, named by their numbers."""
    with TemporaryDirectory(prefix="w2v-") as folder:
        path = write_texts(texts, folder)
        documents = DocumentSettings(format="lines")
        yield open_corpus([path], replace(settings, encoding="utf-8"), documents, "if there")


def write_texts(
    texts: str | Iterable[str | Sequence[str]], folder: str, name: str = "texts"
) -> str:
    """Write texts to a file, one a line; returns its path.

    texts   one text (a string), or several, each a string or a list of words
    folder  the folder of the file
    name    the name of the file, and of the texts in messages
    Raises  W2VError for an item that is not a text, with its index from 0

    The file begins with a byte order mark, so that no first word can look like a compressed file.
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
    """Read a corpus and count its words; returns the same vocabulary as `encode`.

    on_types  called after each block with the numbers of tokens and of types so far

    The other parameters are as in `encode`.
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
    """Read a corpus once; returns its vocabulary and its encoded text.

    min_count  a word must occur this many times to be in the vocabulary
    max_vocab  the largest size of the vocabulary; the most frequent words are kept
    max_types  about how many types are counted at a time; above it the rarest types are pruned, and
               their tokens are removed from the text
    on_block   called after each block with the number of tokens so far
    known      words of an earlier vocabulary with their counts: they stay in the vocabulary, and
               their counts are added to those in the corpus
    every      whether empty lines are sentences too
    unknown    whether UNKNOWN is a word that replaces all OOV tokens; else these are left out
    Raises     W2VError if the vocabulary is empty
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
        left_out[0] = False  # SENTENCE_END
        vocabulary = vocabulary.adding(UNKNOWN, int(counts[left_out].sum()))
        word_ids[left_out] = vocabulary.names.index(UNKNOWN)
    return vocabulary, _keep(ids, word_ids, every)


def make_word_counter(max_types: int, known: Mapping[str, int] | None = None) -> WordCounter:
    """Create a word counter, and load the kernels that encoding needs.

    Signals are deferred while kernels are loaded: Python drops exceptions in callbacks from C.
    """
    nothing = np.empty(0, np.int32)
    with DeferredSignals():
        counter = WordCounter(max_types, known)
        starts = np.empty(0, np.int64)
        keep_words(nothing, nothing, np.zeros(2, np.int64), nothing.copy(), starts, False)
    return counter


def _renumber(ids: SpooledArray, numbers: np.ndarray) -> None:
    """Replace type numbers by the new ones after pruning; tokens of pruned types are removed."""

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
    """Encode a corpus in a given vocabulary; returns the encoded text and the number of OOV tokens.

    names     the words of the vocabulary, by word id
    every     whether empty lines are sentences too
    on_block  called after each block with the number of tokens so far
    unknown   whether UNKNOWN, if it is in the vocabulary, replaces OOV tokens; else they are left
              out
    """
    counter, ids = make_word_counter(1 << 30), SpooledArray(np.int32)
    for block in corpus.blocks():
        ids.append(counter.number(block))
        on_block(ids.size)
    rows = {name: row for row, name in enumerate(names)}
    types = [counter.name(number).decode() for number in range(1, len(counter))]
    oov_id = rows.get(UNKNOWN, DROPPED) if unknown else DROPPED
    word_ids = [rows.get(name, oov_id) for name in types]
    is_unknown = np.array([False, *(name not in rows for name in types)])
    text = _keep(ids, np.array([DROPPED, *word_ids], np.int32), every)
    return text, int(counter.counts[is_unknown].sum())


def check_shared(corpus: Corpus, vocabulary: str, known: int, unknown: int) -> None:
    """W2VError if no token of a corpus is in a vocabulary that was made from other text.

    vocabulary  its name in the message
    known       how many tokens of the corpus are in the vocabulary
    unknown     how many tokens are not
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
    """Replace type numbers by word ids in place, remove dropped tokens, find the sentences."""
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
