"""Subwords in a container, and tables that compose their vectors."""

import json

import fasttext_files as files
import numpy as np
import pytest

from w2v.embeddings import container, formats
from w2v.embeddings.bucket_rows import BucketRows
from w2v.embeddings.row_matrices import DenseMatrix
from w2v.embeddings.search import Search
from w2v.embeddings.subword_table import SubwordTable
from w2v.embeddings.subwords import Subwords, find_ngrams
from w2v.embeddings.table import Table
from w2v.errors import W2VError

WORDS = ["the", "king", "Straße", "</s>", "x" * 20_000]
EVERY = 2**32
BUCKETS = np.array(
    sorted({files.bucket_of(g, EVERY) for w in WORDS[:2] for g in files.ngrams(w, 3, 4)}), np.uint32
)
ROWS = np.random.default_rng(4).normal(size=(len(WORDS) + len(BUCKETS), 6)).astype(np.float32)
SUBWORDS = Subwords(DenseMatrix(ROWS), len(WORDS), 3, 4, EVERY, BUCKETS)

# As `SUBWORDS`, but the n-grams share three rows, of which one is the own row of a word.
SHARED = np.arange(len(BUCKETS), dtype=np.int32) % 3 + len(WORDS) - 1


def expected(word):
    """The mean of a word's own row and of the rows of its n-grams that are kept."""
    found = [WORDS.index(word)] if word in WORDS else []
    places = {bucket: row for row, bucket in enumerate(BUCKETS.tolist(), len(WORDS))}
    ngrams = files.ngrams(word, 3, 4) if len(word) < 20_000 else []
    buckets = [files.bucket_of(ngram, EVERY) for ngram in ngrams]
    return ROWS[[*found, *(places[bucket] for bucket in buckets if bucket in places)]].mean(axis=0)


def make_table():
    names = "".join(f"{word}\n" for word in WORDS).encode()
    return SubwordTable.composing(names, SUBWORDS, np.arange(len(WORDS), 0, -1))


def make_shared(rows=ROWS, words=WORDS):
    subwords = Subwords(DenseMatrix(rows), len(WORDS), 3, 4, EVERY, BUCKETS, SHARED)
    return SubwordTable.composing("".join(f"{w}\n" for w in words).encode(), subwords, None)


def test_kept_ngrams_compose_vectors():
    table = make_table()
    for row, word in enumerate(WORDS):
        np.testing.assert_allclose(table.row(row), expected(word), atol=1e-6)
    np.testing.assert_allclose(table.matrix, [*map(expected, WORDS)], atol=1e-6)
    for word in ("then", "kin", "ing"):
        np.testing.assert_allclose(table.compose(word), expected(word), atol=1e-6)
    assert table.compose("zzz") is None
    assert table.without_subwords().compose("then") is None
    np.testing.assert_array_equal(table.without_subwords().matrix, table.matrix)


def test_the_ngrams_of_words_are_found_in_the_order_of_the_words():
    """A line end and a word that is too long have none."""
    table, rows = make_table(), np.array([1, 4, 0, 3])
    numbers, bounds = find_ngrams(table.text, table.offsets, rows, 3, 4, EVERY)
    found = [numbers[a:b].tolist() for a, b in zip(bounds, bounds[1:], strict=False)]
    king, the = (
        [files.bucket_of(ngram, EVERY) for ngram in files.ngrams(w, 3, 4)] for w in ("king", "the")
    )
    assert found == [king, [], the, []]


@pytest.mark.parametrize("is_shared", [False, True])
def test_words_keep_their_vectors_when_ngrams_are_distributed_to_other_buckets(is_shared):
    table, words = make_shared() if is_shared else make_table(), np.arange(len(WORDS))
    buckets = BucketRows.of(table.subwords, 7)
    own = buckets.own_rows(table, table.subwords, words, all_count=True)
    rows = np.concatenate([own, buckets.block(0, 7)])
    made = Subwords(DenseMatrix(rows), len(WORDS), 3, 4, 7)
    composed = made.compose_rows(table.text, table.offsets, words, words)
    np.testing.assert_allclose(composed, table.matrix, atol=1e-5)


def test_words_are_composed_on_all_threads_and_in_parts(monkeypatch):
    monkeypatch.setattr("w2v.system.resources.processors", lambda: 1)
    alone = make_table().matrix
    np.testing.assert_allclose(alone, [*map(expected, WORDS)], atol=1e-6)
    monkeypatch.setattr("w2v.embeddings.subwords._WORDS", 2)
    monkeypatch.setattr("w2v.system.resources.processors", lambda: 3)
    np.testing.assert_array_equal(make_table().matrix, alone)


def test_many_searches_compose_the_matrix(monkeypatch):
    monkeypatch.setattr("w2v.embeddings.subword_table._MANY", len(WORDS))
    table = make_table()
    vectors = table.row(0)[None, None]
    first = Search(table, 3).nearest(vectors, [[]])
    assert "matrix" not in vars(table)
    assert Search(table, 3).nearest(vectors, [[]]) == first
    assert "matrix" in vars(table)
    assert Search(table, 3).nearest(vectors, [[]]) == first


