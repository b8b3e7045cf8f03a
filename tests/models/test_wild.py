"""Extreme settings and odd texts: a run trains finite vectors, or fails with one line."""

import itertools
import os
import random
import signal
import sys
from pathlib import Path

import numpy as np
import planted
import pytest
from helpers import (
    CLOSED_FORM_ARGS,
    COMPILED,
    ITERATIVE_ARGS,
    TRAINED,
    compiled_only,
    finish,
    make_run,
    short_training,
    stop_at,
)

import w2v as w2v_package
from w2v.embeddings import formats
from w2v.errors import DivergedError
from w2v.models import models

if not COMPILED:  # NumPy warns of what compiled code only notices in the loss
    pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

TEXTS = {
    "plain": planted.text(200 if COMPILED else 4),
    "one word": "word",
    "one word often": "word " * 50,
    "two words": "yes no\n" * 20,
    "all hapaxes": " ".join(f"w{n}" for n in range(200 if COMPILED else 20)),
    "a line a thousandfold": "the quick brown fox jumps\n" * (1000 if COMPILED else 10),
    "sentences of one word": "\n".join("abcde" * 10),
    "empty lines": "\n\n\na b\n\n",
}
SETTINGS = {
    "none": (),
    "lr 1e3": ("--lr", "1000"),
    "lr 1e6": ("--lr", "1e6", "--min-lr", "1e6"),
    "lr 0": ("--lr", "0"),
    "dim 1": ("--dim", "1"),
    "dim 17": ("--dim", "17"),
    "window 1000": ("--window", "1000", "--no-shrink"),
    "negative 0": ("--negative", "0"),
    "negative 1000": ("--negative", "1000"),
    "sample 0": ("--sample", "0"),
    "sample 1e-9": ("--sample", "1e-9"),
    "noise of the rare": ("--noise-exponent", "-10"),
    "rounds": ("--deterministic", "--shards", "1000"),
    "wild rounds": ("--deterministic", "--lr", "1000", "--round-words", "1"),
    "many threads": ("--threads", "64"),
    "hierarchical softmax": ("--loss", "hs", "--lr", "1"),
    "hierarchical softmax in wild rounds": ("--loss", "hs", "--deterministic", "--lr", "1000"),
}


@compiled_only
@pytest.mark.parametrize("model", TRAINED)
@pytest.mark.parametrize("settings", SETTINGS)
def test_a_run_ends_well_or_says_why_not(w2v, folder, model, settings):
    wild = SETTINGS[settings] if COMPILED or settings != "negative 1000" else ("--negative", "9")
    least_counts = ("1", "5") if settings in ("none", "rounds", "hierarchical softmax") else ("1",)
    for (name, text), least in itertools.product(TEXTS.items(), least_counts):
        (folder / "text").write_text(text)
        (folder / "x.safetensors").unlink(missing_ok=True)
        args = ("--model", model, "--dim", "8", "--epochs", "2", "--min-count", least, *wild)
        outcome = w2v("train", "text", *args, "-o", "x.safetensors")
        assert "Traceback" not in outcome.err, (name, outcome.err)
        if outcome.code == 0:
            table = formats.load("x.safetensors", models()[model].table)
            assert np.isfinite(table.matrix).all(), name
            assert "nan" not in outcome.err, name
        else:
            assert outcome.code in (1, 2), (name, outcome)
            assert not (folder / "x.safetensors").exists()
            assert outcome.err.splitlines()[-1].startswith("w2v: "), name
            assert "try " in outcome.err or "no words" in outcome.err, (name, outcome.err)
        assert not [*folder.glob("*.part"), *folder.glob("*.lock")]


@pytest.mark.parametrize("rounds", [{}, {"deterministic": True, "shards": 2, "round_words": 40}])
def test_a_run_that_diverges_leaves_its_last_good_checkpoint_to_go_on_from(
    folder, monkeypatch, rounds
):
    monkeypatch.setattr("w2v.training.chunks.SMALL_CHUNK", 40)
    (folder / "text").write_text(planted.text(300 if COMPILED else 12))
    stop_at(make_run("text", **rounds), 1)
    before = (folder / "x.safetensors.checkpoint").read_bytes()
    training = make_run("text", **rounds)
    assert training.resume()
    training.executor.trainer.vectors("output_vectors")[:] = np.inf
    with pytest.raises(DivergedError) as error:
        training.train()
    assert "diverged in epoch 1: the loss is nan; try --lr 0.0025 or less" in str(error.value)
    assert "--resume --force to continue from the earlier checkpoint, x.saf" in str(error.value)
    assert (folder / "x.safetensors.checkpoint").read_bytes() == before
    again = make_run("text", lr=0.0025, **rounds)
    assert again.resume(force=True)
    finish(again)
    assert np.isfinite(formats.load("x.safetensors").matrix).all()


