"""Headers of tables: those that name the columns otherwise, and those that are not recognized."""

import csv
import json
import shlex
from pathlib import Path

import pytest

from w2v.errors import W2VError
from w2v.settings import DocumentSettings, FieldSettings, TextSettings
from w2v.text.encode import open_corpus

WORDS = TextSettings(min_count=1)
MAILS = [("hr", "leave", "two days off"), ("it", "login", "no access"), ("hr", "pay", "a raise")]


def table(header, rows=8, separator=","):
    """A CSV file with an id, a queue, a subject and a body in each of 3 * `rows` rows."""
    lines = [separator.join([str(n), *mail]) for n, mail in enumerate(MAILS * rows, 10)]
    return "\n".join([header, *lines, ""])


def write_rows(name, rows):
    """Write dictionaries to a file in the format of its suffix."""
    if name.endswith(".jsonl"):
        Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif name.endswith(".parquet"):
        parquet, arrow = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
        parquet.write_table(arrow.Table.from_pylist(rows), name)
    else:
        with open(name, "w", newline="") as file:
            separator = "," if name.endswith(".csv") else "\t"
            writer = csv.DictWriter(file, [*rows[0]], delimiter=separator, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def documents_of(path, labels="extra", **options):
    """The names, labels and texts of documents, and the corpus."""
    corpus = open_corpus([path], WORDS, DocumentSettings(**options), labels)
    texts = b"".join(corpus.blocks()).decode().splitlines()
    names = [corpus.names[row] for row in corpus.rows]
    return list(zip(names, corpus.labels, texts, strict=True)), corpus


@pytest.mark.parametrize("labels", ["extra", "needed"])
def test_a_header_with_the_name_of_the_id_is_none_of_the_documents_of_columns(folder, labels):
    Path("mail.csv").write_text(table("Id,queue,subject,body"))
    found, corpus = documents_of("mail.csv", labels, columns="id,label,-,text")
    assert len(found) == 24
    assert found[0][1:] == (("hr",), "two days off")
    assert not [*corpus.possible_headers()]


@pytest.mark.parametrize(("name", "content", "columns", "is_reported"), [
    ("m.csv", table("nr,queue,subject,body"), "id,label,-,text", True),
    ("m.csv", table("x,queue,subject,mail"), "-,label,-,text", True),
    ("m.csv", table("1,queue,subject,body"), "-,label,-,text", False),
    ("m.csv", table("x,hr,subject,body"), "-,label,-,text", False),  # the label comes again
    ("m.csv", table("x,queue,subject,a body"), "-,label,-,text", False),
    ("m.csv", "x,queue,subject,body\n9,hr,a,b\n", "-,label,-,text", False),  # too few to know
    ("m.csv", "doc_id,body\n1,a\n", None, True),
    ("m.tsv", "id\tbody\n1\ta\n", None, True),
    ("m.tsv", "madrid\tspain\n1\ta\n", None, False),
    ("m.tsv", "id\tthe body\n1\ta\n", None, False),
])  # fmt: skip
def test_a_first_row_that_looks_like_a_header_is_reported(
    folder, name, content, columns, is_reported
):
    Path(name).write_text(content)
    corpus = documents_of(name, columns=columns)[1]
    assert [where for where, _ in corpus.possible_headers()] == [f"{name}: row 1"] * is_reported
    corpus = documents_of(name, columns=columns, header="no")[1]
    assert not [*corpus.possible_headers()]


def test_commands_report_such_a_row(w2v, folder):
    Path("m.csv").write_text(table("nr,queue,subject,body"))
    options = "--columns", "-,label,-,text"
    said = "\nm.csv: row 1 looks like a header, but was read as a document: --header yes leaves it "
    said += "out, --header no says that it is a document\n"
    train = "train", "m.csv", *options, "--model", "nbow", "-o", "m.safetensors", "--epochs", 1
    assert said in w2v(*train).err
    assert said not in w2v(*train, "--header", "yes").err
    assert said in "\n" + w2v("predict", "m.safetensors", "m.csv", *options).err
    Path("n.csv").write_text("ref_id,queue,body\n" + "".join(f"{n},i{n},a\n" for n in range(30)))
    said = "--id-field ref_id --label-field queue --text-field body names its columns, --header no"
    assert said in w2v("train", "n.csv", "--model", "lsa", "--topics", 1).err


@pytest.mark.parametrize(("name", "separator"), [("t.csv", ";"), ("t.csv", ","), ("t.tsv", "\t")])
def test_a_row_of_empty_fields_does_not_tell_the_columns(w2v, folder, name, separator):
    rows = ["", "", ""], ["id", "text", "stars"], ["7", "a b", "9"], ["", "", ""], ["8", "c", "9"]
    lines = [separator.join(row) + "\n" for row in rows]
    Path(name).write_text("".join(lines))
    found, corpus = documents_of(name)
    assert [(document, text) for document, _, text in found] == [("7", "a b"), ("", ""), ("8", "c")]
    assert corpus.blank_rows == 1
    assert not [*corpus.possible_headers()]
    found, corpus = documents_of(name, "if there", text_field="text", id_field="id")
    assert [text for *_, text in found] == ["", "a b", "", "c"]  # a text for each row
    sentences = open_corpus([name], WORDS, FieldSettings(text_field="text"))
    assert b"".join(sentences.blocks()) == b"a b\n\nc\n"
    assert w2v("dedup", name).out == "".join(lines)


def test_models_of_words_report_such_a_row_too(w2v, folder):
    Path("m.csv").write_text("id,body,stars\n1,hello world,3\n2,foo bar,4\n")
    said = "m.csv: row 1 looks like a header, but was read as a text: --text-field body names its "
    said += "columns, --header no says that it is a text\n"
    vocab = "vocab", "m.csv", "--min-count", 1
    for options, is_said in (
        (("--format", "csv"), True), (("--text-field", "text"), True),
        (("--text-field", "body"), False), (("--header", "no"), False),
    ):  # fmt: skip
        outcome = w2v(*vocab, *options)
        assert (outcome.code, said in outcome.err) == (0, is_said)
    Path("t.csv").write_text("1,hello world\n2,foo bar\n")
    assert "header" not in w2v("vocab", "t.csv", "--min-count", 1, "--format", "csv").err


@pytest.mark.parametrize("name", ["mail.csv", "mail.tsv", "mail.jsonl", "mail.parquet"])
@pytest.mark.parametrize("is_extra", [True, False])
def test_fields_are_named_alike_in_all_formats_and_several_are_joined(folder, name, is_extra):
    rows = [dict(zip(["Nr", "queue", "subject", "body"], [str(n), *mail], strict=True))
            for n, mail in enumerate(MAILS, 7)]  # fmt: skip
    write_rows(name, rows)
    fields = {"id_field": "Nr", "label_field": "queue", "text_field": "subject, body"}
    found, corpus = documents_of(name, "extra" if is_extra else "needed", **fields)
    labels, texts = [("hr",), ("it",), ("hr",)], [" ".join(mail[1:]) for mail in MAILS]
    ids = ["7", "8", "9"] if is_extra else ["1", "2", "3"]
    assert found == list(zip(ids, labels, texts, strict=True))
    if not is_extra:
        return
    sentences = open_corpus([name], WORDS, FieldSettings(text_field="body,subject"))
    assert b"".join(sentences.blocks()).decode().splitlines()[0] == "two days off leave"
    both = documents_of(name, id_field="queue", text_field="queue", merge_ids=True)[1]
    assert list(both.names) == ["hr", "it"]
    for option, value in [("id_field", "no"), ("label_field", "no"), ("text_field", "body,no")]:
        if value == "no" and "csv" not in name and "tsv" not in name and option == "label_field":
            continue  # a field of labels may be missing
        with pytest.raises(W2VError, match="'?no'?\\b"):
            documents_of(name, **(fields | {option: value}))


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.parquet"])
def test_a_field_whose_name_has_a_comma_is_one_field(folder, name):
    write_rows(name, [{"id": "1", "a,b": "x", "a": "y", "b": "z"}])
    assert documents_of(name, text_field="a,b")[0] == [("1", (), "x")]


@pytest.mark.parametrize("name", ["x.jsonl", "x.parquet"])
def test_a_null_in_one_of_several_fields_is_empty(folder, name):
    write_rows(name, [{"a": "x", "b": "z"}, {"a": None, "b": "y"}])
    assert [text.strip() for *_, text in documents_of(name, text_field="a,b")[0]] == ["x z", "y"]
    sentences = open_corpus([name], WORDS, FieldSettings(text_field="a,b"))
    assert b"".join(sentences.blocks()).split() == [b"x", b"z", b"y"]


@pytest.mark.parametrize(("header", "args", "options"), [
    ("id,queue,subject,body", ("--model", "pv-dbow"),
     "--id-field id --label-field queue --text-field subject,body"),
    ("nr,Queue,subject,body", ("--model", "nbow"), "--label-field Queue --text-field subject,body"),
    ("Ticket ID,a,b,c", ("--model", "lsa"), "--id-field 'Ticket ID' --text-field c"),
    ("nr,queue,body,Title", ("--model", "skipgram", "--header", "yes"),
     "--text-field Title,body"),
])  # fmt: skip
def test_the_message_about_a_header_has_the_options_that_read_it(
    w2v, folder, header, args, options
):
    Path("mail.csv").write_text(table(header))
    train = "train", "mail.csv", *args, "--min-count", 1, "--dim", 2, "--epochs", 1, "--sample", 0
    if args[1] in ("lsa", "nbow"):
        train = [*train[:-6], *(["--topics", 1] if args[1] == "lsa" else [])]
    outcome = w2v(*train)
    said = (
        f"w2v: mail.csv: row 1: the header must name one column text, found '{header}': give "
        f"{options}, or name all columns with --columns\n"
    )
    assert (outcome.code, outcome.err) == (2, said)
    outcome = w2v(*train, *shlex.split(options))
    assert outcome.code == 0, outcome.err


def test_a_header_without_the_fields_ends_predict_with_one_message(w2v, folder):
    Path("mail.csv").write_text(table("id,queue,subject,body"))
    named = "--label-field", "queue", "--text-field", "body"
    w2v("train", "mail.csv", "--model", "nbow", *named, "-o", "m.safetensors", "--epochs", 1)
    outcome = w2v("predict", "m.safetensors", "mail.csv", "--text-field", "words")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "row 1: the header must name one column words, found" in outcome.err
