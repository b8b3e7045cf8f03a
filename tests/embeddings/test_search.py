"""Many queries at once: the same as one by one and as a full sort in NumPy, for any block size."""

import tracemalloc

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from w2v.embeddings import formats
from w2v.embeddings.norms import row_norms, unit_vectors
from w2v.embeddings.search import EPSILON, Search
from w2v.embeddings.table import Table

ROWS, DIM = 60, 4


def table(seed):
    """Vectors of small integers: many are equal, and some are zero."""
    matrix = np.random.default_rng(seed).integers(-2, 3, (ROWS, DIM)).astype(np.float32)
    return Table.build([f"w{i}" for i in range(ROWS)], matrix)


def naive(table, vectors, signs, excluded, search):
    """The answer to one query by a full sort."""
    matrix = table.matrix.astype(float)
    matrix /= np.maximum(np.linalg.norm(matrix, axis=1), 1e-30)[:, None]
    terms = vectors.astype(float)
    terms /= np.maximum(np.linalg.norm(terms, axis=1), 1e-30)[:, None]
    cosines = matrix @ terms.T
    if len(signs) == 1:
        scores = cosines[:, 0]
    else:
        shares, scores = (1 + cosines) / 2, 1.0
        for term, sign in enumerate(signs):
            share = shares[:, term]
            scores = scores * share if sign == "+" else scores / (share + EPSILON)
    rows = range(len(table)) if search.rows is None else search.rows
    rows = [row for row in rows if row not in excluded and matrix[row].any()]
    pairs = sorted((-round(float(scores[row]), 8), row) for row in rows)
    least = -np.inf if search.min_score is None else search.min_score
    return [(row, -score) for score, row in pairs[: search.k] if -score >= least]


@given(st.data())
@pytest.mark.parametrize("signs", ["+", "+-+", "-+"])
def test_many_queries_are_a_full_sort_of_each(signs, data):
    seed = data.draw(st.integers(0, 5))
    held, rng = table(seed), np.random.default_rng(seed)
    rows = data.draw(st.none() | st.sets(st.integers(0, ROWS - 1)))
    search = Search(
        held,
        data.draw(st.integers(1, ROWS + 3)),
        None if rows is None else np.array(sorted(rows), np.int64),
        data.draw(st.none() | st.floats(-1, 1)),
    )
    count = data.draw(st.integers(0, 7))
    queries = rng.integers(0, ROWS, (count, len(signs)))
    vectors, excluded = held.matrix[queries], [list(each) for each in queries]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("w2v.embeddings.search._SCORES", data.draw(st.sampled_from([1, 50, 1 << 19])))
        patch.setattr("w2v.embeddings.search._ROWS", data.draw(st.sampled_from([1, 7, 256])))
        patch.setattr("w2v.embeddings.search._VECTORS", data.draw(st.sampled_from([1, 8, 1024])))
        found = search.nearest(vectors, excluded, tuple(signs))
        single = [
            search.nearest(vector[None], [out], tuple(signs))[0]
            for vector, out in zip(vectors, excluded, strict=True)
        ]
    assert found == single
    for answers, vector, out in zip(found, vectors, excluded, strict=True):
        wanted = naive(held, vector, signs, out, search)
        if search.min_score is not None and any(
            abs(s - search.min_score) < 1e-6 for _, s in wanted
        ):
            continue  # rounding decides
        assert [row for row, _ in answers] == [row for row, _ in wanted]
        np.testing.assert_allclose(
            [score for _, score in answers], [score for _, score in wanted], atol=1e-7
        )


def test_many_equal_vectors_are_told_in_the_order_of_rows(monkeypatch):
    monkeypatch.setattr("w2v.embeddings.search._SCORES", 64)
    monkeypatch.setattr("w2v.embeddings.search._ROWS", 16)
    held = Table.build([f"w{i}" for i in range(500)], np.ones((500, 3), np.float32))
    [found] = Search(held, 5).nearest(held.matrix[:1, None], [[2]])
    assert [row for row, _ in found] == [0, 1, 3, 4, 5]


def test_what_has_no_direction_never_answers():
    matrix = np.array([[1, 0], [np.nan, 1], [np.inf, 0], [0.5, 0.5], [0, 0]], np.float32)
    held = Table.build(list("abcde"), matrix)
    [found] = Search(held, 9).nearest(held.matrix[:1, None], [[]])
    assert [row for row, _ in found] == [0, 3]
    assert Search(held).count_nearer(np.array([[0, 1]], np.float32), np.array([0])).tolist() == [1]
    assert held.has_direction().tolist() == [True, False, False, True, False]
    assert held.has_direction(np.array([3, 4])).tolist() == [True, False]
    units = held.units(slice(None))
    np.testing.assert_array_equal(units[[1, 2, 4]], 0)
    np.testing.assert_allclose(row_norms(units[[0, 3]]), 1, rtol=1e-6)
    assert held.without_direction() == (
        "1 vector is zero ('e') and 2 vectors are not finite ('b', 'c')"
    )


