"""Combined runs: planted rotations are undone, and noise becomes less."""

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes

from w2v.alignment.combination import mean_of_runs, side_by_side
from w2v.alignment.common_words import CommonWords
from w2v.alignment.rotations import rotation, rotations
from w2v.embeddings import formats, transform
from w2v.embeddings.table import Table
from w2v.errors import W2VError

NAMES = [f"w{number}" for number in range(300)]
DIM = 8


def random_rotation(rng, dim=DIM):
    return np.linalg.qr(rng.normal(size=(dim, dim)))[0]


def runs(count=4, noise=0.5, seed=0, scales=(1, 1, 1, 1)):
    """The true vectors, and tables of runs: rotated, in other orders, with noise."""
    rng = np.random.default_rng(seed)
    truth, tables = rng.normal(size=(len(NAMES), DIM)), []
    for number in range(count):
        order = rng.permutation(len(NAMES)) if number else np.arange(len(NAMES))
        noisy = (truth + noise * rng.normal(size=truth.shape)) @ random_rotation(rng)
        matrix = (scales[number] * noisy[order]).astype(np.float32)
        tables.append(Table.build([NAMES[row] for row in order], matrix, np.arange(len(NAMES))))
    return truth, tables


def cosines(matrix):
    units = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return units @ units.T


def error(table, truth):
    """How far the cosines of all pairs of words are from the true ones."""
    rows = [NAMES.index(name) for name in table.names]
    return np.abs(cosines(table.vectors(slice(None))) - cosines(truth[rows])).mean()


def test_a_rotation_is_that_of_scipy():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 50, DIM))
    np.testing.assert_allclose(rotation(x.T @ y), orthogonal_procrustes(x, y)[0], atol=1e-12)


def test_rotations_leave_a_smaller_error_than_any_nearby():
    """The sum of squared errors to the mean, compared with small changes of one rotation."""
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(4, 60, 5))
    products = [[a.T @ b for b in vectors] for a in vectors]
    found = rotations(products)

    def total(maps):
        mapped = np.array([x @ each for x, each in zip(vectors, maps, strict=True)])
        return ((mapped - mapped.mean(axis=0)) ** 2).sum()

    np.testing.assert_allclose(found[0], np.eye(5), atol=1e-12)
    for each in found:
        np.testing.assert_allclose(each.T @ each, np.eye(5), atol=1e-12)
    least = total(found)
    for number in range(4):
        for _ in range(20):
            skew = rng.normal(size=(5, 5)) * 1e-3
            turned = found[number] @ np.linalg.qr(np.eye(5) + skew - skew.T)[0]
            signs = np.sign(np.diag(turned.T @ found[number]))
            other = [*found[:number], turned * signs, *found[number + 1 :]]
            assert total(other) >= least - 1e-9


def test_runs_without_noise_are_one_vector():
    _, tables = runs(noise=0, scales=(2, 1, 0.1, 7))
    found = mean_of_runs(tables)
    np.testing.assert_allclose(found.table.matrix, tables[0].matrix, atol=1e-4)
    np.testing.assert_allclose(found.agreements, 1, atol=1e-6)
    assert found.table.names == tables[0].names
    np.testing.assert_array_equal(found.table.counts, tables[0].counts)


@pytest.mark.parametrize("combine", [mean_of_runs, side_by_side])
def test_runs_together_are_nearer_to_the_truth_than_each(combine):
    truth, tables = runs()
    alone = [error(table, truth) for table in tables]
    assert error(combine(tables).table, truth) < 0.75 * min(alone)


def test_cosines_of_vectors_side_by_side_are_means():
    _, tables = runs(3)
    first = [table.take(np.array([table.find(name) for name in NAMES])) for table in tables]
    found = side_by_side([tables[0], transform.reduced(tables[1], 3), tables[2]])
    assert found.table.dim == 2 * DIM + 3
    first[1] = transform.reduced(first[1], 3)
    mean = np.mean([cosines(table.matrix) for table in first], axis=0)
    np.testing.assert_allclose(cosines(found.table.matrix), mean, atol=1e-5)


