"""Each kernel, compared with its reference, gradient and distribution; ids are no positions."""

import naive
import numpy as np
import pytest
from helpers import BOUNDS, COUNTS, IDS, NO_STREAMS, SENTENCES, TARGETS, D, V, gradient, state
from scipy import stats

from w2v.kernels import (
    alias_table,
    cbow,
    logistic,
    negative_sampling,
    random,
    skipgram,
    subsampling,
    tiles,
    windows,
)
from w2v.kernels.simd import WIDTH, aligned
from w2v.negative_sampling import word_distributions

PADDING = V


def matrices(dtype, scale=1.0, dim=D):
    """Both matrices with padding, as kernels need them, and the same values without it."""
    both = aligned((2, V + 1, -(-dim // WIDTH) * WIDTH), dtype)
    both[:, :V, :dim] = scale * np.random.default_rng(0).standard_normal((2, V, dim))
    return both


def inside(both, dim=D):
    """The values of padded matrices; the padding must still be zero (in float64: almost)."""
    assert np.abs(both[:, V:]).max() <= (0 if both.dtype == np.float32 else 1e-35)
    assert not both[:, :, dim:].any()
    return both[:, :V, :dim]


def build(ids, bounds, rng, dtype=np.float32, sample=0.02, window=2, shrink=True):
    """Call `build_windows` with scratch arrays of values that must not be read."""
    keep = word_distributions.keep_thresholds(COUNTS, sample)
    built = windows.allocate_windows(ids.size, dtype)
    for array in built:
        array.fill(-77)
    count = windows.build_windows(
        ids, bounds, keep, window, shrink, 0.1, 0.05, rng, NO_STREAMS, built
    )
    return built, count


def make_scratch(targets, dim, dtype):
    """Scratch arrays of values that must not be read."""
    scratch = negative_sampling.make_scratch(targets, dim, dtype)
    for array in scratch[1:]:
        array.fill(np.nan)
    scratch.ids.fill(-77)
    return scratch


MODELS = {
    "skipgram": (skipgram.train_windows, (), naive.skipgram_train_windows, {}),
    "skipgram-exact": (skipgram.train_pairs, (), naive.train_pairs, {}),
    "cbow": (cbow.train_windows, (False,), naive.cbow_train_windows, {}),
    "cbow-gradient": (cbow.train_windows, (True,), naive.cbow_train_windows, {"divide": True}),
}
each_model = pytest.mark.parametrize(
    ("kernel", "flags", "twin", "options"), MODELS.values(), ids=MODELS
)


def train(kernel, flags, built, count, negative, table, rng, both, frozen=()):
    """Call a model's kernel with fresh scratch."""
    targets = -(-(1 + negative) // tiles.COLUMNS) * tiles.COLUMNS
    size, dtype = both.shape[2], both.dtype
    target_ids = np.full((max(count, 1), targets), table.size, np.int32)
    return kernel(
        built, count, negative, table, rng, target_ids, *both, np.array(frozen, np.bool_),
        size // WIDTH, make_scratch(targets, size, dtype), *flags,
    )  # fmt: skip


def test_random_numbers_are_those_of_the_twin():
    ours, twin = state(), naive.Random(state()[0])
    assert [int(random.next_random(ours)) for _ in range(50)] == [
        twin.next_random() for _ in range(50)
    ]
    assert [int(random.next_below(ours, n)) for n in range(1, 50)] == [
        twin.next_below(n) for n in range(1, 50)
    ]


def test_each_key_has_a_stream_of_its_own_and_none_is_stuck_at_zero():
    keys = [(seed, epoch, first) for seed in range(4) for epoch in range(4) for first in (0, 9, 99)]
    states = {int(random.random_state(*key)[0]) for key in keys}
    assert len(states) == len(keys)
    assert 0 not in states


@pytest.mark.parametrize(
    "probabilities", [[1.0], [0.5, 0.5], [0.9, 0.1, 0.0], [0.01] * 99 + [0.01]]
)
def test_an_alias_table_amounts_to_its_distribution(probabilities):
    table = word_distributions.alias_table(np.array(probabilities))
    wanted = naive.build_alias(np.array(probabilities))
    np.testing.assert_allclose(naive.alias_probabilities(table), wanted, atol=2e-9)


@pytest.mark.parametrize("exponent", [0, 0.5, 1, -1])
def test_noise_is_a_power_of_the_counts(exponent):
    weights = COUNTS.astype(float) ** exponent
    found = word_distributions.noise_probabilities(COUNTS, exponent)
    np.testing.assert_allclose(found, weights / weights.sum())


@pytest.mark.parametrize(("exponent", "wanted"), [(0.5, 0), (0, 1 / 3), (-1, 0)])
def test_the_noise_of_a_word_that_never_occurs(exponent, wanted):
    found = word_distributions.noise_probabilities(np.array([3, 0, 1]), exponent)
    assert found[1] == pytest.approx(wanted)
    assert found.sum() == pytest.approx(1)


def test_noise_draws_pass_a_chi_squared_test():
    probabilities = word_distributions.noise_probabilities(COUNTS, 0.75)
    np.testing.assert_allclose(probabilities, COUNTS**0.75 / (COUNTS**0.75).sum())
    table, rng = word_distributions.alias_table(probabilities), state()
    drawn = np.bincount([alias_table.draw_noise(table, rng) for _ in range(20_000)], minlength=V)
    assert stats.chisquare(drawn, probabilities * 20_000).pvalue > 0.001


def test_keep_rates_pass_a_chi_squared_test():
    share = COUNTS / COUNTS.sum()
    keep = word_distributions.keep_probabilities(COUNTS, 0.01)
    np.testing.assert_allclose(keep, np.minimum((np.sqrt(share / 0.01) + 1) * 0.01 / share, 1))
    ids = np.repeat(np.arange(V, dtype=np.int32), 2000)
    word_ids = np.empty_like(ids)
    thresholds = word_distributions.keep_thresholds(COUNTS, 0.01)
    count = subsampling.subsample(ids, 0, ids.size, thresholds, state(), word_ids)
    kept = np.bincount(word_ids[:count], minlength=V)
    for v in range(V):
        assert stats.binomtest(int(kept[v]), 2000, float(keep[v])).pvalue > 0.001
    assert keep.min() < 0.2
    assert keep.max() == 1


def test_a_random_number_that_is_the_threshold_keeps_a_word():
    """Thus the highest threshold, that of words which are always kept, keeps them always."""
    drawn, ids = naive.Random(state()[0]).next_random() >> 32, np.zeros(1, np.int32)
    for threshold, count in ((drawn, 1), (drawn - 1, 0)):
        keep = np.array([threshold], np.uint32)
        assert subsampling.subsample(ids, 0, 1, keep, state(), ids.copy()) == count


def test_no_subsampling_keeps_every_word():
    everything = word_distributions.keep_thresholds(COUNTS, 0)
    assert (everything == 2**32 - 1).all()


def test_reach_is_uniform_where_windows_shrink_and_fixed_where_they_do_not():
    rng = state()
    drawn = np.bincount([windows.draw_radius(4, True, rng) for _ in range(4000)], minlength=5)
    assert drawn[0] == 0
    assert stats.chisquare(drawn[1:]).pvalue > 0.001
    assert {int(windows.draw_radius(4, False, rng)) for _ in range(20)} == {4}


@pytest.mark.parametrize("shrink", [True, False])
def test_windows_are_those_of_the_twin_and_end_with_their_sentence(shrink):
    (word_ids, first, last, rates, sentences, _), count = build(
        IDS, BOUNDS, state(), np.float64, shrink=shrink
    )
    keep = word_distributions.keep_thresholds(COUNTS, 0.02)
    twin = naive.Random(state()[0]).build_windows(SENTENCES, keep, 2, shrink, 0.1, 0.05)
    ours = [
        (
            int(word_ids[i]),
            [*map(int, word_ids[first[i] : i]), *map(int, word_ids[i + 1 : last[i] + 1])],
            pytest.approx(rates[i]), i - first[i], sentences[i],
        )
        for i in range(count)
    ]  # fmt: skip
    assert ours == twin
    assert count < IDS.size  # subsampling had something to do


def test_the_learning_rate_falls_linearly_over_a_chunk():
    built, count = build(IDS, np.array([0, IDS.size]), state(), np.float64, sample=0)
    np.testing.assert_allclose(
        built.rates[:count], np.linspace(0.1, 0.05, IDS.size, endpoint=False)
    )


def test_a_negative_that_is_the_word_is_left_out():
    table = word_distributions.alias_table(np.array([0.5, 0.5]))
    target_ids = np.full((2, 24), 2, np.int32)
    negative_sampling.draw_targets(np.array([1, 0], np.int32), 2, 20, table, 2, state(), target_ids)
    twins = naive.Random(state()[0]).draw_targets([1, 0], 20, table)
    for row, twin in zip(target_ids.tolist(), twins, strict=True):
        assert [word for word in row if word != 2] == twin
        assert 1 < len(twin) < 21
        assert row[21:] == [2, 2, 2]
        assert row[0] not in row[1:]


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 3e-7)])
def test_steps_and_loss_of_scores_are_exact(dtype, tolerance):
    scores = np.array([*np.linspace(-90, 90, 61), 0.0, 1e-9, logistic.MASKED], dtype)
    steps, accumulator = np.full(80, np.nan, dtype), np.full(2, np.nan)
    steps[: scores.size] = scores
    logistic.clear_loss(accumulator)
    logistic.logistic_steps(steps, scores.size, dtype(0.5), accumulator)
    loss, wanted = naive.logistic_steps(scores.astype(np.float64), 0.5)
    np.testing.assert_allclose(steps[: scores.size], wanted, rtol=0, atol=tolerance)
    np.testing.assert_allclose(logistic.read_loss(accumulator), loss, rtol=tolerance)
    assert abs(steps[scores.size - 1]) < 1e-37  # left out


def test_a_thousand_scores_do_not_overflow():
    accumulator, steps = np.empty(2), np.zeros(4800, np.float32)
    logistic.clear_loss(accumulator)
    logistic.logistic_steps(steps, 4800, np.float32(1), accumulator)
    np.testing.assert_allclose(logistic.read_loss(accumulator), 4800 * np.log(2), rtol=1e-7)


@pytest.mark.parametrize(("score", "finite"), [(1e3, True), (np.nan, False), (np.inf, False)])
def test_a_score_that_is_not_finite_shows_in_the_loss(score, finite):
    accumulator, steps = np.empty(2), np.zeros(32, np.float32)
    steps[5] = score
    logistic.clear_loss(accumulator)
    with np.errstate(invalid="ignore"):  # uncompiled, NumPy would warn
        logistic.logistic_steps(steps, 32, np.float32(1), accumulator)
        assert np.isfinite(logistic.read_loss(accumulator)) == finite


def paper_loss(vectors, outputs, targets=TARGETS[0]):
    """Mikolov et al. 2013b, eq. 4, for the true word and the negatives of `targets`."""
    signs = np.where(np.arange(len(targets)), 1, -1)
    return np.logaddexp(0, signs * (vectors @ outputs[targets].T)).sum()


def step_batch(both, context, targets=TARGETS, frozen=()):
    """`train_batch` with a learning rate of 1; returns the loss."""
    scratch = make_scratch(targets.shape[1], both.shape[2], both.dtype)
    scratch.ids[: len(context)] = context
    logistic.clear_loss(scratch.loss_accumulator)
    negative_sampling.train_batch(
        both[0], scratch.ids, len(context), both[1], targets, 0, both.dtype.type(1.0),
        scratch.steps, scratch.targets, scratch.loss_accumulator, both.shape[2] // WIDTH,
        np.array(frozen, np.bool_),
    )  # fmt: skip
    return logistic.read_loss(scratch.loss_accumulator)


@pytest.mark.parametrize("context", [[4], [4, 0], [5, 1, 0], [1, 1, 4, 1], list(range(V))])
@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])  # 5: the sigmoid saturates
def test_a_batchs_step_is_the_gradient_of_the_papers_loss(context, scale):
    """Also if a word is in the batch twice, and if the last tile lacks a vector."""
    both = matrices(np.float64, scale)
    old = inside(both).copy()
    loss = step_batch(both, context)
    np.testing.assert_allclose(loss, paper_loss(old[0, context], old[1]), rtol=1e-11)
    wanted = gradient(lambda pair: paper_loss(pair[0, context], pair[1]), old)
    np.testing.assert_allclose(old - inside(both), wanted, rtol=1e-5, atol=1e-7 * scale**2)
    assert np.abs(wanted[0, context]).max() > 1e-3  # the check had something to check


