"""LSA on a cluster: the products of its matrix are computed by workers, each on its own rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from w2v.cluster.connection import Cluster
from w2v.factorization import svd
from w2v.factorization.svd import COLUMNS, LocalProducts, Sparse
from w2v.kernels.simd import aligned

TRIES = 3  # to compute a product after what workers held is lost


def gram_part(stripe: Sparse, dense: np.ndarray) -> np.ndarray:
    """What a stripe gives of Xᵀ (X dense), for COLUMNS columns: float32 (M, COLUMNS)."""
    given, sums = aligned(dense.shape), aligned(dense.shape)
    given[:] = dense
    svd.add_stripe(_writable(stripe), given, sums, (0, len(stripe.starts) - 1), 0)
    return sums


def add_up(sums: list[np.ndarray]) -> np.ndarray:
    """The sum of what the stripes have given."""
    return svd.add_up([sums[0].copy(), *sums[1:]])


def times(stripe: Sparse, dense: np.ndarray) -> np.ndarray:
    """The rows of X dense that a stripe gives."""
    return svd.product(_writable(stripe), dense, 1)


def _writable(stripe: Sparse) -> Sparse:
    """For kernels, which are compiled for that."""
    starts, columns, values = (np.require(array, requirements="W") for array in stripe[:3])
    return Sparse(starts, columns, values, stripe.width)


class ClusterProducts(LocalProducts):
    """The products of a matrix by the workers of a cluster, which hold its stripes.

    They are cut and added up as in one process, so that the bytes are the same: as many tasks can
    be done at the same time as there are stripes, times the parts that the columns fall into. The
    matrix stays here too: where a worker dies, its stripe is sent out again.
    """

    def __init__(self, cluster: Cluster, matrix: Sparse, threads: int):
        super().__init__(matrix, threads)
        self._cluster = cluster
        self._stripes: list[Any] = []

    def gram(self, dense: np.ndarray) -> np.ndarray:
        """As of any `Products`."""
        parts = [
            np.ascontiguousarray(dense[:, at : at + COLUMNS])
            for at in range(0, dense.shape[1], COLUMNS)
        ]

        def compute() -> list[Any]:
            submit = self._cluster.submit
            given = [self._cluster.spread(part) for part in parts]
            return [
                submit(add_up, [submit(gram_part, stripe, part) for stripe in self._stripes])
                for part in given
            ]

        return np.concatenate(self._computed(compute), axis=1)

    def times(self, dense: np.ndarray) -> np.ndarray:
        """As of any `Products`."""

        def compute() -> list[Any]:
            given = self._cluster.spread(np.ascontiguousarray(dense))
            return [self._cluster.submit(times, stripe, given) for stripe in self._stripes]

        return np.concatenate(self._computed(compute))

    def _computed(self, compute: Callable[[], list[Any]]) -> list[np.ndarray]:
        """What futures that a function makes become."""
        for attempt in range(TRIES + 1):
            try:
                if not self._stripes:
                    self._send_stripes()
                futures = compute()
                self._cluster.follow(futures, lambda share: None)
                return [self._cluster.result(future) for future in futures]
            except self._cluster.lost:
                self._stripes = []
                if attempt == TRIES:
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
