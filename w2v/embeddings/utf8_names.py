"""Finds names that are not UTF-8: they are kept as they are, and some formats cannot hold them."""

from __future__ import annotations

from codecs import getincrementaldecoder

from w2v.embeddings.source import Diagnostics
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system.progress import plural

_PART = 1 << 16  # bytes, or rows, that are checked for UTF-8 at a time


def note_other_bytes(table: Table, findings: Diagnostics) -> None:
    """Record names that are not UTF-8."""
    if _are_utf8(table):
        return
    bad = [row for row, name in enumerate(table.names) if not _is_utf8(name)]
    findings.note(
        f"{plural(len(bad), 'name')} not in UTF-8, the first in row {bad[0] + 1}, "
        f"{table.name(bad[0])!r}: the bytes are kept as they are"
    )


def refuse_other_bytes(table: Table) -> None:
    """Raise a W2VError if a name is not UTF-8, for a format that holds only UTF-8."""
    if _are_utf8(table):
        return
    row = next(row for row in range(len(table)) if not _is_utf8(table.name(row)))
    raise W2VError(
        f"row {row + 1}, {table.name(row)!r}: a name that is not UTF-8 cannot be written in this "
        "format; write .safetensors"
    )


def _are_utf8(table: Table) -> bool:
    """Whether all names are UTF-8.

    This is so if the joined names are UTF-8, and no name begins with a continuation byte, that is
    inside a character.
    """
    decode = getincrementaldecoder("utf-8")().decode
    try:
        for at in range(0, len(table.text), _PART):
            decode(table.text[at : at + _PART].data)
        decode(b"", True)
    except UnicodeDecodeError:
        return False
    for row in range(0, len(table), _PART):
        begins = table.offsets[row : row + _PART]
        if (table.text[begins[begins < len(table.text)]] & 0xC0 == 0x80).any():
            return False
    return True


def _is_utf8(name: str) -> bool:
    """Whether a name was decoded without lone surrogates, which stand for other bytes."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)