@pytest.mark.parametrize("context", [[4], [4, 0], [5, 1, 0], [1, 1, 4, 1], [4, 4, 1], [0, 5, 4]])
def test_a_batchs_step_leaves_frozen_vectors_alone(context):
    """At any position of a pair, also of the last pair, which may lack a vector."""
    both = matrices(np.float64)
    twin = inside(both).copy()
    both[0, 4, D - 1] = twin[0, 4, D - 1] = -0.0  # which adding zero would change
    old = twin.copy()
    loss = step_batch(both, context, frozen=np.isin(np.arange(V), [4, 0]))
    wanted = naive.train_batch(*twin, context, TARGETS[0], 1.0, frozen=[4, 0])
    assert loss == pytest.approx(wanted, rel=1e-12)
    np.testing.assert_allclose(inside(both), twin, rtol=1e-12)
    assert both[0, [4, 0], :D].tobytes() == old[0, [4, 0]].tobytes()


def test_targets_that_are_padding_change_nothing():
    """A batch with padding in its last tile makes the same step as one without these targets."""
    few = np.array([[6, 2, PADDING, 1, PADDING, PADDING]], np.int32)
    both = matrices(np.float64)
    old = inside(both).copy()
    loss = step_batch(both, [5, 1, 0], few)
    twin = old.copy()
    assert loss == pytest.approx(naive.train_batch(*twin, [5, 1, 0], [6, 2, 1], 1.0), rel=1e-12)
    np.testing.assert_allclose(inside(both), twin, rtol=1e-12)


