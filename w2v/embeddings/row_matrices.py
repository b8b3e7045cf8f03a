"""Matrices from which single rows are taken: numbers in a file, or product-quantized codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class DenseMatrix:
    """A matrix of numbers.

    numbers  float32 (M, D); a view of a file, whose address need not be a multiple of 4
    """

    numbers: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """M and D."""
        return self.numbers.shape[0], self.numbers.shape[1]

    def take(self, rows: np.ndarray) -> np.ndarray:
        """The vectors of rows int64 (K,); float32 (K, D)."""
        vectors: np.ndarray = self.numbers[rows]
        return vectors

    def means(self, rows: np.ndarray, bounds: np.ndarray, means: np.ndarray) -> None:
        """Compute the means of K lists of rows; see `kernels.ngrams.mean_rows`."""
        from w2v.kernels.ngrams import mean_rows

        mean_rows(self.numbers, rows, bounds, means)


@dataclass(frozen=True)
class QuantizedMatrix:
    """A matrix (M, D) of which each row is a code for each of S parts (Jégou et al. 2011).

    codes      uint8 (M, S)
    centroids  for each part float32 (256, columns of the part)
    norms      float32 (M,), a factor of each row; None if all are 1
    """

    codes: np.ndarray
    centroids: tuple[np.ndarray, ...]
    norms: np.ndarray | None

    @property
    def shape(self) -> tuple[int, int]:
        """M and D."""
        return len(self.codes), sum(part.shape[1] for part in self.centroids)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """The vectors of rows int64 (K,); float32 (K, D)."""
        codes = self.codes[rows]
        parts = [part[codes[:, number]] for number, part in enumerate(self.centroids)]
        vectors = np.concatenate(parts, axis=1)
        if self.norms is not None:
            vectors *= self.norms[rows, None]
        return vectors

    def means(self, rows: np.ndarray, bounds: np.ndarray, means: np.ndarray) -> None:
        """Compute the means of K lists of rows; see `kernels.ngrams.mean_rows`."""
        from w2v.kernels.ngrams import mean_rows

        mean_rows(self.take(rows), np.arange(len(rows)), bounds, means)


Matrix = DenseMatrix | QuantizedMatrix
