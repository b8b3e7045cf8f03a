"""The leading singular values and vectors of a sparse matrix."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from w2v.kernels.lanes import WIDTH, aligned
from w2v.kernels.sparse import PART, add_gram, multiply_rows

COLUMNS = PART * WIDTH  # that kernels work on at a time
STRIPES = 2  # of rows, whose sums are added up in order: the same for any number of threads
_PIECES = 64  # of rows, of which each thread takes one after the other
_ROWS = 1 << 13  # added up in float64 at a time
_LOST = 1e-9  # of the longest direction's squared length: a shorter one is rounding


class Sparse(NamedTuple):
    """A sparse matrix (N, M) by rows.

    starts   int64 (N + 1,)  where each row's entries begin
    columns  int32 (E,)
    values   float32 (E,)
    width    int, M
    """

    starts: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    width: int

    def cuts(self, count: int) -> np.ndarray:
        """Rows that part the matrix into pieces with about as many entries each."""
        at = np.linspace(0, self.starts[-1], count + 1)[1:-1]
        return np.array([0, *np.searchsorted(self.starts, at), len(self.starts) - 1])


class Truncated(NamedTuple):
    """The leading part of a singular value decomposition X = U Σ Vᵀ.

    values  float64 (K,)     σ, falling
    right   float32 (M, K)   V, each column's largest entry positive
    share   how much of the squared Frobenius norm of X they hold
    """

    values: np.ndarray
    right: np.ndarray
    share: float


def truncated(
    matrix: Sparse,
    rank: int,
    power_iters: int,
    oversamples: int,
    seed: int,
    threads: int,
    on_step: Callable[[int, int], None] = lambda step, steps: None,
) -> Truncated:
    """The `rank` leading singular values of a matrix (N, M), or as many as there are.

    power_iters  multiplications by XᵀX beyond those that make the basis as wide as is wanted
    oversamples  columns of the basis beyond `rank`
    on_step      called before each multiplication
    A randomised block Krylov method: the blocks Ω, (XᵀX) Ω, (XᵀX)² Ω and so on, each made
    orthonormal to those before it, are the basis of a Rayleigh-Ritz projection. Sources: Halko,
    Martinsson & Tropp 2011, section 4.5; Musco & Musco 2015. Keeping all blocks, not only the last
    as subspace iteration does, gets nearer with fewer products: tests/bench/lsa.py.
    """
    total = float(np.square(matrix.values, dtype=np.float64).sum())
    rank = min(rank, matrix.width, len(matrix.starts) - 1)
    block, steps = _blocks(rank, power_iters, oversamples)
    if steps * block >= matrix.width:
        values, right = _dense(matrix, rank)
    else:
        values, right = _krylov(matrix, rank, block, steps, seed, threads, on_step)
    largest = np.abs(right).argmax(axis=0)
    right = right * np.where(right[largest, np.arange(rank)] < 0, -1, 1).astype(np.float32)
    return Truncated(values, right, float((values**2).sum() / total) if total else 0.0)


def _blocks(rank: int, power_iters: int, oversamples: int) -> tuple[int, int]:
    """How many columns a block has, and how many blocks make the basis."""
    block = COLUMNS * -(-(rank + oversamples) // (2 * COLUMNS))
    return block, -(-(rank + oversamples) // block) + power_iters


def room(width: int, rank: int, power_iters: int, oversamples: int) -> int:
    """Bytes that `truncated` takes, about, for a matrix of so many columns."""
    block, steps = _blocks(rank, power_iters, oversamples)
    if steps * block >= width:
        return 3 * 8 * width * width
    return 4 * width * block * (steps + STRIPES + 1) + 4 * 8 * (steps * block) ** 2


def _krylov(
    matrix: Sparse,
    rank: int,
    block: int,
    steps: int,
    seed: int,
    threads: int,
    on_step: Callable[[int, int], None],
) -> tuple[np.ndarray, np.ndarray]:
    """The leading singular values and right vectors that a basis of some blocks gives."""
    basis = np.zeros((matrix.width, steps * block), np.float32)
    projected = np.zeros((steps * block, steps * block))
    rng = np.random.default_rng(seed)
    sums = [aligned((matrix.width, block)) for _ in range(STRIPES)]
    new = aligned((matrix.width, block))
    rng.standard_normal(out=new, dtype=np.float32)
    orthonormalise(new)
    for step in range(steps):
        on_step(step, steps)
        begin, end = step * block, (step + 1) * block
        basis[:, begin:end] = new
        known = basis[:, :end]
        gram_product(matrix, new, sums, threads)
        along = known.T @ sums[0]
        projected[:end, begin:end], projected[begin:end, :end] = along, along.T
        if step + 1 < steps:
            new[:] = sums[0]
            _take_off(new, known, along)
            orthonormalise(new)
            _take_off(new, known, known.T @ new)  # what rounding has left: once is not enough
            orthonormalise(new)
    del sums, new  # a tenth of the memory that all this takes
    values, vectors = _leading(projected, rank)
    return values, basis @ vectors.astype(np.float32)


def _leading(products: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """The roots of the largest eigenvalues, and their vectors, float64 (K, rank)."""
    values, vectors = np.linalg.eigh(products)
    return np.sqrt(np.maximum(values[::-1][:rank], 0)), vectors[:, ::-1][:, :rank]


def _dense(matrix: Sparse, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """The same of a matrix with few columns."""
    from scipy.sparse import csr_array

    shape = len(matrix.starts) - 1, matrix.width
    x = csr_array((matrix.values.astype(np.float64), matrix.columns, matrix.starts), shape=shape)
    values, vectors = _leading((x.T @ x).toarray(), rank)
    return values, vectors.astype(np.float32)


def orthonormalise(vectors: np.ndarray) -> None:
    """Make columns orthonormal, float32 (M, K), in place, and zero where a direction is lost.

    By the eigenvectors of their Gram matrix, which is summed in float64: a tall QR by LAPACK takes
    three times as long.
    """
    values, directions = np.linalg.eigh(gram(vectors))
    kept = values > _LOST * max(values[-1], 0)
    scale = np.where(kept, 1 / np.sqrt(np.where(kept, values, 1)), 0)
    turn = (directions * scale).astype(np.float32)
    for begin in range(0, len(vectors), _ROWS):
        vectors[begin : begin + _ROWS] = vectors[begin : begin + _ROWS] @ turn


def _take_off(vectors: np.ndarray, basis: np.ndarray, along: np.ndarray) -> None:
    """Subtract basis @ along, some rows at a time, so that there is no second matrix."""
    for begin in range(0, len(vectors), _ROWS):
        rows = slice(begin, begin + _ROWS)
        vectors[rows] -= basis[rows] @ along


def gram(vectors: np.ndarray) -> np.ndarray:
    """Their products with each other, float64 (K, K), some rows at a time."""
    products = np.zeros((vectors.shape[1], vectors.shape[1]))
    for begin in range(0, len(vectors), _ROWS):
        rows = vectors[begin : begin + _ROWS].astype(np.float64)
        products += rows.T @ rows
    return products


def gram_product(matrix: Sparse, dense: np.ndarray, sums: list[np.ndarray], threads: int) -> None:
    """Put Xᵀ (X dense) into `sums[0]`.

    dense  float32 (M, D), `aligned`, D a multiple of COLUMNS
    sums   STRIPES of the same shape, overwritten
    """
    cuts, parts = matrix.cuts(STRIPES), dense.shape[1] // COLUMNS

    def add(stripe: int, part: int) -> None:
        columns = slice(COLUMNS * part, COLUMNS * (part + 1))
        sums[stripe][:, columns] = 0
        add_gram(*matrix[:3], dense, sums[stripe], cuts[stripe], cuts[stripe + 1], part)

    _share([(add, stripe, part) for stripe in range(STRIPES) for part in range(parts)], threads)
    for other in sums[1:]:
        sums[0] += other


def product(matrix: Sparse, dense: np.ndarray, threads: int) -> np.ndarray:
    """X dense, for a dense matrix (M, D): float32 (N, D)."""
    parts = -(-dense.shape[1] // COLUMNS)
    given = aligned((len(dense), parts * COLUMNS))
    given[:, : dense.shape[1]] = dense
    found = aligned((len(matrix.starts) - 1, parts * COLUMNS))
    cuts = matrix.cuts(_PIECES)

    def multiply(piece: int) -> None:
        multiply_rows(*matrix[:3], given, found, cuts[piece], cuts[piece + 1], parts)

    _share([(multiply, piece) for piece in range(_PIECES)], threads)
    return found[:, : dense.shape[1]]


def _share(calls: list[tuple], threads: int) -> None:
    """Make calls, some at the same time."""
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(*call) for call in calls]:
            done.result()
