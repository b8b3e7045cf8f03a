"""Archives as texts and as documents: what is read is what the unpacked folder has."""

import gzip
import json
import os
import tarfile

import pytest
from helpers import PACKERS
from test_tar_members import packed

from w2v.errors import W2VError
from w2v.settings import DocumentSettings, TextSettings
from w2v.text.corpus import Corpus, files_of
from w2v.text.documents import DocumentCorpus
from w2v.text.rows import Rows

TEXTS = {"b.txt": b"one two\nthree", "a/x.txt": "é ü\n".encode(), "a/y": b"", "c": b"a b\r\nc\n"}


def documents_of(path, labels="extra", **settings):
    corpus = DocumentCorpus([str(path)], TextSettings(), DocumentSettings(**settings), labels)
    found = b"".join(corpus.blocks()).split(b"\n")[:-1]
    return {corpus.names[row]: text for row, text in zip(corpus.rows, found, strict=True)}, corpus


@pytest.mark.parametrize("pack", [bytes, *PACKERS.values()])
@pytest.mark.parametrize("inner", [bytes, *PACKERS.values()])
def test_an_archive_is_read_as_the_unpacked_folder_is(folder, pack, inner):
    texts = {f"f/{name}": inner(text) for name, text in sorted(TEXTS.items())}
    (folder / "archive").write_bytes(pack(packed(texts)))
    for name, data in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    archive, unpacked = Corpus(["archive"]), Corpus(files_of("f"))
    assert b"".join(archive.blocks()) == b"".join(unpacked.blocks())
    assert archive.fingerprint == unpacked.fingerprint
    assert archive.bytes_read == archive.size == (folder / "archive").stat().st_size
    found, corpus = documents_of("archive", format="files")
    wanted, reference = documents_of("f", format="files")
    assert found == {f"f/{name}": text for name, text in wanted.items()}
    (folder / "g").mkdir()
    (folder / "g" / "x.tar").write_bytes(pack(packed(texts)))  # in a folder, its path is part of it
    assert [*documents_of("g", format="files")[0]] == [f"x.tar/f/{name}" for name in sorted(TEXTS)]


def test_members_are_documents_or_tables_by_their_suffixes(folder):
    rows = [{"text": "x y", "id": "j1"}, {"text": "z", "id": "j2"}]
    files = {
        "a.txt": b"one\ntwo", "t.tsv": b"id\ttext\nt1\tthree four\n",
        "c.csv": b"text,id\nfive,c1\n",
        "j.jsonl.gz": gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()),
        "n.ndjson": b'{"text": "six", "id": "n1"}\n',
    }  # fmt: skip
    wanted = {
        "a.txt": b"one two", "t1": b"three four", "c1": b"five", "j1": b"x y", "j2": b"z",
        "n1": b"six",
    }  # fmt: skip
    for name, pack in (("x.tar", bytes), ("x.tar.gz", gzip.compress), ("x.tgz", gzip.compress)):
        (folder / name).write_bytes(pack(packed(files)))
        assert documents_of(name)[0] == wanted
    named = documents_of("x.tar", id_prefix="file")[0]
    assert [*named] == ["a.txt", "t.tsv:t1", "c.csv:c1", "j.jsonl.gz:j1", "j.jsonl.gz:j2",
                        "n.ndjson:n1"]  # fmt: skip
    assert [*documents_of("x.tar", format="files")[0]] == [*files]
    del files["a.txt"], files["t.tsv"], files["c.csv"]
    (folder / "j").write_bytes(packed(files))
    assert [*documents_of("j", format="jsonl")[0]] == ["j1", "j2", "n1"]
    assert [*documents_of("j", format="lines")[0]] == ["1", "2", "3"]
    with pytest.raises(W2VError, match=r"^x.tar: a.txt: row 1: expected a JSON object"):
        documents_of("x.tar", format="jsonl")


def test_labels_and_folders_of_members(folder):
    (folder / "x.tar").write_bytes(packed({"l.tsv": b"good\tx y\nbad\tz\n"}))
    corpus = documents_of("x.tar", labels="one")[1]
    assert corpus.labels == [("good",), ("bad",)]
    (folder / "y.tar").write_bytes(packed({"2001/a": b"x", "2002/b": b"y"}))
    settings = DocumentSettings(format="files")
    corpus = DocumentCorpus(["y.tar"], TextSettings(), settings, extra="folder")
    assert len(b"".join(corpus.blocks()).split()) == 2
    assert corpus.extras == ["2001", "2002"]


