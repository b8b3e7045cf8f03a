"""Writing fastText's models: read again by w2v, and opened by fastText and gensim where present."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import fasttext_files as files
import numpy as np
import pytest

from w2v.embeddings import fasttext_export, formats
from w2v.embeddings.formats import fasttext_model
from w2v.embeddings.row_matrices import DenseMatrix
from w2v.embeddings.source import Diagnostics
from w2v.embeddings.subwords import Subwords
from w2v.embeddings.table import Table
from w2v.errors import W2VError

RNG = np.random.default_rng(7)
WORDS = ["the", "Straße", "👍🏽", "日本語", "a", "other", "mother", "brother"]
UNKNOWN = ["others", "smother", "日本", "th", "zzz"]
COUNTS = list(range(len(WORDS), 0, -1))
DIM, BUCKETS = 4, 50
INPUTS = RNG.normal(size=(len(WORDS) + BUCKETS, DIM)).astype(np.float32)
OUTPUTS = RNG.normal(size=(len(WORDS), DIM)).astype(np.float32)
MODEL = files.model(WORDS, COUNTS, files.dense(INPUTS), files.dense(OUTPUTS))


def numbered(words: list[str], dim: int = DIM, buckets: int = 2**32, share: float = 1) -> Table:
    """A table of a model that numbers its n-grams, with random rows for a share of them."""
    codes = {files.bucket_of(n, buckets) for word in words for n in files.ngrams(word, 3, 6)}
    kept = np.array(sorted(code for code in codes if RNG.random() < share), np.int64)
    vectors = RNG.normal(size=(len(words) + len(kept), dim)).astype(np.float32)
    subwords = Subwords(DenseMatrix(vectors), len(words), 3, 6, buckets, kept)
    matrix = [subwords.compose(word.encode(), row) for row, word in enumerate(words)]
    table = Table.build(words, np.array(matrix), np.arange(len(words), 0, -1))
    return replace(table, subwords=subwords)


def composed(table: Table, word: str) -> np.ndarray:
    """The vector of any word."""
    row = table.find(word)
    vector = table.compose(word) if row is None else table.row(row)
    assert vector is not None
    return vector


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """The cosine of two vectors."""
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def opened(path: Path, table: Table) -> Table:
    """Write a model and read it again."""
    fasttext_export.write(str(path), table)
    return formats.load(str(path))


def test_a_model_that_is_read_and_written_has_the_same_bytes(folder, w2v):
    """Settings, counts, order of words, labels and output vectors are all kept."""
    classifier = files.model(
        ["good", "bad"], [3, 2], files.dense(INPUTS[: 2 + BUCKETS]), files.dense(OUTPUTS[:2]),
        ["__label__y", "__label__n"], model=3, loss=1, wordNgrams=2, maxn=0, minn=0, neg=0,
    )  # fmt: skip
    for data in (MODEL, classifier):
        (folder / "old.bin").write_bytes(data)
        result = w2v("convert", "old.bin", "new.bin")
        assert (result.code, result.err.count("\n")) == (0, 1)
        assert "numbers, a fastText model" in result.err
        assert (folder / "new.bin").read_bytes() == data


@pytest.mark.parametrize("share", [1, 0.8])
@pytest.mark.parametrize("buckets", [2**32, BUCKETS])
def test_words_keep_their_vectors_in_buckets(tmp_path, share, buckets):
    """Also when n-grams share buckets, or some had no row."""
    table = numbered(WORDS, buckets=buckets, share=share)
    path = tmp_path / "x.bin"
    fasttext_export.write(str(path), table, buckets=BUCKETS)
    read = formats.load(str(path))
    assert read.names == WORDS
    assert read.subwords is not None
    assert read.subwords.buckets == BUCKETS
    for word in WORDS:
        np.testing.assert_allclose(composed(read, word), composed(table, word), atol=2e-6)


@pytest.mark.parametrize("buckets", [2**32, BUCKETS])
@pytest.mark.parametrize("options", [(), ("--dtype", "i8")])
def test_a_container_with_fewer_buckets_composes_as_a_model_with_them(
    w2v, folder, buckets, options
):
    count = BUCKETS // 2
    table = numbered(WORDS, buckets=buckets)
    formats.save("in.safetensors", table)
    fasttext_export.write("x.bin", table, buckets=count)
    result = w2v("convert", "in.safetensors", "x.safetensors", "--buckets", count, *options)
    assert result.code == 0, result.err
    assert "are approximate" in result.err.splitlines()[-2]
    size = (folder / "x.safetensors").stat().st_size
    assert result.err.endswith(f" of {DIM} numbers, {size:,} bytes\n")
    ours, theirs = formats.load("x.safetensors"), formats.load("x.bin")
    assert ours.subwords.buckets == count
    within = 0.1 if options else 2e-6
    for word in WORDS:
        np.testing.assert_allclose(composed(ours, word), composed(table, word), atol=within)
    known = set(ours.subwords.kept.tolist())
    for word in UNKNOWN:
        if known.issuperset(files.bucket_of(n, count) for n in files.ngrams(word, 3, 6)):
            np.testing.assert_allclose(composed(ours, word), composed(theirs, word), atol=within)


@pytest.mark.parametrize("count", [BUCKETS // 2, 1 << 20])
def test_rows_of_a_container_in_buckets_compose_the_vectors_of_its_words(w2v, folder, count):
    """Also when some n-grams had no row: unlike in a .bin, they still have none."""
    formats.save("in.safetensors", numbered(WORDS, share=0.6))
    assert w2v("convert", "in.safetensors", "x.safetensors", "--buckets", count).code == 0
    made = formats.load("x.safetensors")
    for row, word in enumerate(WORDS):
        vector = made.subwords.compose(word.encode(), row)
        np.testing.assert_allclose(vector, made.row(row), atol=2e-6)


def test_buckets_are_for_files_that_keep_ngrams(w2v, folder):
    formats.save("in.safetensors", numbered(WORDS))
    formats.save("plain.txt", numbered(WORDS).without_subwords())
    for call in (
        ("in.safetensors", "x.vec"),
        ("plain.txt", "x.safetensors"),
        ("in.safetensors", "x.bin", "--format", "word2vec"),
    ):
        result = w2v("convert", *call, "--buckets", 7)
        assert (result.code, "--buckets is for vectors with subwords" in result.err) == (2, True)


def test_unknown_words_keep_their_direction_if_no_ngrams_share_a_bucket(tmp_path):
    """N-grams without a row count as zeros, which only changes the length of the vector."""
    table = numbered(WORDS, buckets=BUCKETS, share=0.7)
    read = opened(tmp_path / "x.bin", table)
    for word in UNKNOWN:
        before = table.compose(word)
        if before is not None:
            assert cosine(composed(read, word), before) == pytest.approx(1, abs=1e-6)
    assert "keep their direction" in fasttext_export.change_when_written(table)


def test_nothing_is_said_if_all_buckets_have_a_vector(tmp_path):
    """Also after a conversion to .safetensors, which lists the buckets."""
    table = opened(tmp_path / "x.bin", numbered(WORDS, buckets=BUCKETS))
    formats.save(str(tmp_path / "x.safetensors"), table)
    again = formats.load(str(tmp_path / "x.safetensors"))
    assert fasttext_export.change_when_written(again) == ""


def test_unknown_words_are_nearly_the_same_in_buckets(tmp_path):
    """With as many buckets for an n-gram as fastText's default has for 300,000 n-grams."""
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(RNG.choice(letters, size)) for size in RNG.integers(6, 10, 300)]
    table = numbered(words, dim=20)
    assert table.subwords is not None
    buckets = len(table.subwords.kept) * 2_000_000 // 300_000
    fasttext_export.write(str(tmp_path / "x.bin"), table, buckets=buckets)
    read = formats.load(str(tmp_path / "x.bin"))
    unknown = [word + end for word in words for end in ("s", "ing")]
    cosines = [cosine(composed(read, word), composed(table, word)) for word in unknown]
    assert np.mean(cosines) > 0.9
    for word in words[:20]:
        np.testing.assert_allclose(composed(read, word), composed(table, word), atol=2e-6)


