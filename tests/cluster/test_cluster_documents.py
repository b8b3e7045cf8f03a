"""Documents that workers read: names, labels, words and messages are those of one machine."""

import errno
import gzip
import io
import json
import os
import tarfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import planted
import pytest
from helpers import compiled, start_run, use_two_rounds
from hypothesis import given
from hypothesis import strategies as st
from one_process import Here, Members

from w2v.errors import W2VError
from w2v.models import models
from w2v.settings import DocumentSettings, TextSettings
from w2v.text.documents import DocumentCorpus
from w2v.text.encode import open_corpus
from w2v.text.encode import read as read_here

pytest.importorskip("distributed", reason="the extra cluster is not installed")

from w2v.cluster import (  # noqa: E402
    connection,
    range_tasks,
    text_leaves,
    text_ranges,
    text_reader,
)
from w2v.cluster.executor import _reader  # noqa: E402

WORDS = TextSettings(min_count=1)
GONE = text_ranges.TextFile("gone", 3, True, 0, False)
JSON = [
    {"text": "one two two", "id": "a", "label": "x"},
    {"text": "thrée\nfour \ud800 </s> one", "id": "é", "label": ["x", "y"]},
    {"text": "", "id": 7},
    {"text": "one \ufffd five", "id": "b", "label": None, "more": [1]},
]
TABLE = (
    "\n\nid\tlabel\ttext\na\tx\tone two\n\né\ty\tthrée \tfour </s>\nb\t\t\nc\tx\tone \ufffd five"
)


def jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def tar(**members):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name.replace("_", "."))
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "a.txt"
        archive.addfile(link)
    return packed.getvalue()


LINES = (
    b"\xef\xbb\xbfone two two\n\n\nthree \xff one </s> two\n \nfive\r\nsix\xc3\n\xef\xbf\xbd one"
)
# The files of each text, and its settings. A path that ends with / is that of a folder.
TEXTS = {
    "lines": ({"a": LINES}, {}),
    "several": ({"a": LINES, "empty": b"", "b": b"seven one\ntwo\n", "c": b"x"}, {}),
    "numbered": ({"a": LINES, "b.gz": gzip.compress(b"six\none\n")}, {"id_prefix": "file"}),
    "header": ({"t.tsv": TABLE.encode()}, {}),
    "blank row first": ({"t.tsv": b" \r\n" + TABLE.encode()}, {}),
    "empty row first": ({"t.tsv": b"\t\t\n" + TABLE.encode()}, {}),
    "windows": ({"t.tsv": TABLE.replace("\n", "\r\n").encode()}, {"id_prefix": "label"}),
    "possible headers": (
        {
            "t.tsv": b"doc_id\tbody\n1\tone\n2\ttwo\n", "u.csv": b"nr_id,text one\n3,four\n",
            "v.tar": tar(a_csv=b"my_id,body\n4,five\n"),
        },
        {},
    ),
    "columns": (
        {"t.tsv": b"a\tjunk\tone two\nb\t\xff\tthree\nc\tjunk\tone"},
        {"columns": "id,-,text"},
    ),
    "merged": (
        {"t.tsv": b"a\tone two\nb\tthree\n", "u.tsv": b"text\tid\none\ta\nfour\tc\n"},
        {"merge_ids": True},
    ),
    "csv": ({"t.csv": b'id,text\r\na,"one\ntwo ""two"""\n\n\nb,three\n'}, {"id_prefix": "file"}),
    "csv after a blank row": ({"t.csv": b"\n\nid;text\na;one two\nb;three\n"}, {}),
    "jsonl": ({"t.jsonl": jsonl(JSON)}, {}),
    "jsonl of windows": ({"t.jsonl": jsonl(JSON).replace(b"\n", b"\r\n") + b"\r\n\r\n"}, {}),
    "fields": (
        {"t.jsonl": jsonl({"t": f"w{n} one", "n": n, "l": "a,b"} for n in range(20))},
        {"text_field": "t", "id_field": "n", "label_field": "l", "label_separator": ","},
    ),
    "folder": (
        {"f/a.txt": b"\xef\xbb\xbfone\ntwo\n", "f/b": b"", "f/in/c": b"three \xff", "f/d": b"\n"},
        {},
    ),
    "mixed": (
        {
            "a": b"one two\nthree\n", "t.tsv": TABLE.encode(), "t.jsonl": jsonl(JSON[:1]),
            "b.gz": gzip.compress(b"four\n\none"), "c": b"five\nsix\n",
        },
        {"id_prefix": "file"},
    ),  # fmt: skip
    "tar": (
        {"x.tar": tar(a_txt=b"one\ntwo \xff", b_jsonl=jsonl(JSON[:2]), c_tsv=b"k\tone\n")},
        {},
    ),
    "tar of lines": ({"x.tar": tar(a_txt=b"one\ntwo", b_txt=b"three\n")}, {"format": "lines"}),
    "wet": (
        {
            "x.wet": b"".join(
                b"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: http://%b\r\n"
                b"Content-Length: %d\r\n\r\n%b\r\n\r\n" % (name, len(text), text)
                for name, text in {b"a": b"one\ntwo", b"b": b"three"}.items()
            )
        },
        {},
    ),
}  # fmt: skip


