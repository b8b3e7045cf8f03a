"""Word similarity sets: the correlation of cosines with human scores of word pairs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from w2v.embeddings.spelling import BLANKS, split_words
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.evaluation.evaluated_words import EvaluatedWords
from w2v.system.pipes import name_of
from w2v.system.text_file import numbered_lines


@dataclass(frozen=True)
class SimilarityResult:
    """The cosines and the human scores of the word pairs of a set.

    name     the path of the set
    pairs    the number of pairs in the set
    found    int64 (F,), the numbers, from 0, of the F pairs whose words both have vectors
    cosines  float32 (F,), the cosines of these F pairs
    scores   float64 (F,), the human scores of these F pairs
    composed bool (F,), whether a word of each pair is composed from n-grams
    """

    name: str
    pairs: int
    found: np.ndarray
    cosines: np.ndarray
    scores: np.ndarray
    composed: np.ndarray

    def agreement(self) -> Agreement:
        """The correlations of the cosines with the human scores."""
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
    """Correlations of cosines with human scores; None if not defined, as for fewer than two pairs.

    spearman  Spearman's rank correlation, with average ranks for ties
    p         the p-value of Spearman's correlation
    pearson   Pearson's correlation
    """

    spearman: float | None
    p: float | None
    pearson: float | None


def _differ(values: np.ndarray) -> bool:
    """Whether there are two different values; otherwise no correlation is defined."""
    return values.size > 1 and bool(values.min() < values.max())


def similarity(table: Table, path: str, restrict: int = 300_000) -> SimilarityResult:
    """Evaluate a table on a set of word pairs with human scores.

    Each line of the file has a word, a word and a score, separated by tabs or blanks. Lines that
    begin with # are skipped, and so is a line of titles at the beginning. Words are compared
    case-insensitively. A table with subwords composes words that it lacks.

    restrict  number of words to use, the first and most frequent ones of the table; pairs with
              another word are left out
    Raises    W2VError for a line in another format, or if the file has no pairs
    """
    words = EvaluatedWords(table, restrict)
    pairs = list(_scored_pairs(path, table))
    if not pairs:
        raise W2VError(
            f"{name_of(path)}: no pairs in the file: expected word, word and score on each line"
        )
    numbers = np.array([[words.number(a), words.number(b)] for a, b, _ in pairs], np.int64)
    found = np.flatnonzero((numbers >= 0).all(axis=1))
    numbers = numbers[found]
    left, right = map(words.units, numbers.T)
    composed = words.are_composed(numbers.max(axis=1))
    cosines = np.einsum("ij,ij->i", left, right)
    scores = np.array([pairs[number][2] for number in found], np.float64)
    return SimilarityResult(path, len(pairs), found, cosines, scores, composed)


def _scored_pairs(path: str, table: Table) -> Iterator[tuple[str, str, float]]:
    """The two words and the score of each line."""
    first = True
    for number, line in normalized_lines(path, table):
        if not line or line.startswith("#"):
            continue
        may_be_titles, first = first, False
        fields = line.split("\t") if "\t" in line else split_words(line)
        score = _score(fields)
        if score is not None:
            yield fields[0].strip(BLANKS), fields[1].strip(BLANKS), score
        elif not may_be_titles:
            raise W2VError(
                f"{name_of(path)}: line {number}: expected word, word and score, separated by "
                f"tabs, found {line[:60]!r}"
            )


def _score(fields: Sequence[str]) -> float | None:
    """The score of a line, its third field; None if that is missing or no finite number."""
    try:
        score = float(fields[2])
    except (IndexError, ValueError):
        return None
    return score if math.isfinite(score) and "_" not in fields[2] else None  # as in 1_000


def normalized_lines(path: str, table: Table) -> Iterator[tuple[int, str]]:
    """Pairs of a line's number, from 1, and the line, stripped and normalized as the table is.

    The file is UTF-8 text.
    """
    for number, line in numbered_lines(path):
        yield number, table.normalized(line).strip(BLANKS)
