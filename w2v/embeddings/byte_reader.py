"""Reads numbers and arrays from the bytes of a binary file, whose sizes may be wrong.

Arrays are views of the file. Every size is checked against the size of the file before an array is
made, so that a damaged or hostile file costs no memory.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from w2v.errors import W2VError


class ByteReader:
    """Reads numbers and arrays from the bytes of a file, one after the other.

    data  uint8 (N,), the bytes of the file
    name  the file's name in messages
    kind  what the file is, in messages, such as "a fastText model"

    `at` is the number of bytes that have been read.
    """

    def __init__(self, data: np.ndarray, name: str, kind: str):
        self.data, self.name, self.kind, self.at = data, name, kind, 0

    def fail(self, what: str) -> W2VError:
        """The error for a fault at the current byte."""
        return W2VError(
            f"{self.name}: byte {self.at:,} of {self.kind}: {what}; the file is damaged or "
            "cut short: download or write it again"
        )

    def skip(self, size: int, what: str) -> int:
        """Go on by `size` bytes and return the position before; W2VError beyond the end."""
        if size < 0 or size > self.data.size - self.at:
            raise self.fail(f"expected {size:,} bytes of {what}, found {self.left:,}")
        self.at += size
        return self.at - size

    @property
    def left(self) -> int:
        """How many bytes follow."""
        return self.data.size - self.at

    def unpack(self, form: struct.Struct, what: str) -> tuple[Any, ...]:
        """Numbers in the layout of `form`."""
        return form.unpack_from(self.data.data, self.skip(form.size, what))

    def array(self, dtype: str, shape: tuple[int, ...], what: str) -> np.ndarray:
        """An array, as a view of the file."""
        size = np.dtype(dtype).itemsize
        for length in shape:
            if length < 0:
                raise self.fail(f"the size of {what} is {length:,}")
            size *= length
        return np.ndarray(shape, dtype, self.data.data, self.skip(size, what))

    def flag(self, what: str) -> bool:
        """A byte that is 0 or 1."""
        value = int(self.array("u1", (1,), what)[0])
        if value > 1:
            self.at -= 1
            raise self.fail(f"{what}: expected 0 or 1, found {value}")
        return bool(value)
