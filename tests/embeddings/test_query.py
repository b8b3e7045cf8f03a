"""Queries to a table, compared with plain NumPy and with known answers."""

import time

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from w2v.embeddings import lookup, query
from w2v.embeddings.mutual import MutualSearch
from w2v.embeddings.query import Query, parse_terms
from w2v.embeddings.row_matrices import DenseMatrix
from w2v.embeddings.search import Search
from w2v.embeddings.spelling import edits, near_spellings
from w2v.embeddings.subwords import Subwords
from w2v.embeddings.table import Table
from w2v.errors import NotFoundError, W2VError


def random_table(rows=50, dim=4, seed=0):
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-2, 3, (rows, dim)).astype(np.float32)  # many ties, some zero rows
    return Table.build([f"w{i}" for i in range(rows)], matrix)


@given(st.integers(0, 49), st.integers(1, 60), st.integers(0, 5))
def test_neighbours_are_those_of_a_full_sort_ties_by_row(row, k, seed):
    table = random_table(seed=seed)
    lengths = np.linalg.norm(table.matrix, axis=1)
    if not lengths[row]:
        with pytest.raises(NotFoundError, match="is zero"):
            query.similar(table, Query((("+", f"w{row}"),)), k)
        return
    cosines = [
        -np.inf if not lengths[i]
        else float(table.matrix[i] @ table.matrix[row] / lengths[i] / lengths[row])
        for i in range(50)
    ]  # fmt: skip
    answers = query.similar(table, Query((("+", f"w{row}"),)), k)
    others = (c for i, c in enumerate(cosines) if i != row and np.isfinite(c))
    wanted = sorted(others, reverse=True)[:k]
    np.testing.assert_allclose([a.score for a in answers], wanted, atol=1e-6)
    np.testing.assert_allclose([cosines[a.row] for a in answers], wanted, atol=1e-6)
    keys = [(-a.score, a.row) for a in answers]
    assert keys == sorted(set(keys))
    assert row not in {a.row for a in answers}


def test_query_words_never_answer_themselves(toy):
    terms = Query((("+", "king"), ("-", "man"), ("+", "woman"), ("+", "king")))
    answers = query.similar(toy, terms, 100)
    assert len(answers) == len(toy) - 3
    assert not {"king", "man", "woman"} & {a.name for a in answers}
    assert answers[0].name == "queen"
    assert answers[0].count == 19


def test_an_analogy_adds_unit_vectors(toy):
    parsed = query.analogy("man", "king", "woman")
    vector = query.combine(toy, parsed)
    unit = [toy.matrix[toy.find(w)] / toy.norms[toy.find(w)] for w in ("king", "man", "woman")]
    np.testing.assert_allclose(vector, unit[0] - unit[1] + unit[2], rtol=1e-6)
    assert str(parsed) == "king -man +woman"


def test_similarity_and_odd_one_out(toy):
    assert query.similarity(toy, "king", "queen") == pytest.approx(3 / 5)
    assert query.odd(toy, ["kitchen", "vector", "banana", "1"])[0][0] == "banana"
    with pytest.raises(W2VError, match="three words"):
        query.odd(toy, ["king", "queen"])


@pytest.mark.parametrize(
    ("bad", "why"),
    [((0, 0), "is zero"), ((np.nan, 1), "contains NaN"), ((1, np.inf), "contains NaN")],
)
def test_vectors_without_a_direction_neither_answer_nor_ask(bad, why):
    table = Table.build(["a", "b", "bad"], np.array([[1, 0], [-1, 0.1], bad], np.float32))
    assert [a.name for a in query.similar(table, Query((("+", "a"),)))] == ["b"]
    for ask in (
        lambda: query.similar(table, Query((("+", "bad"),))),
        lambda: query.similarity(table, "a", "bad"),
        lambda: query.odd(table, ["a", "b", "bad"]),
    ):
        with pytest.raises(NotFoundError, match=f"the vector of 'bad' {why}"):
            ask()
    np.testing.assert_array_equal(query.numbers(table, Query((("+", "bad"),))), bad)


@pytest.mark.parametrize(
    ("typed", "queries"),
    [
        ("king", ["king"]),
        ("king queen", ["king", "queen"]),
        ("king +woman -man queen", ["king +woman -man", "queen"]),
        ("-man +king", ["-man +king"]),
        ("+ -", ["+", "-"]),
        ("king -- +-", ["king -- +-"]),
        ("-1", ["-1"]),
    ],
)
def test_the_grammar_of_terms(typed, queries):
    assert list(map(str, parse_terms(typed.split()))) == queries


def test_verbatim_terms_are_names():
    assert parse_terms(["-1", "+x"], verbatim=True) == [
        Query((("+", "-1"),)),
        Query((("+", "+x"),)),
    ]


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [("", "", 0), ("", "ab", 2), ("kitten", "sitting", 3), ("ab", "ba", 1), ("ca", "abc", 3)],
)
def test_edit_distance(a, b, distance):
    assert edits(a, b) == edits(b, a) == distance


