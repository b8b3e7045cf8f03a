"""Stop signals that wait for a good moment.

An exception that a signal raises wherever the program happens to be can be lost: Python drops it in
callbacks from C, which compiled code is loaded by, and it can cut the writing of a file in two.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Self

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Deferred:
    """A block in which SIGINT and SIGTERM wait until `check` or the end of the block.

    Then the signal is raised anew, for the handler that was there before the block. A second signal
    does not wait. Outside of the main thread, where Python takes no signals, nothing happens.
    """

    def __init__(self) -> None:
        self._received: int | None = None
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._handlers = {number: signal.signal(number, self._note) for number in _NUMBERS}
        return self

    def __exit__(self, *exception: object) -> None:
        self._restore()
        self.check()

    def check(self) -> None:
        """Raise the signal that has come, if one has."""
        if self._received is not None:
            number, self._received = self._received, None
            self._restore()
            signal.raise_signal(number)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._received is not None:
            self._restore()
            signal.raise_signal(number)
        self._received = number

    def _restore(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers = {}
