"""The kernels of neural bags of words equal their twins, and their steps are gradients."""

import naive
import numpy as np
import pytest
from helpers import gradient, state

from w2v.kernels.alias_table import build_alias
from w2v.kernels.label_losses import HIERARCHICAL, NEGATIVE, ONE_VERSUS_ALL, SOFTMAX, Labels
from w2v.kernels.label_ratios import count_labels, label_ratios
from w2v.kernels.layer_rows import Layers
from w2v.kernels.nbow import Scratch, mean_features, train_texts
from w2v.kernels.row_merge import add_changes
from w2v.kernels.simd import aligned
from w2v.kernels.word_ngrams import count_ngrams, fill_buckets, gather_features, ngram_rows
from w2v.text_classification.labels import LabelTree

CODES = {"softmax": SOFTMAX, "ova": ONE_VERSUS_ALL, "ns": NEGATIVE, "hs": HIERARCHICAL}
R, DIM, K = 12, 5, 4
TEXTS = [[3, 0, 7], [], [11, 2], [5, 0, 1, 9, 4], [6]]
LABELS = [[1], [0], [3], [2], [0]]
SEVERAL = [[1, 3], [0], [], [2, 0, 1], [0]]
COUNTS = np.array([5, 1, 2, 9])
WORDS = [[2, 1, 3, 3, 0], [], [4], [5, 0, 5, 4, 5, 0], [1, 2, 3, 4, 5, 0]]


def flat(lists, kind=np.int32):
    """The numbers of lists, and the bounds of each list in them."""
    bounds = np.cumsum([0, *map(len, lists)])
    return np.array(sum(lists, []), kind), bounds


class Model:
    """A small model with random parameters, as arrays of the kernel."""

    def __init__(self, hidden=(), dtype=np.float64, seed=1):
        rng = np.random.default_rng(seed)
        self.widths, sizes = np.array([DIM, *hidden]), [*hidden, K]
        self.firsts = np.cumsum([0, *sizes])
        self.vectors = aligned((R + 1, 16), dtype)
        self.vectors[:-1, :DIM] = rng.normal(size=(R, DIM))
        self.squares = aligned((R + 1, 2), dtype)
        self.squares[:, 1] = rng.uniform(0.5, 2, R + 1)
        weights = aligned((self.firsts[-1], 16), dtype)
        for level, width in enumerate(self.widths):
            rows = slice(self.firsts[level], self.firsts[level + 1])
            weights[rows, :width] = rng.normal(size=(rows.stop - rows.start, width))
        biases = rng.normal(size=len(weights)).astype(dtype)
        self.layers = Layers(weights, biases, np.zeros((len(weights), 2), dtype))

    def twin(self):
        """Copies of the parameters for the twin."""
        layers = []
        for level, width in enumerate(self.widths):
            rows = slice(self.firsts[level], self.firsts[level + 1])
            weights = self.layers.weights[rows, :width]
            parts = weights, self.layers.biases[rows], self.layers.squares[rows]
            layers.append(tuple(array.copy() for array in parts))
        return naive.Nbow(self.vectors[:-1, :DIM].copy(), self.squares[:-1].copy(), layers)

    def train(self, loss, texts, labels, importance, lr, lr_step, adaptive, **more):
        dtype = self.vectors.dtype
        ids, label_bounds = flat(labels)
        paths = np.empty(0, np.int32), np.empty(0, np.bool_), np.zeros(1, np.int64)
        if loss == "hs":
            paths = LabelTree.of(COUNTS).paths()
        full = Labels(
            ids, label_bounds, importance.astype(dtype), CODES[loss], more.get("negative", 2),
            more.get("noise", np.empty(0, np.uint64)), *paths,
        )  # fmt: skip
        shape = len(self.widths), 16
        scratch = Scratch(
            np.empty(50, np.int32), aligned(shape, dtype), aligned(shape, dtype),
            aligned((K,), dtype), more.get("state", state()),
        )  # fmt: skip
        copies = [Layers(*(np.zeros_like(a) for a in self.layers)) for _ in range(2)]
        with np.errstate(over="ignore"):
            return train_texts(
                *flat(texts), full, self.layers, *copies, self.firsts, self.widths, self.vectors,
                self.squares, more.get("frozen", np.zeros(0, np.bool_)),
                np.uint64(more.get("dropout", 0)), lr, lr_step, adaptive, scratch,
            )  # fmt: skip


def equal(model, twin, tolerance=1e-10):
    """Compare the parameters of a model and its twin."""
    np.testing.assert_allclose(model.vectors[:-1, :DIM], twin.vectors, rtol=tolerance)
    np.testing.assert_allclose(model.squares[:-1], twin.squares, rtol=tolerance)
    found = model.twin().layers
    for ours, theirs in zip(found, twin.layers, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=1e-12)
    assert not model.vectors[:, DIM:].any()


