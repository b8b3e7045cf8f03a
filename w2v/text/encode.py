"""Encodes texts: reads sentences or documents, counts their words, and converts words to ids."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from w2v.errors import W2VError
from w2v.kernels.word_hash import keep_words
from w2v.settings import DocumentSettings, FieldSettings, TextSettings
from w2v.system import python_arguments
from w2v.system.signals import DeferredSignals
from w2v.text.corpus import Corpus
from w2v.text.disk_space import check_space
from w2v.text.documents import DocumentCorpus
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.labels import Labels
from w2v.text.numbered_parts import numbered_parts
from w2v.text.numbered_text import NumberedText
from w2v.text.records import RecordCorpus
from w2v.text.vocabulary import DROPPED, UNKNOWN, Vocabulary, choose, read_counts
from w2v.text.word_counter import WordCounter


def open_corpus(
    paths: Sequence[str],
    text: TextSettings,
    records: FieldSettings | None,
    labels: Labels = "extra",
    refused: Callable[[W2VError], None] | None = None,
    threads: int = 1,
    needed: bool = True,
    remembered: Container[str] = (),
) -> Corpus:
    """Open files as documents, as the texts of records, or as lines.

    records                   DocumentSettings: a `DocumentCorpus`; other FieldSettings: a
                              `RecordCorpus`; None: a `Corpus`
    labels, refused, threads  as in `DocumentCorpus`
    needed, remembered        as in `RecordCorpus`
    """
    if isinstance(records, DocumentSettings):
        return DocumentCorpus(
            paths, text, records, labels, refused, threads=threads, remembered=remembered
        )
    if records:
        return RecordCorpus(paths, text, records, threads, None, needed, remembered)
    return Corpus(paths, text.tokenizer, text.encoding, text.case, text.normalize, threads)


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
                              is then only encoded. None: the vocabulary comes from the corpus
    Raises                    W2VError if the vocabulary is empty, or if no token of the corpus is
                              in the vocabulary of `fixed`
    """
    keep_empty = unknown or isinstance(corpus, DocumentCorpus)
    if fixed is not None:
        vocabulary = read_counts(fixed, settings.min_count, settings.max_vocab)
        if unknown:
            vocabulary = vocabulary.adding(UNKNOWN, 0)
        text, unknown_tokens = encode_as(corpus, vocabulary.names, keep_empty, on_block, unknown)
        tokens = text.size + (0 if unknown else unknown_tokens)
        check_shared(corpus, fixed, tokens - unknown_tokens, unknown_tokens)
        if unknown:  # its count in the file may be that of other rare words
            row = vocabulary.names.index(UNKNOWN)
            vocabulary.counts[row] = _count_of(row, text)
        return replace(vocabulary, tokens=tokens), _named(corpus, text)
    vocabulary, text = encode(
        corpus,
        settings.min_count,
        settings.max_vocab,
        settings.max_types,
        on_block,
        known,
        keep_empty,
        unknown,
    )
    return vocabulary, _named(corpus, text)


def _count_of(word: int, text: EncodedText) -> int:
    """The number of tokens of a word in a text."""
    ids, step = text.ids.mapped(), 1 << 20
    return sum(
        int(np.count_nonzero(ids[begin : begin + step] == word))
        for begin in range(0, ids.size, step)
    )


def read_as(
    corpus: Corpus,
    names: Sequence[str],
    on_block: Callable[[int], None] = lambda tokens: None,
    unknown: bool = False,
    needed: bool = False,
    added: Callable[[list[str]], Sequence[str]] = lambda words: (),
) -> tuple[EncodedText, int]:
    """Encode a corpus in a given vocabulary; returns the encoded text and the number of OOV tokens.

    names, on_block, unknown, added  as in `encode_as`
    needed                    whether a corpus without a known word is an error in any case. If not,
                              it is one only for a corpus of sentences, without `unknown`
    Raises                    W2VError for a corpus without a known word, where that is an error
    """
    keep_empty = unknown or isinstance(corpus, DocumentCorpus)
    text, unknown_tokens = encode_as(corpus, names, keep_empty, on_block, unknown, added)
    if needed or not keep_empty:
        known_tokens = text.size - (unknown_tokens if unknown else 0)
        check_shared(corpus, "the vocabulary", known_tokens, unknown_tokens)
    return _named(corpus, text), unknown_tokens


def _named(corpus: Corpus, text: EncodedText) -> EncodedText:
    """The encoded text, with the names, rows and labels of the documents if it has documents."""
    if isinstance(corpus, DocumentCorpus):
        labels = corpus.labels
        return EncodedDocuments(text.ids, text.starts, corpus.row_numbers(), corpus.names, labels)
    return text


@contextmanager
def texts_corpus(
    texts: str | Iterable[str | Sequence[str]], settings: TextSettings
) -> Iterator[Corpus]:
    """A block in which texts from Python can be read as a corpus, with a document for each text.

    The documents are named by their numbers.
    """
    with TemporaryDirectory(prefix="w2v-", ignore_cleanup_errors=True) as folder:
        path = write_texts(texts, folder)
        documents = DocumentSettings(format="lines")
        yield open_corpus([path], replace(settings, encoding="utf-8"), documents, "if there")


