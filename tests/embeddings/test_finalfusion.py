"""Reading finalfusion's .fifu, from bytes that are made as its sources in Rust write them."""

import struct

import naive
import numpy as np
import pytest
from finalfusion_files import chunk, file, hashed, listed, matrix, norms, padded, simple, texts
from helpers import compiled_only

import w2v
from w2v.embeddings import formats
from w2v.embeddings.finalfusion_hash import own_hash
from w2v.embeddings.source import Diagnostics
from w2v.errors import W2VError

WORDS = ["the", "Straße", "👍🏽", "a"]
RNG = np.random.default_rng(5)
UNITS = RNG.normal(size=(4, 6)).astype(np.float32)
UNITS /= np.linalg.norm(UNITS, axis=1, keepdims=True)
NORMS = np.array([2, 0.5, 1, 3], np.float32)
ROWS = RNG.normal(size=(9, 6)).astype(np.float32)
BOTH = np.concatenate([UNITS, ROWS])
LISTED = ["<th", "the", "he>", "<St", "aße", "ße>", "hem"]
NUMBERS = [0, 1, 2, 3, 4, 4, 0]  # two n-grams may have one row


SIMPLE = file(simple(WORDS), matrix(UNITS), lambda at: norms(at, NORMS))


@pytest.fixture
def fifu(tmp_path):
    def write(data):
        path = tmp_path / "x.fifu"
        path.write_bytes(data)
        return str(path)

    return write


@pytest.mark.parametrize("names", [None, [1, 2]])
def test_words_with_norms(fifu, names):
    """Which a file may have without naming them in its header."""
    data = file(simple(WORDS), matrix(UNITS), lambda at: norms(at, NORMS), names=names)
    table = formats.load(fifu(data))
    assert (table.names, table.subwords) == (WORDS, None)
    np.testing.assert_array_equal(table.matrix, UNITS * NORMS[:, None])
    assert formats.load(fifu(data), limit=2).names == WORDS[:2]


@pytest.mark.parametrize("letters", ["", "x", "xx", "xxx"])
def test_numbers_begin_at_a_multiple_of_four(fifu, letters):
    """Also where the position is one already: then the padding has 4 bytes."""
    names = [letters + "y", *WORDS[1:]]
    metadata = chunk(5, b'[common]\nauthor = "me"\n')
    table = formats.load(fifu(file(metadata, simple(names), matrix(UNITS))))
    np.testing.assert_array_equal(table.matrix, UNITS)
    facts = formats.describe(fifu(file(metadata, simple(names), matrix(UNITS))), Diagnostics("x"))
    assert facts["metadata"] == {"common": {"author": "me"}}


@pytest.mark.parametrize("is_projected", [False, True])
@pytest.mark.parametrize("has_norms", [False, True])
def test_a_quantized_matrix(fifu, is_projected, has_norms):
    """With fewer than 256 centroids, a projection, and norms of its rows."""
    centroids, codes = RNG.normal(size=(3, 5, 2)).astype("f4"), RNG.integers(0, 5, (4, 3))
    projection = RNG.normal(size=(6, 6)).astype("f4")
    sizes = struct.pack("<5IQ2I", is_projected, has_norms, 3, 6, 5, 4, 1, 10)

    def quantized(at):
        parts = [projection] * is_projected + [centroids] + [NORMS] * has_norms
        made = padded(at, sizes, np.concatenate([part.ravel() for part in parts]))
        return chunk(4, made + codes.astype(np.uint8).tobytes())

    table = formats.load(fifu(file(simple(WORDS), quantized)))
    wanted = np.concatenate([centroids[part, codes[:, part]] for part in range(3)], axis=1)
    wanted = wanted @ projection.T if is_projected else wanted
    wanted = wanted * NORMS[:, None] if has_norms else wanted
    np.testing.assert_allclose(table.matrix, wanted, rtol=1e-5, atol=1e-6)


def explicit():
    return file(listed(WORDS, LISTED, NUMBERS), matrix(BOTH[: 4 + 5]), lambda at: norms(at, NORMS))


