"""The base classes of layers, and functions for initialisation and matrix products.

Letters of shapes: T time steps, B rows of the minibatch, I inputs, U units, O outputs, D any number
of dimensions.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

State = Sequence[np.ndarray] | None  # arrays of a recurrent layer's initial state; None: zeros


class Layer:
    """A layer with `parameters` by name, and `gradients` of the same names and shapes.

    `backward` overwrites the gradients and does not add to them.

    shapes  shapes of the parameters by name
    dtype   dtype of the parameters
    """

    def __init__(self, shapes: dict[str, tuple[int, ...]], dtype: Any = np.float32):
        self.parameters = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}
        self.gradients = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}

    def attach(
        self, parameters: Mapping[str, np.ndarray], gradients: Mapping[str, np.ndarray]
    ) -> None:
        """Use arrays of `parameters` and `gradients` in place of the arrays of the layer.

        In this way the networks of several threads share parameters, while each network has its own
        gradients. Gradients whose names are not in `gradients` are removed from the layer.
        """
        self.parameters = {name: parameters[name] for name in self.parameters}
        self.gradients = {name: gradients[name] for name in self.gradients if name in gradients}

    def initialise(self, rng: np.random.Generator) -> None:
        """Initialise the parameters at random. This method of the base class leaves them 0."""


class Recurrent(Layer, ABC):
    """A recurrent layer of U units, which reads its input step by step.

    title         name of the layer in the table of layers
    state_names   names of the arrays of the state: h, or h and the cell c
    numbers_held  how many numbers `forward` and `backward` together hold in memory for each unit,
                  step and row. The memory of training is estimated from it
    kernels       modules of `w2v.kernels` that the layer calls

    `forward` of a subclass sets `hidden`, (T + 1, B, U), the states h_0, ..., h_T. `backward`
    overwrites `gradients`, and sets `d_hidden`, the gradients of these states. In a file, the name
    of a parameter begins with the class of the layer and its number: lstm1.W_x.
    """

    title: ClassVar[str]
    state_names: ClassVar[tuple[str, ...]] = ("h",)
    numbers_held: ClassVar[int]
    kernels: ClassVar[tuple[str, ...]] = ()

    hidden: np.ndarray
    d_hidden: np.ndarray

    def __init__(self, inputs: int, units: int, *, dtype: Any = np.float32):
        super().__init__(self.shapes(inputs, units), dtype)
        self._units = units

    @classmethod
    def of(cls, inputs: int, units: int, settings: Any, dtype: Any) -> Self:
        """Make the layer for the settings of a model.

        Most classes need no setting besides the size of the layer.
        """
        return cls(inputs, units, dtype=dtype)

    @staticmethod
    @abstractmethod
    def shapes(inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name."""

    @abstractmethod
    def forward(
        self, x: np.ndarray, mask: np.ndarray | None = None, initial: State = None
    ) -> np.ndarray:
        """Compute the states h_1, ..., h_T, (T, B, U), from the inputs x, (T, B, I).

        mask     (T, B), 1 for a word and 0 for padding, where the state is copied; None: no padding
        initial  the arrays of the state before the first step, each (B, U); None: zeros
        """

    @abstractmethod
    def backward(self, d_h: np.ndarray) -> np.ndarray:
        """Compute the gradients by back-propagation through time.

        d_h      (T, B, U), the gradients of the outputs h_1, ..., h_T
        Returns  d_x, (T, B, I), the gradient of the inputs
        """

    @property
    def state(self) -> tuple[np.ndarray, ...]:
        """The arrays of the state after the last step, from which a next minibatch can continue."""
        return (self.hidden[-1],)


def init_glorot(rng: np.random.Generator, matrix: np.ndarray) -> None:
    """Fill a matrix (I, O) with random numbers, uniform in ±sqrt(6 / (I + O)).

    Then the variance stays about the same from layer to layer, of the outputs in the forward pass
    and of the gradients in the backward pass (Glorot and Bengio 2010, equation 16).
    """
    limit = math.sqrt(6 / sum(matrix.shape))
    matrix[...] = rng.uniform(-limit, limit, matrix.shape)


def init_orthogonal(rng: np.random.Generator, matrix: np.ndarray) -> None:
    """Fill a square matrix with a random orthogonal matrix.

    A product with an orthogonal matrix keeps the norm of a vector (Saxe et al. 2014).
    """
    q, r = np.linalg.qr(rng.standard_normal(matrix.shape))
    # The signs of the diagonal make the matrix uniform among all orthogonal matrices.
    matrix[...] = q * np.sign(np.diagonal(r))


def flat(array: np.ndarray) -> np.ndarray:
    """Return a view of an array (T, B, D) as a matrix (T * B, D)."""
    return array.reshape(-1, array.shape[-1])


def times(array: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Multiply an array (..., I) by a matrix (I, O) in one matrix product.

    NumPy's `@` computes a product for each step, which takes up to 5 times as long.
    """
    return (flat(array) @ matrix).reshape(*array.shape[:-1], matrix.shape[1])
