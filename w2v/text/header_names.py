"""The names in the header of a table: what they look like, and those that settings choose."""

from __future__ import annotations

import re
import shlex
from collections.abc import Container, Sequence

from w2v.setting_fields import option_name

# A cell of a header: a letter first, few characters, at most three words.
_NAME = re.compile(r"_?[^\W\d_][\w.:#/()-]*(?: [\w.:#/()-]+){0,2}")
_LONGEST_NAME = 40  # characters
_TEXT_NAMES = (
    "text", "body", "content", "message", "description", "review", "comment", "sentence",
    "abstract", "document", "post", "tweet", "question", "summary", "title", "subject",
)  # fmt: skip
_HEADINGS = ("subject", "title", "headline")  # what is joined with another text
_LABEL_NAMES = {
    "label", "labels", "class", "category", "queue", "topic", "target", "sentiment", "tag", "intent"
}  # fmt: skip
_ID_NAMES = {"key", "nr", "number", "index", "doc", "document", "docid", "uid", "uuid"}


def plain(name: str) -> str:
    """A name as names are compared: without blanks around it, and whatever its capitals."""
    return name.strip().casefold()


def field_names(name: str, known: Container[str]) -> list[str]:
    """The fields that the value of --text-field names.

    name   a name, or several names separated by commas
    known  the names of the fields. If `name` is among them, its commas do not separate names
    """
    return [name] if name in known else [part.strip() for part in name.split(",")]


def text_columns(name: str, names: Sequence[str]) -> list[int]:
    """The numbers of the columns that the value of --text-field names; empty if one is missing.

    Of several columns with one name, the number is that of the first.

    names  the names of all columns
    """
    wanted = field_names(name, names)
    is_known = all(each in names for each in wanted)
    return [names.index(each) for each in wanted] if is_known else []


def options_for(header: Sequence[str], settings: Sequence[str]) -> str:
    """The options that may name the columns of a header; "" if its fields are no names.

    settings  the settings that can be given
    """
    names = [plain(field) for field in header]
    if len(names) < 2 or not are_names(names):  # noqa: PLR2004
        return ""
    left = [column for column, name in enumerate(names) if not names_ids(name)]
    ids = [column for column in range(len(names)) if column not in left]
    text = next((names.index(name) for name in _TEXT_NAMES if name in names), (left or ids)[-1])
    labels = [column for column in left if column != text]
    label = next((column for column in labels if names[column] in _LABEL_NAMES), None)
    if label is None and "id_field" not in settings:  # a classifier, which needs labels
        label = next(iter(labels), None)
    found = {
        "id_field": next((column for column in ids if column != text), None),
        "label_field": label, "text_field": text,
    }  # fmt: skip
    given = {
        setting: header[column].strip() for setting, column in found.items() if column is not None
    }
    heading = next((names.index(name) for name in _HEADINGS if name in names), text)
    if heading not in (text, label):
        given["text_field"] = f"{header[heading].strip()},{given['text_field']}"
    return " ".join(
        f"{option_name(setting)} {shlex.quote(value)}"
        for setting, value in given.items()
        if setting in settings
    )


def has_usual_names(names: Sequence[str]) -> bool:
    """Whether short names have one of an id, and a usual name of a text."""
    return are_names(names) and any(map(names_ids, names)) and not {*_TEXT_NAMES}.isdisjoint(names)


def names_ids(field: str) -> bool:
    """Whether a field looks like the name of a column of ids."""
    name = field.strip().casefold()
    return name in _ID_NAMES or re.search(r"(^|[_ .-])id$", name) is not None


def are_names(fields: Sequence[str]) -> bool:
    """Whether all fields of a row are short and different, as the names in a header are."""
    return len(set(fields)) == len(fields) and all(
        len(field) <= _LONGEST_NAME and _NAME.fullmatch(field) for field in fields
    )
