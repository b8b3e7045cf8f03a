"""Every kernel against its twin, its gradient, its distribution; ids differ from positions."""

import naive
import numpy as np
import pytest
from scipy import stats

from w2v import sampling
from w2v.kernels import cbow, negative_sampling, noise, random, skipgram, windows

V, D = 9, 5
COUNTS = np.array([50, 30, 20, 9, 5, 3, 2, 1, 1])
SENTENCES = [[4, 0, 7, 1, 1, 3], [2], [8, 0, 5, 6, 0, 2, 0], [3, 3]]
IDS = np.array(sum(SENTENCES, []), np.int32)
BOUNDS = np.cumsum([0, *map(len, SENTENCES)])
CENTER, CONTEXT, TARGETS = 6, 4, np.array([6, 2, 8], np.int32)


def state(key=7):
    return sampling.random_state(key)


def matrices(dtype, scale=1.0):
    return (scale * np.random.default_rng(0).standard_normal((2, V, D))).astype(dtype)


def lay(ids, bounds, rng, dtype=np.float32, sample=0.02, window=2, shrink=True):
    """Call `lay_windows`, with scratch full of what must not be read."""
    keep = sampling.keep_thresholds(COUNTS, sample)
    kept, first, last = (np.full(ids.size, -77, np.int32) for _ in range(3))
    rates = np.full(ids.size, np.nan, dtype)
    count = windows.lay_windows(
        ids, bounds, keep, window, shrink, 0.1, 0.05, rng, kept, first, last, rates
    )
    return kept, first, last, rates, count


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
    states = {int(sampling.random_state(*key)[0]) for key in keys}
    assert len(states) == len(keys)
    assert 0 not in states


@pytest.mark.parametrize(
    "probabilities", [[1.0], [0.5, 0.5], [0.9, 0.1, 0.0], [0.01] * 99 + [0.01]]
)
def test_an_alias_table_amounts_to_its_distribution(probabilities):
    table = sampling.alias_table(np.array(probabilities))
    wanted = naive.build_alias(np.array(probabilities))
    np.testing.assert_allclose(naive.alias_probabilities(*table), wanted, atol=2e-9)


def test_noise_draws_pass_a_chi_squared_test():
    probabilities = sampling.noise_probabilities(COUNTS, 0.75)
    np.testing.assert_allclose(probabilities, COUNTS**0.75 / (COUNTS**0.75).sum())
    table, rng = sampling.alias_table(probabilities), state()
    drawn = np.bincount([noise.draw_noise(*table, rng) for _ in range(20_000)], minlength=V)
    assert stats.chisquare(drawn, probabilities * 20_000).pvalue > 0.001


def test_keep_rates_pass_a_chi_squared_test():
    share = COUNTS / COUNTS.sum()
    keep = sampling.keep_probabilities(COUNTS, 0.01)
    np.testing.assert_allclose(keep, np.minimum((np.sqrt(share / 0.01) + 1) * 0.01 / share, 1))
    ids = np.repeat(np.arange(V, dtype=np.int32), 2000)
    kept = np.empty_like(ids)
    thresholds = sampling.keep_thresholds(COUNTS, 0.01)
    count = windows.subsample(ids, 0, ids.size, thresholds, state(), kept)
    stayed = np.bincount(kept[:count], minlength=V)
    for v in range(V):
        assert stats.binomtest(int(stayed[v]), 2000, float(keep[v])).pvalue > 0.001
    assert keep.min() < 0.2
    assert keep.max() == 1


def test_no_subsampling_keeps_every_word():
    everything = sampling.keep_thresholds(COUNTS, 0)
    assert (everything == 2**32 - 1).all()


def test_reach_is_uniform_where_windows_shrink_and_fixed_where_they_do_not():
    rng = state()
    drawn = np.bincount([windows.draw_reach(4, True, rng) for _ in range(4000)], minlength=5)
    assert drawn[0] == 0
    assert stats.chisquare(drawn[1:]).pvalue > 0.001
    assert {int(windows.draw_reach(4, False, rng)) for _ in range(20)} == {4}


