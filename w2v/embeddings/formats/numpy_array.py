"""A NumPy array with a list of names beside it: x.npy and x.words, which has a name on each line.

The list can also be called x.txt, or be a vocabulary of word2vec.c: x.vocab, which has a name and a
count on each line. Arrays of Python objects are refused, because opening them would unpickle them.
"""

from __future__ import annotations

import io
import math
import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from tokenize import TokenError
from typing import IO, Literal

import numpy as np

from w2v.embeddings.mapped_files import map_file
from w2v.embeddings.source import Diagnostics, Layout, Source
from w2v.embeddings.table import Table
from w2v.embeddings.text_rows import all_are_rows, is_number
from w2v.errors import W2VError
from w2v.system import atomic_file, packing
from w2v.system.pipes import is_copied, name_of, open_seekable
from w2v.system.text_file import mark_before, read_bytes

SUFFIXES = (".npy",)
KIND = "NumPy array with a list of names"
MAGIC = b"\x93NUMPY"
_LISTS = (".words", ".vocab", ".txt")
# A header is a Python literal; NumPy raises these errors if it is damaged.
_DAMAGE = (ValueError, EOFError, SyntaxError, TypeError, OverflowError, RecursionError, TokenError)


def sniff(source: Source) -> Layout | None:
    """Accept a file with the first bytes of NumPy, unless it is a text of vectors."""
    return Layout(KIND) if source.head.startswith(MAGIC) and not all_are_rows(source) else None


def read(
    source: Source, layout: Layout, limit: int | None, findings: Diagnostics
) -> tuple[bytes, np.ndarray]:
    """The names, with a line end after each, and the matrix (N, D), float32 or float16.

    The matrix is mapped from the file, unless the file is compressed or the numbers are converted:
    float64 to float32, and numbers in another byte order.
    """
    path, name = source.path, source.name
    matrix = parse(b"".join(source.blocks()), name) if source.packed else _mapped(path)
    if matrix.ndim != 2 or matrix.dtype.kind != "f" or not matrix.shape[1]:
        advice = "write a row of numbers for each name"
        if matrix.ndim == 2 and matrix.shape[1]:
            advice = "convert it with array.astype('float32')"
        raise W2VError(
            f"{name}: expected an array of floats with two dimensions, found {matrix.dtype} "
            f"{matrix.shape}: {advice}"
        )
    names = _names(path)
    count = names.count(b"\n")
    if count != len(matrix):
        raise W2VError(f"{name} has {len(matrix):,} rows, but {_list_of(path)} has {count:,} names")
    if limit is not None and limit < count:
        names, matrix = b"\n".join([*names.split(b"\n", limit)[:limit], b""]), matrix[:limit]
    if matrix.dtype.itemsize > 4 or not matrix.dtype.isnative:
        with np.errstate(over="ignore"):  # Numbers too large for float32 become infinity.
            matrix = matrix.astype(np.float32)
    return names, matrix


def check(path: str, table: Table) -> None:
    """Raise a W2VError for names that could not be read back.

    The vectors are not examined, because names are also checked before training.
    """
    if (table.text == 10).any():
        raise W2VError("a name with a line end cannot be in a list of names; write .safetensors")
    if len(table) and all(table.name_bytes(row).endswith(b"\r") for row in range(len(table))):
        raise W2VError(
            "all names end with a carriage return, which would be read as part of Windows line "
            "ends; write .safetensors"
        )


def write(path: str, table: Table) -> None:
    """Write the array and the list of names beside it."""
    check(path, table)
    with ExitStack() as files:  # either both files are replaced or none
        with atomic_file.packed_within(files, name_files(path)[0]) as names:
            names.write(mark_before(table.name_bytes(0) if len(table) else b""))
            for row in range(len(table)):
                names.write(table.name_bytes(row) + b"\n")
        with atomic_file.packed_within(files, path) as packed:
            matrix = np.ascontiguousarray(table.matrix)
            np.lib.format.write_array(packed, matrix, allow_pickle=False)


def name_files(path: str) -> list[str]:
    """Paths at which the names of an array may be; `write` writes the first of them."""
    return [_stem(path) + suffix for suffix in _LISTS]


