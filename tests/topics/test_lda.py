"""LDA: sampling, priors, rounds, inference, evaluation and listing of topics."""

import gzip
import itertools
import json
import math
from types import SimpleNamespace

import naive
import numpy as np
import pytest
from helpers import COMPILED, compiled, compiled_only, finish, start_run, stop_at
from scipy.optimize import minimize
from scipy.special import gammaln

from w2v.embeddings import container
from w2v.errors import W2VError
from w2v.factorization.term_matrix import EncodedTerms
from w2v.kernels import gibbs, jit
from w2v.kernels.gibbs import count_topics, make_sampler, sample_topics
from w2v.kernels.simd import aligned, load
from w2v.kernels.simd_counts import prefix_sums
from w2v.kernels.topic_inference import fold_in_topics
from w2v.models import models
from w2v.runs.saved_model import SavedDocumentModel
from w2v.system import resources
from w2v.topics import coherence, lda, perplexity, priors
from w2v.topics.gibbs_rounds import SamplerBuffers, sum_type
from w2v.topics.inference import STEPS, TopicInference
from w2v.topics.mallet import write_state
from w2v.topics.priors import update_alpha, update_eta
from w2v.topics.sparse_rounds import SparseBuffers
from w2v.topics.topic_words import top_words
from w2v.training.chunks import Chunk, GibbsPlan

THEMES = ["sun moon star sky", "bread milk cheese salt", "wheel motor road brake"]
ARGS = ("--model", "lda", "--topics", "3", "--min-count", "1")


def tokens_of(documents):
    words = np.array(sum(documents, []), np.int32)
    return EncodedTerms(words, np.cumsum([0, *map(len, documents)]))


def random_documents(count, words, longest=12, seed=0):
    """Random documents, of which some are empty."""
    rng = np.random.default_rng(seed)
    return [rng.integers(0, words, rng.integers(0, longest)).tolist() for _ in range(count)]


