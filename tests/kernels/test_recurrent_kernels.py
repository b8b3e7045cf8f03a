"""Kernels of networks against their twins."""

import naive
import numpy as np
import pytest

from w2v.kernels.optimizers import add_rows, add_up, descend, descend_adagrad, descend_adam
from w2v.kernels.recurrent import close_gates, close_reset, open_gates, open_reset
from w2v.kernels.softmax import learn_softmax

KINDS = pytest.mark.parametrize(("kind", "near"), [(np.float32, 2e-6), (np.float64, 1e-12)])


@KINDS
def test_gates_open_and_close_as_the_equations_say(kind, near):
    rng = np.random.default_rng(1)
    steps, rows, units = 3, 4, 5
    gates = (3 * rng.normal(size=(steps, rows, 4 * units))).astype(kind)
    hidden, cells = (rng.normal(size=(steps + 1, rows, units)).astype(kind) for _ in range(2))
    shown, mask = np.empty((steps, rows, units), kind), np.ones((steps, rows), kind)
    mask[1, 2] = 0
    there = mask[1] > 0
    wanted = naive.open_gates(gates[1].astype(float), hidden[1], cells[1].astype(float))
    open_gates(gates, hidden, cells, shown, mask, 1)
    for found, expected in zip((gates[1], hidden[2], cells[2]), wanted, strict=True):
        np.testing.assert_allclose(found[there], expected[there], atol=near, rtol=0)
    np.testing.assert_array_equal(hidden[2, 2], hidden[1, 2])
    np.testing.assert_array_equal(cells[2, 2], cells[1, 2])

    d_hidden, d_cells = (rng.normal(size=hidden.shape).astype(kind) for _ in range(2))
    d_gates, before = np.empty_like(gates), d_hidden[1].copy()
    expected = naive.close_gates(gates[1], cells[1], cells[2], d_hidden[2], d_cells[2])
    held = d_cells[2, 2].copy()
    close_gates(gates, cells, shown, mask, d_hidden, d_cells, d_gates, 1)
    np.testing.assert_allclose(d_gates[1][there], expected[0][there], atol=10 * near, rtol=0)
    np.testing.assert_allclose(d_cells[1][there], expected[1][there], atol=10 * near, rtol=0)
    assert not d_gates[1, 2].any()
    np.testing.assert_array_equal(d_cells[1, 2], held)
    np.testing.assert_array_equal(d_hidden[1, 2], before[2] + d_hidden[2, 2])
    np.testing.assert_array_equal(d_hidden[1][there], before[there])


@KINDS
def test_reset_gates_open_and_close_as_the_equations_say(kind, near):
    rng = np.random.default_rng(4)
    steps, rows, units = 3, 4, 5
    gates, told = (2 * rng.normal(size=(2, steps, rows, 3 * units))).astype(kind)
    hidden, d_hidden = rng.normal(size=(2, steps + 1, rows, units)).astype(kind)
    mask = np.ones((steps, rows), kind)
    mask[1, 2] = 0
    there, said = mask[1] > 0, told[1].astype(float)
    wanted = naive.open_reset(gates[1].astype(float), said, hidden[1])
    open_reset(gates, told, hidden, mask, 1)
    for found, expected in zip((gates[1], hidden[2]), wanted, strict=True):
        np.testing.assert_allclose(found[there], expected[there], atol=4 * near, rtol=0)
    np.testing.assert_array_equal(hidden[2, 2], hidden[1, 2])

    d_gates, before = np.empty_like(gates), d_hidden[1].copy()
    expected = naive.close_reset(gates[1].astype(float), said, hidden[1], d_hidden[2])
    close_reset(gates, told, hidden, mask, d_hidden, d_gates, 1)
    for found, slopes in zip((d_gates[1], told[1], d_hidden[1] - before), expected, strict=True):
        np.testing.assert_allclose(found[there], slopes[there], atol=10 * near, rtol=0)
    assert not d_gates[1, 2].any()
    assert not told[1, 2].any()
    np.testing.assert_array_equal(d_hidden[1, 2], before[2] + d_hidden[2, 2])


