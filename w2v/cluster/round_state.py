"""What a process holds at the round that tasks ask for: the turns of threads that want others."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


class RoundState:
    """Something that begins as a base and goes from round to round by the changes of each.

    A base has `rounds`: after how many it was made.
    """

    def __init__(self) -> None:
        self._rounds, self._readers = -1, 0
        self._turn = threading.Condition()

    @contextmanager
    def at(self, base: Any, later: Sequence[Any]) -> Iterator[None]:
        """A block in which all is as after `base` and the rounds after it.

        Threads that want another round wait until those are done that are in this one.
        """
        rounds = base.rounds + len(later)
        with self._turn:
            self._turn.wait_for(lambda: self._readers == 0 or self._rounds == rounds)
            if self._rounds != rounds:
                self._move(base, later)
            self._readers += 1
        try:
            yield
        finally:
            with self._turn:
                self._readers -= 1
                self._turn.notify_all()

    def _move(self, base: Any, later: Sequence[Any]) -> None:
        known = self._rounds - base.rounds
        self._rounds, before = -1, self._rounds  # should an exception come
        if not (before >= 0 and 0 <= known <= len(later)):
            known = 0
            self._load(base)
        self._advance(later[known:])
        self._rounds = base.rounds + len(later)

    def _load(self, base: Any) -> None:
        """Become what the base says."""
        raise NotImplementedError

    def _advance(self, later: Sequence[Any]) -> None:
        """Bring the changes of some rounds in."""
        raise NotImplementedError
