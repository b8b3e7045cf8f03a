"""How fast training moves the rows of word vectors towards their optimum, for the merge of rounds.

The loss of a pair of an input vector x and an output vector y has the second derivative
σ(1 - σ) y yᵀ with respect to x, and σ(1 - σ) x xᵀ with respect to y. Over the pairs of a row, y has
a mean ȳ and a spread around it, so that in the notation of `kernels.contraction`

    λ_u = lr c ‖ȳ‖²        in the direction u = ȳ / ‖ȳ‖
    λ   = lr c (mean of ‖y‖² - ‖ȳ‖²) / K

c is the mean of σ(1 - σ), and K the number of directions over which the spread is distributed. Both
are constants, chosen on 100 MB of Wikipedia so that the changes of 8 chunks agree with those of the
same chunks trained one after the other (tests/bench/rounds.py). The means are those of the noise
distribution, over its most probable words.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from w2v.kernels.composition import compose_words
from w2v.kernels.contraction import Contraction
from w2v.kernels.simd import WIDTH, aligned
from w2v.kernels.weighted_mean import weighted_mean
from w2v.negative_sampling.subword_rows import WordRows
from w2v.negative_sampling.word_distributions import keep_probabilities, noise_probabilities
from w2v.settings import NegativeSamplingSettings

CURVATURE = 0.1  # c
DIRECTIONS = 16  # K
_MOST_WORDS = 2000  # words over which means are taken, the most probable negative samples
_OTHER = {"input_vectors": "output_vectors", "output_vectors": "input_vectors"}


class Contractions:
    """The contractions of the input and output vectors of a model of words, round for round.

    counts         int64 (V,), the counts of the vocabulary
    settings       the settings of the model
    pairs_of_word  the pairs of each word of a text: of its input and of its output vector
    length         number of words in a chunk
    word_rows      the rows from which each word is composed; None: words are not composed
    """

    def __init__(
        self,
        counts: np.ndarray,
        settings: NegativeSamplingSettings,
        pairs_of_word: tuple[int, int],
        length: int,
        word_rows: WordRows | None,
    ):
        frequencies = counts / max(counts.sum(), 1)
        kept = frequencies * keep_probabilities(counts, settings.sample) * length
        noise = noise_probabilities(counts, settings.noise_exponent)
        targets = kept + noise * kept.sum() * settings.negative
        self._words = np.argsort(-noise, kind="stable")[:_MOST_WORDS].astype(np.int32)
        weights = noise[self._words]
        self._weights = (weights / weights.sum()).astype(np.float32)
        self._word_rows = word_rows
        if word_rows:
            kept = np.bincount(word_rows.rows, np.repeat(kept, np.diff(word_rows.offsets)))
        inputs, outputs = pairs_of_word
        self._pairs = {
            "input_vectors": (inputs * kept).astype(np.float32),
            "output_vectors": (outputs * targets).astype(np.float32),
        }

    def at(self, matrices: Mapping[str, np.ndarray], lr: float) -> dict[str, Contraction]:
        """The contraction of each matrix in a round.

        matrices  float32 (·, D), `input_vectors` and `output_vectors` before the round
        lr        the learning rate of the round
        """
        # The loss of a run that diverges is found to be infinite after the round.
        with np.errstate(over="ignore", invalid="ignore"):
            return {name: self._at(name, matrices, lr) for name in _OTHER}

    def _at(self, name: str, matrices: Mapping[str, np.ndarray], lr: float) -> Contraction:
        """The contraction of one matrix."""
        vectors, rows = self._probable(_OTHER[name], matrices[_OTHER[name]])
        registers, mean = vectors.shape[1] // WIDTH, aligned((1, vectors.shape[1]))
        square = weighted_mean(vectors, rows, self._weights, mean, registers, aligned((WIDTH,)))
        length = float(np.square(mean).sum())
        rates = np.array([max(square - length, 0.0) / DIRECTIONS, length], np.float32)
        if length > 0:
            mean /= np.float32(length**0.5)
        return Contraction(self._pairs[name], np.float32(lr * CURVATURE) * rates, mean)

    def _probable(self, name: str, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A matrix that has the vectors of these words, and the numbers of its rows."""
        if name == "output_vectors" or not self._word_rows:
            return matrix, self._words
        size, dim = self._words.size, matrix.shape[1]
        composed = aligned((size, dim))
        compose_words(matrix, *self._word_rows, self._words, size, composed, composed, dim // WIDTH)
        return composed, np.arange(size, dtype=np.int32)
