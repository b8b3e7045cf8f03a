"""Document vectors: their quality, inference, and queries."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import planted
import pytest
from helpers import COMPILED, compiled, compiled_only

from w2v.embeddings import container, formats
from w2v.errors import W2VError
from w2v.factorization.sif import add_means
from w2v.models import models
from w2v.runs.saved_model import SavedDocumentModel
from w2v.settings import DocumentSettings
from w2v.system.packed_ids import PackedIds
from w2v.text.encode import open_corpus
from w2v.text.encoded_text import EncodedDocuments

TOPICS = {topic: words.split() for topic, words in planted.TOPICS.items()}
DOCUMENTS = 400 if COMPILED else 8
MODELS = {
    "pv-dbow": (),
    "pv-dbow with words": ("--word-vectors",),
    "pv-dm": ("--lr", "0.1"),
    "pv-dm sum": ("--combine", "sum", "--lr", "0.03"),
    "pv-dbow hs": ("--loss", "hs"),
    "pv-dbow with words hs": ("--loss", "hs", "--word-vectors"),
    "pv-dm hs": ("--loss", "hs", "--lr", "0.2"),
    "pv-dm concat": ("--combine", "concat", "--window", "2", "--lr", "0.1"),
    "pv-dm concat hs": (
        "--loss",
        "hs",
        "--combine",
        "concat",
        "--window",
        "2",
        "--lr",
        "0.1",
    ),
    "sif": (),
    "lsa": ("--topics", "6"),
    "lda": ("--topics", "6", "--epochs", "60" if COMPILED else "2"),
}
WITHOUT_PASSES = ("sif", "lsa", "lda")  # inference does not repeat the steps of training
TRAINED = ("--epochs", "40", "--min-lr", "0.01") if COMPILED else ("--epochs", "2")
TRAINED = ("--min-count", "1", "--sample", "0", "--threads", "1", "--dim", "16", *TRAINED)


def rows(seed=1, count=DOCUMENTS):
    """Documents of 30 words about one topic, with the topic as label."""
    rng = np.random.default_rng(seed)
    for n in range(count):
        topic = list(TOPICS)[n % len(TOPICS)]
        words = rng.choice(TOPICS[topic] + planted.FILLER[:4], 30 if COMPILED else 6)
        yield f"{topic}\t{topic}-{seed}-{n}\t{' '.join(words)}\n"


@pytest.fixture(scope="module")
def made():
    """The files that `make` has written, by text, model and options: equal runs, equal bytes."""
    return {}


@pytest.fixture
def make(w2v, folder, made):
    """Train a model on documents with topics: make("pv-dm sum") -> its file."""
    (folder / "train.tsv").write_text("".join(rows()))
    (folder / "test.tsv").write_text("".join(rows(seed=2, count=DOCUMENTS // 4)))

    def train(model, *more, output="x.safetensors"):
        name, options = model.split()[0], MODELS[model]
        files = [output, *["words.safetensors"] * (name == "sif")]
        run = Path("train.tsv").read_bytes(), model, more, Path(output).suffix
        if run in made:
            for file, data in zip(files, made[run], strict=True):
                Path(file).write_bytes(data)
            return output
        args = (*TRAINED, "--model", name, *options)
        if name in ("lsa", "lda"):
            args = ("--model", name, *options, "--min-count", "1", "--threads", "1")
        if name == "sif":
            vectors = w2v("train", "train.tsv", *TRAINED, "-o", "words.safetensors")
            assert vectors.code == 0, vectors.err
            args = ("--model", "sif", "--init", "words.safetensors", "--min-count", "1")
        outcome = w2v("train", "train.tsv", *args, *more, "-o", output)
        assert outcome.code == 0, outcome.err
        made[run] = [Path(file).read_bytes() for file in files]
        return output

    return train


@compiled
@pytest.mark.parametrize("model", MODELS)
def test_documents_of_a_topic_are_near_each_other_and_new_ones_too(make, w2v, model):
    path = make(model)
    table = formats.load(path, "documents")
    topics = [name.split("-")[0] for name in table.names]
    right = table.units(slice(None))
    scores = right @ right.T - 2 * np.eye(len(right))
    # The mean of words learns slowly with hierarchical softmax: 0.84 of these few epochs are right.
    least = 0.8 if model == "pv-dm hs" else 0.95
    assert np.mean([topics[i] == topics[j] for i, j in enumerate(scores.argmax(axis=1))]) > least
    evaluated = w2v("evaluate", "classify", "train.tsv", "train.tsv", "-v", path, "--json")
    assert json.loads(evaluated.out)["accuracy"] > 0.97

    assert w2v("infer", path, "test.tsv", "-o", "new.safetensors").code == 0
    new = formats.load("new.safetensors", "documents")
    scores = new.units(slice(None)) @ right.T
    found = [topics[j] for j in scores.argmax(axis=1)]
    wanted = [name.split("-")[0] for name in new.names]
    assert np.mean([a == b for a, b in zip(found, wanted, strict=True)]) > least


@compiled
@pytest.mark.parametrize("model", ["pv-dbow with words", "pv-dm", "sif"])
def test_words_and_documents_are_in_one_space(make, w2v, model):
    path = make(model)
    document = formats.load(path, "documents").names[0]
    asked = w2v("similar", "--from", "documents", "--table", "words", document, "-v", path, "--tsv")
    topic = document.split("-")[0]
    near = [line.split("\t")[2] for line in asked.out.splitlines()]
    assert sum(word in TOPICS[topic] for word in near) >= 8
    word = TOPICS[topic][0]
    asked = w2v("similar", "--table", "documents", "--from", "words", word, "-v", path, "--json")
    results = json.loads(asked.out)["results"]
    assert sum(each["document"].startswith(topic) for each in results) >= 8


@compiled
@pytest.mark.parametrize("model", MODELS)
def test_a_training_documents_inferred_vector_is_near_its_own(make, w2v, model):
    path = make(model)
    outcome = w2v("evaluate", "self-retrieval", path, "train.tsv", "--limit", "60", "--json")
    found = json.loads(outcome.out)
    assert found["documents"] == 60
    assert found["among_ten"] >= 40  # of 400 that are much alike
    assert "documents/s" in outcome.err


@pytest.mark.parametrize("model", MODELS)
def test_a_vector_depends_on_its_document_alone(make, w2v, folder, model, monkeypatch):
    """Other documents, the number of threads and the kind of file change nothing."""
    monkeypatch.setattr("w2v.negative_sampling.inference.CHUNK", 50)
    path = make(model)
    lines = [row.split("\t")[2] for row in rows(seed=3, count=DOCUMENTS // 4)]
    (folder / "all").write_text("".join(lines))
    (folder / "backwards").write_text("".join(lines[::-1]))
    together = w2v("infer", path, "all", "--tsv", "--threads", "1").out.splitlines()
    assert together == w2v("infer", path, "all", "--tsv", "--threads", "3").out.splitlines()
    backwards = w2v("infer", path, "backwards", "--tsv").out.splitlines()
    cut = [line.partition("\t")[2] for line in together]
    assert cut == [line.partition("\t")[2] for line in backwards[::-1]]
    alone = w2v("infer", path, "--tsv", stdin=lines[1].encode()).out
    assert alone.rstrip("\n").partition("\t")[2] == cut[1]
    vector = SavedDocumentModel(path).vector(lines[1])
    assert "\t".join(map(str, vector)) == cut[1]


@compiled
def test_a_vector_is_the_same_in_every_process(make, folder):
    path = make("pv-dbow")
    command = [sys.executable, "-m", "w2v", "infer", path, "test.tsv", "--json"]
    seen = {
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, **env}).stdout
        for env in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2", "OPENBLAS_NUM_THREADS": "1"})
    }
    assert len(seen) == 1


def test_documents_merged_into_one_are_inferred_as_one(make, w2v, folder, monkeypatch):
    monkeypatch.setattr("w2v.negative_sampling.inference.CHUNK", 10)
    path = make("pv-dbow")
    song, goal = " ".join(TOPICS["music"]), " ".join(TOPICS["sport"])
    (folder / "m.tsv").write_text(f"a\t{song}\nb\t{goal}\na\t{goal}\n")
    args = ("infer", path, "m.tsv", "--merge-ids", "--json", "--threads")
    outcome = w2v(*args, "1")
    assert [json.loads(line)["document"] for line in outcome.out.splitlines()] == ["a", "b"]
    assert "1 document merged" in outcome.err
    assert w2v(*args, "3").out == outcome.out


@pytest.mark.parametrize("chunk", [1, 4, 100])
def test_progress_counts_texts_that_are_merged_as_one_document(make, monkeypatch, chunk):
    monkeypatch.setattr("w2v.negative_sampling.inference.CHUNK", chunk)
    starts, rows = np.array([0, 2, 4, 6]), np.array([0, 1, 0], np.int32)
    ids, seen = np.zeros(6, np.int32), []
    text = EncodedDocuments(PackedIds(ids), starts, rows, ["a", "b"])
    SavedDocumentModel(make("pv-dbow")).vectors(text, 1, seen.append)
    assert seen == ([2] if chunk == 100 else [1, 2])


@pytest.mark.parametrize("model", MODELS)
def test_no_documents_at_all_and_many_in_one(make, w2v, folder, model, monkeypatch):
    """Without documents, progress is shown at 0 of 0."""
    monkeypatch.setattr("w2v.factorization.sif._DOCUMENTS", 2)
    path = make(model)
    nothing = w2v("infer", path, stdin=b"")
    assert (nothing.code, "0 documents" in nothing.err) == (0, True), nothing.err
    (folder / "m.tsv").write_text(f"k\t{TOPICS['music'][0]}\n" * 9)
    assert w2v("infer", path, "m.tsv", "--merge-ids").code == 0


def test_inferred_vectors_in_every_format(make, w2v, folder):
    path = make("pv-dm")
    assert w2v("infer", path, "test.tsv", "-o", "new.safetensors", "--quiet").err == ""
    assert w2v("infer", path, "test.tsv", "-o", "new.bin").code == 0
    shown = w2v("infer", path, "test.tsv")
    (folder / "new.txt").write_text(shown.out)
    tables = [formats.load(f"new.{kind}", "documents") for kind in ("safetensors", "bin", "txt")]
    for table in tables:
        assert table.names == tables[0].names
        np.testing.assert_array_equal(table.matrix, tables[0].matrix)
    if COMPILED:  # else some words are not known
        assert tables[0].counts.tolist() == [30] * (DOCUMENTS // 4)
    refused = w2v("infer", path, "test.tsv", "--json", "-o", "x.txt")
    assert (refused.code, "--tsv and --json work only on stdout" in refused.err) == (2, True)


@pytest.mark.parametrize("model", MODELS)
def test_odd_documents(make, w2v, folder, model):
    """Documents that are empty or have only unknown words have zero vectors; one word is enough."""
    path = make(model)
    (folder / "odd").write_text(f"\nqwert zuiop\n{TOPICS['music'][0]}\n \t \n")
    outcome = w2v("infer", path, "odd", "--json")
    vectors = [json.loads(line)["vector"] for line in outcome.out.splitlines()]
    unknown = vectors[:2] + vectors[3:]
    assert [any(vector) for vector in unknown] == [False] * 3
    assert any(vectors[2]) or not COMPILED
    assert "3 documents without any word" in outcome.err
    assert "2 unknown tokens" in outcome.err
    longer = w2v("infer", path, "odd", "--epochs", "3")
    assert longer.code == (2 if model in WITHOUT_PASSES else 0)
    nothing = w2v("similar", "--text", "qwert", "-v", path)
    assert nothing.code == 3
    assert "none of the words of 'qwert' is in the model's vocabulary" in nothing.err


@pytest.mark.parametrize("model", MODELS)
def test_empty_documents_have_zeros_in_a_model_too(make, w2v, folder, model):
    with open(folder / "train.tsv", "a") as file:
        file.write("none\tempty-1\t\nnone\tempty-2\t \n")
    outcome = w2v("train", "train.tsv", "--min-count", "1", "--dim", "4", "--epochs", "1")
    path = make(model)
    table = formats.load(path, "documents")
    empty = table.matrix[[table.find("empty-1"), table.find("empty-2")]]
    assert not empty.any()
    assert table.counts[-2:].tolist() == [0, 0]
    assert outcome.code == 0
    outcome = w2v("similar", "--table", "documents", "empty-1", "-v", path)
    assert (outcome.code, outcome.out) == (3, "")
    assert "the vector of 'empty-1' is zero: it has no direction" in outcome.err


def test_a_huge_document_and_many_of_one_word(w2v, folder, monkeypatch):
    monkeypatch.setattr("w2v.negative_sampling.inference.CHUNK", 100)
    words, many = (200_000, 20_000) if COMPILED else (300, 30)
    song = (TOPICS["music"] * (words // 10))[:words]
    (folder / "text").write_text(f"{' '.join(song)}\n" + "goal\n" * many)
    for rounds in ((), ("--deterministic", "--shards", "3", "--round-words", "90")):
        args = ("--model", "pv-dbow", "--min-count", "1", "--sample", "0", "--epochs", "1")
        outcome = w2v("train", "text", *args, *rounds, "--dim", "8", "-o", "x.safetensors")
        assert outcome.code == 0, outcome.err
        assert f"in {many + 1:,} documents" in outcome.err
        table = formats.load("x.safetensors", "documents")
        assert len(table) == many + 1
        assert table.counts[0] == words
    (folder / "one").write_text(" ".join(song[:1000]))
    assert w2v("infer", "x.safetensors", "one", "--tsv").out.startswith("1\t")


@pytest.mark.parametrize("model", MODELS)
def test_vectors_in_a_temporary_file_are_the_same(make, w2v, folder, model):
    one, other = make(model), make(model, "--map-documents", output="y.safetensors")
    assert (folder / one).read_bytes() == (folder / other).read_bytes()
    refused = w2v("train", "train.tsv", "--map-documents")
    assert (refused.code, "--map-documents is for models of documents" in refused.err) == (2, True)


def test_without_word_vectors_a_word_query_says_how_to_get_them(make, w2v):
    path = make("pv-dbow")
    assert "words.matrix" not in container.read(path)[0]
    outcome = w2v("similar", "guitar", "-v", path)
    assert (outcome.code, "--word-vectors" in outcome.err) == (2, True)
    refused = w2v("train", "train.tsv", "--model", "pv-dbow", "--init", path)
    assert refused.code == 2


def test_a_text_format_gets_the_documents(make, w2v):
    make("pv-dm", output="x.txt")
    names = formats.load("x.txt").names
    assert names[0] == "music-1-0"
    assert w2v("similar", "--table", "documents", names[0], "-v", "x.txt", "-k", "1").code == 0


@compiled
def test_similar_to_a_text(make, w2v):
    path = make("pv-dbow with words")
    text = " ".join(TOPICS["cooking"])
    near = w2v("similar", "--text", text, "-v", path, "--json", "-k", "5")
    found = json.loads(near.out)
    assert found["query"] == text
    assert all(each["document"].startswith("cooking") for each in found["results"])
    words = w2v("similar", "--text", text, "--table", "words", "-v", path, "-k", "5", "--tsv")
    assert sum(line.split("\t")[2] in TOPICS["cooking"] for line in words.out.splitlines()) >= 3
    both = w2v("similar", "--text", text, "guitar", "-v", path)
    assert (both.code, "--text, --vector and TERMs" in both.err) == (2, True)


def test_models_of_words_do_not_infer(w2v, folder, toy):
    outcome = w2v("infer", "vectors.safetensors", stdin=b"king\n")
    assert outcome.code == 2
    assert "new documents need one of lda, lsa, pv-dbow, pv-dm, sif" in outcome.err


@compiled_only
@pytest.mark.parametrize("model", MODELS)
def test_damaged_models_are_refused(make, w2v, model):
    """Arrays are missing, or do not fit the settings or each other."""
    path = make(model)
    tensors, metadata = container.read(path)
    for name in tensors:
        if not name.startswith("documents."):
            for changed in ({}, {name: tensors[name][:-1]}, {name: tensors[name].astype("u1")}):
                rest = {k: v for k, v in tensors.items() if k != name} | changed
                container.write("bad.safetensors", rest, metadata)
                outcome = w2v("infer", "bad.safetensors", "test.tsv")
                assert outcome.code in (0, 2), (name, outcome.err)
                assert "Traceback" not in outcome.err
    settings = json.loads(metadata["settings"])
    for bad in (
        {},
        {**settings, "dim": 3},
        {**settings, "negative": "x"},
        {**settings, "dim": 10**9},
    ):
        container.write("bad.safetensors", tensors, {**metadata, "settings": json.dumps(bad)})
        outcome = w2v("infer", "bad.safetensors", "test.tsv")
        assert (outcome.code, "Traceback" in outcome.err) == (2, False) or model in WITHOUT_PASSES


def test_sif_is_what_the_paper_says(make, folder):
    """Arora et al. 2017, algorithm 1, sentence by sentence."""
    path = make("sif", "--smoothing", "0.01")
    table, words = formats.load(path, "documents"), formats.load(path)
    share = dict(zip(words.names, words.counts / words.counts.sum(), strict=True))
    vectors = dict(zip(words.names, words.matrix.astype(np.float64), strict=True))
    means = []
    for row in rows():
        tokens = row.rstrip("\n").split("\t")[2].split()
        means.append(np.mean([0.01 / (0.01 + share[w]) * vectors[w] for w in tokens], axis=0))
    u = np.linalg.svd(np.array(means))[2][0]
    wanted = np.array(means) - np.outer(np.array(means) @ u, u)
    np.testing.assert_allclose(table.matrix, wanted, atol=2e-6)
    model = SavedDocumentModel(path)
    new = model.vectors(
        model.read(open_corpus(["train.tsv"], model.text_settings,
                                       DocumentSettings()))[0]
    )  # fmt: skip
    np.testing.assert_allclose(new, table.matrix, atol=2e-6)  # a new document is as an old one


@pytest.mark.parametrize(("block", "piece"), [(100, 100), (2, 3), (1, 1)])
def test_the_mean_of_a_row_is_that_of_all_its_documents(monkeypatch, block, piece):
    """Whatever the blocks of documents and the pieces of them that are summed at a time."""
    monkeypatch.setattr("w2v.factorization.sif._DOCUMENTS", block)
    monkeypatch.setattr("w2v.factorization.sif._PIECE", piece)
    rng = np.random.default_rng(1)
    sizes, rows = np.array([4, 0, 7, 3, 1, 9, 0, 2]), np.array([0, 1, 0, 2, 4, 0, 2, 4], np.int32)
    ids = rng.integers(0, 5, sizes.sum()).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    text = EncodedDocuments(PackedIds(ids), starts, rows, list("abcde"))
    words, weights = rng.standard_normal((5, 3)).astype(np.float32), np.array([1, 0, 0.5, 2, 0.1])
    found, wanted, shares = np.zeros((5, 3), np.float32), np.zeros((5, 3)), []
    add_means(text, weights.astype(np.float32), words, found, shares.append)
    for row in range(5):
        tokens = np.repeat(rows, sizes) == row
        known = ids[tokens][weights[ids[tokens]] > 0]
        wanted[row] = weights[known] @ words[known] / max(len(known), 1)
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert shares[-1] == 1


@compiled
def test_the_mean_of_a_long_document_is_not_rounded_away():
    ids = np.tile(np.array([0, 0, 1], np.int32), 1 << 19)
    words, found = np.array([[1.1, -2], [0.1, 0.3]], np.float32), np.zeros((1, 2), np.float32)
    starts, rows = np.array([0, ids.size]), np.zeros(1, np.int32)
    text = EncodedDocuments(PackedIds(ids), starts, rows, ["long"])
    add_means(text, np.ones(2, np.float32), words, found, lambda share: None)
    np.testing.assert_allclose(found, [[2.3 / 3, -3.7 / 3]], rtol=2e-5)


@pytest.mark.parametrize(
    ("documents", "components", "removed", "said"),
    [
        (["a b c"], 1, 0, "removed 0 directions, not --components 1: the documents have only 1 "),
        (["a b", "b a a"], 1, 1, None),
        (["a b", "a b", "b c", "c a c"], 4, 2, "removed 2 directions, not --components 4: "),
        (["a b", "c a", "a d", "e", "b f", "c"], 5, 4, "have only 5 independent directions"),
    ],
)  # fmt: skip
def test_sif_leaves_a_direction_that_is_no_rounding_error(
    w2v, folder, documents, components, removed, said
):
    numbers = np.random.default_rng(3).standard_normal((6, 5)).tolist()
    lines = [
        f"{word} {' '.join(map(str, row))}" for word, row in zip("abcdef", numbers, strict=True)
    ]
    (folder / "words.txt").write_text("6 5\n" + "\n".join(lines) + "\n")
    (folder / "text").write_text("".join(f"{line}\n" for line in documents))
    args = ("--init", "words.txt", "--min-count", 1, "--smoothing", 1, "--components", components)
    outcome = w2v("train", "text", "--model", "sif", *args, "-o", "m.safetensors")
    assert outcome.code == 0, outcome.err
    assert said in outcome.err if said else "removed" not in outcome.err
    tensors, _ = container.read("m.safetensors")
    assert tensors["component"].any(axis=1).sum() == removed
    norms = np.linalg.norm(tensors["documents.matrix"], axis=1)
    assert (norms > 1e-3).all()
    told = w2v("infer", "m.safetensors", "text", "--tsv").out.splitlines()
    new = [[float(number) for number in line.split("\t")[1:]] for line in told]
    np.testing.assert_allclose(new, tensors["documents.matrix"], atol=1e-6)


def test_sif_needs_vectors_and_nothing_that_is_for_epochs(w2v, make, folder):
    make("sif")
    assert (
        "--model sif needs word vectors: add --init"
        in w2v("train", "train.tsv", "--model", "sif").err
    )
    args = ("train", "train.tsv", "--model", "sif", "--init", "words.safetensors")
    assert "--valid is for" in w2v(*args, "--valid", "test.tsv").err
    assert "--epochs works only with --model" in w2v(*args, "--epochs", "3").err
    (folder / "other").write_text("not one known\n" * 9)
    assert "has no vector for any word of the text" in w2v("train", "other", *args[2:]).err
    shown = w2v(*args, "--dry-run")
    assert (shown.code, "computed in closed form" in shown.err) == (0, True)
    again = w2v(*args, "--min-count", "1", "-o", "x.safetensors", "--resume")
    assert "nothing to do" in again.err


def test_self_retrieval_of_another_corpus(make, w2v, folder):
    path = make("pv-dbow")
    (folder / "other").write_text("guitar\n")
    outcome = w2v("evaluate", "self-retrieval", path, "other")
    assert (outcome.code, "none of the documents of" in outcome.err) == (2, True)
    shown = w2v("evaluate", "self-retrieval", path, "train.tsv")
    assert "the trained vector is the nearest" in shown.out
    assert len(w2v("evaluate", "self-retrieval", path, "train.tsv", "--tsv").out.split("\t")) == 4


@compiled
def test_a_document_is_not_found_by_a_vector_that_is_zero(w2v, folder):
    """Subsampling leaves out all words of most documents of frequent words alone."""
    train = ("--model", "pv-dbow", "--dim", 4, "--epochs", 1, "--min-count", 1, "--sample", 1e-3)
    texts = [f"a a a {letter} {letter}" for letter in "bcdefghi" * 4] + ["a"] * 6
    (folder / "texts").write_text("\n".join(texts) + "\n")
    assert w2v("train", "texts", *train).code == 0
    rows = w2v("infer", "vectors.safetensors", "texts", "--tsv").out.splitlines()
    zeros = sum(set(row.split("\t")[1:]) == {"0.0"} for row in rows)
    assert zeros >= 6
    outcome = w2v("evaluate", "self-retrieval", "vectors.safetensors", "texts", "--json")
    found = json.loads(outcome.out)
    assert (found["documents"], found["missing"]) == (len(texts) - zeros, zeros)
    shown = w2v("evaluate", "self-retrieval", "vectors.safetensors", "texts").out
    assert shown.endswith("or not in the corpus, or with a vector that is zero\n")
    (folder / "few").write_text("a\n" * 6)  # the ids 1 to 6
    outcome = w2v("evaluate", "self-retrieval", "vectors.safetensors", "few")
    assert (outcome.code, outcome.out) == (2, "")
    assert "vector of each document of vectors.safetensors is zero" in outcome.err


def test_every_model_of_documents_is_tried_here():
    assert {name.split()[0] for name in MODELS} == {
        m.name for m in models().values() if m.inference
    }


def test_a_settings_dataclass_that_a_file_lacks(folder):
    container.write("x.safetensors", {"a": np.zeros(1)}, {"model": "pv-dm"})
    with pytest.raises(W2VError, match="damaged"):
        SavedDocumentModel("x.safetensors")


def test_a_row_that_is_no_document_is_left_out_and_said(w2v, folder):
    """Other rows are inferred as without it. Training refuses the file."""
    (folder / "text").write_text("king man\nqueen king\nman man king\n" * 8)
    small = ("--min-count", 1, "--quiet", "--threads", 1)
    assert w2v("train", "text", "--model", "lsa", "--topics", 2, *small).code == 0
    ask = ("infer", "vectors.safetensors", "new.tsv", "--quiet", "--tsv")
    (folder / "new.tsv").write_text("x\tking man\ny\tman\n")
    wanted = w2v(*ask)
    (folder / "new.tsv").write_text("x\tking man\nbad row\n\ny\tman\nx\tqueen\n")
    outcome = w2v(*ask)
    assert (outcome.code, outcome.out) == (2, wanted.out)
    errors = outcome.err.splitlines()
    assert errors[0] == "w2v: new.tsv: row 2: expected id TAB text, found 'bad row'; see --columns"
    assert errors[1].startswith("w2v: new.tsv: row 5: an earlier document has the same name 'x': ")
    assert errors[2:] == ["w2v: 2 rows left out"]
    (folder / "new.tsv").write_text("x\tking man\n" + "bad row\n" * 1000 + "y\tman\n")
    outcome = w2v(*ask)
    assert (outcome.code, outcome.out) == (2, wanted.out)
    assert len(outcome.err.splitlines()) == 11
    assert outcome.err.endswith("\nw2v: 1,000 rows left out\n")
    refused = w2v("train", "new.tsv", "--model", "lsa", *small, "-o", "y.safetensors")
    assert refused.code == 2
    assert refused.err.startswith("w2v: new.tsv: row 2: expected id TAB text")


def test_an_object_that_is_no_text_is_left_out_of_predictions(w2v, folder):
    (folder / "text.tsv").write_text("a\tking man\nb\tqueen queen\n" * 20)
    small = ("--min-count", 1, "--quiet", "--threads", 1, "--epochs", 1, "--dim", 4)
    assert w2v("train", "text.tsv", "--model", "mlp", *small).code == 0
    good = '{"text": "king man"}\n{"text": "queen"}\n'
    bad = '{"text": "king man"}\n{"text":\n[1]\n{"txt": 1}\n{"text": "queen"}\n'
    ask = ("predict", "vectors.safetensors", "--format", "jsonl", "--json", "--quiet")
    outcome = w2v(*ask, stdin=bad.encode())
    assert (outcome.code, outcome.out) == (2, w2v(*ask, stdin=good.encode()).out)
    assert outcome.err == (
        "w2v: stdin: row 2: expected a JSON object, found '{\"text\":'\n"
        "w2v: stdin: row 3: expected a JSON object, found '[1]'\n"
        "w2v: stdin: row 4: the field 'text' is missing or null\n"
        "w2v: 3 rows left out\n"
    )
