"""Words whose vectors moved between two groups of runs: runs before and runs after.

The distance of two runs for a word is 1 - cos of its vectors, after the rotation of one run to the
other by all common words (Hamilton, Leskovec and Jurafsky 2016, "Diachronic Word Embeddings Reveal
Statistical Laws of Semantic Change"). A word is scored by the distance of runs of different groups
beyond that of runs of the same group, and tested by permutations, see `permutation_test`.

The share of nearest neighbours that two runs do not have in common (Gonen et al. 2020) found fewer
planted changes in every setting that was tried: see the table in the manual, `manual/runs.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from w2v.alignment import permutation_test
from w2v.alignment.aligned_vectors import rotated_cosines, unit_products
from w2v.alignment.common_words import CommonWords
from w2v.alignment.rotations import rotation
from w2v.embeddings.table import Table
from w2v.errors import W2VError

_SHOWN = 5  # neighbours of a word that are shown
_ROWS = 1024  # rows of a table, whose unit vectors are computed at a time
_SCORES = 1 << 22  # cosines computed at a time for the neighbours that are shown
_FEWEST = 2  # common words


class DriftedWord(NamedTuple):
    """A word and how far its vector moved.

    word     the word
    score    between - within: the change beyond the differences of runs of the same group
    between  mean distance, 1 - cosine, of a run before and a run after
    within   mean distance of two runs of the same group; None if each group has one run
    p        p value of the permutation test; None if each group has one run
    q        p value corrected for the number of words; None if each group has one run
    before   the nearest words by the mean cosine over the runs before
    after    the nearest words by the mean cosine over the runs after
    """

    word: str
    score: float
    between: float
    within: float | None
    p: float | None
    q: float | None
    before: list[str]
    after: list[str]


@dataclass(frozen=True)
class Drift:
    """The words that moved most.

    words       the words with the largest scores, the largest first
    tested      number of words that were tested
    divisions   number of divisions of the runs into two groups, of which one is the given one; 1 if
                each group has one run, so that there is no test
    is_drawn    whether these are a random part of all divisions
    """

    words: list[DriftedWord]
    tested: int
    divisions: int
    is_drawn: bool


def common_words(tables: Sequence[Table], min_count: int | None = None) -> CommonWords:
    """The words that all tables have, with vectors that have a direction.

    min_count  leave out words that occur less often in a table; None: no limit
    Raises     W2VError if the tables have other numbers of dimensions, if a table has no counts,
               which `min_count` needs, or if there are fewer than two words
    """
    dims = [table.dim for table in tables]
    if len(set(dims)) > 1:
        raise W2VError(
            f"the files have {', '.join(f'{dim:,}' for dim in dims)} dimensions: give runs with "
            "the same --dim"
        )
    words = CommonWords.of(tables).with_directions(tables)
    shared = len(words)
    if min_count is not None:
        enough = np.ones(len(words), np.bool_)
        for table, rows in zip(tables, words.rows, strict=True):
            if table.counts is None:
                raise W2VError("--min-count: a file has no word counts: leave out --min-count")
            enough &= table.counts[rows] >= min_count
        words = CommonWords(words.rows[:, enough])
    if len(words) < _FEWEST <= shared:
        common = "only one" if len(words) else "none"
        raise W2VError(
            f"--min-count {min_count}: of {shared:,} words that the files share, {common} occurs "
            "as often in each: lower --min-count"
        )
    if len(words) < _FEWEST:
        common = "one word" if len(words) else "no words"
        raise W2VError(f"the files share {common} to compare: give vectors of the same language")
    return words


def drift(
    before: Sequence[Table],
    after: Sequence[Table],
    words: CommonWords,
    top: int | None = 20,
    tested: np.ndarray | None = None,
) -> Drift:
    """The words whose vectors moved most between two groups of runs.

    before, after  the tables of the runs, one or more in each group, with the same dimensions
    words          the common words of all these tables, in this order; the rotations are fitted to
                   all of them
    top            number of words to return; None: all
    tested         int64, the positions of the words to test; None: all common words
    """
    tables, places = [*before, *after], np.arange(len(words)) if tested is None else tested
    distances = _distances(tables, words)[places]
    groups = permutation_test.partitions(len(before), len(after))
    scores = distances @ permutation_test.weights(groups[:1])[:, 0]
    first, second = np.array(permutation_test.pairs(len(tables))).T
    between = distances[:, (first < len(before)) & (second >= len(before))].mean(axis=1)
    has_test = len(groups) > 1
    p = permutation_test.p_values(distances, groups) if has_test else np.empty(0)
    q = permutation_test.q_values(p)
    order = np.argsort(-np.round(scores, 9), kind="stable")[:top]
    shown_before = _nearest(before, words.rows[: len(before)], places[order])
    shown_after = _nearest(after, words.rows[len(before) :], places[order])

    def names(positions: Sequence[int]) -> list[str]:
        """The words at some positions."""
        return [tables[0].name(int(words.rows[0, at])) for at in positions]

    found = [
        DriftedWord(
            names([places[at]])[0],
            float(scores[at]),
            float(between[at]),
            float(between[at] - scores[at]) if has_test else None,
            float(p[at]) if has_test else None,
            float(q[at]) if has_test else None,
            names(shown_before[number]),
            names(shown_after[number]),
        )
        for number, at in enumerate(order.tolist())
    ]
    possible = permutation_test.number_of_partitions(len(before), len(after))
    return Drift(found, len(places), len(groups), possible > len(groups))


def _distances(tables: Sequence[Table], words: CommonWords) -> np.ndarray:
    """1 - cos of each word for each pair of runs after a rotation, float64 (N, pairs)."""
    pairs = permutation_test.pairs(len(tables))
    found = np.empty((len(words), len(pairs)))
    for number, (i, j) in enumerate(pairs):
        rows = words.rows[[i, j]]
        matrix = rotation(unit_products(tables[i], tables[j], rows))
        found[:, number] = 1 - rotated_cosines(tables[i], tables[j], matrix, rows)
    return found


def _nearest(tables: Sequence[Table], rows: np.ndarray, places: np.ndarray) -> list[list[int]]:
    """The positions of the words with the largest mean cosine to each of some words.

    rows    int64 (R, N), the rows of all words in each table
    places  int64, the positions of the words
    """
    count = rows.shape[1]
    found: list[list[int]] = []
    step = max(1, _SCORES // count)
    for begin in range(0, len(places), step):
        part = places[begin : begin + step]
        cosines = np.zeros((len(part), count), np.float32)
        for table, of_table in zip(tables, rows, strict=True):
            own = table.units(of_table[part])
            for first in range(0, count, _ROWS):
                block = slice(first, first + _ROWS)
                cosines[:, block] += own @ table.units(of_table[block]).T
        cosines[np.arange(len(part)), part] = -np.inf
        order = np.argsort(-cosines, axis=1, kind="stable")[:, : min(_SHOWN, count - 1)]
        found += order.tolist()
    return found
