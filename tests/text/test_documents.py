"""Documents in files: formats, names, duplicates, empty and huge ones."""

import csv
import errno
import gzip
import io
import json
import os
import tarfile

import hypothesis.strategies as st
import numpy as np
import pytest
from helpers import compiled_only
from hypothesis import given

from w2v import load
from w2v.errors import W2VError
from w2v.models import models
from w2v.settings import DocumentSettings, TextSettings
from w2v.system.packed_ids import PackedIds
from w2v.text import columns
from w2v.text.beginnings import beginnings
from w2v.text.document_files import DocumentFile, formats_of, rows_in_folders
from w2v.text.documents import DocumentCorpus
from w2v.text.encode import open_corpus, read
from w2v.text.encoded_text import EncodedDocuments, Spans
from w2v.training.chunks import DocumentPlan

WORDS = TextSettings(min_count=1)


def opened(*paths, text=WORDS, **options):
    """(corpus, its documents as {name: words}), after reading."""
    corpus = open_corpus([str(path) for path in paths], text, DocumentSettings(**options))
    vocabulary, found = read(corpus, text, lambda tokens: None)
    words = {name: [] for name in found.names}
    for row, begin, end in zip(found.rows, found.begins, found.ends, strict=True):
        ids = found.ids.read(begin, end)
        words[found.names[row]] += [vocabulary.names[i] for i in ids]
    return corpus, words


def test_a_line_is_a_document_named_by_its_number_also_an_empty_one(folder):
    (folder / "a").write_text("one two\n\nthree</s> </s> four")
    corpus, words = opened("a")
    assert words == {"1": ["one", "two"], "2": [], "3": ["three</s>", "four"]}
    assert corpus.labels == [()] * 3


def test_lines_of_several_files_are_numbered_through_unless_the_file_is_in_the_name(folder):
    (folder / "a").write_text("x\ny\n")
    (folder / "b.gz").write_bytes(gzip.compress(b"z\n"))
    assert list(opened("a", "b.gz")[1]) == ["1", "2", "3"]
    assert list(opened("a", "b.gz", id_prefix="file")[1]) == ["a:1", "a:2", "b:1"]


@pytest.mark.parametrize(
    ("rows", "columns", "labels", "words"),
    [
        ("7\tx y\n1854020000\tz\n", None, [(), ()], {"7": ["x", "y"], "1854020000": ["z"]}),
        ("pos\ta\tx\tq\nneg\tb\ty", None, [("pos",), ("neg",)], {"a": ["x", "q"], "b": ["y"]}),
        ("pos\tx\nneg\ty\n", "label,text", [("pos",), ("neg",)], {"1": ["x"], "2": ["y"]}),
        ("a\tjunk\tx\r\n\nb\tjunk\ty\r\n", "id,-,text", [(), ()], {"a": ["x"], "b": ["y"]}),
        ("a\t\nb\ty\n", None, [(), ()], {"a": [], "b": ["y"]}),
    ],
)
def test_rows_of_a_table(folder, rows, columns, labels, words):
    (folder / "t.tsv").write_bytes(rows.encode())
    corpus, found = opened("t.tsv", columns=columns)
    assert (found, corpus.labels) == (words, labels)
    assert corpus.blank_rows == rows.count("\n\n")