def write(files):
    """Write files to the current folder; returns the paths that name them all."""
    for name, data in files.items():
        Path(name).parent.mkdir(exist_ok=True, parents=True)
        Path(name).write_bytes(data)
    return sorted({name.partition("/")[0] for name in files})


class Apart(Here):
    """A cluster in this process that knows whether a task is running."""

    def __init__(self):
        super().__init__()
        self.is_busy, self.cancelled = False, 0

    def submit(self, function, *args):
        self.is_busy = True
        try:
            return function(*args)
        finally:
            self.is_busy = False

    def cancel(self, futures):
        self.cancelled += 1


@pytest.fixture
def apart(monkeypatch):
    """A cluster whose main process must not read a text."""
    members, cluster, raw = Members(), Apart(), DocumentCorpus._separate_texts

    def read_there(self):
        assert cluster.is_busy, "the main process reads the text"
        members.clear()
        yield from raw(self)

    monkeypatch.setattr("w2v.cluster.range_tasks.worker_state", members)
    monkeypatch.setattr(DocumentCorpus, "_separate_texts", read_there)
    cluster.alone = lambda: monkeypatch.setattr(DocumentCorpus, "_separate_texts", raw)
    return cluster


def facts(corpus, vocabulary, text):
    """All that a run learns from a text."""
    names = ["types", "tokens", "sentence_ends", "pruned_types", "pruned_tokens", "lost"]
    said = ["bad_bytes", "first_bad", "null_rows", "blank_rows", "left_out"]
    said += ["fingerprint", "text_fingerprint", "source", "bytes_read"]
    return {
        "words": list(zip(vocabulary.names, vocabulary.counts.tolist(), strict=True)),
        **{name: getattr(vocabulary, name) for name in names},
        **{name: getattr(corpus, name) for name in said},
        "ids": text.ids.read(0, text.size).tolist(),
        "starts": text.starts.tolist(),
        "rows": text.rows.tolist(),
        "names": list(text.names),
        "labels": list(text.labels),
        "corpus": [list(corpus.names), list(corpus.rows), list(corpus.labels)],
        "headers": [*corpus.possible_headers()],
    }


def check_same(apart, paths, settings=WORDS, known=None, fixed=None, **options):
    """Check that workers read what this process reads; returns the facts."""
    documents = DocumentSettings(**options)
    corpus = open_corpus(paths, settings, documents)
    there = text_reader.read(apart, corpus, settings, lambda share: None, known, fixed)
    found = facts(corpus, *there)
    assert corpus.bytes_read == corpus.size
    apart.alone()
    corpus = open_corpus(paths, settings, documents)
    here = read_here(corpus, settings, lambda tokens: None, known, False, fixed)
    assert found == facts(corpus, *here)
    return found


@pytest.mark.parametrize("length", [1, 7, 40, 1 << 20])
@pytest.mark.parametrize("name", TEXTS)
def test_workers_read_the_documents_of_one_process(folder, apart, monkeypatch, name, length):
    monkeypatch.setattr(text_ranges, "MIN_RANGE_BYTES", length)
    monkeypatch.setattr("w2v.text.corpus.BLOCK", 64)
    files, options = TEXTS[name]
    found = check_same(apart, write(files), **options)
    assert len(found["names"]) > 1


PIECES = ["one", "é", "\ufffd", " ", "\t", "\n", "\n\n", "\r\n", "\r", "</s>", "a\tb\n", "x"]
pieces = st.lists(st.sampled_from([*(piece.encode() for piece in PIECES), b"\xff", b"\xc3"]))


