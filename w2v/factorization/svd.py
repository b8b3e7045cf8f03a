"""Truncated SVD of a sparse matrix by a randomised block Krylov method.

A basis is a matrix of orthonormal columns, which is made of blocks of columns. A stripe is a block
of rows of the sparse matrix. Stripes are multiplied in parallel, by threads or by workers of a
cluster.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol

import numpy as np

from w2v.kernels.simd import WIDTH, aligned
from w2v.kernels.sparse import REGISTERS, add_gram, multiply_rows

COLUMNS = REGISTERS * WIDTH  # columns of a dense matrix that kernels process at a time
STRIPES = 2, 16  # minimum and maximum number of stripes of a matrix
STRIPE = 1 << 24  # entries in a stripe, if the number of stripes is within these limits
_PIECES = 64  # blocks of rows in `product`; each thread computes one block after another
_ROWS = 1 << 13  # rows that are processed at a time in dense operations
# A direction is taken for rounding error if its squared length is below this share of the largest.
_ROUNDING_SHARE = 1e-9
# A squared singular value below this share of the largest one is rounding error: by the Gram matrix
# in float64, and by a basis of float32, whose errors are up to 4e-8.
_GRAM_ERROR, _BASIS_ERROR = 1e-12, 1e-7


class Sparse(NamedTuple):
    """A sparse matrix (N, M) with E entries, in compressed sparse rows (CSR).

    starts   int64 (N + 1,)  the position of the first entry of each row, and E
    columns  int32 (E,)      the column of each entry
    values   float32 (E,)    the value of each entry
    width    int             M, the number of columns
    """

    starts: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    width: int

    def cuts(self, count: int) -> np.ndarray:
        """The row numbers, int (count + 1,), that split the rows into `count` blocks.

        The blocks have similar numbers of entries. The first row number is 0, the last one is N.
        """
        targets = np.linspace(0, self.starts[-1], count + 1)[1:-1]
        return np.array([0, *np.searchsorted(self.starts, targets), len(self.starts) - 1])

    def stripes(self) -> list[tuple[int, int]]:
        """The stripes of the matrix: (first row, last row + 1) of each.

        Products of stripes are added up in this order, so that a sum does not depend on the number
        of threads or of workers.
        """
        cuts = self.cuts(stripe_count(len(self.values))).tolist()
        return list(zip(cuts, cuts[1:], strict=False))


def stripe_count(entries: int) -> int:
    """The number of stripes of a matrix, which limits the workers that can multiply by it."""
    minimum, maximum = STRIPES
    return min(max(entries // STRIPE, minimum), maximum)


class Truncated(NamedTuple):
    """The leading part of a singular value decomposition X = U Σ Vᵀ.

    values  float64 (K,)    the singular values σ, in descending order
    right   float32 (M, K)  V; in each column the entry with the largest absolute value is positive
    share   the sum of all σ², divided by the squared Frobenius norm of X
    """

    values: np.ndarray
    right: np.ndarray
    share: float


class Products(Protocol):
    """Multiplication by a sparse matrix X (N, M), on this machine or on a cluster.

    rows     N, the number of rows of X
    width    M, the number of columns of X
    squares  the squared Frobenius norm of X
    """

    rows: int
    width: int
    squares: float

    def gram(self, dense: np.ndarray) -> np.ndarray:
        """The product Xᵀ (X dense), float32 (M, D). The next call overwrites the result.

        dense  float32 (M, D), allocated by `aligned`; D is a multiple of COLUMNS
        """

    def release(self) -> None:
        """Free the memory of the last result of `gram`."""

    def gram_matrix(self) -> np.ndarray:
        """The matrix Xᵀ X, float64 (M, M), for a small M."""

    def times(self, dense: np.ndarray) -> np.ndarray:
        """The product X dense, float32 (N, D), for a dense matrix (M, D)."""


class LocalProducts:
    """Multiplication by a matrix on the threads of this process."""

    def __init__(self, matrix: Sparse, threads: int):
        self._matrix, self._threads = matrix, threads
        self.rows, self.width = len(matrix.starts) - 1, matrix.width
        self.squares = float(np.square(matrix.values, dtype=np.float64).sum())
        self._sums: list[np.ndarray] = []

    def gram(self, dense: np.ndarray) -> np.ndarray:
        """See `Products.gram`."""
        stripes, blocks = self._matrix.stripes(), range(dense.shape[1] // COLUMNS)
        if not self._sums:
            self._sums = [aligned(dense.shape) for _ in stripes]
        sums = self._sums
        calls = [
            (add_stripe, self._matrix, dense, sums[stripe], rows, block)
            for stripe, rows in enumerate(stripes)
            for block in blocks
        ]
        _run_parallel(calls, self._threads)
        return add_up(sums)

    def release(self) -> None:
        """See `Products.release`."""
        self._sums = []

    def gram_matrix(self) -> np.ndarray:
        """See `Products.gram_matrix`."""
        from scipy.sparse import csr_array

        starts, columns, values, width = self._matrix
        x = csr_array((values.astype(np.float64), columns, starts), shape=(self.rows, width))
        return (x.T @ x).toarray()

    def times(self, dense: np.ndarray) -> np.ndarray:
        """See `Products.times`."""
        return product(self._matrix, dense, self._threads)


def truncated(
    products: Products,
    rank: int,
    power_iters: int,
    oversamples: int,
    seed: int,
    on_step: Callable[[int, int], None] = lambda step, steps: None,
    threads: int = 1,
) -> Truncated:
    """The truncated SVD of a matrix X (N, M).

    products     multiplies by X
    rank         number of singular values; fewer are returned if X has fewer that are not zero, but
                 at least one. A right singular vector of a value of zero is arbitrary, so that it
                 would give other documents than those of X meaningless numbers
    power_iters  number of multiplications by XᵀX beyond those that a basis of `rank` +
                 `oversamples` columns needs
    oversamples  number of columns of the basis beyond `rank`
    seed         seed of the random first block of the basis
    on_step      called before each multiplication with its number, from 0, and the number of all
    threads      number of threads of dense products, on which the result does not depend

    The method is a randomised block Krylov method. The basis has the blocks Ω, (XᵀX) Ω, (XᵀX)² Ω
    and so on, where Ω is random and each block is made orthonormal to the earlier ones. The result
    is the Rayleigh-Ritz projection of X on the basis. Sources: Halko, Martinsson & Tropp 2011,
    section 4.5; Musco & Musco 2015. Subspace iteration keeps only the last block. Keeping all
    blocks is more exact with fewer products (tests/bench/lsa.py). If the basis would be as wide as
    X, the eigenvectors of XᵀX are computed instead.
    """
    rank, total = min(rank, products.width, products.rows), products.squares
    block, steps = _blocks(rank, power_iters, oversamples)
    if steps * block >= products.width:
        values, vectors = _leading(products.gram_matrix(), rank)
        right, error = vectors.astype(np.float32), _GRAM_ERROR
    else:
        values, right = _krylov(products, rank, block, steps, seed, on_step, threads)
        error = _BASIS_ERROR
    rank = max(1, int((values**2 > error * values[0] ** 2).sum()))
    values, right = values[:rank], right[:, :rank]
    largest = np.abs(right).argmax(axis=0)
    # An SVD does not determine the signs: the largest entry of each column is made positive.
    right = right * np.where(right[largest, np.arange(rank)] < 0, -1, 1).astype(np.float32)
    return Truncated(values, right, float((values**2).sum() / total) if total else 0.0)


def shortfall(found: int, option: str, wanted: int, what: str) -> str:
    """A note for a report if fewer singular values were found than an option demands, or "".

    found   the number of singular values above rounding error
    option  the name of the option
    wanted  the value of the option
    what    a description of the size of the matrix, such as "5 documents of 9 terms"
    """
    if found == wanted:
        return ""
    are = "singular value is" if found == 1 else "singular values are"
    return (
        f"; {option} {wanted:,} is too many: of {what}, only {found:,} {are} above rounding error"
    )


def _blocks(rank: int, power_iters: int, oversamples: int) -> tuple[int, int]:
    """The number of columns of a block, and the number of blocks in the basis.

    The columns are a multiple of COLUMNS. Two blocks hold `rank` + `oversamples` columns.
    """
    block = COLUMNS * -(-(rank + oversamples) // (2 * COLUMNS))
    return block, -(-(rank + oversamples) // block) + power_iters


def memory_bytes(width: int, entries: int, rank: int, power_iters: int, oversamples: int) -> int:
    """An estimate of the bytes that `truncated` needs for a matrix of `width` columns."""
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
    threads: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The leading singular values and right singular vectors, by a basis of `steps` blocks.

    block  number of columns of a block; the other parameters are those of `truncated`
    """
    basis = np.zeros((products.width, steps * block), np.float32)
    projected = np.zeros((steps * block, steps * block))
    rng = np.random.default_rng(seed)
    new = aligned((products.width, block))
    rng.standard_normal(out=new, dtype=np.float32)
    orthonormalise(new, threads)
    for step in range(steps):
        on_step(step, steps)
        begin, end = step * block, (step + 1) * block
        basis[:, begin:end] = new
        known = basis[:, :end]
        sums = products.gram(new)
        along = _along(known, sums, threads)
        projected[:end, begin:end], projected[begin:end, :end] = along, along.T
        if step + 1 < steps:
            new[:] = sums
            _subtract(new, known, along, threads)
            orthonormalise(new, threads)
            along = _along(known, new, threads)  # needed twice, because of rounding errors
            _subtract(new, known, along, threads)
            orthonormalise(new, threads)
    del sums, new  # This frees a tenth of the memory in use.
    products.release()
    values, vectors = _leading(projected, rank)
    return values, basis @ vectors.astype(np.float32)


