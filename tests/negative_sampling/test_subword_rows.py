"""The rows of the n-grams of a vocabulary: their numbers, what they share, and their memory."""

import tracemalloc

import naive
import numpy as np
import pytest
from fasttext_files import bucket_of, ngrams
from helpers import compiled_only, listed

from w2v.embeddings.subwords import LONGEST_WORD
from w2v.errors import W2VError
from w2v.kernels import composition
from w2v.kernels.simd import WIDTH, aligned
from w2v.negative_sampling.composer import compose
from w2v.negative_sampling.subword_rows import (
    number_ngrams,
    numbering_bytes,
    share_rows,
    shared_rows,
    without_ngrams,
)
from w2v.negative_sampling.worker import segment_length
from w2v.settings import SubwordSettings

NAMES = ["banana", "the", "</s>", "Straße", "a", "日本語", "👍🏽", "e\u0301"]


@pytest.mark.parametrize("buckets", [0, 7])
@pytest.mark.parametrize("fewest", [1, 2])
def test_the_ngrams_of_a_vocabulary_are_numbered_by_their_buckets(buckets, fewest, monkeypatch):
    monkeypatch.setattr("w2v.negative_sampling.subword_rows._WORDS", 3)  # several blocks
    settings = SubwordSettings("2-4", buckets, fewest)
    kept, found = number_ngrams(NAMES, settings)
    of_words = [
        [bucket_of(ngram, buckets or 2**32) for ngram in ngrams(name, 2, 4)] for name in NAMES
    ]
    occurring = {bucket for own in of_words for bucket in own}
    wanted = [b for b in sorted(occurring) if sum(b in own for own in of_words) >= fewest]
    assert kept.tolist() == wanted
    number = {bucket: len(NAMES) + row for row, bucket in enumerate(wanted)}
    assert listed(found) == [
        [word, *(number[b] for b in own if b in number)] for word, own in enumerate(of_words)
    ]
    assert listed(found.take(np.array([3, 0]))) == [listed(found)[3], listed(found)[0]]
    marked = np.array([True] + [False] * 7)
    assert listed(without_ngrams(found, marked)) == [[0], *listed(found)[1:]]


@pytest.mark.parametrize("buckets", [0, 7])
@pytest.mark.parametrize("fewest", [1, 2])
def test_ngrams_of_the_same_words_share_a_row_and_train_as_if_each_had_its_own(
    buckets, fewest, monkeypatch
):
    monkeypatch.setattr("w2v.negative_sampling.subword_rows._WORDS", 3)  # several blocks
    monkeypatch.setattr("w2v.negative_sampling.subword_rows._PLACES", 5)
    kept, apart = number_ngrams([*NAMES, "ananas", "aaaa"], SubwordSettings("2-4", buckets, fewest))
    ngram_rows = shared_rows(apart, len(kept))
    shared, words = share_rows(apart, ngram_rows), len(NAMES) + 2
    row_of = np.concatenate([np.arange(words), ngram_rows])
    count = row_of.max() + 1
    assert len(set(row_of)) == count
    assert (count < len(row_of)) == (not buckets)  # with 7 buckets each occurs in other words
    assert [rows[0] for rows in listed(shared)] == list(range(words))
    # Two n-grams share a row if and only if they occur in the same words equally often.
    uses = np.array([np.bincount(rows, minlength=len(row_of)) for rows in listed(apart)])
    assert len(np.unique(uses, axis=1).T) == count
    rng = np.random.default_rng(0)
    vectors = aligned((count, WIDTH))
    vectors[:] = rng.normal(size=vectors.shape)
    twin, all_words = vectors[row_of].astype(np.float64), np.arange(words, dtype=np.int32)
    before = compose(vectors, shared)
    np.testing.assert_allclose(before, naive.compose_words(twin, listed(apart)), atol=1e-6)
    changes = rng.normal(size=before.shape).astype(np.float32)
    composition.scatter_changes(
        vectors, *shared[:2], all_words, words, before + changes, before.copy(), 1
    )
    naive.scatter_changes(twin, listed(apart), changes)
    np.testing.assert_allclose(vectors[row_of], twin, atol=1e-5)


