"""The texts of records as sentences: the vectors are those of a file with a text on each line."""

import csv
import gzip
import io
import json
import random
import tarfile
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from helpers import one_line, the_rest_compiled

from w2v import train
from w2v.embeddings import container
from w2v.errors import W2VError
from w2v.runs.run import TrainingRun
from w2v.settings import DocumentSettings, FieldSettings, TextSettings
from w2v.text.corpus import Corpus
from w2v.text.encode import count, open_corpus, read
from w2v.text.records import RecordCorpus

WORDS = TextSettings(min_count=1)
ARGS = ("--min-count", "1", "--dim", "4", "--epochs", "1", "--sample", "0")


def made_texts():
    """Some texts, among them an empty one, with line ends, quotes, tabs and `</s>`."""
    numbers = random.Random(7)
    odd = ["", "a\nb c", 'a "b", c', "c </s> d", "é ü\u2028b", "  d  a "]
    return [*odd, *(" ".join(numbers.choices("abcdefgh", k=9)) for _ in range(12))]


TEXTS = made_texts()
PLAIN = "".join(text.replace("\n", " ") + "\n" for text in TEXTS).encode()


def objects(texts, field="body"):
    rows = ({"id": 1, "text": "other", "label": [], field: text} for text in texts)
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def comma_separated(texts):
    file = io.StringIO()
    csv.writer(file).writerows([("stars", " Body ", "text"), *((1, text, "z") for text in texts)])
    return file.getvalue().encode()


def tab_separated(texts):
    rows = [("id", "body"), *((1, text.replace("\n", " ")) for text in texts)]
    return "".join(f"{first}\t{second}\n" for first, second in rows).encode()


def columns_of(texts, suffix="parquet"):
    pyarrow = pytest.importorskip("pyarrow", reason="the extra arrow is not installed")
    table = pyarrow.table({"text": ["z"] * len(texts), "body": texts})
    file = io.BytesIO()
    if suffix == "parquet":
        import_module("pyarrow.parquet").write_table(table, file)
    else:
        import_module("pyarrow.feather").write_feather(table, file)
    return file.getvalue()


def packed(data):
    zstd = pytest.importorskip("zstandard", reason="the extra zst is not installed")
    return zstd.ZstdCompressor().compress(data)


def archive(members):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


# The files that hold the texts, and the options with which they are read.
FIELD = ("--text-field", "body")
SOURCES = {
    "jsonl": (lambda: {"x.jsonl": objects(TEXTS)}, FIELD),
    "csv": (lambda: {"x.csv": comma_separated(TEXTS)}, FIELD),
    "csv, named": (lambda: {"x": comma_separated(TEXTS)}, (*FIELD, "--format", "csv")),
    "tsv": (lambda: {"x.tsv": tab_separated(TEXTS)}, FIELD),
    "tsv, columns": (
        lambda: {"x.tsv": tab_separated(TEXTS)}, ("--columns", "-,text", "--header", "yes"),
    ),
    "text": (lambda: {"x.jsonl": objects(TEXTS, "text")}, ("--text-field", "text")),
    "only --format": (lambda: {"x": objects(TEXTS, "text")}, ("--format", "jsonl")),
    "parquet": (lambda: {"x.parquet": columns_of(TEXTS)}, FIELD),
    "parquet without a suffix": (lambda: {"x": columns_of(TEXTS)}, FIELD),
    "arrow": (lambda: {"x.arrow": columns_of(TEXTS, "arrow")}, FIELD),
    "zst": (lambda: {"x.jsonl.zst": packed(objects(TEXTS))}, FIELD),
    "gz": (lambda: {"x.csv.gz": gzip.compress(comma_separated(TEXTS))}, FIELD),
    "stdin": (lambda: {"-": objects(TEXTS)}, (*FIELD, "--format", "jsonl")),
    "several": (
        lambda: {"x.jsonl": objects(TEXTS[:5]), "y.csv": comma_separated(TEXTS[5:9]),
                 "z.parquet": columns_of(TEXTS[9:])}, FIELD,
    ),
    "several formats": (
        lambda: {"x": objects(TEXTS[:5]), "y": tab_separated(TEXTS[5:])},
        (*FIELD, "--format", "jsonl,tsv"),
    ),
    "lines too": (
        lambda: {
            "x.jsonl": objects(TEXTS[:5]), "y.txt": b"".join(PLAIN.splitlines(True)[5:]),
        },
        FIELD,
    ),
    "lines, the last without its end": (
        lambda: {
            "x.txt": b"".join(PLAIN.splitlines(True)[:5])[:-1], "y.jsonl": objects(TEXTS[5:]),
        },
        FIELD,
    ),
    "tar": (
        lambda: {"x.tar": archive({
            "a.jsonl": objects(TEXTS[:5]), "b.txt": b"".join(PLAIN.splitlines(True)[5:9]),
            "c.csv.gz": gzip.compress(comma_separated(TEXTS[9:])),
        })}, FIELD,
    ),
    "tar of objects": (
        lambda: {"x.tar": archive({"a": objects(TEXTS[:5]), "b": objects(TEXTS[5:])})},
        (*FIELD, "--format", "jsonl"),
    ),
    "folder": (
        lambda: {"in/b/x.jsonl": objects(TEXTS[:5]), "in/c.jsonl": objects(TEXTS[5:])},
        (*FIELD, "-r"),
    ),
    "list": (
        lambda: {"x1.jsonl": objects(TEXTS[:5]), "x2.jsonl": objects(TEXTS[5:])},
        (*FIELD, "--files-from", "list"),
    ),
    "address": (lambda: {"memory://records/x.jsonl": objects(TEXTS)}, FIELD),
}  # fmt: skip


