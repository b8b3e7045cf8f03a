"""Optimizers of networks: SGD, Adagrad, Adam."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from w2v.kernels.optimizers import adagrad_step, adam_step, sgd_step
from w2v.kernels.simd import aligned

_MEMORY = {"sgd": (), "adagrad": ("squares",), "adam": ("means", "squares")}


class Optimizer:
    """Steps of one kind, and what they remember of each table.

    kind    sgd, adagrad or adam
    tables  float (R, D) by name: changed by steps

    `memory` holds matrices of the same shapes, and `steps`, int64 (1,).
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
        """How many numbers it remembers of each."""
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
        """Change some rows of a table.

        rows      int32 (N,)
        gradient  (N, D), theirs
        part      from which of them to before which
        scale     what gradients are multiplied by
        """
        step = (self._tables[table], rows, gradient, *part, lr, scale)
        memory = [self.memory[f"{table}.{what}"] for what in _MEMORY[self._kind]]
        if self._kind == "adam":
            adam_step(*step, *memory, int(self.memory["steps"][0]))
        else:
            {"sgd": sgd_step, "adagrad": adagrad_step}[self._kind](*step, *memory)
