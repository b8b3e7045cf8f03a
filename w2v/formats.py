"""Vector files of other programs: recognise, read, write.

word2vec text     "V D\\n", then a row each: the name, a blank, D numbers separated by blanks
word2vec binary   the same header, then a row each: the name, a blank, D float32 little-endian, and
                  from the C program, not from gensim, a line end
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import IO, Any

import numpy as np

from w2v import __version__, store
from w2v.errors import W2VError
from w2v.table import Table

_PICKLE = (
    "a Python pickle, which can run code when opened: export it, in gensim by save_word2vec_format"
)
_FOREIGN = {
    b"\xba\x16\x4f\x2f": "a fastText .bin model: use the .vec file that came with it",
    b"\x80\x02": _PICKLE,
    b"\x80\x03": _PICKLE,
    b"\x80\x04": _PICKLE,
    b"\x80\x05": _PICKLE,
    b"\x1f\x8b": "packed by gzip: unpack it with gunzip",
    b"PK\x03\x04": "a zip archive: unpack it",
    b"\x93NUMPY": "a NumPy array without names",
}
FORMAT_VERSION = "1"  # of our container
CONTAINER, TEXT, BINARY = "safetensors container", "word2vec text", "word2vec binary"
_LONGEST_HEADER = 64  # bytes of the first line of a word2vec file
_LONGEST_NAME = 1 << 20
_BLOCK = 1 << 20  # bytes read at a time


def load(path: str, table: str = "words") -> Table:
    """Open a vector file of any kind that is known; W2VError says what another one looks like.

    table  of a container; other files hold one, which is taken whatever it is called
    """
    kind = sniff(path)
    if kind == CONTAINER:
        tensors, metadata = store.read(path)
        if table == "words" and store.nested(metadata, "settings").get("word_vectors") is False:
            raise W2VError(
                f"{path} has no word vectors: train it with --word-vectors, or --table documents"
            )
        return store.read_table(path, tensors, table)
    with open(path, "rb") as file:
        rows, dim = map(int, file.readline().split())
        names, matrix = (_read_binary if kind == BINARY else _read_text)(file, path, rows, dim)
    return Table.build(names, matrix)


def convert(source: str, target: str, table_name: str = "words") -> Table:
    """Read a vector file of any kind and write it in the format that the target's suffix names."""
    write = writer(target)
    table = load(source, table_name)
    if write:
        write(target, table)
    else:
        store.write(target, store.table_tensors(table_name, table), file_metadata())
    return table


def file_metadata() -> dict[str, str]:
    """What every container of ours says of itself."""
    return {"format": "w2v", "format_version": FORMAT_VERSION, "version": __version__}


def sniff(path: str) -> str:
    """`CONTAINER`, `TEXT` or `BINARY`, from the first bytes; W2VError where it is none of these."""
    with open(path, "rb") as file:
        start = file.read(_LONGEST_HEADER)
        for magic, meaning in _FOREIGN.items():
            if start.startswith(magic):
                raise W2VError(f"{path} is {meaning}")
        if start[8:9] == b"{":
            return CONTAINER
        line = start.partition(b"\n")[0]
        header = line.split()
        if len(header) != 2 or not all(field.isdigit() for field in header) or int(header[1]) == 0:
            raise W2VError(
                f"{path}: byte 0: expected our container or the first line of a word2vec file, "
                f"'ROWS DIM', found {start[:20]!r}"
            )
        rows, dim = map(int, header)
        _refuse_promises(file, path, rows, dim, least=2)
        file.seek(len(line) + 1)
        return BINARY if _is_binary(file, dim) else TEXT


def describe(path: str) -> dict[str, Any]:
    """What a vector file says of itself, in plain values."""
    kind = sniff(path)
    if kind != CONTAINER:
        table = load(path)
        return {"file": path, "format": kind, "tables": {"words": _shape(table.matrix)}}
    tensors, metadata = store.read(path)
    facts: dict[str, Any] = {"file": path, "format": kind}
    for name, value in metadata.items():
        if name not in ("format", "checksums"):
            facts[name] = _unfolded(value)
    tables = store.table_names(tensors)
    facts["tables"] = {name: _shape(tensors[f"{name}.matrix"]) for name in tables}
    facts["tensors"] = {name: list(array.shape) for name, array in tensors.items()}
    return facts


def _unfolded(value: str) -> Any:
    """A metadata value as what it stands for, if it is JSON that can be read."""
    try:
        return json.loads(value) if value.startswith(("{", "[")) else value
    except (ValueError, RecursionError):
        return value


def _shape(matrix: np.ndarray) -> dict[str, int]:
    return {"rows": matrix.shape[0], "dim": matrix.shape[1]}