def test_archives_in_archives(folder):
    data = packed({"d/a": b"deep\n"})
    for level in range(7):
        data = gzip.compress(packed({f"{level}.tar": data}))
    (folder / "x").write_bytes(data)
    assert b"".join(Corpus(["x"]).blocks()) == b"deep\n"
    assert [*documents_of("x", format="files")[0]] == [
        "6.tar/5.tar/4.tar/3.tar/2.tar/1.tar/0.tar/d/a"
    ]
    (folder / "x").write_bytes(packed({"7.tar": data}))
    with pytest.raises(W2VError, match="an archive in 8 others: unpack the outer ones first"):
        [*Corpus(["x"]).blocks()]


def test_what_is_wrong_in_an_archive_is_one_line(w2v, folder):
    good = packed({"a": b"a b\n" * 200, "b.gz": gzip.compress(b"c d\n" * 2000)})
    for name, data, said in (
        ("x.tar", good[:700], "x.tar: byte 700: the tar archive is cut short"),
        ("x", good[:700], "x: byte 700: the tar archive is cut short"),
        ("x.tar", b"no archive\n", "x.tar: byte 0: no header of a tar archive"),
        ("x.tar", bytes(10240), "x.tar: no files in this archive"),  # as tar writes without files
        ("x.tar", packed({".hidden": b""}), "x.tar: no files in this archive"),
        (
            "x",
            packed({"b.gz": gzip.compress(b"c d\n" * 99)[:-4]}),
            "x: b.gz: the compressed dat",
        ),
        ("x", packed({"i.png": b"\x89PNG\r\n\x1a\n" + bytes(99)}), "x: i.png is an image, not te"),
        ("x", packed({"a.txt": b"a", "b.tar": b"a"}), "x: b.tar: byte 0: no header"),
    ):
        (folder / name).write_bytes(data)
        outcome = w2v("phrases", name)
        assert outcome.code == 2
        assert outcome.err.splitlines()[-1].startswith(f"w2v: {said}"), outcome.err


def test_an_archive_from_a_pipe_and_what_is_left_out(w2v, folder):
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "a"
    data = packed({"a": b"a b\n", "._a": b"x", ".b/c": b"y", "d": b"c"}, others=[link])
    outcome = w2v("phrases", "-", stdin=data)
    assert outcome.out == "a b\nc\n"
    assert "left out of archives: 2 hidden files, 1 link\n" in outcome.err
    assert w2v("dedup", "-", "--quiet", stdin=data).out == "a b\nc\n"
    (folder / "x.tar").write_bytes(data)
    assert (
        w2v("vocab", "x.tar", "--min-count", 1, "--quiet").out
        == w2v("vocab", "-", "--min-count", 1, "--quiet", stdin=data).out
    )
    args = ("--model", "lsa", "--topics", 1, "--min-count", 1, "-o", "x.safetensors")
    outcome = w2v("train", "-", "--format", "files", *args, stdin=data)
    assert outcome.code == 0, outcome.err
    assert "left out of archives: 2 hidden files, 1 link\n" in outcome.err


def test_rows_of_archives(folder):
    rows = [b'{"text": "a"}\n', b'{"text": "b"}\n']
    (folder / "x.tar").write_bytes(packed({"1": rows[0], "2": rows[1]}))
    batches = [*Rows(["x.tar"], DocumentSettings(format="jsonl")).batches()]
    assert [batch.rows for batch in batches] == rows
    assert [batch.tokens for batch in batches] == [b"a\n", b"b\n"]
    (folder / "t").write_bytes(packed({"1": b"id\ttext\n1\ta\n", "2": b"text\tid\na\t1\n"}))
    with pytest.raises(W2VError, match="^t: 2: the header differs from that of t: 1, so that the"):
        [*Rows(["t"], DocumentSettings(format="tsv")).batches()]


def test_nothing_is_written_to_the_disk(w2v, folder, monkeypatch):
    (folder / "x.tar").write_bytes(packed({"../../etc/a": b"a b\n", "/abs": b"c\n"}))
    before = sorted(os.listdir(folder))
    assert w2v("phrases", "x.tar", "--quiet").out == "a b\nc\n"
    assert sorted(os.listdir(folder)) == before
