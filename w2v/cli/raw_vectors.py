"""Reading query vectors from a text file or a NumPy array (w2v similar --vector)."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import IO, TYPE_CHECKING, Any, cast

from w2v.cli.queries import InvalidQueryError, parsed_lines
from w2v.errors import W2VError
from w2v.system.pipes import name_of

if TYPE_CHECKING:
    import numpy as np

    Named = tuple[str, np.ndarray]


def read_vectors(
    path: str, dim: int, refused: Callable[[InvalidQueryError], None]
) -> Iterator[list[Named]]:
    """Yield query vectors in batches of pairs: a name and a vector, float32 (D,).

    The lines of a text are yielded as soon as they arrive. The name of a vector without a name is
    the number of the vector, from 1. Refused vectors are counted too.

    path     a NumPy array (D,) or (N, D), or a text with one vector on each line: an optional name,
             then its numbers, separated by blanks. `-` is stdin
    dim      D, the required length of each vector
    refused  called with an error for each vector that has another length, is not finite as
             float32, or is zero (which has no cosine). The error names the line, or the row of the
             array. Reading then continues
    Raises   W2VError if an array has another shape, or is not numeric
    """
    from w2v.embeddings.formats.numpy_array import MAGIC

    name = name_of(path)
    with nullcontext(sys.stdin.buffer) if path == "-" else open(path, "rb") as file:
        content = _unpacked(cast("IO[bytes]", file), name)
        if _begins_with(content, MAGIC):
            yield from _array_vectors(content.read(), name, dim, refused)
            return
        count = 0  # of the vectors of earlier batches, and those that were refused

        def refuse(error: InvalidQueryError) -> None:
            nonlocal count
            count += 1
            refused(InvalidQueryError(str(error), str(count)))

        for batch in parsed_lines(content, name, partial(_parse, dim=dim), refuse):
            yield [
                (given_name or str(number), vector)
                for number, (given_name, vector) in enumerate(batch, count + 1)
            ]
            count += len(batch)


def _unpacked(file: IO[bytes], name: str) -> IO[bytes]:
    """Return the file, or a file in memory with the decompressed content.

    Only the decompressed content shows whether the file is an array.
    """
    from w2v.system import packing
    from w2v.system.text_file import chunks

    if not packing.kind_of(packing.peek(file)):
        return file
    return cast("IO[bytes]", io.BufferedReader(cast(Any, io.BytesIO(b"".join(chunks(file, name))))))


def _begins_with(file: IO[bytes], magic: bytes) -> bool:
    return bool(file.peek(len(magic))[: len(magic)] == magic)  # type: ignore[attr-defined]


def _array_vectors(
    data: bytes, name: str, dim: int, refused: Callable[[InvalidQueryError], None]
) -> Iterator[list[Named]]:
    """Parse a .npy file; the name of a vector is the number of its row, from 1.

    A batch ends at a refused vector, as in `parsed_lines`.
    """
    import numpy as np

    from w2v.embeddings.formats.numpy_array import parse

    array = np.atleast_2d(parse(data, name))
    if array.ndim != 2 or array.shape[1] != dim or array.dtype.kind not in "fiu":
        raise W2VError(
            f"{name}: an array of {array.dtype} {array.shape}: expected rows of {dim} numbers, "
            "the length of the vectors in the vector file"
        )
    vectors: list[Named] = []
    for row, vector in enumerate(array, 1):
        try:
            vectors.append((str(row), _with_direction(vector, f"{name}: row {row}")))
        except W2VError as error:
            yield vectors
            vectors = []
            refused(InvalidQueryError(str(error), str(row)))
    yield vectors


def _parse(line: str, dim: int) -> list[Named]:
    """Parse a line into one pair: its name (empty if it has none) and its vector."""
    from w2v.embeddings.spelling import split_words
    from w2v.system.progress import plural

    fields = split_words(line)
    numbers = [number for field in fields[-dim:] if (number := _number(field)) is not None]
    name = " ".join(fields[:-dim])
    # A name can be a whole number. Fields with a decimal point before the last D numbers mean that
    # the vector is too long.
    excess = [field for field in fields[:-dim] if "." in field and _number(field) is not None]
    if len(numbers) < dim or excess:
        word = next((field for field in fields[1:] if _number(field) is None), None)
        finding = (
            f"{word!r}, which is no number"
            if word is not None and not excess
            else plural(len(fields), "field")
        )
        raise W2VError(f"expected {dim} numbers, optionally after a name; found {finding}")
    return [(name, _with_direction(numbers, "the vector"))]


def _number(field: str) -> float | None:
    """Return the number that a field spells, or None. float() would accept 1_000."""
    try:
        return None if "_" in field else float(field)
    except ValueError:
        return None


def _with_direction(numbers: Sequence[float] | np.ndarray, what: str) -> np.ndarray:
    """Convert a vector to float32; W2VError if it is then zero or not finite.

    what  the vector's name in the message
    """
    import numpy as np

    with np.errstate(over="ignore"):
        vector = np.asarray(numbers).astype(np.float32)
    if not np.isfinite(vector).all():
        raise W2VError(f"{what} has NaN or infinity, or a number too large for float32")
    if not vector.any():
        raise W2VError(f"{what} is zero: it has no direction")
    return vector
