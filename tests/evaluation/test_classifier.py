"""Logistic regression on vectors, and the report of its results."""

import json

import numpy as np
import pytest
from helpers import gradient

from w2v.embeddings import container, formats
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.evaluation import classifier
from w2v.evaluation.classification_report import ClassificationCounts


def blobs(count, seed=0):
    rng = np.random.default_rng(seed)
    centers = np.array([[0, 0, 5], [0, 7, 0], [900, 0, 0]])
    labels = rng.integers(0, 3, count)
    features = centers[labels] + rng.standard_normal((count, 3)) * [300, 2, 2]
    return features, [f"c{label}" for label in labels]


def test_it_is_the_minimum_of_the_loss():
    """The gradient of the textbook's loss is zero at the fitted weights."""
    x, labels = blobs(200)
    found = classifier.fit(x, labels, penalty=2.0)
    z = np.column_stack([(x - x.mean(axis=0)) / x.std(axis=0), np.ones(200)])
    wanted = np.array([int(label[1]) for label in labels])

    def loss(weights):
        scores = z @ weights
        likelihood = scores[np.arange(200), wanted] - np.log(np.exp(scores).sum(axis=1))
        return -likelihood.sum() + np.sum(weights[:-1] ** 2)

    assert np.abs(gradient(loss, found.weights)).max() < 0.02
    assert loss(found.weights) < loss(np.zeros_like(found.weights)) / 3


def test_it_tells_what_can_be_told():
    regression = classifier.fit(*blobs(500))
    x, labels = blobs(500, seed=1)
    p = regression.probabilities(x)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    counts = ClassificationCounts(regression.labels, True)
    counts.add(p, [(label,) for label in labels])
    assert counts.report().accuracy > 0.9
    assert counts.report().calibration_error < 0.1
    # A constant feature has no scale. That of 500 times 0.1 is a rounding error.
    constant = classifier.fit(np.column_stack([x, np.full(500, 0.1)]), labels)
    other = np.column_stack([x, np.full(500, 0.101)])
    np.testing.assert_allclose(
        constant.probabilities(other),
        constant.probabilities(np.column_stack([x, np.full(500, 0.1)])),
        atol=0.01,
    )


def test_labels_may_be_long_and_end_with_a_null_character():
    """As an array of NumPy, these labels would take 12 GB, and two of them would be equal."""
    x, names = np.repeat(np.eye(3), 50, axis=0), ["a", "a\0", "a" * 20_000_000]
    labels = [name for name in names for _ in range(50)]
    regression = classifier.fit(x, labels)
    p = regression.probabilities(np.eye(3))
    assert p.argmax(axis=1).tolist() == [0, 1, 2]
    counts = ClassificationCounts(regression.labels, True)
    counts.add(p, [(name,) for name in names])
    assert counts.report().true.tolist() == [1, 1, 1]


def test_one_label_is_not_enough():
    with pytest.raises(W2VError, match="needs two labels or more, but all documents have 'a'"):
        classifier.fit(np.zeros((3, 2)), ["a"] * 3)


@pytest.fixture
def labelled(folder):
    """Two files of documents, with vectors of their words and of the documents."""
    rows = [("cat", "x x u", [2, 0]), ("dog", "y", [0, 2]), ("cat", "x", [2, 1])] * 5
    train = [f"{label}\td{n}\t{words}\n" for n, (label, words, _) in enumerate(rows)]
    (folder / "train.tsv").write_text("".join(train))
    (folder / "test.tsv").write_text("".join(train[:3]))
    names = [f"d{n}" for n in range(len(rows))]
    tables = {
        "documents": Table.build(names, np.array([v for *_, v in rows], np.float32)),
        "words": Table.build(["x", "y"], np.eye(2, dtype=np.float32)),
    }
    tensors = {}
    for name, table in tables.items():
        tensors |= container.table_tensors(name, table)
    container.write("vectors.safetensors", tensors, {})
    return tables


