"""LDA with many topics: the sampler whose time for a token does not grow with the topics."""

from __future__ import annotations

import json

import naive
import numpy as np
import pytest
from helpers import COMPILED, compiled
from scipy.stats import chisquare

from w2v.embeddings import container
from w2v.factorization.term_matrix import EncodedTerms
from w2v.kernels.document_topics import make_document_topics
from w2v.kernels.simd import WIDTH
from w2v.kernels.sparse_gibbs import (
    REJECTIONS,
    TIMES,
    WordTables,
    move_counts,
    sample_sparse_topics,
    tabulate_words,
)

ETA = 0.25


def tables_of(counts, alpha, dtype=np.float64, eta=ETA):
    """The tables of the sampler for some counts, computed without its kernel."""
    reciprocals = 1 / (counts.sum(axis=0) + len(counts) * eta)
    words = naive.tabulate_words(counts, reciprocals, alpha)
    sizes = np.array([len(word) for word in words], np.int32)
    entries = [entry for word in words for entry in word]
    padded = np.pad(counts, ((0, 0), (0, -counts.shape[1] % WIDTH)))
    return WordTables(
        padded, reciprocals.astype(dtype), np.concatenate([[0], np.cumsum(sizes)]), sizes,
        np.array([topic for topic, *_ in entries], np.int16),
        np.array([ratio for _, ratio, _ in entries], dtype),
        np.array([prior for *_, prior in entries], dtype),
        np.cumsum(alpha * reciprocals).astype(dtype),
    )  # fmt: skip


def random_text(topics, documents=12, words=9, seed=1):
    """Documents of random words and topics, one of them empty: lists, tokens and counts."""
    rng = np.random.default_rng(seed)
    lengths = [0, 1, *rng.integers(2, 20, documents - 2)]
    lists = [rng.integers(0, words, length).tolist() for length in lengths]
    drawn = [rng.integers(0, topics, length).tolist() for length in lengths]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    tokens = EncodedTerms(np.array(sum(lists, []), np.int32), starts)
    given = np.array(sum(drawn, []), np.int16)
    counts = np.zeros((words, topics), np.int32)
    np.add.at(counts, (tokens.words, given), 1)
    return lists, drawn, tokens, given, counts


@pytest.mark.parametrize("topics", [1, 5, 40])
def test_the_kernel_draws_what_its_twin_draws(topics):
    lists, drawn, tokens, given, counts = random_text(topics)
    sizes = np.count_nonzero(counts, axis=1)
    by_document = {
        bool(sizes[word] > TIMES * len({*mine}))
        for words, mine in zip(lists, drawn, strict=True)
        for word in words
    }
    assert by_document == ({False, True} if topics == 40 else {False})
    alpha = np.random.default_rng(2).random(topics) + 0.05
    before = [list(mine) for mine in drawn]
    scratch = make_document_topics(topics, np.float64)
    state, random = np.array([77], np.uint64), naive.Random(77)
    sums = np.ones((12, topics), np.int32)
    tables = tables_of(counts, alpha)
    for first, last in ((0, 4), (4, 12)):  # both from the counts at the start of the round
        found = sample_sparse_topics(
            *tokens, first, last, tables, scratch, alpha, ETA, state, given,
            sums if last == 12 else sums[:0],
        )  # fmt: skip
        part = slice(first, last)
        wanted = naive.sample_sparse_topics(lists[part], drawn[part], counts, alpha, ETA, random)
        assert found == pytest.approx(wanted)
    assert given.tolist() == sum(drawn, [])
    assert state[0] == random.state
    after = np.array([np.bincount(mine, minlength=topics) for mine in drawn])
    np.testing.assert_array_equal(sums[4:], 1 + after[4:])
    assert (sums[:4] == 1).all()
    assert (scratch.places == -1).all()
    steps = [
        [sum(1 / (j + a) for j in range(mine.count(k))) for k, a in enumerate(alpha)]
        for mine in before
    ]
    np.testing.assert_allclose(scratch.alpha_sums, np.sum(steps, axis=0))


