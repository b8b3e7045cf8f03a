"""Parquet and Arrow files: what is read from them is what the same rows of JSON say."""

import json
import sys
from datetime import date

import pytest
from test_sources import documents_of

from w2v.errors import W2VError
from w2v.settings import DocumentSettings, TextSettings
from w2v.text import arrow_tables
from w2v.text.corpus import Corpus
from w2v.text.documents import DocumentCorpus

pa = pytest.importorskip("pyarrow", reason="no pyarrow: pip install 'w2v[arrow]'")

from pyarrow import feather, ipc, parquet  # noqa: E402

TEXTS = ["one two", "thrée\nfour", "", "a b" * 50, "x"] * 300


def stream(table, path):
    with ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, 100)


WRITERS = {
    "parquet": lambda table, path: parquet.write_table(table, path, row_group_size=700),
    "feather": lambda table, path: feather.write_feather(table, path, chunksize=701),
    "arrow": stream,
}
every_writer = pytest.mark.parametrize("kind", WRITERS)
TYPES = {
    "string": pa.string(), "large": pa.large_string(), "view": pa.string_view(),
    "dictionary": pa.dictionary(pa.int32(), pa.string()),
}  # fmt: skip


@every_writer
@pytest.mark.parametrize("kind_of_strings", TYPES)
def test_texts_are_lines(folder, kind, kind_of_strings):
    try:
        texts = pa.array(TEXTS).cast(TYPES[kind_of_strings])
    except pa.ArrowNotImplementedError as error:  # pyarrow 16 has no casts to string_view
        pytest.skip(str(error))
    WRITERS[kind](pa.table({"n": [*range(len(TEXTS))], "text": texts}), "x")
    assert arrow_tables.is_table("x")
    (folder / "lines").write_text("\n".join([*TEXTS, ""]))
    corpus, reference = Corpus(["x"]), Corpus(["lines"])
    assert b"".join(corpus.blocks()) == b"".join(reference.blocks())
    assert corpus.fingerprint == reference.fingerprint
    assert corpus.bytes_read == corpus.size == (folder / "x").stat().st_size