@pytest.mark.parametrize("by", ["documents", "words"])
def test_the_command(w2v, labelled, by):
    args = ("evaluate", "classify", "train.tsv", "test.tsv", "--by", by)
    found = json.loads(w2v(*args, "--json").out)
    assert found.pop("log_loss") == pytest.approx(0, abs=0.1)
    assert found.pop("calibration_error") == pytest.approx(0, abs=0.1)
    assert found.pop("sure")[0] == {"threshold": 0.5, "texts": 3, "right": 3}
    right = {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert found == {
        "accuracy": 1.0, "documents": 3, "k": 1, "threshold": 0.0, "precision": 1.0, "recall": 1.0,
        "micro_f1": 1.0, "macro_f1": 1.0, "f1": {"cat": 1.0, "dog": 1.0},
        "labels": {
            "cat": right | {"documents": 2, "predicted": 2},
            "dog": right | {"documents": 1, "predicted": 1},
        },
        "confusion": {"cat": [2, 0], "dog": [0, 1]}, "confusions": [],
    }  # fmt: skip
    tsv = w2v(*args, "--tsv").out.splitlines()
    assert tsv[0] == "total\taccuracy\t1.000000"
    assert [row for row in tsv if row.startswith("label")] == [
        "label\tcat\t1.000000\t1.000000\t1.000000\t2\t2",
        "label\tdog\t1.000000\t1.000000\t1.000000\t1\t1",
    ]
    plain = w2v(*args).out.splitlines()
    assert plain[0] == "100.00%  accuracy: 3 of 3 documents"
    table = plain.index("label  precision  recall      F1  documents  predicted")
    assert plain[table : table + 4] == [
        "label  precision  recall      F1  documents  predicted",
        "cat       1.0000  1.0000  1.0000          2          2",
        "dog       1.0000  1.0000  1.0000          1          1",
        "",
    ]


def test_the_mean_of_known_words(labelled):
    from w2v.evaluation.classifier import Features
    from w2v.settings import DocumentSettings, TextSettings

    features = Features(
        labelled["words"], "words", DocumentSettings(), TextSettings(), "vectors.safetensors"
    )
    x, labels = features.of("test.tsv")
    assert (x.tolist(), labels) == ([[1, 0], [0, 1], [1, 0]], ["cat", "dog", "cat"])


@pytest.mark.parametrize("by", ["words", "documents"])
def test_what_was_left_out_or_replaced_is_said(w2v, labelled, folder, by):
    rows = (folder / "train.tsv").read_text()
    (folder / "head.tsv").write_text("group\tdoc_id\tbody\n\n" + rows)
    (folder / "odd.tsv").write_bytes(b"cat\td0\tx \xff\n\n\ndog\td1\tnever\n")
    columns = "--columns", "label,id,text", "--by", by
    said = w2v("evaluate", "classify", "train.tsv", "odd.tsv", *columns).err.splitlines()
    assert said[:2] == [
        "1 invalid utf-8 byte sequence replaced; the first in odd.tsv, near byte 9",
        "2 blank rows left out",
    ]
    assert said[2:] == ["1 document without any word of the vocabulary"] * (by == "words")
    if by == "words":
        said = w2v("evaluate", "classify", "head.tsv", "train.tsv", *columns).err
        assert said.startswith("head.tsv: row 1 looks like a header, but was read as a document: ")
        assert "\n1 blank row left out\n" in said


def test_what_is_missing_is_said(w2v, labelled, folder):
    (folder / "new.tsv").write_text("cat\tnew\tx\n")
    (folder / "none.tsv").write_text("d0\tx\n")
    args = ("evaluate", "classify", "train.tsv")
    outcome = w2v(*args, "new.tsv")
    assert (outcome.code, "has no vector of 1 of 1 documents, such as 'new'" in outcome.err) == (
        2, True,
    )  # fmt: skip
    outcome = w2v(*args, "none.tsv")
    assert (outcome.code, "documents without a label" in outcome.err) == (2, True)
    (folder / "empty.tsv").write_text("")
    for by in ("documents", "words"):
        outcome = w2v("evaluate", "classify", "empty.tsv", "test.tsv", "--by", by)
        assert outcome.code == 2
        assert "empty.tsv: no documents in the file" in outcome.err


def test_labels_that_train_does_not_have_are_counted(w2v, labelled, folder):
    """They are wrong whatever is predicted, which the accuracy alone does not show."""
    (folder / "new.tsv").write_text((folder / "test.tsv").read_text().replace("dog", "cow"))
    call = ("evaluate", "classify", "train.tsv")
    for by in ("documents", "words"):
        outcome = w2v(*call, "new.tsv", "--by", by)
        said = "1 text with a label that TRAIN does not have, such as 'cow': counted as wrong\n"
        assert (outcome.code, outcome.err) == (0, said)
        assert w2v(*call, "test.tsv", "--by", by).err == ""


def test_a_file_with_the_other_vectors_alone_names_the_other_way(w2v, labelled, folder):
    args = ("evaluate", "classify", "train.tsv", "test.tsv", "-v")
    for by, other in ("documents", "words"), ("words", "documents"):
        container.write("one.safetensors", container.table_tensors(other, labelled[other]), {})
        outcome = w2v(*args, "one.safetensors", "--by", by)
        said = f"w2v: one.safetensors has vectors of {other} but not of {by}: use --by {other}\n"
        assert (outcome.code, outcome.err) == (2, said)
        assert w2v(*args, "one.safetensors", "--by", other).code == 0
    formats.save("words.txt", labelled["words"])
    outcome = w2v(*args, "words.txt")
    assert (outcome.code, "--by words" in outcome.err) == (2, True)
    assert w2v(*args, "words.txt", "--by", "words").code == 0


def test_the_regression_needs_one_label_a_text(w2v, labelled, folder):
    (folder / "lines").write_text("__label__cat x x\n__label__dog y\n")
    (folder / "two").write_text("__label__cat x x\n__label__dog __label__cat y\n")
    (folder / "two.jsonl").write_text('{"id": "d0", "label": ["cat", "dog"], "text": "x"}\n')
    assert w2v("evaluate", "classify", "lines", "lines", "--by", "words").code == 0
    for name, by, said in (
        ("two", "words", "two: row 2 has several labels, such as 'dog' and 'cat': keep one"),
        ("two.jsonl", "words", "two.jsonl: row 1 has several labels, such as 'cat' and 'dog'"),
        ("two.jsonl", "documents", "two.jsonl: the document 'd0' has several labels, such as"),
    ):
        outcome = w2v("evaluate", "classify", "train.tsv", name, "--by", by)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert said in outcome.err
