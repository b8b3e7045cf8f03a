"""The experiment of `w2v lag`: over how many steps can a recurrent network learn?

Simple RNNs, LSTMs and GRUs are trained on two synthetic tasks. The answer depends on an input many
steps before. The gradients of a simple RNN vanish over many steps; the LSTM was designed to prevent
this.

Source: Bengio, Simard and Frasconi 1994, on vanishing gradients; Hochreiter and Schmidhuber 1997,
on LSTM and the adding task; Le, Jaitly and Hinton 2015, on ReLU with identity initialisation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from w2v.networks import parameters
from w2v.networks.layers.embedding import Embedding
from w2v.networks.layers.gru import Gru
from w2v.networks.layers.layer import Layer, Recurrent
from w2v.networks.layers.lstm import Lstm
from w2v.networks.layers.rnn import Rnn
from w2v.networks.layers.softmax_output import SoftmaxOutput
from w2v.networks.optimizer import Optimizer
from w2v.networks.synthetic_tasks import WORDS, adding, sentences

DIM = 16  # dimension of word vectors
BATCH = 32  # number of sequences in a minibatch
CLIP = 1.0  # maximum norm of the gradient
RATE = 0.002  # learning rate of Adam. With 0.005, LSTMs fail at 100 words in two runs of three
# Initial bias of an LSTM's forget gate and a GRU's update gate: almost all is kept, for long lags.
FORGET = 3.0
TEST_ROWS = 512  # number of sequences in an evaluation
TEST_INTERVAL = 100  # number of minibatches between evaluations
DISTANCES = (0.0, 0.25, 0.5, 1.0)  # distances back from the state h_T, in shares of T
VARIANTS = {"rnn": ("rnn tanh", "rnn relu identity"), "lstm": ("lstm",), "gru": ("gru",)}
_LAYERS: dict[str, Callable[..., Recurrent]] = {
    "rnn tanh": partial(Rnn, activation="tanh", recurrent_init="uniform"),
    "rnn relu identity": partial(Rnn, activation="relu", recurrent_init="identity"),
    "lstm": Lstm,
    "gru": Gru,
}
TASKS = ("adding", "words")
SOLVED = {"adding": 0.01, "words": 0.99}  # scores from which a task counts as solved


class Outcome(NamedTuple):
    """The result of one experiment.

    score      mean squared error (adding), or accuracy of the answers, 0 to 1 (words)
    steps      number of minibatches trained. Training stops early if the task is solved, or the
               score is infinite or NaN
    gradients  for each of DISTANCES, the norm of the gradient of the loss with respect to the state
               at this distance, divided by the norm for the last state; both before training
    """

    score: float
    steps: int
    gradients: tuple[float, ...]

    def solved(self, task: str) -> bool:
        """Whether the score counts as solving the task."""
        return is_solved(task, self.score)


def is_solved(task: str, score: float) -> bool:
    """Whether a score solves a task: error below 0.01 (adding), or accuracy of 99 % (words)."""
    return score < SOLVED[task] if task == "adding" else score >= SOLVED[task]


class LagModel:
    """A network for a task, which predicts from the state after the last step.

    It has a recurrent layer and an output layer, and for words an embedding layer. T is the number
    of time steps, and B the number of sequences in a minibatch.

    task     adding or words
    variant  one of the networks in VARIANTS, such as "rnn tanh"
    units    number of units of the recurrent layer
    seed     seed of the initial parameters
    dtype    dtype of the parameters
    """

    def __init__(self, task: str, variant: str, units: int, seed: int, dtype: Any = np.float32):
        rng = np.random.default_rng(seed)
        self._adds = task == "adding"
        inputs, outputs = (2, 1) if self._adds else (DIM, len(WORDS))
        self.layer: Recurrent = _LAYERS[variant](inputs, units, dtype=dtype)
        self._output = SoftmaxOutput(units, outputs, False, dtype)
        self._embedding = None if self._adds else Embedding(len(WORDS), DIM, dtype)
        layers: list[Layer] = [self.layer, self._output]
        layers += [self._embedding] if self._embedding else []
        # All parameters are views of one matrix, so that the optimizer takes one step for all.
        shapes = {
            f"{number}.{key}": array.shape
            for number, layer in enumerate(layers) for key, array in layer.parameters.items()
        }  # fmt: skip
        weights, self._gradient = parameters.allocate(shapes, dtype, 2)
        arrays = parameters.views(weights, shapes)
        gradients = parameters.views(self._gradient, shapes)
        for number, layer in enumerate(layers):
            layer.attach(
                {key: arrays[f"{number}.{key}"] for key in layer.parameters},
                {key: gradients[f"{number}.{key}"] for key in layer.parameters},
            )
        self._d_vectors = gradients.get("2.input_vectors")  # layer 2 is the embedding layer
        self.layer.initialise(rng)
        if isinstance(self.layer, Lstm | Gru):  # the second gate of both
            self.layer.parameters["b"][units : 2 * units] = FORGET
        if self._embedding:
            vectors = self._embedding.parameters["input_vectors"]
            vectors[...] = rng.uniform(-1, 1, vectors.shape)
        self._output.initialise(rng)
        self._optimizer = Optimizer("adam", {"all": weights})
        self._rows = np.arange(len(weights), dtype=np.int32)

    def _last_output(self, inputs: np.ndarray) -> np.ndarray:
        """Compute the output of the recurrent layer after the last step, (B, units)."""
        x = self._embedding.forward(inputs) if self._embedding else inputs
        return self.layer.forward(x)[-1]

    def learn(self, inputs: np.ndarray, targets: np.ndarray) -> float:
        """Forward and backward: compute the gradients of a minibatch, and return its mean loss.

        inputs   numbers and marks, (T, B, 2), or word ids, int32 (T, B)
        targets  sums, (B,), or word ids, int32 (B,)
        """
        h = self._last_output(inputs)
        if self._adds:
            error = self._output.scores(h)[:, 0] - targets
            d_scores = (2 * error / error.size)[:, None].astype(h.dtype)
            np.matmul(d_scores.T, h, out=self._output.gradients["output_vectors"])
            d_scores.sum(axis=0, out=self._output.gradients["b_o"])
            d_last = d_scores @ self._output.parameters["output_vectors"]
            loss = float(np.mean(error**2))
        else:
            weights: np.ndarray = np.full(targets.size, 1 / targets.size, h.dtype)
            d_last = self._output.learn(h, targets, weights)
            loss = float(self._output.losses.mean())
        d_h = np.zeros((len(inputs), *h.shape), h.dtype)
        d_h[-1] = d_last
        d_x = self.layer.backward(d_h)
        if self._embedding and self._d_vectors is not None:
            self._embedding.backward(d_x)
            self._d_vectors[...] = 0
            self._d_vectors[self._embedding.rows] = self._embedding.sums
        return loss

    def step(self) -> None:
        """Take a step of Adam with the gradients of `learn`, clipped to the norm CLIP."""
        norm = float(np.sqrt(np.square(self._gradient, dtype=np.float64).sum()))
        self._optimizer.memory["steps"] += 1
        scale = min(1.0, CLIP / norm) if norm else 1.0
        all_rows = (0, self._rows.size)
        self._optimizer.step("all", self._rows, self._gradient, all_rows, RATE, scale)

    def score(self, inputs: np.ndarray, targets: np.ndarray) -> float:
        """Return the mean squared error (adding), or the accuracy (words)."""
        scores = self._output.scores(self._last_output(inputs))
        if self._adds:
            return float(np.mean((scores[:, 0] - targets) ** 2))
        return float(np.mean(scores.argmax(axis=1) == targets))

    def gradient_norms(self) -> np.ndarray:
        """After `learn`, the norms of the gradients of the states, float64 (T + 1,).

        The states are in the order h_T, ..., h_0. The state of an LSTM includes its cell.
        """
        squares = np.square(self.layer.d_hidden, dtype=np.float64)
        if isinstance(self.layer, Lstm):
            squares = squares + np.square(self.layer.d_cells, dtype=np.float64)
        return np.sqrt(squares.sum(axis=(1, 2)))[::-1]


def train_on_task(
    task: str,
    variant: str,
    length: int,
    steps: int,
    units: int,
    seed: int,
    on_step: Callable[[], None] = lambda: None,
) -> Outcome:
    """Train a network on a task until it is solved.

    task     adding or words
    variant  one of the networks in VARIANTS, such as "rnn tanh"
    length   number of numbers in a sequence (adding), or of filler words in a sentence (words)
    steps    maximum number of minibatches to train
    units    number of units of the recurrent layer
    seed     seed of the initial parameters and of the data
    on_step  called after each minibatch
    """
    make = adding if task == "adding" else sentences
    rng, model = np.random.default_rng((seed, 1)), LagModel(task, variant, units, seed)
    test_data = make(np.random.default_rng((seed, 2)), TEST_ROWS, length)
    gradients, score = (math.nan,) * len(DISTANCES), math.nan
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(1, steps + 1):
            model.learn(*make(rng, BATCH, length))
            if step == 1:
                norms = model.gradient_norms()
                distances = [round(share * (len(norms) - 1)) for share in DISTANCES]
                gradients = tuple(float(norms[distance] / norms[0]) for distance in distances)
            model.step()
            on_step()
            if step % TEST_INTERVAL == 0 or step == steps:
                score = model.score(*test_data)
                if is_solved(task, score) or not math.isfinite(score):
                    break
    return Outcome(score, step, gradients)
