"""word2vec files: byte for byte, with gensim as the judge, and what is not one of them."""

import pickle

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from w2v import formats
from w2v.errors import W2VError
from w2v.table import Table

NAMES = ["the", "naïve", "日本", "no\u00a0break", "1.5"]


def table(names=NAMES, dim=3, scale=1.0):
    matrix = np.random.default_rng(0).standard_normal((len(names), dim)).astype(np.float32) * scale
    return Table.build(names, matrix.astype(np.float32))


def test_text_byte_for_byte(tmp_path):
    path = tmp_path / "x.txt"
    values = np.array([[1, -0.5, 1e-8], [0.1, 3e38, 2.25]], np.float32)
    formats.write_text(str(path), Table.build(["a", "é"], values))
    assert path.read_bytes() == "2 3\na 1.0 -0.5 1e-08\né 0.1 3e+38 2.25\n".encode()


def test_binary_byte_for_byte(tmp_path):
    path = tmp_path / "x.bin"
    values = np.array([[1, -2]], "<f4")
    formats.write_binary(str(path), Table.build(["a"], values))
    assert path.read_bytes() == b"1 2\na " + values.tobytes() + b"\n"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # gensim's own
@pytest.mark.parametrize("suffix", ["txt", "bin"])
def test_gensim_reads_what_we_write_and_we_read_what_gensim_writes(tmp_path, suffix):
    gensim = pytest.importorskip("gensim.models")
    ours, theirs = str(tmp_path / f"ours.{suffix}"), str(tmp_path / f"theirs.{suffix}")
    original = table()
    formats.writer(ours)(ours, original)
    vectors = gensim.KeyedVectors.load_word2vec_format(ours, binary=suffix == "bin")
    assert vectors.index_to_key == original.names
    np.testing.assert_array_equal(vectors.vectors, original.matrix)
    vectors.save_word2vec_format(theirs, binary=suffix == "bin")
    read = formats.load(theirs)
    assert read.names == original.names
    np.testing.assert_array_equal(read.matrix, original.matrix)


floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=" \n"), min_size=1, max_size=8
)


@given(st.data(), st.lists(names, min_size=1, max_size=6, unique=True), st.integers(1, 4))
@pytest.mark.parametrize("suffix", ["txt", "bin"])
def test_a_round_trip_is_exact(tmp_path_factory, suffix, data, names, dim):
    path = str(tmp_path_factory.mktemp("formats") / f"x.{suffix}")
    rows = data.draw(st.lists(st.lists(floats, min_size=dim, max_size=dim),
                              min_size=len(names), max_size=len(names)))  # fmt: skip
    original = Table.build(names, np.array(rows, np.float32))
    formats.writer(path)(path, original)
    read = formats.load(path)
    assert read.names == names
    assert read.matrix.tobytes() == original.matrix.tobytes()


def test_binary_rows_may_span_blocks_and_need_no_line_end(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "_BLOCK", 7)
    path = tmp_path / "x.bin"
    original = table()
    for end in (b"", b"\n"):
        pairs = zip(NAMES, original.matrix, strict=True)
        rows = (name.encode() + b" " + values.tobytes() + end for name, values in pairs)
        path.write_bytes(b"5 3\n" + b"".join(rows))
        read = formats.load(str(path))
        assert read.names == NAMES
        np.testing.assert_array_equal(read.matrix, original.matrix)


def test_text_of_the_c_program_has_a_blank_after_each_row(tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes(b"2 2\n</s> 1.0 2.0 \nw 0.5 -1e-3 \n")
    assert formats.load(str(path)).matrix.tolist() == [[1, 2], [0.5, np.float32(-1e-3)]]


def test_names_that_are_not_utf8_come_back_as_they_were(tmp_path):
    path, again = tmp_path / "x.txt", tmp_path / "y.txt"
    path.write_bytes(b"1 2\ncaf\xe9 1.0 2.0\n")
    formats.write_text(str(again), formats.load(str(path)))
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", ["a b", "a\nb"])
@pytest.mark.parametrize("write", [formats.write_text, formats.write_binary])
def test_a_name_that_could_not_be_read_back_is_refused(tmp_path, name, write):
    with pytest.raises(W2VError, match="row 2.*blank"):
        write(str(tmp_path / "x"), table(["ok", name]))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "expected our container or the first line of a word2vec file"),
        (b"hello world\n", "found b'hello world"),
        (b"the 0.1 0.2\ncat 1 2\n", "found b'the 0.1"),
        (b"2 2\na 1 2\n", "row 3: the file ends here; the header promises 2 vectors"),
        (b"2 2\na 1 2\nb 1\n", "row 3: expected 2 numbers, found 1"),
        (b"2 2\na 1 2\nb 1 x\n", "row 3: could not convert"),
        (b"2 2\na 1 2\na 1 3\n", "rows 1 and 2 have the same name"),
        (b"1000000000000 100\na 1 2\n", "promises 1,000,000,000,000 vectors"),
        (
            b"2 2\na " + b"\xff" * 8 + b"\nb " + b"\xff" * 5,
            "row 2, byte 15: the vector is cut short",
        ),
        (b"5 0\na\n", "found b'5 0"),
        (b"\xba\x16\x4f\x2f\x0c" + bytes(50), "fastText .bin"),
        (pickle.dumps({}, protocol=4), "pickle"),
        (b"\x1f\x8b\x08", "gzip"),
    ],
)
def test_what_is_not_a_vector_file_is_named(tmp_path, content, said):
    path = tmp_path / "vectors"
    path.write_bytes(content)
    with pytest.raises(W2VError, match=said) as error:
        formats.load(str(path))
    assert "\n" not in str(error.value)


def test_the_suffix_picks_the_format_and_an_unknown_one_is_named():
    assert formats.writer("x.TXT") is formats.writer("y.vec") is formats.write_text
    assert formats.writer("x.bin") is formats.write_binary
    assert formats.writer("x.safetensors") is None
    with pytest.raises(W2VError, match=r"the suffix \.pdf names no format; known: \.txt"):
        formats.writer("x.pdf")
