"""From files to word ids, be it text in sentences or documents with names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from w2v.errors import W2VError
from w2v.settings import DocumentSettings, TextSettings
from w2v.system import python_arguments
from w2v.text.corpus import Corpus
from w2v.text.documents import DocumentCorpus, Labels
from w2v.text.encoded_text import Documents, Text
from w2v.text.vocabulary import UNKNOWN, Vocabulary, check_shared, encode, encode_as, read_counts


def open_corpus(
    paths: Sequence[str],
    text: TextSettings,
    documents: DocumentSettings | None,
    labels: Labels = "extra",
    refused: Callable[[W2VError], None] | None = None,
) -> Corpus:
    """The files as a corpus: of documents, if it is told what these are.

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
) -> tuple[Vocabulary, Text]:
    """Read a corpus: its vocabulary, and its text in the words of that; see `encode`.

    fixed  a file of `w2v vocab`, whose words and counts are the vocabulary
    """
    every = unknown or isinstance(corpus, DocumentCorpus)
    if fixed is not None:
        vocabulary = read_counts(fixed, how.min_count, how.max_vocab)
        if unknown:
            vocabulary = vocabulary.adding(UNKNOWN, 0)
        text, strange = encode_as(corpus, vocabulary.names, every, on_block, unknown)
        tokens = text.size + (0 if unknown else strange)
        check_shared(corpus, fixed, tokens - strange, strange)
        vocabulary = replace(vocabulary.with_count(UNKNOWN, strange), tokens=tokens)
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
) -> tuple[Text, int]:
    """Read a corpus in words that are known: the text, and how many tokens are none of them.

    needed  W2VError where no token is a known word; a text of sentences always needs one
    """
    every = unknown or isinstance(corpus, DocumentCorpus)
    text, strange = encode_as(corpus, names, every, on_block, unknown)
    if needed or not every:
        check_shared(corpus, "the vocabulary", text.size - strange * unknown, strange)
    return _named(corpus, text), strange


def _named(corpus: Corpus, text: Text) -> Text:
    if isinstance(corpus, DocumentCorpus):
        labels = corpus.labels
        return Documents(text.ids, text.starts, corpus.row_numbers(), corpus.names, labels)
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
