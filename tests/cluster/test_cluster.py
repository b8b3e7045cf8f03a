"""Training on a Dask cluster on this machine: the bytes of --deterministic, also if workers die."""

import gzip
import json
import logging
import os
import signal
import sys
from types import SimpleNamespace

import numpy as np
import planted
import pytest
from helpers import COMPILED, WITH_LOSSES, finish, make_run, stop_at
from hypothesis import given
from hypothesis import strategies as st
from one_process import Here, Members

from w2v.errors import DivergedError, W2VError
from w2v.settings import TextSettings
from w2v.text.encode import open_corpus
from w2v.text.encode import read as read_here
from w2v.text.text_digest import root_digest

distributed = pytest.importorskip("distributed", reason="the extra cluster is not installed")
dask = pytest.importorskip("dask")


from w2v.cluster import (  # noqa: E402
    connection,
    local_workers,
    rounds,
    text_leaves,
    text_ranges,
    text_reader,
    versions,
    worker_tasks,
)
from w2v.cluster.connection import Cluster  # noqa: E402

clustered = pytest.mark.skipif(not COMPILED, reason="kernels that are not compiled take too long")
OPTIONS = {"deterministic": True, "shards": 5, "round_words": 40}


@pytest.fixture
def here(monkeypatch):
    """The functions of workers, called in this process."""
    members = Members()
    monkeypatch.setattr("w2v.cluster.range_tasks.worker_state", members)

    def read(paths, settings=None, **others):
        members.clear()
        settings = settings or TextSettings(min_count=1)
        corpus = open_corpus(paths, settings, None)
        vocabulary, text = text_reader.read(Here(), corpus, settings, lambda share: None, **others)
        ids = np.concatenate([np.empty(0, np.int32), *text._parts])
        return corpus, vocabulary, ids, text.starts

    return read


def same(found, paths, settings=None, **others):
    """Check that workers have read the same as this process reads alone."""
    settings = settings or TextSettings(min_count=1)
    corpus = open_corpus(paths, settings, None)
    vocabulary, text = read_here(corpus, settings, lambda tokens: None, **others)
    assert found[1].names == vocabulary.names
    np.testing.assert_array_equal(found[1].counts, vocabulary.counts)
    for name in ("types", "tokens", "sentence_ends"):
        assert getattr(found[1], name) == getattr(vocabulary, name), name
    np.testing.assert_array_equal(found[2], text.ids.mapped())
    np.testing.assert_array_equal(found[3], text.starts)
    assert found[0].fingerprint == corpus.fingerprint
    assert found[0].bad_bytes == corpus.bad_bytes
    return True


words = st.sampled_from([b"a", b"bb", b"\n", b" ", b"</s>", "é".encode(), b"\xff", b"ccc\n", b"\t"])


