"""The hash of floret and its n-grams equal their twins."""

import naive
import numpy as np
import pytest

from w2v.kernels.murmur_hash import floret_numbers, murmur_hash


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 45])
def test_the_hash_of_bytes(size):
    text = np.random.default_rng(size).integers(0, 256, size + 5).astype(np.uint8)
    halves = np.zeros(2, np.uint64)
    with np.errstate(over="ignore"):  # without compilation NumPy would warn
        murmur_hash(text, 3, 3 + size, 2166136261, halves)
    assert tuple(halves.tolist()) == naive.murmur_hash(text[3 : 3 + size].tobytes(), 2166136261)


def test_known_hashes():
    assert naive.murmur_hash(b"", 0) == (0, 0)
    assert naive.murmur_hash(b"hello", 0) == (0xCBD8A7B341BD9B02, 0x5B1E906A48AE1D19)


@pytest.mark.parametrize(
    ("minn", "maxn", "hashes", "rows"), [(1, 1, 1, 7), (3, 6, 4, 2**31 - 1), (4, 5, 2, 50)]
)
def test_the_rows_of_words(minn, maxn, hashes, rows):
    words = ["", "a", "the", "Straße", "👍🏽", "日本語", "a long word of 20 letters"]
    marked = [f"<{word}>".encode() for word in words]
    text = np.frombuffer(b"".join(marked), np.uint8)
    offsets = np.concatenate([[0], np.cumsum([len(word) for word in marked])])
    numbers = np.zeros(hashes * (maxn * text.size + len(words)), np.int64)
    bounds = np.zeros(len(words) + 1, np.int64)
    with np.errstate(over="ignore"):  # without compilation NumPy would warn
        floret_numbers(text, offsets, minn, maxn, hashes, 2166136261, rows, numbers, bounds)
    expected = naive.floret_numbers(marked, minn, maxn, hashes, 2166136261, rows)
    for word, rows_of_word in enumerate(expected):
        assert numbers[bounds[word] : bounds[word + 1]].tolist() == rows_of_word
