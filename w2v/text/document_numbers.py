"""The names of documents without ids: their numbers, which take no memory."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import overload


class DocumentNumbers(Sequence[str]):
    """The names of documents that are named by their numbers, from 1."""

    def __init__(self, documents: Sized):
        self._documents = documents

    def __len__(self) -> int:
        return len(self._documents)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        numbers = range(1, len(self) + 1)[index]
        return [*map(str, numbers)] if isinstance(numbers, range) else str(numbers)
