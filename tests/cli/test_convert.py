"""Tables computed from other tables, and the files that w2v convert writes and repairs."""

import json
import subprocess
import sys
from pathlib import Path

import fasttext_files
import finalfusion_files
import numpy as np
import pytest
from naive import parse_numbers_read_rows

import w2v as library
from w2v.embeddings import container, formats, transform
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.kernels import parse_numbers


def table(rows=40, dim=6, seed=0):
    matrix = np.random.default_rng(seed).standard_normal((rows, dim)).astype(np.float32)
    return Table.build([f"w{i}" for i in range(rows)], matrix + 3, np.arange(rows, 0, -1))


def test_all_but_the_top_takes_off_mean_and_main_directions():
    original = table()
    plain = transform.centered(original, 0).matrix
    np.testing.assert_allclose(plain, original.matrix - original.matrix.mean(axis=0), atol=1e-6)
    made = transform.centered(original, 2).matrix
    _, _, directions = np.linalg.svd(plain.astype(float), full_matrices=False)
    np.testing.assert_allclose(made @ directions[:2].T, 0, atol=1e-5)
    np.testing.assert_allclose(made @ directions[2:].T, plain @ directions[2:].T, atol=1e-5)
    for count in (6, 7):
        with pytest.raises(W2VError, match=f"{count}: .* 6 of 6 directions.*give 5 at most"):
            transform.centered(original, count)
    assert transform.centered(original, 5).has_direction().all()
    flat = Table.build(["a", "b", "c"], original.matrix[:3])
    with pytest.raises(W2VError, match="--center 2: .* 2 of 6 directions.*give 1 at most"):
        transform.centered(flat, 2)
    same = Table.build(["a", "b"], np.ones((2, 3), np.float32))
    for count in (0, 1):
        assert not transform.centered(same, count).matrix.any()
        assert len(transform.centered(same.take(np.arange(0)), count)) == 0


def test_unit_vectors_and_zeros():
    original = table()
    original.matrix[3] = 0
    lengths = np.linalg.norm(transform.normalized(Table.build(original.names, original.matrix))
                             .matrix, axis=1)  # fmt: skip
    np.testing.assert_allclose(np.delete(lengths, 3), 1, rtol=1e-6)
    assert lengths[3] == 0


def test_half_as_many_bytes(w2v, toy, folder):
    for name in ("x.safetensors", "x.npy"):
        assert w2v("convert", "vectors.safetensors", name, "--dtype", "f16").code == 0
        made = formats.load(name)
        assert made.matrix.dtype == np.float16
        np.testing.assert_array_equal(made.matrix, toy.matrix.astype(np.float16))
        assert w2v("similar", "king", "-k", 2, "-v", name).out.split()[1] == "queen"
        assert w2v("convert", name, "back.txt").code == 0
        np.testing.assert_array_equal(formats.load("back.txt").matrix, made.matrix)
    outcome = w2v("convert", "vectors.safetensors", "x.bin", "--dtype", "f16")
    assert (outcome.code, "--dtype f16 works only for" in outcome.err) == (2, True)
    (folder / "large.txt").write_text("1 2\na 1 1e9\n")
    outcome = w2v("convert", "large.txt", "x.npy", "--dtype", "f16")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "row 1, 'a': a number above 65,504" in outcome.err


def test_some_of_the_rows(w2v, toy, folder):
    (folder / "some").write_text("vector\nking\nabsent\n")
    outcome = w2v("convert", "vectors.safetensors", "x.txt", "--only", "some")
    assert outcome.err == "some: 1 name without a vector\nx.txt: 2 vectors of 3 numbers\n"
    assert formats.load("x.txt").names == ["king", "vector"]
    assert w2v("convert", "vectors.safetensors", "y.safetensors", "--limit", 2).code == 0
    made = formats.load("y.safetensors")
    assert (made.names, made.counts.tolist()) == (["king", "queen"], [20, 19])
    assert w2v("convert", "vectors.safetensors", "z.bin", "--limit", 0).code == 0
    assert len(formats.load("z.bin")) == 0


