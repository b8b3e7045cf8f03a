"""Rows of text, a name and numbers each: seen in a file's first bytes, and written."""

from __future__ import annotations

from typing import IO, NamedTuple

import numpy as np

from w2v.embeddings.source import HEAD, Source
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system.text_file import MARK

ROWS = 100  # from which the length of vectors is seen
_LONGEST_HEADER = 64  # bytes of the first line of a word2vec file
_MOST_NUMBERS = 1 << 24  # of a vector


class Header(NamedTuple):
    """The first line of a word2vec file: how many rows, of how many numbers, and its bytes."""

    rows: int
    dim: int
    size: int


def first_fields(source: Source) -> tuple[list[bytes], int]:
    """The fields of the first line, as far as it may be a header, and the bytes of this line."""
    line = source.head[:_LONGEST_HEADER].partition(b"\n")[0]
    fields = line.removeprefix(MARK).rstrip(b"\r ").split(b" ")
    return (fields if len(fields) > 1 else line.split()), len(line) + 1


def word2vec_header(source: Source) -> Header | None:
    """The header 'ROWS DIM', if the file has one; W2VError where it promises too much."""
    fields, size = first_fields(source)
    if len(fields) != 2 or not all(map(bytes.isdigit, fields)) or not int(fields[1]):
        return None
    rows, dim = map(int, fields)
    if dim > _MOST_NUMBERS:
        raise W2VError(f"{source.name}: the header promises vectors of {dim:,} numbers")
    if not source.could_hold(rows, dim, least=2):
        raise W2VError(
            f"{source.name}: the header promises {rows:,} vectors of {dim} numbers, "
            f"but the file has only {source.size:,} bytes: it is cut short, or no vector file"
        )
    return Header(rows, dim, size)


def rows_below(source: Source, header: Header) -> list[bytes]:
    """The first lines below a header that are not empty, as far as they are whole."""
    lines = source.head[header.size :].split(b"\n")[:-1]
    return [line for line in lines if line.strip()][:ROWS]


def rows_without_header(source: Source) -> tuple[list[tuple[int, bytes]], list[int]]:
    """The first lines with their numbers, from 1, and how many numbers each ends with."""
    lines = source.head.split(b"\n")
    rows = [(n, line) for n, line in enumerate(lines[:-1] or lines, 1) if line.strip()][:ROWS]
    return rows, [numbers_at_end(line) for _, line in rows]


def usual_length(lengths: list[int]) -> int:
    """The most frequent length, the shortest among equals; 0 where there are none."""
    return max(sorted(set(lengths)), key=lengths.count, default=0)


def all_are_rows(source: Source) -> bool:
    """Whether a file is a text whose rows all end with as many numbers, two or more."""
    lines = source.head.split(b"\n")
    if len(source.head) == HEAD:
        lines.pop()  # it goes on behind the head
    lengths = {numbers_at_end(line) for line in lines if line.strip()}
    return len(lengths) == 1 and min(lengths) >= 2


def numbers_at_end(line: bytes) -> int:
    """How many numbers a line ends with, after its first field."""
    fields = line.rstrip(b"\r ").split(b" ")
    if len(fields) == 1:
        fields = line.split()
    return next(
        (n for n, field in enumerate(fields[:0:-1]) if not is_number(field)), len(fields) - 1
    )


def is_number(field: bytes) -> bool:
    """Whether these digits are read as one."""
    try:
        float(field)
    except ValueError:
        return False
    return True


def digits(table: Table, row: int) -> list[bytes]:
    """The vector of a row in digits; each is the shortest that reads back as the same float32."""
    # Twice as fast as str() of each. The longest, of NumPy 1, is -1000000000000000.0.
    found: list[bytes] = table.row(row).astype("S20").tolist()
    return found


def write_rows(file: IO[bytes], table: Table) -> None:
    """Write a line for each row: the name and the numbers, with blanks between."""
    for row in range(len(table)):
        file.write(table.name_bytes(row) + b" " + b" ".join(digits(table, row)) + b"\n")


def refuse_names_with(ends: bytes, table: Table) -> None:
    """W2VError for a name with one of the bytes at which a reader takes names to end."""
    for byte in ends:
        found = np.flatnonzero(table.text == byte)
        if found.size:
            row = int(np.searchsorted(table.offsets, found[0], "right")) - 1
            what = {10: "a line end", 32: "a blank"}.get(byte, repr(chr(byte)))
            blanks = ", .glove or .npy, or name what is to stand for blanks: --blank _"
            raise W2VError(
                f"row {row + 1}, {table.name(row)!r}: a name with {what} cannot be written in this "
                f"format; write .safetensors{blanks if byte == 32 else ''}"
            )
