"""Fields of JSON objects that hold the text, the id or the labels of a document."""

from __future__ import annotations

import json
import re
from typing import Any

from w2v.errors import W2VError
from w2v.text.header_names import field_names
from w2v.text.labels import distinct, split_labels

SURROGATE = re.compile("[\ud800-\udfff]")  # half of a pair, which JSON allows and UTF-8 does not


def json_object(row: bytes, where: str) -> dict[str, Any]:
    """The JSON object in a row of a file; W2VError for anything else.

    where  the place of the row, for the message
    """
    try:
        value = json.loads(row)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        # A list of objects, or an object on several lines.
        is_spread = re.match(rb"\s*(\[\s*\{|[\[{]\s*$)", row)
        advice = ": write each object on a line of its own, without a list" if is_spread else ""
        found = row[:60].decode(errors="replace")
        raise W2VError(f"{where}: expected a JSON object, found {found!r}{advice}")
    return value


def text_field(values: dict[str, Any], name: str, where: str) -> str:
    """The text of a field, which must be a string or a whole number.

    values  the JSON object
    name    the field, or several fields separated by commas, whose texts are joined by blanks. A
            null in one of several is empty
    where   the file and the row, for messages
    Raises  W2VError for a wrong or missing value
    """
    names = field_names(name, values)
    if len(names) == 1 or all(values.get(each) is None for each in names):
        return _text(values, names[0], where)
    texts = ["" if values.get(each, "") is None else _text(values, each, where) for each in names]
    return " ".join(texts)


def _text(values: dict[str, Any], name: str, where: str) -> str:
    """The text of one field, as `text_field`."""
    value = values.get(name)
    if value is None:
        raise W2VError(f"{where}: the field {name!r} is missing or null")
    if not _is_name(value):
        raise W2VError(
            f"{where}: the field {name!r} must be a string or a whole number, found "
            f"{json.dumps(value)[:60]}"
        )
    return str(value)


def id_field(values: dict[str, Any], name: str, where: str, needed: bool) -> str | None:
    """As `text_field`; W2VError if the value cannot be a name, which is UTF-8.

    needed  whether a missing field is an error; else it is None
    """
    if values.get(name) is None and not needed:
        return None
    return _checked(_text(values, name, where), name, where)


def extra_field(values: dict[str, Any], name: str, where: str) -> str:
    """The value of a field as text: a string without blanks around it, or a number; "": none.

    A list of one value is that value. Another list, or an object, has no value.

    values  the JSON object
    where   the file and the row, for messages
    Raises  W2VError for a value that is not UTF-8
    """
    value = values.get(name)
    if isinstance(value, list) and len(value) == 1:
        [value] = value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, dict | list):
        return ""
    return _checked(str(value).strip(), name, where)


def label_field(
    values: dict[str, Any], name: str, where: str, separator: str | None
) -> tuple[str, ...]:
    """The labels in a field: a string, a whole number, or a list of them.

    values     the JSON object
    where      the file and the row, for messages
    separator  the text between the labels in a string; None: a string is one label
    Returns    the labels in their order, each once; none for null, blanks or a missing field
    Raises     W2VError for another value, or an empty label in a list or between separators
    """
    value = values.get(name)
    if not isinstance(value, list):
        if value is not None and not _is_name(value):
            raise W2VError(
                f"{where}: the field {name!r} must be a string, a whole number or a list of them, "
                f"found {json.dumps(value)[:60]}"
            )
        field = "" if value is None else _checked(str(value), name, where)
        return split_labels(field, separator, where)
    for label in value:
        if not _is_name(label):
            raise W2VError(
                f"{where}: a label in the field {name!r} must be a string or a whole number, found "
                f"{json.dumps(label)[:60]}"
            )
        if not str(label).strip():
            raise W2VError(f"{where}: the field {name!r} has an empty label: remove it")
    return distinct(_checked(str(label), name, where) for label in value)


def _is_name(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _checked(value: str, name: str, where: str) -> str:
    """The value of a field; W2VError if it is not UTF-8."""
    if bad := SURROGATE.search(value):
        raise W2VError(
            f"{where}: the field {name!r} has half of a surrogate pair, {ascii(bad[0])[1:-1]}, "
            "which is not a character: correct it"
        )
    return value
