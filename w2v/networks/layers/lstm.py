"""Long short-term memory: a cell that keeps what its gates let it keep.

Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000, without
peepholes. The gates stand side by side in this order: input, forget, change, output (PyTorch's
i, f, g, o).
"""

from __future__ import annotations

import numpy as np

from w2v.kernels.recurrent_steps import lstm_step, lstm_step_backward
from w2v.networks.layers.layer import Recurrent, State, flat, init_glorot, init_orthogonal, times

GATES = 4


class Lstm(Recurrent):
    """c_t = f_t c_{t-1} + i_t g_t, h_t = o_t tanh(c_t), where there is a word; else both stay.

    i, f and o are sigmoids, g is a tanh, of x_t W_x + h_{t-1} W_h + b.
    """

    title = "LSTM"
    state_names = ("h", "c")
    numbers_held = 16
    kernels = ("recurrent_steps",)

    @staticmethod
    def shapes(inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Its parameters."""
        wide = GATES * units
        return {"W_x": (inputs, wide), "W_h": (units, wide), "b": (wide,)}

    def initialise(self, rng: np.random.Generator) -> None:
        """Fill it at random; the forget gate starts open, by its bias (Jozefowicz et al. 2015)."""
        units = self._units
        for gate in range(GATES):
            here = slice(gate * units, (gate + 1) * units)
            init_glorot(rng, self.parameters["W_x"][:, here])
            init_orthogonal(rng, self.parameters["W_h"][:, here])
        self.parameters["b"][units : 2 * units] = 1

    def forward(
        self,
        x: np.ndarray,
        mask: np.ndarray | None = None,
        initial: State = None,
    ) -> np.ndarray:
        """(T, B, I) to the states h_1 to h_T, (T, B, U); `initial` is (h_0, c_0), or zeros."""
        steps, rows, _ = x.shape
        units, dtype = self._units, self.parameters["b"].dtype
        self._x, self._mask = x, np.ones((steps, rows), dtype) if mask is None else mask
        # All steps' inputs and all gates in one product.
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
        """(h_T, c_T), with which the next text goes on."""
        return self.hidden[-1], self.cells[-1]

    def backward(self, d_h: np.ndarray) -> np.ndarray:
        """Gradients through time; `d_hidden` and `d_cells` become those of all states and cells."""
        d_gates = np.empty_like(self._gates)
        self.d_hidden, self.d_cells = np.zeros_like(self.hidden), np.zeros_like(self.cells)
        self.d_hidden[1:] = d_h
        back = np.ascontiguousarray(self.parameters["W_h"].T)  # else steps take twice as long
        for t in reversed(range(len(d_h))):
            # 1. h_t = o tanh(c_t), c_t = f c_{t-1} + i g
            lstm_step_backward(
                self._gates, self.cells, self._cell_tanh, self._mask, self.d_hidden, self.d_cells,
                d_gates, t,
            )  # fmt: skip
            # 2. gates = x_t W_x + h_{t-1} W_h + b, by the state
            self.d_hidden[t] += d_gates[t] @ back
        # 3. the same by weights and input, all steps in one product
        np.matmul(flat(self._x).T, flat(d_gates), out=self.gradients["W_x"])
        np.matmul(flat(self.hidden[:-1]).T, flat(d_gates), out=self.gradients["W_h"])
        flat(d_gates).sum(axis=0, out=self.gradients["b"])
        return times(d_gates, self.parameters["W_x"].T)
