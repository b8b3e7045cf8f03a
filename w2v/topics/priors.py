"""Updates of the Dirichlet priors of LDA, so that they fit the sampled topics.

Source: Minka 2000, "Estimating a Dirichlet distribution", equation 55, a fixed point of the
likelihood of the counts; Wallach, Mimno and McCallum 2009, "Rethinking LDA: why priors matter": an
asymmetric prior of topics in documents and a symmetric one of words in topics are worth it.
"""

from __future__ import annotations

import numpy as np

LEAST = 1e-5  # a prior of nothing would never let a topic come again


def update_alpha(alpha: np.ndarray, sums: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """A step towards the best prior of topics in documents; float64 (K,).

    alpha    float (K,)
    sums     float64 (K,)  the sum of 1 / (j + alpha_k) over all documents and all n_dk > j >= 0,
             which is that of psi(n_dk + alpha_k) - psi(alpha_k)
    lengths  int64 (M,)    n_d, of each document
    """
    from scipy.special import digamma

    alpha = alpha.astype(np.float64)
    total, (each, times) = alpha.sum(), np.unique(lengths, return_counts=True)
    return np.maximum(alpha * sums / (times @ (digamma(each + total) - digamma(total))), LEAST)


def update_eta(eta: float, word_topics: np.ndarray, totals: np.ndarray) -> float:
    """A step towards the best prior of words in topics.

    eta
    word_topics  int32 (V, K)  n_wk
    totals       int (K,)      n_k
    """
    from scipy.special import digamma

    words, above = len(word_topics), 0.0
    for row in range(0, words, 1 << 12):  # equal counts together: most are 0
        times = np.bincount(word_topics[row : row + (1 << 12)].ravel())
        each = np.flatnonzero(times)
        above += times[each] @ (digamma(each + eta) - digamma(eta))
    below = words * (digamma(totals + words * eta) - digamma(words * eta)).sum()
    return max(float(eta * above / below), LEAST) if below else eta
