"""Vector files of any program: a format is one file in this folder, which is their registry.

A format exports SUFFIXES, `sniff`, `read` and `write`; what it cannot do it does not have:

SUFFIXES    of files that are written so; empty where none is
PACKED      whether .gz, .bz2 or .xz may come after these; it may where it is not said
sniff       (source) -> Layout, or None where the file is of another format
read        (source, layout, limit, findings) -> names, and a matrix (N, D) of floats; names are a
            list of bytes, or one string of bytes with a line end after each, which is taken apart
            when it is needed
write       (path, table)
check       (path, table): W2VError for names that could not be read back
name_files  (path) -> where names may be beside the file; the first is the one that is written

Each is asked what a file is, in this order: those of _FIRST, then those that are in neither list,
by name, then those of _LAST. The page `manual/extending.md` says how to add one.
"""

from __future__ import annotations

import io
import json
import os
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from w2v.embeddings import container
from w2v.embeddings.formats import safetensors
from w2v.embeddings.lazy_table import LazyTable
from w2v.embeddings.source import Diagnostics, Layout, Source
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system import packing
from w2v.system.progress import plural

CONTAINER = safetensors.KIND
_PART = 1 << 16  # bytes
# First what is opened most often: the other files are then not even imported.
_FIRST = ("safetensors", "numpy_array")
# Last what could take files of others: a binary file has a header as texts have, rows without
# names could be taken for rows with names, and GloVe's text is what has no header.
_LAST = ("unreadable", "word2vec_binary", "projector", "word2vec_text", "glove")

Names = bytes | list[bytes]


@dataclass(frozen=True)
class Format:
    """What a file of this folder exports; None where it does not have it."""

    suffixes: tuple[str, ...]
    sniff: Callable[[Source], Layout | None]
    packed: bool
    read: Callable[[Source, Layout, int | None, Diagnostics], tuple[Names, np.ndarray]] | None
    write: Callable[[str, Table], None] | None
    check: Callable[[str, Table], None] | None
    name_files: Callable[[str], list[str]] | None


@cache
def _format(name: str) -> Format:
    module = import_module(f"{__name__}.{name}")
    optional = {
        what: getattr(module, what, None) for what in ("read", "write", "check", "name_files")
    }
    packed = getattr(module, "PACKED", True)
    return Format(module.SUFFIXES, module.sniff, packed, **optional)


def _formats() -> Iterator[Format]:
    """All formats, in the order in which they are asked what a file is."""
    yield from map(_format, _FIRST)
    files = {file for folder in __path__ for file in os.listdir(folder) if file.endswith(".py")}
    others = {file.removesuffix(".py") for file in files} - {"__init__", *_FIRST, *_LAST}
    yield from map(_format, [*sorted(others), *_LAST])


def recognise(source: Source) -> tuple[Format, Layout]:
    """The format of a file; W2VError says what it looks like where it is nothing that is known."""
    if not source.head:
        raise W2VError(f"{source.name} is empty: get it, or write it, anew")
    for each in _formats():
        if layout := each.sniff(source):
            return each, layout
    from w2v.embeddings.formats.unreadable import refusal  # a query need not import it

    raise refusal(source)


def begins_as(path: str, head: bytes) -> tuple[str, int]:
    """The kind of a file that begins so, "" where it is none, and the length of its vectors.

    head  the first HEAD bytes, or all
    """
    source = Source(path, io.BytesIO(head))
    source.size = None  # more is to come
    try:
        layout = recognise(source)[1]
    except W2VError:
        return "", 0
    return layout.kind, layout.dim


def load(
    path: str,
    table: str = "words",
    limit: int | None = None,
    findings: Diagnostics | None = None,
) -> Table:
    """Open a vector file of any kind that is known; W2VError says what another one looks like.

    table     of a container; other files hold one, which is taken whatever it is called
    limit     only so many rows, the first
    findings  what is not as it should be goes there; None: an error is raised, a note is dropped
    """
    findings = findings or Diagnostics(path)
    with Source.open(path) as source:
        found, layout = recognise(source)
        if layout.kind == CONTAINER:
            return safetensors.read_table(path, table, limit)
        if layout.error:
            findings.error(layout.error, f"vectors of {layout.dim} are read")
        source.skip(layout.header)
        assert found.read, "what is recognised can be read"
        names, matrix = found.read(source, layout, limit, findings)
    if findings.repairs:
        names = names.split(b"\n")[:-1] if isinstance(names, bytes) else names
        names, matrix = _distinct(names, matrix, findings)
    try:
        if isinstance(names, bytes):
            read = LazyTable.over(names, matrix)
        else:
            read = Table.of(names, matrix)
    except W2VError as error:  # two have the same name
        findings.error(str(error), "")
        raise
    _note_bytes(read, findings)
    return read


