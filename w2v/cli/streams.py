"""Standard streams that are closed, and messages that nobody reads any more."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from w2v.errors import W2VError


class Unread:
    """A stream of messages: what cannot be written is dropped, here and from then on.

    A training must not end because `2>&1 | head -1` has seen enough, or a log's disk is full.
    """

    def __init__(self, stream: Any):
        self._stream = stream

    def write(self, text: Any) -> int:
        """Write it, or not."""
        with self._dropping():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Let it reach the reader, if there is one."""
        with self._dropping():
            self._stream.flush()

    @property
    def buffer(self) -> Unread:
        """The stream of bytes, under the same rule."""
        return Unread(self._stream.buffer)

    @contextmanager
    def _dropping(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())  # what is still in the buffer goes there too
            os.close(null)
            with suppress(OSError):
                self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Closed(io.RawIOBase):
    """A standard stream that was closed when the program began: its use is the user's mistake."""

    def __init__(self, message: str):
        super().__init__()
        self._message = message

    def readable(self) -> bool:
        """It can be tried."""
        return True

    def writable(self) -> bool:
        """It can be tried."""
        return True

    def readinto(self, buffer: Any) -> NoReturn:
        """W2VError."""
        raise W2VError(self._message)

    def write(self, data: Any) -> NoReturn:
        """W2VError."""
        raise W2VError(self._message)


@contextmanager
def standard_streams() -> Iterator[None]:
    """Streams that the program can rely on, until the end of the block.

    Of those that are closed stdin and stdout say so when they are used, and stderr takes all
    messages. The descriptors 0, 1 and 2 are taken, so that no file of ours gets one of them, which
    other libraries would write their messages into.
    """
    before = sys.stdin, sys.stdout, sys.stderr
    for number, stream in enumerate(before):
        if stream is None:
            _take(number)
    if sys.stdin is None:
        closed = _Closed("standard input is closed: name a file, or redirect one: < FILE")
        sys.stdin = io.TextIOWrapper(io.BufferedReader(closed))
    if sys.stdout is None:
        closed = _Closed("standard output is closed: redirect it: > FILE")
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(closed))
    for stream in before[1:]:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    with open(os.devnull, "w") as null:
        sys.stderr = Unread(sys.stderr or null)
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = before


def _take(number: int) -> None:
    """Open the null device as a descriptor, if that is free: for the use that it is not for."""
    try:
        os.fstat(number)
    except OSError:
        os.open(os.devnull, os.O_WRONLY if number == 0 else os.O_RDONLY)  # the lowest free number
