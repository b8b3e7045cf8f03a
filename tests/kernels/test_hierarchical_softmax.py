"""Hierarchical softmax: the tree is optimal, probabilities sum to one, kernels are their twins."""

import heapq
from functools import partial

import hypothesis.strategies as st
import naive
import numpy as np
import pytest
from helpers import BOUNDS, COUNTS, IDS, NO_STREAMS, SENTENCES, D, V, gradient, state
from hypothesis import given

from w2v.kernels import hierarchical_models, hierarchical_softmax, huffman_tree, logistic, windows
from w2v.kernels.negative_sampling import BATCH, make_scratch
from w2v.kernels.simd import WIDTH, aligned
from w2v.kernels.tiles import COLUMNS
from w2v.negative_sampling.word_distributions import keep_thresholds
from w2v.negative_sampling.word_paths import (
    expected_nodes,
    longest_path,
    take_paths,
    word_paths,
)

PATHS = word_paths(COUNTS)
TWINS = naive.fill_paths(*naive.build_tree(COUNTS.tolist()))
M, ROWS = 5, np.array([3, 1, 0, 1], np.int32)  # documents, and the document of each sentence
falling_counts = st.lists(st.integers(1, 50), min_size=1, max_size=40).map(
    lambda counts: sorted(counts, reverse=True)
)


def listed(paths, padding_id):
    """The paths as dictionaries: the nodes on the path to each word, and whether it goes left."""
    found = []
    for word, lefts in enumerate(paths.lefts):
        nodes = paths.nodes[paths.offsets[word] : paths.offsets[word + 1]]
        assert nodes.size % COLUMNS == 0
        true = nodes[nodes != padding_id]
        assert nodes.size - true.size < COLUMNS
        assert (nodes[true.size :] == padding_id).all()
        found.append({int(node): place < lefts for place, node in enumerate(true)})
        assert len(found[-1]) == true.size
    return found


def optimal_cost(counts):
    """The sum of counts times lengths in an optimal tree, by a heap (Huffman 1952)."""
    heap, cost = list(counts), 0
    heapq.heapify(heap)
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        heapq.heappush(heap, joined)
        cost += joined
    return cost


def build_tree(counts):
    size = 2 * len(counts) - 1
    parents, is_left = np.full(size, -77, np.int32), np.zeros(size, np.bool_)
    sums = np.full(size, -77)
    huffman_tree.build_tree(np.array(counts), sums, parents, is_left)
    return parents, is_left


@given(falling_counts)
def test_the_tree_is_that_of_word2vec_and_its_paths_are_optimal(counts):
    parents, is_left = build_tree(counts)
    twins = naive.build_tree(counts)
    assert (parents.tolist(), is_left.tolist()) == twins
    lengths = np.full(parents.size, -77, np.int32)
    huffman_tree.path_lengths(parents, lengths)
    assert lengths.tolist() == naive.path_lengths(twins[0])
    assert np.dot(lengths[: len(counts)], counts) == optimal_cost(counts)
    assert sum(0.5 ** int(n) for n in lengths[: len(counts)]) == 1


