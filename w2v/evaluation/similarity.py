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
    found    int64 (F,), the numbers, from 0, of the pairs whose words are both in the vocabulary
    cosines  float32 (F,), the cosines of these pairs
    scores   float64 (F,), their human scores
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
    """Correlations; None where they are not defined, as for fewer than two pairs.

    spearman  Spearman's rank correlation, with average ranks for ties
    p         its p-value
    pearson   Pearson's correlation
    """

    spearman: float | None
    p: float | None
    pearson: float | None


def _differ(values: np.ndarray) -> bool:
    return values.size > 1 and float(np.ptp(values)) > 0


def folded_rows(table: Table, restrict: int) -> dict[str, int]:
    """Map each of the first `restrict` words, case-folded, to its row.

    If several words differ only in case, the first is used, which is the most frequent. Words
    whose vectors have no direction are left out: see `norms.has_direction`.
    """
    rows: dict[str, int] = {}
    directed = table.has_direction(slice(restrict)).tolist()
    for row, (name, has) in enumerate(zip(table.first_names(restrict), directed, strict=True)):
        if has:
            rows.setdefault(name.casefold(), row)
    return rows


def similarity(table: Table, path: str, restrict: int = 300_000) -> SimilarityResult:
    """Evaluate a table on a set of word pairs with human scores.

    Each line of the file has a word, a word and a score, separated by tabs or blanks. Lines that
    begin with # are skipped, and so is a line of titles at the beginning. Words are compared
    case-insensitively.

    restrict  use only the first words of the table, the most frequent; pairs with a word that is
              not among them are left out
    Raises    W2VError for a line of another form, or if the file has no pairs
    """
    known = folded_rows(table, restrict)
    pairs = list(_scored_pairs(path, table))
    if not pairs:
        raise W2VError(
            f"{name_of(path)}: no pairs in the file: expected word, word and score on each line"
        )
    found = [n for n, (a, b, _) in enumerate(pairs) if a in known and b in known]
    rows = np.array([[known[word] for word in pairs[n][:2]] for n in found], np.int64)
    left, right = map(table.units, rows.reshape(-1, 2).T)
    cosines = np.einsum("ij,ij->i", left, right)
    scores = np.array([pairs[n][2] for n in found], np.float64)
    return SimilarityResult(path, len(pairs), np.array(found, np.int64), cosines, scores)


def _scored_pairs(path: str, table: Table) -> Iterator[tuple[str, str, float]]:
    """The two words, case-folded, and the score of each line."""
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
    """Line numbers, from 1, and stripped lines of a UTF-8 text, in the table's normalization."""
    for number, line in numbered_lines(path):
        yield number, table.normalized(line).strip(BLANKS)
