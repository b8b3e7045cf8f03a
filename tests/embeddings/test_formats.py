"""Vector formats: byte for byte, compared with gensim, and files of other kinds."""

import gzip
import io
import os
import pickle
import re
import tarfile
import threading
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from helpers import PACKERS
from hypothesis import example, given

from w2v import api
from w2v.embeddings import formats
from w2v.embeddings.formats import word2vec_binary, word2vec_text
from w2v.embeddings.query import Query, QueryAnswerer
from w2v.embeddings.search import Search
from w2v.embeddings.source import Diagnostics
from w2v.embeddings.table import Table
from w2v.embeddings.text_rows import ROWS
from w2v.errors import W2VError

NAMES = ["the", "naïve", "日本", "no\u00a0break", "1.5"]


def table(names=NAMES, dim=3, scale=1.0):
    matrix = np.random.default_rng(0).standard_normal((len(names), dim)).astype(np.float32) * scale
    return Table.build(names, matrix.astype(np.float32))


def test_text_byte_for_byte(tmp_path):
    path = tmp_path / "x.txt"
    values = np.array([[1, -0.5, 1e-8], [0.1, 3e38, 2.25]], np.float32)
    word2vec_text.write(str(path), Table.build(["a", "é"], values))
    assert path.read_bytes() == "2 3\na 1.0 -0.5 1e-08\né 0.1 3e+38 2.25\n".encode()


def test_rows_with_more_numbers_than_the_header_declares_are_reported(tmp_path):
    """A name may have blanks, so that such a row can be read; but it is rarely meant."""
    path, findings = tmp_path / "x.txt", Diagnostics("x.txt")
    path.write_text("3 2\na 0.5 1.0 2.0\nnew york 1.0 2.0\nroute 66 1.0 2.0\n")
    assert formats.load(str(path), findings=findings).names == ["a 0.5", "new york", "route 66"]
    [message] = findings.messages
    assert message.startswith("1 name ending in a number, such as 'a 0.5': such rows may have")


def test_binary_byte_for_byte(tmp_path):
    path = tmp_path / "x.bin"
    values = np.array([[1, -2]], "<f4")
    word2vec_binary.write(str(path), Table.build(["a"], values))
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


AS_TEXT = [b"1.25", b" 1.5", b"2\n1 ", b"\n\n\n\n", b"    ", b"1 2 ", b"a 1\n", b"0\n0 "]
floats = st.floats(width=32, allow_nan=False, allow_infinity=False) | st.sampled_from(
    [np.frombuffer(number, "<f4")[0].item() for number in AS_TEXT]  # which are also digits
)
ODD = [
    "",
    " ",
    "a b",
    "to 15",
    " x ",
    "a\nb",
    "</s>",
    "\0",
    "\U0001f600",
    "\udcff",
    "1",
    "-1e3",
    "nan",
    "\r",
    "\t",
    "\u2028",
    "\xa0",
]
BEGINNINGS = [
    "\udc80\x02", "PK\x03\x04", "\udc93NUMPY", "\udc93NUMPY\x01\0", "BZh91AY&SY",
    "\x1f\udc8b\x08\0", "\udcfd7zXZ\0\0", "\ufeff", "\ufeff1", "\udcff\udcfe", "{", "<html",
    "ccopy_reg\r",
    "\x10\0\0\0\0\0\0\0{", "SQLite format 3\0", "version https://git-lfs", "#", "# a", "inf",
    "\x1c1", "1_0", "1\t2", "3 2", "5 3 3 5 2 21 <", "ustar", "+1", "0x1", "\u0661", "<unk>",
]  # fmt: skip
names = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.sampled_from(ODD + BEGINNINGS)
    | st.binary(max_size=4).map(lambda name: name.decode("utf-8", "surrogateescape"))
)
REFUSED = {"txt": " \n", "bin": " \n", "vec": " \n", "glove": "\n", "npy": "\n"}
SUFFIXES = ["txt", "bin", "glove", "vec.gz", "npy", "npy.gz", "safetensors", "bin.gz", "VEC.BZ2"]


@st.composite
def tables(draw):
    """Names, and a vector for each, all of the same length."""
    drawn = draw(st.lists(names, max_size=6, unique=True))
    dim = draw(st.integers(1, 4))
    row = st.lists(floats, min_size=dim, max_size=dim)
    rows = draw(st.lists(row, min_size=len(drawn), max_size=len(drawn)))
    return Table.build(drawn, np.array(rows, np.float32).reshape(len(drawn), dim))


def of_bytes(name, numbers):
    """One row whose numbers, in binary, are these bytes."""
    return Table.build([name], np.frombuffer(numbers, "<f4").reshape(1, -1))