@pytest.mark.parametrize("sum_", [-200.0, -20.0, 0.0, 20.0, 200.0])
def test_gates_do_not_overflow(sum_):
    gates = np.full((1, 1, 4), sum_, np.float32)
    states = [np.ones((2, 1, 1), np.float32) for _ in range(2)]
    open_gates(gates, *states, np.empty((1, 1, 1), np.float32), np.ones((1, 1), np.float32), 0)
    expected = naive.open_gates(np.full((1, 4), max(sum_, -80)), 1, np.ones((1, 1)))[0]
    np.testing.assert_allclose(gates[0], expected, atol=1e-6)


@KINDS
def test_softmax_is_its_twin(kind, near):
    rng = np.random.default_rng(2)
    scores = (4 * rng.normal(size=(5, 37))).astype(kind)
    targets = rng.integers(0, 37, 5).astype(np.int32)
    targets[0] = scores[0].argmax()
    weights, losses = np.array([1, 0.5, 0, 2, 1], kind), np.empty(5)
    wanted = naive.learn_softmax(scores.astype(float), targets, weights)
    right = learn_softmax(scores, targets, weights, losses)
    np.testing.assert_allclose(scores, wanted[0], atol=near)
    np.testing.assert_allclose(losses, wanted[1], atol=10 * near)
    assert right == wanted[2] >= 1


def test_softmax_of_nan_is_no_number():
    scores, losses = np.zeros((1, 3), np.float32), np.empty(1)
    scores[0, 1] = np.nan
    learn_softmax(scores, np.zeros(1, np.int32), np.ones(1, np.float32), losses)
    assert np.isnan(losses[0])


@KINDS
def test_gradients_add_up(kind, near):
    rng = np.random.default_rng(3)
    gradients = rng.normal(size=(3, 7, 16)).astype(kind)
    wanted, squared = naive.add_up(gradients[:, 2:6].astype(float))
    rest = gradients[0, :2].copy()
    assert add_up(gradients, 2, 6) == pytest.approx(squared, rel=10 * near)
    np.testing.assert_allclose(gradients[0, 2:6], wanted, atol=near)
    np.testing.assert_array_equal(gradients[0, :2], rest)
    sums, numbers = rng.normal(size=(4, 16)).astype(kind), np.array([1, 3, 1], np.int32)
    changes = rng.normal(size=(3, 16)).astype(kind)
    wanted = naive.add_rows(numbers, changes, sums)
    add_rows(numbers, changes, sums)
    np.testing.assert_allclose(sums, wanted, atol=near)


@KINDS
@pytest.mark.parametrize("step", [descend, descend_adagrad, descend_adam])
def test_steps_are_their_twins(step, kind, near):
    """Some rows of a table, of which a part is this thread's; the others stay."""
    rng = np.random.default_rng(4)
    weights, means = (rng.normal(size=(6, 16)).astype(kind) for _ in range(2))
    squares = rng.random((6, 16)).astype(kind)
    rows, gradient = np.array([5, 0, 2], np.int32), rng.normal(size=(3, 16)).astype(kind)
    memory = {descend: [], descend_adagrad: [squares], descend_adam: [means, squares]}[step]
    told = [7] if step is descend_adam else []
    here = rows[1:]
    twin = getattr(naive, step.__name__)
    wanted = twin(
        weights[here].astype(float), 0.5 * gradient[1:].astype(float), 0.01,
        *[each[here].astype(float) for each in memory], *told,
    )  # fmt: skip
    stay = weights[[1, 3, 4, 5]].copy()
    step(weights, rows, gradient, 1, 3, 0.01, 0.5, *memory, *told)
    wanted = wanted if memory else [wanted]
    for found, expected in zip([weights, *memory], wanted, strict=True):
        np.testing.assert_allclose(found[here], expected, atol=near, rtol=near)
    np.testing.assert_array_equal(weights[[1, 3, 4, 5]], stay)
