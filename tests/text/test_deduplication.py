"""w2v dedup: rows, equality, order, bounded memory, counts, and files."""

import gzip
import json
import random
import subprocess
import sys
from collections import Counter

import pytest
from helpers import COMPILED

from w2v.settings import DocumentSettings
from w2v.text import deduplication, line_table
from w2v.text.deduplication import Deduplication
from w2v.text.rows import Rows

LINES = 20_000 if COMPILED else 300


def planted_lines(count=LINES, seed=1):
    """Lines, half of which occur again, with odd blanks and lines without words."""
    draw = random.Random(seed)
    lines = []
    for _ in range(count):
        words = [str(draw.randrange(count // 2))] * draw.randrange(3)
        blanks = draw.choices([" ", "  ", "\t"], k=2)
        lines.append(blanks[0] * draw.randrange(2) + blanks[1].join(words) + " " * (not words))
    return lines


def first_ones(lines, key=lambda line: " ".join(line.split())):
    """The first of equal lines, by a dictionary; lines without a key are kept."""
    seen, kept = set(), []
    for line in lines:
        if not key(line) or key(line) not in seen:
            kept.append(line)
        seen.add(key(line))
    return kept


def test_the_first_of_equal_lines_is_kept_in_order(w2v, folder):
    lines = planted_lines()
    (folder / "text").write_text("\n".join(lines))
    done = w2v("dedup", "text", "-o", "out")
    kept = first_ones(lines)
    blank = sum(not line.strip() for line in lines)
    assert (folder / "out").read_text() == "".join(f"{line}\n" for line in kept)
    assert (
        f"{len(lines):,} lines: {len(kept):,} kept, of which {blank:,} without words; "
        f"{len(lines) - len(kept):,} repeated lines removed\n"
    ) in done.err
    assert (done.code, done.out) == (0, "")
    again = w2v("dedup", "out", "--quiet")
    assert (again.out, again.err) == ((folder / "out").read_text(), "")


@pytest.mark.parametrize("slots", [16, 64])
def test_the_result_does_not_depend_on_the_memory(folder, monkeypatch, slots):
    monkeypatch.setattr(line_table, "FIRST_SLOTS", slots)
    monkeypatch.setattr(deduplication, "BLOCK", 1000)
    monkeypatch.setattr("w2v.text.corpus.BLOCK", 500)
    lines = planted_lines(1500 if COMPILED else 200)
    lines[::90] = [f"{line} \u00e9" for line in lines[::90]]  # so that not all blocks are ASCII
    (folder / "text").write_text("\n".join(lines))
    for options in ({}, {"tokenizer": "words"}, {"normalize": "NFC"}):
        work = Deduplication(slots * line_table.SLOT_BYTES * 7, most=5)
        found = b"".join(work.kept(Rows(["text"], DocumentSettings(), **options).batches()))
        assert found.decode().splitlines() == first_ones(lines)
        assert work.pass_number > 1 or not COMPILED
        counts = work.counts
        assert counts.rows == len(lines) == counts.kept + counts.repeated
        assert counts.bytes_kept == len(found)
        table = Counter(" ".join(line.split()) for line in lines if line.strip())
        best = sorted(table.items(), key=lambda pair: (-pair[1], pair[0]))[:5]
        assert sorted(count for _, count in work.most_repeated()) == sorted(c for _, c in best)
        assert all(table[line.decode()] == count for line, count in work.most_repeated())


def test_memory_that_is_full_is_said(w2v, folder, monkeypatch):
    (folder / "text").write_text("\n".join(map(str, range(100))) + "\n1\n")
    monkeypatch.setattr(line_table, "FIRST_SLOTS", 64)
    monkeypatch.setattr("w2v.cli.dedup._memory_limit", lambda given: 1000)
    done = w2v("dedup", "text")
    assert done.out == "".join(f"{number}\n" for number in range(100))
    assert "memory: 48 different lines fill the table: the lines after them are kept" in done.err
    assert "1 repeated line removed, in 3 passes" in done.err


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ((), [0, 1, 2, 3, 5, 6]),
        (("--lowercase",), [0, 2, 3, 5, 6]),
        (("--normalize", "NFC"), [0, 1, 3, 5, 6]),
        (("--normalize", "NFKC"), [0, 1, 3, 5]),
        (("--tokenizer", "words"), [0, 1, 2, 5]),
        (("--tokenizer", "words", "--lowercase", "--normalize", "NFC"), [0, 5]),
    ],
)
def test_what_counts_as_equal(w2v, folder, options, kept):
    lines = ["Caf\u00e9 a", "caf\u00e9 a", "Cafe\u0301 a", "Caf\u00e9 a.", "Caf\u00e9  a"]
    lines += ["a\u00a0b", "a b"]
    (folder / "text").write_text("\n".join(lines) + "\n")
    found = w2v("dedup", "text", *options)
    assert found.out.split("\n")[:-1] == [lines[number] for number in kept]


def test_an_empty_table_adds_no_row(w2v, folder):
    (folder / "empty.csv").write_text("")
    (folder / "x.csv").write_text("text,label\na b,c\n")
    for files in (["empty.csv", "x.csv"], ["x.csv", "empty.csv"], ["x.csv"]):
        assert w2v("dedup", *files).out == "text,label\na b,c\n"
    assert w2v("dedup", "empty.csv").out == ""


def test_line_ends_are_kept_and_a_missing_one_is_added(w2v, folder):
    (folder / "one").write_bytes(b"\xef\xbb\xbfa\r\nb\na\n\n\r\nc")
    (folder / "two").write_bytes(b"c\nd\xff\n")
    done = w2v("dedup", "one", "two", "-o", "out")
    assert (folder / "out").read_bytes() == "a\r\nb\n\n\r\nc\nd\ufffd\n".encode()
    assert "1 invalid utf-8 byte sequence replaced; the first in two, near byte 3" in done.err


def test_a_line_longer_than_a_block(w2v, folder, monkeypatch):
    monkeypatch.setattr("w2v.text.corpus.BLOCK", 100)
    long = "word " * 200
    (folder / "text").write_text(f"{long}\na\n{long}x\n{long}")
    assert w2v("dedup", "text", "--quiet").out == f"{long}\na\n{long}x\n"
    monkeypatch.setattr("w2v.text.columns.LONGEST_ROW", 500)
    assert w2v("dedup", "text").err.startswith("w2v: text: row 1 has more than 500 bytes")


def test_rows_of_json_objects_are_equal_by_their_text(w2v, folder):
    rows = [
        {"id": 1, "text": "a b\nc"},
        {"id": 2, "text": "a  b c"},
        {"id": 3, "text": ""},
        {"id": 4, "text": ""},
        {"id": 5, "text": "\ud800"},
    ]
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    (folder / "rows.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    done = w2v("dedup", "rows.jsonl.gz", "-o", "out.jsonl.gz")
    kept = gzip.decompress((folder / "out.jsonl.gz").read_bytes()).decode().splitlines()
    assert [json.loads(row)["id"] for row in kept] == [1, 3, 4, 5], done.err
    assert kept[0] == json.dumps(rows[0])
    (folder / "rows.jsonl").write_text('{"text": "a"}\n\n{"body": "a"}\n')
    assert w2v("dedup", "rows.jsonl").err.endswith(
        "w2v: rows.jsonl: row 3: the field 'text' is missing or null\n"
    )
    assert w2v("dedup", "rows.jsonl", "--format", "lines", "--quiet").code == 0


def test_rows_of_tables_are_equal_by_their_text_and_have_one_header(w2v, folder):
    (folder / "a.tsv").write_text("id\ttext\n1\ta b\n2\tc\n")
    (folder / "b.tsv").write_text("id\ttext\n3\ta  b\n4\td")
    done = w2v("dedup", "a.tsv", "b.tsv")
    assert done.out == "id\ttext\n1\ta b\n2\tc\n4\td\n"
    assert "4 lines: 3 kept; 1 repeated line removed" in done.err
    (folder / "c.tsv").write_text("text\tid\na\t1\n")
    assert "c.tsv: the header differs from that of a.tsv" in w2v("dedup", "a.tsv", "c.tsv").err
    done = w2v("dedup", "c.tsv", "--columns", "text,id", "--header", "no", "--quiet")
    assert done.out == "text\tid\na\t1\n"
    assert "c.tsv: row 2: expected text TAB id TAB label" in w2v(
        "dedup", "c.tsv", "--columns", "text,id,label"
    ).err  # fmt: skip


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("text", "b.jsonl"), "files of the formats jsonl and lines cannot be joined"),
        (
            ("x.wet", "--format", "arrow"),
            "x.wet: no Parquet or Arrow file: ",
        ),
        (("text", "--columns", "id"), "--columns id: expected text once"),
        (("text", "--max-memory", "1KB"), "--max-memory 1KB is too small: give at least "),
        (("text", "--max-memory", "much"), "'much' is not a size in bytes"),
        (("nowhere",), "nowhere: No such file"),
    ],
)
def test_mistakes(w2v, folder, args, said):
    for name in ("text", "b.jsonl", "x.wet"):
        (folder / name).write_text('{"text": "a"}\n')
    done = w2v("dedup", *args)
    assert (done.code, said in done.err, done.err.count("\n")) == (2, True, 1), done.err