def test_only_common_words_in_the_order_of_the_first_file():
    rng = np.random.default_rng(3)
    tables = [
        Table.build(names, rng.normal(size=(len(names), 2)).astype(np.float32))
        for names in (["a", "b", "é", "c"], ["c", "x", "a", "é"], ["é", "c", "a"])
    ]
    words = CommonWords.of(tables)
    assert [[t.names[row] for row in rows] for t, rows in zip(tables, words.rows, strict=True)] == (
        [["a", "é", "c"]] * 3
    )
    assert mean_of_runs(tables).table.names == ["a", "é", "c"]


def test_vectors_without_a_direction_do_not_spoil_the_others():
    _, tables = runs(3, noise=0)
    for row, value in ((5, 0), (9, np.nan)):
        tables[1].matrix[row] = value
    tables[1] = tables[1].with_matrix(tables[1].matrix)
    found = mean_of_runs(tables)
    assert np.isfinite(found.table.matrix).all()
    spoilt = [tables[1].names[5], tables[1].names[9]]
    kept = np.array([name not in spoilt for name in NAMES])
    np.testing.assert_allclose(found.table.matrix[kept], tables[0].matrix[kept], atol=1e-4)
    # one of three runs counts as zero
    np.testing.assert_allclose(
        found.table.matrix[~kept], 2 / 3 * tables[0].matrix[~kept], atol=1e-3
    )


def test_what_cannot_be_combined_is_refused():
    def table(names, dim, value=1.0):
        return Table.build(names, np.full((len(names), dim), value, np.float32))

    with pytest.raises(W2VError, match="have 2, 3 dimensions: give runs with the same --dim"):
        mean_of_runs([table(["a"], 2), table(["a"], 3)])
    for combine in (mean_of_runs, side_by_side):
        with pytest.raises(W2VError, match="no word in common"):
            combine([table(["a"], 2), table(["b"], 2)])
    with pytest.raises(W2VError, match="whose vectors are finite and not zero"):
        mean_of_runs([table(["a"], 2, 0.0), table(["a"], 2)])


def save(tables):
    for number, table in enumerate(tables):
        formats.save(f"{number}.safetensors", table)


def test_the_command(w2v, folder):
    truth, tables = runs(3)
    save([*tables[:2], tables[2].take(np.arange(290))])
    files = [f"{number}.safetensors" for number in range(3)]
    result = w2v("combine", *files, "-o", "all.safetensors")
    assert (result.code, result.out) == (0, "")
    said = result.err.splitlines()
    assert said[0].startswith("0.safetensors: 10 names left out; mean cosine 0.")
    assert said[2].startswith("2.safetensors: 0 names left out; mean cosine 0.")
    assert said[3] == "all.safetensors: 290 vectors of 8 numbers"
    found = formats.load("all.safetensors")
    assert error(found, truth) < 0.8 * error(tables[0], truth)
    assert w2v("combine", *files, "-o", "wide.txt", "--side-by-side", "--quiet").err == ""
    assert formats.load("wide.txt").dim == 24


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["0.safetensors", "-o", "x.txt"], "give two or more"),
        (["0.safetensors", "1.safetensors"], "name the output file: -o FILE"),
        (["0.safetensors", "1.safetensors", "-o", "1.safetensors"], "1.safetensors"),
        (["0.safetensors", "none.txt", "-o", "x.txt"], "none.txt"),
        (["0.safetensors", "1.safetensors", "-o", "x.what"], "x.what"),
    ],
)
def test_wrong_calls_of_the_command(w2v, folder, args, message):
    save(runs(2)[1])
    before = (folder / "1.safetensors").read_bytes()
    result = w2v("combine", *args)
    assert result.code == 2
    assert message in result.err
    assert result.err.count("\n") == 1
    assert (folder / "1.safetensors").read_bytes() == before
    assert not (folder / "x.txt").exists()