def _distinct(
    names: list[bytes], matrix: np.ndarray, findings: Diagnostics
) -> tuple[list[bytes], np.ndarray]:
    """The first of the rows that have the same name, where that may be repaired."""
    first: dict[bytes, int] = {}
    rows = [row for row, name in enumerate(names) if first.setdefault(name, row) == row]
    if len(rows) == len(names):
        return names, matrix
    row = next(row for row, name in enumerate(names) if first[name] != row)
    what = f"rows {first[names[row]] + 1} and {row + 1} have the same name, {_shown(names[row])}"
    more = len(names) - len(rows) - 1
    what += f", and so have {more:,} more" if more else ""
    findings.error(what, "the first is kept")
    return [names[row] for row in rows], matrix[rows]


def _note_bytes(table: Table, findings: Diagnostics) -> None:
    """Tell of names that are not UTF-8."""
    if _are_utf8(table):
        return
    bad = [row for row, name in enumerate(table.names) if not _is_utf8(name)]
    findings.note(
        f"{plural(len(bad), 'name')} not in UTF-8, the first in row {bad[0] + 1}, "
        f"{_shown(table.name_bytes(bad[0]))}: the bytes are kept as they are"
    )


def _are_utf8(table: Table) -> bool:
    """Whether all names are: their bytes one after the other, if none begins inside a letter."""
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
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _shown(name: bytes) -> str:
    return repr(name.decode("utf-8", "surrogateescape"))


def save(path: str, table: Table, name: str = "words") -> None:
    """Write a table in the format that the file's suffix names."""
    write = writer(path)
    if write:
        write(path, table)
    else:
        safetensors.write_table(path, table, name)


def sniff(path: str) -> str:
    """What a file is; W2VError says what it looks like where it is nothing that is known."""
    with Source.open(path) as source:
        return recognise(source)[1].kind


def contents(path: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays of a container, and what it says of itself; nothing where it is another file."""
    return container.read(path) if sniff(path) == CONTAINER else ({}, {})


def describe(path: str, findings: Diagnostics) -> dict[str, Any]:
    """What a vector file says of itself, in plain values."""
    with Source.open(path) as source:
        kind = recognise(source)[1].kind
        size = source.stored
        packed = {"packed": source.packed} if source.packed else {}
    if kind != CONTAINER:
        table = load(path, findings=findings)
        shape = _shape(table.matrix)
        return {"file": path, "bytes": size, "format": kind, **packed, "tables": {"words": shape}}
    tensors, metadata = container.read(path)
    facts: dict[str, Any] = {"file": path, "bytes": size, "format": kind}
    for name, value in metadata.items():
        if name not in ("format", "checksums"):
            facts[name] = _unfolded(value)
    tables = container.table_names(tensors)
    facts["tables"] = {name: _shape(tensors[f"{name}.matrix"]) for name in tables}
    facts["tensors"] = {name: list(array.shape) for name, array in tensors.items()}
    return facts


def _unfolded(value: str) -> Any:
    """A metadata value as what it stands for, if it is JSON that can be read."""
    try:
        return json.loads(value) if value.startswith(("{", "[")) else value
    except (ValueError, RecursionError):
        return value


def _shape(matrix: np.ndarray) -> dict[str, Any]:
    return {"rows": matrix.shape[0], "dim": matrix.shape[1], "dtype": matrix.dtype.name}


def check_names(path: str, names: Sequence[str], dim: int, blank: str | None = None) -> None:
    """Find out before hours of work whether the format of `path` can hold these names: W2VError.

    dim    numbers that each vector will have
    blank  what will stand for each blank in them; None: they stay
    """
    form = _named(path)
    if blank is not None and form.write is None:
        raise W2VError(f"{path} holds names with blanks: leave out --blank")
    if form.check:
        table = Table.unknown(names, dim)
        form.check(path, table if blank is None else table.without_blanks(blank))


def written_beside(path: str) -> str | None:
    """The second file, of names, that the format of this suffix has; None where there is none."""
    form = _named(path)
    return form.name_files(path)[0] if form.name_files else None


def read_with(path: str) -> list[str]:
    """A vector file, and the files beside it that may hold its names."""
    form = _of_suffix(packing.plain_name(path).lower())
    beside = form.name_files(path) if form and form.name_files else []
    return [path, *filter(os.path.exists, beside)]


def writer(path: str) -> Callable[[str, Table], None] | None:
    """The function that writes the format named by the suffix of `path`; None for our container."""
    return _named(path).write


def _of_suffix(name: str) -> Format | None:
    return next((each for each in _formats() if name.endswith(each.suffixes)), None)


def _named(path: str) -> Format:
    """The format that the suffix names, where .gz, .bz2 or .xz may come after most."""
    name = "-.txt" if path == "-" else path.lower()
    plain = packing.plain_name(name)
    form = _of_suffix(plain)
    if form and (plain == name or form.packed):
        return form
    found = os.path.splitext(name)[1] or "(none)"
    known = [suffix for each in _formats() for suffix in each.suffixes]
    unpacked = [suffix for each in _formats() if not each.packed for suffix in each.suffixes]
    raise W2VError(
        f"{path}: the suffix {found} names no format; known: {'  '.join(sorted(known))}, and .gz, "
        f".bz2 or .xz after all but {' and '.join(sorted(unpacked))}"
    )
