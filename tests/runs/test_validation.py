"""Validation loss, early stopping, and the log of a run."""

import json
import math
import re

import numpy as np
import planted
import pytest
from helpers import ARGS, COMPILED, TRAINED, WITH_LOSSES, finish, make_run, stop_at

from w2v.embeddings import container
from w2v.errors import W2VError

HELD_OUT = {"valid": "held-out"}


@pytest.fixture
def text(folder, monkeypatch):
    """A planted text in the current folder, and a held-out text."""
    monkeypatch.setattr("w2v.training.chunks.SMALL_CHUNK", 80)
    (folder / "text").write_text(planted.text(300 if COMPILED else 12))
    (folder / "held-out").write_text(planted.text(20)[: 2000 if COMPILED else 200])
    return "text"


@pytest.mark.parametrize("name", TRAINED)
def test_the_loss_of_vectors_that_know_nothing_is_that_of_a_coin(text, name):
    training = make_run(text, name=name, run_settings=HELD_OUT, negative=0)
    before = [matrix.copy() for matrix in training.executor.trainer.matrices.values()]
    loss = training.executor.trainer.loss(training.validation.text)
    assert loss == pytest.approx(math.log(2), rel=1e-7)
    assert loss == training.executor.trainer.loss(training.validation.text)
    for matrix, old in zip(training.executor.trainer.matrices.values(), before, strict=True):
        np.testing.assert_array_equal(matrix, old)


def test_the_loss_of_a_tree_that_knows_nothing_is_that_of_a_coin_for_each_node(folder):
    """Four words of equal counts: each has two nodes on its path."""
    (folder / "text").write_text("a b c d\n" * 20)
    training = make_run("text", loss="hs", run_settings={"valid": "text"})
    loss = training.executor.trainer.loss(training.validation.text)
    assert loss == pytest.approx(2 * math.log(2), rel=1e-7)


@pytest.mark.parametrize("name", WITH_LOSSES)
def test_the_held_out_loss_of_the_text_itself_falls_as_that_of_training_does(text, name):
    training = make_run(text, name=name, run_settings={"valid": text}, epochs=4, lr=0.1)
    training.train()
    losses = training.validation.losses
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < training.request.options.untrained_loss


def script(training, losses):
    """Replace the validation losses of a run; returns a list that gets the vectors at each loss."""
    seen = []

    def loss(text):
        seen.append(training.executor.trainer.vectors("input_vectors").copy())
        return losses[len(seen) - 1]

    training.executor.trainer.loss = loss
    return seen


class _Stop(Exception):
    pass


def _train_for(training, epochs):
    """Train until so many epochs are complete and validated."""

    def stop(*found):
        if training.executor.epochs_done == epochs:
            raise _Stop

    training.messages.epoch = stop
    with pytest.raises(_Stop):
        training.train()


def test_patience_stops_and_keeps_the_best(text, folder):
    training = make_run(text, run_settings={**HELD_OUT, "patience": 2}, epochs=9)
    seen = script(training, [3.0, 2.0, math.nan, 2.0, 1.0])
    finish(training)
    assert len(seen) == training.executor.epochs_done == 4
    assert training.validation.best_epoch == 1
    tensors, metadata = container.read("x.safetensors")
    np.testing.assert_array_equal(tensors["words.matrix"], seen[1])
    assert json.loads(metadata["valid"])["losses"] == [3.0, 2.0, None, 2.0]


def test_without_patience_the_last_epoch_is_kept(text):
    training = make_run(text, run_settings=HELD_OUT, epochs=3)
    seen = script(training, [1.0, 2.0, 3.0])
    finish(training)
    np.testing.assert_array_equal(container.read("x.safetensors")[0]["words.matrix"], seen[2])


