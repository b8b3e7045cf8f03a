"""Formats of vector files: each module in this folder is one format, found without a registry.

A format exports SUFFIXES and `sniff`, and the other names of this list that it needs:

SUFFIXES    suffixes of the files that it writes; empty for a format that is only read
PACKED      whether .gz, .bz2, .xz or .zst may follow these suffixes; True if this name is missing
SUBWORDS    whether `write` keeps the subwords of a table; False if this name is missing
sniff       (source) -> Layout, or None if the file has another format
read        (source, layout, limit, findings) -> names and a matrix (N, D) of floats. Names are a
            list of bytes, or one bytes object with a line end after each name, which is split
            only when names are needed
read_table  (source, layout, limit, findings) -> a table, in place of `read`, if its vectors are
            computed, or if it has counts. It keeps the first of equal names, see `repeated_names`
describe    (source) -> facts about the file for `w2v info`, besides the shape of the table
write       (path, table)
write_from  (path, table, source): as `write`, for a format that stores more of a model than a
            table has, and takes it from the file `source`
check       (path, table): raises a W2VError for names that could not be read back
name_files  (path) -> paths at which a second file with the names may be; `write` writes the first
            of them
FILES       the names of the files that `write` writes in the folder `path`, for a format that is a
            folder; () if this name is missing
note        (table, source) -> a message about what `write_from` has written

To recognise a file, `sniff` of each format is called until one returns a layout. First come the
formats in the list _FIRST, last the formats in the list _LAST. Between them come the formats that
are in neither list, sorted by name. The page `manual/extending.md` explains how to add a format.
"""

from __future__ import annotations

import io
import json
import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from w2v.embeddings import container, repeated_names, utf8_names
from w2v.embeddings.formats import safetensors
from w2v.embeddings.lazy_table import LazyTable
from w2v.embeddings.source import Diagnostics, Layout, Source
from w2v.embeddings.subwords import Subwords
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system import packing

CONTAINER = safetensors.KIND
_LISTED = 1000  # maximum number of labels of a classifier that are listed
# The most frequent formats come first, so that the other modules need not be imported.
_FIRST = ("safetensors", "numpy_array", "fasttext_model")
# These come last, because they could accept files of other formats. A binary file has the same
# header as a text file, rows of numbers alone may look like rows with names, and a GloVe text has
# no header to be recognised by. `unreadable` accepts no file. It comes before the others to refuse
# files that they could accept; it would also refuse a file of `floret`.
_LAST = (
    "parquet", "finalfusion", "floret", "unreadable", "word2vec_binary", "projector",
    "word2vec_text", "glove", "model2vec",
)  # fmt: skip

Names = bytes | list[bytes]


@dataclass(frozen=True)
class Format:
    """The names that a module of this folder exports; None for a missing function."""

    suffixes: tuple[str, ...]
    sniff: Callable[[Source], Layout | None]
    packed: bool
    keeps_subwords: bool
    read: Callable[[Source, Layout, int | None, Diagnostics], tuple[Names, np.ndarray]] | None
    read_table: Callable[[Source, Layout, int | None, Diagnostics], Table] | None
    describe: Callable[[Source], dict[str, Any]] | None
    write: Callable[[str, Table], None] | None
    write_from: Callable[[str, Table, str], None] | None
    check: Callable[[str, Table], None] | None
    name_files: Callable[[str], list[str]] | None
    note: Callable[[Table, str], str] | None
    files: tuple[str, ...]


@cache
def _format(name: str) -> Format:
    """Import the format with the name of its module."""
    module = import_module(f"{__name__}.{name}")
    functions = (
        "read", "read_table", "describe", "write", "write_from", "check", "name_files", "note"
    )  # fmt: skip
    optional = {what: getattr(module, what, None) for what in functions}
    packed = getattr(module, "PACKED", True)
    subwords = getattr(module, "SUBWORDS", False)
    files = getattr(module, "FILES", ())
    return Format(module.SUFFIXES, module.sniff, packed, subwords, files=files, **optional)


def _formats() -> Iterator[Format]:
    """All formats, in the order in which their `sniff` is called."""
    yield from map(_format, _FIRST)
    files = {file for folder in __path__ for file in os.listdir(folder) if file.endswith(".py")}
    others = {file.removesuffix(".py") for file in files} - {"__init__", *_FIRST, *_LAST}
    yield from map(_format, [*sorted(others), *_LAST])


def recognise(source: Source) -> tuple[Format, Layout]:
    """The format and layout of a file; W2VError, with its kind, if it is not a vector file."""
    if not source.head:
        raise W2VError(f"{source.name} is empty: download or write it again")
    for each in _formats():
        if layout := each.sniff(source):
            return each, layout
    from w2v.embeddings.formats.unreadable import refusal  # imported only if it is needed

    raise refusal(source)


