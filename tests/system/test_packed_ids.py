"""Packed ids, compared with a list of numbers and with the twin of the kernels."""

import os
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import hypothesis.strategies as st
import naive
import numpy as np
import pytest
from hypothesis import given

from w2v.kernels.packed_blocks import (
    MARKED,
    choose_widths,
    most_words,
    pack_block,
    unpack_spans,
)
from w2v.system import packed_ids
from w2v.system.packed_ids import PackedArray, PackedIds, PackedRun
from w2v.text import encoded_text
from w2v.text.encoded_text import EncodedText
from w2v.training.chunks import Plan
from w2v.training.state import TrainingState
from w2v.training.workers import HogwildWorkers, RoundWorkers

EDGES = [0, 1, 127, 128, 16383, 16384, 1 << 21, (1 << 28) - 1, 1 << 28, (1 << 31) - 1]
numbers = st.integers(0, (1 << 31) - 1) | st.sampled_from(EDGES) | st.integers(0, 40)
BLOCK = 20  # not a multiple of 16


@pytest.fixture
def tiny(monkeypatch):
    """Blocks of BLOCK ids, in a file from the first ids on."""
    monkeypatch.setattr(packed_ids, "BLOCK", BLOCK)
    monkeypatch.setattr("w2v.system.spooled_array.IN_MEMORY", 8)
    monkeypatch.setattr("w2v.system.spooled_array.PART", 7)


def packed(values):
    values = np.array(values, np.int32)
    words = np.full(most_words(values.size), 77, np.uint32)
    widths = choose_widths(values, np.empty(32, np.int64))
    return words[: pack_block(values, widths, words)], widths


@given(st.lists(numbers, min_size=1, max_size=70), st.data())
def test_a_block_is_that_of_the_twin_and_unpacks_to_its_numbers(values, data):
    words, widths = packed(values)
    assert widths == naive.choose_widths(values)
    assert words.tolist() == naive.pack_block(values, widths)
    size = len(values)
    begin = data.draw(st.integers(0, size))
    spans = np.array([[0, size], [begin, data.draw(st.integers(begin, size))]])
    ids = np.full(int(np.diff(spans).sum()), -7, np.int32)
    bounds, places = np.empty(3, np.int64), np.zeros(1, np.int64)
    begins, ends = spans.T.copy()
    unpack_spans(words, places, np.empty(0, np.int32), size, begins, ends, ids, bounds)
    assert ids.tolist() == values + values[begin : spans[1, 1]]
    assert bounds.tolist() == [0, size, ids.size]
    found = naive.unpack_spans(words.tolist(), [0], [], size, begins.tolist(), ends.tolist())
    assert found == (ids.tolist(), bounds.tolist())


def test_every_span_of_a_block_with_marks_is_found():
    values = np.random.default_rng(1).zipf(1.3, 3 * MARKED + 5) % (1 << 31)
    words, _ = packed(values)
    edges = np.array([0, 1, 15, 16, 17, 1023, 1024, 1025, 2047, 2048, 3071, 3072, 3076, 3077])
    places, bounds = np.zeros(1, np.int64), np.empty(2, np.int64)
    for begin in edges:
        for end in edges[edges >= begin]:
            ids = np.empty(end - begin, np.int32)
            spans = np.array([begin]), np.array([end])
            unpack_spans(words, places, ids[:0], values.size, *spans, ids, bounds)
            np.testing.assert_array_equal(ids, values[begin:end])


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    "size", [0, 1, 2, 3, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 7]
)
def test_every_part_is_read(size):
    values = np.random.default_rng(size).choice(EDGES, size).astype(np.int32)
    ids = PackedIds()
    for begin in range(0, size, 11):
        ids.append(values[begin : begin + 11])
    assert ids.size == size
    begins, ends = np.triu_indices(size + 1)
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        assert ids.read(begin, end).tolist() == values[begin:end].tolist()
    assert ids.read(0, 1 << 40).tolist() == values.tolist()
    assert ids.read(size + 3, size + 9).tolist() == []
    found, bounds = np.empty(int((ends - begins).sum()), np.int32), np.empty(begins.size + 1, int)
    ids.gather(begins, ends, found, bounds)
    assert bounds.tolist() == [0, *np.cumsum(ends - begins)]
    assert (
        found == [value for a, b in zip(begins, ends, strict=True) for value in values[a:b]]
    ).all()
    assert ids.mapped().tolist() == values.tolist()
    assert ids.read(0, size).tolist() == values.tolist()
    ids.append(values)
    assert ids.mapped().tolist() == [*values, *values]


