"""The one file: named arrays and metadata in the safetensors layout, written whole or not at all.

Layout (huggingface/safetensors, "Format"): 8 bytes, the header's length, little-endian; the header,
JSON, padded with spaces so that the data begins at a multiple of 64; the arrays without gaps, those
with the largest items first. Opening maps the file: it costs the header, not the arrays.
"""

from __future__ import annotations

import json
import math
import mmap
import operator
import os
import re
import secrets
import shutil
import stat
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import IO, Any

import numpy as np

from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system import locks, packing
from w2v.system.pipes import name_of, open_seekable
from w2v.system.signals import Deferred

_ANEW = ": get it, or make it, anew"  # what to do about damage
ALIGNMENT = 64
_BLOCK = 1 << 20  # bytes written at a time
LONGEST_HEADER = 100_000_000  # the official reader's limit
_DTYPES = {
    "F64": "<f8", "I64": "<i8", "U64": "<u8", "F32": "<f4", "I32": "<i4", "U32": "<u4",
    "F16": "<f2", "I16": "<i2", "U16": "<u2", "I8": "i1", "U8": "u1", "BOOL": "?",
}  # fmt: skip
_NAMES = {np.dtype(code): name for name, code in _DTYPES.items()}
_PARTS = ("matrix", "norms", "names", "offsets", "order", "counts")


@contextmanager
def replacing(path: str, like: str | None = None) -> Iterator[IO[bytes]]:
    """Open a file for writing that takes the place of `path` only when all is written.

    What is written goes to a new file beside it, to disk, and is then renamed. It has the mode of
    the file that it replaces, or else that of `like`. After an error the old file is as it was; a
    stop signal waits until all is written. A device or pipe is written to directly, and so is
    stdout, named `-`.
    """
    if path == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()  # a full disk, or a closed stream, shows now
        return
    if is_device(path):
        with _named(path), open(path, "wb") as file:
            yield file
        return
    target = os.path.realpath(path)
    with Deferred(), _named(path, target):
        remove_parts(target)
        with _part(target, like or target) as file:
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                os.replace(file.name, target)
            except BaseException:
                with suppress(OSError):
                    os.unlink(file.name)
                raise


@contextmanager
def packed(path: str) -> Iterator[IO[bytes]]:
    """As `replacing`; what is written is packed where the name ends in .gz, .bz2 or .xz."""
    with replacing(path) as file, packing.packer(file, path) as packing_file:
        yield packing_file


@contextmanager
def _named(path: str, target: str | None = None) -> Iterator[None]:
    """Let errors of writing say of which file; NumPy's do not even say which error it is."""
    try:
        yield
    except OSError as error:
        if error.filename is None or (target and _is_part(str(error.filename), target)):
            said = error.strerror or f"could not be written whole ({error}): is the disk full?"
            raise OSError(error.errno, said, path) from None
        raise


def _part(target: str, like: str) -> IO[bytes]:
    """Open a new file beside `target`, with a name of its own, that is held while it is open.

    It is made anew: nobody can leave a link there, to another file, that is written through.
    """
    mode = None
    for known in (target, like):
        with suppress(OSError):
            mode = mode or stat.S_IMODE(os.stat(known).st_mode) & 0o777
    opener = partial(os.open, mode=mode or 0o666)
    while True:
        part = f"{target}.{secrets.token_hex(4)}.part"
        file = open(part, "xb", opener=opener)  # noqa: SIM115 - the caller closes it
        if mode is not None:
            os.chmod(part, mode)  # which the user's mask has nothing to do with
        locks.hold(file)
        if locks.is_at(file, part):
            return file
        file.close()  # taken for one of a killed process before it was held


def _is_part(path: str, target: str) -> bool:
    return re.fullmatch(re.escape(target) + r"\.[0-9a-f]{8}\.part", path) is not None


def remove_parts(target: str) -> None:
    """Remove what processes that were killed while they wrote `target` have left beside it."""
    folder = os.path.dirname(target)
    with suppress(OSError):
        for name in os.listdir(folder or "."):
            part = os.path.join(folder, name)
            if _is_part(part, target) and not os.path.islink(part):
                with suppress(OSError), open(part, "r+b") as file:
                    if locks.hold(file):
                        os.unlink(part)


def check_writable(path: str) -> None:
    """Find out, before hours of work, that `path` could not be written: OSError or W2VError.

    Permissions are not enough to tell (root passes every check, and /proc takes no files), so a
    file beside it is made and removed.
    """
    if os.path.isdir(path):
        raise W2VError(f"{path} is a directory; name a file in it")
    if path != "-" and not is_device(path):
        target = os.path.realpath(path)
        if not os.path.isdir(os.path.dirname(target)):
            raise W2VError(f"{path}: there is no folder {os.path.dirname(target)}; make it first")
        with Deferred(), _named(path, target), _part(target, target) as file:
            os.unlink(file.name)


def is_device(path: str) -> bool:
    """Whether something is there that is written to directly: a device or a pipe."""
    return os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode)


