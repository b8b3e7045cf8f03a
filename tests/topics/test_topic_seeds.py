"""Seed words: the file, the prior that follows from it, and topics that follow the seeds."""

import itertools
import json

import naive
import numpy as np
import pytest
from helpers import COMPILED, compiled, finish, start_run, stop_at
from scipy.special import gammaln

import w2v as library
from w2v.embeddings import container
from w2v.errors import W2VError
from w2v.factorization.term_matrix import EncodedTerms
from w2v.kernels.gibbs import make_sampler, sample_topics
from w2v.kernels.simd import aligned
from w2v.models import models
from w2v.models.lda import Settings
from w2v.runs.saved_model import SavedTopicModel
from w2v.settings import TextSettings
from w2v.system import python_arguments
from w2v.topics import lda, perplexity
from w2v.topics.coherence import measure_coherence
from w2v.topics.gibbs_rounds import GibbsRounds
from w2v.topics.inference import TopicInference
from w2v.topics.priors import update_eta
from w2v.topics.seeds import place_seeds, pseudo_count, read_seeds
from w2v.topics.sparse_counts import SparseCounts
from w2v.topics.topic_words import top_words

THEMES = {
    "sky": "sun moon star comet orbit planet",
    "food": "bread milk cheese salt butter flour",
    "road": "wheel motor brake lane tyre truck",
    "music": "drum flute violin choir tempo chord",
}
LDA = ("--model", "lda", "--min-count", "1", "--threads", "2")
SEEDS = "# topics\n\nroad\tmotor\nsky\tmoon:2 star\n"


def themed(count, seed=0, shared=()):
    """Documents with one or two themes; the words `shared` are in the first two themes."""
    rng, words = np.random.default_rng(seed), [theme.split() for theme in THEMES.values()]
    words[:2] = [[*theme, *shared] for theme in words[:2]]
    lines = []
    for number in range(count):
        mine = [number % 4] if number % 3 else [number % 4, (number + 1) % 4]
        lines.append(" ".join(rng.choice(words[rng.choice(mine)]) for _ in range(12)))
    return "\n".join(lines) + "\n"


@pytest.fixture
def text(folder, monkeypatch):
    """Documents and seeds in the current folder; an epoch has several rounds."""
    monkeypatch.setattr("w2v.topics.lda._TOKENS", 60 if COMPILED else 20)
    monkeypatch.setattr("w2v.topics.lda._PER_TERM", 0)
    (folder / "text").write_text(themed(120 if COMPILED else 6))
    (folder / "seeds").write_text(SEEDS)
    return "text"


def make_run(text, output="x.safetensors", threads=1, **options):
    given = {"topics": 4, "epochs": 8 if COMPILED else 4, "seeds": "seeds", **options}
    return start_run(text, output, models()["lda"], Settings(**given), threads)


def pairs(*entries):
    return SparseCounts(*np.array(entries, np.int32).T.copy())


# The file.


def test_the_file_has_names_words_and_weights(folder):
    (folder / "f").write_bytes(
        "\ufeff# a comment\r\n\r\nouter space\tnasa\t a:b  x:y:2 b:1e-1 :3\r\nü\t12:30 # ".encode()
    )
    first, second = read_seeds("f", 5)
    assert first == ("outer space", {"nasa": 1, "a:b": 1, "x:y": 2, "b": 0.1, ":3": 1}, "f: line 3")
    assert second == ("ü", {"12": 30, "#": 1}, "f: line 4")
    assert read_seeds(" a b \tc:100\n", 1) == [("a b", {"c": 100}, "seeds: line 1")]
    assert read_seeds("a\tb\n", 1) == [("a", {"b": 1}, "seeds: line 1")]