def write(files):
    """Write files; returns the arguments that name them, and what is on stdin."""
    for name, data in files.items():
        if name.startswith("memory:"):
            fsspec = pytest.importorskip("fsspec", reason="the extra cloud is not installed")
            fsspec.filesystem("memory").pipe(name, data)
        elif name != "-":
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(data)
    Path("plain").write_bytes(PLAIN)
    Path("list").write_text("x?.jsonl\n")
    named = [name for name in files if name != "x1.jsonl" and name != "x2.jsonl"]
    return ["in"] if "in/c.jsonl" in files else named, files.get("-", b"")


def tensors_of(path):
    return {name: np.array(array) for name, array in container.read(path)[0].items()}


def check_same(first, second):
    """Check that two files hold the same arrays, made of the same text."""
    first_arrays, second_arrays = tensors_of(first), tensors_of(second)
    assert first_arrays.keys() == second_arrays.keys()
    for name, array in first_arrays.items():
        assert array.tobytes() == second_arrays[name].tobytes(), name
    corpora = [json.loads(container.read(path)[1]["corpus"]) for path in (first, second)]
    assert corpora[0] == corpora[1]


@pytest.mark.parametrize("name", the_rest_compiled(SOURCES))
def test_the_vectors_are_those_of_a_file_with_a_text_on_each_line(w2v, folder, name):
    files, options = SOURCES[name]
    paths, stdin = write(files())
    assert w2v("train", "plain", *ARGS, "--threads", 1, "-o", "plain.safetensors").code == 0
    whole = []
    for threads in (1, 3):
        output = f"{threads}.safetensors"
        args = ("train", *paths, *options, *ARGS, "--threads", threads, "-o", output)
        outcome = w2v(*args, stdin=stdin)
        assert outcome.code == 0, outcome.err
        check_same(output, "plain.safetensors")
        whole.append(Path(output).read_bytes())
    assert whole[0] == whole[1]
    assert w2v("vocab", "plain", "-o", "plain.counts").code == 0
    assert w2v("vocab", *paths, *options, "-o", "counts", stdin=stdin).code == 0
    assert Path("counts").read_bytes() == Path("plain.counts").read_bytes()
    few = ("--min-count", "1", "--threshold", "0")
    joined = w2v("phrases", "plain", *few).out
    assert w2v("phrases", *paths, *options, *few, stdin=stdin).out == joined


