"""The two files of TensorFlow's Embedding Projector: vectors without names, and the names.

x.tsv           the numbers of a vector on each line, separated by tabs
x.metadata.tsv  a name on each line; a file with several columns begins with a line of titles

Files of numpy.savetxt, and other texts of numbers without names, are read in the same way.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from itertools import chain

import numpy as np

from w2v.embeddings.growing_table import GrowingTable
from w2v.embeddings.source import HEAD, Diagnostics, Layout, Source
from w2v.embeddings.table import Table
from w2v.embeddings.text_rows import (
    ROWS,
    digits,
    has_no_line_end,
    is_number,
    rows_below,
    word2vec_header,
)
from w2v.errors import W2VError
from w2v.system import atomic_file, packing
from w2v.system.pipes import is_copied
from w2v.system.progress import plural
from w2v.system.text_file import MARK, mark_before, read_bytes

SUFFIXES = (".tsv",)
PACKED = False
KIND = "text of numbers alone with a list of names"
# The Projector drops lines that are empty after JavaScript's trim, which removes these characters.
_BLANKS = (
    "\t\n\v\f\r \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_WORDS = ".words"
_COLUMNS = (b"word", b"name", b"label", b"token", b"id")  # titles of the column with the names


def name_files(path: str) -> list[str]:
    """Paths at which the names for a file of numbers may be; `write` writes the first of them."""
    stem = _stem(path)
    paths = [stem + ".metadata.tsv", stem + _WORDS]
    folder, name = os.path.split(stem)
    if name == "vectors":  # TensorFlow's tutorials write vectors.tsv and metadata.tsv.
        paths.append(os.path.join(folder, "metadata.tsv"))
    if name.endswith("_tensor"):  # gensim's word2vec2tensor writes x_tensor.tsv, x_metadata.tsv.
        paths.append(stem.removesuffix("tensor") + "metadata.tsv")
    return paths


def _name_file(path: str) -> str | None:
    """The path of the list of names beside a file of numbers; None without a list."""
    return next((names for names in name_files(path) if os.path.exists(names)), None)


def _stem(path: str) -> str:
    """A path without its suffix and the suffix of a compression."""
    return os.path.splitext(packing.plain_name(path))[0]


def sniff(source: Source) -> Layout | None:
    """Accept a text whose first rows consist of numbers alone, with or without a word2vec header.

    In a file without a header, the first column may hold names that are numbers, such as the nodes
    of a graph. If all of these conditions hold, this is assumed, and the file is not accepted:
    - There is no list of names beside the file.
    - The first column has whole numbers that all differ.
    - The other columns have numbers that are not whole.
    """
    if header := word2vec_header(source):
        rows = [line.rstrip(b"\r ").split(b" ") for line in rows_below(source, header)]
        rows = [row if len(row) > 1 else row[0].split() for row in rows]
        alone = rows and _are_numbers(rows, header.dim)
        return Layout(KIND, *header) if alone else None
    if has_no_line_end(source):
        return None
    lines = source.head.removeprefix(MARK).split(b"\n")
    lines = lines[:-1] or lines if len(source.head) == HEAD else lines
    rows = [
        line.split() for line in lines if not line.startswith(b"#")
    ]  # numpy.savetxt's comments begin with #
    rows = [row for row in rows if row][:ROWS]
    if not rows or not _are_numbers(rows, len(rows[0])):
        return None
    firsts = {row[0] for row in rows if row[0].isdigit()}
    whole = all(field.lstrip(b"-").isdigit() for row in rows for field in row[1:])
    if len(firsts) == len(rows) and not whole and not _name_file(source.path):
        return None
    mark = len(MARK) if source.head.startswith(MARK) else 0
    return Layout(KIND, dim=len(rows[0]), header=mark)


def _are_numbers(rows: list[list[bytes]], dim: int) -> bool:
    """Whether each row consists of `dim` numbers."""
    return all(len(row) == dim and all(map(is_number, row)) for row in rows)


def read(
    source: Source, layout: Layout, limit: int | None, findings: Diagnostics
) -> tuple[list[bytes], np.ndarray]:
    """Names and vectors (N, D) of a text of numbers; the caller has skipped a header.

    Raises W2VError if there is no list with a name for each row, or if a line does not have D
    numbers.
    """
    beside = _name_file(source.path)
    if beside is None:
        if is_copied(source.path):
            instead = "the names are in a file beside it: give the path of the file, not a pipe"
        else:
            written = name_files(source.path)[0]
            instead = f"write the names to {written}, one a line, in the same order"
        raise W2VError(
            f"{source.name} has rows of {plural(layout.dim, 'number')} without names: {instead}"
        )
    matrix = _matrix(source, layout.dim)
    names = _names(beside, source.name, len(matrix))
    return (names, matrix) if limit is None else (names[:limit], matrix[:limit])


def _matrix(source: Source, dim: int) -> np.ndarray:
    """The vectors (N, D) of a text of numbers; W2VError if a line does not have D numbers."""
    rows, rest = GrowingTable(source, None, dim, 2 * dim), b""
    number = source.head.count(b"\n", 0, source.begin)  # line number
    for block in chain(source.blocks(), [b"\n"]):
        *lines, rest = (rest + block).split(b"\n")
        for number, line in enumerate(lines, number + 1):  # noqa: B020 - counts on
            fields = line.split()
            if not fields or line.startswith(b"#"):
                continue
            try:
                if len(fields) != dim:
                    raise ValueError
                with np.errstate(over="ignore"):  # Numbers too large for float32 become infinity.
                    rows.allocate(1)[0] = fields
            except ValueError:
                raise W2VError(
                    f"{source.name}: line {number}: expected {dim:,} numbers, found "
                    f"{line[:20].decode(errors='backslashreplace')!r}"
                ) from None
            rows.names.append(b"")
    return rows.finished()[1]


def _names(path: str, numbers_in: str, count: int) -> list[bytes]:
    """The names in a list; W2VError if the list does not have a name for each row.

    path        the path of the list
    numbers_in  the path of the file of numbers, for messages
    count       the number of rows

    Several readings are tried until the number of names is that of the rows: with and without a
    line of titles, and with lines of blanks as names or skipped, as in the Projector. A list of
    several columns should have a line of titles, a list of one column none.
    """
    lines = read_bytes(path).split(b"\n")
    if not lines[-1]:
        lines.pop()
    lines = [line.removesuffix(b"\r") for line in lines]
    if path.endswith(_WORDS):
        columns, readings = False, [(0, lines)]
    else:
        not_blank = [line for line in lines if not _is_blank(line)]
        columns = bool(not_blank) and b"\t" in not_blank[0]
        no_heading, heading_first = [(0, lines), (0, not_blank)], [(1, lines), (1, not_blank)]
        readings = [*heading_first, *no_heading] if columns else [*no_heading, *heading_first]
    for heading, kept in readings:
        if len(kept) == heading + count:
            return _column(kept, heading) if columns else kept[heading:]
    raise W2VError(
        f"{numbers_in} has {count:,} rows, but {path} has {len(readings[-1][1]):,} lines"
    )


def _column(lines: list[bytes], heading: int) -> list[bytes]:
    """The names in the column whose title is one of _COLUMNS, else in the first column."""
    titles = lines[0].lower().split(b"\t") if heading else []
    column = next((titles.index(title) for title in _COLUMNS if title in titles), 0)
    return [(line.split(b"\t") + [b""] * column)[column] for line in lines[heading:]]


def _is_blank(name: bytes) -> bool:
    """Whether the Projector would drop the line of a name."""
    return not name.decode("utf-8", "surrogateescape").strip(_BLANKS)


def write(path: str, table: Table) -> None:
    """Write the file of numbers and the file of names.

    If counts are known, the second file has two columns, word and count, and a line of titles.
    Tabs and line ends in names are replaced by blanks, because they separate fields. A name of
    blanks only is written as code points, such as U+3000. Otherwise the Projector would drop the
    line, and all later names would be moved by a row.
    """
    with ExitStack() as files:  # either both files are replaced or none
        with atomic_file.packed_within(files, name_files(path)[0]) as names:
            if table.counts is not None:
                names.write(b"word\tcount\n")
            elif len(table):
                names.write(mark_before(_shown(table.name_bytes(0))))
            for row in range(len(table)):
                name = _shown(table.name_bytes(row))
                count = b"" if table.counts is None else b"\t%d" % table.counts[row]
                names.write(name + count + b"\n")
        with atomic_file.packed_within(files, path) as file:
            for row in range(len(table)):
                file.write(b"\t".join(digits(table, row)) + b"\n")


def _shown(name: bytes) -> bytes:
    """The form of a name in the file of names, see `write`."""
    if _is_blank(name):
        points = [f"U+{ord(letter):04X}" for letter in name.decode()]
        return " ".join(points).encode() or b"(empty)"
    return name.replace(b"\t", b" ").replace(b"\r", b" ").replace(b"\n", b" ")
