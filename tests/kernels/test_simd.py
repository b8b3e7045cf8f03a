"""SIMD registers: compiled operations equal their Python bodies; tiles are matrix products."""

import numpy as np
import pytest
from helpers import compiled

from w2v.kernels import jit, simd, simd_counts, tiles
from w2v.kernels.simd import (
    WIDTH,
    aligned,
    load,
    multiply_add,
    power_of_two,
    prefetch,
    prefetch_item,
    prefetch_to_read,
    splat,
    store,
    store_sums,
)
from w2v.kernels.simd_counts import (
    add,
    add_and_load,
    count_at_most,
    element,
    multiply,
    prefix_sums,
    reciprocal,
    to_float,
)

DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@jit
def each_operation(array, sums, number, power):
    """Each operation once; the results go to rows 2, 3 and 4."""
    a, b = load(array, 0, 1), load(array, 1, 0)
    store(array, 2, 1, a)
    store(array, 3, 0, splat(number))
    store(array, 4, 1, multiply_add(a, b, splat(number)))
    store_sums(sums, 1, a, b, splat(number), b)
    prefetch(array, 0, 0)
    prefetch_to_read(array, 1, 0)
    prefetch_item(array[0], 2)
    return power_of_two(power)


@jit
def each_operation_on_counts(array, counts, results):
    """Each operation of `simd_counts` once."""
    a, b = load(array, 0, 1), load(array, 1, 0)
    number = array[0, 0]
    store(array, 2, 0, to_float(add_and_load(counts, 1, 21, -3), number))
    store(array, 2, 1, reciprocal(a))
    sums = prefix_sums(a)
    store(array, 3, 0, sums)
    store(array, 3, 1, add(multiply(a, b), b))
    for lane in range(WIDTH):
        results[lane] = element(a, lane)
        results[WIDTH + lane] = count_at_most(sums, element(sums, lane))
    results[2 * WIDTH] = count_at_most(sums, number - number)


@compiled
@DTYPES
def test_compiled_operations_on_counts_do_what_their_bodies_say(dtype):
    array = np.random.default_rng(1).random((4, 2 * WIDTH)).astype(dtype)
    given, counts = array.copy(), np.arange(3 * 2 * WIDTH, dtype=np.int32).reshape(3, -1)
    before, results = counts.copy(), np.zeros(2 * WIDTH + 1)
    each_operation_on_counts(array, counts, results)
    a, b = given[0, WIDTH:], given[1, :WIDTH]
    before[1, 21] -= 3
    np.testing.assert_array_equal(counts, before)
    body = {
        name: getattr(simd_counts, name).plain
        for name in ("to_float", "add_and_load", "reciprocal", "prefix_sums", "add", "multiply",
                     "element", "count_at_most")
    }  # fmt: skip
    before[1, 21] += 3
    plain_load(body, before, given)
    np.testing.assert_array_equal(array[2, :WIDTH], counts[1, WIDTH:])
    np.testing.assert_allclose(array[2, WIDTH:], body["reciprocal"](a), rtol=1e-6)
    sums = body["prefix_sums"](a)
    np.testing.assert_allclose(array[3, :WIDTH], sums, rtol=1e-6)
    np.testing.assert_allclose(array[3, WIDTH:], body["add"](body["multiply"](a, b), b), rtol=1e-6)
    np.testing.assert_array_equal(results[:WIDTH], [body["element"](a, i) for i in range(WIDTH)])
    np.testing.assert_array_equal(results[WIDTH:-1], 1 + np.arange(WIDTH))
    assert results[-1] == body["count_at_most"](sums, 0 * sums[0]) == 0


@jit
def odd_numbers(array, counts, results):
    """Count lanes with NaN, and convert negative numbers."""
    results[0] = count_at_most(load(array, 0, 0), array[1, 0])
    store(array, 1, 1, to_float(load(counts, 0, 0), array[1, 0]))


@compiled
@DTYPES
def test_nan_is_at_most_no_number_and_counts_may_be_negative(dtype):
    array, results = np.zeros((2, 2 * WIDTH), dtype), np.zeros(1)
    array[0, [3, 7]], array[0, 5], array[1, 0] = np.nan, 2, 1
    counts = np.arange(-WIDTH, WIDTH, dtype=np.int32).reshape(1, -1)
    odd_numbers(array, counts, results)
    assert results[0] == WIDTH - 3
    assert results[0] == simd_counts.count_at_most.plain(array[0, :WIDTH], array[1, 0])
    np.testing.assert_array_equal(array[1, WIDTH:], counts[0, :WIDTH])


