"""Presets: settings that --preset chooses by the size of the text, unless the user gives them."""

import gzip
import json
import logging
import re
from contextlib import ExitStack
from pathlib import Path

import planted
import pytest
from helpers import Silent, compiled

import w2v as package
from w2v import presets
from w2v.api import build_run, find_model
from w2v.embeddings import container
from w2v.models import models
from w2v.runs.executors import Threads
from w2v.runs.time_estimate import forecasts
from w2v.system.progress import Progress

OUTPUT = "x.safetensors"
SMALL = "--dim", "6", "--epochs", "1", "--min-count", "1"  # for tests that train uncompiled
WORDS = sum(len(line.split()) for line in planted.text(200).splitlines())


@pytest.fixture
def text(folder):
    """A planted text in the current folder."""
    (folder / "text").write_text(planted.text(200))
    return "text"


def trained(w2v, *args, stdin=None):
    """The bytes that a run writes, and the lines that it prints."""
    more = {} if stdin is None else {"stdin": stdin}
    outcome = w2v("train", *args, "-o", OUTPUT, **more)
    assert outcome.code == 0, outcome.err
    return Path(OUTPUT).read_bytes(), outcome.err.splitlines()


def preset_line(lines):
    """What the preset has set, as a run prints it."""
    [line] = [line for line in lines if line.startswith("preset ")]
    return line.partition(": ")[2]


def options_of(model, preset, words):
    values = presets.settings_of(model, preset, words)
    return [part for name, value in values.items() for part in (f"--{name}", str(value))]


def refused(w2v, *args):
    """The one line with which a run is refused."""
    outcome = w2v("train", *args, "-o", "refused.safetensors")
    assert outcome.code == 2
    [line] = outcome.err.strip().splitlines()
    assert not Path("refused.safetensors").exists()
    return line


@pytest.mark.parametrize("model", presets.TABLE)
def test_a_row_serves_texts_from_its_size_to_the_next(model):
    limits = list(presets.TABLE[model])
    assert limits == sorted(limits)
    for preset in presets.PRESETS:
        for smaller, larger in zip(limits, limits[1:], strict=False):
            column = presets.PRESETS.index(preset)
            for words, limit in ((0, limits[0]), (smaller - 1, smaller), (smaller, larger)):
                expected = dict(
                    zip(presets.SETTINGS, presets.TABLE[model][limit][column], strict=True)
                )
                assert presets.settings_of(model, preset, words) == expected


@pytest.mark.parametrize("model", presets.TABLE)
def test_a_slower_preset_does_more(model):
    """A preset trains at least as many epochs or dimensions as the one before it."""
    for row in presets.TABLE[model].values():
        work = [dim * (1 + negative) * epochs for dim, _, negative, epochs in row]
        assert work == sorted(work)


@compiled
@pytest.mark.parametrize(
    ("model", "preset"), [("skipgram", "fast"), ("skipgram", "standard"), ("cbow", "fast")]
)
def test_the_bytes_are_those_of_the_same_options(w2v, text, model, preset):
    values, lines = trained(w2v, text, "--model", model, "--preset", preset)
    options = options_of(model, preset, WORDS)
    assert preset_line(lines) == " ".join(options)
    assert trained(w2v, text, "--model", model, *options)[0] == values


def test_the_size_chooses_the_row(w2v, text, monkeypatch):
    below, above = ((8, 2, 3, 2),) * 3, ((4, 3, 2, 1),) * 3
    for limit, dim in ((WORDS + 1, 8), (WORDS, 4)):
        table = {"skipgram": {limit: below, float("inf"): above}}
        monkeypatch.setattr(presets, "TABLE", table)
        trained(w2v, text, "--preset", "fast")
        settings = json.loads(container.read(OUTPUT)[1]["settings"])
        assert settings["dim"] == dim
        assert "preset" not in settings


def test_given_options_win_even_if_they_equal_the_defaults(w2v, text):
    _, lines = trained(
        w2v, text, "--preset", "thorough", "--size", "6", "--iter", "1", "--negative", "5",
        "--model", "cbow",
    )  # fmt: skip
    assert preset_line(lines) == "--window 10"
    settings = json.loads(container.read(OUTPUT)[1]["settings"])
    assert [settings[name] for name in presets.SETTINGS] == [6, 10, 5, 1]
    _, lines = trained(w2v, text, "--preset", "fast", *SMALL, "--window", "5", "--neg", "5")
    assert preset_line(lines) == "nothing, because all its settings are given"


@pytest.mark.parametrize(
    ("options", "lr"),
    [
        (("--model", "cbow", "--cbow-update", "gradient"), 0.15),
        (("--subwords", "3-4"), 0.05),
        (("--min-lr", "0.02"), 0.025),
    ],
)
def test_learning_rates_stay(w2v, text, options, lr):
    trained(w2v, text, "--preset", "fast", *SMALL, *options)
    assert json.loads(container.read(OUTPUT)[1]["settings"])["lr"] == lr


def test_hierarchical_softmax_gets_no_negative_samples(w2v, text):
    _, lines = trained(w2v, text, "--preset", "fast", "--loss", "hs", *SMALL)
    assert preset_line(lines) == "--window 5"
    assert json.loads(container.read(OUTPUT)[1]["settings"])["negative"] == 5