def test_tables_and_moved_counts_are_those_of_their_twins():
    _, _, tokens, given, counts = random_text(7)
    alpha = np.full(7, 0.1)
    wanted = tables_of(counts, alpha)
    found = wanted._replace(
        sizes=np.zeros_like(wanted.sizes), topics=np.zeros_like(wanted.topics),
        ratios=np.zeros_like(wanted.ratios), priors=np.zeros_like(wanted.priors),
    )  # fmt: skip
    for part in ((0, 4), (4, 9)):
        tabulate_words(*part, alpha, found)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other)
    after = np.random.default_rng(4).integers(0, 7, given.size).astype(np.int16)
    moved = counts.copy()
    for part in ((0, 3), (3, 9)):
        move_counts(tokens.words, given, after, 0, 50, *part, moved)
        move_counts(tokens.words, given, after, 50, given.size, *part, moved)
    np.testing.assert_array_equal(moved, naive.move_counts(tokens.words, given, after, counts))


@pytest.mark.parametrize("lengths", [[20], [1] * 20])
@pytest.mark.parametrize("topics", [1, 2])
def test_a_small_eta_needs_few_draws_for_words_that_occur_once(topics, lengths):
    """The exact weight of the old topic is 1 / eta times smaller than with the token itself."""
    eta, words = 1e-5, np.arange(20, dtype=np.int32)
    alpha, starts = np.full(topics, 0.1, np.float32), np.concatenate([[0], np.cumsum(lengths)])
    given = (words % topics).astype(np.int16)
    counts = np.zeros((20, topics), np.int32)
    counts[words, given] = 1
    state, random = np.array([77], np.uint64), naive.Random(77)
    sample_sparse_topics(
        words, starts, 0, len(lengths), tables_of(counts, alpha, np.float32, eta),
        make_document_topics(topics), alpha, eta, state, given, np.empty((0, topics), np.int32),
    )  # fmt: skip
    most = 20 * (3 * REJECTIONS + 2)
    assert state[0] in [random.next_random() for _ in range(most)]


@compiled
@pytest.mark.parametrize("eta", [ETA, 1e-5])
@pytest.mark.parametrize("document", [[3, 3, 1, 0], [2], [9], [9, 3, 1, 0]])
def test_topics_have_the_probabilities_of_the_formula(document, eta):
    """A token's new topic against the formula of Griffiths and Steyvers, by a chi-square test."""
    topics = 5
    _, _, _, _, counts = random_text(topics, seed=3)
    counts = np.pad(counts, ((0, 1), (0, 0)))  # of word 9, only the sampled token
    alpha = np.array([0.3, 0.1, 0.7, 0.2, 0.05])
    old = [1, 4, 1, 0][: len(document)]
    np.add.at(counts, (document, old), 1)
    tables = tables_of(counts, alpha, eta=eta)
    words, starts = np.array(document, np.int32), np.array([0, len(document)])
    others = np.bincount(old[1:], minlength=topics)
    without = counts - (np.arange(10)[:, None] == document[0]) * np.eye(topics, dtype=int)[old[0]]
    weights = (others + alpha) * (without[document[0]] + eta) / (without.sum(axis=0) + 10 * eta)
    found = np.zeros(topics)
    scratch = make_document_topics(topics, np.float64)
    states = np.random.default_rng(5).integers(1, 2**64 - 1, 20_000, dtype=np.uint64)
    for i in range(states.size):
        given = np.array(old, np.int16)
        # The first token of the document: the others still have their old topics.
        sample_sparse_topics(
            words, starts, 0, 1, tables, scratch, alpha, eta,
            states[i : i + 1], given, np.empty((0, topics), np.int32),
        )  # fmt: skip
        found[given[0]] += 1
    wanted = weights / weights.sum() * found.sum()
    # A chi-square test is not valid for topics with almost no weight.
    likely = wanted > 5
    assert found[~likely].sum() <= 20
    found, wanted = found[likely], wanted[likely]
    assert chisquare(found, wanted * found.sum() / wanted.sum()).pvalue > 1e-3