@pytest.mark.parametrize("size", [1, 7, 64, 1 << 20])
def test_the_size_of_blocks_does_not_matter(folder, monkeypatch, size):
    monkeypatch.setattr("w2v.text.corpus.BLOCK", size)
    files, _ = SOURCES["several"]
    paths, _ = write(files())
    plain = Corpus(["plain"], threads=1)
    wanted, encoded = read(plain, WORDS, lambda tokens: None)
    for threads in (1, 3):
        corpus = open_corpus(paths, WORDS, FieldSettings(text_field="body"), threads=threads)
        assert type(corpus) is RecordCorpus
        vocabulary, text = read(corpus, WORDS, lambda tokens: None)
        assert corpus.fingerprint == plain.fingerprint
        assert vocabulary.names == wanted.names
        assert text.starts.tolist() == encoded.starts.tolist()
        assert text.ids.read(0, text.size).tolist() == encoded.ids.read(0, text.size).tolist()
        corpus.begin()
        assert count(corpus).names == count(plain).names  # the corpus is read again
        assert corpus.bytes_read == corpus.size


@pytest.mark.parametrize("model", ["cbow", "ppmi", "lstm"])
def test_every_model_of_words_reads_fields(w2v, folder, model):
    more = {
        "cbow": (*ARGS, "--valid", "held.jsonl"),
        "ppmi": ("--min-count", "1", "--dim", "3"),
        "lstm": ("--min-count", "1", "--dim", "4", "--units", "4", "--task", "lm", "--epochs", "1"),
    }[model]
    texts = [text for text in TEXTS if "</s>" not in text]  # which ends no document, those of PPMI
    Path("x.jsonl").write_bytes(objects(texts).replace(b'"id": 1, ', b""))
    Path("held.jsonl").write_bytes(objects(TEXTS[:9]))
    Path("held").write_bytes(b"".join(PLAIN.splitlines(True)[:9]))
    Path("plain").write_text("".join(text.replace("\n", " ") + "\n" for text in texts))
    args = ("train", "--model", model, "--threads", 1)
    assert w2v(*args, "x.jsonl", *FIELD, *more, "-o", "x.safetensors").code == 0
    plain = [option.removesuffix(".jsonl") for option in more]
    assert w2v(*args, "plain", *plain, "-o", "plain.safetensors").code == 0
    if model == "ppmi":
        first, second = tensors_of("x.safetensors"), tensors_of("plain.safetensors")
        assert all(first[name].tobytes() == array.tobytes() for name, array in second.items())
    else:
        check_same("x.safetensors", "plain.safetensors")
    if model == "cbow":  # the held-out text may be lines
        assert w2v(*args, "x.jsonl", *FIELD, *plain, "-o", "x.safetensors").code == 0
        check_same("x.safetensors", "plain.safetensors")
    if model == "lstm":
        score = w2v("perplexity", "x.safetensors", "held")
        assert score.code == 0
        assert w2v("perplexity", "x.safetensors", "held.jsonl", *FIELD).out == score.out
        refused = w2v("perplexity", "x.safetensors", "held.jsonl", *FIELD, "--id-field", "id")
        one_line(refused, 2, "options that describe documents work only with topic models")
        refused = w2v(*args, "x.jsonl", *FIELD, *more, "--id-field", "id")
        one_line(refused, 2, "--id-field is for --task classify", "leave it out")


def test_windows_do_not_cross_records(w2v, folder):
    """Words of different records are never neighbours, whatever the width of the window."""
    Path("x.jsonl").write_bytes(objects(["a b", "c d", "a b", "c d"]))
    corpus = open_corpus(["x.jsonl"], WORDS, FieldSettings(text_field="body"))
    _, text = read(corpus, WORDS, lambda tokens: None)
    assert text.starts.tolist() == [0, 2, 4, 6, 8]


