"""Updates of LDA models: the counts of the old model stay, and new documents are added."""

import itertools
import json
from contextlib import ExitStack
from pathlib import Path

import naive
import numpy as np
import pytest
from helpers import COMPILED, Silent, compiled, compiled_only, finish, one_line, stop_at
from topic_models import write_lda

from w2v import api
from w2v.embeddings import container, formats
from w2v.factorization.term_matrix import EncodedTerms
from w2v.kernels.gibbs import make_sampler, sample_topics
from w2v.kernels.random import random_state
from w2v.kernels.simd import aligned
from w2v.models import models
from w2v.models.lda import Settings
from w2v.topics import lda
from w2v.topics.earlier_topics import read_earlier_topics, whole_counts
from w2v.topics.gibbs_rounds import GibbsRounds
from w2v.topics.sparse_counts import NO_COUNTS, SparseCounts
from w2v.topics.sparse_rounds import SparseRounds

THEMES = {
    "sky": "sun moon star comet orbit planet",
    "food": "bread milk cheese salt butter flour",
    "road": "wheel motor brake lane tyre truck",
    "music": "drum flute violin choir tempo chord",
}
NEW_WORDS = {"sky": "quasar nebula", "food": "yeast", "road": "clutch", "music": "harp lute"}
LDA = ("--model", "lda", "--min-count", 1, "--threads", 1)
SEEDS = "road\tmotor\nsky\tmoon:2 star\n"


def themed(count, seed=0, more=None, often=1):
    """Documents with one or two themes; `more` are further words of themes.

    The first word of each theme occurs `often` times as often as the others.
    """
    rng = np.random.default_rng(seed)
    words = [f"{theme} {(more or {}).get(name, '')}".split() for name, theme in THEMES.items()]
    words = [theme[:1] * (often - 1) + theme for theme in words]
    lines = []
    for number in range(count):
        mine = [number % 4] if number % 3 else [number % 4, (number + 1) % 4]
        lines.append(" ".join(rng.choice(words[rng.choice(mine)]) for _ in range(12)))
    return "\n".join(lines) + "\n"


def pairs(*entries):
    return SparseCounts(*np.array(entries, np.int32).T.copy())


def dense(found, shape):
    """Sparse counts as a matrix."""
    matrix = np.zeros(shape, np.int64)
    found.add_to(matrix)
    return matrix


def counts_of(path):
    """The counts n_wk in a file, by word."""
    tensors = container.read(path)[0]
    table = formats.load(path)
    found = dense(read_earlier_topics(tensors, table).counts, tensors["words.matrix"].shape)
    return dict(zip(table.names, found.tolist(), strict=True))


def state_of(path):
    """The counts of words and topics that follow from the topics of all tokens, by word."""
    tensors = container.read(path)[0]
    shape = tensors["words.matrix"].shape
    found = naive.count_topics(tensors["state.words"], tensors["state.topics"], shape)
    return dict(
        zip(container.read_names(tensors, "words"), found.astype(int).tolist(), strict=True)
    )