@given(pieces.map(b"".join), st.integers(1, 30), st.integers(1, 30), st.booleans())
def test_lines_may_be_cut_anywhere(tmp_path_factory, data, length, block, tabbed):
    """Documents are lines in a text, and rows of one column in a table."""
    path = tmp_path_factory.mktemp("lines") / ("t.tsv" if tabbed else "t")
    path.write_bytes(b"one two\n" + (data.replace(b"\t", b" ") if tabbed else data))
    options = {"columns": "text"} if tabbed else {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("w2v.cluster.range_tasks.worker_state", Members())
        patch.setattr(text_ranges, "MIN_RANGE_BYTES", length)
        patch.setattr("w2v.text.corpus.BLOCK", block)
        cluster = Here()
        cluster.alone = lambda: None
        check_same(cluster, [str(path)], **options)


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_tables_are_read_by_workers(folder, apart, kind):
    arrow = pytest.importorskip("pyarrow", reason="no pyarrow: pip install 'w2v[arrow]'")
    from pyarrow import feather, parquet

    writer = parquet.write_table if kind == "parquet" else feather.write_feather
    texts, ids = ["one two", None, "three\none"], ["a", "b", "c"]
    writer(arrow.table({"text": texts, "id": ids, "label": ["x", "y", None]}), f"t.{kind}")
    (folder / "u.tsv").write_text("d\tone\n")
    found = check_same(apart, [f"t.{kind}", "u.tsv"])
    assert (found["names"], found["blank_rows"]) == (["a", "c", "d"], 1)


def test_many_small_files_are_few_tasks(folder, apart, monkeypatch):
    paths = write({f"f/{number:03}": b"some words %d\n" % number for number in range(300)})
    monkeypatch.setattr(text_ranges, "MIN_RANGE_BYTES", 1000)
    submitted, submit = [], apart.submit

    def count(function, *args):
        submitted.append(function.__name__)
        return submit(function, *args)

    apart.submit = count
    found = check_same(apart, paths)
    assert len(found["names"]) == 300
    assert submitted.count("number_words") == 5


def test_other_vocabularies_are_those_of_one_process(folder, apart):
    paths = write({"a": b"one two two\nthree two\n\nfour one\n"})
    (folder / "words").write_text("two 9\none 3\nnothing 2\n")
    few = replace(WORDS, min_count=2)
    assert check_same(apart, paths, few)["words"] == [("two", 3), ("one", 2)]
    check_same(apart, paths, known={"zebra": 7, "two": 5})
    check_same(apart, paths, fixed="words")


def same_error(paths, settings=WORDS, **options):
    """The message that a run on a cluster ends with, which is that of a run on one machine."""
    messages = []
    for read in (_reader(Apart()), read_here):
        corpus = open_corpus(paths, settings, DocumentSettings(**options))
        with pytest.raises((W2VError, OSError)) as error:
            read(corpus, settings, lambda tokens: None, {}, False, None)
        messages.append(str(error.value))
    assert messages[0] == messages[1]
    return messages[0]


@pytest.mark.parametrize("length", [1, 1 << 20])
@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("t.jsonl", b'{"text": "a"}\n{"text": "b"}\n\n{"txt": "c"}\n', "t.jsonl: row 4: the field"),
        ("t.tsv", b"id\tlabel\ttext\na\tx\tone\n\nb\ttwo\n", "t.tsv: row 4: expected id TAB"),
        ("t.tsv", b"a\tone\nb\ttwo\na\tthree\n", "t.tsv: row 3: an earlier document has the same"),
        ("t.csv", b'a,one\nb,"two', "t.csv: row 2: unexpected end of data"),
        ("x.tar", b"", "x.tar: no files in this archive"),
        ("x.tar", b"one two\n", "x.tar: byte 0: no header of a tar archive"),
        ("t.gz", gzip.compress(b"one two\n" * 99)[:25], "t.gz: "),
        ("t.parquet", b"text", "t.parquet: no Parquet or Arrow file"),
        ("a", b"\n \n\n", "a: no words in the text"),
        ("a", b"\x89PNG\r\n\x1a\n\0\0", "a is "),
    ],
)
def test_errors_have_the_places_of_one_process(folder, monkeypatch, length, name, data, said):
    monkeypatch.setattr(text_ranges, "MIN_RANGE_BYTES", length)
    monkeypatch.setattr("w2v.cluster.range_tasks.worker_state", Members())
    (folder / name).write_bytes(data)
    assert said in same_error([name])


