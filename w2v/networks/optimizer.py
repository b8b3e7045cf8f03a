"""The optimizers of networks: SGD, Adagrad, Adam. The equations are in `w2v.kernels.optimizers`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from w2v.kernels.optimizers import adagrad_step, adam_step, sgd_step
from w2v.kernels.simd import aligned

_MEMORY = {"sgd": (), "adagrad": ("squares",), "adam": ("means", "squares")}


class Optimizer:
    """An optimizer and its state.

    kind    sgd, adagrad or adam
    tables  parameters by name, float (R, D): R rows of D numbers. `step` changes them in place

    `memory` is the state, which a checkpoint stores: the running means and sums of squares in the
    equations of the optimizer, in the shapes of the tables, and `steps`, int64 (1,), the number of
    steps. The caller increments `steps` before each step.
    """

    def __init__(self, kind: str, tables: Mapping[str, np.ndarray]):
        self._kind, self._tables = kind, tables
        self.memory = {
            f"{table}.{name}": aligned(matrix.shape, matrix.dtype)
            for table, matrix in tables.items()
            for name in _MEMORY[kind]
        }
        self.memory["steps"] = np.zeros(1, np.int64)

    @staticmethod
    def copies(kind: str) -> int:
        """How many numbers of state an optimizer keeps for each parameter: 0, 1 or 2."""
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
        gradient  (N, D), the gradient of each of these rows
        part      (first, last): change rows[first:last] only. Each thread changes another part
        lr        learning rate
        scale     factor of the gradient, for clipping
        """
        arguments = (self._tables[table], rows, gradient, *part, lr, scale)
        memory = [self.memory[f"{table}.{name}"] for name in _MEMORY[self._kind]]
        if self._kind == "adam":
            adam_step(*arguments, *memory, int(self.memory["steps"][0]))
        else:
            {"sgd": sgd_step, "adagrad": adagrad_step}[self._kind](*arguments, *memory)
