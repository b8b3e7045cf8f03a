"""Comparison of several vector files: confidence intervals, p-values and shared neighbours.

An item is a word pair or an analogy question. All scores are computed over the items whose words
are in all files. Confidence intervals are by the bootstrap (Efron 1979). Each file is compared with
the first one on these items: correlations by the bootstrap of their difference, accuracies by
McNemar's exact test (1947).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from w2v.embeddings.search import Search
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.evaluation.analogies import AnalogyResult, totals
from w2v.evaluation.similarity import similarity
from w2v.system.progress import plural

_DRAWS = 1000  # number of bootstrap samples
_LEVEL = 95  # per cent, of the confidence intervals


@dataclass(frozen=True)
class Compared:
    """The score of one of several files on an evaluation set.

    set       the name of the set; for analogies followed by ", semantic" and so on
    items     the number of items whose words are in all files
    total     the number of items of the set
    score     Spearman's correlation, or the accuracy of analogies; None if it is not defined
    interval  the 95 % confidence interval of the score
    p         the p-value of the difference from the first file's score; None for the first file,
              and where one of both scores is not defined
    found     the number of items whose words are in this file
    limits    the number of items that are not scored only because this file lacks a word
    composed  the number of scored items with a word that this file composes from n-grams
    """

    set: str
    items: int
    total: int
    score: float | None
    interval: tuple[float, float] | None
    p: float | None
    found: int = 0
    limits: int = 0
    composed: int = 0


def by_pairs(tables: Sequence[Table], path: str, restrict: int) -> list[Compared]:
    """Score each table on a set of word pairs with human scores.

    path      the set; see `similarity.similarity`
    restrict  number of words of each table to use, the first ones
    """
    results = [similarity(table, path, restrict) for table in tables]
    has = np.zeros((len(tables), max(result.pairs for result in results)), np.bool_)
    composed = np.zeros_like(has)
    for row, result in enumerate(results):
        has[row, result.found], composed[row, result.found] = True, result.composed
    common = np.flatnonzero(has.all(axis=0))
    cosines = [result.cosines[np.isin(result.found, common)] for result in results]
    scores = results[0].scores[np.isin(results[0].found, common)]

    def correlations(sample: np.ndarray) -> list[float]:
        """Spearman's correlation of each table on a sample of the pairs."""
        human_ranks = _ranks(scores[sample])
        return [_correlation(_ranks(values[sample]), human_ranks) for values in cosines]

    items = common.size, has.shape[1]
    compared = _compared(path, len(tables), correlations, *items, paired=None)
    return _with_coverage(compared, has, composed)


def _with_coverage(
    compared: Sequence[Compared], has: np.ndarray, composed: np.ndarray
) -> list[Compared]:
    """The scores of T files, with the numbers of items that each file has.

    has       bool (T, N), whether a file has the words of an item, or composes them
    composed  bool (T, N), whether it composes one of them
    """
    are_scored, lacking = has.all(axis=0), np.count_nonzero(~has, axis=0)
    return [
        replace(
            each,
            found=int(has[row].sum()),
            limits=int((~has[row] & (lacking == 1)).sum()),
            composed=int((composed[row] & are_scored).sum()),
        )
        for row, each in enumerate(compared)
    ]


def on_common(answered: Sequence[Sequence[AnalogyResult]]) -> list[list[AnalogyResult]]:
    """The results, where a question counts as answerable only if it is so in all tables.

    answered  the results of each table, one for each section
    """
    restricted: list[list[AnalogyResult]] = [[] for _ in answered]
    for results in zip(*answered, strict=True):
        outcomes = np.stack([result.outcomes for result in results])
        common = np.where((outcomes >= 0).all(axis=0), outcomes, -1)
        for table_results, result, row in zip(restricted, results, common, strict=True):
            composed = result.composed & (row >= 0)
            table_results.append(AnalogyResult(result.section, row, composed))
    return restricted


