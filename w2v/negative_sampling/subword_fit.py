"""Subwords for finished word vectors: rows of n-grams by regression, and own rows that fit them.

The rows of the n-grams are fitted to the vectors without the words' own rows, because
out-of-vocabulary words have none; see `ngram_regression`. The mean of the vectors is subtracted
first and added to every row afterwards, so that the ridge draws vectors to the mean, not to zero.
The own row of each word is then set so that the word has its given vector.

To say how good the rows are, some words are held out of the fit. Their n-grams compose vectors that
are compared with the given ones. The rows are not fitted again with all words, so that the figure
is that of the rows that are returned, and because a second fit would double the time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from w2v.embeddings.norms import unit_vectors
from w2v.embeddings.row_matrices import DenseMatrix
from w2v.embeddings.subwords import Subwords
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.kernels.simd import WIDTH, aligned
from w2v.negative_sampling.composer import own_rows
from w2v.negative_sampling.ngram_regression import COLUMNS, STEPS, NgramRegression, columns
from w2v.negative_sampling.subword_rows import WordRows, number_ngrams
from w2v.settings import FEWEST_BUCKETS, SubwordSettings
from w2v.system.progress import duration, plural
from w2v.system.resources import readable, rounded_down

KERNELS = ("composition", "ngrams")  # modules of the kernels that a fit compiles
MOST_HELD_OUT = 1000
_HELD_OUT_SHARE = 20  # one of so many words is held out by default
_LARGEST = float(np.finfo(np.float32).max) / 8


@dataclass(frozen=True)
class FittedSubwords:
    """Word vectors with subwords, and how good the rows of the n-grams are.

    table     the words with their vectors, float32, and with the subwords
    subwords  the subwords of the table
    held_out  number of words that were held out of the fit
    composed  number of these words that have an n-gram with a row
    cosine    mean cosine of their composed and their given vectors; NaN if there are none
    centered  the same after the mean of all vectors is subtracted from both
    """

    table: Table
    subwords: Subwords
    held_out: int
    composed: int
    cosine: float
    centered: float

    @property
    def ngrams(self) -> int:
        """The number of rows of n-grams."""
        return self.subwords.ngram_count


class SubwordFit:
    """A fit of n-gram rows to the vectors of a table.

    table     the words and their vectors
    settings  lengths of n-grams, buckets, and in how many words an n-gram must occur
    held_out  number of words to hold out of the fit; None: one of 20 words, at most 1,000
    threads   number of worker threads; the result does not depend on it
    Raises    W2VError if the table has no words to fit, or if its vectors are too large
    """

    def __init__(self, table: Table, settings: SubwordSettings, held_out: int | None, threads: int):
        self._table, self._settings, self._threads = table, settings, threads
        norms = table.exact_norms(slice(None))
        fits = np.isfinite(norms) & (norms > 0)
        self._buckets, self._word_rows = number_ngrams(table.names, settings)
        lengths = np.diff(self._word_rows.offsets)
        fits &= lengths > 1
        self._check(fits, norms, lengths)
        self._held = _held_out(np.flatnonzero(fits), held_out)
        fits[self._held] = False
        self._fitted = np.flatnonzero(fits)
        self._keep_ngrams_of(self._fitted)
        self._scale = float(norms[self._fitted].max())

    def _check(self, fits: np.ndarray, norms: np.ndarray, lengths: np.ndarray) -> None:
        """Raise a W2VError if no word can be fitted, or if an own row would not be finite."""
        if not fits.any():
            raise W2VError(
                f"none of the {fits.size:,} words has both a vector with a direction and n-grams "
                f"of {self._settings.subwords} characters: try fewer characters, such as "
                "--subwords 1-6, or a lower --subword-min-count"
            )
        if (norms[fits].astype(np.float64) * lengths[fits]).max() > _LARGEST:
            raise W2VError(
                f"the longest vector is {norms[fits].max():.1e} long, which is too large to "
                "compute with: divide each vector by its length first, with w2v convert IN OUT "
                "--normalize"
            )

    def _keep_ngrams_of(self, words: np.ndarray) -> None:
        """Leave out the n-grams that occur in none of some words, because no row can be fitted."""
        count, (offsets, rows, _) = len(self._table), self._word_rows
        occurs = np.zeros(count + self._buckets.size, np.bool_)
        occurs[self._word_rows.take(words).rows] = True
        occurs[:count] = True  # own rows
        if occurs.all():
            return
        kept = occurs[rows]
        ends = np.concatenate([[0], np.cumsum(kept)])[offsets]
        numbers = np.cumsum(occurs, dtype=np.int32) - np.int32(1)
        self._word_rows = WordRows.of_means(ends, numbers[rows[kept]])
        self._buckets = self._buckets[occurs[count:]]

    @property
    def ngrams(self) -> int:
        """G, the number of n-grams that get a row."""
        return int(self._buckets.size)

    @property
    def words(self) -> int:
        """The number of words whose vectors the n-grams are fitted to."""
        return len(self._fitted)

    def memory_bytes(self) -> int:
        """Bytes that the fit needs, besides those that are already in use."""
        return self._bytes_with(self.ngrams)

    def _bytes_with(self, ngrams: int) -> int:
        """Bytes that the fit needs if there are so many n-grams."""
        words, uses = len(self._table), self._word_rows.rows.size
        matrices = 4 * (2 * words + ngrams) * self._table.dim
        # The rows, residual, direction and product of n-grams, and six arrays of words.
        blocks = 4 * COLUMNS * (4 * ngrams + 6 * words)
        return matrices + blocks + 24 * uses

    def check_memory(self, available: int | None) -> None:
        """Raise a W2VError with advice if the fit needs more memory than is available.

        available  bytes; None: not known
        """
        needed = self.memory_bytes()
        if available is None or needed <= available:
            return
        for_ngrams = (available - self._bytes_with(0)) / (self._bytes_with(1) - self._bytes_with(0))
        buckets = rounded_down(0.9 * for_ngrams)
        advice = (
            f"hash the n-grams to fewer rows with --buckets {buckets}"
            if buckets >= FEWEST_BUCKETS
            else "keep only the most frequent words, with w2v convert IN OUT --limit N"
        )
        raise W2VError(
            f"fitting {self.ngrams:,} n-grams needs {readable(needed)} more memory, but only "
            f"{readable(available)} are free: {advice}"
        )

    def run(self, show: Callable[[str], None]) -> FittedSubwords:
        """Fit the rows.

        show  called with the progress as a text, such as " 40.0%  12.3 s left"
        """
        table, count = self._table, len(self._table)
        wanted = np.ascontiguousarray(table.vectors(slice(None)), np.float32)
        vectors = np.zeros((count + self.ngrams, table.dim), np.float32)
        mean = wanted[self._fitted].mean(axis=0, dtype=np.float64)
        lists = self._ngram_lists(self._fitted)
        regression = NgramRegression(*lists, self.ngrams, self._threads)
        progress = _Shares(math.ceil(table.dim / COLUMNS), show)
        for part in columns(table.dim):
            block = self._solve(regression, wanted[:, part], mean[part], progress)
            vectors[:, part] = block[:, : part.stop - part.start]
            progress.end_block()
        subwords = Subwords(
            DenseMatrix(vectors), count, *self._settings.ngram_lengths,
            self._settings.bucket_count, self._buckets,
        )  # fmt: skip
        table = Table(
            wanted, table.norms, table.text, table.offsets, table.order, table.counts,
            table.normalize, subwords,
        )  # fmt: skip
        return self._judged(table, subwords, mean)

    def _ngram_lists(self, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The n-grams of some words, as `NgramRegression` takes them."""
        offsets, rows, _ = self._word_rows.take(words)
        is_own = np.zeros(rows.size, np.bool_)
        is_own[offsets[:-1]] = True
        return offsets - np.arange(offsets.size), rows[~is_own] - np.int32(len(self._table))

    def _solve(
        self, regression: NgramRegression, wanted: np.ndarray, mean: np.ndarray, progress: _Shares
    ) -> np.ndarray:
        """The rows of words and n-grams in some columns, float32 (V + G, K padded).

        wanted  float32 (V, K)
        mean    float64 (K,), the mean of the vectors
        """
        count, size = wanted.shape
        width = -(-size // WIDTH) * WIDTH
        block, targets = aligned((count + self.ngrams, width)), aligned((len(self._fitted), width))
        targets[:, :size] = (wanted[self._fitted] - mean) / self._scale
        regression.solve(targets, block[count:], progress.step)
        block[count:] *= np.float32(self._scale)
        block[count:, :size] += mean.astype(np.float32)
        padded = np.zeros((count, width), np.float32)
        padded[:, :size] = wanted
        with np.errstate(invalid="ignore"):  # vectors that are not finite stay so
            block[:count] = own_rows(block, self._word_rows, np.ones(count, np.bool_), padded)
        return block

    def _judged(self, table: Table, subwords: Subwords, mean: np.ndarray) -> FittedSubwords:
        """The result: compare the vectors that the n-grams of the held-out words compose."""
        own = np.full(len(self._held), -1)
        composed = subwords.compose_rows(table.text, table.offsets, self._held, own)
        found = composed.any(axis=1)
        number, given = int(found.sum()), table.vectors(self._held[found])
        cosine = _mean_cosine(given, composed[found])
        centered = _mean_cosine(given - mean, composed[found] - mean)
        return FittedSubwords(table, subwords, len(self._held), number, cosine, centered)


def _mean_cosine(first: np.ndarray, second: np.ndarray) -> float:
    """The mean cosine of the rows of two arrays (K, D); NaN if there are none."""
    if not len(first):
        return math.nan
    directions = (unit_vectors(rows.astype(np.float32)) for rows in (first, second))
    return float(np.einsum("rd,rd->r", *directions).mean())


class _Shares:
    """Shows the share of a fit that is done, and the time left.

    blocks  number of blocks of columns
    show    see `SubwordFit.run`
    """

    def __init__(self, blocks: int, show: Callable[[str], None]):
        self._blocks, self._show, self._done, self._began = blocks, show, 0, time.monotonic()

    def step(self, number: int) -> None:
        """Show the progress after a step of the present block."""
        share = (self._done + number / STEPS) / self._blocks
        left = (time.monotonic() - self._began) * (1 - share) / share
        self._show(f"fitting n-grams  {share:6.1%}  {duration(left)} left")

    def end_block(self) -> None:
        """Count a block, which may have needed fewer steps."""
        self._done += 1


def _held_out(words: np.ndarray, count: int | None) -> np.ndarray:
    """Some of the words int64 (K,), at equal distances, so that all frequencies are among them."""
    most = min(len(words) // _HELD_OUT_SHARE, MOST_HELD_OUT) if count is None else count
    if most >= max(len(words), 1):
        raise W2VError(
            f"--held-out {most}: only {plural(len(words), 'word')} can be fitted: hold fewer of "
            "them out"
        )
    places = (2 * np.arange(most) + 1) * len(words) // (2 * max(most, 1))
    held: np.ndarray = words[places]
    return held
