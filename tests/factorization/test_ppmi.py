"""PPMI: the matrix of words and context words, its vectors, and the former name of the model."""

import json

import naive
import numpy as np
import planted
import pytest
from helpers import as_dense, compiled

from w2v import train
from w2v.embeddings import container, formats, query
from w2v.embeddings.query import Query
from w2v.factorization import ppmi
from w2v.kernels import cooccurrence
from w2v.runs.saved_model import SavedModel
from w2v.settings import DocumentSettings, TextSettings
from w2v.text.encode import open_corpus, read

DOCUMENTS = [[0, 1, 2, 1, 0, 3], [], [4], [2, 2, 5, 0, 1, 1, 6, 3, 0]]
SEPARATED = np.array([-1, *sum(([*each, -1] for each in DOCUMENTS), [])], np.int32)


@pytest.mark.parametrize("window", [1, 3, 20])
@pytest.mark.parametrize(("exponent", "shift"), [(0.75, 0.0), (1.0, 0.5)])
def test_information_is_the_twins(monkeypatch, window, exponent, shift):
    """Also if the buffer of a thread is full after each word."""
    for words, entries in ((2, 7), (1 << 10, 1 << 22)):
        monkeypatch.setattr("w2v.factorization.ppmi._WORDS", words)
        monkeypatch.setattr("w2v.factorization.ppmi._ENTRIES", entries)
        found = ppmi.information(SEPARATED, 7, window, exponent, shift, 3, lambda share: None)
        wanted = naive.fill_ppmi(DOCUMENTS, 7, window, exponent, shift)
        np.testing.assert_allclose(as_dense(found), wanted, rtol=1e-6)
        assert (found.values > 0).all()


def test_a_text_of_more_than_2_31_words_has_long_positions(monkeypatch):
    monkeypatch.setattr("w2v.factorization.ppmi._MOST_SHORT", SEPARATED.size - 1)
    listed, kinds = cooccurrence.list_positions, []

    def list_positions(ids, ends, positions):
        kinds.append(positions.dtype)
        listed(ids, ends, positions)

    monkeypatch.setattr(ppmi, "list_positions", list_positions)
    found = ppmi.information(SEPARATED, 7, 3, 0.75, 0.0, 1, lambda share: None)
    wanted = naive.fill_ppmi(DOCUMENTS, 7, 3, 0.75, 0.0)
    np.testing.assert_allclose(as_dense(found), wanted, rtol=1e-6)
    assert kinds == [np.int64]


def test_weights_and_positions_are_the_twins():
    sums = np.zeros(7)
    cooccurrence.sum_weights(SEPARATED, 2, sums)
    np.testing.assert_allclose(sums, naive.sum_weights(DOCUMENTS, 7, 2))
    wanted = naive.list_positions(SEPARATED.tolist(), 7)
    ends = np.cumsum([0, *map(len, wanted)])[:-1]
    positions = np.empty(16, np.int32)
    cooccurrence.list_positions(SEPARATED, ends, positions)
    assert positions.tolist() == sum(wanted, [])


def test_documents_are_separated(folder):
    (folder / "text").write_text("a a b\nc\n\na c c c d\nb b\n")
    settings = TextSettings(min_count=1)
    _, text = read(
        open_corpus(["text"], settings, DocumentSettings()), settings, lambda tokens: None
    )
    assert ppmi._separated(text).tolist() == [
        -1, 1, 1, 2, -1, 0, -1, -1, 1, 0, 0, 0, 3, -1, 2, 2, -1,
    ]  # fmt: skip


ARGS = ("--model", "ppmi", "--min-count", "1")


@compiled
def test_synonyms_are_neighbours_on_any_number_of_threads(w2v, folder):
    (folder / "text").write_text(planted.text(4000))
    args = (*ARGS, "--dim", "30")
    outcome = w2v("train", "text", *args, "--threads", "2", "-o", "x.safetensors")
    assert outcome.code == 0, outcome.err
    assert "30 dimensions explain" in outcome.err
    table = formats.load("x.safetensors")
    for a, b in planted.SYNONYMS:
        assert query.similar(table, Query((("+", a),)), 1)[0].name == b
    w2v("train", "text", *args, "--threads", "1", "-o", "y.safetensors")
    assert (folder / "x.safetensors").read_bytes() == (folder / "y.safetensors").read_bytes()
    assert w2v("train", "text", *args, "-o", "x.txt").code == 0
    assert formats.load("x.txt").names == table.names


