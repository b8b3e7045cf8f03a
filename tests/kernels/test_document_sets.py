"""Sets of documents as bits, and the documents that two words share, are those of the twins."""

import naive
import numpy as np
import pytest

from w2v.kernels.document_sets import count_shared, mark_documents


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 200])
def test_shared_documents_are_those_of_the_twins(count):
    rng = np.random.default_rng(count)
    documents = [rng.integers(0, 9, rng.integers(0, 12)).tolist() for _ in range(count)]
    if count > 63:
        documents[63] = [2, 4, 4]  # the highest bit
    wanted = [7, 2, 4, 0]
    row_of = np.full(9, -1, np.int32)
    row_of[wanted] = range(4)
    sets = np.zeros((4, count // 64 + 1), np.uint64)
    words = np.array([word for document in documents for word in document], np.int32)
    mark_documents(sets, row_of, words, np.cumsum([0, *map(len, documents)]))
    expected = naive.mark_documents(documents, wanted)
    bits = np.unpackbits(sets.astype("<u8").view(np.uint8), axis=1, bitorder="little")
    assert [set(np.flatnonzero(row).tolist()) for row in bits] == expected

    pairs = np.array([[0, 0], [0, 1], [1, 2], [3, 2], [1, 1]], np.int32)
    counts = np.full(5, 10)
    count_shared(sets, pairs, counts)
    assert (counts - 10).tolist() == naive.count_shared(expected, pairs.tolist())


def test_all_bits_are_counted():
    full = np.full((1, 3), 2**64 - 1, np.uint64)
    counts = np.zeros(1, np.int64)
    count_shared(full, np.zeros((1, 2), np.int32), counts)
    assert counts.tolist() == [192]
