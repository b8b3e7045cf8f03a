"""Words whose vectors moved between two groups of runs: `w2v.drift`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from w2v.alignment import drift as drift_of_tables
from w2v.alignment.drift import DriftedWord
from w2v.errors import W2VError
from w2v.given_vectors import given_vectors
from w2v.system import python_arguments
from w2v.vectors import Vectors


def drift(
    before: Vectors | Iterable[Vectors],
    after: Vectors | Iterable[Vectors],
    *,
    top: int | None = 20,
    min_count: int | None = None,
    only: Iterable[str] | None = None,
) -> list[DriftedWord]:
    """Find the words whose use changed between two corpora, as the command `w2v drift` does.

    before, after  the vectors of one run or of several, best each trained on another random part of
                   its corpus
    top            number of words to return, those with the largest scores; None: all
    min_count      leave out words that occur less often in the text of a run; None: no limit
    only           the words to test; None: all words that all runs have
    Returns        tuples (word, score, between, within, p, q, before, after), the largest score
                   first. p and q are None if each group has only one run
    Raises         W2VError if the runs have other dimensions, or no words in common

        before = [w2v.train(part) for part in ("old1.txt", "old2.txt", "old3.txt", "old4.txt")]
        after = [w2v.train(part) for part in ("new1.txt", "new2.txt", "new3.txt", "new4.txt")]
        w2v.drift(before, after, top=10)
    """
    groups = [given_vectors(before, "before"), given_vectors(after, "after")]
    for what, group in zip(("before", "after"), groups, strict=True):
        if not group:
            raise W2VError(f"{what}: expected w2v.Vectors of one run or several, found none")
    tables = [[each._table.without_subwords() for each in group] for group in groups]
    limit = None if min_count is None else python_arguments.whole(min_count, "min_count", 0)
    count = None if top is None else python_arguments.whole(top, "top", 1)
    words = drift_of_tables.common_words([*tables[0], *tables[1]], limit)
    tested = None
    if only is not None:
        rows = [tables[0][0].find(word) for word in python_arguments.words(only, "only")]
        tested = np.flatnonzero(np.isin(words.rows[0], [row for row in rows if row is not None]))
        if not tested.size:
            raise W2VError("only: none of the words is in all runs")
    return drift_of_tables.drift(tables[0], tables[1], words, count, tested).words
