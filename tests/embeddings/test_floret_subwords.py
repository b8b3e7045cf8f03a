"""Reading floret's text, whose rows compose the vector of any word, beside a twin."""

from __future__ import annotations

from pathlib import Path

import naive
import numpy as np
import pytest

import w2v
from w2v.embeddings import formats, query
from w2v.embeddings.floret_subwords import SEED, murmur_hash
from w2v.embeddings.table import Table
from w2v.errors import W2VError

WORDS = ["a", "the", "Straße", "👍🏽", "日本語", "x" * 40, "</s>"]
MATRIX = np.random.default_rng(3).normal(size=(20, 4)).round(4).astype(np.float32)


def text(settings: str = "3 5 2 2166136261 < >", matrix: np.ndarray = MATRIX) -> str:
    """A file as floret writes it, with a blank at the end of each row."""
    rows = [f"{row} {' '.join(map(str, vector))} \n" for row, vector in enumerate(matrix.tolist())]
    return f"{len(matrix)} {matrix.shape[1]} {settings}\n" + "".join(rows)


def vector(word: str, minn: int, maxn: int, hashes: int, marks: str = "<>") -> np.ndarray:
    """The mean of the rows of a word and its n-grams."""
    marked = f"{marks[0]}{word}{marks[1]}".encode()
    [rows] = naive.floret_numbers([marked], minn, maxn, hashes, SEED, len(MATRIX))
    return MATRIX[rows].mean(axis=0)


@pytest.mark.parametrize("size", [0, 5, 8, 15, 16, 33])
def test_the_hash_of_bytes(size):
    """In Python, for single words."""
    data = np.random.default_rng(size).bytes(size)
    assert murmur_hash(data, SEED) == naive.murmur_hash(data, SEED)


@pytest.mark.parametrize(("minn", "maxn", "hashes", "marks"), [(3, 5, 2, "<>"), (1, 1, 4, "^$")])
def test_any_word_is_composed(tmp_path, minn, maxn, hashes, marks):
    """One by one, and many at a time."""
    path = tmp_path / "x.floret"
    path.write_text(text(f"{minn} {maxn} {hashes} {SEED} {marks[0]} {marks[1]}"))
    table = formats.load(str(path))
    assert (len(table), formats.sniff(str(path))) == (0, "floret text")
    assert table.subwords is not None
    names = [word.encode() for word in WORDS]
    offsets = np.concatenate([[0], np.cumsum([len(name) for name in names])])
    many = table.subwords.compose_rows(
        np.frombuffer(b"".join(names), np.uint8), offsets, np.arange(len(names)),
        np.full(len(names), -1),
    )  # fmt: skip
    for word, composed in zip(WORDS, many, strict=True):
        expected = vector(word, minn, maxn, hashes, marks)
        np.testing.assert_allclose(composed, expected, atol=1e-6)
        np.testing.assert_allclose(table.compose(word), expected, atol=1e-6)


def test_commands_answer_for_any_word(folder: Path, request):
    """`w2v vector` and `w2v similarity`; the words of other formats are listed with --words."""
    run = request.getfixturevalue("w2v")
    (folder / "x.floret").write_text(text())
    np.testing.assert_allclose(w2v.load("x.floret")["the"], vector("the", 3, 5, 2), atol=1e-6)
    result = run("similarity", "the", "them", "-v", "x.floret")
    assert (result.code, "the is out-of-vocabulary: composed from 7 n-grams" in result.err) == (
        0,
        True,
    )
    result = run("similar", "the", "-v", "x.floret")
    assert (result.code, "lists no words" in result.err) == (2, True)
    (folder / "words.txt").write_text("the\nStraße\n")
    for name in ("x.vec", "x.safetensors", "x.bin"):
        assert run("convert", "x.floret", name, "--words", "words.txt").code == 0
        read = formats.load(name)
        assert read.names == ["the", "Straße"]
        np.testing.assert_allclose(read.row(1), vector("Straße", 3, 5, 2), atol=1e-6)
    for name in ("y.safetensors", "y.bin"):
        for options in ((), ("--only", "words.txt"), ("--counts", "words.txt")):
            result = run("convert", "x.floret", name, *options)
            assert (result.code, "list the words that you need with --words" in result.err) == (
                2,
                True,
            )


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (("3 5 2", "5 3 2"), "n-grams of 5 to 3 characters"),
        (("\n7 ", "\n9 "), "are numbered from 0"),
        (("20 4", "21 4"), "row 22: the file ends here"),
        (("20 4", f"{'9' * 5000} 4"), "x.floret: row 1: b.<. is not a number"),
    ],
)
def test_damaged_files_are_one_error(tmp_path, damage, message):
    """With what is wrong."""
    path = tmp_path / "x.floret"
    path.write_text(text().replace(*damage))
    with pytest.raises(W2VError, match=message):
        formats.load(str(path))


@pytest.mark.parametrize("suffix", [".vec", ".bin", ".safetensors", ".npy"])
def test_a_file_without_words_is_not_written(tmp_path: Path, suffix: str):
    (tmp_path / "x.floret").write_text(text())
    vectors, path = w2v.load(tmp_path / "x.floret"), tmp_path / f"y{suffix}"
    with pytest.raises(W2VError, match="list the words that you need with --words"):
        vectors.save(path)
    assert not path.exists()
    with pytest.raises(W2VError, match="there are no words"):
        w2v.fit_subwords(vectors)
    (tmp_path / "text").write_text("the lynx\n" * 9)
    with pytest.raises(W2VError, match="lists no words: .* with w2v convert --words"):
        w2v.train(tmp_path / "text", init=tmp_path / "x.floret")


def test_a_damaged_file_cannot_be_repaired_and_the_message_says_so(tmp_path: Path):
    (tmp_path / "x.floret").write_text(text().replace(" 2 216", " 9 216"))
    with pytest.raises(W2VError, match="a number in its first line is wrong"):
        w2v.load(tmp_path / "x.floret")
    (tmp_path / "x.floret").write_text(text()[:-30])
    with pytest.raises(W2VError, match="download or write the file again$"):
        w2v.load(tmp_path / "x.floret")


def test_a_table_without_words_answers_for_another_one(tmp_path):
    (tmp_path / "x.floret").write_text(text())
    floret = formats.load(str(tmp_path / "x.floret"))
    the = vector("the", 3, 5, 2)
    words = Table.build(["the", "same"], np.array([-the, the], np.float32))
    [near] = query.similar(words, query.Query((("+", "the"),)), 1, source=floret)
    assert (near.name, near.score) == ("same", pytest.approx(1))
