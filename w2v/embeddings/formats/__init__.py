"""Vector files of any program: recognised by content, read, written by suffix."""

from __future__ import annotations

import json
import os
from codecs import getincrementaldecoder
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from w2v import __version__
from w2v.embeddings import container
from w2v.embeddings.formats import numpy_array, projector, word2vec_binary, word2vec_text
from w2v.embeddings.formats.recognition import ARRAY, BINARY, NUMBERS, Recognised, recognise
from w2v.embeddings.formats.recognition import CONTAINER as CONTAINER
from w2v.embeddings.formats.source import Diagnostics, Source
from w2v.embeddings.lazy_table import LazyTable
from w2v.embeddings.table import NORMALIZERS, Table
from w2v.errors import W2VError
from w2v.system import packing
from w2v.system.pipes import name_of
from w2v.system.progress import plural

FORMAT_VERSION = "1"  # of our container
_PART = 1 << 16  # bytes


def load(
    path: str,
    table: str = "words",
    limit: int | None = None,
    findings: Diagnostics | None = None,
) -> Table:
    """Open a vector file of any kind that is known; W2VError says what another one looks like.

    table     of a container; other files hold one, which is taken whatever it is called
    limit     only so many rows, the first
    findings  what is not as it should be goes there; None: what is wrong is a mistake, what is odd
              is not told
    """
    findings = findings or Diagnostics(path)
    with Source.open(path) as source:
        found = recognise(source)
        if found.kind == CONTAINER:
            return _of_container(path, table, limit)
        if found.kind == ARRAY:
            listing, matrix = numpy_array.read(source, limit)
            names = listing[:-1].split(b"\n") if findings.repairs and listing else []
        else:
            names, matrix = _read(source, found, limit, findings)
    if findings.repairs:
        names, matrix = _distinct(names, matrix, findings)
    try:
        if found.kind == ARRAY and not findings.repairs:
            read = LazyTable.over(listing, matrix)
        else:
            read = Table.of(names, matrix)
    except W2VError as error:  # two have the same name
        findings.wrong(str(error), "")
        raise
    _note_bytes(read, findings)
    return read


def _of_container(path: str, name: str, limit: int | None) -> Table:
    tensors, metadata = container.read(path)
    if name == "words" and container.nested(metadata, "settings").get("word_vectors") is False:
        raise W2VError(
            f"{name_of(path)} has no word vectors: train it with --word-vectors, or ask for its "
            "documents where the command takes --table documents"
        )
    table = container.read_table(path, tensors, name)
    if limit is not None:
        table = table.take(np.arange(min(limit, len(table))))
    form = container.nested(metadata, "settings").get("normalize")
    return replace(table, normalize=form) if name == "words" and form in NORMALIZERS else table


def _read(
    source: Source, found: Recognised, limit: int | None, findings: Diagnostics
) -> tuple[list[bytes], np.ndarray]:
    if found.wrong:
        findings.wrong(found.wrong, f"vectors of {found.dim} are read")
    source.skip(found.header)
    if found.kind == NUMBERS:
        return projector.read(source, found.dim, limit)
    if found.kind == BINARY:
        assert found.rows is not None
        return word2vec_binary.read(source, found.rows, found.dim, limit, findings)
    return word2vec_text.read(source, found.rows, found.dim, limit, findings)


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
    findings.wrong(what, "the first is kept")
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
        container.write(path, container.table_tensors(name, table), file_metadata())


def file_metadata() -> dict[str, str]:
    """What every container of ours says of itself."""
    return {"format": "w2v", "format_version": FORMAT_VERSION, "version": __version__}


def sniff(path: str) -> str:
    """What a file is; W2VError says what it looks like where it is nothing that is known."""
    with Source.open(path) as source:
        return recognise(source).kind


def contents(path: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays of a container, and what it says of itself; nothing where it is another file."""
    return container.read(path) if sniff(path) == CONTAINER else ({}, {})


def describe(path: str, findings: Diagnostics) -> dict[str, Any]:
    """What a vector file says of itself, in plain values."""
    with Source.open(path) as source:
        kind = recognise(source).kind
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


def _write_glove(path: str, table: Table) -> None:
    word2vec_text.write(path, table, header=False)


def _check_glove(path: str, table: Table) -> None:
    word2vec_text.check(path, table, header=False)


_WRITERS: dict[str, Callable[[str, Table], None] | None] = {
    ".txt": word2vec_text.write,
    ".vec": word2vec_text.write,
    ".glove": _write_glove,
    ".bin": word2vec_binary.write,
    ".npy": numpy_array.write,
    ".tsv": projector.write,
    ".safetensors": None,
}


_CHECKS: dict[Callable[[str, Table], None] | None, Callable[[str, Table], None]] = {
    word2vec_text.write: word2vec_text.check,
    _write_glove: _check_glove,
    word2vec_binary.write: word2vec_binary.check,
    numpy_array.write: numpy_array.check,
}


def check_names(path: str, names: Sequence[str], dim: int, blank: str | None = None) -> None:
    """Find out before hours of work whether the format of `path` can hold these names: W2VError.

    dim    numbers that each vector will have
    blank  what will stand for each blank in them; None: they stay
    """
    write = writer(path)
    if blank is not None and write is None:
        raise W2VError(f"{path} holds names with blanks: leave out --blank")
    check = _CHECKS.get(write)
    if check:
        table = Table.unknown(names, dim)
        check(path, table if blank is None else table.without_blanks(blank))


def written_beside(path: str) -> str | None:
    """The second file, of names, that the format of this suffix has; None where there is none."""
    write = writer(path)
    if write is projector.write:
        return projector.labels_of(path)
    return numpy_array.lists_of(path)[0] if write is numpy_array.write else None


def read_with(path: str) -> list[str]:
    """A vector file, and the files beside it that may hold its names."""
    name = packing.plain_name(path).lower()
    if name.endswith(".npy"):
        return [path, *numpy_array.lists_of(path)]
    beside = projector.list_of(path) if name.endswith(".tsv") else None
    return [path, beside] if beside else [path]


def writer(path: str) -> Callable[[str, Table], None] | None:
    """The function that writes the format named by the suffix of `path`; None for our container.

    All but the container and the projector's pair are packed where .gz, .bz2 or .xz comes after it.
    """
    name = "-.txt" if path == "-" else path.lower()
    plain = packing.plain_name(name)
    for suffix, write in _WRITERS.items():
        if plain.endswith(suffix) and (plain == name or suffix not in (".safetensors", ".tsv")):
            return write
    found = os.path.splitext(name)[1] or "(none)"
    known = "  ".join(_WRITERS)
    raise W2VError(
        f"{path}: the suffix {found} names no format; known: {known}, and .gz, .bz2 or .xz after "
        "all but .tsv and .safetensors"
    )
