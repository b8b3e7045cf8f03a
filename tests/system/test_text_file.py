"""Text files of all kinds of programs, which one function opens."""

import codecs
import gzip
import io
import os

import numpy as np
import pytest
from helpers import PACKERS

from w2v.embeddings import formats
from w2v.errors import W2VError
from w2v.system.text_file import lines_as_they_come, numbered_lines
from w2v.text.vocabulary import word_counts

WORDS = ["größe", "我", "café", "d"]
ROWS = [[1, 0, 0], [0.9, 0.3, 0], [0, 1, 0.1], [0, 0.1, 1]]
DISGUISES = {
    "plain": lambda text: text.encode(),
    "mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "windows": lambda text: codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode(),
    "no last line end": lambda text: text.rstrip("\n").encode(),
    "mark, no last line end": lambda text: codecs.BOM_UTF8 + text.rstrip("\n").encode(),
    **{kind: lambda text, kind=kind: PACKERS[kind](text.encode()) for kind in PACKERS},
    "packed, mark": lambda text: gzip.compress(codecs.BOM_UTF8 + text.encode()),
    "utf-16": lambda text: text.replace("\n", "\r\n").encode("utf-16"),
    "utf-16 of another machine": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "utf-32": lambda text: text.encode("utf-32"),
    "packed utf-16": lambda text: gzip.compress(text.encode("utf-16")),
}


@pytest.fixture(params=DISGUISES)
def write(request, folder):
    """Write a text in one of the encodings and packings: write("name", text) -> the name."""

    def written(name, text):
        (folder / name).write_bytes(DISGUISES[request.param](text))
        return name

    rows = zip(WORDS, ROWS, strict=True)
    text = "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in rows)
    (folder / "x.txt").write_text(f"4 3\n{text}")
    written.disguise, written.rows = request.param, text
    return written


def tsv(outcome, column=2):
    assert outcome.code == 0, outcome.err
    return [row.split("\t")[column] for row in outcome.out.splitlines()]


def test_names_that_answer_or_do_not(w2v, write):
    ask = ("similar", "d", "-v", "x.txt", "--tsv")
    assert tsv(w2v(*ask, "--only", write("some", "größe\ncafé\n"))) == ["café", "größe"]
    assert tsv(w2v(*ask, "--exclude", write("some", "größe\ncafé\n"))) == ["我"]
    assert w2v("convert", "x.txt", "y.txt", "--only", write("some", "größe\n我\n")).code == 0
    assert formats.load("y.txt").names == ["größe", "我"]


def test_queries(w2v, write, folder):
    ask = ("similar", "-v", "x.txt", "--tsv", "-k", 1)
    queries = (folder / write("queries", "größe\ncafé\n")).read_bytes()
    assert tsv(w2v(*ask, "--queries", "queries"), 0) == ["größe", "café"]
    assert tsv(w2v(*ask, "-", stdin=queries), 0) == ["größe", "café"]
    pairs = (folder / write("pairs", "größe 我\ncafé d\n")).read_bytes()
    for outcome in (
        w2v("similarity", "-v", "x.txt", "--tsv", "-", stdin=pairs),
        w2v("similarity", "-v", "x.txt", "--tsv", "--queries", "pairs"),
    ):
        assert tsv(outcome, 0) == ["größe", "café"]


def test_sets(w2v, write):
    write("pairs", "größe\t我\t9\ncafé\td\t2\ngröße\td\t1\n")
    outcome = w2v("evaluate", "similarity", "pairs", "-v", "x.txt", "--json")
    assert '"pairs": 3' in outcome.out
    assert '"found": 3' in outcome.out
    write("questions", ": one\ngröße 我 café d\n")
    outcome = w2v("evaluate", "analogies", "questions", "-v", "x.txt", "--json")
    assert outcome.code == 0, outcome.err
    assert '"section": "one"' in outcome.out
    assert '"answerable": 1' in outcome.out


def test_labels_of_a_plot(w2v, write, folder):
    write("labels", "größe\ta\n我\ta\ncafé\tb\nd\tb\n")
    outcome = w2v("plot", "-v", "x.txt", "--labels", "labels", "-o", "map.tsv")
    assert outcome.code == 0, outcome.err
    rows = [row.split("\t") for row in (folder / "map.tsv").read_text().splitlines()]
    group = rows[0].index("group")
    assert {row[0]: row[group] for row in rows[1:]} == dict(zip(WORDS, "aabb", strict=True))


