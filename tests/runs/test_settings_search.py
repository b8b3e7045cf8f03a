"""The search of settings: planted word order, deadlines, equal bytes, interruption, errors."""

import errno
import json
import os
import shlex
import signal
import subprocess
import sys

import numpy as np
import pytest
from helpers import COMPILED, Silent, compiled

import w2v as w2v_package
from w2v.classifier_settings import ClassifierSettings, SearchSettings
from w2v.embeddings import container
from w2v.errors import DivergedError, W2VError
from w2v.models import models
from w2v.runs import executors
from w2v.runs.messages import Messages
from w2v.runs.request import Request
from w2v.runs.settings_search import SettingsSearch
from w2v.runs.trial import choice_of, work
from w2v.settings import DocumentSettings, RunSettings, TextSettings

MODEL = ("--model", "nbow", "--threads", "1")
OUTPUT = "m.safetensors"


def texts(count, seed, wrong=0.0):
    """Texts whose label is the order of two words; a share of the labels is wrong."""
    rng, lines = np.random.default_rng(seed), []
    for _ in range(count):
        first = rng.random() < 0.5
        words = [*rng.choice(["the", "a", "of"], 3), *(("l", "r") if first else ("r", "l"))]
        words += [*rng.choice(["is", "it"], 2)]
        label = "one" if first != (rng.random() < wrong) else "two"
        lines.append(f"__label__{label} {' '.join(map(str, words))}\n")
    return "".join(lines)


