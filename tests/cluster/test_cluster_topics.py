"""LDA and LSA on a Dask cluster: the bytes of one machine, also if workers die."""

import math
import os
import random
import re
import signal
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import planted
import pytest
from helpers import COMPILED, Silent, compiled, start_run, use_two_rounds
from one_process import Here, Members

from w2v import api
from w2v.errors import ConnectionLostError
from w2v.factorization import svd
from w2v.models import models
from w2v.runs.messages import Messages
from w2v.runs.run import TrainingRun

pytest.importorskip("distributed", reason="the extra cluster is not installed")

from w2v.cluster import connection, count_changes, svd_products  # noqa: E402
from w2v.cluster.count_replica import Topics  # noqa: E402
from w2v.cluster.executor import cluster_executor  # noqa: E402
from w2v.cluster.svd_products import ClusterProducts  # noqa: E402

LOST = "--cluster here: data were lost with workers 4 times in a row: read the workers' logs"
LDA = {"topics": 5, "epochs": 12, "deterministic": True, "shards": 4}


@pytest.fixture
def here(monkeypatch):
    monkeypatch.setattr("w2v.cluster.count_replica.worker_state", Members())
    monkeypatch.setattr("w2v.cluster.range_tasks.worker_state", Members())
    return Here()


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes of one thread."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("w2v.cluster.local_workers.processors", lambda: 2)
        with connection.Cluster("local:2") as found:
            yield found


@pytest.fixture
def text(folder, monkeypatch):
    """A planted text in the current folder; an epoch of LDA has several rounds."""

    use_two_rounds(monkeypatch)
    (folder / "text").write_text(planted.text(300 if COMPILED else 12))
    return "text"


def make_run(name, text, output, cluster=None, **options):
    """A run that is ready to train, on a cluster or in this process."""
    model = models()[name]
    return start_run(text, output, model, model.settings(**options), cluster=cluster)


def finish(training, on_epoch=lambda: None):
    """Train with a call after each epoch, and save; returns the bytes of the file."""
    training.messages.epoch = lambda *found: on_epoch()
    training.train()
    training.save()
    return Path(training.request.output).read_bytes()


def train_until(training, chunk):
    """Train up to a chunk, which may be in the middle of an epoch."""
    executor = training.executor
    executor._engine.run(
        executor.trainer, executor.plan, lambda progress: None, 60.0, executor.state, chunk
    )


def kill_a_worker(cluster):
    pids = cluster._client.run(os.getpid)
    os.kill(min(pids.values()), signal.SIGKILL)


@pytest.mark.parametrize("shape", [(3, 16), (700, 24), (1, 8)])
@pytest.mark.parametrize("share", [0, 0.01, 1])
def test_tallies_hold_all_counts_and_add_up(shape, share):
    rng = np.random.default_rng(1)

    def counts():
        found = rng.integers(-300, 300, shape).astype(np.int32) * (rng.random(shape) < share)
        found.flat[:4] = [127, -128, 128, -129][: found.size]
        return found.astype(np.int32)

    one, two, three = counts(), counts(), counts()
    back = three.copy()
    count_changes.add_to(back, count_changes.tally(one))
    np.testing.assert_array_equal(back, three + one)
    both = count_changes.add_up([count_changes.tally(one), count_changes.tally(two)], shape)
    for found, wanted in zip(both, count_changes.tally(one + two), strict=True):
        np.testing.assert_array_equal(found, wanted)
    alone = count_changes.tally(one)
    assert count_changes.add_up([alone], shape) is alone
    assert alone.nbytes == sum(array.nbytes for array in alone)


def test_lda_here_goes_the_way_of_the_cluster(text, here, monkeypatch):
    monkeypatch.setattr("w2v.cluster.lda_rounds.MIN_BASE_ROUNDS", 3)
    monkeypatch.setattr("w2v.cluster.lda_rounds.MAX_BASE_ROUNDS", 3)
    options = {**LDA, "epochs": 8 if COMPILED else 4}
    wanted = finish(make_run("lda", text, "a.safetensors", **options))
    assert finish(make_run("lda", text, "b.safetensors", here, **options)) == wanted


def test_the_sparse_sampler_here_goes_the_way_of_the_cluster(text, here, monkeypatch):
    monkeypatch.setattr("w2v.cluster.lda_rounds.MIN_BASE_ROUNDS", 3)
    monkeypatch.setattr("w2v.cluster.lda_rounds.MAX_BASE_ROUNDS", 3)
    options = {**LDA, "epochs": 8 if COMPILED else 4, "sampler": "sparse"}
    wanted = finish(make_run("lda", text, "a.safetensors", **options))
    assert finish(make_run("lda", text, "b.safetensors", here, **options)) == wanted
    dense = finish(make_run("lda", text, "c.safetensors", **options | {"sampler": "dense"}))
    assert dense != wanted


