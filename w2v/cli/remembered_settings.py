"""Settings of reading that the command line does not give: those of a model's training text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from w2v.cli.options import GivenSettings

if TYPE_CHECKING:
    from w2v.runs.text_messages import Console
    from w2v.settings import DocumentSettings

_FIELDS = ("text_field", "id_field", "label_field", "label_separator")
_PLACES = ("columns", "header")  # which describe a table together
_FORMATS = ("tsv", "csv", "jsonl")  # of a text whose name does not tell its format


class Reading(NamedTuple):
    """How new documents are read.

    settings    the settings
    remembered  the names of those that come from a model, see `DocumentCorpus`
    """

    settings: DocumentSettings
    remembered: frozenset[str]


def reading_of(
    given: GivenSettings,
    stored: Mapping[str, Any],
    paths: Sequence[str],
    console: Console,
    uses_names: bool,
) -> Reading:
    """How new documents are read for a model.

    given   the settings of the command line
    stored  those of the training documents, by name; empty: the model does not have them
    paths   the files of the new documents
    uses_names  whether the names of documents are used. They then have the label as a prefix, as
            in training. The prefix of a file is not remembered, because new files have other names
    """
    from w2v.settings import DocumentSettings

    names = [name for name in _FIELDS if not given.has(name)]
    if not any(map(given.has, _PLACES)):
        names += _PLACES
    values = {name: stored[name] for name in names if name in stored}
    if uses_names and stored.get("id_prefix") == "label" and not given.has("id_prefix"):
        values["id_prefix"] = "label"
    default = DocumentSettings()
    remembered = {name for name, value in values.items() if value != getattr(default, name)}
    if not given.has("format") and (format := _format(stored.get("format"), paths)):
        values["format"] = format
        read = "each file is one document" if format == "files" else f"read as {format}"
        console.say(f"{read}, as in training: --format lines reads lines")
    settings = given.over(values).of(DocumentSettings)
    return Reading(settings, frozenset(remembered))


def reading_again(given: GivenSettings, stored: Mapping[str, Any]) -> Reading:
    """How the training text of a model is read again, or one with the names of its documents.

    Columns and fields that a file lacks are not looked for, as in `reading_of`. The settings of
    formats and of names are those of training.

    given   the settings of the command line
    stored  those of the training documents, by name; empty: the model does not have them
    """
    from w2v.settings import DocumentSettings

    is_place_given = any(map(given.has, _PLACES))
    values = {
        name: value
        for name, value in stored.items()
        if not given.has(name) and not (is_place_given and name in _PLACES)
    }
    default = DocumentSettings()
    remembered = {
        name
        for name in (*_FIELDS, *_PLACES)
        if name in values and values[name] != getattr(default, name)
    }
    return Reading(given.over(values).of(DocumentSettings), frozenset(remembered))


def _format(stored: str | None, paths: Sequence[str]) -> str | None:
    """The format of the training text, if new files have names that do not tell theirs."""
    from w2v.system.pipes import is_pipe
    from w2v.text.document_files import formats_of

    formats = {*formats_of(paths, None)}
    if stored == "files":
        return stored if "lines" in formats and formats <= {"lines", "files"} else None
    if stored not in _FORMATS or any(path == "-" or is_pipe(path) for path in paths):
        return None
    return stored if formats == {"lines"} else None
