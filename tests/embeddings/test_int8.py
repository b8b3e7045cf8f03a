"""Vectors in int8 with a scale a row: rounding, files, damage, and searches without float32."""

import tracemalloc

import hypothesis.strategies as st
import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as arrays

import w2v as library
from w2v.embeddings import container, formats, transform
from w2v.embeddings.int8_rows import dequantize, quantize
from w2v.embeddings.int8_table import Int8Table, quantized
from w2v.embeddings.row_matrices import DenseMatrix, Int8Matrix
from w2v.embeddings.search import Search
from w2v.embeddings.table import Table, stored_norms
from w2v.errors import W2VError

SMALLEST = 127 * float(np.finfo(np.float32).tiny)
NUMBERS = st.floats(-(2.0**127), 2.0**127, width=32).filter(lambda x: x == 0 or abs(x) > SMALLEST)


def planted(rows=60, dim=8, seed=0):
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((rows, dim)) * rng.uniform(0.01, 50, (rows, 1))
    matrix[3] = 0
    names = [f"w{i}" for i in range(rows)]
    return Table.build(names, matrix.astype(np.float32), np.arange(rows, 0, -1))


def saved(path, table):
    container.write(str(path), container.table_tensors("words", table), container.file_metadata())
    return formats.load(str(path))


@given(arrays.arrays(np.float32, arrays.array_shapes(min_dims=2, max_dims=2), elements=NUMBERS))
def test_a_number_changes_by_half_a_scale_at_most(rows):
    integers, scales = quantize(rows)
    for row, ours, scale in zip(rows, integers.tolist(), scales, strict=True):
        assert (ours, scale) == naive.quantize_row(row)
    exact = integers * scales.astype(np.float64)[:, None]
    assert (np.abs(rows - exact) <= scales[:, None] * 0.5 * (1 + 1e-6)).all()
    np.testing.assert_allclose(dequantize(integers, scales), exact, rtol=1e-6)
    assert ((scales == 0) == (rows == 0).all(axis=1)).all()


def test_halves_are_rounded_to_even():
    integers, scales = quantize(np.array([[127, 0.5, 1.5, -0.5, -2.5], [0] * 5], np.float32))
    assert integers.tolist() == [[127, 0, 2, 0, -2], [0] * 5]
    assert scales.tolist() == [1, 0]


def test_numbers_near_a_half_go_to_the_nearest_integer():
    """Quotients in float32 would be wrong for half of them."""
    rng = np.random.default_rng(1)
    peaks = rng.uniform(0.5, 2, 50).astype(np.float32)
    scales = (peaks / np.float32(127)).astype(np.float64)
    halves = (rng.integers(0, 126, (50, 20)) + 0.5) * scales[:, None]
    rows = np.column_stack([peaks, halves.astype(np.float32)])
    assert quantize(rows)[0].tolist() == [naive.quantize_row(row)[0] for row in rows]


def test_a_table_comes_back_from_a_file(tmp_path):
    table = planted()
    small = quantized(table)
    read = saved(tmp_path / "x.safetensors", small)
    assert isinstance(read, Int8Table)
    assert (read.names, read.dim, len(read), read.dtype) == (table.names, 8, 60, np.int8)
    np.testing.assert_array_equal(read.integers, small.integers)
    np.testing.assert_array_equal(read.scales, small.scales)
    np.testing.assert_array_equal(read.counts, table.counts)
    np.testing.assert_array_equal(read.norms, stored_norms(read.matrix))
    assert (np.abs(read.matrix - table.matrix).max(axis=1) <= read.scales * 0.51).all()
    assert read.row(3).tolist() == [0] * 8
    assert quantized(read) is read
    safetensors = pytest.importorskip("safetensors")
    with safetensors.safe_open(str(tmp_path / "x.safetensors"), "numpy") as file:
        matrix, scales = file.get_tensor("words.matrix"), file.get_tensor("words.scales")
    assert (matrix.dtype, scales.dtype) == (np.int8, np.float32)
    np.testing.assert_array_equal(matrix * scales[:, None], read.matrix)


def test_some_rows_and_other_names_keep_the_integers():
    small = quantized(planted())
    rows = np.array([5, 3, 40])
    taken = small.take(rows)
    assert isinstance(taken, Int8Table)
    assert (taken.names, taken.counts.tolist()) == (["w5", "w3", "w40"], [55, 57, 20])
    for part in ("integers", "scales", "norms"):
        np.testing.assert_array_equal(getattr(taken, part), getattr(small, part)[rows])
    blanks = quantized(Table.build(["a b", "c"], np.eye(2, 3, dtype=np.float32)))
    renamed = blanks.without_blanks("_")
    assert (renamed.names, renamed.find("a_b"), renamed.dtype) == (["a_b", "c"], 0, np.int8)
    np.testing.assert_array_equal(renamed.matrix, blanks.matrix)