def _leading(products: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """The square roots of the largest eigenvalues of a symmetric matrix, and the eigenvectors.

    products  float64 (K, K), the symmetric matrix
    Returns   float64 (rank,) and float64 (K, rank), by descending eigenvalue
    """
    values, vectors = np.linalg.eigh(products)
    return np.sqrt(np.maximum(values[::-1][:rank], 0)), vectors[:, ::-1][:, :rank]


def orthonormalise(vectors: np.ndarray, threads: int = 1) -> None:
    """Make the columns of `vectors`, float32 (M, K), orthonormal, in place.

    Columns beyond the numerical rank become zeros. The method uses the eigenvectors of the Gram
    matrix, which is summed in float64. LAPACK's QR takes three times as long for a tall matrix.
    """
    values, directions = np.linalg.eigh(gram(vectors))
    kept = values > _ROUNDING_SHARE * max(values[-1], 0)
    scale = np.where(kept, 1 / np.sqrt(np.where(kept, values, 1)), 0)
    transform = (directions * scale).astype(np.float32)

    def turn(rows: slice) -> None:
        """Transform some rows."""
        vectors[rows] = vectors[rows] @ transform

    _run_parallel([(turn, rows) for rows in _blocks_of_rows(vectors)], threads)


def _along(basis: np.ndarray, vectors: np.ndarray, threads: int) -> np.ndarray:
    """The product basisᵀ @ vectors, computed for as many columns of the basis as of vectors."""
    width = vectors.shape[1]
    along = np.empty((basis.shape[1], width), np.float32)

    def multiply(begin: int) -> None:
        """Multiply some columns of the basis."""
        columns = slice(begin, begin + width)
        along[columns] = basis[:, columns].T @ vectors

    _run_parallel([(multiply, begin) for begin in range(0, len(along), width)], threads)
    return along


def _subtract(vectors: np.ndarray, basis: np.ndarray, along: np.ndarray, threads: int) -> None:
    """Subtract basis @ along from `vectors`, in place.

    Blocks of rows are processed one by one, so that the whole product is never in memory.
    """

    def subtract(rows: slice) -> None:
        """Subtract some rows of the product."""
        vectors[rows] -= basis[rows] @ along

    _run_parallel([(subtract, rows) for rows in _blocks_of_rows(vectors)], threads)


def _blocks_of_rows(vectors: np.ndarray) -> list[slice]:
    """The blocks of rows of a dense matrix that are processed at a time."""
    return [slice(begin, begin + _ROWS) for begin in range(0, len(vectors), _ROWS)]


def gram(vectors: np.ndarray) -> np.ndarray:
    """The Gram matrix of the columns of `vectors` (M, K); float64 (K, K)."""
    products = np.zeros((vectors.shape[1], vectors.shape[1]))
    for begin in range(0, len(vectors), _ROWS):
        rows = vectors[begin : begin + _ROWS].astype(np.float64)
        products += rows.T @ rows
    return products


def add_stripe(
    matrix: Sparse, dense: np.ndarray, sums: np.ndarray, rows: tuple[int, int], block: int
) -> None:
    """Compute Xᵀ (X dense), where X is one stripe of the matrix, for one block of the columns.

    dense  float32 (M, D)  allocated by `aligned`; D is a multiple of COLUMNS
    sums   float32 (M, D)  allocated by `aligned`; the columns of the block are set, in place
    rows   (int, int)      the first row of the stripe, and the last row + 1
    block  int             the number of the block of COLUMNS columns, from 0
    """
    sums[:, COLUMNS * block : COLUMNS * (block + 1)] = 0
    add_gram(*matrix[:3], dense, sums, *rows, block)


def add_up(sums: list[np.ndarray]) -> np.ndarray:
    """Add the results of all stripes to the first one, in order and in place; returns it."""
    for other in sums[1:]:
        sums[0] += other
    return sums[0]


def product(matrix: Sparse, dense: np.ndarray, threads: int) -> np.ndarray:
    """The product of a sparse matrix (N, M) and a dense matrix (M, D); float32 (N, D)."""
    blocks = -(-dense.shape[1] // COLUMNS)
    padded = aligned((len(dense), blocks * COLUMNS))
    padded[:, : dense.shape[1]] = dense
    result = aligned((len(matrix.starts) - 1, blocks * COLUMNS))
    cuts = matrix.cuts(_PIECES)

    def multiply(piece: int) -> None:
        multiply_rows(*matrix[:3], padded, result, cuts[piece], cuts[piece + 1], blocks)

    _run_parallel([(multiply, piece) for piece in range(_PIECES)], threads)
    return result[:, : dense.shape[1]]


def _run_parallel(calls: list[tuple], threads: int) -> None:
    """Run calls, tuples of a function and its arguments, on several threads; wait for all."""
    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(*call) for call in calls]:
            future.result()  # raises the exception of the call, if there is one
