"""The simple RNN (recurrent neural network) layer, trained by back-propagation through time.

    a_t = x_t W_hv + h_{t-1} W_hh + b_h
    h_t = f(a_t)                                        f is tanh or relu

    d_a_t      = d_h_t f'(a_t)
    d_h_{t-1} += d_a_t W_hhᵀ
    d_x_t      = d_a_t W_hvᵀ
    d_W_hv = Σ_t x_tᵀ d_a_t,  d_W_hh = Σ_t h_{t-1}ᵀ d_a_t,  d_b_h = Σ_t d_a_t

W_hv are the weights of the input, W_hh those of the state.

Source: Elman 1990, "Finding structure in time"; Werbos 1990 for the gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.networks.layers.dense import Activation
from w2v.networks.layers.layer import Recurrent, State, flat, init_glorot, init_orthogonal, times


class Rnn(Recurrent):
    """A simple RNN layer. At padding the state is copied unchanged.

    inputs          number of inputs, I
    units           U
    activation      f: linear, tanh or relu
    recurrent_init  initial W_hh: uniform, orthogonal or identity
    dtype           dtype of the parameters
    """

    title = "SimpleRNN"
    numbers_held = 7

    def __init__(
        self,
        inputs: int,
        units: int,
        activation: str = "tanh",
        recurrent_init: str = "orthogonal",
        *,
        dtype: Any = np.float32,
    ):
        super().__init__(inputs, units, dtype=dtype)
        self._f, self._recurrent_init = Activation(activation), recurrent_init

    @classmethod
    def of(cls, inputs: int, units: int, settings: Any, dtype: Any) -> Rnn:
        """The layer with the activation and the initialisation of a model's settings."""
        return cls(inputs, units, settings.activation, settings.recurrent_init, dtype=dtype)

    @staticmethod
    def shapes(inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name."""
        return {"W_hv": (inputs, units), "W_hh": (units, units), "b_h": (units,)}

    def initialise(self, rng: np.random.Generator) -> None:
        """Glorot initialisation of W_hv; W_hh is uniform (Glorot), orthogonal or the identity.

        The identity with relu is the IRNN of Le, Jaitly and Hinton 2015: without input, the state
        stays the same.
        """
        init_glorot(rng, self.parameters["W_hv"])
        state = self.parameters["W_hh"]
        if self._recurrent_init == "identity":
            state[...] = np.eye(len(state))
        else:
            {"uniform": init_glorot, "orthogonal": init_orthogonal}[self._recurrent_init](
                rng, state
            )

    def forward(
        self, x: np.ndarray, mask: np.ndarray | None = None, initial: State = None
    ) -> np.ndarray:
        """(T, B, I) to the states h_1 to h_T, (T, B, U); `initial` is (h_0,), or None for zeros."""
        steps, rows, _ = x.shape
        units, dtype = self.parameters["b_h"].size, self.parameters["b_h"].dtype
        self._x, self._mask = x, np.ones((steps, rows), dtype) if mask is None else mask
        # One matrix product for the inputs of all steps.
        sums = times(x, self.parameters["W_hv"]) + self.parameters["b_h"]
        self._fresh = np.empty((steps, rows, units), dtype)
        self.hidden = np.zeros((steps + 1, rows, units), dtype)
        if initial:
            self.hidden[0] = initial[0]
        for t in range(steps):
            before, here = self.hidden[t], self._mask[t][:, None]
            self._fresh[t] = self._f(sums[t] + before @ self.parameters["W_hh"])
            self.hidden[t + 1] = here * self._fresh[t] + (1 - here) * before
        return self.hidden[1:]

    def backward(self, d_h: np.ndarray) -> np.ndarray:
        """Back-propagation through time: d_h_1 to d_h_T, (T, B, U), to d_x, (T, B, I).

        Overwrites `gradients`, and sets `d_hidden`, (T + 1, B, U), the gradients of h_0 to h_T.
        """
        steps = len(d_h)
        d_sums = np.empty_like(self._fresh)
        self.d_hidden = np.zeros_like(self.hidden)
        self.d_hidden[1:] = d_h
        back = np.ascontiguousarray(self.parameters["W_hh"].T)  # a strided view takes twice as long
        for t in reversed(range(steps)):
            here = self._mask[t][:, None]
            # 1. h_t = m f(a_t) + (1 - m) h_{t-1}, with the mask m
            d_sums[t] = here * self.d_hidden[t + 1] * self._f.slope(self._fresh[t])
            self.d_hidden[t] += (1 - here) * self.d_hidden[t + 1]
            # 2. a_t = x_t W_hv + h_{t-1} W_hh + b_h: gradient of the state
            self.d_hidden[t] += d_sums[t] @ back
        # 3. the same equation: gradients of the weights and of x, one product for all steps
        np.matmul(flat(self._x).T, flat(d_sums), out=self.gradients["W_hv"])
        np.matmul(flat(self.hidden[:-1]).T, flat(d_sums), out=self.gradients["W_hh"])
        flat(d_sums).sum(axis=0, out=self.gradients["b_h"])
        return times(d_sums, self.parameters["W_hv"].T)