def test_counts_are_added_from_a_file(w2v, toy, folder):
    w2v("convert", "vectors.safetensors", "x.txt")
    (folder / "x.counts").write_text("</s> 9\nking 7\nqueen\t5\nabsent 3\n")
    outcome = w2v("convert", "x.txt", "y.safetensors", "--counts", "x.counts")
    others = len(toy) - 2
    assert outcome.err.startswith(f"x.counts: {others} words without a count, so that it is 0\n")
    made = formats.load("y.safetensors")
    assert made.names == toy.names
    np.testing.assert_array_equal(made.matrix, toy.matrix)
    assert [made.counts[made.find(name)] for name in ("king", "queen")] == [7, 5]
    assert made.counts.sum() == 12
    assert w2v("similar", "king", "--min-count", 5, "-v", "y.safetensors").out.split()[1:] == [
        "queen"
    ]
    whole = "".join(f"{name} {number + 1}\n" for number, name in enumerate(toy.names))
    (folder / "all.counts").write_text(whole)
    args = ("--counts", "all.counts", "--whiten", "--dim", 2)
    assert w2v("convert", "x.txt", "z.safetensors", *args).code == 0
    (folder / "other").write_text("elsewhere 3\n")
    outcome = w2v("convert", "x.txt", "y.safetensors", "--counts", "other")
    assert (outcome.code, "other has none of the words" in outcome.err) == (2, True)
    (folder / "bad").write_text("king\n")
    assert "bad: line 1: expected" in w2v("convert", "x.txt", "y.txt", "--counts", "bad").err


@pytest.mark.parametrize("option", ["--only", "--words"])
def test_a_list_of_words_with_counts_is_read_as_names(w2v, toy, folder, option):
    call = ("convert", "vectors.safetensors", "x.txt", option, "list")
    for text in ("king\t7\nvector\t5\n", "</s> 3\nking 7\nvector 5\n", "king\nvector\n"):
        (folder / "list").write_text(text)
        assert w2v(*call).code == 0
        assert sorted(formats.load("x.txt").names) == ["king", "vector"]
    for text, count in (("king 7\nvector 5\n", "2 names"), ("", "0 names")):
        (folder / "list").write_text(text)
        outcome = w2v(*call)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert f"list: none of {count} has a vector" in outcome.err
        assert "cut -d ' ' -f 1" in outcome.err


def test_names_with_blanks_stay_in_glove_or_get_something_else(w2v, folder):
    (folder / "x.txt").write_text("a 1 2\n. . . 3 4\nto 15 5 6\nb 7 8\n")
    names = ["a", ". . .", "to 15", "b"]
    for name in ("y.glove", "y.npy", "y.safetensors", "y.glove.gz"):
        assert w2v("convert", "x.txt", name).code == 0
        assert formats.load(name).names == names
    for name in ("y.txt", "y.bin"):
        outcome = w2v("convert", "x.txt", name)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert "row 2, '. . .': a name with a blank" in outcome.err
        assert w2v("convert", "x.txt", name, "--blank", "_").code == 0
        assert formats.load(name).names == ["a", "._._.", "to_15", "b"]
    table = Table.build(["to 15", "to 16", "a"], np.ones((3, 2), np.float32))
    with pytest.raises(
        W2VError,
        match="first names, such as 'to 15', could be mistaken for numbers .*--blank _",
    ):
        formats.save("z.glove", table)
    with pytest.raises(W2VError, match="line end cannot be written"):
        formats.save("z.glove", Table.build(["a\nb"], np.ones((1, 2), np.float32)))
    assert not (folder / "z.glove").exists()


