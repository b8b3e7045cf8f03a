"""The largest topics of inferred documents: w2v infer --top."""

from __future__ import annotations

import json

import numpy as np
import pytest

TRAIN = ("--min-count", "1", "--topics", "3", "--threads", "1", "--epochs", "4")
TEXT = "sun moon star\nmotor road wheel\nbread milk salt\n" * 3


@pytest.fixture
def model(w2v, folder):
    """A model of three topics."""
    (folder / "text").write_text(TEXT)
    assert w2v("train", "text", "--model", "lda", *TRAIN, "-o", "x.safetensors").code == 0
    return "x.safetensors"


def test_the_largest_topics_are_those_of_the_vector(w2v, folder, model):
    documents = "sun moon sun road\nbread\n"
    vectors = [
        json.loads(line)["vector"]
        for line in w2v("infer", model, "--json", stdin=documents.encode()).out.splitlines()
    ]
    for count in (1, 2, 3, 9):
        args = ("infer", model, "--top", str(count))
        rows = [
            json.loads(line)
            for line in w2v(*args, "--json", stdin=documents.encode()).out.splitlines()
        ]
        assert [row["document"] for row in rows] == ["1", "2"]
        for row, vector in zip(rows, vectors, strict=True):
            order = np.argsort(-np.array(vector), kind="stable")[:count]
            assert [topic["topic"] for topic in row["topics"]] == order.tolist()
            shares = [topic["share"] for topic in row["topics"]]
            assert shares == pytest.approx([vector[topic] for topic in order])
        fields = [
            line.split("\t")
            for line in w2v(*args, "--tsv", stdin=documents.encode()).out.splitlines()
        ]
        assert [(name, int(topic)) for name, topic, _ in fields] == [
            (row["document"], topic["topic"]) for row in rows for topic in row["topics"]
        ]
        plain = w2v(*args, stdin=documents.encode()).out.splitlines()
        assert [len(line.split()) for line in plain] == [1 + 2 * min(count, 3)] * 2


def test_a_document_without_a_known_word_has_no_topic(w2v, folder, model):
    outcome = w2v("infer", model, "--top", "2", "--tsv", stdin=b"unknown\nsun\n")
    assert outcome.code == 0
    assert "1 document without any word of the vocabulary" in outcome.err
    assert {line.split("\t")[0] for line in outcome.out.splitlines()} == {"2"}
    row = json.loads(w2v("infer", model, "--top", "2", "--json", stdin=b"unknown\n").out)
    assert row == {"document": "1", "topics": []}


def test_names_of_topics_come_from_a_file_or_from_the_seeds(w2v, folder, model):
    (folder / "names").write_text("0\tfirst one\n2\tlast\n")
    args = ("infer", model, "--top", "3", "--names", "names")
    rows = [line.split("\t") for line in w2v(*args, "--tsv", stdin=b"sun\n").out.splitlines()]
    assert {row[1]: row[3] for row in rows} == {"0": "first one", "1": "", "2": "last"}
    (folder / "seeds").write_text("sky\tsun moon star\n")
    seeded = ("--model", "lda", *TRAIN, "--seeds", "seeds", "-o", "s.safetensors")
    assert w2v("train", "text", *seeded).code == 0
    outcome = w2v("infer", "s.safetensors", "--top", "1", stdin=b"sun moon star\n")
    assert outcome.out.split()[:3] == ["1", "0", "sky"]
    found = json.loads(w2v("infer", "s.safetensors", "--top", "1", "--json", stdin=b"sun\n").out)
    assert found["topics"][0]["name"] == "sky"
    (folder / "names").write_text("0\theaven\n")
    for command in (("infer", "s.safetensors", "text", "--top", "3"), ("topics", "s.safetensors")):
        assert "sky" in w2v(*command, "--json").out
        both = w2v(*command, "--names", "names", "--json").out
        assert "heaven" in both
        assert "sky" not in both


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("x.safetensors", "text", "--top", "1", "-o", "y.txt"), "--top, --tsv and --json work"),
        (("lsa.safetensors", "text", "--top", "1"), "--model lsa are not probabilities: --top"),
        (("d.safetensors", "text", "--top", "1"), "--model pv-dbow: topics need one of lda, lsa"),
        (("x.safetensors", "text", "--names", "text"), "--names is for --top"),
        (("x.safetensors", "text", "--top", "1", "--names", "text"), "text: row 1: expected the"),
        (("x.safetensors", "text", "--top", "1", "--epochs", "2"), "infers without epochs"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(w2v, folder, model, args, said):
    if args[0] == "lsa.safetensors":
        lsa = ("--model", "lsa", "--topics", "2", "--min-count", "1")
        assert w2v("train", "text", *lsa, "-o", args[0]).code == 0
    if args[0] == "d.safetensors":
        dbow = ("--model", "pv-dbow", "--dim", "4", "--min-count", "1", "--epochs", "1")
        assert w2v("train", "text", *dbow, "-o", args[0]).code == 0
    outcome = w2v("infer", *args)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