@pytest.mark.usefixtures("tiny")
@given(st.lists(st.integers(0, 3 * BLOCK), max_size=9), st.booleans())
def test_runs_that_are_packed_for_their_positions_make_the_same_array(sizes, is_small):
    total = sum(sizes)
    values = np.random.default_rng(total).choice(EDGES, total).astype(np.int32)
    wanted, ids, begin = PackedIds(values), PackedIds(), 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("w2v.system.spooled_array.IN_MEMORY", 4 * total if is_small else 8)
        for size in sizes:
            ids.append_run(PackedRun.of(values[begin : begin + size], begin, total))
            begin += size
        assert ids.size == total
        assert ids.read(0, total).tolist() == values.tolist()
        if is_small:
            assert ids.bytes == 4 * total
        else:
            assert ids.bytes == wanted.bytes
            assert (ids._blocks and ids._blocks._places) == (
                wanted._blocks and wanted._blocks._places
            )


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, 5 * BLOCK + 3])
def test_a_packed_array_is_that_of_the_twin(size):
    values = np.random.default_rng(size).choice(EDGES, size).astype(np.int32)
    array = PackedArray.of(values)
    words, lengths = naive.pack_blocks(values.tolist(), BLOCK)
    full = len(lengths) * BLOCK
    assert array.words.tolist() == words + values[full:].tolist()
    assert (array.lengths.tolist(), array.size) == (lengths, size)
    for first in range(0, size + 1, 7):
        assert array.read(first, size).tolist() == values[first:].tolist()


@pytest.mark.usefixtures("tiny")
def test_threads_read_at_the_same_time():
    values = np.random.default_rng(3).integers(0, 5000, 40 * BLOCK).astype(np.int32)
    ids = PackedIds(values)

    def read(seed):
        """Read and gather random spans, while another thread unpacks the array."""
        rng = np.random.default_rng(seed)
        for step in range(40):
            begins, ends = np.sort(rng.integers(0, values.size, (2, 1)), axis=0)
            found, bounds = np.empty(int(ends[0] - begins[0]), np.int32), np.empty(2, np.int64)
            ids.gather(begins, ends, found, bounds)
            np.testing.assert_array_equal(found, values[begins[0] : ends[0]])
            np.testing.assert_array_equal(ids.read(begins[0], ends[0]), found)
            if seed == 0 and step == 20:
                ids.mapped()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(read, range(4)))


def test_positions_beyond_the_range_of_32_bits_are_found():
    """The words of a sparse file: two blocks of zeros in all places but the last one."""
    values = np.arange(1000, dtype=np.int32)
    words, _ = packed(values)
    zeros, _ = packed(values * 0)
    count = (1 << 31) // 1000 + 2
    data = np.concatenate([zeros, words])
    places = np.zeros(count, np.int64)
    places[-1] = zeros.size
    begin = np.array([1000 * (count - 1) - 2])
    assert begin[0] > 1 << 31
    ids, bounds = np.empty(6, np.int32), np.empty(2, np.int64)
    unpack_spans(data, places, ids[:0], 1000, begin, begin + 6, ids, bounds)
    assert ids.tolist() == [0, 0, 0, 1, 2, 3]


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("in_rounds", [False, True])
def test_the_next_chunks_are_read_ahead(monkeypatch, in_rounds):
    """Each chunk is asked for before it is trained, except the first ones of each epoch."""
    ids = PackedIds(np.arange(4000, dtype=np.int32))
    text = EncodedText(ids, np.arange(0, 4001, 10))
    asked, plan = [], Plan(text, 2, 1, 100, 2)
    monkeypatch.setattr(ids, "read_ahead", lambda first, last: asked.append((first, last)))
    state, end = TrainingState.start(plan), len(plan)
    trained = []

    def train(chunk, shard=0):
        """Note whether the chunk was asked for."""
        trained.append((chunk.first, chunk.last) in asked)
        return 1.0, 1

    trainer = SimpleNamespace(
        worker=lambda: train, parts=(), merge=None, shards=lambda plan: trainer, lr_at=float
    )
    workers = (RoundWorkers if in_rounds else HogwildWorkers)(trainer, plan, state, end, 1)
    workers.work()
    assert not workers.failures
    assert len(trained) == end
    assert trained.count(False) <= 2
    assert set(asked) <= {(chunk.first, chunk.last) for chunk in plan}


@pytest.mark.usefixtures("tiny")
def test_reading_ahead_names_the_bytes_of_the_blocks(monkeypatch):
    ids, asked = PackedIds(np.arange(100) + 1000), []
    monkeypatch.setattr(os, "posix_fadvise", lambda *given: asked.append(given[1:3]), raising=False)
    ids.read_ahead(5, 45)
    blocks = ids._blocks
    assert asked == [
        (4 * place, 4 * length)
        for place, length in list(zip(blocks._places, blocks._lengths, strict=True))[:3]
    ]
    monkeypatch.delattr(os, "posix_fadvise")
    ids.read_ahead(5, 45)  # does nothing where the system cannot do it


@pytest.mark.parametrize("place", [0, 1, 2, 3, 6])
def test_a_sentence_of_two_words_is_found_in_any_part(monkeypatch, place):
    monkeypatch.setattr(encoded_text, "_PART", 3)
    sizes = np.ones(7, np.int64)
    ids = PackedIds(np.zeros(8, np.int32))
    assert not EncodedText(ids, np.cumsum([0, *sizes])).has_pair()
    sizes[place] = 2
    assert EncodedText(ids, np.cumsum([0, *sizes])).has_pair()
