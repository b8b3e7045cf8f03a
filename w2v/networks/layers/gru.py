"""The GRU (gated recurrent unit) layer: a reset and an update gate control its state.

    a_t = x_t W_x + b                                   (B, 3 U), in the order r, z, n
    q_t = h_{t-1} W_h, plus b_n in its last third
    r_t = σ(a_r + q_r)                                  reset gate
    z_t = σ(a_z + q_z)                                  update gate
    n_t = tanh(a_n + r_t q_n)                           change, the candidate state
    h_t = (1 - z_t) n_t + z_t h_{t-1}

Source: Cho et al. 2014, equations 5 to 8. There the reset gate comes before the product,
(r_t h_{t-1}) W_h. Here, as in cuDNN and PyTorch, it follows the product, so that one matrix product
serves all gates. The backward equations: `w2v.kernels.recurrent_steps`.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels.recurrent_steps import gru_step, gru_step_backward
from w2v.networks.layers.layer import Recurrent, State, flat, init_glorot, init_orthogonal, times

GATES = 3


class Gru(Recurrent):
    """A GRU layer. At padding the state is copied unchanged.

    The columns of W_x, W_h and b are those of the reset gate, the update gate and the change, in
    this order (PyTorch's r, z, n).
    """

    title = "GRU"
    numbers_held = 13
    kernels = ("recurrent_steps",)

    @staticmethod
    def shapes(inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name."""
        wide = GATES * units
        return {"W_x": (inputs, wide), "W_h": (units, wide), "b": (wide,), "b_n": (units,)}

    def initialise(self, rng: np.random.Generator) -> None:
        """Glorot initialisation of W_x and orthogonal of W_h, gate by gate; biases start at 0."""
        for gate in range(GATES):
            here = slice(gate * self._units, (gate + 1) * self._units)
            init_glorot(rng, self.parameters["W_x"][:, here])
            init_orthogonal(rng, self.parameters["W_h"][:, here])

    def forward(
        self, x: np.ndarray, mask: np.ndarray | None = None, initial: State = None
    ) -> np.ndarray:
        """(T, B, I) to the states h_1 to h_T, (T, B, U); `initial` is (h_0,), or None for zeros."""
        steps, rows, _ = x.shape
        units, dtype = self._units, self.parameters["b"].dtype
        self._x, self._mask = x, np.ones((steps, rows), dtype) if mask is None else mask
        # One matrix product for the inputs of all steps and gates.
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
        """Back-propagation through time: d_h_1 to d_h_T, (T, B, U), to d_x, (T, B, I).

        Overwrites `gradients`, and sets `d_hidden`, (T + 1, B, U), the gradients of h_0 to h_T.
        """
        d_gates = np.empty_like(self._gates)
        self.d_hidden = np.zeros_like(self.hidden)
        self.d_hidden[1:] = d_h
        back = np.ascontiguousarray(self.parameters["W_h"].T)  # a strided view takes twice as long
        for t in reversed(range(len(d_h))):
            # 1. h_t = (1 - z) n + z h_{t-1}, n = tanh(a_n + r q_n); `_state_sums` becomes d_q
            gru_step_backward(
                self._gates, self._state_sums, self.hidden, self._mask, self.d_hidden, d_gates, t
            )
            # 2. q = h_{t-1} W_h: gradient of the state
            self.d_hidden[t] += self._state_sums[t] @ back
        # 3. a = x_t W_x + b and q: gradients of the weights and of x, one product for all steps
        np.matmul(flat(self._x).T, flat(d_gates), out=self.gradients["W_x"])
        np.matmul(flat(self.hidden[:-1]).T, flat(self._state_sums), out=self.gradients["W_h"])
        flat(d_gates).sum(axis=0, out=self.gradients["b"])
        flat(self._state_sums)[:, 2 * self._units :].sum(axis=0, out=self.gradients["b_n"])
        return times(d_gates, self.parameters["W_x"].T)