def _stem(path: str) -> str:
    """A path without its suffixes: .npy, and the suffix of a compression after it, such as .gz."""
    stem, suffix = os.path.splitext(packing.plain_name(path))
    return stem if suffix.lower() == ".npy" else packing.plain_name(path)


def _list_of(path: str) -> str:
    """The path of the list of names beside an array; W2VError without a list."""
    for name_file in name_files(path):
        if os.path.exists(name_file):
            return name_file
    owner = _stem(path).removesuffix(".vectors").removesuffix(".wv")
    if owner != _stem(path) and os.path.exists(owner):
        raise W2VError(
            f"{path} is a part of gensim's {owner}, which has the names: load that in gensim and "
            "export it with save_word2vec_format, or save_facebook_model for a FastText model"
        )
    if is_copied(path):
        raise W2VError(
            f"{name_of(path)} is a NumPy array, whose names are in a file beside it: give the path "
            "of the file, not a pipe"
        )
    several = ", ".join(name_files(path))
    raise W2VError(
        f"{path} is a NumPy array without names: found none of {several}: write one of these, with "
        "a name on each line, in the order of the rows"
    )


def _names(path: str) -> bytes:
    """The names of the array at `path`, with a line end after each."""
    name_file = _list_of(path)
    names = read_bytes(name_file)
    if names and not names.endswith(b"\n"):
        names += b"\n"
    if names.count(b"\r\n") == names.count(b"\n"):  # Windows line ends
        names = names.replace(b"\r\n", b"\n")
    if name_file.endswith(".vocab"):
        names = b"".join(_without_counts(names.split(b"\n")[:-1], name_file))
    return names


def _without_counts(lines: list[bytes], name_file: str) -> Iterator[bytes]:
    """The names in the lines of a vocabulary, with a line end after each."""
    for number, line in enumerate(lines, 1):
        name, blank, count = line.rpartition(b" ")
        if not blank or not is_number(count):
            raise W2VError(
                f"{name_file}: line {number}: expected a name, a blank and a count, found "
                f"{line[:40].decode(errors='backslashreplace')!r}: correct it, or write a list of "
                "names alone, .words"
            )
        yield name + b"\n"


def _mapped(path: str) -> np.ndarray:
    """Map the array of a file; W2VError if it is damaged or not the only array."""
    with open_seekable(path) as file, _reading(path):
        shape, columns_first, dtype = _header(file, path)
        order: Literal["F", "C"] = "F" if columns_first else "C"
        begin = file.tell()
        numbers = np.frombuffer(map_file(file, name_of(path)), dtype, math.prod(shape), begin)
        matrix = numbers.reshape(shape, order=order)
        more = os.fstat(file.fileno()).st_size - begin - matrix.nbytes
    if more:
        raise W2VError(
            f"{name_of(path)}: {more:,} bytes after the array of {matrix.dtype} {matrix.shape}: "
            "the file is damaged or holds several arrays: write a single array with numpy.save"
        )
    return matrix


def parse(data: bytes, path: str) -> np.ndarray:
    """The array in the bytes of a file.

    path  the path of the file, for messages

    NumPy's own reader is not used: it would allocate as much memory as a damaged header declares.
    """
    file = io.BytesIO(data)
    with _reading(path):
        shape, columns_first, dtype = _header(file, path)
        numbers = np.frombuffer(data, dtype, math.prod(shape), file.tell())
        return numbers.reshape(shape, order="F" if columns_first else "C")


def _header(file: IO[bytes], path: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    """The shape of an array, whether it is in Fortran (column-major) order, and its dtype.

    Raises W2VError for an array of Python objects.
    """
    read = np.lib.format
    version = read.read_magic(file)
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"unknown version {version[0]}.{version[1]} of the format")
    old = version == (1, 0)
    found = (read.read_array_header_1_0 if old else read.read_array_header_2_0)(file)
    if found[2].hasobject:
        raise W2VError(
            f"{name_of(path)}: an array of Python objects {found[0]} is a pickle, which can run "
            "code when it is opened: save numbers with numpy.save and array.astype('float32')"
        )
    return found


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Convert NumPy's errors to a W2VError of one line; hide warnings about Python 2 headers."""
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            yield
    except _DAMAGE as error:
        reason = str(error).partition("\n")[0][:100]
        raise W2VError(
            f"{name_of(path)}: the NumPy array is damaged or cut short ({reason}): download or "
            "write it again"
        ) from None
