"""Permutation tests of two groups of runs, for many words at once, and q values.

The runs of two corpora differ by training noise and by chance of their texts, besides what really
changed. The test compares the distances between the groups with those within them, and with what
the same runs give if their labels, before and after, are permuted (Fisher 1935; for distances:
Anderson 2001):

    statistic = mean distance of runs of different groups - mean distance of runs of the same group
    p = (1 + number of other partitions with a statistic at least as large)
        / (1 + number of other partitions)

If all runs have the same distribution, p is at most a with a probability of a or less. q values
correct for many words: of the words with a q of at most a, the expected share of words that did not
change is a (Benjamini and Hochberg 1995).
"""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

_PARTITIONS = 10_000  # maximum number of partitions; of more, this number is drawn at random
_NUMBERS = 1 << 22  # statistics at a time
_ROUNDING = 1e-9  # differences of statistics that are rounding errors


def partitions(first: int, second: int) -> np.ndarray:
    """The ways to divide runs into groups of two sizes, bool (P, first + second).

    A row has True for the runs of the first group; row 0 is the given division: the first `first`
    runs. If both sizes are equal, each division is there once, not twice with exchanged names. Of
    more than 10,000 divisions, 9,999 are drawn at random with a fixed seed.
    """
    count = first + second
    equal = first == second
    if number_of_partitions(first, second) > _PARTITIONS:
        drawn = np.zeros((_PARTITIONS, count), np.bool_)
        drawn[:, :first] = True
        drawn[1:] = np.random.default_rng(1).permuted(drawn[1:], axis=1)
        return drawn
    # With equal sizes, run 0 is always in the first group.
    groups = [group for group in combinations(range(count), first) if not equal or group[0] == 0]
    found = np.zeros((len(groups), count), np.bool_)
    for row, group in zip(found, groups, strict=True):
        row[[*group]] = True
    return found


def number_of_partitions(first: int, second: int) -> int:
    """The number of ways to divide runs into groups of two sizes."""
    return comb(first + second, first) // (2 if first == second else 1)


def pairs(count: int) -> list[tuple[int, int]]:
    """All pairs of runs i < j, in the order in which distances are given."""
    return [*combinations(range(count), 2)]


def weights(groups: np.ndarray) -> np.ndarray:
    """The weights of the distances in the statistic of each partition, float64 (pairs, P).

    groups  bool (P, R), as `partitions` returns them
    """
    i, j = np.array(pairs(groups.shape[1])).T
    between = (groups[:, i] != groups[:, j]).T
    within = ~between
    # Without any pair within a group, the statistic is the mean distance between the groups.
    found: np.ndarray = between / between.sum(axis=0) - within / np.maximum(within.sum(axis=0), 1)
    return found


def p_values(distances: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The p value of each of W words, float64 (W,).

    distances  float (W, pairs), the distances of all pairs of runs, in the order of `pairs`
    groups     bool (P, R), as `partitions` returns them
    """
    by_partition, found = weights(groups), np.empty(len(distances))
    step = max(1, _NUMBERS // len(groups))
    for begin in range(0, len(distances), step):
        statistics = distances[begin : begin + step] @ by_partition
        extreme = statistics >= statistics[:, :1] - _ROUNDING
        found[begin : begin + step] = extreme.mean(axis=1)  # the given division counts too
    return found


def q_values(p: np.ndarray) -> np.ndarray:
    """The q value of each p value, float64 (W,): Benjamini and Hochberg's step-up procedure."""
    order = np.argsort(-p, kind="stable")
    ranks = np.arange(len(p), 0, -1)
    q = np.empty(len(p))
    q[order] = np.minimum.accumulate(np.minimum(p[order] * len(p) / ranks, 1))
    return q
