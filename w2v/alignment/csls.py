"""CSLS: cosines between the words of two spaces, corrected for words that are near to everything.

In high dimensions, some words (hubs) are among the nearest neighbours of very many others. Between
the spaces of two languages, the nearest neighbour of a word is therefore often a hub, and not its
translation. Cross-domain similarity local scaling corrects for it:

    CSLS(x, y) = 2 cos(x, y) - r_target(x) - r_source(y)

x is a word of the source, in the space of the target, and y a word of the target. r_target(x) is
the mean cosine of x to its K = 10 nearest words of the target, and r_source(y) that of y to its 10
nearest words of the source, which is large for hubs.
Source: Conneau et al. 2018, "Word Translation Without Parallel Data", section 2.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from w2v.embeddings.search import Search
from w2v.embeddings.table import Table

NEAREST = 10  # K
_QUERIES = 1 << 13  # words whose nearest ones are searched at a time, to bound the memory


def mean_cosines(search: Search, table: Table, rows: np.ndarray | None = None) -> np.ndarray:
    """The mean cosine of words to their 10 nearest ones, float64 (R,).

    search  has the words that are searched; its `k` is not used
    table   the table of the words, in the same space
    rows    int64 (R,), the rows of the words; None: all rows of the table
    Returns 0 for a word without a direction, and if no words are searched
    """
    nearest = replace(search, k=NEAREST, min_score=None, hubness=None)
    count = len(table) if rows is None else len(rows)
    means = np.zeros(count)
    for begin in range(0, count, _QUERIES):
        part = slice(begin, min(begin + _QUERIES, count))
        units = table.units(part if rows is None else rows[part])
        means[part] = _means(nearest, units[:, None])
    return means


def _means(nearest: Search, vectors: np.ndarray) -> np.ndarray:
    """The mean score of the answers to each query, float64 (Q,); 0 without answers.

    vectors  float32 (Q, 1, D)
    """
    answers = nearest.nearest(vectors, [[]] * len(vectors))
    sums = [sum(score for _, score in answer) / max(len(answer), 1) for answer in answers]
    return np.array(sums)


@dataclass(frozen=True)
class CslsSearch(Search):
    """A search of the target, as `Search`, in which the score is CSLS, -4 to 4.

    The time of `between` grows with the product of the numbers of words of both tables. The memory
    does not: the cosines are computed in blocks.
    """

    @classmethod
    def between(
        cls, search: Search, source: Table, source_rows: np.ndarray | None = None
    ) -> CslsSearch:
        """Make a search by CSLS of a search by cosines.

        search       the search of the target
        source       the table of the source, in the space of the target
        source_rows  int64, sorted: the words of the source that r_source is computed from; None:
                     all
        """
        hubness = mean_cosines(Search(source, rows=source_rows), search.table, search.rows)
        return cls(search.table, search.k, search.rows, search.min_score, hubness)

    def nearest(
        self,
        vectors: np.ndarray,
        excluded: Sequence[Sequence[int]] | np.ndarray,
        signs: Sequence[str] = ("+",),
    ) -> list[list[tuple[int, float]]]:
        """The neighbours of each query of one term as pairs (row, CSLS), the best first.

        vectors   float32 (Q, 1, D)
        excluded  for each query, the rows that must not be returned
        signs     the sign of the only term, "+"
        """
        search = Search(self.table, self.k, self.rows, None, self.hubness)
        answers = search.nearest(vectors, excluded, signs)
        own = _means(Search(self.table, NEAREST, self.rows), vectors)
        least = -np.inf if self.min_score is None else self.min_score
        return [
            [(row, round(score - mean, 9)) for row, score in answer if score - mean >= least]
            for answer, mean in zip(answers, own.tolist(), strict=True)
        ]
