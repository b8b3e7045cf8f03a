"""Regression of word vectors on n-grams: the rows whose means are nearest to wanted vectors.

Letters: N words, G n-grams, D columns. Word w has n_w n-grams g_1, g_2, ..., where an n-gram that
occurs twice is counted twice. The rows x of the n-grams minimise (Zhao, Mudgal and Liang 2018,
"Generalizing Word Embeddings using Bag of Subwords", with a ridge added)

    Σ_w ‖ m_w - y_w ‖² + RIDGE Σ_g ‖ x_g ‖²,   m_w = 1/n_w Σ_i x_{g_i}

The paper uses stochastic gradient descent. Here STEPS steps of conjugate gradients on the normal
equations solve all columns, each with its own step length, which needs no learning rate and gives
the same result for any number of threads. Both products with the matrix of words and n-grams are
sums of rows, computed by the kernel that composes words: m_w is a sum of the rows of the n-grams of
w, and the transposed product is a sum of the rows of the words of g.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from w2v.kernels.composition import compose_words
from w2v.kernels.simd import WIDTH, aligned
from w2v.negative_sampling.subword_rows import WordRows

COLUMNS = 2 * WIDTH  # columns that are solved at a time, which bounds the memory
STEPS = 25
RIDGE = 0.005
_ROWS = 4096  # rows that a thread computes at a time
_EXACT = 1e-12  # squared residual, relative to that at the beginning, at which no step is needed


class NgramRegression:
    """Solves for the rows of n-grams, for some columns of the wanted vectors at a time.

    offsets  int64 (N + 1,)  the n-grams of word w are ngrams[offsets[w]:offsets[w + 1]]; a word
                             has at least one
    ngrams   int32 (·,)      numbers from 0 to G - 1; each occurs
    count    G
    threads  number of worker threads; the result does not depend on it
    """

    def __init__(self, offsets: np.ndarray, ngrams: np.ndarray, count: int, threads: int):
        from scipy.sparse import csr_matrix

        words = len(offsets) - 1
        ones = np.ones(ngrams.size, np.int8)
        by_ngram = csr_matrix((ones, ngrams, offsets), (words, count)).tocsc()
        lengths = np.diff(offsets)
        self._shares = (1 / lengths).astype(np.float32)[:, None]  # 1 / n_w
        squares = np.repeat(self._shares[:, 0] ** 2, lengths)
        self._ngrams_of = WordRows(offsets, ngrams, squares)
        self._words_of = WordRows(
            by_ngram.indptr.astype(np.int64), by_ngram.indices.astype(np.int32),
            np.ones(ngrams.size, np.float32),
        )  # fmt: skip
        self._threads = threads

    def solve(
        self, targets: np.ndarray, rows: np.ndarray, step_done: Callable[[int], None]
    ) -> None:
        """Compute the rows of the n-grams.

        targets    float32 (N, K), the wanted vectors, whose numbers are about 1 at most; K is a
                   multiple of WIDTH. Overwritten
        rows       float32 (G, K), zero. Overwritten by the rows
        step_done  called after each step with its number, from 1
        """
        words, ngrams = _parts(len(targets)), _parts(len(rows))
        residual, direction, product = (aligned(rows.shape) for _ in range(3))

        def multiply(part: slice) -> None:
            """Compute the means of the direction, each divided by n_w, for some words."""
            _sums(direction, self._ngrams_of, part, targets)

        def multiply_transposed(part: slice) -> np.ndarray:
            """Compute the product with the normal equations for some n-grams."""
            _sums(targets, self._words_of, part, product)
            product[part] += np.float32(RIDGE) * direction[part]
            return _dots(direction[part], product[part])

        def begin(part: slice) -> np.ndarray:
            """Compute the gradient at zero for some n-grams."""
            _sums(targets, self._words_of, part, residual)
            direction[part] = residual[part]
            return _dots(residual[part], residual[part])

        def move(part: slice) -> np.ndarray:
            """Move some rows along the direction, to the lowest point."""
            rows[part] += lengths * direction[part]
            residual[part] -= lengths * product[part]
            return _dots(residual[part], residual[part])

        def turn(part: slice) -> None:
            """Compute the next direction for some n-grams."""
            direction[part] *= ratios
            direction[part] += residual[part]

        with ThreadPoolExecutor(self._threads) as pool:
            targets *= self._shares
            squares = first = _total(pool.map(begin, ngrams))
            for step in range(1, STEPS + 1):
                if (squares <= _EXACT * first).all():
                    break
                list(pool.map(multiply, words))
                curvatures = _total(pool.map(multiply_transposed, ngrams))
                lengths = _quotients(squares, curvatures)
                before, squares = squares, _total(pool.map(move, ngrams))
                ratios = _quotients(squares, before)
                list(pool.map(turn, ngrams))
                step_done(step)


def _parts(count: int) -> list[slice]:
    """The rows that a thread computes at a time."""
    return [slice(at, min(at + _ROWS, count)) for at in range(0, count, _ROWS)]


def _sums(vectors: np.ndarray, lists: WordRows, part: slice, sums: np.ndarray) -> None:
    """Overwrite the rows `part` of `sums` by the sums of their lists of rows of `vectors`."""
    numbers = np.arange(part.start, part.stop, dtype=np.int32)
    block = sums[part]
    registers = vectors.shape[1] // WIDTH
    compose_words(vectors, *lists, numbers, len(numbers), block, block, registers)


def _dots(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The dot products of the columns of two float32 arrays (·, K), float64 (K,)."""
    # Few rows are summed, so float32 is exact enough; float64 takes four times as long.
    return np.einsum("rk,rk->k", first, second).astype(np.float64)


def _total(sums: Iterable[np.ndarray]) -> np.ndarray:
    """The sum of the dot products of all parts, always added in the same order."""
    total: np.ndarray = np.sum(list(sums), axis=0)
    return total


def _quotients(numerators: np.ndarray, denominators: np.ndarray) -> np.ndarray:
    """Quotients, float32 (K,); 0 for a column that is already solved."""
    found = np.zeros(len(numerators))
    np.divide(numerators, denominators, out=found, where=denominators > 0)
    return found.astype(np.float32)


def columns(dim: int) -> Iterator[slice]:
    """The columns that are solved at a time."""
    for begin in range(0, dim, COLUMNS):
        yield slice(begin, min(begin + COLUMNS, dim))
