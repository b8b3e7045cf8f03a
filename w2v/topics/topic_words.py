"""The topics of a model as weights of words, and the top words of each topic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class TopicWords:
    """The K topics of a model over V words.

    weights  float (V, K)  the weight of each word in each topic: p(word | topic) of LDA, or the
             entry of the singular vector of LSA
    sizes    float64 (K,)  the share of each topic; shares sum to 1
    alpha    float (K,)    the Dirichlet prior of each topic in a document; None for a model without
             a prior
    names    the name of each topic, "" for a topic without one; empty for a model without names
    """

    weights: np.ndarray
    sizes: np.ndarray
    alpha: np.ndarray | None = None
    names: Sequence[str] = ()

    def order(self) -> np.ndarray:
        """The numbers of the topics by descending size; int64 (K,)."""
        return np.argsort(-self.sizes, kind="stable")


def top_words(weights: np.ndarray, count: int) -> list[np.ndarray]:
    """The rows of the `count` words with the largest absolute weight, for each topic.

    weights  float (V, K)
    Returns  an array of rows for each topic, by descending weight; words of equal weight are in the
             order of their rows
    """
    return [_greatest(np.abs(column), count) for column in weights.T]


def extreme_words(weights: np.ndarray, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The rows of the `count` words with the largest, and those with the smallest weight.

    weights  float (V, K)
    Returns  for each topic, rows with positive weights by descending weight, and rows with negative
             weights by ascending weight
    """
    found = []
    for column in weights.T:
        ends = (_greatest(column, count), _greatest(-column, count))
        found.append((ends[0][column[ends[0]] > 0], ends[1][column[ends[1]] < 0]))
    return found


def _greatest(values: np.ndarray, count: int) -> np.ndarray:
    """The positions of the `count` largest values, by descending value."""
    if count < values.size:
        threshold = np.partition(values, values.size - count)[values.size - count]
        rows = np.flatnonzero(values >= threshold)
    else:
        rows = np.arange(values.size)
    return rows[np.argsort(-values[rows], kind="stable")][:count]