def test_a_stopped_run_goes_on_with_its_losses_and_its_best(text, folder):
    run_settings = {**HELD_OUT, "patience": 2}
    scripted = [3.0, 2.0, 2.5, 2.6]
    whole = make_run(text, "whole.safetensors", run_settings=run_settings, epochs=6)
    script(whole, scripted)
    finish(whole)
    first = make_run(text, run_settings=run_settings, epochs=6)
    script(first, scripted)

    _train_for(first, 3)
    assert first.checkpoint()
    last = make_run(text, run_settings=run_settings, epochs=6)
    assert last.resume()
    script(last, scripted[3:])
    finish(last)
    assert (folder / "x.safetensors").read_bytes() == (folder / "whole.safetensors").read_bytes()


PATIENT = {**HELD_OUT, "patience": 9}


@pytest.mark.parametrize(
    ("before", "after", "losses", "kept"),
    [
        (HELD_OUT, PATIENT, [3.0, 1.0, 2.0, 6.0, 5.0, 7.0], 4),
        (PATIENT, HELD_OUT, [3.0, 1.0, 2.0, 6.0, 5.0, 7.0], 5),
        ({}, PATIENT, [None, None, 2.0, 6.0, 5.0, 7.0], 2),
    ],
    ids=["patience is added", "patience is left out", "valid is added"],
)
def test_the_best_epoch_is_one_whose_matrices_are_there(text, before, after, losses, kept):
    """--force resumes a run without --patience or --valid, which has not kept its best epoch.

    Another stop does not change which epochs are compared.
    """
    scripted, seen = [loss for loss in losses if loss is not None], []
    for epochs, settings, force in ((3, before, False), (4, after, True), (6, after, False)):
        training = make_run(text, run_settings=settings, epochs=6)
        if epochs > 3:
            assert training.resume(force)
        if training.validation:
            vectors = script(training, scripted[len(seen) :])
        if epochs < 6:
            _train_for(training, epochs)
            assert training.checkpoint()
        else:
            finish(training)
        seen += vectors if training.validation else []
    tensors, metadata = container.read("x.safetensors")
    assert json.loads(metadata["valid"])["losses"] == losses
    np.testing.assert_array_equal(tensors["words.matrix"], seen[kept - len(losses)])
    assert training.validation.has_best == ("patience" in after)
    assert not training.validation.has_best or training.validation.best_epoch == kept


def test_no_epoch_is_called_the_best_where_none_was_compared(text):
    """The run was complete when it was stopped, and had no --patience."""
    first = make_run(text, run_settings=HELD_OUT, epochs=2)
    script(first, [1.0, 2.0])
    first.train()
    assert first.checkpoint()
    last = make_run(text, run_settings=PATIENT, epochs=2)
    assert last.resume(force=True)
    last.train()
    assert not last.validation.has_best
    said = []
    last.messages._console.say = said.append
    last.messages.summary(last.losses, last.validation, "", 1)
    assert not any("kept epoch" in line for line in said)


def test_another_held_out_text_is_another_run(text, folder):
    stop_at(make_run(text, run_settings=HELD_OUT), 3)
    (folder / "held-out").write_text(planted.text(3))
    with pytest.raises(W2VError, match="the SHA-256 of --valid was"):
        make_run(text, run_settings=HELD_OUT).resume()


def test_what_is_left_out_of_held_out_documents_is_said(w2v, folder):
    (folder / "train.tsv").write_text("a\tx y\nb\tz w\n" * 5)
    (folder / "held.tsv").write_text("a\tx\n\n\nb\tz\nb\tnever\n")
    said = w2v("train", "train.tsv", "--model", "nbow", "--valid", "held.tsv", "--epochs", 1).err
    assert (
        "\n2 blank rows left out\n1 document without any word of the vocabulary\n"
        "held-out text held.tsv: 2 tokens; out-of-vocabulary tokens: 1\n"
    ) in said