@pytest.mark.parametrize("shrink", [True, False])
def test_windows_are_those_of_the_twin_and_end_with_their_sentence(shrink):
    kept, first, last, rates, count = lay(IDS, BOUNDS, state(), np.float64, shrink=shrink)
    keep = sampling.keep_thresholds(COUNTS, 0.02)
    twin = naive.Random(state()[0]).lay_windows(SENTENCES, keep, 2, shrink, 0.1, 0.05)
    ours = [
        (kept[i], [*kept[first[i] : i], *kept[i + 1 : last[i] + 1]], rates[i]) for i in range(count)
    ]
    assert [(int(c), list(map(int, w)), pytest.approx(r)) for c, w, r in ours] == twin
    assert count < IDS.size  # subsampling had something to do


def test_the_learning_rate_falls_linearly_over_a_chunk():
    *_, rates, count = lay(IDS, np.array([0, IDS.size]), state(), np.float64, sample=0)
    np.testing.assert_allclose(rates[:count], np.linspace(0.1, 0.05, IDS.size, endpoint=False))


def test_noise_equal_to_the_word_is_left_out():
    table = sampling.alias_table(np.array([0.5, 0.5]))
    target_ids = np.empty(21, np.int32)
    count = negative_sampling.draw_targets(1, 20, *table, state(), target_ids)
    twin = naive.Random(state()[0]).draw_targets(1, 20, *table)
    assert target_ids[:count].tolist() == twin
    assert 1 < count < 21
    assert set(target_ids[1:count].tolist()) == {0}


def slope(function, array, at, step=1e-6):
    """The derivative of `function` by one entry, by a central difference."""
    move = np.zeros_like(array)
    move[at] = step
    return (function(array + move) - function(array - move)) / (2 * step)


def gradient(function, array):
    """The derivative of `function` by every entry."""
    return np.array([slope(function, array, at) for at in np.ndindex(array.shape)]).reshape(
        array.shape
    )


def paper_loss(vector, outputs):
    """Mikolov et al. 2013b, eq. 4, for the word and the noise words of TARGETS."""
    return np.logaddexp(0, [-1, 1, 1] * (outputs[TARGETS] @ vector)).sum()


@pytest.mark.parametrize("scale", [0.1, 1.0, 20.0])  # 20: the sigmoid saturates
def test_a_skipgram_step_follows_the_gradient_of_the_papers_loss(scale):
    old = matrices(np.float64, scale)
    new = old.copy()
    pull = np.full(D, np.nan)
    loss = skipgram.train_pair(new[0], new[1], CONTEXT, TARGETS, 3, 1.0, pull)
    np.testing.assert_allclose(loss, paper_loss(old[0, CONTEXT], old[1]), rtol=1e-12)
    wanted = gradient(lambda both: paper_loss(both[0, CONTEXT], both[1]), old)
    np.testing.assert_allclose(old - new, wanted, rtol=1e-5, atol=1e-7 * scale**2)
    assert np.abs(wanted[0, CONTEXT]).max() > 1e-3  # the check had something to check


@pytest.mark.parametrize("scale", [0.1, 1.0, 20.0])
def test_a_cbow_step_follows_the_gradient_of_the_papers_loss(scale):
    old = matrices(np.float64, scale)
    new = old.copy()
    words = np.array([3, 5, 6, 1, 0, 7], np.int32)  # the window is 5, 1, 0 around 6
    context = [5, 1, 0]
    loss = cbow.train_window(
        new[0], new[1], words, 1, 4, 2, TARGETS, 3, 1.0, np.full((2, D), np.nan)
    )

    def window_loss(both):
        return paper_loss(both[0, context].mean(axis=0), both[1])

    np.testing.assert_allclose(loss, window_loss(old), rtol=1e-12)
    wanted = gradient(window_loss, old)
    wanted[0] *= len(context)  # word2vec.c does not divide the step among the words
    np.testing.assert_allclose(old - new, wanted, rtol=1e-5, atol=1e-7 * scale**2)
    assert np.abs(wanted[0, context]).max() > 1e-3