def padded(values, kind=np.float64):
    found = aligned((1, -(-len(values) // 16) * 16), kind)
    found[0, : len(values)] = values
    return found


@pytest.mark.parametrize("topics", [1, 5, 16, 37])
def test_sampling_is_the_twins(topics):
    """In float64, so that rounding does not change which topics are drawn."""
    rng, documents = np.random.default_rng(3), random_documents(9, 7)
    tokens = tokens_of(documents)
    alpha = rng.uniform(0.1, 2, topics)
    given = rng.integers(0, topics, tokens.words.size).astype(np.int16)
    lists = [given[a:b].tolist() for a, b in itertools.pairwise(tokens.starts)]
    counts = naive.count_topics(tokens.words, given, (7, topics))
    sampler = make_sampler(aligned((7, padded(alpha).size), np.int32), padded(alpha))
    count_topics(tokens.words, given, sampler.word_topics)
    np.testing.assert_array_equal(sampler.word_topics[:, :topics], counts)
    sampler.totals[0] = sampler.word_topics.sum(axis=0)
    state, random = np.array([77], np.uint64), naive.Random(77)
    sums = np.ones((9, padded(alpha).size), np.int32)
    before = np.array([np.bincount(mine, minlength=topics) for mine in lists])
    for first, last in ((0, 4), (4, 9)):
        found = sample_topics(
            *tokens, first, last, sampler, 0.25, state, given, sums if last == 9 else sums[:0]
        )
        part = slice(first, last)
        wanted = naive.sample_topics(documents[part], lists[part], counts, alpha, 0.25, random)
        assert found == pytest.approx(wanted)
    assert given.tolist() == sum(lists, [])
    assert state[0] == random.state
    np.testing.assert_array_equal(sampler.word_topics[:, :topics], counts)
    np.testing.assert_array_equal(sampler.totals[0, :topics], counts.sum(axis=0))
    after = np.array([np.bincount(mine, minlength=topics) for mine in lists])
    np.testing.assert_array_equal(sums[4:, :topics], 1 + after[4:])
    assert (sums[:4] == 1).all()
    steps = [[sum(1 / (j + a) for j in range(n)) for a, n in zip(alpha, row, strict=True)]
             for row in before]  # fmt: skip
    np.testing.assert_allclose(sampler.alpha_sums[0, :topics], np.sum(steps, axis=0))


def before(number):
    """The state of a random stream that is about to draw a number."""
    for shift in (17, -7, 13):
        found = number
        for _ in range(64):
            moved = found << shift if shift > 0 else found >> -shift
            found = (number ^ moved) & naive.MASK
        number = found
    return number


@compiled
@pytest.mark.parametrize("topics", [3, 5, 13])
def test_rounding_finds_no_topic_that_is_not_there(topics):
    """SIMD lanes are added in a tree, and rounding may choose a lane after the last topic's."""

    @jit
    def draw_one(weight_sums, most, state):
        return gibbs.draw_topic(weight_sums, prefix_sums(load(weight_sums, 0, 0)), most, state)

    rng, largest = np.random.default_rng(topics), (1 << 64) - 1
    weight_sums = aligned((1, 16))
    unequal = 0
    for _ in range(2000):
        weight_sums[0, :topics] = rng.random(topics, np.float32)
        state = np.array([before(largest)], np.uint64)
        assert draw_one(weight_sums, topics - 1, state) < topics
        assert state[0] == largest
        unequal += draw_one(weight_sums, 15, np.array([before(largest)], np.uint64)) >= topics
    assert unequal  # without the guard it happens


@compiled
def test_the_chain_visits_assignments_as_often_as_they_are_probable():
    """All 2 ** 5 assignments of five tokens, compared with the exact posterior, in float32."""
    documents = [[0, 1, 0], [2, 1]]
    alpha, eta, sweeps = np.array([0.7, 0.3]), 0.4, 60_000
    tokens = tokens_of(documents)
    sampler = make_sampler(aligned((3, 16), np.int32), padded(alpha, np.float32))
    topics, state = np.zeros(5, np.int16), np.array([5], np.uint64)
    count_topics(tokens.words, topics, sampler.word_topics)
    sampler.totals[0] = sampler.word_topics.sum(axis=0)
    visits = np.zeros(32)
    for _ in range(sweeps):
        sample_topics(*tokens, 0, 2, sampler, eta, state, topics, np.zeros((0, 16), np.int32))
        visits[int(topics @ (1 << np.arange(5)))] += 1
    assert visits[0] > 0
    weights = []
    for number in range(32):
        each = number >> np.arange(5) & 1
        counts = naive.count_topics(tokens.words, each, (3, 2))
        mine = [np.bincount(each[a:b], minlength=2) for a, b in itertools.pairwise(tokens.starts)]
        weights.append(
            gammaln(counts + eta).sum() - gammaln(counts.sum(axis=0) + 3 * eta).sum()
            + sum(gammaln(n + alpha).sum() for n in mine)
        )  # fmt: skip
    p = np.exp(np.array(weights))
    np.testing.assert_allclose(visits / sweeps, p / p.sum(), atol=0.006)


def test_priors_rise_to_the_most_likely_ones():
    """Repeated steps, compared with a general optimiser of the likelihood of the counts."""
    rng = np.random.default_rng(2)
    shares = rng.dirichlet([0.3, 1.5, 0.8], 300)
    counts = np.array([rng.multinomial(n, p) for n, p in zip(rng.integers(1, 60, 300), shares,
                                                             strict=True)])  # fmt: skip

    def cost(logs):
        a = np.exp(logs)
        lengths = counts.sum(axis=1)
        found = gammaln(a.sum()) - gammaln(lengths + a.sum()) + gammaln(counts + a).sum(axis=1)
        return -(found - gammaln(a).sum()).sum()

    wanted = np.exp(minimize(cost, np.zeros(3)).x)
    alpha = np.full(3, 5.0)
    for _ in range(300):
        sums = np.array([sum((1 / (a + np.arange(n))).sum() for n in column)
                         for a, column in zip(alpha, counts.T, strict=True)])  # fmt: skip
        alpha = update_alpha(alpha, sums, counts.sum(axis=1))
    np.testing.assert_allclose(alpha, wanted, rtol=1e-3)

    words = rng.multinomial(500, rng.dirichlet(np.full(20, 0.2)), 4).T.astype(np.int32)

    def cost_of_words(log):
        e, totals = math.exp(log[0]), words.sum(axis=0)
        found = gammaln(20 * e) - gammaln(totals + 20 * e) + gammaln(words + e).sum(axis=0)
        return -(found - 20 * gammaln(e)).sum()

    eta = 3.0
    for _ in range(200):
        eta = update_eta(eta, words, words.sum(axis=0))
    assert eta == pytest.approx(math.exp(minimize(cost_of_words, [0.0]).x[0]), rel=1e-3)


def test_priors_of_nothing_stay():
    assert update_eta(0.1, np.zeros((4, 2), np.int32), np.zeros(2)) == 0.1
    assert (update_alpha(np.ones(2), np.zeros(2), np.array([3])) > 0).all()


def test_priors_are_the_same_whatever_the_threads_of_blas():
    """OpenBLAS adds more than 10,000 numbers in as many parts as it has threads."""
    rng, seen = np.random.default_rng(3), set()
    lengths, counts = rng.integers(1, 1 << 20, (2, 4096, 8)).astype(np.int32)
    for threads in (1, 3):
        with resources.blas_threads(threads):
            [alpha] = update_alpha(np.array([0.3]), np.array([9e5]), lengths.ravel())
            seen.add((alpha, update_eta(0.02, counts, counts.sum(axis=0))))
    assert len(seen) == 1


def test_counts_too_large_for_an_array_of_all_counts(monkeypatch):
    counts = np.random.default_rng(1).integers(0, 9, (50, 3), np.int32)
    found = update_eta(0.1, counts, counts.sum(axis=0))
    monkeypatch.setattr(priors, "_LARGEST", 3)
    assert update_eta(0.1, counts, counts.sum(axis=0)) == found


def test_shares_are_the_twins_and_those_of_a_document_alone():
    rng, documents = np.random.default_rng(1), random_documents(8, 9, 7)
    topic_words, alpha = rng.dirichlet(np.ones(9), 5).T, rng.uniform(0.1, 1, 5)
    held = aligned((9, 16), np.float64)
    held[:, :5] = topic_words
    tokens, found = tokens_of(documents), np.full((8, 16), 7.0)
    for first, last in ((0, 3), (3, 8)):
        fold_in_topics(
            *tokens, held, padded(alpha), first, last, 20, found, aligned((1, 16), float)
        )
    np.testing.assert_allclose(
        found[:, :5], naive.fold_in_topics(documents, topic_words, alpha, 20), rtol=1e-6
    )
    together = TopicInference(topic_words, alpha).mixtures(tokens, 3)
    np.testing.assert_allclose(together.sum(axis=1), list(map(bool, documents)), rtol=1e-5)
    assert [] in documents
    for row, document in enumerate(documents):
        alone = TopicInference(topic_words, alpha).mixtures(tokens_of([document]))
        np.testing.assert_array_equal(alone[0], together[row])


def test_completion_is_what_its_definition_says():
    rng, documents = np.random.default_rng(4), [*random_documents(9, 6), [1], []]
    topic_words, alpha = rng.dirichlet(np.ones(6), 3).T, np.array([0.2, 0.5, 1.0])
    found = perplexity.document_completion(tokens_of(documents), topic_words, alpha)
    theta = naive.fold_in_topics([d[::2] for d in documents], topic_words, alpha, STEPS)
    each = [np.log(topic_words[w] @ p) for d, p in zip(documents, theta, strict=True)
            for w in d[1::2]]  # fmt: skip
    assert found.nats == pytest.approx(-np.mean(each), rel=1e-5)
    assert found.perplexity == pytest.approx(math.exp(-np.mean(each)), rel=1e-4)
    assert found.scored == len(each)
    assert found.documents == sum(len(d) > 1 for d in documents)


@pytest.mark.parametrize("count", [1, 3, 5, 9])
def test_top_words_are_the_greatest_and_of_equals_the_first(count):
    weights = np.random.default_rng(1).integers(-2, 3, (5, 40)).astype(np.float32)
    for topic, rows in enumerate(top_words(weights, count)):
        wanted = sorted(range(5), key=lambda row: (-abs(weights[row, topic]), row))[:count]
        assert rows.tolist() == wanted


def test_coherence_by_hand():
    held = tokens_of([[0, 1, 1], [0, 1], [2], [0, 3], [], [3, 3], [0], [4], [4], [1]])
    by_hand = coherence.measure_coherence(
        held, [np.array(t) for t in ([0, 1], [0, 2], [7, 8], [0, 9, 1])]
    )
    both, first, second = 0.2, 0.4, 0.3
    npmi = math.log(both / (first * second)) / -math.log(both)
    assert by_hand[0] == pytest.approx((npmi, math.log(3 / 4), 0))
    assert by_hand[1] == pytest.approx((-1, math.log(1 / 4), 0))
    assert by_hand[2] == (None, None, 1)
    assert by_hand[3] == pytest.approx((npmi, math.log(3 / 4), 2))
    always = coherence.measure_coherence(tokens_of([[0, 1], [1, 0]]), [np.array([0, 1])])
    assert always[0] == pytest.approx((1, math.log(3 / 2), 0))


def test_chunks_of_a_sweep_are_whole_documents():
    starts = np.cumsum([0, 3, 0, 50, 1, 1, 0, 9, 9, 9, 0])
    for shards, longest in ((1, 5), (3, 10), (8, 1000)):
        plan = GibbsPlan(starts, 2, shards, longest)
        chunks = list(plan)
        assert [chunk.first for chunk in chunks[: len(chunks) // 2]][0] == 0
        assert all(chunk.first in starts and chunk.last in starts for chunk in chunks)
        assert sum(chunk.last - chunk.first for chunk in chunks) == plan.words == 2 * 82
        assert {chunk.epoch for chunk in chunks} == {0, 1}
        assert chunks[-1].end == 1


@pytest.mark.parametrize("make", [SamplerBuffers, SparseBuffers])
def test_each_chunk_has_random_numbers_of_its_own_in_each_epoch(make):
    """Two chunks have the same words and first topics."""
    rng, size = np.random.default_rng(4), 60
    tokens = tokens_of([rng.integers(0, 7, size).tolist()] * 2)
    tokens.words[size:] = tokens.words[:size]
    given = np.tile(rng.integers(0, 5, size), 2).astype(np.int16)
    counts = aligned((7, 16), np.int32)
    count_topics(tokens.words, given, counts)
    alpha, totals, found = padded(np.full(5, 0.5), np.float32), counts.sum(axis=0), set()
    for seed, epoch, first in itertools.product((1, 2), (0, 1), (0, size)):
        settings = models()["lda"].settings(topics=5, seed=seed)
        buffers, topics = make(counts.shape, alpha, settings), given.copy()
        buffers.begin_round(counts, totals, 0.1)
        chunk = Chunk(epoch, first, first + size, 0, 1)
        sums = np.zeros((0, 16), np.int32)
        buffers.sample(counts, totals, tokens, 0, chunk, 0.1, topics, sums)
        found.add(topics[first : first + size].tobytes())
    assert len(found) == 8


def themed(count, seed=0):
    """Documents with one or two themes."""
    rng = np.random.default_rng(seed)
    lines = []
    for number in range(count):
        mine = [number % 3] if number % 4 else [number % 3, (number + 1) % 3]
        words = [rng.choice(THEMES[rng.choice(mine)].split()) for _ in range(12)]
        lines.append(" ".join(words))
    return "\n".join(lines) + "\n"


@pytest.fixture
def text(folder, monkeypatch):
    """Documents with themes in the current folder; an epoch has several rounds."""
    monkeypatch.setattr("w2v.topics.lda._TOKENS", 60 if COMPILED else 20)
    monkeypatch.setattr("w2v.topics.lda._PER_TERM", 0)
    monkeypatch.setattr("w2v.topics.lda._SPARSE_TOKENS", 120 if COMPILED else 20)
    monkeypatch.setattr("w2v.topics.lda._ENTRIES", 1 << 20)
    (folder / "text").write_text(themed(120 if COMPILED else 6))
    return "text"


def make_run(text, output="x.safetensors", threads=1, **options):
    model = models()["lda"]
    settings = model.settings(**{"topics": 3, "epochs": 8 if COMPILED else 4, **options})
    return start_run(text, output, model, settings, threads)


@pytest.mark.parametrize(
    "options", [{}, {"deterministic": True, "shards": 3}, {"sampler": "sparse"}]
)
@pytest.mark.parametrize("threads", [1, 3])
def test_counts_are_those_of_the_assignments_after_every_round(text, monkeypatch, options, threads):
    seen = []
    training = make_run(text, threads=threads, **options)
    made = training.executor.trainer.shards

    def shards(plan):
        found = made(plan)
        end = found.end_round

        def check(totals):
            end(totals)
            topics, size = training.executor.trainer.matrices["topics"], found.counts.shape
            wanted = naive.count_topics(training.executor.trainer.tokens.words, topics, size)
            seen.append((found.counts == wanted).all() and (found._totals == wanted.sum(0)).all())

        found.end_round = check
        return found

    monkeypatch.setattr(training.executor.trainer, "shards", shards)
    training.train()
    assert len(seen) > training.request.options.epochs
    assert all(seen)


def test_the_epochs_after_which_priors_are_fitted(text, monkeypatch):
    """Eta after every fifth epoch, and alpha after each epoch but those of its delay."""
    training, found, epochs = make_run(text, epochs=12), [], {"alpha": [], "eta": []}
    made = training.executor.trainer.shards
    monkeypatch.setattr(
        training.executor.trainer, "shards", lambda plan: found.append(made(plan)) or found[0]
    )
    for prior in epochs:

        def note(value, *_, prior=prior):
            epochs[prior].append(found[0]._epoch)
            return value

        monkeypatch.setattr(f"w2v.topics.gibbs_rounds.update_{prior}", note)
    training.train()
    assert epochs["eta"] == [0, 5, 10]
    assert epochs["alpha"] == [6, 7, 8, 9, 10, 11]  # the delay is two thirds of the burn-in of 9


def test_the_same_bytes_on_any_number_of_threads(text, folder):
    for threads in (1, 2, 5):
        finish(make_run(text, f"{threads}.safetensors", threads, deterministic=True, shards=4))
    one, two, five = ((folder / f"{n}.safetensors").read_bytes() for n in (1, 2, 5))
    assert one == two == five
    for name in "ab":
        finish(make_run(text, f"{name}.safetensors", 2))
    assert (folder / "a.safetensors").read_bytes() == (folder / "b.safetensors").read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        {"threads": 2}, {"deterministic": True, "shards": 3}, {"threads": 2, "sampler": "sparse"},
        {"deterministic": True, "shards": 3, "sampler": "sparse"},
    ],
)  # fmt: skip
def test_a_run_that_was_stopped_ends_with_the_same_bytes(text, folder, options):
    finish(make_run(text, "whole.safetensors", **options))
    chunks = len(make_run(text, **options).executor.plan)
    for chunk in sorted({1, chunks // 3, chunks // 2 + 1, chunks - 1, chunks}):
        training = make_run(text, **options)
        training.resume()
        stop_at(training, chunk)
    last = make_run(text, **options)
    assert last.resume()
    finish(last)
    assert (folder / "x.safetensors").read_bytes() == (folder / "whole.safetensors").read_bytes()


@compiled
def test_planted_themes_are_found(w2v, folder):
    (folder / "text").write_text(themed(600))
    outcome = w2v(
        "train", "text", *ARGS, "--epochs", "100", "--threads", "2", "-o", "x.safetensors"
    )
    assert outcome.code == 0, outcome.err
    assert "log-likelihood" in outcome.err
    assert "3 topics of 12 terms in 7,200 tokens; NPMI" in outcome.err
    rows = [
        json.loads(line)
        for line in w2v("topics", "x.safetensors", "-n", "4", "--json").out.splitlines()
    ]
    found = {" ".join(sorted(word["word"] for word in row["words"])) for row in rows}
    assert found == {" ".join(sorted(theme.split())) for theme in THEMES}
    assert math.fsum(row["size"] for row in rows) == pytest.approx(1)
    assert [row["size"] for row in rows] == sorted((row["size"] for row in rows), reverse=True)
    assert all(0.2 < sum(word["weight"] for word in row["words"]) <= 1.0001 for row in rows)
    near = w2v("similar", "sun", "-v", "x.safetensors", "-k", "3", "--tsv").out.split("\n")
    assert {row.split("\t")[2] for row in near if row} == {"moon", "star", "sky"}
    shares = json.loads(
        w2v("infer", "x.safetensors", "--json", stdin=b"motor road moon wheel road\n").out
    )
    topic = next(row["topic"] for row in rows if row["words"][0]["word"] in THEMES[2])
    assert np.argmax(shares["vector"]) == topic
    assert sum(shares["vector"]) == pytest.approx(1)
    held = w2v("perplexity", "x.safetensors", "--json", stdin=themed(30, seed=9).encode())
    assert 4 < json.loads(held.out)["perplexity"] < 8
    assert "0 unknown tokens left out; 0 documents with fewer than two known words" in held.err


@pytest.fixture
def trained(w2v, folder):
    """A model trained for a few epochs with --keep-state."""
    (folder / "text").write_text(themed(30 if COMPILED else 4))
    outcome = w2v("train", "text", *ARGS, "--epochs", "4", "--keep-state", "-o", "x.safetensors")
    assert outcome.code == 0, outcome.err
    return "x.safetensors"


def test_the_file_holds_what_follows_from_the_tokens_topics(w2v, folder, trained):
    tensors, metadata = container.read(trained)
    words, documents = tensors["words.matrix"], tensors["documents.matrix"]
    np.testing.assert_allclose(words.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(documents.sum(axis=1), 1, rtol=1e-5)
    counts = naive.count_topics(tensors["state.words"], tensors["state.topics"], words.shape)
    eta, alpha = tensors["eta"][0], tensors["alpha"]
    # Of four epochs only the last one is averaged.
    np.testing.assert_allclose(
        words, (counts + eta) / (counts + eta).sum(axis=1, keepdims=True), rtol=1e-5
    )
    np.testing.assert_allclose(
        lda.topic_words(tensors), (counts + eta) / (counts + eta).sum(axis=0), rtol=1e-4
    )
    np.testing.assert_allclose(lda.read_topics(tensors).sizes, counts.sum(axis=0) / counts.sum(),
                               atol=0.02)  # fmt: skip
    here = slice(*tensors["state.starts"][:2])
    mine = np.bincount(tensors["state.topics"][here], minlength=3) + alpha
    np.testing.assert_allclose(documents[0], mine / mine.sum(), rtol=1e-5)
    found = json.loads(metadata["found"])
    assert found["terms"] == len(words)
    assert len(found["coherence"]) == 3
    assert len(json.loads(metadata["losses"])) == 4


def test_layouts_of_mallet(w2v, folder, trained, monkeypatch):
    monkeypatch.setattr("w2v.topics.mallet._BLOCK_ROWS", 3)
    args = ("--topic-keys", "keys", "--doc-topics", "shares", "--state", "state.gz")
    outcome = w2v("topics", trained, *args, "--tsv")
    assert outcome.code == 0, outcome.err
    assert [len(row.split("\t")) for row in outcome.out.splitlines()] == [7] * 3
    tensors = container.read(trained)[0]
    keys = [line.split("\t") for line in (folder / "keys").read_text().splitlines()]
    assert [key[0] for key in keys] == ["0", "1", "2"]
    np.testing.assert_allclose([float(key[1]) for key in keys], tensors["alpha"], rtol=1e-4)
    weights = lda.topic_words(tensors)
    names = SavedDocumentModel(trained).names
    for topic, key in enumerate(keys):
        ranked = np.argsort(-weights[:, topic], kind="stable")[:20]
        assert key[2].split() == [names[row] for row in ranked]
    rows = [line.split("\t") for line in (folder / "shares").read_text().splitlines()]
    np.testing.assert_array_equal(
        np.array([row[2:] for row in rows], np.float32), tensors["documents.matrix"]
    )
    assert [row[:2] for row in rows] == [[str(n), str(n + 1)] for n in range(len(rows))]
    assert len(rows) > 3
    assert (folder / "state.gz").read_bytes()[4:8] == bytes(4)  # no time
    lines = gzip.decompress((folder / "state.gz").read_bytes()).decode().splitlines()
    assert lines[0] == "#doc source pos typeindex type topic"
    assert lines[1:3] == [
        f"#alpha : {' '.join(map(str, tensors['alpha']))}", f"#beta : {tensors['eta'][0]}"
    ]  # fmt: skip
    text = (folder / "text").read_text().splitlines()
    fields = [line.split() for line in lines[3:]]
    assert [each[4] for each in fields] == " ".join(text).split()
    assert [int(each[5]) for each in fields] == tensors["state.topics"].tolist()
    assert all(names[int(each[3])] == each[4] for each in fields)
    assert [int(each[2]) for each in fields[:12]] == list(range(12))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("words", [0, 1, 2]),
        ("words", [0, -1, 1]),
        ("words", [0.0, 1.0, 1.0]),
        ("topics", [0, 1]),
        ("topics", [[0, 1, 0]]),
        ("starts", [0, 3]),
        ("starts", [1, 2, 3]),
        ("starts", [0, 2, 2]),
        ("starts", [0, 4, 3]),
        ("starts", None),
    ],
)
def test_topics_of_tokens_that_do_not_fit_are_an_error(folder, name, value):
    tensors = {
        "state.words": np.array([0, 1, 1], np.int32), "state.topics": np.array([1, 0, 1], np.int16),
        "state.starts": np.array([0, 2, 3]), "alpha": np.ones(2), "eta": np.ones(1),
    }  # fmt: skip
    write_state("good.gz", "m", tensors, ["a", "b"], [" \n", "y z"])
    lines = gzip.decompress((folder / "good.gz").read_bytes()).decode().splitlines()
    assert lines[3:] == ["0 _ 0 0 a 1", "0 _ 1 1 b 0", "1 y_z 0 1 b 1"]
    del tensors[f"state.{name}"]
    if value is not None:
        values = np.array(value)
        tensors[f"state.{name}"] = values if values.dtype.kind == "f" else values.astype(np.int32)
    with pytest.raises(W2VError, match=f"^m: damaged: the arrays of .*state.{name}.*train"):
        write_state("bad.gz", "m", tensors, ["a", "b"], ["x", "y"])
    assert not (folder / "bad.gz").exists()


def test_another_corpus_to_judge_by(w2v, folder, trained):
    (folder / "other.tsv").write_text("a\tsun moon\nb\tstar sky sun\nc\tbread\n")
    outcome = w2v("topics", trained, "--reference", "other.tsv", "--json")
    assert outcome.code == 0, outcome.err
    assert "pairs of words left out: the reference lacks a word of the pair" in outcome.err
    rows = list(map(json.loads, outcome.out.splitlines()))
    assert all(row["skipped"] > 20 for row in rows)
    (folder / "none").write_text("nothing of it\n")
    rows = w2v("topics", trained, "--reference", "none", "--tsv").out.splitlines()
    assert [row.split("\t")[3:6] for row in rows] == [["", "", "45"]] * 3


@compiled_only
@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("train", "text", *ARGS, "--epochs", "4", "--burn-in", "4"), "--burn-in 4 leaves no"),
        (("train", "text", *ARGS, "--valid", "text"), "--valid is for models that are trained"),
        (
            ("train", "text", *ARGS, "--dim", "5"),
            "or skipgram; its number of dimensions is --topics",
        ),
        (("train", "text", *ARGS, "--alpha", "0"), "--alpha 0.0 is out of range"),
        (("train", "text", *ARGS, "--shards", "2"), "--shards is for --deterministic"),
        (("train", "text", *ARGS, "--min-df", "999"), "no term is left"),
        (("train", "text", *ARGS, "--init", "x.safetensors"), "has no word vectors"),
        (("infer", "x.safetensors", "text", "--epochs", "2"), "infers without epochs"),
        (("topics", "x.safetensors", "--format", "tsv"), "work only with CORPUS or --reference"),
        (("topics", "x.safetensors", "--reference", "nowhere"), "nowhere: No such file"),
        (("topics", "text"), "text is not a model"),
        (("topics", "sg.safetensors"), "with --model skipgram: topics need one of lda, lsa"),
        (("topics", "w.safetensors"), "with --model pv-dbow: topics need one of lda, lsa"),
        (("topics", "v.bin"), "v.bin (word2vec binary) holds only vectors: this needs a model"),
        (("perplexity", "v.bin", "text"), "v.bin (word2vec binary) holds only vectors"),
        (
            ("evaluate", "analogies", "text", "-v", "v.bin", "--combine", "sum"),
            "needs the output vectors",
        ),
        (
            ("perplexity", "w.safetensors", "text"),
            "--model pv-dbow: perplexity needs a topic model of --model lda, or a network",
        ),
        (
            ("perplexity", "lsa.safetensors", "text"),
            "the topics of this model are not probabilities",
        ),
        (("perplexity", "x.safetensors", "empty"), "nothing to score"),
        (("topics", "plain.safetensors", "--state", "s"), "train it with --keep-state"),
    ],
)
def test_a_mistake_is_one_line(w2v, folder, trained, args, said):
    (folder / "empty").write_text("sun\nnothing\n")
    one = ("--min-count", "1", "--epochs", "1")
    if "v.bin" in args:
        w2v("train", "text", *one, "--sample", "0", "-o", "v.bin")
    if args[1].startswith("sg"):
        w2v("train", "text", *one, "--sample", "0", "-o", "sg.safetensors")
    if args[1].startswith("w."):
        w2v("train", "text", "--model", "pv-dbow", *one, "--sample", "0", "-o", "w.safetensors")
    if args[1].startswith("lsa"):
        w2v("train", "text", "--model", "lsa", "--min-count", "1", "-o", "lsa.safetensors")
    if args[1].startswith("plain"):
        w2v("train", "text", *ARGS, "--epochs", "1", "-o", "plain.safetensors")
    outcome = w2v(*args)
    assert outcome.code == 2
    assert said in outcome.err.splitlines()[-1]
    assert outcome.out == ""


def test_topics_of_lsa_have_words_of_both_signs(w2v, folder):
    (folder / "text").write_text(themed(30))
    args = ("--model", "lsa", "--min-count", "1", "--topics", "3")
    assert w2v("train", "text", *args, "-o", "x.safetensors").code == 0
    rows = [json.loads(line) for line in w2v("topics", "x.safetensors", "--json").out.splitlines()]
    assert [row["topic"] for row in rows] == [0, 1, 2]
    assert "npmi" not in rows[0]
    assert min(word["weight"] for word in rows[1]["words"]) < 0
    # All words of topic 0 have one sign.
    assert [line.split()[0] for line in w2v("topics", "x.safetensors").out.splitlines()] == [
        "0", "1", "-", "2", "-"
    ]  # fmt: skip
    judged = w2v("topics", "x.safetensors", "--reference", "text", "--json").out.splitlines()
    assert -1 <= json.loads(judged[0])["npmi"] <= 1


def test_documents_without_terms_have_no_shares_and_are_nearest_to_nothing(w2v, folder):
    """If they had the shares of the prior, they would be near to documents that mix all topics."""
    (folder / "text").write_text("\n" + themed(8) + "unheard\n\n")
    args = (*ARGS, "--epochs", "2", "--max-vocab", "12", "-o", "y.safetensors")
    outcome = w2v("train", "text", *args)
    assert outcome.code == 0, outcome.err
    assert "3 documents without any word of the vocabulary" in outcome.err
    matrix = container.read("y.safetensors")[0]["documents.matrix"]
    np.testing.assert_allclose(matrix.sum(axis=1), [0, *[1] * 8, 0, 0], rtol=1e-6)
    found = w2v("similar", "2", "--table", "documents", "-v", "y.safetensors", "--json").out
    names = [row["document"] for row in json.loads(found)["results"]]
    assert set(names[:7]) == {"3", "4", "5", "6", "7", "8", "9"}


def test_sums_of_a_long_document_over_many_epochs_do_not_wrap(w2v, folder, monkeypatch):
    starts = np.array([0, 5, 5 + (1 << 20), 9 + (1 << 20)])
    assert sum_type(starts, 2047) is np.int32
    assert sum_type(starts, 2048) is np.int64  # the document could have 2^31 tokens of a topic
    (folder / "text").write_text(themed(8))
    args = ("train", "text", *ARGS, "--epochs", "4", "-o", "z.safetensors", "--sampler")
    for sampler in ("dense", "sparse"):
        written = []
        for kind in (np.int32, np.int64):
            monkeypatch.setattr(lda, "sum_type", lambda starts, epochs, kind=kind: kind)
            assert w2v(*args, sampler).code == 0
            written.append(container.read("z.safetensors")[0]["documents.matrix"].copy())
        np.testing.assert_array_equal(*written)
        np.testing.assert_allclose(written[0].sum(axis=1), 1, rtol=1e-6)


def test_documents_in_a_temporary_file_take_no_memory():
    trainer = object.__new__(lda.LdaTrainer)
    trainer._shapes = lambda: {
        "word_sums": ((10, 16), np.float32),
        "document_sums": ((1000, 16), np.int32),
        "topic_samples": ((0, 1000), np.int16),
    }
    trainer.settings, trainer._earlier, needed = SimpleNamespace(is_sparse=False), None, []
    for mapped in (False, True):
        trainer._text = SimpleNamespace(mapped=mapped)
        needed.append(trainer.memory_bytes(1))
    # The matrices, and the larger of the copies of the counts and of the results.
    words, documents = 4 * 10 * 16, 4 * 1000 * 16
    assert needed == [words + documents + 2 * (words + documents), words + 3 * words]
    # The sparse sampler has the counts once, and tables of at most 12 bytes for each token.
    trainer.settings.is_sparse = True
    trainer.tokens = SimpleNamespace(words=np.empty(1000, np.int32))
    assert trainer.memory_bytes(1) == words + words + 12 * 1000