def by_questions(answered: Sequence[Sequence[AnalogyResult]], path: str) -> list[list[Compared]]:
    """Score several tables on a set of analogies: the semantic, the syntactic and all questions.

    answered  the results of each table, one for each section
    path      the set of analogies
    Returns   for each of the three groups of questions the scores of all tables
    """
    from scipy.stats import binomtest

    groups = []
    wholes = list(zip(*map(totals, answered), strict=True))
    commons = list(zip(*map(totals, on_common(answered)), strict=True))
    for whole, results in zip(wholes, commons, strict=True):
        # bool (tables, questions). As a default value it is bound to the functions of this group.
        right = np.stack([result.outcomes[result.outcomes >= 0] > 0 for result in results])

        def accuracies(sample: np.ndarray, right: np.ndarray = right) -> list[float]:
            """The accuracy of each table on a sample of the questions."""
            return right[:, sample].mean(axis=1).tolist()

        def mcnemar(first: int, other: int, right: np.ndarray = right) -> float:
            """The p-value of the difference of two tables."""
            first_only = int((right[first] & ~right[other]).sum())
            different = int((right[first] != right[other]).sum())
            return float(binomtest(first_only, different).pvalue) if different else 1.0

        name = f"{path}, {results[0].section}"
        items = right.shape[1], results[0].questions
        compared = _compared(name, len(answered), accuracies, *items, mcnemar)
        has = np.stack([result.outcomes >= 0 for result in whole])
        composed = np.stack([result.composed for result in whole])
        groups.append(_with_coverage(compared, has, composed))
    return groups


def _compared(
    name: str,
    files: int,
    scores: Callable[[np.ndarray], list[float]],
    items: int,
    total: int,
    paired: Callable[[int, int], float] | None,
) -> list[Compared]:
    """Scores with confidence intervals and p-values, one for each file.

    name    the name of the set
    files   number of files
    scores  computes the score of each file from the numbers, from 0, of the items in a sample
    items   number of items
    total   number of items of the set
    paired  computes the p-value of the difference of two files; None: compute it by the bootstrap
    """
    rng, compared = np.random.default_rng(1), list[Compared]()
    whole = np.array(scores(np.arange(items)) if items else [np.nan] * files)
    is_defined = np.isfinite(whole)
    draws = np.empty((0, files))
    if is_defined.any():
        draws = np.array([scores(rng.integers(items, size=items)) for _ in range(_DRAWS)])
    tail = (100 - _LEVEL) / 2  # per cent of the samples on each side of the interval
    for number, score in enumerate(whole):
        if not is_defined[number]:
            compared.append(Compared(name, items, total, None, None, None))
            continue
        low, high = np.nanpercentile(draws[:, number], [tail, 100 - tail])
        p = None
        if number and is_defined[0]:
            p = paired(0, number) if paired else _two_sided(draws[:, number] - draws[:, 0])
        interval = float(low), float(high)
        compared.append(Compared(name, items, total, float(score), interval, p))
    return compared


def _two_sided(differences: np.ndarray) -> float:
    """The two-sided p-value of the hypothesis that the bootstrapped difference is 0.

    The p-value is twice the share of samples on the rarer side of 0, where at least one sample is
    counted.
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
    return {
        name for name, has_direction in zip(table.names, directed, strict=True) if has_direction
    }


def overlap(tables: Sequence[Table], words: int = 1000, k: int = 10) -> np.ndarray:
    """The mean share of the `k` nearest neighbours that two tables have in common, 0 to 1.

    words    number of words whose shares are averaged: the first words of the first table that all
             tables have
    k        number of neighbours of a word, among the words that all tables have
    Returns  float (T, T), the share for each pair of the T tables
    Raises   W2VError if the tables have fewer than `k` + 1 words in common
    """
    names = [_directed_names(table) for table in tables]
    common = [name for name in tables[0].names if all(name in directed for directed in names)]
    if len(common) <= k:
        raise W2VError(
            f"the files share only {plural(len(common), 'word')}: {k + 1} or more are needed to "
            f"compare {k} nearest neighbours"
        )
    queries, neighbours = common[:words], list[list[set[str]]]()
    for table in tables:
        rows = np.array([table.find(name) for name in common], np.int64)
        query_rows = rows[: len(queries)]
        vectors = table.vectors(query_rows)[:, None]
        answers = Search(table, k, np.sort(rows)).nearest(vectors, query_rows[:, None])
        neighbours.append([{table.name(row) for row, _ in answer} for answer in answers])
    shared = [
        [sum(len(a & b) for a, b in zip(one, other, strict=True)) for other in neighbours]
        for one in neighbours
    ]
    return np.array(shared) / (k * len(queries))
