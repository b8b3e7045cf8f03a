"""Matrices from which single rows are taken: floats, int8, or product-quantized codes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from w2v.embeddings.int8_rows import dequantize


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
        """Compute the means of K lists of rows; zero for an empty list.

        Rows that belong to several lists are read once, because the rows of all lists are read in
        ascending order. With a matrix of 2.6 GB this takes 0.8 times as long as list by list. The
        sums of a list do not depend on the other lists.

        rows    int64 (·,)
        bounds  int64 (K + 1,), list k is rows[bounds[k]:bounds[k + 1]]
        means   float32 (K, D), overwritten
        """
        from w2v.kernels.ngrams import add_to_lists

        means[:] = 0
        add_to_lists(self.numbers, *_ascending(rows, bounds), means)
        _divide(means, bounds)


@dataclass(frozen=True)
class Int8Matrix:
    """A matrix (M, D) of int8 with a scale for each row, see `int8_rows`.

    integers  int8 (M, D)
    scales    float32 (M,)
    """

    integers: np.ndarray
    scales: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """M and D."""
        return self.integers.shape[0], self.integers.shape[1]

    def take(self, rows: np.ndarray) -> np.ndarray:
        """The vectors of rows int64 (K,); float32 (K, D)."""
        return dequantize(self.integers[rows], self.scales[rows])

    def means(self, rows: np.ndarray, bounds: np.ndarray, means: np.ndarray) -> None:
        """Compute the means of K lists of rows; see `DenseMatrix.means`."""
        from w2v.kernels.ngrams import add_int8_to_lists

        means[:] = 0
        add_int8_to_lists(self.integers, self.scales, *_ascending(rows, bounds), means)
        _divide(means, bounds)


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
        """Compute the means of K lists of rows; see `kernels.ngrams.mean_coded_rows`."""
        from w2v.kernels.ngrams import mean_coded_rows

        norms = np.ones(len(self.codes), np.float32) if self.norms is None else self.norms
        mean_coded_rows(self.codes, self._stacked, norms, rows, bounds, means)

    @cached_property
    def _stacked(self) -> np.ndarray:
        """The centroids as one array, float32 (S, 256, W); zeros where the last part is shorter."""
        width = self.centroids[0].shape[1]
        stacked = np.zeros((len(self.centroids), 256, width), np.float32)
        for number, part in enumerate(self.centroids):
            stacked[number, :, : part.shape[1]] = part
        return stacked


Matrix = DenseMatrix | Int8Matrix | QuantizedMatrix


def _ascending(rows: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows of K lists in ascending order, int64, and the list of each; see `means`."""
    sizes = np.diff(bounds)
    bits = len(sizes).bit_length()
    entries = (rows << bits) + np.repeat(np.arange(len(sizes)), sizes)
    entries.sort()
    return entries >> bits, entries & ((1 << bits) - 1)


def _divide(sums: np.ndarray, bounds: np.ndarray) -> None:
    """Divide the sums (K, D) of K lists by the numbers of their rows, in place."""
    sums *= (1 / np.maximum(np.diff(bounds), 1)).astype(np.float32)[:, None]