def test_one_dimension_is_said_in_the_singular(w2v, folder):
    (folder / "text").write_text("a b\nb a\n")
    outcome = w2v("train", "text", *ARGS, "--dim", "1", "-o", "x.safetensors")
    assert "\n1 dimension explains 50.00% of the squared norm" in outcome.err


def test_it_has_words_alone_and_no_settings_of_documents(w2v, folder):
    (folder / "text").write_text("a b c\nb c d\nc d e\n")
    outcome = w2v("train", "text", *ARGS, "--dim", "10", "-o", "x.safetensors")
    assert (outcome.code, "--dim 10 is too many: of 5 words, only " in outcome.err) == (0, True)
    refused = w2v("infer", "x.safetensors", stdin=b"car\n")
    assert (refused.code, "x.safetensors was trained with --model ppmi" in refused.err) == (2, True)
    refused = w2v("train", "text", *ARGS, "--min-df", "2")
    assert (refused.code, "--min-df works only with --model lda or lsa" in refused.err) == (2, True)


DOCUMENTS_JSONL = '{"text": "a b c a"}\n{"text": "b c d"}\n{"text": "c d e"}\n'


@pytest.mark.parametrize(
    "former",
    [
        ("--model", "lsa", "--context", "window", "--topics", "3"),
        ("--topics=3", "--context=window", "--model=lsa"),
        ("--model", "ppmi", "--dim", "9", "--dim", "3"),
    ],
)
def test_its_former_name_is_understood(w2v, folder, former):
    """It was `--model lsa --context window`, also on documents in files of every format."""
    (folder / "x.jsonl").write_text(DOCUMENTS_JSONL)
    more = ("--min-count", "1", "--window", "2", "--threads", "1")
    assert w2v("train", "x.jsonl", *ARGS, "--dim", "3", *more, "-o", "new.safetensors").code == 0
    assert w2v("train", *former, *more, "-o", "old.safetensors", "--", "x.jsonl").code == 0
    new = (folder / "new.safetensors").read_bytes()
    assert (folder / "old.safetensors").read_bytes() == new
    train("x.jsonl", output="api.safetensors", model="lsa", context="window", topics=3, window=2,
          min_count=1, threads=1)  # fmt: skip
    assert (folder / "api.safetensors").read_bytes() == new


def test_lsa_itself_needs_no_context(w2v, folder):
    (folder / "text").write_text("a b c\nb c d\nc d e\n")
    args = ("train", "text", "--model", "lsa", "--topics", 2, "--min-count", 1)
    assert w2v(*args, "-o", "x.safetensors").code == 0
    assert w2v(*args, "--context", "documents", "-o", "y.safetensors").code == 0
    assert (folder / "x.safetensors").read_bytes() == (folder / "y.safetensors").read_bytes()
    for wrong in (("--context", "window", "--model", "lda"), ("--context", "page"), ("--context",)):
        refused = w2v(*args, *wrong)
        assert (refused.code, "--context" in refused.err) == (2, True)


def test_files_of_its_former_name_are_read(w2v, folder):
    (folder / "text").write_text("a b c\nb c d\nc d e\n")
    assert w2v("train", "text", *ARGS, "--dim", 3, "-o", "new.safetensors").code == 0
    tensors, metadata = container.read("new.safetensors")
    settings = json.loads(metadata["settings"])
    settings |= {"context": "window", "topics": settings.pop("dim"), "weight": "tfidf"}
    metadata |= {"model": "lsa", "settings": json.dumps(settings)}
    container.write("old.safetensors", tensors, metadata)
    new = SavedModel("new.safetensors", lambda model: True, "all")
    old = SavedModel("old.safetensors", lambda model: True, "all")
    assert (old.model, old.options, old.names) == (new.model, new.options, new.names)
    asked = [w2v("similar", "a", "-v", f"{name}.safetensors") for name in ("old", "new")]
    assert asked[0] == asked[1]
    refused = w2v("infer", "old.safetensors", stdin=b"car\n")
    assert refused.code == 2
    assert "old.safetensors was trained with --model ppmi" in refused.err
