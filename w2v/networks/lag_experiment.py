"""The long-lag experiment of `w2v lag`: over how many steps can a recurrent network learn?

Simple RNNs and LSTMs are trained on two synthetic tasks whose answer depends on a distant input.
The gradients of a simple RNN vanish over many steps; the LSTM was designed to prevent this.

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
from w2v.networks.layers.layer import Layer, Recurrent
from w2v.networks.layers.lstm import Lstm
from w2v.networks.layers.rnn import Rnn
from w2v.networks.layers.softmax_output import SoftmaxOutput
from w2v.networks.optimizer import Optimizer
from w2v.networks.synthetic_tasks import LANGUAGES, WORDS, adding, sentences

DIM = 16  # dimensions of word vectors
BATCH = 32  # sequences in a minibatch
CLIP = 1.0  # largest norm of the gradient
RATE = 0.002  # learning rate of Adam: with 0.005 LSTMs fail at 100 words in two runs of three
FORGET = 3.0  # initial bias of the LSTM's forget gate: it starts almost open, for long lags
TESTED, EVERY = 512, 100  # sequences in an evaluation, and steps between evaluations
DISTANCES = (0.0, 0.25, 0.5, 1.0)  # shares of the way back from h_T to h_0, for the gradients
VARIANTS = {"rnn": ("rnn tanh", "rnn relu identity"), "lstm": ("lstm",)}
_LAYERS: dict[str, Callable[..., Recurrent]] = {
    "rnn tanh": partial(Rnn, activation="tanh", recurrent_init="uniform"),
    "rnn relu identity": partial(Rnn, activation="relu", recurrent_init="identity"),
    "lstm": Lstm,
}
TASKS = ("adding", "words")
CHANCE = {"adding": 1 / 6, "words": 1 / len(LANGUAGES)}
SOLVED = {"adding": 0.01, "words": 0.99}


class Outcome(NamedTuple):
    """The result of one experiment.

    score      adding: mean squared error; words: accuracy of the last word (0 to 1)
    steps      minibatches trained; training stops early when the task is solved or the score is NaN
    gradients  before training: norm of the loss's gradient with respect to the state at each of
               DISTANCES, divided by the norm with respect to the last state
    """

    score: float
    steps: int
    gradients: tuple[float, ...]

    def solved(self, task: str) -> bool:
        """Whether the score counts as solving the task."""
        return is_solved(task, self.score)


def is_solved(task: str, score: float) -> bool:
    """Whether a score solves a task: an error below 0.01 (adding), or 99 % accuracy (words)."""
    return score < SOLVED[task] if task == "adding" else score >= SOLVED[task]


class LagModel:
    """A recurrent layer and an output layer, which predict from the state after the last step.

    task     adding or words
    variant  a value of VARIANTS, such as "rnn tanh"
    units    units of the recurrent layer
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
        shapes = {
            f"{at}.{key}": array.shape
            for at, layer in enumerate(layers) for key, array in layer.parameters.items()
        }  # fmt: skip
        weights, self._gradient = parameters.allocate(shapes, dtype, 2)
        held, slopes = parameters.views(weights, shapes), parameters.views(self._gradient, shapes)
        for at, layer in enumerate(layers):
            own = {key: held[f"{at}.{key}"] for key in layer.parameters}
            layer.attach(own, {key: slopes[f"{at}.{key}"] for key in layer.parameters})
        self._vectors = slopes.get("2.input_vectors")
        self.layer.initialise(rng)
        if isinstance(self.layer, Lstm):
            self.layer.parameters["b"][units : 2 * units] = FORGET
        if self._embedding:
            vectors = self._embedding.parameters["input_vectors"]
            vectors[...] = rng.uniform(-1, 1, vectors.shape)
        self._output.initialise(rng)
        self._optimizer = Optimizer("adam", {"all": weights})
        self._rows = np.arange(len(weights), dtype=np.int32)

    def _last(self, given: np.ndarray) -> np.ndarray:
        x = self._embedding.forward(given) if self._embedding else given
        return self.layer.forward(x)[-1]

    def learn(self, given: np.ndarray, wanted: np.ndarray) -> float:
        """Forward and backward: compute the gradients of a minibatch, and return its mean loss.

        given   numbers and marks, (T, B, 2), or word ids, int32 (T, B)
        wanted  sums, (B,), or word ids, int32 (B,)
        """
        h = self._last(given)
        if self._adds:
            error = self._output.scores(h)[:, 0] - wanted
            d_scores = (2 * error / error.size)[:, None].astype(h.dtype)
            np.matmul(d_scores.T, h, out=self._output.gradients["output_vectors"])
            d_scores.sum(axis=0, out=self._output.gradients["b_o"])
            d_last = d_scores @ self._output.parameters["output_vectors"]
            loss = float(np.mean(error**2))
        else:
            weights: np.ndarray = np.full(wanted.size, 1 / wanted.size, h.dtype)
            d_last = self._output.learn(h, wanted, weights)
            loss = float(self._output.losses.mean())
        d_h = np.zeros((len(given), *h.shape), h.dtype)
        d_h[-1] = d_last
        d_x = self.layer.backward(d_h)
        if self._embedding and self._vectors is not None:
            self._embedding.backward(d_x)
            self._vectors[...] = 0
            self._vectors[self._embedding.rows] = self._embedding.sums
        return loss

    def step(self) -> None:
        """Take an Adam step with the gradients of `learn`, clipped to the norm CLIP."""
        norm = float(np.sqrt(np.square(self._gradient, dtype=np.float64).sum()))
        self._optimizer.memory["steps"] += 1
        scale = min(1.0, CLIP / norm) if norm else 1.0
        part = (0, self._rows.size)
        self._optimizer.step("all", self._rows, self._gradient, part, RATE, scale)

    def score(self, given: np.ndarray, wanted: np.ndarray) -> float:
        """The mean squared error (adding), or the accuracy (words)."""
        scores = self._output.scores(self._last(given))
        if self._adds:
            return float(np.mean((scores[:, 0] - wanted) ** 2))
        return float(np.mean(scores.argmax(axis=1) == wanted))

    def reach(self) -> np.ndarray:
        """After `learn`: gradient norms with respect to the states h_T, ..., h_0, float64 (T + 1,).

        An LSTM's cell counts as a part of its state.
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
    variant  a value of VARIANTS, such as "rnn tanh"
    length   numbers in a sequence (adding), or filler words between the two words (words)
    steps    most minibatches to train
    units    units of the recurrent layer
    seed     seed of the initial parameters and of the data
    on_step  called after each minibatch
    """
    make = adding if task == "adding" else sentences
    rng, model = np.random.default_rng((seed, 1)), LagModel(task, variant, units, seed)
    tested = make(np.random.default_rng((seed, 2)), TESTED, length)
    gradients, score = (math.nan,) * len(DISTANCES), math.nan
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(1, steps + 1):
            model.learn(*make(rng, BATCH, length))
            if step == 1:
                reach = model.reach()
                at = [round(share * (len(reach) - 1)) for share in DISTANCES]
                gradients = tuple(float(reach[n] / reach[0]) for n in at)
            model.step()
            on_step()
            if step % EVERY == 0 or step == steps:
                score = model.score(*tested)
                if is_solved(task, score) or not math.isfinite(score):
                    break
    return Outcome(score, step, gradients)