def test_the_log_has_an_object_for_each_report(w2v, text, folder):
    args = ("--valid", "held-out", "--log-json", "log", "-o", "x.safetensors")
    outcome = w2v("train", text, *ARGS, *args)
    events = [json.loads(line) for line in (folder / "log").read_text().splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds[0] == "start"
    assert kinds[-1] == "end"
    assert {"progress", "epoch"} <= set(kinds)
    epochs = [event for event in events if event["event"] == "epoch"]
    assert [event["epoch"] for event in epochs] == [1, 2]
    assert f"validation loss {epochs[1]['valid_loss']:.4f}" in outcome.err
    assert outcome.code == 0
    w2v("train", text, *ARGS, *args)
    assert len((folder / "log").read_text().splitlines()) >= 2 * len(events) - 2  # appended


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--patience", "2"), "--patience needs a held-out text"),
        (("--lr", "0.01", "--min-lr", "0.02"), "--min-lr 0.02 is above --lr 0.01: lower --min-lr"),
        (("--valid", "nowhere"), "nowhere: No such file"),
        (("--valid", "odd"), "odd: none of its 2 words is in the vocabulary"),
        (("--max-memory", "much"), "'much' is not a size"),
        (("--max-memory", "9" * 400), "9' is not a size"),
        (("--subwords", f"3-{'9' * 5000}"), "9': expected MIN-MAX, such as 3-6"),
        (("--max-memory", "1MB"), "but --max-memory is 1 MB: try a higher --min-count"),
        (("--log-json", "no/where"), "no/where: No such file"),
    ],
)
def test_what_cannot_be_is_one_line(w2v, text, folder, args, said):
    (folder / "odd").write_text("xyzzy plugh\n")
    outcome = w2v("train", text, *ARGS, *args, "-o", "x.safetensors")
    assert outcome.code == 2
    assert said in outcome.err
    assert not (folder / "x.safetensors").exists()


def test_fewer_threads_are_advised_if_they_save_enough(w2v, folder, monkeypatch):
    """LDA has two copies of the counts for each thread."""
    monkeypatch.setattr("w2v.system.resources.used_memory", lambda: 100_000_000)
    monkeypatch.setattr("w2v.system.resources.peak_memory", lambda: 0)
    (folder / "words").write_text("".join(f"w{number} v{number}\n" for number in range(3000)))
    call = ("train", "words", "--model", "lda", "--topics", 200, "--min-count", 1, "--min-df", 1)
    call += ("-o", "x.safetensors", "--dry-run", "--threads")
    needed = re.search(r"training needs (\d+) MB", w2v(*call, 4, "--max-memory", "1MB").err)
    limit = f"{int(needed[1]) - 12}MB"  # a thread has 10 MB
    outcome = w2v(*call, 4, "--max-memory", limit)
    assert outcome.code == 2
    assert "try --threads 2, --document-table sparse, a higher --min-count" in outcome.err
    assert w2v(*call, 3, "--max-memory", limit).code == 2
    assert w2v(*call, 2, "--max-memory", limit).code == 0
    assert "--threads" not in w2v(*call, 4, "--max-memory", "1MB").err


def test_a_held_out_text_is_read_by_its_suffix_if_the_texts_have_several_formats(w2v, folder):
    (folder / "a").write_text("x\tcar fuel\ny\tsong tune\n" * 9)
    (folder / "b").write_text("x,car fuel\ny,song tune\n" * 9)
    (folder / "valid.tsv").write_text("x\tcar\ny\tsong\n")
    texts = ("train", "a", "b", "--format", "tsv,csv", "--threads", 1, "-o", "x.safetensors")
    outcome = w2v(*texts, "--model", "nbow", "--valid", "valid.tsv")
    assert (outcome.code, "held-out text valid.tsv: 2 tokens" in outcome.err) == (0, True)
    sweep = ("topics", "--sweep", 2, "a", "b", "--format", "tsv,csv", "--merge-ids")
    fast = ("--epochs", 1, "--sweep-seeds", 1, "--threads", 1)
    outcome = w2v(*sweep, "--valid", "valid.tsv", *fast)
    said = "held out for the perplexity: 2 documents of valid.tsv"
    assert (outcome.code, said in outcome.err) == (0, True)
