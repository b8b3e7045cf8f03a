"""Minimum quality on real text, below the variation between seeds; slow: `make test-slow`."""

import gzip
import json
import random

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.linalg import svds

from w2v.factorization import svd, term_matrix
from w2v.models import models
from w2v.networks.lag_experiment import train_on_task
from w2v.settings import DocumentSettings, TextSettings
from w2v.text.encode import open_corpus, read

# analogies in per cent, WordSim-353, SimLex-999: means of the manual less 5 standard deviations
FLOORS = {
    "skipgram": (35.7, 0.616, 0.288),
    "cbow": (32.7, 0.613, 0.236),
    "ppmi": (37.0, 0.65, 0.265),
}


def test_every_model_of_words_has_its_floors():
    found = models().items()
    words = {name for name, model in found if not (model.has_documents or model.predicts)}
    assert FLOORS.keys() == words


@pytest.mark.slow
@pytest.mark.parametrize("model", FLOORS)
def test_vectors_of_wikipedia_answer_as_well_as_they_did(w2v, data, folder, model):
    trained = w2v("train", data / "enwiki100m.txt.gz", "--model", model, "-o", "x.safetensors")
    assert trained.code == 0
    assert "67,873 of 219,525 words" in trained.err

    questions = ("analogies", data / "questions-words.txt", "--restrict", 30000)
    total = json.loads(
        w2v("evaluate", *questions, "-v", "x.safetensors", "--json").out.splitlines()[-1]
    )
    assert total["answerable"] == 11911
    pairs = [data / "similarity" / f"{name}.tsv" for name in ("ws353", "simlex999")]
    rows = w2v("evaluate", "similarity", *pairs, "-v", "x.safetensors", "--json").out.splitlines()
    found = (100 * total["accuracy"], *(json.loads(row)["spearman"] for row in rows))
    print(model, trained.err, found)
    assert all(score >= floor for score, floor in zip(found, FLOORS[model], strict=True)), found


@pytest.mark.slow
def test_singular_values_of_newsgroups_are_those_of_arpack(data):
    settings = TextSettings(tokenizer="words", lowercase=True)
    path = str(data / "20news-bydate.train.jsonl.gz")
    corpus = open_corpus([path], settings, DocumentSettings(id_prefix="label"))
    vocabulary, text = read(corpus, settings, lambda tokens: None)
    counts = term_matrix.count_terms(text, len(vocabulary.names))
    matrix = term_matrix.weigh(counts, term_matrix.global_weights(counts, "tfidf"), "tfidf")
    ours = svd.truncated(svd.LocalProducts(matrix, 2), 50, 6, 10, 1).values
    shape = len(matrix.starts) - 1, matrix.width
    x = csr_array((matrix.values.astype(float), matrix.columns, matrix.starts), shape=shape)
    exact = np.sort(svds(x, 50, return_singular_vectors=False))[::-1]
    print(shape, "largest relative difference", np.abs(ours / exact - 1).max())
    np.testing.assert_allclose(ours, exact, rtol=1e-3)


@pytest.mark.slow
def test_topics_of_newsgroups_are_as_good_as_they_were(w2v, data, folder):
    """Held-out perplexity and coherence: those measured, less the variation between seeds."""
    options = ("--tokenizer", "words", "--lowercase", "--min-count", "1", "--id-prefix", "label")
    chosen = ("--stopwords", "english", "--min-df", "5", "--max-df", "0.5")
    posts, held = (data / f"20news-bydate.{split}.jsonl.gz" for split in ("train", "test"))
    outcome = w2v("train", posts, "--model", "lda", *options, *chosen, "-o", "x.safetensors")
    assert outcome.code == 0
    topics = w2v("topics", "x.safetensors", "--json").out.splitlines()
    npmi = np.mean([json.loads(row)["npmi"] for row in topics])
    found = w2v("perplexity", "x.safetensors", held, "--id-prefix", "label", "--json")
    perplexity = json.loads(found.out)["perplexity"]
    print(outcome.err, perplexity, npmi)
    assert perplexity < 2750
    assert npmi > 0.2


@pytest.mark.slow
def test_an_lstm_tells_reviews_as_well_as_it_did(w2v, data, folder):
    """One fold of rt-polarity, random vectors: 76.9 measured, less the variation of folds."""
    with gzip.open(data / "rt-polarity.tsv.gz") as file:
        rows = file.read().splitlines(keepends=True)
    random.Random(1).shuffle(rows)
    for name, part in (("test", rows[::10]), ("valid", rows[1::10])):
        (folder / f"{name}.tsv").write_bytes(b"".join(part))
    left = b"".join(row for at, row in enumerate(rows) if at % 10 > 1)
    (folder / "train.tsv").write_bytes(left)
    options = ("--min-count", 1, "--dim", 100, "--units", 128, "--dropout", 0.5, "--epochs", 6)
    trained = w2v("train", "train.tsv", "--model", "lstm", "--valid", "valid.tsv", *options)
    assert trained.code == 0
    by = ("-v", "vectors.safetensors", "--by", "model", "--json")
    found = json.loads(w2v("evaluate", "classify", "test.tsv", *by).out)
    print(trained.err, found)
    assert found["documents"] == 1067
    assert found["accuracy"] > 0.73


@pytest.mark.slow
def test_networks_tell_next_words_as_well_as_they_did(w2v, data, folder):
    """The Penn Treebank, two epochs: an LSTM reaches a perplexity of 158, a simple network 180."""
    text, held, test = (data / f"ptb.{name}" for name in ("train.txt.gz", "valid.txt", "test.txt"))
    options = ("--task", "lm", "--min-count", 1, "--dim", 200, "--units", 200, "--bptt", 20)
    for model, highest in (("lstm", 165), ("rnn", 190)):
        more = ("--epochs", 2, "--valid", held, "--tied", "-o", "x.safetensors")
        trained = w2v("train", text, "--model", model, *options, *more)
        assert trained.code == 0
        found = json.loads(w2v("perplexity", "x.safetensors", test, "--json").out)
        print(trained.err, found)
        assert found["scored"] == 82_430
        assert found["perplexity"] < highest


@pytest.mark.slow
def test_an_lstm_learns_what_lies_a_hundred_numbers_back():
    """The adding problem with seed 1, as in `w2v lag`; a simple network stays at chance."""
    assert train_on_task("adding", "lstm", 100, 4000, 32, 1).solved("adding")
    forgot = train_on_task("adding", "rnn tanh", 100, 1000, 32, 1)
    assert forgot.score > 0.14
    assert forgot.gradients[-1] < 0.01
