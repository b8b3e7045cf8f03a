"""Stop signals: they are deferred and never lost; only a second Ctrl-C stops immediately."""

import json
import os
import signal
import subprocess
import sys
import threading
import types
from datetime import datetime, timedelta

import planted
import pytest
from helpers import compiled, wait_until

from w2v.system import signals
from w2v.system.signals import STOPS, DeferredSignals, Stopped, handlers_kept

HERE = os.getpid()


@pytest.fixture(autouse=True)
def handlers(monkeypatch):
    """The signal handlers of a Python program; a second Ctrl-C never comes late enough to count."""
    with signals.handlers_kept():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        monkeypatch.setattr("w2v.system.signals.AGAIN", 1e9)
        yield


def test_a_signal_waits_for_the_end_of_the_block():
    reached = []

    def block():
        with DeferredSignals():
            os.kill(HERE, signal.SIGINT)
            reached.append("the end")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert reached == ["the end"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_is_raised_by_check():
    reached = []

    def block():
        with DeferredSignals() as deferred:
            deferred.check()
            assert not deferred.received
            os.kill(HERE, signal.SIGINT)
            assert deferred.received
            deferred.check()
            reached.append("the end")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert not reached


@pytest.mark.parametrize(("later", "wanted"), [(False, ["once", "twice"]), (True, ["once"])])
def test_a_second_signal_waits_too_but_a_later_one_does_not(monkeypatch, later, wanted):
    reached = []

    def block():
        with DeferredSignals():
            os.kill(HERE, signal.SIGINT)
            reached.append("once")
            os.kill(HERE, signal.SIGINT)
            reached.append("twice")

    if later:
        monkeypatch.setattr("w2v.system.signals.AGAIN", -1.0)
    with pytest.raises(KeyboardInterrupt):
        block()
    assert reached == wanted


def test_the_handler_from_before_gets_the_signal():
    got = []
    signal.signal(signal.SIGTERM, lambda number, frame: got.append(number))
    with DeferredSignals():
        os.kill(HERE, signal.SIGTERM)
        assert got == []
    assert got == [signal.SIGTERM]


def test_without_a_signal_nothing_changes():
    before = [signal.getsignal(number) for number in STOPS]
    with DeferredSignals() as deferred:
        deferred.check()
    assert [signal.getsignal(number) for number in STOPS] == before


def test_a_block_within_another_is_a_part_of_it():
    reached = []

    def block():
        with DeferredSignals():
            with DeferredSignals() as inner:
                os.kill(HERE, signal.SIGINT)
                assert inner.received
            reached.append("the end of the outer one")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert reached == ["the end of the outer one"]
    with pytest.raises(KeyboardInterrupt):
        os.kill(HERE, signal.SIGINT)


@pytest.mark.parametrize("number", STOPS)
def test_the_first_signal_is_raised_and_others_do_not_disturb_what_tidies_up(stoppable, number):
    signals.catch()
    with pytest.raises(Stopped) as stopped:
        os.kill(HERE, number)
    assert stopped.value.number == number
    for other in STOPS:
        os.kill(HERE, other)


def test_a_later_ctrl_c_is_raised_once_more(monkeypatch):
    signals.catch()
    monkeypatch.setattr("w2v.system.signals.AGAIN", -1.0)
    for _ in range(2):
        with pytest.raises(Stopped):
            os.kill(HERE, signal.SIGINT)


def test_a_signal_that_is_ignored_stays_ignored():
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
    signals.catch()
    for number in STOPS:
        os.kill(HERE, number)
        with DeferredSignals():
            os.kill(HERE, number)


def test_signals_of_the_program_that_imports_us_are_left_alone():
    signal.signal(signal.SIGUSR1, report := lambda number, frame: None)
    with DeferredSignals():
        assert signal.getsignal(signal.SIGUSR1) is report


class Freed:
    """An object that is stopped while it is freed, where Python drops exceptions."""

    def __init__(self, number):
        self.number = number

    def __del__(self):
        signal.raise_signal(self.number)
        for _ in range(100):  # until the handler has run
            pass


@pytest.mark.parametrize("number", STOPS)
def test_a_stop_that_python_drops_is_sent_again(number):
    for each in STOPS:
        signal.signal(each, signal.default_int_handler)
    signals.catch()
    with pytest.raises(Stopped) as stopped:
        wait_after(Freed(number))
    assert stopped.value.number == number


def wait_after(freed):
    del freed
    threading.Event().wait(60)


def test_a_stop_that_python_drops_is_not_sent_to_what_runs_after_the_command():
    received = []
    for each in STOPS:
        signal.signal(each, lambda number, frame: received.append(number))
    with handlers_kept():
        signals.catch()
        Freed(signal.SIGTERM)
    signals._again.join(60)
    assert received == []


def test_other_dropped_exceptions_are_reported(monkeypatch):
    reported = []
    monkeypatch.setattr("sys.unraisablehook", reported.append)
    signals.catch()
    signals.catch()
    sys.unraisablehook(types.SimpleNamespace(exc_value=ValueError()))
    assert len(reported) == 1


def begun(folder, *args, words="memory", **options):
    """A training process that has allocated its matrices."""
    (folder / "text").write_text(planted.text(400))
    command = [sys.executable, "-m", "w2v", "train", "text", "-o", "x.safetensors", *args]
    child = subprocess.Popen(
        command, cwd=folder, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, **options
    )
    for line in child.stderr:
        if line.startswith(words):
            break
    return child


LONG = ("--epochs", "100000", "--dim", "8", "--sample", "0", "--threads", "1")


@compiled
@pytest.mark.parametrize("number", STOPS)
def test_every_stop_leaves_a_checkpoint_and_its_own_exit_status(folder, stoppable, number):
    """Of several signals the first one counts."""
    log = folder / "log"
    with begun(folder, *LONG, "--log-json", "log") as child:
        wait_until(lambda: log.exists() and '"progress"' in log.read_text(), child)
        child.send_signal(number)
        child.send_signal(number)
        said = child.stderr.read()
    assert child.returncode == 128 + number, said
    assert "to continue, run the same command with --resume (x.safetensors.checkpoint)" in said
    assert said.splitlines()[-1] == f"w2v: {signals.name_of(number)}"
    times = [
        datetime.fromisoformat(json.loads(line)["time"]) for line in log.read_text().splitlines()
    ]
    assert times == sorted(times)
    assert {time.utcoffset() for time in times} == {timedelta(0)}
    assert (folder / "x.safetensors.checkpoint").exists()


@compiled
def test_a_training_outlives_its_terminal_where_it_is_told_to(folder, stoppable):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # which is what nohup does
    with begun(folder, "--epochs", "300", "--dim", "8") as child:
        child.send_signal(signal.SIGHUP)
        child.stderr.read()
    assert child.returncode == 0
    assert (folder / "x.safetensors").exists()


@compiled
def test_a_training_outlives_the_reader_of_its_messages(folder):
    with begun(folder, "--epochs", "300", "--dim", "8", words="vocabulary") as child:
        child.stderr.close()
    assert child.wait() == 0
    assert (folder / "x.safetensors").exists()


def test_a_signal_while_handlers_are_restored_leaves_none_that_records(monkeypatch):
    """Else the block, which has ended, would record later signals, and nobody would see them."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    install, block, interrupted = signal.signal, signals.DeferredSignals(), []

    def interrupt(number, handler):
        old = install(number, handler)
        if not interrupted:
            interrupted.append(number)
            raise KeyboardInterrupt
        return old

    block.__enter__()
    monkeypatch.setattr(signal, "signal", interrupt)
    with pytest.raises(KeyboardInterrupt):
        block.__exit__()
    assert interrupted
    assert {number: signal.getsignal(number) for number in before} == before
    assert signals._innermost is None
