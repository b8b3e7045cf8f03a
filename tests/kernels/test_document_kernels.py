"""The kernels of document models, compared with their references and with gradients."""

from functools import partial

import naive
import numpy as np
import pytest
from helpers import BOUNDS, COUNTS, IDS, NO_STREAMS, SENTENCES, TARGETS, V, gradient, state

from w2v.kernels import documents, negative_sampling, pv_dbow, pv_dm, windows
from w2v.kernels.simd import WIDTH, aligned
from w2v.kernels.tiles import COLUMNS
from w2v.negative_sampling import word_distributions

WINDOW = 2
ROWS = np.array([3, 1, 0, 1], np.int32)  # of four spans: two are of the same document
M = 5
TABLE = word_distributions.alias_table(word_distributions.noise_probabilities(COUNTS, 0.75))
KEEP = word_distributions.keep_thresholds(COUNTS, 0.02)


def call_dbow(built, count, rows, targets, documents, inputs, outputs, scratch, fixed, frozen):
    vectors = documents, outputs, documents.shape[1] // WIDTH
    return pv_dbow.train_documents(built, count, rows, targets, *vectors, scratch, fixed)


def call_dm(
    kernel, option, built, count, rows, targets, documents, inputs, outputs, scratch, fixed, frozen
):
    vectors = documents, inputs, outputs, frozen, documents.shape[1] // WIDTH
    return kernel(built, count, rows, targets, *vectors, scratch, fixed, option)


# name: (call of the kernel, its reference, number of vectors that are concatenated)
METHODS = {
    "dbow": (call_dbow, naive.train_documents, 1),
    "mean": (partial(call_dm, pv_dm.train_sums, True), naive.train_sums, 1),
    "sum": (
        partial(call_dm, pv_dm.train_sums, False), partial(naive.train_sums, mean=False), 1,
    ),
    "concat": (
        partial(call_dm, pv_dm.train_concatenations, WINDOW),
        partial(naive.train_concatenations, window=WINDOW),
        1 + 2 * WINDOW,
    ),
}  # fmt: skip
each_method = pytest.mark.parametrize(("call", "twin", "parts"), METHODS.values(), ids=METHODS)


