"""Texts are read in parts: the features are those of each text alone, wherever blocks end."""

from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from w2v.embeddings.row_matrices import DenseMatrix
from w2v.embeddings.subwords import Subwords
from w2v.settings import DocumentSettings, TextSettings
from w2v.text.encode import open_corpus
from w2v.text_classification.features import Features, WordNgrams
from w2v.text_classification.named_features import FeatureNames
from w2v.text_classification.text_stream import TextStream, word_rows

WORDS = ["good", "bad", "film", "日本"]
UNKNOWN = ["films", "x", "goodness"]
BUCKETS, NGRAM_BUCKETS = 64, 50
KEPT = np.arange(0, BUCKETS, 3, dtype=np.uint32)  # the word n-grams that have a row
CHARACTERS = np.arange(0, NGRAM_BUCKETS, 2)  # the character n-grams that have a row


def subwords():
    rows = len(WORDS) + len(CHARACTERS)
    return Subwords(
        DenseMatrix(np.zeros((rows, 2), np.float32)), len(WORDS), 2, 3, NGRAM_BUCKETS, CHARACTERS
    )


class Blocks:
    """A text whose blocks end where the test says."""

    unbuffered = False

    def __init__(self, blocks):
        self._blocks = blocks

    def blocks(self):
        yield from self._blocks


@st.composite
def cut_texts(draw):
    """(texts, each a list of words; their blocks)."""
    words = st.sampled_from([*WORDS, *UNKNOWN])
    texts = draw(st.lists(st.lists(words, max_size=6), max_size=8))
    tokens = [token for text in texts for token in [*(f"{word} " for word in text), "\n"]]
    ends = draw(st.lists(st.integers(0, len(tokens)), max_size=5).map(sorted))
    blocks = ["".join(tokens[a:b]).encode() for a, b in pairwise([0, *ends, len(tokens)])]
    return texts, blocks


def expected(texts, with_characters, order, spans_unknown):
    """The rows of each text, the number of unknown words, and of texts without a known word."""
    first = len(WORDS) + with_characters * len(CHARACTERS)
    row_of = {int(bucket): first + at for at, bucket in enumerate(KEPT)}
    names = FeatureNames(
        {word.encode(): row for row, word in enumerate(WORDS)},
        subwords() if with_characters else None, order, BUCKETS,
        lambda buckets: np.array([row_of.get(bucket, -1) for bucket in buckets.tolist()], np.int64),
        spans_unknown,
    )  # fmt: skip
    found = [names.of([word.encode() for word in text]) for text in texts]
    is_empty = [unknown == len(text) for text, (_, unknown) in zip(texts, found, strict=True)]
    rows = [sorted(feature.row for feature in features) for features, _ in found]
    return rows, sum(unknown for _, unknown in found), sum(is_empty)


@pytest.mark.parametrize("with_characters", [False, True])
@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize("spans_unknown", [False, True])
@given(cut=cut_texts(), most=st.integers(1, 4))
def test_features_are_those_of_each_text_alone(with_characters, order, spans_unknown, cut, most):
    texts, blocks = cut
    given_subwords = subwords() if with_characters else None
    ngrams = WordNgrams.of(order, BUCKETS, KEPT if order > 1 else KEPT[:0])
    features = Features.saved(len(WORDS), given_subwords, ngrams)
    stream = TextStream(features, word_rows(WORDS), given_subwords, spans_unknown)
    rows, latest = [], features.scratch()
    for part in stream.parts(Blocks(blocks), most):
        found, bounds = part.gather(latest)
        assert 1 <= len(bounds) - 1 <= most
        rows += [sorted(found[a:b].tolist()) for a, b in pairwise(bounds.tolist())]
    assert (latest == -1).all()
    wanted, unknown, empty = expected(texts, with_characters, order, spans_unknown)
    assert rows == wanted
    counts = stream.counts
    assert (counts.texts, counts.unknown, counts.empty) == (len(texts), unknown, empty)


def test_a_whole_corpus_has_the_features_of_its_parts(folder):
    (folder / "t").write_text(
        "__label__a good x film\n__label__b bad\n\n__label__a goodness good\n"
    )
    ngrams = WordNgrams.of(2, BUCKETS, np.arange(BUCKETS, dtype=np.uint32))
    features = Features.saved(len(WORDS), subwords(), ngrams)

    def corpus():
        return open_corpus(["t"], TextSettings(), DocumentSettings(), "if there")

    texts = TextStream(features, word_rows(WORDS), subwords()).whole(read := corpus())
    rows, bounds = texts.gather(np.arange(4, dtype=np.int32), features.scratch())
    [part] = TextStream(features, word_rows(WORDS), subwords()).parts(corpus(), 9)
    for found, wanted in zip((rows, bounds), part.gather(features.scratch()), strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert texts.text.labels == read.labels == [("a",), ("b",), (), ("a",)]