def test_names_beside_an_array(write, folder):
    np.save(folder / "a.npy", np.array(ROWS, np.float32))
    write("a.words", "".join(f"{word}\n" for word in WORDS))
    assert formats.load("a.npy").names == WORDS
    np.save(folder / "b.npy", np.array(ROWS, np.float32))
    write("b.vocab", "".join(f"{word} 7\n" for word in WORDS))
    assert formats.load("b.npy").names == WORDS


def test_vectors_without_a_header(write):
    if "utf" in write.disguise:
        pytest.skip("vectors are read as bytes, and UTF-16 is named as what it is")
    assert formats.load(write("glove", write.rows)).names == WORDS


def test_counts(write):
    found = word_counts(write("counts", "größe 9\n我 8\n</s> 7\nof 9 6\n"))
    assert found == {"größe": 9, "我": 8, "</s>": 7, "of 9": 6}


def test_stop_words_connectors_and_texts(w2v, write, folder):
    write("docs", "größe 我 d\ngröße café d\n我 café e\n" * 3)
    write("stop", "größe\ncafé d\n")
    args = ("--model", "lsa", "--topics", "2", "--min-count", "1")
    outcome = w2v("train", "docs", *args, "--stopwords", "stop", "-o", "lsa.safetensors")
    assert outcome.code == 0, outcome.err
    assert sorted(formats.load("lsa.safetensors").names) == ["e", "我"]
    write("text", "größe von café\n" * 20 + "d e f g\n" * 60)
    call = ("phrases", "text", "--threshold", "1", "-o", "joined")
    outcome = w2v(*call, "--connectors", write("connectors", "von\nund\n"))
    assert outcome.code == 0, outcome.err
    assert (folder / "joined").read_text().startswith("größe_von_café\n")


def test_a_name_that_begins_with_a_mark_is_kept(w2v, folder):
    names = ["\ufefflist", "b"]
    table = formats.Table.build(names, np.eye(2, 3, dtype=np.float32))
    for target in ("x.glove", "x.npy", "x.txt", "x.bin", "x.safetensors"):
        formats.save(target, table, "words")
        assert formats.load(target).names == names, target


def test_bytes_that_are_not_utf_8_are_found_with_their_line(tmp_path):
    path = tmp_path / "list"
    path.write_bytes(b"a\r\n\nb\xe9 c\n")
    with pytest.raises(W2VError, match=r"list: line 3: not UTF-8 text \(.* at byte 2 of the line"):
        list(numbered_lines(str(path)))
    found = list(numbered_lines(str(path), "surrogateescape"))
    assert found == [(1, "a"), (2, ""), (3, "b\udce9 c")]
    path.write_bytes(codecs.BOM_UTF16_LE + b"a")
    with pytest.raises(
        W2VError, match="list: begins with the byte order mark of UTF-16, but is not"
    ):
        list(numbered_lines(str(path)))
    path.write_bytes(gzip.compress(b"a\n" * 1000)[:-9])
    with pytest.raises(W2VError, match="list: the compressed data is damaged or cut short"):
        list(numbered_lines(str(path)))


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("w2v.system.text_file._LONGEST_LINE", 1000)
    monkeypatch.setattr("w2v.system.text_file.BLOCK", 100)
    path = tmp_path / "list"
    path.write_bytes(b"a\nb\n" + b"x" * 2000)
    with pytest.raises(W2VError, match="list: line 3 has more than"):
        list(numbered_lines(str(path)))


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_slow_pipe_does_not_hide_a_mark(size, disguise):
    class Slow(io.RawIOBase):
        """A stream that returns a few bytes at a time."""

        def __init__(self, data):
            self._data = io.BytesIO(data)

        def readable(self):
            return True

        def readinto(self, buffer):
            data = self._data.read(min(size, len(buffer)))
            buffer[: len(data)] = data
            return len(data)

    data = DISGUISES[disguise]("größe\n\n我\n")
    if data[:1] in (b"\x1f", b"B", b"\xfd", b"\x28"):
        return  # whether it is packed is seen from what is there at first
    found = lines_as_they_come(io.BufferedReader(Slow(data), 16), "stdin")
    assert [line.decode() for some in found for line in some] == ["größe", "", "我"]


def test_an_answer_does_not_wait_for_the_next_line():
    read, written = os.pipe()
    with open(read, "rb") as reader, open(written, "wb", buffering=0) as writer:
        found = lines_as_they_come(reader, "stdin")
        for line in (b"one", b"two", b"three"):
            writer.write(line + b"\n")
            assert next(found) == [line]