class Matrices:
    """Matrices with padding, as kernels need them, and the same values without it."""

    def __init__(self, parts, dtype, dim, scale=0.3):
        self.dim, self.parts, padded = dim, parts, -(-dim // WIDTH) * WIDTH
        rng = np.random.default_rng(0)
        self.padded = [
            aligned((rows + 1, size * padded), dtype) for rows, size in ((M, 1), (V, 1), (V, parts))
        ]
        for inner in self.views():
            inner[:] = scale * rng.standard_normal(inner.shape)

    def views(self):
        return [p.reshape(len(p), -1, self._width())[:-1, :, : self.dim] for p in self.padded]

    def _width(self):
        return self.padded[0].shape[1]

    def inside(self):
        """Copies without padding, (rows, parts x dim) in float64; the padding must be zero."""
        for padded in self.padded:
            assert not padded.reshape(len(padded), -1, self._width())[:, :, self.dim :].any()
            assert np.abs(padded[-1]).max() <= (0 if padded.dtype == np.float32 else 1e-35)
        return [inner.astype(np.float64).reshape(len(inner), -1) for inner in self.views()]


def build(dtype=np.float32, shrink=True, streams=NO_STREAMS, rng=None):
    built = windows.allocate_windows(IDS.size, dtype)
    rng = state() if rng is None else rng
    count = windows.build_windows(
        IDS, BOUNDS, KEEP, WINDOW, shrink, 0.1, 0.05, rng, streams, built
    )  # fmt: skip
    return built, count


def train(call, built, count, target_ids, matrices, fixed=False, frozen=()):
    padded = matrices.padded
    scratch = negative_sampling.make_scratch(
        target_ids.shape[1], padded[2].shape[1], padded[0].dtype
    )
    for array in scratch[1:]:
        array.fill(np.nan)
    frozen = np.array(frozen, np.bool_)
    return call(built, count, ROWS, target_ids, *padded, scratch, fixed, frozen)


def twins_windows(shrink=True, streams=None):
    rng = naive.Random(state()[0])
    return rng, rng.build_windows(SENTENCES, KEEP, WINDOW, shrink, 0.1, 0.05, streams)


def test_spans_are_gathered_in_their_order():
    begins, ends = np.array([6, 0, 7, 7, 14]), np.array([7, 3, 14, 7, 16])
    ids, bounds = np.empty(13, np.int32), np.empty(6, np.int64)
    documents.gather_spans(IDS, begins, ends, ids, bounds)
    wanted = naive.gather_spans(IDS.tolist(), begins, ends)
    assert [ids[a:b].tolist() for a, b in zip(bounds, bounds[1:], strict=False)] == wanted


def test_a_spans_stream_follows_from_its_words_alone():
    streams, key = np.empty(4, np.uint64), state(5)
    documents.seed_spans(IDS, BOUNDS, key, np.empty(1, np.uint64), streams)
    assert streams.tolist() == naive.seed_spans(SENTENCES, int(key[0]))
    assert key[0] == state(5)[0]
    alone = np.empty(1, np.uint64)
    documents.seed_spans(
        IDS[BOUNDS[2] : BOUNDS[3]], np.array([0, 7]), key, np.empty(1, np.uint64), alone
    )
    assert alone[0] == streams[2]


def test_streams_of_documents_that_are_nearly_the_same_have_nothing_in_common():
    many = np.array([[1, 2, n] for n in range(500)], np.int32)
    streams = np.empty(500, np.uint64)
    bounds = np.arange(0, 1501, 3)
    documents.seed_spans(many.ravel(), bounds, state(), np.empty(1, np.uint64), streams)
    bits = np.unpackbits(streams.view(np.uint8).reshape(500, 8), axis=1).mean(axis=0)
    assert len(set(streams.tolist())) == 500
    assert (np.abs(bits - 0.5) < 0.15).all()


@pytest.mark.parametrize("separate", [True, False])
def test_windows_and_targets_of_documents_are_the_twins(separate):
    key = int(state(5)[0])
    seeds = naive.seed_spans(SENTENCES, key) if separate else []
    streams, rng = np.array(seeds, np.uint64), state()
    built, count = build(streams=streams, rng=rng)
    target_ids = np.full((count, 6), V, np.int32)
    documents.draw_document_targets(built, count, 4, TABLE, V, streams, rng, target_ids)
    twin, wanted = twins_windows(streams=seeds if separate else None)
    assert built.word_ids[:count].tolist() == [w.center for w in wanted]
    assert built.sentences[:count].tolist() == [w.sentence for w in wanted]
    rows = twin.draw_document_targets(wanted, 4, TABLE, seeds if separate else None)
    assert [[t for t in row if t < V] for row in target_ids.tolist()] == rows


@each_method
@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 3e-5)])
@pytest.mark.parametrize(("negative", "dim"), [(4, 5), (5, 17), (0, 3)])
def test_a_chunk_ends_where_the_twins_does(
    call, twin, parts, fixed, dtype, tolerance, negative, dim
):
    shrink = parts == 1
    matrices, rng = Matrices(parts, dtype, dim), state()
    old = matrices.inside()
    built, count = build(dtype, shrink, rng=rng)
    width = -(-(1 + negative) // COLUMNS) * COLUMNS
    target_ids = np.full((count, width), V, np.int32)
    documents.draw_document_targets(built, count, negative, TABLE, V, NO_STREAMS, rng, target_ids)
    found = train(call, built, count, target_ids, matrices, fixed)

    twins, wanted = twins_windows(shrink)
    targets = twins.draw_document_targets(wanted, negative, TABLE)
    now = [each.copy() for each in old]
    loss, trained = twin(wanted, ROWS, targets, *now, fixed)
    assert found == (pytest.approx(loss, rel=tolerance), trained)
    for ours, theirs in zip(matrices.inside(), now, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
    assert (now[0] != old[0]).any()
    assert (now[2] != old[2]).any() != fixed


def hidden(parts, mean, document, words, place):
    """The vector that predicts the word at `place`."""
    if parts > 1:
        zeros = np.zeros_like(document)
        around = [*range(place - WINDOW, place), *range(place + 1, place + 1 + WINDOW)]
        return np.concatenate(
            [document, *(words[at] if 0 <= at < len(words) else zeros for at in around)]
        )
    others = [w for at, w in enumerate(words) if at != place]
    together = np.vstack([document, *others])
    return together.mean(axis=0) if mean else together.sum(axis=0)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])
