"""Reads the next files of a list on threads while one is used; the order of their blocks stays."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import NamedTuple

MOST_BYTES = 1 << 23  # of a file that wait to be used; one block may go beyond it


class Block(NamedTuple):
    """A block of a file.

    data      its bytes, decompressed
    position  number of bytes of the file, as it is stored, that have been read; -1: not known
    """

    data: bytes
    position: int


Blocks = Generator[Block, None, None]


class ReadAhead:
    """The blocks of files. Each is read by its own thread, and at most `threads` at a time.

    files    the files, in the order in which they will be used
    threads  number of files that are read at a time, with the one that is used
    read     the function that reads a file; it is called on its thread
    is_slow  whether it is worth a thread to read a file; others are read when they are used

    Each file holds at most MOST_BYTES and a block. What the function raises is raised where the
    file is used, after the blocks before it.
    """

    def __init__(
        self,
        files: Sequence[str],
        threads: int,
        read: Callable[[str], Blocks],
        is_slow: Callable[[str], bool],
    ):
        self._files, self._threads = files, threads
        self._read, self._is_slow = read, is_slow
        self._readers: dict[int, _Reader] = {}
        self._next = self._looked_at = 0

    def blocks(self, file: str) -> Iterator[Block]:
        """The blocks of the next file of this name; earlier ones are not used any more."""
        try:
            number = self._files.index(file, self._next)
        except ValueError:  # not one of the files
            return self._read(file)
        for passed in range(self._next, number):
            self._stop(passed)
        self._next = number + 1
        self._start(number)
        reader = self._readers.pop(number, None)
        return iter(reader) if reader else self._read(file)

    def close(self) -> None:
        """Stop all threads, each after its block."""
        for number in [*self._readers]:
            self._stop(number)

    def _start(self, first: int) -> None:
        """Start to read slow files from this number on, as many as there are threads."""
        end = min(first + self._threads, len(self._files))
        for number in range(max(self._looked_at, first), end):
            if self._is_slow(self._files[number]):
                self._readers[number] = _Reader(self._read(self._files[number]))
        self._looked_at = max(self._looked_at, end)

    def _stop(self, number: int) -> None:
        if reader := self._readers.pop(number, None):
            reader.stop()


class _Reader:
    """Reads blocks on a thread; iterating over it yields them, and raises what they raise."""

    def __init__(self, blocks: Blocks):
        self._blocks = blocks
        self._waiting: deque[Block] = deque()
        self._bytes = 0
        self._has_ended = self._is_stopped = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()
        # A thread that waits for a slow server does not keep the program from ending.
        threading.Thread(target=self._run, name="w2v-read", daemon=True).start()

    def __iter__(self) -> Iterator[Block]:
        try:
            while True:
                with self._changed:
                    while not self._waiting and not self._has_ended:
                        self._changed.wait()
                    if not self._waiting:
                        break
                    block = self._waiting.popleft()
                    self._bytes -= len(block.data)
                    self._changed.notify()
                yield block
            if self._error is not None:
                raise self._error
        finally:
            self.stop()

    def stop(self) -> None:
        """End the thread when it has read its block."""
        with self._changed:
            self._is_stopped = True
            self._waiting.clear()
            self._changed.notify()

    def _run(self) -> None:
        try:
            for block in self._blocks:
                with self._changed:
                    while self._bytes >= MOST_BYTES and not self._is_stopped:
                        self._changed.wait()
                    if self._is_stopped:
                        break
                    self._waiting.append(block)
                    self._bytes += len(block.data)
                    self._changed.notify()
            self._blocks.close()
        except BaseException as error:
            self._error = error
        finally:
            with self._changed:
                self._has_ended = True
                self._changed.notify()
