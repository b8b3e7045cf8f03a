"""w2v dedup --pairs: which row was kept for each removed one, and the formats of documents."""

import csv
import json
from pathlib import Path

import pytest
from helpers import compiled_only

from w2v.settings import DocumentSettings
from w2v.text import deduplication, line_table, near_lines
from w2v.text.deduplication import Deduplication
from w2v.text.removed_rows import RemovedRows
from w2v.text.rows import Rows

WORDS = [f"w{n}" for n in range(60)]
LONG = " ".join(WORDS)
NEAR = " ".join([*WORDS[:-1], "other"])
TEXTS = {"a": LONG, "b": "x y", "c": NEAR, "d": "x  y", "e": "", "f": NEAR}
FOUND = [("c", "a", "0.9"), ("d", "b", "1.000000"), ("f", "a", "0.9")]


def pairs(path="pairs.tsv"):
    """The rows of the file, with the first digit of a similarity that is not 1."""
    rows = [line.split("\t") for line in Path(path).read_text().splitlines()]
    return [(a, b, s if s == "1.000000" else s[:3]) for a, b, s in rows]


def write(name, ids=True):
    """Write the texts in the format of a suffix; of CSV with line ends in them."""
    if name.endswith("jsonl"):
        rows = [({"id": id_} if ids else {}) | {"text": text} for id_, text in TEXTS.items()]
        Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        return
    with open(name, "w", newline="") as file:
        is_csv = name.endswith("csv")
        writer = csv.writer(file, delimiter="," if is_csv else "\t", lineterminator="\n")
        writer.writerow(["id", "text"])
        for id_, text in TEXTS.items():
            writer.writerow([id_, text.replace("w3 ", "w3\n") if is_csv else text])


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl"])
def test_each_removed_document_has_a_kept_one_and_their_similarity(w2v, folder, name):
    write(name)
    outcome = w2v("dedup", name, "--near", 0.8, "--pairs", "pairs.tsv", "-o", f"out.{name}")
    assert "6 lines: 3 kept, of which 1 without words; 2 repeated lines, 1 near line r" in (
        outcome.err
    )
    assert pairs() == FOUND
    again = w2v("dedup", f"out.{name}", "--near", 0.8, "--pairs", "none.tsv", "--quiet")
    assert again.out == Path(f"out.{name}").read_text()
    assert Path("none.tsv").read_text() == ""
    if name == "t.csv":
        with open("out.t.csv", newline="") as file:
            rows = [*csv.reader(file)]
        assert rows[0] == ["id", "text"]
        assert [row[0] for row in rows[1:]] == ["a", "b", "e"]
        assert "\n" in rows[1][1]


def test_lines_and_documents_without_ids_are_named_by_their_numbers(w2v, folder):
    Path("text").write_text("x\n\ny\nx\n")
    w2v("dedup", "text", "text", "--pairs", "pairs.tsv", "-o", "out")
    assert pairs() == [("4", "1", "1.000000"), ("5", "1", "1.000000"), ("7", "3", "1.000000"),
                       ("8", "1", "1.000000")]  # fmt: skip
    Path("x.jsonl").write_text('{"text": "x", "key": 7}\n\n{"text": "x", "key": 8}\n')
    w2v("dedup", "x.jsonl", "--pairs", "pairs.tsv", "-o", "out")
    assert pairs() == [("2", "1", "1.000000")]
    w2v("dedup", "x.jsonl", "--pairs", "pairs.tsv", "--id-field", "key", "-o", "out")
    assert pairs() == [("8", "7", "1.000000")]


def test_the_files_of_a_folder_are_compared_and_their_paths_are_written(w2v, folder):
    for id_, text in TEXTS.items():
        Path("mail", "hr").mkdir(parents=True, exist_ok=True)
        Path("mail", "hr", id_).write_text(text.replace(" ", "\n"))
    outcome = w2v("dedup", "mail", "--near", 0.8, "--pairs", "pairs.tsv")
    assert outcome.out == "".join(f"mail/hr/{id_}\n" for id_ in "abe")
    assert "6 files: 3 kept, of which 1 without words; 2 repeated files, 1 near file" in outcome.err
    assert pairs() == [(f"mail/hr/{a}", f"mail/hr/{b}", s) for a, b, s in FOUND]
    Path("kept").write_text(outcome.out)
    trained = w2v("train", "--files-from", "kept", "--format", "files", "--model", "lsa",
                  "--topics", 1, "--min-count", 1)  # fmt: skip
    assert trained.code == 0, trained.err
    assert w2v("dedup", "-r", "mail").out.splitlines()[:2] == ["w0", "w1"]  # of lines


