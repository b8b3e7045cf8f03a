"""Combining the vectors of several runs: `w2v.combine`."""

from __future__ import annotations

from collections.abc import Iterable

from w2v.alignment import combination
from w2v.errors import W2VError
from w2v.given_vectors import given_vectors
from w2v.vectors import Vectors


def combine(runs: Iterable[Vectors], *, side_by_side: bool = False) -> Vectors:
    """Combine the vectors of several runs into better ones, as the command `w2v combine` does.

    runs          vectors of two or more runs with the same settings and other seeds
    side_by_side  whether to put their unit vectors side by side, so that the dimensions add up, and
                  a cosine is the mean of those of the runs. If not, the result is their mean after
                  rotations that bring them together
    Returns       new `Vectors`: of the words that all runs have, in the order of the first one
    Raises        W2VError if there are fewer than two runs, no common words, or other dimensions

        runs = [w2v.train("corpus.txt", seed=seed) for seed in (1, 2, 3)]
        w2v.combine(runs).save("combined.safetensors")
    """
    given = given_vectors(runs, "runs")
    if len(given) < 2:  # noqa: PLR2004
        raise W2VError("runs: one run has nothing to be combined with: give two or more")
    tables = [each._table for each in given]
    method = combination.side_by_side if side_by_side else combination.mean_of_runs
    return Vectors._of(method(tables).table, given[0]._name, "")
