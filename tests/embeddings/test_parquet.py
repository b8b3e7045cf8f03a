"""Parquet files of vectors."""

import sys

import numpy as np
import pytest

from w2v.embeddings import formats
from w2v.embeddings.table import Table
from w2v.errors import W2VError

pa = pytest.importorskip("pyarrow", reason="no pyarrow: pip install 'w2v[arrow]'")

from pyarrow import parquet  # noqa: E402

NAMES = ["</s>", "new_york", "two words", "line\nend", "", "日本", "e\u0301", "😀", "PAR1"]


def table(dtype=np.float32, counts=True, dim=3):
    rng = np.random.default_rng(1)
    matrix = rng.standard_normal((len(NAMES), dim)).astype(dtype)
    matrix[2], matrix[3, 0] = 0, np.inf
    return Table.build(NAMES, matrix, np.arange(9, 0, -1) if counts else None)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("counts", [True, False])
def test_a_round_trip_is_exact(folder, monkeypatch, dtype, counts):
    monkeypatch.setattr("w2v.embeddings.formats.parquet._NUMBERS", 6)
    monkeypatch.setattr("w2v.embeddings.formats.parquet._BATCH", 4)
    original = table(dtype, counts)
    formats.save("x.parquet", original)
    assert parquet.ParquetFile("x.parquet").num_row_groups == 5  # of two rows each
    read = formats.load("x.parquet")
    assert read.names == NAMES
    assert read.dtype == dtype
    assert read.matrix.tobytes() == original.matrix.tobytes()
    assert (read.counts is None) == (not counts)
    assert not counts or read.counts.tolist() == original.counts.tolist()
    for limit in (0, 1, 5, 99):
        first = formats.load("x.parquet", limit=limit)
        assert (first.names, first.dim) == (NAMES[:limit], 3)


def test_the_columns_have_plain_types(folder):
    formats.save("x.parquet", table())
    schema = parquet.read_schema("x.parquet")
    assert [(f.name, str(f.type).partition("[")[0]) for f in schema] == [
        ("name", "string"),
        ("count", "int64"),
        ("vector", "fixed_size_list<element: float>"),
    ]
    assert not any(field.nullable for field in schema)
    rows = parquet.read_table("x.parquet").to_pylist()
    assert rows[0]["name"] == "</s>"
    np.testing.assert_array_equal(np.float32(rows[1]["vector"]), table().matrix[1])


def test_an_empty_table(folder):
    formats.save("x.parquet", Table.build([], np.empty((0, 4), np.float32)))
    read = formats.load("x.parquet")
    assert (len(read), read.dim) == (0, 4)


@pytest.mark.parametrize("kind", ["list", "large", "double"])
def test_files_of_other_programs_are_read(folder, kind):
    numbers = pa.float64() if kind == "double" else pa.float32()
    vectors = pa.large_list(numbers) if kind == "large" else pa.list_(numbers)
    data = {
        "year": [1, 2],
        "lang": ["en", "en"],
        "id": ["x", "y"],
        "word": pa.array(["a", "b"], pa.large_string() if kind == "large" else pa.string()),
        "count": pa.array([7, 6], pa.uint16()),
        "embedding": pa.array([[1, 2], [3, 4.5]], vectors),
    }
    parquet.write_table(pa.table(data), "x.parquet")
    read = formats.load("x.parquet")
    assert (read.names, read.matrix.tolist()) == (["a", "b"], [[1, 2], [3, 4.5]])
    assert (read.dtype, read.counts.dtype, read.counts.tolist()) == (np.float32, np.int64, [7, 6])


@pytest.mark.parametrize("other", ["label", "pos"])
def test_a_column_of_strings_has_the_names_and_not_one_of_categories_beside_it(folder, other):
    kinds = pa.array(["N", "V", "N"]).dictionary_encode()
    data = {"lemma": ["a", "b", "c"], other: kinds, "vector": [[1.0], [2.0], [3.0]]}
    parquet.write_table(pa.table(data), "x.parquet")
    assert formats.load("x.parquet").names == ["a", "b", "c"]


