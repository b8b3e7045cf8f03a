"""Labels of documents: which inputs must have them, and how they are written there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from w2v.errors import NothingToLearnError, W2VError

# How labels are read. "extra": documents have ids, and labels are read from tables and JSON objects
# only. In all other modes documents have no ids: row numbers are their names. "if there": a
# document has any number of labels. "needed": it has exactly one, and anything else is an error.
# "several": it has one or more, and a document without a label is an error.
Labels = Literal["extra", "if there", "needed", "several"]

# Options of training that the error of a missing label names, where they are options.
_FORMAT_OPTION = " (or with --format tsv)"
_FOLDER_OPTION = (
    "; for the files of a folder, --label-field folder takes the name of the folder that each file "
    "is in"
)

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

    field      the contents of the field; empty or only blanks: no label
    separator  the text between two labels, around which blanks are removed; None: the field is one
               label
    where      the place of the field, for messages
    Raises     W2VError for an empty label
    """
    if not field.strip():
        return ()
    if separator is None:
        return (field,)
    labels = [label.strip() for label in field.split(separator)]
    if "" in labels:
        raise W2VError(
            f"{where}: an empty label in {field[:60]!r}, which is split at {separator!r}: remove "
            "the separator, or write the label"
        )
    return distinct(labels)


def check_labels(labels: tuple[str, ...], mode: Labels, place: str, field: str) -> None:
    """Raise W2VError if a document has too few or too many labels for a mode, or an empty one.

    place  the place of the document, for messages
    field  the name of the field of labels in JSON objects, for messages
    """
    if not labels and mode in ("needed", "several"):
        raise W2VError(
            f"{place} has no label: expected LABEL TAB TEXT in a .tsv file{_FORMAT_OPTION}, "
            f"__label__LABEL TEXT, or the field {field!r}{_FOLDER_OPTION}"
        )
    if mode in ("needed", "several") and not all(label.strip() for label in labels):
        raise W2VError(
            f"{place} has a label without a name, such as __label__ alone: write the name, or "
            "remove the label"
        )
    if len(labels) > 1 and mode == "needed":
        raise W2VError(
            f"{place} has several labels, such as {labels[0]!r} and {labels[1]!r}: keep one, or "
            "use a model that is trained with --loss ova, where several labels may apply to a text"
        )


def without_options(message: str) -> str:
    """An error of `check_labels` for a command that has none of the options which it names."""
    return message.replace(_FORMAT_OPTION, "").replace(_FOLDER_OPTION, "")


def check_two(labels: Sequence[str]) -> None:
    """Raise NothingToLearnError if the texts of a classifier have only one label between them.

    labels  the different labels of the texts
    """
    if len(labels) == 1:
        raise NothingToLearnError(
            f"all texts have the label {labels[0]!r}: a classifier needs texts of two labels or "
            "more"
        )


def check_words_of_labels(names: Iterable[str]) -> None:
    """Raise W2VError if words look like labels, which predict a label only in the training texts.

    names  the words of the vocabulary
    """
    mark = _MARK.decode()
    if found := next((name for name in names if name.startswith(mark)), None):
        raise W2VError(
            f"the texts have the word {found!r}: move labels to the beginnings of the lines, where "
            "alone they are read (fastText reads them anywhere in a line)"
        )