@given(tables())
@example(Table.build(["\udc80\x02"], np.zeros((1, 2), np.float32)))  # as a pickle begins
@example(Table.build(["PK\x03\x04", "a"], np.zeros((2, 3), np.float32)))
@example(Table.build(["\udcff\udcfe", ""], np.zeros((2, 2), np.float32)))  # the mark of UTF-16
@example(Table.build(["\x1f\udc8b\x08"], np.zeros((1, 2), np.float32)))  # as gzip begins
@example(Table.build(["\r", "a\r"], np.zeros((2, 2), np.float32)))
@example(Table.build([""], np.zeros((1, 2), np.float32)))
@example(of_bytes("", b"1.25"))
@example(of_bytes("0", b" 1.5"))
@example(of_bytes("", b" 1 2"))
@pytest.mark.parametrize("kernel", [False, True])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_round_trip_is_exact(tmp_path_factory, suffix, kernel, original):
    """Unusual words and shapes survive each format, with the parsing kernel and without it."""
    names, dim = original.names, original.dim
    if suffix == "glove" and (dim < 2 or not names):
        return
    path = str(tmp_path_factory.mktemp("formats") / f"x.{suffix}")
    refused = REFUSED.get(suffix.lower().split(".")[0], "")
    try:
        formats.save(path, original)
    except W2VError as error:
        may_be_unclear = suffix == "glove" or suffix.startswith("bin")
        unclear = may_be_unclear and "could be mistaken for" in str(error)
        unclear = unclear or (suffix[:3] == "npy" and "all names end with" in str(error))
        assert unclear or any(set(name) & set(refused) for name in names)
        return
    assert not any(set(name) & set(refused) for name in names)
    with pytest.MonkeyPatch.context() as patch:
        if kernel:
            patch.setattr("w2v.embeddings.formats.word2vec_text.SMALL", 0)
        read = formats.load(path)
    assert read.names == names
    assert read.matrix.tobytes() == original.matrix.tobytes()


@pytest.mark.parametrize("block", range(1, 20))
def test_binary_rows_may_span_blocks_and_need_no_line_end(tmp_path, monkeypatch, block):
    monkeypatch.setattr("w2v.embeddings.source.BLOCK", block)
    monkeypatch.setattr("w2v.embeddings.source.HEAD", 20)
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
    word2vec_text.write(str(again), formats.load(str(path)))
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", ["a b", "a\nb", " a", "a ", "\n"])
@pytest.mark.parametrize("write", [word2vec_text.write, word2vec_binary.write])
def test_a_name_that_could_not_be_read_back_is_refused(tmp_path, name, write):
    with pytest.raises(W2VError, match="row 2.*a name with a (blank|line end) cannot"):
        write(str(tmp_path / "x"), table(["ok", name]))
    assert not list(tmp_path.iterdir())