@pytest.mark.parametrize("burn_in", [0, 3])
def test_samples_of_topics_here_go_the_way_of_the_cluster(text, here, monkeypatch, burn_in):
    monkeypatch.setattr("w2v.cluster.lda_rounds.MIN_BASE_ROUNDS", 3)
    monkeypatch.setattr("w2v.cluster.lda_rounds.MAX_BASE_ROUNDS", 3)
    epochs = 20 if COMPILED else 5
    options = {**LDA, "epochs": epochs, "burn_in": burn_in, "document_table": "sparse"}
    wanted = finish(make_run("lda", text, "a.safetensors", **options))
    assert finish(make_run("lda", text, "b.safetensors", here, **options)) == wanted


@pytest.mark.parametrize("burn_in", [0, 3])
def test_lda_with_seed_words_here_goes_the_way_of_the_cluster(text, here, monkeypatch, burn_in):
    monkeypatch.setattr("w2v.cluster.lda_rounds.MIN_BASE_ROUNDS", 3)
    monkeypatch.setattr("w2v.cluster.lda_rounds.MAX_BASE_ROUNDS", 3)
    word, other = sorted(set(Path(text).read_text().split()))[:2]
    seeds = f"first\t{word}:3\nsecond\t{other}\n"
    options = {**LDA, "epochs": 8 if COMPILED else 4, "burn_in": burn_in}
    plain = finish(make_run("lda", text, "p.safetensors", **options))
    wanted = finish(make_run("lda", text, "a.safetensors", seeds=seeds, **options))
    assert finish(make_run("lda", text, "b.safetensors", here, seeds=seeds, **options)) == wanted
    assert plain != wanted


@pytest.mark.parametrize("sampler", ["dense", "sparse"])
def test_an_update_of_lda_here_goes_the_way_of_the_cluster(text, here, monkeypatch, sampler):
    monkeypatch.setattr("w2v.cluster.lda_rounds.MIN_BASE_ROUNDS", 3)
    monkeypatch.setattr("w2v.cluster.lda_rounds.MAX_BASE_ROUNDS", 3)
    options = {**LDA, "epochs": 8 if COMPILED else 4, "sampler": sampler}
    finish(make_run("lda", text, "old.safetensors", **options))
    Path("more").write_text(planted.text(200 if COMPILED else 8, seed=5) + "neologism\n" * 6)
    given = {"update": "old.safetensors", "min_count": 1, "threads": 1}
    found = []
    for cluster in (None, here):
        run = api.build_run(
            ["more"], "x.safetensors", models()["lda"], given, Silent(), ExitStack()
        )
        if cluster:
            executor = cluster_executor(run.request, cluster)
            run = TrainingRun(run.request, executor, Messages(Silent(), run.request))
        run.read()
        run.start()
        found.append(finish(run))
    assert found[0] == found[1]
    assert found[0] != Path("old.safetensors").read_bytes()


def test_what_was_lost_is_sampled_again(text, here, monkeypatch):
    monkeypatch.setattr("w2v.cluster.lda_rounds.MAX_BASE_ROUNDS", 6)
    monkeypatch.setattr("w2v.cluster.lda_rounds.MIN_BASE_ROUNDS", 6)
    options = {**LDA, "epochs": 8 if COMPILED else 4}
    wanted = finish(make_run("lda", text, "a.safetensors", **options))
    training, gather, losses = (
        make_run("lda", text, "b.safetensors", here, **options),
        here.gather,
        [],
    )

    def lose(futures):
        done = training.executor.state.chunks_done
        if len(losses) < 2 or (done == len(training.executor.plan) and done not in losses):
            losses.append(done)
            raise (KeyError, ConnectionLostError)[len(losses) % 2]("lost")
        return gather(futures)

    lines: list[str] = []
    here.gather, here.report = lose, lines.append
    assert finish(training) == wanted
    said = r"a worker or the scheduler was lost with the topics of the last [\d,]+ words?: back to "
    assert lines
    assert all(re.fullmatch(rf"{said}epoch \d/{options['epochs']}", line) for line in lines)
    assert losses[0] == losses[1] < losses[2] == len(training.executor.plan)


def test_old_topics_are_fetched_before_many_rounds_are_done(text, here, monkeypatch):
    """A round of a large text takes minutes, and all since the last fetch can be lost."""
    monkeypatch.setattr("w2v.cluster.lda_rounds.BASE_SHARE", math.inf)
    fetched = {}
    for seconds in (60.0, -1.0):
        monkeypatch.setattr("w2v.cluster.lda_rounds.BASE_SECONDS", seconds)
        calls = []
        here.gather = lambda futures, calls=calls: calls.append(1) or list(futures)
        fetched[seconds] = finish(make_run("lda", text, "b.safetensors", here, **LDA)), len(calls)
    assert fetched[60.0][0] == fetched[-1.0][0]
    assert fetched[60.0][1] < fetched[-1.0][1]


