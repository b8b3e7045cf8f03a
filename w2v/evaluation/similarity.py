"""Word similarity sets: the correlation of cosines with human scores of word pairs."""

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
    """The cosines and the human scores of the word pairs of a set.

    name     the path of the set
    pairs    the number of pairs in the set
    found    int64 (F,), the numbers, from 0, of the F pairs whose words are both in the vocabulary
    cosines  float32 (F,), the cosines of these F pairs
    scores   float64 (F,), the human scores of these F pairs
    """

    name: str
    pairs: int
    found: np.ndarray
    cosines: np.ndarray
    scores: np.ndarray

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
    return values.size > 1 and float(np.ptp(values)) > 0


def folded_rows(table: Table, restrict: int) -> dict[str, int]:
    """Map each of the first `restrict` words, case-folded, to its row.

    If several words differ only in case, the first is used, which is the most frequent. Words
    whose vectors have no direction are left out: see `norms.has_direction`.
    """
    rows: dict[str, int] = {}
    directed = table.has_direction(slice(restrict)).tolist()
    names = table.first_names(restrict)
    for row, (name, has_direction) in enumerate(zip(names, directed, strict=True)):
        if has_direction:
            rows.setdefault(name.casefold(), row)
    return rows


def similarity(table: Table, path: str, restrict: int = 300_000) -> SimilarityResult:
    """Evaluate a table on a set of word pairs with human scores.

    Each line of the file has a word, a word and a score, separated by tabs or blanks. Lines that
    begin with # are skipped, and so is a line of titles at the beginning. Words are compared
    case-insensitively.

    restrict  number of words to use, the first and most frequent ones of the table; pairs with
              another word are left out
    Raises    W2VError for a line in another format, or if the file has no pairs
    """
    known = folded_rows(table, restrict)
    pairs = list(_scored_pairs(path, table))
    if not pairs:
        raise W2VError(
            f"{name_of(path)}: no pairs in the file: expected word, word and score on each line"
        )
    found = [number for number, (a, b, _) in enumerate(pairs) if a in known and b in known]
    rows = np.array([[known[word] for word in pairs[number][:2]] for number in found], np.int64)
    left, right = map(table.units, rows.reshape(-1, 2).T)
    cosines = np.einsum("ij,ij->i", left, right)
    scores = np.array([pairs[number][2] for number in found], np.float64)
    return SimilarityResult(path, len(pairs), np.array(found, np.int64), cosines, scores)


def _scored_pairs(path: str, table: Table) -> Iterator[tuple[str, str, float]]:
    """The two words, case-folded, and the score of each line."""
    first = True
    for number, line in normalized_lines(path, table):
        if not line or line.startswith("#"):
            continue
        may_be_titles, first = first, False
        fields = line.split("\t") if "\t" in line else split_words(line)
        try:
            a, b, score = fields[0], fields[1], float(fields[2])
        except (IndexError, ValueError):
            if may_be_titles:
                continue
            raise W2VError(
                f"{name_of(path)}: line {number}: expected word, word and score, separated by "
                f"tabs, found {line[:60]!r}"
            ) from None
        yield a.strip(BLANKS).casefold(), b.strip(BLANKS).casefold(), score


def normalized_lines(path: str, table: Table) -> Iterator[tuple[int, str]]:
    """Pairs of a line's number, from 1, and the line, stripped and normalized as the table is.

    The file is UTF-8 text.
    """
    for number, line in numbered_lines(path):
        yield number, table.normalized(line).strip(BLANKS)
