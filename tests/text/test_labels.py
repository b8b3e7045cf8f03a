"""Several labels of a document: fastText's lines, JSON lists, tables with a separator."""

import json
from hashlib import sha256

import hypothesis.strategies as st
import pytest
from hypothesis import given

from w2v.errors import W2VError
from w2v.settings import DocumentSettings, TextSettings
from w2v.text.documents import DocumentCorpus
from w2v.text.encode import open_corpus, read
from w2v.text.encoded_text import EncodedDocuments
from w2v.text.labels import labels_in, leading_labels, split_labels
from w2v.text.text_digest import root_digest

WORDS = TextSettings(min_count=1)
MODES = ("extra", "if there", "needed", "several")


def labels_of(path, mode="several", **options):
    """(the labels of each document, the words of each document)."""
    corpus = DocumentCorpus([str(path)], WORDS, DocumentSettings(**options), mode)
    texts = b"".join(corpus.blocks()).decode().split("\n")[:-1]
    return corpus.labels, [text.split() for text in texts]


def test_labels_at_the_beginning_of_a_line(folder):
    (folder / "t").write_text(
        "__label__a __label__b some text\n__label__日本\t__label__a\v__label__a x __label__c\n"
        "  __label__only\n__label__x-y:z\n"
    )
    labels, words = labels_of("t")
    assert labels == [("a", "b"), ("日本", "a"), ("only",), ("x-y:z",)]
    assert words == [["some", "text"], ["x", "__label__c"], [], []]


@pytest.mark.parametrize(
    ("value", "labels"),
    [
        (["a", "b c", "a"], ("a", "b c")), ([1, "1", 2], ("1", "2")), ([], ()), (None, ()),
        ("", ()), ("a b", ("a b",)), (7, ("7",)), (["x, y"], ("x, y",)), ("x, y", ("x, y",)),
    ],
)  # fmt: skip
def test_a_json_field_is_a_label_or_a_list(folder, value, labels):
    (folder / "d.jsonl").write_text(json.dumps({"text": "w", "tags": value}) + "\n")
    for mode in ("extra", "if there"):
        assert labels_of("d.jsonl", mode, label_field="tags")[0] == [labels]


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("t.tsv", "a, b c ,a\tw\nd\tw\n\tw\n"),
        ("t.csv", '"a, b c ,a",w\nd,w\n,w\n'),
        ("t.jsonl", '{"label": "a, b c ,a", "text": "w"}\n{"label": "d", "text": "w"}\n'
         '{"text": "w"}\n'),
    ],
)  # fmt: skip
def test_a_separator_splits_a_field(folder, name, rows):
    (folder / name).write_text(rows)
    split = labels_of(name, "if there", label_separator=",")
    assert split == ([("a", "b c"), ("d",), ()], [["w"]] * 3)
    assert labels_of(name, "if there")[0] == [("a, b c ,a",), ("d",), ()]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("name", "row", "options", "message"),
    [
        ("t.tsv", "a,,b\tw", {"label_separator": ","}, "t.tsv: row 2: an empty label in 'a,,b'"),
        ("t.tsv", "a, \tw", {"label_separator": ","}, "t.tsv: row 2: an empty label in 'a, '"),
        ("t.csv", '";",w', {"label_separator": ";"}, "t.csv: row 2: an empty label in ';'"),
        ("t.jsonl", '{"label": "a||b", "text": "w"}', {"label_separator": "|"},
         "t.jsonl: row 2: an empty label in 'a||b', which is split at '|'"),
        ("t.jsonl", '{"label": ["a", ""], "text": "w"}', {},
         "t.jsonl: row 2: the field 'label' has an empty label"),
        ("t.jsonl", '{"label": ["a", " \\u00a0"], "text": "w"}', {},
         "t.jsonl: row 2: the field 'label' has an empty label"),
        ("t.jsonl", '{"label": ["a", true], "text": "w"}', {},
         "row 2: a label in the field 'label' must be a string or a whole number, found true"),
        ("t.jsonl", '{"label": ["a", ["b"]], "text": "w"}', {}, 'whole number, found ["b"]'),
        ("t.jsonl", '{"label": {"a": 1}, "text": "w"}', {},
         "must be a string, a whole number or a list of them, found {"),
        ("t.jsonl", '{"label": 1.5, "text": "w"}', {}, "a list of them, found 1.5"),
        ("t.jsonl", '{"label": ["\\ud800"], "text": "w"}', {}, "half of a surrogate pair"),
    ],
)  # fmt: skip
def test_wrong_labels_are_errors_with_their_row(folder, mode, name, row, options, message):
    good = {"t.tsv": "x\tw", "t.csv": "x,w", "t.jsonl": '{"label": "x", "text": "w"}'}[name]
    (folder / name).write_text(f"{good}\n{row}\n")
    with pytest.raises(W2VError) as error:
        labels_of(name, mode, columns=None if "json" in name else "label,text", **options)
    assert message in str(error.value)
    refused = []
    corpus = DocumentCorpus(
        [name], WORDS, DocumentSettings(columns="label,text", **options), mode, refused.append
    )
    assert b"".join(corpus.blocks()) == b"w\n"
    assert (corpus.labels, len(refused)) == ([("x",)], 1)