def test_the_row_of_a_bucket_is_the_mean_of_its_ngrams(tmp_path):
    """And zero for a bucket into which no n-gram falls."""
    table = numbered(WORDS)
    fasttext_export.write(str(tmp_path / "x.bin"), table, buckets=7)
    read = formats.load(str(tmp_path / "x.bin"))
    assert read.subwords is not None
    assert table.subwords is not None
    codes = table.subwords.kept
    old = table.subwords.vectors.take(len(WORDS) + np.arange(len(codes)))
    new = read.subwords.vectors.take(np.arange(len(WORDS), len(WORDS) + 7))
    for bucket in range(7):
        np.testing.assert_allclose(new[bucket], old[codes % 7 == bucket].mean(axis=0), atol=1e-6)
    wide = opened(tmp_path / "y.bin", numbered(["abc"]))
    assert wide.subwords is not None
    assert wide.subwords.buckets == 2_000_000
    ngrams = wide.subwords.vectors.take(np.arange(1, 2_000_001))
    assert np.count_nonzero(ngrams.any(axis=1)) == len(files.ngrams("abc", 3, 6))


def test_hashed_ngrams_can_only_go_to_a_divisor(folder, w2v):
    """The hash of an n-gram is not known, only its bucket."""
    (folder / "old.bin").write_bytes(MODEL)
    assert w2v("convert", "old.bin", "new.bin", "--buckets", 25).code == 0
    read, old = formats.load("new.bin"), formats.load("old.bin")
    np.testing.assert_allclose(read.matrix, old.matrix, atol=2e-6)
    result = w2v("convert", "old.bin", "new.bin", "--buckets", 24)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "number that divides" in result.err
    assert formats.load("new.bin").names == WORDS


