"""Counting and encoding: against a few lines of plain Python."""

from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from w2v import spool, vocabulary
from w2v.corpus import Corpus
from w2v.errors import W2VError
from w2v.vocabulary import encode


def encoded(folder, text, **options):
    path = folder / "text"
    path.write_text(text, encoding="utf-8", newline="")
    return encode(Corpus([str(path)]), **options)


def sentences(names, text):
    """The sentences as lists of words."""
    return [
        [names[i] for i in text.ids[a:b]]
        for a, b in zip(text.starts, text.starts[1:], strict=False)
    ]


words = st.text(st.sampled_from("abcdAB"), min_size=1, max_size=2)
lines = st.lists(st.lists(words, max_size=6), min_size=1, max_size=8)


@given(lines, st.integers(1, 3), st.none() | st.integers(1, 4), st.booleans())
def test_words_and_sentences_are_those_of_plain_python(
    tmp_path_factory, lines, min_count, max_vocab, lowercase
):
    text = "\n".join(map(" ".join, lines))
    folded = [[w.lower() if lowercase else w for w in line] for line in lines]
    counts = Counter(w for line in folded for w in line)  # most_common: ties by first occurrence
    kept = [w for w, n in counts.most_common() if n >= min_count][:max_vocab]
    folder = tmp_path_factory.mktemp("text")
    options = {"min_count": min_count, "max_vocab": max_vocab, "lowercase": lowercase}
    if not kept:
        with pytest.raises(W2VError):
            encoded(folder, text, **options)
        return
    with pytest.MonkeyPatch.context() as patch:  # so that all of it goes through several parts
        patch.setattr(vocabulary, "_AT_ONCE", 5)
        found, result = encoded(folder, text, **options)
    assert found.names == kept
    assert found.counts.tolist() == [counts[w] for w in kept]
    assert (found.types, found.tokens) == (len(counts), counts.total())
    wanted = [[w for w in line if w in kept] for line in folded]
    assert sentences(found.names, result) == [line for line in wanted if line]


def test_the_end_of_sentence_of_other_programs_ends_a_sentence_and_is_no_word(tmp_path):
    found, text = encoded(tmp_path, "a b </s> a c </s>\na\n")
    assert found.names == ["a", "b", "c"]
    assert sentences(found.names, text) == [["a", "b"], ["a", "c"], ["a"]]


def test_nothing_left_says_what_would_work(tmp_path):
    with pytest.raises(W2VError, match="none of 2 different words occurs 9 times.*--min-count 3"):
        encoded(tmp_path, "a a a b b", min_count=9)
    with pytest.raises(W2VError, match="no words in the text"):
        encoded(tmp_path, " \n\n", min_count=1)


def test_ids_are_one_array_of_int32(tmp_path):
    _, text = encoded(tmp_path, "a b c a")
    assert text.ids.dtype == np.int32
    assert text.ids.tolist() == [0, 1, 2, 0]
    assert text.starts.dtype == np.int64
    assert text.starts.tolist() == [0, 4]


def test_a_large_array_goes_to_a_file_that_has_no_name(monkeypatch, tmp_path):
    monkeypatch.setattr(spool, "IN_MEMORY", 100)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    grown = spool.Spool(np.int32)
    for begin in range(0, 1000, 10):
        grown.append(np.arange(begin, begin + 10))
    array = grown.array()
    assert isinstance(array, np.memmap)
    assert array.tolist() == list(range(1000))
    assert not list(tmp_path.iterdir())


def test_a_spool_without_values_is_an_empty_array():
    assert spool.Spool(np.int64).array().tolist() == []