@pytest.mark.parametrize("blank", ["", " ", "  ", "\u00a0", "\u3000 "])
@pytest.mark.parametrize("separator", [None, "|"])
@pytest.mark.parametrize("name", ["t.tsv", "t.csv", "t.jsonl"])
def test_a_field_of_blanks_is_no_label(folder, name, separator, blank):
    row = json.dumps({"label": blank, "text": "w"}) if "json" in name else f"{blank}\tw"
    (folder / name).write_text(row.replace("\t", ",") if "csv" in name else row)
    options = {"columns": "label,text", "label_separator": separator}
    for mode in ("extra", "if there"):
        assert labels_of(name, mode, **options) == ([()], [["w"]])
    for mode in ("needed", "several"):
        with pytest.raises(W2VError, match=f"{name}: row 1 has no label"):
            labels_of(name, mode, **options)


@pytest.mark.parametrize("row", ["__label__ w", "__label__a __label__ w", "__label__\u00a0 w"])
def test_a_mark_without_a_name_is_an_error_where_labels_are_needed(folder, row):
    (folder / "t").write_text(f"__label__x w\n{row}\n")
    with pytest.raises(W2VError, match="t: row 2 has a label without a name, such as __label__"):
        labels_of("t", "several")
    assert labels_of("t", "if there")[1] == [["w"], ["w"]]


def test_an_empty_separator_is_an_error():
    with pytest.raises(W2VError, match="--label-separator is empty: give the text between"):
        DocumentCorpus(["t"], WORDS, DocumentSettings(label_separator=""))


def test_how_many_labels_a_mode_allows(folder):
    rows = {"none": "w\n", "one": "__label__a w\n", "two": "__label__a __label__b w\n"}
    refused = {("none", "needed"), ("none", "several"), ("two", "needed")}
    for name, row in rows.items():
        (folder / name).write_text("__label__x first\n" + row)
        for mode in MODES[1:]:
            if (name, mode) not in refused:
                expected = {"none": (), "one": ("a",), "two": ("a", "b")}[name]
                assert labels_of(name, mode)[0] == [("x",), expected]
                continue
            with pytest.raises(W2VError, match=f"{name}: row 2 has") as error:
                labels_of(name, mode)
            many = "has several labels, such as 'a' and 'b': keep one, or use a model that is"
            assert (many if name == "two" else "has no label: expected") in str(error.value)
        assert labels_of(name, "extra")[0] == [(), ()]  # lines have ids, and words only


