"""The LSTM (long short-term memory) layer: three gates control a memory cell.

    a_t = x_t W_x + h_{t-1} W_h + b                     (B, 4 U): a_i, a_f, a_g, a_o side by side
    i_t, f_t, o_t = σ(a_i), σ(a_f), σ(a_o)              input, forget and output gate
    g_t = tanh(a_g)                                     change, the candidate cell
    c_t = f_t c_{t-1} + i_t g_t                         cell
    h_t = o_t tanh(c_t)                                 output

x_t, (B, I), is the input of time step t. h_t and c_t, (B, U), are the state after the step. B is
the number of rows of the minibatch, I of inputs, U of units, and T of time steps.

Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000, without peephole
connections. The 1997 paper truncates gradients at the gates. Here they flow through all T steps of
a minibatch. The backward equations are in `w2v.kernels.recurrent_steps`.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels.recurrent_steps import lstm_step, lstm_step_backward
from w2v.networks.layers.layer import Recurrent, State, flat, init_glorot, init_orthogonal, times

GATES = 4


class Lstm(Recurrent):
    """An LSTM layer. At padding the state (h, c) is copied unchanged.

    W_x, W_h and b have U columns for the input gate, then for the forget gate, the change and the
    output gate. This is PyTorch's order i, f, g, o.
    """

    title = "LSTM"
    state_names = ("h", "c")
    numbers_held = 16
    kernels = ("recurrent_steps",)

    @staticmethod
    def shapes(inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name."""
        columns = GATES * units
        return {"W_x": (inputs, columns), "W_h": (units, columns), "b": (columns,)}

    def initialise(self, rng: np.random.Generator) -> None:
        """Initialise the parameters at random, the columns of each gate separately.

        W_x gets Glorot initialisation, and W_h orthogonal matrices. The bias of the forget gate
        starts at 1, so that cells keep their value at first (Jozefowicz et al. 2015). The other
        biases start at 0.
        """
        units = self._units
        for gate in range(GATES):
            columns = slice(gate * units, (gate + 1) * units)
            init_glorot(rng, self.parameters["W_x"][:, columns])
            init_orthogonal(rng, self.parameters["W_h"][:, columns])
        self.parameters["b"][units : 2 * units] = 1

    def forward(
        self,
        x: np.ndarray,
        mask: np.ndarray | None = None,
        initial: State = None,
    ) -> np.ndarray:
        """Compute the outputs h_1, ..., h_T, (T, B, U), from the inputs x, (T, B, I).

        Sets `hidden` and `cells`, (T + 1, B, U): h_0, ..., h_T and c_0, ..., c_T.

        mask     (T, B), 1 for a word and 0 for padding; None: no padding
        initial  (h_0, c_0), each (B, U); None: zeros
        """
        steps, rows, _ = x.shape
        units, dtype = self._units, self.parameters["b"].dtype
        self._x, self._mask = x, np.ones((steps, rows), dtype) if mask is None else mask
        # One matrix product for the inputs of all steps and gates.
        self._gates = times(x, self.parameters["W_x"])
        self._gates += self.parameters["b"]
        self.hidden = np.zeros((steps + 1, rows, units), dtype)
        self.cells = np.zeros((steps + 1, rows, units), dtype)
        self._cell_tanh = np.empty((steps, rows, units), dtype)
        if initial:
            self.hidden[0], self.cells[0] = initial
        product = np.empty((rows, GATES * units), dtype)
        for t in range(steps):
            np.matmul(self.hidden[t], self.parameters["W_h"], out=product)
            self._gates[t] += product
            lstm_step(self._gates, self.hidden, self.cells, self._cell_tanh, self._mask, t)
        return self.hidden[1:]

    @property
    def state(self) -> tuple[np.ndarray, ...]:
        """(h_T, c_T), from which a next minibatch can continue."""
        return self.hidden[-1], self.cells[-1]

    def backward(self, d_h: np.ndarray) -> np.ndarray:
        """Compute the gradients by back-propagation through time.

        Overwrites `gradients`, and sets `d_hidden` and `d_cells`, (T + 1, B, U): the gradients of
        h_0, ..., h_T and c_0, ..., c_T.

        d_h      (T, B, U), the gradients of the outputs h_1, ..., h_T
        Returns  d_x, (T, B, I), the gradient of the inputs
        """
        d_gates = np.empty_like(self._gates)
        self.d_hidden, self.d_cells = np.zeros_like(self.hidden), np.zeros_like(self.cells)
        self.d_hidden[1:] = d_h
        # A copy, because a product with the transposed view takes twice as long.
        transposed = np.ascontiguousarray(self.parameters["W_h"].T)
        for t in reversed(range(len(d_h))):
            # 1. h_t = o tanh(c_t), c_t = f c_{t-1} + i g
            lstm_step_backward(
                self._gates, self.cells, self._cell_tanh, self._mask, self.d_hidden, self.d_cells,
                d_gates, t,
            )  # fmt: skip
            # 2. a = x_t W_x + h_{t-1} W_h + b: gradient of the state
            self.d_hidden[t] += d_gates[t] @ transposed
        # 3. the same equation: gradients of the parameters and of x, in one product for all steps
        np.matmul(flat(self._x).T, flat(d_gates), out=self.gradients["W_x"])
        np.matmul(flat(self.hidden[:-1]).T, flat(d_gates), out=self.gradients["W_h"])
        flat(d_gates).sum(axis=0, out=self.gradients["b"])
        return times(d_gates, self.parameters["W_x"].T)
