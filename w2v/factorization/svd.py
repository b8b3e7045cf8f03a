"""The leading singular values and vectors of a sparse matrix."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol

import numpy as np

from w2v.kernels.simd import WIDTH, aligned
from w2v.kernels.sparse import REGISTERS, add_gram, multiply_rows

COLUMNS = REGISTERS * WIDTH  # that kernels work on at a time
STRIPES = 2, 16  # of rows, at least and at most
STRIPE = 1 << 24  # entries of one, between these
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

    def stripes(self) -> list[tuple[int, int]]:
        """The first row and the one after the last of each stripe.

        What they give is added up in their order: the same for any number of threads and workers.
        """
        cuts = self.cuts(stripe_count(len(self.values))).tolist()
        return list(zip(cuts, cuts[1:], strict=False))


def stripe_count(entries: int) -> int:
    """How many stripes a matrix is worked on in: as many workers as that can take part."""
    least, most = STRIPES
    return min(max(entries // STRIPE, least), most)


class Truncated(NamedTuple):
    """The leading part of a singular value decomposition X = U Σ Vᵀ.

    values  float64 (K,)     σ, falling
    right   float32 (M, K)   V, each column's largest entry positive
    share   how much of the squared Frobenius norm of X they hold
    """

    values: np.ndarray
    right: np.ndarray
    share: float


class Products(Protocol):
    """The products of a sparse matrix X (N, M), wherever they are computed.

    rows     N
    width    M
    squares  the squared Frobenius norm
    """

    rows: int
    width: int
    squares: float

    def gram(self, dense: np.ndarray) -> np.ndarray:
        """Xᵀ (X dense), float32 (M, D), until the next call.

        dense  float32 (M, D), `aligned`, D a multiple of COLUMNS
        """

    def release(self) -> None:
        """Let go of what `gram` has returned last."""

    def gram_matrix(self) -> np.ndarray:
        """Xᵀ X, float64 (M, M), where M is small."""

    def times(self, dense: np.ndarray) -> np.ndarray:
        """X dense, for a dense matrix (M, D): float32 (N, D)."""


class LocalProducts:
    """The products of a matrix by the threads of this process."""

    def __init__(self, matrix: Sparse, threads: int):
        self._matrix, self._threads = matrix, threads
        self.rows, self.width = len(matrix.starts) - 1, matrix.width
        self.squares = float(np.square(matrix.values, dtype=np.float64).sum())
        self._sums: list[np.ndarray] = []

    def gram(self, dense: np.ndarray) -> np.ndarray:
        """As of any `Products`."""
        stripes, parts = self._matrix.stripes(), range(dense.shape[1] // COLUMNS)
        if not self._sums:
            self._sums = [aligned(dense.shape) for _ in stripes]
        sums = self._sums
        calls = [
            (add_stripe, self._matrix, dense, sums[at], rows, part)
            for at, rows in enumerate(stripes)
            for part in parts
        ]
        _share(calls, self._threads)
        return add_up(sums)

    def release(self) -> None:
        """As of any `Products`."""
        self._sums = []

    def gram_matrix(self) -> np.ndarray:
        """As of any `Products`."""
        from scipy.sparse import csr_array

        starts, columns, values, width = self._matrix
        x = csr_array((values.astype(np.float64), columns, starts), shape=(self.rows, width))
        return (x.T @ x).toarray()

    def times(self, dense: np.ndarray) -> np.ndarray:
        """As of any `Products`."""
        return product(self._matrix, dense, self._threads)


def truncated(
    products: Products,
    rank: int,
    power_iters: int,
    oversamples: int,
    seed: int,
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
    rank, total = min(rank, products.width, products.rows), products.squares
    block, steps = _blocks(rank, power_iters, oversamples)
    if steps * block >= products.width:
        values, vectors = _leading(products.gram_matrix(), rank)
        right = vectors.astype(np.float32)
    else:
        values, right = _krylov(products, rank, block, steps, seed, on_step)
    largest = np.abs(right).argmax(axis=0)
    right = right * np.where(right[largest, np.arange(rank)] < 0, -1, 1).astype(np.float32)
    return Truncated(values, right, float((values**2).sum() / total) if total else 0.0)


def shortfall(found: int, option: str, wanted: int, what: str) -> str:
    """What to say where a matrix has fewer singular values than an option asks for; else ""."""
    if found == wanted:
        return ""
    return f"; {option} {wanted:,} is more than {what} can have"


def _blocks(rank: int, power_iters: int, oversamples: int) -> tuple[int, int]:
    """How many columns a block has, and how many blocks make the basis."""
    block = COLUMNS * -(-(rank + oversamples) // (2 * COLUMNS))
    return block, -(-(rank + oversamples) // block) + power_iters


def memory_bytes(width: int, entries: int, rank: int, power_iters: int, oversamples: int) -> int:
    """Bytes that `truncated` takes, about, for a matrix of so many columns and entries."""
    block, steps = _blocks(rank, power_iters, oversamples)
    if steps * block >= width:
        return 3 * 8 * width * width
    return 4 * width * block * (steps + stripe_count(entries) + 1) + 4 * 8 * (steps * block) ** 2


def _krylov(
    products: Products,
    rank: int,
    block: int,
    steps: int,
    seed: int,
    on_step: Callable[[int, int], None],
) -> tuple[np.ndarray, np.ndarray]:
    """The leading singular values and right vectors that a basis of some blocks gives."""
    basis = np.zeros((products.width, steps * block), np.float32)
    projected = np.zeros((steps * block, steps * block))
    rng = np.random.default_rng(seed)
    new = aligned((products.width, block))
    rng.standard_normal(out=new, dtype=np.float32)
    orthonormalise(new)
    for step in range(steps):
        on_step(step, steps)
        begin, end = step * block, (step + 1) * block
        basis[:, begin:end] = new
        known = basis[:, :end]
        sums = products.gram(new)
        along = known.T @ sums
        projected[:end, begin:end], projected[begin:end, :end] = along, along.T
        if step + 1 < steps:
            new[:] = sums
            _take_off(new, known, along)
            orthonormalise(new)
            _take_off(new, known, known.T @ new)  # what rounding has left: once is not enough
            orthonormalise(new)
    del sums, new  # a tenth of the memory that all this takes
    products.release()
    values, vectors = _leading(projected, rank)
    return values, basis @ vectors.astype(np.float32)


def _leading(products: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """The roots of the largest eigenvalues, and their vectors, float64 (K, rank)."""
    values, vectors = np.linalg.eigh(products)
    return np.sqrt(np.maximum(values[::-1][:rank], 0)), vectors[:, ::-1][:, :rank]


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


def add_stripe(
    matrix: Sparse, dense: np.ndarray, sums: np.ndarray, rows: tuple[int, int], part: int
) -> None:
    """Put what some rows of a matrix give of Xᵀ (X dense) into one part of the columns of `sums`.

    dense, sums  float32 (M, D), `aligned`, D a multiple of COLUMNS
    rows         the first, and the one after the last
    """
    sums[:, COLUMNS * part : COLUMNS * (part + 1)] = 0
    add_gram(*matrix[:3], dense, sums, *rows, part)


def add_up(sums: list[np.ndarray]) -> np.ndarray:
    """The sum of what the stripes give, in their order, in the first one's place."""
    for other in sums[1:]:
        sums[0] += other
    return sums[0]


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