def tar_of(name, data):
    """A tar archive of one file."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty: download or write it again"),
        (b"<!DOCTYPE html>\n<html>", "an HTML page.*download the file again"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS.*git lfs pull"),
        (b'{"king": [1, 2]}', "JSON: write its vectors as text"),
        ("2 2\na 1 2\n".encode("utf-16"), "UTF-16: convert it with iconv"),
        (b"x.txt".ljust(257, b"\0") + b"ustar\x0000" + bytes(300), "tar archive"),
        (tar_of("x.txt", b"the 1 2 3\ncat 4 5 6\n" * 9), "a tar archive: unpack it with tar -xf"),
        (pickle.dumps(table(), protocol=0), "pickle"),
        (b"5 3 3 5 2 2166136261 < >\n0 1 2 3\n", "floret"),
        (b"a " + b"1 " * 40_000, "row 1: no line end in 65,536 bytes"),
        (b"1.5 " * 40_000 + b"\n", "row 1: no line end in 65,536 bytes, and no header"),
        (b'{"king": [' + b"1, " * 30_000 + b"2]}", "JSON: write its vectors as text"),
        (b"<!DOCTYPE html><html>" + b"<p>" * 30_000, "an HTML page.*download the file again"),
        (b"2 3\na 1 2\nb 3 4\n", "declares vectors of 3 numbers, but rows have 2; .*--check"),
        (b"2 2\na 1 2 3\nb 3 4 5\n", "declares vectors of 2 numbers, but rows have 3"),
        (
            b"a 1 2 3\nb x 5 6\nc 4 5 6\nd 7 8 9\ne 3 x 4\n",
            "row 2: b'x' is not a number; to repair",
        ),
        (b"hello world\n", "found b'hello world"),
        (b"the 0.1 0.2\ncat 1\n", "found b'cat 1"),
        (b"the 0.1 0.2\ncat 1 x\n", "found b'cat 1 x"),
        (b"2 2\na 1 2\n", "row 3: the file ends here; .*: download it again, or to repair"),
        (
            b"2 2\na 1 2\nb 1\n",
            "row 3: expected 2 numbers, found 1; .*vectors of 2 numbers; to repair",
        ),
        (b"2 2\na 1 2\nb 1", "found 1; .*: download it again, or to repair the file: w2v convert"),
        (b"a 1 2\nb 1 2\nc 1", "found 1; the file is cut short: download it again, or to repair"),
        (
            b"2 2\na 1 2\nb 1 x\n",
            "row 3: b'x' is not a number; the header declares 2 .* convert --check",
        ),
        (b"2 2\na 1 2\na 1 3\n", "rows 1 and 2 have the same name"),
        (b"1000000000000 100\na 1 2\n", "declares 1,000,000,000,000 vectors"),
        (
            b"2 2\na " + b"\xff" * 8 + b"\nb " + b"\xff" * 5,
            "row 2, byte 15: the vector is cut short; .*: download it again, or to repair the file",
        ),
        (
            b"2 2\na " + b"\xff" * 8 + b"b " + b"\xff" * 7,
            "row 2, byte 14: the vector is cut short",
        ),
        (b"5 0\na\n", "found b'a'"),
        (b"\xba\x16\x4f\x2f\x0c" + bytes(50), "byte .* of a fastText model: .*cut short"),
        (pickle.dumps({}, protocol=4), "pickle.* or save_facebook_model for a FastText model"),
        (b"\x1f\x8b\x08", "of the gzip file"),
        *[
            (pack(b"2 2\na 1 2\nb 1 2\n")[:-9], f"of the {kind} file: .*cut short")
            for kind, pack in PACKERS.items()
        ],
        (gzip.compress(b"\x10" + bytes(7) + b"{}"), "container, packed by gzip"),
        (b"PK\x03\x04", "zip archive"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"\x89HDF\r\n", "HDF5"),
        (b"2 2\na 1 2\nb 1 2\nc 1 2\n", "3 rows, but the header declares 2 .* convert --check"),
        (b"2 99999999999\na 1 2\n", "declares vectors of 99,999,999,999 numbers"),
        (np.lib.format.magic(1, 0) + b"x", "cut short"),
    ],
)
def test_what_is_not_a_vector_file_is_named(tmp_path, content, said):
    path = tmp_path / "vectors"
    path.write_bytes(content)
    with pytest.raises(W2VError, match=said) as error:
        formats.load(str(path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "name",
    ["X.TXT.GZ", "x.NPY.XZ", "x.bin.Bz2", "x.npy.bz2", "x.glove.gz"]
    + ["x.vec.ZST", "x.npy.zst"] * ("zstd" in PACKERS),
)
def test_any_packing_in_any_case_comes_back(folder, name):
    table = Table.build(["a", "b"], np.array([[1, 2], [3, 4]], np.float32))
    formats.save(name, table)
    kinds = {"gz": "gzip", "bz2": "bzip2", "xz": "xz", "zst": "zstd"}
    packed = kinds[name.rpartition(".")[2].lower()]
    assert formats.describe(name, Diagnostics(name))["packed"] == packed
    back = formats.load(name)
    assert back.names == ["a", "b"]
    assert np.array_equal(back.matrix, table.matrix)
    lists = [path.name for path in folder.iterdir() if path.name != name]
    assert lists == (["x.words"] if ".npy" in name.lower() else [])


def test_the_suffix_picks_the_format_and_an_unknown_one_is_named():
    assert formats.writer("x.TXT") is formats.writer("y.vec.gz") is word2vec_text.write
    assert formats.writer("-") is word2vec_text.write
    assert formats.writer("x.bin") is word2vec_binary.write
    assert formats.writer("x.safetensors") is None
    for name in ("x.pdf", "x.safetensors.gz", "x", "x.tsv.gz", "x.parquet.gz"):
        with pytest.raises(W2VError, match=r"the suffix .* names no format; known: \.bin  \.gl"):
            formats.writer(name)


# Files of other programs


GLOVE = b"the 0.5 -1.25 3\n. . . 1 2 3\nat name@x.com 4 5 6\n2 7 8 9\n"


def both_ways(read):
    """Read with the parsing kernel and without it; the results must be equal."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("w2v.embeddings.formats.word2vec_text.SMALL", 0)
        fast = read()
    slow = read()
    assert fast.names == slow.names
    assert fast.matrix.tobytes() == slow.matrix.tobytes()
    return slow


@pytest.mark.parametrize("begin", [b"", b"4 3\n"])
@pytest.mark.parametrize("pack", [bytes, *PACKERS.values()])
def test_glove_with_names_that_have_blanks(tmp_path, begin, pack):
    path = tmp_path / "x"
    path.write_bytes(pack(begin + GLOVE))
    read = both_ways(lambda: formats.load(str(path)))
    assert read.names == ["the", ". . .", "at name@x.com", "2"]
    assert read.matrix.tolist() == [[0.5, -1.25, 3], [1, 2, 3], [4, 5, 6], [7, 8, 9]]


