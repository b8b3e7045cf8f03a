"""What a run says: on a terminal, in a log, in words."""

import fcntl
import io
import math
import os
import struct
import termios

import pytest

from w2v import machine, progress, settings
from w2v.errors import W2VError
from w2v.progress import Progress, ProgressLine, duration
from w2v.settings import NegativeSamplingSettings

MOMENT = Progress(
    epoch=2, epochs=5, words=3_000_000, total=10_000_000, seconds=2.0, lr=0.02, loss=2.5
)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_moment_in_words():
    assert str(MOMENT) == (
        "epoch 2/5   30.0%  4.7 s left  1,500,000 words/s  lr 0.020000  loss 2.5000"
    )
    start = Progress(1, 5, 0, 10, 0.0, 0.02, math.nan)
    assert str(start) == "epoch 1/5    0.0%  ? left  0 words/s  lr 0.020000  loss -"


def test_a_terminal_shows_one_line_that_is_rewritten(monkeypatch):
    monkeypatch.setattr(progress, "REFRESH", 0.0)
    monkeypatch.setenv("COLUMNS", "10")
    stream = Terminal()
    line = ProgressLine(stream)
    line.show("long line that a terminal of ten columns would wrap")
    line.show("short")
    line.say("done")
    line.say("next")
    assert stream.getvalue() == "\rlong line\rshort    \rdone \nnext\n"


def test_the_width_is_that_of_the_terminal_that_the_line_goes_to(monkeypatch):
    monkeypatch.setattr(progress, "REFRESH", 0.0)
    monkeypatch.setenv("COLUMNS", "80")
    reading, writing = os.openpty()
    fcntl.ioctl(writing, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 12, 0, 0))
    with os.fdopen(writing, "w") as stream:
        ProgressLine(stream).show("long line that a terminal of twelve columns would wrap")
        assert os.read(reading, 99) == b"\rlong line t"
    os.close(reading)


def test_a_log_gets_a_line_each_interval_and_no_carriage_return(monkeypatch):
    stream = io.StringIO()
    line = ProgressLine(stream)
    for _ in range(1000):
        line.show("too soon")
    monkeypatch.setattr(progress, "INTERVAL", 0.0)
    line.show("now")
    line.say("done")
    assert stream.getvalue() == "now\ndone\n"


def test_quiet_is_quiet(monkeypatch):
    monkeypatch.setattr(progress, "REFRESH", 0.0)
    stream = Terminal()
    line = ProgressLine(stream, quiet=True)
    line.show("x")
    line.say("y")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (99.9, "99.9 s"),
        (100, "1 min 40 s"),
        (3601, "60 min 01 s"),
        (12000, "3 h 20 min"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [(999, "999 bytes"), (1500, "2 KB"), (57e6, "57 MB"), (1.23e9, "1.2 GB"), (5e12, "5000.0 GB")],
)
def test_sizes(size, words):
    assert machine.readable(size) == words


def test_what_the_machine_has():
    assert machine.processors() >= 1
    assert machine.peak_memory() > 10_000_000
    free = machine.available_memory()
    assert free is None or free > 0


def test_a_container_with_less_memory_than_the_machine_counts(monkeypatch, tmp_path):
    (tmp_path / "max").write_text("3000\n")
    (tmp_path / "current").write_text("1000\n")
    group = (str(tmp_path / "max"), str(tmp_path / "current"))
    monkeypatch.setattr(machine, "_CGROUPS", [group])
    assert machine.available_memory() == 2000
    (tmp_path / "max").write_text("max\n")
    assert machine.available_memory() != 2000


@pytest.mark.parametrize("value", [0, 0.5, -3, math.nan, math.inf, 1 << 40])
def test_settings_outside_their_range_are_refused(value):
    with pytest.raises(W2VError, match="--dim .* is out of range: 1 to 65536"):
        settings.check(NegativeSamplingSettings(dim=value))


def test_the_learning_rate_ends_at_its_ten_thousandth_unless_told():
    assert NegativeSamplingSettings(lr=0.1).lr_at(1.0) == pytest.approx(1e-5)
    assert NegativeSamplingSettings(lr=0.1, min_lr=0.05).lr_at(0.5) == pytest.approx(0.075)
