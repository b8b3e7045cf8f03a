"""Layers of networks: each gradient against finite differences, masks, outputs and sizes."""

import json
from functools import partial

import numpy as np
import pytest
from helpers import NETWORKS, check_gradients, compiled_only, differences

from w2v.models import models
from w2v.networks.architecture import recurrent_layer
from w2v.networks.layers.concatenation import Concatenation
from w2v.networks.layers.dense import Dense
from w2v.networks.layers.dropout import Dropout
from w2v.networks.layers.embedding import Embedding
from w2v.networks.layers.gru import Gru
from w2v.networks.layers.lstm import Lstm
from w2v.networks.layers.pooling import Pooling
from w2v.networks.layers.rnn import Rnn
from w2v.networks.layers.softmax_output import SampledSoftmaxOutput, SoftmaxLoss, SoftmaxOutput

STEPS = pytest.mark.parametrize("steps", [1, 2, 5])
MASKED = pytest.mark.parametrize("masked", [False, True])


def initialised(layer, rng):
    layer.initialise(rng)
    for name, value in layer.parameters.items():  # otherwise a gradient could be zero by chance
        if name.startswith("b"):
            value += rng.normal(0, 0.3, value.shape)
    return layer


def recurrent(name, rng):
    """A recurrent layer with 3 inputs and 4 units."""
    settings = models()[name].settings()
    return initialised(recurrent_layer(settings).of(3, 4, settings, np.float64), rng)


RECURRENT = {
    **{name: partial(recurrent, name) for name in NETWORKS if models()[name].settings.layer},
    "rnn relu": lambda rng: initialised(Rnn(3, 4, "relu", "identity", dtype=np.float64), rng),
    "rnn uniform": lambda rng: initialised(Rnn(3, 4, "tanh", "uniform", dtype=np.float64), rng),
}


def whole(embedding):
    """The gradient of an embedding as a matrix."""
    gradient = np.zeros_like(embedding.parameters["input_vectors"])
    gradient[embedding.rows] = embedding.sums
    return {"input_vectors": gradient}


ROWS = 4


def choices(model, setting):
    """The values that a setting of a model allows."""
    return models()[model].settings.__dataclass_fields__[setting].metadata["choices"]


