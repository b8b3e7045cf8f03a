"""How far back a recurrent network can learn: what the LSTM is for.

Source: Hochreiter and Schmidhuber 1997; Bengio, Simard and Frasconi 1994; of the start with the
identity Le, Jaitly and Hinton 2015.
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

DIM = 16  # of the words' vectors
BATCH = 32
CLIP = 1.0
RATE = 0.002  # of Adam: with 0.005 LSTMs fail at 100 words in two runs of three
FORGET = 3.0  # bias of the LSTM's forget gate: an open one, for what comes from afar
TESTED, EVERY = 512, 100  # examples of an evaluation, and steps between two of them
DISTANCES = (0.0, 0.25, 0.5, 1.0)  # shares of the way back at which gradients are shown
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
    """What a network has come to.

    score      mean squared error of the sum, or accuracy of the last word
    steps      batches learnt, fewer than allowed where it was solved before
    gradients  at the start, the length of the loss's gradient by the state at each of DISTANCES,
               as a share of that by the last state
    """

    score: float
    steps: int
    gradients: tuple[float, ...]

    def solved(self, task: str) -> bool:
        """Whether that is as good as right."""
        return is_solved(task, self.score)


def is_solved(task: str, score: float) -> bool:
    """Whether a score is as good as right: an error below 0.01, or 99 % of the words."""
    return score < SOLVED[task] if task == "adding" else score >= SOLVED[task]


class LagModel:
    """A recurrent layer that reads a sequence and answers at its end.

    task     adding or words
    variant  one of those of VARIANTS
    units    of the layer
    seed
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
        """Forward and backward: the mean loss of a batch; gradients are left behind."""
        h = self._last(given)
        if self._adds:
            error = self._output.scores(h)[:, 0] - wanted
            d_scores = (2 * error / error.size)[:, None].astype(h.dtype)
            np.matmul(d_scores.T, h, out=self._output.gradients["output_vectors"])
            d_scores.sum(axis=0, out=self._output.gradients["b_o"])
            d_last = d_scores @ self._output.parameters["output_vectors"]
            loss = float(np.mean(error**2))
        else:
            each: np.ndarray = np.full(wanted.size, 1 / wanted.size, h.dtype)
            d_last = self._output.learn(h, wanted, each)
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
        """Follow the gradients, shortened to CLIP."""
        norm = float(np.sqrt(np.square(self._gradient, dtype=np.float64).sum()))
        self._optimizer.memory["steps"] += 1
        scale = min(1.0, CLIP / norm) if norm else 1.0
        part = (0, self._rows.size)
        self._optimizer.step("all", self._rows, self._gradient, part, RATE, scale)

    def score(self, given: np.ndarray, wanted: np.ndarray) -> float:
        """Mean squared error, or accuracy."""
        scores = self._output.scores(self._last(given))
        if self._adds:
            return float(np.mean((scores[:, 0] - wanted) ** 2))
        return float(np.mean(scores.argmax(axis=1) == wanted))

    def reach(self) -> np.ndarray:
        """After `learn`: the gradient's length by each state, from the last one back; (T + 1,)."""
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
    """Train a network on a task for at most so many steps.

    length   numbers of the sequence, or fillers between the words
    on_step  called after each
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
