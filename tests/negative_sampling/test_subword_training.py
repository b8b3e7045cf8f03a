"""Training words that are composed from n-grams: their rows, their steps, and their runs."""

import json

import naive
import numpy as np
import pytest
from helpers import (
    COMPILED,
    WITH_WORDS,
    V,
    compiled_only,
    finish,
    gradient,
    listed,
    make_run,
    stop_at,
)

from w2v.embeddings import formats, query
from w2v.kernels import composition
from w2v.kernels.simd import WIDTH, aligned
from w2v.models import models
from w2v.negative_sampling.composer import compose
from w2v.negative_sampling.subword_rows import WordRows, number_ngrams
from w2v.negative_sampling.worker import SEGMENT, segment_length
from w2v.settings import SubwordSettings

# The rows of the V words of the tests of kernels: each has its own, and some of 4 n-grams.
ROWS = [[0, V], [1], [2, V, V + 1, V], [3, V + 3], [4, V + 2], [5, V + 1, V + 2], [6], [7, V], [8]]


def word_rows(rows):
    """The rows of each word, as the kernels take them."""
    offsets = np.concatenate([[0], np.cumsum([len(own) for own in rows])])
    return WordRows.of_means(offsets, np.array([row for own in rows for row in own], np.int32))


def test_words_are_composed_and_their_changes_scattered():
    rng = np.random.default_rng(0)
    vectors, rows, words = (
        aligned((V + 5, 2 * WIDTH)),
        word_rows(ROWS),
        np.array([2, 5, 0], np.int32),
    )
    vectors[:] = rng.standard_normal(vectors.shape)
    composed, before = aligned((4, 2 * WIDTH)), aligned((3, 2 * WIDTH))
    composition.compose_words(vectors, *rows, words, 3, composed, before, 2)
    wanted = naive.compose_words(vectors, [ROWS[word] for word in words])
    np.testing.assert_allclose(composed[:3], wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(before, composed[:3])
    np.testing.assert_allclose(
        compose(vectors, rows), naive.compose_words(vectors, ROWS), rtol=1e-5, atol=1e-6
    )
    changes, twin = rng.standard_normal((3, 2 * WIDTH)), vectors.astype(np.float64)
    composed[:3] += changes
    naive.scatter_changes(twin, [ROWS[word] for word in words], changes)
    composition.scatter_changes(vectors, *rows[:2], words, 3, composed, before, 2)
    np.testing.assert_allclose(vectors, twin, rtol=1e-5, atol=1e-5)


@pytest.fixture
def text(folder, monkeypatch):
    """A text in the current folder whose words are stems with endings, in a few dozen chunks."""
    monkeypatch.setattr("w2v.training.chunks.SMALL_CHUNK", 80)
    (folder / "text").write_text(inflected(1500 if COMPILED else 30))
    return "text"


STEMS = {"walk": "road shoe", "bake": "oven flour", "sing": "song choir", "plant": "seed garden"}


def inflected(sentences, seed=0):
    """Sentences in which the forms of a stem occur with the companions of the stem."""
    rng = np.random.default_rng(seed)
    lines = []
    for _ in range(sentences):
        stem = rng.choice(list(STEMS))
        forms = [stem + ending for ending in rng.choice(["s", "er", "ing", "ed"], 3)]
        lines.append(" ".join(rng.permutation([*forms, *STEMS[stem].split(), "the", "of"])))
    return "\n".join(lines) + "\n"


each_model = pytest.mark.parametrize("name", ["skipgram", "cbow", "pv-dm", "pv-dbow"])


def make(text, output="x.safetensors", name="skipgram", **options):
    """A run that composes words from n-grams."""
    return make_run(
        text, output, name, **{"subwords": "3-5", **WITH_WORDS.get(name, {}), **options}
    )


def test_a_segment_is_shorter_where_words_would_use_the_row_of_an_ngram_more_often():
    counts = np.full(4000, 10)
    rare = [[word, 4000 + word // 8] for word in range(4000)]
    assert segment_length(word_rows(rare), counts, 0) == SEGMENT
    common = [[word, 4000, 4000] for word in range(4000)]
    assert segment_length(word_rows(common), counts, 0) == 18  # 2 * 18 uses, 2 * 37 are too many
    counts[0] = 10**9  # nearly always the same word, which is composed once
    assert segment_length(word_rows(common), counts, 0) == SEGMENT
    empty = WordRows.of_means(np.zeros(1, np.int64), np.empty(0, np.int32))
    assert segment_length(empty, counts[:0], 0) == SEGMENT


def test_a_chunk_is_trained_segment_by_segment_as_by_the_twin(text, monkeypatch):
    size = 9
    monkeypatch.setattr("w2v.negative_sampling.trainer.segment_length", lambda *_: size)
    trainer = make(text, dim=5, deterministic=False).executor.trainer
    trainer.vectors("output_vectors")[:] = np.random.default_rng(1).normal(
        size=(len(trainer.vocabulary.names), 5)
    )
    # The twin has a row for each n-gram.
    rows = listed(number_ngrams(trainer.vocabulary.names, trainer.settings)[1])
    words = np.arange(len(rows))
    row_of = np.concatenate([words, trainer.tables()["words"].subwords.ngram_rows()[1]])
    assert len(set(row_of)) < len(row_of)
    vectors = trainer.vectors("input_vectors")[row_of].astype(np.float64)
    outputs = trainer.vectors("output_vectors").astype(np.float64)
    worker = trainer._make_worker(len(trainer.vocabulary.names))
    count, state = worker.build_windows(trainer.plan(1)[0])
    ids, firsts, lasts, rates, *_ = (array[:count].tolist() for array in worker.windows)
    assert count > 2 * size
    wanted, rng = np.zeros(2), naive.Random(state[0])
    for begin in range(0, count, size):
        end = min(begin + size, count)
        spans = [(at, max(firsts[at], begin), min(lasts[at], end - 1)) for at in range(begin, end)]
        windows = [
            (ids[at], [*ids[a:at], *ids[at + 1 : b + 1]], rates[at], at - a, 0)
            for at, a, b in spans
        ]
        words = naive.compose_words(vectors, rows)
        start = words.copy()
        wanted += naive.skipgram_train_windows(windows, words, outputs, trainer.noise, 5, rng)
        naive.scatter_changes(vectors, rows, words - start)
    found = worker.step(count, state, trainer.noise, trainer.frozen, trainer.matrices)
    assert found == pytest.approx(wanted, rel=1e-5)
    found = trainer.vectors("input_vectors")[row_of]
    np.testing.assert_allclose(found, vectors, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(trainer.vectors("output_vectors"), outputs, rtol=1e-4, atol=1e-5)


def test_each_row_moves_by_the_gradient_times_the_number_of_rows():
    rng, rows, lr = np.random.default_rng(0), [[0, 2, 3, 3], [1, 3]], 1e-4
    vectors, outputs = rng.normal(size=(4, 5)), rng.normal(size=(6, 5))

    def loss(inputs):
        words = naive.compose_words(inputs, rows)
        return naive.train_batch(words, outputs.copy(), [0, 1], [5, 2, 4], 0.0)

    slopes = gradient(loss, vectors)
    words = naive.compose_words(vectors, rows)
    start, moved = words.copy(), vectors.copy()
    naive.train_batch(words, outputs.copy(), [0, 1], [5, 2, 4], lr)
    naive.scatter_changes(moved, rows, words - start)
    # Rows 0 and 2 belong to the first word alone, which has four rows; row 1 to the second, of two.
    for row, number in ((0, 4), (2, 4), (1, 2)):
        np.testing.assert_allclose((moved - vectors)[row], -lr * number * slopes[row], rtol=1e-5)


@pytest.mark.skipif(not COMPILED, reason="takes too long")
@each_model
def test_unknown_forms_of_a_word_are_like_their_stem(text, name, monkeypatch):
    monkeypatch.setattr("w2v.training.chunks.SMALL_CHUNK", 1000)  # as in a run of a user
    finish(make(text, name=name, dim=20, epochs=10, window=5))
    table = formats.load("x.safetensors", "words")
    for stem in STEMS:
        form = f"{stem}able"
        assert table.find(form) is None
        scores = {other: query.similarity(table, form, f"{other}er") for other in STEMS}
        assert max(scores, key=scores.get) == stem


@each_model
def test_the_model_file_composes_its_words_again(text, name):
    finish(make(text, name=name))
    table = formats.load("x.safetensors", "words")
    subwords = table.subwords
    assert (subwords.minn, subwords.maxn, subwords.buckets) == (3, 5, 2**32)
    for row, word in enumerate(table.names):
        again = subwords.compose(word.encode(), row)
        np.testing.assert_allclose(table.row(row), again, rtol=1e-4, atol=1e-6)


@compiled_only
@pytest.mark.parametrize("buckets", [0, 11])
@each_model
def test_threads_do_not_change_a_deterministic_run(text, folder, name, buckets):
    options = {"deterministic": True, "shards": 3, "round_words": 50, "buckets": buckets}
    for threads in (1, 2):
        finish(make(text, f"{threads}.safetensors", name, threads=threads, **options))
    files = [(folder / f"{threads}.safetensors").read_bytes() for threads in (1, 2)]
    assert files[0] == files[1]


@compiled_only
@pytest.mark.parametrize("deterministic", [False, True])
@each_model
def test_a_resumed_run_has_the_bytes_of_a_whole_one(text, folder, name, deterministic):
    options = {"deterministic": deterministic, "shards": 3, "round_words": 50}
    finish(make(text, "whole.safetensors", name, **options))
    first = make(text, name=name, **options)
    stop_at(first, len(first.executor.plan) // 2)
    last = make(text, name=name, **options)
    assert last.resume()
    finish(last)
    assert (folder / "x.safetensors").read_bytes() == (folder / "whole.safetensors").read_bytes()


def test_initial_vectors_are_those_of_the_composed_words(text):
    trainer = make(text).executor.trainer
    names = trainer.vocabulary.names
    wanted = np.random.default_rng(0).normal(size=(len(names), 6)).astype(np.float32)
    marked = np.arange(len(names)) % 2 == 0
    old = trainer.tables()["words"].matrix.copy()
    trainer.set_words(marked, wanted[marked])
    found = trainer.tables()["words"].matrix
    np.testing.assert_allclose(found[marked], wanted[marked], atol=1e-5)
    np.testing.assert_allclose(found[~marked], old[~marked], atol=1e-6)


@pytest.mark.parametrize("deterministic", [False, True])
def test_frozen_words_do_not_change(text, deterministic):
    run = make(text, deterministic=deterministic)
    trainer = run.executor.trainer
    marked = np.arange(len(trainer.vocabulary.names)) % 3 == 0
    old = trainer.tables()["words"].matrix.copy()
    trainer.freeze(marked)
    run.train()
    new = trainer.tables()["words"].matrix
    np.testing.assert_allclose(new[marked], old[marked], atol=1e-6)
    table = trainer.tables()["words"]
    for row, word in enumerate(table.names):  # the file composes frozen words too
        again = table.subwords.compose(word.encode(), row)
        np.testing.assert_allclose(table.row(row), again, rtol=1e-4, atol=1e-5)
    assert (np.abs(new[~marked] - old[~marked]).max(axis=1) > 1e-3).all()


def test_an_update_goes_on_from_the_vectors_of_the_model(w2v, text, folder):
    args = ("--min-count", 1, "--dim", 6, "--epochs", 1, "--sample", 0, "--threads", 1)
    assert w2v("train", text, *args, "--subwords", "3-5", "-o", "old.safetensors").code == 0
    (folder / "more").write_text("walkable bakeable walks\n" * 3)
    update = ("train", "more", "--update", "old.safetensors", "--lr", "1e-9", "--threads", 1)
    assert w2v(*update, "-o", "new.safetensors").code == 0
    old, new = formats.load("old.safetensors"), formats.load("new.safetensors")
    assert new.subwords is not None
    assert set(new.names) == {*old.names, "walkable", "bakeable"}
    for name in old.names:
        np.testing.assert_allclose(
            new.row(new.find(name)), old.row(old.find(name)), rtol=1e-4, atol=1e-5
        )
    assert new.subwords.vectors.shape[0] < len(new) + new.subwords.ngram_count  # rows are shared
    np.testing.assert_allclose(new.compose("walkin"), old.compose("walkin"), rtol=1e-3, atol=1e-4)


def test_the_held_out_loss_is_that_of_composed_words(text):
    trainer = make(text).executor.trainer
    untrained = trainer.loss(trainer.text)
    run = make(text, epochs=3)
    run.train()
    assert run.executor.trainer.loss(run.executor.trainer.text) < untrained


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--buckets", 5), "--buckets works only with --subwords: add --subwords 3-6"),
        (("--subword-min-count", 2), "--subword-min-count works only with --subwords"),
        (("--model", "pv-dbow", "--subwords", "3-6"), "--subwords is for word vectors"),
        (("--subwords", "6-3"), "--subwords '6-3': expected MIN-MAX, such as 3-6"),
        (("--subwords", "3-6", "--max-memory", "1M"), "try a higher --min-count"),
    ],
)
def test_options_that_do_not_fit_are_refused(w2v, text, options, reason):
    found = w2v("train", text, "--min-count", 1, *options)
    message = found.err.strip().splitlines()[-1]
    assert (found.code, reason in message, message.startswith("w2v: ")) == (2, True, True)
    assert "Traceback" not in found.err


def test_all_models_of_words_have_the_option():
    with_option = [m.name for m in models().values() if issubclass(m.settings, SubwordSettings)]
    assert with_option == ["cbow", "nbow", "pv-dbow", "pv-dm", "skipgram"]


@pytest.mark.parametrize(
    ("more", "said", "count"),
    [
        ((), "9 n-grams", 9),
        (("--buckets", 1), "1 bucket of n-grams", 1),
        (("--subword-min-count", 2), "1 n-gram", 1),
    ],
)
def test_the_number_of_ngrams_is_said_before_training(w2v, folder, more, said, count):
    """The two words have five n-grams each, of which only bc> is in both."""
    (folder / "text").write_text("abc xbc\n" * 2)
    short = ("--min-count", 1, "--dim", 4, "--epochs", 1, "--threads", 1, "--sample", 0)
    args = ("train", "text", *short, "--subwords", "3-4", *more, "--log-json", "log")
    outcome = w2v(*args)
    assert f"vocabulary: 2 of 2 words and {said}; 4 of 4 tokens kept" in outcome.err
    assert json.loads((folder / "log").read_text().splitlines()[0])["ngrams"] == count
    assert f" and {said}; " in w2v(*args, "--dry-run").err


def test_memory_that_is_too_small_to_number_ngrams_is_told_before(w2v, text, monkeypatch):
    monkeypatch.setattr("w2v.negative_sampling.trainer.number_ngrams", None)
    options = ("train", text, "--min-count", 1, "--subwords", "3-6")
    found = w2v(*options, "--max-memory", "1M")
    assert (found.code, found.err.count("w2v: numbering n-grams needs")) == (2, 1)
    monkeypatch.setattr("w2v.system.resources.available_memory", lambda: 1000)
    found = w2v(*options)
    assert "more memory, but only 1 KB are free: try a higher --min-count" in found.err
