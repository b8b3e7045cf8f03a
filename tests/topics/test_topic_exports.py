"""The documents of topics, and topics as the JSON of LDAvis."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from w2v.embeddings import container
from w2v.topics.ldavis import ldavis_data
from w2v.topics.topic_words import TopicWords, extreme_words

TRAIN = ("--min-count", "1", "--topics", "3", "--threads", "1", "--epochs", "4")
TEXT = "sun moon star\nmotor road wheel\nbread milk salt\nsun road\n" * 3


@pytest.fixture
def model(w2v, folder):
    """A model of three topics."""
    (folder / "text").write_text(TEXT)
    assert w2v("train", "text", "--model", "lda", *TRAIN, "-o", "x.safetensors").code == 0
    return "x.safetensors"


def planted(words=50, topics=4, seed=1):
    """Random topics, and the names of their words."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(words, 0.1), topics).T.astype(np.float32)
    sizes = np.sort(rng.dirichlet(np.ones(topics)))
    return TopicWords(weights, sizes), [f"w{n:02}" for n in range(words)]


def test_the_documents_of_a_topic_have_its_largest_shares(w2v, folder, model):
    shares = {}
    for line in w2v("infer", model, "text", "--json").out.splitlines():
        row = json.loads(line)
        shares[row["document"]] = row["vector"]
    rows = [
        json.loads(line)
        for line in w2v("topics", model, "--documents", "2", "--json").out.splitlines()
    ]
    listed = [row["topic"] for row in rows]
    for row in rows:
        found = [document["share"] for document in row["documents"]]
        assert len(found) == 2
        assert found == sorted(found, reverse=True)
        assert all(document["document"] in shares for document in row["documents"])
    fields = [
        line.split("\t")
        for line in w2v("topics", model, "--documents", "2", "--tsv").out.splitlines()
    ]
    assert fields == [
        [str(row["topic"]), each["document"], f"{each['share']:.6f}"]
        for row in rows
        for each in row["documents"]
    ]
    plain = w2v("topics", model, "--documents", "2").out.splitlines()
    assert [int(line.split()[0]) for line in plain[::3]] == listed
    assert [line.split()[1] for line in plain if line.startswith("      ")] == [
        each["document"] for row in rows for each in row["documents"]
    ]


def test_the_data_of_ldavis_follow_its_formulas():
    topics, names = planted()
    data = json.loads(json.dumps(ldavis_data(topics, names, 1000)))
    order = np.argsort(-topics.sizes)
    assert data["topic.order"] == (order + 1).tolist()
    assert data["mdsDat"]["topics"] == [1, 2, 3, 4]
    np.testing.assert_allclose(data["mdsDat"]["Freq"], 100 * topics.sizes[order])
    counts = topics.weights[:, order] * topics.sizes[order] * 1000
    marginal = counts.sum(axis=1) / 1000
    info = data["tinfo"]
    assert len({len(column) for column in info.values()}) == 1
    assert info["Category"][:30] == ["Default"] * 30
    assert info["logprob"][:30] == info["loglift"][:30] == list(range(30, 0, -1))
    rows = {name: row for row, name in enumerate(names)}
    for at in range(30, len(info["Term"])):
        row, topic = rows[info["Term"][at]], int(info["Category"][at].removeprefix("Topic")) - 1
        assert info["Freq"][at] == pytest.approx(counts[row, topic], rel=1e-5)
        assert info["Total"][at] == pytest.approx(counts[row].sum(), rel=1e-5)
        p = float(topics.weights[row, order[topic]])
        assert info["logprob"][at] == pytest.approx(np.log(p), abs=1e-4)
        assert info["loglift"][at] == pytest.approx(np.log(p / marginal[row]), abs=1e-4)
    table = data["token.table"]
    for term, topic, share in zip(table["Term"], table["Topic"], table["Freq"], strict=True):
        count = counts[rows[term], topic - 1]
        assert count >= 0.499
        assert share == pytest.approx(round(count) / counts[rows[term]].sum(), rel=1e-5)
    assert table["Term"] == sorted(table["Term"])


