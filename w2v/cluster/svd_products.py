"""Products with a sparse matrix on a cluster, for LSA: each worker holds a stripe of its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from w2v.cluster.connection import Cluster
from w2v.factorization import svd
from w2v.factorization.svd import COLUMNS, LocalProducts, Sparse
from w2v.kernels.simd import aligned

MAX_REPETITIONS = 3  # most repetitions of a product after workers died with their stripes


def gram_part(stripe: Sparse, dense: np.ndarray) -> np.ndarray:
    """The task that computes a stripe's summand of Xᵀ (X dense): float32 (M, COLUMNS)."""
    block, sums = aligned(dense.shape), aligned(dense.shape)
    block[:] = dense
    svd.add_stripe(_writable(stripe), block, sums, (0, len(stripe.starts) - 1), 0)
    return sums


def add_up(sums: list[np.ndarray]) -> np.ndarray:
    """The task that adds the summands of the stripes."""
    return svd.add_up([sums[0].copy(), *sums[1:]])


def times(stripe: Sparse, dense: np.ndarray) -> np.ndarray:
    """The task that computes the rows of X dense that belong to a stripe."""
    return svd.product(_writable(stripe), dense, 1)


def _writable(stripe: Sparse) -> Sparse:
    """Make the arrays of a stripe writable: the kernels are compiled for writable arrays."""
    starts, columns, values = (np.require(array, requirements="W") for array in stripe[:3])
    return Sparse(starts, columns, values, stripe.width)


class ClusterProducts(LocalProducts):
    """Multiplies a matrix on the workers of a cluster, which hold its stripes.

    The matrix is cut and the results are added as in one process, so that the bytes are the same.
    The number of tasks that can run at the same time is the number of stripes times the number of
    column blocks. This process keeps the matrix, and sends stripes again when a worker dies.

    cluster  the workers
    matrix   the sparse matrix X
    threads  number of threads for the products that this process computes
    """

    def __init__(self, cluster: Cluster, matrix: Sparse, threads: int):
        super().__init__(matrix, threads)
        self._cluster = cluster
        self._stripes: list[Any] = []

    def gram(self, dense: np.ndarray) -> np.ndarray:
        """Compute Xᵀ (X dense), as `Products.gram` does."""
        parts = [
            np.ascontiguousarray(dense[:, at : at + COLUMNS])
            for at in range(0, dense.shape[1], COLUMNS)
        ]

        def compute() -> list[Any]:
            submit = self._cluster.submit
            blocks = [self._cluster.spread(part) for part in parts]
            return [
                submit(add_up, [submit(gram_part, stripe, block) for stripe in self._stripes])
                for block in blocks
            ]

        return np.concatenate(self._computed(compute), axis=1)

    def times(self, dense: np.ndarray) -> np.ndarray:
        """Compute X dense, as `Products.times` does."""

        def compute() -> list[Any]:
            operand = self._cluster.spread(np.ascontiguousarray(dense))
            return [self._cluster.submit(times, stripe, operand) for stripe in self._stripes]

        return np.concatenate(self._computed(compute))

    def _computed(self, compute: Callable[[], list[Any]]) -> list[np.ndarray]:
        """Return the results of the futures that `compute` makes; repeat it when workers die."""
        for attempt in range(MAX_REPETITIONS + 1):
            try:
                if not self._stripes:
                    self._send_stripes()
                futures = compute()
                self._cluster.follow(futures, lambda share: None)
                return [self._cluster.result(future) for future in futures]
            except self._cluster.data_loss_errors:
                self._stripes = []
                if attempt == MAX_REPETITIONS:
                    raise
        raise AssertionError

    def _send_stripes(self) -> None:
        starts, columns, values, width = self._matrix
        for first, last in self._matrix.stripes():
            entries = slice(int(starts[first]), int(starts[last]))
            stripe = Sparse(
                starts[first : last + 1] - starts[first], columns[entries].copy(),
                values[entries].copy(), width,
            )  # fmt: skip
            self._stripes.append(self._cluster.place(stripe))