def test_initial_vectors_fix_the_dimension(w2v, text):
    trained(w2v, text, *SMALL)
    Path(OUTPUT).rename("before.safetensors")
    _, lines = trained(
        w2v, text, "--preset", "fast", "--init", "before.safetensors", "--epochs", "1"
    )
    assert preset_line(lines) == "--window 5 --negative 5"
    line = refused(w2v, text, "--preset", "fast", "--update", "before.safetensors")
    assert line == (
        "w2v: --preset cannot be used with --update, which keeps the settings of the model: leave "
        "out --preset"
    )


@pytest.mark.parametrize("model", [name for name in models() if name not in presets.TABLE])
def test_other_models_refuse_it(w2v, text, model):
    line = refused(w2v, text, "--model", model, "--preset", "fast")
    assert line == "w2v: --preset works only with --model cbow or skipgram"


def test_an_unknown_preset_is_refused(w2v, text):
    assert "'best' is not one of 'fast', 'standard', 'thorough'" in refused(
        w2v, text, "--preset", "best"
    )
    with pytest.raises(package.W2VError, match="--preset 'best': expected fast or standard or"):
        package.train(text, preset="best")


def test_pipes_and_compressed_files_have_the_size_of_the_text(w2v, text, folder):
    plain = trained(w2v, text, "--preset", "fast", *SMALL)
    (folder / "text.gz").write_bytes(gzip.compress(Path(text).read_bytes()))
    assert trained(w2v, "text.gz", "--preset", "fast", *SMALL)[0] == plain[0]
    piped, lines = trained(w2v, "-", "--preset", "fast", *SMALL, stdin=Path(text).read_bytes())
    assert piped == plain[0]
    assert f"preset fast for {WORDS:,} words: --window 5 --negative 5" in lines


def test_resuming_a_finished_run_finds_the_same_settings(w2v, text):
    trained(w2v, text, "--preset", "fast", *SMALL)
    outcome = w2v("train", text, "--preset", "fast", *SMALL, "-o", OUTPUT, "--resume")
    assert "is already the result of this run" in outcome.err
    outcome = w2v(
        "train", text, *SMALL, "--window", "5", "--negative", "5", "-o", OUTPUT, "--resume"
    )
    assert "is already the result of this run" in outcome.err


@compiled
def test_a_dry_run_says_what_each_preset_takes(w2v, text):
    lines = w2v("train", text, "--dry-run", "--model", "cbow").err.splitlines()
    found = [re.fullmatch(r"--preset (\w+) would take about (.+) and (.+) of memory: (.*)", line)
             for line in lines[-3:]]  # fmt: skip
    for match, preset in zip(found, presets.PRESETS, strict=True):
        assert match[1] == preset
        assert match[4] == " ".join(options_of("cbow", preset, WORDS))
    lines = w2v("train", text, "--dry-run", "--preset", "fast").err.splitlines()
    assert not [line for line in lines if line.startswith("--preset")]
    assert "for 15 epochs" in lines[-1]
    assert "--preset" not in w2v("train", text, "--model", "ppmi", "--dry-run").err


@pytest.mark.parametrize("options", [("--model", "lstm", "--task", "lm"), ("--model", "cbow")])
def test_the_first_chunks_are_no_part_of_the_measured_speed(w2v, text, monkeypatch, options):
    """They load kernels that an empty chunk does not need: with an LSTM this may take 20 s."""
    slow, seconds, run = [5000.0], [0.0], Threads.run

    def loading(self, trainer, plan, on_progress, limit, state, before):
        run(self, trainer, plan, lambda last: None, 0.0, state, before)
        seconds[0] = slow.pop() if slow else 1.0
        on_progress(Progress(1, 1, 100, 1000, seconds[0], 0.1, 1.0))

    monkeypatch.setattr(Threads, "run", loading)
    outcome = w2v("train", text, *SMALL, *options, "--threads", 1, "--dry-run")
    assert "training time: about 10.0 s" in outcome.err
    assert not slow


@compiled
def test_the_estimate_of_a_preset_is_that_of_its_options(folder):
    """The memory is the same, and the time is in proportion to the work."""

    words = " ".join(f"w{i % 20_000}" for i in range(60_000))
    Path("text").write_text(words)

    def prepared(**options):
        options = {"min_count": 1, **options}
        run = build_run(["text"], OUTPUT, find_model("cbow"), options, Silent(), ExitStack())
        run.read()
        return run

    run = prepared()
    last = Progress(1, 5, 60_000, 300_000, 1.0, 0.025, 1.0)
    for forecast in forecasts(run.request, run.executor, 60_000, 10**9, last):
        same = prepared(preset=forecast.preset)
        more = same.executor.memory_bytes() - run.executor.memory_bytes()
        assert forecast.memory - 10**9 == more
        epochs = forecast.values["epochs"]
        assert forecast.seconds == pytest.approx(5.0 * epochs / 5 * 13 / 6)


def test_python_takes_the_preset_too(text, caplog):
    with caplog.at_level(logging.INFO, "w2v"):
        vectors = package.train(text, preset="thorough", vector_size=6, epochs=1, min_count=1)
    assert vectors.matrix.shape[1] == 6
    assert f"preset thorough for {WORDS:,} words: --window 5 --negative 5" in caplog.text
    with pytest.raises(package.W2VError, match="--preset works only with --model cbow or skipgram"):
        package.train(text, model="lda", preset="fast")
