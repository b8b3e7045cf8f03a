"""Progress of a training run: the `Progress` record, and the line on stderr that shows it."""

from __future__ import annotations

import math
import os
import re
import shutil
import time
from dataclasses import dataclass
from typing import IO

INTERVAL = 10.0  # seconds between lines, if stderr is not a terminal
REFRESH = 0.2  # seconds between updates on a terminal
# Control characters, lone surrogates and bidirectional marks, which reorder a line. They are
# escaped because a name must not be able to move the cursor or change what is on the screen.
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Progress:
    """The state of a training run at one moment.

    epoch    the current epoch, from 1
    epochs   the number of epochs
    words    number of words trained so far in all epochs, also those that subsampling left out
    total    number of words to train in all epochs
    resumed  number of words that were trained before this process started
    seconds  seconds since this process started to train
    lr       the learning rate; NaN for Gibbs sampling
    loss     the mean loss in nats per pair (a prediction that counts) of this epoch. Before
             the epoch has a loss, it is that of the previous epoch, or NaN. For Gibbs sampling, it
             is the mean negative log-likelihood per token, in nats
    note     the loss as another measure, such as a perplexity; "" for none
    """

    epoch: int
    epochs: int
    words: int
    total: int
    seconds: float
    lr: float
    loss: float
    resumed: int = 0
    note: str = ""

    @property
    def rate(self) -> float:
        """Words trained per second."""
        return (self.words - self.resumed) / self.seconds if self.seconds > 0 else 0.0

    def __str__(self) -> str:
        rate = self.rate
        time_left = duration((self.total - self.words) / rate) if rate else "?"
        return (
            f"epoch {self.epoch}/{self.epochs}  {self.words / self.total:6.1%}  {time_left} left  "
            f"{rate:,.0f} words/s  {self._measure()}"
        )

    def _measure(self) -> str:
        """The learning rate and the loss in words; the log-likelihood for Gibbs sampling."""
        loss = "-" if math.isnan(self.loss) else f"{self.loss:.4f}"
        if math.isnan(self.lr):
            return f"log-likelihood {loss}" if loss == "-" else f"log-likelihood -{loss}"
        note = f"  {self.note}" if self.note else ""
        return f"lr {self.lr:.6f}  loss {loss}{note}"


def duration(seconds: float) -> str:
    """A duration in readable form, such as 8.3 s, 2 min 05 s or 3 h 20 min."""
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 100:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def plural(count: int, noun: str) -> str:
    """A number with a noun in the singular or plural, such as 1 epoch or 2,000 epochs."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def printable(text: str) -> str:
    r"""Escape the characters of a text that could harm a terminal or break a line.

    Such a character becomes its escape sequence, as \x1b or \u202e.
    """
    if text.isprintable():  # true of most texts, and ten times as fast as the substitution
        return text
    return UNSAFE.sub(lambda match: ascii(match.group())[1:-1], text)


class ProgressLine:
    """Shows the state of a run: one line that is rewritten on a terminal, else a line every 10 s.

    The names in states and messages, such as those of files, are escaped, see `printable`.

    stream  the stream to which the lines are written
    quiet   whether to print nothing
    """

    def __init__(self, stream: IO[str], quiet: bool = False):
        self._stream = stream
        self._quiet = quiet
        self._terminal = stream.isatty()
        self._shown_at = time.monotonic()
        self._width = 0

    def show(self, state: object) -> None:
        """Show `str(state)`, unless a state was shown less than REFRESH or INTERVAL seconds ago."""
        interval = REFRESH if self._terminal else INTERVAL
        if self._quiet or time.monotonic() - self._shown_at < interval:
            return
        self._shown_at = time.monotonic()
        line = printable(str(state))
        if self._terminal:
            line = line[: self._columns() - 1]  # a line that wraps cannot be rewritten
            self._stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def hide(self) -> None:
        """Remove the state from a terminal, before another stream writes to it."""
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()
            self._width = 0

    def _columns(self) -> int:
        """The width of the terminal in characters."""
        try:  # shutil examines stdout, which may be a file while this stream is a terminal
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except (OSError, ValueError):
            columns = 0
        return columns or shutil.get_terminal_size().columns

    def say(self, message: str) -> None:
        """Print a message that stays; on a terminal it overwrites the last state."""
        if self._quiet:
            return
        line = printable(message)
        self._stream.write(("\r" + line.ljust(self._width) if self._width else line) + "\n")
        self._stream.flush()
        self._width = 0
        self._shown_at = time.monotonic()

    def warn(self, message: str) -> None:
        """Print a warning that stays, as `say` does; the text must show that it is a warning."""
        self.say(message)
