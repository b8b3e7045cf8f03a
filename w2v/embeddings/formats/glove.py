"""GloVe's text format, without a header: a name and the numbers of its vector on each line.

The length of the vectors is determined from the first rows, so that names may contain blanks. GloVe
can also write a header, which does not count the last row, <unk>. A file with a header is read as
word2vec text.
"""

from __future__ import annotations

from w2v.embeddings.formats import begins_as
from w2v.embeddings.formats.word2vec_text import read as read
from w2v.embeddings.source import HEAD, Layout, Source
from w2v.embeddings.table import Table
from w2v.embeddings.text_rows import (
    has_no_line_end,
    refuse_names_with,
    rows_without_header,
    usual_length,
    write_rows,
)
from w2v.errors import W2VError
from w2v.system import atomic_file
from w2v.system.text_file import MARK, mark_before

SUFFIXES = (".glove",)
KIND = "text without a header, as GloVe's"


def sniff(source: Source) -> Layout | None:
    """Accept a text if most of its first rows end with the same number of numbers, two or more."""
    head = source.head
    if has_no_line_end(source):
        return None
    dim = usual_length(rows_without_header(source)[1])
    mark = len(MARK) if head.startswith(MARK) else 0
    return Layout(KIND, dim=dim, header=mark) if dim >= 2 else None


def write(path: str, table: Table) -> None:
    """Write the rows; W2VError as in `check`."""
    check(path, table)
    with atomic_file.packed(path) as file:
        file.write(mark_before(table.name_bytes(0) if len(table) else b""))
        write_rows(file, table)


def check(path: str, table: Table) -> None:
    """Raise a W2VError if the file would be read with other names, or as another format."""
    refuse_names_with(b"\n", table)
    if table.dim < 2:
        raise W2VError(f"{path}: vectors of one number need a header: write .txt")
    if not len(table):
        return
    # With the shortest and the longest numbers, the head of the file has the maximum and minimum
    # number of rows.
    for digits in (b" 0.0", b" -1.2345678e-05"):
        head, row = mark_before(table.name_bytes(0)), 0
        while row < len(table) and len(head) < HEAD:
            head += table.name_bytes(row) + digits * table.dim + b"\n"
            row += 1
        if begins_as(path, head) != (KIND, table.dim):
            raise W2VError(
                f"{path}: without a header the first names, such as {table.name(0)!r}, could be "
                "mistaken for numbers or for another format: write .safetensors, or .txt (with "
                "--blank _ if names have blanks)"
            )
