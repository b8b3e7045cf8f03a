"""Training runs: chunks, state, threads, divergence, interruption, and quality of vectors."""

import dataclasses
import os
import signal
import threading

import hypothesis.strategies as st
import numpy as np
import planted
import pytest
from helpers import (
    COMPILED,
    TRAINED,
    WITH_LOSSES,
    WITH_WORDS,
    compiled,
    compiled_only,
    document_settings,
    least_fall,
    split_loss,
)
from hypothesis import given
from scipy import stats

from w2v.embeddings import query
from w2v.embeddings.query import Query
from w2v.errors import DivergedError
from w2v.models import models
from w2v.settings import TextSettings
from w2v.system.packed_ids import PackedIds
from w2v.text.encode import open_corpus, read
from w2v.text.encoded_text import EncodedText, Spans
from w2v.training.chunks import ROUNDS, Plan
from w2v.training.loop import run


def make_text(lengths):
    starts = np.cumsum([0, *lengths])
    return EncodedText(PackedIds(np.zeros(starts[-1])), starts)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.integers(1, 3))
def test_chunks_cover_every_word_once_an_epoch(lengths, epochs):
    text = make_text(lengths)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("w2v.training.chunks.SMALL_CHUNK", 10)
        chunks = Plan(text, epochs, seed=1)
    for epoch in range(epochs):
        spans = sorted((c.first, c.last) for c in chunks if c.epoch == epoch)
        assert [p for span in spans for p in range(*span)] == list(range(text.size))
    assert max(c.last - c.first for c in chunks) <= 2 * max(10, text.size // ROUNDS)


def test_every_epoch_has_an_order_of_its_own_that_follows_from_the_seed(monkeypatch):
    monkeypatch.setattr("w2v.training.chunks.SMALL_CHUNK", 10)
    text = make_text([300])
    chunks = Plan(text, 2, seed=1)
    orders = [[c.first for c in chunks if c.epoch == epoch] for epoch in (0, 1)]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])
    assert list(chunks) == list(Plan(text, 2, seed=1)) != list(Plan(text, 2, seed=2))


def test_a_chunk_ends_with_a_sentence_if_one_is_near_and_a_long_sentence_is_cut(monkeypatch):
    monkeypatch.setattr("w2v.training.chunks.SMALL_CHUNK", 10)
    cuts = {c.first for c in Plan(make_text([9, 8, 8, 8, 7]), 1, 1)}
    assert cuts <= {0, 9, 17, 25, 33}
    assert len(Plan(make_text([100]), 1, 1)) == 10


class Recorder:
    """A trainer that notes what it was asked to do.

    `takes` seconds go by in each chunk without Python's lock, as they do in a kernel. A stop must
    not depend on how soon the main thread gets a lock that trivial chunks would hold all the time.
    """

    def __init__(self, loss=1.0, takes=0.0):
        self.trained, self.loss, self.matrices, self.takes = [], loss, {}, takes
        self.never = threading.Event()

    def lr_at(self, share):
        return 0.5

    def loss_note(self, epoch, pairs, loss):
        return ""

    def worker(self):
        def train(chunk):
            self.trained.append(chunk)
            if self.takes:
                self.never.wait(self.takes)
            return self.loss * (1 + chunk.epoch) * 2, 2

        return train


def plan_of(epochs=2, count=10):
    return Plan(make_text([1000] * count), epochs, seed=1)


def test_one_thread_trains_the_chunks_in_their_order_and_counts_losses_by_epoch():
    trainer, plan, seen = Recorder(), plan_of(), []
    state = run(trainer, plan, 1, seen.append)
    assert trainer.trained == list(plan)
    assert state.chunks_done == len(plan) == 20
    assert state.mean_losses() == [1.0, 2.0]
    assert seen[-1].words == seen[-1].total == 20_000
    assert seen[-1].loss == 2.0