def test_no_text_one_text_and_thousands_of_labels(folder):
    (folder / "none").write_text("")
    assert labels_of("none") == ([], [])
    many = [f"label {n}" for n in range(5000)]
    (folder / "one.tsv").write_text(";".join(many) + "\tw\n")
    assert labels_of("one.tsv", label_separator=";")[0] == [tuple(many)]
    (folder / "each.jsonl").write_text(
        "".join(json.dumps({"label": [name, "all"], "text": "w"}) + "\n" for name in many)
    )
    corpus = open_corpus(["each.jsonl"], WORDS, DocumentSettings(), "several")
    _, text = read(corpus, WORDS, lambda tokens: None)
    assert isinstance(text, EncodedDocuments)
    assert text.labels == [(name, "all") for name in many]


def test_several_labels_prefix_an_id(folder):
    (folder / "a.jsonl").write_text('{"id": 1, "label": ["x", "y"], "text": "p"}\n')
    corpus = DocumentCorpus(["a.jsonl"], WORDS, DocumentSettings(id_prefix="label"))
    assert (list(corpus.blocks()), corpus.names) == ([b"p\n"], ["x,y:1"])


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Zs", "Zl", "Zp", "Cc"]), min_size=1
)


@given(st.lists(NAMES, max_size=5), st.lists(st.sampled_from(["w", "é", "__LABEL__x"]), max_size=4))
def test_a_line_that_is_written_is_read(labels, words):
    line = " ".join([*(f"__label__{label}" for label in labels), *words])
    begin = leading_labels(line.encode())
    assert labels_in(begin) == tuple(dict.fromkeys(labels))
    assert line.encode()[len(begin) :].decode().split(" ") == (words or [""])


@given(st.lists(NAMES.filter(lambda name: "; " not in name + " "), min_size=1, max_size=5))
def test_a_field_that_is_joined_is_split(labels):
    assert split_labels("; ".join(labels), "; ", "t") == tuple(dict.fromkeys(labels))


PIECES = ["__label__a", "__label__b", "w", " ", "  ", "\t", "\v", "\r", "\n", "\r\n", "é", ""]


@pytest.mark.parametrize("mode", ["if there", "needed", "several"])
@pytest.mark.parametrize("prefix", ["none", "label"])
@given(text=st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_lines_are_read_as_one_by_one(tmp_path_factory, mode, prefix, text):
    """Many lines are read at a time; the naive reader takes one after the other."""
    path = tmp_path_factory.mktemp("lines") / "t"
    path.write_bytes(text.encode())
    *lines, rest = text.split("\n")
    rows = [line.rstrip("\r") for line in lines] + [rest.rstrip("\r")] * bool(rest.rstrip("\r"))
    read, refused, blank = [], [], 0
    for number, row in enumerate(rows, 1):
        words, labels = row.split(), []
        while words and words[0].startswith("__label__"):
            labels.append(words.pop(0).removeprefix("__label__"))
        labels = list(dict.fromkeys(labels))
        fits = {"if there": True, "needed": len(labels) == 1, "several": bool(labels)}[mode]
        if not row.split() and mode != "if there":
            blank += 1
        elif fits:
            read.append((tuple(labels), words))
        else:
            refused.append(f"row {number}")

    found = []
    corpus = DocumentCorpus(
        [str(path)], WORDS, DocumentSettings(id_prefix=prefix), mode, found.append
    )
    texts = [line.split() for line in b"".join(corpus.blocks()).decode().split("\n")[:-1]]
    assert list(zip(corpus.labels, texts, strict=True)) == read
    assert [str(error).split(": ")[1].split(" has")[0] for error in found] == refused
    assert corpus.blank_rows == blank
    numbers = [str(number + 1) for number in range(len(read))]
    if prefix == "label":
        names = [",".join(labels) for labels, _ in read]
        numbers = [f"{a}:{b}" if a else b for a, b in zip(names, numbers, strict=True)]
    assert list(corpus.names) == numbers
    assert list(corpus.rows) == list(range(len(read)))
    hashed = "".join(line.rstrip("\r") + "\n" for line in [*lines, *[rest] * bool(rest)])
    assert corpus.fingerprint == root_digest([sha256(hashed.encode()).digest()] if hashed else [])