@pytest.mark.parametrize(
    ("name", "rows", "options", "labels", "words"),
    [
        ("t.tsv", "id\ttext\n7\tx\ty\n", {}, [()], {"7": ["x", "y"]}),
        ("t.tsv", "\ufeffID\tLabel\tText\r\n7\tp\tx\r\n", {}, [("p",)], {"7": ["x"]}),
        ("t.tsv", "text\tlabel\nx y\tp\n", {}, [("p",)], {"1": ["x", "y"]}),
        ("t.tsv", "date\ttext\tid\nd\tx\ti\n", {}, [()], {"i": ["x"]}),
        ("t.tsv", "id\ttext\n7\tx\n", {"header": "no"}, [()] * 2, {"id": ["text"], "7": ["x"]}),
        ("t.tsv", "id\ttext\n7\tx\n", {"columns": "label,text"}, [("7",)], {"1": ["x"]}),
        (
            "t.tsv",
            "nr\tbody\n7\tx\n",
            {"columns": "id,text", "header": "yes"},
            [()],
            {"7": ["x"]},
        ),
        ("t.tsv", "a text\tid\nb\tx\n", {}, [()] * 2, {"a text": ["id"], "b": ["x"]}),
        ("t.csv", "7,x\n8,y\n", {}, [()] * 2, {"7": ["x"], "8": ["y"]}),
        ("t.csv", 'text,id\n"x, ""y""\nz",7\n', {}, [()], {"7": ["x,", '"y"', "z"]}),
        ("t.csv.gz", "label;text\r\np;x\r\n\r\n", {}, [("p",)], {"1": ["x"]}),
        ("t.csv", "id|text\n7|x; y\n", {}, [()], {"7": ["x;", "y"]}),
        ("t.csv", "text\nx\n\ny\n", {}, [()] * 2, {"1": ["x"], "2": ["y"]}),
        ("t", 'p,1,"x\n\ny"\n', {"format": "csv"}, [("p",)], {"1": ["x", "y"]}),
        ("t", 'id\ttext\n1\t"x\ty"\n', {"format": "csv"}, [()], {"1": ["x", "y"]}),
    ],
)
def test_headings_and_quotes(folder, name, rows, options, labels, words):
    data = rows.encode()
    (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    corpus, found = opened(name, **options)
    assert (found, corpus.labels) == (words, labels)


def test_each_file_of_a_table_has_its_own_heading(folder):
    (folder / "a.csv").write_text("id,text\n1,x\n")
    (folder / "b.csv").write_text("text,id\ny,2\n")
    assert opened("a.csv", "b.csv")[1] == {"1": ["x"], "2": ["y"]}


def test_a_csv_with_long_fields_and_many_lines_is_read_in_parts(folder, monkeypatch):
    monkeypatch.setattr("w2v.text.corpus.BLOCK", 7)
    longest = csv.field_size_limit() // len("long ") + 1
    rows = [(f"d{n}", f'w{n} "q"\n' + "long " * (n if n < 19 else longest)) for n in range(20)]
    with open("t.csv", "w", newline="") as file:
        csv.writer(file).writerows([("id", "text"), *rows])
    limit = csv.field_size_limit()
    assert opened("t.csv")[1] == {name: text.split() for name, text in rows}
    assert csv.field_size_limit() == limit


def test_readers_of_two_csv_files_do_not_change_each_others_limit():
    limit = csv.field_size_limit()
    long = "x" * (limit + 1)
    first, second = (columns.records(iter(["a\n", f"{long}\n"]), name) for name in "ab")
    for reader in (first, second, first, second):
        fields = next(reader)[2]
        assert csv.field_size_limit() == limit  # for other readers of the program
    assert fields == [long]
    assert [*first] == [*second] == []


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_blocks_of_whole_lines_are_the_text(size):
    text = b"a\n\nbcd\r\nlonger than a block\nend"
    blocks = (text[at : at + size] for at in range(0, len(text), size))
    found = [*columns.whole_lines(blocks, "t")]
    assert b"".join(found) == text
    assert all(block.endswith(b"\n") for block in found[:-1])


@pytest.mark.parametrize("blank", [" ", "\t", "  ", "\v", "\f", "\t \t"])
def test_a_label_ends_at_any_blank(folder, blank):
    (folder / "t").write_text(f"__label__history{blank}red army\n  __label__art{blank}blue\n")
    corpus = open_corpus(["t"], WORDS, DocumentSettings(), "needed")
    words = b"".join(corpus.blocks()).split()
    assert corpus.labels == [("history",), ("art",)]
    assert words == [b"red", b"army", b"blue"]


def test_json_lines(folder):
    rows = [
        {"id": 12, "text": "x\ny </s> z", "label": "pos"},
        {"text": "t\tu"},
        {"id": "ä ö", "text": "", "more": [1]},
    ]
    (folder / "d.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    corpus, words = opened("d.jsonl")
    assert words == {"12": ["x", "y", "z"], "2": ["t", "u"], "ä ö": []}
    assert corpus.labels == [("pos",), (), ()]
    (folder / "e.jsonl").write_text('{"body": "x", "key": "k", "topic": 3}\n')
    options = {"text_field": "body", "id_field": "key", "label_field": "topic"}
    corpus, words = opened("e.jsonl", **options)
    assert (words, corpus.labels) == ({"k": ["x"]}, [("3",)])


def test_halves_of_surrogate_pairs_in_a_text_are_replaced_and_counted(folder):
    (folder / "d.jsonl").write_text('{"text": "a"}\n{"text": "b\\ud83d \\udc80 \\ud83d\\ude00"}\n')
    corpus, words = opened("d.jsonl")
    assert words == {"1": ["a"], "2": ["b\ufffd", "\ufffd", "\U0001f600"]}
    assert (corpus.bad_bytes, corpus.first_bad) == (2, "d.jsonl: row 2")


def test_file_names_that_are_not_utf_8_name_documents(folder):
    (folder / "posts").mkdir()
    (folder / "posts" / "caf\udce9").write_text("x\n")
    assert opened("posts")[1] == {"caf\udce9": ["x"]}
    assert opened("posts/caf\udce9", id_prefix="file", format="lines")[1] == {"caf\udce9:1": ["x"]}


def test_files_of_a_folder(folder):
    (folder / "posts" / "deep").mkdir(parents=True)
    (folder / "posts" / "b").write_text("x\ny\n\n")
    (folder / "posts" / "deep" / "a").write_bytes(gzip.compress(b"z"))
    (folder / "posts" / ".hidden").write_text("no")
    _, words = opened("posts")
    assert words == {"b": ["x", "y"], "deep/a": ["z"]}
    (folder / "one").write_text("p\nq")
    _, words = opened("posts", "one", format="files")
    assert words["one"] == ["p", "q"]


def test_linked_folders_are_followed_and_read_once(w2v, folder):
    for name, text in (("posts/z/a", "x"), ("other/deep/b", "y"), ("posts/c", "w")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "posts" / "again").symlink_to("z")  # which is read by its own name
    (folder / "posts" / "link").symlink_to(folder / "other")
    (folder / "posts" / "z" / "up").symlink_to("..")
    (folder / "other" / "deep" / "itself").symlink_to(folder / "other")
    assert opened("posts")[1] == {"c": ["w"], "link/deep/b": ["y"], "z/a": ["x"]}
    outcome = w2v("vocab", "-r", "posts", "--min-count", 1)
    assert outcome.out.splitlines() == ["</s> 3", "w 1", "y 1", "x 1"]
    (folder / "start").symlink_to("posts")
    assert list(opened("start")[1]) == ["c", "link/deep/b", "z/a"]
    (folder / "posts" / "dead").symlink_to("nothing")
    outcome = w2v("vocab", "-r", "posts")
    assert (outcome.code, outcome.err) == (
        2, "w2v: posts/dead is a broken link: remove it, or name the files to read\n"
    )  # fmt: skip


def test_a_folder_that_cannot_be_read_is_an_error(w2v, folder, monkeypatch):
    """It is not left out in silence."""
    (folder / "posts" / "closed").mkdir(parents=True)
    (folder / "posts" / "a").write_text("x")
    scandir = os.scandir

    def refused(path):
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    outcome = w2v("vocab", "-r", "posts")
    assert (outcome.code, outcome.err) == (2, "w2v: posts/closed: Permission denied\n")


def test_each_file_has_its_format(folder):
    (folder / "a").write_text("k\tx\n")
    (folder / "b.tsv").write_text("y z\n")
    assert opened("a", "b.tsv", format="tsv,lines")[1] == {"k": ["x"], "2": ["y", "z"]}


def test_names_that_come_twice_are_a_mistake_unless_they_are_to_be_merged(folder):
    (folder / "a.tsv").write_text("k\tx\nl\ty\n")
    (folder / "b.tsv").write_text("k\tz\n")
    with pytest.raises(
        W2VError, match="b.tsv: row 1: an earlier document has the same name 'k': --merge"
    ):
        opened("a.tsv", "b.tsv")
    corpus, words = opened("a.tsv", "b.tsv", merge_ids=True)
    assert words == {"k": ["x", "z"], "l": ["y"]}
    assert list(corpus.rows) == [0, 1, 0]
    assert list(opened("a.tsv", "b.tsv", id_prefix="file")[1]) == [
        "a.tsv:k", "a.tsv:l", "b.tsv:k",
    ]  # fmt: skip


def tar_of(*members):
    """A tar archive of files, each a pair of its name and its bytes."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, data in members:
            header = tarfile.TarInfo(name)
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
    return file.getvalue()


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_what_is_in_quotes_does_not_tell_the_separator_of_csv(folder, separator):
    rows = ["a", 'x, "y"; z'], ["b", "x,\ny"], ["c", "z"]
    for begin in (0, 1):
        with (folder / "t.csv").open("w", newline="") as file:
            csv.writer(file, delimiter=separator).writerows(rows[begin:])
        words = {"a": ["x,", '"y";', "z"], "b": ["x,", "y"], "c": ["z"]}
        assert opened("t.csv")[1] == {row[0]: words[row[0]] for row in rows[begin:]}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_quote_inside_a_field_does_not_hide_the_separator_of_csv(folder, separator):
    (folder / "t.csv").write_text(f'12"{separator}a 7" disc\n{separator}b\n')
    assert opened("t.csv")[1] == {'12"': ["a", '7"', "disc"], "": ["b"]}
    (folder / "t.csv").write_text(f'"a ""b, c"""{separator}d\n')
    assert opened("t.csv")[1] == {'a "b, c"': ["d"]}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_blank_rows_before_the_first_row_of_csv_do_not_tell_the_separator(folder, separator):
    (folder / "t.csv").write_text(f"\n\r\n \t\nid{separator}text\n1{separator}x y\n")
    corpus, words = opened("t.csv")
    assert (words, corpus.blank_rows) == ({"1": ["x", "y"]}, 3)


def test_the_advice_for_names_that_come_twice_works(folder):
    """Of one file, neither its name nor its folder tells the rows apart."""

    def advice(*paths, **settings):
        """What the message advises besides --merge-ids and another id."""
        with pytest.raises(W2VError, match="has the same name") as error:
            opened(*paths, **settings)
        found = str(error.value).partition("--merge-ids joins both")[2]
        return found.replace("; --columns or --id-field chooses the id", "")

    three = {"columns": "label,id,text"}
    (folder / "one.tsv").write_text("k\tx\nk\ty\n")
    (folder / "two.tsv").write_text("k\tz\n")
    (folder / "labels.tsv").write_text("a\tk\tx\nb\tk\ty\n")
    for prefix in ("none", "file", "label"):
        assert advice("one.tsv", id_prefix=prefix) == ""
    assert advice("labels.tsv", **three) == "; --id-prefix label makes names differ"
    assert (
        advice("labels.tsv", id_prefix="file", **three) == "; --id-prefix label makes names differ"
    )
    assert len(opened("labels.tsv", id_prefix="label", **three)[1]) == 2
    assert advice("two.tsv", "one.tsv") == "; --id-prefix file makes names differ"
    (folder / "sub").mkdir()
    (folder / "sub" / "two.tsv").write_text("k\tw\n")
    (folder / "three.tsv").write_text("v\tw\n")
    twins = "two.tsv", "three.tsv", "sub/two.tsv"
    for prefix, options in (("none", "--format and --id-prefix file"), ("file", "--format")):
        said = f"; give the folder that contains both files, and {options}, so that "
        assert advice(*twins, id_prefix=prefix).startswith(said)
    (folder / "rows.tar").write_bytes(tar_of(("a.tsv", b"k\tx\n"), ("b.tsv", b"k\ty\n")))
    assert advice("rows.tar") == "; --id-prefix file makes names differ"
    assert len(opened("rows.tar", id_prefix="file")[1]) == 2
    (folder / "texts.tar").write_bytes(tar_of(("a", b"x")))
    (folder / "again.tar").write_bytes(tar_of(("a", b"y")))
    assert advice("texts.tar", "again.tar").startswith("; to keep both, give the folder")
    (folder / "twice.tar").write_bytes(tar_of(("a", b"x"), ("a", b"y")))
    assert advice("twice.tar") == ""


def test_labels_tell_ids_apart_that_come_once_for_each(folder):
    rows = [{"id": 1, "label": "x", "text": "p"}, {"id": 1, "label": "y", "text": "q"}]
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, [*rows, {"text": "r"}])))
    assert opened("a.jsonl", id_prefix="label")[1] == {"x:1": ["p"], "y:1": ["q"], "3": ["r"]}


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("t.tsv", "no tab here\n", {}, "t.tsv: row 1: expected id TAB text, found 'no tab here'"),
        ("t.tsv", "a\tb\tc\na\tb\n", {}, "row 2: expected label TAB id TAB text"),
        ("d.jsonl", "[1]\n", {}, "d.jsonl: row 1: expected a JSON object, found '[1]'"),
        ("d.jsonl", '{"text"\n', {}, "row 1: expected a JSON object"),
        ("d.jsonl", '[{"text": "a"},\n', {}, 'found \'[{"text": "a"},\': write each object on'),
        (
            "d.jsonl",
            '{\n "text": "a"\n}\n',
            {},
            "found '{': write each object on a line of its own",
        ),
        ("d.jsonl", "[" * 100_000, {}, "row 1: expected a JSON object"),
        ("d.jsonl", '{"id": "a"}\n', {}, "row 1: the field 'text' is missing or null"),
        (
            "d.jsonl",
            '{"text": ["x"]}\n',
            {},
            "'text' must be a string or a whole number, found [\"x\"]",
        ),
        ("d.jsonl", '{"text": "x"}\n', {"id_field": "key"}, "the field 'key' is missing or null"),
        (
            "d.jsonl",
            '{"text": "x", "id": true}\n',
            {},
            "the field 'id' must be a string or a whole number, found true",
        ),
        ("d.jsonl", '{"id": "a\\ud83d", "text": "x"}\n', {}, "row 1: the field 'id' has half of a"),
        (
            "d.jsonl",
            '{"label": "\\udc80", "text": "x"}\n',
            {},
            "'label' has half of a surrogate pair",
        ),
        ("x", "x", {"format": "xml"}, "--format xml: no such format; expected lines, tsv, csv"),
        ("x", "x", {"format": "tsv,tsv"}, "--format names 2 formats for 1 file: give"),
        ("x", "x", {"columns": "id,label"}, "--columns id,label: expected text once"),
        ("x", "x", {"columns": "id,id,text"}, "--columns id,id,text: expected text once"),
        ("t.tsv", "a\tb\tc\n", {"columns": "text,id"}, "row 1: expected text TAB id, found"),
        ("t.csv", "a,b\n", {"columns": "id,label,text"}, "row 1: expected id,label,text, found"),
        (
            "t.tsv",
            "a\tb\n",
            {"header": "yes"},
            "row 1: the header must name one column text, found",
        ),
        ("t.csv", "text,Text,label\na,b,c\n", {}, "t.csv: row 1: the header names 2 columns text"),
        ("t.csv", "id,id,text\na,b,c\n", {}, "t.csv: row 1: the header names 2 columns id"),
        ("t.tsv", "text\tlabel\tlabel\n", {}, "t.tsv: row 1: the header names 2 columns label"),
        ("t.csv", "id,text\n1,a\n2\n", {}, "t.csv: row 3: expected id,text, found '2'"),
        ("t.csv", 'id,text\n1,"a\nb"\n2\n', {}, "t.csv: row 3 (line 4): expected id,text, found"),
        ("t.csv", 'id,text\n1,"a\nb', {}, "t.csv: row 2: unexpected end of data"),
        ("t.csv", 'id,text\n1,"a" b\n', {}, "t.csv: row 2: ',' expected after"),
        ("t.csv", "id,text\r1,a\r", {}, "t.csv: row 1: a carriage return (CR) without a line feed"),
        ("t.csv", '\n\nid;text\n1;"a\nb"\n2;c;d\n', {}, "t.csv: row 5 (line 6): expected id;text"),
        ("t.csv", "1,a\n1,b\n", {}, "t.csv: row 2: an earlier document has the same name '1'"),
        ("x", "x", {"columns": "name,text"}, "--columns name,text: expected text once"),
        ("x", "\n\n", {}, "x: no words in the text"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(folder, name, content, options, message):
    (folder / name).write_text(content)
    with pytest.raises(W2VError) as error:
        opened(name, **options)
    assert message in str(error.value)


def test_a_folder_is_told_from_files(folder):
    (folder / "empty").mkdir()
    with pytest.raises(W2VError, match="empty: no files in this folder"):
        opened("empty")
    with pytest.raises(W2VError, match="empty: no files in this folder"):
        opened("empty", format="lines")


def test_documents_that_are_files_are_named_by_their_paths_as_given(folder):
    """Two files with one base name are two documents, and --by folder knows their folders."""
    for name in ("mail/a/1", "mail/b/1.gz"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x\ny\n")
    _, words = opened("mail/a/1", "./mail/b/1.gz", format="files")
    assert words == {"mail/a/1": ["x", "y"], "mail/b/1": ["x", "y"]}
    assert opened("mail", format="files")[1] == opened("mail")[1]
    with pytest.raises(W2VError, match="mail/a/1: an earlier document has the same name"):
        opened("mail/a/1", "mail/a/1", format="files")


def test_a_format_is_that_of_all_files_of_a_folder(folder):
    for name in ("rows/a/t.tsv", "rows/b/t.tsv"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("k\tx\nl\ty\n")
    found = opened("rows", format="tsv", id_prefix="file")[1]
    assert list(found) == ["a/t.tsv:k", "a/t.tsv:l", "b/t.tsv:k", "b/t.tsv:l"]
    with pytest.raises(W2VError, match="give the folder that contains both files, and --format"):
        opened("rows/a/t.tsv", "rows/b/t.tsv", id_prefix="file")


@compiled_only
@pytest.mark.parametrize("model", [each for each in models().values() if each.has_documents])
def test_a_folder_means_the_same_with_and_without_r(w2v, folder, model):
    """Each of its files is a document, named by its path, also where base names are equal."""
    names = {f"{box}/{i}.eml" for box in "ab" for i in range(4)}
    for name in names:
        (folder / "mail" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "mail" / name).write_text("one two three\nfour five six\n" * 5)
    (folder / "init.txt").write_text("".join(f"{w} 1 {i}\n" for i, w in enumerate(
        ("one", "two", "three", "four", "five", "six"))))  # fmt: skip
    run = ("--model", model.name, "--min-count", 1, "--quiet", "--threads", 1, "--sample", 0)
    run += {"sif": ("--init", "init.txt"), "lda": ("--topics", 2), "lsa": ("--topics", 2)}.get(
        model.name, ("--dim", 4, "--epochs", 1)
    )
    run = run if model.has_loss else run[:-6] + run[-2:]
    for options in ((), ("-r",), ("-r", "--format", "files")):
        outcome = w2v("train", *options, "mail", *run, "-o", "model.safetensors")
        assert outcome.code == 0, outcome.err
        assert {*load("model.safetensors", table="documents")} == names


@compiled_only
def test_commands_that_read_a_folder_take_r_as_train_does(w2v, folder):
    for number in range(6):
        (folder / "mail" / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        text = "one two three\nfour five six\n" * (5 + number)
        (folder / "mail" / "ab"[number % 2] / f"{number}.eml").write_text(text)
    (folder / "labelled").write_text("__label__a one two\n__label__b four five\n" * 9)
    small = ("--min-count", 1, "--epochs", 1, "--threads", 1, "--quiet")
    for args in (("-r", "mail", "--model", "lda", "--topics", 2, "-o", "lda.safetensors"),
                 ("labelled", "--model", "nbow", "-o", "nbow.safetensors"),
                 ("-r", "mail", "--model", "mlp", "--task", "lm",
                  "-o", "lm.safetensors")):  # fmt: skip
        assert w2v("train", *args, *small).code == 0
    for call in (("infer", "lda.safetensors"), ("predict", "nbow.safetensors"),
                 ("perplexity", "lda.safetensors"), ("topics", "lda.safetensors", "--by", "folder"),
                 ("evaluate", "self-retrieval", "lda.safetensors")):  # fmt: skip
        wanted, found = w2v(*call, "mail"), w2v(*call, "-r", "mail")
        assert (found.code, found.out) == (0, wanted.out), found.err
        assert found.out
    assert "read all its files with -r" in w2v("perplexity", "lm.safetensors", "mail").err
    files = sorted((folder / "mail").glob("*/*"))
    wanted, found = (w2v("perplexity", "lm.safetensors", *args) for args in (files, ("-r", "mail")))
    assert (found.code, found.out) == (0, wanted.out), found.err
    assert found.out


def test_rows_in_a_folder_are_read_as_one_document_and_this_is_said(w2v, folder):
    (folder / "posts").mkdir()
    (folder / "posts" / "a.tsv").write_text("k\tx y z\nl\tx y\n")
    run = ("--model", "lda", "--topics", 2, "--epochs", 1, "--min-count", 1)
    for options, warned in (((), True), (("--format", "tsv"), False), (("-r",), True)):
        outcome = w2v("train", "posts", *run, *options)
        assert outcome.code == 0, outcome.err
        assert warned == (
            "1 file of rows in folders read as one document each, such as posts/a.tsv: --format "
            "tsv reads each row as a document\n" in outcome.err
        )


@pytest.mark.parametrize(("name", "format"), [("a.parquet", "parquet"), ("a.feather", "arrow")])
def test_files_with_columns_in_a_folder_are_said_to_be_one_document_each(folder, name, format):
    assert rows_in_folders([DocumentFile(f"posts/{name}", "files", name, f"{name}/")])
    assert formats_of([name], None) == [format]


def test_an_output_never_replaces_a_file_of_a_folder_that_is_read(w2v, folder):
    (folder / "mail").mkdir()
    (folder / "mail" / "a.txt").write_text("x y z\n")
    run = ("--model", "lda", "--topics", 2, "--epochs", 1, "--min-count", 1, "-o", "mail/a.txt")
    for options in ((), ("-r",)):
        outcome = w2v("train", "mail", *options, *run)
        assert outcome.code == 2
        assert outcome.err == (
            "w2v: -o mail/a.txt is one of the texts: name another file to write\n"
        )
    assert (folder / "mail" / "a.txt").read_text() == "x y z\n"


def test_a_row_that_is_too_long_is_refused(folder, monkeypatch):
    monkeypatch.setattr("w2v.text.columns.LONGEST_ROW", 100)
    (folder / "t.tsv").write_text("a\tx\nb\t" + "y " * 100)
    with pytest.raises(W2VError, match="t.tsv: row 2 has more than"):
        opened("t.tsv")


def test_blocks_are_cut_anywhere(folder, monkeypatch):
    """Rows and lines are longer than the blocks in which a file is read."""
    monkeypatch.setattr("w2v.text.corpus.BLOCK", 7)
    rows = {f"d{n}": ["w" * (n % 9), f"v{n}"] for n in range(40)}
    table = "".join(f"{name}\t{' '.join(words)}\n" for name, words in rows.items())
    (folder / "t.tsv").write_text(table)
    (folder / "lines").write_text("".join(" ".join(words) + "\n" for words in rows.values()))
    wanted = [[word for word in words if word] for words in rows.values()]
    assert list(opened("t.tsv")[1].values()) == wanted
    assert list(opened("lines")[1].values()) == wanted


def test_the_fingerprint_is_that_of_texts_and_names(folder):
    def fingerprint(content, **options):
        (folder / "t.tsv").write_text(content)
        return opened("t.tsv", **options)[0].fingerprint

    one = fingerprint("a\tx\n")
    assert one == fingerprint("a\tx\n")
    others = [fingerprint("b\tx\n"), fingerprint("a\ty\n"), fingerprint("a\tx\n", id_prefix="file")]
    assert len({one, *others}) == 4


def test_the_fingerprint_is_that_of_the_text_and_the_bounds_of_files(folder):
    """Text that moves from one file to the next makes other documents."""
    (folder / "f").mkdir()

    def corpus(*texts):
        for name, text in zip("ab", texts, strict=True):
            (folder / "f" / name).write_text(text)
        return opened("f")[0]

    one, other = corpus("x\n", "y\nz"), corpus("x\ny\n", "z\n")
    assert one.text_fingerprint == other.text_fingerprint
    assert one.fingerprint != other.fingerprint
    (folder / "lines").write_text("x\ny\nz")
    lines = opened("lines")[0]
    assert lines.fingerprint == lines.text_fingerprint == one.text_fingerprint


def make(lengths, rows=None):
    starts = np.cumsum([0, *lengths])
    rows = np.arange(len(lengths)) if rows is None else rows
    words = PackedIds(np.arange(starts[-1]))
    return EncodedDocuments(
        words, starts, np.array(rows, np.int32), [str(n) for n in range(max(rows) + 1)]
    )


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30).filter(any), st.integers(1, 3))
def test_every_document_is_trained_once_an_epoch(lengths, epochs):
    """Each word is trained with its document; a long document is divided into parts, in order."""
    text = make(lengths)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("w2v.training.chunks.SMALL_CHUNK", 10)
        chunks = DocumentPlan(text, epochs, 1)
    for epoch in range(epochs):
        seen = {row: [] for row in range(len(lengths))}
        for chunk in (c for c in chunks if c.epoch == epoch):
            ids, bounds = text.gather(chunk.spans)
            assert ids.size == chunk.last - chunk.first <= chunks.longest
            assert chunk.spans.rows.size <= chunks.most_spans
            for row, a, b in zip(chunk.spans.rows, bounds, bounds[1:], strict=False):
                assert a < b
                seen[row] += ids[a:b].tolist()
        for row, words in seen.items():
            assert words == list(range(text.starts[row], text.starts[row + 1]))
    assert [c.end for c in chunks][-1] == 1


def test_no_chunk_is_longer_than_the_row_copies_have_room_for(monkeypatch):
    """In the order 6, 6, 22 the last chunk has 22 words, where 21 were expected once."""
    monkeypatch.setattr("w2v.training.chunks.SMALL_CHUNK", 10)
    chunks = DocumentPlan(make([6, 6, 22]), 20, seed=1)
    assert max(chunk.last - chunk.first for chunk in chunks) == 22 <= chunks.longest
    rng = np.random.default_rng(3)
    for seed in range(200):
        plan = DocumentPlan(make(rng.integers(1, 30, rng.integers(1, 12)).tolist()), 5, seed)
        assert all(chunk.last - chunk.first <= plan.longest for chunk in plan)


def test_documents_find_a_new_place_in_each_epoch():
    text = make([100] * 200)
    chunks = DocumentPlan(text, 2, seed=1)
    orders = [[row for c in chunks if c.epoch == epoch for row in c.spans.rows] for epoch in (0, 1)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(200))
    assert orders[0] != orders[1]
    neighbours = [{*zip(order, order[1:], strict=False)} for order in orders]
    assert len(neighbours[0] & neighbours[1]) < 10  # documents, not only chunks, are shuffled


def test_some_documents_of_a_text():
    text = make([2, 3, 0, 1], rows=[0, 1, 2, 0])
    some = text.with_names(["2", "0", "no"])
    assert some.sizes().tolist() == [0, 3, 0]
    ids, bounds = some.gather(Spans(some.rows, some.begins, some.ends))
    assert (ids.tolist(), bounds.tolist()) == ([0, 1, 5], [0, 2, 2, 3])


def test_a_corpus_of_stdin(folder, monkeypatch):
    import io

    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"x\ny\n")))
    monkeypatch.setattr("sys.stdin", stdin)
    corpus = DocumentCorpus(["-"], WORDS, DocumentSettings(id_prefix="file"))
    assert b"".join(corpus.blocks()) == b"x\ny\n"
    assert corpus.names == ["stdin:1", "stdin:2"]


