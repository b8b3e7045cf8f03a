"""Tokens are numbered in the same way by any number of threads, and by one table of all types."""

import naive
import numpy as np
import pytest

from w2v.errors import W2VError
from w2v.kernels.word_hash import renumber
from w2v.settings import DocumentSettings, TextSettings
from w2v.text import corpus as corpus_module
from w2v.text import numbered_parts as module
from w2v.text.encode import count, encode, open_corpus
from w2v.text.numbered_parts import numbered_parts
from w2v.text.word_counter import WordCounter


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(corpus_module, "BLOCK", 500)
    monkeypatch.setattr(module, "BLOCK", 500)


@pytest.fixture
def text(tmp_path):
    rng = np.random.default_rng(1)
    words = np.array([f"w{number}" for number in range(3000)] + ["Größe", "</s>", "x" * 90])
    ranks = (len(words) * rng.random(30_000) ** 3).astype(int)
    ends = np.where(rng.random(ranks.size) < 0.1, "\n", " ")
    path = tmp_path / "text"
    path.write_text("".join(map("".join, zip(words[ranks], ends, strict=True))), encoding="utf-8")
    return str(path)


def opened(path, threads, documents=False, **settings):
    format = DocumentSettings(format="lines") if documents else None
    return open_corpus([path], TextSettings(**settings), format, threads=threads)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("documents", [False, True])
def test_types_are_numbered_by_first_occurrence(text, threads, documents):
    corpus = opened(text, threads, documents, lowercase=True)
    alone, counter = WordCounter(), WordCounter()
    whole = opened(text, 1, documents, lowercase=True)
    expected = np.concatenate([alone.number(block).copy() for block in whole.blocks()])
    parts = [numbers.copy() for numbers in numbered_parts(corpus, counter)]
    assert len(parts) > 10
    np.testing.assert_array_equal(np.concatenate(parts), expected)
    assert counter.names() == alone.names()
    np.testing.assert_array_equal(counter.counts, alone.counts)
    assert corpus.fingerprint == whole.fingerprint
    assert corpus.bytes_read == whole.bytes_read == corpus.size


@pytest.mark.parametrize("threads", [2, 3])
def test_pruning_does_not_depend_on_the_threads(text, threads):
    one, other = (encode(opened(text, n), min_count=2, max_types=700) for n in (1, threads))
    assert one[0].pruned_types > 1000
    assert other[0].names == one[0].names
    assert (other[0].counts == one[0].counts).all()
    assert other[0].pruned_tokens == one[0].pruned_tokens
    np.testing.assert_array_equal(other[1].ids.mapped(), one[1].ids.mapped())
    np.testing.assert_array_equal(other[1].starts, one[1].starts)
    counted = count(opened(text, threads), min_count=2, max_types=700)
    assert counted.names == one[0].names


def test_an_error_comes_after_the_text_before_it(text, tmp_path):
    damaged = tmp_path / "damaged.gz"
    damaged.write_bytes(b"\x1f\x8b\x08" + bytes(30))
    corpus = open_corpus([text, str(damaged)], TextSettings(), None, threads=3)
    sizes, reading = [], numbered_parts(corpus, WordCounter())
    with pytest.raises(W2VError, match="damaged or cut short"):
        sizes.extend(numbers.size for numbers in reading)
    assert len(sizes) > 10


def test_type_numbers_are_replaced_as_by_the_twin():
    rng = np.random.default_rng(2)
    ids, numbers = rng.integers(0, 9, 50).astype(np.int32), rng.permutation(9).astype(np.int32)
    expected = naive.renumber(ids.tolist(), numbers.tolist())
    renumber(ids, numbers)
    assert ids.tolist() == expected
