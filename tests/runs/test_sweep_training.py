"""Models of a topic sweep that are trained side by side: threads, memory, stops and errors."""

import json
import re
import threading
from dataclasses import replace

import pytest
from helpers import Silent, compiled
from test_topic_sweep import ARGS, files_of, records, request_for, sweep, text  # noqa: F401

from w2v.errors import W2VError
from w2v.runs import memory
from w2v.runs.sweep_figures import ModelFigures
from w2v.runs.sweep_training import side_by_side
from w2v.runs.topic_sweep import TopicSweep
from w2v.settings import RunSettings
from w2v.training import loop

WAIT = 60  # seconds after which a test fails in place of waiting for ever


def figures(model):
    return ModelFigures(model.topics, model.seed, None, None, None, None, 1.0, None, [["a"]])


def train_all(models, threads, at_once, train, kept=None, show=lambda running: None):
    found = side_by_side(
        models, threads, at_once, train, ([] if kept is None else kept).append, show
    )
    return [(each.topics, each.seed) for each in found]


def until_stopped(model):
    while True:
        model.show("progress")


# Threads


def test_models_are_trained_at_a_time_and_share_the_threads():
    barrier, shares, kept = threading.Barrier(3), [], []

    def train(model):
        barrier.wait(WAIT)  # is passed only by three models at a time
        shares.append(model.engine.threads)
        barrier.wait(WAIT)
        return figures(model)

    models = [(topics, seed) for topics in (2, 3) for seed in (1, 2, 3)]
    found = train_all(models, 8, 3, train, kept)
    assert sorted(found) == models
    assert [(each.topics, each.seed) for each in kept] == found
    assert sorted(shares) == [2, 2, 3, 3, 3, 3]


def test_a_model_gets_the_threads_of_those_that_are_finished():
    both_began, has_ended = threading.Barrier(2), threading.Event()

    def show(running):
        if [model.seed for model in running] == [2] and running[0].engine.threads == 4:
            has_ended.set()

    def train(model):
        assert model.engine.threads == 2
        both_began.wait(WAIT)
        if model.seed == 2:
            assert has_ended.wait(WAIT)
        return figures(model)

    assert train_all([(2, 1), (2, 2)], 4, 2, train, show=show) == [(2, 1), (2, 2)]


def test_no_more_threads_than_models_need_one_each():
    seen = []

    def train(model):
        seen.append(model.engine.threads)
        return figures(model)

    assert len(train_all([(2, seed) for seed in range(5)], 1, 1, train)) == 5
    assert seen == [1] * 5


# Stops and errors


def test_an_error_stops_the_others_and_is_raised_once():
    began, stopped, kept = threading.Barrier(3), [], []

    def train(model):
        began.wait(WAIT)
        if model.seed == 2:
            raise W2VError("no words")
        try:
            until_stopped(model)
        except KeyboardInterrupt:
            stopped.append(model.seed)
            if model.seed == 1:
                raise
        return figures(model)  # the third model had already been trained

    with pytest.raises(W2VError, match="no words"):
        train_all([(2, seed) for seed in (1, 2, 3, 4)], 3, 3, train, kept)
    assert sorted(stopped) == [1, 3]
    assert [each.seed for each in kept] == [3]


def test_a_signal_stops_all_models():
    began, stopped = threading.Barrier(2), []

    def train(model):
        began.wait(WAIT)
        try:
            until_stopped(model)
        except KeyboardInterrupt:
            stopped.append(model.seed)
            raise

    def interrupt(running):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_all([(2, 1), (2, 2), (2, 3)], 2, 2, train, show=interrupt)
    assert sorted(stopped) == [1, 2]


def test_closing_stops_what_is_being_trained(text):  # noqa: F811
    stopped = []

    def train(model):
        if model.seed == 1:
            return figures(model)
        try:
            until_stopped(model)
        except KeyboardInterrupt:
            stopped.append(model.seed)
            raise

    found = side_by_side([(2, 1), (2, 2)], 2, 2, train, [].append, lambda running: None)
    assert next(found).seed == 1
    found.close()
    assert stopped == [2]