def test_of_many_bad_rows_ten_are_told_and_of_bad_rows_alone_nothing_is_made(w2v, folder):
    (folder / "x.txt").write_text("30 2\n" + "a 1,5 2\n" * 29 + "b 1 2\n")
    outcome = w2v("convert", "x.txt", "y.txt", "--check")
    assert (outcome.code, outcome.err.count("left out")) == (0, 11)
    assert "left out 19 more rows that cannot be read" in outcome.err
    (folder / "x.txt").write_text("2 2\na 1,5 2\nb 1,5 2\n")
    outcome = w2v("convert", "x.txt", "z.txt", "--check")
    assert (outcome.code, outcome.err) == (
        2,
        "w2v: x.txt: none of the 2 rows can be read: expected a name and 2 numbers on each line\n",
    )
    (folder / "x.txt").write_text("a 1 2\nb 3 4")
    outcome = w2v("convert", "x.txt", "z.txt", "--check")
    assert "no header; 2 vectors of 2 numbers" in outcome.err
    assert "the last row has no line end: the file may be cut short" in outcome.err


def test_word_and_output_vectors_added_up(w2v, folder, planted_text):
    common = ("train", planted_text, "--dim", 4, "--epochs", 1, "--threads", 1, "--quiet")
    assert w2v(*common, "--min-count", 1).code == 0
    assert w2v("convert", "vectors.safetensors", "sum.npy", "--combine", "sum").code == 0
    tensors, _ = container.read("vectors.safetensors")
    wanted = formats.load("vectors.safetensors").matrix + tensors["output_vectors"]
    np.testing.assert_array_equal(formats.load("sum.npy").matrix, wanted)
    outcome = w2v("convert", "sum.npy", "x.txt", "--combine", "sum")
    assert (outcome.code, outcome.err) == (
        2,
        "w2v: sum.npy: --combine sum needs the output vectors of words that a .safetensors file of "
        "skip-gram or CBOW with --loss ns has: leave out --combine\n",
    )
    limited = ("convert", "vectors.safetensors", "first.npy", "--combine", "sum", "--limit", 3)
    assert w2v(*limited).code == 0
    np.testing.assert_array_equal(formats.load("first.npy").matrix, wanted[:3])


def test_the_pair_of_files_of_the_embedding_projector(w2v, toy, folder):
    assert w2v("convert", "vectors.safetensors", "x.tsv").code == 0
    rows = (folder / "x.tsv").read_text().splitlines()
    assert rows[0] == "2.0\t1.0\t0.0"
    labels = (folder / "x.metadata.tsv").read_text().splitlines()
    assert labels[:2] == ["word\tcount", "king\t20"]
    assert len(rows) == len(labels) - 1 == 10


@pytest.mark.parametrize(
    ("content", "names", "said"),
    [
        (b"5 2\na 1 2\nb 3 4\n", ["a", "b"], "declares 5"),
        (b"1 2\na 1 2\nb 3 4\n", ["a", "b"], "declares 1"),
        (b"3 2\na 1 2\nb 3 4\na 5 6\n", ["a", "b"], "'a'"),
        (b"2 2\na 1 2\nb 3\nc 5 6\n", ["a", "c"], "row 3"),
        (b"2 3\na 1 2\nb 3 4\n", ["a", "b"], "declares vectors of 3 numbers, but rows have 2"),
    ],
)
def test_what_is_wrong_is_repaired_and_said(w2v, folder, content, names, said):
    (folder / "bad.txt").write_bytes(content)
    outcome = w2v("convert", "bad.txt", "x.txt")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    outcome = w2v("convert", "bad.txt", "x.txt", "--check")
    assert outcome.code == 0
    assert said in outcome.err
    assert formats.load("x.txt").names == names