@pytest.fixture
def labelled(folder):
    size = 600 if COMPILED else 12
    for name, wrong in (("order", 0), ("noisy", 0.2)):
        (folder / f"{name}.txt").write_text(texts(size, 1, wrong))
        (folder / f"{name}-valid.txt").write_text(texts(size // 2, 2, wrong))
    return folder


def search(w2v, name, *more, code=0, time="60"):
    files = f"{name}.txt", "--valid", f"{name}-valid.txt", "-o", OUTPUT
    outcome = w2v("train", *files, *MODEL, "--time", time, *more)
    assert outcome.code == code, outcome.err
    return outcome.err.splitlines()


def command_of(lines):
    """The arguments of the command that trains the best model, without `w2v`."""
    [line] = [line for line in lines if " w2v train " in line]
    return shlex.split(line.partition(": ")[2])[1:]


class Clock:
    """A clock on which each look takes a second; it may raise an exception at one of them."""

    def __init__(self, stop_at=None):
        self.now, self._stop_at = 0, stop_at

    def __call__(self):
        self.now += 1
        if self.now == self._stop_at:
            raise KeyboardInterrupt
        return float(self.now)


def make_search(name, seconds, clock, log=None, given=(), patience=None, **options):
    settings = ClassifierSettings(**options)
    valid = f"{name}-valid.txt"
    run = RunSettings(threads=1, valid=valid, log_json=log, patience=patience)
    request = Request(
        [f"{name}.txt"], OUTPUT, models()["nbow"], settings, TextSettings(min_count=1), run,
        DocumentSettings(), search=SearchSettings(str(seconds)),
        given=dict.fromkeys(given) | {"threads": 1, "valid": run.valid} | options,
    )  # fmt: skip
    return SettingsSearch(request, executors.local_executor(request), Silent(), clock)


def events(path, kind="trial"):
    with open(path) as file:
        return [event for event in map(json.loads, file) if event["event"] == kind]


# The result.


@compiled
@pytest.mark.parametrize("more", [(), ("--deterministic", "--threads", "2")])
def test_word_order_is_found_and_the_command_trains_the_same_bytes(w2v, labelled, more):
    more = more or ("--seed", "3")
    lines = search(w2v, "order", *more[:1], *(() if more[0] == "--deterministic" else more[1:]))
    trials = [line for line in lines if line.startswith("trial ")]
    assert "the defaults: accuracy" in trials[0]
    assert "--word-ngrams 1-2" in trials[-1]
    assert "accuracy 100.00%" in trials[-1]
    assert any("no setting can be better" in line for line in lines)
    args = command_of(lines)
    assert args[args.index("--word-ngrams") + 1] == "1-2"
    first = (labelled / OUTPUT).read_bytes()
    args[args.index("-o") + 1] = "again.safetensors"
    if more[0] == "--deterministic":
        args[args.index("--threads") + 1] = "2"
    assert w2v(*args).code == 0
    assert (labelled / "again.safetensors").read_bytes() == first
    settings = json.loads(container.read(OUTPUT)[1]["settings"])
    assert settings["word_ngrams"] == "1-2"
    assert "time" not in settings
    assert {path.name for path in labelled.iterdir() if path.name.startswith("m.")} == {OUTPUT}


@compiled
def test_the_best_of_noisy_texts_is_trained_again_with_equal_bytes(w2v, labelled):
    lines = search(w2v, "noisy", "--log-json", "log", time="2.5s")
    trials = events("log")
    assert len(trials) > 5
    finished = [trial for trial in trials if trial["score"] is not None]
    best = max(finished, key=lambda trial: (trial["score"], -trial["loss"]))
    assert best["score"] > 0.7
    assert [trial for trial in trials if trial["best"]][-1] == best
    assert f"the best is trial {best['trial']}: accuracy {best['score']:.2%}" in "\n".join(lines)
    written = (labelled / OUTPUT).read_bytes()
    assert best["complete"]
    assert w2v(*command_of(lines)).code == 0
    assert (labelled / OUTPUT).read_bytes() == written


@compiled
def test_what_the_user_gives_is_the_same_in_each_trial(w2v, labelled):
    given = {"epochs": 2, "dim": 16, "word_ngrams": "1-2", "min_count": 3, "lr": 0.3}
    options = [part for name, value in given.items()
               for part in (f"--{name.replace('_', '-')}", value)]  # fmt: skip
    search(w2v, "noisy", *options, "--log-json", "log", time="1")
    trials = events("log")
    assert len(trials) > 2
    assert all(
        trial["settings"][name] == value for trial in trials for name, value in given.items()
    )
    assert events("log", "end")


@compiled
def test_if_all_is_given_there_is_one_trial(w2v, labelled):
    given = {
        "lr": "0.1", "epochs": "2", "dim": "16", "word-ngrams": "1", "ngram-min-count": "2",
        "min-count": "1", "dropout": "0.1", "feature-rates": "ratio", "subwords": "none",
    }  # fmt: skip
    options = [part for name, value in given.items() for part in (f"--{name}", value)]
    lines = search(w2v, "noisy", *options)
    assert any(line.startswith("1 trial in") and "no more settings" in line for line in lines)


@compiled
def test_several_labels_are_compared_by_micro_f1(w2v, labelled):
    lines = search(w2v, "order", "--loss", "ova")
    assert any("micro F1 100.00%" in line for line in lines)


def test_the_score_of_several_labels_is_micro_f1(labelled):
    found = make_search("order", 1000, Clock(), loss="ova", epochs=1)
    trial = found._prepare(choice_of(found.request), Messages(Silent(), found.request))
    trainer = trial.run.executor.trainer
    [(scores, labels)] = trainer._held_out.blocks(trainer.trained())
    truth, predicted = labels.matrix(), 1 / (1 + np.exp(-scores.astype(float))) >= 0.5
    right = (truth & predicted).sum()
    precision, recall = right / max(predicted.sum(), 1), right / truth.sum()
    expected = 2 * precision * recall / max(precision + recall, 1e-9)
    assert trainer.held_out_score("accuracy") == pytest.approx(expected)
    assert trainer.score_name("accuracy") == "micro F1"
    f1 = 2 * (truth & predicted).sum(axis=0) / np.maximum((truth + 0 + predicted).sum(axis=0), 1)
    assert trainer.held_out_score("macro-f1") == pytest.approx(f1.mean())
    for name, wanted in zip(trainer.labels.names, f1, strict=True):
        assert trainer.held_out_score(f"f1:{name}") == pytest.approx(wanted)


@compiled
def test_the_text_is_read_once_while_the_vocabulary_is_the_same(labelled, monkeypatch):
    reads, read = [], executors.read
    monkeypatch.setattr(executors, "read", lambda *args: reads.append(1) or read(*args))
    found = make_search("noisy", 900, Clock(), "log", ["min_count"])
    found.carry_out()
    assert len(events("log")) > 10
    assert len(reads) == 1


@compiled
def test_a_text_from_a_pipe_is_read_once(w2v, labelled):
    text = (labelled / "order.txt").read_bytes()
    found = w2v("train", "-", *MODEL, "--valid", "order-valid.txt", "--time", "60", "-o", OUTPUT,
                stdin=text)  # fmt: skip
    assert found.code == 0, found.err
    assert "--word-ngrams 1-2" in found.err


@compiled
def test_the_saved_vocabulary_is_that_of_the_best_trial(w2v, labelled):
    search(w2v, "order", "--save-vocab", "counts.txt")
    assert "l " in (labelled / "counts.txt").read_text()


@compiled
def test_from_python(labelled, caplog):
    train, valid = ((labelled / name).read_text() for name in ("order.txt", "order-valid.txt"))
    options = {"model": "nbow", "valid": valid.splitlines(), "threads": 1}
    with caplog.at_level("INFO", "w2v"):
        vectors = w2v_package.train(texts=train.splitlines(), time=60, **options)
    [call] = [said.split("again: ")[1] for said in caplog.messages if "train it again" in said]
    assert call.startswith("w2v.train(texts=..., model='nbow', valid=..., threads=1, patience=2")
    names = {"w2v": w2v_package}
    given = call.replace("texts=...", "texts=train").replace("valid=...", "valid=valid")
    again = eval(given, {**names, "train": train.splitlines(), "valid": valid.splitlines()})
    assert np.array_equal(again.matrix, vectors.matrix)
    label, p = vectors.predict("a r l it")
    assert label == "two"
    assert p > 0.9
    with pytest.raises(W2VError, match="--time 0: expected a time above 0"):
        w2v_package.train(texts=train.splitlines(), time=0, **options)


# The time.


@compiled
@pytest.mark.parametrize("seconds", [40, 100, 400])
def test_the_deadline_holds(labelled, seconds):
    clock = Clock()
    make_search("noisy", seconds, clock, "log").carry_out()
    trials = events("log")
    assert clock.now <= seconds + 10  # the result of the last trial, and its messages
    assert trials[-1]["seconds"] <= seconds + 5
    assert os.path.exists(OUTPUT)


@compiled
def test_a_trial_that_would_not_end_in_time_is_not_begun(labelled):
    clock = Clock()
    make_search("noisy", 60, clock, "log", epochs=5).carry_out()
    whole = events("log")[0]["seconds"]
    os.remove("log")
    make_search("noisy", whole + 8, Clock(), "log", epochs=5).carry_out()
    [only] = events("log")
    assert only["complete"]


def test_work_grows_with_epochs_features_and_dimensions(labelled):
    request = make_search("noisy", 1, Clock()).request

    def of(**options):
        from dataclasses import replace

        return work(replace(request, options=ClassifierSettings(**options)))

    assert of(epochs=10) == 2 * of(epochs=5)
    assert of(word_ngrams="1-2") == 2 * of()
    assert of(dim=128) > of(dim=64) > of()
    assert of(subwords="3-6") > of(subwords="2-4") > 3 * of()


def test_a_trial_at_the_deadline_counts_with_its_best_epoch(labelled):
    def make(seconds):
        found = make_search("noisy", seconds, Clock(), "log", patience=50, epochs=50)
        found.carry_out()
        return events("log")[-1]

    trial = make(12)
    assert not trial["complete"]
    assert trial["score"] is not None
    metadata = container.read(OUTPUT)[1]
    assert metadata["unfinished"].endswith(" of 50")
    os.remove(OUTPUT)
    with pytest.raises(W2VError, match="no epoch ended within --time 1, .* give more time"):
        make(1)
    assert not os.path.exists(OUTPUT)


# Interruption.


@compiled
@pytest.mark.parametrize("stop_at", [1, 2, 5, 9, 14, 20, 33, 60, 90])
def test_an_interrupted_search_writes_the_best_so_far_or_nothing(labelled, stop_at):
    found = make_search("noisy", 100, Clock(stop_at), "log")
    with pytest.raises(KeyboardInterrupt):
        found.carry_out()
    assert {path.name for path in labelled.iterdir() if path.name.startswith("m.")} <= {OUTPUT}
    assert os.path.exists(OUTPUT) == (found.best is not None)
    if found.best:
        best = max(trial["score"] for trial in events("log") if trial["score"] is not None)
        assert found.best.score == best
        assert container.read(OUTPUT)[1].get("unfinished", "") == found.best.unfinished
    [stop] = events("log", "stop") or [None] if stop_at > 1 else [None]
    assert stop is None or stop["words"] >= 0


@compiled
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_command_with_its_status(labelled, number, status):
    args = ["train", "noisy.txt", "--valid", "noisy-valid.txt", *MODEL, "--time", "5m"]
    command = [sys.executable, "-m", "w2v", *args, "-o", OUTPUT]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.startswith("trial 3"):
                process.send_signal(number)
                break
        rest = process.stderr.read().splitlines()
    assert process.returncode == status
    assert any(line.startswith(f"stopped; {OUTPUT} holds trial ") for line in rest)
    assert "Traceback" not in "\n".join(rest)
    assert container.read(OUTPUT)[1]["model"] == "nbow"


# Errors.


@pytest.mark.parametrize("time", ["0", "0m", "-1", "m", "5 m", "5d", "1e3", "nan", "inf", ""])
def test_a_wrong_time_is_a_line(w2v, labelled, time):
    [line] = search(w2v, "order", code=2, time=time)
    assert line.startswith(f"w2v: --time {time}: expected a time above 0, such as 90s, 5m or 1h")


@pytest.mark.parametrize(
    ("time", "seconds"), [("90s", 90), ("5m", 300), ("1h", 3600), ("45", 45), ("1.5m", 90)]
)
def test_a_time(time, seconds):
    assert SearchSettings(time).seconds == seconds


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--model", "nbow"), "--time compares settings on a held-out text: add --valid FILE"),
        (("--model", "nbow", "--valid", "order-valid.txt", "--resume"),
         "--resume does not work with --time"),
        (("--model", "skipgram", "--valid", "order-valid.txt"), "--time works only with --model"),
        (("--model", "nbow", "--valid", "none.txt"), "none.txt: No such file"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_a_line(w2v, labelled, args, message):
    found = w2v("train", "order.txt", *args, "--time", "5m", "-o", OUTPUT)
    assert (found.code, found.out) == (2, "")
    [line] = found.err.splitlines()
    assert message in line
    assert not os.path.exists(OUTPUT)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("f1:three", "--metric f1:three: no text has the label; labels are 'one', 'two'"),
        ("f1:two", "--metric f1:two: no text of --valid has the label 'two'"),
        ("f2", "--metric f2: expected accuracy, macro-f1, or f1: and a label"),
    ],
)
def test_a_wrong_metric_is_an_error(w2v, labelled, metric, message):
    (labelled / "order-valid.txt").write_text("__label__one l r\n")
    assert search(w2v, "order", "--metric", metric, code=2)[-1] == f"w2v: {message}"
    assert not os.path.exists(OUTPUT)


def test_a_metric_without_a_search_is_an_error(w2v, labelled):
    outcome = w2v("train", "order.txt", *MODEL, "--metric", "macro-f1", "-o", OUTPUT)
    assert (outcome.code, "--metric is for --time" in outcome.err) == (2, True)


@compiled
@pytest.mark.parametrize(("metric", "name"), [("macro-f1", "macro F1"), ("f1:two", "F1 of 'two'")])
def test_trials_are_compared_by_the_metric(w2v, labelled, metric, name):
    """The command that trains the best model again does not have it, because it has no search."""
    lines = search(w2v, "order", "--metric", metric)
    assert any(f"{name} 100.00%" in line for line in lines)
    assert w2v(*command_of(lines)).code == 0


def test_the_checkpoint_of_a_stopped_run_is_kept(w2v, labelled):
    (labelled / f"{OUTPUT}.checkpoint").write_text("x")
    [line] = search(w2v, "order", code=2)
    assert "continue that run with --resume and without --time" in line


def test_a_dry_run_says_what_it_would_do(w2v, labelled):
    lines = search(w2v, "order", "--dry-run", "--epochs", "3", time="5m")
    assert "--time 5m would try these settings first, and then change --lr, --dim, " in lines[-1]
    assert "--epochs" not in lines[-1]
    assert not os.path.exists(OUTPUT)


@compiled
def test_settings_that_need_too_much_memory_are_left_out(labelled, monkeypatch):
    said = []
    console = type("Console", (Silent,), {"say": lambda self, message: said.append(message)})()
    found = make_search("noisy", 200, Clock())
    found = SettingsSearch(found.request, found.executor, console, Clock())
    prepare = found._prepare

    def limited(settings, messages):
        if settings["word_ngrams"] != "1":
            raise W2VError("training needs more memory")
        return prepare(settings, messages)

    monkeypatch.setattr(found, "_prepare", limited)
    found.carry_out()
    assert "left out: --word-ngrams 1-2: training needs more memory" in said
    assert os.path.exists(OUTPUT)


@compiled
@pytest.mark.parametrize("step", ["_prepare", "_train"])
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left"),
        (OSError("the disk is gone"), "the disk is gone"),
        (MemoryError(), "out of"),
    ],
)
def test_the_best_model_is_written_though_a_later_trial_cannot_be_trained(
    labelled, monkeypatch, step, error, reason
):
    found, left_out = make_search("noisy", 100, Clock()), []
    original = getattr(found, step)

    def failing(*args):
        if found.best:
            raise error
        return original(*args)

    monkeypatch.setattr(found, step, failing)
    monkeypatch.setattr(found._messages, "left_out", lambda _, why: left_out.append(why))
    found.carry_out()
    assert {why.startswith(reason) for why in left_out} == {True}
    assert os.path.exists(OUTPUT)


@compiled
def test_rates_that_diverge_do_not_end_the_search(labelled):
    options = {"lr": 1e6, "optimizer": "sgd", "hidden": "4"}
    with pytest.raises(DivergedError, match="training diverged in epoch 1: "):
        make_search("order", 100, Clock(), "log", **options).carry_out()
    assert len(events("log")) > 1
    assert not os.path.exists(OUTPUT)