def test_what_workers_cannot_read_is_read_here(folder, monkeypatch):
    """For example, a file that only this machine has, or more types than may be counted."""
    (folder / "a").write_bytes(b"one two two\nthree three three\n\nfour\xff five\n")
    cluster = Apart()

    def taken(**options):
        settings = replace(WORDS, **options)
        read = _reader(cluster)
        corpus = open_corpus(["a"], settings, DocumentSettings())
        found = facts(corpus, *read(corpus, settings, lambda tokens: None, {}, False, None))
        corpus = open_corpus(["a"], settings, DocumentSettings())
        assert found == facts(corpus, *read_here(corpus, settings, lambda tokens: None))
        return found

    monkeypatch.setattr("w2v.cluster.range_tasks.worker_state", Members())
    assert taken(max_types=4)["pruned_types"]
    assert cluster.cancelled == 1

    def missing(*args):
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr("w2v.cluster.range_tasks.RangeDocuments", missing)
    assert taken()["names"] == ["1", "2", "3", "4"]
    assert cluster.cancelled == 2
    text = io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"one two\n")))
    monkeypatch.setattr("sys.stdin", text)
    corpus = open_corpus(["-"], WORDS, DocumentSettings())
    _, text = _reader(cluster)(corpus, WORDS, lambda tokens: None, {}, False, None)
    assert text.size == 2


@pytest.mark.parametrize(
    "task",
    [
        lambda: text_leaves.hash_leaves([[text_leaves.Piece(GONE, 0, 3)]]),
        lambda: text_leaves.hash_text(["gone"], WORDS, None, []),
        lambda: range_tasks.count_lines("gone", 3),
        lambda: range_tasks.number_words([text_ranges.ByteRange("gone", 0, 3, 3)], WORDS, None),
    ],
)
def test_a_file_that_a_worker_does_not_find_is_no_broken_connection(folder, task):
    """`Cluster` takes an OSError for one, and would wait for the scheduler."""
    with pytest.raises(W2VError, match="^gone: a worker cannot read this file .No such file"):
        task()


def test_a_file_that_a_worker_does_not_find_has_the_address_of_the_worker(folder, monkeypatch):
    worker = SimpleNamespace(address="tcp://10.0.0.2:4444")
    monkeypatch.setattr(text_ranges, "get_worker", lambda: worker)
    with pytest.raises(
        W2VError, match=r"^gone: .*such file or directory, on tcp://10.0.0.2:4444\)"
    ):
        range_tasks.count_lines("gone", 3)


def test_a_full_temporary_folder_is_not_a_text_that_cannot_be_read(folder, monkeypatch):
    (folder / "text").write_text("one two\n")

    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("w2v.system.spooled_array.IN_MEMORY", 4)
    monkeypatch.setattr("w2v.system.spooled_array._write_at", full)
    with pytest.raises(W2VError, match=r"the temporary folder of a worker is full .*set TMPDIR"):
        range_tasks.number_words([text_ranges.ByteRange("text", 0, 8, 8)], WORDS, None)


def test_a_lost_connection_is_no_reason_to_read_here(folder):
    (folder / "a").write_text("one two\n")
    corpus = open_corpus(["a"], WORDS, DocumentSettings())
    cluster = Apart()

    def lose(function, *args):
        raise KeyError

    cluster.submit = lose
    with pytest.raises(W2VError, match="data were lost with workers 4 times in a row"):
        _reader(cluster)(corpus, WORDS, lambda tokens: None, {}, False, None)


OPTIONS = {
    "lda": {"topics": 5, "epochs": 4, "deterministic": True, "shards": 4},
    "lsa": {"topics": 9, "power_iters": 1},
    "pv-dbow": {"dim": 6, "epochs": 2, "deterministic": True, "shards": 5, "round_words": 40},
    "pv-dm": {"dim": 6, "epochs": 2, "deterministic": True, "shards": 5, "round_words": 40},
}


@compiled
@pytest.mark.parametrize("model", OPTIONS)
def test_the_bytes_are_those_of_one_machine(folder, monkeypatch, model):
    monkeypatch.setattr("w2v.training.chunks.SMALL_CHUNK", 80)
    use_two_rounds(monkeypatch)
    monkeypatch.setattr(text_ranges, "MIN_RANGE_BYTES", 1000)
    lines = planted.text(200).split("\n")
    rows = ({"text": line, "id": f"d{n}"} for n, line in enumerate(lines) if line)
    (folder / "t.jsonl").write_bytes(jsonl(rows))
    kind = models()[model]

    def train(output, cluster=None):
        run = start_run("t.jsonl", output, kind, kind.settings(**OPTIONS[model]), cluster=cluster)
        run.train()
        run.save()
        return Path(output).read_bytes()

    wanted = train("a.safetensors")
    read = []
    original = DocumentCorpus._separate_texts

    def note(self):
        read.append(self)
        return original(self)

    with connection.Cluster("local:2") as cluster:
        monkeypatch.setattr(DocumentCorpus, "_separate_texts", note)
        assert train("b.safetensors", cluster) == wanted
    assert not read