@pytest.mark.parametrize("kind", ["parquet", "simple.fifu", "listed.fifu", "bin"])
@pytest.mark.parametrize("limit", [(), ("--limit", 3)])
def test_the_first_of_rows_with_one_name_is_kept_in_every_format(w2v, folder, kind, limit):
    names, vectors = ["b", "a", "b", "c"], np.arange(12, dtype=np.float32).reshape(4, 3) + 1
    name, kept = f"x.{kind}", [0, 1] if limit else [0, 1, 3]
    if kind == "parquet":
        pa = pytest.importorskip("pyarrow")
        data = {"name": names, "vector": list(map(list, vectors)), "count": [4, 3, 2, 1]}
        pytest.importorskip("pyarrow.parquet").write_table(pa.table(data), name)
    elif kind == "bin":
        data = fasttext_files.dense(np.concatenate([vectors, np.zeros((50, 3), np.float32)]))
        outputs = fasttext_files.dense(vectors)
        (folder / name).write_bytes(fasttext_files.model(names, [4, 3, 2, 1], data, outputs, dim=3))
    else:
        words = finalfusion_files.simple(names)
        if kind == "listed.fifu":
            words = finalfusion_files.listed(names, ["<a>"], [0])
            vectors = np.concatenate([vectors, vectors[:1]])
        matrix = finalfusion_files.matrix(vectors)
        (folder / name).write_bytes(finalfusion_files.file(words, matrix))
    outcome = w2v("convert", name, "y.safetensors", *limit)
    assert (outcome.code, "'b'; remove one; to repair the file: w2v" in outcome.err) == (2, True)
    outcome = w2v("convert", name, "y.safetensors", "--check", *limit)
    assert outcome.code == 0, outcome.err
    assert "rows 1 and 3 have the same name, 'b': the first is kept\n" in outcome.err
    read = formats.load("y.safetensors")
    assert read.names == [names[row] for row in kept]
    parts = 2 if kind == "bin" else 1  # the word, and its n-gram such as <b>, which is zero
    np.testing.assert_allclose(read.matrix, vectors[kept] / parts, rtol=1e-6)
    if kind == "listed.fifu":
        np.testing.assert_allclose(read.compose("a"), vectors[0], rtol=1e-6)
    assert read.counts is None or read.counts.tolist() == [[4, 3, 2, 1][row] for row in kept]


def test_a_reader_of_stdout_that_leaves_is_no_error(toy, folder):
    line = f"{sys.executable} -m w2v convert vectors.safetensors - | head -1"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout == "10 3\n"
    assert done.stderr in ("", "stdout: 10 vectors of 3 numbers\n")  # as fast as head


def test_info_in_json_of_every_format(w2v, toy, folder):
    for name in ("x.txt", "x.bin", "x.glove", "x.npy", "x.vec.gz", "vectors.safetensors"):
        w2v("convert", "vectors.safetensors", name) if name[0] == "x" else None
        facts = json.loads(w2v("info", name, "--check", "--json").out)
        assert facts["checked"] is True
        assert facts["format"]


def test_rows_of_digits_are_read_as_python_reads_them():
    rng = np.random.default_rng(3)
    values = rng.standard_normal((50, 5)) * 10.0 ** rng.integers(-9, 9, (50, 5))
    shapes = ["%.6f", "%.8g", "%.3e", "%d", "%+.2f"]
    lines = [
        b" ".join([b"w%d" % n, *((s % v).encode() for s, v in zip(shapes, row, strict=True))])
        for n, row in enumerate(values)
    ]
    text = np.frombuffer(b"\n".join(lines), np.uint8)
    ends = np.cumsum([len(line) + 1 for line in lines]) - 1
    begins = np.concatenate([[0], ends[:-1] + 1])
    matrix, names = np.empty((50, 5), np.float32), np.empty(50, np.int64)
    powers = 10.0 ** np.arange(23)
    parse_numbers.read_rows(text, begins, ends, powers, matrix, names)
    wanted_names, wanted = parse_numbers_read_rows(text.tobytes(), 5)
    np.testing.assert_array_equal(matrix, wanted)
    found = [text[a:b].tobytes() for a, b in zip(begins, names, strict=True)]
    assert found == wanted_names


def test_rows_of_another_form_are_left():
    lines = [b"a 1 2", b"b 1", b"c 1 2 3", b"d nan 1", b"e 1 2x", b"f 1  2", b" 3 4", b"g",
             b"h 1 12345678901234567890", b"i 1e400 2", b"j .5 -5.",
             b"k 1 9007199254740991", b"l 1 9007199254740993"]  # fmt: skip  # about 2**53
    text = np.frombuffer(b"\n".join(lines), np.uint8)
    ends = np.cumsum([len(line) + 1 for line in lines]) - 1
    begins = np.concatenate([[0], ends[:-1] + 1])
    matrix, names = np.empty((len(lines), 2), np.float32), np.empty(len(lines), np.int64)
    parse_numbers.read_rows(text, begins, ends, 10.0 ** np.arange(23), matrix, names)
    read = [line for line, name in zip(lines, names, strict=True) if name >= 0]
    assert read == [b"a 1 2", b" 3 4", b"j .5 -5.", b"k 1 9007199254740991"]
    np.testing.assert_array_equal(matrix[-3], [0.5, -5])


