"""word2vec's binary format: a line "V D", then V rows: a name, a blank, D little-endian float32.

word2vec.c writes a line end after each row; gensim does not.
"""

from __future__ import annotations

import numpy as np

from w2v.embeddings.formats import begins_as
from w2v.embeddings.growing_table import GrowingTable
from w2v.embeddings.source import HEAD, Diagnostics, Layout, Source
from w2v.embeddings.table import Table
from w2v.embeddings.text_rows import is_number, refuse_names_with, word2vec_header
from w2v.errors import W2VError
from w2v.system import atomic_file

SUFFIXES = (".bin",)
SUBWORDS = True
KIND = "word2vec binary"
_LONGEST_NAME = 1 << 20  # maximum bytes of a name
_OF_TEXT = {*range(32, 127), *b"\t\r\n"}  # printable ASCII and whitespace


def sniff(source: Source) -> Layout | None:
    """Accept a file with a header, if its first row has a vector in 4 D bytes, not in decimal."""
    header = word2vec_header(source)
    if header is None:
        return None
    rest = source.head[header.size :].lstrip(b"\n")
    first = next((line for line in rest.split(b"\n") if line.strip()), b"")
    numbers = first.rstrip(b"\r ").rsplit(b" ", header.dim)[1:]
    if len(numbers) == header.dim and all(map(is_number, numbers)):
        return None
    blank = rest.find(b" ") + 1
    end = blank + 4 * header.dim  # of the first row, if it is binary
    binary = not set(rest[blank:end]) <= _OF_TEXT or rest[end : end + 1] == b"\n"
    return Layout(KIND, *header) if binary or end == len(rest) else None


def read(
    source: Source, layout: Layout, limit: int | None, findings: Diagnostics
) -> tuple[list[bytes], np.ndarray]:
    """Names and vectors (N, D); the caller has skipped the header."""
    assert layout.rows is not None
    declared, dim = layout.rows, layout.dim
    rows, blocks = GrowingTable(source, declared, dim, 4 * dim + 1), source.blocks()
    wide, wanted = 4 * dim, declared if limit is None else min(limit, declared)
    buffer, passed = b"", source.begin
    lines = False  # whether a line end follows each row
    while len(rows.names) < wanted:
        names, starts, place = _cut(buffer, wide, wanted - len(rows.names))
        if names:
            every = np.lib.stride_tricks.sliding_window_view(np.frombuffer(buffer, np.uint8), wide)
            rows.allocate(len(names))[: len(names)] = every[starts].view("<f4")
            lines = lines or (not rows.names and _after(buffer, starts[0] + wide) == b"\n")
            if lines and (at := _not_ended(buffer, starts, wide)) is not None:
                whole, end = len(rows.names) + at, starts[at] + wide
                findings.error(
                    f"row {whole + 1}, byte {passed + end:,}: expected a line end after the "
                    f"vector, as in row 1, found {_after(buffer, end)!r}: bytes before it are "
                    "missing or there are too many",
                    f"{whole:,} vectors are read",
                )
                rows.names += names[:at]
                return rows.finished()
            rows.names += names
        buffer, passed = buffer[place:], passed + place
        if len(rows.names) == wanted:
            break
        more = next(blocks, b"")
        if not more or len(buffer) > _LONGEST_NAME + wide:
            findings.error(
                f"row {len(rows.names) + 1}, byte {passed:,}: the vector is cut short; the header "
                f"declares {declared:,} vectors of {dim} numbers",
                f"{len(rows.names):,} vectors are read",
                cut=not more,
            )
            return rows.finished()
        buffer += more
    rest = b"" if limit is not None else buffer.strip(b"\n") or next(blocks, b"").strip(b"\n")
    if rest:
        findings.error(
            f"byte {passed:,}: {rest[:10]!r} follows {declared:,} rows, as many as the header "
            "declares",
            "the bytes after these rows are left out",
        )
    return rows.finished()


def _after(buffer: bytes, end: int) -> bytes:
    """The byte that follows a vector."""
    return buffer[end : end + 1]


def _not_ended(buffer: bytes, starts: list[int], wide: int) -> int | None:
    """The number of the first row in the buffer that no line end follows, or None."""
    ends = np.array(starts) + wide
    after = np.frombuffer(buffer, np.uint8)[ends[ends < len(buffer)]]
    return next(iter(np.flatnonzero(after != 10).tolist()), None)


def check(path: str, table: Table) -> None:
    """Raise a W2VError for names that could not be read back. Vectors may still be unknown."""
    refuse_names_with(b" \n", table)


def write(path: str, table: Table) -> None:
    """Write the format of word2vec.c, with a line end after each row.

    A table with subwords is written as a fastText model, which has the same suffix and keeps them.
    """
    if table.subwords is not None:
        from w2v.embeddings import fasttext_export  # imported only if it is needed

        fasttext_export.write(path, table)
    else:
        _write(path, table)


def write_from(path: str, table: Table, source: str) -> None:
    """As `write`; a fastText model takes its settings and output vectors from the file `source`.

    The table of a classifier of fastText is also written as a model, with the labels.
    """
    from w2v.embeddings import fasttext_export  # imported only if it is needed

    if fasttext_export.keeps_model(source, table):
        fasttext_export.write(path, table, fasttext_export.facts_of(source, table))
    else:
        _write(path, table)


def _write(path: str, table: Table) -> None:
    """Write the format of word2vec.c."""
    check(path, table)
    head = b"%d %d\n" % (len(table), table.dim)
    rows = (_written(table, row) for row in range(len(table)))
    for row in rows:
        head += row
        if len(head) >= HEAD:
            break
    if len(table) and begins_as(path, head) != (KIND, table.dim):
        raise W2VError(
            f"{path}: the bytes of the first vectors could be mistaken for text when the file is "
            "read: write .safetensors"
        )
    with atomic_file.packed(path) as file:
        file.write(head)
        file.writelines(rows)


def _written(table: Table, row: int) -> bytes:
    """The bytes of a row in the file."""
    return table.name_bytes(row) + b" " + table.row(row).astype("<f4").tobytes() + b"\n"


def _cut(buffer: bytes, wide: int, most: int) -> tuple[list[bytes], list[int], int]:
    """Find the complete rows in a buffer.

    wide     number of bytes of a vector
    most     maximum number of rows to find
    Returns  the names, the offsets at which the vectors begin, and the offset of the first byte
             after these rows
    """
    names: list[bytes] = []
    starts: list[int] = []
    place, size = 0, len(buffer)
    while len(names) < most:
        while buffer[place : place + 1] == b"\n":
            place += 1
        blank = buffer.find(b" ", place, place + _LONGEST_NAME)
        if blank < 0 or blank + wide >= size:
            break
        names.append(buffer[place:blank])
        starts.append(blank + 1)
        place = blank + 1 + wide
    return names, starts, place
