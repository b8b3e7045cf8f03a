"""The simple RNN (recurrent neural network) layer, trained by back-propagation through time.

    a_t = x_t W_hv + h_{t-1} W_hh + b_h
    h_t = f(a_t)                                        f is tanh or relu

    d_a_t      = d_h_t f'(a_t)
    d_h_{t-1} += d_a_t W_hhᵀ
    d_x_t      = d_a_t W_hvᵀ
    d_W_hv = Σ_t x_tᵀ d_a_t,  d_W_hh = Σ_t h_{t-1}ᵀ d_a_t,  d_b_h = Σ_t d_a_t

x_t, (B, I), is the input of time step t, and h_t, (B, U), is the state after the step. W_hv are the
weights of the input, and W_hh the weights of the state. d_x is the gradient of the loss with
respect to x. B is the number of rows of the minibatch, I of inputs, U of units, and T of time
steps.

Source: Elman 1990, "Finding structure in time"; Werbos 1990 for the gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.networks.layers.dense import Activation
from w2v.networks.layers.layer import Recurrent, State, flat, init_glorot, init_orthogonal, times


class Rnn(Recurrent):
    """A simple RNN layer. At padding the state is copied unchanged.

    inputs          I, number of inputs
    units           U, number of units
    activation      f: linear, tanh or relu
    recurrent_init  how W_hh is initialised: uniform, orthogonal or identity
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
        """Make the layer with the activation and the initialisation of the settings of a model."""
        return cls(inputs, units, settings.activation, settings.recurrent_init, dtype=dtype)

    @staticmethod
    def shapes(inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name."""
        return {"W_hv": (inputs, units), "W_hh": (units, units), "b_h": (units,)}

    def initialise(self, rng: np.random.Generator) -> None:
        """Initialise the weights, W_hh according to `recurrent_init`; the biases start at 0.

        W_hv gets Glorot initialisation. W_hh gets Glorot initialisation too (uniform), a random
        orthogonal matrix or the identity matrix. The identity with relu is the IRNN of Le, Jaitly
        and Hinton 2015, whose state stays the same while the input is 0.
        """
        init_glorot(rng, self.parameters["W_hv"])
        state_weights = self.parameters["W_hh"]
        if self._recurrent_init == "identity":
            state_weights[...] = np.eye(len(state_weights))
        else:
            functions = {"uniform": init_glorot, "orthogonal": init_orthogonal}
            functions[self._recurrent_init](rng, state_weights)

    def forward(
        self, x: np.ndarray, mask: np.ndarray | None = None, initial: State = None
    ) -> np.ndarray:
        """Compute the states h_1, ..., h_T, (T, B, U), from the inputs x, (T, B, I).

        Sets `hidden`, (T + 1, B, U): h_0, ..., h_T.

        mask     (T, B), 1 for a word and 0 for padding; None: no padding
        initial  (h_0,), (B, U); None: zeros
        """
        steps, rows, _ = x.shape
        units, dtype = self.parameters["b_h"].size, self.parameters["b_h"].dtype
        self._x, self._mask = x, np.ones((steps, rows), dtype) if mask is None else mask
        # One matrix product for the inputs of all steps.
        sums = times(x, self.parameters["W_hv"]) + self.parameters["b_h"]
        self._new_states = np.empty((steps, rows, units), dtype)  # f(a), also at padding
        self.hidden = np.zeros((steps + 1, rows, units), dtype)
        if initial:
            self.hidden[0] = initial[0]
        for t in range(steps):
            old_state, step_mask = self.hidden[t], self._mask[t][:, None]
            self._new_states[t] = self._f(sums[t] + old_state @ self.parameters["W_hh"])
            self.hidden[t + 1] = step_mask * self._new_states[t] + (1 - step_mask) * old_state
        return self.hidden[1:]

    def backward(self, d_h: np.ndarray) -> np.ndarray:
        """Compute the gradients by back-propagation through time.

        Overwrites `gradients`, and sets `d_hidden`, (T + 1, B, U): the gradients of h_0, ..., h_T.

        d_h      (T, B, U), the gradients of the states h_1, ..., h_T
        Returns  d_x, (T, B, I), the gradient of the inputs
        """
        steps = len(d_h)
        d_sums = np.empty_like(self._new_states)
        self.d_hidden = np.zeros_like(self.hidden)
        self.d_hidden[1:] = d_h
        # A copy, because a product with the transposed view takes twice as long.
        transposed = np.ascontiguousarray(self.parameters["W_hh"].T)
        for t in reversed(range(steps)):
            step_mask = self._mask[t][:, None]
            # 1. h_t = m f(a_t) + (1 - m) h_{t-1}, with the mask m
            d_sums[t] = step_mask * self.d_hidden[t + 1] * self._f.slope(self._new_states[t])
            self.d_hidden[t] += (1 - step_mask) * self.d_hidden[t + 1]
            # 2. a_t = x_t W_hv + h_{t-1} W_hh + b_h: gradient of the state
            self.d_hidden[t] += d_sums[t] @ transposed
        # 3. the same equation: gradients of the parameters and of x, in one product for all steps
        np.matmul(flat(self._x).T, flat(d_sums), out=self.gradients["W_hv"])
        np.matmul(flat(self.hidden[:-1]).T, flat(d_sums), out=self.gradients["W_hh"])
        flat(d_sums).sum(axis=0, out=self.gradients["b_h"])
        return times(d_sums, self.parameters["W_hv"].T)