def write(
    path: str,
    tensors: Mapping[str, np.ndarray],
    metadata: Mapping[str, str],
    like: str | None = None,
) -> None:
    """Write arrays and metadata; adds a checksum (CRC-32) of each array to the metadata.

    like  the file whose mode a new file gets, if that is there
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
    """Write a file with the bytes of another one."""
    with open_seekable(path) as source, replacing(target) as file:
        shutil.copyfileobj(source, file)


def read(path: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Map the arrays of a file, read-only, and read its metadata.

    Raises W2VError that says where the file is not as it should be. Checksums are not compared:
    see `damaged`.
    """
    where = name_of(path)
    with open_seekable(path) as file:
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, LONGEST_HEADER):
            raise W2VError(
                f"{where}: cut short or no container: byte 0 promises a header of {length:,} "
                f"bytes, the file has {size:,}{_ANEW}"
            )
        try:
            entries, metadata = _parse_header(file.read(length))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise W2VError(f"{where}: the header at byte 8 is damaged{_ANEW}") from None
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    tensors, expected = {}, 0
    for name, dtype, shape, begin, end in entries:
        count = math.prod(shape)
        if begin != expected or min(shape, default=0) < 0 or end - begin != count * dtype.itemsize:
            raise W2VError(f"{where}: the header's entry for {name!r} contradicts itself{_ANEW}")
        if 8 + length + end > size:
            raise W2VError(
                f"{where}: cut short: {name!r} ends at byte {8 + length + end:,}, "
                f"the file has {size:,}{_ANEW}"
            )
        tensors[name] = np.frombuffer(data, dtype, count, 8 + length + begin).reshape(shape)
        expected = end
    if 8 + length + expected != size:
        raise W2VError(
            f"{where}: {size - 8 - length - expected:,} bytes too many at the end{_ANEW}"
        )
    return tensors, metadata


def _parse_header(
    text: bytes,
) -> tuple[list[tuple[str, np.dtype, tuple[int, ...], int, int]], dict[str, str]]:
    """The entries (name, dtype, shape, begin, end) in the order of the data, and the metadata."""
    header = json.loads(text)
    metadata = header.pop("__metadata__", {})
    entries = []
    for name, entry in header.items():
        begin, end = map(operator.index, entry["data_offsets"])
        shape = tuple(map(operator.index, entry["shape"]))
        entries.append((name, np.dtype(_DTYPES[entry["dtype"]]), shape, begin, end))
    entries.sort(key=lambda entry: entry[3:])
    return entries, {str(name): str(value) for name, value in metadata.items()}


def nested(metadata: Mapping[str, str], name: str) -> dict[str, Any]:
    """A value of the metadata that is an object; an empty one where it is missing or damaged."""
    try:
        value = json.loads(metadata.get(name, "{}"))
    except (ValueError, RecursionError):
        value = {}
    return value if isinstance(value, dict) else {}


def checksum(array: np.ndarray) -> str:
    """CRC-32 of the bytes of an array as they are in the file."""
    found = 0
    for block in _blocks(array):
        found = zlib.crc32(block, found)
    return f"{found:08x}"


def damaged(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> list[str]:
    """The names of the arrays whose bytes do not agree with their checksum."""
    expected = nested(metadata, "checksums")
    return [name for name, array in tensors.items() if expected.get(name) != checksum(array)]


def table_tensors(name: str, table: Table) -> dict[str, np.ndarray]:
    """The arrays that a table is stored as."""
    arrays = (table.matrix, table.norms, table.text, table.offsets, table.order, table.counts)
    return {f"{name}.{part}": a for part, a in zip(_PARTS, arrays, strict=True) if a is not None}


def name_tensors(name: str, names: Sequence[str], counts: np.ndarray) -> dict[str, np.ndarray]:
    """The arrays that words without vectors are stored as."""
    bare = Table.build(names, np.empty((len(names), 0), np.float32), counts)
    arrays = table_tensors(name, bare)
    return {f"{name}.{part}": arrays[f"{name}.{part}"] for part in ("names", "offsets", "counts")}


def read_names(tensors: Mapping[str, np.ndarray], name: str) -> list[str]:
    """The names of a table, or of words without vectors; KeyError or ValueError if damaged."""
    text, ends = tensors[f"{name}.names"].tobytes(), tensors[f"{name}.offsets"].tolist()
    return [text[a:b].decode() for a, b in zip(ends, ends[1:], strict=False)]


def table_names(tensors: Mapping[str, np.ndarray]) -> list[str]:
    """Which tables a file holds."""
    return [name.removesuffix(".matrix") for name in tensors if name.endswith(".matrix")]


def read_table(path: str, tensors: Mapping[str, np.ndarray], name: str) -> Table:
    """A table from the arrays of a file; W2VError where the file has no such table."""
    where = name_of(path)
    try:
        matrix, norms, text, offsets, order = (tensors[f"{name}.{part}"] for part in _PARTS[:-1])
    except KeyError:
        held = ", ".join(table_names(tensors)) or "none of ours"
        raise W2VError(f"{where}: no table {name!r}; tables in it: {held}") from None
    counts = tensors.get(f"{name}.counts")
    rows = len(order)
    lengths = {len(matrix), len(norms), len(offsets) - 1, rows if counts is None else len(counts)}
    if lengths != {rows} or matrix.ndim != 2:
        raise W2VError(f"{where}: the arrays of table {name!r} differ in length{_ANEW}")
    kinds = matrix.dtype.kind + norms.dtype.kind + offsets.dtype.kind + order.dtype.kind
    inside = rows == 0 or (order.min() >= 0 and order.max() < rows)
    rising = offsets[0] == 0 and offsets[-1] == len(text) and (np.diff(offsets) >= 0).all()
    if kinds != "ffii" or text.dtype != np.uint8 or not inside or not rising:
        raise W2VError(f"{where}: the names of table {name!r} are damaged{_ANEW}")
    return Table(matrix, norms, text, offsets, order, counts)


def _blocks(array: np.ndarray) -> Iterator[memoryview]:
    """The bytes of an array as they are in a file. It may be a view, whose rows are padded."""
    array = np.atleast_1d(array)
    rows = max(1, _BLOCK // max(array[:1].nbytes, 1))
    for begin in range(0, len(array), rows):
        block = array[begin : begin + rows]
        block = np.ascontiguousarray(block, array.dtype.newbyteorder("<"))
        yield block.reshape(-1).view(np.uint8).data