def test_the_most_repeated_lines(w2v, folder):
    (folder / "text").write_text("a\nb  x\nb x\nc\na\na\nc\nd\n")
    assert w2v("dedup", "text", "-o", "out", "--counts", "counts").code == 0
    assert (folder / "counts").read_text() == "a\t3\nb x\t2\nc\t2\n"


def test_stdin_folders_and_memory(w2v, folder):
    (folder / "many").mkdir()
    for name in "ab":
        (folder / "many" / name).write_text(f"{name}\nboth\n")
    assert w2v("dedup", "-r", "many", "--max-memory", "8GB").out == "a\nboth\nb\n"
    assert w2v("dedup", "-", "--quiet", stdin=b"a\nb\na").out == "a\nb\n"


@pytest.mark.parametrize("at_end", [False, True])
def test_a_stopped_run_leaves_the_old_file(folder, stoppable, at_end):
    """Also if Ctrl-C ends the program that writes to the pipe, so that the text ends early."""
    (folder / "out").write_text("old")
    code = (
        "import os, signal, w2v.text.rows as rows\n"
        "from w2v.cli import main\n"
        "real = rows.Rows.batches\n"
        "def batches(self):\n"
        "    for batch in real(self):\n"
        f"        if not {at_end}:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "        yield batch\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        f"    assert {at_end}\n"
        "rows.Rows.batches = batches\n"
        "main(['dedup', 'text', '-o', 'out'])\n"
    )
    (folder / "text").write_text("a\nb\n" * 10)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 130, done.stderr
    assert done.stderr.endswith("w2v: interrupted\n")
    assert sorted(path.name for path in folder.iterdir()) == ["out", "text"]
    assert (folder / "out").read_text() == "old"
