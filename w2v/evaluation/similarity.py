"""Similarity sets: how cosines agree with people's scores of word pairs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from w2v.embeddings.spelling import BLANKS, split_words
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system.pipes import name_of
from w2v.system.text_file import numbered_lines


@dataclass(frozen=True)
class SimilarityResult:
    """How the cosines of word pairs agree with people's scores of these.

    pairs    how many the set has
    found    int64 (F,), which of them have both words, counted from 0
    cosines  float32 (F,)
    scores   float64 (F,), people's
    """

    name: str
    pairs: int
    found: np.ndarray
    cosines: np.ndarray
    scores: np.ndarray

    def agreement(self) -> Agreement:
        """The correlations."""
        from scipy.stats import pearsonr, spearmanr

        if not _differ(self.scores) or not _differ(self.cosines):
            return Agreement(None, None, None)
        ranks = spearmanr(self.cosines, self.scores)
        linear = pearsonr(self.cosines.astype(float), self.scores)
        p = float(ranks.pvalue)
        return Agreement(
            float(ranks.statistic), p if math.isfinite(p) else None, float(linear.statistic)
        )


class Agreement(NamedTuple):
    """Spearman's rank correlation, ties averaged, its p-value, and Pearson's; None: not defined."""

    spearman: float | None
    p: float | None
    pearson: float | None


def _differ(values: np.ndarray) -> bool:
    return values.size > 1 and float(np.ptp(values)) > 0


def folded_rows(table: Table, restrict: int) -> dict[str, int]:
    """The row of each word among the first `restrict`, by its name in folded case.

    Of words that differ only in case the first, the most frequent, stands for all. Words whose
    vectors have no direction are left out: see `norms.has_direction`.
    """
    rows: dict[str, int] = {}
    directed = table.has_direction(slice(restrict)).tolist()
    for row, (name, has) in enumerate(zip(table.first_names(restrict), directed, strict=True)):
        if has:
            rows.setdefault(name.casefold(), row)
    return rows


def similarity(table: Table, path: str, restrict: int = 300_000) -> SimilarityResult:
    """Evaluate on a set of scored pairs: lines of word, word, score, separated by tabs or blanks.

    Lines that begin with # are left out, and so is a heading. Pairs with an unknown word are not
    counted. Raises W2VError for a line that is not of this form, or where there is none.
    """
    known = folded_rows(table, restrict)
    pairs = list(_scored_pairs(path, table))
    if not pairs:
        raise W2VError(f"{name_of(path)}: no pairs in the file")
    found = [n for n, (a, b, _) in enumerate(pairs) if a in known and b in known]
    rows = np.array([[known[word] for word in pairs[n][:2]] for n in found], np.int64)
    left, right = map(table.units, rows.reshape(-1, 2).T)
    cosines = np.einsum("ij,ij->i", left, right)
    scores = np.array([pairs[n][2] for n in found], np.float64)
    return SimilarityResult(path, len(pairs), np.array(found, np.int64), cosines, scores)


def _scored_pairs(path: str, table: Table) -> Iterator[tuple[str, str, float]]:
    """Both words, in folded case, and the score of each line."""
    first = True
    for number, line in _lines(path, table):
        if not line or line.startswith("#"):
            continue
        heading, first = first, False
        fields = line.split("\t") if "\t" in line else split_words(line)
        try:
            a, b, score = fields[0], fields[1], float(fields[2])
        except (IndexError, ValueError):
            if heading:
                continue
            raise W2VError(
                f"{name_of(path)}: line {number}: expected word, word and score, separated by "
                f"tabs, found {line[:60]!r}"
            ) from None
        yield a.strip(BLANKS).casefold(), b.strip(BLANKS).casefold(), score


def _lines(path: str, table: Table) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 text with their numbers, from 1, without line ends, as names are."""
    for number, line in numbered_lines(path):
        yield number, table.normalized(line).strip(BLANKS)
