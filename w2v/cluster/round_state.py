"""State that the tasks of a worker share, such as its copy of the model.

Each task needs the state after a certain number of rounds. The state moves to another round only
while no task uses it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


class RoundState:
    """State that is loaded from a base, and to which the changes of later rounds are added.

    A base is the whole state after an earlier round. Its attribute `rounds` is the number of rounds
    that it includes.
    """

    def __init__(self) -> None:
        self._rounds = -1  # number of rounds that the state includes; -1: the state is invalid
        self._users = 0  # number of tasks that use the state
        self._condition = threading.Condition()

    @contextmanager
    def at(self, base: Any, changes: Sequence[Any]) -> Iterator[None]:
        """A context in which the state is `base` plus the changes `changes`.

        base     a base
        changes  the changes of all rounds after the base, in order

        While other threads are in contexts with the state of another round, wait until they have
        left these contexts.
        """
        rounds = base.rounds + len(changes)  # the number of rounds that the task needs
        with self._condition:
            self._condition.wait_for(lambda: self._users == 0 or self._rounds == rounds)
            if self._rounds != rounds:
                self._move(base, changes)
            self._users += 1
        try:
            yield
        finally:
            with self._condition:
                self._users -= 1
                self._condition.notify_all()

    def _move(self, base: Any, changes: Sequence[Any]) -> None:
        """Set the state to `base` plus `changes`; apply only the changes that the state lacks."""
        old_rounds, self._rounds = self._rounds, -1  # an exception leaves the state invalid
        applied = old_rounds - base.rounds  # number of changes that the state already includes
        if not (old_rounds >= 0 and 0 <= applied <= len(changes)):
            applied = 0
            self._load(base)
        self._advance(changes[applied:])
        self._rounds = base.rounds + len(changes)

    def _load(self, base: Any) -> None:
        """Set the state to a base."""
        raise NotImplementedError

    def _advance(self, changes: Sequence[Any]) -> None:
        """Apply the changes of consecutive rounds."""
        raise NotImplementedError