@pytest.fixture
def old(w2v, folder, monkeypatch):
    """A model, and the new documents `new`, in the current folder; an epoch has several rounds."""
    monkeypatch.setattr("w2v.topics.lda._TOKENS", 60 if COMPILED else 20)
    monkeypatch.setattr("w2v.topics.lda._PER_TERM", 0)
    monkeypatch.setattr("w2v.topics.lda._SPARSE_TOKENS", 120 if COMPILED else 20)
    monkeypatch.setattr("w2v.topics.lda._ENTRIES", 1 << 20)
    (folder / "text").write_text(themed(60 if COMPILED else 6))
    (folder / "new").write_text(themed(40 if COMPILED else 5, 1, NEW_WORDS))
    (folder / "seeds").write_text(SEEDS)
    outcome = w2v(
        "train", "text", *LDA, "--topics", 4, "--epochs", 4, "--seeds", "seeds", "--keep-state",
        "-o", "old.safetensors",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    return "old.safetensors"


def make_run(old, output="x.safetensors", threads=1, text="new", **options):
    """An update that is ready to train."""
    given = {"update": old, "threads": threads, "epochs": 8 if COMPILED else 4, **options}
    training = api.build_run([text], output, models()["lda"], given, Silent(), ExitStack())
    training.read()
    training.start()
    return training


# The counts of the old model.


def test_whole_counts_keep_sums_and_are_near():
    rng = np.random.default_rng(1)
    sizes = rng.integers(1, 3000, 50)
    shares = rng.dirichlet(np.full(7, 0.3), 50)
    counts = shares * sizes[:, None]
    found = whole_counts(counts.copy(), sizes)
    np.testing.assert_array_equal(found.sum(axis=1), sizes)
    assert (np.abs(found - counts) < 1).all()
    given = rng.multinomial(5000, rng.dirichlet(np.ones(7)), 50)
    wrong = given * (1 + rng.uniform(-1e-7, 1e-7, given.shape)) - 1e-9
    np.testing.assert_array_equal(whole_counts(wrong, given.sum(axis=1)), given)


def test_of_remainders_the_largest_count_and_then_the_first():
    found = whole_counts(np.array([[0.5, 1.2, 0.3], [0.5, 0.5, 1.0], [-1e-9, 0.4, 0.6],
                                   [-1, -1, -1]]), np.array([2, 2, 1, 4]))  # fmt: skip
    assert found.tolist() == [[1, 1, 0], [1, 0, 1], [0, 0, 1], [2, 1, 1]]


def test_rough_counts_keep_sums_too():
    """As from a file in half precision, whose rounding errors exceed one token."""
    rng = np.random.default_rng(2)
    sizes = rng.integers(1, 1_000_000, 40)
    counts = rng.dirichlet(np.ones(5), 40).astype(np.float16) * sizes[:, None].astype(float) - 0.7
    found = whole_counts(counts, sizes)
    assert found.min() >= 0
    np.testing.assert_array_equal(found.sum(axis=1), sizes)


@pytest.mark.parametrize("eta", [1e-5, 0.01, 3.0])
def test_counts_in_a_file_are_recovered(folder, eta):
    rng = np.random.default_rng(3)
    counts = rng.multinomial(1, rng.dirichlet(np.full(21, 0.1)), 30)
    counts[:25] += (rng.dirichlet(np.full(21, 0.2), 25) * 3_000_000 * rng.random((25, 1))).astype(
        int
    )
    words = [f"w{n}" for n in range(30)]
    write_lda("x.safetensors", words, counts, ["d"], np.ones((1, 21)) / 21, [9], eta)
    assert counts_of("x.safetensors") == dict(zip(words, counts.tolist(), strict=True))


def test_counts_of_a_trained_model_are_those_of_its_tokens(old):
    """Of four epochs only the last one is averaged. Pseudo-counts of seed words are not counted."""
    found = counts_of(old)
    assert found == state_of(old)
    assert sum(map(sum, found.values())) == (720 if COMPILED else 72)


def test_pairs_are_renumbered_with_their_topics():
    given = pairs((0, 1, 3), (0, 2, 40), (1, 0, 1), (2, 5, 9))
    found = given.renumbered(np.array([7, 2, 4]))
    assert list(zip(*map(np.ndarray.tolist, found), strict=True)) == [
        (2, 0, 1), (4, 5, 9), (7, 1, 3), (7, 2, 40),
    ]  # fmt: skip
    assert NO_COUNTS.renumbered(np.empty(0, int)).words.size == 0


# Sampling.


@pytest.mark.parametrize("topics", [3, 20])
def test_sampling_is_the_twins_with_more_counts(topics):
    """The twin has the counts of both texts, and the prior eta + s of seed words."""
    rng = np.random.default_rng(3)
    documents = [rng.integers(0, 7, rng.integers(0, 12)).tolist() for _ in range(9)]
    tokens = EncodedTerms(np.array(sum(documents, []), np.int32),
                          np.cumsum([0, *map(len, documents)]))  # fmt: skip
    columns = -(-topics // 16) * 16
    given = rng.integers(0, topics, tokens.words.size).astype(np.int16)
    alpha = aligned((1, columns), np.float64)
    alpha[0, :topics] = rng.uniform(0.1, 2, topics)
    matrices = {"topics": given, "word_sums": aligned((9, columns)), "alpha": alpha}
    pseudo, earlier = (
        pairs((0, 1, 3), (4, 0, 1)),
        pairs((0, 0, 5), (0, 1, 70), (6, 2, 9), (8, 1, 2)),
    )
    rounds = GibbsRounds(tokens, matrices, Settings(topics=topics), 1, pseudo, earlier)
    lists = [given[a:b].tolist() for a, b in itertools.pairwise(tokens.starts)]
    old_counts = dense(earlier, (9, topics))
    counts = naive.count_topics(tokens.words, given, (9, topics)) + old_counts
    sampler = make_sampler(rounds.counts, alpha)
    sampler.totals[0] = rounds.counts.sum(axis=0)
    state, random = np.array([77], np.uint64), naive.Random(77)
    prior = np.full((9, topics), 0.25)
    pseudo.add_to(prior)
    for _ in range(3):
        found = sample_topics(
            *tokens, 0, 9, sampler, 0.25, state, given, np.zeros((0, columns), np.int32)
        )
        wanted = naive.sample_topics(documents, lists, counts, alpha[0, :topics], prior, random)
        assert found == pytest.approx(wanted)
        assert given.tolist() == sum(lists, [])
    pseudo.add_to(rounds.counts, -1)
    np.testing.assert_array_equal(rounds.counts[:, :topics], counts)
    assert (rounds.counts[:, :topics] >= old_counts).all()


def test_an_epoch_of_an_update_is_the_twins(old, monkeypatch):
    monkeypatch.setattr("w2v.topics.lda._TOKENS", 1 << 20)
    training = make_run(old, epochs=1, keep_state=True)
    trainer = training.executor.trainer
    tokens, matrices = trainer.tokens, trainer.matrices
    first = matrices["topics"].copy()
    alpha, eta = matrices["alpha"][0, :4].astype(float), matrices["eta"][0]
    before = counts_of(old)
    names = [trainer._vocabulary.names[number] for number in trainer.kept]
    base = np.array([before.get(name, [0] * 4) for name in names], np.float64)
    counts = naive.count_topics(tokens.words, first, base.shape) + base
    prior = np.full(base.shape, eta)
    trainer._seeds.pseudo_counts.add_to(prior)
    assert (prior != eta).sum() == 3
    spans = list(itertools.pairwise(tokens.starts))
    documents = [tokens.words[a:b].tolist() for a, b in spans]
    drawn = [first[a:b].tolist() for a, b in spans]
    random = naive.Random(int(random_state(trainer.settings.seed, 0, 0)[0]))
    wanted = naive.sample_topics(documents, drawn, counts, alpha, prior, random)
    finish(training)
    tensors = container.read("x.safetensors")[0]
    assert tensors["state.topics"].tolist() == sum(drawn, [])
    assert training.losses[0] * tokens.words.size == pytest.approx(-wanted, rel=1e-5)
    np.testing.assert_allclose(
        tensors["words.matrix"], (counts + eta) / (counts + eta).sum(axis=1, keepdims=True),
        rtol=1e-5,
    )  # fmt: skip


@pytest.mark.parametrize(
    "options", [{}, {"deterministic": True, "shards": 3}, {"sampler": "sparse"}]
)
@pytest.mark.parametrize("threads", [1, 2])
def test_old_counts_stay_in_every_round(old, monkeypatch, options, threads):
    training, seen = make_run(old, threads=threads, **options), []
    trainer = training.executor.trainer
    made, base = trainer.shards, dense(trainer._earlier.counts, (trainer.kept.size, 16))
    pseudo = dense(trainer._seeds.pseudo_counts, base.shape)

    def shards(plan):
        found = made(plan)
        end = found.end_round

        def check(totals):
            end(totals)
            mine = naive.count_topics(trainer.tokens.words, trainer.matrices["topics"], base.shape)
            wanted = mine + base + pseudo
            seen.append((found.counts == wanted).all() and (found._totals == wanted.sum(0)).all())

        found.end_round = check
        return found

    monkeypatch.setattr(trainer, "shards", shards)
    training.train()
    assert len(seen) > training.request.options.epochs
    assert all(seen)
    sums = trainer.matrices["word_sums"].sum(axis=1) / trainer.settings.averaged
    np.testing.assert_array_equal(sums, trainer._word_counts())


def test_tables_of_the_sparse_sampler_have_entries_for_old_topics():
    """A word with one new token, and old tokens of all topics: the table would overflow."""
    columns = 16
    alpha = aligned((1, columns))
    alpha[0, :5] = 0.1
    earlier = pairs(*((0, topic, 3) for topic in range(5)), (2, 4, 8))
    tokens = EncodedTerms(np.array([0, 1], np.int32), np.array([0, 2]))
    matrices = {"topics": np.array([1, 2], np.int16), "word_sums": aligned((3, columns)),
                "alpha": alpha, "eta": np.array([0.1])}  # fmt: skip
    rounds = SparseRounds(tokens, matrices, Settings(topics=5), 2, NO_COUNTS, earlier)
    assert np.diff(rounds._tables.offsets).tolist() == [5, 1, 1]
    assert rounds._tables.sizes.tolist() == [5, 1, 1]


def test_first_topics_follow_the_old_counts_and_alpha(old):
    trainer = make_run(old).executor.trainer
    names = [trainer._vocabulary.names[number] for number in trainer.kept]
    trainer.tokens = EncodedTerms(
        np.repeat(np.arange(len(names), dtype=np.int32), 3000), np.array([0, 3000 * len(names)])
    )
    alpha = np.array([1, 4, 2, 3])
    trainer._earlier = trainer._earlier._replace(alpha=alpha)
    drawn = np.full(trainer.tokens.words.size, -1, np.int16)
    trainer._draw_topics(drawn)
    before = counts_of(old)
    assert any(name not in before for name in names)
    for row, name in enumerate(names):
        shares = np.array(before.get(name, alpha))
        mine = np.bincount(drawn[trainer.tokens.words == row], minlength=4)
        np.testing.assert_allclose(mine / 3000, shares / shares.sum(), atol=0.04)


# The result.


@pytest.mark.parametrize("sampler", ["dense", "sparse"])
def test_the_file_has_the_counts_of_both_texts(w2v, old, folder, sampler):
    update = ("train", "new", "--model", "lda", "--update", old, "--threads", 2)
    outcome = w2v(*update, "--epochs", 4, "--sampler", sampler, "-o", "x.safetensors")
    assert outcome.code == 0, outcome.err
    before, mine, found = counts_of(old), state_of("x.safetensors"), counts_of("x.safetensors")
    assert {*found} > {*before}
    for word, row in found.items():
        np.testing.assert_array_equal(row, np.add(before.get(word, 0), mine[word]), err_msg=word)
    tensors, metadata = container.read("x.safetensors")
    table = formats.load("x.safetensors")
    written = ((folder / "text").read_text() + (folder / "new").read_text()).split()
    assert dict(zip(table.names, table.counts.tolist(), strict=True)) == {
        word: written.count(word) for word in {*written}
    }
    documents = formats.load("x.safetensors", "documents")
    assert documents.names == [str(number + 1) for number in range(40 if COMPILED else 5)]
    was, was_metadata = container.read(old)
    np.testing.assert_array_equal(tensors["alpha"], was["alpha"])
    assert tensors["eta"] == was["eta"]
    assert f"the counts of {len(before)} words come from old.safetensors; x.safeten" in outcome.err
    assert "will have only the new documents" in outcome.err
    old_tokens = 12 * (60 if COMPILED else 6)
    assert f"tokens and {old_tokens} of the model that was updated; NPMI" in outcome.err
    sizes = np.array(list(found.values())).sum(axis=0)
    np.testing.assert_allclose(lda.read_topics(tensors).sizes, sizes / sizes.sum(), atol=0.02)
    settings, origin = (json.loads(metadata[name]) for name in ("settings", "origin"))
    assert origin["option"] == "--update"
    assert (settings["optimize"], settings["keep_state"]) == ("none", True)
    assert settings["seeds"] == json.loads(was_metadata["settings"])["seeds"]
    listed = w2v("topics", "x.safetensors", "--json", "--state", "s.gz")
    assert listed.code == 0, listed.err
    assert w2v("info", "--check", "x.safetensors").code == 0


def test_a_model_with_a_sparse_table_of_documents_is_updated_as_it_is(w2v, old):
    train = (*LDA, "--epochs", 2)
    sparse = ("--topics", 4, "--document-table", "sparse", "-o", "sparse.safetensors")
    assert w2v("train", "text", *train, *sparse).code == 0
    update = ("train", "new", *train, "--update", "sparse.safetensors", "-o")
    assert w2v(*update, "x.safetensors").code == 0
    assert "documents.matrix" not in container.read("x.safetensors")[0]
    listed = w2v("topics", "x.safetensors", "--documents", 1, "--tsv")
    assert (listed.code, len(listed.out.splitlines())) == (0, 4)
    outcome = w2v(*update, "x.txt")
    assert (outcome.code, "or add --document-table dense" in outcome.err) == (2, True)
    assert w2v(*update, "x.txt", "--document-table", "dense").code == 0


def test_seeds_of_the_model_stay(w2v, old):
    update = ("train", "new", "--model", "lda", "--threads", 1, "--epochs", 2)
    assert w2v(*update, "--update", old, "-o", "x.safetensors").code == 0
    assert w2v(*update, "--update", "x.safetensors", "-o", "y.safetensors").code == 0
    prior = {}
    for path in (old, "x.safetensors", "y.safetensors"):
        tensors = container.read(path)[0]
        assert lda.read_topics(tensors).names == ["road", "sky", "", ""]
        words, topics, counts = (
            tensors[f"seeds.{part}"].tolist() for part in ("words", "topics", "counts")
        )
        names = container.read_names(tensors, "words")
        prior[path] = {(names[w], k, s) for w, k, s in zip(words, topics, counts, strict=True)}
    assert len(prior[old]) == 3
    assert prior[old] == prior["x.safetensors"] == prior["y.safetensors"]
    sizes = [sum(map(sum, counts_of(path).values())) for path in prior]
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0] > 0


def test_words_of_the_model_stay_and_options_choose_among_new_words(w2v, folder):
    (folder / "text").write_text("the sun\nthe moon\nthe star\n")
    first = ("--drop-top", 1, "--stopwords", "stop", "--topics", 2, "--epochs", 1)
    (folder / "stop").write_text("none\n")
    assert w2v("train", "text", *LDA, *first, "-o", "old.safetensors").code == 0
    assert {*formats.load("old.safetensors").names} == {"sun", "moon", "star"}
    lines = ["the sun often", "the sun often new", "the moon sun rare", "the of new b", "of b", "b"]
    (folder / "new").write_text("\n".join(lines) + "\n")
    (folder / "stop").write_text("moon of\n")
    update = ("train", "new", "--model", "lda", "--update", "old.safetensors", "-o",
              "x.safetensors", "--threads", 1)  # fmt: skip

    def terms(*options):
        outcome = w2v(*update, *options)
        assert outcome.code == 0, outcome.err
        return {*formats.load("x.safetensors").names} - {"sun", "moon", "star"}

    every = {"of", "often", "new", "rare", "b"}
    assert terms("--stopwords", "none") == every
    assert terms("--stopwords", "none", "--drop-top", 0) == {"the", *every}
    assert terms("--stopwords", "none", "--drop-top", 2) == every - {"b"}
    assert terms("--stopwords", "stop") == every - {"of"}
    assert terms("--stopwords", "english,stop") == {"new", "rare", "b"}
    assert terms("--stopwords", "none", "--min-df", 2) == every - {"rare"}
    assert terms("--stopwords", "none", "--max-df", 0.4, "--drop-top", 0) == every - {"b"}
    assert terms("--stopwords", "none", "--min-count", 3) == {"b"}
    assert terms("--stopwords", "none", "--max-vocab", 5) == {"b"}
    assert terms("--stopwords", "none", "--max-vocab", 1) == set()
    outcome = w2v(*update)
    assert (outcome.code, outcome.err) == (
        2,
        "w2v: old.safetensors was trained with a file of --stopwords, which it does not hold: give "
        "--stopwords FILE again, or --stopwords none to leave out no new words\n",
    )


@pytest.mark.parametrize("optimize", ["alpha", "eta", "alpha,eta"])
def test_priors_are_fitted_only_if_asked_for(w2v, old, optimize):
    update = ("train", "new", "--model", "lda", "--update", old, "--threads", 1, "--epochs", 12)
    assert w2v(*update, "--optimize", optimize, "-o", "x.safetensors").code == 0
    was, now = container.read(old)[0], container.read("x.safetensors")[0]
    assert (was["alpha"] != now["alpha"]).any() == ("alpha" in optimize.split(","))
    assert (was["eta"] != now["eta"]).any() == ("eta" in optimize.split(","))
    found = counts_of("x.safetensors")
    assert sum(map(sum, found.values())) == now["words.counts"].sum()


@pytest.mark.parametrize("sampler", ["dense", "sparse"])
def test_the_same_bytes_on_any_number_of_threads(old, sampler):
    options = {"deterministic": True, "shards": 4, "sampler": sampler}
    for threads in (1, 2):
        finish(make_run(old, f"{threads}.safetensors", threads, **options))
    assert Path("1.safetensors").read_bytes() == Path("2.safetensors").read_bytes()
    finish(make_run(old, "3.safetensors", 2, **options, seed=7))
    assert Path("1.safetensors").read_bytes() != Path("3.safetensors").read_bytes()


@pytest.mark.parametrize(
    "options", [{"threads": 2}, {"deterministic": True, "shards": 3, "sampler": "sparse"}]
)
def test_an_update_that_was_stopped_ends_with_the_same_bytes(w2v, old, options):
    finish(make_run(old, "whole.safetensors", **options))
    chunks = len(make_run(old, **options).executor.plan)
    for chunk in sorted({1, chunks // 2 + 1, chunks - 1}):
        training = make_run(old, **options)
        training.resume()
        stop_at(training, chunk)
    last = make_run(old, **options)
    assert last.resume()
    finish(last)
    assert Path("x.safetensors").read_bytes() == Path("whole.safetensors").read_bytes()


def test_an_update_knows_when_it_is_done(w2v, old):
    args = ("train", "new", "--model", "lda", "--update", old, "-o", "x.safetensors", "--resume")
    assert "no checkpoint to resume from" in w2v(*args).err
    assert "nothing to do" in w2v(*args).err
    assert "nothing to do" not in w2v(*args, "--epochs", 1).err


def test_a_checkpoint_of_an_update_of_another_model_is_refused(w2v, old):
    stop_at(make_run(old), 1)
    tensors, metadata = container.read(old)
    tensors["eta"] = tensors["eta"] * 2
    container.write("other.safetensors", tensors, metadata)
    args = ("train", "new", "--model", "lda", "--threads", 1, "--epochs", 8 if COMPILED else 4)
    outcome = w2v(*args, "--update", "other.safetensors", "-o", "x.safetensors", "--resume")
    assert outcome.code == 2
    assert "is the checkpoint of another run: the SHA-256 of --update was" in outcome.err


def test_pipes_and_dry_runs(w2v, old, folder):
    text = (folder / "new").read_bytes()
    args = ("--model", "lda", "--update", old, "--epochs", 2, "--threads", 1)
    assert w2v("train", "-", *args, "-o", "piped.safetensors", stdin=text).code == 0
    assert w2v("train", "new", *args, "-o", "x.safetensors").code == 0
    assert (folder / "piped.safetensors").read_bytes() == (folder / "x.safetensors").read_bytes()
    outcome = w2v("train", "new", *args, "-o", "dry.safetensors", "--dry-run")
    assert (outcome.code, "memory: " in outcome.err, "nothing was written" in outcome.err) == (
        0, True, True,
    )  # fmt: skip
    assert not (folder / "dry.safetensors").exists()
    outcome = w2v("train", "new", *args, "-o", "x.safetensors", "--max-memory", "1MB")
    assert (outcome.code, "but --max-memory is 1" in outcome.err) == (2, True)
    texts = {"texts": ["sun moon harp", "bread yeast"], "model": "lda", "min_count": 1}
    trained = api.train(**texts, update=old, epochs=2)
    assert {"harp", "yeast"} <= {*trained.words}
    again = api.train(**texts, update=trained, epochs=2)
    assert {*again.words} == {*trained.words}


def test_old_topics_take_memory_in_tables_of_the_sparse_sampler(old):
    trainer = make_run(old, sampler="sparse").executor.trainer
    needed = trainer.memory_bytes(1)
    entries, trainer._earlier = trainer._earlier_counts.words.size, None
    counts, documents = trainer.kept.size * 16 * 4, len(trainer._text.names) * 16 * 4
    tables = needed - trainer.matrix_bytes()
    sparse = counts + 12 * trainer.tokens.words.size + 10 * entries
    assert tables == max(sparse, 2 * (documents + counts))
    assert SparseRounds.memory_bytes(10, 100) == 120 + 1000


# What cannot be updated.


@pytest.mark.parametrize("suffix", [".safetensors", ".txt"])
@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        ("", (), "no words in the text"),
        ("\n \n", (), "no words in the text"),
        ("lynx yak\nlynx\n", ("--min-count", 3), "none of its words is in the model, and none occ"),
        ("lynx yak\nlynx\n", ("--min-df", 3), "none of its words is in the model, and --stopwords"),
    ],
)
def test_an_update_with_nothing_to_learn_leaves_the_model_as_it_is(
    w2v, old, folder, text, options, why, suffix
):
    (folder / "today").write_text(text)
    new = f"new{suffix}"
    update = ("train", "today", "--model", "lda", "--update", old, *options)
    outcome = w2v(*update, "-o", new)
    assert outcome.code == 0, outcome.err
    last = outcome.err.splitlines()[-1]
    assert last.startswith(f"today: {why}")
    holds = "is an unchanged copy" if suffix == ".safetensors" else "holds the vectors"
    assert last.endswith(f"nothing to learn; {new} {holds} of old.safetensors")
    if suffix == ".safetensors":
        assert (folder / new).read_bytes() == (folder / old).read_bytes()
    else:
        was, now = formats.load(old, "documents"), formats.load(new)
        assert now.names == was.names
        np.testing.assert_allclose(now.matrix, was.matrix, rtol=1e-5)
    assert not (folder / f"{new}.checkpoint").exists()
    outcome = w2v(*update, "-o", "dry.txt", "--dry-run")
    assert (outcome.code, why in outcome.err, (folder / "dry.txt").exists()) == (2, True, False)


def test_an_update_with_nothing_to_learn_replaces_the_blanks_of_names(w2v, folder):
    (folder / "first.tsv").write_text("no 1\tlynx yak\nno 2\tyak gnu\n")
    (folder / "today.tsv").write_text("no 3\tunknown\n")
    options = ("--model", "lda", "--columns", "id,text", "--threads", 1)
    first = ("train", "first.tsv", *options, "--topics", 2, "--epochs", 2, "--min-count", 1)
    assert w2v(*first, "-o", "old.safetensors").code == 0
    update = ("train", "today.tsv", *options, "--update", "old.safetensors", "--min-count", 2)
    outcome = w2v(*update, "-o", "new.txt", "--blank", "_")
    assert (outcome.code, "nothing to learn" in outcome.err) == (0, True), outcome.err
    assert formats.load("new.txt").names == ["no_1", "no_2"]


KEPT = "cannot be used with --update, which keeps the"
MISTAKES = {
    ("--topics", 5): "old.safetensors has 4 topics, but --topics is 5: leave out --topics, or",
    ("--seeds", "seeds"): f"--seeds {KEPT} seeds of the model: leave out --seeds",
    ("--alpha", 0.1): f"--alpha {KEPT} priors of the model: leave out --alpha",
    ("--eta", 0.1): f"--eta {KEPT} priors of the model: leave out --eta",
    ("--freeze",): "--freeze is for --init",
    ("--init", "sg.safetensors"): "--init and --update cannot be used together",
    ("--model", "skipgram"): "old.safetensors was trained with --model lda: use --model lda",
    ("--model", "lsa"): "old.safetensors was trained with --model lda: use --model lda",
    ("--update", "lsa.safetensors"): "was trained with --model lsa, which cannot be updated: train",
    ("--update", "sg.safetensors"): "was trained with --model skipgram: use --model skipgram",
    ("-o", "old.safetensors"): "old.safetensors is the model of --update",
}


@compiled_only
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line(w2v, old, folder, mistake):
    others = {
        "lsa.safetensors": ("--model", "lsa", "--topics", 2),
        "sg.safetensors": ("--model", "skipgram", "--sample", 0, "--epochs", 1),
    }
    for other in {*mistake} & {*others}:
        short = ("--min-count", 1, "--threads", 1, "-o", other)
        assert w2v("train", "text", *others[other], *short).code == 0
    before = (folder / old).read_bytes()
    args = {"--model": ["lda"], "--update": [old], "-o": ["x.safetensors"]}
    args[mistake[0]] = list(mistake[1:])
    outcome = w2v("train", "new", *sum(([name, *value] for name, value in args.items()), []))
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("w2v: ")
    assert outcome.err.count("\n") == 1
    assert MISTAKES[mistake] in outcome.err
    assert (folder / old).read_bytes() == before
    assert not (folder / "x.safetensors").exists()


def damage(tensors, name):
    """Damage one of the arrays of a model."""
    if name.startswith("no "):
        del tensors[name.removeprefix("no ")]
        return
    name, _, value = name.partition("=")
    array = tensors[name] = np.array(tensors[name])
    if value == "short":
        tensors[name] = array[:-1]
    else:
        array[0] = float(value)


@compiled_only
@pytest.mark.parametrize(
    "fault",
    [
        "no alpha", "no eta", "no words.counts", "no seeds.topics", "alpha=short", "alpha=nan",
        "alpha=0", "eta=0", "eta=inf", "words.matrix=nan", "words.matrix=0", "words.matrix=-1",
        "words.counts=-4", "words.counts=3e9", "seeds.topics=99",
        "topics.offsets=short",
    ],
)  # fmt: skip
def test_a_damaged_model_is_not_updated(w2v, old, fault):
    tensors, metadata = container.read(old)
    tensors = dict(tensors)
    damage(tensors, fault)
    container.write("bad.safetensors", tensors, metadata)
    outcome = w2v("train", "new", "--model", "lda", "--update", "bad.safetensors", "-o", "x.txt")
    assert (outcome.code, outcome.out) == (2, "")
    assert "bad.safetensors: damaged: its arrays do not match" in outcome.err


# Planted topics.


@compiled
def test_an_update_finds_planted_topics_and_new_words_and_predicts_better(w2v, folder):
    """The topics keep their numbers, and the model is as good as one of all documents."""
    (folder / "a").write_text(themed(300))
    (folder / "b").write_text(themed(300, 1, NEW_WORDS, often=9))
    (folder / "held").write_text(themed(80, 2, NEW_WORDS, often=9))
    train = ("--epochs", 60, *LDA)
    assert w2v("train", "a", *train, "--topics", 4, "-o", "old.safetensors").code == 0
    outcome = w2v("train", "b", *train, "--update", "old.safetensors", "-o", "new.safetensors")
    assert outcome.code == 0, outcome.err
    (folder / "ab").write_text((folder / "a").read_text() + (folder / "b").read_text())
    assert w2v("train", "ab", *train, "--topics", 4, "-o", "all.safetensors").code == 0

    def topics(path):
        """The theme of each topic by its words of the first half."""
        rows = json.loads(
            "[" + ",".join(w2v("topics", path, "-n", 6, "--json").out.split("\n")[:-1]) + "]"
        )
        themes = {}
        for row in rows:
            listed = {word["word"] for word in row["words"]}
            share = {name: len(listed & {*words.split()}) for name, words in THEMES.items()}
            themes[row["topic"]] = max(share, key=share.get)
        return themes

    numbers = topics("old.safetensors")
    assert {*numbers.values()} == {*THEMES}
    assert topics("new.safetensors") == numbers
    counts = counts_of("new.safetensors")
    for name, words in NEW_WORDS.items():
        for word in words.split():
            assert numbers[int(np.argmax(counts[word]))] == name
            assert max(counts[word]) > 0.8 * sum(counts[word])

    def score(path, text):
        return json.loads(w2v("perplexity", path, text, "--json").out)["perplexity"]

    assert score("new.safetensors", "held") < 1.03 * score("all.safetensors", "held")
    # The old model leaves the new words out, so the two are compared on the other words.
    added = {word for words in NEW_WORDS.values() for word in words.split()}
    lines = (folder / "held").read_text().splitlines()
    (folder / "known").write_text(
        "".join(" ".join(w for w in line.split() if w not in added) + "\n" for line in lines)
    )
    assert score("new.safetensors", "known") < 0.9 * score("old.safetensors", "known")


def test_a_text_in_place_of_the_model_is_named(w2v, folder):
    (folder / "old.jsonl").write_text('{"text": "sun moon"}\n')
    args = ("train", "old.jsonl", "--model", "lda", "--update", "old.jsonl", "-o", "x.safetensors")
    assert one_line(w2v(*args), 2, "old.jsonl is not a model: this needs one")
