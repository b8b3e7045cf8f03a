"""Signals that stop a run, and blocks of code in which they wait for a good moment.

An exception that a signal raises wherever the program happens to be can be lost: Python drops it in
callbacks from C, which compiled code is loaded by, and it can cut the writing of a file in two.
What a stopped run keeps is decided in `runs.run`: a checkpoint, or the model itself.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

# Schedulers of batch jobs send SIGXCPU and SIGUSR1 before the time is over; a terminal that is
# closed sends SIGHUP. Not every system has all of them.
STOPS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGXCPU", "SIGUSR1")
    if hasattr(signal, name)
)
# Seconds within which a second signal is the same stop: `timeout` signals its child and then the
# process group, a closed terminal hangs up twice.
AGAIN = 1.0


class Stopped(KeyboardInterrupt):
    """A stop signal: `number` says which one."""

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number


def catch() -> None:
    """From now on the first stop signal raises `Stopped`; one that is ignored stays ignored.

    While the program tidies up after it, further ones do nothing; only another Ctrl-C, later than
    `AGAIN`, raises once more.
    """
    global _stopped_at
    _stopped_at = None
    for number in STOPS:
        if signal.getsignal(number) not in (signal.SIG_IGN, None):  # None: not set by Python
            signal.signal(number, _stop)


@contextmanager
def handlers_kept() -> Iterator[None]:
    """A block after which the signals are handled as before it."""
    before = {number: signal.getsignal(number) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not signal.getsignal(number):
                signal.signal(number, handler)


def name_of(number: int) -> str:
    """A signal in words."""
    words = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
    return words.get(signal.Signals(number)) or f"stopped by {signal.Signals(number).name}"


class DeferredSignals:
    """A block in which stop signals wait until `check` or the end of the block.

    Then the signal is raised anew, for the handler that was there before the block. A second signal
    changes nothing, but for Ctrl-C later than `AGAIN`, which does not wait. Outside of the main
    thread, where Python takes no signals, nothing happens. A block within another is a part of it.
    """

    def __init__(self) -> None:
        self._received: int | None = None
        self._received_at = 0.0
        self._handlers: dict[int, Any] = {}
        self._outer: DeferredSignals | None = None

    def __enter__(self) -> Self:
        global _innermost
        if threading.current_thread() is threading.main_thread():
            if _innermost is None:
                self._hold()
            self._outer, _innermost = _innermost, self
        return self

    def _hold(self) -> None:
        """Let signals wait from now on; one that comes too early for that leaves no trace of us."""
        try:
            for number in STOPS:
                if _may_wait(number):
                    self._handlers[number] = signal.getsignal(number)
                    signal.signal(number, self._note)
        except BaseException:
            self._restore()
            raise

    def __exit__(self, *exception: object) -> None:
        global _innermost
        if _innermost is self:
            _innermost = self._outer
        if self._outer is None:
            self._restore()
            self.check()

    @property
    def received(self) -> bool:
        """Whether a signal has come that waits."""
        return self._outer.received if self._outer else self._received is not None

    def check(self) -> None:
        """Raise the signal that has come, if one has."""
        if self._outer is not None:
            self._outer.check()
        elif self._received is not None:
            number, self._received = self._received, None
            self._restore()
            signal.raise_signal(number)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._received is None:
            self._received, self._received_at = number, time.monotonic()
        elif number == signal.SIGINT and time.monotonic() - self._received_at > AGAIN:
            self._received = number
            self.check()

    def _restore(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers = {}


_innermost: DeferredSignals | None = None  # the block that the main thread is in
_stopped_at: float | None = None  # when `Stopped` was raised last


def _stop(number: int, frame: FrameType | None) -> None:
    global _stopped_at
    now = time.monotonic()
    if _stopped_at is not None and (number != signal.SIGINT or now - _stopped_at <= AGAIN):
        return
    _stopped_at = now
    raise Stopped(number)


def _may_wait(number: int) -> bool:
    """Whether a signal would stop the program as far as this module can tell.

    Of the rarer ones only those that `catch` has set: elsewhere they belong to the program that has
    imported us, whose handlers may be in C, which Python cannot put back.
    """
    handler = signal.getsignal(number)
    if number in (signal.SIGINT, signal.SIGTERM):
        return handler not in (signal.SIG_IGN, None)
    return handler is _stop