@pytest.mark.parametrize("rows", [None, 0.8])
def test_how_many_are_nearer_than_the_own_row_is_a_full_comparison(monkeypatch, rows):
    held, rng = table(3), np.random.default_rng(3)
    searched = np.arange(ROWS) if rows is None else np.flatnonzero(rng.random(ROWS) < rows)
    monkeypatch.setattr("w2v.embeddings.search._SCORES", 7)
    monkeypatch.setattr("w2v.embeddings.search._ROWS", 7)
    monkeypatch.setattr("w2v.embeddings.search._VECTORS", 3)
    cosines = unit_vectors(held.matrix) @ unit_vectors(held.matrix).T
    own = rng.integers(0, ROWS, ROWS)
    own[held.norms[own] == 0] = 0
    wanted = [
        sum(cosines[at, row] > cosines[at, own[at]] + 1e-6 for row in searched
            if held.norms[row] and row != own[at])
        for at in range(ROWS)
    ]  # fmt: skip
    found = Search(held, rows=None if rows is None else searched).count_nearer(held.matrix, own)
    ties = [
        sum(abs(cosines[at, row] - cosines[at, own[at]]) <= 1e-6 for row in range(ROWS))
        for at in range(ROWS)
    ]
    assert ((found >= wanted) & (found <= np.add(wanted, ties))).all()


def test_thousands_of_questions_take_little_memory_whatever_the_table():
    held = Table.build(
        list(map(str, range(50_000))),
        np.random.default_rng(0).standard_normal((50_000, 8)).astype(np.float32),
    )
    search, queries = Search(held, 1), np.arange(1024)
    for signs in ("+", "+-+"):
        vectors = np.repeat(held.units(queries)[:, None], len(signs), axis=1)
        tracemalloc.start()
        search.nearest(vectors, queries[:, None], signs)
        search.count_nearer(vectors[:, 0], queries)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 60e6  # all scores at once: 205 MB and more


@pytest.mark.parametrize("queries", [1, 9])
@pytest.mark.parametrize("rows", [None, np.arange(0, 60, 2)])
def test_vectors_are_found_however_short_they_are(tmp_path, queries, rows):
    """Float32 has fewer digits below 1e-38, so that a norm there is not exact."""
    rng = np.random.default_rng(3)
    matrix = rng.standard_normal((ROWS, DIM)).astype(np.float32)
    matrix[4], matrix[6], matrix[8] = matrix[0] * 1e-40, -matrix[0] * 1e-40, [0, 0, 0, 1e-44]
    names = [f"w{i}" for i in range(ROWS)]
    formats.save(str(tmp_path / "x.npy"), Table.build(names, matrix))
    vectors = np.repeat(matrix[:1], queries, axis=0)[:, None]
    for each in (Table.build(names, matrix), formats.load(str(tmp_path / "x.npy"))):
        for answer in Search(each, ROWS, rows).nearest(vectors, [[0]] * queries):
            assert (answer[0][0], answer[-1][0]) == (4, 6)
            assert answer[0][1] == pytest.approx(1, abs=1e-4)
        units = each.units(np.arange(ROWS))
        np.testing.assert_allclose(row_norms(units), 1, rtol=1e-6)


@pytest.mark.parametrize("queries", [1, 90])
@pytest.mark.parametrize("k", [1, 3])
def test_vectors_that_are_longer_than_float32_can_say_hide_no_others(queries, k):
    rng = np.random.default_rng(4)
    matrix = rng.standard_normal((3000, 64)).astype(np.float32)
    signs = np.sign(matrix[0])
    matrix[[7, 5, 2500]] = signs[None] * np.float32([[1], [3e38], [2e38]])
    long = Table.build([f"w{i}" for i in range(3000)], matrix)
    short = Table.build(long.names, unit_vectors(matrix))
    for row in (7, 5, 9):
        vectors, excluded = np.repeat(matrix[row][None, None], queries, axis=0), [[row]] * queries
        found = Search(long, k).nearest(vectors, excluded)
        assert [[each for each, _ in answer] for answer in found] == [
            [each for each, _ in answer] for answer in Search(short, k).nearest(vectors, excluded)
        ]
        assert len(found[0]) == k
    np.testing.assert_allclose(row_norms(long.units(np.arange(9))), 1, rtol=1e-6)
