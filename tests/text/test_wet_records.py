"""WET files: the records that are written are those that are read, and damage has its byte."""

import gzip
from collections import Counter

import hypothesis.strategies as st
import pytest
from hypothesis import given
from test_sources import documents_of
from test_tar_members import packed, stream_of

from w2v.errors import W2VError
from w2v.settings import DocumentSettings
from w2v.text.corpus import Corpus
from w2v.text.rows import Rows
from w2v.text.wet_records import is_warc, records

PAGES = {
    "http://a.org/x.csv": "One two\nthree é\n".encode(),
    "http://b.org/": b"WARC/1.0\r\nfour",
    "http://c.org/empty": b"",
    "http://d.org/": b"\x00\x01odd\n" + bytes(range(30)) * 40,
}


def record(kind, uri, data, version=b"WARC/1.0", end=b"\r\n"):
    lines = [version, b"WARC-Type: " + kind, b"WARC-Target-URI: " + uri.encode(),
             b"WARC-Identified-Content-Language: eng", b" continued", b"Content-Type: text/plain",
             b"Content-length: %d" % len(data), b"", b""]  # fmt: skip
    return end.join(lines) + data + end * 2


INFO = record(b"warcinfo", "", b"Software-Info: ia-web-commons\r\n")


def wet(pages=PAGES, pack=bytes, **options):
    parts = [INFO, *(record(b"conversion", uri, text, **options) for uri, text in pages.items())]
    return b"".join(map(pack, parts))


def read(data, step=100):
    left_out = Counter()
    found = {uri: b"".join(data) for uri, data in records(stream_of(data, step), "x", left_out)}
    return found, left_out


@given(st.dictionaries(st.text("abc/:", min_size=1), st.binary(max_size=300), max_size=5),
       st.integers(1, 400), st.sampled_from([b"\r\n", b"\n"]))  # fmt: skip
def test_records_come_back(pages, step, end):
    data = wet(pages, end=end)
    assert is_warc(data)
    assert read(data, step) == (pages, Counter())


def test_records_of_other_types_are_counted():
    others = record(b"response", "x", b"HTTP/1.1 200 OK\r\n") * 2 + record(b"metadata", "x", b"y")
    found, left_out = read(wet(version=b"WARC/1.1") + others)
    assert found == PAGES
    assert left_out == {"response record": 2, "metadata record": 1}


def test_of_a_field_that_occurs_twice_the_first_counts():
    second = b"WARC-Target-URI: second\r\nContent-Type:"
    data = record(b"conversion", "first", b"text").replace(b"Content-Type:", second)
    assert read(INFO + data)[0] == {"first": b"text"}


def test_a_record_that_is_not_read_is_passed_over():
    assert [uri for uri, _ in records(stream_of(wet()), "x", Counter())] == [*PAGES]


def test_a_file_that_is_cut_is_an_error_with_its_byte():
    data = wet({"u": b"text " * 20})
    for end in range(len(INFO) + 3, len(data) - 4):
        with pytest.raises(W2VError, match="^x: byte [0-9]+: ") as error:
            read(data[:end])
        byte = int(str(error.value).split()[2][:-1])
        assert len(INFO) <= byte <= end
    for end in range(len(data) - 4, len(data)):  # only line ends are missing
        assert read(data[:end])[0] == {"u": b"text " * 20}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (INFO + b"junk\n", f"byte {len(INFO)}: expected the line WARC/1.0, found b'junk"),
        (
            b"WARC/1.0\r\nContent-Length: -1\r\n\r\n",
            "byte 0: a record with the Content-Length '-1'",
        ),
        (
            b"WARC/1.0\r\nWARC-Type: conversion\r\n\r\n",
            "byte 0: a record with the Content-Length ''",
        ),
        (b"WARC/1.0\r\n" + b"a: b\n" * 2000, "a header of more than 1,000 lines"),
    ],
)
def test_a_damaged_file_is_an_error(data, said):
    with pytest.raises(W2VError) as error:
        read(data)
    assert said in str(error.value)


@pytest.mark.parametrize("name", ["x.warc.wet.gz", "x.warc.wet", "x.wet.gz", "x"])
def test_each_record_is_a_document(folder, name):
    pack = gzip.compress if name.endswith("gz") else bytes
    (folder / name).write_bytes(wet(pack=pack))
    found, corpus = documents_of(name, **({"format": "wet"} if name == "x" else {}))
    assert [*found] == [*PAGES]
    assert found["http://a.org/x.csv"] == "One two three é ".encode()
    assert found["http://b.org/"] == b"WARC/1.0\r four"
    assert found["http://c.org/empty"] == b""
    assert corpus.bytes_read == corpus.size
    assert len(documents_of(name, format="lines")[0]) > len(PAGES)


def test_records_are_sentences_by_their_lines(w2v, folder):
    pages = {"http://a/": b"a b\nc\n", "http://b/": b"d", "http://c/": b"e f\n"}
    (folder / "x.warc.wet.gz").write_bytes(wet(pages, pack=gzip.compress))
    assert b"".join(Corpus(["x.warc.wet.gz"]).blocks()) == b"a b\nc\nd\ne f\n"
    for args, stdin in ((("x.warc.wet.gz",), b""), (("-",), wet(pages))):
        assert w2v("phrases", *args, "--quiet", stdin=stdin).out == "a b\nc\nd\ne f\n"
        assert w2v("dedup", *args, "--quiet", stdin=stdin).out == "a b\nc\nd\ne f\n"
    (folder / "x.tar").write_bytes(packed({"d/x.warc.wet.gz": wet(pages, pack=gzip.compress)}))
    assert b"".join(Corpus(["x.tar"]).blocks()) == b"a b\nc\nd\ne f\n"
    assert [*documents_of("x.tar")[0]] == [*pages]
    assert len([*Rows(["x.tar"], DocumentSettings(format="lines")).batches()]) == 3


def test_what_is_wrong_is_one_line(w2v, folder):
    (folder / "x.wet").write_bytes(b"no records\n")
    (folder / "raw.warc").write_bytes(INFO + record(b"response", "u", b"HTTP/1.1 200 OK"))
    lsa = ("--model", "lsa", "--topics", 1, "--min-count", 1, "-o", "m.safetensors")
    for args, said in (
        (("train", "x.wet", *lsa), "x.wet: no WET file: it begins with no record of WARC"),
        (("train", "raw.warc", *lsa), "raw.warc: a WARC file without extracted texts"),
        (("vocab", "raw.warc"), "raw.warc: a WARC file without extracted texts"),
    ):
        outcome = w2v(*args)
        assert outcome.code == 2
        assert outcome.err.splitlines()[-1].startswith(f"w2v: {said}"), outcome.err
    (folder / "twice.wet").write_bytes(wet({"u": b"a"}) + wet({"u": b"b"}))
    outcome = w2v("train", "twice.wet", *lsa)
    assert "an earlier document has the same name 'u': --merge-ids joins both" in outcome.err
    assert w2v("train", "twice.wet", "--merge-ids", *lsa).code == 0