def test_a_stopped_run_is_resumed_and_only_with_the_same_field(w2v, folder):
    Path("x.jsonl").write_text("".join(
        json.dumps({"body": text, "title": text}) + "\n" for text in TEXTS
    ))  # fmt: skip
    args = ("train", "x.jsonl", *ARGS, "--threads", "1", "--checkpoint-every", "epoch")
    args += ("--epochs", "2")
    assert w2v(*args, *FIELD, "-o", "whole.safetensors").code == 0
    args = (*args, "-o", "x.safetensors")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainingRun, "save", lambda training: 1 / 0)  # so that the checkpoint stays
        with pytest.raises(ZeroDivisionError):
            w2v(*args, *FIELD)
    other = w2v(*args, "--text-field", "title", "--resume")  # whose text is the same
    assert (other.code, "--text-field was body" in other.err) == (2, True), other.err
    lines = w2v(*args, "--resume")
    assert (lines.code, "--text-field was body" in lines.err) == (2, True), lines.err
    same = w2v(*args, *FIELD, "--resume")
    assert (same.code, "resumed from" in same.err) == (0, True)
    assert Path("x.safetensors").read_bytes() == Path("whole.safetensors").read_bytes()
    settings = json.loads(container.read("x.safetensors")[1]["settings"])
    assert settings["text_field"] == "body"


def test_an_update_reads_the_field_of_its_model(w2v, folder):
    Path("x.jsonl").write_bytes(objects(TEXTS))
    Path("y.jsonl").write_bytes(objects(["a b c", "new a b c"]))
    Path("y").write_text("a b c\nnew a b c\n")
    assert w2v("train", "x.jsonl", *FIELD, *ARGS, "-o", "x.safetensors").code == 0
    update = ("--update", "x.safetensors", "--threads", 1)
    assert w2v("train", "y.jsonl", *update, "-o", "a.safetensors").code == 0
    assert w2v("train", "y", *update, "-o", "b.safetensors").code == 0
    check_same("a.safetensors", "b.safetensors")
    assert "new" in w2v("vector", "new", "-v", "a.safetensors").out


def test_a_python_program_names_the_field_too(w2v, folder):
    Path("x.jsonl").write_bytes(objects(TEXTS))
    assert w2v("train", "x.jsonl", *FIELD, *ARGS, "--threads", 1, "-o", "a.safetensors").code == 0
    options = {"min_count": 1, "dim": 4, "epochs": 1, "sample": 0, "threads": 1}
    train("x.jsonl", text_field="body", output="b.safetensors", **options)
    train(texts=objects(TEXTS).decode().splitlines(), format="jsonl", text_field="body",
          output="c.safetensors", **options)  # fmt: skip
    assert Path("a.safetensors").read_bytes() == Path("b.safetensors").read_bytes()
    check_same("a.safetensors", "c.safetensors")
    with pytest.raises(W2VError, match="^texts: lines of text have no fields or columns: name the"):
        train(texts=["a b"], text_field="body")


def test_what_is_left_out_is_reported(w2v, folder):
    rows = (
        objects(["a b", "c \ud800 d"]) + b"\n" + objects(["e \xff f".encode().decode()]) + b"\n\n"
    )
    Path("x.jsonl").write_bytes(rows)
    outcome = w2v("vocab", "x.jsonl", *FIELD, "--min-count", "1")
    assert outcome.code == 0
    assert "3 blank rows left out\n" in outcome.err
    assert "1 invalid utf-8 byte sequence replaced; the first in x.jsonl: row 2\n" in outcome.err
    assert "as they are" not in outcome.err
    Path("x.parquet").write_bytes(columns_of(["a", None, "b\nc"]))
    outcome = w2v("vocab", "x.parquet", *FIELD, "--min-count", "1")
    assert "1 row without a text (null) left out\n" in outcome.err
    assert outcome.out.startswith("</s> 2\n")