@pytest.mark.parametrize("name", ["BZh", "BZh9", "BZh91AY", "SQLite"])
def test_a_name_that_begins_like_another_kind_of_file_is_a_name(tmp_path, name):
    path = tmp_path / "x"
    path.write_text(f"{name} 1 2\nb 3 4\n")
    assert formats.load(str(path)).names == [name, "b"]


def test_glove_does_not_count_its_unknown_word(tmp_path):
    path, findings = tmp_path / "x", Diagnostics("x")
    path.write_bytes(b"2 2\na 1 2\nb 3 4\n<unk> 5 6\n")
    assert formats.load(str(path), findings=findings).names == ["a", "b", "<unk>"]
    assert "does not count the last row" in findings.messages[0]
    assert formats.load(str(path), limit=2).names == ["a", "b"]


def test_fasttexts_vec(tmp_path):
    path = tmp_path / "x.vec"
    path.write_bytes(b"3 2 \n</s> 1.5e-05 -2 \nde 0.1 1e+2 \n\xe6\x97\xa5 +3 .5 \n")
    read = both_ways(lambda: formats.load(str(path)))
    assert read.names == ["</s>", "de", "\u65e5"]
    wanted = np.array([[1.5e-5, -2], [0.1, 100], [3, 0.5]], np.float32)
    np.testing.assert_array_equal(read.matrix, wanted)


@pytest.mark.parametrize("header", ["2 2\n", ""])
@pytest.mark.parametrize("blank", ["\n", " \n", "\r\n", "\t\n", "\n\n \n"])
def test_blank_lines_are_no_rows(tmp_path, header, blank):
    path = tmp_path / "x.vec"
    for rows in ("a 1 2\nb 3 4\n{}", "a 1 2\n{}b 3 4\n", "{}a 1 2\nb 3 4\n{}"):
        path.write_text(header + rows.replace("{}", blank), newline="")
        read = both_ways(lambda: formats.load(str(path)))
        assert (read.names, read.matrix.tolist()) == (["a", "b"], [[1, 2], [3, 4]])
    if header:  # the rows are still counted
        path.write_text(f"3 2\na 1 2\n{blank}b 3 4\n{blank}", newline="")
        with pytest.raises(W2VError, match="the file ends here; the header declares 3"):
            formats.load(str(path))


def test_a_blank_line_after_the_header_makes_no_binary_file_of_a_text(tmp_path):
    path = tmp_path / "x.vec"
    path.write_text("2 1\n\na 0.25\nb 1\n")  # four bytes after "a ", and a line end
    assert formats.load(str(path)).matrix.tolist() == [[0.25], [1]]


