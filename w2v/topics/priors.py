"""Updates that fit the Dirichlet priors of LDA to the sampled topics.

Sources: Minka 2000, "Estimating a Dirichlet distribution", equation 55, a fixed-point iteration on
the likelihood of the counts; Wallach, Mimno and McCallum 2009, "Rethinking LDA: why priors matter",
who find that an asymmetric prior of topics in documents helps, and one of words in topics does not.
"""

from __future__ import annotations

import numpy as np

LEAST = 1e-5  # smallest prior: with 0, a topic without tokens could never be drawn again


def update_alpha(alpha: np.ndarray, sums: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """One fixed-point step of the prior of topics in documents; returns float64 (K,).

    alpha    float (K,)    the current prior
    sums     float64 (K,)  the sum of psi(n_dk + alpha_k) - psi(alpha_k) over all documents, which
             equals the sum of 1 / (j + alpha_k) over all documents and all n_dk > j >= 0
    lengths  int64 (M,)    n_d, the number of tokens of each document
    """
    from scipy.special import digamma

    alpha = alpha.astype(np.float64)
    total, (length, times) = alpha.sum(), np.unique(lengths, return_counts=True)
    return np.maximum(alpha * sums / (times @ (digamma(length + total) - digamma(total))), LEAST)


def update_eta(eta: float, word_topics: np.ndarray, totals: np.ndarray) -> float:
    """One fixed-point step of the symmetric prior of words in topics; returns the new prior.

    eta          float         the current prior
    word_topics  int32 (V, K)  n_wk, the number of tokens of each word with each topic
    totals       int (K,)      n_k, the number of tokens with each topic
    """
    from scipy.special import digamma

    words, above = len(word_topics), 0.0
    for row in range(0, words, 1 << 12):  # equal counts, mostly 0, are summed as one
        times = np.bincount(word_topics[row : row + (1 << 12)].ravel())
        counts = np.flatnonzero(times)
        above += times[counts] @ (digamma(counts + eta) - digamma(eta))
    below = words * (digamma(totals + words * eta) - digamma(words * eta)).sum()
    return max(float(eta * above / below), LEAST) if below else eta
