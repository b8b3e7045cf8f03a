"""Small classifiers: equal probabilities with fewer dimensions, int8, damaged files."""

import json
import random
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from helpers import COMPILED, compiled, mutate
from labelled_texts import LABELS, run, texts, write

from w2v.embeddings import container
from w2v.runs.saved_classifier import open_classifier
from w2v.settings import DocumentSettings
from w2v.text.encode import open_corpus
from w2v.text_classification import small_file, small_vectors
from w2v.text_classification.collapse import collapsed
from w2v.text_classification.labels import LabelTree
from w2v.text_classification.scores import TrainedLayers


@pytest.fixture
def labelled(folder):
    write(folder)
    return folder


def train(w2v, *more, path="train.tsv", dim=8):
    return run(
        w2v, "train", path, "--model", "nbow", "--min-count", "1", "--dim", str(dim),
        "--threads", "1", "--lr", "0.2", "-o", "m.safetensors", *more,
    )  # fmt: skip


def predictions(path, text="test.tsv"):
    classifier = open_classifier(path)
    corpus = open_corpus([text], classifier.text_settings, DocumentSettings(), "if there")
    predicted = classifier.predict(corpus, 1)
    p = np.concatenate(list(predicted.blocks))
    return p, np.array([classifier.labels.index(name) for [name] in corpus.labels])


def make_layers(loss, labels, dim, hidden=(), rows=50):
    rng = np.random.default_rng(1)
    layers, inputs = [], dim
    for units in hidden:
        layers.append((rng.normal(size=(inputs, units)), rng.normal(size=units)))
        inputs = units
    layers = [(weights.astype(np.float32), b.astype(np.float32)) for weights, b in layers]
    tree = LabelTree.of(np.arange(labels) + 1) if loss == "hs" else None
    vectors, outputs, biases = (
        rng.normal(size=shape).astype(np.float32)
        for shape in ((rows, dim), (labels, inputs), labels)
    )
    return TrainedLayers(vectors, layers, outputs, biases, loss, tree)


RANKS = {"softmax": -1, "hs": -1, "ova": 0, "ns": 0}


@compiled
@pytest.mark.parametrize(("loss", "labels"), list(product(RANKS, (2, 3, 9))))
def test_collapsed_layers_have_the_same_probabilities(loss, labels):
    layers = make_layers(loss, labels, 16)
    small = collapsed(layers)
    assert small.vectors.shape == (50, labels + RANKS[loss])
    assert small.outputs.shape == (labels, labels + RANKS[loss])
    rows = np.random.default_rng(2).integers(0, 50, 90).astype(np.int32)
    bounds = np.array([0, 0, 1, 30, 90])
    expected, found = (each.probabilities(each.scores(rows, bounds)) for each in (layers, small))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("loss", "labels", "dim", "hidden"),
    [("softmax", 17, 16, ()), ("ova", 16, 16, ()), ("hs", 20, 16, ()), ("softmax", 2, 16, (4,))],
)
def test_layers_that_cannot_become_smaller_stay_as_they_are(loss, labels, dim, hidden):
    layers = make_layers(loss, labels, dim, hidden)
    assert collapsed(layers) is layers


def test_outputs_of_zeros_are_collapsed_too():
    layers = make_layers("softmax", 2, 4)
    layers.outputs[:] = 1
    small = collapsed(layers)
    np.testing.assert_allclose(small.vectors @ (small.outputs[0] - small.outputs[1]), 0, atol=1e-6)