def beginnings_of(*paths, wanted=None, extra=None, **options):
    corpus = DocumentCorpus([str(each) for each in paths], WORDS, DocumentSettings(**options),
                            extra=extra)  # fmt: skip
    every = type("Every", (), {"__contains__": lambda self, name: True})()
    return beginnings(corpus, every if wanted is None else wanted), corpus


@pytest.mark.parametrize("block", [1, 7, 1 << 20])
def test_beginnings_are_those_of_the_texts_whatever_the_blocks(folder, monkeypatch, block):
    monkeypatch.setattr("w2v.text.corpus.BLOCK", block)
    long = "été " * 60
    (folder / "lines").write_text(f"one  two\n\n\tthree {long}\nlast")
    found, _ = beginnings_of("lines")
    cut = " ".join(["three", *long.split()])[:159].rstrip() + "…"
    assert found == {"1": "one two", "2": "", "3": cut, "4": "last"}
    assert beginnings_of("lines", wanted={"4", "9"})[0] == {"4": "last"}
    (folder / "t.csv").write_text('id,text\nx,"a\nb ""c"""\ny,d\n')
    assert beginnings_of("t.csv")[0] == {"x": 'a b "c"', "y": "d"}
    (folder / "j.jsonl").write_text('{"id": 5, "text": "\\n\\n a\\tb"}\n{"id": "6", "text": ""}\n')
    assert beginnings_of("j.jsonl")[0] == {"5": "a b", "6": ""}
    (folder / "many").mkdir()
    (folder / "many" / "a.txt").write_text("Title\n\nbody")
    (folder / "many" / "b.txt").write_text("other")
    assert beginnings_of("many")[0] == {"a.txt": "Title body", "b.txt": "other"}


