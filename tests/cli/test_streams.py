"""Standard streams that another program has made non-blocking, or that are closed."""

import io
import os
import sys
import threading

import pytest

from w2v.cli import streams
from w2v.errors import W2VError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")


@pytest.fixture
def pipe():
    """The two ends of a non-blocking pipe, which are closed at the end of the test."""
    ends = os.pipe()
    for end in ends:
        os.set_blocking(end, False)
    yield ends
    for end in ends:
        os.close(end)


def test_a_pause_of_the_writer_is_not_the_end_of_stdin(pipe, monkeypatch):
    out, into = pipe
    pieces = [b"a b\n", b"c ", b"d\n"]
    monkeypatch.setattr(streams, "_wait", lambda *files: os.write(into, pieces.pop(0)))
    stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(out, closefd=False)))
    monkeypatch.setattr(sys, "stdin", stdin)
    with streams.standard_streams():
        lines = [sys.stdin.buffer.readline() for _ in range(2)]
    assert lines == [b"a b\n", b"c d\n"]


@pytest.mark.parametrize("name", ["stdout", "stderr"])
@pytest.mark.parametrize("is_buffered", [True, False])
def test_a_full_pipe_loses_no_output(pipe, monkeypatch, name, is_buffered):
    out, into = pipe
    read = []
    monkeypatch.setattr(streams, "_wait", lambda *files: read.append(os.read(out, 1 << 20)))
    file = io.FileIO(into, "w", closefd=False)  # as in those of python -u
    buffer = io.BufferedWriter(file) if is_buffered else file
    stream = io.TextIOWrapper(buffer, write_through=not is_buffered)
    monkeypatch.setattr(sys, name, stream)
    written = "".join(f"{number}\n" for number in range(30_000))
    with streams.standard_streams():
        getattr(sys, name).write(written)
        getattr(sys, name).buffer.write(written.encode())
        getattr(sys, name).flush()
    assert read
    read.append(os.read(out, 1 << 20))
    assert b"".join(read) == 2 * written.encode()


def test_waiting_ends_when_the_stream_is_ready(pipe):
    out, into = pipe
    other = threading.Thread(target=os.write, args=(into, b"a"))
    other.start()
    streams._wait([out], [])
    other.join()
    assert os.read(out, 9) == b"a"
    streams._wait([], [into])


def test_a_closed_stdout_is_an_error_once(monkeypatch):
    """Python closes it at the end of the program, and prints what that raises."""
    monkeypatch.setattr(sys, "stdout", None)
    with streams.standard_streams():
        print("a line")
        with pytest.raises(W2VError, match="standard output is closed"):
            sys.stdout.flush()
        sys.stdout.close()
