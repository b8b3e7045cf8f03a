"""N-gram rows that are fitted to finished vectors: the regression, its limits, and its memory."""

import naive
import numpy as np
import pytest
from fasttext_files import ngrams
from helpers import COMPILED

import w2v
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.kernels.simd import WIDTH, aligned
from w2v.negative_sampling import ngram_regression, subword_fit
from w2v.negative_sampling.ngram_regression import RIDGE, NgramRegression
from w2v.negative_sampling.subword_fit import SubwordFit
from w2v.settings import SubwordSettings

LISTS = [[0, 1], [1, 1, 2], [2, 3, 0], [3], [0, 3, 4], [4, 1]]  # the n-grams of six words
WORDS = 400 if COMPILED else 60


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def planted(count=WORDS, dim=3, lengths=(1, 2), seed=0):
    """Words, and vectors that are exactly the means of random rows of their n-grams."""
    rng = np.random.default_rng(seed)
    words = {}
    while len(words) < count:
        words["".join(rng.choice([*"abcé"], rng.integers(2, 7)))] = None
    rows = {}
    return [*words], np.array(
        [
            np.mean(
                [rows.setdefault(g, rng.standard_normal(dim)) for g in ngrams(word, *lengths)],
                axis=0,
            )
            for word in words
        ],
        np.float32,
    )


def fit(table, lengths="1-2", buckets=0, fewest=1, held_out=0, threads=1):
    return SubwordFit(table, SubwordSettings(lengths, buckets, fewest), held_out, threads)


def fitted(table, **settings):
    return fit(table, **settings).run(lambda state: None)


def test_the_regression_solves_the_normal_equations():
    targets = np.random.default_rng(1).standard_normal((len(LISTS), WIDTH)).astype(np.float32)
    wanted = naive.fit_ngrams(LISTS, targets.astype(np.float64), 5, RIDGE)
    offsets = np.concatenate([[0], np.cumsum([len(own) for own in LISTS])])
    numbers = np.concatenate(LISTS).astype(np.int32)
    steps, block = [], aligned(targets.shape)
    block[:] = targets
    rows = aligned((5, WIDTH))
    NgramRegression(offsets, numbers, 5, 2).solve(block, rows, steps.append)
    np.testing.assert_allclose(rows, wanted, rtol=1e-3, atol=1e-4)
    assert steps == [*range(1, len(steps) + 1)]
    assert len(steps) < ngram_regression.STEPS  # it stops when nothing is left to improve


def test_planted_rows_compose_the_words_that_were_held_out():
    words, vectors = planted()
    found = fitted(Table.build(words, vectors), held_out=20)
    assert found.held_out == 20
    assert found.cosine > 0.98
    assert found.centered > 0.95
    known = np.delete(np.arange(WORDS), 0)
    table = Table.build([words[row] for row in known], vectors[known])
    composed = fitted(table).table.compose(words[0])
    assert unit(composed) @ unit(vectors[0]) > 0.98


def test_known_words_keep_their_vectors_and_are_composed_from_their_own_row(monkeypatch):
    monkeypatch.setattr(ngram_regression, "COLUMNS", WIDTH)
    words, _ = planted(40)
    vectors = np.random.default_rng(2).standard_normal((42, WIDTH + 3)).astype(np.float32)
    counts = np.arange(42)
    table = Table.build([*words, "</s>", "x" * 20_000], vectors, counts)
    found = fitted(table, lengths="2-3", held_out=5).table
    np.testing.assert_array_equal(found.matrix, vectors)
    np.testing.assert_array_equal(found.counts, counts)
    composed = np.array(
        [found.subwords.compose(found.name_bytes(row), row) for row in range(len(found))]
    )
    np.testing.assert_allclose(composed, vectors, atol=1e-5)


@pytest.mark.parametrize("buckets", [0, 9])
def test_the_result_does_not_depend_on_threads_or_on_the_size_of_parts(monkeypatch, buckets):
    words, vectors = planted(50)
    table = Table.build(words, vectors)
    monkeypatch.setattr(ngram_regression, "_ROWS", 16)
    one, four = (fitted(table, buckets=buckets, threads=threads) for threads in (1, 4))
    numbers = one.subwords.vectors.numbers
    np.testing.assert_array_equal(numbers, four.subwords.vectors.numbers)
    monkeypatch.undo()
    whole = fitted(table, buckets=buckets).subwords
    np.testing.assert_allclose(numbers, whole.vectors.numbers, atol=1e-4)
    assert buckets == 0 or len(whole.kept) <= buckets


def test_ngrams_without_a_fitted_word_have_no_row():
    table = Table.build(["aa", "ab", "zz", "cc"], np.eye(4, dtype=np.float32))
    table.norms[2] = np.nan  # this word is not fitted
    found = fitted(table, lengths="2-2")
    assert found.subwords.ngrams(b"zz") == []
    assert [ngram for ngram, _ in found.subwords.ngrams(b"ac")] == [b"<a", b"c>"]
    assert fitted(table, lengths="2-2", fewest=2).ngrams == 1  # only <a


