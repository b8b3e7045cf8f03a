"""The dense (fully connected) layer, and the activation functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from w2v.networks.layers.layer import Layer, flat, init_glorot, times


class Dense(Layer):
    """A dense layer: y = f(x W + b), for arrays with the inputs on the last axis.

    inputs      I, number of inputs
    units       O, number of outputs
    activation  f: linear, tanh or relu
    dtype       dtype of the parameters
    """

    def __init__(
        self, inputs: int, units: int, activation: str = "linear", dtype: Any = np.float32
    ):
        super().__init__(self.shapes(inputs, units), dtype)
        self._f = Activation(activation)

    @staticmethod
    def shapes(inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name."""
        return {"W": (inputs, units), "b": (units,)}

    def initialise(self, rng: np.random.Generator) -> None:
        """Initialise W at random, by Glorot initialisation; b starts at 0."""
        init_glorot(rng, self.parameters["W"])

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Compute y, (..., O), from x, (..., I)."""
        self._x = x
        self._y = self._f(times(x, self.parameters["W"]) + self.parameters["b"])
        return self._y

    def backward(self, d_y: np.ndarray) -> np.ndarray:
        """Compute d_x, (..., I), from d_y, (..., O), and overwrite `gradients`."""
        # 1. y = f(a)
        d_a = d_y * self._f.slope(self._y)
        # 2. a = x W + b: gradients of W, b and x, in one product for all rows
        np.matmul(flat(self._x).T, flat(d_a), out=self.gradients["W"])
        flat(d_a).sum(axis=0, out=self.gradients["b"])
        return times(d_a, self.parameters["W"].T)


# By name: the function f, and its derivative f'(a), computed from y = f(a).
_FUNCTIONS: dict[str, tuple[Callable, Callable]] = {
    "linear": (lambda a: a, np.ones_like),
    "tanh": (np.tanh, lambda y: 1 - y * y),
    "relu": (lambda a: np.maximum(a, 0), lambda y: (y > 0).astype(y.dtype)),
}


class Activation:
    """An elementwise activation function f: `linear`, `tanh` or `relu`."""

    def __init__(self, name: str):
        self._function, self._slope = _FUNCTIONS[name]

    def __call__(self, a: np.ndarray) -> np.ndarray:
        """Compute y = f(a)."""
        return self._function(a)

    def slope(self, y: np.ndarray) -> np.ndarray:
        """Compute the derivative f'(a) from y = f(a)."""
        return self._slope(y)
