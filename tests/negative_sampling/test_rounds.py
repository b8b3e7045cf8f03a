"""Training in synchronous rounds: the same bytes for any number of threads, by merging copies."""

import naive
import numpy as np
import planted
import pytest
from helpers import (
    COMPILED,
    WITH_LOSSES,
    WITH_WORDS,
    compiled,
    compiled_only,
    finish,
    least_fall,
    make_run,
    stop_at,
)

from w2v.cluster import row_changes
from w2v.cluster.row_changes import Node, RowChanges
from w2v.embeddings import query
from w2v.embeddings.query import Query
from w2v.kernels import contraction as contraction_kernels
from w2v.kernels import negative_sampling, row_merge
from w2v.kernels.alias_table import draw_noise
from w2v.kernels.random import random_state
from w2v.kernels.simd import WIDTH, aligned
from w2v.training.loop import run
from w2v.training.state import TrainingState
from w2v.training.workers import RoundWorkers

V = 265  # rows, of which three threads merge some hundred each


@pytest.fixture
def text(folder, monkeypatch):
    """A planted text in the current folder, cut into some dozens of chunks."""
    monkeypatch.setattr("w2v.training.chunks.SMALL_CHUNK", 80)
    (folder / "text").write_text(planted.text(300 if COMPILED else 12))
    return "text"


def test_rows_are_numbered_as_they_come_and_copied():
    ids = np.array([7, 3, 7, 0, 8, 3, 5], np.int32)
    local_ids, rows = np.full(10, -1, np.int32), np.empty(9, np.int32)
    twins = {}
    wanted = naive.number_rows(ids[:6].tolist(), twins)
    assert row_merge.number_rows(ids, 6, local_ids, rows, 0) == len(twins) == 4
    assert ids.tolist() == [*wanted, 5]  # rows beyond the count stay
    assert rows[:4].tolist() == list(twins)
    assert {row: number for row, number in enumerate(local_ids) if number >= 0} == twins
    matrix, copy = aligned((10, WIDTH)), aligned((9, WIDTH))
    matrix[:] = np.random.default_rng(0).standard_normal(matrix.shape)
    row_merge.copy_rows(matrix, rows, 4, copy, 1)
    np.testing.assert_array_equal(copy[:4], naive.copy_rows(matrix, rows[:4]))
    assert not copy[4:].any()


@pytest.mark.parametrize("size", [1, 2, 7, 20, 997])
def test_a_chunks_negatives_are_drawn_evenly_from_the_noise_and_serve_as_its_table(size):
    probabilities = np.array([0.35, 0.0, 0.25, 0.1, 0.1, 0.2, 0.0])
    cumulative, negatives, state = (
        np.cumsum(probabilities),
        np.empty(size, np.int32),
        random_state(1),
    )
    twin = naive.Random(state[0])
    negative_sampling.draw_negatives(cumulative, state, negatives)
    assert negatives.tolist() == twin.draw_negatives(cumulative, size)
    counts = np.bincount(negatives, minlength=7)
    assert (abs(counts - size * probabilities) < 1).all()
    assert not counts[probabilities == 0].any()
    ours, twin = random_state(2), naive.Random(random_state(2)[0])
    drawn = [draw_noise(negatives.astype(np.uint64), ours) for _ in range(50)]
    assert drawn == [negatives[twin.next_below(size)] for _ in range(50)]


def contraction(rows, dim, dtype=np.float32):
    """Rows of few and of many pairs, and a direction in which each pair counts five times."""
    rng = np.random.default_rng(2)
    direction = aligned((1, dim), dtype)
    direction[0] = rng.standard_normal(dim)
    direction /= np.linalg.norm(direction)
    pairs = (10 ** rng.uniform(-2, 3, rows)).astype(np.float32)
    return contraction_kernels.Contraction(pairs, np.array([0.01, 0.05], np.float32), direction)