def test_rows_that_do_not_fit_are_refused():
    table = planted()
    for value, message in ((np.nan, "not finite"), (np.inf, "not finite"), (1e-40, "too small")):
        matrix = table.matrix.copy()
        matrix[2] = value
        with pytest.raises(W2VError, match=f"row 3, 'w2': the vector is {message}"):
            quantized(table.with_matrix(matrix))
    lies = table.with_matrix(table.matrix.copy())  # the norms in a file may be wrong
    lies.matrix[2, 1] = np.nan
    with pytest.raises(W2VError, match="row 3"):
        quantized(lies)


@pytest.mark.parametrize("queries", [1, 30])
@pytest.mark.parametrize("rows", [None, np.arange(0, 5000, 2)])
def test_a_search_finds_what_it_finds_in_float32(queries, rows):
    small = quantized(planted(5000, 20))
    same = Table.build(small.names, small.matrix)
    vectors = np.random.default_rng(1).standard_normal((queries, 1, 20)).astype(np.float32)
    excluded = np.arange(queries)[:, None]
    found = Search(small, 7, rows).nearest(vectors, excluded)
    assert found == Search(same, 7, rows).nearest(vectors, excluded)
    assert 3 not in {row for each in found for row, _ in each}  # the row of zeros
    wanted = np.arange(queries) + 10
    counts = Search(small).count_nearer(vectors[:, 0], wanted)
    assert counts.tolist() == Search(same).count_nearer(vectors[:, 0], wanted).tolist()


def test_a_search_never_holds_all_vectors_in_float32(tmp_path):
    """4.8 MB of integers would be 19.2 MB in float32; a block of the search has 4 MB of them."""
    rows, dim = 48_000, 100
    integers = np.random.default_rng(0).integers(-127, 128, (rows, dim)).astype(np.int8)
    scales = np.full(rows, 0.01, np.float32)
    bare = Table.build([f"w{i}" for i in range(rows)], np.empty((rows, 0), np.float32))
    small = Int8Table.over(bare, integers, scales)
    small.__dict__["norms"] = np.concatenate(
        [stored_norms(small.vectors(slice(at, at + 4000))) for at in range(0, rows, 4000)]
    )
    read = saved(tmp_path / "x.safetensors", small)
    vectors = library.Vectors._of(read, "words", "")
    tracemalloc.start()
    try:
        vectors.similar("w7", 5)
        vectors.analogy("w1", "w2", "w3")
        vectors.similar_each(["w1", "w2", "w9"] * 100)
        vectors.similarity("w1", "w2")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < rows * dim * 4 * 0.75
    assert "matrix" not in read.__dict__


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"words.scales": None}, "has a matrix of int8 without scales"),
        ({"words.matrix": np.ones((60, 8), np.float32)}, "has a matrix of float32 with scales"),
        ({"words.matrix": np.ones((60, 8), np.uint8)}, "has a matrix of uint8 with scales"),
        ({"words.scales": np.ones(59, np.float32)}, r"has scales of float32 \(59,\); expected"),
        ({"words.scales": np.ones((60, 1), np.float32)}, "has scales of float32"),
        ({"words.scales": np.ones(60)}, "has scales of float64"),
        ({"words.scales": np.full(60, np.nan, np.float32)}, "the scale of row 1 is nan"),
        ({"words.scales": np.full(60, -1, np.float32)}, "the scale of row 1 is -1.0"),
        ({"words.scales": np.full(60, np.inf, np.float32)}, "the scale of row 1 is inf"),
        ({"words.scales": np.full(60, 3e38, np.float32)}, "row 1 is 3.* expected .* 2.68e"),
        ({"words.matrix": np.ones((59, 8), np.int8)}, "differ in length"),
    ],
)
def test_damaged_files_are_refused_in_one_line(tmp_path, changes, message):
    tensors = container.table_tensors("words", quantized(planted())) | changes
    kept = {name: array for name, array in tensors.items() if array is not None}
    container.write(str(tmp_path / "x.safetensors"), kept, {})
    with pytest.raises(W2VError, match=rf"x\.safetensors: .*{message}") as error:
        formats.load(str(tmp_path / "x.safetensors"))
    assert "\n" not in str(error.value)


def test_a_matrix_of_int8_has_the_means_of_its_numbers():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((30, 33)).astype(np.float32)
    small = Int8Matrix(*quantize(rows))
    dense = DenseMatrix(small.take(np.arange(30)))
    lists, bounds = np.array([3, 3, 29, 0, 5]), np.array([0, 2, 2, 5])
    ours, wanted = (np.full((3, 33), np.nan, np.float32) for _ in range(2))
    small.means(lists, bounds, ours)
    dense.means(lists, bounds, wanted)
    np.testing.assert_allclose(ours, wanted, atol=1e-6)
    assert (small.shape, ours[1].any()) == ((30, 33), False)


def test_float32_and_float16_come_back():
    table = planted()
    small = transform.with_dtype(table, "i8")
    back = transform.with_dtype(small, "f32")
    np.testing.assert_array_equal(back.matrix, small.matrix)
    assert (type(back), back.dtype) == (Table, np.float32)
    assert transform.with_dtype(small, "f16").dtype == np.float16
    half = transform.with_dtype(table, "f16")
    np.testing.assert_array_equal(
        transform.with_dtype(half, "f32").matrix, half.matrix.astype(np.float32)
    )
    assert transform.with_dtype(table, "f32") is table
