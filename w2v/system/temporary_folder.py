"""TemporaryFolder: the folder of files that live as long as a Python object."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from w2v.errors import W2VError


class TemporaryFolder:
    """A temporary folder, which is removed together with this object.

    A process that is forked has a copy of this object, whose end leaves the folder in place.
    """

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp(prefix="w2v-")
        weakref.finalize(self, _remove_own, self.path, os.getpid())

    @contextmanager
    def hidden_in_errors(self, path: str = "", name: str = "") -> Iterator[None]:
        """A context that removes the folder's path, which no user has chosen, from errors.

        path  a file in the folder, which is shown as `name`
        """
        try:
            yield
        except W2VError as error:
            message = str(error).replace(path, name) if path else str(error)
            error.args = (self.hide(message),)
            raise

    def hide(self, message: str) -> str:
        """A message without the folder's path."""
        return message.replace(self.path + os.sep, "")


def _remove_own(folder: str, process: int) -> None:
    """Remove a folder in the process that made it, whose id is `process`, as `kernels.cache`."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
