"""Reading fastText's models, beside a twin that writes them and composes vectors in Python."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from contextlib import suppress
from pathlib import Path

import fasttext_files as files
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import w2v
from w2v.embeddings import formats
from w2v.embeddings.fasttext_file import parse
from w2v.embeddings.row_matrices import DenseMatrix
from w2v.embeddings.source import Diagnostics
from w2v.embeddings.subwords import Subwords
from w2v.errors import W2VError

# with an emoji and its modifier, a combining accent, a no-break space, bytes that are not UTF-8
ODD = [
    "</s>",
    "the",
    "Straße",
    "👍🏽",
    "é",
    "a",
    "no\u00a0break",
    "日本語",
    "\udcff\udcfe",
    "<",
    ">",
]
RNG = np.random.default_rng(5)
COUNTS = list(range(len(ODD), 0, -1))
INPUTS = RNG.normal(size=(len(ODD) + 50, 4)).astype(np.float32)
OUTPUTS = RNG.normal(size=(len(ODD), 4)).astype(np.float32)
WORDS_MODEL = files.model(ODD, COUNTS, files.dense(INPUTS), files.dense(OUTPUTS))


def write(folder: Path, data: bytes, name: str = "model.bin") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(data)
    return path


def test_the_vectors_of_all_words_are_the_means_of_their_rows(tmp_path):
    """Composed one by one, in rows, and as a matrix."""
    path = write(tmp_path, WORDS_MODEL)
    table = formats.load(str(path))
    expected = np.array([files.vector(word, ODD, INPUTS) for word in ODD])
    assert table.names == ODD
    assert table.counts.tolist() == COUNTS
    np.testing.assert_allclose([table.row(row) for row in range(len(ODD))], expected, atol=1e-6)
    np.testing.assert_allclose(table.vectors(slice(2, 7)), expected[2:7], atol=1e-6)
    np.testing.assert_allclose(table.vectors(np.array([[3, 1]])), expected[[[3, 1]]], atol=1e-6)
    np.testing.assert_allclose(table.matrix, expected, atol=1e-6)
    np.testing.assert_allclose(table.norms, np.linalg.norm(expected, axis=1), rtol=1e-5)


@pytest.mark.parametrize("word", ["thee", "👍", "Strasse", "ﬁ", "x", "日本"])
def test_words_out_of_the_vocabulary_are_composed(tmp_path, word):
    """From the n-grams alone."""
    vectors = w2v.load(write(tmp_path, WORDS_MODEL))
    np.testing.assert_allclose(vectors[word], files.vector(word, ODD, INPUTS), atol=1e-6)
    assert word not in vectors


def test_unknown_words_are_queries(tmp_path):
    """An unknown word has neighbours, a known word can be compared with it."""
    vectors = w2v.load(write(tmp_path, WORDS_MODEL))
    composed = files.vector("thee", ODD, INPUTS)
    matrix = np.array([files.vector(word, ODD, INPUTS) for word in ODD])
    cosines = matrix @ composed / np.linalg.norm(matrix, axis=1) / np.linalg.norm(composed)
    best = int(np.argmax(cosines))
    [answer] = vectors.similar("thee", 1)
    assert (answer.name, answer.score) == (ODD[best], pytest.approx(cosines[best], abs=1e-6))
    assert vectors.similarity("the", "thee") == pytest.approx(cosines[1], abs=1e-6)


@given(st.text(min_size=1, max_size=8), st.integers(1, 4), st.integers(0, 3))
def test_kernel_and_twin_find_the_same_ngrams(word, minn, more):
    """For any text: the kernel, the Python of `Subwords` and the definition."""
    inputs = RNG.normal(size=(1 + 20, 3)).astype(np.float32)
    encoded = word.encode("utf-8", "surrogatepass")
    subwords = Subwords(DenseMatrix(inputs), 1, minn, minn + more, 20)
    text = np.frombuffer(encoded, np.uint8)
    row = np.array([0])
    composed = subwords.compose_rows(text, np.array([0, len(text)]), row, row)[0]
    np.testing.assert_allclose(composed, subwords.compose(encoded, 0), atol=1e-6)
    if not any("\ud800" <= letter <= "\udfff" for letter in word):
        found = [ngram.decode() for ngram, _ in subwords.ngrams(encoded)]
        assert found == files.ngrams(word, minn, minn + more)


def pruned_model(norms: bool) -> tuple[bytes, np.ndarray, list[tuple[int, int]]]:
    """A quantized classifier with five of its n-grams, and its matrix of input vectors."""
    words, labels, pruned = ["good", "bad"], ["__label__y", "__label__n"], []
    buckets = dict.fromkeys(files.bucket_of(g, 50) for g in files.ngrams("goods", 3, 6))
    pruned = [(bucket, row) for row, bucket in enumerate(list(buckets)[4::-1])]
    codes = RNG.integers(0, 256, (2 + len(pruned), 3))
    parts = [RNG.normal(size=(256, width)).astype(np.float32) for width in (2, 2, 1)]
    values = RNG.uniform(1, 2, 256).astype(np.float32)
    norm_codes = RNG.integers(0, 256, len(codes))
    matrix = np.concatenate([part[codes[:, i]] for i, part in enumerate(parts)], axis=1)
    if norms:
        matrix = matrix * values[norm_codes, None]
    data = files.model(
        words, [3, 2], files.quantized(codes, parts, (norm_codes, values) if norms else None),
        files.dense(np.ones((2, 5))), labels, pruned, (True, False), dim=5, model=3, loss=3,
    )  # fmt: skip
    return data, matrix, pruned


@pytest.mark.parametrize("norms", [False, True])
def test_quantized_and_pruned_models_are_read(tmp_path, norms):
    """Codes, norms, and n-grams of which some have no row."""
    data, matrix, pruned = pruned_model(norms)
    rows = dict(pruned)
    table = formats.load(str(write(tmp_path, data, "model.ftz")))
    for word, own in (("good", [0]), ("bad", [1]), ("goods", [])):
        kept = [rows[b] for g in files.ngrams(word, 3, 6) if (b := files.bucket_of(g, 50)) in rows]
        expected = matrix[[*own, *(2 + row for row in kept)]].mean(axis=0)
        row = table.find(word)
        vector = table.compose(word) if row is None else table.row(row)
        np.testing.assert_allclose(vector, expected, atol=1e-6)
        if row is not None:
            np.testing.assert_allclose(table.vectors(np.array([row]))[0], expected, atol=1e-6)
    without = next(
        word
        for word in map(str, range(1000))
        if not any(files.bucket_of(ngram, 50) in rows for ngram in files.ngrams(word, 3, 6))
    )
    assert table.compose(without) is None


def test_quantized_models_are_described_and_converted(tmp_path):
    """A container has the n-grams that were kept, in the order of their buckets."""
    data, _, pruned = pruned_model(True)
    path = str(write(tmp_path, data, "model.ftz"))
    facts = formats.describe(path, Diagnostics(path))
    assert (facts["model"], facts["loss"], facts["labels"]) == ("supervised", "softmax", 2)
    assert facts["quantized"] is True
    assert facts["subwords"] == {"minn": 3, "maxn": 6, "buckets": 50, "ngrams": len(pruned)}
    table, target = formats.load(path), str(tmp_path / "model.safetensors")
    formats.save(target, table)
    read = formats.load(target)
    np.testing.assert_allclose(read.matrix, table.matrix, atol=1e-6)
    np.testing.assert_allclose(read.compose("goods"), table.compose("goods"), atol=1e-6)
    assert read.subwords is not None
    assert read.subwords.kept.tolist() == sorted(bucket for bucket, _ in pruned)


def test_the_last_part_of_a_quantizer_is_not_wider_than_the_others():
    parts = [np.ones((256, width), np.float32) for width in (2, 3)]
    codes = np.zeros((2, 2), np.uint8)
    data = files.model(
        ["a", "b"], [2, 1], files.quantized(codes, parts), files.dense(np.ones((2, 5))),
        quantizes=(True, False), dim=5, minn=0, maxn=0,
    )  # fmt: skip
    with pytest.raises(W2VError, match="2 parts of 2 and 3 columns for 5 columns"):
        parse(np.frombuffer(data, np.uint8), "x.ftz")


@pytest.mark.parametrize(
    ("buckets", "fault"),
    [(0, "n-grams have 0 buckets"), (9, "a pruned n-gram has bucket [0-9]+ of 9;")],
)
def test_a_pruned_model_with_too_few_buckets_is_refused(tmp_path, buckets, fault):
    data = bytearray(pruned_model(norms=False)[0])
    at = 4 * (2 + list(files.SETTINGS).index("bucket"))
    assert struct.unpack_from("<i", data, at) == (50,)
    struct.pack_into("<i", data, at, buckets)
    (tmp_path / "model.ftz").write_bytes(data)
    with pytest.raises(W2VError, match=rf"model\.ftz: byte .*: {fault}"):
        formats.load(str(tmp_path / "model.ftz"))


def test_a_model_whose_ngrams_have_no_length_has_none(tmp_path, monkeypatch):
    """fastText makes no n-gram if -minn is larger than -maxn."""
    monkeypatch.chdir(tmp_path)
    inputs = np.ones((1 + 50, 4))
    data = files.model(["good"], [3], files.dense(inputs), files.dense(inputs[:1]), minn=7)
    Path("model.bin").write_bytes(data)
    table = formats.load("model.bin")
    assert table.subwords is None
    formats.save("copy.safetensors", table)
    assert len(formats.load("copy.safetensors")) == 1


def test_a_packed_model_is_refused(tmp_path):
    """With the advice to unpack it."""
    path = write(tmp_path, gzip.compress(WORDS_MODEL), "model.bin.gz")
    with pytest.raises(W2VError, match="a fastText model, packed by gzip: unpack it"):
        formats.load(str(path))


def test_a_model_that_is_cut_short_anywhere_is_one_error():
    """Every prefix of a file is refused with the byte and the advice; none crashes."""
    for data in (WORDS_MODEL, pruned_model(True)[0]):
        for size in range(4, len(data)):
            with pytest.raises(W2VError, match="byte .*; the file is damaged or cut short"):
                parse(np.frombuffer(data[:size], np.uint8), "x.bin")


@pytest.mark.parametrize("value", [-(2**62), -1, 2**31, 2**62, 2**63 - 1])
def test_hostile_sizes_take_no_memory(value):
    """Every 8 bytes of a model are replaced by a size: a small part of them are sizes."""
    for data in (WORDS_MODEL, pruned_model(True)[0][:900]):
        tracemalloc.start()
        for at in range(0, min(len(data), 900) - 8, 3):
            mutant = bytearray(data)
            struct.pack_into("<q", mutant, at, value)
            with suppress(W2VError):
                parse(np.frombuffer(bytes(mutant), np.uint8), "x.bin")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1_000_000


@pytest.mark.parametrize("at", range(4, 100, 4))
@pytest.mark.parametrize("value", [-1, 0, 2**31 - 1])
def test_hostile_numbers_take_no_memory(at, value):
    """A number of the header that is replaced is refused, or read without a large allocation."""
    data = bytearray(WORDS_MODEL)
    struct.pack_into("<i", data, at, value)
    tracemalloc.start()
    with suppress(W2VError):
        parse(np.frombuffer(bytes(data), np.uint8), "x.bin")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_word_that_occurs_twice_is_said_with_the_file(tmp_path):
    data = files.model(["a", "a"], [2, 1], files.dense(INPUTS), files.dense(INPUTS[:2]))
    path = write(tmp_path, data, "twice.bin")
    with pytest.raises(W2VError, match=r"twice.bin: rows 1 and 2 have the same name, 'a'"):
        formats.load(str(path))


def test_other_versions_are_refused():
    """With the versions that can be read."""
    data = files.model(ODD, COUNTS, files.dense(INPUTS), files.dense(OUTPUTS), version=13)
    with pytest.raises(W2VError, match="version 13: versions 11 and 12 can be read"):
        parse(np.frombuffer(data, np.uint8), "x.bin")


def test_the_vectors_are_fasttexts(tmp_path):
    """Those of the package, for odd words too, with a model of words and a pruned classifier."""
    fasttext = pytest.importorskip("fasttext", reason="the package fasttext is not installed")
    for name, data in (("words.bin", WORDS_MODEL), ("classes.ftz", pruned_model(True)[0])):
        path = str(write(tmp_path, data, name))
        ours, theirs = w2v.load(path), fasttext.load_model(path)
        known = [word for word in ours.words if "\udcff" not in word]
        for word in [*known, "unseen", "👍", "ﬁ", "日", "", "goods", "Straßen", "e\u0301e"]:
            vector = theirs.get_word_vector(word)
            if vector.any():
                np.testing.assert_allclose(ours[word], vector, atol=1e-5)
            else:
                assert word not in ours