@compiled
@pytest.mark.parametrize("dtype", ["f32", "f16", "i8", "i4"])
@pytest.mark.parametrize(
    "options",
    [
        (), ("--loss", "hs"), ("--loss", "ova"), ("--loss", "ns"), ("--word-ngrams", "1-2"),
        ("--subwords", "2-3"), ("--hidden", "5"), ("--hidden", "5", "--subwords", "3-4"),
        ("--word-ngrams", "1-2", "--subwords", "3-4", "--valid", "test.tsv"), ("--dim", "2"),
    ],
)  # fmt: skip
def test_a_small_file_has_the_same_probabilities(w2v, labelled, options, dtype):
    train(w2v, "--epochs", "8", *options)
    report = run(w2v, "convert", "m.safetensors", "small.safetensors", "--dtype", dtype).err
    assert report.count("\n") == 1
    size, small = ((labelled / f"{name}.safetensors").stat().st_size for name in ("m", "small"))
    assert f"{size:,} bytes before, {small:,} after" in report
    expected, truth = predictions("m.safetensors")
    found, _ = predictions("small.safetensors")
    np.testing.assert_allclose(
        found, expected, atol={"f32": 1e-5, "f16": 2e-3, "i8": 0.05, "i4": 0.15}[dtype]
    )
    assert (found.argmax(axis=1) == truth).mean() >= (expected.argmax(axis=1) == truth).mean()


@compiled
def test_the_features_of_two_labels_are_bytes(w2v, labelled):
    (labelled / "two.tsv").write_text(texts(300, labels=LABELS[:2]))
    train(w2v, "--word-ngrams", "1-2", path="two.tsv")
    run(w2v, "convert", "m.safetensors", "small.safetensors", "--dtype", "i8")
    tensors, metadata = container.read("small.safetensors")
    names = container.read_names(tensors, "vocabulary")
    assert tensors["features.vectors"].shape == (
        len(names) + open_classifier("m.safetensors").trained.features.ngrams.kept.size, 1
    )  # fmt: skip
    assert tensors["features.vectors"].dtype == np.int8
    assert container.nested(metadata, "settings")["dim"] == 1
    again = run(w2v, "convert", "small.safetensors", "again.safetensors", "--dtype", "i8").err
    assert "of 1 number;" in again
    first, second = (
        predictions(f"{name}.safetensors", "two.tsv")[0] for name in ("small", "again")
    )
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_other_formats_have_word_vectors(w2v, labelled):
    train(w2v, "--epochs", "1")
    run(w2v, "convert", "m.safetensors", "words.txt")
    run(w2v, "convert", "m.safetensors", "few.safetensors", "--dtype", "i8", "--limit", "3")
    word = container.read_names(container.read("few.safetensors")[0], "words")[0]
    assert run(w2v, "similar", word, "-v", "few.safetensors", "-k", "1").out.count("\n") == 1


def test_check_keeps_a_classifier_and_reports_damaged_bytes(w2v, labelled):
    train(w2v, "--epochs", "1")
    convert = ("convert", "m.safetensors", "small.safetensors", "--dtype", "i8")
    run(w2v, *convert)
    wanted = Path("small.safetensors").read_bytes()
    assert "a classifier of" in run(w2v, *convert, "--check").err
    assert Path("small.safetensors").read_bytes() == wanted
    assert "a classifier of" in run(w2v, *convert, "--check", "--prune", "5").err
    tensors, metadata = container.read("m.safetensors")
    name = next(name for name in tensors if name.endswith("vectors"))
    array = bytearray(Path("m.safetensors").read_bytes())
    found = array.index(tensors[name].tobytes())
    array[found] ^= 1  # the last bit of a number
    Path("m.safetensors").write_bytes(array)
    assert f"m.safetensors: the bytes of {name} do not match" in run(w2v, *convert, "--check").err


def test_commands_for_word_vectors_refuse_a_small_file(w2v, labelled):
    train(w2v, "--epochs", "1")
    run(w2v, "convert", "m.safetensors", "small.safetensors", "--dtype", "i8")
    assert '"checked": true' in run(w2v, "info", "small.safetensors", "--check", "--json").out
    for args in (("similar", "the", "-v"), ("convert", "-", "--"), ("vector", "the", "-v")):
        words = args if args[0] != "convert" else ("convert",)
        more = ("words.txt",) if args[0] == "convert" else ()
        error = run(w2v, *words, "small.safetensors", *more, code=2).err
        assert "small.safetensors is a small classifier, which has no word vectors" in error
        assert error.count("\n") == 1


