"""Diversity of the topics of a model, and the agreement of two models, by their top words.

Sources: Dieng, Ruiz and Blei 2020, "Topic modeling in embedding spaces", for topic diversity;
Greene, O'Callaghan and Cunningham 2014, "How many topics? Stability analysis for topic models", for
the agreement. They compare models of samples of the documents. Here the models have the same
documents and different seeds.

A topic is the ranked list of the numbers of its top words, by descending weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

DIVERSITY_WORDS = 25  # top words of each topic, as in Dieng, Ruiz and Blei 2020
STABILITY_WORDS = 20  # top words of each topic


def topic_diversity(topics: Sequence[np.ndarray]) -> float:
    """The share of different words among the top words of all topics, from 1 / K to 1.

    topics  int (n,) for each of the K topics
    """
    words = np.concatenate([topic[:DIVERSITY_WORDS] for topic in topics])
    return np.unique(words).size / words.size


def average_jaccard(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> np.ndarray:
    """The similarity of each topic of one model to each of another, from 0 to 1; float64 (K, L).

    first   int (n,) for each of K topics
    second  int (n,) for each of L topics; all lists have the same length

    It is the mean, over d = 1 to n, of the Jaccard coefficient of the first d words of both lists.
    First words therefore count more than last ones.
    """
    ranked = np.array([topic[:STABILITY_WORDS] for topic in second])
    length = ranked.shape[1]
    depths = np.arange(1, length + 1)
    similarities = np.empty((len(first), len(second)))
    for row, topic in enumerate(first):
        is_same = topic[:length, None] == ranked[:, None, :]  # (topic, word of first, of second)
        # The depth from which on both lists have a word; n + 1: never.
        from_depth = np.maximum(depths, 1 + is_same.argmax(axis=2))
        from_depth[~is_same.any(axis=2)] = length + 1
        shared = (from_depth[..., None] <= depths).sum(axis=1)
        similarities[row] = (shared / (2 * depths - shared)).mean(axis=1)
    return similarities


def agreement(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> float:
    """The agreement of two models, from 0 to 1: the mean similarity of matched topics.

    first, second  as in `average_jaccard`

    Each topic is matched with at most one of the other model, so that the sum of the similarities
    is the largest possible (the Hungarian method).
    """
    from scipy.optimize import linear_sum_assignment

    similarities = average_jaccard(first, second)
    return float(similarities[linear_sum_assignment(similarities, maximize=True)].mean())


def stability(models: Sequence[Sequence[np.ndarray]]) -> float | None:
    """The mean agreement of each two models, from 0 to 1; None for fewer than two models.

    models  the topics of each model
    """
    pairs = [agreement(first, second) for first, second in combinations(models, 2)]
    return sum(pairs) / len(pairs) if pairs else None
