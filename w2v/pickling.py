"""Copies and pickles of vectors that Python programs make, such as scikit-learn and joblib."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

from w2v.embeddings import formats
from w2v.system.file_stamp import Stamp
from w2v.system.opened_path import OpenedPath
from w2v.system.temporary_folder import TemporaryFolder


class Pickles:
    """How `Vectors` are copied and pickled.

    They do not change, so that a copy is the object itself. A pickle has the numbers, and the path
    of the file from which a model infers and predicts. The temporary file of `w2v.train` is removed
    together with its vectors, so that the pickle has its bytes instead.
    """

    _path = OpenedPath()
    _name: str
    _keep_alive: Any
    _is_part: bool
    _stamp: Stamp | None = None  # of the file when it was loaded; None: not known
    _words: list[str] | None = None  # the list of `Vectors.words`, once it is wanted

    def __getstate__(self) -> dict[str, Any]:
        # Where a pickle is read, its file may be a copy, whose stamp is another one.
        return {**vars(self), "_stamp": None, "_keep_alive": None, "_words": None}

    def __reduce_ex__(self, protocol: Any) -> Any:
        folder = self._keep_alive
        if not isinstance(folder, TemporaryFolder) or os.path.dirname(self._path) != folder.path:
            return super().__reduce_ex__(protocol)
        content = Path(self._path).read_bytes()
        limit = len(self) if self._is_part else None  # type: ignore[arg-type]
        return _unpickled, (type(self), content, self._name, limit)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


def _unpickled(class_: Any, content: bytes, name: str, limit: int | None) -> Any:
    """Vectors over a new temporary file.

    class_   the class of the vectors
    content  the bytes of the file
    name     the table of the file
    limit    the number of rows to read; None: all
    """
    folder = TemporaryFolder()
    path = os.path.join(folder.path, "vectors.safetensors")
    Path(path).write_bytes(content)
    table = formats.load(path, name, limit)
    return class_._of(table, name, path, folder, limit is not None)