def test_line_ends_of_windows_and_none_at_the_end(tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes(b"2 2\r\na 1 2 \r\nb 3 4")
    assert both_ways(lambda: formats.load(str(path))).matrix.tolist() == [[1, 2], [3, 4]]


def test_numbers_as_python_reads_them(tmp_path):
    """Also numbers that the kernel leaves to Python: long, very small or large ones, infinity."""
    odd = ["123456789012345678901234567890", "1e-40", "1e-45", "9007199254740993", "nan", "-inf",
           "0.00000000000000000000000000000001", "1E5", "1e", "00012", "-0", "3.4028235e38",
           "16777217", "0.1000000014901161193847656250", "5e-324", "-.5", "7."]  # fmt: skip
    for number in odd:
        path = tmp_path / "x.txt"
        path.write_bytes(f"2 2\na {number} 1\nb 1 {number}\n".encode())
        try:
            wanted = np.float32(float(number))
        except ValueError:
            with pytest.raises(W2VError, match="row 2"):
                both_ways(lambda path=path: formats.load(str(path)))
            continue
        read = both_ways(lambda path=path: formats.load(str(path)))
        np.testing.assert_array_equal(read.matrix, [[wanted, 1], [1, wanted]], err_msg=number)


def test_blocks_may_end_anywhere(tmp_path, monkeypatch):
    path, original = tmp_path / "x.txt", table([f"w{n}" for n in range(60)])
    word2vec_text.write(str(path), original)
    monkeypatch.setattr("w2v.embeddings.source.HEAD", 12)
    for size in (1, 7, 100, 1000):
        monkeypatch.setattr("w2v.embeddings.source.BLOCK", size)
        read = both_ways(lambda: formats.load(str(path)))
        assert read.names == original.names
        np.testing.assert_array_equal(read.matrix, original.matrix)
        assert formats.load(str(path), limit=7).names == original.names[:7]


def test_an_array_and_its_names(tmp_path):
    matrix = np.random.default_rng(0).standard_normal((3, 2))
    for kind in ("<f8", "<f4", "<f2", ">f4"):
        np.save(tmp_path / "x.npy", matrix.astype(kind))
        (tmp_path / "x.vocab").write_bytes("a 7\nb c 5\n\u65e5 1\n".encode())
        read = formats.load(str(tmp_path / "x.npy"))
        assert read.names == ["a", "b c", "\u65e5"]
        np.testing.assert_array_equal(read.matrix, matrix.astype(kind).astype(np.float32))
        assert read.row(1).dtype == np.float32


@pytest.mark.parametrize(
    ("line", "shown"), [("b\t5", "'b\\\\t5'"), ("b", "'b'"), ("new york", "'new york'"), ("", "''")]
)
def test_a_vocabulary_without_counts_is_no_list_of_names(tmp_path, line, shown):
    np.save(tmp_path / "x.npy", np.eye(2))
    (tmp_path / "x.vocab").write_text(f"a 7\n{line}\n")
    said = rf"x.vocab: line 2: expected a name, a blank and a count, found {shown}: .*\.words"
    with pytest.raises(W2VError, match=said):
        formats.load(str(tmp_path / "x.npy"))
    (tmp_path / "x.words").write_text("a\nb\n")
    assert formats.load(str(tmp_path / "x.npy")).names == ["a", "b"]


@pytest.mark.parametrize("kind", ["<f4", "<f2"])
def test_a_mapped_array_is_asked_before_anything_is_sorted_or_summed(tmp_path, kind):
    rng = np.random.default_rng(1)
    names = ["b", "", "a b", "\u65e5", "b\r", "ab", "\udcff", *(f"w{n}" for n in range(40))]
    matrix = rng.standard_normal((len(names), 5)).astype(kind)
    matrix[3], matrix[5, 0], matrix[6] = 0, np.inf, 6e4 if kind == "<f2" else 3e38
    path = str(tmp_path / "x.npy")
    formats.save(path, Table.build(names, matrix))
    read, wanted = formats.load(path), Table.build(names, matrix)
    assert [read.find(name) for name in names] == list(range(len(names)))
    assert [read.find(name) for name in ("", "w", "b\n", "a")] == [1, None, None, None]
    for some in (slice(0, 8), slice(8, None), np.array([3, 5, 20])):
        found = read.quick_norms(some, read.vectors(some))
        np.testing.assert_allclose(found, wanted.norms[some], rtol=1e-6)
    assert read.exact_norms(np.arange(9)).tolist() == wanted.norms[:9].tolist()
    assert not {"norms", "order"} & read.__dict__.keys()
    query, search = Query((("+", "b"),)), Search(wanted, 50)
    [near] = QueryAnswerer(Search(read, 50), read).answer([query])
    assert near == QueryAnswerer(search, wanted).answer([query])[0]
    assert not {"norms", "order"} & read.__dict__.keys()
    np.testing.assert_array_equal(read.norms, wanted.norms)
    np.testing.assert_array_equal(read.order, wanted.order)


class _Growing(np.ndarray):
    """An array of a table to which another thread adds a value while this one is examined."""

    @property
    def filename(self):
        vars(self.table)[f"by another thread {len(vars(self.table))}"] = None


@pytest.mark.parametrize("suffix", [".npy", ".safetensors"])
def test_threads_may_ask_a_table_while_another_one_adds_to_what_it_keeps(tmp_path, suffix):
    path = str(tmp_path / f"x{suffix}")
    formats.save(path, table())
    read = formats.load(path)
    matrix = np.array(read.matrix).view(_Growing)
    matrix.table = read
    vars(read)["matrix"] = matrix
    assert read.find("the") == 0
    read.check_whole()
    assert any("another thread" in key for key in vars(read))


def test_halves_are_widened_exactly():
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)[:, None]
    finite = np.isfinite(every)
    widened = Table(every, *[np.zeros(1)] * 4).vectors(slice(None))
    np.testing.assert_array_equal(widened[finite], every[finite].astype(np.float32))
    assert (np.abs(widened[~finite]) >= 65536).all()


@pytest.mark.parametrize(
    ("matrix", "names", "said"),
    [
        (np.ones((3, 2)), "a\nb\na\n", "rows 1 and 3 have the same name, 'a'; .* --check"),
        (np.ones((3, 2)), "\na\n\n", "rows 1 and 3 have the same name, ''"),
        (np.ones((2, 2)), "a\n", "has 2 rows, but .*x.words has 1 names"),
        (np.ones(2), "a\nb\n", r"found float64 \(2,\): write a row of numbers for each name"),
        (
            np.ones((2, 0)),
            "a\nb\n",
            r"found float64 \(2, 0\): write a row of numbers for each name",
        ),
        (np.ones((2, 2), int), "a\nb\n", r"int64 .* with array.astype\('float32'\)"),
        (np.array([[1, None]]), "a\n", r"an array of Python objects \(1, 2\) is a pickle"),
        (np.ones((2, 2)), None, "found none of .*x.words"),
    ],
)
def test_an_array_that_is_no_table_of_vectors(tmp_path, matrix, names, said):
    np.save(tmp_path / "x.npy", matrix)
    if names is not None:
        (tmp_path / "x.words").write_text(names)
    (tmp_path / "x.npy.gz").write_bytes(gzip.compress((tmp_path / "x.npy").read_bytes()))
    for name in ("x.npy", "x.npy.gz"):
        with pytest.raises(W2VError, match=said) as error:
            formats.load(str(tmp_path / name))
        assert "damaged" not in str(error.value)