@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])
def test_a_single_vectors_step_is_the_gradient_of_the_papers_loss(scale):
    both = matrices(np.float64, scale)
    old = inside(both).copy()
    scratch = make_scratch(6, WIDTH, np.float64)
    logistic.clear_loss(scratch.loss_accumulator)
    negative_sampling.train_vector(
        both[0], 4, both[1], TARGETS, 0, 0, 1.0, scratch.steps, scratch.vector_step,
        scratch.loss_accumulator, 1, False,
    )  # fmt: skip
    loss = logistic.read_loss(scratch.loss_accumulator)
    np.testing.assert_allclose(loss, paper_loss(old[0, [4]], old[1]), rtol=1e-11)
    wanted = gradient(lambda pair: paper_loss(pair[0, [4]], pair[1]), old)
    np.testing.assert_allclose(
        -scratch.vector_step[0, :D], wanted[0, 4], rtol=1e-5, atol=1e-7 * scale**2
    )
    np.testing.assert_allclose((old - inside(both))[1], wanted[1], rtol=1e-5, atol=1e-7 * scale**2)
    np.testing.assert_array_equal(inside(both)[0], old[0])


@pytest.mark.parametrize("divide", [True, False])
def test_a_cbow_step_is_the_gradient_or_as_many_times_as_the_window_has_words(divide):
    """Both updates for one window of three context words, without negative samples."""
    ids = np.array([5, 1, 6, 0], np.int32)
    first, last = np.array([[0, 0, 0, 0], [0, 0, 3, 0]], np.int32)
    built = windows.Windows(ids, first, last, np.ones(4), first, ids)
    both = matrices(np.float64)
    old = inside(both).copy()
    table = word_distributions.alias_table(np.full(V, 1 / V))
    loss, count = train(cbow.train_windows, (divide,), built, 4, 0, table, state(), both)
    # only the window around position 2 has other words
    context = [5, 1, 0]

    def window_loss(pair):
        return paper_loss(pair[0, context].mean(axis=0), pair[1], [6])

    assert (count, loss) == (1, pytest.approx(window_loss(old), rel=1e-12))
    wanted = gradient(window_loss, old)
    if not divide:
        wanted[0] *= 3
    np.testing.assert_allclose(old - inside(both), wanted, rtol=1e-5, atol=1e-7)
    assert np.abs(wanted[0, context]).max() > 1e-3