def test_lines_of_json_get_the_advice_to_name_the_field(w2v, folder):
    Path("x.jsonl").write_bytes(objects(TEXTS))
    for args in (("vocab", "x.jsonl"), ("phrases", "x.jsonl"), ("train", "x.jsonl", *ARGS)):
        outcome = w2v(*args)
        assert outcome.code == 0
        assert "words: --text-field NAME reads the text of a field\n" in outcome.err
        assert "as they are" not in w2v(*args, *FIELD).err
    Path("x.csv").write_bytes(comma_separated(TEXTS))
    said = "x.csv: its lines are read as they are, so that all columns are words: --text-field NAME"
    assert said in w2v("vocab", "x.csv").err
    assert w2v("train", "x.jsonl", *ARGS).code == 0
    settings = json.loads(container.read("vectors.safetensors")[1]["settings"])
    assert not {"text_field", "format", "columns", "header"} & {*settings}


CSV = b"stars,review\n1,a b\n"
REFUSED = [
    ("x.txt", b"a b\n", FIELD, "x.txt: lines of text have no fields or columns", "--format jsonl"),
    ("x.txt", b"a b\n", ("--header", "yes"), "x.txt: lines of text have no fields"),
    ("x.txt", b"a b\n", ("--format", "lines", *FIELD), "x.txt: lines of text have no fields"),
    ("-", b'{"body": "a"}\n', FIELD, "stdin: the name does not tell the format", "--format jsonl"),
    ("x.jsonl", b"\n[1]\n", FIELD, "x.jsonl: row 2: expected a JSON object, found '[1]'"),
    ("x.jsonl", b'{"text": "a"}\n', FIELD, "x.jsonl: row 1: the field 'body' is missing or null"),
    ("x.jsonl", b'{"body": ["a"]}\n', FIELD, "row 1: the field 'body' must be a string or a whole"),
    ("x.csv", CSV, FIELD, "x.csv: row 1: the header must name one column body, found "
     "'stars,review': correct it, or give --text-field, or name all columns with --columns"),
    ("x.csv", CSV, ("--header", "yes"), "the header must name one column text, found"),
    ("x.csv", CSV, ("--header", "no", "--text-field", "review"), "--text-field review is in the "
     "header, which --header no says is missing: name the columns with --columns"),
    ("x.csv", CSV + b'2,"c', ("--text-field", "review"), "x.csv: row 3: unexpected end of data"),
    ("x.csv", CSV + b"2,c,d\n", ("--text-field", "review"), "x.csv: row 3: expected -,text"),
    ("x.csv", CSV, ("--columns", "id"), "--columns id: expected text once"),
    ("x.jsonl", b"{}\n", ("--format", "json"), "--format json: no such format; expected lines"),
    ("x.jsonl", b"{}\n", ("--format", "jsonl,csv"), "--format names 2 formats for 1 file"),
    ("x.jsonl", b"{}\n", ("--format", "parquet"), "x.jsonl: no Parquet or Arrow file"),
    ("in/x.jsonl", b"{}\n", FIELD, "in is a directory: read all its files with -r"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "data", "options", "said"), [
    (path, data, options, said) for path, data, options, *said in REFUSED
])  # fmt: skip
@pytest.mark.parametrize("command", ["train", "vocab", "phrases"])
def test_what_cannot_be_read_is_refused_in_one_line(
    w2v, folder, command, path, data, options, said
):
    write({path: data})
    outcome = w2v(command, path.partition("/")[0], *options, "-o", "out.txt", stdin=data)
    one_line(outcome, 2, *said)
    assert not Path("out.txt").exists()


def test_options_of_ids_and_labels_are_those_of_models_of_documents(w2v, folder):
    Path("x.jsonl").write_bytes(objects(TEXTS))
    for option in ("--id-field", "--label-field", "--id-prefix"):
        outcome = w2v("train", "x.jsonl", *FIELD, option, "none")
        one_line(outcome, 2, f"{option} works only with --model gru or ")


def test_a_text_field_is_a_column_of_the_tables_of_documents_too(folder):
    Path("x.csv").write_bytes(b"id,review,text\n7,a b,z\n8,c,z\n")
    corpus = open_corpus(["x.csv"], WORDS, DocumentSettings(text_field="Review"))
    assert b"".join(corpus.blocks()) == b"a b\nc\n"
    assert list(corpus.names) == ["7", "8"]