def lengths(steps, masked):
    """A mask of four rows: full, half full, with a late beginning, and without any word."""
    mask = np.ones((steps, ROWS))
    if masked:
        mask[(steps + 1) // 2 :, 1] = 0
        mask[: steps - 1, 2] = 0
        mask[:, 3] = 0
    return mask


@STEPS
@MASKED
@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_layers_gradients(name, steps, masked):
    rng = np.random.default_rng(steps)
    layer, mask = RECURRENT[name](rng), lengths(steps, masked)
    given = {"x": rng.normal(size=(steps, ROWS, 3)), "h_0": rng.normal(size=(ROWS, 4))}
    states = [given["h_0"]]
    if isinstance(layer, Lstm):
        given["c_0"] = rng.normal(size=(ROWS, 4))
        states.append(given["c_0"])
    weight = rng.normal(size=(steps, ROWS, 4))

    def cost():
        return float((layer.forward(given["x"], mask, states) * weight).sum())

    cost()
    found = {"x": layer.backward(weight), "h_0": layer.d_hidden[0]}
    if isinstance(layer, Lstm):
        found["c_0"] = layer.d_cells[0]
    check_gradients(cost, found | layer.gradients, given | layer.parameters)


@pytest.mark.parametrize("name", RECURRENT)
def test_where_there_is_no_word_nothing_changes(name):
    """Padded rows have the same outputs as without padding, and padding gets no gradient."""
    rng = np.random.default_rng(7)
    layer = RECURRENT[name](rng)
    x = rng.normal(size=(6, 2, 3))
    mask = np.ones((6, 2))
    mask[2:, 1] = 0
    together = layer.forward(x, mask).copy()
    d_x = layer.backward(np.ones_like(together))
    np.testing.assert_array_equal(together[5, 1], together[1, 1])
    assert not d_x[2:, 1].any()
    alone = layer.forward(x[:2, 1:])
    np.testing.assert_allclose(together[1, 1], alone[-1, 0], rtol=1e-12)


def test_lstm_is_what_its_equations_say():
    """Step by step, row by row, gate by gate."""
    rng = np.random.default_rng(1)
    layer, x = RECURRENT["lstm"](rng), rng.normal(size=(4, 2, 3))
    found = layer.forward(x)
    w_x, w_h, b = (layer.parameters[name] for name in ("W_x", "W_h", "b"))
    for row in range(2):
        h, c = np.zeros(4), np.zeros(4)
        for t in range(4):
            sums = x[t, row] @ w_x + h @ w_h + b
            i, f, g, o = (sums[4 * n : 4 * n + 4] for n in range(4))
            c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
            h = np.tanh(c) / (1 + np.exp(-o))
            np.testing.assert_allclose(found[t, row], h, rtol=1e-12)


def test_gru_is_what_its_equations_say():
    rng = np.random.default_rng(1)
    layer, x = RECURRENT["gru"](rng), rng.normal(size=(4, 2, 3))
    found = layer.forward(x)
    w_x, w_h, b, b_n = (layer.parameters[name] for name in ("W_x", "W_h", "b", "b_n"))
    for row in range(2):
        h = np.zeros(4)
        for t in range(4):
            of_input, of_hidden = x[t, row] @ w_x + b, h @ w_h
            r, z = (1 / (1 + np.exp(-(of_input + of_hidden)[4 * n : 4 * n + 4])) for n in range(2))
            h = (1 - z) * np.tanh(of_input[8:] + r * (of_hidden[8:] + b_n)) + z * h
            np.testing.assert_allclose(found[t, row], h, rtol=1e-12)


def test_state_that_is_carried_on_is_one_sequence():
    for name in RECURRENT:
        rng = np.random.default_rng(2)
        layer, x = RECURRENT[name](rng), rng.normal(size=(6, 2, 3))
        whole = layer.forward(x).copy()
        first = layer.forward(x[:2]).copy()
        state = [each.copy() for each in layer.state]
        rest = layer.forward(x[2:], None, state)
        np.testing.assert_allclose(np.concatenate([first, rest]), whole, rtol=1e-12)


@pytest.mark.parametrize("activation", ["linear", *choices("mlp", "activation")])
@pytest.mark.parametrize("shape", [(5, 3), (2, 4, 3)])
def test_dense_gradients(activation, shape):
    rng = np.random.default_rng(3)
    layer = initialised(Dense(3, 6, activation, np.float64), rng)
    given = {"x": rng.normal(size=shape)}
    weight = rng.normal(size=(*shape[:-1], 6))

    def cost():
        return float((layer.forward(given["x"]) * weight).sum())

    cost()
    check_gradients(cost, {"x": layer.backward(weight)} | layer.gradients, given | layer.parameters)


@STEPS
def test_embedding_gradients_of_words_that_come_twice(steps):
    rng = np.random.default_rng(4)
    layer = Embedding(5, 3, np.float64)
    layer.initialise(rng)
    words = rng.integers(0, 4, (steps, 3))
    weight = rng.normal(size=(steps, 3, 3))

    def cost():
        return float((layer.forward(words) * weight).sum())

    cost()
    layer.backward(weight)
    check_gradients(cost, whole(layer), layer.parameters)
    assert 4 not in layer.rows


@STEPS
@MASKED
@pytest.mark.parametrize("way", choices("rnn", "pool"))
def test_pooling_gradients(way, steps, masked):
    rng = np.random.default_rng(5)
    layer, mask = Pooling(way), lengths(steps, masked)
    given, weight = {"h": rng.normal(size=(steps, ROWS, 4))}, rng.normal(size=(ROWS, 4))

    def cost():
        return float((layer.forward(given["h"], mask) * weight).sum())

    cost()
    check_gradients(cost, {"h": layer.backward(weight)}, given)


@pytest.mark.parametrize("way", choices("rnn", "pool"))
def test_pooling_of_nothing(way):
    layer = Pooling(way)
    h = np.zeros((3, 2, 4))
    h[:, 0] = 5
    mask = np.array([[1, 0]] * 3, float)
    assert layer.forward(h, mask).tolist() == [[5.0] * 4, [0.0] * 4]
    assert not layer.backward(np.ones((2, 4)))[:, 1].any() or way == "last"


@STEPS
@MASKED
def test_concatenation_gradients(steps, masked):
    """Embeddings of adjacent words are concatenated, in `steps` windows of two words."""
    rng = np.random.default_rng(10)
    layer, mask = Concatenation(2), lengths(steps + 1, masked)
    given = {"x": rng.normal(size=(steps + 1, ROWS, 3))}
    weight = rng.normal(size=(steps, ROWS, 6))

    def cost():
        return float((layer.forward(given["x"], mask) * weight).sum())

    cost()
    check_gradients(cost, {"x": layer.backward(weight)}, given)


@STEPS
def test_dropout_gradients_and_what_is_left(steps):
    rng = np.random.default_rng(11)
    layer, given = Dropout(0.4), {"x": rng.normal(size=(steps, ROWS, 3))}
    weight = rng.normal(size=(steps, ROWS, 3))

    def cost():
        return float((layer.forward(given["x"], np.random.default_rng(1)) * weight).sum())

    cost()
    check_gradients(cost, {"x": layer.backward(weight)}, given)
    many = layer.forward(np.ones((200, 200)), rng)
    assert set(np.unique(many)) == {0, 1 / 0.6}
    assert many.mean() == pytest.approx(1, abs=0.02)
    assert layer.forward(given["x"], None) is given["x"], "nothing is left out of what is judged"
    assert layer.backward(weight) is weight


@STEPS
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("samples", [0, 3])
def test_output_gradients(steps, tied, samples):
    """Scores of all words or of a sample, with separate or tied output vectors."""
    rng = np.random.default_rng(12)
    name, targets = ("input_vectors" if tied else "output_vectors"), rng.integers(0, 6, 2 * steps)
    tables = {name: rng.normal(size=(6, 4)), "b_o": rng.normal(size=(6, 1) if samples else 6)}
    if samples:
        layer = SampledSoftmaxOutput(4, np.arange(6, 0, -1), samples, tied, np.float64)
    else:
        layer = SoftmaxOutput(4, 6, tied, np.float64)
        layer.attach(tables, {key: np.empty_like(array) for key, array in tables.items()})
    layer.share(tables)
    given = tables | {"h": rng.normal(size=(2 * steps, 4))}
    targets, weights = targets.astype(np.int32), rng.random(2 * steps)

    def cost():
        layer.learn(given["h"], targets, weights, np.random.default_rng(1))
        return float(weights @ layer.losses)

    found = {key: np.zeros_like(array) for key, array in tables.items()}
    found["h"] = layer.learn(given["h"], targets, weights, np.random.default_rng(1))
    found |= {key: array.copy() for key, array in layer.gradients.items()}
    for gradient in layer.rows():
        found[gradient.table][gradient.rows] = gradient.sums
    check_gradients(cost, found, given)


@pytest.mark.parametrize("samples", [2, 40])
def test_the_sampled_softmax_learns_the_frequencies_of_words(samples):
    """At these biases, gradients are zero on average, for few samples and for many."""
    rng, counts = np.random.default_rng(13), np.array([60, 25, 9, 4, 2])
    layer = SampledSoftmaxOutput(1, counts, samples, False, np.float64)
    biases = np.log(counts / counts.sum())[:, None]
    layer.share({"output_vectors": np.zeros((5, 1)), "b_o": biases})
    total, rounds = np.zeros(5), 400
    for _ in range(rounds):
        targets = rng.choice(5, 8, p=counts / 100).astype(np.int32)
        layer.learn(np.ones((8, 1)), targets, np.full(8, 1 / 8), rng)
        [gradient] = [rows for rows in layer.rows() if rows.table == "b_o"]
        total[gradient.rows] += gradient.sums[:, 0]
    np.testing.assert_allclose(total / rounds, 0, atol=0.02)


def test_softmax_gradients_and_loss():
    rng = np.random.default_rng(6)
    loss, scores, bias = SoftmaxLoss(), rng.normal(size=(4, 5)), rng.normal(size=5)
    targets, weights = np.array([0, 4, 2, 2], np.int32), np.array([1, 0.5, 0, 2])
    p = np.exp(scores + bias) / np.exp(scores + bias).sum(axis=1, keepdims=True)
    wanted = -(weights * np.log(p[np.arange(4), targets])).sum()
    assert loss.forward(scores.copy(), bias, targets, weights) == pytest.approx(wanted)
    assert loss.correct == (p.argmax(axis=1) == targets)[weights > 0].sum()
    d_scores, d_bias = loss.backward()
    check_gradients(
        lambda: SoftmaxLoss().forward(scores.copy(), bias, targets, weights),
        {"s": d_scores, "b": d_bias}, {"s": scores, "b": bias},
    )  # fmt: skip
    assert loss.forward(1000 * scores, bias, targets, weights) < np.inf


@compiled_only
@STEPS
@MASKED
def test_a_whole_network_s_gradients(steps, masked):
    """Embedding, two recurrent layers, pooling, a dense layer, the loss."""
    rng = np.random.default_rng(8)
    words, mask = rng.integers(0, 6, (steps, ROWS)), lengths(steps, masked)
    embedding, lower = Embedding(6, 3, np.float64), RECURRENT["lstm"](rng)
    embedding.initialise(rng)
    embedding.parameters["input_vectors"] *= 10
    upper = initialised(Rnn(4, 4, dtype=np.float64), rng)
    pooling, dense, loss = (
        Pooling("mean"),
        initialised(Dense(4, 3, "linear", np.float64), rng),
        None,
    )
    loss, targets = SoftmaxLoss(), np.array([0, 2, 1, 1], np.int32)
    weights = np.full(ROWS, 1 / ROWS)

    def cost():
        states = upper.forward(lower.forward(embedding.forward(words), mask), mask)
        scores = dense.forward(pooling.forward(states, mask))
        return loss.forward(scores, np.zeros(3), targets, weights)

    cost()
    layers = [lower, upper, dense]
    d_states = pooling.backward(dense.backward(loss.backward()[0]))
    embedding.backward(lower.backward(upper.backward(d_states)))
    for layer in [embedding, *layers]:
        for name, gradient in (layer.gradients or whole(layer)).items():
            wanted = differences(cost, layer.parameters[name])
            np.testing.assert_allclose(gradient, wanted, atol=1e-6, err_msg=name)


def test_a_rotation_keeps_lengths_and_an_identity_the_state():
    rng = np.random.default_rng(9)
    state = RECURRENT["rnn"](rng).parameters["W_hh"]
    np.testing.assert_allclose(state @ state.T, np.eye(4), atol=1e-12)
    assert (RECURRENT["rnn relu"](rng).parameters["W_hh"] == np.eye(4)).all()
    forget = Lstm(3, 4)
    forget.initialise(rng)
    assert forget.parameters["b"].tolist() == [0] * 4 + [1] * 4 + [0] * 8
    update = Gru(3, 4)
    update.initialise(rng)
    assert update.parameters["b"].tolist() == [0] * 4 + [1] * 4 + [0] * 4
    assert update.parameters["b_n"].tolist() == [0] * 4


@pytest.mark.parametrize(
    ("args", "counts"),
    [
        (("rnn", "2800", "32", "380", "16", "256"), [89_600, 784, 4_352]),
        (("lstm", "2800", "32", "380", "16", "256"), [89_600, 4 * (16 * (16 + 32) + 16), 4_352]),
        (("mlp", "100", "10", "5", "20", "3"), [1_000, 0, 1_020, 63]),
    ],
)
def test_summary_counts_parameters(w2v, args, counts):
    names = ("--model", "--vocab", "--dim", "--length", "--units", "--dense")
    call = ["summary", *(x for pair in zip(names, args, strict=True) for x in pair)]
    rows = [json.loads(line) for line in w2v(*call, "--json").out.splitlines()]
    assert [row["parameters"] for row in rows] == counts
    assert rows[0]["output"] == [int(args[3]), int(args[2])]
    assert rows[-1]["output"] == [int(args[5])]
    shown = w2v(*call).out.splitlines()
    assert shown[-1].split() == [f"{sum(counts):,}"]
    assert len(w2v(*call, "--tsv").out.splitlines()) == len(rows)


def test_summary_of_several_layers(w2v):
    call = ("summary", "--model", "lstm", "--vocab", "10", "--units", "4", "--layers", "2")
    rows = [json.loads(line) for line in w2v(*call, "--dim", "3", "--json").out.splitlines()]
    assert [row["output"] for row in rows] == [[400, 3], [400, 4], [4]]
    assert [row["parameters"] for row in rows] == [30, 4 * (4 * 7 + 4), 4 * (4 * 8 + 4)]
    assert w2v("summary", "--model", "lstm").code == 2
    refused = w2v("summary", "--model", "lda", "--vocab", "9")
    assert (refused.code, f"expected one of {', '.join(NETWORKS)}" in refused.err) == (2, True)


@pytest.mark.parametrize("name", NETWORKS)
def test_defaults_of_summary_are_those_of_training(w2v, name):
    settings = models()[name].settings()
    rows = [json.loads(line) for line in
            w2v("summary", "--model", name, "--vocab", 9, "--json").out.splitlines()]  # fmt: skip
    assert rows[0]["output"] == [settings.input_length, settings.dim]
    assert rows[-1]["output"] == [settings.units]
    assert len(rows) == settings.layers + (3 if name == "mlp" else 2) - 1