def plain_load(body, counts, given):
    """Check `add_and_load` and `to_float` uncompiled, which use `load`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("w2v.kernels.simd_counts.load", simd.load.plain)
        register = body["add_and_load"](counts, 1, 21, -3)
    assert register[5] == counts[1, 21]
    assert body["to_float"](register, given[0, 0]).dtype == given.dtype


def plain(array, sums, number, power):
    """The same, by the Python bodies of the operations."""
    body = {
        name: getattr(getattr(simd, name), "plain", getattr(simd, name))
        for name in ("load", "store", "splat", "multiply_add", "store_sums", "power_of_two")
    }
    a, b = body["load"](array, 0, 1), body["load"](array, 1, 0)
    body["store"](array, 2, 1, a)
    body["store"](array, 3, 0, body["splat"](number))
    body["store"](array, 4, 1, body["multiply_add"](a, b, body["splat"](number)))
    body["store_sums"](sums, 1, a, b, body["splat"](number), b)
    return body["power_of_two"](power)


@compiled
@DTYPES
@pytest.mark.parametrize("power", [-126, -1, 0, 5, 127])
def test_compiled_registers_do_what_their_bodies_say(dtype, power):
    arrays = [np.random.default_rng(1).random((5, 2 * WIDTH)).astype(dtype) for _ in range(2)]
    sums = [np.zeros(12, dtype) for _ in range(2)]
    number, power = dtype(0.75), dtype(power)
    results = [
        function(array, total, number, power)
        for function, array, total in zip((each_operation, plain), arrays, sums, strict=True)
    ]
    np.testing.assert_allclose(results, 2.0 ** int(power), rtol=1e-6)
    np.testing.assert_allclose(arrays[0], arrays[1], rtol=1e-6)
    np.testing.assert_allclose(sums[0], sums[1], rtol=1e-6)
    assert not sums[0][:4].any()
    assert not sums[0][8:].any()


@pytest.mark.parametrize("shape", [(1,), (3, 16), (200,)])
def test_aligned_arrays_share_no_line_with_others(shape):
    arrays = [aligned(shape) for _ in range(20)]
    lines = [
        line
        for a in arrays
        for line in {a.ctypes.data // simd.LINE, (a.ctypes.data + a.nbytes - 1) // simd.LINE}
    ]
    assert len(lines) == len(set(lines))
    assert all(a.ctypes.data % simd.LINE == 0 and not a.any() for a in arrays)
    for a in arrays:
        memory, end = a, a.ctypes.data + a.nbytes
        while memory.base is not None:
            memory = memory.base
        assert end + -end % simd.LINE <= memory.ctypes.data + memory.nbytes


@pytest.fixture(params=[1, 2, 7])
def rows(request):
    """A function that makes random rows, and the number of registers in a row."""
    rng = np.random.default_rng(2)
    return lambda count: rng.standard_normal((count, request.param * WIDTH)), request.param


def test_a_tile_of_scores_is_a_matrix_product(rows):
    make, registers = rows
    vectors, targets, target_ids = make(4), make(6), np.array([[0, 5, 2, 4]], np.int32)
    scores = np.zeros(24)
    tiles.score_pair(vectors, 3, 1, targets, 2, scores, 1, -9.0, registers)
    wanted = np.full((2, 4), -9.0)
    wanted[:, :3] = vectors[[3, 1]] @ targets[2:5].T
    np.testing.assert_allclose(scores.reshape(6, 4)[2:4], wanted)
    scores = np.zeros(12)
    tiles.score_one(vectors, 3, targets, target_ids, 0, 1, scores, 2, -9.0, registers)
    np.testing.assert_allclose(scores[8:], [*targets[[5, 2, 4]] @ vectors[3], -9.0])


def test_tiles_update_rows_by_their_steps(rows):
    make, registers = rows
    vectors, targets, target_ids = make(4), make(6), np.array([[0, 5, 2, 4]], np.int32)
    steps = np.random.default_rng(3).standard_normal(24)
    pair = steps[8:16].reshape(2, 4)[:, :3]

    updated, signed = targets.copy(), pair * [-1, 1, 1]
    tiles.update_targets(steps, 1, -1.0, vectors, 3, 1, updated, target_ids, 0, 1, registers)
    targets[[5, 2, 4]] += signed.T @ vectors[[3, 1]]
    np.testing.assert_allclose(updated, targets)

    updated = vectors.copy()
    tiles.update_pair(steps, 1, targets, 2, updated, 3, 1, registers)
    vectors[[3, 1]] += pair @ targets[2:5]
    np.testing.assert_allclose(updated, vectors)

    vector_step, updated = make(1), targets.copy()
    wanted = vector_step + steps[20:23] @ targets[[5, 2, 4]]
    tiles.update_targets_and_step(
        steps, 5, vectors, 3, vector_step, updated, target_ids, 0, 1, registers
    )
    targets[[5, 2, 4]] += np.outer(steps[20:23], vectors[3])
    np.testing.assert_allclose(updated, targets)
    np.testing.assert_allclose(vector_step, wanted)


def test_rows_are_copied_and_added_with_a_weight(rows):
    make, registers = rows
    source, target = make(3), make(3)
    copied, added = target.copy(), target.copy()
    tiles.copy_row(source, 2, -1.0, copied, 0, registers)
    tiles.add_row(source, 2, 0.5, added, 0, registers)
    np.testing.assert_array_equal(copied[0], -source[2])
    np.testing.assert_allclose(added[0], target[0] + 0.5 * source[2])
    np.testing.assert_array_equal(copied[1:], target[1:])
    np.testing.assert_array_equal(added[1:], target[1:])
    tiles.clear_row(copied, 0, registers)
    assert not copied[0].any()
    np.testing.assert_array_equal(copied[1:], target[1:])