def test_a_container_keeps_subwords(folder):
    table = make_table()
    formats.save("x.safetensors", table)
    tensors, metadata = container.read("x.safetensors")
    assert json.loads(metadata["subwords"]) == {"minn": 3, "maxn": 4, "buckets": EVERY}
    np.testing.assert_array_equal(tensors["subwords.vectors"], ROWS)
    np.testing.assert_array_equal(tensors["subwords.buckets"], BUCKETS)
    read = formats.load("x.safetensors")
    np.testing.assert_allclose(read.matrix, table.matrix)
    for word in ("then", "kin", "zzz"):
        np.testing.assert_array_equal(read.compose(word), table.compose(word))
    some = formats.load("x.safetensors", limit=1)
    np.testing.assert_array_equal(some.compose("then"), table.compose("then"))
    assert some.with_matrix(some.matrix).compose("then") is None


@pytest.mark.parametrize("words", [WORDS, WORDS[:2]])
def test_ngrams_may_share_rows(folder, words):
    """A table of some of the words too keeps the rows of all n-grams."""
    apart = np.concatenate([ROWS[: len(WORDS)], ROWS[SHARED]])
    expanded = Subwords(DenseMatrix(apart), len(WORDS), 3, 4, EVERY, BUCKETS)
    table = make_shared(words=words)
    formats.save("x.safetensors", table)
    read = formats.load("x.safetensors")
    for word in ("then", "kin", "the"):
        wanted = expanded.compose(word.encode())
        for subwords in (table.subwords, read.subwords):
            np.testing.assert_allclose(subwords.compose(word.encode()), wanted, atol=1e-6)
    np.testing.assert_allclose(read.matrix, table.matrix)
    assert read.subwords.ngram_count == len(BUCKETS)
    tensors, _ = container.read("x.safetensors")
    assert len(tensors["subwords.vectors"]) <= len(ROWS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"subwords.rows": SHARED.astype(np.int64)}, "subwords.rows does not fit"),
        ({"subwords.rows": SHARED[1:]}, "subwords.rows does not fit"),
        ({"subwords.rows": SHARED - 10}, "subwords.rows does not fit"),
        ({"subwords.rows": SHARED + 20}, "subwords.rows does not fit"),
        ({"subwords.rows": SHARED, "subwords.vectors": ROWS[:4]}, "subwords.rows does not fit"),
        ({"subwords.rows": SHARED, "subwords.vectors": ROWS[0]}, "subwords.rows does not fit"),
        ({"subwords.buckets": BUCKETS[::-1].copy()}, "the buckets do not ascend"),
        ({"subwords.buckets": BUCKETS.astype(np.int64)}, "the type of subwords.buckets is int64"),
        ({"subwords.vectors": ROWS[:-1]}, r"the shape of subwords.vectors is \(16, 6\)"),
        ({"subwords.vectors": ROWS[:, :5].copy()}, "the shape"),
        ({"subwords.vectors": None}, ".* is missing"),
        ({"subwords": '{"minn": 3, "maxn": 101, "buckets": 9}'}, "the settings are"),
        ({"subwords": '{"minn": 3.5, "maxn": 4, "buckets": 9}'}, "the settings are"),
        ({"subwords": "[]"}, "the settings are"),
        ({"subwords": '{"minn": 3, "maxn": 4, "buckets": 9}'}, "the buckets do not ascend"),
        ({"subwords": None}, "the settings are missing"),
    ],
)
def test_damaged_subwords_are_refused(folder, change, said):
    formats.save("x.safetensors", make_table())
    tensors, metadata = container.read("x.safetensors")
    both = {**tensors, **metadata, **change}
    metadata = {name: both[name] for name in metadata if both[name] is not None}
    tensors = {name: both[name] for name in both if isinstance(both[name], np.ndarray)}
    container.write("y.safetensors", tensors, metadata)
    with pytest.raises(W2VError, match=f"y.safetensors: the subwords are damaged: {said}") as error:
        formats.load("y.safetensors")
    assert "\n" not in str(error.value)


def test_a_table_without_subwords_composes_nothing():
    table = Table.build(["a"], np.ones((1, 2), np.float32))
    assert table.compose("b") is None
    assert table.without_subwords() is table


def test_own_rows_compose_words_to_given_vectors():
    """A word of n n-grams, which sum to S, has the vector (own + S) / (1 + n)."""
    words = ["then", "king", "zzz", "</s>"]
    encoded = [word.encode() for word in words]
    vectors = np.random.default_rng(5).normal(size=(4, 6)).astype(np.float32)
    own = SUBWORDS.own_vectors(encoded, vectors)
    rows = np.concatenate([own, ROWS[len(WORDS) :]])
    again = Subwords(DenseMatrix(rows), 4, 3, 4, EVERY, BUCKETS)
    for row, word in enumerate(encoded):
        np.testing.assert_allclose(again.compose(word, row), vectors[row], atol=2e-6)
    np.testing.assert_array_equal(own[2:], vectors[2:])  # without n-grams
    alone = SUBWORDS.compose_unknown(encoded)
    np.testing.assert_allclose(alone[0], expected("then"), atol=1e-6)
    np.testing.assert_array_equal(alone[2:], 0)
    assert SUBWORDS.own_vectors([], vectors[:0]).shape == (0, 6)


def test_ngrams_that_are_not_finite_compose_no_vector():
    rows = ROWS.copy()
    rows[len(WORDS) :] = np.nan
    broken = Subwords(DenseMatrix(rows), len(WORDS), 3, 4, EVERY, BUCKETS)
    np.testing.assert_array_equal(broken.compose_unknown([b"then"]), np.zeros((1, 6)))
