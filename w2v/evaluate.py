"""The standard judgements of word vectors: similarity sets and analogy sets.

Both look among the `restrict` first rows (the most frequent words) with case folded: of words that
differ only in case the most frequent stands for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from w2v.errors import W2VError
from w2v.table import Table

_QUESTIONS_AT_ONCE = 512


@dataclass(frozen=True)
class SimilarityResult:
    """How cosines agree with people's scores: Spearman's correlation, `found` of `pairs` pairs."""

    name: str
    pairs: int
    found: int
    spearman: float | None


@dataclass(frozen=True)
class AnalogyResult:
    """How many of the answerable questions of a section were answered rightly."""

    section: str
    questions: int
    answerable: int
    right: int

    @property
    def accuracy(self) -> float | None:
        """Share of right answers among the answerable, or None where there are none."""
        return self.right / self.answerable if self.answerable else None


def folded_rows(table: Table, restrict: int) -> dict[str, int]:
    """The row of each word among the first `restrict`, by its name in folded case."""
    rows: dict[str, int] = {}
    for row, name in enumerate(table.names[:restrict]):
        rows.setdefault(name.casefold(), row)
    return rows


def units(table: Table, rows: np.ndarray) -> np.ndarray:
    """The vectors of some rows divided by their lengths; float32 (len(rows), D)."""
    lengths = table.norms[rows]
    return table.matrix[rows] / np.where(lengths > 0, lengths, 1)[:, None]


def similarity(table: Table, path: str, restrict: int = 300_000) -> SimilarityResult:
    """Judge by a set of scored pairs: lines of word, word, score, separated by tabs or blanks.

    Lines that begin with # are left out, and so is a heading. Pairs with an unknown word are not
    counted. Spearman's rank correlation, ties averaged; None below two pairs.
    Raises W2VError for a line that is not of this form.
    """
    from scipy.stats import spearmanr

    known = folded_rows(table, restrict)
    pairs = list(_scored_pairs(path))
    found = [(known[a], known[b], s) for a, b, s in pairs if a in known and b in known]
    scores = [score for *_, score in found]
    spearman = None
    if len(set(scores)) > 1:
        left, right = (units(table, np.array(side)) for side in list(zip(*found, strict=True))[:2])
        cosines = np.einsum("ij,ij->i", left, right)
        if np.ptp(cosines) > 0:
            spearman = float(spearmanr(cosines, scores).statistic)
    return SimilarityResult(path, len(pairs), len(found), spearman)


def _scored_pairs(path: str) -> Iterator[tuple[str, str, float]]:
    """Both words, in folded case, and the score of each line."""
    for number, line in _lines(path):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t") if "\t" in line else line.split()
        try:
            a, b, score = fields[0], fields[1], float(fields[2])
        except (IndexError, ValueError):
            if number == 1:  # a heading
                continue
            raise W2VError(
                f"{path}: line {number}: expected word, word, score, found {line[:60]!r}"
            ) from None
        yield a.strip().casefold(), b.strip().casefold(), score


def analogies(table: Table, path: str, restrict: int = 300_000) -> list[AnalogyResult]:
    """Judge by a set of questions a b c d: is d the word nearest to b - a + c (3CosAdd)?

    Lines that begin with ":" name a section. Answers are sought among the `restrict` first words,
    without a, b and c; a question with a word that is not among them is not answerable.
    Returns one result for each section, in order, and raises W2VError for a line of another form.
    Source: Mikolov et al. 2013a, section 4.1, and the program compute-accuracy of word2vec.c.
    """
    known = folded_rows(table, restrict)
    candidates = units(table, np.fromiter(known.values(), np.int64, len(known)))
    number = {name: i for i, name in enumerate(known)}
    results = []
    for section, questions in _sections(path):
        asked = [[number[w] for w in q] for q in questions if all(w in number for w in q)]
        right = _count_right(candidates, np.array(asked, np.int64).reshape(-1, 4))
        results.append(AnalogyResult(section, len(questions), len(asked), right))
    if not results:
        raise W2VError(f"{path}: no questions in the file")
    return results


def _count_right(candidates: np.ndarray, questions: np.ndarray) -> int:
    """How many of the questions (Q, 4), rows of `candidates`, are answered by their last word."""
    right = 0
    for begin in range(0, len(questions), _QUESTIONS_AT_ONCE):
        a, b, c, d = questions[begin : begin + _QUESTIONS_AT_ONCE].T
        scores = (candidates[b] - candidates[a] + candidates[c]) @ candidates.T
        for asked in (a, b, c):
            scores[np.arange(len(a)), asked] = -np.inf
        right += int(np.count_nonzero(scores.argmax(axis=1) == d))
    return right


def _sections(path: str) -> Iterator[tuple[str, list[list[str]]]]:
    """Each section's name and its questions in folded case."""
    section = ""
    questions: list[list[str]] = []
    for number, line in _lines(path):
        if line.startswith(":"):
            if questions:
                yield section, questions
            section, questions = line[1:].strip(), []
        elif line:
            words = line.casefold().split()
            if len(words) != 4:
                raise W2VError(
                    f"{path}: line {number}: expected four words or ': section', "
                    f"found {line[:60]!r}"
                )
            questions.append(words)
    if questions:
        yield section, questions


def totals(results: list[AnalogyResult]) -> list[AnalogyResult]:
    """Semantic, syntactic (sections named gram...) and all questions together."""
    syntactic = [r for r in results if r.section.startswith("gram")]
    semantic = [r for r in results if not r.section.startswith("gram")]
    groups = [("semantic", semantic), ("syntactic", syntactic), ("total", results)]
    return [
        AnalogyResult(
            name,
            sum(r.questions for r in group),
            sum(r.answerable for r in group),
            sum(r.right for r in group),
        )
        for name, group in groups
    ]


def _lines(path: str) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 text with their numbers, from 1, without line ends."""
    with open(path, encoding="utf-8") as file:
        try:
            for number, line in enumerate(file, 1):
                yield number, line.strip()
        except UnicodeDecodeError as error:
            raise W2VError(f"{path}: not UTF-8 text ({error.reason} at {error.start})") from None


def ranks(table: Table, vectors: np.ndarray, rows: Sequence[int]) -> list[int]:
    """For vectors (N, D) and a row each, how many other rows are nearer, by cosine."""
    everything, found = units(table, np.arange(len(table))), []
    for begin in range(0, len(rows), _QUESTIONS_AT_ONCE):
        own = np.asarray(rows[begin : begin + _QUESTIONS_AT_ONCE])
        scores = vectors[begin : begin + len(own)] @ everything.T
        at_own = scores[np.arange(len(own)), own]
        found += np.count_nonzero(scores > at_own[:, None], axis=1).tolist()
    return found
