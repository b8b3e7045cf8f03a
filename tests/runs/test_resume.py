"""Stopped runs: a resumed run ends as if it had never been stopped, and nothing is lost."""

import errno
import json
import math
import os
import random
import signal
import stat
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import planted
import pytest
from helpers import (
    ARGS,
    CLOSED_FORM_ARGS,
    COMPILED,
    ITERATIVE_ARGS,
    WITH_LOSSES,
    compiled,
    compiled_only,
    finish,
    make_run,
    short_training,
    start_run,
    stop_at,
    wait_until,
)

import w2v as library
from w2v.embeddings import container
from w2v.errors import W2VError
from w2v.models import models
from w2v.runs import checkpoint
from w2v.runs.messages import Messages
from w2v.runs.run import TrainingRun
from w2v.system import locks, signals
from w2v.training.loop import run

SENTENCES = 300 if COMPILED else 12


@pytest.fixture
def text(folder, monkeypatch):
    """A planted text in the current folder, cut into some dozens of chunks."""
    monkeypatch.setattr("w2v.training.chunks.SMALL_CHUNK", 20)
    (folder / "text").write_text(planted.text(SENTENCES))
    return "text"


@pytest.mark.parametrize("name", WITH_LOSSES)
def test_a_run_that_was_stopped_ends_with_the_same_bytes(text, folder, name):
    finish(make_run(text, "whole.safetensors", name))
    chunks = len(make_run(text, name=name).executor.plan)
    for chunk in sorted(random.Random(1).sample(range(chunks + 1), 4)):
        training = make_run(text, name=name)
        training.resume()
        stop_at(training, chunk)
    last = make_run(text, name=name)
    assert last.resume()
    assert last.executor.state.resumed == last.executor.state.words
    finish(last)
    assert (folder / "x.safetensors").read_bytes() == (folder / "whole.safetensors").read_bytes()
    assert not (folder / "x.safetensors.checkpoint").exists()


def test_checkpoints_are_written_while_a_run_goes_on(text, folder, monkeypatch):
    written = []
    monkeypatch.setattr("w2v.runs.checkpoint.write", lambda path, *rest: written.append(rest[-1]))
    monkeypatch.setattr(
        "w2v.training.loop.run",  # as if a checkpoint were due every 7 chunks
        lambda trainer, plan, threads, show, seconds, state, before, in_rounds: run(
            trainer, plan, threads, show, math.inf, state, min(state.chunks_done + 7, before)
        ),
    )
    training = make_run(text, threads=2, run_settings={"checkpoint_every": "1e-9"})
    training.train()
    each = len(training.executor.plan) // 2  # each epoch ends with a call of its own
    wanted = [*range(7, each, 7), each, *range(each + 7, 2 * each, 7)]
    assert [state["chunks_done"] for state in written] == [0, *wanted]
    assert training.executor.state.chunks_done == len(training.executor.plan)
    assert training.executor.state.words == training.executor.plan.words


def test_a_checkpoint_can_be_written_after_each_epoch(text, folder, monkeypatch):
    written = []
    monkeypatch.setattr("w2v.runs.checkpoint.write", lambda path, *rest: written.append(rest[-1]))
    training = make_run(text, run_settings={"checkpoint_every": "epoch"}, epochs=3)
    training.train()
    chunks = len(training.executor.plan)
    assert [state["chunks_done"] for state in written] == [chunks // 3, 2 * chunks // 3]


@pytest.mark.parametrize(
    ("interval", "seconds"),
    [("5", 300), ("0.5", 30), ("10s", 10), ("2m", 120), ("1.5h", 5400), ("0", math.inf)],
)
def test_an_interval_has_a_unit(interval, seconds):
    assert checkpoint.interval(interval) == seconds


@pytest.mark.parametrize("interval", ["often", "-1", "nan", "s", "5d", "-1s", "epochs"])
def test_an_interval_that_is_none_is_refused(text, interval):
    with pytest.raises(W2VError, match="expected a number of minutes, a time such as 30s"):
        make_run(text, run_settings={"checkpoint_every": interval})


def test_stdin_is_read_again_and_must_be_the_same(w2v, text, folder):
    stdin = (folder / "text").read_bytes()
    args = ("train", "-", *ARGS, "--checkpoint-every", "epoch", "-o", "x.safetensors")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainingRun, "save", lambda training: 1 / 0)  # so that the checkpoint stays
        with pytest.raises(ZeroDivisionError):
            w2v(*args, stdin=stdin)
    other = w2v(*args, "--resume", stdin=stdin + b"more\n")
    assert (other.code, "the text's SHA-256 was" in other.err) == (2, True)
    same = w2v(*args, "--resume", stdin=stdin)
    assert (same.code, "resumed from" in same.err) == (0, True)