def test_a_run_whose_data_are_lost_again_and_again_ends_with_an_error(text, here):
    """Before, the error of Dask reached the user as a traceback."""

    def lose(future):
        raise KeyError("lost")

    here.result = lose
    with pytest.raises(
        ConnectionLostError,
        match=LOST,
    ):
        finish(make_run("lda", text, "b.safetensors", here, **LDA))


def test_a_run_whose_topics_are_lost_at_each_fetch_ends_with_an_error(text, here):
    """Before, it went back and sampled the same rounds again without an end."""
    fetches: list[int] = []

    def lose(futures):
        if futures and isinstance(futures[0], Topics):
            fetches.append(len(futures))
            assert len(fetches) < 20, "the run does not end"
            raise KeyError("lost")
        return list(futures)

    here.gather = lose
    training = make_run("lda", text, "b.safetensors", here, **{**LDA, "epochs": 2})
    with pytest.raises(ConnectionLostError, match=LOST):
        finish(training)
    assert len(fetches) == 4
    assert training.executor.state.chunks_done == 0


def test_lda_begins_where_no_worker_has_joined_yet(text, here, monkeypatch):
    monkeypatch.setattr(here, "threads", lambda: 0)
    options = {**LDA, "epochs": 2}
    wanted = finish(make_run("lda", text, "a.safetensors", **options))
    assert finish(make_run("lda", text, "b.safetensors", here, **options)) == wanted


def test_a_checkpoint_is_of_what_was_here_last(text, here, monkeypatch):
    options = {**LDA, "epochs": 4, "burn_in": 1}
    wanted = finish(make_run("lda", text, "a.safetensors", **options))
    training = make_run("lda", text, "b.safetensors", here, **options)
    for end, lost in ((8, False), (16, True)):
        train_until(training, end)
        if lost:
            monkeypatch.setattr(here, "gather", lambda futures: {}["lost"])
        assert training.checkpoint()
        assert training.executor.state.chunks_done == 8
    last = make_run("lda", text, "b.safetensors", **options)
    assert last.resume()
    assert last.executor.state.chunks_done == 8
    assert finish(last) == wanted


def test_lsa_here_goes_the_way_of_the_cluster(text, here):
    options = {"topics": 3}
    wanted = finish(make_run("lsa", text, "a.safetensors", **options))
    assert finish(make_run("lsa", text, "b.safetensors", here, **options)) == wanted


@pytest.fixture
def matrix():
    """A sparse matrix (90, 70), a fifth of it not 0."""
    from scipy.sparse import csr_array

    rng = np.random.default_rng(4)
    found = csr_array(
        (rng.random((90, 70)) < 0.2) * rng.standard_normal((90, 70)).astype(np.float32)
    )
    return svd.Sparse(
        found.indptr.astype(np.int64), found.indices.astype(np.int32), found.data, found.shape[1]
    )


