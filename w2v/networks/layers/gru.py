"""The GRU (gated recurrent unit) layer: a reset and an update gate control its state.

    a_t = x_t W_x + b                                   (B, 3 U): a_r, a_z, a_n side by side
    q_t = h_{t-1} W_h + (0, 0, b_n)                     (B, 3 U): q_r, q_z, q_n side by side
    r_t = σ(a_r + q_r)                                  reset gate
    z_t = σ(a_z + q_z)                                  update gate
    n_t = tanh(a_n + r_t q_n)                           change, the candidate state
    h_t = (1 - z_t) n_t + z_t h_{t-1}                   state, and output

x_t, (B, I), is the input of time step t, and h_t, (B, U), is the state after the step. B is the
number of rows of the minibatch, I of inputs, U of units, and T of time steps.

Source: Cho et al. 2014, equations 5 to 8. There the reset gate is applied before the product, as
(r_t h_{t-1}) W_h. Here it is applied after the product, as in cuDNN and PyTorch, so that one matrix
product is enough for all gates. The backward equations are in `w2v.kernels.recurrent_steps`.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels.recurrent_steps import gru_step, gru_step_backward
from w2v.networks.layers.layer import Recurrent, State, flat, init_glorot, init_orthogonal, times

GATES = 3


class Gru(Recurrent):
    """A GRU layer. At padding the state is copied unchanged.

    W_x, W_h and b have U columns for the reset gate, then for the update gate and the change. This
    is PyTorch's order r, z, n.
    """

    title = "GRU"
    numbers_held = 13
    kernels = ("recurrent_steps",)

    @staticmethod
    def shapes(inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name."""
        columns = GATES * units
        return {"W_x": (inputs, columns), "W_h": (units, columns), "b": (columns,), "b_n": (units,)}

    def initialise(self, rng: np.random.Generator) -> None:
        """Initialise the parameters at random, the columns of each gate separately.

        W_x gets Glorot initialisation, and W_h orthogonal matrices. The bias of the update gate
        starts at 1, so that states keep their value at first, as the cells of an LSTM do. With 0,
        each step would halve the state, and its gradient. The other biases start at 0.
        """
        for gate in range(GATES):
            columns = slice(gate * self._units, (gate + 1) * self._units)
            init_glorot(rng, self.parameters["W_x"][:, columns])
            init_orthogonal(rng, self.parameters["W_h"][:, columns])
        self.parameters["b"][self._units : 2 * self._units] = 1

    def forward(
        self, x: np.ndarray, mask: np.ndarray | None = None, initial: State = None
    ) -> np.ndarray:
        """Compute the states h_1, ..., h_T, (T, B, U), from the inputs x, (T, B, I).

        Sets `hidden`, (T + 1, B, U): h_0, ..., h_T.

        mask     (T, B), 1 for a word and 0 for padding; None: no padding
        initial  (h_0,), (B, U); None: zeros
        """
        steps, rows, _ = x.shape
        units, dtype = self._units, self.parameters["b"].dtype
        self._x, self._mask = x, np.ones((steps, rows), dtype) if mask is None else mask
        # One matrix product for the inputs of all steps and gates.
        self._gates = times(x, self.parameters["W_x"])
        self._gates += self.parameters["b"]
        self.hidden = np.zeros((steps + 1, rows, units), dtype)
        if initial:
            self.hidden[0] = initial[0]
        self._state_sums = np.empty((steps, rows, GATES * units), dtype)  # q
        for t in range(steps):
            np.matmul(self.hidden[t], self.parameters["W_h"], out=self._state_sums[t])
            self._state_sums[t, :, 2 * units :] += self.parameters["b_n"]
            gru_step(self._gates, self._state_sums, self.hidden, self._mask, t)
        return self.hidden[1:]

    def backward(self, d_h: np.ndarray) -> np.ndarray:
        """Compute the gradients by back-propagation through time.

        Overwrites `gradients` and a buffer of `forward`, and sets `d_hidden`, (T + 1, B, U): the
        gradients of h_0, ..., h_T.

        d_h      (T, B, U), the gradients of the states h_1, ..., h_T
        Returns  d_x, (T, B, I), the gradient of the inputs
        """
        d_gates = np.empty_like(self._gates)
        self.d_hidden = np.zeros_like(self.hidden)
        self.d_hidden[1:] = d_h
        # A copy, because a product with the transposed view takes twice as long.
        transposed = np.ascontiguousarray(self.parameters["W_h"].T)
        for t in reversed(range(len(d_h))):
            # 1. h_t = (1 - z) n + z h_{t-1}, n = tanh(a_n + r q_n). d_q overwrites `_state_sums`
            gru_step_backward(
                self._gates, self._state_sums, self.hidden, self._mask, self.d_hidden, d_gates, t
            )
            # 2. q = h_{t-1} W_h: gradient of the state
            self.d_hidden[t] += self._state_sums[t] @ transposed
        # 3. a and q: gradients of the parameters and of x, in one product for all steps
        np.matmul(flat(self._x).T, flat(d_gates), out=self.gradients["W_x"])
        np.matmul(flat(self.hidden[:-1]).T, flat(self._state_sums), out=self.gradients["W_h"])
        flat(d_gates).sum(axis=0, out=self.gradients["b"])
        flat(self._state_sums)[:, 2 * self._units :].sum(axis=0, out=self.gradients["b_n"])
        return times(d_gates, self.parameters["W_x"].T)
