"""Reads the beginning of the text of documents, by which people recognise them."""

from __future__ import annotations

from collections.abc import Callable, Container

from w2v.text.documents import DocumentCorpus

LETTERS = 160  # number of characters of a beginning
_BYTES = 1 << 12  # bytes that are kept of a text, which may begin with many blanks


def beginnings(
    corpus: DocumentCorpus,
    wanted: Container[str],
    on_block: Callable[[int], None] = lambda documents: None,
) -> dict[str, str]:
    """Read a corpus to its end; returns the beginning of the text of each wanted document by name.

    A beginning is on one line, with single blanks between words. Of several documents with one
    name, the first one counts.

    on_block  called with the number of documents so far
    Raises    W2VError as `DocumentCorpus.blocks`
    """
    found: dict[str, str] = {}
    document, text = 0, b""
    for block in corpus.texts():
        *lines, rest = block.split(b"\n")
        for line in lines:
            name = corpus.names[corpus.rows[document]]
            if name in wanted and name not in found:
                found[name] = _shortened(text + line[:_BYTES])
            document, text = document + 1, b""
        text = (text + rest[:_BYTES])[:_BYTES]
        on_block(document)
    return found


def _shortened(text: bytes) -> str:
    """The first LETTERS characters of a text, with … if there are more."""
    words = " ".join(text.decode("utf-8", "ignore").split())
    return words if len(words) <= LETTERS else words[: LETTERS - 1].rstrip() + "…"