def test_quantized_models_are_written_with_all_numbers(folder, w2v):
    """A pruned classifier keeps its own rows, so that sums over lines stay as they are."""
    from test_fasttext_model import pruned_model

    data, matrix, pruned = pruned_model(True)
    (folder / "x.ftz").write_bytes(data)
    result = w2v("convert", "x.ftz", "x.bin")
    assert result.code == 0
    assert "keep their direction, and probabilities of labels change" in result.err
    with formats.Source.open("x.bin") as source:
        model = fasttext_model.read_model(source)
    assert model.labels == [b"__label__y", b"__label__n"]
    np.testing.assert_array_equal(model.outputs.take(np.arange(2)), np.ones((2, 5)))
    np.testing.assert_array_equal(model.inputs.take(np.arange(2)), matrix[:2])
    for bucket, row in pruned:
        np.testing.assert_array_equal(model.inputs.take(np.array([2 + bucket])), matrix[[2 + row]])


def test_what_a_format_loses_is_said(folder, w2v):
    """On stderr, in one line."""
    (folder / "old.bin").write_bytes(MODEL)
    cases: list[tuple[tuple[str, ...], str]] = [
        (("x.vec",), "the subwords are left out: only .bin and .safetensors keep them"),
        (("x.bin", "--format", "word2vec"), "because word2vec's format cannot keep them"),
        (("x.bin", "--normalize"), "they do not compose these vectors"),
    ]
    for args, message in cases:
        result = w2v("convert", "old.bin", *args)
        assert (result.code, result.err.count("\n")) == (0, 2)
        assert message in result.err
        assert formats.sniff(args[0]).startswith("word2vec")
    assert w2v("convert", "old.bin", "x.vec", "--format", "fasttext").code == 2
    assert w2v("convert", "old.bin", "x.vec", "--buckets", 5).code == 2


def test_vectors_without_subwords_become_a_model_without_ngrams(folder, w2v):
    """For programs that read only fastText's files."""
    table = Table.build(WORDS, INPUTS[: len(WORDS)])
    formats.save("x.txt", table)
    assert w2v("convert", "x.txt", "x.bin", "--format", "fasttext").code == 0
    read = formats.load("x.bin")
    np.testing.assert_array_equal(read.matrix, table.matrix)
    assert read.counts is not None
    assert read.counts.tolist() == [1] * len(WORDS)
    with pytest.raises(W2VError, match="a name with a line end"):
        fasttext_export.write("y.bin", Table.build(["a\nb"], INPUTS[:1]))


def test_counts_and_settings_beyond_32_bits_are_written(folder):
    """fastText's settings have 32 bits, the counts of words 64."""
    table = Table.build(["the", "of"], np.eye(2, dtype=np.float32), np.array([5, 4]) * 10**9)
    fasttext_export.write("x.bin", table)
    assert formats.load("x.bin").counts.tolist() == [5 * 10**9, 4 * 10**9]
    metadata = {"model": "cbow", "settings": '{"window": 1000000000000}'}
    facts = fasttext_export.facts_of_run(table, table.matrix, metadata)
    fasttext_export.write("x.bin", table, facts)
    assert formats.describe("x.bin", Diagnostics("x.bin"))["settings"]["ws"] == 2**31 - 1


