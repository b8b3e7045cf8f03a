"""Several vector files beside each other: how sure scores are, what differs, who has whom near.

Intervals are by the bootstrap (Efron 1979), over the items that all files can answer. Files are
compared in pairs, item by item: correlations by the bootstrap of their difference, right and wrong
answers by McNemar's exact test (1947).
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

_DRAWS = 1000  # of the bootstrap
_LEVEL = 95  # per cent


@dataclass(frozen=True)
class Compared:
    """What a set says of one of several files.

    set         its name; for analogies with ", semantic" and so on
    items       how many all files can answer
    score       Spearman's correlation, or the share of right answers; None: not defined
    interval    of the score, 95 %
    p           whether it differs from that of the first file; None of the first
    """

    set: str
    items: int
    score: float | None
    interval: tuple[float, float] | None
    p: float | None


def by_pairs(tables: Sequence[Table], path: str, restrict: int) -> list[Compared]:
    """What a set of scored pairs says of each table."""
    results = [similarity(table, path, restrict) for table in tables]
    common = results[0].found
    for result in results[1:]:
        common = np.intersect1d(common, result.found)
    cosines = [result.cosines[np.isin(result.found, common)] for result in results]
    scores = results[0].scores[np.isin(results[0].found, common)]

    def correlations(which: np.ndarray) -> list[float]:
        wanted = _ranks(scores[which])
        return [_correlation(_ranks(each[which]), wanted) for each in cosines]

    return _compared(path, len(tables), correlations, common.size, paired=None)


def on_common(answered: Sequence[Sequence[AnalogyResult]]) -> list[list[AnalogyResult]]:
    """The answers of several tables, section by section, to what all of them can answer."""
    found: list[list[AnalogyResult]] = [[] for _ in answered]
    for results in zip(*answered, strict=True):
        outcomes = np.stack([result.outcomes for result in results])
        common = np.where((outcomes >= 0).all(axis=0), outcomes, -1)
        for own, row in zip(found, common, strict=True):
            own.append(AnalogyResult(results[0].section, row))
    return found


def by_questions(answered: Sequence[Sequence[AnalogyResult]], path: str) -> list[list[Compared]]:
    """What the answers of several tables to a set of analogies say: semantic, syntactic, all."""
    from scipy.stats import binomtest

    found = []
    for results in zip(*map(totals, on_common(answered)), strict=True):
        right = np.stack([result.outcomes[result.outcomes >= 0] > 0 for result in results])

        def shares(which: np.ndarray, right: np.ndarray = right) -> list[float]:
            return right[:, which].mean(axis=1).tolist()

        def mcnemar(first: int, other: int, right: np.ndarray = right) -> float:
            only = int((right[first] & ~right[other]).sum())
            both = int((right[first] != right[other]).sum())
            return float(binomtest(only, both).pvalue) if both else 1.0

        name = f"{path}, {results[0].section}"
        found.append(_compared(name, len(answered), shares, right.shape[1], mcnemar))
    return found


def _compared(
    name: str,
    files: int,
    scores: Callable[[np.ndarray], list[float]],
    items: int,
    paired: Callable[[int, int], float] | None,
) -> list[Compared]:
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
    """How often a difference has the other sign, of both sides; at least one draw."""
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
    """How many of the `k` nearest words two tables share, float (T, T), 0 to 1.

    Mean over the first `words` of the first table that all have; neighbours are sought among the
    words that all have. Raises W2VError where these are fewer than `k` + 1.
    """
    names = [_directed_names(table) for table in tables]
    common = [name for name in tables[0].names if all(name in each for each in names)]
    if len(common) <= k:
        raise W2VError(f"the files share only {len(common)} words")
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
