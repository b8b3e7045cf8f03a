"""Paths of opened files that are opened again, also after a change of the current folder."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary


class OpenedPath:
    """An attribute with the path of a file; it leads to the same file from any current folder.

    It is the path as it was given, as long as the current folder is the same. After a change of the
    folder it is the absolute path. Pickles of the object have the path as it was given.
    """

    def __init__(self) -> None:
        self._absolute: WeakKeyDictionary[Any, str] = WeakKeyDictionary()

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __set__(self, owner: Any, path: str) -> None:
        vars(owner)[self._name] = path
        with suppress(OSError, ValueError):
            if path and os.path.exists(path):
                self._absolute[owner] = os.path.abspath(path)

    def __get__(self, owner: Any, class_: type) -> str:
        if owner is None:  # an attribute of the class
            return self  # type: ignore[return-value]
        given: str = vars(owner)[self._name]
        absolute = self._absolute.get(owner, given)
        with suppress(FileNotFoundError):  # the current folder was removed
            if os.path.isabs(given) or os.path.abspath(given) == absolute:
                return given
        return absolute
