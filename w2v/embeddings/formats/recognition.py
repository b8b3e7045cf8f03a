"""What a vector file is, from its first bytes."""

from __future__ import annotations

import io
from typing import NamedTuple

from w2v.embeddings.formats import numpy_array, projector
from w2v.embeddings.formats.source import HEAD, Source
from w2v.errors import W2VError
from w2v.system.text_file import MARK

CONTAINER = "safetensors container"
TEXT, GLOVE = "word2vec text", "text without a header, as GloVe's"
BINARY = "word2vec binary"
ARRAY = "NumPy array with a list of names"
NUMBERS = "text of numbers alone with a list of names"
_PICKLE = (
    "a Python pickle, which can run code when opened: export it, in gensim by save_word2vec_format"
)
_FASTTEXT = (
    "a fastText .bin model: use the .vec file beside it, or make one, in gensim by "
    "load_facebook_vectors and save_word2vec_format"
)
_FOREIGN = {
    b"\xba\x16\x4f\x2f": _FASTTEXT,
    b"\x80\x02": _PICKLE,
    b"\x80\x03": _PICKLE,
    b"\x80\x04": _PICKLE,
    b"\x80\x05": _PICKLE,
    b"PK\x03\x04": "a zip archive, as .npz and PyTorch's files are: unpack it",
    b"\x28\xb5\x2f\xfd": "packed by zstd: unpack it with unzstd",
    b"\x89HDF": "an HDF5 file: export its vectors as text",
    b"SQLite format 3\0": "an SQLite database, as Magnitude's: export its vectors as text",
}
_PAGE = "a page of HTML, perhaps an error of the server that it was fetched from: get it anew"
_UTF16 = "text in UTF-16: iconv -f UTF-16 -t UTF-8 makes it readable"
_NOROWS = {  # what may also begin a text of rows, and is named where it does not
    b"ccopy_reg\n": _PICKLE,
    b"version https://git-lfs": "a pointer of Git LFS to the file that is wanted: git lfs pull",
    b"<!DOCTYPE": _PAGE,
    b"<!doctype": _PAGE,
    b"<html": _PAGE,
    b"{": "JSON: write its vectors as text, a row of a name and numbers for each",
    b"\xff\xfe": _UTF16,
    b"\xfe\xff": _UTF16,
}
_TAR = slice(257, 262)
_OF_TEXT = {*range(32, 127), *b"\t\r\n"}
_LONGEST_HEADER = 64  # bytes of the first line of a word2vec file
_MOST_NUMBERS = 1 << 24  # of a vector
ROWS = 100  # from which the length of headerless vectors is seen


class Recognised(NamedTuple):
    """A kind of file; how many rows its header promises, of what length, and its bytes.

    wrong  what is not as the header says
    """

    kind: str
    rows: int | None = None
    dim: int = 0
    header: int = 0
    wrong: str = ""


def recognise(source: Source) -> Recognised:
    """What a file is; W2VError says what it looks like where it is nothing that is known."""
    head, path = source.head, source.name
    if not head:
        raise W2VError(f"{path} is empty: get it, or write it, anew")
    if (found := _binary(head)) and not _all_are_rows(source):
        if found == ARRAY:
            return Recognised(ARRAY)
        raise W2VError(f"{path} is {found}")
    if head[8:9] == b"{" and head[7:8] == b"\0":
        if source.packed:
            raise W2VError(f"{path} is our container, packed by {source.packed}: unpack it")
        return Recognised(CONTAINER)
    line = head[:_LONGEST_HEADER].partition(b"\n")[0]
    fields = line.removeprefix(MARK).rstrip(b"\r ").split(b" ")
    if len(fields) == 1:
        fields = line.split()
    if len(fields) == 2 and all(field.isdigit() for field in fields) and int(fields[1]):
        return _with_header(source, int(fields[0]), int(fields[1]), len(line) + 1)
    if _is_floret(fields):
        raise W2VError(f"{path} is a floret file, which has vectors of parts of words, no words")
    mark = len(MARK) if head.startswith(MARK) else 0
    if dim := _numbers_alone(source):
        return Recognised(NUMBERS, dim=dim, header=mark)
    return Recognised(GLOVE, dim=_length_of_rows(source), header=mark)


def begins_as(path: str, head: bytes) -> tuple[str, int]:
    """The kind of a file that begins so, "" where it is none, and the length of its vectors.

    head  the first HEAD bytes, or all
    """
    source = Source(path, io.BytesIO(head))
    source.size = None  # more is to come
    try:
        found = recognise(source)
    except W2VError:
        return "", 0
    return found.kind, found.dim


def _binary(head: bytes) -> str:
    """What a file is by its first bytes, with which the first name of a text may begin as well."""
    if head.startswith(numpy_array.MAGIC):
        return ARRAY
    if head[_TAR] == b"ustar" and b"\0" in head[: _TAR.start]:
        return "a tar archive: unpack it with tar"
    return next((meaning for magic, meaning in _FOREIGN.items() if head.startswith(magic)), "")


def _all_are_rows(source: Source) -> bool:
    """Whether a file is a text whose rows all end with as many numbers, two or more."""
    lines = source.head.split(b"\n")
    if len(source.head) == HEAD:
        lines.pop()  # it goes on behind the head
    lengths = {_numbers_at_end(line) for line in lines if line.strip()}
    return len(lengths) == 1 and min(lengths) >= 2