@pytest.mark.parametrize("stripe", [1 << 24, 200, 1])
def test_products_are_those_of_this_process(matrix, here, monkeypatch, stripe):
    monkeypatch.setattr("w2v.factorization.svd.STRIPE", stripe)
    assert len(matrix.stripes()) == {1 << 24: 2, 200: len(matrix.values) // 200, 1: 16}[stripe]
    dense = svd.aligned((70, 2 * svd.COLUMNS))
    dense[:] = np.random.default_rng(5).standard_normal(dense.shape)
    mine, theirs = svd.LocalProducts(matrix, 1), ClusterProducts(here, matrix, 1)
    assert mine.gram(dense).tobytes() == theirs.gram(dense).tobytes()
    assert mine.times(dense[:, :5]).tobytes() == theirs.times(dense[:, :5]).tobytes()


def test_products_whose_stripes_are_lost_are_tried_again(matrix, here):
    theirs, submit, tries = ClusterProducts(here, matrix, 1), here.submit, []

    def lose(function, *args):
        tries.append(function)
        if len(tries) <= lost:
            raise KeyError("lost")
        return submit(function, *args)

    here.submit, lost, dense = lose, svd_products.MAX_REPETITIONS, np.ones((70, 3), np.float32)
    assert (theirs.times(dense) == svd.product(matrix, dense, 1)).all()
    lost = 1 << 30
    with pytest.raises(
        ConnectionLostError,
        match=LOST,
    ):
        theirs.times(dense)


@compiled
def test_lda_is_the_same_and_the_scheduler_never_has_much_to_hold(text, cluster, monkeypatch):
    monkeypatch.setattr("w2v.cluster.lda_rounds.MAX_BASE_ROUNDS", 8)
    wanted = finish(make_run("lda", text, "a.safetensors", **LDA))
    training, tasks = make_run("lda", text, "b.safetensors", cluster, **LDA), []
    scheduler = cluster._local.scheduler
    assert finish(training, lambda: tasks.append(len(scheduler.tasks))) == wanted
    assert len(tasks) == 12
    # The tokens of 8 groups, 8 rounds' changes since a base; topics before and after one epoch, and
    # all tasks of it; the setup and two bases. All 24 rounds together have 312 tasks.
    assert max(tasks) <= 8 + 8 + 2 * 8 + 2 * (4 * 3 + 1) + 3


@compiled
def test_a_cluster_takes_copies_away_again_once_a_run_has_left_it(cluster):
    manager = cluster._client.amm
    assert not manager.running()
    manager.start()
    with connection.Cluster(cluster._local.scheduler_address):
        assert not manager.running()
    assert manager.running()
    manager.stop()


@compiled
def test_lda_goes_on_after_a_stop_and_after_a_worker_was_killed(text, cluster):
    wanted = finish(make_run("lda", text, "a.safetensors", **LDA))
    training = make_run("lda", text, "b.safetensors", cluster, **LDA)
    train_until(training, 5 * 8 + 4)  # in the middle of an epoch
    assert training.checkpoint()
    training = make_run("lda", text, "b.safetensors", cluster, **LDA)
    assert training.resume()
    assert training.executor.state.chunks_done == 5 * 8 + 4
    killed = []

    def on_epoch():
        if training.executor.epochs_done == 8 and not killed:
            killed.append(kill_a_worker(cluster))

    assert finish(training, on_epoch) == wanted
    assert killed


@compiled
def test_lda_is_the_same_where_workers_come_and_go(text, cluster):
    wanted = finish(make_run("lda", text, "a.safetensors", **LDA))
    training, counts = make_run("lda", text, "b.safetensors", cluster, **LDA), []

    def on_epoch():
        if training.executor.epochs_done in (3, 8):
            cluster._local.scale({3: 4, 8: 2}[training.executor.epochs_done])
            cluster._client.wait_for_workers(
                3 if training.executor.epochs_done == 3 else 2, timeout=30
            )
        counts.append(cluster.threads())

    try:
        assert finish(training, on_epoch) == wanted
    finally:
        cluster._local.scale(2)
    assert max(counts) > 2


@pytest.fixture
def wide(folder):
    """A text in the current folder with more words than a basis has columns."""
    rng = random.Random(1)
    lines = (" ".join(f"w{rng.randrange(300)}" for _ in range(20)) for _ in range(200))
    (folder / "text").write_text("\n".join(lines))
    return "text"


@compiled
def test_lsa_is_the_same_where_a_worker_was_killed(wide, cluster):
    options = {"topics": 9, "power_iters": 1}
    wanted = finish(make_run("lsa", wide, "a.safetensors", **options))
    training, killed = make_run("lsa", wide, "b.safetensors", cluster, **options), []

    def on_progress(shown):
        if "worker" in shown and len(killed) < 1:
            killed.append(kill_a_worker(cluster))

    training.messages.progress = on_progress
    training.train()
    training.save()
    assert killed
    assert Path("b.safetensors").read_bytes() == wanted


@compiled
@pytest.mark.parametrize(("model", "size"), [("lsa", "topics"), ("ppmi", "dim")])
def test_a_factorised_matrix_has_its_products_elsewhere(wide, here, model, size):
    options = {size: 9, "power_iters": 1}
    wanted = finish(make_run(model, wide, "a.safetensors", **options))
    assert finish(make_run(model, wide, "b.safetensors", here, **options)) == wanted


@pytest.mark.parametrize("model", ["sif", "mlp", "lstm"])
def test_what_does_not_go_there_says_so(w2v, folder, model):
    (folder / "text").write_text("a b\n")
    outcome = w2v("train", "text", "--model", model, "--cluster", "local:2")
    assert outcome.code == 2
    said = f"w2v: --cluster does not work with --model {model}: leave out --cluster\n"
    assert outcome.err == said


@compiled
def test_a_worker_that_leaves_before_it_was_told_of_ends_no_watch(cluster):
    """Dask's KeyError must not end the thread that watches workers: closing would fail."""
    local = cluster._local
    workers = dict(local.scheduler_info["workers"])
    local._update_worker_status("remove", "tcp://127.0.0.1:1")
    assert dict(local.scheduler_info["workers"]) == workers
    assert workers  # one, if the other has just been killed and is not started again yet
