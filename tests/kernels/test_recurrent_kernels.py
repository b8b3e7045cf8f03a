"""Kernels of networks, compared with their references."""

import naive
import numpy as np
import pytest

from w2v.kernels.optimizers import adagrad_step, adam_step, add_rows, sgd_step, sum_gradients
from w2v.kernels.recurrent_steps import gru_step, gru_step_backward, lstm_step, lstm_step_backward
from w2v.kernels.softmax import softmax_cross_entropy

DTYPES = pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 2e-6), (np.float64, 1e-12)])


@DTYPES
def test_a_step_of_an_lstm_and_its_gradient_follow_the_equations(dtype, tolerance):
    rng = np.random.default_rng(1)
    steps, rows, units = 3, 4, 5
    gates = (3 * rng.normal(size=(steps, rows, 4 * units))).astype(dtype)
    hidden, cells = (rng.normal(size=(steps + 1, rows, units)).astype(dtype) for _ in range(2))
    tanh_cells, mask = np.empty((steps, rows, units), dtype), np.ones((steps, rows), dtype)
    mask[1, 2] = 0
    words = mask[1] > 0
    wanted = naive.lstm_step(gates[1].astype(float), cells[1].astype(float))
    lstm_step(gates, hidden, cells, tanh_cells, mask, 1)
    for found, expected in zip((gates[1], hidden[2], cells[2]), wanted, strict=True):
        np.testing.assert_allclose(found[words], expected[words], atol=tolerance, rtol=0)
    np.testing.assert_array_equal(hidden[2, 2], hidden[1, 2])
    np.testing.assert_array_equal(cells[2, 2], cells[1, 2])

    d_hidden, d_cells = (rng.normal(size=hidden.shape).astype(dtype) for _ in range(2))
    d_gates, before = np.empty_like(gates), d_hidden[1].copy()
    expected = naive.lstm_step_backward(gates[1], cells[1], cells[2], d_hidden[2], d_cells[2])
    d_c_after = d_cells[2, 2].copy()
    lstm_step_backward(gates, cells, tanh_cells, mask, d_hidden, d_cells, d_gates, 1)
    np.testing.assert_allclose(d_gates[1][words], expected[0][words], atol=10 * tolerance, rtol=0)
    np.testing.assert_allclose(d_cells[1][words], expected[1][words], atol=10 * tolerance, rtol=0)
    assert not d_gates[1, 2].any()
    np.testing.assert_array_equal(d_cells[1, 2], d_c_after)
    np.testing.assert_array_equal(d_hidden[1, 2], before[2] + d_hidden[2, 2])
    np.testing.assert_array_equal(d_hidden[1][words], before[words])


@DTYPES
def test_a_step_of_a_gru_and_its_gradient_follow_the_equations(dtype, tolerance):
    rng = np.random.default_rng(4)
    steps, rows, units = 3, 4, 5
    gates, hidden_sums = (2 * rng.normal(size=(2, steps, rows, 3 * units))).astype(dtype)
    hidden, d_hidden = rng.normal(size=(2, steps + 1, rows, units)).astype(dtype)
    mask = np.ones((steps, rows), dtype)
    mask[1, 2] = 0
    words, q = mask[1] > 0, hidden_sums[1].astype(float)
    wanted = naive.gru_step(gates[1].astype(float), q, hidden[1])
    gru_step(gates, hidden_sums, hidden, mask, 1)
    for found, expected in zip((gates[1], hidden[2]), wanted, strict=True):
        np.testing.assert_allclose(found[words], expected[words], atol=4 * tolerance, rtol=0)
    np.testing.assert_array_equal(hidden[2, 2], hidden[1, 2])

    d_gates, before = np.empty_like(gates), d_hidden[1].copy()
    expected = naive.gru_step_backward(gates[1].astype(float), q, hidden[1], d_hidden[2])
    gru_step_backward(gates, hidden_sums, hidden, mask, d_hidden, d_gates, 1)
    for found, gradient in zip(
        (d_gates[1], hidden_sums[1], d_hidden[1] - before), expected, strict=True
    ):
        np.testing.assert_allclose(found[words], gradient[words], atol=10 * tolerance, rtol=0)
    assert not d_gates[1, 2].any()
    assert not hidden_sums[1, 2].any()
    np.testing.assert_array_equal(d_hidden[1, 2], before[2] + d_hidden[2, 2])


