"""A stream of bytes that comes in blocks, read by the number of bytes."""

from __future__ import annotations

from collections.abc import Iterator


class ByteStream:
    """Reads an iterator of blocks as a file is read; it cannot go back.

    blocks  blocks of any size

    position  number of bytes that have been read so far
    """

    def __init__(self, blocks: Iterator[bytes]):
        self._blocks = blocks
        self._block, self._begin = b"", 0  # what is left of a block begins at `_begin`
        self.position = 0

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, which stay to be read; fewer at the end."""
        while len(self._block) - self._begin < size:
            block = next(self._blocks, None)
            if block is None:
                break
            self._block, self._begin = self._block[self._begin :] + block, 0
        return self._block[self._begin : self._begin + size]

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, fewer at the end; all of the rest for a negative size."""
        return b"".join(self.blocks(size if size >= 0 else None))

    def blocks(self, size: int | None = None) -> Iterator[bytes]:
        """The next `size` bytes in blocks, fewer at the end; None: all of the rest."""
        left = size
        while left is None or left > 0:
            if self._begin == len(self._block):
                block = next(self._blocks, None)
                if block is None:
                    return
                self._block, self._begin = block, 0
            end = len(self._block) if left is None else self._begin + left
            part = self._block[self._begin : end]
            self._begin += len(part)
            self.position += len(part)
            if left is not None:
                left -= len(part)
            if part:
                yield part

    def skip(self, size: int) -> int:
        """Pass over `size` bytes; returns how many there were."""
        return sum(map(len, self.blocks(size)))

    def line(self, limit: int) -> bytes:
        """The next line with its line end; without one, the next `limit` bytes or the rest."""
        size = 128
        while True:
            found = self.peek(min(size, limit))
            end = found.find(b"\n") + 1
            if end or len(found) < size or size >= limit:
                return self.read(end or len(found))
            size *= 2
