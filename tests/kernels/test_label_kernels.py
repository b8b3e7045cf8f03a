"""The kernels of fastText's classifiers equal their twins."""

import naive
import numpy as np
import pytest

from w2v.kernels.label_tree import label_scores, tree_probabilities
from w2v.kernels.text_features import hash_words, text_rows

WORDS = [b"", b"a", b"the", "Straße".encode(), "👍🏽".encode(), b"\xff\xfe"]
TEXTS = [[2, 1, 3, 3, 0], [], [4], [5, 0, 5, 4], [1, 2, 3, 4, 5, 0]]


def word_hashes():
    """The hashes of the words by the kernel."""
    offsets = np.cumsum([0, *map(len, WORDS)])
    hashes = np.zeros(len(WORDS), np.int64)
    hash_words(np.frombuffer(b"".join(WORDS), np.uint8), offsets, hashes)
    return hashes


def test_the_hashes_of_words():
    hashes = word_hashes().tolist()
    assert hashes == naive.hash_words(WORDS)
    assert min(hashes) < 0 < max(hashes)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("kept", [None, {}, {0: 3, 2: 0, 5: 1, 6: 2}])
def test_the_rows_of_texts(order, kept):
    type_rows = [[0], [1, 40, 41], [], [2, 42], [43], []]
    hashes, ids = word_hashes(), np.array(sum(TEXTS, []), np.int32)
    type_starts, starts = (np.cumsum([0, *map(len, lists)]) for lists in (type_rows, TEXTS))
    rows, bounds = np.full(200, -9), np.zeros(len(TEXTS) + 1, np.int64)
    buckets = np.array(list(kept or ()), np.int64), np.array(list((kept or {}).values()), np.int64)
    with np.errstate(over="ignore"):
        text_rows(
            ids, starts, hashes.view(np.uint64), np.array(sum(type_rows, [])), type_starts, order,
            np.uint64(7), *buckets, kept is not None, 6, rows, bounds,
        )  # fmt: skip
    expected = naive.text_rows(TEXTS, hashes.tolist(), type_rows, order, 7, kept, 6)
    found = [rows[a:b].tolist() for a, b in zip(bounds[:-1], bounds[1:], strict=True)]
    assert found == expected


def test_the_scores_of_labels():
    rng = np.random.default_rng(3)
    hidden, outputs = rng.normal(size=(4, 5)), rng.normal(size=(5, 3))
    scores = np.full((4, 3), np.nan, np.float32)  # of what was in the memory before
    label_scores(hidden.astype(np.float32), outputs.astype(np.float32), scores)
    np.testing.assert_allclose(scores, naive.label_scores(hidden, outputs), atol=1e-5)


def test_the_scores_of_labels_are_summed_in_order_and_rounded_after_each_step():
    rng = np.random.default_rng(4)
    hidden, outputs = (rng.normal(size=shape).astype(np.float32) for shape in ((3, 64), (64, 5)))
    scores, expected = np.zeros((3, 5), np.float32), np.zeros((3, 5), np.float32)
    label_scores(hidden, outputs, scores)
    for d in range(64):
        expected += hidden[:, d, None] * outputs[d]
    np.testing.assert_array_equal(scores, expected)


@pytest.mark.parametrize("epsilon", [0.0, 1e-5])
def test_the_probabilities_of_the_leaves_of_a_tree(epsilon):
    """A tree of four leaves; extreme scores do not overflow."""
    left, right = np.array([3, 4, 0]), np.array([2, 1, 5])
    scores = np.array([[0.5, -1, 2], [0, 0, 0], [30, -30, 9]], np.float32)
    p = np.zeros((3, 4), np.float32)
    tree_probabilities(scores, left, right, epsilon, np.zeros(7), p)
    expected = naive.tree_probabilities(scores, left, right, epsilon)
    np.testing.assert_allclose(p, expected, rtol=1e-5, atol=1e-12)
    tree_probabilities(
        np.array([[1e5, -1e5, 1e5]], np.float32), left, right, epsilon, np.zeros(7), p
    )
    assert np.isfinite(p).all()
