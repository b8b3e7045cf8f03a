"""The gated recurrent unit: a state that is kept, or let go, by two gates.

Source: Cho et al. 2014, with the reset gate behind the product with the state, as cuDNN and PyTorch
have it: so all three take one product. The gates stand side by side in this order: reset, update,
change (PyTorch's r, z, n).
"""

from __future__ import annotations

import numpy as np

from w2v.kernels.recurrent_steps import gru_step, gru_step_backward
from w2v.networks.layers.layer import Recurrent, State, flat, init_glorot, init_orthogonal, times

GATES = 3


class Gru(Recurrent):
    """h_t = (1 - z_t) n_t + z_t h_{t-1}, where there is a word; else it stays.

    r and z are sigmoids of x_t W_x + h_{t-1} W_h + b, n is a tanh of x_t W_x + b + r_t q_t with
    q_t = h_{t-1} W_h + b_n.
    """

    title = "GRU"
    numbers_held = 13
    kernels = ("recurrent_steps",)

    @staticmethod
    def shapes(inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Its parameters."""
        wide = GATES * units
        return {"W_x": (inputs, wide), "W_h": (units, wide), "b": (wide,), "b_n": (units,)}

    def initialise(self, rng: np.random.Generator) -> None:
        """Fill it at random."""
        for gate in range(GATES):
            here = slice(gate * self._units, (gate + 1) * self._units)
            init_glorot(rng, self.parameters["W_x"][:, here])
            init_orthogonal(rng, self.parameters["W_h"][:, here])

    def forward(
        self, x: np.ndarray, mask: np.ndarray | None = None, initial: State = None
    ) -> np.ndarray:
        """(T, B, I) to the states h_1 to h_T, (T, B, U); `initial` is (h_0,), or zeros."""
        steps, rows, _ = x.shape
        units, dtype = self._units, self.parameters["b"].dtype
        self._x, self._mask = x, np.ones((steps, rows), dtype) if mask is None else mask
        # All steps' inputs and all gates in one product.
        self._gates = times(x, self.parameters["W_x"])
        self._gates += self.parameters["b"]
        self.hidden = np.zeros((steps + 1, rows, units), dtype)
        if initial:
            self.hidden[0] = initial[0]
        self._state_sums = np.empty((steps, rows, GATES * units), dtype)  # h W_h + b_n
        for t in range(steps):
            np.matmul(self.hidden[t], self.parameters["W_h"], out=self._state_sums[t])
            self._state_sums[t, :, 2 * units :] += self.parameters["b_n"]
            gru_step(self._gates, self._state_sums, self.hidden, self._mask, t)
        return self.hidden[1:]

    def backward(self, d_h: np.ndarray) -> np.ndarray:
        """Gradients through time; `d_hidden` becomes those of h_0 to h_T, (T + 1, B, U)."""
        d_gates = np.empty_like(self._gates)
        self.d_hidden = np.zeros_like(self.hidden)
        self.d_hidden[1:] = d_h
        back = np.ascontiguousarray(self.parameters["W_h"].T)  # else steps take twice as long
        for t in reversed(range(len(d_h))):
            # 1. h_t = (1 - z) n + z h_{t-1}, n = tanh(a_n + r q); `_state_sums` becomes d_q
            gru_step_backward(
                self._gates, self._state_sums, self.hidden, self._mask, self.d_hidden, d_gates, t
            )
            # 2. the gates' sums and q, by the state
            self.d_hidden[t] += self._state_sums[t] @ back
        # 3. the same by weights and input, all steps in one product
        np.matmul(flat(self._x).T, flat(d_gates), out=self.gradients["W_x"])
        np.matmul(flat(self.hidden[:-1]).T, flat(self._state_sums), out=self.gradients["W_h"])
        flat(d_gates).sum(axis=0, out=self.gradients["b"])
        flat(self._state_sums)[:, 2 * self._units :].sum(axis=0, out=self.gradients["b_n"])
        return times(d_gates, self.parameters["W_x"].T)
