"""The kernels of character n-grams equal their twins."""

import naive
import numpy as np
import pytest

from w2v.kernels.ngrams import (
    add_int8_to_lists,
    add_to_lists,
    all_ngrams,
    mean_coded_rows,
    word_ngrams,
)

WORDS = ["", "a", "the", "Straße", "👍🏽", "e\u0301", "日本語", "<>", "\udcff\udcfe"]
ENCODED = [word.encode("utf-8", "surrogateescape") for word in WORDS]


@pytest.mark.parametrize(("minn", "maxn", "buckets"), [(1, 1, 7), (3, 6, 2**32), (2, 4, 1)])
def test_the_ngrams_of_words(minn, maxn, buckets):
    text = np.frombuffer(b"".join(ENCODED), np.uint8)
    offsets = np.concatenate([[0], np.cumsum([len(word) for word in ENCODED])])
    numbers, bounds = np.zeros(500, np.int64), np.zeros(len(WORDS) + 1, np.int64)
    all_ngrams(text, offsets, np.arange(len(WORDS)), minn, maxn, buckets, numbers, bounds)
    for number, expected in enumerate(naive.all_ngrams(ENCODED, minn, maxn, buckets)):
        assert numbers[bounds[number] : bounds[number + 1]].tolist() == expected
    word = 3
    count = word_ngrams(text, offsets[word], offsets[word + 1], minn, maxn, buckets, numbers, 2)
    assert numbers[2 : 2 + count].tolist() == naive.word_ngrams(ENCODED[word], minn, maxn, buckets)


def test_rows_are_added_to_sums():
    vectors = np.random.default_rng(1).normal(size=(9, 35)).astype(np.float32)
    rows, lists = np.array([0, 1, 2, 2, 3, 8, 8]), np.array([2, 3, 2, 3, 0, 2, 2])
    sums = np.ones((4, 35), np.float32)
    expected = naive.add_to_lists(vectors, rows, lists, sums)
    add_to_lists(vectors, rows, lists, sums)
    np.testing.assert_allclose(sums, expected, rtol=1e-5)


def test_rows_of_int8_are_added_to_sums():
    rng = np.random.default_rng(3)
    integers = rng.integers(-127, 128, (9, 35)).astype(np.int8)
    scales = rng.uniform(0, 2, 9).astype(np.float32)
    rows, lists = np.array([0, 1, 2, 2, 3, 8, 8]), np.array([2, 3, 2, 3, 0, 2, 2])
    sums = np.ones((4, 35), np.float32)
    expected = naive.add_int8_to_lists(integers, scales, rows, lists, sums)
    add_int8_to_lists(integers, scales, rows, lists, sums)
    np.testing.assert_allclose(sums, expected, rtol=1e-5, atol=1e-4)


def test_the_means_of_coded_rows():
    """The last part has fewer columns than the others."""
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 256, (9, 3)).astype(np.uint8)
    centroids = rng.normal(size=(3, 256, 4)).astype(np.float32)
    norms = rng.uniform(1, 2, 9).astype(np.float32)
    lists = [[3], [], [0, 8, 8, 2], [1, 2]]
    rows = np.array([row for each in lists for row in each])
    bounds = np.concatenate([[0], np.cumsum([len(each) for each in lists])])
    means = np.full((4, 10), np.nan, np.float32)
    mean_coded_rows(codes, centroids, norms, rows, bounds, means)
    expected = naive.mean_coded_rows(codes, centroids, norms, lists)[:, :10]
    np.testing.assert_allclose(means, expected, rtol=1e-5, atol=1e-6)