def test_listed_ngrams_compose_unknown_words(fifu):
    """By their rows; n-grams that are not listed do not count. Known words have their vectors."""
    vectors = w2v.load(fifu(explicit()))
    np.testing.assert_allclose(vectors["Straße"], UNITS[1] * NORMS[1], rtol=1e-6)
    np.testing.assert_allclose(vectors["them"], ROWS[[0, 1, 0]].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(vectors["große"], ROWS[[4]].mean(axis=0), rtol=1e-5)


def test_buckets_of_fasttexts_hash_compose_unknown_words(fifu):
    vectors = w2v.load(fifu(file(hashed(WORDS, 9), matrix(BOTH))))
    rows = naive.word_ngrams(b"them", 3, 4, 9)
    np.testing.assert_allclose(vectors["them"], ROWS[rows].mean(axis=0), rtol=1e-5)


def own_rows(word, minn, maxn, exponent):
    """The rows of n-grams by finalfusion's own hash, FNV-1a of 64 bits."""
    letters, rows = f"<{word}>", []
    for first in range(len(letters)):
        for last in range(first + minn, min(first + maxn, len(letters)) + 1):
            data = struct.pack("<Q", last - first)
            data += b"".join(struct.pack("<I", ord(each)) for each in letters[first:last])
            code = 14695981039346656037
            for byte in data:
                code = (code ^ byte) * 1099511628211 % 2**64
            rows.append(code % 2**exponent)
    return rows


OWN = file(hashed(WORDS, 3, kind=3), matrix(np.concatenate([UNITS, ROWS[:8]])))


@pytest.mark.parametrize("word", ["them", "größer", "👍🏽", "</s>"])
def test_buckets_of_its_own_hash_compose_unknown_words(fifu, word):
    """One by one, and many at a time."""
    subwords = formats.load(fifu(OWN)).subwords
    wanted = ROWS[own_rows(word, 3, 4, 3)].mean(axis=0)
    np.testing.assert_allclose(subwords.compose(word.encode()), wanted, rtol=1e-5)
    many = subwords.compose_unknown([b"a", word.encode(), b""])
    np.testing.assert_allclose(many[1], wanted, rtol=1e-5, atol=1e-6)


def test_a_hash_of_an_ngram():
    """Dan has number 214157 of 2 to the power of 21, as in the tests of finalfusion."""
    assert own_hash(b"Dan") % 2**21 == 214157
    assert own_rows("an", 3, 3, 21)[0] == own_hash(b"<an") % 2**21


@compiled_only
def test_a_converted_file_has_the_ngrams_of_its_words(fifu, folder, request):
    """Of the word the, n-grams are in them, and others are not."""
    run, path = request.getfixturevalue("w2v"), fifu(OWN)
    assert run("convert", path, "y.safetensors").code == 0
    found = w2v.load("y.safetensors")
    for word, vector in zip(WORDS, UNITS, strict=True):
        np.testing.assert_allclose(found[word], vector, rtol=1e-6)
    known = {f"<{word}>"[at : at + n] for word in WORDS for n in (3, 4) for at in range(9)}
    ngrams = ["<them>"[at : at + n] for at in range(5) for n in (3, 4) if at + n <= 6]
    rows = [own_hash(ngram.encode()) % 8 for ngram in ngrams if ngram in known]
    assert 0 < len(rows) < len(ngrams)
    np.testing.assert_allclose(found["them"], ROWS[rows].mean(axis=0), rtol=1e-5)
    assert run("convert", path, "y.bin", "--buckets", 50).code == 0
    np.testing.assert_allclose(w2v.load("y.bin")["the"], UNITS[0], rtol=1e-4, atol=1e-6)
    for more in (("--dtype", "i8"), ("--limit", 2), ("--center", 1)):
        (folder / "z.safetensors").unlink(missing_ok=True)
        assert run("convert", path, "z.safetensors", *more).code == 0
        assert w2v.load("z.safetensors")["them"].shape == (6,)


def test_words_of_floret_have_no_list(fifu):
    """The vector of any word is composed."""
    marks = texts(["<", ">"])
    vocabulary = chunk(9, struct.pack("<2IQ2I", 3, 5, len(ROWS), 2, 77) + marks)
    vectors = w2v.load(fifu(file(vocabulary, matrix(ROWS))))
    [rows] = naive.floret_numbers([b"<the>"], 3, 5, 2, 77, len(ROWS))
    assert len(vectors) == 0
    np.testing.assert_allclose(vectors["the"], ROWS[rows].mean(axis=0), rtol=1e-5)


@compiled_only
def test_a_converted_file_gives_the_same_answers(fifu, folder, request):
    """Known words keep their vectors in every format, and unknown ones where there are n-grams."""
    run = request.getfixturevalue("w2v")
    for data in (explicit(), file(hashed(WORDS, 9), matrix(BOTH))):
        path = fifu(data)
        wanted = w2v.load(path)
        for name, unknown in (("y.safetensors", True), ("y.bin", False), ("y.vec", False)):
            (folder / name).unlink(missing_ok=True)
            assert run("convert", path, name).code == 0
            found = w2v.load(folder / name)
            for word in WORDS:
                np.testing.assert_allclose(found[word], wanted[word], rtol=1e-4, atol=1e-6)
            if unknown:
                np.testing.assert_allclose(found["them"], wanted["them"], rtol=1e-5)
        parts = [
            [line.split("\t") for line in run(*call, "-v", each).out.splitlines()]
            for each in (path, "y.safetensors")
            for call in [("vector", "the", "--parts", "--tsv")]
        ]
        assert [row[:3] for row in parts[0]] == [row[:3] for row in parts[1]]
        numbers = [np.array([row[3:] for row in each], float) for each in parts]
        np.testing.assert_allclose(*numbers, atol=1e-3)
        assert len(numbers[0]) > 1


def test_the_own_row_of_a_word_composes_its_vector(fifu):
    """With the rows of its n-grams; see `Subwords`."""
    table = formats.load(fifu(explicit()))
    subwords = table.subwords
    [own] = subwords.word_rows(np.array([0]))
    ngrams = subwords.vectors.take(np.array([row for _, row in subwords.ngrams(b"the")]))
    assert len(ngrams) == 3
    np.testing.assert_allclose(np.vstack([own, ngrams]).mean(axis=0), table.row(0), atol=1e-6)
    [first] = subwords.part(np.array([2, 0])).word_rows(np.array([1]))
    np.testing.assert_allclose(first, own, atol=1e-6)


@pytest.mark.parametrize("cut", range(0, len(SIMPLE) - 8, 7))
def test_a_file_that_is_cut_short_is_one_error(fifu, cut):
    with pytest.raises(W2VError, match="x.fifu"):
        formats.load(fifu(SIMPLE[: 8 + cut]))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"FiFu\1\0\0\0" + SIMPLE[8:], "of version 1: version 0 can be read"),
        (SIMPLE + b"x", "byte"),
        (file(matrix(UNITS)), r"expected a vocabulary and a matrix, found chunks of kinds \[2\]"),
        (file(simple(WORDS), matrix(UNITS[:3])), "the matrix is 3 x 6 for 4 words"),
        (file(simple(WORDS), matrix(UNITS), lambda at: norms(at, NORMS[:2])), "have 2 norms"),
        (file(simple([*WORDS[:3], "the"]), matrix(UNITS)), "x.fifu: .*the.* twice|same name"),
        (file(simple(["a\nb", *WORDS[1:]]), matrix(UNITS)), "has a line end"),
        (file(listed(WORDS, LISTED, [0, 1, 2, 3, 4, 5, 9]), matrix(BOTH)), "an n-gram has row 9"),
        (file(hashed(WORDS, 0), matrix(BOTH)), "no buckets"),
        (
            file(
                simple([]),
                lambda at: chunk(2, padded(at, struct.pack("<Q2I", 1 << 63, 0, 10), NORMS[:0])),
            ),
            "the matrix is 9,223,372,036,854,775,808 x 0",
        ),
        (file(hashed(WORDS, 10), matrix(BOTH)), "the matrix is 13 x 6 for 14 words and n-grams"),
        (SIMPLE.replace(struct.pack("<Q", 4), struct.pack("<Q", 1 << 60), 1), "texts, found"),
        (SIMPLE.replace(struct.pack("<I", 10), struct.pack("<I", 11), 1), "of type 11"),
    ],
)
def test_damaged_files_are_one_error(fifu, data, message):
    """With what is wrong, in bounded memory."""
    with pytest.raises(W2VError, match=message):
        formats.load(fifu(data))


def test_a_text_whose_first_name_begins_alike_is_a_text(tmp_path):
    (tmp_path / "x.vec").write_text("FiFu 1 2 3\nb 4 5 6\n")
    assert formats.load(str(tmp_path / "x.vec")).names == ["FiFu", "b"]
