"""Stop signals: they wait, they are not lost, and a second one does not wait."""

import os
import signal

import pytest

from w2v.signals import Deferred

HERE = os.getpid()


def test_a_signal_waits_for_the_end_of_the_block():
    reached = []

    def block():
        with Deferred():
            os.kill(HERE, signal.SIGINT)
            reached.append("the end")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert reached == ["the end"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_is_raised_by_check():
    reached = []

    def block():
        with Deferred() as signals:
            signals.check()
            os.kill(HERE, signal.SIGINT)
            signals.check()
            reached.append("the end")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert not reached


def test_a_second_signal_does_not_wait():
    reached = []

    def block():
        with Deferred():
            os.kill(HERE, signal.SIGINT)
            reached.append("once")
            os.kill(HERE, signal.SIGINT)
            reached.append("twice")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert reached == ["once"]


def test_the_handler_from_before_gets_the_signal():
    got = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: got.append(number))
    try:
        with Deferred():
            os.kill(HERE, signal.SIGTERM)
            assert got == []
        assert got == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_without_a_signal_nothing_changes():
    before = signal.getsignal(signal.SIGTERM)
    with Deferred() as signals:
        signals.check()
    assert signal.getsignal(signal.SIGTERM) is before