@each_model
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 2e-5)])
@pytest.mark.parametrize(("negative", "dim"), [(4, D), (5, 17), (1, 32), (0, 3)])
def test_a_chunk_ends_where_the_twins_does(
    kernel, flags, twin, options, dtype, tolerance, negative, dim
):
    table = word_distributions.alias_table(word_distributions.noise_probabilities(COUNTS, 0.75))
    both = matrices(dtype, 0.3, dim)
    old = inside(both, dim).astype(np.float64)
    rng = state()
    built, count = build(IDS, BOUNDS, rng, dtype)
    loss, pairs = train(kernel, flags, built, count, negative, table, rng, both)

    twins = naive.Random(state()[0])
    keep = word_distributions.keep_thresholds(COUNTS, 0.02)
    built = twins.build_windows(SENTENCES, keep, 2, True, 0.1, 0.05)
    wanted = twin(built, *old, table, negative, twins, **options)
    assert (loss, pairs) == (pytest.approx(wanted[0], rel=tolerance), wanted[1])
    np.testing.assert_allclose(inside(both, dim), old, rtol=tolerance, atol=tolerance)
    assert int(rng[0]) == twins.state


@each_model
def test_a_window_of_more_words_than_a_batch_takes_several_steps(kernel, flags, twin, options):
    ids = np.tile(IDS, 5)
    rng, table = (
        state(),
        word_distributions.alias_table(word_distributions.noise_probabilities(COUNTS, 0.75)),
    )
    both = matrices(np.float64, 0.3)
    old = inside(both).copy()
    built, count = build(ids, np.array([0, ids.size]), rng, np.float64, 0, window=40, shrink=False)
    assert (built.last - built.first).max() > 2 * negative_sampling.BATCH
    result = train(kernel, flags, built, count, 2, table, rng, both)

    twins = naive.Random(state()[0])
    keep = word_distributions.keep_thresholds(COUNTS, 0)
    built = twins.build_windows([ids.tolist()], keep, 40, False, 0.1, 0.05)
    assert result == pytest.approx(twin(built, *old, table, 2, twins, **options), rel=1e-11)
    np.testing.assert_allclose(inside(both), old, rtol=1e-10, atol=1e-10)


