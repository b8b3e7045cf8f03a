"""A NumPy array, and a list of names beside it: x.npy with x.words, a name on a line.

word2vec's vocabulary, names with counts, is such a list too: x.vocab. No array is unpickled.
"""

from __future__ import annotations

import io
import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from tokenize import TokenError
from typing import IO, Literal

import numpy as np

from w2v.embeddings.source import Diagnostics, Layout, Source
from w2v.embeddings.table import Table
from w2v.embeddings.text_rows import all_are_rows
from w2v.errors import W2VError
from w2v.system import atomic_file, packing
from w2v.system.pipes import is_copied, name_of, open_seekable
from w2v.system.text_file import mark_before, read_bytes

SUFFIXES = (".npy",)
KIND = "NumPy array with a list of names"
MAGIC = b"\x93NUMPY"
_LISTS = (".words", ".vocab", ".txt")
# What NumPy's reader of headers, which are Python literals, raises for odd ones.
_DAMAGE = (ValueError, EOFError, SyntaxError, TypeError, OverflowError, RecursionError, TokenError)


def sniff(source: Source) -> Layout | None:
    """NumPy's first bytes, unless they are the first name of a text."""
    return Layout(KIND) if source.head.startswith(MAGIC) and not all_are_rows(source) else None


def read(
    source: Source, layout: Layout, limit: int | None, findings: Diagnostics
) -> tuple[bytes, np.ndarray]:
    """Names, with a line end after each, and the matrix (N, D), mapped if it is not packed."""
    path, name = source.path, source.name
    matrix = parse(b"".join(source.blocks()), name) if source.packed else _mapped(path)
    if matrix.ndim != 2 or matrix.dtype.kind != "f" or not matrix.shape[1]:
        raise W2VError(
            f"{name}: an array of {matrix.dtype} {matrix.shape}: expected rows of float numbers, "
            "as array.astype('float32') gives"
        )
    names = _names(path)
    count = names.count(b"\n")
    if count != len(matrix):
        raise W2VError(f"{name} has {len(matrix):,} rows, and {_list_of(path)} {count:,} names")
    if limit is not None and limit < count:
        names, matrix = b"\n".join([*names.split(b"\n", limit)[:limit], b""]), matrix[:limit]
    if matrix.dtype.itemsize > 4 or not matrix.dtype.isnative:
        with np.errstate(over="ignore"):  # what float32 cannot hold is infinity, and counted
            matrix = matrix.astype(np.float32)
    return names, matrix


def check(path: str, table: Table) -> None:
    """W2VError where names could not be read back; the vectors need not be known yet."""
    if (table.text == 10).any():
        raise W2VError("a name with a line end cannot be in a list of names; write .safetensors")
    if len(table) and all(table.name_bytes(row).endswith(b"\r") for row in range(len(table))):
        raise W2VError(
            "all names end with a carriage return, which would be the line ends of "
            "Windows in a list of names; write .safetensors"
        )


def write(path: str, table: Table) -> None:
    """Write both files."""
    check(path, table)
    with atomic_file.replacing(name_files(path)[0]) as names, atomic_file.replacing(path) as file:
        with packing.packer(file, path) as packed:
            matrix = np.ascontiguousarray(table.matrix)
            np.lib.format.write_array(packed, matrix, allow_pickle=False)
        file.flush()
        names.write(mark_before(table.name_bytes(0) if len(table) else b""))
        for row in range(len(table)):
            names.write(table.name_bytes(row) + b"\n")


def name_files(path: str) -> list[str]:
    """Where the names of an array may be; the first is the one that is written."""
    return [_stem(path) + suffix for suffix in _LISTS]


def _stem(path: str) -> str:
    stem, suffix = os.path.splitext(packing.plain_name(path))
    return stem if suffix.lower() == ".npy" else packing.plain_name(path)


def _list_of(path: str) -> str:
    """The list of names beside an array."""
    for found in name_files(path):
        if os.path.exists(found):
            return found
    owner = _stem(path).removesuffix(".vectors").removesuffix(".wv")
    if owner != _stem(path) and os.path.exists(owner):
        raise W2VError(
            f"{path} is a part of gensim's {owner}, which has the names: in gensim, export that by "
            "save_word2vec_format"
        )
    if is_copied(path):
        raise W2VError(
            f"{name_of(path)} is a NumPy array, whose names are in a file beside it: name the "
            "file, not a pipe"
        )
    several = ", ".join(name_files(path))
    raise W2VError(
        f"{path} is a NumPy array without names: there is none of {several}: make one, with a name "
        "on a line for each row"
    )


def _names(path: str) -> bytes:
    """The names, with a line end after each."""
    found = _list_of(path)
    names = read_bytes(found)
    if names and not names.endswith(b"\n"):
        names += b"\n"
    if names.count(b"\r\n") == names.count(b"\n"):  # a list of Windows
        names = names.replace(b"\r\n", b"\n")
    if found.endswith(".vocab"):
        lines = names.split(b"\n")[:-1]
        names = b"".join(name.rpartition(b" ")[0] + b"\n" for name in lines)
    return names


def _mapped(path: str) -> np.ndarray:
    with open_seekable(path) as file, _reading(path):
        shape, columns_first, dtype = _header(file, path)
        order: Literal["F", "C"] = "F" if columns_first else "C"
        matrix = np.memmap(file, dtype, "r", file.tell(), shape, order)
        more = os.fstat(file.fileno()).st_size - matrix.offset - matrix.nbytes
    if more:
        raise W2VError(
            f"{name_of(path)}: {more:,} bytes after the array of {matrix.dtype} {matrix.shape}: "
            "the file is damaged, or holds several arrays: write one anew by numpy.save"
        )
    return matrix


def parse(data: bytes, path: str) -> np.ndarray:
    """The array in the bytes of a file; `path` is for messages.

    NumPy's own reader would make room for whatever the header promises.
    """
    file = io.BytesIO(data)
    with _reading(path):
        shape, columns_first, dtype = _header(file, path)
        numbers = np.frombuffer(data, dtype, math.prod(shape), file.tell())
        return numbers.reshape(shape, order="F" if columns_first else "C")


def _header(file: IO[bytes], path: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    """The shape of an array, whether its columns come one after the other, and its dtype.

    Raises W2VError for an array of Python objects
    """
    read = np.lib.format
    version = read.read_magic(file)
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"version {version[0]}.{version[1]} of the format is not known")
    old = version == (1, 0)
    found = (read.read_array_header_1_0 if old else read.read_array_header_2_0)(file)
    if found[2].hasobject:
        raise W2VError(
            f"{name_of(path)}: an array of Python objects {found[0]}, which is a pickle, and can "
            "run code when opened: write one of numbers, by array.astype('float32') and numpy.save"
        )
    return found


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Say in one line what is wrong with an array; NumPy warns of headers of Python 2."""
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            yield
    except _DAMAGE as error:
        reason = str(error).partition("\n")[0][:100]
        raise W2VError(
            f"{name_of(path)}: a NumPy array that is damaged or cut short: {reason}: get it anew"
        ) from None
