"""The errors that a user sees as one line.

Any other exception that reaches the command line is a bug in w2v and is shown with its traceback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable


class W2VError(Exception):
    """An error that the user can correct: its message says what is wrong, where, and what to do.

    exit_code  the exit status of the command line
    """

    exit_code = 2


class NotVectorsError(W2VError):
    """A file is text or JSON, and no vector file, so it is no model either."""


class NotFoundError(W2VError, KeyError):
    """A word or document has no vector, or its vector has no direction.

    name   the word or document without a vector; "" if no single name is concerned
    fact   the message without its hint
    hint   returns the end of the message, such as similar spellings. It is called only when the
           error is shown, because a search for spellings takes long where there are many names
    """

    exit_code = 3

    def __init__(self, fact: str, name: str = "", hint: Callable[[], str] = str):
        super().__init__(fact)
        self.name, self.fact, self.hint = name, fact, hint

    def __str__(self) -> str:
        self.args = (self.args[0] + self.hint(),)
        self.hint = str  # which returns ""
        return str(self.args[0])

    def __reduce__(self) -> tuple[type[NotFoundError], tuple[str, str]]:
        return NotFoundError, (str(self), self.name)


class NothingToLearnError(W2VError):
    """The text has nothing that the chosen model can learn from."""


class DivergedError(W2VError):
    """Training was stopped because it produced NaN or infinity."""

    exit_code = 1


class ConnectionLostError(W2VError):
    """A cluster does not answer, or is lost, or workers have died of the same task repeatedly.

    What has been trained so far is saved. The same command can succeed later.
    """

    exit_code = 1


def listed(names: Iterable[object]) -> str:
    """Names from a file for a message, separated by commas: one line, whatever they contain."""
    return ", ".join(text if text.isprintable() else repr(text) for text in map(str, names))
