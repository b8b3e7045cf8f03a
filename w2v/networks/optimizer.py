"""The optimizers of networks: SGD, Adagrad, Adam. Their equations: `w2v.kernels.optimizers`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from w2v.kernels.optimizers import adagrad_step, adam_step, sgd_step
from w2v.kernels.simd import aligned

_MEMORY = {"sgd": (), "adagrad": ("squares",), "adam": ("means", "squares")}


class Optimizer:
    """An optimizer and its state.

    kind    sgd, adagrad or adam
    tables  parameters by name, float (R, D), changed in place by `step`

    `memory` is the state, which a checkpoint stores: running means and sums of squares in the
    shapes of the tables, and `steps`, int64 (1,), which the caller increments before each step.
    """

    def __init__(self, kind: str, tables: Mapping[str, np.ndarray]):
        self._kind, self._tables = kind, tables
        self.memory = {
            f"{table}.{what}": aligned(matrix.shape, matrix.dtype)
            for table, matrix in tables.items()
            for what in _MEMORY[kind]
        }
        self.memory["steps"] = np.zeros(1, np.int64)

    @staticmethod
    def copies(kind: str) -> int:
        """Numbers of state for each parameter: 0, 1 or 2."""
        return len(_MEMORY[kind])

    def step(
        self,
        table: str,
        rows: np.ndarray,
        gradient: np.ndarray,
        part: tuple[int, int],
        lr: float,
        scale: float,
    ) -> None:
        """Change some rows of a table in place.

        table     name of the table
        rows      int32 (N,), the rows that have a gradient
        gradient  (N, D), gradients of these rows
        part      (first, last): change rows[first:last] only; threads take a part each
        lr        learning rate
        scale     factor of the gradient, for clipping
        """
        step = (self._tables[table], rows, gradient, *part, lr, scale)
        memory = [self.memory[f"{table}.{what}"] for what in _MEMORY[self._kind]]
        if self._kind == "adam":
            adam_step(*step, *memory, int(self.memory["steps"][0]))
        else:
            {"sgd": sgd_step, "adagrad": adagrad_step}[self._kind](*step, *memory)
