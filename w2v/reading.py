"""From files to word ids, be it text in sentences or documents with names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from w2v.corpus import Corpus
from w2v.documents import DocumentCorpus
from w2v.settings import DocumentSettings, TextSettings
from w2v.text import Documents, Text
from w2v.vocabulary import Vocabulary, encode, encode_as


def open_corpus(
    paths: Sequence[str], text: TextSettings, documents: DocumentSettings | None
) -> Corpus:
    """The files as a corpus: of documents, if it is told what these are."""
    if documents:
        return DocumentCorpus(paths, text, documents)
    return Corpus(paths, text.tokenizer, text.encoding, text.lowercase)


def read(
    corpus: Corpus,
    how: TextSettings,
    on_block: Callable[[int], None],
    known: Mapping[str, int] | None = None,
) -> tuple[Vocabulary, Text]:
    """Read a corpus: its vocabulary, and its text in the words of that; see `encode`."""
    every = isinstance(corpus, DocumentCorpus)
    vocabulary, text = encode(
        corpus, how.min_count, how.max_vocab, how.max_types, on_block, known, every
    )
    return vocabulary, _named(corpus, text)


def read_as(
    corpus: Corpus, names: Sequence[str], on_block: Callable[[int], None] = lambda tokens: None
) -> tuple[Text, int]:
    """Read a corpus in words that are known: the text, and how many tokens are none of them."""
    text, unknown = encode_as(corpus, names, isinstance(corpus, DocumentCorpus), on_block)
    return _named(corpus, text), unknown


def _named(corpus: Corpus, text: Text) -> Text:
    if isinstance(corpus, DocumentCorpus):
        return Documents(text.ids, text.starts, corpus.row_numbers(), corpus.names)
    return text