def test_a_part_of_gensims_and_bytes_after_an_array_are_named(tmp_path):
    path = tmp_path / "x.model.wv.vectors.npy"
    np.save(path, np.ones((2, 2)))
    (tmp_path / "x.model").write_bytes(b"\x80\x04")
    with pytest.raises(W2VError, match="a part of gensim's .*x.model, which has the names"):
        formats.load(str(path))
    (tmp_path / "x.model.wv.vectors.words").write_text("a\nb\n")
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(W2VError, match=r"4 bytes after the array of float64 \(2, 2\)"):
        formats.load(str(path))


@pytest.mark.parametrize(
    ("content", "names", "said"),
    [
        (b"3 2\na 1 2\nb 3 4\n", ["a", "b"], "row 4: the file ends here"),
        (b"1 2\na 1 2\nb 3 4\n", ["a", "b"], "2 rows, but the header declares 1"),
        (b"3 2\na 1 2\nb 3 4\na 5 6\n", ["a", "b"], "rows 1 and 3 have the same name, 'a'"),
        (b"3 2\na 1 2\nb 3\nc 5 6\n", ["a", "c"], "row 3: expected 2 numbers, found 1"),
        (b"2 1\na \0\0\0\1\nb \xff\xff", ["a"], "row 2, byte 11: the vector is cut short"),
        (b"2 3\na 1 2\nb 3 4\n", ["a", "b"], "but rows have 2: vectors of 2 numbers are read"),
        (b"1 1\na \0\0\0\1b \0\0\0\1", ["a"], "byte 10: b'b .* follows 1 rows, as many "),
        (b"3 1\na \0\0\0\1\nb \0\0\0\1\nc \0\0\0\1x\n", ["a", "b"], "row 3, byte 24: .*b'x'"),
    ],
)
def test_what_is_wrong_is_repaired_when_asked(tmp_path, content, names, said):
    path = str(tmp_path / "x")
    (tmp_path / "x").write_bytes(content)
    findings = Diagnostics(path, repairs=True)
    assert formats.load(path, findings=findings).names == names
    assert re.search(said, " ".join(findings.messages))
    with pytest.raises(W2VError, match="convert --check"):
        formats.load(path)


def test_names_that_are_not_utf8_are_told(tmp_path):
    path, findings = tmp_path / "x", Diagnostics("x")
    path.write_bytes(b"a 1 2\ncaf\xe9 1 2\n")
    assert formats.load(str(path), findings=findings).names == ["a", "caf\udce9"]
    assert findings.messages[0].startswith("1 name not in UTF-8, the first in row 2")


def test_halves_of_a_letter_in_two_names_are_no_letter(tmp_path):
    path, findings = tmp_path / "x", Diagnostics("x")
    path.write_bytes(b"a\xc3 1 2\n\xa9b 1 2\n")
    formats.load(str(path), findings=findings)
    assert findings.messages[0].startswith("2 names not in UTF-8")


def test_the_projectors_pair(tmp_path):
    path = str(tmp_path / "x.tsv")
    formats.save(path, Table.build(["a\tb", "c"], np.array([[1, 0.1], [2, 3]], np.float32)))
    assert (tmp_path / "x.tsv").read_text() == "1.0\t0.1\n2.0\t3.0\n"
    assert (tmp_path / "x.metadata.tsv").read_text() == "a b\nc\n"
    counted = Table.build(["a"], np.ones((1, 1), np.float32), np.array([7]))
    formats.save(path, counted)
    assert (tmp_path / "x.metadata.tsv").read_text() == "word\tcount\na\t7\n"


def test_names_that_the_projector_would_drop_shift_no_labels(tmp_path):
    path = str(tmp_path / "x.tsv")
    odd = ["a", "", "\xa0", "\u3000\ufeff", "b", "c\rd\te\nf"]
    matrix = np.arange(12, dtype=np.float32).reshape(6, 2)
    for counts in (None, np.arange(6, 0, -1)):
        formats.save(path, Table.build(odd, matrix, counts))
        lines = (tmp_path / "x.metadata.tsv").read_text("utf-8").split("\n")[:-1]
        shown = [line.split("\t")[0] for line in lines[counts is not None :]]
        assert shown == ["a", "(empty)", "U+00A0", "U+3000 U+FEFF", "b", "c d e f"]
        read = formats.load(path)
        assert read.names == shown
        assert read.matrix.tolist() == matrix.tolist()


