"""The encodings of small classifiers: buckets in few bits, int8 and int4 with a scale a row."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given

from w2v.text_classification import bucket_codes, small_vectors
from w2v.text_classification.small_vectors import CODES, LARGEST, VECTORS


@st.composite
def buckets(draw):
    """(ascending numbers, a number above the largest)."""
    numbers = sorted(draw(st.sets(st.integers(0, 1 << draw(st.integers(0, 31))), max_size=60)))
    size = draw(st.integers(numbers[-1] + 1 if numbers else 1, 1 << 32))
    return np.array(numbers, np.uint32), size


@given(buckets())
@example((np.array([(1 << 32) - 1], np.uint32), 1 << 32))
@example((np.arange(64, dtype=np.uint32), 64))
@example((np.empty(0, np.uint32), 1))
def test_buckets_are_decoded_as_they_were(drawn):
    numbers, size = drawn
    low, high = bucket_codes.encode(numbers, size)
    found = bucket_codes.decode(low, high, size)
    assert found.dtype == np.uint32
    np.testing.assert_array_equal(found, numbers)
    bits = bucket_codes.low_bits(len(numbers), size)
    assert len(low) == -(-bits * len(numbers) // 8)
    assert len(high) <= (3 * len(numbers) + 7) // 8


@given(buckets())
def test_bits_are_those_of_the_paper(drawn):
    """A low part for each number, and a bitmap with as many zeros before a one as its high part."""
    numbers, size = drawn
    low, high = bucket_codes.encode(numbers, size)
    bits, text, before = bucket_codes.low_bits(len(numbers), size), "", 0
    for number in numbers.tolist():
        text += "0" * ((number >> bits) - before) + "1"
        before = number >> bits
    lows = "".join(f"{number & (1 << bits) - 1:0{bits}b}"[::-1] if bits else ""
                   for number in numbers.tolist())  # fmt: skip
    for stored, expected in ((low, lows), (high, text)):
        found = "".join(f"{byte:08b}"[::-1] for byte in stored.tolist())
        assert found[: len(expected)] == expected
        assert "1" not in found[len(expected) :]


def test_buckets_in_few_bits():
    numbers = np.sort(np.random.default_rng(1).choice(1 << 24, 50_000, False)).astype(np.uint32)
    low, high = bucket_codes.encode(numbers, 1 << 24)
    assert 8 * (len(low) + len(high)) / len(numbers) < 8 + 2.4  # 2²⁴ / 50,000 is more than 2⁸


@pytest.mark.parametrize(
    ("low", "high", "size"),
    [
        ([], [1, 0], 16), ([1, 2], [1], 16), ([0], [3], 16), ([15], [0b1001], 5),
        ([], [255] * 9, 64), ([0.0], [1], 16), ([[1]], [1], 16),
    ],
)  # fmt: skip
def test_damaged_buckets_are_refused(low, high, size):
    dtype = np.float64 if 0.0 in low and isinstance(low[0], float) else np.uint8
    with pytest.raises(ValueError, match="buckets"):
        bucket_codes.decode(np.array(low, dtype), np.array(high, np.uint8), size)


def rows(count=50, dim=11, seed=1):
    rng = np.random.default_rng(seed)
    lengths = 10.0 ** rng.uniform(-6, 3, (count, 1))
    return (rng.normal(size=(count, dim)) * lengths).astype(np.float32)


@pytest.mark.parametrize(("dtype", "most"), [("i8", 127), ("i4", 7)])
@pytest.mark.parametrize("dim", [8, 9, 16])
def test_numbers_change_by_half_a_scale_at_most(dtype, most, dim):
    vectors = rows(dim=dim)
    vectors[7] = 0
    stored = small_vectors.pack(vectors, dtype)
    found = small_vectors.unpack(stored, dim)
    assert found.dtype == np.float32
    assert stored[VECTORS].nbytes == 50 * (dim if dtype == "i8" else (dim + 1) // 2)
    needed = np.abs(vectors).max(axis=1) / most
    scales = stored[LARGEST][0] * 2.0 ** (-stored[CODES].astype(float) / 8)
    scales[stored[CODES] == 255] = 0
    is_stored = scales > 0
    assert (is_stored == (needed > needed.max() * 2.0 ** (-255 / 8))).all()
    ratios = scales[is_stored] / needed[is_stored]
    assert ratios.min() > 1 - 1e-6
    assert ratios.max() < 2 ** (1 / 8) + 1e-6
    errors = np.abs(found - vectors).max(axis=1)
    assert (errors <= np.where(is_stored, scales, 2 * most * needed) / 2 * (1 + 1e-5)).all()
    assert not found[7].any()


@pytest.mark.parametrize("dtype", ["i8", "i4"])
def test_integers_are_those_by_hand(dtype):
    vectors = np.array([[7, -7, 3.4, 0, 1, 2, -3, -6.6], [0.5] * 8, [0] * 8], np.float32)
    stored = small_vectors.pack(vectors, dtype)
    if dtype == "i4":
        assert stored[VECTORS][0].tolist() == [15 + 16 * 1, 11 + 16 * 8, 9 + 16 * 10, 5 + 16 * 1]
    else:
        assert stored[VECTORS][0].tolist() == [127, -127, 62, 0, 18, 36, -54, -120]
    # 7 / 0.5 is 2 to the power of 3.8, and ⌊8 · 3.8⌋ is 30.
    assert stored[CODES].tolist() == [0, 30, 255]


@pytest.mark.parametrize("dtype", ["f32", "f16", "i8", "i4"])
@pytest.mark.parametrize("shape", [(0, 9), (3, 1), (1, 8), (0, 2)])
@pytest.mark.parametrize("value", [0.0, 1e-44, 1e-38, 1.5, 3e38])
def test_extreme_numbers_stay_finite(dtype, shape, value):
    vectors = np.full(shape, value, np.float32)
    found = small_vectors.unpack(small_vectors.pack(vectors, dtype), shape[1])
    assert found.shape == shape
    assert np.isfinite(found).all()
    if dtype != "f16" and value > 1e-36:
        np.testing.assert_allclose(found, vectors, rtol=1e-6)