def begins_as(path: str, head: bytes) -> tuple[str, int]:
    """The kind of a file with this beginning, and D, the length of its vectors.

    For a file that is not a vector file, the result is ("", 0).

    head  the first `source.HEAD` bytes of the file, or all bytes of a shorter file
    """
    source = Source(path, io.BytesIO(head))
    source.size = None  # unknown: the file may go on after its head
    with suppress(W2VError):
        return (layout := recognise(source)[1]).kind, layout.dim
    return "", 0


def load(
    path: str,
    table: str = "words",
    limit: int | None = None,
    findings: Diagnostics | None = None,
) -> Table:
    """Read a vector file of any known format.

    table     the name of the table in a container; ignored for other formats, which hold one table
    limit     number of rows to read, from the first; None: all rows
    findings  records or raises the faults of the file. None: faults are raised, and notes are
              dropped
    Raises    W2VError if the file is damaged or not a vector file
    """
    findings = findings or Diagnostics(path)
    with Source.open(path) as source:
        found, layout = recognise(source)
        if layout.kind == CONTAINER:
            return safetensors.read_table(path, table, limit)
        if layout.error:
            findings.error(layout.error, f"vectors of {layout.dim} numbers are read")
        if found.read_table:
            read = found.read_table(source, layout, limit, findings)
            utf8_names.note_other_bytes(read, findings)
            return read
        source.skip(layout.header)
        assert found.read, "a format whose `sniff` returns a layout has `read`"
        names, matrix = found.read(source, layout, limit, findings)
    if findings.repairs:
        names = names.split(b"\n")[:-1] if isinstance(names, bytes) else names
        if (rows := repeated_names.first_rows(names, findings)) is not None:
            names, matrix = [names[row] for row in rows.tolist()], matrix[rows]
    with repeated_names.refused(findings):
        if isinstance(names, bytes):
            read = LazyTable.over(names, matrix)
        else:
            read = Table.of(names, matrix)
    utf8_names.note_other_bytes(read, findings)
    return read


def save(path: str, table: Table, name: str = "words", source: str = "") -> None:
    """Write a table in the format of the suffix of `path`.

    name    the name of the table in a container; ignored for other formats
    source  the file that the table was read from; "" if there is none
    Raises  W2VError for an unknown suffix, for another table than that of words in a folder, for
            floret's text, whose table has no words, and if the file of the table has become shorter
    """
    form = _named(path)
    table.check_whole()
    if form.files and name != "words":
        raise W2VError(f"{path} holds the vectors of words, and these are those of {name}")
    if table.subwords is not None:
        check_subwords(path, table.subwords)
    if form.write_from and source and name == "words":
        form.write_from(path, table, source)
    elif form.write:
        form.write(path, table)
    else:
        safetensors.write_table(path, table, name, contents(source)[1] if source else None)


def check_subwords(path: str, subwords: Subwords) -> None:
    """Raise a W2VError if `path` is to be written with the subwords of floret."""
    from w2v.embeddings.floret_subwords import refuse

    refuse(path, subwords)


def sniff(path: str) -> str:
    """The kind of a vector file; W2VError if the file is not a vector file."""
    with Source.open(path) as source:
        return recognise(source)[1].kind


