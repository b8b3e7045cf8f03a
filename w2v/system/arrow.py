"""pyarrow, the optional package that reads and writes Parquet and Arrow files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from w2v.errors import W2VError
from w2v.system import optional_packages


def module(name: str, path: str) -> Any:
    """Import a module of pyarrow.

    name    the name of the module, such as pyarrow.parquet
    path    the file for which it is needed, for the message
    Raises  W2VError if pyarrow is not installed, or does not fit the installed NumPy
    """
    needing = f"{path}: Parquet and Arrow files need"
    optional_packages.load("pyarrow", "arrow", needing)
    return optional_packages.load(name, "arrow", needing)


@contextmanager
def explained(path: str, pyarrow: Any) -> Iterator[None]:
    """A block that reads a file, in which errors of pyarrow become a W2VError of one line.

    path     the name of the file, for the message
    pyarrow  the module
    """
    try:
        yield
    except W2VError:
        raise
    except MemoryError as error:  # also of a damaged file, which may declare any size
        raise W2VError(
            f"{path}: there is not enough memory for its rows ({error}), or the file is damaged: "
            "free memory, or write the file again in smaller groups of rows"
        ) from None
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        reason = " ".join(str(error).split())[:200]
        raise W2VError(
            f"{path}: a Parquet or Arrow file that is damaged or cut short ({reason}): download or "
            "write it again"
        ) from None


class SizedFile:
    """An open file for pyarrow, which reads no more bytes than the file has.

    Python allocates as many bytes as are to be read, and a damaged file may declare any number.
    """

    def __init__(self, file: IO[bytes]):
        self._file, begin = file, file.tell()
        self._size = file.seek(0, os.SEEK_END)
        file.seek(begin)
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    @property
    def closed(self) -> bool:
        """Whether the file is closed."""
        return self._file.closed

    def readable(self) -> bool:
        """Whether the file can be read: always."""
        return True

    def seekable(self) -> bool:
        """Whether the position in the file can be changed: always."""
        return True

    def writable(self) -> bool:
        """Whether the file can be written: never."""
        return False

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the file, at most `size` if it is not negative."""
        left = max(self._size - self._file.tell(), 0)
        return self._file.read(left if size < 0 else min(size, left))