@given(st.lists(words, min_size=1, max_size=60).map(b"".join), st.integers(1, 9))
def test_ranges_of_any_length_are_the_text(tmp_path_factory, data, length):
    path = tmp_path_factory.mktemp("ranges") / "text"
    path.write_bytes(b"t " + data)
    whole = b"".join(open_corpus([str(path)], TextSettings(), None).blocks()).split(b" ")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("w2v.cluster.text_ranges.MIN_RANGE_BYTES", length)
        parts = [
            b"".join(text_ranges.RangeCorpus(part, TextSettings()).blocks())
            for [part] in text_ranges.cut([text_ranges.examine(str(path), "utf-8")], [None])
        ]
    assert b"".join(parts).split(b" ") == whole
    assert len(parts) == -(-(2 + len(data)) // length)


@given(st.lists(words, max_size=30).map(b"".join), st.integers(0, 60), st.integers(1, 70))
def test_leaves_of_any_length_give_the_fingerprint(tmp_path_factory, data, cut, length):
    folder = tmp_path_factory.mktemp("leaves")
    data = data.replace(b"\xff", b"x")
    (folder / "a").write_bytes(b"\xef\xbb\xbf" + data[:cut])
    (folder / "b").write_bytes(data[cut:])
    paths = [str(folder / "a"), str(folder / "b")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("w2v.text.text_digest.LEAF", length)
        patch.setattr("w2v.cluster.text_leaves.MAX_TASKS", 4)
        files = [text_ranges.examine(path, "utf-8") for path in paths]
        groups = text_leaves.groups(text_leaves.leaves(files))
        digests = [digest for group in groups for digest in text_leaves.hash_leaves(group)]
        expected = open_corpus(paths, TextSettings(), None).digest()
    assert root_digest(digests) == expected
    assert len(groups) <= 4


@pytest.mark.parametrize("length", [3, 50, 1 << 20])
def test_workers_read_what_one_process_reads(folder, here, monkeypatch, length):
    monkeypatch.setattr("w2v.cluster.text_ranges.MIN_RANGE_BYTES", length)
    (folder / "a").write_bytes(b"\xef\xbb\xbfone two two\n\n\nthree \xff one </s> two")
    (folder / "b").write_bytes(b"")
    (folder / "c.gz").write_bytes(gzip.compress(b"two four\nfive"))
    (folder / "d").write_text("x" * 200 + " two\n" + planted.text(5))
    paths = ["a", "b", "c.gz", "d"]
    assert same(here(paths), paths)
    few = TextSettings(min_count=2, tokenizer="words", lowercase=True)
    assert same(here(paths, few), paths, few)
    known = {"two": 5, "zebra": 7}
    assert same(here(paths, known=known), paths, known=known)
    (folder / "words").write_text("two 9\nfive 3\nnothing 2\n")
    assert same(here(paths, fixed="words"), paths, fixed="words")


def test_what_workers_cannot_read_is_said(folder, here):
    with pytest.raises(W2VError, match="stdin: the workers of a cluster read parts of a file"):
        here(["-"])
    (folder / "a").write_text("one two two\n")
    with pytest.raises(W2VError, match="try --min-count 2"):
        here(["a"], TextSettings(min_count=3))
    (folder / "three").write_text("one two three\n")
    # With 3 types of at most 4, one process would drop rare types: see `WordCounter.is_full`.
    for most in (2, 4):
        with pytest.raises(W2VError, match=f"three: 3 types are too many.* --max-types {most};"):
            here(["three"], TextSettings(min_count=1, max_types=most))
    assert here(["a"], TextSettings(min_count=1, max_types=4))[1].names == ["two", "one"]
    (folder / "words").write_text("zebra 9\n")
    with pytest.raises(W2VError, match="none of its 3 words is in words"):
        here(["a"], fixed="words", settings=TextSettings(min_count=1))


def start_cluster(workers):
    """Start worker processes of one thread."""
    return local_workers.LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    )


@pytest.fixture(scope="module")
def workers():
    """Two worker processes of one thread."""
    with start_cluster(2) as cluster:
        yield cluster


def test_messages_of_other_packages_come_again_when_the_cluster_is_left(workers, monkeypatch):
    def levels():
        names = ["distributed", "distributed.core", "distributed.client", "asyncio"]
        return [logging.getLogger(name).level for name in names]

    logging.getLogger("distributed.core").setLevel(logging.ERROR)
    before = levels()
    with Cluster(workers.scheduler_address):
        assert levels()[:3] == [logging.CRITICAL] * 3
    assert levels() == before
    monkeypatch.setattr("w2v.cluster.connection.TIMEOUT", 0.1)
    for address in ("tcp://127.0.0.1:1", "somewhere"):
        with pytest.raises(W2VError):
            Cluster(address)
        assert levels() == before


@pytest.fixture
def text(folder, monkeypatch):
    """A planted text in the current folder, of some dozens of chunks and several byte ranges."""
    monkeypatch.setattr("w2v.training.chunks.SMALL_CHUNK", 80)
    monkeypatch.setattr("w2v.cluster.text_ranges.MIN_RANGE_BYTES", 4000)
    (folder / "text").write_text(planted.text(150))
    return "text"


def make_cluster_job(cluster, text, name="skipgram", output="x.safetensors", **options):
    """The same as `make_run`, but on a cluster."""
    return make_run(text, output, name, cluster=cluster, **{**OPTIONS, **options})


def reference(folder, text, name="skipgram", **options):
    """The bytes of the output with --deterministic in this process.

    A test calls this first: the workers then find the compiled kernels in the cache.
    """
    finish(make_run(text, "reference.safetensors", name, **{**OPTIONS, **options}))
    return (folder / "reference.safetensors").read_bytes()


def when_half_is_done(training, do):
    """A listener to progress that does something in the middle of a run."""
    done = []

    def listen(progress):
        if training.executor.state.words > training.executor.plan.words / 2 and not done:
            done.append(do())

    return listen


def kill(cluster, count):
    for worker in list(cluster.workers.values())[:count]:
        os.kill(worker.pid, signal.SIGKILL)


@clustered
@pytest.mark.parametrize("name", WITH_LOSSES)
def test_the_bytes_are_those_of_one_machine(workers, folder, text, name):
    wanted = reference(folder, text, name)
    with Cluster(workers.scheduler_address) as cluster:
        training = make_cluster_job(cluster, text, name)
        finish(training)
    assert len(training.executor.plan) > 4 * OPTIONS["shards"]
    assert (folder / "x.safetensors").read_bytes() == wanted


@clustered
def test_words_composed_from_ngrams_have_the_bytes_of_one_machine(workers, folder, text):
    wanted = reference(folder, text, subwords="3-4")
    with Cluster(workers.scheduler_address) as cluster:
        finish(make_cluster_job(cluster, text, subwords="3-4"))
    assert (folder / "x.safetensors").read_bytes() == wanted


@clustered
@pytest.mark.parametrize("count", [1, 3])
def test_the_bytes_are_those_of_any_number_of_workers(folder, text, count):
    with start_cluster(count) as started, Cluster(started.scheduler_address) as cluster:
        training = make_cluster_job(cluster, text)
        finish(training)
    assert (folder / "x.safetensors").read_bytes() == reference(folder, text)


@clustered
@pytest.mark.parametrize("killed", [1, 2])
def test_workers_that_are_killed_change_nothing(workers, folder, text, killed):
    with Cluster(workers.scheduler_address) as cluster:
        training = make_cluster_job(cluster, text)
        training.messages.progress = when_half_is_done(training, lambda: kill(workers, killed))
        training.train()
        training.save()
    assert (folder / "x.safetensors").read_bytes() == reference(folder, text)


@clustered
@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_texts_of_records_are_read_here_and_have_the_bytes_of_one_machine(
    workers, w2v, folder, model
):
    rows = [json.dumps({"body": line}) for line in planted.text(60).splitlines()]
    (folder / "x.jsonl").write_text("\n".join(rows))
    args = ["--text-field", "body", "--min-count", "1", "--dim", "6", "--epochs", "2"]
    args += ["--model", model, "--shards", "3", "--round-words", "40", "--valid", "x.jsonl"]
    assert w2v("train", "x.jsonl", *args, "-o", "a.safetensors").code == 0
    there = ("--cluster", workers.scheduler_address)
    outcome = w2v("train", "x.jsonl", *args, *there, "-o", "b.safetensors")
    assert outcome.code == 0, outcome.err
    assert (folder / "b.safetensors").read_bytes() == (folder / "a.safetensors").read_bytes()


@clustered
def test_workers_that_come_take_part_and_change_nothing(workers, folder, text, monkeypatch):
    monkeypatch.setattr("w2v.cluster.rounds.MAX_BASE_ROUNDS", 3)  # a base is sent to new workers
    with Cluster(workers.scheduler_address) as cluster:
        training = make_cluster_job(cluster, text)
        try:
            training.messages.progress = when_half_is_done(training, lambda: workers.scale(3))
            training.train()
            workers.wait_for_workers(3, timeout=60)
        finally:
            workers.scale(2)
        training.save()
    assert (folder / "x.safetensors").read_bytes() == reference(folder, text)


@clustered
def test_a_worker_that_dies_while_it_gets_data_ends_no_run(workers, folder, monkeypatch):
    """Dask's own broadcast never ended then."""
    killed = folder / "killed"

    def die_once(data):
        """Die like a worker that has no memory left, but not in the second attempt."""
        if not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(connection, "hold", die_once)
    with Cluster(workers.scheduler_address) as cluster:
        workers.wait_for_workers(2, timeout=60)
        data = cluster.spread(b"some data")
        assert cluster.result(data) == b"some data"
    assert killed.exists()


@clustered
def test_a_run_whose_workers_are_all_gone_says_so(w2v, folder, text, monkeypatch):
    monkeypatch.setattr("w2v.cluster.connection.TIMEOUT", 2)
    cluster = start_cluster(1)
    taken, original = [], rounds.ClusterRounds._apply_round

    def take(self, *args):
        taken.append(args)
        if len(taken) == 9:
            cluster.scale(0)
        original(self, *args)

    monkeypatch.setattr(rounds.ClusterRounds, "_apply_round", take)
    with cluster:
        outcome = w2v(
            "train", text, "--min-count", "1", "--dim", "6", "--sample", "0", "--shards", "5",
            "--round-words", "40", "-o", "x.safetensors", "--cluster", cluster.scheduler_address,
        )  # fmt: skip
    assert outcome.code == 1
    assert "no worker has answered for 2 s: start workers" in outcome.err.splitlines()[-1]
    assert "the same command with --resume" in outcome.err


@clustered
def test_a_scheduler_that_is_gone_leaves_a_checkpoint_to_go_on_from(w2v, folder, text, monkeypatch):
    """The run can resume with another scheduler, and on this machine alone."""
    monkeypatch.setattr("w2v.cluster.connection.TIMEOUT", 1)
    options = ["train", text, "--min-count", "1", "--dim", "6", "--sample", "0", "--shards", "5"]
    options += ["--round-words", "40", "-o", "x.safetensors"]
    first = start_cluster(1)
    taken, original = [], rounds.ClusterRounds._apply_round

    def take(self, *args):
        taken.append(args)
        if len(taken) == 9:
            first.close(timeout=20)
        original(self, *args)

    with monkeypatch.context() as patch, dask.config.set({"distributed.comm.timeouts.connect": 1}):
        patch.setattr(rounds.ClusterRounds, "_apply_round", take)
        outcome = w2v(*options, "--cluster", first.scheduler_address)
    assert outcome.code == 1
    assert "the connection to the scheduler is lost" in outcome.err.splitlines()[-1]
    assert "the same command with --resume" in outcome.err
    with start_cluster(1) as second:
        found = w2v(*options, "--cluster", second.scheduler_address, "--resume")
        assert (found.code, "resumed from" in found.err) == (0, True)
    went_on = (folder / "x.safetensors").read_bytes()
    assert w2v(*options[:-1], "y.safetensors", "--deterministic").code == 0
    assert (folder / "y.safetensors").read_bytes() == went_on


@clustered
def test_what_is_stopped_here_goes_on_on_a_cluster(workers, folder, text):
    stop_at(make_run(text, **OPTIONS), 12)
    with Cluster(workers.scheduler_address) as cluster:
        training = make_cluster_job(cluster, text)
        assert training.resume()
        finish(training)
    assert (folder / "x.safetensors").read_bytes() == reference(folder, text)


@clustered
@pytest.mark.parametrize("epochs", [8, pytest.param(64, marks=pytest.mark.slow)])
def test_the_scheduler_holds_as_much_after_many_rounds_as_after_few(
    workers, folder, text, monkeypatch, epochs
):
    monkeypatch.setattr("w2v.cluster.rounds.MAX_BASE_ROUNDS", 8)
    held = []
    with Cluster(workers.scheduler_address) as cluster:
        training = make_cluster_job(cluster, text, shards=2, epochs=epochs)

        def look(progress):
            if training.executor.state.chunks_done // 40 >= len(held):
                scheduler = workers.scheduler
                held.append(
                    (len(scheduler.tasks), sum(w.nbytes for w in scheduler.workers.values()))
                )

        training.messages.progress = look
        training.train()
        assert len(training.executor.plan) == 2 * 16 * epochs  # of which two are a round
    tasks, memory = zip(*held[2:], strict=True)
    assert max(tasks) < 2 * min(tasks) + 50
    assert max(memory) < 3 * min(memory)


@clustered
def test_a_loss_that_is_not_finite_ends_the_run(workers, folder, text):
    with Cluster(workers.scheduler_address) as cluster:
        training = make_cluster_job(cluster, text)
        training.executor.trainer.vectors("input_vectors")[:] = np.nan
        with pytest.raises(DivergedError, match="diverged in epoch 1: the loss is nan"):
            training.train()


@clustered
def test_a_worker_of_another_version_is_refused(workers, folder, w2v, monkeypatch):
    (folder / "text").write_text("a b")
    monkeypatch.setattr("w2v.cluster.versions.__version__", "0.0.9")
    monkeypatch.setattr("w2v.cluster.versions.version", lambda name: f"{name}'s")
    workers.wait_for_workers(1, timeout=60)  # an earlier test may have killed the other one
    outcome = w2v("train", "text", "--cluster", workers.scheduler_address)
    assert outcome.code == 2
    addresses = ", ".join(sorted(workers.scheduler.workers))
    assert f"w2v 0.0.9 here, 0.1.0 at {addresses}; numpy numpy's here, {np.__version__} at" in (
        outcome.err
    )
    assert outcome.err.endswith(": install the same versions here and on every worker\n")
    assert len(outcome.err.splitlines()) == 1


@clustered
def test_a_worker_of_another_version_that_joins_later_is_refused(workers, monkeypatch):
    """It takes no task, and ends the run when the workers are counted."""
    with Cluster(workers.scheduler_address) as cluster:
        assert cluster.workers() == len(cluster._checked) > 0
        cluster._checked.pop()
        monkeypatch.setattr("w2v.cluster.versions.version", lambda name: f"{name}'s")
        with pytest.raises(W2VError, match="numba numba's here, .* at tcp"):
            cluster.threads()
    plugin = worker_tasks.WorkerState("run", is_local=False)
    monkeypatch.undo()
    with pytest.raises(W2VError, match="numpy numpy's here, .* at tcp://x:1: install"):
        plugin.setup(SimpleNamespace(address="tcp://x:1"))
    with pytest.raises(W2VError, match="numpy numpy's here, .* at tcp://x:1: install"):
        plugin.kept("replica", dict)


def test_versions_of_many_workers_are_told_in_one_line():
    packages = {"python": "3.12.4.final.0", "numpy": "2.1", "numba": None, "w2v": "1.0"}
    other = versions.of_report(packages)
    assert other == {"Python": "3.12", "w2v": "1.0", "numpy": "2.1", "numba": None}
    assert versions.of_report(packages | {"w2v": None})["w2v"] == versions.here()["w2v"]
    wanted = {"Python": "3.12", "w2v": "1.0", "numpy": "2.2", "numba": "0.6"}
    assert versions.differences(wanted, {"a": wanted}) == ""
    assert versions.differences(wanted, dict.fromkeys("edcba", other) | {"f": wanted}) == (
        "numpy 2.2 here, 2.1 at a, b, c and 2 other workers; numba 0.6 here, none at a, b, c and 2 "
        "other workers: install the same versions here and on every worker"
    )


@pytest.mark.parametrize("address", ["here", "local:0", "local:many", "http://x", "tcp://"])
def test_what_is_no_cluster_is_said(w2v, folder, address):
    (folder / "text").write_text("a b")
    outcome = w2v("train", "text", "--cluster", address)
    assert outcome.code == 2
    assert f"--cluster {address}: expected tcp://SCHEDULER:PORT or local:WORKERS" in outcome.err


def test_a_scheduler_that_does_not_answer_is_said(w2v, folder, monkeypatch):
    (folder / "text").write_text("a b")
    monkeypatch.setattr("w2v.cluster.connection.TIMEOUT", 0.5)
    outcome = w2v("train", "text", "--cluster", "tcp://127.0.0.1:1")
    assert outcome.code == 1  # as of a cluster that is lost later: the same command may succeed
    assert "no scheduler answers" in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_workers_are_stopped_although_the_connection_does_not_close():
    """They would else go on after the command has ended."""
    stopped, cluster, logger = [], Cluster.__new__(Cluster), logging.getLogger("distributed.x")

    def fail(timeout):
        raise TimeoutError

    cluster._client = SimpleNamespace(close=fail)
    cluster._local = SimpleNamespace(close=lambda timeout: stopped.append("workers"))
    cluster._levels = {logger: logging.INFO}
    with pytest.raises(TimeoutError):
        cluster.close()
    assert stopped == ["workers"]
    assert logger.level == logging.INFO


@pytest.mark.parametrize("name", ["sif", "lstm"])
def test_models_that_do_not_go_there_say_so(w2v, folder, name):
    (folder / "text").write_text("a b")
    outcome = w2v("train", "text", "--cluster", "local:1", "--model", name)
    assert (outcome.code, f"--cluster does not work with --model {name}" in outcome.err) == (
        2,
        True,
    )


def test_without_dask_the_extra_is_named(w2v, folder, monkeypatch):
    (folder / "text").write_text("a b")
    monkeypatch.setattr("w2v.cluster", sys.modules["w2v.cluster"])  # is put back
    for name in [*sys.modules]:
        if name.startswith("w2v.cluster"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "distributed", None)
    outcome = w2v("train", "text", "--cluster", "local:1")
    assert outcome.code == 2
    assert "pip install 'w2v[cluster]'" in outcome.err
