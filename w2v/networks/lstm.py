"""Long short-term memory: a cell that keeps what its gates let it keep.

Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000, without
peepholes. The gates stand side by side in this order: input, forget, change, output (PyTorch's
i, f, g, o).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.networks.activation import sigmoid
from w2v.networks.layer import Layer, spread_evenly, turn

GATES = 4


class Lstm(Layer):
    """c_t = f_t c_{t-1} + i_t g_t, h_t = o_t tanh(c_t), where there is a word; else both stay.

    i, f and o are sigmoids, g is a tanh, of x_t W_x + h_{t-1} W_h + b.
    """

    def __init__(self, inputs: int, units: int, dtype: Any = np.float32):
        super().__init__(self.shapes(inputs, units), dtype)
        self._units = units

    @staticmethod
    def shapes(inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Its parameters."""
        wide = GATES * units
        return {"W_x": (inputs, wide), "W_h": (units, wide), "b": (wide,)}

    def begin(self, rng: np.random.Generator, forget: float = 1.0) -> None:
        """Fill it at random; a forget gate that begins open: Jozefowicz et al. 2015."""
        units = self._units
        for gate in range(GATES):
            here = slice(gate * units, (gate + 1) * units)
            spread_evenly(rng, self.parameters["W_x"][:, here])
            turn(rng, self.parameters["W_h"][:, here])
        self.parameters["b"][units : 2 * units] = forget

    def _parts(self, gates: np.ndarray) -> list[np.ndarray]:
        return np.split(gates, GATES, axis=-1)

    def forward(
        self,
        x: np.ndarray,
        mask: np.ndarray | None = None,
        h_0: np.ndarray | None = None,
        c_0: np.ndarray | None = None,
    ) -> np.ndarray:
        """(T, B, I) to the states h_1 to h_T, (T, B, U)."""
        steps, rows, _ = x.shape
        units, dtype = self._units, self.parameters["b"].dtype
        self._x, self._mask = x, np.ones((steps, rows), dtype) if mask is None else mask
        # All steps' inputs and all gates in one product.
        self._gates = x @ self.parameters["W_x"] + self.parameters["b"]
        self.hidden = np.zeros((steps + 1, rows, units), dtype)
        self.cells = np.zeros((steps + 1, rows, units), dtype)
        self._shown = np.empty((steps, rows, units), dtype)  # tanh of the fresh cells
        if h_0 is not None and c_0 is not None:
            self.hidden[0], self.cells[0] = h_0, c_0
        for t in range(steps):
            here, gates = self._mask[t][:, None], self._gates[t]
            gates += self.hidden[t] @ self.parameters["W_h"]
            input_, forget, change, output = self._parts(gates)
            for gate in (input_, forget, output):
                gate[...] = sigmoid(gate)
            np.tanh(change, out=change)
            cell = forget * self.cells[t] + input_ * change
            np.tanh(cell, out=self._shown[t])
            self.cells[t + 1] = here * cell + (1 - here) * self.cells[t]
            self.hidden[t + 1] = here * output * self._shown[t] + (1 - here) * self.hidden[t]
        return self.hidden[1:]

    def backward(self, d_h: np.ndarray) -> np.ndarray:
        """Gradients through time; `d_hidden`, `d_cells` become those of h_0 to h_T, c_0 to c_T."""
        d_gates = np.empty_like(self._gates)
        self.d_hidden, self.d_cells = np.zeros_like(self.hidden), np.zeros_like(self.cells)
        self.d_hidden[1:] = d_h
        for t in reversed(range(len(d_h))):
            here, shown = self._mask[t][:, None], self._shown[t]
            input_, forget, change, output = self._parts(self._gates[t])
            d_input, d_forget, d_change, d_output = self._parts(d_gates[t])
            # 1. h_t = m o tanh(c) + (1 - m) h_{t-1}
            d_fresh = here * self.d_hidden[t + 1]
            d_output[...] = d_fresh * shown * output * (1 - output)
            self.d_hidden[t] += (1 - here) * self.d_hidden[t + 1]
            # 2. c_t = m c + (1 - m) c_{t-1}
            d_cell = here * self.d_cells[t + 1] + d_fresh * output * (1 - shown * shown)
            self.d_cells[t] += (1 - here) * self.d_cells[t + 1]
            # 3. c = f c_{t-1} + i g
            d_forget[...] = d_cell * self.cells[t] * forget * (1 - forget)
            d_input[...] = d_cell * change * input_ * (1 - input_)
            d_change[...] = d_cell * input_ * (1 - change * change)
            self.d_cells[t] += d_cell * forget
            # 4. gates = x_t W_x + h_{t-1} W_h + b, by the state
            self.d_hidden[t] += d_gates[t] @ self.parameters["W_h"].T
        # 5. the same by weights and input, all steps in one product
        flat = d_gates.reshape(-1, d_gates.shape[-1])
        self.gradients["W_x"] += self._x.reshape(flat.shape[0], -1).T @ flat
        self.gradients["W_h"] += self.hidden[:-1].reshape(flat.shape[0], -1).T @ flat
        self.gradients["b"] += flat.sum(axis=0)
        return d_gates @ self.parameters["W_x"].T