@pytest.mark.parametrize(("dim", "dtype"), [(8, "i8"), (8, "i4"), (2, "i8")])
def test_wrong_arrays_are_refused(w2v, labelled, dim, dtype):
    more = ("--hidden", "4") if dim == 8 else ()  # so that the vectors keep their dimensions
    train(w2v, "--word-ngrams", "1-2", "--subwords", "2-3", "--epochs", "1", *more)
    run(w2v, "convert", "m.safetensors", "small.safetensors", "--dtype", dtype)
    tensors, metadata = container.read("small.safetensors")
    scales = [small_vectors.CODES, small_vectors.LARGEST] if dim == 8 else []
    scales = scales or [small_vectors.COLUMN_SCALES]
    buckets = [f"{kind}.buckets.{part}" for kind in ("subwords", "word_ngrams")
               for part in ("low", "high")]  # fmt: skip
    for name in (small_file.VECTORS, *scales, *buckets, "vocabulary.lengths"):
        wrong = [None, tensors[name][:-1], tensors[name].astype(np.float64), tensors[name][None]]
        if name in (small_vectors.LARGEST, small_vectors.COLUMN_SCALES):
            wrong += [np.full_like(tensors[name], each) for each in (np.nan, -1, 1e38)]
        for change in wrong:
            changed = {**tensors, name: change}
            if change is None:
                del changed[name]
            container.write("bad.safetensors", changed, metadata)
            for args in (("predict", "test.tsv"), ("explain", "a")):
                error = run(w2v, args[0], "bad.safetensors", args[1], code=2).err
                assert "bad.safetensors" in error, name
                assert error.strip().count("\n") == 0


@pytest.mark.parametrize("value", [None, 0, -1, 1 << 40, "many", True, 64.0])
def test_wrong_numbers_of_buckets_are_refused(w2v, labelled, value):
    train(w2v, "--word-ngrams", "1-2", "--subwords", "2-3", "--epochs", "1")
    run(w2v, "convert", "m.safetensors", "small.safetensors", "--dtype", "i8")
    tensors, metadata = container.read("small.safetensors")
    subwords, found = (container.nested(metadata, name) for name in ("subwords", "found"))
    subwords["buckets"] = found["word_ngrams"]["buckets"] = value
    for name, facts in (("subwords", subwords), ("found", found)):
        container.write("bad.safetensors", tensors, {**metadata, name: json.dumps(facts)})
        for args in (("predict", "test.tsv"), ("explain", "a")):
            error = run(w2v, args[0], "bad.safetensors", args[1], code=2).err
            assert "bad.safetensors: damaged" in error


def test_info_finds_vectors_that_are_not_finite(w2v, labelled):
    train(w2v, "--epochs", "1")
    run(w2v, "convert", "m.safetensors", "small.safetensors", "--dtype", "f32")
    tensors, metadata = container.read("small.safetensors")
    vectors = np.array(tensors[small_file.VECTORS])
    vectors[0, 0] = np.inf
    container.write("bad.safetensors", {**tensors, small_file.VECTORS: vectors}, metadata)
    assert "not finite" in run(w2v, "info", "bad.safetensors", "--check", code=2).err
    run(w2v, "predict", "bad.safetensors", "test.tsv", code=2)


@pytest.mark.parametrize("dtype", ["i8", "i4"])
def test_damaged_files_give_one_line(w2v, labelled, dtype):
    train(w2v, "--word-ngrams", "1-2", "--subwords", "3-4", "--epochs", "1", "--hidden", "9")
    run(w2v, "convert", "m.safetensors", "small.safetensors", "--dtype", dtype)
    data, rng = (labelled / "small.safetensors").read_bytes(), random.Random(1)
    for _ in range(60 if COMPILED else 5):
        (labelled / "bad.safetensors").write_bytes(mutate(data, rng))
        outcome = w2v("predict", "bad.safetensors", "test.tsv")
        assert outcome.code in (0, 2)
        assert "Traceback" not in outcome.err