@given(st.text("ab", max_size=6), st.text("ab", max_size=6), st.text("ab", max_size=6))
def test_edit_distance_is_zero_for_equal_words_only_and_bounded_by_length(a, b, c):
    assert (edits(a, b) == 0) == (a == b)
    assert abs(len(a) - len(b)) <= edits(a, b) <= max(len(a), len(b))
    assert edits(a + c, b + c) <= edits(a, b)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("qeen", "queen"),
        ("King", "king"),
        ("kichten", "kitchen"),
        ("bananna", "banana"),
        ("mna", "man"),
    ],
)
def test_near_spellings_are_offered(toy, typed, meant):
    assert near_spellings(toy, typed)[0] == meant
    with pytest.raises(NotFoundError, match=f"no vector for '{typed}' among 10; near: {meant}"):
        lookup.find(toy, typed)


def test_what_is_near_to_nothing_is_offered_nothing(toy):
    assert near_spellings(toy, "zzzzzzzz") == []
    assert near_spellings(toy, "") == []
    with pytest.raises(NotFoundError, match="among 10$"):
        lookup.find(toy, "zzzzzzzz")


def test_among_equal_spellings_the_more_frequent_comes_first():
    table = Table.build(["cats", "cast", "carts"], np.ones((3, 2), np.float32))
    assert near_spellings(table, "catz") == ["cats"]
    assert near_spellings(table, "cat")[0] == "cats"


@pytest.mark.slow
def test_near_spellings_among_many_names_are_found_while_one_waits():
    rng = np.random.default_rng(0)
    letters = rng.integers(97, 123, (400_000, 9)).astype(np.uint8)
    names = sorted({bytes(row[: 4 + i % 6]).decode() for i, row in enumerate(letters)})
    table = Table.build(names, np.zeros((len(names), 1), np.float32))
    began = time.perf_counter()
    assert near_spellings(table, names[1000] + "z")[0] == names[1000]
    print(f"{len(names):,} names: {time.perf_counter() - began:.3f} s")


def test_terms_of_one_table_are_compared_with_names_of_another():
    words = Table.build(["x", "y"], np.eye(2, dtype=np.float32))
    documents = Table.build(["x", "d"], np.array([[1, 1], [0, 3]], np.float32))
    [wanted] = parse_terms(["x", "-y"])
    found = query.similar(documents, wanted, 5, source=words)
    assert [(each.name, each.score) for each in found] == [
        ("x", pytest.approx(0, abs=1e-6)),
        ("d", pytest.approx(-(0.5**0.5))),
    ]
    other = Table.build(["x"], np.ones((1, 3), np.float32))
    with pytest.raises(W2VError, match="of 2 and of 3 numbers cannot be compared"):
        query.similar(other, wanted, source=words)


@pytest.mark.parametrize("sign_and_other", [(-1, 0), (1, 1)])
def test_a_query_of_other_than_one_word_is_no_row_of_the_mutual_neighbours(sign_and_other):
    """Neither -w0 nor w0 with a composed word is judged as w0, which is only left out."""
    table = random_table()
    sign, other = sign_and_other
    vector = (sign * table.units(np.array([0]))[0] + other * table.units(np.array([1]))[0])[None]
    [bare] = query.neighbours_each(vector, MutualSearch(table, 20))
    [found] = query.neighbours_each(vector, MutualSearch(table, 20), [[0]])
    assert len(bare) > 5
    assert {near.name for near in bare} - {"w0"} <= {near.name for near in found}
    if sign < 0:
        [answer] = query.QueryAnswerer(MutualSearch(table, 20), table).answer(parse_terms(["-w0"]))
        assert answer == found


@pytest.mark.parametrize("terms", ["w0 +w1 -w0 -w1", "w2 +w3 +w4 -w4 -w3 -w2", "w5 +against"])
def test_a_query_that_only_rounding_keeps_from_zero_has_no_direction(terms):
    matrix = np.random.default_rng(2).normal(size=(30, 20)).astype(np.float32)
    names = [*(f"w{row}" for row in range(30)), "against"]
    table = Table.build(names, np.concatenate([matrix, matrix[5:6] * np.float32(-0.7)]))
    [wanted] = parse_terms(terms.split())
    with pytest.raises(NotFoundError, match="is zero: it has no direction"):
        query.similar(table, wanted)
    assert not query.numbers(table, wanted).any()
    near = Table.build(["a", "b"], np.array([[1, 0], [1, 1e-4]], np.float32))
    assert query.numbers(near, parse_terms(["a", "-b"])[0]).any()


def test_vectors_that_are_composed_for_many_queries_are_not_all_kept(monkeypatch):
    monkeypatch.setattr("w2v.embeddings.query._KEPT", 3)
    rng = np.random.default_rng(4)
    rows = DenseMatrix(rng.normal(size=(2 + 50, 4)).astype(np.float32))
    table = Table.build(["a", "b"], np.array(rows.numbers[:2])).with_subwords(
        Subwords(rows, 2, 3, 4, 50)
    )
    answerer = query.QueryAnswerer(Search(table, 2), table)
    words = [f"word{number}" for number in range(20)]
    for begin in range(0, 20, 2):
        batch = [*words[begin : begin + 2], "a"]
        for term, answer in zip(batch, answerer.answer(parse_terms(batch)), strict=True):
            assert answer == query.similar(table, Query((("+", term),)), 2)
        assert len(answerer._composed) <= 4
    assert answerer.composed == set(words)
