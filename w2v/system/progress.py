"""Progress reports: a record for each, and the line on the terminal that shows it."""

from __future__ import annotations

import math
import os
import shutil
import time
from dataclasses import dataclass
from typing import IO

INTERVAL = 10.0  # seconds between lines in a log
REFRESH = 0.2  # seconds between updates on a terminal


@dataclass(frozen=True)
class Progress:
    """A moment of a training run.

    epoch, epochs  from 1
    words, total   words trained, of all epochs, those that subsampling left out included
    resumed        how many of them were trained before this process began
    seconds        since it began to train
    lr             learning rate; NaN for what is sampled
    loss           mean nats for each trained pair of this epoch, or of the one before while this
                   has none; NaN if that has none either. Of what is sampled, for each token
    note           what the loss means, such as a perplexity
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
        """Words trained in a second."""
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
    """Seconds as people write them: 8.3 s, 2 min 05 s, 3 h 20 min."""
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
    """Shows the newest state: a line that is rewritten on a terminal, a line at times in a log."""

    def __init__(self, stream: IO[str], quiet: bool = False):
        self._stream = stream
        self._quiet = quiet
        self._terminal = stream.isatty()
        self._shown = time.monotonic()
        self._width = 0

    def show(self, state: object) -> None:
        """Show `state`, a string or what becomes one, if the last one is old enough."""
        wait = REFRESH if self._terminal else INTERVAL
        if self._quiet or time.monotonic() - self._shown < wait:
            return
        self._shown = time.monotonic()
        line = str(state)
        if self._terminal:
            line = line[: self._columns() - 1]  # one that wraps could not be rewritten
            self._stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def _columns(self) -> int:
        try:  # of the terminal that this goes to: stdout may go to a file
            found = os.get_terminal_size(self._stream.fileno()).columns
        except (OSError, ValueError):
            found = 0
        return found or shutil.get_terminal_size().columns

    def say(self, message: str) -> None:
        """Print a line for good, in place of what is being rewritten."""
        if self._quiet:
            return
        self._stream.write(("\r" + message.ljust(self._width) if self._width else message) + "\n")
        self._stream.flush()
        self._width = 0
        self._shown = time.monotonic()

    def warn(self, message: str) -> None:
        """As `say`: a person reads both."""
        self.say(message)
