"""Stop signals, and blocks of code in which they are deferred.

A signal handler can raise an exception at any moment. The exception can interrupt the writing of a
file, and Python drops it in callbacks from C, such as those that load compiled code or that free an
object. A signal whose exception was dropped is sent again. A stopped run saves a checkpoint or the
model itself, see `runs.run`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

# Schedulers of batch jobs send SIGXCPU or SIGUSR1 shortly before the time limit; a terminal that is
# closed sends SIGHUP, and on Windows SIGBREAK, as Ctrl-Break does. No system has all these signals.
STOPS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGXCPU", "SIGUSR1", "SIGBREAK")
    if hasattr(signal, name)
)
WINDOWS = os.name == "nt"
# Seconds within which a second signal belongs to the same stop. The program timeout sends a signal
# to its child and then to the process group, and a closed terminal sends SIGHUP twice.
AGAIN = 1.0
_RETRY = 0.05  # seconds after which a signal is sent again whose exception was dropped


class Stopped(KeyboardInterrupt):
    """Raised by the first stop signal; `number` is the number of the signal."""

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number


def catch() -> None:
    """Install signal handlers, so that the first stop signal raises `Stopped`.

    A signal that the process ignores stays ignored. Further signals have no effect, so that the
    program can clean up. But a Ctrl-C more than `AGAIN` seconds later raises `Stopped` again.
    """
    global _stopped_at
    _stopped_at = None
    for number in STOPS:
        if signal.getsignal(number) not in (signal.SIG_IGN, None):  # None: a handler in C
            signal.signal(number, _stop)
    if sys.unraisablehook is not _send_again:
        global _report_dropped
        _report_dropped, sys.unraisablehook = sys.unraisablehook, _send_again


@contextmanager
def handlers_kept() -> Iterator[None]:
    """A block at the end of which the handlers of stop signals are restored.

    A signal that is still to be sent again is not sent, because nothing is left to stop.
    """
    old_handlers = {number: signal.getsignal(number) for number in STOPS}
    old_hook = sys.unraisablehook
    try:
        yield
    finally:
        if _again:
            _again.cancel()
        for number, handler in old_handlers.items():
            if handler is not signal.getsignal(number):
                signal.signal(number, handler)
        sys.unraisablehook = old_hook


def name_of(number: int) -> str:
    """A description of a stop signal for messages, such as "interrupted"."""
    descriptions = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
    return descriptions.get(signal.Signals(number)) or f"stopped by {signal.Signals(number).name}"


class DeferredSignals:
    """A block in which stop signals are deferred to the next `check` or the end of the block.

    A deferred signal is raised again, and handled by the handlers from before the block. Further
    signals have no effect, but a Ctrl-C more than `AGAIN` seconds after the first signal is handled
    at once. Python handles signals only in the main thread: in other threads the block does
    nothing. A block inside another block is part of the outer block.
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
                self._install()
            self._outer, _innermost = _innermost, self
        return self

    def _install(self) -> None:
        """Install the deferring handlers; if a signal interrupts this, restore the old ones."""
        try:
            for number in STOPS:
                if _can_be_deferred(number):
                    self._handlers[number] = signal.getsignal(number)
                    signal.signal(number, self._defer)
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
        """Whether a deferred signal is pending."""
        return self._outer.received if self._outer else self._received is not None

    def check(self) -> None:
        """Raise the pending signal, if there is one."""
        if self._outer is not None:
            self._outer.check()
        elif self._received is not None:
            number, self._received = self._received, None
            self._restore()
            signal.raise_signal(number)

    def _defer(self, number: int, frame: FrameType | None) -> None:
        """Record a signal: the handler within the block."""
        if self._received is None:
            self._received, self._received_at = number, time.monotonic()
        elif number == signal.SIGINT and time.monotonic() - self._received_at > AGAIN:
            self._received = number
            self.check()

    def _restore(self) -> None:
        """Restore the handlers from before the block; a signal that interrupts this is raised."""
        handlers, self._handlers = self._handlers, {}
        try:
            _set_handlers(handlers)
        except BaseException:
            # Else the other signals would be lost: this block, which has ended, would record them.
            _set_handlers(handlers)
            raise


def _set_handlers(handlers: dict[int, Any]) -> None:
    """Install the handler of each of some signals."""
    for number, handler in handlers.items():
        signal.signal(number, handler)


_innermost: DeferredSignals | None = None  # the innermost block that the main thread is in
_stopped_at: float | None = None  # the time when `Stopped` was last raised


def _stop(number: int, frame: FrameType | None) -> None:
    """Raise `Stopped`: the handler that `catch` installs."""
    global _stopped_at
    now = time.monotonic()
    if _stopped_at is not None and (number != signal.SIGINT or now - _stopped_at <= AGAIN):
        return
    _stopped_at = now
    raise Stopped(number)


def _send_again(dropped: sys.UnraisableHookArgs) -> None:
    """Send a signal again whose `Stopped` Python has dropped; report other dropped exceptions."""
    global _again, _stopped_at
    if not isinstance(dropped.exc_value, Stopped):
        _report_dropped(dropped)
        return
    _stopped_at = None
    _again = threading.Timer(_RETRY, _send, (dropped.exc_value.number,))
    _again.daemon = True
    _again.start()


def _send(number: int) -> None:
    """Send a signal to this process, from any thread."""
    if WINDOWS:  # where os.kill would end the process at once
        signal.raise_signal(number)
    else:
        os.kill(os.getpid(), number)


_report_dropped = sys.unraisablehook
_again: threading.Timer | None = None  # sends a signal again


def _can_be_deferred(number: int) -> bool:
    """Whether a signal can be deferred: it must not be ignored or handled in C.

    Other signals than SIGINT and SIGTERM are deferred only if `catch` has installed their handlers.
    Otherwise they belong to the program that has imported w2v. That program may handle them in C,
    and Python could not restore such a handler.
    """
    handler = signal.getsignal(number)
    if number in (signal.SIGINT, signal.SIGTERM):
        return handler not in (signal.SIG_IGN, None)
    return handler is _stop
