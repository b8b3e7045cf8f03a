"""Standard streams: error messages for closed ones, and a stderr whose failures are ignored."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from w2v.errors import W2VError

WINDOWS = os.name == "nt"


class ForgivingStream:
    """A stream of messages that ignores errors: after the first one, all messages are discarded.

    A training run must not end because the reader of its messages has exited (`2>&1 | head -1`),
    or because the disk of its log is full.
    """

    def __init__(self, stream: Any):
        self._stream = stream

    def write(self, text: Any) -> int:
        """Write a message; discard it if that fails."""
        with self._discarding_on_error():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush the stream; discard the buffered messages if that fails."""
        with self._discarding_on_error():
            self._stream.flush()

    @property
    def buffer(self) -> ForgivingStream:
        """The underlying stream of bytes, which ignores errors in the same way."""
        return ForgivingStream(self._stream.buffer)

    @contextmanager
    def _discarding_on_error(self) -> Iterator[None]:
        """Catch an OSError of the block, and redirect the stream to the null device."""
        try:
            yield
        except OSError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())  # the buffered messages go there too
            os.close(null)
            with suppress(OSError):
                self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _ClosedStream(io.RawIOBase):
    """A replacement for a standard stream that was closed when the program started.

    Reading or writing raises W2VError with a message that tells the user what to do.
    """

    def __init__(self, message: str):
        super().__init__()
        self._message = message

    def readable(self) -> bool:
        """Return True, so that a read is attempted and raises the error."""
        return True

    def writable(self) -> bool:
        """Return True, so that a write is attempted and raises the error."""
        return True

    def readinto(self, buffer: Any) -> NoReturn:
        """Raise W2VError."""
        raise W2VError(self._message)

    def write(self, data: Any) -> NoReturn:
        """Raise W2VError."""
        raise W2VError(self._message)


@contextmanager
def standard_streams() -> Iterator[None]:
    """Replace standard streams that are closed, until the end of the block.

    A closed stdin or stdout raises a W2VError when it is used. A closed stderr discards all
    messages. The file descriptors 0, 1 and 2 are kept occupied: otherwise the next file that the
    program opens would get one of them, and other libraries would write their messages into it.
    """
    originals = sys.stdin, sys.stdout, sys.stderr
    for number, stream in enumerate(originals):
        if stream is None:
            _occupy(number)
    if sys.stdin is None:
        closed = _ClosedStream("standard input is closed: name a file, or redirect it: < FILE")
        sys.stdin = io.TextIOWrapper(io.BufferedReader(closed))
    if sys.stdout is None:
        closed = _ClosedStream("standard output is closed: redirect it: > FILE")
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(closed))
    for stream in originals[1:]:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
            if WINDOWS:
                # Python would write to files and pipes in the code page of Windows, which lacks
                # most letters, and end lines with CR and LF.
                stream.reconfigure(encoding="utf-8", newline="\n")
    with open(os.devnull, "w") as null:
        sys.stderr = ForgivingStream(sys.stderr or null)
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = originals


def discard_failing_output() -> None:
    """Discard what is still to be written to stdout if that fails, which has been reported.

    Python would try again at its end, print a traceback, and exit with status 120.
    """
    try:
        sys.stdout.flush()
    except (OSError, W2VError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.close(null)


def _occupy(number: int) -> None:
    """Open the null device as a file descriptor, if the descriptor is free.

    Descriptor 0 is opened for writing, 1 and 2 for reading, so that using them still fails.
    """
    try:
        os.fstat(number)
    except OSError:
        os.open(os.devnull, os.O_WRONLY if number == 0 else os.O_RDONLY)  # gets the lowest free one
