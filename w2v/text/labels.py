"""Labels of documents: which inputs must have them, and how they are written there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from w2v.errors import W2VError

# How labels are read. "extra": documents have ids, and labels are read from tables and JSON objects
# only. In all other modes documents have no ids: row numbers are their names. "if there": a
# document has any number of labels. "needed": it has exactly one, and anything else is an error.
# "several": it has one or more, and a document without a label is an error.
Labels = Literal["extra", "if there", "needed", "several"]

_MARK = b"__label__"  # the prefix of a label in fastText's files
_LEADING = re.compile(rb"\s*(?:__label__\S*\s*)+").match  # a label ends at any ASCII whitespace


def distinct(labels: Iterable[str]) -> tuple[str, ...]:
    """The labels in their order, each once."""
    return tuple(dict.fromkeys(labels))


def leading_labels(row: bytes) -> bytes:
    """The part of a line of fastText before its text: its labels and blanks, or nothing.

    row  the line in UTF-8, such as `__label__a __label__b some text`
    """
    match = _LEADING(row)
    return match.group() if match else b""


def labels_in(begin: bytes) -> tuple[str, ...]:
    """The labels in the result of `leading_labels`, without their prefix, each once."""
    return distinct(label.removeprefix(_MARK).decode() for label in begin.split())


def split_labels(field: str, separator: str | None, where: str) -> tuple[str, ...]:
    """The labels in a field of a table.

    field      the contents of the field; empty: no label
    separator  the text between two labels, around which blanks are removed; None: the field is one
               label
    where      the place of the field, for messages
    Raises     W2VError for an empty label
    """
    if separator is None or not field:
        return (field,) if field else ()
    labels = [label.strip() for label in field.split(separator)]
    if "" in labels:
        raise W2VError(
            f"{where}: an empty label in {field[:60]!r}, which is split at {separator!r}: remove "
            "the separator, or write the label"
        )
    return distinct(labels)


def check_labels(labels: tuple[str, ...], mode: Labels, place: str, field: str) -> None:
    """Raise W2VError if a document has too few or too many labels for a mode.

    place  the place of the document, for messages
    field  the name of the field of labels in JSON objects, for messages
    """
    if not labels and mode in ("needed", "several"):
        raise W2VError(
            f"{place} has no label: expected LABEL TAB TEXT in a .tsv file (or with --format tsv), "
            f"__label__LABEL TEXT, or the field {field!r}"
        )
    if len(labels) > 1 and mode == "needed":
        raise W2VError(
            f"{place} has several labels, such as {labels[0]!r} and {labels[1]!r}: keep one, or "
            "use a model that is trained with --loss ova, where several labels may apply to a text"
        )