@pytest.mark.parametrize(
    ("beside", "content"),
    [
        ("x.metadata.tsv", "a\n\u3000\nb\n"),  # a name for each row, though one is of blanks
        ("x.metadata.tsv", "\ufeffn\tWord\r\n1\ta\r\n2\t\u3000\r\n3\tb\r\n"),
        ("x.metadata.tsv", "title\nn\na\nb\n\n"),
        ("x.metadata.tsv", "n\n\xa0\na\n\nb\n\u3000"),  # the Projector drops three lines
        ("x.words", "a\n\u3000\nb\n"),
    ],
)
@pytest.mark.parametrize("form", ["%.18e", "%8.3f", "%d"])
@pytest.mark.parametrize("delimiter", [" ", "\t"])
def test_numbers_alone_are_read_with_the_names_beside_them(
    tmp_path, beside, content, form, delimiter
):
    path = str(tmp_path / "x.tsv")
    matrix = np.array([[-1, 2, 0.5], [2, 3, 1], [4, 5, 6]])
    np.savetxt(path, matrix, form, delimiter, header="made by numpy")
    with pytest.raises(W2VError, match="rows of 3 numbers without names: write the names to .*x.m"):
        formats.load(path)
    findings = Diagnostics(path, repairs=True)
    with pytest.raises(W2VError, match="without names"):
        formats.load(path, findings=findings)
    (tmp_path / beside).write_bytes(content.encode())
    read = formats.load(path)
    wanted = ["n", "a", "b"] if "\na\n" in content else ["a", "\u3000", "b"]
    assert read.names == wanted
    assert read.matrix.tolist() == (np.trunc(matrix) if form == "%d" else matrix).tolist()
    assert formats.load(path, limit=2).names == wanted[:2]
    (tmp_path / beside).write_bytes(b"a\nb\n")
    with pytest.raises(W2VError, match="x.tsv has 3 rows, but .* 2 lines"):
        formats.load(path)


def test_where_other_programs_put_the_names_of_numbers_alone(tmp_path):
    for numbers, beside in ("vectors.tsv", "metadata.tsv"), ("a_tensor.tsv", "a_metadata.tsv"):
        np.savetxt(tmp_path / numbers, [[0.5, 1], [2, 3]], delimiter="\t")
        (tmp_path / beside).write_text("x\ny\n")
        assert formats.load(str(tmp_path / numbers)).names == ["x", "y"]


def test_a_line_of_numbers_alone_that_is_cut_short_is_found(tmp_path):
    path = tmp_path / "x.tsv"
    path.write_text("0.5\t1\n" * 200 + "0.5\n")
    (tmp_path / "x.words").write_text("".join(f"w{n}\n" for n in range(201)))
    with pytest.raises(W2VError, match="x.tsv: line 201: expected 2 numbers, found '0.5'"):
        formats.load(str(path))


