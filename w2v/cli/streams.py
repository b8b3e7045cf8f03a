"""Standard streams: closed ones, non-blocking ones, and a stderr whose failures are ignored."""

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

    Reading or writing raises W2VError with a message that tells the user what to do. Only the first
    write does: at its end, Python writes again what is buffered, and since 3.14 prints a traceback.
    """

    def __init__(self, message: str):
        super().__init__()
        self._message = message
        self._has_raised = False

    def readable(self) -> bool:
        """Return True, so that a read is attempted and raises the error."""
        return True

    def writable(self) -> bool:
        """Return True, so that a write is attempted and raises the error."""
        return True

    def readinto(self, buffer: Any) -> NoReturn:
        """Raise W2VError."""
        raise W2VError(self._message)

    def write(self, data: Any) -> int:
        """Raise W2VError the first time; then discard the bytes."""
        if self._has_raised:
            return len(data)
        self._has_raised = True
        raise W2VError(self._message)


class _WaitingStream(io.RawIOBase):
    """A standard stream that waits until it can be read or written, although it is non-blocking.

    Programs such as node and ssh make their streams non-blocking (O_NONBLOCK), and with them those
    of all programs that share these pipes or this terminal, also while these run. A read of Python
    then ends at the first pause of the writer as at the end of a file, and a write to a full pipe
    loses the rest of its bytes, in some cases without an error.
    """

    def __init__(self, raw: io.FileIO):
        super().__init__()
        self._raw = raw

    @property
    def closed(self) -> bool:
        """Whether this stream, or the file that it reads or writes, is closed."""
        return super().closed or self._raw.closed

    def readinto(self, buffer: Any) -> int:
        """Read at least one byte, unless the stream is at its end."""
        while (count := self._raw.readinto(buffer)) is None:
            _wait([self._raw], [])
        return count

    def write(self, data: Any) -> int:
        """Write all bytes."""
        view = memoryview(data).cast("B")
        written = 0
        while written < len(view):
            count = self._raw.write(view[written:])
            if count is None:
                _wait([], [self._raw])
            written += count or 0
        return written

    def seek(self, *arguments: int) -> int:
        """Move to a position, as a file does."""
        return self._raw.seek(*arguments)

    def fileno(self) -> int:
        """The file descriptor."""
        return self._raw.fileno()

    def isatty(self) -> bool:
        """Whether this is a terminal."""
        return self._raw.isatty()

    def readable(self) -> bool:
        """Whether this can be read."""
        return self._raw.readable()

    def writable(self) -> bool:
        """Whether this can be written."""
        return self._raw.writable()

    def seekable(self) -> bool:
        """Whether this is a file with positions."""
        return self._raw.seekable()


def _wait(readable: list[Any], writable: list[Any]) -> None:
    """Wait until one of some files can be read, or one of some others written."""
    import select

    select.select(readable, writable, [])


def _waiting(stream: Any) -> Any:
    """A text stream that waits, see `_WaitingStream`, instead of a standard stream of Python.

    Other streams, such as those of a notebook, and those on Windows are returned as they are.
    """
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)  # With python -u, there is no buffer around the file.
    if WINDOWS or not isinstance(raw, io.FileIO):
        return stream
    if not isinstance(buffer, io.BufferedIOBase):
        buffer = _WaitingStream(raw)
    else:
        kind = io.BufferedReader if stream.readable() else io.BufferedWriter
        buffer = kind(_WaitingStream(raw))
    return io.TextIOWrapper(
        buffer, stream.encoding, stream.errors, line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )  # fmt: skip


@contextmanager
def standard_streams() -> Iterator[None]:
    """Replace the standard streams until the end of the block.

    Non-blocking streams are read and written as blocking ones. A closed stdin or stdout raises a
    W2VError when it is used. A closed stderr discards all messages. The file descriptors 0, 1 and 2
    are kept occupied: otherwise the next file that the program opens would get one of them, and
    other libraries would write their messages into it.
    """
    originals = sys.stdin, sys.stdout, sys.stderr
    for number, stream in enumerate(originals):
        if stream is None:
            _occupy(number)
    sys.stdin, sys.stdout, sys.stderr = map(_waiting, originals)
    if sys.stdin is None:
        closed = _ClosedStream("standard input is closed: name a file, or redirect it: < FILE")
        sys.stdin = io.TextIOWrapper(io.BufferedReader(closed))
    if sys.stdout is None:
        closed = _ClosedStream("standard output is closed: redirect it: > FILE")
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(closed))
    for stream in (sys.stdout, sys.stderr):
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
