"""Wild settings and odd texts: a run trains finite vectors or says in one line what is wrong."""

import itertools

import numpy as np
import planted
import pytest
from conftest import COMPILED, TRAINED
from test_resume import finish, make_job, stop_at

from w2v import formats
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
}


@pytest.mark.parametrize("model", TRAINED)
@pytest.mark.parametrize("settings", SETTINGS)
def test_a_run_ends_well_or_says_why_not(w2v, folder, model, settings):
    wild = SETTINGS[settings] if COMPILED or settings != "negative 1000" else ("--negative", "9")
    for (name, text), least in itertools.product(TEXTS.items(), ("1", "5")):
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
    monkeypatch.setattr("w2v.plan.SMALL_CHUNK", 40)
    (folder / "text").write_text(planted.text(300 if COMPILED else 12))
    stop_at(make_job("text", **rounds), 1)
    before = (folder / "x.safetensors.checkpoint").read_bytes()
    job = make_job("text", **rounds)
    assert job.resume()
    job.trainer.vectors("output_vectors")[:] = np.inf
    with pytest.raises(DivergedError) as error:
        job.train(lambda progress: None)
    assert "diverged in epoch 1: the loss is nan; try --lr 0.0025 or less" in str(error.value)
    assert "--resume --force too, from x.safetensors.checkpoint" in str(error.value)
    assert (folder / "x.safetensors.checkpoint").read_bytes() == before
    again = make_job("text", lr=0.0025, **rounds)
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
