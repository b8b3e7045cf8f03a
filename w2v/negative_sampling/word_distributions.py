"""Keep probabilities of subsampling and the noise distribution, from the counts of V words."""

from __future__ import annotations

import numpy as np

from w2v.kernels.alias_table import build_alias

Array = np.ndarray


def keep_probabilities(counts: Array, sample: float) -> Array:
    """The keep probability of each word in subsampling.

    counts   int64 (V,)
    sample   t, the subsampling threshold, a frequency from 0 to 1. With 0, all words are kept
    Returns  float64 (V,), at most 1

    A word of frequency f is kept with probability sqrt(t / f) + t / f, as in word2vec.c. In
    Mikolov et al. 2013b, eq. 5, the probability is sqrt(t / f). At f = 10 t, word2vec.c keeps a
    third more occurrences than the paper.
    """
    if sample == 0 or counts.size == 0:
        return np.ones(counts.size)
    ratio = sample * counts.sum() / np.maximum(counts, 1)
    return np.minimum(np.sqrt(ratio) + ratio, 1.0)


def keep_thresholds(counts: Array, sample: float) -> Array:
    """The keep probabilities as thresholds of 32-bit random numbers.

    counts, sample  as in `keep_probabilities`
    Returns         uint32 (V,); a word is kept if its random number is at most its threshold
    """
    return np.maximum(keep_probabilities(counts, sample) * 2.0**32 - 1, 0).astype(np.uint32)


def noise_probabilities(counts: Array, exponent: float) -> Array:
    """The noise distribution: counts ** exponent, normalised to the sum 1; float64 (V,).

    With a negative exponent, a word of the count 0 has the probability 0.

    Source: Mikolov et al. 2013b, section 2.2, where the exponent is 3/4.
    """
    weights = counts.astype(np.float64)
    weights[(weights == 0) & (exponent < 0)] = np.inf  # its power is 0
    weights **= exponent
    return weights / weights.sum()


def alias_table(probabilities: Array) -> Array:
    """The alias table of a distribution; uint64 (V,), see `draw_noise`."""
    size = probabilities.size
    threshold, alias = np.empty(size, np.uint32), np.empty(size, np.int32)
    build_alias(probabilities * size, threshold, alias, np.empty(size, np.int32))
    return threshold.astype(np.uint64) << np.uint64(32) | alias.astype(np.uint64)
