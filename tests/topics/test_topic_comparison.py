"""Topic diversity, average Jaccard, and the agreement of models, by hand and on planted topics."""

import itertools

import numpy as np
import pytest

from w2v.topics.topic_comparison import (
    DIVERSITY_WORDS,
    STABILITY_WORDS,
    agreement,
    average_jaccard,
    stability,
    topic_diversity,
)


def lists(*topics):
    return [np.array(topic) for topic in topics]


def random_topics(count, words=60, length=STABILITY_WORDS, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.permutation(words)[:length] for _ in range(count)]


def test_diversity_by_hand():
    assert topic_diversity(lists([0, 1, 2], [2, 3, 4])) == 5 / 6
    assert topic_diversity(lists([0, 1], [1, 0])) == 1 / 2
    assert topic_diversity(lists([0, 1], [2, 3])) == 1


def test_diversity_is_that_of_the_first_words():
    same_later = lists(np.r_[np.arange(25), 100], np.r_[np.arange(25, 50), 100])
    assert DIVERSITY_WORDS == 25
    assert topic_diversity(same_later) == 1


def test_average_jaccard_by_hand():
    # The first words differ: 0 of 2; of the first two, one of three is common; then 3 of 3.
    found = average_jaccard(lists([0, 1, 2]), lists([1, 2, 0], [0, 1, 2], [7, 8, 9], [0, 5, 6]))
    expected = [np.mean([0, 1 / 3, 1]), 1, 0, np.mean([1, 1 / 3, 1 / 5])]
    assert found.tolist() == [pytest.approx(expected)]


def test_average_jaccard_is_what_its_definition_says():
    first, second = random_topics(4, seed=1), random_topics(5, seed=2)
    found = average_jaccard(first, second)
    for (i, a), (j, b) in itertools.product(enumerate(first), enumerate(second)):
        each = [len({*a[:d]} & {*b[:d]}) / len({*a[:d]} | {*b[:d]}) for d in range(1, len(a) + 1)]
        assert found[i, j] == pytest.approx(np.mean(each))
    np.testing.assert_allclose(found.T, average_jaccard(second, first))


def test_the_order_of_topics_does_not_matter():
    first, second = random_topics(6, seed=3), random_topics(6, seed=4)
    order = np.random.default_rng(5).permutation(6)
    assert agreement(first, [first[k] for k in order]) == 1
    expected = agreement(first, second)
    assert 0 < expected < 0.5
    assert agreement([first[k] for k in order], second) == pytest.approx(expected)
    assert agreement(second, first) == pytest.approx(expected)


def test_topics_are_matched_for_the_largest_sum():
    """The best match of the first topic is not taken if it costs the second one more."""
    first = lists([0, 1, 2, 3], [0, 1, 2, 9])
    second = lists([0, 1, 2, 3], [0, 1, 7, 3])
    table = average_jaccard(first, second)
    every = [np.mean([table[0, a], table[1, b]]) for a, b in itertools.permutations(range(2))]
    assert agreement(first, second) == pytest.approx(max(every))
    assert max(every) > min(every)


def test_a_topic_that_another_replaces_costs_its_share():
    base = random_topics(4, words=1000, seed=6)
    other = [*base[:3], np.arange(2000, 2000 + STABILITY_WORDS)]
    assert agreement(base, other) == pytest.approx(3 / 4, abs=0.02)
    assert agreement(base, base[:2]) == 1  # of models with 4 and 2 topics, 2 are matched


def test_stability_is_the_mean_of_all_pairs():
    models = [random_topics(5, seed=seed) for seed in (7, 8, 9)]
    pairs = [agreement(a, b) for a, b in itertools.combinations(models, 2)]
    assert stability(models) == pytest.approx(np.mean(pairs))
    assert stability(models[:1] * 3) == 1
    assert stability(models[:1]) is None
    assert stability([]) is None
