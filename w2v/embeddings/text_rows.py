"""Recognises and writes the rows of vector files in text: a name and numbers on each line."""

from __future__ import annotations

from typing import IO, NamedTuple

import numpy as np

from w2v.embeddings.source import HEAD, Source
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system.text_file import MARK

ROWS = 100  # number of rows by which the length of the vectors is determined
_LONGEST_HEADER = 64  # maximum bytes of the first line of a word2vec file
_MOST_NUMBERS = 1 << 24  # maximum numbers in a vector


class Header(NamedTuple):
    """The first line of a word2vec file, "ROWS DIM".

    rows  the number of vectors
    dim   the length of a vector
    size  the number of bytes of the line, with its line end
    """

    rows: int
    dim: int
    size: int


def first_fields(source: Source) -> tuple[list[bytes], int]:
    """The fields of the first line, or of its first 64 bytes, and the length of the line."""
    line = source.head[:_LONGEST_HEADER].partition(b"\n")[0]
    fields = line.removeprefix(MARK).rstrip(b"\r ").split(b" ")
    return (fields if len(fields) > 1 else line.split()), len(line) + 1


def word2vec_header(source: Source) -> Header | None:
    """The header 'ROWS DIM', or None; W2VError if the file is too small for the declared rows."""
    fields, size = first_fields(source)
    if len(fields) != 2 or not all(map(bytes.isdigit, fields)) or not int(fields[1]):
        return None
    rows, dim = map(int, fields)
    if dim > _MOST_NUMBERS:
        raise W2VError(
            f"{source.name}: the header declares vectors of {dim:,} numbers, but at most "
            f"{_MOST_NUMBERS:,} can be read: the file is damaged, or not a vector file"
        )
    if not source.could_hold(rows, dim, least=2):
        raise W2VError(
            f"{source.name}: the header declares {rows:,} vectors of {dim} numbers, but the file "
            f"has only {source.size:,} bytes: download it again if it is cut short; or it is not a "
            "vector file"
        )
    return Header(rows, dim, size)


def rows_below(source: Source, header: Header) -> list[bytes]:
    """The first complete lines below a header, without empty lines; at most ROWS lines."""
    lines = source.head[header.size :].split(b"\n")[:-1]
    return [line for line in lines if line.strip()][:ROWS]


def rows_without_header(source: Source) -> tuple[list[tuple[int, bytes]], list[int]]:
    """The first lines of a file without a header, without empty lines; at most ROWS lines.

    Returns  pairs of line number, from 1, and line; and the number of numbers at the end of each of
             these lines
    """
    lines = source.head.split(b"\n")
    rows = [(n, line) for n, line in enumerate(lines[:-1] or lines, 1) if line.strip()][:ROWS]
    return rows, [numbers_at_end(line) for _, line in rows]


def has_no_line_end(source: Source) -> bool:
    """Whether the head of a file is a part of one line, so that it shows no row."""
    return len(source.head) == HEAD and b"\n" not in source.head


def usual_length(lengths: list[int]) -> int:
    """The most frequent length; the shortest of several; 0 if the list is empty."""
    return max(sorted(set(lengths)), key=lengths.count, default=0)


def all_are_rows(source: Source) -> bool:
    """Whether all lines in the head of a file end with the same number of numbers, two or more."""
    lines = source.head.split(b"\n")
    if len(source.head) == HEAD:
        lines.pop()  # The last line is incomplete: the file goes on.
    lengths = {numbers_at_end(line) for line in lines if line.strip()}
    return len(lengths) == 1 and min(lengths) >= 2


def numbers_at_end(line: bytes) -> int:
    """The number of numbers at the end of a line, without its first field."""
    fields = line.rstrip(b"\r ").split(b" ")
    if len(fields) == 1:
        fields = line.split()
    return next(
        (n for n, field in enumerate(fields[:0:-1]) if not is_number(field)), len(fields) - 1
    )


def is_number(field: bytes) -> bool:
    """Whether `float` accepts a field."""
    try:
        float(field)
    except ValueError:
        return False
    return True


def digits(table: Table, row: int) -> list[bytes]:
    """The numbers of a row in decimal, each with the fewest digits that give the same float32."""
    # This is twice as fast as str() of each number. The longest, in NumPy 1, has 19 characters:
    # -1000000000000000.0.
    numbers: list[bytes] = table.row(row).astype("S20").tolist()
    return numbers


def write_rows(file: IO[bytes], table: Table) -> None:
    """Write a line for each row: the name and the numbers, separated by blanks."""
    for row in range(len(table)):
        file.write(table.name_bytes(row) + b" " + b" ".join(digits(table, row)) + b"\n")


def refuse_names_with(ends: bytes, table: Table) -> None:
    """Raise a W2VError if a name contains a byte that would end the name when the file is read.

    ends  the bytes that end a name in the format
    """
    for byte in ends:
        places = np.flatnonzero(table.text == byte)
        if places.size:
            row = int(np.searchsorted(table.offsets, places[0], "right")) - 1
            what = {10: "a line end", 32: "a blank"}.get(byte, repr(chr(byte)))
            blanks = ", .glove or .npy, or replace the blanks: --blank _"
            raise W2VError(
                f"row {row + 1}, {table.name(row)!r}: a name with {what} cannot be written in this "
                f"format; write .safetensors{blanks if byte == 32 else ''}"
            )