def write_texts(
    texts: str | Iterable[str | Sequence[str]], folder: str, name: str = "texts"
) -> str:
    """Write texts to a file, with a text on each line; returns the path of the file.

    texts   one text (a string), or several, each a string or a list of words
    folder  the folder of the file
    name    the name of the file, and of the texts in messages
    Raises  W2VError, with the index from 0, for an item that is not a text

    The file begins with a byte order mark. Without it, a first word such as "BZh" could be taken
    for the beginning of a compressed file. Lone surrogates are written as bytes that are not UTF-8,
    so that reading the file replaces and counts them.
    """
    path = Path(folder, name)
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="\n") as file:
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

    on_types  called after each part with the number of tokens so far, without sentence ends, and
              the number of types

    The other parameters are as in `encode`.
    """
    counter, tokens = make_word_counter(max_types), 0
    for part in numbered_parts(corpus, counter, kept=False):
        tokens += part.size
        tokens_without_ends = tokens - int(counter.counts[0])
        on_types(tokens_without_ends, len(counter) - 1 + counter.pruned_types)
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
    keep_empty: bool = False,
    unknown: bool = False,
) -> tuple[Vocabulary, EncodedText]:
    """Read a corpus once; returns its vocabulary and its encoded text.

    min_count   a word must occur this many times to be in the vocabulary
    max_vocab   maximum size of the vocabulary; the most frequent words are kept. None: no limit
    max_types   approximate limit of the types that are counted at a time. Beyond it the rarest
                types are pruned, and their tokens are removed from the text
    on_block    called after each part of the text with the number of tokens so far, sentence ends
                included
    known       the words of an earlier vocabulary with their counts. They stay in the vocabulary,
                and these counts are added to the counts in the corpus
    keep_empty  whether empty lines are sentences too
    unknown     whether to replace OOV tokens by the word UNKNOWN; else they are left out
    Raises      W2VError if the vocabulary is empty
    """
    known = known or {}
    counter = make_word_counter(max_types, known)
    text = number_types(corpus, counter, on_block)
    vocabulary, word_ids = choose(corpus, counter, min_count, max_vocab, known)
    if unknown:
        counts, left_out = counter.counts, word_ids == DROPPED
        left_out[0] = False  # type 0 is SENTENCE_END
        vocabulary = vocabulary.adding(UNKNOWN, int(counts[left_out].sum()))
        word_ids[left_out] = vocabulary.names.index(UNKNOWN)
    return vocabulary, text.encoded(word_ids, keep_empty)


def make_word_counter(max_types: int, known: Mapping[str, int] | None = None) -> WordCounter:
    """Create a word counter, and load the kernels that encoding needs.

    max_types, known  as in `encode`

    Stop signals are deferred while kernels are loaded, because Python drops exceptions that are
    raised in callbacks from C.
    """
    empty = np.empty(0, np.int32)
    with DeferredSignals():
        counter = WordCounter(max_types, known)
        starts = np.empty(0, np.int64)
        keep_words(empty, empty, np.zeros(2, np.int64), empty.copy(), starts, False)
        counter.words(starts)
    return counter


def encode_as(
    corpus: Corpus,
    names: Sequence[str],
    keep_empty: bool = False,
    on_block: Callable[[int], None] = lambda tokens: None,
    unknown: bool = False,
    added: Callable[[list[str]], Sequence[str]] = lambda words: (),
) -> tuple[EncodedText, int]:
    """Encode a corpus in a given vocabulary; returns the encoded text and the number of OOV tokens.

    names       the words of the vocabulary, by word id
    keep_empty  whether empty lines are sentences too
    on_block    called after each part of the text with the number of tokens so far, sentence ends
                included
    unknown     whether to replace OOV tokens by UNKNOWN, if it is in the vocabulary; else they are
                left out
    added       called with the unknown types; it returns those that become words of the
                vocabulary, with ids from `len(names)`
    """
    counter = make_word_counter(1 << 30)
    text = number_types(corpus, counter, on_block)
    rows = {name: row for row, name in enumerate(names)}
    types = counter.words(np.arange(1, len(counter)))
    new_words = added([name for name in types if name not in rows])
    rows |= {name: len(names) + number for number, name in enumerate(new_words)}
    oov_id = rows.get(UNKNOWN, DROPPED) if unknown else DROPPED
    word_ids = [rows.get(name, oov_id) for name in types]
    is_unknown = np.array([False, *(name not in rows for name in types)])
    encoded = text.encoded(np.array([DROPPED, *word_ids], np.int32), keep_empty)
    return encoded, int(counter.counts[is_unknown].sum())


def number_types(
    corpus: Corpus, counter: WordCounter, on_block: Callable[[int], None] = lambda tokens: None
) -> NumberedText:
    """Read a corpus, and number its types.

    counter   gets the types and their counts, and is pruned when it is full. The tokens of pruned
              types are left out when the text is converted
    on_block  called after each part of the text with the number of tokens so far, sentence ends
              included
    """
    text = NumberedText(corpus.threads)
    for part in numbered_parts(corpus, counter, kept=True):
        text.append(part)
        check_space(corpus, text, int(counter.counts[0]))
        on_block(text.size)
        if counter.is_full:
            text.change_types(counter.prune())
    return text


def check_shared(corpus: Corpus, vocabulary: str, known_tokens: int, oov_tokens: int) -> None:
    """Raise W2VError if no token of a corpus is in a vocabulary that was made from other text.

    vocabulary    the name of the vocabulary in the message
    known_tokens  number of tokens of the corpus that are in the vocabulary
    oov_tokens    number of tokens of the corpus that are not
    """
    if known_tokens:
        return
    if not oov_tokens:
        raise W2VError(f"{corpus.source}: no words in the text")
    raise W2VError(
        f"{corpus.source}: none of its {oov_tokens:,} words is in {vocabulary}: check that both "
        "have the same language, --tokenizer and --lowercase"
    )
