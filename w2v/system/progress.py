"""Progress of a training run: the `Progress` record, and the line on stderr that shows it."""

from __future__ import annotations

import math
import os
import shutil
import time
from dataclasses import dataclass
from typing import IO

INTERVAL = 10.0  # seconds between lines of a log file
REFRESH = 0.2  # seconds between updates on a terminal


@dataclass(frozen=True)
class Progress:
    """The state of a training run at one moment.

    epoch    the current epoch, from 1
    epochs   the number of epochs
    words    words trained so far in all epochs, including words that subsampling left out
    total    the number of words to train in all epochs
    resumed  words trained before this process started
    seconds  seconds since this process started to train
    lr       learning rate; NaN for Gibbs sampling
    loss     mean loss per training pair in nats: of this epoch, or of the previous one while this
             epoch has none, or NaN if neither has one. For Gibbs sampling the mean negative
             log-likelihood per token in nats
    note     the loss as another measure, such as a perplexity
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
        left = duration((self.total - self.words) / rate) if rate else "?"
        return (
            f"epoch {self.epoch}/{self.epochs}  {self.words / self.total:6.1%}  {left} left  "
            f"{rate:,.0f} words/s  {self._measure()}"
        )

    def _measure(self) -> str:
        loss = "-" if math.isnan(self.loss) else f"{self.loss:.4f}"
        if math.isnan(self.lr):
            return f"log-likelihood {'-' * (loss != '-')}{loss}"
        return f"lr {self.lr:.6f}  loss {loss}" + f"  {self.note}" * bool(self.note)


def duration(seconds: float) -> str:
    """A duration for people to read: 8.3 s, 2 min 05 s, 3 h 20 min."""
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 100:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def plural(count: int, noun: str) -> str:
    """A number with its noun: 1 epoch, 2,000 epochs."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


class ProgressLine:
    """Shows the state of a run: on a terminal one line that is rewritten, else a line every 10 s.

    quiet  print nothing
    """

    def __init__(self, stream: IO[str], quiet: bool = False):
        self._stream = stream
        self._quiet = quiet
        self._terminal = stream.isatty()
        self._shown = time.monotonic()
        self._width = 0

    def show(self, state: object) -> None:
        """Show `str(state)`, unless the last state was shown less than a refresh interval ago."""
        wait = REFRESH if self._terminal else INTERVAL
        if self._quiet or time.monotonic() - self._shown < wait:
            return
        self._shown = time.monotonic()
        line = str(state)
        if self._terminal:
            line = line[: self._columns() - 1]  # a line that wraps cannot be rewritten
            self._stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def _columns(self) -> int:
        try:  # the terminal of this stream: stdout, which shutil asks, may be a file
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except (OSError, ValueError):
            columns = 0
        return columns or shutil.get_terminal_size().columns

    def say(self, message: str) -> None:
        """Print a message that stays, in place of the line that is rewritten."""
        if self._quiet:
            return
        self._stream.write(("\r" + message.ljust(self._width) if self._width else message) + "\n")
        self._stream.flush()
        self._width = 0
        self._shown = time.monotonic()

    def warn(self, message: str) -> None:
        """Print a warning that stays, as `say` does; its text says that it is one."""
        self.say(message)