def test_a_beginning_is_that_of_the_first_document_with_the_name(folder):
    (folder / "t.tsv").write_text("x\tfirst\nx\tsecond\n")
    assert beginnings_of("t.tsv", merge_ids=True)[0] == {"x": "first"}


def test_the_fingerprint_is_that_of_training(folder):
    (folder / "t.tsv").write_text("x\tfirst\ny\tsecond\n")
    assert beginnings_of("t.tsv")[1].fingerprint == opened("t.tsv")[0].fingerprint


@pytest.mark.parametrize(
    ("rows", "options", "values"),
    [
        ("id\tYear\ttext\na\t 7 \tx y\nb\t\tz\n", {}, ["7", None]),
        ("id\ttext\na\tx\n", {"extra": "id"}, ["a"]),
        ("l\ta\tx\n", {"extra": "label"}, ["l"]),  # without a header, by the usual names
        ("a\t1\tx\n", {"extra": "label", "columns": "id,label,text"}, ["1"]),
        ("id\tyear\ttext\na\t7\tx\n", {"columns": "id,-,text"}, ["7"]),
    ],
)
def test_an_extra_column_is_read_too(folder, rows, options, values):
    (folder / "t.tsv").write_text(rows)
    found, corpus = beginnings_of("t.tsv", **{"extra": "year"} | options)
    assert corpus.extras == values
    assert len(found) == len(values)
    (folder / "t.csv").write_text(rows.replace("\t", ","))
    assert beginnings_of("t.csv", **{"extra": "year"} | options)[1].extras == values


