"""Centering, principal components and whitening by counts, on planted vectors and by twins."""

from functools import partial

import naive
import numpy as np
import pytest

from w2v.embeddings import transform
from w2v.embeddings.norms import unit_vectors
from w2v.embeddings.row_blocks import row_blocks
from w2v.embeddings.table import Table
from w2v.errors import W2VError

RNG = np.random.default_rng(0)


def table(matrix, counts=None):
    matrix = np.asarray(matrix, np.float32)
    if counts is None:
        counts = (1e5 / np.arange(1, len(matrix) + 1)).astype(np.int64)
    return Table.build([f"w{i}" for i in range(len(matrix))], matrix, counts)


def correlated(rows=300, dim=6):
    return RNG.standard_normal((rows, dim)) @ RNG.standard_normal((dim, dim)) + 3


def cosines(matrix):
    units = unit_vectors(matrix)
    return units @ units.T


def test_planted_dimensions_are_found_and_cosines_stay():
    low = RNG.standard_normal((200, 3)) + 1
    planted = table(low @ np.linalg.qr(RNG.standard_normal((8, 8)))[0][:3])
    reduced = transform.reduced(planted, 3)
    assert (reduced.dim, reduced.names) == (3, planted.names)
    np.testing.assert_allclose(cosines(reduced.matrix), cosines(planted.matrix), atol=1e-5)
    np.testing.assert_allclose(reduced.norms, planted.norms, rtol=1e-5)
    np.testing.assert_array_equal(reduced.counts, planted.counts)


def test_components_are_those_of_the_unit_vectors():
    original = table(correlated())
    _, values, directions = np.linalg.svd(unit_vectors(original.matrix, dtype=np.float64))
    assert (np.diff(values) < 0).all()
    wanted = original.matrix @ directions[:4].T
    ours = transform.reduced(original, 4).matrix
    np.testing.assert_allclose(np.abs(ours), np.abs(wanted), atol=1e-4)
    rotated = transform.reduced(original, 6)
    np.testing.assert_allclose(cosines(rotated.matrix), cosines(original.matrix), atol=1e-5)


def test_no_other_projection_leaves_a_smaller_error():
    original = table(correlated())
    units = unit_vectors(original.matrix, dtype=np.float64)
    unit_table = table(units)

    def error(projected):
        return (units**2).sum() - (projected.astype(float) ** 2).sum()

    ours = error(transform.reduced(unit_table, 3).matrix)
    others = [error(units @ np.linalg.qr(RNG.standard_normal((6, 6)))[0][:, :3]) for _ in range(50)]
    assert ours < min(others)


def test_whitened_vectors_have_the_weighted_mean_0_and_covariance_1():
    original = table(correlated())
    shares = original.counts / original.counts.sum()
    white = transform.whitened(original, None).matrix.astype(np.float64)
    np.testing.assert_allclose(shares @ white, 0, atol=1e-5)
    np.testing.assert_allclose((white * shares[:, None]).T @ white, np.eye(6), atol=1e-5)
    wanted = naive.zipfian_whitening(original.matrix.astype(np.float64), original.counts)
    np.testing.assert_allclose(np.abs(white), np.abs(wanted), atol=1e-3)
    top = transform.whitened(original, 2).matrix
    np.testing.assert_array_equal(top, white[:, :2].astype(np.float32))


def test_words_of_the_count_0_have_no_weight():
    matrix = correlated()
    counts = np.maximum(300 - np.arange(300) * 2, 0)
    rare = transform.whitened(table(matrix, counts), None).matrix
    frequent = transform.whitened(table(matrix[:150], counts[:150]), None).matrix
    np.testing.assert_allclose(rare[:150], frequent, atol=1e-5)


def test_vectors_without_a_direction_stay_so():
    matrix = correlated(20)
    matrix[4], matrix[7, 2], matrix[9, 1] = 0, np.nan, np.inf
    original = table(matrix)
    for made in (
        transform.centered(original, 1),
        transform.reduced(original, 3),
        transform.whitened(original, 3),
    ):
        assert not made.matrix[4].any()
        assert not np.isfinite(made.norms[[7, 9]]).any()
        others = np.delete(made.matrix, [4, 7, 9], axis=0)
        assert np.isfinite(others).all()
    assert not transform.centered(table(np.zeros((2, 3))), 0).matrix.any()


def test_what_cannot_be_reduced_or_whitened_is_refused():
    original = table(correlated())
    with pytest.raises(W2VError, match="--dim 7: the vectors have only 6 numbers"):
        transform.reduced(original, 7)
    with pytest.raises(W2VError, match="--dim 7: the vectors have only 6 numbers"):
        transform.whitened(original, 7)
    bare = Table.build(original.names, original.matrix)
    with pytest.raises(W2VError, match="counts, which the file lacks"):
        transform.whitened(bare, None)
    with pytest.raises(W2VError, match="the counts of all words are 0"):
        transform.whitened(table(original.matrix, np.zeros(300, np.int64)), None)
    flat = original.matrix.copy()
    flat[:, 5] = flat[:, 4] * 2
    with pytest.raises(W2VError, match="only 5 of 6 directions: keep at most 5 with --dim 5"):
        transform.whitened(table(flat), None)
    assert transform.whitened(table(flat), 5).dim == 5
    with pytest.raises(W2VError, match="only 0 of 6 directions: leave out --whiten"):
        transform.whitened(table(np.ones((9, 6))), None)


def test_the_same_bytes_in_blocks(monkeypatch):
    original = table(correlated())
    whole = transform.whitened(original, 4).matrix
    cut = partial(row_blocks, numbers=60)
    monkeypatch.setattr("w2v.embeddings.affine_maps.row_blocks", cut)
    np.testing.assert_allclose(transform.whitened(original, 4).matrix, whole, atol=1e-5)
