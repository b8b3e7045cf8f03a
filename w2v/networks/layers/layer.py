"""What all layers have: parameters, gradients, initialisation; and what recurrent ones have."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

State = Sequence[np.ndarray] | None  # of a recurrent layer before its first step; None: zeros


class Layer:
    """Parameters by name, and gradients of the same shapes, which `backward` overwrites."""

    def __init__(self, shapes: dict[str, tuple[int, ...]], dtype: Any = np.float32):
        self.parameters = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}
        self.gradients = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}

    def attach(
        self, parameters: Mapping[str, np.ndarray], gradients: Mapping[str, np.ndarray]
    ) -> None:
        """Take these in place of its own: threads share parameters, each has its gradients."""
        self.parameters = {name: parameters[name] for name in self.parameters}
        self.gradients = {name: gradients[name] for name in self.gradients if name in gradients}

    def initialise(self, rng: np.random.Generator) -> None:
        """Fill the parameters at random; here they stay zero."""


class Recurrent(Layer, ABC):
    """A layer that reads a text step by step, and carries a state of U units from one to the next.

    title         its name in the list of a network's layers
    state_names   what is carried: h, or h and the cell c
    numbers_held  for each unit, step and row, forward and backward together: memory
    kernels       files of kernels that it calls

    A subclass makes `hidden` in `forward`, the states h_0 to h_T, (T + 1, B, U), and in `backward`
    `d_hidden`, the gradient of each, besides `gradients`. Its parameters are named in a file by
    its class and its place, as lstm1.W_x.
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
        """The layer that a model's settings ask for; most have no settings besides their size."""
        return cls(inputs, units, dtype=dtype)

    @staticmethod
    @abstractmethod
    def shapes(inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Its parameters."""

    @abstractmethod
    def forward(
        self, x: np.ndarray, mask: np.ndarray | None = None, initial: State = None
    ) -> np.ndarray:
        """(T, B, I) to the states h_1 to h_T, (T, B, U).

        mask     (T, B), 1 where there is a word, else 0: there the state stays as it is
        initial  the state before the first step, each (B, U); None: zeros
        """

    @abstractmethod
    def backward(self, d_h: np.ndarray) -> np.ndarray:
        """Gradients through time: of h_1 to h_T, (T, B, U), to those of x, (T, B, I)."""

    @property
    def state(self) -> tuple[np.ndarray, ...]:
        """The state after the last step, with which the next text goes on."""
        return (self.hidden[-1],)


def init_glorot(rng: np.random.Generator, matrix: np.ndarray) -> None:
    """Fill a matrix (I, O) at random, so that signals keep their size forward and backward.

    Source: Glorot and Bengio 2010, equation 16: uniform in ±sqrt(6 / (I + O)).
    """
    limit = math.sqrt(6 / sum(matrix.shape))
    matrix[...] = rng.uniform(-limit, limit, matrix.shape)


def init_orthogonal(rng: np.random.Generator, matrix: np.ndarray) -> None:
    """Fill a square matrix with a random rotation, which keeps lengths (Saxe et al. 2014)."""
    q, r = np.linalg.qr(rng.standard_normal(matrix.shape))
    matrix[...] = q * np.sign(np.diagonal(r))


def flat(array: np.ndarray) -> np.ndarray:
    """All steps and rows of (T, B, D) as rows of one matrix."""
    return array.reshape(-1, array.shape[-1])


def times(array: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """(..., I) times (I, O) in one product; NumPy takes one a step, up to 5 times as long."""
    return (flat(array) @ matrix).reshape(*array.shape[:-1], matrix.shape[1])
