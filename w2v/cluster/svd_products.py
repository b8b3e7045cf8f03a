"""Products with a sparse matrix on a cluster, for LSA.

The sparse matrix X is cut into stripes of consecutive rows, which the workers hold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from w2v.cluster.connection import Cluster
from w2v.factorization import svd
from w2v.factorization.svd import COLUMNS, LocalProducts, Sparse
from w2v.kernels.simd import aligned

MAX_REPETITIONS = 3  # maximum number of repetitions of a product, after workers died with stripes


def gram_part(stripe: Sparse, dense: np.ndarray) -> np.ndarray:
    """The task that computes the summand of one stripe of Xᵀ (X dense).

    dense    float32 (M, COLUMNS): a block of columns; M is the number of columns of X
    Returns  float32 (M, COLUMNS)
    """
    block, sums = aligned(dense.shape), aligned(dense.shape)
    block[:] = dense
    svd.add_stripe(_writable(stripe), block, sums, (0, len(stripe.starts) - 1), 0)
    return sums


def add_up(sums: list[np.ndarray]) -> np.ndarray:
    """The task that adds the summands of the stripes."""
    return svd.add_up([sums[0].copy(), *sums[1:]])


def times(stripe: Sparse, dense: np.ndarray) -> np.ndarray:
    """The task that computes the rows of the product X dense that belong to a stripe."""
    return svd.product(_writable(stripe), dense, 1)


def _writable(stripe: Sparse) -> Sparse:
    """Copy the read-only arrays from Dask: the kernels are compiled for writable arrays."""
    starts, columns, values = (np.require(array, requirements="W") for array in stripe[:3])
    return Sparse(starts, columns, values, stripe.width)


class ClusterProducts(LocalProducts):
    """Multiplies a sparse matrix with dense matrices on the workers of a cluster.

    The stripes are the same as in one process, and so is the order in which the summands are added.
    Therefore the result has the same bytes. The number of tasks that can run at the same time is
    the number of stripes times the number of column blocks. This process keeps the matrix, and
    sends all stripes again when a worker dies.

    cluster  the connection to the scheduler and its workers
    matrix   the sparse matrix X
    threads  number of threads for the products that this process computes
    """

    def __init__(self, cluster: Cluster, matrix: Sparse, threads: int):
        super().__init__(matrix, threads)
        self._cluster = cluster
        self._stripes: list[Any] = []  # futures of the stripes; empty: send them first

    def gram(self, dense: np.ndarray) -> np.ndarray:
        """Compute Xᵀ (X dense), as `Products.gram` does."""
        column_blocks = [
            np.ascontiguousarray(dense[:, first : first + COLUMNS])
            for first in range(0, dense.shape[1], COLUMNS)
        ]

        def compute() -> list[Any]:
            submit = self._cluster.submit
            futures = [self._cluster.spread(block) for block in column_blocks]
            return [
                submit(add_up, [submit(gram_part, stripe, block) for stripe in self._stripes])
                for block in futures
            ]

        return np.concatenate(self._results(compute), axis=1)

    def times(self, dense: np.ndarray) -> np.ndarray:
        """Compute X dense, as `Products.times` does."""

        def compute() -> list[Any]:
            operand = self._cluster.spread(np.ascontiguousarray(dense))
            return [self._cluster.submit(times, stripe, operand) for stripe in self._stripes]

        return np.concatenate(self._results(compute))

    def _results(self, compute: Callable[[], list[Any]]) -> list[np.ndarray]:
        """Return the results of the futures that `compute` makes; repeat it if workers die."""
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
                    raise self._cluster.workers_lost(attempt + 1) from None
        raise AssertionError

    def _send_stripes(self) -> None:
        """Send each stripe of the matrix to a worker."""
        starts, columns, values, width = self._matrix
        for first, last in self._matrix.stripes():
            entries = slice(int(starts[first]), int(starts[last]))
            stripe = Sparse(
                starts[first : last + 1] - starts[first], columns[entries].copy(),
                values[entries].copy(), width,
            )  # fmt: skip
            self._stripes.append(self._cluster.place(stripe))
