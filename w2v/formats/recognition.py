"""What a vector file is, from its first bytes."""

from __future__ import annotations

from typing import NamedTuple

from w2v.errors import W2VError
from w2v.formats import arrays
from w2v.formats.source import Source

CONTAINER = "safetensors container"
TEXT, GLOVE = "word2vec text", "text without a header, as GloVe's"
BINARY = "word2vec binary"
ARRAY = "NumPy array with a list of names"
_PICKLE = (
    "a Python pickle, which can run code when opened: export it, in gensim by save_word2vec_format"
)
_FOREIGN = {
    b"\xba\x16\x4f\x2f": "a fastText .bin model: use the .vec file that came with it",
    b"\x80\x02": _PICKLE,
    b"\x80\x03": _PICKLE,
    b"\x80\x04": _PICKLE,
    b"\x80\x05": _PICKLE,
    b"PK\x03\x04": "a zip archive, as .npz and PyTorch's files are: unpack it",
    b"BZh": "packed by bzip2: unpack it with bunzip2",
    b"\xfd7zXZ\x00": "packed by xz: unpack it with unxz",
    b"\x89HDF": "an HDF5 file: export its vectors as text",
    b"SQLite": "an SQLite database, as Magnitude's: export its vectors as text",
}
_OF_TEXT = {*range(32, 127), *b"\t\r\n"}
_LONGEST_HEADER = 64  # bytes of the first line of a word2vec file
_MOST_NUMBERS = 1 << 24  # of a vector
_ROWS = 100  # from which the length of headerless vectors is seen


class Recognised(NamedTuple):
    """A kind of file; how many rows its header promises, of what length, and its bytes."""

    kind: str
    rows: int | None = None
    dim: int = 0
    header: int = 0


def recognise(source: Source) -> Recognised:
    """What a file is; W2VError says what it looks like where it is nothing that is known."""
    head, path = source.head, source.path
    for magic, meaning in _FOREIGN.items():
        if head.startswith(magic):
            raise W2VError(f"{path} is {meaning}")
    if head.startswith(arrays.MAGIC):
        return Recognised(ARRAY)
    if head[8:9] == b"{" and head[7:8] == b"\0":
        if source.packed:
            raise W2VError(f"{path} is our container, packed by gzip: unpack it with gunzip")
        return Recognised(CONTAINER)
    line = head[:_LONGEST_HEADER].partition(b"\n")[0]
    fields = line.rstrip(b"\r ").split(b" ")
    if len(fields) == 1:
        fields = line.split()
    if len(fields) == 2 and all(field.isdigit() for field in fields) and int(fields[1]):
        return _with_header(source, int(fields[0]), int(fields[1]), len(line) + 1)
    return Recognised(GLOVE, dim=_length_of_rows(source))


def _with_header(source: Source, rows: int, dim: int, begin: int) -> Recognised:
    """A word2vec file, by its first row; W2VError where its header promises too much."""
    if dim > _MOST_NUMBERS:
        raise W2VError(f"{source.path}: the header promises vectors of {dim:,} numbers")
    if not source.could_hold(rows, dim, least=2):
        raise W2VError(
            f"{source.path}: the header promises {rows:,} vectors of {dim} numbers, "
            f"but the file has only {source.size:,} bytes"
        )
    rest = source.head[begin:]
    numbers = rest.partition(b"\n")[0].rstrip(b"\r ").rsplit(b" ", dim)[1:]
    if len(numbers) == dim and all(map(_is_number, numbers)):
        return Recognised(TEXT, rows, dim, begin)
    blank = rest.find(b" ") + 1
    end = blank + 4 * dim  # of the first row, if it is binary
    binary = not set(rest[blank:end]) <= _OF_TEXT or rest[end : end + 1] == b"\n"
    return Recognised(BINARY if binary or end == len(rest) else TEXT, rows, dim, begin)


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _length_of_rows(source: Source) -> int:
    """How many numbers every row ends with: names may have blanks, and numbers in them."""
    lines = source.head.split(b"\n")
    lines = [line for line in lines[:-1] or lines if line.strip()][:_ROWS]
    lengths = [_numbers_at_end(line) for line in lines]
    shortest = min(lengths, default=0)
    if shortest < 2:
        line = lines[lengths.index(shortest)] if lines else b""
        raise W2VError(
            f"{source.path}: byte 0: expected our container, the first line of a word2vec file, "
            f"'ROWS DIM', or rows of a name and two numbers or more, found {line[:20]!r}"
        )
    return shortest


def _numbers_at_end(line: bytes) -> int:
    fields = line.rstrip(b"\r ").split(b" ")
    if len(fields) == 1:
        fields = line.split()
    return next(
        (n for n, field in enumerate(fields[:0:-1]) if not _is_number(field)), len(fields) - 1
    )