@pytest.mark.parametrize("kind", ["dictionary", "large dictionary", "view"])
def test_names_may_be_strings_of_any_type(folder, monkeypatch, kind):
    """Such as a categorical column of pandas."""
    monkeypatch.setattr("w2v.embeddings.formats.parquet._BATCH", 2)
    names = ["b", "a", "日本"]
    plain = pa.array(names, pa.large_string() if "large" in kind else pa.string())
    strings = pa.array(names, pa.string_view()) if kind == "view" else plain.dictionary_encode()
    data = {"lang": ["en", "en", "ja"], "word": strings, "vector": [[1.0], [2.0], [3.0]]}
    parquet.write_table(pa.table(data), "x.parquet")
    read = formats.load("x.parquet")
    assert (read.names, read.matrix.tolist()) == (names, [[1], [2], [3]])
    data["word"] = pa.array(["a", None, "b"]).dictionary_encode()
    parquet.write_table(pa.table(data), "x.parquet")
    with pytest.raises(W2VError, match="row 2: word is null"):
        formats.load("x.parquet")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"word": ["a", "b"], "vector": [[1.0, 2.0], [3.0]]}, "row 2: expected a vector of 2 num"),
        ({"word": ["a", "b"], "vector": [[1.0], []]}, "row 2: expected a vector of 1 numbers"),
        (
            {"word": ["a"], "vector": pa.array([[]], pa.list_(pa.float32()))},
            "row 1: expected a vector of 1 numbers, found 0",
        ),
        ({"word": ["a", "b"], "vector": [[1.0], None]}, "row 2: vector is null"),
        ({"word": ["a", None], "vector": [[1.0], [2.0]]}, "row 2: word is null"),
        ({"word": ["a", "b"], "vector": [[1.0], [None]]}, "row 2: a number of the vector is null"),
        ({"word": ["a", "a"], "vector": [[1.0], [2.0]]}, "rows 1 and 2 have the same name, 'a'"),
        (
            {"word": ["a", "b"], "count": [0, -5], "vector": [[1.0], [2.0]]},
            "row 2: the count of 'b' in the column count is -5, expected 0 to 9,223,.*,807: ",
        ),
        (
            {"word": ["a"], "count": pa.array([1 << 63], pa.uint64()), "vector": [[1.0]]},
            "row 1: the count of 'a' in the column count is 9,223,.*,808, expected",
        ),
        ({"word": ["a"], "count": [1]}, r"no column 'vector' of lists of floats.*word \(string\)"),
        ({"vector": [[1.0]], "count": [1]}, "no column 'name' of strings.* the name name$"),
        (
            {"word": [b"a"], "x": [1], "vector": [[1.0]]},
            r"word \(binary\), .*: write the column word as strings$",
        ),
        (
            {"word": ["a"], "embedding": pa.array([[1]], pa.list_(pa.int8()))},
            r"embedding \(list<.*int8>\): write the column embedding as lists of float32 numbers$",
        ),
        ({"p": ["a"], "q": ["a"], "vector": [[1.0]]}, "no column 'name' of strings"),
    ],
)
def test_a_table_without_vectors_is_refused_in_one_line(folder, data, said):
    parquet.write_table(pa.table(data), "x.parquet")
    with pytest.raises(W2VError, match=said) as caught:
        formats.load("x.parquet")
    assert "\n" not in str(caught.value)
    assert "x.parquet" in str(caught.value)


def test_a_file_that_is_cut_short_is_refused_in_one_line(folder):
    formats.save("x.parquet", table())
    data = (folder / "x.parquet").read_bytes()
    for size in (4, 40, len(data) - 1):
        (folder / "x.parquet").write_bytes(data[:size])
        with pytest.raises(W2VError, match="damaged or cut short") as caught:
            formats.load("x.parquet")
        assert "\n" not in str(caught.value)


def test_a_name_that_is_not_utf8_is_refused_before_the_work(folder):
    bad = Table.of([b"a", b"caf\xe9"], np.ones((2, 2), np.float32))
    for path in ("x.parquet", "x.model2vec"):
        with pytest.raises(W2VError, match=r"row 2, 'caf\\udce9': a name that is not UTF-8"):
            formats.save(path, bad)
    assert not [*folder.iterdir()]


def test_without_pyarrow_the_extra_is_named(w2v, toy, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    outcome = w2v("convert", "vectors.safetensors", "x.parquet")
    assert (outcome.code, outcome.err) == (
        2,
        "w2v: x.parquet: Parquet and Arrow files need the package pyarrow: "
        "pip install 'w2v[arrow]'\n",
    )
    assert not (folder / "x.parquet").exists()


def test_commands_read_and_write_it(w2v, toy, folder):
    assert w2v("convert", "vectors.safetensors", "x.parquet", "--dtype", "f16").code == 0
    assert w2v("convert", "x.parquet", "y.txt").code == 0
    half = toy.matrix.astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(formats.load("y.txt").matrix, half)
    outcome = w2v("info", "x.parquet", "--json")
    assert '"format": "Parquet"' in outcome.out
    assert w2v("convert", "vectors.safetensors", "x.parquet.gz").err.endswith(".tsv\n")


@pytest.mark.parametrize("column", ["name", "count", "vector"])
def test_columns_of_one_name_are_refused(folder, column):
    data = {"name": ["a"], "count": [1], "vector": [[1.0]], "lang": ["en"]}
    columns = {**data, "other": data[column]}
    names = [column if name == "other" else name for name in columns]
    twice = pa.Table.from_arrays([pa.array(values) for values in columns.values()], names)
    parquet.write_table(twice, "x.parquet")
    with pytest.raises(W2VError, match=f"x.parquet: 2 columns have the name '{column}': rename"):
        formats.load("x.parquet")
