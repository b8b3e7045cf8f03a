"""Blocks of the rows of a matrix, which are processed one after the other to bound the memory."""

from __future__ import annotations

from collections.abc import Iterator

NUMBERS = 1 << 20  # of a block


def row_blocks(rows: int, dim: int, numbers: int = NUMBERS) -> Iterator[slice]:
    """Cut the rows of a matrix into blocks of about so many numbers, at least one row each.

    rows     number of rows
    dim      numbers of a row
    numbers  numbers of a block
    """
    step = max(1, numbers // max(dim, 1))
    for begin in range(0, rows, step):
        yield slice(begin, min(begin + step, rows))
