"""Comparison of several vector files: confidence intervals, p-values and shared neighbours.

All scores are computed over the items, word pairs or analogy questions, that all files can answer.
Confidence intervals are by the bootstrap (Efron 1979). Each file is compared with the first one on
the same items: correlations by the bootstrap of their difference, accuracies by McNemar's exact
test (1947).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from w2v.embeddings.search import Search
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.evaluation.analogies import AnalogyResult, totals
from w2v.evaluation.similarity import similarity

_DRAWS = 1000  # bootstrap samples
_LEVEL = 95  # per cent, of the confidence intervals


@dataclass(frozen=True)
class Compared:
    """The score of one of several files on an evaluation set.

    set       the name of the set; for analogies followed by ", semantic" and so on
    items     the number of items that all files can answer
    score     Spearman's correlation, or the accuracy of analogies; None if it is not defined
    interval  the 95 % confidence interval of the score
    p         the p-value of its difference from the score of the first file; None for that file
    """

    set: str
    items: int
    score: float | None
    interval: tuple[float, float] | None
    p: float | None


def by_pairs(tables: Sequence[Table], path: str, restrict: int) -> list[Compared]:
    """Score each table on a set of word pairs with human scores.

    path      the set; see `similarity.similarity`
    restrict  use only the first words of each table
    """
    results = [similarity(table, path, restrict) for table in tables]
    common = results[0].found
    for result in results[1:]:
        common = np.intersect1d(common, result.found)
    cosines = [result.cosines[np.isin(result.found, common)] for result in results]
    scores = results[0].scores[np.isin(results[0].found, common)]

    def correlations(sample: np.ndarray) -> list[float]:
        wanted = _ranks(scores[sample])
        return [_correlation(_ranks(each[sample]), wanted) for each in cosines]

    return _compared(path, len(tables), correlations, common.size, paired=None)


def on_common(answered: Sequence[Sequence[AnalogyResult]]) -> list[list[AnalogyResult]]:
    """The same results, with questions that some table cannot answer marked as not answerable.

    answered  for each table its results, section by section
    """
    restricted: list[list[AnalogyResult]] = [[] for _ in answered]
    for results in zip(*answered, strict=True):
        outcomes = np.stack([result.outcomes for result in results])
        common = np.where((outcomes >= 0).all(axis=0), outcomes, -1)
        for own, row in zip(restricted, common, strict=True):
            own.append(AnalogyResult(results[0].section, row))
    return restricted


def by_questions(answered: Sequence[Sequence[AnalogyResult]], path: str) -> list[list[Compared]]:
    """Score several tables on a set of analogies: the semantic, the syntactic and all questions.

    answered  for each table its results, section by section
    path      the set
    Returns   for each of the three groups the scores of all tables
    """
    from scipy.stats import binomtest

    found = []
    for results in zip(*map(totals, on_common(answered)), strict=True):
        right = np.stack([result.outcomes[result.outcomes >= 0] > 0 for result in results])

        def accuracies(sample: np.ndarray, right: np.ndarray = right) -> list[float]:
            """The accuracy of each table on a sample of the questions."""
            return right[:, sample].mean(axis=1).tolist()

        def mcnemar(first: int, other: int, right: np.ndarray = right) -> float:
            first_only = int((right[first] & ~right[other]).sum())
            different = int((right[first] != right[other]).sum())
            return float(binomtest(first_only, different).pvalue) if different else 1.0

        name = f"{path}, {results[0].section}"
        found.append(_compared(name, len(answered), accuracies, right.shape[1], mcnemar))
    return found


def _compared(
    name: str,
    files: int,
    scores: Callable[[np.ndarray], list[float]],
    items: int,
    paired: Callable[[int, int], float] | None,
) -> list[Compared]:
    """Scores with confidence intervals and p-values, one for each file.

    scores  computes the score of each file from the numbers of the items in a sample
    items   the number of items
    paired  computes the p-value of two files; None: by the bootstrap
    """
    rng, nothing = np.random.default_rng(1), Compared(name, items, None, None, None)
    whole = np.array(scores(np.arange(items)) if items > 1 else [np.nan] * files)
    if not np.isfinite(whole).all():
        return [nothing] * files
    draws = np.array([scores(rng.integers(items, size=items)) for _ in range(_DRAWS)])
    edges = (100 - _LEVEL) / 2
    found = []
    for number, score in enumerate(whole):
        low, high = np.nanpercentile(draws[:, number], [edges, 100 - edges])
        p = None
        if number:
            p = paired(0, number) if paired else _two_sided(draws[:, number] - draws[:, 0])
        found.append(Compared(name, items, float(score), (float(low), float(high)), p))
    return found


def _two_sided(differences: np.ndarray) -> float:
    """The two-sided p-value of the hypothesis that the bootstrapped difference is 0.

    It is twice the share of samples on the rarer side of 0, where at least one sample is counted.
    """
    differences = differences[np.isfinite(differences)]
    share = float(min((differences <= 0).mean(), (differences >= 0).mean()))
    return min(1.0, 2 * max(share, 1 / (differences.size + 1)))


def _ranks(values: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    return rankdata(values)


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    lengths = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / lengths) if lengths else np.nan


def _directed_names(table: Table) -> set[str]:
    """The names whose vectors have a direction."""
    directed = table.has_direction().tolist()
    return {name for name, has in zip(table.names, directed, strict=True) if has}


def overlap(tables: Sequence[Table], words: int = 1000, k: int = 10) -> np.ndarray:
    """The share of the `k` nearest neighbours that two tables have in common, 0 to 1.

    words    average over so many words, the first of the first table that all tables have
    k        neighbours of a word, among the words that all tables have
    Returns  float (T, T), for each pair of tables
    Raises   W2VError if the tables have fewer than `k` + 1 words in common
    """
    names = [_directed_names(table) for table in tables]
    common = [name for name in tables[0].names if all(name in each for each in names)]
    if len(common) <= k:
        raise W2VError(
            f"the files share only {len(common)} words: {k + 1} or more are needed to compare "
            f"{k} nearest neighbours"
        )
    queries, near = common[:words], list[list[set[str]]]()
    for table in tables:
        rows = np.array([table.find(name) for name in common], np.int64)
        order = np.argsort(rows)
        own = rows[: len(queries)]
        vectors = table.vectors(own)[:, None]
        found = Search(table, k, rows[order]).nearest(vectors, own[:, None])
        near.append([{table.name(row) for row, _ in each} for each in found])
    shared = [[sum(len(a & b) for a, b in zip(x, y, strict=True)) for y in near] for x in near]
    return np.array(shared) / (k * len(queries))