def _numbers_alone(source: Source) -> int:
    """How many numbers each row has, where rows of a text without a header have nothing else.

    Whole numbers that are all different, before numbers that are not whole, are taken for names,
    as of the nodes of a graph, unless there is a list of names beside the file.
    """
    lines = source.head.removeprefix(MARK).split(b"\n")
    lines = lines[:-1] or lines if len(source.head) == HEAD else lines
    rows = [line.split() for line in lines if not line.startswith(b"#")]  # as numpy.savetxt's
    rows = [row for row in rows if row][:ROWS]
    if len({len(row) for row in rows}) != 1 or not all(all(map(is_number, row)) for row in rows):
        return 0
    firsts = {row[0] for row in rows if row[0].isdigit()}
    whole = all(field.lstrip(b"-").isdigit() for row in rows for field in row[1:])
    if len(firsts) == len(rows) and not whole and not projector.list_of(source.path):
        return 0
    return len(rows[0])


def _is_floret(fields: list[bytes]) -> bool:
    """Whether this is a header: buckets, dim, shortest, longest, hashes, seed, two marks."""
    marks = fields[6:]
    return (
        all(map(bytes.isdigit, fields[:6])) and len(marks) == 2 and not any(map(is_number, marks))
    )


def _with_header(source: Source, rows: int, dim: int, begin: int) -> Recognised:
    """A word2vec file, by its first row; W2VError where its header promises too much."""
    if dim > _MOST_NUMBERS:
        raise W2VError(f"{source.name}: the header promises vectors of {dim:,} numbers")
    if not source.could_hold(rows, dim, least=2):
        raise W2VError(
            f"{source.name}: the header promises {rows:,} vectors of {dim} numbers, "
            f"but the file has only {source.size:,} bytes: it is cut short, or no vector file"
        )
    rest = source.head[begin:].lstrip(b"\n")
    first = next((line for line in rest.split(b"\n") if line.strip()), b"")
    numbers = first.rstrip(b"\r ").rsplit(b" ", dim)[1:]
    if len(numbers) == dim and all(map(is_number, numbers)):
        return _of_text(source, Recognised(TEXT, rows, dim, begin))
    blank = rest.find(b" ") + 1
    end = blank + 4 * dim  # of the first row, if it is binary
    binary = not set(rest[blank:end]) <= _OF_TEXT or rest[end : end + 1] == b"\n"
    if binary or end == len(rest):
        return Recognised(BINARY, rows, dim, begin)
    return _of_text(source, Recognised(TEXT, rows, dim, begin))


def _of_text(source: Source, promised: Recognised) -> Recognised:
    """A word2vec text; with the length of its rows where all have the same, which is another.

    Rows without names have as many numbers as the header says, and nothing before them.
    """
    lines = [line for line in source.head[promised.header :].split(b"\n")[:-1] if line.strip()]
    rows = [line.rstrip(b"\r ").split(b" ") for line in lines[:ROWS]]
    rows = [row if len(row) > 1 else row[0].split() for row in rows]
    if rows and all(len(row) == promised.dim and all(map(is_number, row)) for row in rows):
        return promised._replace(kind=NUMBERS)
    lengths = {_numbers_at_end(line) for line in lines[:ROWS]}
    lengths |= {len(line.split()) - 1 for line in lines[:ROWS]}
    if len(lengths) != 1 or promised.dim in lengths or not (dim := lengths.pop()):
        return promised
    wrong = f"the header promises vectors of {promised.dim} numbers, but rows have {dim}"
    return promised._replace(dim=dim, wrong=wrong)


def _usual(lengths: list[int]) -> int:
    """The most frequent length, the shortest among equals."""
    return max(sorted(set(lengths)), key=lengths.count)


def is_number(field: bytes) -> bool:
    """Whether these digits are read as one."""
    try:
        float(field)
    except ValueError:
        return False
    return True


def _length_of_rows(source: Source) -> int:
    """How many numbers rows end with: names may have blanks, and numbers in them."""
    head, path = source.head, source.name
    lines = head.split(b"\n")
    if len(lines) == 1 and len(head) == HEAD:
        raise W2VError(f"{path}: row 1: no line end in {HEAD:,} bytes, and no header 'ROWS DIM'")
    rows = [(n, line) for n, line in enumerate(lines[:-1] or lines, 1) if line.strip()][:ROWS]
    lengths = [_numbers_at_end(line) for _, line in rows]
    length = _usual(lengths) if lengths else 0
    if length >= 2:
        return length
    for magic, meaning in _NOROWS.items():
        if head.removeprefix(MARK).startswith(magic):
            raise W2VError(f"{path} is {meaning}")
    number, line = rows[lengths.index(length)] if rows else (1, lines[0])
    raise W2VError(
        f"{path}: row {number}: expected a name and two numbers or more, with blanks between, or "
        f"first a word2vec header, 'ROWS DIM'; found {line[:20]!r}: this is no vector file"
    )


def _numbers_at_end(line: bytes) -> int:
    """How many numbers a line ends with, after its first field."""
    fields = line.rstrip(b"\r ").split(b" ")
    if len(fields) == 1:
        fields = line.split()
    return next(
        (n for n, field in enumerate(fields[:0:-1]) if not is_number(field)), len(fields) - 1
    )
