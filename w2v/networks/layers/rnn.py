"""The simple recurrent network, trained by back-propagation through time.

Source: Elman 1990, "Finding structure in time"; Werbos 1990 for the gradient. In the literature
W_hv, W_hh and b_h are the weights of the input, of the state, and the bias.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.networks.layers.dense import Activation
from w2v.networks.layers.layer import Recurrent, State, flat, init_glorot, init_orthogonal, times


class Rnn(Recurrent):
    """h_t = f(x_t W_hv + h_{t-1} W_hh + b_h), where there is a word; else h_t = h_{t-1}."""

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
        """With the activation and the initialisation of the settings."""
        return cls(inputs, units, settings.activation, settings.recurrent_init, dtype=dtype)

    @staticmethod
    def shapes(inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Its parameters."""
        return {"W_hv": (inputs, units), "W_hh": (units, units), "b_h": (units,)}

    def initialise(self, rng: np.random.Generator) -> None:
        """Fill it at random; the state's weights: uniform, orthogonal or the identity.

        The last with relu is IRNN (Le, Jaitly and Hinton 2015): a state that stays by itself.
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
        """(T, B, I) to the states h_1 to h_T, (T, B, U); `initial` is (h_0,)."""
        steps, rows, _ = x.shape
        units, dtype = self.parameters["b_h"].size, self.parameters["b_h"].dtype
        self._x, self._mask = x, np.ones((steps, rows), dtype) if mask is None else mask
        # All steps' inputs in one product.
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
        """Gradients through time; `d_hidden` becomes those of h_0 to h_T, (T + 1, B, U)."""
        steps = len(d_h)
        d_sums = np.empty_like(self._fresh)
        self.d_hidden = np.zeros_like(self.hidden)
        self.d_hidden[1:] = d_h
        back = np.ascontiguousarray(self.parameters["W_hh"].T)  # else steps take twice as long
        for t in reversed(range(steps)):
            here = self._mask[t][:, None]
            # 1. h_t = m f(a_t) + (1 - m) h_{t-1}
            d_sums[t] = here * self.d_hidden[t + 1] * self._f.slope(self._fresh[t])
            self.d_hidden[t] += (1 - here) * self.d_hidden[t + 1]
            # 2. a_t = x_t W_hv + h_{t-1} W_hh + b_h, by the state
            self.d_hidden[t] += d_sums[t] @ back
        # 3. the same by weights and input, all steps in one product
        np.matmul(flat(self._x).T, flat(d_sums), out=self.gradients["W_hv"])
        np.matmul(flat(self.hidden[:-1]).T, flat(d_sums), out=self.gradients["W_hh"])
        flat(d_sums).sum(axis=0, out=self.gradients["b_h"])
        return times(d_sums, self.parameters["W_hv"].T)