@pytest.mark.parametrize("name", ["x.npy", "x.tsv", "x.bin", "x.txt", "x.safetensors"])
def test_a_disk_that_is_full_leaves_neither_of_two_files(w2v, toy, folder, monkeypatch, name):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(container.os, "fsync", full)
    outcome = w2v("convert", "vectors.safetensors", name)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "No space left on device" in outcome.err
    assert outcome.err.startswith("w2v: x.")
    assert [path.name for path in folder.iterdir()] == ["vectors.safetensors"]


def test_names_that_a_format_cannot_hold_are_found_before_the_work(w2v, folder):
    (folder / "d.tsv").write_text("".join(f"doc {n}\tthe cat sat on the mat\n" for n in range(9)))
    train = ("train", "d.tsv", "--model", "pv-dbow", "--min-count", 1, "--dim", 4, "--epochs", 1)
    cannot = "row 1, 'doc 0': a name with a blank cannot be written in this format"
    for suffix in ("txt", "vec.gz", "bin"):
        outcome = w2v(*train, "-o", f"x.{suffix}")
        assert (outcome.code, outcome.out) == (2, "")
        assert cannot in outcome.err
        assert "trained" not in outcome.err
        assert w2v(*train, "-o", f"x.{suffix}", "--blank", "_").code == 0
        assert "doc_0" in formats.load(f"x.{suffix}").names
    outcome = w2v(*train, "-o", "x.txt", "--blank", "")
    assert outcome.code == 0
    (folder / "e.tsv").write_text("a b\tthe cat\na_b\tthe cat\n")
    outcome = w2v("train", "e.tsv", *train[2:], "-o", "x.txt", "--blank", "_")
    assert outcome.code == 2
    same = "--blank '_': rows 1 and 2 have the same name, 'a_b'; try another --blank"
    assert same in outcome.err
    outcome = w2v("train", "e.tsv", *train[2:], "-o", "x.txt", "--blank", " ")
    assert (outcome.code, "contains a blank itself: try --blank _" in outcome.err) == (2, True)
    assert w2v(*train, "-o", "m.safetensors").code == 0
    assert w2v(*train, "-o", "m.safetensors", "--blank", "_").code == 2
    outcome = w2v("infer", "m.safetensors", "d.tsv", "-o", "y.txt")
    assert (outcome.code, cannot in outcome.err, "inferred" in outcome.err) == (2, True, False)
    assert w2v("infer", "m.safetensors", "d.tsv", "-o", "y.txt", "--blank", "_").code == 0
    assert formats.load("y.txt").names[0] == "doc_0"
    assert w2v("infer", "m.safetensors", "d.tsv", "--tsv").out.startswith("doc 0\t")


def test_what_a_model_of_documents_loses_is_said(w2v, folder):
    words, documents = table(), table(5)
    tensors = container.table_tensors("words", words) | container.table_tensors(
        "documents", documents
    )
    container.write("d.safetensors", tensors, container.file_metadata())
    container.write("w.safetensors", container.table_tensors("words", words), {})
    said = "x.safetensors: only the vectors of {} are written; left out: {} (--table), and what "
    outcome = w2v("convert", "d.safetensors", "x.safetensors")
    assert said.format("words", "5 vectors of documents") in outcome.err
    outcome = w2v("convert", "d.safetensors", "x.safetensors", "--table", "documents")
    assert said.format("documents", "40 vectors of words") in outcome.err
    assert outcome.err.count("\n") == 2
    assert w2v("convert", "w.safetensors", "x.safetensors").err.count("\n") == 1