@pytest.mark.parametrize("scale", [1e-42, 1e-30, 1.0, 1e30])
def test_vectors_of_any_scale_are_fitted(scale):
    words, vectors = planted(40)
    vectors = (vectors * np.float32(scale)).astype(np.float32)
    vectors[:3] = [[0, 0, 0], [np.nan, 1, 1], [np.inf, 1, 1]]
    found = fitted(Table.build(words, vectors), held_out=4)
    np.testing.assert_array_equal(found.table.matrix, vectors)
    own, ngram_rows = np.split(found.subwords.vectors.numbers, [40])
    assert np.isfinite(ngram_rows).all()
    assert np.isfinite(own[3:]).all()
    assert found.cosine > (0.9 if scale > 1e-40 else 0)


def test_too_large_vectors_are_refused_with_advice():
    vectors = np.full((2, 3), 1e38, np.float32)
    with pytest.raises(W2VError, match=r"(8\.7e\+37|1\.7e\+38).*--normalize"):
        fit(Table.build(["aa", "bb"], vectors))


def test_one_word_of_one_number():
    found = fitted(Table.build(["king"], np.array([[2.0]], np.float32)), lengths="3-6")
    assert (found.held_out, found.cosine == found.cosine) == (0, False)  # no cosine: NaN
    assert found.table.compose("kings")[0] == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("names", [[], ["</s>"], ["a"]])
def test_without_a_word_to_fit_the_error_says_what_to_try(names):
    table = Table.build(names, np.ones((len(names), 2), np.float32))
    with pytest.raises(W2VError, match="--subwords 1-6"):
        fit(table, lengths="5-6")


def test_a_word_must_be_left_to_fit():
    table = Table.build(["aa", "bb"], np.ones((2, 2), np.float32))
    with pytest.raises(W2VError, match="--held-out 2: only 2 words can be fitted"):
        fit(table, held_out=2)
    with pytest.raises(W2VError, match="--held-out 3: only 1 word can be fitted"):
        fit(Table.build(["aa"], np.ones((1, 2), np.float32)), held_out=3)


@pytest.mark.parametrize(("free", "lengths"), [(30_000, "1-2"), (120_000, "1-6")])
def test_the_advice_on_memory_works(monkeypatch, free, lengths):
    monkeypatch.setattr(subword_fit, "FEWEST_BUCKETS", 1)
    words, vectors = planted(20)
    table = Table.build(words, vectors)
    refused = fit(table, lengths)
    with pytest.raises(
        W2VError, match=r"more memory, but only .* free: .*--(buckets|limit)"
    ) as error:
        refused.check_memory(free)
    advice = str(error.value)
    if "--buckets" in advice:
        fit(table, lengths, buckets=int(advice.rpartition(" ")[2])).check_memory(free)
    refused.check_memory(None)
    refused.check_memory(refused.memory_bytes())


def test_memory_that_is_too_small_to_number_ngrams_is_told_before_the_work(monkeypatch):
    monkeypatch.setattr("w2v.system.resources.available_memory", lambda: 10_000)
    monkeypatch.setattr("w2v.fitting.SubwordFit", None)  # would be called
    words, vectors = planted(20)
    given = w2v.Vectors(words, vectors)
    with pytest.raises(W2VError, match="numbering n-grams needs .* but only .* free: try fewer"):
        w2v.fit_subwords(given)


def test_progress_says_the_share_and_the_time_left():
    words, vectors = planted(40)
    shown = []
    fit(Table.build(words, vectors)).run(shown.append)
    assert shown[0].startswith("fitting n-grams")
    assert shown[0].endswith(" left")


def test_python_programs_fit_and_save(folder, caplog):
    words, vectors = planted(40)
    given = w2v.Vectors(words, vectors)
    found = w2v.fit_subwords(given, subwords="1-2", held_out=4, threads=1, on_progress=print)
    assert "bbbbbbbbb" not in found
    assert found["bbbbbbbbb"].shape == (3,)
    np.testing.assert_array_equal(found.matrix, given.matrix)
    found.save("fitted.safetensors")
    again = w2v.load("fitted.safetensors")
    np.testing.assert_array_equal(again["bbbbbbbbb"], found["bbbbbbbbb"])
    w2v.fit_subwords(again, subwords="1-2", threads=1)
    assert "already have subwords" in caplog.text
    for wrong, message in [
        ({"vectors": "file"}, "vectors: expected w2v.Vectors"),
        ({"subwords": "none"}, "--subwords none"),
        ({"subwords": "x"}, "expected MIN-MAX"),
        ({"buckets": -1}, "buckets"),
        ({"held_out": 1.5}, "held_out"),
    ]:
        with pytest.raises(W2VError, match=message):
            w2v.fit_subwords(**{"vectors": given, **wrong})
