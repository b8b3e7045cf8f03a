"""The command `w2v subwords`: files, queries of unknown words, refusals, stop signals, pipes."""

import os
import signal

import numpy as np
import pytest

import w2v as library
from w2v.embeddings import container

WORDS = ["walk", "walks", "walked", "bake", "bakes", "baked", "the", "</s>", "Straße", "a"]
MATRIX = np.random.default_rng(0).standard_normal((len(WORDS), 5)).astype(np.float32)
OOV = "walker"


@pytest.fixture
def given(folder):
    """The files in.txt, in.bin, in.npy, in.glove and in.safetensors with the same vectors."""
    vectors = library.Vectors(WORDS, MATRIX, range(len(WORDS), 0, -1))
    for suffix in ("txt", "bin", "npy", "glove", "safetensors"):
        vectors.save(f"in.{suffix}")
    return folder


@pytest.mark.parametrize("suffix", ["txt", "bin", "npy", "glove", "safetensors"])
def test_a_file_of_any_format_answers_for_unknown_words(w2v, given, suffix):
    outcome = w2v("subwords", f"in.{suffix}", "-o", "out.safetensors", "--threads", 1)
    assert (outcome.code, outcome.out) == (0, "")
    assert "wrote out.safetensors: 10 vectors of 5 numbers, with 78 n-grams" in outcome.err
    fitted = library.load("out.safetensors")
    np.testing.assert_array_equal(fitted.matrix, library.load(f"in.{suffix}").matrix)
    assert fitted.words == WORDS
    has_counts = suffix == "safetensors"
    assert (fitted.counts is not None) == has_counts
    outcome = w2v("similar", OOV, "-v", "out.safetensors", "-k", 1)
    assert outcome.err == f"{OOV} is out-of-vocabulary: composed from 10 n-grams\n"
    assert w2v("similar", OOV, "--oov", "error", "-v", "out.safetensors").code == 3
    assert w2v("vector", OOV, "--parts", "-v", "out.safetensors").out.count("\n") == 10
    assert w2v("info", "--check", "out.safetensors").code == 0
    np.testing.assert_allclose(fitted["bake"], MATRIX[3], rtol=1e-5)


def test_the_figures_on_held_out_words_are_said_and_stored(w2v, given):
    outcome = w2v("subwords", "in.txt", "-o", "out.safetensors", "--held-out", 3)
    assert "3 words held out: mean cosine " in outcome.err
    assert container.nested(container.read("out.safetensors")[1], "fit")["held_out"] == 3
    outcome = w2v("subwords", "in.txt", "-o", "out.safetensors", "--held-out", 0, "--quiet")
    assert (outcome.code, outcome.err) == (0, "")
    assert "fit" not in container.read("out.safetensors")[1]


def test_the_result_does_not_depend_on_threads(w2v, given):
    for threads in (1, 3):
        w2v("subwords", "in.txt", "-o", f"{threads}.safetensors", "--threads", threads)
    assert (given / "1.safetensors").read_bytes() == (given / "3.safetensors").read_bytes()


def test_the_result_is_written_as_a_fasttext_model(w2v, given):
    w2v("subwords", "in.txt", "-o", "out.safetensors", "--buckets", 12, "--subwords", "2-4")
    assert w2v("convert", "out.safetensors", "out.bin").code == 0
    model, fitted = library.load("out.bin"), library.load("out.safetensors")
    np.testing.assert_allclose(model[WORDS], MATRIX, atol=1e-5)
    np.testing.assert_allclose(model["walkers"], fitted["walkers"], atol=1e-5)
    fasttext = pytest.importorskip("fasttext", reason="the package fasttext is not installed")
    theirs = fasttext.load_model("out.bin")
    np.testing.assert_allclose(theirs.get_word_vector("walkers"), model["walkers"], atol=1e-5)
    np.testing.assert_allclose(theirs.get_word_vector("baked"), MATRIX[5], atol=1e-5)


def test_the_settings_of_a_models_text_are_kept(w2v, folder):
    library.train(
        texts=["E\u0301A b"] * 9, output="m.safetensors", min_count=1, dim=2, normalize="NFC",
        lowercase=True, epochs=1, sample=0,
    )  # fmt: skip
    assert w2v("subwords", "m.safetensors", "-o", "out.safetensors", "--subwords", "1-2").code == 0
    settings = container.nested(container.read("out.safetensors")[1], "settings")
    assert (settings["normalize"], settings["lowercase"]) == ("NFC", True)
    assert w2v("similar", "e\u0301a", "-k", 1, "-v", "out.safetensors").err == ""  # found as é


def test_subwords_that_a_file_has_are_replaced(w2v, given):
    w2v("subwords", "in.txt", "-o", "first.safetensors")
    outcome = w2v("subwords", "first.safetensors", "-o", "second.safetensors", "--subwords", "2")
    assert outcome.err.startswith("these vectors already have subwords, which are replaced\n")
    assert library.load("second.safetensors").info()["subwords"]["maxn"] == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["in.txt", "-o", "out.bin"], "name a file that ends in .safetensors"),
        (["in.safetensors", "-o", "in.safetensors"], "is one of the files of VECTORS"),
        (["in.txt", "-o", "no/out.safetensors"], "create it first"),
        (["in.txt"], "name the output file: -o"),
        (["in.txt", "-o", "out.safetensors", "--subwords", "6-3"], "expected MIN-MAX"),
        (["in.txt", "-o", "out.safetensors", "--subwords", "none"], "such as 3-6"),
        (["in.txt", "-o", "out.safetensors", "--subwords", "9"], "try fewer characters"),
        (["in.txt", "-o", "out.safetensors", "--held-out", "10"], "hold fewer of them out"),
        (["missing.txt", "-o", "out.safetensors"], "No such file"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(w2v, given, options, message):
    before = {path.name: path.read_bytes() for path in given.iterdir()}
    outcome = w2v("subwords", *options)
    assert outcome.code == 2
    assert message in outcome.err.splitlines()[-1]
    assert {path.name: path.read_bytes() for path in given.iterdir()} == before


def test_too_little_memory_is_refused_before_the_work(w2v, given, monkeypatch):
    monkeypatch.setattr("w2v.system.resources.available_memory", lambda: 1000)
    outcome = w2v("subwords", "in.txt", "-o", "out.safetensors")
    assert outcome.code == 2
    assert outcome.err.endswith("w2v convert IN OUT --limit N\n")
    assert not (given / "out.safetensors").exists()


def test_a_stopped_fit_leaves_nothing(w2v, given, monkeypatch, stoppable):
    from w2v.negative_sampling.ngram_regression import NgramRegression

    def stop(*arguments):
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(NgramRegression, "solve", stop)
    before = {*os.listdir()}
    outcome = w2v("subwords", "in.txt", "-o", "out.safetensors")
    assert outcome.code == 130
    assert {*os.listdir()} == before


def test_vectors_come_from_a_pipe(w2v, given):
    data = (given / "in.txt").read_bytes()
    assert w2v("subwords", "-", "-o", "out.safetensors", stdin=data).code == 0
    np.testing.assert_allclose(library.load("out.safetensors").matrix, MATRIX, rtol=1e-5)