@pytest.mark.parametrize("sum_", [-200.0, -20.0, 0.0, 20.0, 200.0])
def test_gates_do_not_overflow(sum_):
    gates = np.full((1, 1, 4), sum_, np.float32)
    states = [np.ones((2, 1, 1), np.float32) for _ in range(2)]
    lstm_step(gates, *states, np.empty((1, 1, 1), np.float32), np.ones((1, 1), np.float32), 0)
    expected = naive.lstm_step(np.full((1, 4), max(sum_, -80)), np.ones((1, 1)))[0]
    np.testing.assert_allclose(gates[0], expected, atol=1e-6)


@DTYPES
def test_softmax_and_its_loss_are_those_of_the_twin(dtype, tolerance):
    rng = np.random.default_rng(2)
    scores, bias = (4 * rng.normal(size=(5, 37))).astype(dtype), rng.normal(size=37).astype(dtype)
    targets = rng.integers(0, 37, 5).astype(np.int32)
    targets[[0, 2]] = (scores + bias)[[0, 2]].argmax(axis=1)  # row 2 has no weight
    weights, losses = np.array([1, 0.5, 0, 2, 1], dtype), np.empty(5)
    d_bias = np.empty(37, dtype)
    wanted = naive.softmax_cross_entropy(scores.astype(float), bias.astype(float), targets, weights)
    correct = softmax_cross_entropy(scores, bias, targets, weights, losses, d_bias)
    np.testing.assert_allclose(scores, wanted[0], atol=tolerance)
    np.testing.assert_allclose(losses, wanted[1], atol=10 * tolerance)
    assert correct == wanted[2] >= 1
    np.testing.assert_allclose(d_bias, wanted[3], atol=10 * tolerance)


def test_softmax_of_nan_is_no_number():
    scores, losses, bias = np.zeros((1, 3), np.float32), np.empty(1), np.zeros(3, np.float32)
    scores[0, 1] = np.nan
    ones = np.ones(1, np.float32)
    softmax_cross_entropy(scores, bias, np.zeros(1, np.int32), ones, losses, bias.copy())
    assert np.isnan(losses[0])


@DTYPES
def test_gradients_are_summed(dtype, tolerance):
    rng = np.random.default_rng(3)
    gradients = rng.normal(size=(3, 7, 16)).astype(dtype)
    wanted, squared = naive.sum_gradients(gradients[:, 2:6].astype(float))
    rest = gradients[0, :2].copy()
    assert sum_gradients(gradients, 2, 6) == pytest.approx(squared, rel=10 * tolerance)
    np.testing.assert_allclose(gradients[0, 2:6], wanted, atol=tolerance)
    np.testing.assert_array_equal(gradients[0, :2], rest)
    sums, rows = rng.normal(size=(4, 16)).astype(dtype), np.array([1, 3, 1], np.int32)
    changes = rng.normal(size=(3, 16)).astype(dtype)
    wanted = naive.add_rows(rows, changes, sums)
    add_rows(rows, changes, sums)
    np.testing.assert_allclose(sums, wanted, atol=tolerance)


@DTYPES
@pytest.mark.parametrize("step", [sgd_step, adagrad_step, adam_step])
def test_steps_are_their_twins(step, dtype, tolerance):
    """A thread changes its part of some rows of a table; the other rows stay."""
    rng = np.random.default_rng(4)
    weights, means = (rng.normal(size=(6, 16)).astype(dtype) for _ in range(2))
    squares = rng.random((6, 16)).astype(dtype)
    rows, gradient = np.array([5, 0, 2], np.int32), rng.normal(size=(3, 16)).astype(dtype)
    memory = {sgd_step: [], adagrad_step: [squares], adam_step: [means, squares]}[step]
    count = [7] if step is adam_step else []
    here = rows[1:]
    twin = getattr(naive, step.__name__)
    wanted = twin(
        weights[here].astype(float), 0.5 * gradient[1:].astype(float), 0.01,
        *[each[here].astype(float) for each in memory], *count,
    )  # fmt: skip
    stay = weights[[1, 3, 4, 5]].copy()
    step(weights, rows, gradient, 1, 3, 0.01, 0.5, *memory, *count)
    wanted = wanted if memory else [wanted]
    for found, expected in zip([weights, *memory], wanted, strict=True):
        np.testing.assert_allclose(found[here], expected, atol=tolerance, rtol=tolerance)
    np.testing.assert_array_equal(weights[[1, 3, 4, 5]], stay)
