"""The evaluators, compared with SciPy and with a loop: case, coverage and restriction."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.evaluation import analogies, similarity

NAMES = ["King", "queen", "man", "woman", "KING", "rome", "italy", "paris", "france", "x"]


@pytest.fixture
def table():
    matrix = np.random.default_rng(3).standard_normal((len(NAMES), 4)).astype(np.float32)
    for a, b, c, d in [(2, 3, 0, 1), (5, 6, 7, 8)]:  # plant b - a = d - c
        matrix[a], matrix[b] = np.eye(4)[:2] + matrix[a] * 0.01
        matrix[c] = matrix[a] + [0, 0, 0.7, 0]
        matrix[d] = matrix[b] + [0, 0, 0.7, 0]
    matrix[5:9] += [0, 0, 0, 2]
    return Table.build(NAMES, matrix)


def write(folder, text):
    path = folder / "set"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_similarity_is_spearmans_over_known_pairs_with_case_folded(table, tmp_path):
    rows = [("King", "queen", 9), ("MAN", "Woman", 9), ("rome", "x", 1), ("paris", "queen", 3)]
    text = "# comment\n" + "".join(f"{a}\t{b}\t{s}\n" for a, b, s in rows) + "king\tabsent\t5\n\n"
    result = similarity.similarity(table, write(tmp_path, text))
    pairs = [(0, 1), (2, 3), (5, 9), (7, 1)]
    cosines = [
        table.matrix[a] @ table.matrix[b] / table.norms[a] / table.norms[b] for a, b in pairs
    ]
    assert (result.pairs, result.found.tolist()) == (5, [0, 1, 2, 3])
    found, wanted = result.agreement(), spearmanr(cosines, [9, 9, 1, 3])
    assert found.spearman == pytest.approx(wanted.statistic)
    assert found.p == pytest.approx(wanted.pvalue)
    assert found.pearson == pytest.approx(np.corrcoef(cosines, [9, 9, 1, 3])[0, 1])


def test_too_few_pairs_have_no_correlation(table, tmp_path):
    result = similarity.similarity(table, write(tmp_path, "king queen 3\nabsent x 1\n"))
    assert (result.pairs, result.found.tolist(), result.agreement().spearman) == (2, [0], None)
    constant = similarity.similarity(table, write(tmp_path, "king queen 3\nman rome 3\n"))
    assert constant.agreement() == (None, None, None)
    text = "king queen 1e308\nman rome -1e308\nking rome 1\n"
    assert abs(similarity.similarity(table, write(tmp_path, text)).agreement().spearman) <= 1


def test_a_heading_is_left_out_and_a_bad_line_is_named(table, tmp_path):
    assert (
        similarity.similarity(table, write(tmp_path, "Word 1\tWord 2\tScore\nking\tx\t1\n")).pairs
        == 1
    )
    for before in ("# from people\n", "\n#\n\n", "\ufeff# a\n"):
        text = before + "word1 word2 score\nking x 1\n# more\nx man 2\n"
        assert similarity.similarity(table, write(tmp_path, text)).pairs == 2
        with pytest.raises(
            W2VError, match="expected word, word and score, separated by tabs, found 'w1 w2'"
        ):
            similarity.similarity(table, write(tmp_path, text + "w1 w2\n"))
        with pytest.raises(
            W2VError, match="expected word, word and score, separated by tabs, found 'word3 word4'"
        ):
            similarity.similarity(table, write(tmp_path, before + "word1 word2\nword3 word4\n"))
    with pytest.raises(
        W2VError,
        match="set: line 2: expected word, word and score, separated by tabs, found 'king x'",
    ):
        similarity.similarity(table, write(tmp_path, "king man 1\nking x\n"))


@pytest.mark.parametrize("score", ["nan", "inf", "-inf", "1e999", "1_0"])
def test_a_score_that_is_not_finite_is_no_score(table, tmp_path, score):
    """With such a score, no correlation is defined."""
    text = f"king x 1\nman x 2\nking man {score}\n"
    with pytest.raises(W2VError, match=f"line 3: expected .* found 'king man {score}'"):
        similarity.similarity(table, write(tmp_path, text))


def test_analogies_answer_by_loop(table, tmp_path):
    questions = [
        ("people", "man woman king queen"), ("people", "woman man queen King"),
        ("people", "man woman rome absent"), ("gram1", "rome italy paris france"),
        ("gram1", "italy rome king queen"), ("gram1", "x x x x"),
    ]  # fmt: skip
    text = ": people\n" + "\n".join(q for s, q in questions if s == "people") + "\n: gram1\n"
    text += "\n".join(q for s, q in questions if s == "gram1")
    results = analogies.analogies(table, write(tmp_path, text))
    units = {n.lower(): m / length for n, m, length in
             reversed(list(zip(NAMES, table.matrix, table.norms, strict=True)))}  # fmt: skip
    right = {"people": 0, "gram1": 0}
    for section, question in questions:
        a, b, c, d = question.lower().split()
        if d in units:
            aim = units[b] - units[a] + units[c]
            others = [w for w in units if w not in (a, b, c)]
            right[section] += max(others, key=lambda w: units[w] @ aim) == d
    assert [(r.section, r.questions, r.answerable, r.correct) for r in results] == [
        ("people", 3, 2, right["people"]),
        ("gram1", 3, 3, right["gram1"]),
    ]
    assert right == {"people": 2, "gram1": 1}
    semantic, syntactic, total = analogies.totals(results)
    assert (semantic.answerable, syntactic.answerable, total.answerable) == (2, 3, 5)
    assert total.accuracy() == 3 / 5
    assert total.accuracy(count_oov=True) == 3 / 6


def test_restriction_holds_for_questions_and_answers(table, tmp_path):
    path = write(tmp_path, ": s\nman woman king queen\nrome italy paris france\n")
    assert [r.answerable for r in analogies.analogies(table, path, restrict=4)] == [1]
    assert similarity.similarity(
        table, write(tmp_path, "man x 1\nman king 2\n"), 4
    ).found.tolist() == [1]


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0])
@pytest.mark.parametrize("method", ["add", "mul"])
def test_a_vector_without_a_direction_makes_no_other_answer_wrong(table, tmp_path, bad, method):
    path = write(tmp_path, ": s\nman woman king queen\nrome italy paris france\n")
    [wanted] = analogies.analogies(table, path, method=method)
    matrix = table.matrix.copy()
    matrix[NAMES.index("x")] = bad
    spoilt = Table.build(NAMES, matrix)
    [found] = analogies.analogies(spoilt, path, method=method)
    np.testing.assert_array_equal(found.outcomes, wanted.outcomes)
    pairs = write(tmp_path, "king man 1\nking x 2\nrome italy 3\n")
    assert similarity.similarity(spoilt, pairs).found.tolist() == [0, 2]
    [unknown] = analogies.analogies(spoilt, write(tmp_path, "man woman king x\n"), method=method)
    assert unknown.answerable == 0


@pytest.mark.parametrize("text", ["a b c\n", ": s\na b c d e\n"])
def test_a_bad_question_is_named(table, tmp_path, text):
    with pytest.raises(W2VError, match=r"line \d: expected four words"):
        analogies.analogies(table, write(tmp_path, text))


def test_files_without_questions_or_text_are_named(table, tmp_path):
    with pytest.raises(W2VError, match="no questions"):
        analogies.analogies(table, write(tmp_path, ": s\n"))
    (tmp_path / "set").write_bytes(b"a b c d\n\xfe\n")
    with pytest.raises(W2VError, match="set: line 2: not UTF-8"):
        analogies.analogies(table, str(tmp_path / "set"))