def test_ldavis_is_written_beside_the_listing(w2v, folder, model):
    outcome = w2v("topics", model, "--ldavis", "vis.json")
    assert outcome.code == 0, outcome.err
    data = json.loads((folder / "vis.json").read_text())
    assert {*data["token.table"]["Term"]} <= {*TEXT.split()}
    assert sum(data["mdsDat"]["Freq"]) == pytest.approx(100)
    assert w2v("topics", model, "--ldavis", "vis.json.gz").code == 0
    assert json.loads(gzip.decompress((folder / "vis.json.gz").read_bytes())) == data


def test_what_a_model_lacks_is_said_before_anything_is_read_or_written(w2v, folder, model):
    files = ("--topic-keys", "keys", "--state", "state", "--by", "year")
    outcome = w2v("topics", model, "nowhere.tsv", *files)
    assert (outcome.code, outcome.out) == (2, "")
    assert "x.safetensors has no topics of tokens: train it with --keep-state" in outcome.err
    assert not (folder / "keys").exists()


def test_a_topic_of_lsa_has_two_ends_and_an_explained_share(w2v, folder):
    (folder / "text").write_text("a b\na b a\nc d\nc d d\na c\n" * 3)
    lsa = ("--model", "lsa", "--topics", "2", "--min-count", "1")
    assert w2v("train", "text", *lsa, "-o", "lsa.safetensors").code == 0
    found = json.loads(container.read("lsa.safetensors")[1]["found"])["explained"]
    rows = [
        json.loads(line) for line in w2v("topics", "lsa.safetensors", "--json").out.splitlines()
    ]
    assert sum(row["explained"] for row in rows) == pytest.approx(found)
    assert rows[0]["explained"] / rows[1]["explained"] == pytest.approx(
        rows[0]["size"] / rows[1]["size"]
    )
    fields = [
        line.split("\t") for line in w2v("topics", "lsa.safetensors", "--tsv").out.splitlines()
    ]
    plain, wanted = w2v("topics", "lsa.safetensors").out, []
    for number, row in enumerate(rows):
        ends = [
            [word["word"] for word in row["words"] if sign * word["weight"] > 0] for sign in (1, -1)
        ]
        assert [end.split() for end in fields[number][-2:]] == ends
        first = [str(row["topic"]), f"{row['size']:.2%}"]
        lines = [[sign, *end] for sign, end in zip("+-", ends, strict=True) if end]
        wanted += [first + lines[0], *lines[1:]]
    assert [line.split() for line in plain.splitlines()] == wanted


def test_extreme_words_are_those_of_a_sort():
    weights = np.random.default_rng(1).normal(size=(40, 3)).round(1)
    for column, (most, least) in zip(weights.T, extreme_words(weights, 6), strict=True):
        order = np.argsort(-column, kind="stable")
        assert most.tolist() == [row for row in order[:6] if column[row] > 0]
        order = np.argsort(column, kind="stable")
        assert least.tolist() == [row for row in order[:6] if column[row] < 0]
    [(most, least)] = extreme_words(np.ones((3, 1)), 2)
    assert (most.tolist(), least.tolist()) == ([0, 1], [])


def test_documents_are_no_part_of_a_table_by_a_field(w2v, folder, model):
    (folder / "t.jsonl").write_text('{"text": "sun", "year": 1}\n')
    outcome = w2v("topics", model, "t.jsonl", "--by", "year", "--documents", "2")
    assert outcome.code == 2
    assert "leave out --documents" in outcome.err


def test_files_that_are_in_no_folder_have_no_folder_to_group_by(w2v, folder):
    (folder / "flat").mkdir()
    for name in "ab":
        (folder / "flat" / name).write_text(TEXT)
    assert w2v("train", "flat", "--model", "lda", *TRAIN, "-o", "x.safetensors").code == 0
    outcome = w2v("topics", "x.safetensors", "flat", "--by", "folder")
    assert (outcome.code, outcome.out) == (2, "")
    assert "w2v: --by folder: no file of flat is in a folder of it: give the" in outcome.err


@pytest.mark.parametrize("option", [("--documents", "2"), ("--ldavis", "vis.json")])
def test_lsa_has_no_shares(w2v, folder, model, option):
    lsa = ("--model", "lsa", "--topics", "2", "--min-count", "1")
    assert w2v("train", "text", *lsa, "-o", "lsa.safetensors").code == 0
    outcome = w2v("topics", "lsa.safetensors", *option)
    assert outcome.code == 2
    assert "not probabilities" in outcome.err
    assert f"{option[0]} needs a model trained with --model lda" in outcome.err
    assert not (folder / "vis.json").exists()
