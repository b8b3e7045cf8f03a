"""Updates that fit the Dirichlet priors of LDA to the sampled topics.

Alpha is the prior of topics in documents, and eta the prior of words in topics. In formulas, n_k is
the number of tokens that have topic k. Of these, n_dk are in document d, and n_wk are tokens of
word w. n_d is the number of tokens of document d. psi is the digamma function. Arrays have M
documents, V words and K topics.

Sources: Minka 2000, "Estimating a Dirichlet distribution", equation 55, a fixed-point iteration on
the likelihood of the counts; Wallach, Mimno and McCallum 2009, "Rethinking LDA: why priors matter",
who find that an asymmetric prior of topics in documents helps, and one of words in topics does not.
"""

from __future__ import annotations

import math

import numpy as np

_SMALLEST_PRIOR = 1e-5  # With a prior of 0, a topic without tokens could never be drawn again.
_BLOCK_WORDS = 1 << 12  # words whose counts are tallied at a time
_LARGEST = 1 << 24  # of counts that are tallied in an array with an entry for each possible count
_TERMS = 10_000  # of a sum: OpenBLAS splits a longer one into as many parts as it has threads


def update_alpha(alpha: np.ndarray, sums: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """One fixed-point step of the prior of topics in documents; returns float64 (K,).

    alpha    float (K,)    the current prior
    sums     float64 (K,)  the sum of psi(n_dk + alpha_k) - psi(alpha_k) over all documents, which
             equals the sum of 1 / (j + alpha_k) over all documents and all j from 0 to n_dk - 1
    lengths  int64 (M,)    n_d, the number of tokens of each document
    """
    from scipy.special import digamma

    alpha = alpha.astype(np.float64)
    alpha_sum = alpha.sum()
    length, documents = np.unique(lengths, return_counts=True)  # psi once for each distinct length
    denominator = _dot(documents, digamma(length + alpha_sum) - digamma(alpha_sum))
    return np.maximum(alpha * sums / denominator, _SMALLEST_PRIOR)


def update_eta(eta: float, word_topics: np.ndarray, totals: np.ndarray) -> float:
    """One fixed-point step of the symmetric prior of words in topics; returns the new prior.

    eta          float         the current prior
    word_topics  int32 (V, K)  n_wk, the number of tokens of each word with each topic
    totals       int (K,)      n_k, the number of tokens with each topic

    Without tokens, the prior is returned unchanged.
    """
    from scipy.special import digamma

    words, numerator = len(word_topics), 0.0
    for row in range(0, words, _BLOCK_WORDS):
        # Most counts are 0 and many are equal: psi is computed once for each distinct count.
        counts, entries = _distinct(word_topics[row : row + _BLOCK_WORDS].ravel())
        numerator += _dot(entries, digamma(counts + eta) - digamma(eta))
    denominator = words * (digamma(totals + words * eta) - digamma(words * eta)).sum()
    if not denominator:
        return eta
    return max(float(eta * numerator / denominator), _SMALLEST_PRIOR)


def _distinct(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct numbers among counts, int (N,), and how often each of them occurs."""
    if counts.max(initial=0) > _LARGEST:
        return np.unique(counts, return_counts=True)
    entries = np.bincount(counts)
    found = np.flatnonzero(entries)
    return found, entries[found]


def _dot(first: np.ndarray, second: np.ndarray) -> float:
    """The sum of the products of two arrays (N,), the same on any number of threads."""
    parts = range(0, first.size, _TERMS)
    return math.fsum(first[at : at + _TERMS] @ second[at : at + _TERMS] for at in parts)