@given(falling_counts.filter(lambda counts: len(counts) > 1), st.randoms())
def test_paths_are_those_of_the_twin_in_any_order_of_the_words(counts, random):
    paths = word_paths(np.array(counts))
    twins = naive.fill_paths(*naive.build_tree(counts))
    assert listed(paths, len(counts) - 1) == twins
    assert longest_path(paths) == max(-(-len(path) // COLUMNS) * COLUMNS for path in twins)
    words = np.array(random.sample(range(len(counts)), len(counts) // 2 + 1))
    assert listed(take_paths(paths, words), len(counts) - 1) == [twins[word] for word in words]
    nodes = expected_nodes(paths, np.array(counts, float))
    wanted = np.zeros(len(counts) - 1)
    for path, count in zip(twins, counts, strict=True):
        wanted[list(path)] += count
    np.testing.assert_array_equal(nodes, wanted)
    shuffled = random.sample(range(len(counts)), len(counts))
    other = listed(word_paths(np.array(counts)[shuffled]), len(counts) - 1)
    cost = sum(counts[word] * len(path) for word, path in zip(shuffled, other, strict=True))
    assert cost == optimal_cost(counts)


def test_frequent_words_have_short_paths_and_equal_counts_nearly_equal_ones():
    lengths = [len(path) for path in TWINS]
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[-1]
    equal = [len(path) for path in listed(word_paths(np.full(1000, 7)), 999)]
    assert {9, 10} == {*equal}
    assert [len(path) for path in listed(word_paths(np.zeros(4, int)), 3)] == [2, 2, 2, 2]


def path_loss(vectors, outputs, path):
    """-ln p of a word: the sum over the nodes on its path."""
    signs = np.where(list(path.values()), -1, 1)
    return np.logaddexp(0, signs * (vectors @ outputs[list(path)].T)).sum()


def matrices(dtype, scale=1.0, dim=D):
    """Matrices of words and inner nodes with padding, as kernels need them."""
    padded = -(-dim // WIDTH) * WIDTH
    both = [aligned((rows + 1, padded), dtype) for rows in (V, V - 1)]
    rng = np.random.default_rng(0)
    for matrix in both:
        matrix[:-1, :dim] = scale * rng.standard_normal((len(matrix) - 1, dim))
    return both


def inside(both, dim=D):
    """Copies without padding, in float64; the padding must still be zero (in float64: almost)."""
    for matrix in both:
        assert np.abs(matrix[-1]).max() <= (0 if matrix.dtype == np.float32 else 1e-35)
        assert not matrix[:, dim:].any()
    return [matrix[:-1, :dim].astype(np.float64) for matrix in both]


def scratch_of(width, dtype, paths=PATHS):
    """Scratch arrays of values that must not be read."""
    scratch = make_scratch(longest_path(paths), width, dtype)
    for array in scratch[1:]:
        array.fill(np.nan)
    scratch.ids.fill(-77)
    return scratch


def one_window(dtype=np.float64):
    """A window with the learning rate 1: words 5, 1 and 0 are the context of word 6."""
    ids = np.array([5, 1, 6, 0], np.int32)
    first, last = np.array([[0, 1, 0, 3], [0, 1, 3, 3]], np.int32)
    return windows.Windows(ids, first, last, np.ones(4, dtype), first, ids)


def loss_of_word(word, vector, outputs):
    """The loss that CBOW reports for a window whose mean is `vector` and whose center is `word`."""
    ids, bounds = np.array([word, 0], np.int32), np.array([[0, 1], [1, 1]], np.int32)
    built = windows.Windows(ids, *bounds, np.zeros(2), bounds[0], np.array([0, 1], np.int32))
    inputs = aligned((3, WIDTH), np.float64)
    inputs[1, :D] = vector
    loss, count = hierarchical_models.train_cbow(
        built, 1, PATHS, inputs, outputs, np.zeros(0, np.bool_), 1, scratch_of(WIDTH, np.float64),
        False,
    )  # fmt: skip
    assert count == 1
    return loss


@pytest.mark.parametrize("scale", [0.0, 0.1, 1.0, 5.0])
def test_the_probabilities_of_all_words_sum_to_one(scale):
    _, outputs = matrices(np.float64, scale)
    for vector in np.random.default_rng(2).standard_normal((3, D)):
        losses = [loss_of_word(word, vector, outputs) for word in range(V)]
        assert np.exp(-np.array(losses)).sum() == pytest.approx(1, rel=1e-12)
        wanted = [path_loss(vector, outputs[:-1, :D], path) for path in TWINS]
        np.testing.assert_allclose(losses, wanted, rtol=1e-12)


MODELS = {
    "skipgram": (hierarchical_models.train_skipgram, (), naive.train_skipgram, {}),
    "skipgram-exact": (
        hierarchical_models.train_skipgram_pairs, (), naive.train_skipgram_pairs, {},
    ),
    "cbow": (hierarchical_models.train_cbow, (False,), naive.train_cbow, {}),
    "cbow-gradient": (
        hierarchical_models.train_cbow, (True,), naive.train_cbow, {"divide": True},
    ),
}  # fmt: skip
each_model = pytest.mark.parametrize(
    ("kernel", "flags", "twin", "options"), MODELS.values(), ids=MODELS
)


def train(kernel, flags, built, count, both, frozen=()):
    """Call a model's kernel with fresh scratch."""
    size, dtype = both[0].shape[1], both[0].dtype
    return kernel(
        built, count, PATHS, *both, np.array(frozen, np.bool_), size // WIDTH,
        scratch_of(size, dtype), *flags,
    )  # fmt: skip


def build(ids, bounds, dtype=np.float32, sample=0.02, window=2, shrink=True):
    built = windows.allocate_windows(ids.size, dtype)
    keep = keep_thresholds(COUNTS, sample)
    count = windows.build_windows(
        ids, bounds, keep, window, shrink, 0.1, 0.05, state(), NO_STREAMS, built
    )
    return built, count


@pytest.mark.parametrize("context", [[4], [4, 0], [5, 1, 0], [1, 1, 4, 1], list(range(V))])
@pytest.mark.parametrize("word", [0, 4, 8])
@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])  # 5: the sigmoid saturates
def test_a_batchs_step_is_the_gradient_of_the_loss(context, word, scale):
    both = matrices(np.float64, scale)
    old = inside(both)
    scratch, path = scratch_of(WIDTH, np.float64), TWINS[word]
    scratch.ids[: len(context)] = context
    logistic.clear_loss(scratch.loss_accumulator)
    hierarchical_softmax.train_path_batch(
        both[0], scratch.ids, len(context), both[1], hierarchical_softmax.path_to(PATHS, word),
        PATHS.lefts[word], 1.0, scratch.steps, scratch.targets, scratch.loss_accumulator, 1,
        np.zeros(0, np.bool_),
    )  # fmt: skip
    loss = logistic.read_loss(scratch.loss_accumulator)
    assert loss == pytest.approx(path_loss(old[0][context], old[1], path), rel=1e-11)
    changes = [before - now for before, now in zip(old, inside(both), strict=True)]
    wanted = gradient(lambda inputs: path_loss(inputs[context], old[1], path), old[0])
    np.testing.assert_allclose(changes[0], wanted, rtol=1e-5, atol=1e-7 * scale**2)
    assert np.abs(wanted[context]).max() > 1e-4
    wanted = gradient(lambda outputs: path_loss(old[0][context], outputs, path), old[1])
    np.testing.assert_allclose(changes[1], wanted, rtol=1e-5, atol=1e-7 * scale**2)


@pytest.mark.parametrize("divide", [True, False])
def test_a_cbow_step_is_the_gradient_or_as_many_times_as_the_window_has_words(divide):
    both = matrices(np.float64)
    old, context = inside(both), [5, 1, 0]

    def loss(inputs, outputs):
        return path_loss(inputs[context].mean(axis=0), outputs, TWINS[6])

    found = train(hierarchical_models.train_cbow, (divide,), one_window(), 4, both)
    assert found == (pytest.approx(loss(*old), rel=1e-12), 1)
    changes = [before - now for before, now in zip(old, inside(both), strict=True)]
    wanted = gradient(lambda inputs: loss(inputs, old[1]), old[0])
    np.testing.assert_allclose(changes[0], wanted * (1 if divide else 3), rtol=1e-5, atol=1e-7)
    wanted = gradient(lambda outputs: loss(old[0], outputs), old[1])
    np.testing.assert_allclose(changes[1], wanted, rtol=1e-5, atol=1e-7)


@each_model
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 2e-5)])
@pytest.mark.parametrize("dim", [5, 17, 32])
def test_a_chunk_ends_where_the_twins_does(kernel, flags, twin, options, dtype, tolerance, dim):
    both = matrices(dtype, 0.3, dim)
    old = inside(both, dim)
    built, count = build(IDS, BOUNDS, dtype)
    loss, pairs = train(kernel, flags, built, count, both)
    keep = keep_thresholds(COUNTS, 0.02)
    built = naive.Random(state()[0]).build_windows(SENTENCES, keep, 2, True, 0.1, 0.05)
    wanted = twin(built, *old, TWINS, **options)
    assert (loss, pairs) == (pytest.approx(wanted[0], rel=tolerance), wanted[1])
    for ours, theirs in zip(inside(both, dim), old, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


@each_model
def test_a_window_of_more_words_than_a_batch_takes_several_steps(kernel, flags, twin, options):
    ids = np.tile(IDS, 5)
    both = matrices(np.float64, 0.3)
    old = inside(both)
    built, count = build(ids, np.array([0, ids.size]), np.float64, 0, window=40, shrink=False)
    assert (built.last - built.first).max() > 2 * BATCH
    found = train(kernel, flags, built, count, both)
    keep = keep_thresholds(COUNTS, 0)
    built = naive.Random(state()[0]).build_windows([ids.tolist()], keep, 40, False, 0.1, 0.05)
    assert found == pytest.approx(twin(built, *old, TWINS, **options), rel=1e-11)
    for ours, theirs in zip(inside(both), old, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


@each_model
@pytest.mark.parametrize("words", [[], [5], [5, 5], [0, 1]])
@pytest.mark.parametrize("dim", [1, 16, 17])
def test_odd_sizes(kernel, flags, twin, options, words, dim):
    ids = np.array(words, np.int32)
    built, count = build(ids, np.array([0, ids.size]), sample=0)
    both = matrices(np.float32, dim=dim)
    loss, pairs = train(kernel, flags, built, count, both)
    assert pairs == (2 if len(words) == 2 else 0)
    assert (loss > 0) == (pairs > 0)
    inside(both, dim)


@each_model
def test_frozen_vectors_stay_and_the_others_step_as_if_they_did(kernel, flags, twin, options):
    results = []
    for frozen in ([], np.arange(V) == 1, np.ones(V)):
        both = matrices(np.float64)
        start = inside(both)
        train(kernel, flags, one_window(), 4, both, frozen)
        results.append(inside(both))
    free, one, every = results
    np.testing.assert_array_equal(one[0][1], start[0][1])
    np.testing.assert_array_equal(every[0], start[0])
    assert (free[0] != start[0]).any()
    if kernel is not hierarchical_models.train_skipgram_pairs:  # a window is one step
        np.testing.assert_array_equal(one[0][[5, 0]], free[0][[5, 0]])
        np.testing.assert_array_equal(every[1], free[1])


def call_bags(built, count, paths, documents, inputs, outputs, scratch, fixed, frozen):
    return hierarchical_models.train_bags(
        built, count, ROWS, paths, documents, outputs, documents.shape[1] // WIDTH, scratch, fixed
    )


def call_memory(
    kernel, option, built, count, paths, documents, inputs, outputs, scratch, fixed, frozen
):
    return kernel(
        built, count, ROWS, paths, documents, inputs, outputs, frozen,
        documents.shape[1] // WIDTH, scratch, fixed, option,
    )  # fmt: skip


WINDOW = 2
# name: (call of the kernel, its reference, number of vectors that are concatenated)
METHODS = {
    "dbow": (call_bags, naive.train_bags, 1),
    "mean": (
        partial(call_memory, hierarchical_models.train_memory_sums, True),
        naive.train_memory_sums, 1,
    ),
    "sum": (
        partial(call_memory, hierarchical_models.train_memory_sums, False),
        partial(naive.train_memory_sums, mean=False), 1,
    ),
    "concat": (
        partial(call_memory, hierarchical_models.train_memory_concatenations, WINDOW),
        partial(naive.train_memory_concatenations, window=WINDOW), 1 + 2 * WINDOW,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "twin", "parts"), METHODS.values(), ids=METHODS)
@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 3e-5)])
@pytest.mark.parametrize("dim", [5, 17])
def test_a_chunk_of_documents_ends_where_the_twins_does(
    call, twin, parts, fixed, frozen, dtype, tolerance, dim
):
    padded, rng = -(-dim // WIDTH) * WIDTH, np.random.default_rng(0)
    sizes = (M, 1), (V, 1), (V - 1, parts)
    trained = [aligned((rows + 1, size * padded), dtype) for rows, size in sizes]
    views = [array.reshape(len(array), -1, padded)[:-1, :, :dim] for array in trained]
    for view in views:
        view[:] = 0.3 * rng.standard_normal(view.shape)
    old = [view.astype(np.float64).reshape(len(view), -1) for view in views]
    now = [each.copy() for each in old]
    built, count = build(IDS, BOUNDS, dtype, shrink=parts == 1)
    scratch = scratch_of(trained[2].shape[1], dtype)
    is_frozen = np.isin(np.arange(V), [0]) if frozen else np.zeros(0, np.bool_)
    found = call(built, count, PATHS, *trained, scratch, fixed, is_frozen)

    keep = keep_thresholds(COUNTS, 0.02)
    wanted = naive.Random(state()[0]).build_windows(SENTENCES, keep, 2, parts == 1, 0.1, 0.05)
    if not frozen:  # the twins have no frozen words
        assert found == pytest.approx(twin(wanted, ROWS, TWINS, *now, fixed), rel=tolerance)
        for view, theirs in zip(views, now, strict=True):
            ours = view.reshape(len(view), -1)
            np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
    ends = [view.astype(np.float64).reshape(len(view), -1) for view in views]
    assert (ends[0] != old[0]).any()
    assert (ends[2] != old[2]).any() != fixed
    if frozen:
        np.testing.assert_array_equal(ends[1][0], old[1][0])
    assert all(not array[-1].any() or dtype == np.float64 for array in trained)
