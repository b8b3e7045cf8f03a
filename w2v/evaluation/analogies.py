"""Accuracy on analogy sets: for "a is to b as c is to d", is d the word nearest to b - a + c?

Words are compared case-insensitively; see `similarity.folded_rows`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from w2v.embeddings.search import Search
from w2v.embeddings.spelling import BLANKS, split_words
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.evaluation.similarity import _lines, folded_rows
from w2v.system.pipes import name_of

_TOGETHER = 1 << 13  # questions answered at a time; 10 MB of vectors of 300 numbers


@dataclass(frozen=True)
class AnalogyResult:
    """The results for the Q questions of a section.

    section   its name
    outcomes  int8 (Q,), for each question: 1 correct, 0 wrong, -1 not answerable, because one of
              its four words is out-of-vocabulary
    """

    section: str
    outcomes: np.ndarray

    @property
    def questions(self) -> int:
        """The number of questions."""
        return self.outcomes.size

    @property
    def answerable(self) -> int:
        """The number of questions whose four words are all in the vocabulary."""
        return int(np.count_nonzero(self.outcomes >= 0))

    @property
    def correct(self) -> int:
        """The number of questions answered correctly."""
        return int(np.count_nonzero(self.outcomes > 0))

    def accuracy(self, count_oov: bool = False) -> float | None:
        """Share of correct answers, 0 to 1; None if there is nothing to divide by.

        count_oov  divide by all questions, not only by the answerable ones
        """
        count = self.questions if count_oov else self.answerable
        return self.correct / count if count else None


def analogies(
    table: Table, path: str, restrict: int = 300_000, method: str = "add"
) -> list[AnalogyResult]:
    """Evaluate a table on a set of analogy questions.

    Each line of the file has four words, a b c d. A line that begins with ":" names the section of
    the questions below it. The answer is the nearest word to b - a + c, other than a, b and c.

    restrict  use only the first words of the table, the most frequent; a question with a word that
              is not among them is not answerable
    method    add: 3CosAdd; mul: 3CosMul (Levy and Goldberg 2014)
    Returns   one result for each section, in the order of the file
    Raises    W2VError for a line of another form, or if the file has no questions

    Source: Mikolov et al. 2013a, section 4.1, and the program compute-accuracy of word2vec.c.
    """
    known = folded_rows(table, restrict)
    search, results = Search(table, 1, np.array(sorted(known.values()), np.int64)), []
    for section, questions in _sections(path, table):
        rows = np.array([[known.get(word, -1) for word in words] for words in questions])
        outcomes = np.full(len(rows), -1, np.int8)
        answerable = (rows >= 0).all(axis=1)
        outcomes[answerable] = _correct(search, rows[answerable], method)
        results.append(AnalogyResult(section, outcomes))
    if not results:
        raise W2VError(
            f"{name_of(path)}: no questions in the file: expected four words on each line"
        )
    return results


def _correct(search: Search, questions: np.ndarray, method: str) -> np.ndarray:
    """Whether each question is answered by its fourth word, bool (Q,).

    questions  int64 (Q, 4), the rows of the words a b c d in the table
    """
    correct = np.zeros(len(questions), np.bool_)
    for begin in range(0, len(questions), _TOGETHER):
        part = questions[begin : begin + _TOGETHER]
        a, b, c = map(search.table.units, part[:, :3].T)
        if method == "mul":
            answers = search.nearest(np.stack([b, a, c], axis=1), part[:, :3], "+-+")
        else:
            answers = search.nearest((b - a + c)[:, None], part[:, :3])
        found = [answer[0][0] if answer else -1 for answer in answers]
        correct[begin : begin + len(part)] = found == part[:, 3]
    return correct


def _sections(path: str, table: Table) -> Iterator[tuple[str, list[list[str]]]]:
    """The name of each section and its questions, case-folded; sections without any are skipped."""
    section = ""
    questions: list[list[str]] = []
    for number, line in _lines(path, table):
        if line.startswith(":"):
            if questions:
                yield section, questions
            section, questions = line[1:].strip(BLANKS), []
        elif line:
            words = split_words(line.casefold())
            if len(words) != 4:
                raise W2VError(
                    f"{name_of(path)}: line {number}: expected four words or ': section', "
                    f"found {line[:60]!r}"
                )
            questions.append(words)
    if questions:
        yield section, questions


def totals(results: Sequence[AnalogyResult]) -> list[AnalogyResult]:
    """Three results: semantic, syntactic and all questions; syntactic sections are named gram..."""
    syntactic = [r for r in results if r.section.startswith("gram")]
    semantic = [r for r in results if not r.section.startswith("gram")]
    groups = [("semantic", semantic), ("syntactic", syntactic), ("total", results)]
    nothing = np.zeros(0, np.int8)
    return [
        AnalogyResult(name, np.concatenate([nothing, *(r.outcomes for r in group)]))
        for name, group in groups
    ]
