"""The container: named arrays and metadata in one safetensors file, written atomically.

Layout (huggingface/safetensors, "Format"):
1. 8 bytes: the length of the header, little-endian.
2. The header: JSON, padded with spaces so that the data begins at a multiple of 64 bytes.
3. The arrays without gaps, in descending order of the size of their items.

Opening a file maps it into memory, so that only the header is read, even if the arrays are large.
"""

from __future__ import annotations

import json
import math
import operator
import os
import shutil
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from w2v import __version__
from w2v.embeddings.int8_rows import LARGEST_SCALE, are_scales
from w2v.embeddings.int8_table import Int8Table
from w2v.embeddings.mapped_files import map_file
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system.atomic_file import replacing
from w2v.system.pipes import name_of, open_seekable

_ADVICE = "; download or write the file again"  # the end of every message about a damaged file
FORMAT_VERSION = "1"  # version of the names and dtypes of the arrays that make up a table
ALIGNMENT = 64  # The data begins at a multiple of this many bytes.
_BLOCK = 1 << 20  # bytes written at a time
LONGEST_HEADER = 100_000_000  # bytes, the limit of the official safetensors reader
_DTYPES = {
    "F64": "<f8", "I64": "<i8", "U64": "<u8", "F32": "<f4", "I32": "<i4", "U32": "<u4",
    "F16": "<f2", "I16": "<i2", "U16": "<u2", "I8": "i1", "U8": "u1", "BOOL": "?",
}  # fmt: skip
# Types of other programs, which NumPy does not have.
_OTHER_DTYPES = {"BF16", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F6_E2M3", "F6_E3M2", "F4", "C64"}
_NAMES = {np.dtype(code): name for name, code in _DTYPES.items()}
_PARTS = ("matrix", "norms", "names", "offsets", "order", "counts")
_SCALES = "scales"  # of the rows of a matrix of int8


def write(
    path: str,
    tensors: Mapping[str, np.ndarray],
    metadata: Mapping[str, str],
    like: str | None = None,
) -> None:
    """Write arrays and metadata, and add a checksum (CRC-32) of each array to the metadata.

    like  a file whose permissions a new file gets, see `atomic_file.replacing`
    """
    ordered = dict(sorted(tensors.items(), key=lambda item: (-item[1].itemsize, item[0])))
    header: dict[str, Any] = {}
    checksums, end = {}, 0
    for name, array in ordered.items():
        begin, end = end, end + array.nbytes
        header[name] = {
            "dtype": _NAMES[array.dtype.newbyteorder("<")],
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
        checksums[name] = checksum(array)
    header["__metadata__"] = {**metadata, "checksums": json.dumps(checksums, sort_keys=True)}
    text = json.dumps(header, sort_keys=True, ensure_ascii=False).encode()
    text += b" " * (-(8 + len(text)) % ALIGNMENT)
    with replacing(path, like) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in ordered.values():
            for block in _blocks(array):
                file.write(block)


def copy(path: str, target: str) -> None:
    """Copy the file `path` to `target`, atomically."""
    with open_seekable(path) as source, replacing(target) as file:
        shutil.copyfileobj(source, file)


def read(path: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Map the arrays of a file, read-only, and read its metadata.

    Raises W2VError, with the byte or the array in the message, if the file is damaged or no
    container. Checksums are not compared, see `damaged`.
    """
    where = name_of(path)
    with open_seekable(path) as file:
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, LONGEST_HEADER):
            raise W2VError(
                f"{where}: cut short, or not a safetensors file: byte 0 gives a header of "
                f"{length:,} bytes, but the file has {size:,}{_ADVICE}"
            )
        try:
            entries, metadata = _parse_header(file.read(length), where)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise W2VError(f"{where}: the header at byte 8 is damaged{_ADVICE}") from None
        data = map_file(file, where)
    tensors, expected = {}, 0
    for name, dtype, shape, begin, end in entries:
        count = math.prod(shape)
        if begin != expected or min(shape, default=0) < 0 or end - begin != count * dtype.itemsize:
            raise W2VError(
                f"{where}: shape, dtype and offsets of {name!r} in the header do not agree{_ADVICE}"
            )
        if 8 + length + end > size:
            raise W2VError(
                f"{where}: cut short: {name!r} should end at byte {8 + length + end:,}, "
                f"but the file has {size:,} bytes{_ADVICE}"
            )
        tensors[name] = np.frombuffer(data, dtype, count, 8 + length + begin).reshape(shape)
        expected = end
    if 8 + length + expected != size:
        raise W2VError(
            f"{where}: {size - 8 - length - expected:,} bytes too many at the end{_ADVICE}"
        )
    return tensors, metadata


def _parse_header(
    text: bytes, where: str
) -> tuple[list[tuple[str, np.dtype, tuple[int, ...], int, int]], dict[str, str]]:
    """Entries (name, dtype, shape, begin, end) in the order of the data, and the metadata.

    Raises W2VError for numbers of a type that NumPy does not have; other errors for a damaged text
    """
    header = json.loads(text)
    metadata = header.pop("__metadata__", {})
    entries = []
    for name, entry in header.items():
        begin, end = map(operator.index, entry["data_offsets"])
        shape = tuple(map(operator.index, entry["shape"]))
        if str(entry["dtype"]) in _OTHER_DTYPES:
            raise W2VError(
                f"{where}: the numbers of {name!r} are {entry['dtype']}, which cannot be read: "
                "write them as F32, such as with tensor.float() in PyTorch"
            )
        entries.append((name, np.dtype(_DTYPES[entry["dtype"]]), shape, begin, end))
    entries.sort(key=lambda entry: entry[3:])
    return entries, {str(name): str(value) for name, value in metadata.items()}


def nested(metadata: Mapping[str, str], name: str) -> dict[str, Any]:
    """Decode a metadata value that is a JSON object; empty if it is missing or damaged."""
    try:
        value = json.loads(metadata.get(name, "{}"))
    except (ValueError, RecursionError):
        value = {}
    return value if isinstance(value, dict) else {}


def checksum(array: np.ndarray) -> str:
    """The CRC-32 of the bytes of an array in a file, as 8 hexadecimal digits."""
    crc = 0
    for block in _blocks(array):
        crc = zlib.crc32(block, crc)
    return f"{crc:08x}"


def damaged(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> list[str]:
    """The names of the arrays whose bytes do not match their checksum in the metadata."""
    expected = nested(metadata, "checksums")
    return [name for name, array in tensors.items() if expected.get(name) != checksum(array)]


def said_damaged(names: Iterable[str]) -> str:
    """The message of a repair for arrays whose bytes are damaged."""
    return f"the bytes of {', '.join(names)} do not match their checksum, and are kept unchanged"


def table_tensors(name: str, table: Table) -> dict[str, np.ndarray]:
    """The arrays of a file that store a table: NAME.matrix, NAME.norms and so on.

    A table in int8 has NAME.scales too, see `int8_table`.
    """
    if isinstance(table, Int8Table):
        matrix, scales = table.integers, table.scales
    else:
        matrix, scales = table.matrix, None
    named = (table.norms, table.text, table.offsets, table.order, table.counts)
    parts = dict(zip(_PARTS, (matrix, *named), strict=True)) | {_SCALES: scales}
    return {f"{name}.{part}": array for part, array in parts.items() if array is not None}


def file_metadata() -> dict[str, str]:
    """The metadata that every container written by this package has."""
    return {"format": "w2v", "format_version": FORMAT_VERSION, "version": __version__}


def name_tensors(name: str, names: Sequence[str], counts: np.ndarray) -> dict[str, np.ndarray]:
    """The arrays of a file that store names and counts without vectors."""
    bare = Table.build(names, np.empty((len(names), 0), np.float32), counts)
    arrays = table_tensors(name, bare)
    return {f"{name}.{part}": arrays[f"{name}.{part}"] for part in ("names", "offsets", "counts")}


def first_name(tensors: Mapping[str, np.ndarray], name: str) -> str:
    """The first name of a table; "" if the file has no such table, or the table has no names."""
    ends = tensors.get(f"{name}.offsets", np.zeros(2, np.int64))[1:2]
    size = int(tensors.get(f"{name}.lengths", ends)[:1].sum())
    first: bytes = tensors.get(f"{name}.names", ends)[:size].tobytes()
    return first.decode("utf-8", "surrogateescape")


def read_names(tensors: Mapping[str, np.ndarray], name: str) -> list[str]:
    """The names of a table or of `name_tensors`; KeyError or ValueError if they are damaged.

    Instead of the offsets, a file may have the lengths of the names in bytes, NAME.lengths.
    """
    text, lengths = tensors[f"{name}.names"].tobytes(), tensors.get(f"{name}.lengths")
    if lengths is None:
        ends = tensors[f"{name}.offsets"].tolist()
    else:
        ends = [0, *np.cumsum(lengths, dtype=np.int64).tolist()]
        if lengths.dtype.kind != "u" or lengths.ndim != 1 or ends[-1] != len(text):
            raise ValueError(f"{name}.lengths")
    return [text[a:b].decode() for a, b in zip(ends, ends[1:], strict=False)]


def label_counts(tensors: Mapping[str, np.ndarray]) -> dict[str, int]:
    """The number of training texts of each label of a classifier; empty for other files.

    Raises KeyError or ValueError if the labels are damaged.
    """
    counts = tensors.get("labels.counts")
    if counts is None:
        return {}
    return dict(zip(read_names(tensors, "labels"), counts.tolist(), strict=True))


def check_tables(tensors: Mapping[str, np.ndarray]) -> None:
    """Check that the arrays of each table with names have one row for each name.

    Raises  KeyError if a table has neither offsets nor lengths; ValueError, with the name of the
            array, for other dimensions, another length or another type. A matrix must have floats
    """
    for name in tensors:
        if not name.endswith(".names"):
            continue
        table = name.removesuffix(".names")
        lengths = tensors.get(f"{table}.lengths")
        if lengths is None:
            check_array(tensors, f"{table}.offsets", "iu", (None,))
        rows = tensors[f"{table}.offsets"].size - 1 if lengths is None else lengths.size
        shapes: dict[str, tuple[str, tuple[int | None, ...]]] = {
            "matrix": ("f", (rows, None)), "norms": ("f", (rows,)), "order": ("iu", (rows,)),
            "counts": ("iu", (rows,)),
        }  # fmt: skip
        for part, (kinds, shape) in shapes.items():
            if f"{table}.{part}" in tensors:
                check_array(tensors, f"{table}.{part}", kinds, shape)


def check_array(
    tensors: Mapping[str, np.ndarray], name: str, kinds: str, shape: tuple[int | None, ...]
) -> np.ndarray:
    """An array of a file, whose type and shape are checked; its numbers are not read.

    kinds   the kinds of numbers that it may have: f for floats, i and u for whole numbers
    shape   the length of each dimension; None: any length
    Raises  KeyError if the array is missing, ValueError with its name for another type or shape
    """
    array = tensors[name]
    fits = len(array.shape) == len(shape) and all(
        wanted in (None, size) for size, wanted in zip(array.shape, shape, strict=True)
    )
    if not fits or array.dtype.kind not in kinds:
        raise ValueError(name)
    return array


def table_names(tensors: Mapping[str, np.ndarray]) -> list[str]:
    """The names of the tables in a file, such as words and documents."""
    return [name.removesuffix(".matrix") for name in tensors if name.endswith(".matrix")]


def read_table(path: str, tensors: Mapping[str, np.ndarray], name: str) -> Table:
    """Build a table on the arrays of a file; W2VError if the table is missing or damaged."""
    where = name_of(path)
    try:
        matrix, norms, text, offsets, order = (tensors[f"{name}.{part}"] for part in _PARTS[:-1])
    except KeyError:
        if f"{name}.topics" in tensors:
            raise W2VError(
                f"{where}: its {name} have no vectors, only their topics, which w2v topics shows: "
                "w2v infer makes vectors, or train without --document-table sparse"
            ) from None
        held = ", ".join(table_names(tensors)) or "none written by w2v"
        raise W2VError(f"{where}: no table {name!r}; tables in it: {held}") from None
    counts, scales = (tensors.get(f"{name}.{part}") for part in (_PARTS[-1], _SCALES))
    rows = len(order)
    one_dimension = [norms, text, offsets, order, *([] if counts is None else [counts])]
    lengths = {len(matrix), len(norms), len(offsets) - 1, rows if counts is None else len(counts)}
    if lengths != {rows} or matrix.ndim != 2 or any(part.ndim != 1 for part in one_dimension):
        raise W2VError(f"{where}: the arrays of table {name!r} differ in length{_ADVICE}")
    _check_numbers(f"{where}: table {name!r}", matrix, scales)
    kinds = norms.dtype.kind + offsets.dtype.kind + order.dtype.kind
    inside = rows == 0 or (order.min() >= 0 and order.max() < rows)
    rising = offsets[0] == 0 and offsets[-1] == len(text) and (np.diff(offsets) >= 0).all()
    if kinds != "fii" or text.dtype != np.uint8 or not inside or not rising:
        raise W2VError(f"{where}: the names of table {name!r} are damaged{_ADVICE}")
    if counts is not None and counts.dtype.kind not in "iu":
        raise W2VError(f"{where}: the counts of table {name!r} are no whole numbers{_ADVICE}")
    if scales is None:
        return Table(matrix, norms, text, offsets, order, counts)
    bare = Table(matrix[:, :0], norms, text, offsets, order, counts)
    return Int8Table.over(bare, matrix, scales)


def _check_numbers(what: str, matrix: np.ndarray, scales: np.ndarray | None) -> None:
    """Raise a W2VError unless a matrix (N, D) has floats, or int8 and the scales of its rows.

    what  the file and the table, for the message
    """
    has_floats = matrix.dtype.kind == "f" and scales is None
    if not has_floats and (matrix.dtype != np.int8 or scales is None):
        found = "without" if scales is None else "with"
        raise W2VError(
            f"{what} has a matrix of {matrix.dtype} {found} scales; expected floats, or int8 with "
            f"scales{_ADVICE}"
        )
    if scales is None:
        return
    if scales.dtype != np.float32 or scales.shape != matrix.shape[:1]:
        raise W2VError(
            f"{what} has scales of {scales.dtype} {scales.shape}; expected float32 "
            f"{matrix.shape[:1]}{_ADVICE}"
        )
    for row in np.flatnonzero(~are_scales(scales))[:1].tolist():
        raise W2VError(
            f"{what}: the scale of row {row + 1} is {scales[row]}, expected a number from 0 to "
            f"{LARGEST_SCALE:.3g}{_ADVICE}"
        )


def _blocks(array: np.ndarray) -> Iterator[memoryview]:
    """The bytes of an array, little-endian and without gaps, even if it is a strided view."""
    array = np.atleast_1d(array)
    rows = max(1, _BLOCK // max(array[:1].nbytes, 1))
    for begin in range(0, len(array), rows):
        block = array[begin : begin + rows]
        block = np.ascontiguousarray(block, array.dtype.newbyteorder("<"))
        yield block.reshape(-1).view(np.uint8).data
