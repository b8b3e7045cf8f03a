"""Joins small pieces of text to blocks, which are read faster."""

from __future__ import annotations

from collections.abc import Iterator

from w2v.errors import W2VError


def gathered(blocks: Iterator[bytes], least: int) -> Iterator[bytes]:
    """Join small blocks, as of many small files, to ones of at least `least` bytes.

    An error of `blocks` is raised after the blocks before it.
    """
    small, size, error = [], 0, None
    while True:
        try:
            block = next(blocks, None)
        except (W2VError, OSError) as raised:
            block, error = None, raised
        if block is None:
            break
        small.append(block)
        size += len(block)
        if size >= least:
            yield b"".join(small) if len(small) > 1 else block
            small, size = [], 0
    if small:
        yield b"".join(small)
    if error:
        raise error


def as_blocks(texts: Iterator[bytes], least: int) -> Iterator[bytes]:
    """Gather texts in blocks of at least `least` bytes, with a line for each text."""
    lines, size = [], 0
    for text in texts:
        lines.append(text.replace(b"\n", b" "))
        size += len(text)
        if size >= least:
            yield b"\n".join([*lines, b""])
            lines, size = [], 0
    if lines:
        yield b"\n".join([*lines, b""])
