"""A console for Python programs: messages go to the logger "w2v", and progress to a function."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

from w2v.errors import W2VError
from w2v.system.progress import REFRESH

_LOG = logging.getLogger("w2v")


class LogConsole:
    """A `Console` that writes to the logger "w2v" and passes progress to a function.

    on_progress  the function; None: progress is not shown
    shown        a function that returns the form of a message to show
    Raises       W2VError if `on_progress` is no function
    """

    def __init__(
        self, on_progress: Callable[[object], None] | None, shown: Callable[[str], str] = str
    ):
        if on_progress is not None and not callable(on_progress):
            raise W2VError(
                f"on_progress: expected a function, such as print, found {on_progress!r}"
            )
        self._on_progress, self._shown, self._shown_at = on_progress, shown, -math.inf

    def hides(self, path: str) -> bool:
        """Whether a path, that of a temporary file, has another form in messages."""
        return self._shown(path) != path

    def say(self, message: str) -> None:
        """Log a message as information, which Python does not show by default."""
        _LOG.info("%s", self._shown(message))

    def warn(self, message: str) -> None:
        """Log a warning, which Python shows by default."""
        _LOG.warning("%s", self._shown(message))

    def show(self, state: object) -> None:
        """Pass the progress to the function, at most once every REFRESH seconds."""
        if self._on_progress and time.monotonic() - self._shown_at >= REFRESH:
            self._shown_at = time.monotonic()
            self._on_progress(state)
