"""Damaged models: one line that says what is wrong, never a traceback; see `fuzzing`."""

import json
import os
from dataclasses import asdict
from functools import partial

import fasttext_files as files
import numpy as np
import pytest
from fuzzing import alter, meet_mutants, opened_documents, write_bytes
from helpers import Silent, mutate

import w2v
from w2v.embeddings import container
from w2v.embeddings.table import Table
from w2v.models import models
from w2v.networks.architecture import Architecture
from w2v.runs import small_classifier
from w2v.runs.initial_vectors import read_initial
from w2v.runs.saved_classifier import open_classifier
from w2v.runs.saved_explainer import open_explainer
from w2v.runs.saved_model import SavedDocumentModel, SavedNetwork, SavedTopicModel
from w2v.runs.small_classifier import Shrinking
from w2v.settings import TextSettings
from w2v.text.encode import open_corpus
from w2v.text.vocabulary import END, UNKNOWN
from w2v.topics import mallet


def document_model(path):
    """A model that `w2v infer` takes."""
    model, rng = models()["pv-dm"], np.random.default_rng(1)
    saved_settings = {**asdict(model.settings(dim=5, epochs=1)), **asdict(TextSettings())}
    names = ["the", "king", "\u00e9", "\u65e5\u672c"]
    vectors = rng.standard_normal((2, len(names), 5)).astype(np.float32)
    table = Table.build(names, vectors[0], np.arange(1, 5))
    tensors = {**container.table_tensors("words", table), "output_vectors": vectors[1]}
    container.write(path, tensors, {"model": "pv-dm", "settings": json.dumps(saved_settings)})


def topic_model(path, sparse=False):
    """A model that `w2v topics` takes; with `sparse`, its topics of documents are sparse."""
    model, rng = models()["lda"], np.random.default_rng(1)
    saved_settings = {**asdict(model.settings(topics=3)), **asdict(TextSettings())}
    shares = rng.dirichlet(np.ones(3), 6).astype(np.float32)
    words = Table.build(["the", "king", "\u00e9", "b"], shares[:4], np.arange(1, 5))
    tensors = container.table_tensors("words", words)
    if sparse:
        tensors |= container.name_tensors("documents", ["x", "y"], np.array([1, 2]))
        tensors["documents.starts"] = np.array([0, 1, 3])
        tensors["documents.topics"] = np.array([1, 0, 2], np.int16)
        tensors["documents.topic_counts"] = np.array([8, 9, 7], np.uint8)
    else:
        documents = Table.build(["x", "y"], shares[4:], np.array([1, 2]))
        tensors |= container.table_tensors("documents", documents)
    tensors |= {"alpha": np.full(3, 0.1, np.float32), "eta": np.array([0.01])}
    tensors |= {"state.words": np.array([0, 1, 3], np.int32), "state.starts": np.array([0, 1, 3])}
    tensors["state.topics"] = np.array([0, 1, 2], np.int16)
    judged = [{"npmi": 0.1, "u_mass": None, "skipped": 1}] * 3
    metadata = {"settings": saved_settings, "found": {"coherence": judged}}
    nested = {name: json.dumps(value) for name, value in metadata.items()}
    container.write(path, tensors, {"model": "lda", **nested})


def network(model, task):
    """A function that writes the file of a network."""

    def write(path):
        names = [END, UNKNOWN, "the", "king", "b"]
        saved_settings = models()[model].settings(task=task, dim=4, units=3, batch=2)
        labels = ["x", "y"] * (task == "classify")
        rng = np.random.default_rng(1)
        tensors = {
            name: rng.standard_normal(shape).astype(np.float32)
            for name, shape in Architecture.of(saved_settings, len(names), len(labels))
            .shapes()
            .items()
        }
        table = Table.build(names, tensors.pop("input_vectors"), np.arange(1, 6))
        tensors |= container.table_tensors("words", table)
        if labels:
            tensors |= container.name_tensors("labels", labels, np.zeros(2, np.int64))
        both = {**asdict(saved_settings), **asdict(TextSettings())}
        container.write(path, tensors, {"model": model, "settings": json.dumps(both)})

    return write


def use_network(path):
    """Use a network that has been loaded, in every way."""
    with open("new", "w") as file:
        file.write("the king\n\nb the\n")
    trained = SavedNetwork(path)
    if trained.text_settings.encoding != "utf-8":
        return
    if trained.network.is_language:
        corpus = open_corpus(["new"], trained.text_settings, None)
        trained.network.evaluate(trained.read(corpus)[0])
        assert len([*trained.network.generate([2], 3, 1.0, 2, 1)]) == 3
    else:
        text, _ = trained.read(opened_documents("new", "lines"))
        [block] = trained.network.probabilities(text, 1)
        assert block.shape == (3, len(trained.network.labels))


