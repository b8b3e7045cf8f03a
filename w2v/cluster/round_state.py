"""State that the tasks of a worker share: it changes its round only while no task uses it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


class RoundState:
    """State that starts from a base and moves from round to round by the changes of each round.

    A base has the attribute `rounds`: the number of rounds after which it was made.
    """

    def __init__(self) -> None:
        self._rounds, self._readers = -1, 0
        self._turn = threading.Condition()

    @contextmanager
    def at(self, base: Any, later: Sequence[Any]) -> Iterator[None]:
        """A context in which the state is `base` plus the changes `later`.

        base   a base
        later  the changes of all rounds after the base, in order

        Threads that need another round wait until all threads have left their blocks.
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
        applied = self._rounds - base.rounds  # changes in `later` that the state already has
        self._rounds, before = -1, self._rounds  # -1: an exception leaves the state invalid
        if not (before >= 0 and 0 <= applied <= len(later)):
            applied = 0
            self._load(base)
        self._advance(later[applied:])
        self._rounds = base.rounds + len(later)

    def _load(self, base: Any) -> None:
        """Set the state to a base."""
        raise NotImplementedError

    def _advance(self, later: Sequence[Any]) -> None:
        """Apply the changes of consecutive rounds."""
        raise NotImplementedError