def test_a_run_that_was_stopped_after_its_last_chunk_only_writes_its_file(w2v, text, folder):
    training = make_run(text)
    stop_at(training, len(training.executor.plan))
    outcome = w2v("train", text, *ARGS, "-o", "x.safetensors", "--resume")
    assert outcome.code == 0
    assert "at 100.0%" in outcome.err
    assert "wrote x.safetensors" in outcome.err


def test_nothing_to_resume_is_a_start(text):
    assert not make_run(text).resume()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"dim": 7}, "--dim was 6, is now 7"),
        ({"seed": 2}, "--seed was 1, is now 2"),
        ({"threads": 2}, "--threads was 1, is now several"),
        ({"name": "cbow"}, "--model was skipgram"),
        ({"deterministic": True}, "--deterministic was False, is now True[.;]"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(text, changed, said):
    stop_at(make_run(text, deterministic=False), 3)
    with pytest.raises(W2VError, match=said):
        make_run(text, **{"deterministic": False, **changed}).resume()


@pytest.mark.parametrize(("cluster", "hint"), [(True, " (--cluster sets it)"), (False, "")])
def test_only_in_a_cluster_is_determinism_that_of_the_cluster(cluster, hint):
    old, new = {"--deterministic": False}, {"--deterministic": True}
    wanted = [f"--deterministic was False, is now True{hint}"]
    assert checkpoint.differences(old, new, cluster) == wanted


def test_a_run_of_a_cluster_is_continued_alone_with_deterministic(text):
    model = models()["lda"]
    stop_at(start_run(text, "x.safetensors", model, model.settings(**LDA, deterministic=True)), 2)
    other = start_run(text, "x.safetensors", model, model.settings(**LDA), 2)
    with pytest.raises(W2VError, match="a run with --deterministic, which --cluster .*: add --det"):
        other.resume(force=True)
    changed = model.settings(**{**LDA, "seed": 9})
    with pytest.raises(W2VError, match="--deterministic was True, is now False") as caught:
        start_run(text, "x.safetensors", model, changed, 2).resume()
    assert "--threads" not in str(caught.value)


def frequent_word():
    """The most frequent word of the text: with more of it, the vocabulary is the same."""
    return Counter(planted.text(SENTENCES).split()).most_common(1)[0][0]


def test_force_does_not_give_vectors_to_other_words(text, folder):
    stop_at(make_run(text), 3)
    (folder / "text").write_text(planted.text(SENTENCES).replace(frequent_word(), "another"))
    with pytest.raises(W2VError, match="SHA-256 of the vocabulary was .*not even with --force"):
        make_run(text).resume(force=True)


def test_force_does_not_give_topics_to_other_tokens(text, folder):
    model = models()["lda"]
    stop_at(start_run(text, "x.safetensors", model, model.settings(**LDA)), 2)
    (folder / "text").write_text("\n".join(reversed(planted.text(SENTENCES).splitlines())))
    other = start_run(text, "x.safetensors", model, model.settings(**LDA))
    with pytest.raises(W2VError, match="the text's SHA-256 was .*not even with --force"):
        other.resume(force=True)


def test_a_result_of_other_settings_that_is_replaced_is_named(w2v, small):
    args = (*short_training("skipgram", "x.safetensors"), "--resume")
    assert "replaced" not in w2v(*args).err
    outcome = w2v(*args, "--window", "3")
    assert outcome.code == 0, outcome.err
    assert (
        "x.safetensors is the result of another run, and will be replaced: --window was 5, is"
        in (outcome.err)
    )


def test_a_changed_text_is_refused_and_forced(text, folder):
    stop_at(make_run(text), 3)
    (folder / "text").write_text(f"{planted.text(SENTENCES)}{frequent_word()}\n")
    training = make_run(text)
    with pytest.raises(W2VError, match="the text's SHA-256 was .*, or add --force"):
        training.resume()
    assert training.resume(force=True)
    finish(training)


def test_force_is_not_advised_where_there_is_none(text, monkeypatch):
    """Neither w2v.train nor a sweep has it."""
    same = {"dim": 6, "epochs": 2, "sample": 0, "threads": 1, "min_count": 1}
    resume, diverges = TrainingRun.resume, False

    def resumed(training, force):
        is_resumed = resume(training, force)
        training.executor.trainer.vectors("output_vectors")[:] = np.inf if diverges else 0
        return is_resumed

    monkeypatch.setattr(TrainingRun, "resume", resumed)
    stop_at(make_run(text), 3)
    for other, said in (
        ({"lr": 0.5}, "--lr was 0.025, is now 0.5. Repeat .*, or remove the file$"),
        ({"dim": 5}, "cannot be continued. Repeat .*, or remove the file$"),
        ({}, "training diverged in epoch 1: the loss is nan; try --lr 0.0025 or less$"),
    ):
        diverges = not other
        with pytest.raises(W2VError, match=said):
            library.train(text, output="x.safetensors", resume=True, **{**same, **other})


@pytest.mark.parametrize("epochs", [1, 5])
def test_a_run_can_be_forced_to_have_other_epochs(text, folder, epochs):
    training = make_run(text, epochs=3)
    stop_at(training, len(training.executor.plan) // 2)
    other = make_run(text, epochs=epochs)
    assert other.resume(force=True)
    done = training.executor.state.chunks_done
    assert done >= len(training.executor.plan) // 2
    assert other.executor.state.chunks_done == min(done, len(other.executor.plan))
    finish(other)
    assert len(json.loads(container.read("x.safetensors")[1]["losses"])) == epochs


@pytest.mark.parametrize("name", WITH_LOSSES)
def test_a_checkpoint_does_not_grow_with_the_epochs_to_come(text, folder, name):
    sizes = {}
    for epochs in (4, 400_000):
        training = make_run(text, f"{epochs}.safetensors", name, epochs=epochs)
        stop_at(training, 3)
        assert len(training.executor.state.losses) <= 4
        sizes[epochs] = os.path.getsize(training.checkpoint_path)
    assert sizes[400_000] < sizes[4] + 1000


def test_a_damaged_checkpoint_and_a_file_that_is_none_are_refused(text, folder):
    stop_at(make_run(text), 3)
    path = folder / "x.safetensors.checkpoint"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(W2VError, match="do not match their checksum"):
        make_run(text).resume()
    container.write(str(path), {"a": np.zeros(1)}, {})
    with pytest.raises(W2VError, match="is not a checkpoint"):
        make_run(text).resume()


def test_vectors_that_are_not_finite_are_never_written(text, folder):
    training = make_run(text)
    stop_at(training, 3)
    before = (folder / "x.safetensors.checkpoint").read_bytes()
    training.executor.trainer.vectors("input_vectors")[1, 1] = np.inf
    with pytest.raises(W2VError, match="not finite"):
        training.checkpoint()
    with pytest.raises(W2VError, match="not finite"):
        training.save()
    assert (folder / "x.safetensors.checkpoint").read_bytes() == before
    assert not (folder / "x.safetensors").exists()


def test_a_finished_run_is_not_run_again(w2v, text, folder):
    first = w2v("train", text, *ARGS, "-o", "x.safetensors", "--resume")
    assert "no checkpoint to resume from: starting from the beginning" in first.err
    before = (folder / "x.safetensors").stat().st_ino
    os.utime("x.safetensors", (1, 1))
    again = w2v("train", text, *ARGS, "-o", "x.safetensors", "--resume")
    assert (again.code, again.out) == (0, "")
    assert "nothing to do" in again.err
    found, source = (folder / "x.safetensors").stat(), (folder / "text").stat()
    assert found.st_ino == before  # it was not written anew
    assert found.st_mtime_ns >= source.st_mtime_ns  # or make would repeat it
    other = w2v("train", text, *ARGS, "-o", "x.safetensors", "--resume", "--seed", "2")
    assert "wrote x.safetensors" in other.err


def test_a_new_run_does_not_tread_on_a_checkpoint(w2v, text, folder):
    stop_at(make_run(text), 3)
    outcome = w2v("train", text, *ARGS, "-o", "x.safetensors")
    assert outcome.code == 2
    assert "x.safetensors.checkpoint is the checkpoint of a run" in outcome.err
    assert "vocabulary" not in outcome.err  # said before the text is read
    forced = w2v("train", text, *ARGS, "-o", "x.safetensors", "--force")
    assert (forced.code, "--force works only with --resume" in forced.err) == (2, True)
    assert "resumed from x.safetensors.checkpoint at" in w2v(
        "train", text, *ARGS, "-o", "x.safetensors", "--resume"
    ).err  # fmt: skip


# Two runs with the same output


def test_a_run_that_lives_is_named_to_another_one(w2v, text, folder):
    args = ("train", text, *ARGS, "-o", "x.safetensors")
    stop_at(make_run(text), 3)
    checkpoint_before = (folder / "x.safetensors.checkpoint").read_bytes()
    with locks.locked("x.safetensors"):
        for more in ((), ("--resume",)):
            outcome = w2v(*args, *more)
            assert outcome.code == 2
            assert outcome.err == (
                f"w2v: x.safetensors is being written by another run, process {os.getpid()}: wait "
                "for it, or name another file with -o\n"
            )
        os.symlink("x.safetensors", "y.safetensors")
        assert "is being written" in w2v("train", text, *ARGS, "-o", "y.safetensors").err
        assert w2v("train", text, *ARGS, "-o", "z.safetensors").code == 0
        assert w2v(*args, "--dry-run").code == 0
    assert (folder / "x.safetensors.checkpoint").read_bytes() == checkpoint_before
    assert w2v(*args, "--resume").code == 0
    assert not list(folder.glob("*.lock"))


def test_a_disk_without_room_for_the_lock_is_named(w2v, text, folder, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(locks.os, "write", full)
        outcome = w2v("train", text, *ARGS, "-o", "x.safetensors")
    path = os.path.realpath("x.safetensors.lock")
    assert (outcome.code, outcome.err) == (2, f"w2v: {path}: No space left on device\n")
    assert not os.path.exists(path)


def test_the_lock_of_a_killed_run_is_taken_over_and_no_other_file_is(w2v, text, folder):
    lock = folder / "x.safetensors.lock"
    for left in ("", "1 elsewhere\n"):
        lock.write_text(left)
        assert w2v("train", text, *ARGS, "-o", "x.safetensors").code == 0
        assert not lock.exists()
    lock.write_text("notes of a user")
    outcome = w2v("train", text, *ARGS, "-o", "x.safetensors")
    assert (outcome.code, "is not a lock file of w2v" in outcome.err) == (2, True)
    assert lock.read_text() == "notes of a user"


@compiled
def test_of_two_processes_with_one_output_the_second_is_refused(text, folder):
    command = [sys.executable, "-m", "w2v", "train", text, *ARGS[:-2], "-o", "x.safetensors"]
    with subprocess.Popen(
        [*command, "--epochs", "100000", "--checkpoint-every", "0.0001"],
        cwd=folder, stderr=subprocess.PIPE, text=True,
    ) as first:  # fmt: skip
        for line in first.stderr:
            if line.startswith("memory"):
                break
        second = subprocess.run([*command, "--resume"], cwd=folder, capture_output=True, text=True)
        assert second.returncode == 2
        assert f"by another run, process {first.pid}:" in second.stderr
        wait_until((folder / "x.safetensors.checkpoint").exists, first)
        first.kill()
    third = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert "x.safetensors.checkpoint is the checkpoint of a run that was stopped" in third.stderr
    (folder / "x.safetensors.checkpoint").unlink()
    subprocess.run([*command, "--quiet"], cwd=folder, check=True)
    assert {path.name for path in folder.iterdir()} == {text, "x.safetensors"}


def test_a_checkpoint_is_as_private_as_the_file_that_it_is_of(text, folder):
    (folder / "x.safetensors").write_text("old")
    (folder / "x.safetensors").chmod(0o600)
    stop_at(make_run(text), 3)
    assert stat.S_IMODE((folder / "x.safetensors.checkpoint").stat().st_mode) == 0o600


# Trained vectors are not lost.

SUFFIXES = [".txt", ".vec", ".glove", ".bin", ".npy", ".tsv", ".txt.gz", ".bin.gz", ".npy.gz"]


def outputs(folder):
    return {path.name: path.read_bytes() for path in folder.glob("x.*")}


def stopped(w2v, monkeypatch, args, *numbers):
    """A training that gets signals after the last chunk and before the output is written."""
    summary = Messages.summary

    def stop(messages, *found):
        summary(messages, *found)
        for number in numbers:
            signal.raise_signal(number)

    with monkeypatch.context() as patch:
        patch.setattr(Messages, "summary", stop)
        return w2v(*args)


def test_every_model_is_among_those_that_are_stopped():
    assert {*ITERATIVE_ARGS, *CLOSED_FORM_ARGS} == {*models()}


@pytest.mark.parametrize(
    ("name", "suffix"),
    [*((name, ".safetensors") for name in ITERATIVE_ARGS | CLOSED_FORM_ARGS)]
    + [
        pytest.param(name, suffix, marks=compiled_only)
        for name in ("skipgram", "pv-dbow", "lsa")
        for suffix in SUFFIXES
    ],
)
def test_a_stop_after_the_training_waits_for_the_file(
    w2v, small, folder, monkeypatch, name, suffix
):
    args = short_training(name, f"x{suffix}")
    assert w2v(*args).code == 0
    whole = outputs(folder)
    for path in whole:
        (folder / path).unlink()
    outcome = stopped(w2v, monkeypatch, args, signal.SIGTERM)
    assert outcome.code == 143
    assert f"wrote x{suffix}\nstopped after x{suffix} was written" in outcome.err
    assert outputs(folder) == whole


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_that_saves_nothing_says_what_it_interrupted(w2v, small, monkeypatch, number):
    """Otherwise a batch job with too short a limit would be started again for ever."""

    def stop(*args):
        raise signals.Stopped(number)

    args = (*short_training("skipgram", "x.safetensors"), "--quiet", "--resume")
    word = signals.name_of(number)
    for owner, name, stage in (
        ("w2v.runs.texts.Texts", "read", "reading the text"),
        ("w2v.runs.run.TrainingRun", "train", "training"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(f"{owner}.{name}", stop)
            outcome = w2v(*args)
            assert outcome.err == f"w2v: {word} while {stage}: nothing was saved\n"
            assert outcome.code == 128 + number
    stop_at(short_run := make_run("text"), 3)
    assert short_run.has_checkpoint()
    with monkeypatch.context() as patch:
        patch.setattr("w2v.runs.texts.Texts.read", stop)
        said = w2v(*args).err
    assert said == f"w2v: {word} while reading the text: nothing new was saved\n"


@pytest.mark.parametrize("name", ITERATIVE_ARGS)
def test_ctrl_c_once_more_leaves_a_checkpoint_in_place_of_the_file(
    w2v, small, folder, monkeypatch, name
):
    args = short_training(name, "x.safetensors")
    assert w2v(*args).code == 0
    whole = outputs(folder)
    (folder / "x.safetensors").unlink()
    monkeypatch.setattr("w2v.system.signals.AGAIN", -1.0)
    outcome = stopped(w2v, monkeypatch, args, signal.SIGINT, signal.SIGINT)
    assert outcome.code == 130
    assert "x.safetensors was not written" in outcome.err
    assert "to continue, run the same command with --resume" in outcome.err
    assert [*outputs(folder)] == ["x.safetensors.checkpoint"]
    assert w2v(*args, "--resume").code == 0
    assert outputs(folder) == whole


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_disk_under_the_log_is_named_and_ends_the_log_alone(w2v, small, folder):
    args = ("train", "text", *ITERATIVE_ARGS["skipgram"], "-o", "x.safetensors")
    outcome = w2v(*args, "--log-json", "/dev/full")
    assert outcome.code == 0
    assert outcome.err.count("/dev/full: No space left on device: the log ends here\n") == 1
    assert (folder / "x.safetensors").exists()
    outcome = w2v(*args, "--save-vocab", "/dev/full")
    assert (outcome.code, outcome.err.splitlines()[-1]) == (
        2, "w2v: /dev/full: No space left on device"
    )  # fmt: skip


def test_a_file_that_cannot_be_written_leaves_a_checkpoint(w2v, small, folder, monkeypatch):
    args = ("train", "text", *ITERATIVE_ARGS["skipgram"], "-o", "x.safetensors")
    with monkeypatch.context() as patch:
        patch.setattr(TrainingRun, "save", lambda training: os.stat("/nowhere"))
        outcome = w2v(*args)
    assert (outcome.code, "to continue, run the same command" in outcome.err) == (2, True)
    assert outcome.err.endswith("w2v: /nowhere: No such file or directory\n")
    assert w2v(*args, "--resume").code == 0


@compiled
@pytest.mark.parametrize("stops", [3, pytest.param(120, marks=pytest.mark.slow)])
def test_a_real_process_that_is_stopped_while_it_writes_loses_nothing(folder, stoppable, stops):
    """One or two signals come at random moments between the last chunk and the rename."""
    rng = random.Random(3)
    words = [f"w{n}" for n in range(20_000)]
    rng.shuffle(words)
    (folder / "text").write_text(
        "\n".join(" ".join(words[at : at + 10]) for at in range(0, len(words), 10))
    )
    command = [sys.executable, "-m", "w2v", "train", "text", "--epochs", "1", "--threads", "1"]
    command += ["--min-count", "1", "--dim", "200", "--sample", "0", "-o"]
    outputs = ["x.safetensors", "x.txt", "x.bin"]
    whole = {}
    for output in outputs:
        subprocess.run([*command, output, "--quiet"], check=True, cwd=folder)
        whole[output] = (folder / output).read_bytes()
    for turn in range(stops):
        output = outputs[turn % 3]
        path, checkpoint = folder / output, folder / f"{output}.checkpoint"
        path.unlink(missing_ok=True)
        number = rng.choice(signals.STOPS)
        with subprocess.Popen(
            [*command, output], cwd=folder, stderr=subprocess.PIPE, text=True
        ) as child:
            for line in child.stderr:
                if line.startswith("trained"):
                    break
            with suppress(subprocess.TimeoutExpired):
                child.wait(rng.random() * (0.3 if output == "x.txt" else 0.05))
            for _ in range(rng.choice([1, 2])):
                child.send_signal(number)
            said = child.stderr.read()
        assert child.returncode in (0, 128 + number, -number), said
        if path.exists():
            assert f"wrote {output}" in said
            assert path.read_bytes() == whole[output]
            assert not checkpoint.exists()
        else:
            assert f"to continue, run the same command with --resume ({checkpoint.name})" in said
            subprocess.run([*command, output, "--resume", "--quiet"], check=True, cwd=folder)
            assert path.read_bytes() == whole[output]
        assert not [left for left in folder.iterdir() if "part" in left.name]


@compiled
@pytest.mark.parametrize(
    ("kills", "others"), [(4, 2), pytest.param(48, 16, marks=pytest.mark.slow)]
)
def test_a_real_process_that_is_stopped_again_and_again_ends_with_the_same_bytes(
    folder, kills, others
):
    """Stopped at random moments, also while it starts, reads, writes a checkpoint or the file.

    By one signal many times, and beside it, which takes no longer, by others.
    """
    calls = [[signal.SIGKILL], [signal.SIGINT, signal.SIGTERM]]

    def stop_all(these):
        for number in these:
            stops = kills if number == signal.SIGKILL else others
            (folder / number.name).mkdir()
            stop_again_and_again(folder / number.name, number, stops, 15 * stops)

    with ThreadPoolExecutor() as pool:
        list(pool.map(stop_all, calls))


def stop_again_and_again(folder, number, stops, epochs):
    """Train in rounds, on another number of threads each time."""
    (folder / "text").write_text(planted.text(4000))
    (folder / "x.safetensors").write_text("from before")
    command = [sys.executable, "-m", "w2v", "train", "text", "--quiet", "--deterministic"]
    command += ["--dim", "100", "--epochs", str(epochs), "--sample", "0"]
    subprocess.run([*command, "-o", "whole.safetensors"], check=True, cwd=folder)
    whole = (folder / "whole.safetensors").read_bytes()
    command += ["-o", "x.safetensors", "--resume", "--checkpoint-every", "0.0002"]
    rng, stopped = random.Random(int(number)), 0
    for _ in range(stops):
        threads = ["--threads", str(rng.randint(1, 3))]
        with subprocess.Popen([*command, *threads], stderr=subprocess.PIPE, cwd=folder) as child:
            try:
                assert child.wait(0.3 + rng.random()) == 0
            except subprocess.TimeoutExpired:
                child.send_signal(number)
                said = child.stderr.read()
                code = child.wait()
                # On a loaded machine, Ctrl-C may come before Python has started, which ends with 1.
                is_early = b"Failed to import the site module" in said
                assert code in (0, -number, 128 + number) or is_early, said
                stopped += code != 0
                assert (folder / "x.safetensors").read_bytes() in (b"from before", whole)
    assert stopped > stops / 2
    subprocess.run(command, check=True, cwd=folder)
    assert (folder / "x.safetensors").read_bytes() == whole
    left = {path.name for path in folder.iterdir()}
    assert left == {"text", "whole.safetensors", "x.safetensors"}


LDA = {"topics": 3, "epochs": 4}
LSTM = {"task": "lm", "dim": 4, "units": 4, "epochs": 3}


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("name", "settings", "changed", "threads", "said"),
    [
        ("skipgram", {"dim": 6}, {"dim": 7}, 1, "--dim was 6, is now 7"),
        ("lda", LDA, {}, 2, "--threads was 1, is now 2"),
        ("lda", LDA, {"topics": 4}, 1, "--topics was 3, is now 4"),  # padded to the same shapes
        ("lstm", LSTM, {}, 2, "--threads was 1, is now 2"),
    ],
)
def test_force_is_not_advised_where_the_matrices_do_not_fit(
    text, name, settings, changed, threads, said, force
):
    model = models()[name]
    stop_at(start_run(text, "x.safetensors", model, model.settings(**settings)), 2)
    other = start_run(text, "x.safetensors", model, model.settings(**settings | changed), threads)
    with pytest.raises(W2VError) as caught:
        other.resume(force=force)
    assert said in str(caught.value)
    assert "not even with --force. Repeat that run's options" in str(caught.value)
    assert "add --force" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "settings", "changed"),
    [
        ("lda", LDA, {"epochs": 5}), ("lstm", LSTM, {"lr": 0.5}), ("skipgram", {}, {"epochs": 2}),
        ("lstm", LSTM, {"epochs": 5}),
    ],
)  # fmt: skip
def test_an_advised_force_works(text, name, settings, changed):
    model = models()[name]
    stop_at(start_run(text, "x.safetensors", model, model.settings(**settings)), 2)
    other = start_run(text, "x.safetensors", model, model.settings(**settings | changed))
    with pytest.raises(W2VError, match="add --force to continue anyway"):
        other.resume()
    assert other.resume(force=True)
    finish(other)


def test_another_model_is_refused_with_force(text):
    stop_at(make_run(text), 3)
    with pytest.raises(W2VError, match="--model was skipgram, is now pv-dm.*not even with --force"):
        make_run(text, name="pv-dm").resume(force=True)


def test_a_checkpoint_that_lacks_a_matrix_is_damaged(text):
    training = make_run(text)
    stop_at(training, 3)
    path = training.checkpoint_path
    tensors, metadata = container.read(path)
    first, *_ = tensors
    container.write(path, {first: np.array(tensors[first])}, {**metadata, "checksums": "{}"})
    with pytest.raises(W2VError, match="damaged: its matrices do not fit its settings"):
        make_run(text).resume()
