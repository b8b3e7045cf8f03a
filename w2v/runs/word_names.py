"""Whether the names of a file of vectors can be the words of a text."""

from __future__ import annotations

from w2v.embeddings.table import Table


def can_be_word(name: str) -> bool:
    """Whether a name can be a word of a text that is split at ASCII whitespace.

    Texts are UTF-8. A name that is not, such as one that another program has cut, is no word.
    """
    try:
        encoded = name.encode()
        return name != "</s>" and encoded.split() == [encoded]
    except UnicodeEncodeError:
        return False


def is_vocabulary(table: Table) -> bool:
    """Whether a table's names can be words of a text, and are unique, and have counts."""
    try:
        words = table.text.tobytes().decode()
    except UnicodeDecodeError:
        return False
    names = set(table.names)
    return (
        table.counts is not None
        and bool((table.counts >= 0).all() and table.counts.any())
        and len(names) == len(table)
        and not names & {"", "</s>"}
        and not any(blank in words for blank in " \t\n\r\v\f")
    )