@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("hidden", [(), (6,), (6, 3)])
@pytest.mark.parametrize("loss", ["softmax", "ova", "hs"])
def test_training_equals_its_twin(loss, hidden, adaptive):
    labels = SEVERAL if loss == "ova" else LABELS
    importance = np.array([1, 0.5, 2, 1.5])
    model = Model(hidden)
    twin, paths = model.twin(), None
    if loss == "hs":
        nodes, turns, bounds = LabelTree.of(COUNTS).paths()
        paths = [list(zip(nodes[a:b], turns[a:b], strict=True))
                 for a, b in zip(bounds, bounds[1:], strict=False)]  # fmt: skip
    texts, labels = TEXTS * 8, labels * 8  # more than one segment
    naive.train_texts(texts, labels, twin, loss, importance, 0.3, 0.005, adaptive, paths)
    _, count = model.train(loss, texts, labels, importance, 0.3, 0.005, adaptive)
    assert count == 32  # the text without features is not counted
    equal(model, twin)


@pytest.mark.parametrize("hidden", [(), (6, 3)])
@pytest.mark.parametrize("loss", ["softmax", "ova", "hs"])
def test_a_step_follows_the_gradient_by_finite_differences(loss, hidden):
    """One text, one small step of plain gradient descent, with factors 1."""
    rows, names = [3, 0, 7], [1, 3] if loss == "ova" else [1]
    importance, model = np.array([1, 0.5, 2, 1.5]), Model(hidden)
    model.squares[:, 1] = 1
    path = ()
    if loss == "hs":
        nodes, turns, bounds = LabelTree.of(COUNTS).paths()
        path = list(zip(nodes, turns, strict=True))[bounds[1] : bounds[2]]
    before = model.twin()

    def cost(twin):
        return naive.label_loss(twin.scores(rows), names, loss, importance, path=path)[0]

    lr = 1e-6
    result, _ = model.train(loss, [rows], [names], importance, lr, 0.0, False)
    weight = importance[names[0]] if loss != "ova" else 1
    if loss != "ova":
        assert result * weight == pytest.approx(cost(before))
    expected = gradient(lambda vectors: cost(before._replace(vectors=vectors)), before.vectors)
    found = (before.vectors - model.vectors[:-1, :DIM]) / lr
    np.testing.assert_allclose(found, expected, atol=1e-4)
    after = model.twin()
    for level in range(len(model.widths)):
        for part in (0, 1):  # weights and biases

            def of_part(array, level=level, part=part):
                layers = [list(layer) for layer in before.layers]
                layers[level][part] = array
                return cost(before._replace(layers=layers))

            expected = gradient(of_part, before.layers[level][part])
            found = (before.layers[level][part] - after.layers[level][part]) / lr
            np.testing.assert_allclose(found, expected, atol=1e-4)


def noise_table(probabilities):
    """The alias table of a distribution of labels."""
    threshold, alias = np.zeros(K, np.uint32), np.zeros(K, np.int32)
    build_alias(np.array(probabilities) * K, threshold, alias, np.zeros(K, np.int32))
    return threshold.astype(np.uint64) << np.uint64(32) | alias.astype(np.uint64)


@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("hidden", [(), (6,)])
def test_training_with_negative_samples_equals_its_twin(hidden, adaptive):
    """The labels have different weights, and each is drawn with another probability."""
    importance, table = np.array([1, 0.5, 2, 1.5]), noise_table([0.4, 0.3, 0.2, 0.1])
    model, rng = Model(hidden), state()
    twin, random = model.twin(), naive.Random(rng[0])
    texts, labels = TEXTS * 8, SEVERAL * 8
    naive.train_texts(
        texts, labels, twin, "ns", importance, 0.3, 0.005, adaptive,
        draw_targets=lambda names: naive.draw_label_targets(names, importance, 3, table, random),
    )  # fmt: skip
    model.train(
        "ns", texts, labels, importance, 0.3, 0.005, adaptive, negative=3, noise=table, state=rng
    )
    assert int(rng[0]) == random.state
    equal(model, twin)


def test_negative_samples_are_pushed_down_and_the_text_s_labels_are_not():
    """All labels are drawn equally often."""
    noise = noise_table(np.full(K, 1 / K))
    model = Model()
    before = model.layers.biases.copy()
    with np.errstate(over="ignore"):
        model.train("ns", [[3, 0]] * 50, [[1, 3]] * 50, np.ones(K), 0.1, 0, False, noise=noise)
    change = model.layers.biases - before
    assert change[1] > 0
    assert change[3] > 0
    assert change[0] < 0
    assert change[2] < 0


