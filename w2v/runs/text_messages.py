"""Messages about a text: how much is read, and warnings about its bytes, words and documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from w2v.settings import TextSettings
    from w2v.text.corpus import Corpus
    from w2v.text.encoded_text import EncodedText
    from w2v.text.vocabulary import Vocabulary


class Console(Protocol):
    """Where messages go: `progress.ProgressLine`, or the log of a Python program."""

    def say(self, message: str) -> None:
        """Print a line that stays."""

    def warn(self, message: str) -> None:
        """Print a line that stays, about something that was dropped or changed."""

    def show(self, state: object) -> None:
        """Show the newest progress, which the next one replaces."""


def show_reading(line: Console, corpus: Corpus) -> Callable[[int], None]:
    """Make a function that shows how much of a text has been read.

    Its argument is the number of tokens so far; 0 where that is not known.
    """
    from w2v.system.resources import readable

    def show(tokens: int) -> None:
        share = f" {corpus.bytes_read / corpus.size:.0%}" if corpus.size else ""
        count = f"  {tokens:,} tokens" if tokens else ""  # a cluster counts them only at the end
        line.show(f"reading{share}  {readable(corpus.bytes_read)}{count}")

    return show


def say_bad_bytes(line: Console, corpus: Corpus) -> None:
    """Warn of invalid bytes in a text, which were replaced."""
    from w2v.system.progress import plural

    if corpus.bad_bytes:
        line.warn(
            f"{plural(corpus.bad_bytes, f'invalid {corpus.encoding} byte sequence')} replaced; "
            f"the first in {corpus.first_bad}"
        )


def say_pruned(line: Console, vocabulary: Vocabulary) -> None:
    """Warn of rare types that were dropped while counting, to bound the memory."""
    if vocabulary.pruned_types:
        line.warn(
            f"more types than --max-types allows: {vocabulary.pruned_types:,} rare types "
            f"({vocabulary.pruned_tokens:,} tokens) were dropped while counting; the count of any "
            f"other type may be too low by up to {vocabulary.lost:,}; raise --max-types to avoid "
            "this"
        )


# The limits below are shares of the tokens; they were measured on the kept words of untokenised
# texts. In English reviews, posts, licences and manuals, 6 to 8 % of the tokens are another word
# with punctuation attached, and 3 to 12 % are another word in capitals. In tokenised texts, in
# Chinese and in Penn Treebank at most 0.6 % have punctuation attached. In Python and C code 9 to
# 17 % have it too, but 19 to 33 % of the tokens hold characters of program code, against at
# most 10 % in manuals and posts.
_ATTACHED = 0.02  # smallest share with punctuation attached that is reported
_CAPITALS = 0.01  # smallest share in capitals that is reported
_SIGNS = 0.12  # with a greater share with characters of program code, nothing is reported
_FEWEST = 200  # tokens; a shorter text is not checked
_ENDS = ".,;:!?)\"'”’»…"
_CODE = {*"=_{}[]<>\\/*#;()"}  # characters of program code
_BEGINS = "(\"'“‘«"


def say_attached(line: Console, vocabulary: Vocabulary, settings: TextSettings) -> None:
    """Report words that differ only by punctuation or capitals, and the options that merge them."""
    from w2v.text.vocabulary import doubles

    counts = vocabulary.counts
    if settings.tokenizer != "space" or counts.sum() < _FEWEST:
        return
    attached = doubles(vocabulary, lambda name: name.rstrip(_ENDS).lstrip(_BEGINS))
    capitals = doubles(vocabulary, str.lower)
    signs = [row for row, name in enumerate(vocabulary.names) if not _CODE.isdisjoint(name)]
    if attached.share < _ATTACHED or counts[signs].sum() > _SIGNS * counts.sum():
        return
    assert attached.example
    finding = "punctuation makes {!r} and {!r} different words".format(*attached.example)
    options = "--tokenizer words"
    if capitals.share >= _CAPITALS and capitals.example:
        finding += ", capitals {!r} and {!r}".format(*capitals.example)
        options += " --lowercase"
    line.say(f"{finding}: {options} merges such words")


def say_documents(
    line: Console, corpus: Corpus, text: EncodedText, length: int | None = None
) -> None:
    """Warn of documents that were left out, merged, empty or cut; a text of sentences is ignored.

    length  number of last words that are read of each document; None: all
    """
    from w2v.system.progress import plural
    from w2v.text.documents import DocumentCorpus
    from w2v.text.encoded_text import EncodedDocuments

    if not (isinstance(corpus, DocumentCorpus) and isinstance(text, EncodedDocuments)):
        return
    if corpus.blank_rows:
        line.warn(f"{plural(corpus.blank_rows, 'blank row')} left out")
    merged, empty = len(corpus.rows) - len(corpus.names), int((text.sizes() == 0).sum())
    if merged:
        line.warn(f"{plural(merged, 'document')} merged into others with the same id")
    if empty:
        line.warn(f"{plural(empty, 'document')} without any word of the vocabulary")
    cut = 0 if length is None else int((text.sizes() > length).sum())
    if cut:
        line.warn(
            f"{plural(cut, 'document')} longer than --length {length}: only the last {length} "
            "words are read"
        )


def say_compiling(line: Console) -> None:
    """Report the compilation of kernels, during which no progress is shown."""
    line.say("compiling kernels for this machine: this takes a few seconds, only once")