def writer(path: str) -> Callable[[str, Table], None] | None:
    """The function that writes the format named by the suffix of `path`; None for our container."""
    suffix = ".txt" if path == "-" else os.path.splitext(path)[1].lower()
    writers = {".txt": write_text, ".vec": write_text, ".bin": write_binary, ".safetensors": None}
    if suffix not in writers:
        known = "  ".join(writers)
        raise W2VError(f"{path}: the suffix {suffix or '(none)'} names no format; known: {known}")
    return writers[suffix]


def write_text(path: str, table: Table) -> None:
    """Write word2vec text; every number is the shortest that reads back as the same float32."""
    _refuse_blanks(table)
    with store.replacing(path) as file:
        file.write(b"%d %d\n" % table.matrix.shape)
        for row, values in enumerate(table.matrix):
            numbers = values.astype("S16").tolist()  # twice as fast as str() of each
            file.write(table.name_bytes(row) + b" " + b" ".join(numbers) + b"\n")


def write_binary(path: str, table: Table) -> None:
    """Write word2vec binary as the C program does, with a line end after each row."""
    _refuse_blanks(table)
    with store.replacing(path) as file:
        file.write(b"%d %d\n" % table.matrix.shape)
        for row, values in enumerate(table.matrix.astype("<f4", copy=False)):
            file.write(table.name_bytes(row) + b" " + values.tobytes() + b"\n")


def _refuse_blanks(table: Table) -> None:
    """These formats end a name at the first blank or line end: refuse what could not be read."""
    for byte in b" \n":
        found = np.flatnonzero(table.text == byte)
        if found.size:
            row = int(np.searchsorted(table.offsets, found[0], "right")) - 1
            raise W2VError(
                f"row {row + 1}, {table.name(row)!r}: a name with a blank cannot be written in a "
                f"word2vec file; write a .safetensors file"
            )


def _is_binary(file: IO[bytes], dim: int) -> bool:
    """Whether the rows of a word2vec file, here at its first row, are binary."""
    row = file.readline(_LONGEST_NAME + 32 * dim)
    try:
        list(map(float, row.rsplit(None, dim)[1:]))
    except ValueError:
        return True
    return len(row.split()) < dim + 1


def _read_text(file: IO[bytes], path: str, rows: int, dim: int) -> tuple[list[str], np.ndarray]:
    matrix = _matrix(file, path, rows, dim, least=2 * dim + 1)
    names = []
    for row in range(rows):
        line = file.readline()
        name, *values = line.rstrip(b"\r\n ").rsplit(b" ", dim)
        if len(values) != dim:
            raise W2VError(
                f"{path}: row {row + 2}: "
                + (f"expected {dim} numbers, found {len(values)}" if line else "the file ends here")
                + f"; the header promises {rows:,} vectors of {dim} numbers"
            )
        try:
            matrix[row] = values
        except ValueError as error:
            raise W2VError(f"{path}: row {row + 2}: {error}") from None
        names.append(name.decode("utf-8", "surrogateescape"))
    return names, matrix


def _read_binary(file: IO[bytes], path: str, rows: int, dim: int) -> tuple[list[str], np.ndarray]:
    matrix = _matrix(file, path, rows, dim, least=4 * dim + 1)
    names, buffer, place = [], b"", 0
    for row in range(rows):
        while True:
            while buffer[place : place + 1] == b"\n":
                place += 1
            blank = buffer.find(b" ", place)
            if blank >= 0 and len(buffer) > blank + 4 * dim:
                break
            more = file.read(_BLOCK)
            if not more or len(buffer) - place > _LONGEST_NAME + 4 * dim:
                raise W2VError(
                    f"{path}: row {row + 1}, byte {file.tell() - len(buffer) + place:,}: the "
                    f"vector is cut short; the header promises {rows:,} vectors of {dim} numbers"
                )
            buffer, place = buffer[place:] + more, 0
        names.append(buffer[place:blank].decode("utf-8", "surrogateescape"))
        matrix[row] = np.frombuffer(buffer, "<f4", dim, blank + 1)
        place = blank + 1 + 4 * dim
    return names, matrix


def _matrix(file: IO[bytes], path: str, rows: int, dim: int, least: int) -> np.ndarray:
    """Room for all rows, if a file of this size can hold them at `least` bytes a row."""
    _refuse_promises(file, path, rows, dim, least)
    return np.empty((rows, dim), np.float32)


def _refuse_promises(file: IO[bytes], path: str, rows: int, dim: int, least: int) -> None:
    """W2VError where a file is too small for what its header says."""
    size = os.fstat(file.fileno()).st_size
    if rows * least > size or (rows and 2 * dim > size):
        raise W2VError(
            f"{path}: the header promises {rows:,} vectors of {dim} numbers, "
            f"but the file has only {size:,} bytes"
        )