def test_a_column_with_another_name_is_compared(w2v, folder):
    Path("m.csv").write_text("nr,subject,body\n1,a,b c\n2,a b,c\n3,a,c\n")
    args = "dedup", "m.csv", "--text-field", "subject,body", "--id-field", "nr"
    assert w2v(*args, "--pairs", "pairs.tsv").out == "nr,subject,body\n1,a,b c\n3,a,c\n"
    assert pairs() == [("2", "1", "1.000000")]


@compiled_only
@pytest.mark.parametrize("slots", [16, 64])
def test_the_pairs_do_not_depend_on_the_memory(folder, monkeypatch, slots):
    lines = [" ".join([*WORDS[n % 50 :], str(n % 23), *WORDS[: n % 50]]) for n in range(200)]
    Path("text").write_text("\n".join(lines))
    found = []
    for limit in (1 << 40, 0):
        if not limit:
            monkeypatch.setattr(line_table, "FIRST_SLOTS", slots)
            monkeypatch.setattr(near_lines, "FIRST_LINES", slots // 2)
            monkeypatch.setattr(deduplication, "BLOCK", 512)
        log = RemovedRows()
        work = Deduplication(limit, near=0.9, log=log)
        b"".join(work.kept(Rows(["text"], DocumentSettings()).batches()))
        found.append([array.tolist() for array in log.pairs()])
    assert found[0] == found[1]
    assert len(found[0][0]) == work.counts.repeated + work.counts.near > 0
    assert work.pass_number > 1


def test_rows_of_parquet_are_written_as_json_lines(w2v, folder):
    parquet, arrow = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
    rows = [{"nr": n, "text": text or None} for n, text in enumerate([*TEXTS.values(), "é\n"])]
    parquet.write_table(arrow.Table.from_pylist(rows), "t.parquet")
    args = "--near", 0.8, "--id-field", "nr", "--pairs", "pairs.tsv"
    outcome = w2v("dedup", "t.parquet", *args, "-o", "out.jsonl")
    assert outcome.code == 0, outcome.err
    kept = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert kept == [rows[n] for n in (0, 1, 4, 6)]
    assert pairs() == [("2", "0", "0.9"), ("3", "1", "1.000000"), ("5", "0", "0.9")]
    outcome = w2v("dedup", "t.parquet", "--text-field", "body")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "no column 'body'; the columns are nr, text" in outcome.err


def test_json_lines_of_parquet_have_no_numbers_that_json_does_not_have(w2v, folder):
    parquet, arrow = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
    nan, infinite = float("nan"), float("inf")
    rows = [{"text": "a", "x": nan, "v": [1.0, nan]}, {"text": "b", "x": -infinite, "v": None}]
    parquet.write_table(arrow.Table.from_pylist(rows), "t.parquet")
    outcome = w2v("dedup", "t.parquet")
    assert outcome.out == (
        '{"text": "a", "x": null, "v": [1.0, null]}\n{"text": "b", "x": null, "v": null}\n'
    )


def test_numbers_of_documents_count_what_models_of_documents_count(w2v, folder):
    """Rows of empty fields are documents; blank rows, and rows without a text, are not."""
    arguments = "--pairs", "-", "-o", "out"
    Path("t.tsv").write_text("\t\ntext\tlabel\n\t\nx y\ta\n\n  \nx y\tb\n")
    assert w2v("dedup", "t.tsv", *arguments).out == "3\t2\t1.000000\n"
    Path("u.tsv").write_text("text\tlabel\tz\nx y\ta\tb\n\t\nx y\tb\tc\n")
    assert w2v("dedup", "u.tsv", *arguments).out == "2\t1\t1.000000\n"
    parquet, arrow = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
    rows = [{"text": text} for text in ("x y", None, "", "x y")]
    parquet.write_table(arrow.Table.from_pylist(rows), "t.parquet")
    assert w2v("dedup", "t.parquet", *arguments).out == "3\t1\t1.000000\n"


def test_a_column_of_bytes_is_named_and_the_file_is_not_called_damaged(w2v, folder):
    parquet, arrow = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
    for kind in (arrow.binary(), arrow.large_binary(), arrow.binary(2)):
        raw = arrow.array([b"\xff\x00"], kind)
        parquet.write_table(arrow.table({"text": ["a"], "raw": raw}), "t.parquet")
        outcome = w2v("dedup", "t.parquet")
        assert outcome.code == 2
        assert outcome.err.startswith("w2v: t.parquet: the column 'raw' has the type ")