def test_threads_share_the_chunks():
    trainer, plan = Recorder(), plan_of(count=200)
    state = run(trainer, plan, 3)
    assert len(trainer.trained) == len(plan)
    assert set(trainer.trained) == set(plan)
    assert state.mean_losses() == [1.0, 2.0]


def test_threads_may_end_while_they_are_looked_at(monkeypatch):
    class Fleeting(threading.Thread):
        """A thread that ends as soon as it was found to be alive."""

        def is_alive(self):
            alive = super().is_alive()
            self.join()
            return alive

    monkeypatch.setattr(threading, "Thread", Fleeting)
    trainer, plan = Recorder(takes=0.01), plan_of()
    assert run(trainer, plan, 1).chunks_done == len(trainer.trained) == len(plan)


def test_a_loss_that_is_not_finite_stops_the_run_and_says_what_to_try():
    trainer = Recorder(loss=np.nan)
    with pytest.raises(DivergedError, match=r"diverged in epoch 1.*--lr 0\.05"):
        run(trainer, plan_of(), 1)
    assert len(trainer.trained) == 1


def test_an_error_in_a_thread_reaches_the_caller():
    trainer = Recorder()
    trainer.worker = lambda: lambda chunk: 1 / 0
    with pytest.raises(ZeroDivisionError):
        run(trainer, plan_of(), 2)


def test_an_interrupt_waits_for_the_chunks_under_way():
    trainer = Recorder(takes=0.005)
    plain, finished = trainer.worker(), []

    def train(chunk):
        if not trainer.trained:
            os.kill(os.getpid(), signal.SIGINT)
        result = plain(chunk)
        finished.append(chunk)
        return result

    trainer.worker = lambda: train
    with pytest.raises(KeyboardInterrupt):
        run(trainer, plan_of(epochs=10_000), 1)
    assert finished == trainer.trained
    assert len(finished) < 100_000


def test_a_time_limit_ends_a_run_early():
    trainer = Recorder(takes=0.005)
    state = run(trainer, plan_of(epochs=20_000), 1, seconds=0.0)
    assert 0 < state.chunks_done < 200_000


@pytest.fixture
def trainer(planted_text):
    """Make a trainer of a model on the planted text: make("cbow", epochs=2)."""

    def make(name, **options):
        name, loss = split_loss(name)
        model, text_settings = models()[name], TextSettings(min_count=1)
        corpus = open_corpus([str(planted_text)], text_settings, document_settings(model))
        vocabulary, text = read(corpus, text_settings, lambda tokens: None)
        settings = model.settings(**{"dim": 30, "epochs": 10, "sample": 0.0, **loss, **options})
        made = model.make_trainer(vocabulary, text, settings)
        plan = made.plan(1)
        made.begin(plan.shards)
        return made, plan

    return make


# The contract: what every model that is registered must do.


@compiled
@pytest.mark.parametrize("name", WITH_LOSSES)
def test_the_loss_falls(trainer, name):
    losses = run(*trainer(name), 1).mean_losses()
    assert losses[-1] < least_fall(name) * losses[0]


@compiled
@pytest.mark.parametrize("name", WITH_LOSSES)
def test_the_loss_is_the_same_number_for_any_number_of_threads(trainer, name):
    one, three = (run(*trainer(name), threads).mean_losses() for threads in (1, 3))
    np.testing.assert_allclose(one, three, rtol=0.03)


@compiled
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", WITH_LOSSES)
def test_planted_synonyms_are_each_others_neighbours(trainer, name, threads):
    engine, chunks = trainer(name, **WITH_WORDS.get(name, {}))
    run(engine, chunks, threads)
    table = engine.tables()["words"]
    for a, b in planted.SYNONYMS:
        assert query.similar(table, Query((("+", a),)), 1)[0].name == b
        assert query.similar(table, Query((("+", b),)), 1)[0].name == a


