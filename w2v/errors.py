"""The errors that a user sees.

Anything else that reaches the shell is a bug of ours and shows its traceback.
"""

from __future__ import annotations


class W2VError(Exception):
    """A mistake that the user can mend: one line that says what is wrong, where, and what to do.

    `exit_code` is the status that the command line ends with.
    """

    exit_code = 2


class NotFoundError(W2VError, KeyError):
    """A word or document that the file does not hold: `name`, where it is one."""

    exit_code = 3
    __str__ = Exception.__str__  # a KeyError's has quotes

    def __init__(self, message: str, name: str = ""):
        super().__init__(message)
        self.name = name


class NothingToLearnError(W2VError):
    """A text from which the model that was asked for can learn nothing."""


class DivergedError(W2VError):
    """Training produced NaN or infinity and was given up."""

    exit_code = 1


class ConnectionLostError(W2VError):
    """A cluster is gone, or what it has tried too often; what has been trained is kept."""

    exit_code = 1