@each_model
@pytest.mark.parametrize("words", [[], [5], [5, 5], [0, 1]])
@pytest.mark.parametrize("dim", [1, 16, 17])
def test_odd_sizes(kernel, flags, twin, options, words, dim):
    """Sentences of no, one and two words; vectors of one number and about one register."""
    ids = np.array(words, np.int32)
    rng = state()
    built, count = build(ids, np.array([0, ids.size]), rng, sample=0)
    table = word_distributions.alias_table(word_distributions.noise_probabilities(COUNTS, 0.75))
    both = matrices(np.float32, dim=dim)
    loss, pairs = train(kernel, flags, built, count, 2, table, rng, both)
    assert pairs == (2 if len(words) == 2 else 0)
    assert (loss > 0) == (pairs > 0)
    inside(both, dim)


@each_model
def test_a_vocabulary_of_one_word_has_no_negatives(kernel, flags, twin, options):
    table = word_distributions.alias_table(np.ones(1))
    rng = state()
    built, count = build(np.zeros(3, np.int32), np.array([0, 3]), rng, sample=0)
    both = aligned((2, 2, WIDTH))
    both[:, 0, :D] = 1
    _, pairs = train(kernel, flags, built, count, 5, table, rng, both)
    assert pairs > 0
    assert (both[1, 0, :D] > 1).all()
    assert not both[:, 1].any()