def contents(path: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the metadata of a container; both empty for a file of another format."""
    return container.read(path) if sniff(path) == CONTAINER else ({}, {})


def default_table(path: str) -> str:
    """The table to open by default: the words, or the documents if there are no word vectors."""
    tensors, metadata = contents(path)
    # A PV-DBOW model without --word-vectors has this setting and no word vectors.
    word_vectors = container.nested(metadata, "settings").get("word_vectors")
    tables = container.table_names(tensors)
    has_words = word_vectors is not False and "words" in tables
    return "words" if has_words or "documents" not in tables else "documents"


def describe(path: str, findings: Diagnostics) -> dict[str, Any]:
    """The description of a vector file that `w2v info` prints, in plain values for JSON.

    It contains the size of the file, the format, the shapes of the tables, and the metadata of a
    container.
    """
    with Source.open(path) as source:
        form, layout = recognise(source)
        kind, size = layout.kind, source.stored
        more = {"packed": source.packed} if source.packed else {}
        more |= form.describe(source) if form.describe else {}
    if kind != CONTAINER:
        table = load(path, findings=findings)
        shape = {"rows": len(table), "dim": table.dim, "dtype": table.dtype.name}
        return {"file": path, "bytes": size, "format": kind, **more, "tables": {"words": shape}}
    tensors, metadata = container.read(path)
    facts: dict[str, Any] = {"file": path, "bytes": size, "format": kind}
    for name, value in metadata.items():
        if name not in ("format", "checksums"):
            facts[name] = _unfolded(value)
    if isinstance(facts.get("subwords"), dict) and "subwords.buckets" in tensors:
        facts["subwords"] = {**facts["subwords"], "ngrams": len(tensors["subwords.buckets"])}
    with suppress(KeyError, ValueError):  # of a damaged file; `check` says more
        labels = container.label_counts(tensors)
        facts |= {"labels": labels if len(labels) <= _LISTED else len(labels)} if labels else {}
    tables = container.table_names(tensors)
    facts["tables"] = {name: _shape(tensors[f"{name}.matrix"]) for name in tables}
    facts["tensors"] = {name: list(array.shape) for name, array in tensors.items()}
    return facts


def _unfolded(value: str) -> Any:
    """A metadata value, decoded if it is a JSON object or list."""
    try:
        return json.loads(value) if value.startswith(("{", "[")) else value
    except (ValueError, RecursionError):
        return value


def _shape(matrix: np.ndarray) -> dict[str, Any]:
    return {"rows": matrix.shape[0], "dim": matrix.shape[1], "dtype": matrix.dtype.name}


def check_names(path: str, names: Sequence[str], dim: int, blank: str | None = None) -> None:
    """Raise a W2VError if the format of `path` cannot hold these names.

    This is called before training, so that hours of work do not end in an error.

    dim    the length of the vectors that will be written
    blank  the text that will replace each blank in a name; None: blanks stay
    """
    form = _named(path)
    if blank is not None and form.write is None:
        raise W2VError(f"{path}: this format can hold names with blanks: leave out --blank")
    if form.check:
        table = Table.unknown(names, dim)
        form.check(path, table if blank is None else table.without_blanks(blank))


def written_beside(path: str) -> str | None:
    """The path of the file of names that is written beside `path`.

    None if the format of `path` has the names in the file itself. W2VError for a folder.
    """
    form = _named_file(path)
    return form.name_files(path)[0] if form.name_files else None


def read_with(path: str) -> list[str]:
    """The paths of a vector file and of the existing files beside it that may hold its names."""
    form = _of_suffix(packing.plain_name(path).lower())
    beside = form.name_files(path) if form and form.name_files else []
    return [path, *filter(os.path.exists, beside)]


def writer(path: str) -> Callable[[str, Table], None] | None:
    """The function that writes the format of the suffix of `path`; None for the container.

    Raises W2VError for an unknown suffix, and for that of a folder, which `save` alone writes
    """
    return _named_file(path).write


def is_container(path: str) -> bool:
    """Whether the suffix of `path` is that of the container; W2VError for an unknown suffix."""
    return _named(path).write is None


def reads_source(path: str) -> bool:
    """Whether `save` reads the file of a table, where more of a model is than the table has."""
    return is_container(path) or _named(path).write_from is not None


def folder_files(path: str) -> list[str]:
    """The paths of the files in the folder that the suffix of `path` names; empty for a file."""
    form = _of_suffix(path.lower())
    return [os.path.join(path, name) for name in form.files] if form else []


def without_slash(path: str) -> str:
    """`path` without a slash at its end if its suffix names a folder."""
    plain = path.rstrip("/" + os.sep)
    return plain if folder_files(plain) else path


def note(path: str, table: Table, source: str) -> str:
    """A message about what `save` has written to `path`; empty if there is nothing to say."""
    form = _named(path)
    return form.note(table, source) if form.note else ""


def lost_subwords(path: str) -> str:
    """A message if the format of `path` does not keep subwords; otherwise empty."""
    if _named(path).keeps_subwords:
        return ""
    known = {suffix for each in _formats() if each.keeps_subwords for suffix in each.suffixes}
    names = " and ".join(sorted(known))
    return f"the subwords are left out: only {names} keep them"


def _of_suffix(name: str) -> Format | None:
    """The format of the suffix of a file name, or None."""
    return next((each for each in _formats() if name.endswith(each.suffixes)), None)


def _named_file(path: str) -> Format:
    """As `_named`; W2VError for a format that is a folder."""
    form = _named(path)
    if form.files:
        raise W2VError(
            f"{path}: only w2v convert writes this folder: write a .safetensors file, and then "
            f"convert it: w2v convert FILE {shlex.quote(path)}"
        )
    return form


def _named(path: str) -> Format:
    """The format of the suffix of a path; W2VError for an unknown suffix.

    In most formats, .gz, .bz2, .xz or .zst may follow the suffix.
    """
    name = "-.txt" if path == "-" else path.lower()
    plain = packing.plain_name(name)
    form = _of_suffix(plain)
    if form and (plain == name or form.packed):
        return form
    found = os.path.splitext(name)[1] or "(none)"
    known = [suffix for each in _formats() for suffix in each.suffixes]
    unpacked = [suffix for each in _formats() if not each.packed for suffix in each.suffixes]
    raise W2VError(
        f"{path}: the suffix {found} names no format; known: {'  '.join(sorted(known))}; "
        f".gz, .bz2, .xz or .zst may follow all but {', '.join(sorted(unpacked))}"
    )