def show_topics(path):
    """Use the topics of a model that has been loaded, in every way."""
    trained = SavedTopicModel(path)
    listing = trained.listing()
    trained.coherence()
    mallet.write_topic_keys("keys", listing, trained.names)
    documents = trained.document_topics()
    mallet.write_document_topics("shares", documents.names, documents.mixtures)
    documents = trained.document_names()
    if "state.topics" in trained.tensors:
        mallet.write_state("state", trained.name, trained.tensors, trained.names, documents)
    infer(path)


def infer(path):
    """Infer with a model that has been loaded."""
    with open("new", "w") as file:
        file.write("the king\n\n")
    trained = SavedDocumentModel(path)
    if trained.text_settings.encoding == "utf-8":
        trained.vectors(trained.read(opened_documents("new", "lines"))[0])


TEXT = "the king and the queen\nthe king in space\n\u00e9 orbit of the queen in space\n" * 3
LABELLED = "".join(f"__label__{'xyz'[n % 3]} {row}\n" for n, row in enumerate(TEXT.splitlines()))


def trained(model, text=TEXT, **options):
    """A function that trains a model, and writes its file."""

    def write(path):
        with open("text", "w", encoding="utf-8") as file:
            file.write(text)
        options.setdefault("epochs", 1) if model in ("nbow", "skipgram", "lda") else None
        w2v.train("text", output="m.safetensors", model=model, threads=1, min_count=1, **options)
        os.replace("m.safetensors", path)

    return write


def small_classifier_file(path):
    """A small classifier, which `w2v convert` writes, with int8 vectors of some features."""
    trained("nbow", LABELLED, dim=4, word_ngrams="1-2", subwords="2-3", buckets=40)("m")
    small_classifier.write("m", "n.safetensors", Shrinking("i8", prune=20), Silent())
    os.replace("n.safetensors", path)


def sif_model(path):
    """A model whose documents are means of words that have vectors."""
    with open("words.txt", "w", encoding="utf-8") as file:
        file.write("the 1 0 2\nking 0 1 1\nqueen 1 1 0.5\nspace -1 0 1\n")
    trained("sif", init="words.txt")(path)


def fasttext_classifier(path):
    """A classifier of fastText with character and word n-grams."""
    rng, words = np.random.default_rng(1), ["the", "king", "\u00e9"]
    inputs, outputs = (files.dense(rng.normal(size=(n, 3))) for n in (23, 3))
    write_bytes(files.model(
        words, [3, 2, 1], inputs, outputs, [f"__label__{name}" for name in "xyz"], dim=3,
        bucket=20, model=3, loss=1, minn=2, maxn=3, wordNgrams=2,
    ))(path)  # fmt: skip


def classify(path):
    """Predict the labels of texts, and explain one of them."""
    with open("new", "w") as file:
        file.write("the king in space\n\nnothing else\n")
    classifier = open_classifier(path)
    if getattr(classifier, "text_settings", TextSettings()).encoding != "utf-8":
        return
    predicted = classifier.predict(opened_documents("new", "lines", "if there"), 1)
    [block] = predicted.blocks
    assert block.shape == (3, len(classifier.labels))
    explainer = open_explainer(path)
    explainer.explain(b"the king in space", 0, by_part=True)


def update(path):
    """Read a model to train it further."""
    initial = read_initial({"update": path})
    assert set(initial.counts) == set(initial.vocabulary().names)


KINDS = {
    "model of documents": (document_model, infer),
    "model of topics": (topic_model, show_topics),
    "model of sparse topics": (partial(topic_model, sparse=True), show_topics),
    "model of labels": (network("rnn", "classify"), use_network),
    "model of next words": (network("lstm", "lm"), use_network),
    "neural bag of words": (trained("nbow", LABELLED, dim=4, hidden="3", loss="hs"), classify),
    "nbow of n-grams": (
        trained(
            "nbow",
            LABELLED,
            dim=4,
            word_ngrams="1-2",
            ngram_min_count=1,
            subwords="2-3",
            buckets=40,
        ),
        classify,
    ),
    "small classifier": (small_classifier_file, classify),
    "model of SIF": (sif_model, infer),
    "model of LSA": (trained("lsa", topics=2), show_topics),
    "words to update": (trained("skipgram", dim=4), update),
    "n-grams to update": (trained("skipgram", dim=4, subwords="2-3", buckets=40), update),
    "topics to update": (trained("lda", topics=2, keep_state=True), update),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy, for what is infinite
@pytest.mark.parametrize("change", [mutate, alter])
@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_model_is_read_or_refused_in_one_line(folder, kind, change):
    """By `mutate`, nearly all errors are those of the header; `alter` changes what it holds."""
    meet_mutants(kind, *KINDS[kind], change=change)


def test_a_damaged_classifier_of_fasttext_is_read_or_refused_in_one_line(folder):
    meet_mutants("fastText classifier", fasttext_classifier, classify)