def test_the_loss_of_a_thousand_targets_does_not_overflow():
    vectors = np.zeros((1, D))
    targets = np.zeros(1200, np.int32)
    loss = negative_sampling.train_targets(
        vectors, 0, np.zeros((1, D)), targets, 1200, 0.1, np.empty(D)
    )
    np.testing.assert_allclose(loss, 1200 * np.log(2), rtol=1e-12)


@pytest.mark.parametrize(("value", "finite"), [(1e3, True), (np.nan, False), (np.inf, False)])
def test_a_vector_that_is_not_finite_shows_in_the_loss(value, finite):
    inputs, outputs = np.ones((2, V, D), np.float32)
    inputs[CONTEXT] = value
    lr, pull = np.float32(0.1), np.empty(D, np.float32)
    with np.errstate(invalid="ignore"):  # uncompiled, NumPy would warn
        loss = skipgram.train_pair(inputs, outputs, CONTEXT, TARGETS, 3, lr, pull)
    assert np.isfinite(loss) == finite


@pytest.mark.parametrize("model", [skipgram, cbow], ids=["skipgram", "cbow"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 2e-5)])
def test_a_chunk_ends_where_the_twins_does(model, dtype, tolerance):
    table = sampling.alias_table(sampling.noise_probabilities(COUNTS, 0.75))
    new, old = matrices(dtype, 0.3), matrices(np.float64, 0.3)
    rng = state()
    laid = lay(IDS, BOUNDS, rng, dtype)
    target_ids, scratch = np.full(5, -77, np.int32), np.full((2, D), np.nan, dtype)
    loss, count = model.train_windows(*laid, *table, 4, rng, *new, target_ids, scratch)

    twin = naive.Random(state()[0])
    keep = sampling.keep_thresholds(COUNTS, 0.02)
    train = getattr(naive, f"{model.__name__.rpartition('.')[2]}_train_windows")
    wanted = train(twin.lay_windows(SENTENCES, keep, 2, True, 0.1, 0.05), *old, table, 4, twin)
    assert (loss, count) == (pytest.approx(wanted[0], rel=tolerance), wanted[1])
    np.testing.assert_allclose(new, old, rtol=tolerance, atol=tolerance)
    assert int(rng[0]) == twin.state


@pytest.mark.parametrize("model", [skipgram, cbow], ids=["skipgram", "cbow"])
@pytest.mark.parametrize("words", [[], [5], [5, 5], [0, 1]])
@pytest.mark.parametrize("dim", [1, 16, 17])
def test_odd_sizes(model, words, dim):
    """Sentences of no, one and two words; vectors of one number and around a register's width."""
    ids = np.array(words, np.int32)
    rng = state()
    laid = lay(ids, np.array([0, ids.size]), rng, sample=0)
    table = sampling.alias_table(sampling.noise_probabilities(COUNTS, 0.75))
    inputs, outputs = np.ones((2, V, dim), np.float32)
    loss, count = model.train_windows(
        *laid, *table, 2, rng, inputs, outputs,
        np.empty(3, np.int32), np.empty((2, dim), np.float32),
    )  # fmt: skip
    assert count == (2 if len(words) == 2 else 0)
    assert (loss > 0) == (count > 0)


@pytest.mark.parametrize("model", [skipgram, cbow], ids=["skipgram", "cbow"])
def test_a_vocabulary_of_one_word_has_no_noise(model):
    table = sampling.alias_table(np.ones(1))
    rng = state()
    laid = lay(np.zeros(3, np.int32), np.array([0, 3]), rng, sample=0)
    inputs, outputs = np.ones((2, 1, D), np.float32)
    _, count = model.train_windows(
        *laid, *table, 5, rng, inputs, outputs, np.empty(6, np.int32), np.empty((2, D), np.float32)
    )
    assert count > 0
    assert (outputs > 1).all()  # only pulled, never pushed