THEMES = ("sun moon star sky", "bread milk salt butter", "road wheel motor tyre")
ARGS = ("--model", "lda", "--topics", "3", "--min-count", "1", "--sampler", "sparse")


def themed(documents, seed=1):
    """Documents of 12 words of one theme each."""
    rng = np.random.default_rng(seed)
    lines = [" ".join(rng.choice(THEMES[number % 3].split(), 12)) for number in range(documents)]
    return "\n".join(lines) + "\n"


def train(w2v, output, *args):
    outcome = w2v("train", "text", *ARGS, "-o", output, *args)
    assert outcome.code == 0, outcome.err
    return outcome


@compiled
def test_planted_themes_are_found(w2v, folder):
    (folder / "text").write_text(themed(300))
    train(w2v, "x.safetensors", "--epochs", "60", "--threads", "2")
    rows = [
        json.loads(line)
        for line in w2v("topics", "x.safetensors", "-n", "4", "--json").out.splitlines()
    ]
    found = {" ".join(sorted(word["word"] for word in row["words"])) for row in rows}
    assert found == {" ".join(sorted(theme.split())) for theme in THEMES}


def test_the_counts_of_a_run_are_those_of_its_topics(w2v, folder):
    (folder / "text").write_text(themed(30 if COMPILED else 4))
    train(w2v, "x.safetensors", "--epochs", "4", "--keep-state")
    tensors, _ = container.read("x.safetensors")
    words = tensors["words.matrix"]
    counts = naive.count_topics(tensors["state.words"], tensors["state.topics"], words.shape)
    eta = tensors["eta"][0]
    np.testing.assert_allclose(
        words, (counts + eta) / (counts + eta).sum(axis=1, keepdims=True), rtol=1e-5
    )
    here = slice(*tensors["state.starts"][:2])
    mine = np.bincount(tensors["state.topics"][here], minlength=3) + tensors["alpha"]
    np.testing.assert_allclose(tensors["documents.matrix"][0], mine / mine.sum(), rtol=1e-5)


@compiled
def test_any_number_of_threads_gives_the_same_bytes(w2v, folder):
    (folder / "text").write_text(themed(200))
    (folder / "seeds").write_text("sky\tsun moon\n")
    args = ("--epochs", "8", "--deterministic", "--shards", "3", "--seeds", "seeds")
    for threads in ("1", "2", "3"):
        train(w2v, f"{threads}.safetensors", *args, "--threads", threads)
    one, two, three = ((folder / f"{n}.safetensors").read_bytes() for n in "123")
    assert one == two == three


def test_auto_is_sparse_from_many_topics_on():
    from w2v.models.lda import SPARSE_TOPICS, Settings

    assert [Settings(topics=n).is_sparse for n in (SPARSE_TOPICS - 1, SPARSE_TOPICS)] == [
        False, True
    ]  # fmt: skip
    assert Settings(topics=2, sampler="sparse").is_sparse
    assert not Settings(topics=SPARSE_TOPICS, sampler="dense").is_sparse


def test_files_from_before_there_was_a_choice_open(w2v, folder):
    (folder / "text").write_text(themed(4))
    train(w2v, "x.safetensors", "--epochs", "2")
    tensors, metadata = container.read("x.safetensors")
    kept = json.loads(metadata["settings"])
    assert kept.pop("sampler") == "sparse"
    old = {
        name: text
        for name, text in (metadata | {"settings": json.dumps(kept)}).items()
        if name != "checksums"
    }
    container.write("old.safetensors", {name: array.copy() for name, array in tensors.items()}, old)
    wanted = w2v("topics", "x.safetensors", "--tsv").out
    assert w2v("topics", "old.safetensors", "--tsv").out == wanted
