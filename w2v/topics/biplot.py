"""Words and documents of an LSA in one space, and which of them are the most prominent.

With the truncated SVD X ≈ U Σ Vᵀ, words get the rows of V Σ^½, and documents those of U Σ^½. The
inner product of a word and a document is then the approximation of the word's weight in the
document.

Source: Gabriel 1971, "The biplot graphic display of matrices with application to principal
component analysis", with the two factors scaled alike. Deerwester et al. 1990 compare words with
documents in these coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from w2v.topics.topic_words import extreme_words

_BLOCK = 16  # topics whose columns are made contiguous at a time


def half_scaled(vectors: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The rows of U Σ^½ or V Σ^½, float64 (N, K); a column is zeros if its singular value is 0.

    vectors  float (N, K), rows of U Σ or V Σ
    values   float (K,), the singular values
    """
    with np.errstate(divide="ignore"):
        factors = np.where(values > 0, 1 / np.sqrt(np.abs(values, dtype=np.float64)), 0)
    scaled: np.ndarray = vectors * factors
    return scaled


def lengths(vectors: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The lengths of the rows of U Σ^½ or V Σ^½, float64 (N,).

    vectors  float (N, K), rows of U Σ or V Σ
    values   float (K,), the singular values
    """
    squares = np.zeros(len(vectors))
    for begin in range(0, values.size, _BLOCK):
        columns = slice(begin, begin + _BLOCK)
        squares += np.square(half_scaled(vectors[:, columns], values[columns])).sum(axis=1)
    return np.sqrt(squares)


def extreme_rows(vectors: np.ndarray, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The rows of words or documents at the two ends of each topic, as in `extreme_words`.

    vectors  float (N, K)
    count    the largest number of rows at an end
    """
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for begin in range(0, vectors.shape[1], _BLOCK):
        found += extreme_words(np.asfortranarray(vectors[:, begin : begin + _BLOCK]), count)
    return found


def prominent_rows(
    row_lengths: np.ndarray, ends: Sequence[tuple[np.ndarray, np.ndarray]], count: int
) -> np.ndarray:
    """At most `count` rows for a map, the longest first; int64.

    Half of them are the longest rows. Then follow the rows at the ends of the topics: the first row
    of each end, the second one of each, and so on. If these are few, further long rows follow.
    Rows of length 0 are left out.

    row_lengths  float (N,)
    ends         the rows at the two ends of each topic
    count        the largest number of rows
    """
    order = np.argsort(-row_lengths, kind="stable")
    order = order[row_lengths[order] > 0]
    chosen = dict.fromkeys(order[: count // 2].tolist())
    lists = [rows[row_lengths[rows] > 0].tolist() for pair in ends for rows in pair]
    for rank in range(max(map(len, lists), default=0)):
        chosen |= dict.fromkeys(rows[rank] for rows in lists if rank < len(rows))
    chosen = dict.fromkeys([*chosen][:count])
    for row in order.tolist():
        if len(chosen) >= count:
            break
        chosen.setdefault(row)
    rows = np.sort(np.fromiter(chosen, np.int64, len(chosen)))
    found: np.ndarray = rows[np.argsort(-row_lengths[rows], kind="stable")]
    return found