def place(lists, rows, capacity, frozen=()):
    """Call `place_rows` for lists of rows, one of each chunk, of a matrix of `rows` rows."""
    stacked = np.zeros((len(lists), capacity), np.int32)
    for shard, own in enumerate(lists):
        stacked[shard, : len(own)] = own
    uses, places = np.zeros(rows, np.int32), np.empty_like(stacked)
    shared, offsets = np.empty(rows, np.int32), np.empty(rows + 1, np.int32)
    copies, sizes = np.empty(stacked.size, np.int32), np.array([len(own) for own in lists])
    found = row_merge.place_rows(
        stacked, sizes, np.array(frozen, np.bool_), rows + 1, capacity, uses, places, shared,
        offsets, copies,
    )  # fmt: skip
    assert not uses.any()
    return places, shared[:found], offsets[: found + 1], copies


def merge(matrix, copies, capacity, registers=1, rule=None):
    """Merge the copies of chunks in three steps, as three threads would.

    `copies` has for each chunk a dictionary from rows to vectors. A row that only one chunk has is
    changed in place, as in training.
    """
    rule = rule or contraction_kernels.by_agreement(registers, matrix.dtype.type)
    rows, shards = len(matrix) - 1, len(copies)
    memory = aligned((len(matrix) + shards * capacity + 1, matrix.shape[1]), matrix.dtype)
    memory[: len(matrix)] = matrix
    places, shared, offsets, numbers = place([list(copy) for copy in copies], rows, capacity)
    for shard, copy in enumerate(copies):
        for number, vector in enumerate(copy.values()):
            memory[places[shard, number]] = vector
    cuts = [0, len(shared) // 3, len(shared) // 2, len(shared)]
    for step in (2, 0, 1):
        row_merge.merge_rows(
            memory, shared, offsets, numbers, cuts[step], cuts[step + 1], rows + 1, capacity,
            registers, np.empty(shards, np.int32), np.empty(shards, np.int32),
            np.empty(shards, matrix.dtype), aligned((WIDTH,), matrix.dtype), rule,
        )  # fmt: skip
    matrix[:] = memory[: len(matrix)]


def test_rows_of_one_chunk_and_frozen_ones_stay_and_the_others_have_a_copy_in_each_chunk():
    lists = [[4, 1, 3], [1, 2], [3, 1, 5, 2]]
    frozen = np.arange(6) == 2
    places, shared, offsets, copies = place(lists, 6, 4, frozen)
    wanted = naive.place_rows(lists, frozen, 7, 4)
    assert [own[: len(rows)].tolist() for own, rows in zip(places, lists, strict=True)] == wanted[0]
    found = {
        row: copies[offsets[k] : offsets[k + 1]].tolist() for k, row in enumerate(shared.tolist())
    }
    assert found == wanted[1] == {1: [7, 11, 16], 3: [8, 15]}
    matrix = np.random.default_rng(0).standard_normal((7 + 3 * 4 + 1, WIDTH)).astype(np.float32)
    before = matrix.copy()
    row_merge.copy_shared_rows(matrix, np.array(lists[2], np.int32), 4, places[2], 1)
    twin = naive.copy_shared_rows(before, lists[2], wanted[0][2])
    np.testing.assert_array_equal(matrix, twin)
    ids, taken = np.array([3, 0, 0, 2], np.int32), np.zeros(4, np.uint64)
    row_merge.take_places(ids, 3, places[2], taken)
    assert taken.tolist() == [*naive.take_places(ids[:3], wanted[0][2]), 0]


@pytest.mark.parametrize("by_agreement", [True, False])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 2e-6)])
def test_merging_is_that_of_the_twin(dtype, tolerance, by_agreement):
    rng = np.random.default_rng(1)
    matrix = aligned((V + 1, 2 * WIDTH), dtype)
    matrix[:V] = rng.standard_normal((V, 2 * WIDTH))
    copies = []
    for _ in range(5):
        chosen = rng.permutation(V)[: V // 2].tolist()
        copies.append({row: matrix[row] + rng.standard_normal(2 * WIDTH) for row in chosen})
    rule = None if by_agreement else contraction(V, 2 * WIDTH, dtype)
    wanted = naive.merge_rows(matrix.astype(np.float64), copies, rule)
    merge(matrix, copies, V, registers=2, rule=rule)
    # The shares of sums are float32 numbers in either case.
    tolerance = tolerance if by_agreement else 5e-6
    np.testing.assert_allclose(matrix, wanted, rtol=tolerance, atol=tolerance)
    assert not matrix[V].any()


def test_agreeing_changes_go_beyond_the_mean_and_unrelated_ones_are_added():
    matrix = aligned((4 + 1, WIDTH))
    matrix[0, :2] = 1 / 3, 5
    one, other = np.eye(2, WIDTH, dtype=np.float32)
    alone = np.full(WIDTH, 0.1, np.float32)
    merge(matrix, [{0: alone, 1: one, 2: one}, {1: one, 2: other}], 4)
    np.testing.assert_array_equal(matrix[0], alone)
    np.testing.assert_array_equal(matrix[1], one * np.float32(1.5))
    np.testing.assert_array_equal(matrix[2], one + other)
    assert not matrix[3:].any()


@pytest.mark.parametrize("shards", [2, 8, 64])
@pytest.mark.parametrize("share", [0.01, 0.5, 1])
def test_copies_that_all_go_towards_a_place_come_there_whatever_their_number(shards, share):
    """The sum of 8 changes, each of the whole distance, would overshoot by 7 times the distance."""
    rest = np.random.default_rng(1).standard_normal(WIDTH).astype(np.float32)
    matrix = aligned((1 + 1, WIDTH))
    away = [1.0]
    for _ in range(20):
        copy = matrix[0] + np.float32(share) * (rest - matrix[0])
        merge(matrix, [{0: copy}] * shards, 1)
        away.append(float(np.linalg.norm(matrix[0] - rest) / np.linalg.norm(rest)))
    shrinks = abs(1 - min(shards, 1.5) * share)
    np.testing.assert_allclose(away, shrinks ** np.arange(21), atol=1e-5)


@pytest.mark.parametrize("shards", [2, 8, 64])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_by_contraction_copies_come_as_near_to_a_place_as_one_after_the_other(shards, share):
    """Each chunk goes the share of the way to the place along `u`, and a hundredth across."""
    place = np.random.default_rng(1).standard_normal(WIDTH).astype(np.float32)
    matrix, direction = aligned((1 + 1, WIDTH)), aligned((1, WIDTH))
    direction[0, 3] = 1
    shares = np.where(direction[0] == 1, share, 0.01).astype(np.float32)
    rates = np.array([-np.log(0.99), -np.log(1 - share)], np.float32)
    rule = contraction_kernels.Contraction(np.ones(1, np.float32), rates, direction)
    merge(matrix, [{0: shares * place}] * shards, 1, rule=rule)
    wanted = place * (1 - (1 - shares) ** shards)
    np.testing.assert_allclose(matrix[0], wanted, rtol=0.15, atol=1e-6)


@pytest.mark.parametrize("by_agreement", [True, False])
@pytest.mark.parametrize("shards", [1, 2, 3, 7, 16])
def test_changes_that_are_computed_summed_in_parts_and_applied_are_merged_rows(
    shards, by_agreement
):
    """The same bits wherever the tree is cut, as on a cluster or on one machine."""
    rng = np.random.default_rng(shards)
    matrix = aligned((V + 1, 2 * WIDTH))
    matrix[:V] = rng.standard_normal((V, 2 * WIDTH))
    copies, leaves = [], []
    for shard in range(shards):
        chosen = np.sort(rng.permutation(V)[: V // 3]).astype(np.int32)
        copy = aligned((chosen.size, 2 * WIDTH))
        agreeing = 0.1 * np.sin(chosen)[:, None]
        copy[:] = matrix[chosen] + agreeing + 0.01 * rng.standard_normal(copy.shape)
        copies.append(dict(zip(chosen.tolist(), copy.copy(), strict=True)))
        unknown, one = np.full(chosen.size, np.nan, np.float32), np.ones(chosen.size, np.int32)
        changes = RowChanges(chosen, copy.copy(), unknown, one)
        leaves.append(Node(shard, 1, shard / 32, {"m": changes}, [(shard, 1)]))
        twin = naive.compute_changes(matrix, chosen, copy)
        squares = np.empty(chosen.size, np.float32)
        row_merge.compute_changes(matrix, chosen, copy, squares, 2, aligned((WIDTH,)))
        np.testing.assert_array_equal(copy, twin[0])
        np.testing.assert_allclose(squares, twin[1], rtol=1e-5)
    pairs = [row_changes.merge(leaves[k : k + 2], 2, {"m": matrix}) for k in range(0, shards, 2)]
    whole = row_changes.merge(pairs, 16, {"m": matrix})
    assert whole.results == [(shard, 1) for shard in range(shards)]
    assert whole.begin == 0
    applied = matrix.copy()
    found = whole.changes["m"]
    rule = None if by_agreement else contraction(V, 2 * WIDTH)
    rows, sums, squares, counts = (array[found.counts > 1] for array in found)
    if rule:
        twin = naive.contract_rows(matrix, rows, sums, counts, rule)
    else:
        twin = naive.apply_changes(matrix, rows, sums, squares)
    twin[found.rows[found.counts == 1]] = found.vectors[found.counts == 1]
    row_changes.apply({"m": applied}, whole.changes, {"m": rule} if rule else {})
    merge(matrix, copies, V, registers=2, rule=rule)
    np.testing.assert_array_equal(applied, matrix)
    np.testing.assert_allclose(applied, twin, rtol=1e-5, atol=5e-6)


@compiled_only
@pytest.mark.parametrize("name", WITH_LOSSES)
@pytest.mark.parametrize("shards", [1, 3])
def test_the_bytes_do_not_depend_on_threads(text, folder, name, shards):
    options = {"deterministic": True, "shards": shards, "round_words": 40}
    found = set()
    for threads in (1, 2, 5):
        training = make_run(text, f"{threads}.safetensors", name, threads, **options)
        finish(training)
        assert training.executor.state.chunks_done == len(training.executor.plan) > 2 * shards
        found.add((folder / f"{threads}.safetensors").read_bytes())
    assert len(found) == 1


def test_a_round_of_one_chunk_trains_it_where_it_is(text):
    """The vectors are those that the same kernel trains without rounds, bit for bit."""
    training = make_run(text, deterministic=True, shards=1, negative=0)
    other = make_run(text, negative=0)
    trainer, plan = training.executor.trainer, training.executor.plan
    shards = trainer.shards(plan)
    shards.preparer()(plan[0], 0)
    shards.arrange(1)
    shards.begin_round(0.0)
    result = shards.worker()(plan[0], 0)
    for part in range(sum(shards.parts)):
        shards.merge(part, 1)
    assert result == other.executor.trainer.worker()(plan[0])
    for name, matrix in trainer.matrices.items():
        np.testing.assert_array_equal(matrix, other.executor.trainer.matrices[name])


@pytest.mark.parametrize("name", WITH_LOSSES)
def test_chunks_that_need_the_same_rows_are_trained_as_on_copies_of_all_rows(text, name):
    """Each chunk of a round begins with the matrices before the round."""
    training = make_run(text, name=name, deterministic=True, shards=3, round_words=40)
    trainer, plan = training.executor.trainer, training.executor.plan
    before = {name: matrix.copy() for name, matrix in trainer.matrices.items()}
    shards, copies = trainer.shards(plan), trainer.chunk_copies(plan)
    chunks = plan.round_from(0)
    prepare, train = shards.preparer(), shards.worker()
    wanted, changed = [], []
    for shard, chunk in enumerate(chunks):
        prepare(chunk, shard)
        wanted.append(copies.train(chunk))
        changed.append({name: dict(zip(*of, strict=True)) for name, of in copies.rows().items()})
    for name, matrix in trainer.matrices.items():
        np.testing.assert_array_equal(matrix, before[name])
    shards.arrange(3)
    shards.begin_round(0.0)
    assert [train(chunk, shard) for shard, chunk in enumerate(chunks)] == wanted
    for name, matrix in trainer.matrices.items():
        for row, vector in enumerate(before[name]):
            own = [rows[name][row] for rows in changed if row in rows[name]]
            np.testing.assert_array_equal(matrix[row], own[0] if len(own) == 1 else vector)


def test_a_round_ends_with_its_epoch_and_none_is_lost(text):
    training = make_run(text, deterministic=True, shards=4, round_words=40)
    chunks, rounds = list(training.executor.plan), []
    while sum(map(len, rounds)) < len(chunks):
        rounds.append(training.executor.plan.round_from(sum(map(len, rounds))))
    assert sum(rounds, []) == chunks
    assert all(len({chunk.epoch for chunk in each}) == 1 for each in rounds)
    assert {len(each) for each in rounds} <= {1, 2, 3, 4}
    assert training.executor.plan.round_from(len(chunks)) == []


@compiled_only
@pytest.mark.parametrize("name", WITH_LOSSES)
def test_a_run_in_rounds_goes_on_with_other_threads_as_if_never_stopped(text, folder, name):
    options = {"deterministic": True, "shards": 3, "round_words": 40}
    finish(make_run(text, "whole.safetensors", name, **options))
    for threads, chunk in ((2, 4), (1, 9), (4, 12)):
        training = make_run(text, name=name, threads=threads, **options)
        training.resume()
        stop_at(training, chunk)
    last = make_run(text, name=name, threads=2, **options)
    assert last.resume()
    finish(last)
    assert (folder / "x.safetensors").read_bytes() == (folder / "whole.safetensors").read_bytes()


def test_a_failure_in_one_thread_ends_all(text):
    training = make_run(text, deterministic=True, shards=4, round_words=40)
    broken = training.executor.trainer.shards(training.executor.plan)
    broken.merge = lambda part, chunks: 1 / 0
    training.executor.trainer.shards = lambda plan: broken
    with pytest.raises(ZeroDivisionError):
        run(training.executor.trainer, training.executor.plan, 3, in_rounds=True)


def test_a_loss_that_is_not_finite_ends_the_run(text):
    training = make_run(text, deterministic=True, shards=4, round_words=40)
    trainer, plan = training.executor.trainer, training.executor.plan
    trainer.vectors("input_vectors")[:] = np.nan
    state = TrainingState.start(plan)
    workers = RoundWorkers(trainer, plan, state, len(plan), 1)
    workers.work()
    assert "diverged in epoch 1: the loss is nan" in str(workers.failures[0])
    assert state.chunks_done < 4


@compiled
@pytest.mark.parametrize("name", WITH_LOSSES)
def test_planted_synonyms_are_found_in_rounds(folder, name):
    (folder / "text").write_text(planted.text(4000))
    words = WITH_WORDS.get(name, {})
    training = make_run(
        "text", name=name, threads=2, deterministic=True, dim=30, epochs=10, **words
    )
    training.train()
    losses = training.executor.state.mean_losses()
    assert losses[-1] < least_fall(name) * losses[0]
    table = training.executor.trainer.tables()["words"]
    for a, b in planted.SYNONYMS:
        assert query.similar(table, Query((("+", a),)), 1)[0].name == b


def test_settings_of_rounds_are_refused_without_them(w2v, text):
    outcome = w2v("train", text, "--hogwild", "--shards", "4")
    assert outcome.code == 2
    assert "--shards is for --deterministic: leave out --hogwild" in outcome.err
