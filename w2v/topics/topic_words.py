"""The topics of a model, and the top words of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class TopicWords:
    """The topics of a model.

    weights  float (V, K)   what each word weighs in each topic: p(word | topic), or its place
    sizes    float64 (K,)   the share of each topic; they sum to 1
    alpha    float (K,)     its prior; or None
    """

    weights: np.ndarray
    sizes: np.ndarray
    alpha: np.ndarray | None = None

    def order(self) -> np.ndarray:
        """The topics' numbers, the largest first; int64 (K,)."""
        return np.argsort(-self.sizes, kind="stable")


def top_words(weights: np.ndarray, count: int) -> list[np.ndarray]:
    """The rows of the words of the greatest weight, whatever its sign, for each topic.

    weights  float (V, K); of equal words the first comes first
    """
    return [_greatest(np.abs(column), count) for column in weights.T]


def _greatest(values: np.ndarray, count: int) -> np.ndarray:
    """Where the greatest values are, the greatest first."""
    if count < values.size:
        least = np.partition(values, values.size - count)[values.size - count]
        rows = np.flatnonzero(values >= least)
    else:
        rows = np.arange(values.size)
    return rows[np.argsort(-values[rows], kind="stable")][:count]