def test_settings_and_output_vectors_come_from_the_model(folder, w2v):
    """Under fastText's names; the output vectors of words that are selected, too."""
    (folder / "text.txt").write_text("a b c d\n" * 20)
    w2v("train", "text.txt", "--model", "cbow", "--dim", 3, "--window", 2, "--epochs", 4,
        "--negative", 6, "--min-count", 2, "--sample", 0.01, "-o", "x.safetensors")  # fmt: skip
    tensors = formats.contents("x.safetensors")[0]
    (folder / "some.txt").write_text("c\nb\n")
    for only in ((), ("--only", "some.txt")):
        assert w2v("convert", "x.safetensors", "x.bin", "--format", "fasttext", *only).code == 0
        with formats.Source.open("x.bin") as source:
            model = fasttext_model.read_model(source)
        assert model.settings == (3, 2, 4, 2, 6, 1, 2, 1, 0, 0, 0, 100, 0.01)
        names = formats.load("x.safetensors").names
        rows = [names.index(word) for word in model.words.decode().split()]
        written = model.outputs.take(np.arange(len(rows)))
        np.testing.assert_array_equal(written, tensors["output_vectors"][rows])
        assert model.tokens == 80


@pytest.mark.parametrize(("loss", "known"), [(1, False), (2, True)])
def test_output_vectors_of_some_words_are_not_rows_of_a_tree(folder, w2v, loss, known):
    """With hierarchical softmax (loss 1) a row belongs to an inner node, which is no word."""
    model = files.model(WORDS, COUNTS, files.dense(INPUTS), files.dense(OUTPUTS), loss=loss)
    (folder / "x.bin").write_bytes(model)
    (folder / "some.txt").write_text("mother\na\n")
    assert w2v("convert", "x.bin", "y.bin", "--only", "some.txt").code == 0
    with formats.Source.open("y.bin") as source:
        written = fasttext_model.read_model(source)
    rows = [WORDS.index(word) for word in written.words.decode().split()]
    assert sorted(rows) == [4, 6]
    np.testing.assert_array_equal(written.outputs.take(np.arange(2)), known * OUTPUTS[rows])


def peer_files(folder: Path) -> dict[str, Table]:
    """Models of several kinds, each with the table that its vectors must equal."""
    tables = {"numbered.bin": numbered(WORDS), "plain.bin": Table.build(WORDS, OUTPUTS)}
    for name, table in tables.items():
        fasttext_export.write(str(folder / name), table, buckets=1000 if table.subwords else None)
    (folder / "old.bin").write_bytes(MODEL)
    tables["copy.bin"] = formats.load(str(folder / "old.bin"))
    fasttext_export.write(str(folder / "copy.bin"), tables["copy.bin"])
    return {name: formats.load(str(folder / name)) for name in tables} | {
        "numbered.bin words": tables["numbered.bin"]
    }


def test_fasttext_opens_the_files(tmp_path):
    """With equal vectors for known and unknown words."""
    fasttext = pytest.importorskip("fasttext")
    for name, table in peer_files(tmp_path).items():
        model = fasttext.load_model(str(tmp_path / name.split()[0]))
        assert model.get_words() == WORDS
        for word in WORDS if " " in name else WORDS + UNKNOWN:
            vector = table.compose(word) if table.find(word) is None else composed(table, word)
            expected = np.zeros(DIM) if vector is None else vector
            np.testing.assert_allclose(model.get_word_vector(word), expected, atol=2e-6)


def test_gensim_opens_the_files(tmp_path):
    """As a model and as vectors, with equal vectors; and we read the files that it writes."""
    models = pytest.importorskip("gensim.models.fasttext")
    for name, table in peer_files(tmp_path).items():
        path = str(tmp_path / name.split()[0])
        for vectors in (models.load_facebook_model(path).wv, models.load_facebook_vectors(path)):
            assert vectors.index_to_key == WORDS
            for word in WORDS if " " in name or table.dim and "plain" in name else WORDS + UNKNOWN:
                np.testing.assert_allclose(vectors[word], composed(table, word), atol=2e-6)
    model = models.load_facebook_model(str(tmp_path / "copy.bin"))
    models.save_facebook_model(model, str(tmp_path / "gensim.bin"))
    read, old = (formats.load(str(tmp_path / name)) for name in ("gensim.bin", "copy.bin"))
    np.testing.assert_allclose(read.matrix, old.matrix, atol=1e-6)
    for word in UNKNOWN:
        np.testing.assert_allclose(read.compose(word), old.compose(word), atol=1e-6)