def test_an_empty_vocabulary_has_no_ngrams():
    kept, found = number_ngrams([], SubwordSettings("3-6"))
    assert kept.size == 0
    assert listed(found) == []
    rows = shared_rows(found, 0)
    assert rows.size == 0
    assert listed(share_rows(found, rows)) == []


def test_ngrams_that_begin_with_other_vectors_share_no_row():
    kept, apart = number_ngrams(NAMES, SubwordSettings("2-4"))
    alone = shared_rows(apart, len(kept))
    given = np.arange(len(kept)) % 5 - 1
    rows = shared_rows(apart, len(kept), given)
    words, pairs = len(NAMES), set(zip(alone.tolist(), given.tolist(), strict=True))
    assert len(set(zip(alone.tolist(), given.tolist(), rows.tolist(), strict=True))) == len(pairs)
    assert len(set(rows.tolist())) == len(pairs)
    assert (rows[given >= 0] >= words).all()
    np.testing.assert_array_equal(rows[given < 0] < words, alone[given < 0] < words)
    assert [own[0] for own in listed(share_rows(apart, rows))] == list(range(words))


def test_a_single_length_is_the_shortest_and_the_longest():
    assert SubwordSettings("3").ngram_lengths == (3, 3)


def test_a_word_that_is_too_long_has_only_its_own_row():
    long = "x" * (LONGEST_WORD + 1)
    kept, found = number_ngrams(["ab", long, "</s>", long + "y", "ab"], SubwordSettings("2-3"))
    first, *bare, last = listed(found)
    assert bare == [[1], [2], [3]]
    assert (len(first), first[1:]) == (6, last[1:])
    assert kept.size == 5


@pytest.mark.parametrize("value", ["6-3", "0-2", "3-65", "x", "3-", "-", "3-6-7", "²-³"])
def test_wrong_lengths_are_an_error_of_one_line(value):
    with pytest.raises(W2VError, match="expected MIN-MAX, such as 3-6"):
        _ = SubwordSettings(value).ngram_lengths


@compiled_only
@pytest.mark.parametrize(("lengths", "buckets"), [("3-6", 0), ("1-3", 50)])
def test_the_estimate_for_numbering_ngrams_is_an_upper_one(monkeypatch, lengths, buckets):
    monkeypatch.setattr("w2v.negative_sampling.subword_rows._WORDS", 256)
    monkeypatch.setattr("w2v.negative_sampling.subword_rows._PLACES", 4096)
    monkeypatch.setattr("w2v.negative_sampling.subword_rows._UNSUMMED", 4096)
    rng = np.random.default_rng(3)
    letters = rng.integers(97, 123, (4000, 12), np.uint8)
    words = [row[: 3 + at % 10].tobytes().decode() for at, row in enumerate(letters)]
    settings = SubwordSettings(lengths, buckets)
    number_ngrams(words[:9], settings)  # compiles
    tracemalloc.start()
    kept, rows = number_ngrams(words, settings)
    share_rows(rows, shared_rows(rows, len(kept)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < numbering_bytes(words, settings) < 4 * peak
    assert numbering_bytes(["x" * 20_000], settings) < 1000


@pytest.mark.parametrize("word", ["-" * 300, "ha" * 100, "a" * 30])
def test_a_word_of_repetitions_moves_one_step(word, monkeypatch):
    """With two listings for two occurrences, as in fastText, it would move hundreds of steps."""
    monkeypatch.setattr("w2v.negative_sampling.subword_rows._WORDS", 2)  # several blocks
    names = ["banana", word, "the", "house"]
    kept, apart = number_ngrams(names, SubwordSettings("3-6"))
    shared = share_rows(apart, shared_rows(apart, len(kept)))
    moves = []
    for name, begin, end in zip(names, shared.offsets, shared.offsets[1:], strict=False):
        rows, shares = shared.rows[begin:end], shared.shares[begin:end].astype(float)
        assert shares.sum() == pytest.approx(1, abs=1e-5), name
        moves.append(
            sum(share * (rows == row).sum() for row, share in zip(rows, shares, strict=True))
        )
    assert moves == pytest.approx([1 + 2 / 19, 1, 1, 1], abs=1e-5)
    assert segment_length(shared, np.array([9, 9, 9, 9]), 0.0) >= 37
