"""Base classes of layers, and functions that layers share: initialisation, matrix products."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

State = Sequence[np.ndarray] | None  # initial state of a recurrent layer; None: zeros


class Layer:
    """A layer with parameters by name, and gradients of the same shapes.

    `backward` overwrites the gradients; it does not add to them.
    """

    def __init__(self, shapes: dict[str, tuple[int, ...]], dtype: Any = np.float32):
        self.parameters = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}
        self.gradients = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}

    def attach(
        self, parameters: Mapping[str, np.ndarray], gradients: Mapping[str, np.ndarray]
    ) -> None:
        """Use these arrays in place of the layer's own.

        Networks of several threads share parameters in this way; each has its own gradients.
        """
        self.parameters = {name: parameters[name] for name in self.parameters}
        self.gradients = {name: gradients[name] for name in self.gradients if name in gradients}

    def initialise(self, rng: np.random.Generator) -> None:
        """Initialise the parameters at random; here they stay zero."""


class Recurrent(Layer, ABC):
    """A recurrent layer of U units, which reads its input step by step.

    title         name in the table of layers
    state_names   arrays of the state: h, or h and the cell c
    numbers_held  numbers in memory for each unit, step and row, forward and backward together
    kernels       modules of `w2v.kernels` that the layer calls

    `forward` of a subclass sets `hidden`, the states h_0 to h_T, (T + 1, B, U). `backward` sets
    `d_hidden`, their gradients, besides `gradients`. In a file a parameter is named by the layer's
    class and place: lstm1.W_x.
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
        """The layer for a model's settings. Most classes have no setting besides their size."""
        return cls(inputs, units, dtype=dtype)

    @staticmethod
    @abstractmethod
    def shapes(inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name."""

    @abstractmethod
    def forward(
        self, x: np.ndarray, mask: np.ndarray | None = None, initial: State = None
    ) -> np.ndarray:
        """Input x, (T, B, I), to the states h_1 to h_T, (T, B, U).

        mask     (T, B), 1 for a word and 0 for padding, where the state is copied; None: no padding
        initial  the arrays of the state before the first step, each (B, U); None: zeros
        """

    @abstractmethod
    def backward(self, d_h: np.ndarray) -> np.ndarray:
        """Back-propagation through time: d_h_1 to d_h_T, (T, B, U), to d_x, (T, B, I)."""

    @property
    def state(self) -> tuple[np.ndarray, ...]:
        """The state after the last step, the initial state of a next minibatch."""
        return (self.hidden[-1],)


def init_glorot(rng: np.random.Generator, matrix: np.ndarray) -> None:
    """Fill a matrix (I, O) with numbers uniform in ±sqrt(6 / (I + O)).

    The variance of signals then stays about the same forward and backward (Glorot and Bengio 2010,
    equation 16).
    """
    limit = math.sqrt(6 / sum(matrix.shape))
    matrix[...] = rng.uniform(-limit, limit, matrix.shape)


def init_orthogonal(rng: np.random.Generator, matrix: np.ndarray) -> None:
    """Fill a square matrix with a random orthogonal one, which keeps norms (Saxe et al. 2014)."""
    q, r = np.linalg.qr(rng.standard_normal(matrix.shape))
    matrix[...] = q * np.sign(np.diagonal(r))


def flat(array: np.ndarray) -> np.ndarray:
    """(T, B, D) as a matrix (T B, D)."""
    return array.reshape(-1, array.shape[-1])


def times(array: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """(..., I) times (I, O) as one matrix product.

    NumPy's `@` makes a product for each step, which takes up to 5 times as long.
    """
    return (flat(array) @ matrix).reshape(*array.shape[:-1], matrix.shape[1])
