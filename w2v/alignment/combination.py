"""Combines the vectors of several runs into vectors that are better than those of each run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from w2v.alignment.common_words import CommonWords
from w2v.alignment.rotations import rotations
from w2v.embeddings.norms import has_direction, row_norms, unit_vectors
from w2v.embeddings.table import Table
from w2v.errors import W2VError

_NUMBERS = 1 << 20  # numbers in float64 at a time


@dataclass(frozen=True)
class Combination:
    """The combined vectors of K tables.

    table       the vectors of the N words that all tables have, in the order of the first table
    agreements  for each table, the mean cosine of its rotated vectors with the combined ones; empty
                for vectors side by side
    """

    table: Table
    agreements: list[float]


def mean_of_runs(tables: Sequence[Table]) -> Combination:
    """The mean of the vectors of several runs, after rotations that bring them together.

    tables  at least two, with the same number of dimensions
    Raises  W2VError if they have other numbers of dimensions, or no common word

    The rotations are those of `rotations`. Each table is divided by the root mean square of the
    lengths of its common vectors, so that tables of other scales weigh as much; the mean has the
    scale of the first table. The vectors of the first table are not rotated.
    """
    dims = [table.dim for table in tables]
    if len(set(dims)) > 1:
        raise W2VError(
            f"the files have {', '.join(f'{dim:,}' for dim in dims)} dimensions: give runs with "
            "the same --dim, or use --side-by-side"
        )
    words = _common(tables)
    directed = words.with_directions(tables)
    if not len(directed):
        raise W2VError("the files have no common word whose vectors are finite and not zero")
    scales = [_scale(table, rows) for table, rows in zip(tables, directed.rows, strict=True)]
    maps = rotations(_products(tables, directed, scales))
    return _mean(tables, words, [each / scale for each, scale in zip(maps, scales, strict=True)])


def side_by_side(tables: Sequence[Table]) -> Combination:
    """The unit vectors of several files one after the other, divided by √K.

    The cosine of two words is then the mean of their cosines in the files. A vector that is zero or
    not finite in a file counts as zero there.
    """
    words = _common(tables)
    matrix = np.zeros((len(words), sum(table.dim for table in tables)), np.float32)
    begin = 0
    for table, rows in zip(tables, words.rows, strict=True):
        columns = slice(begin, begin + table.dim)
        for part in _parts(len(words), table.dim):
            matrix[part, columns] = table.units(rows[part]) / np.sqrt(len(tables))
        begin += table.dim
    return Combination(_like_first(tables, words, matrix), [])


def _common(tables: Sequence[Table]) -> CommonWords:
    words = CommonWords.of(tables)
    if not len(words):
        raise W2VError("the files have no word in common: give vectors of the same language")
    return words


def _scale(table: Table, rows: np.ndarray) -> float:
    """The root mean square of the lengths of vectors."""
    norms = table.exact_norms(rows).astype(np.float64)
    return float(np.sqrt((norms**2).mean()))


def _products(
    tables: Sequence[Table], words: CommonWords, scales: Sequence[float]
) -> list[list[np.ndarray]]:
    """X_iᵀ X_j of all pairs of tables, whose vectors are divided by their scales."""
    count, dim = len(tables), tables[0].dim
    found = [[np.zeros((dim, dim)) for _ in tables] for _ in tables]
    for part in _parts(len(words), count * dim):
        blocks = [
            table.vectors(rows[part]).astype(np.float64) / scale
            for table, rows, scale in zip(tables, words.rows, scales, strict=True)
        ]
        for i in range(count):
            for j in range(i):
                found[i][j] += blocks[i].T @ blocks[j]
    for i in range(count):
        for j in range(i):
            found[j][i] = found[i][j].T
    return found


def _mean(tables: Sequence[Table], words: CommonWords, maps: Sequence[np.ndarray]) -> Combination:
    """The mean of mapped vectors; vectors without a direction count as zero."""
    matrix = np.empty((len(words), tables[0].dim), np.float32)
    sums, numbers = np.zeros(len(tables)), np.zeros(len(tables))
    for part in _parts(len(words), len(tables) * tables[0].dim):
        mapped = [
            _directed(table, rows[part]) @ each
            for table, rows, each in zip(tables, words.rows, maps, strict=True)
        ]
        mean = sum(mapped) / len(tables)
        matrix[part] = mean
        target = unit_vectors(mean, dtype=np.float64)
        for run, block in enumerate(mapped):
            sums[run] += (unit_vectors(block, dtype=np.float64) * target).sum()
            numbers[run] += np.count_nonzero(has_direction(row_norms(block)))
    scale = _scale(tables[0], words.with_directions(tables).rows[0])
    matrix *= np.float32(scale)
    agreements = sums / np.maximum(numbers, 1)
    return Combination(_like_first(tables, words, matrix), agreements.tolist())


def _directed(table: Table, rows: np.ndarray) -> np.ndarray:
    """Vectors as float64 (M, D); zero for those that are not finite."""
    vectors = table.vectors(rows).astype(np.float64)
    vectors[~table.has_direction(rows)] = 0
    return vectors


def _like_first(tables: Sequence[Table], words: CommonWords, matrix: np.ndarray) -> Table:
    """A table of the common words with the names and counts of the first table."""
    return tables[0].without_subwords().take(words.rows[0]).with_matrix(matrix)


def _parts(rows: int, dim: int) -> Iterator[slice]:
    """Slices of rows with about _NUMBERS numbers."""
    size = max(_NUMBERS // max(dim, 1), 1)
    for begin in range(0, rows, size):
        yield slice(begin, min(begin + size, rows))