@compiled
@pytest.mark.parametrize("name", WITH_LOSSES)
def test_planted_analogies_are_solved(trainer, name):
    engine, chunks = trainer(name, **WITH_WORDS.get(name, {}))
    run(engine, chunks, 1)
    table = engine.tables()["words"]
    pairs = list(planted.CAPITALS)
    right = [
        query.similar(table, query.analogy(c1, n1, c2), 1)[0].name == n2
        for (n1, c1), (n2, c2) in zip(pairs, pairs[1:] + pairs[:1], strict=True)
    ]
    assert sum(right) >= (4 if name.endswith(" hs") else 5)


@compiled
@pytest.mark.parametrize("name", WITH_LOSSES)
def test_topics_hold_together(trainer, name):
    engine, chunks = trainer(name, **WITH_WORDS.get(name, {}))
    run(engine, chunks, 1)
    table = engine.tables()["words"]
    for words in planted.TOPICS.values():
        topic = set(words.split())
        near = {n.name for n in query.similar(table, Query((("+", words.split()[0]),)), 5)}
        # CBOW of gensim has 3 of 5 too with hierarchical softmax.
        assert len(near & topic) >= (2 if name == "cbow hs" else 4)


@compiled_only
@pytest.mark.parametrize("name", WITH_LOSSES)
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(trainer, name):
    def train(seed):
        engine, chunks = trainer(name, epochs=2 if COMPILED else 1, seed=seed)
        run(engine, chunks, 1)
        return [matrix.tobytes() for matrix in engine.matrices.values()]

    assert train(3) == train(3)
    assert train(3) != train(4)