def test_a_loss_above_that_of_knowing_nothing_is_remarked(w2v, folder):
    (folder / "text").write_text(planted.text(200 if COMPILED else 4))
    args = ("train", "text", "--min-count", "1", "--sample", "0", "--threads", "1", "--epochs", "1")
    outcome = w2v(*args, "--lr", "20", "--dim", "16")
    assert outcome.code in (0, 1)
    if outcome.code == 0:
        assert "try a lower --lr" in outcome.err


ODD = "caf\udce9"  # a name of bytes that are not UTF-8, as Python shows it


@pytest.fixture
def odd_names(w2v, folder):
    """A folder of texts, vectors and a document model, all with names that are not UTF-8."""
    os.makedirs(ODD)
    for name, text in (
        (f"{ODD}/{ODD}.txt", "red army\n" * 20),
        (f"{ODD}/b.txt", "blue sea\n" * 20),
    ):
        Path(name).write_text(text)
    args = ("--min-count", 1, "--epochs", 2, "--sample", 0, "--dim", 4)
    model = ("--model", "pv-dbow", "--word-vectors")
    outcome = w2v(
        "train", ODD, *model, *args, "--log-json", f"{ODD}.log", "-o", f"{ODD}.safetensors"
    )
    assert outcome.code == 0, outcome.err
    Path(f"{ODD}.pairs").write_text("red\tarmy\t3\nblue\tsea\t4\nred\tsea\t1\n")
    Path(f"{ODD}.questions").write_text("red army blue sea\n")


CALLS = {
    "infer": ("infer", f"{ODD}.safetensors", f"{ODD}/{ODD}.txt", "-o", f"{ODD}-y.safetensors"),
    "info": ("info", f"{ODD}.safetensors"),
    "similar": ("similar", "--table", "documents", f"{ODD}.txt"),
    "similar json": ("similar", "--table", "documents", "b.txt", "--json"),
    "convert": ("convert", f"{ODD}.safetensors", f"{ODD}-y.txt", "--table", "documents"),
    "convert npy": ("convert", f"{ODD}.safetensors", f"{ODD}-y.npy", "--table", "documents"),
    "convert tsv": ("convert", f"{ODD}.safetensors", f"{ODD}-y.tsv", "--table", "documents"),
    "plot html": ("plot", "--table", "documents", "-o", f"{ODD}-y.html"),
    "plot svg": ("plot", "--table", "documents", "-o", f"{ODD}-y.svg"),
    "plot tsv": ("plot", "--table", "documents", "-o", f"{ODD}-y.tsv"),
    "plot losses": ("plot", "--loss", f"{ODD}.log", "--loss", f"{ODD}.log", "-o", f"{ODD}-y.svg"),
    "vocab": ("vocab", "-r", ODD, "--min-count", 1, "-o", f"{ODD}-y.txt"),
    "phrases": ("phrases", "-r", ODD, "-o", f"{ODD}-y.txt"),
    "dedup": ("dedup", "-r", ODD, "-o", f"{ODD}-y.txt"),
    "self-retrieval": ("evaluate", "self-retrieval", f"{ODD}.safetensors", ODD),
    "similarity": ("evaluate", "similarity", f"{ODD}.pairs"),
    "analogies": ("evaluate", "analogies", f"{ODD}.questions", "--plot", f"{ODD}-y.svg"),
    "train": ("train", f"{ODD}/{ODD}.txt", "--min-count", 1, "--valid", f"{ODD}/{ODD}.txt",
              "--sample", 0, "--save-vocab", f"{ODD}-y.txt", "-o", f"{ODD}-y.safetensors"),
    "-r": ("train", "-r", ODD, "--min-count", 1, "--sample", 0, "-o", f"{ODD}-y.safetensors"),
}  # fmt: skip


@compiled_only
@pytest.mark.parametrize("call", CALLS)
def test_file_names_that_are_not_utf_8_can_be_read_written_and_printed(
    w2v, odd_names, monkeypatch, call
):
    monkeypatch.setenv("W2V_VECTORS", f"{ODD}.safetensors")
    if any(str(each).endswith(".svg") for each in CALLS[call]):
        pytest.importorskip("matplotlib")
    outcome = w2v(*CALLS[call])
    assert outcome.code == 0, outcome.err
    assert "Traceback" not in outcome.err
    wanted = [each for each in CALLS[call] if f"{ODD}-y" in str(each)]
    assert all(Path(each).stat().st_size for each in wanted)