@pytest.mark.parametrize(
    "options", [[], ["--limit", 2], ["--only", "list"], ["--words", "list"], ["--dtype", "i8"]]
)
def test_words_are_found_in_either_unicode_form_after_they_were_converted(w2v, folder, options):
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    library.train(
        texts=[f"{decomposed} b c"] * 9, output="m.safetensors", min_count=1, dim=4, epochs=1,
        sample=0, normalize="NFC", lowercase=True,
    )  # fmt: skip
    Path("list").write_text(f"{composed}\nb\n", encoding="utf-8")
    assert w2v("convert", "m.safetensors", "out.safetensors", *options).code == 0
    assert decomposed in library.load("out.safetensors")
    library.load("out.safetensors").save("again.safetensors")
    assert decomposed in library.load("again.safetensors")
    settings = library.load("out.safetensors").info()["settings"]
    assert ("lowercase" in settings) == ("--words" not in options)  # these may be other words


def test_the_only_table_of_a_file_is_converted(w2v, folder):
    Path("text.tsv").write_text("".join(f"d{n}\ta b c d e\n" for n in range(9)))
    train = ("train", "text.tsv", "--model", "pv-dbow", "--dim", 4, "--epochs", 1, "--min-count", 1)
    assert w2v(*train, "--quiet", "-o", "model.safetensors").code == 0
    assert w2v("infer", "model.safetensors", "text.tsv", "-o", "new.safetensors").code == 0
    for name in ("model", "new"):
        outcome = w2v("convert", f"{name}.safetensors", f"{name}.txt")
        assert (outcome.code, Path(f"{name}.txt").read_text()[:4]) == (0, "9 4\n"), outcome.err
        assert w2v("convert", f"{name}.safetensors", "x.txt", "--table", "topics").code == 2
    outcome = w2v("convert", "new.safetensors", "x.txt", "--table", "words")
    assert (outcome.code, "no table 'words'" in outcome.err) == (2, True)


def test_vectors_that_are_too_small_for_float16_are_reported(w2v, folder):
    (folder / "x.txt").write_text("3 2\ntiny 1e-9 2e-9\nzero 0 0\nsmall 1e-9 1e-5\n")
    outcome = w2v("convert", "x.txt", "x.npy", "--dtype", "f16")
    message = "x.npy: 1 vector is zero in float16 ('tiny'): too small for it; add --normalize\n"
    assert (outcome.code, outcome.err.count(message)) == (0, 1)
    assert formats.load("x.npy").norms.tolist()[:2] == [0, 0]
    assert "float16" not in w2v("convert", "x.txt", "x.npy", "--dtype", "f16", "--normalize").err
    assert np.allclose(formats.load("x.npy").row(0), [0.4472, 0.8944], atol=1e-3)


@pytest.mark.parametrize("suffix", ["txt", "safetensors", "bin", "npy", "tsv"])
def test_blanks_in_the_words_of_a_fasttext_model_are_replaced(w2v, folder, suffix):
    inputs = np.random.default_rng(1).normal(size=(12, 4)).astype(np.float32)
    names = ["new york", "is"]
    matrices = fasttext_files.dense(inputs), fasttext_files.dense(inputs[:2])
    (folder / "model.bin").write_bytes(fasttext_files.model(names, [2, 1], *matrices, bucket=10))
    expected = formats.load("model.bin").matrix
    outcome = w2v("convert", "model.bin", f"x.{suffix}", "--blank", "_")
    assert outcome.code == 0, outcome.err
    made = formats.load(f"x.{suffix}")
    assert (made.names, made.find("is")) == (["new_york", "is"], 1)
    np.testing.assert_allclose(made.matrix, expected, rtol=1e-6)


def test_other_names_of_a_mapped_array_are_found(folder):
    formats.writer("x.npy")("x.npy", Table.build(["a b", "c"], np.eye(2, dtype=np.float32)))
    renamed = formats.load("x.npy").without_blanks("_")
    assert [renamed.find(name) for name in ("a_b", "c", "a b")] == [0, 1, None]
