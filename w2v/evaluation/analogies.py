"""Accuracy on analogy sets: for "a is to b as c is to d", is d the word nearest to b - a + c?

Words are compared case-insensitively; see `EvaluatedWords`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from w2v.embeddings.search import Search
from w2v.embeddings.spelling import BLANKS, split_words
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.evaluation.evaluated_words import EvaluatedWords
from w2v.evaluation.similarity import normalized_lines
from w2v.system.pipes import name_of

_BATCH = 1 << 13  # questions that are answered at a time: 10 MB for one vector (dim 300) of each


@dataclass(frozen=True)
class AnalogyResult:
    """The results for the Q questions of a section.

    section   the name of the section
    outcomes  int8 (Q,), for each question: 1 correct, 0 wrong, -1 not answerable, because one of
              its four words has no vector, or the fourth is out-of-vocabulary
    composed  bool (Q,), whether a question is answerable, with a word composed from n-grams
    """

    section: str
    outcomes: np.ndarray
    composed: np.ndarray

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

    restrict  number of words to use, the first and most frequent ones of the table; a question with
              another word is not answerable. A table with subwords composes the first three words
              of a question if it lacks them
    method    add: 3CosAdd; mul: 3CosMul (Levy and Goldberg 2014)
    Returns   one result for each section, in the order of the file
    Raises    W2VError for a line in another format, or if the file has no questions

    Source: Mikolov et al. 2013a, section 4.1, and the program compute-accuracy of word2vec.c.
    """
    words = EvaluatedWords(table, restrict)
    search, results = Search(table, 1, np.array(sorted(words.rows.values()), np.int64)), []
    for section, questions in _sections(path, table):
        numbers = np.array([[words.number(word) for word in each] for each in questions])
        are_composed = words.are_composed(numbers)
        outcomes = np.full(len(numbers), -1, np.int8)
        answerable = (numbers >= 0).all(axis=1) & ~are_composed[:, 3]
        outcomes[answerable] = _correct(search, words, numbers[answerable], method)
        composed = are_composed.any(axis=1) & answerable
        results.append(AnalogyResult(section, outcomes, composed))
    if not results:
        raise W2VError(
            f"{name_of(path)}: no questions in the file: expected four words on each line"
        )
    return results


def _correct(
    search: Search, words: EvaluatedWords, questions: np.ndarray, method: str
) -> np.ndarray:
    """Whether each question is answered by its fourth word, bool (Q,).

    questions  int64 (Q, 4), the numbers of the words a b c d
    """
    correct = np.zeros(len(questions), np.bool_)
    for begin in range(0, len(questions), _BATCH):
        batch = questions[begin : begin + _BATCH]
        a, b, c = map(words.units, batch[:, :3].T)
        excluded = np.where(words.are_composed(batch[:, :3]), -1, batch[:, :3])
        if method == "mul":
            answers = search.nearest(np.stack([b, a, c], axis=1), excluded, "+-+")  # b - a + c
        else:
            answers = search.nearest((b - a + c)[:, None], excluded)
        answer_rows = [answer[0][0] if answer else -1 for answer in answers]
        correct[begin : begin + len(batch)] = answer_rows == batch[:, 3]
    return correct


def _sections(path: str, table: Table) -> Iterator[tuple[str, list[list[str]]]]:
    """Pairs of a section's name and its questions; empty sections are left out."""
    section = ""
    questions: list[list[str]] = []
    for number, line in normalized_lines(path, table):
        if line.startswith(":"):
            if questions:
                yield section, questions
            section, questions = line[1:].strip(BLANKS), []
        elif line:
            words = split_words(line)
            if len(words) != 4:
                raise W2VError(
                    f"{name_of(path)}: line {number}: expected four words or ': section', "
                    f"found {line[:60]!r}"
                )
            questions.append(words)
    if questions:
        yield section, questions


def totals(results: Sequence[AnalogyResult]) -> list[AnalogyResult]:
    """Three results: of the semantic, the syntactic and all questions.

    The names of syntactic sections begin with gram.
    """
    syntactic = [result for result in results if result.section.startswith("gram")]
    semantic = [result for result in results if not result.section.startswith("gram")]
    groups = [("semantic", semantic), ("syntactic", syntactic), ("total", results)]
    # A group may be empty, and concatenate needs one array or more.
    no_outcomes, no_composed = np.zeros(0, np.int8), np.zeros(0, np.bool_)
    return [
        AnalogyResult(
            name,
            np.concatenate([no_outcomes, *(result.outcomes for result in group)]),
            np.concatenate([no_composed, *(result.composed for result in group)]),
        )
        for name, group in groups
    ]