@pytest.mark.parametrize(
    "call",
    [
        ("train", ODD),
        ("train", "text", "--encoding", ODD),
        ("train", "text", "--columns", ODD, "--model", "pv-dbow"),
        ("phrases", "text", "--joiner", ODD),
        ("similar", ODD),
        ("similar", "king", "--table", ODD),
        ("evaluate", "similarity", ODD),
    ],
)
def test_arguments_that_are_not_utf_8_are_mistakes_in_one_line(w2v, toy, folder, call):
    (folder / "text").write_text("a b\n" * 9)
    outcome = w2v(*call)
    assert outcome.code in (2, 3)
    assert "Traceback" not in outcome.err
    assert outcome.err.startswith("w2v: ")
    assert outcome.err.count("\n") == 1


class StopAt:
    """A context in which a stop signal comes at one of the calls of our own functions.

    number  which call, from 0, of those at which a stop is caught; None: no signal comes

    `calls` is the number of such calls.
    """

    def __init__(self, number=None):
        self.number, self.calls = number, 0

    def __enter__(self):
        sys.setprofile(self._count)
        return self

    def __exit__(self, *exception):
        sys.setprofile(None)

    def _count(self, frame, event, argument):
        caught = signal.getsignal(signal.SIGTERM) not in (signal.SIG_DFL, signal.SIG_IGN)
        if event == "call" and caught and frame.f_code.co_filename.startswith(OURS):
            self.calls += 1
            if self.calls - 1 == self.number:
                signal.raise_signal(signal.SIGTERM)


OURS = os.path.dirname(w2v_package.__file__)


def kept(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# What Python closes when it drops a stopped program's objects, it warns of.
dropped = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@compiled_only
@dropped
@pytest.mark.parametrize("stops", [2, pytest.param(30, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("name", "suffix"),
    [*((name, ".safetensors") for name in ITERATIVE_ARGS | CLOSED_FORM_ARGS)]
    + [("skipgram", suffix) for suffix in (".txt.gz", ".bin", ".npy", ".tsv")],
)
def test_a_training_that_is_stopped_at_any_moment_ends_with_the_same_bytes(
    w2v, small, folder, stoppable, name, suffix, stops
):
    """A stop may come from the first byte that is read to the last that is written."""
    args = short_training(name, f"x{suffix}")
    assert w2v(*args).code == 0  # so that nothing is imported or compiled below
    for path in folder.glob("x.*"):
        path.unlink()
    before = kept(folder)
    with StopAt() as whole:
        assert w2v(*args).code == 0
    wanted, rng = kept(folder), random.Random(f"{name}{suffix}")
    for number in (rng.randrange(whole.calls) for _ in range(stops)):
        for path in folder.glob("x.*"):
            path.unlink()
        with StopAt(number):
            outcome = w2v(*args)
        # The status is 0 if the run has reported progress less often, with fewer calls.
        assert outcome.code in (143, 0), (number, outcome)
        assert "Traceback" not in outcome.err, (number, outcome.err)
        left = kept(folder)
        left.pop(f"x{suffix}.lock", None)  # as after a killed process: the next run replaces it
        assert outcome.code or left == wanted, number
        assert left.keys() <= {*wanted, f"x{suffix}.checkpoint"}, number
        if left != wanted:
            left.pop(f"x{suffix}.checkpoint", None)
            assert left == before, (number, outcome.err)
        again = w2v(*args, "--resume")
        assert again.code == 0, (number, again.err)
        assert kept(folder) == wanted, number


@compiled_only
@dropped
@pytest.mark.parametrize("stops", [3, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "call",
    [
        ("vocab", "text", "-o", "x.vocab", "--curve", "x.curve", "--quiet"),
        ("phrases", "text", "-o", "x.text", "--list", "x.list", "--quiet", "--min-count", "1"),
        ("dedup", "text", "-o", "x.text", "--counts", "x.counts", "--quiet"),
        ("convert", "words.txt", "x.npy"),
        ("convert", "words.txt", "x.tsv"),
        ("convert", "words.txt", "x.bin.gz"),
        ("plot", "-v", "words.txt", "-o", "x.html", "--quiet"),
    ],
)
def test_a_command_that_is_stopped_at_any_moment_leaves_each_file_old_or_new(
    w2v, small, folder, stoppable, call, stops
):
    assert w2v(*call).code == 0
    with StopAt() as whole:
        assert w2v(*call).code == 0
    new = kept(folder)
    made, rng = [path.name for path in folder.glob("x.*")], random.Random(" ".join(call))
    for number in (rng.randrange(whole.calls) for _ in range(stops)):
        for name in made:
            (folder / name).write_bytes(b"old")
        with StopAt(number):
            outcome = w2v(*call)
        assert outcome.code in (143, 0), (number, outcome)
        assert "Traceback" not in outcome.err, (number, outcome.err)
        left = kept(folder)
        assert left.keys() == new.keys(), number
        assert all(left[name] in (b"old", new[name]) for name in made), number