def test_rows_of_numbers_below_a_header_have_no_names(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("2 3\n0.5 1 2\n3 4 5\n")
    with pytest.raises(W2VError, match="rows of 3 numbers without names"):
        formats.load(str(path))
    (tmp_path / "x.words").write_text("a\nb\n")
    assert formats.load(str(path)).matrix.tolist() == [[0.5, 1, 2], [3, 4, 5]]
    path.write_text(f"{ROWS + 1} 3\n" + "0.5 1 2\n" * ROWS + "3 4\n")  # below those of the sniffer
    with pytest.raises(W2VError, match=f"line {ROWS + 2}: expected 3 numbers, found '3 4'"):
        formats.load(str(path))


def test_numbers_of_nodes_are_names(tmp_path):
    path = tmp_path / "x.emb"
    path.write_text("7 0.5 -1\n3 0.25 2\n")
    read = both_ways(lambda: formats.load(str(path)))
    assert (read.names, read.matrix.tolist()) == (["7", "3"], [[0.5, -1], [0.25, 2]])
    (tmp_path / "x.metadata.tsv").write_text("a\nb\n")
    assert formats.load(str(path)).names == ["a", "b"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # gensim's own
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves it open
def test_gensim_reads_glove_of_ours(tmp_path):
    gensim = pytest.importorskip("gensim.models")
    path, original = str(tmp_path / "x.glove"), table()
    formats.save(path, original)
    vectors = gensim.KeyedVectors.load_word2vec_format(path, no_header=True)
    assert vectors.index_to_key == original.names
    np.testing.assert_array_equal(vectors.vectors, original.matrix)


@pytest.mark.parametrize("name", ["x.safetensors", "x.txt", "x.txt.gz", "x.bin", "x.glove"])
def test_a_pipe_is_read_as_the_file_is(w2v, toy, folder, name):
    assert w2v("convert", "vectors.safetensors", name).code == 0
    data = (folder / name).read_bytes()
    for call in ("similar", "king"), ("similarity", "king", "queen"), ("vector", "king"):
        wanted = w2v(*call, "-v", name)
        assert wanted.code == 0
        assert w2v(*call, "-v", "-", stdin=data) == wanted
    assert w2v("convert", "-", "y.npy", stdin=data).code == 0
    assert w2v("convert", name, "z.npy").code == 0
    assert (folder / "y.npy").read_bytes() == (folder / "z.npy").read_bytes()


def test_a_pipe_of_a_python_program_can_be_asked_again_and_another_one_after_it(toy, folder):
    os.mkfifo("pipe")
    found = []
    for factor in (1, 2):
        formats.save("x.safetensors", Table.build(toy.names, toy.matrix * factor))
        data = (folder / "x.safetensors").read_bytes()
        writer = threading.Thread(target=(folder / "pipe").write_bytes, args=[data])
        writer.start()
        found.append(api.load("pipe"))
        writer.join()
    for factor, vectors in zip((1, 2), found, strict=True):
        np.testing.assert_array_equal(vectors["king"], toy.matrix[0] * factor)
        assert vectors.tables == ["words"]
        assert vectors.info()["tables"]["words"]["rows"] == 10


def test_what_is_wrong_with_a_pipe_of_a_python_program_is_said_by_its_name(folder, caplog):
    """And not by the name of its copy, which no user has chosen."""
    os.mkfifo("pipe")

    def load(data):
        writer = threading.Thread(target=(folder / "pipe").write_bytes, args=[data])
        writer.start()
        try:
            return api.load("pipe")
        finally:
            writer.join()

    with pytest.raises(W2VError, match="^pipe is not a vector file"):
        load(b"no vectors\n")
    with pytest.raises(
        W2VError, match="^pipe: row 3: .* to repair the file: w2v convert --check pipe"
    ):
        load(b"2 2\na 1 2\nb x 1\n")
    load(b"1 2\na 1 2")
    assert [record.getMessage()[:14] for record in caplog.records] == ["pipe: the last"]


def test_an_array_through_a_pipe_needs_a_name_that_leads_to_its_list(w2v, toy, folder):
    assert w2v("convert", "vectors.safetensors", "x.npy").code == 0
    outcome = w2v("similar", "king", "-v", "-", stdin=(folder / "x.npy").read_bytes())
    assert outcome.code == 2
    assert outcome.err == (
        "w2v: stdin is a NumPy array, whose names are in a file beside it: give the path of the "
        "file, not a pipe\n"
    )


def test_the_format_of_the_page_is_found_where_it_is_put(w2v, toy, folder, monkeypatch):
    """It is recognised, read, written, checked and refused, and no other file names it."""
    page = (Path(formats.__file__).parents[2] / "manual" / "extending.md").read_text()
    section = page[page.index("## A vector format") :]
    (folder / "more").mkdir()
    (folder / "more" / "commas.py").write_text(section.split("```python\n")[1].split("```")[0])
    assert w2v("convert", "vectors.safetensors", "x.csv").code == 2
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(folder / "more")])
    for name in ("x.csv", "x.csv.gz"):
        assert w2v("convert", "vectors.safetensors", name).code == 0
        assert formats.sniff(name) == "text with commas"
        back = formats.load(name)
        assert back.names == toy.names
        np.testing.assert_array_equal(back.matrix, toy.matrix)
        wanted = w2v("similar", "king", "-v", "vectors.safetensors")
        assert w2v("similar", "king", "-v", name).out == wanted.out
    assert (folder / "x.csv").read_text().startswith("king,")
    for name in (
        "x.txt",
        "x.bin",
        "x.glove",
        "x.npy",
        "x.tsv",
    ):  # it accepts no file of another format
        formats.save(name, toy)
        assert formats.sniff(name) != "text with commas"
    with pytest.raises(W2VError, match="a name with ',' cannot be written"):
        formats.check_names("y.csv", ["a,b"], 2)
    (folder / "bad.csv").write_text("a,1,2\nb,3\nc,4,5\n")
    with pytest.raises(W2VError, match="'b,3': expected 2 numbers; to repair the file"):
        formats.load("bad.csv")
    assert formats.load("bad.csv", findings=Diagnostics("bad.csv", True)).names == ["a", "c"]


def test_formats_are_asked_in_an_order_that_is_written_down():
    files = {path.stem for path in Path(formats.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == {*formats._FIRST, *formats._LAST}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formats, "_format", lambda name: name)
        assert list(formats._formats()) == [*formats._FIRST, *formats._LAST]