@pytest.mark.parametrize("name", WITH_LOSSES)
def test_a_chunks_result_depends_on_nothing_but_matrices_chunk_and_settings(trainer, name):
    """Resuming and clusters need that another worker, after other calls, has the same result."""
    (one, chunks), (other, _) = trainer(name), trainer(name)
    half = dataclasses.replace(chunks[0], last=(chunks[0].first + chunks[0].last) // 2)
    if half.spans:
        half = dataclasses.replace(half, spans=Spans(*(array[:3] for array in half.spans)))
    used = one.worker()
    used(chunks[0])
    for name, matrix in one.matrices.items():
        matrix[:] = other.matrices[name]
    assert used(half) == other.worker()(half)
    for name, matrix in one.matrices.items():
        np.testing.assert_array_equal(matrix, other.matrices[name])


@pytest.mark.parametrize(
    ("option", "name"),
    [("epoch", name) for name in WITH_LOSSES] + [("noise_exponent", name) for name in TRAINED],
)
def test_a_chunk_is_trained_otherwise_in_another_epoch_and_with_another_noise(
    trainer, option, name
):
    """Everything else, the learning rate too, is the same."""

    def train(value):
        exponent = {"noise_exponent": value} if option == "noise_exponent" else {}
        engine, chunks = trainer(name, sample=0.01, **exponent)
        chunk = chunks[0]
        engine.worker()(dataclasses.replace(chunk, epoch=value if option == "epoch" else 0))
        return [matrix.tobytes() for matrix in engine.matrices.values()]

    assert train(1) == train(1)
    assert train(1) != train(0)


@pytest.mark.parametrize("name", WITH_LOSSES)
def test_matrices_start_uniform_and_at_zero(trainer, name):
    engine, _ = trainer(name)
    for start in map(engine.vectors, engine.matrices.keys() - {"output_vectors"}):
        assert np.abs(start).max() <= 1 / 30
        assert stats.kstest(30 * start.ravel(), "uniform", (-1, 2)).pvalue > 0.001
    assert not engine.matrices["output_vectors"].any()


@pytest.mark.parametrize("name", WITH_LOSSES)
def test_the_learning_rate_falls_linearly_to_its_end(trainer, name):
    engine, plan = trainer(name, lr=0.5, min_lr=0.1, epochs=4)
    chunks = list(plan)
    done = np.cumsum([0, *(chunk.last - chunk.first for chunk in chunks)])
    for shares in ([chunk.begin for chunk in chunks], done[:-1] / done[-1]):
        rates = [engine.lr_at(share) for share in shares]
        np.testing.assert_allclose(rates, 0.5 - 0.4 * done[:-1] / done[-1], rtol=1e-6)
    assert [chunk.begin for chunk in chunks[1:]] == [chunk.end for chunk in chunks[:-1]]
    assert chunks[-1].end == 1


TEXTS = {
    "one": "a\nb\nc\n" * 9,
    "rare": "".join(f"a x{n}\nb y{n}\n" for n in range(9)),
    "abc": "a b c a\n" * 9,
    "aaa": "a a a a\n" * 9,
}
ALONE = "try a whole document on each line, or --model pv-dbow without --word-vectors"


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize(
    ("text", "args", "why"),
    [
        ("one", ("--sample", 0), "no line has two words: try a whole sentence on each line"),
        ("one", ("--model", "cbow"), "no line has two words: try a whole sentence on each line"),
        ("one", ("--model", "pv-dm"), f"no document has two words: {ALONE}"),
        ("one", ("--model", "pv-dbow", "--word-vectors"), f"no document has two words: {ALONE}"),
        (
            "one", ("--model", "ppmi"),
            "no two words occur near each other more often than by chance",
        ),
        ("rare", ("--min-count", 5), "no line has two words of the vocabulary: try a lower --min"),
        (
            "abc", ("--max-vocab", 1, "--sample", 0),
            "the vocabulary has only one word, 'a': try a lower --min-count, or a higher --max-",
        ),
        ("aaa", (), "the vocabulary has only one word, 'a': try a longer text"),
        ("abc", ("--sample", 1e-9), "subsampling left no pair of words to train: try --sample 0"),
        (
            "abc", ("--model", "pv-dbow", "--sample", 1e-9),
            "subsampling left no pair of words to train: try --sample 0",
        ),
        (
            "abc", ("--deterministic", "--round-words", 1),
            "--round-words 1 cuts the text into chunks of one word, without context words: try a "
            "higher number",
        ),
        (
            "abc", ("--deterministic", "--shards", 1024),
            "--shards 1024 cuts the text into chunks of one word, without context words: try a "
            "lower number",
        ),
    ],
)  # fmt: skip
def test_random_vectors_are_not_written_and_the_true_cause_is_said(
    w2v, folder, text, args, why, update
):
    (folder / "text").write_text(TEXTS[text])
    common = ("--min-count", 1, "--threads", 1, "--checkpoint-every", "epoch")
    more = ()
    if update:
        if "--model" in args or text == "aaa" or "--max-vocab" in args:
            pytest.skip("the words of the model are there too")
        (folder / "before").write_text("a b\n" * 9)
        old = ("before", "--dim", 4, "--min-count", 1, "--sample", 0, "-o", "old.safetensors")
        assert w2v("train", *old).code == 0
        more = ("--update", "old.safetensors", "--sample", 1e-3)
    outcome = w2v("train", "text", *common, *more, *args, "-o", "x.safetensors")
    assert why in outcome.err.splitlines()[-1]
    assert "--sample 0" in why or "--sample 0" not in outcome.err
    assert outcome.code == (0 if update else 2)
    assert [path.name for path in folder.glob("x*")] == ["x.safetensors"] * update
    if update:
        assert (folder / "x.safetensors").read_bytes() == (folder / "old.safetensors").read_bytes()


def test_documents_of_one_word_are_learnt_where_words_need_no_vectors(w2v, folder):
    (folder / "text").write_text("a\nb\n" * 9)
    args = ("--model", "pv-dbow", "--min-count", 1, "--sample", 0, "--dim", 4, "--threads", 1)
    assert w2v("train", "text", *args, "-o", "x.safetensors").code == 0
