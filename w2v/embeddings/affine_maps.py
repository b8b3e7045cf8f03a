"""Affine maps of all vectors of a table: centering, principal components, whitening by counts.

    y = (x - mean) A

An affine map of a mean is the mean of the mapped vectors. The vector of a word is the mean of its
own row and the rows of its n-grams (`Subwords`). If all these rows are mapped, they therefore
compose the mapped vectors, and those of out-of-vocabulary words too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from w2v.embeddings import subword_tensors
from w2v.embeddings.norms import unit_vectors
from w2v.embeddings.row_blocks import row_blocks
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system.spooled_array import SpooledArray

_LEAST = 1e-12  # A direction has no variance if it has less than this share of the largest.


@dataclass(frozen=True)
class AffineMap:
    """The map x -> (x - mean) A.

    mean    float64 (D,)
    matrix  float64 (D, K), A
    """

    mean: np.ndarray
    matrix: np.ndarray

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Map vectors (R, D); returns float32 (R, K)."""
        with np.errstate(invalid="ignore", over="ignore"):  # a vector may be not finite
            mapped = (vectors.astype(np.float64) - self.mean) @ self.matrix
            singles: np.ndarray = mapped.astype(np.float32)
        return singles

    def of_table(self, table: Table) -> Table:
        """The table with mapped vectors (N, K) and mapped subwords.

        Vectors that are zero or not finite stay unchanged. If K is not D, the latter become NaN.
        """
        dim = self.matrix.shape[1]
        matrix = np.empty((len(table), dim), np.float32)
        for part in row_blocks(len(table), table.dim):
            matrix[part] = self(table.vectors(part))
            norms = table.exact_norms(part)
            matrix[part][norms == 0] = 0
            rows = np.flatnonzero(~np.isfinite(norms)) + part.start
            matrix[rows] = table.stored(rows) if dim == table.dim else np.nan
        subwords = table.subwords
        if subwords is None:
            return table.with_matrix(matrix)
        vectors, buckets, rows = subwords.stored()
        spooled = SpooledArray(np.float32)
        for part in row_blocks(len(vectors), table.dim):
            spooled.append(self(vectors[part]).ravel())
        mapped = spooled.mapped().reshape(len(vectors), dim)
        changed = subword_tensors.with_stored(subwords, mapped, buckets, rows)
        return table.with_matrix(matrix).with_subwords(changed)


def centering(table: Table, components: int) -> AffineMap:
    """Subtract the mean of all vectors, and remove their first principal components.

    components  number of components to remove; Mu and Viswanath take D / 100
    Raises      W2VError if the vectors vary in no other directions than these components, so that
                only rounding errors would be left of them

    Vectors that are zero or not finite are left out of the mean.
    Source: Mu and Viswanath 2018, "All-but-the-top", algorithm 1.
    """
    mean = sum((block.sum(axis=0) for block, _ in _directed(table)), np.zeros(table.dim))
    mean /= max(1, int(np.count_nonzero(table.has_direction())))
    second = np.zeros((table.dim, table.dim))
    for block, _ in _directed(table):
        second += (block - mean).T @ (block - mean)
    variances, directions = _principal(second)
    rank = _rank(variances)
    if components >= rank > 0:
        raise W2VError(
            f"--center {components}: the vectors vary in {rank} of {table.dim} directions, so that "
            f"nothing would be left of them: give {rank - 1} at most"
        )
    top = directions[:, :components]
    return AffineMap(mean, np.eye(table.dim) - top @ top.T)


def principal(table: Table, dim: int) -> AffineMap:
    """Project on the first principal components of the unit vectors; their mean is not subtracted.

    dim     number of components, at most D
    Raises  W2VError if there are fewer dimensions

    No other linear map to `dim` dimensions leaves a smaller sum of squared errors of unit vectors
    (Eckart and Young 1936), so it suits cosines. Subtracting the mean changes every cosine: with
    100 dimensions halved, 10 neighbours then agree with the former by 67 % instead of 81 %; and
    components of vectors with the mean subtracted, of which only the components are used, by 70 %
    (skip-gram on 30 MB of Wikipedia). Raunak et al. 2019 subtract it.
    """
    _check(table, dim, f"--dim {dim}")
    second = np.zeros((table.dim, table.dim))
    for block, _ in _directed(table):
        units = unit_vectors(block, dtype=np.float64)
        second += units.T @ units
    return AffineMap(np.zeros(table.dim), _principal(second)[1][:, :dim])


def whitening(table: Table, dim: int | None = None) -> AffineMap:
    """Give the vectors the mean 0 and the covariance I, weighted by the counts of the words.

    dim     number of principal components to keep, those of the largest variance; None: all
    Raises  W2VError if the table has no counts, or if the vectors vary in too few directions

    Vectors that are zero or not finite are left out of the mean and the covariance.
    Source: Yokoi et al. 2024, "Zipfian Whitening", algorithm 1.
    """
    _check(table, dim or 0, f"--dim {dim}")
    if table.counts is None:
        raise W2VError(
            "--whiten weights words by their counts, which the file lacks: add --counts FILE, or "
            "leave out --whiten"
        )
    counts = table.counts.astype(np.float64) * table.has_direction()
    if not (counts >= 0).all() or not counts.any():
        raise W2VError("--whiten: the counts of all words are 0 or damaged: leave out --whiten")
    shares = counts / counts.sum()
    mean, second = np.zeros(table.dim), np.zeros((table.dim, table.dim))
    for block, rows in _directed(table):
        mean += shares[rows] @ block
    for block, rows in _directed(table):
        block -= mean
        second += (block * shares[rows][:, None]).T @ block
    variances, directions = _principal(second)
    kept = table.dim if dim is None else dim
    rank = _rank(variances)
    if kept > rank:
        advice = f"keep at most {rank} with --dim {rank}" if rank else "leave out --whiten"
        raise W2VError(
            f"--whiten: the vectors vary in only {rank} of {table.dim} directions: {advice}"
        )
    return AffineMap(mean, directions[:, :kept] / np.sqrt(variances[:kept]))


def _check(table: Table, components: int, option: str) -> None:
    """Raise a W2VError if vectors have fewer numbers than there are components."""
    if components > table.dim:
        raise W2VError(
            f"{option}: the vectors have only {table.dim} numbers: give {table.dim} at most"
        )


def _rank(variances: np.ndarray) -> int:
    """The number of directions that have a variance, of descending eigenvalues (D,)."""
    return int(np.count_nonzero(variances > _LEAST * max(variances[0], np.finfo(float).tiny)))


def _directed(table: Table) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of the vectors that have a direction, float64 (R, D), and their rows, int64 (R,)."""
    for part in row_blocks(len(table), table.dim):
        rows = part.start + np.flatnonzero(table.has_direction(part))
        yield table.vectors(rows).astype(np.float64), rows


def _principal(second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues (D,), descending, and unit eigenvectors, the columns of (D, D).

    The largest number of an eigenvector is positive, so that its sign does not depend on LAPACK.
    """
    values, vectors = np.linalg.eigh(second)
    values, vectors = values[::-1], vectors[:, ::-1]
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], 0)
    return values, vectors * np.where(largest < 0, -1, 1)