@compiled
def test_each_model_leaves_a_checkpoint_and_the_same_command_continues(
    w2v, text, folder, monkeypatch  # noqa: F811
):  # fmt: skip
    args = ("2", "--sweep-seeds", "3", "--threads", "2", "--json", "-o", "models")
    whole = sweep(w2v, *args[:-1], "others")
    run, calls, is_training = loop.run, {1: 0, 2: 0}, threading.Event()

    def run_some(trainer, plan, threads, on_progress, seconds, state, before, in_rounds):
        seed = trainer.settings.seed
        calls[seed] += 1
        if calls[seed] == 4 and seed == 1:
            assert is_training.wait(WAIT)
            raise KeyboardInterrupt
        while calls[seed] == 4:
            is_training.set()
            on_progress(loop.progress_of(trainer, plan, state))
        run(trainer, plan, threads, on_progress, seconds, state, before, in_rounds)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "run", run_some)
        stopped = w2v("topics", "--sweep", args[0], text, *ARGS[:-1], *args[1:])
    assert (stopped.code, stopped.out) == (130, "")
    assert "3 models to train, 2 at a time\n" in stopped.err
    assert stopped.err.count("stopped after 0 of 3 models; the same command continues") == 1
    assert files_of(folder).keys() == {
        f"topics-2-seed-{seed}.safetensors.checkpoint" for seed in (1, 2)
    }
    rest = sweep(w2v, *args)
    assert records(rest) == records(whole)
    assert files_of(folder).keys() == {
        "sweep.json", *(f"topics-2-seed-{seed}.safetensors" for seed in (1, 2, 3))
    }  # fmt: skip
    for seed in (1, 2, 3):
        name = f"topics-2-seed-{seed}.safetensors"
        assert (folder / "models" / name).read_bytes() == (folder / "others" / name).read_bytes()
    [seconds] = [[model["seconds"] for model in json.loads(row)["models"]]
                 for row in rest.out.splitlines()]  # fmt: skip
    assert [value is None for value in seconds] == [True, True, False]


def test_an_error_of_several_models_is_one_line(w2v, text, folder):  # noqa: F811
    args = ("--sweep", "2,3", text, *ARGS, "--threads", "4", "--min-df", "999", "-o", "models")
    outcome = w2v("topics", *args)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1
    assert "no term is left" in outcome.err
    assert not (folder / "models").exists()


# Memory and progress


@pytest.mark.parametrize(
    ("free", "args", "said"),
    [
        (10**10, (), "3 models to train, 3 at a time\n"),
        (5 * 10**9, (), "3 models to train, 2 at a time\n"),
        (3 * 10**9, (), "3 models to train\n"),
        (10**10, ("--max-memory", "5GB"), "3 models to train, 2 at a time\n"),
        (10**10, ("--threads", "2"), "3 models to train, 2 at a time\n"),
        (10**10, ("--threads", "1"), "3 models to train\n"),
        (None, (), "3 models to train, 3 at a time\n"),
    ],
)
def test_as_many_models_as_memory_and_threads_allow(
    w2v, text, monkeypatch, free, args, said  # noqa: F811
):  # fmt: skip
    monkeypatch.setattr("w2v.system.resources.available_memory", lambda: free)
    monkeypatch.setattr("w2v.system.resources.used_memory", lambda: 0)
    monkeypatch.setattr(memory, "needed", lambda *run: memory.Needed(2 * 10**9, 2 * 10**9))
    args = ("--epochs", "2", "--threads", "8", *args)
    outcome = w2v("topics", "--sweep", "2", text, "--min-count", "1", *args)
    assert outcome.code == 0, outcome.err
    assert said in outcome.err


def test_memory_for_less_than_one_model_is_an_error(w2v, text, monkeypatch):  # noqa: F811
    monkeypatch.setattr("w2v.system.resources.available_memory", lambda: 10**9)
    monkeypatch.setattr(memory, "needed", lambda *run: memory.Needed(2 * 10**9, 2 * 10**9))
    outcome = sweep(w2v, "2", "--threads", "2", code=2)
    assert outcome.err.startswith("w2v: training needs 2.0 GB more memory, but only 1.0 GB are")
    assert outcome.err.count("\n") == 1


def test_progress_is_one_line_for_all_models(text):  # noqa: F811
    shown = []

    class Console(Silent):
        def show(self, state):
            assert threading.current_thread() is threading.main_thread()
            shown.append(str(state))

    request = replace(request_for(), run=RunSettings(threads=2))
    rows = [*TopicSweep(request, [2, 3], 2, None, Console()).rows()]
    assert [row.topics for row in rows] == [2, 3]
    lines = [line for line in shown if "left in all" in line]
    pattern = (
        r"([0-3] of 4 models finished, 2 in training:|model [1-4] of 4, [23] topics, seed [12]:)"
        r" +[\d.]+%  (\?|[\d.]+ s|\d+ min \d+ s) left in all"
    )
    assert all(re.fullmatch(pattern, line) for line in lines), lines
    assert any("2 in training" in line for line in lines)