def test_dropout_leaves_out_the_share_of_features():
    model = Model()
    model.layers.weights[:] = np.random.default_rng(2).normal(size=model.layers.weights.shape)
    before = model.vectors.copy()
    _, count = model.train(
        "softmax", [[0], [1], [2], [3]] * 30, [[1]] * 120, np.ones(K), 1e-9, 0, False,
        dropout=int(0.75 * (1 << 32)),
    )  # fmt: skip
    assert 15 <= count <= 45  # 30 of 120 texts keep their only feature
    assert np.abs(model.vectors - before).max() < 1e-6


def test_frozen_vectors_do_not_change():
    model, frozen = Model(), np.zeros(4, np.bool_)
    frozen[3] = True
    before = model.vectors.copy()
    model.train("softmax", [[3, 0, 7]], [[1]], np.ones(K), 0.1, 0, True, frozen=frozen)
    changed = (model.vectors != before).any(axis=1)
    assert np.flatnonzero(changed).tolist() == [0, 7]


@pytest.mark.parametrize("order", [1, 2, 3, 6])
def test_word_ngrams(order):
    hashes = np.random.default_rng(3).integers(-(2**31), 2**31, 6)
    numbers = [int(code) & naive.MASK for code in hashes.tolist()]
    ids, starts = flat(WORDS)
    buckets, counts = 13, np.zeros(13, np.uint8)
    unsigned = hashes.view(np.uint64)
    with np.errstate(over="ignore"):
        for _ in range(300):
            count_ngrams(ids, starts, unsigned, order, np.uint64(buckets), counts)
    np.testing.assert_array_equal(counts, naive.count_ngrams(WORDS * 300, numbers, order, buckets))
    assert order == 1 or counts.max() == 255  # the limit
    kept = np.array([0, 2, 3, 7, 12], np.uint32)
    slots = np.zeros(16, np.uint64)
    fill_buckets(kept, slots)
    rows, bounds = np.empty(ids.size * max(order - 1, 1), np.int32), np.zeros(6, np.int64)
    scratch = np.empty(ids.size * order, np.uint32)
    with np.errstate(over="ignore"):
        ngram_rows(
            ids, starts, unsigned, order, np.uint64(buckets), slots, 100, scratch, rows, bounds
        )
    found = [rows[a:b].tolist() for a, b in zip(bounds, bounds[1:], strict=False)]
    by_bucket = naive.fill_buckets(kept)
    assert found == naive.ngram_rows(WORDS, numbers, order, buckets, by_bucket, 100)


def test_features_are_gathered_once_for_each_text():
    type_rows = [[0], [1, 8, 9], [2, 8], [3, 9, 9], [4], []]
    ngrams = [[10, 11, 10], [], [], [10], [11, 12]]
    chosen = np.array([4, 0, 1, 3], np.int32)
    latest, rows, bounds = np.full(13, -1, np.int32), np.empty(60, np.int32), np.zeros(5, np.int64)
    gather_features(*flat(WORDS), chosen, *flat(type_rows), *flat(ngrams), latest, rows, bounds)
    found = [rows[a:b].tolist() for a, b in zip(bounds, bounds[1:], strict=False)]
    assert found == naive.gather_features(WORDS, chosen, type_rows, ngrams)
    assert (latest == -1).all()


def test_the_ratios_of_labels():
    features, labels = flat(TEXTS), flat(SEVERAL)
    counts = naive.count_labels(TEXTS, SEVERAL, K, R)
    found = np.zeros((5, K), np.int32)
    count_labels(*features, *labels, 3, found)
    np.testing.assert_array_equal(found, counts[3:8])
    totals, shares = counts.sum(axis=0).astype(float), np.array([0.4, 0.3, 0.2, 0.1])
    ratios = np.zeros(R, np.float32)
    bases = np.log((totals + R) / (totals.sum() - totals + R))
    label_ratios(counts.astype(np.int32), bases, shares, ratios)
    np.testing.assert_allclose(ratios, naive.label_ratios(counts, totals, shares), rtol=1e-5)


def test_changes_of_copies_are_added():
    rng = np.random.default_rng(5)
    matrix, copies = rng.normal(size=(9, 32)), rng.normal(size=(5, 32))
    rows, targets = np.array([7, 1, 4], np.int32), np.array([2, 0, 3], np.int32)
    numbers = np.array([0, 4, 2])
    sums, squares = rng.normal(size=(4, 32)), rng.normal(size=4)
    expected = sums.copy(), squares.copy()
    naive.add_changes(matrix, rows, copies, numbers, targets, *expected)
    add_changes(matrix, rows, copies, numbers, targets, sums, squares, 2, np.zeros(16))
    np.testing.assert_allclose(sums, expected[0])
    np.testing.assert_allclose(squares, expected[1])


def test_the_means_of_features():
    vectors = np.random.default_rng(6).normal(size=(R, DIM)).astype(np.float32)
    means = np.empty((len(TEXTS), DIM), np.float32)
    mean_features(vectors, *flat(TEXTS), means)
    np.testing.assert_allclose(means, naive.mean_features(vectors, TEXTS), rtol=1e-5, atol=1e-7)
