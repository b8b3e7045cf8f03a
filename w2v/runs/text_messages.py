"""What is said of a text: how far it is read, and what is peculiar about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from w2v.settings import TextSettings
    from w2v.text.corpus import Corpus
    from w2v.text.encoded_text import EncodedText
    from w2v.text.vocabulary import Vocabulary


class Console(Protocol):
    """Where it goes: `progress.ProgressLine`, or the log of a Python program."""

    def say(self, message: str) -> None:
        """A line for good."""

    def warn(self, message: str) -> None:
        """A line for good, on what is dropped or changed."""

    def show(self, state: object) -> None:
        """The newest state, which the next one replaces."""


def show_reading(line: Console, corpus: Corpus) -> Callable[[int], None]:
    """A function that shows how far a text has been read, given the number of tokens so far."""
    from w2v.system.resources import readable

    def show(tokens: int) -> None:
        share = f" {corpus.bytes_read / corpus.size:.0%}" if corpus.size else ""
        counted = f"  {tokens:,} tokens" if tokens else ""  # workers tell when they are done
        line.show(f"reading{share}  {readable(corpus.bytes_read)}{counted}")

    return show


def say_bad_bytes(line: Console, corpus: Corpus) -> None:
    """Report what was wrong in a text's encoding, if anything was."""
    from w2v.system.progress import plural

    if corpus.bad_bytes:
        line.warn(
            f"{plural(corpus.bad_bytes, 'wrong byte sequence')} replaced, not {corpus.encoding}; "
            f"the first in {corpus.first_bad}"
        )


def say_pruned(line: Console, vocabulary: Vocabulary) -> None:
    """Report what counting has forgotten so as not to outgrow memory, if anything."""
    if vocabulary.pruned_types:
        line.warn(
            f"more different words than --max-types: {vocabulary.pruned_types:,} rare ones were "
            f"dropped while counting, with {vocabulary.pruned_tokens:,} tokens; any word may lack "
            f"up to {vocabulary.lost:,} of its occurrences"
        )


# Shares of the tokens, measured on the kept words of texts as they come: of English reviews, posts,
# licences and manuals 6 to 8 % are another word with punctuation attached and 3 to 12 % another in
# capitals; of tokenised texts, of Chinese and of Penn Treebank at most 0.6 % have punctuation. Of
# Python and C 9 to 17 % have it too, but there 19 to 33 % have signs of programs, which manuals and
# posts have in 10 % at most.
_ATTACHED, _CAPITALS, _SIGNS, _FEWEST = 0.02, 0.01, 0.12, 200
_ENDS = ".,;:!?)\"'”’»…"
_CODE = {*"=_{}[]<>\\/*#;()"}  # signs of programs
_BEGINS = "(\"'“‘«"


def say_attached(line: Console, vocabulary: Vocabulary, how: TextSettings) -> None:
    """Say where punctuation, and capitals, plainly make words double, and which options mend it."""
    from w2v.text.vocabulary import doubles

    counts = vocabulary.counts
    if how.tokenizer != "space" or counts.sum() < _FEWEST:
        return
    attached = doubles(vocabulary, lambda name: name.rstrip(_ENDS).lstrip(_BEGINS))
    capitals = doubles(vocabulary, str.lower)
    signs = [row for row, name in enumerate(vocabulary.names) if not _CODE.isdisjoint(name)]
    if attached.share < _ATTACHED or counts[signs].sum() > _SIGNS * counts.sum():
        return
    assert attached.example
    said = "punctuation is part of words, {!r} beside {!r}".format(*attached.example)
    option = "--tokenizer words"
    if capitals.share >= _CAPITALS and capitals.example:
        said += ", and so are capitals, {!r} beside {!r}".format(*capitals.example)
        option += " --lowercase"
    line.say(f"{said}: {option} makes one word of each")


def say_documents(
    line: Console, corpus: Corpus, text: EncodedText, length: int | None = None
) -> None:
    """Report what is peculiar about documents, if the text is made of these.

    length  how many words of each are read, its last ones; None: all
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
            f"{plural(cut, 'document')} longer than --length {length}: of these the last words "
            "are read"
        )


def say_compiling(line: Console) -> None:
    """Say why nothing seems to happen for some seconds."""
    line.say("compiling kernels for this machine, once: some seconds")