@every_writer
def test_rows_are_read_as_rows_of_json_are(folder, kind):
    rows = [
        {"text": text, "id": f"é{n}", "label": ["a", "b"][: n % 2 + 1], "year": 2000 + n}
        for n, text in enumerate(TEXTS)
    ]
    (folder / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    WRITERS[kind](pa.table({k: [row[k] for row in rows] for k in rows[0]}), f"x.{kind}")
    for labels in ("extra", "several"):
        found, corpus = documents_of(f"x.{kind}", labels=labels)
        wanted, reference = documents_of("x.jsonl", labels=labels)
        assert found == wanted
        assert corpus.labels == reference.labels
    extras = []
    for name in (f"x.{kind}", "x.jsonl"):
        corpus = DocumentCorpus([name], TextSettings(), DocumentSettings(), extra="year")
        assert len(b"".join(corpus.blocks()).split(b"\n")) == len(rows) + 1
        extras.append(corpus.extras)
    assert extras[0] == extras[1]


def test_columns_are_chosen_as_fields_are(folder):
    table = pa.table({
        "body": ["x y", None, "z"], "key": [7, 8, 9], "when": [date(2020, 1, 2)] * 3,
        "kind": pa.array(["a", None, "b"]).dictionary_encode(), "tokens": [["p", "q"], [], ["r"]],
    })  # fmt: skip
    parquet.write_table(table, "x.parquet")
    found, corpus = documents_of("x.parquet", text_field="body", id_field="key", label_field="kind")
    assert found == {"7": b"x y", "9": b"z"}
    assert corpus.blank_rows == 1
    assert corpus.labels == [("a",), ("b",)]
    found, corpus = documents_of("x.parquet", text_field="tokens", id_field="when", merge_ids=True)
    assert found == {"2020-01-02": b"r"}
    assert len(corpus.rows) == 3
    assert [*documents_of("x.parquet", text_field="body")[0]] == ["1", "2"]
    found, corpus = documents_of("x.parquet", labels="if there", text_field="body")
    assert corpus.blank_rows == 0
    assert len(corpus.rows) == 3
    (folder / "y").write_bytes((folder / "x.parquet").read_bytes())
    found = documents_of("y", format="parquet", text_field="key", id_field="when", merge_ids=True)
    assert found[0] == {"2020-01-02": b"9"}
    with pytest.raises(W2VError, match="^y: row 2: the field 'body' is missing or null"):
        documents_of("y", format="parquet", text_field="key", id_field="body")
    for settings, said in (
        ({}, "no column 'text'; the columns are body, key, when, kind, tokens: choose one with "
             "--text-field"),
        ({"text_field": "body", "id_field": "no"}, "no column 'no'; .* choose one with --id-field"),
        ({"text_field": "when"}, "the column 'when' has the type date32.day., not strings; the co"),
    ):  # fmt: skip
        with pytest.raises(W2VError, match=f"^x.parquet: {said}"):
            documents_of("x.parquet", **settings)


@every_writer
def test_two_columns_of_one_name_are_refused(w2v, folder, kind):
    arrays = [pa.array(["a b"]), pa.array(["c d"]), pa.array(["x"])]
    for names in (["text", "text", "label"], ["text", "label", "label"]):
        WRITERS[kind](pa.table(arrays, names=names), f"two.{kind}")
        repeated = names[1]
        said = f"w2v: two.{kind}: 2 columns have the name {repeated!r}: rename all but one\n"
        assert w2v("train", f"two.{kind}", "--model", "nbow") == (2, "", said)
        if repeated == "text":
            assert w2v("vocab", f"two.{kind}") == (2, "", said)


def test_the_column_of_sentences(w2v, folder, monkeypatch):
    parquet.write_table(pa.table({"n": [1, 2], "body": ["a b", None]}), "one.parquet")
    outcome = w2v("phrases", "one.parquet")
    assert outcome.out == "a b\n"
    assert "1 row without a text (null) left out\n" in outcome.err
    parquet.write_table(pa.table({"t": ["a b"], "body": [["c", "d"]]}), "two.parquet")
    outcome = w2v("vocab", "two.parquet")
    assert outcome.code == 2
    assert outcome.err.splitlines()[-1] == (
        "w2v: two.parquet: no column 'text' of strings or of lists of strings, and not one other "
        "such column; the columns are t (string), body (list<element: string>): give the one with "
        "the text this name"
    )
    lists = pa.array([["c", None, "d"], None, ["e"], []], pa.list_(pa.string()))
    parquet.write_table(pa.table({"text": lists, "body": [""] * 4}), "tokens.parquet")
    monkeypatch.setattr(arrow_tables, "BATCH", 2)
    outcome = w2v("phrases", "tokens.parquet")
    assert outcome.out.split() == ["c", "d", "e"]
    assert "1 row without a text (null) left out\n" in outcome.err
    assert w2v("dedup", "one.parquet", "one.parquet", "--format", "lines", "--quiet").out == "a b\n"
    outcome = w2v("dedup", "one.parquet")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "no column 'text'; the columns are n, body: choose one with --text-field" in outcome.err


def test_addresses_and_many_files(folder):
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("memory")
    for n in range(3):
        parquet.write_table(pa.table({"text": [f"text {n}"]}), f"{n}.parquet")
        system.pipe(f"/arrow/{n}.parquet", (folder / f"{n}.parquet").read_bytes())
    local = [f"{n}.parquet" for n in range(3)]
    remote = [f"memory://arrow/{name}" for name in local]
    for paths in (local, remote):
        corpus = Corpus(paths)
        assert b"".join(corpus.blocks()) == b"text 0\ntext 1\ntext 2\n"
        assert corpus.bytes_read == corpus.size
        assert documents_of(paths[0])[0] == {"1": b"text 0"}
    system.rm("/arrow", recursive=True)


def test_what_is_wrong_is_one_line(w2v, folder, monkeypatch):
    parquet.write_table(pa.table({"text": TEXTS}), "x.parquet", compression="none")
    data = (folder / "x.parquet").read_bytes()
    (folder / "cut.parquet").write_bytes(data[:1000])
    (folder / "bad.parquet").write_bytes(data[:20] + bytes(200) + data[220:])
    (folder / "no.parquet").write_text("no table\n")
    (folder / "one.feather").write_bytes(b"FEA1" + bytes(100))
    lsa = ("--model", "lsa", "--topics", 1, "-o", "m.safetensors")
    for args, said in (
        (
            ("vocab", "cut.parquet"),
            "cut.parquet: a Parquet or Arrow file that is damaged or cut sh",
        ),
        (
            ("vocab", "bad.parquet"),
            "bad.parquet: a Parquet or Arrow file that is damaged or cut sh",
        ),
        (("train", "no.parquet", *lsa), "no.parquet: no Parquet or Arrow file"),
        (("train", "-", "--format", "parquet", *lsa), "stdin: no Parquet or Arrow file: a pipe"),
        (("vocab", "one.feather"), "one.feather: a Feather file of version 1"),
        (("vocab", "-"), "stdin is a Parquet or Arrow file, which is read from a file or an addr"),
    ):
        outcome = w2v(*args, stdin=data)
        assert outcome.code == 2
        assert outcome.err.splitlines()[-1].startswith(f"w2v: {said}"), outcome.err
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    outcome = w2v("vocab", "x.parquet")
    assert outcome.code == 2
    assert outcome.err == (
        "w2v: x.parquet: Parquet and Arrow files need the package pyarrow: "
        "pip install 'w2v[arrow]'\n"
    )


def test_memory_is_bounded_by_the_batch(folder, monkeypatch):
    parquet.write_table(pa.table({"text": TEXTS}), "x.parquet")
    monkeypatch.setattr(arrow_tables, "BATCH", 7)
    table = arrow_tables.ArrowTable("x.parquet")
    blocks = [block for block, _ in table.lines(["text"])]
    assert max(map(len, blocks)) < 7 * 200
    assert b"".join(blocks).decode() == "\n".join([*TEXTS, ""])


def test_a_row_is_null_if_all_of_its_columns_are(folder):
    table = pa.table({"a": ["x", None, "y", None], "b": [None, "z", "w", None]})
    parquet.write_table(table, "x.parquet")
    [(lines, nulls)] = arrow_tables.open_table("x.parquet").lines(["a", "b"])
    assert [line.split() for line in lines.splitlines()] == [[b"x"], [b"z"], [b"y", b"w"]]
    assert nulls == 1


@every_writer
def test_the_share_that_has_been_read_rises_to_the_size_of_the_file(folder, kind):
    WRITERS[kind](pa.table({"text": TEXTS}), "x")
    table, size = arrow_tables.open_table("x"), (folder / "x").stat().st_size
    seen = [table.read for _ in table.lines(["text"])]
    assert seen[0] == 0
    assert seen == sorted(seen)
    assert size / 2 < seen[-1] < size
    assert table.read == size


def test_a_text_of_odd_bytes_is_no_stream_of_arrow(folder):
    for size, found in ((0, False), (1, True), ((1 << 24) - 1, True), (1 << 24, False)):
        (folder / "x").write_bytes(b"\xff" * 4 + size.to_bytes(4, "little"))
        assert arrow_tables.is_table("x") == found


@pytest.mark.parametrize("options", [(), ("--text-field", "text"), ("--tokenizer", "words")])
def test_invalid_bytes_of_a_text_in_parquet_are_replaced_and_counted(w2v, folder, options):
    """Arrow files are refused: pyarrow checks these."""
    texts = pa.array([b"one two", b"caf\xe9 one"]).view(pa.string())
    WRITERS["parquet"](pa.table({"text": texts}), "x.parquet")
    outcome = w2v("vocab", "x.parquet", "--min-count", "1", *options)
    found = dict(line.split() for line in outcome.out.splitlines())
    word = "caf" if "words" in options else "caf\ufffd"
    assert found == {"</s>": "2", "one": "2", "two": "1", word: "1"}
    assert "1 invalid utf-8 byte sequence replaced; the first in x.parquet" in outcome.err


@every_writer
def test_a_string_that_is_not_utf8_is_refused_in_one_line(folder, kind):
    texts = pa.array([b"one", b"caf\xe9"]).view(pa.string())
    WRITERS[kind](pa.table({"text": texts}), f"x.{kind}")
    with pytest.raises(
        W2VError, match=f"^x.{kind}: a Parquet or Arrow file that is damaged"
    ) as caught:
        documents_of(f"x.{kind}")
    assert "\n" not in str(caught.value)


def test_a_column_of_labels_that_is_not_there_is_named(w2v, folder):
    parquet.write_table(pa.table({"text": TEXTS, "kind": TEXTS}), "x.parquet")
    args = ("train", "x.parquet", "--model", "lda", "--topics", "2", "--label-field", "kinds")
    outcome = w2v(*args)
    assert outcome.code == 2
    assert "no column 'kinds'; the columns are text, kind" in outcome.err


def test_lists_of_numbers_are_written_again(w2v, folder):
    numbers = [[1.5, -2.0], [0.25, 1.0]] * 2
    kinds = [pa.list_(pa.float64()), pa.large_list(pa.int8()), pa.list_(pa.float32(), 2)]
    columns = {
        str(kind): pa.array(
            [[*map(int, row)] if "int" in str(kind) else row for row in numbers], kind
        )
        for kind in kinds
    }
    parquet.write_table(pa.table({"text": ["a b", "c", "a b", "c"], **columns}), "x.parquet")
    outcome = w2v("dedup", "x.parquet")
    assert outcome.code == 0, outcome.err
    rows = [json.loads(line) for line in outcome.out.splitlines()]
    assert [[*row.values()] for row in rows] == [
        ["a b", [1.5, -2], [1, -2], [1.5, -2]], ["c", [0.25, 1], [0, 1], [0.25, 1]]
    ]  # fmt: skip


@every_writer
@pytest.mark.parametrize("options", [{}, {"text_field": "text"}, {"text_field": "x\ny"}])
def test_a_column_whose_name_has_several_lines_is_named_in_one(folder, kind, options):
    kinds = pa.struct([("a\nb", pa.int8())])
    column = pa.array([{"a\nb": 1}], kinds)
    WRITERS[kind](pa.table({"x\ny": column, "z": column}), f"x.{kind}")
    with pytest.raises(W2VError) as caught:
        documents_of(f"x.{kind}", **options)
    assert r"x\ny" in str(caught.value)
    assert "\n" not in str(caught.value)