def test_an_extra_field_is_a_string_or_a_number(folder):
    objects = [{"y": " 1 "}, {"y": 2}, {"y": 2.5}, {"y": True}, {"y": None}, {}, {"y": ""}]
    objects += [{"y": [" 2020"]}, {"y": [3]}, {"y": []}, {"y": [1, 2]}, {"y": [[1]]}, {"y": {}}]
    with open("j.jsonl", "w") as file:
        file.writelines(json.dumps({"text": "x", **each}) + "\n" for each in objects)
    extras = beginnings_of("j.jsonl", extra="y")[1].extras
    assert extras == ["1", "2", "2.5", "true", *[None] * 3, "2020", "3", *[None] * 4]
    assert beginnings_of("j.jsonl")[1].extras == []
    for wrong in ('"\\ud800"', '["\\ud800"]'):
        (folder / "j.jsonl").write_text(f'{{"text": "x", "y": {wrong}}}\n')
        with pytest.raises(W2VError, match="half of a surrogate pair"):
            beginnings_of("j.jsonl", extra="y")


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ("id\ttext\na\tx\n", {}, "row 1: no column 'year'; the columns are id, text$"),
        ("a\tx\n", {}, "the columns are id, text: give --header yes if"),
        ("id\ttext\tyear\na\tx\n", {"columns": "id,text"}, "has 3 columns, but --columns names 2"),
    ],
)
def test_a_column_that_is_not_there_is_told(folder, rows, options, message):
    (folder / "t.tsv").write_text(rows)
    with pytest.raises(W2VError, match=message):
        beginnings_of("t.tsv", extra="year", **options)


def test_a_header_whose_names_have_several_lines_is_named_in_one(folder):
    (folder / "x.csv").write_text('"a\nb",text\nc,d\n')
    settings = DocumentSettings(header="yes", label_field="e")
    with pytest.raises(W2VError, match=r"row 1: no column 'e'; the columns are 'a\\nb', text: "):
        list(DocumentCorpus(["x.csv"], TextSettings(), settings).blocks())