@each_model
@pytest.mark.parametrize("dim", [1, 16, 31])
def test_a_vocabulary_of_two_words(kernel, flags, twin, options, dim):
    """Each word is the only negative sample of the other."""
    table = word_distributions.alias_table(np.array([0.5, 0.5]))
    rng = state()
    built, count = build(np.array([0, 1, 1], np.int32), np.array([0, 3]), rng, sample=0)
    both = aligned((2, 3, -(-dim // WIDTH) * WIDTH))
    both[:, :2, :dim] = 1
    loss, pairs = train(kernel, flags, built, count, 7, table, rng, both)
    assert pairs > 0
    assert np.isfinite(loss)
    assert not both[:, 2].any()
    assert not both[:, :, dim:].any()


@each_model
def test_frozen_vectors_stay_and_the_others_step_as_if_they_did(kernel, flags, twin, options):
    """The loss and the steps of one window must not depend on which of its words are frozen."""
    ids = np.array([5, 1, 6, 0], np.int32)
    first, last = np.array([[0, 1, 0, 3], [0, 1, 3, 3]], np.int32)
    built = windows.Windows(ids, first, last, np.ones(4), first, ids)
    table = word_distributions.alias_table(np.full(V, 1 / V))
    results = []
    for frozen in ([], np.arange(V) == 1, np.ones(V)):
        both = matrices(np.float64)
        start = inside(both).copy()
        train(kernel, flags, built, 4, 2, table, state(), both, frozen)
        results.append(inside(both).copy())
    free, one, every = results
    np.testing.assert_array_equal(one[0, 1], start[0, 1])
    np.testing.assert_array_equal(every[0], start[0])
    assert (free[0] != start[0]).any()
    if kernel in (skipgram.train_windows, cbow.train_windows):  # a window is one step
        assert (free[0, [5, 1, 0]] != start[0, [5, 1, 0]]).any(axis=1).all()
        np.testing.assert_array_equal(one[0, [5, 0]], free[0, [5, 0]])
        np.testing.assert_array_equal(every[1], free[1])


@each_model
def test_matrices_of_more_than_two_billion_numbers(tmp_path, kernel, flags, twin, options):
    """The last rows of large matrices, in a sparse file, are trained as those of small ones."""
    rows = (1 << 31) // 64 + V  # of 64 numbers
    with (tmp_path / "matrices").open("wb") as file:
        file.truncate(2 * (rows + 1) * 64 * 4)
    large = np.memmap(tmp_path / "matrices", np.float32, "r+", shape=(2, rows + 1, 64))
    small = aligned((2, 2 * V + 1, 64), np.float32)
    small[:, V + 1 :] = np.random.default_rng(0).standard_normal((2, V, 64))
    large[:, -V:] = before = small[:, V + 1 :].copy()
    table = word_distributions.alias_table(np.full(V, 1 / V))  # negative samples: rows 0 to V - 1
    losses = []
    for both in (large, small):
        first = both.shape[1] - V
        built, count = build(IDS, BOUNDS, state())
        built.word_ids[:count] += first
        built.input_rows[:count] = built.word_ids[:count]
        losses.append(train(kernel, flags, built, count, 5, table, state(), both))
        assert (both[:, first:] != before).any(axis=2).mean() > 0.5
    assert losses[0] == losses[1]
    np.testing.assert_array_equal(large[:, : V + 1], small[:, : V + 1])
    np.testing.assert_array_equal(large[:, -V:], small[:, V + 1 :])