def test_a_step_is_the_gradient(name, scale):
    """One word of one document, learning rate 1; each part of a mean takes the whole step."""
    call, _, parts = METHODS[name]
    ids = np.array([5, 1, 6], np.int32)
    first, last = np.array([0, 0, 0], np.int32), np.array([2, 2, 2], np.int32)
    sentences = np.array([1, 0, 2], np.int32)  # only the word in the middle is of this document
    built = windows.Windows(ids, first, last, np.array([0.0, 1.0, 0.0]), sentences, ids)
    matrices = Matrices(parts, np.float64, 5, scale)
    old = matrices.inside()
    target_ids = np.array([TARGETS[0], [1, 2, 8, 6, 7, 3], TARGETS[0]], np.int32)
    signs = np.where(np.arange(6), 1, -1)

    def loss(document, word5, word6, outputs):
        words = [word5, np.zeros(5), word6]
        vector = document if name == "dbow" else hidden(parts, name == "mean", document, words, 1)
        return np.logaddexp(0, signs * (outputs[target_ids[1]] @ vector)).sum()

    parts_of = [old[0][ROWS[0]], old[1][5], old[1][6], old[2]]
    train(call, built, 3, target_ids, matrices)
    new = matrices.inside()
    moved = [parts_of[0] - new[0][ROWS[0]], old[1][5] - new[1][5], old[1][6] - new[1][6]]
    for number, step in enumerate([*moved, old[2] - new[2]]):

        def by_one(value, number=number):
            return loss(*parts_of[:number], value, *parts_of[number + 1 :])

        wanted = gradient(by_one, parts_of[number])
        if name == "mean" and number < 3:
            wanted = wanted * 3
        np.testing.assert_allclose(step, wanted, rtol=1e-5, atol=1e-6 * scale**2)


@pytest.mark.parametrize("name", ["mean", "sum", "concat"])
def test_frozen_words_stay(name):
    call, _, parts = METHODS[name]
    built, count = build(np.float64, shrink=False)
    target_ids = np.full((count, 3), V, np.int32)
    documents.draw_document_targets(built, count, 2, TABLE, V, NO_STREAMS, state(), target_ids)
    matrices = Matrices(parts, np.float64, 5)
    old = matrices.inside()
    train(call, built, count, target_ids, matrices, frozen=np.arange(V) == 0)
    changed = (matrices.inside()[1] != old[1]).any(axis=1)
    assert not changed[0]
    assert changed.sum() > 3


@each_method
@pytest.mark.parametrize("words", [[], [5], [5, 5]])
@pytest.mark.parametrize("dim", [1, 16, 17])
def test_odd_sizes(call, twin, parts, words, dim):
    """Documents of no, one and two words; a single word is predicted by its document."""
    ids, bounds = np.array(words, np.int32), np.array([0, 0, len(words), len(words)])
    built = windows.allocate_windows(len(words))
    keep = word_distributions.keep_thresholds(COUNTS, 0)
    count = windows.build_windows(
        ids, bounds, keep, WINDOW, False, 0.1, 0.1, state(), NO_STREAMS, built
    )
    target_ids = np.full((max(count, 1), 3), V, np.int32)
    documents.draw_document_targets(built, count, 2, TABLE, V, NO_STREAMS, state(), target_ids)
    matrices = Matrices(parts, np.float32, dim)
    old = matrices.inside()[0]
    loss, trained = train(call, built, count, target_ids, matrices)
    assert trained == len(words)
    assert (loss > 0) == bool(words)
    changed = (matrices.inside()[0] != old).any(axis=1)
    assert changed.tolist() == [False, bool(words), False, False, False]  # of ROWS[1]