WRONG = {
    "no tab": ("space nasa", "f: line 1: expected a name, a tab and words, such as 'space<TAB>"),
    "no name": ("a\tb\n\tnasa", "f: line 2: expected a name, a tab and words"),
    "no words": ("space\t ", "f: line 1: expected a name, a tab and words"),
    "none": ("# nothing\n", "f: no seed words: expected a name, a tab and words"),
    "weight 0": ("a\tb:0", "f: line 1: the weight of 'b:0' is out of range: more than 0, at most"),
    "weight -1": ("a\tb:-1", "f: line 1: the weight of 'b:-1' is out of range"),
    "weight 101": ("a\tb:101", "f: line 1: the weight of 'b:101' is out of range"),
    "name twice": ("a\tb\na\tc", "f: line 2: the topic 'a' has a line already: write all its"),
    "word twice": ("a\tmoon sun moon:2", "f: line 1: the word 'moon' occurs twice: remove one"),
    "topics": ("a\tsun\nb\tmoon\n\nc\tstar", "f: line 4: a seed for topic 3, but there are only"),
    "unknown": (
        "a\tsun\nb\tMoon no",
        "f: line 2: none of the words of the topic 'b' is a term of the model: 2 (Moon, no): not "
        "in the vocabulary (check their spelling, or lower --min-count)",
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_mistake_is_one_line_with_its_place(w2v, folder, fault):
    content, message = WRONG[fault]
    (folder / "text").write_text("sun moon star\n" * 3)
    (folder / "f").write_text(content)
    outcome = w2v("train", "text", *LDA, "--topics", "2", "--seeds", "f", "-o", "x.safetensors")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.splitlines()[-1].startswith(f"w2v: {message}")
    assert not (folder / "x.safetensors").exists()


def test_other_mistakes(w2v, folder):
    (folder / "text").write_text("sun moon star\n" * 3)
    outcome = w2v("train", "text", *LDA, "--seeds", "nowhere")
    assert (outcome.code, outcome.err) == (2, "w2v: nowhere: No such file or directory\n")
    (folder / "f").write_bytes(b"a\tb\n\xff\tc\n")
    outcome = w2v("train", "text", *LDA, "--seeds", "f")
    assert "f: line 2: not UTF-8 text" in outcome.err
    assert "--seeds works only with --model lda" in w2v("train", "text", "--seeds", "f").err
    outcome = w2v("train", "text", *LDA, "--seeds", "seeds", "--seed", "4")
    assert "seeds: No such file" in outcome.err  # --seed is no abbreviation of --seeds


def test_what_is_left_out_is_said_by_name(w2v, folder):
    (folder / "text").write_text("Sun and moon, don't star ŝ\nsun and moon rare\nsun sea-ice\n")
    (folder / "stop").write_text("and\n")
    (folder / "f").write_text("sky\tSUN sun moon and rare s\u0302 blue sea-ice !\nx\tdon't no\n")
    options = ("--tokenizer", "words", "--lowercase", "--normalize", "NFC", "--stopwords", "stop")
    outcome = w2v(
        "train", "text", *LDA, *options, "--topics", "3", "--epochs", "2", "--max-df", "0.9",
        "--seeds", "f", "-o", "x.safetensors",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    assert "seeds: 4 words in 2 topics\n" in outcome.err
    said = [line for line in outcome.err.splitlines() if line.startswith("seed words that")]
    assert said == [
        "seed words that are not used: 3 (SUN, sun, and): left out by --stopwords, --min-df, "
        "--max-df or --drop-top",
        "seed words that are not used: 3 (blue, !, no): not in the vocabulary",
        "seed words that are not used: 1 (sea-ice): --tokenizer words splits it",
    ]
    saved = SavedTopicModel("x.safetensors")
    assert saved.listing().names == ["sky", "x", ""]
    words, topics = (saved.tensors[f"seeds.{part}"] for part in ("words", "topics"))
    assert {(saved.names[w], k) for w, k in zip(words, topics, strict=True)} == {
        ("moon", 0),
        ("rare", 0),
        ("ŝ", 0),
        ("don't", 1),
    }
    (folder / "f").write_text("sky\tMOON moon\n")
    outcome = w2v(
        "train", "text", *LDA, *options, "--epochs", "1", "--seeds", "f", "-o", "y.safetensors"
    )
    assert "1 (moon): the same word as another seed of its line" in outcome.err


def test_the_advice_for_a_line_without_terms_is_that_for_its_words(w2v, folder):
    (folder / "text").write_text("sun the sea-ice\n" * 3)
    (folder / "f").write_text("a\tthe sea-ice\n")
    options = ("--stopwords", "english", "--tokenizer", "words", "--seeds", "f")
    outcome = w2v("train", "text", *LDA, *options, "-o", "x.safetensors")
    assert outcome.err.splitlines()[-1] == (
        "w2v: f: line 1: none of the words of the topic 'a' is a term of the model: 1 (the): left "
        "out by --stopwords, --min-df, --max-df or --drop-top (give other words, or change these "
        "options); 1 (sea-ice): --tokenizer words splits it (give words that it does not split)"
    )


def test_seeds_at_the_limits_are_placed_or_refused():
    kept, text = np.array([0, 2]), TextSettings()
    placed = place_seeds(read_seeds("a\tx y z\n", 1), 1, [*"xyz"], kept, np.array([9, 9]), text)
    assert placed.pseudo_counts.words.tolist() == [0, 1]
    placed = place_seeds(read_seeds("a\tx y\n", 1), 1, [*"xy"], kept[:1], np.array([9]), text)
    assert placed.notes[1].startswith("seed words that are not used: 1 (y): left out by")
    huge = np.array([1 << 40])
    with pytest.raises(W2VError, match="^seeds: line 1: the weights are too large: lower them"):
        place_seeds(read_seeds("a\tx:100\n", 1), 1, ["x"], kept[:1], huge, text)
    for count, end in ((20, "w19)"), (21, "w19, ...)")):
        words = " ".join(f"w{n}" for n in range(count))
        placed = place_seeds(
            read_seeds(f"a\tx {words}\n", 1), 1, ["x"], kept[:1], np.array([9]), text
        )
        assert f"{count} (w0, " in placed.notes[1]
        assert f"{end}: not in the vocabulary" in placed.notes[1]


# The prior.


def test_pseudo_counts_are_tokens_up_to_a_share_of_a_topic():
    assert [pseudo_count(1, n, 2000) for n in (1, 7, 100, 5000)] == [1, 7, 100, 100]
    assert [pseudo_count(w, 50, 2000) for w in (1e-9, 0.5, 3)] == [1, 25, 150]


@pytest.mark.parametrize("topics", [3, 20])
def test_sampling_is_that_of_an_asymmetric_prior(topics):
    """The counts with pseudo-counts, and the twin with the prior eta + s of each word and topic."""
    rng = np.random.default_rng(3)
    documents = [rng.integers(0, 7, rng.integers(0, 12)).tolist() for _ in range(9)]
    tokens = EncodedTerms(np.array(sum(documents, []), np.int32),
                          np.cumsum([0, *map(len, documents)]))  # fmt: skip
    columns = -(-topics // 16) * 16
    given = rng.integers(0, topics, tokens.words.size).astype(np.int16)
    alpha = aligned((1, columns), np.float64)
    alpha[0, :topics] = rng.uniform(0.1, 2, topics)
    matrices = {"topics": given, "word_sums": aligned((7, columns)), "alpha": alpha}
    pseudo = pairs((0, 1, 3), (0, 2, 40), (4, 0, 1), (6, topics - 1, 9))
    rounds = GibbsRounds(tokens, matrices, Settings(topics=topics), 1, pseudo)
    prior = np.full((7, topics), 0.25)
    pseudo.add_to(prior)
    assert prior.sum() == pytest.approx(7 * topics * 0.25 + 53)
    lists = [given[a:b].tolist() for a, b in itertools.pairwise(tokens.starts)]
    counts = naive.count_topics(tokens.words, given, (7, topics))
    sampler = make_sampler(rounds.counts, alpha)
    sampler.totals[0] = rounds.counts.sum(axis=0)
    state, random = np.array([77], np.uint64), naive.Random(77)
    for _ in range(3):
        found = sample_topics(
            *tokens, 0, 9, sampler, 0.25, state, given, np.zeros((0, columns), np.int32)
        )
        wanted = naive.sample_topics(documents, lists, counts, alpha[0, :topics], prior, random)
        assert found == pytest.approx(wanted)
        assert given.tolist() == sum(lists, [])
    pseudo.add_to(rounds.counts, -1)
    np.testing.assert_array_equal(rounds.counts[:, :topics], counts)


@compiled
def test_the_chain_visits_assignments_as_often_as_they_are_probable():
    """All 2 ** 5 assignments of five tokens, with the posterior of the prior eta + s."""
    words, starts = np.array([0, 1, 0, 2, 1], np.int32), np.array([0, 3, 5])
    eta, sweeps, pseudo = 0.4, 60_000, pairs((0, 1, 2), (2, 0, 1))
    alpha = aligned((1, 16))
    alpha[0, :2] = 0.7, 0.3
    topics = np.zeros(5, np.int16)
    matrices = {"topics": topics, "word_sums": aligned((3, 16)), "alpha": alpha}
    rounds = GibbsRounds(EncodedTerms(words, starts), matrices, Settings(topics=2), 5, pseudo)
    sampler, state = make_sampler(rounds.counts, alpha), np.array([5], np.uint64)
    sampler.totals[0] = rounds.counts.sum(axis=0)
    visits = np.zeros(32)
    for _ in range(sweeps):
        sample_topics(words, starts, 0, 2, sampler, eta, state, topics, np.zeros((0, 16), np.int32))
        visits[int(topics @ (1 << np.arange(5)))] += 1
    prior = np.full((3, 2), eta)
    pseudo.add_to(prior)
    weights = []
    for number in range(32):
        each = number >> np.arange(5) & 1
        counts = naive.count_topics(words, each, (3, 2)) + prior
        mine = [np.bincount(each[a:b], minlength=2) for a, b in ((0, 3), (3, 5))]
        weights.append(
            gammaln(counts).sum() - gammaln(counts.sum(axis=0)).sum()
            + sum(gammaln(n + alpha[0, :2]).sum() for n in mine)
        )  # fmt: skip
    p = np.exp(np.array(weights))
    np.testing.assert_allclose(visits / sweeps, p / p.sum(), atol=0.006)


def test_first_topics_of_seed_words_follow_their_pseudo_counts():
    words = np.repeat(np.arange(4, dtype=np.int32), 3000)
    topics = np.full(words.size, 7, np.int16)
    pseudo = pairs((1, 0, 5), (3, 2, 1), (3, 4, 3))
    pseudo.draw_topics(words, topics, np.random.default_rng(1))
    assert (topics[words == 0] == 7).all()
    assert (topics[words == 1] == 0).all()
    assert (topics[words == 2] == 7).all()
    assert {*topics[words == 3].tolist()} == {2, 4}
    assert (topics[words == 3] == 4).mean() == pytest.approx(0.75, abs=0.03)


def test_a_run_begins_with_seed_words_in_their_topics(text):
    trainer = make_run(text).executor.trainer
    names = [trainer._vocabulary.names[number] for number in trainer.kept]
    for word, topic in (("motor", 0), ("moon", 1), ("star", 1)):
        assert (
            trainer.matrices["topics"][trainer.tokens.words == names.index(word)] == topic
        ).all()
    assert len({*trainer.matrices["topics"].tolist()}) == 4


def test_the_coherence_is_that_of_the_listed_words(text, monkeypatch):
    monkeypatch.setattr("w2v.topics.lda.TOP_WORDS", 3)  # words that occur, without equal counts
    training = make_run(text)
    finish(training)
    saved = SavedTopicModel("x.safetensors")
    listed = top_words(saved.listing().weights, 3)
    assert "moon" in {saved.names[row] for row in listed[1]}
    assert saved.coherence() == measure_coherence(training.executor.trainer.tokens, listed)


def test_a_round_averages_and_fits_eta_to_tokens_alone(text, monkeypatch):
    seen = []

    def update(eta, counts, totals):
        trainer = training.executor.trainer
        wanted = naive.count_topics(trainer.tokens.words, trainer.matrices["topics"], counts.shape)
        np.testing.assert_array_equal(counts, wanted)
        np.testing.assert_array_equal(totals, wanted.sum(axis=0))
        seen.append(update_eta(eta, counts, totals))
        return seen[-1]

    monkeypatch.setattr("w2v.topics.gibbs_rounds.update_eta", update)
    training = make_run(text, burn_in=0)
    training.train()
    trainer = training.executor.trainer
    assert seen[-1] == trainer.matrices["eta"][0]
    size = np.bincount(trainer.tokens.words)
    np.testing.assert_array_equal(trainer.matrices["word_sums"].sum(axis=1),
                                  trainer.settings.epochs * size)  # fmt: skip
    assert (trainer.matrices["word_sums"] >= 0).all()


@pytest.mark.parametrize("threads", [1, 3])
def test_the_file_gives_the_posterior_mean(text, threads):
    finish(make_run(text, threads=threads, epochs=4, keep_state=True))
    tensors, metadata = container.read("x.safetensors")
    matrix, eta = tensors["words.matrix"], tensors["eta"][0]
    counts = naive.count_topics(tensors["state.words"], tensors["state.topics"], matrix.shape)
    np.testing.assert_allclose(
        matrix, (counts + eta) / (counts + eta).sum(axis=1, keepdims=True), rtol=1e-5
    )
    prior = np.full(matrix.shape, eta)
    found = zip(*(tensors[f"seeds.{part}"] for part in ("words", "topics", "counts")), strict=True)
    names, sizes = container.read_names(tensors, "words"), tensors["words.counts"]
    for word, topic, count in found:
        weight = {"motor": 1, "star": 1, "moon": 2}[names[word]]
        assert topic == (names[word] != "motor")
        assert count == max(1, round(weight * min(sizes[word], sizes.sum() / 80)))
        prior[word, topic] += count
    assert (prior > 1).sum() == 3
    weights = (counts + prior) / (counts + prior).sum(axis=0)
    np.testing.assert_allclose(lda.topic_words(tensors), weights, rtol=1e-4)
    listing = lda.read_topics(tensors)
    np.testing.assert_allclose(listing.sizes.sum(), 1)
    assert listing.names == ["road", "sky", "", ""]
    assert json.loads(metadata["settings"])["seeds"].startswith("sha256:")


def test_inference_and_perplexity_use_the_prior(w2v, text, folder):
    finish(make_run(text))
    tensors, metadata = container.read("x.safetensors")
    plain = {name: array for name, array in tensors.items() if not name.startswith("seeds.")}
    container.write("plain.safetensors", plain, metadata)
    (folder / "new").write_text("motor sun moon motor\nbread moon star moon\n")
    shares, scores = {}, {}
    for name in ("x", "plain"):
        saved = SavedTopicModel(f"{name}.safetensors")
        rows = {word: row for row, word in enumerate(saved.names)}
        lines = [line.split() for line in (folder / "new").read_text().splitlines()]
        held = EncodedTerms(
            np.array([rows[w] for w in sum(lines, [])], np.int32), np.array([0, 4, 8])
        )
        phi, alpha = saved.listing().weights, saved.tensors["alpha"]
        shares[name] = saved.vector("motor sun moon motor")
        np.testing.assert_array_equal(shares[name], TopicInference(phi, alpha).mixtures(held)[0])
        outcome = w2v("perplexity", f"{name}.safetensors", "new", "--json")
        scores[name] = json.loads(outcome.out)["perplexity"]
        wanted = perplexity.document_completion(held, phi, alpha)
        assert scores[name] == pytest.approx(wanted.perplexity)
    assert not np.allclose(shares["x"], shares["plain"], rtol=1e-3)
    assert abs(scores["x"] / scores["plain"] - 1) > 1e-3


def test_files_without_seeds_are_as_before(w2v, text):
    finish(make_run(text, seeds=None))
    tensors, metadata = container.read("x.safetensors")
    assert "seeds" not in json.loads(metadata["settings"])
    assert not [name for name in tensors if name.startswith(("seeds", "topics."))]
    assert SavedTopicModel("x.safetensors").listing().names == []
    assert len(w2v("topics", "x.safetensors").out.splitlines()) == 4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seeds.words", [0, 0, 99]),
        ("seeds.words", [1, 0, 2]),
        ("seeds.topics", [0, 0, 4]),  # of four topics
        ("seeds.counts", [1, 1, -1]),
        ("seeds.counts", [1]),
        ("seeds.counts", [1.5, 1, 1]),
        ("topics.offsets", [0, 4, 7]),
    ],
)
def test_damaged_seeds_are_an_error(w2v, text, name, value):
    finish(make_run(text))
    tensors, metadata = container.read("x.safetensors")
    values = np.array(value)
    kind = np.int64 if name.startswith("topics") else np.int32
    tensors[name] = values.astype(kind) if values.dtype.kind == "i" else values
    container.write("x.safetensors", tensors, metadata)
    outcome = w2v("topics", "x.safetensors")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("w2v: x.safetensors: damaged: settings and arrays do not match")


# Runs.


@compiled
def test_seeded_topics_are_the_planted_ones(w2v, folder):
    """With seeds, topic k has the words of line k, whatever the seed of the random numbers."""
    (folder / "text").write_text(themed(600))
    (folder / "seeds").write_text("".join(f"{name}\t{words.split()[2]}\n" for name, words
                                          in [*THEMES.items()][::-1]))  # fmt: skip
    wanted = [sorted(words.split()) for words in THEMES.values()][::-1]
    are_found = {True: [], False: []}
    for seed, seeded in itertools.product((1, 2, 3), (True, False)):
        options = ("--seeds", "seeds") if seeded else ()
        args = (*LDA, "--topics", "4", "--epochs", "40", "--seed", seed, *options)
        assert w2v("train", "text", *args, "-o", "x.safetensors").code == 0
        rows = w2v("topics", "x.safetensors", "-n", "6", "--json").out.splitlines()
        found = {row["topic"]: sorted(word["word"] for word in row["words"])
                 for row in map(json.loads, rows)}  # fmt: skip
        are_found[seeded].append([found[topic] for topic in range(4)] == wanted)
    assert are_found[True] == [True] * 3
    assert not all(are_found[False])


@compiled
def test_a_word_of_two_topics_is_pulled_to_the_seeded_one_as_its_weight_rises(folder):
    """The share of the tokens of `bank` in topic 0, which has the other words of its line."""
    documents = themed(400, shared=["bank"]).splitlines()
    shares = []
    for weight in (None, 1, 5, 25):
        seeds = {name: dict.fromkeys(theme.split()[:3], 1) for name, theme in THEMES.items()}
        if weight:
            seeds["sky"]["bank"] = weight
        own = []
        for seed in (1, 2, 3):
            model = library.train(
                texts=documents, model="lda", topics=4, epochs=40, min_count=1, threads=2,
                seed=seed, seeds=seeds,
            )  # fmt: skip
            tensors = container.read(model._path)[0]
            row = container.read_names(tensors, "words").index("bank")
            own.append(tensors["words.matrix"][row, 0])
            assert tensors["words.matrix"][row, :2].sum() > 0.99
        shares.append(np.mean(own))
    assert all(a < b for a, b in itertools.pairwise(shares)), shares
    assert 0.4 < shares[0] < 0.5
    assert shares[-1] > 0.55


def test_the_same_bytes_on_any_number_of_threads(text, folder):
    for threads in (1, 2):
        finish(make_run(text, f"{threads}.safetensors", threads, deterministic=True, shards=4))
    assert (folder / "1.safetensors").read_bytes() == (folder / "2.safetensors").read_bytes()
    finish(make_run(text, "3.safetensors", 2, deterministic=True, shards=4, seeds=None))
    one, none = (container.read(f"{n}.safetensors")[0] for n in (1, 3))
    assert not np.array_equal(one["words.matrix"], none["words.matrix"])


def test_a_run_that_was_stopped_ends_with_the_same_bytes(text, folder):
    finish(make_run(text, "whole.safetensors"))
    chunks = len(make_run(text).executor.plan)
    for chunk in sorted({1, chunks // 2 + 1, chunks - 1}):
        training = make_run(text)
        training.resume()
        stop_at(training, chunk)
    last = make_run(text)
    assert last.resume()
    finish(last)
    assert (folder / "x.safetensors").read_bytes() == (folder / "whole.safetensors").read_bytes()


def test_a_run_is_not_resumed_with_other_seeds(text, folder):
    stop_at(make_run(text), 1)
    (folder / "seeds").write_text("road\tmotor:2\n")
    with pytest.raises(W2VError, match=r"another run: --seeds was sha256:"):
        make_run(text).resume()
    with pytest.raises(W2VError, match=r"another run: --seeds was sha256:"):
        make_run(text, seeds=None).resume()


def test_a_program_gives_seeds_as_a_mapping(folder):
    texts = themed(40 if COMPILED else 4).splitlines()
    options = {"model": "lda", "topics": 3, "epochs": 2, "min_count": 1, "threads": 1}
    given = {"my road": ["motor"], "sky": {"moon": np.float32(2), "star": 1}}
    made = library.train(texts=texts, seeds=given, **options)
    assert made.info()["settings"]["seeds"] == "my road\tmotor:1.0\nsky\tmoon:2.0 star:1.0\n"
    (folder / "f").write_text("my road\tmotor\nsky\tmoon:2 star\n")
    read = library.train(texts=texts, seeds=folder / "f", **options)
    assert np.array_equal(made.matrix, read.matrix)
    assert SavedTopicModel(read._path).listing().names == ["my road", "sky", ""]


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        ({}, "seeds: expected topics with their seed words, found {}"),
        ({"a": []}, "seeds: line 1: expected a name, a tab and words"),
        ({"a": ["b c"]}, "seeds['a']: the word 'b c' is empty or has a blank: give single words"),
        ({"a": [1]}, "seeds['a'][0]: expected a string, found 1"),
        ({"a": {"b": "1"}}, "seeds['a']['b']: expected a weight, found '1'"),
        ({"a": {"b": float("nan")}}, "seeds['a']['b']: expected a weight, found nan"),
        ({"a": {"moon": -1}}, "seeds: line 1: the weight of 'moon:-1.0' is out of range"),
        ({"a\t": ["b"]}, "seeds['a\\t']: a name is not empty, begins with no # and has no tab"),
        ({"#": ["b"]}, "seeds['#']: a name is not empty"),
        ({1: ["b"]}, "a name in seeds: expected a string, found 1"),
        (["a"], "--seeds ['a']: expected a string"),
    ],
)
def test_wrong_seeds_of_a_program_are_said(seeds, message):
    with pytest.raises(W2VError) as raised:
        library.train(texts=["sun moon"], model="lda", min_count=1, seeds=seeds)
    assert str(raised.value).startswith(message)
    assert python_arguments.setting("seeds", str | None, {"a": "b"}) == "a\tb:1.0\n"
