"""Coherence in sliding windows: counts, definitions, gensim's figures, and the command."""

import itertools
import json

import naive
import numpy as np
import pytest
from helpers import COMPILED, compiled

from w2v.factorization.term_matrix import EncodedTerms
from w2v.kernels.topic_windows import count_windows
from w2v.settings import DocumentSettings, TextSettings
from w2v.text.encode import open_corpus
from w2v.topics import windowed_coherence
from w2v.topics.windowed_coherence import (
    measure_in_windows,
    only_known,
    read_with_places,
)

EPSILON = 1e-12


def tokens_of(documents):
    words = np.array(sum(documents, []), np.int32)
    return EncodedTerms(words, np.cumsum([0, *map(len, documents)]))


def random_documents(count, words, longest, seed=0):
    """Random documents, some empty; a third of the tokens are unknown, with the number -1."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, longest, count)
    drawn = [rng.integers(-(words // 2), words, length) for length in lengths]
    return [np.maximum(document, -1).tolist() for document in drawn]


@pytest.mark.parametrize("size", [1, 2, 5, 11, 40])
def test_windows_are_counted_as_the_twin_counts_them(size):
    for seed in range(20 if COMPILED else 3):
        documents = random_documents(8, 6, 30 if COMPILED else 12, seed)
        counts, last = np.zeros((6, 6), np.int64), np.empty(6, np.int64)
        windows = count_windows(*tokens_of(documents), size, last, counts)
        expected, total = naive.count_windows(documents, size, 6)
        assert windows == total
        np.testing.assert_array_equal(counts.diagonal(), expected.diagonal())
        both = counts + counts.T
        off = ~np.eye(6, dtype=bool)
        np.testing.assert_array_equal(both[off], expected[off])


def by_definition(documents, topic, size_v=110, size_npmi=10):
    """C_V and C_NPMI of a topic, from the paper, window by window."""

    def npmi(counts, total, a, b):
        p = counts[a, b] / total
        ratio = (p + EPSILON) / (counts[a, a] / total * counts[b, b] / total)
        return np.log(ratio) / -np.log(p + EPSILON)

    words = 1 + max(itertools.chain(topic, *documents))
    narrow = naive.count_windows(documents, size_npmi, words)
    pairs = [npmi(*narrow, a, b) for a in topic for b in topic if a != b]
    wide = naive.count_windows(documents, size_v, words)
    vectors = [np.array([npmi(*wide, a, b) for b in topic]) for a in topic]
    whole = sum(vectors)
    cosines = [v @ whole / (np.linalg.norm(v) * np.linalg.norm(whole)) for v in vectors]
    return np.mean(cosines), np.mean(pairs)


def test_the_measures_are_what_the_paper_says(monkeypatch):
    documents = random_documents(12, 8, 40, 3)
    topics = [np.array(topic) for topic in ([0, 1, 2, 3], [5, 2, 7])]
    for size in (4, 13):
        monkeypatch.setattr(windowed_coherence, "C_V_WINDOW", size)
        found = measure_in_windows(tokens_of(documents), topics)
        for topic, scores in zip(topics, found, strict=True):
            assert scores == pytest.approx(by_definition(documents, topic, size), rel=1e-9)


def test_groups_of_topics_have_the_same_scores(monkeypatch):
    documents = random_documents(12, 9, 40, 4)
    topics = [np.array(topic) for topic in ([0, 1, 2], [5, 2, 7], [8, 0], [4, 3, 6, 1])]
    together = measure_in_windows(tokens_of(documents), topics)
    monkeypatch.setattr(windowed_coherence, "_WORDS", 5)
    assert measure_in_windows(tokens_of(documents), topics) == together


def test_words_that_the_text_lacks_are_left_out():
    documents = random_documents(12, 5, 40, 5)
    tokens = tokens_of(documents)
    whole, more, one, none = measure_in_windows(
        tokens, [np.array(t) for t in ([0, 1, 2], [0, 8, 1, 9, 2], [8, 1], [8, 9])]
    )
    assert more == whole
    assert one == none == (None, None)


def test_words_that_are_together_in_all_windows_have_the_highest_scores():
    [always] = measure_in_windows(tokens_of([[0, 1], [1, 0]]), [np.array([0, 1])])
    assert always == pytest.approx((1, 1))
    [never] = measure_in_windows(tokens_of([[0], [1], [0], [2]] * 9), [np.array([0, 1])])
    assert never.c_npmi == pytest.approx(-1, abs=0.1)


def test_unknown_tokens_keep_their_places(folder):
    (folder / "a.tsv").write_text("x\tsun new moon\ny\t\nz\tother words sun\nx\tstar\n")
    corpus = open_corpus(["a.tsv"], TextSettings(), DocumentSettings(merge_ids=True))
    tokens = read_with_places(corpus, ["moon", "star", "sun"])
    assert tokens.words.tolist() == [2, -1, 0, 1, -1, -1, 2]
    assert tokens.starts.tolist() == [0, 4, 4, 7]
    known = only_known(tokens)
    assert known.words.tolist() == [2, 0, 1, 2]
    assert known.starts.tolist() == [0, 3, 3, 4]


# gensim


def scores_of_gensim(documents, topics, measure):
    """The coherence of topics by gensim's CoherenceModel."""
    models = pytest.importorskip("gensim.models")
    from gensim.corpora import Dictionary

    texts = [[str(word) for word in document] for document in documents]
    names = [[str(word) for word in topic] for topic in topics]
    model = models.CoherenceModel(
        topics=names, texts=texts, dictionary=Dictionary(texts), coherence=measure, processes=1
    )
    return model.get_coherence_per_topic()


def once_in_a_window(count, words, seed):
    """Documents in which no word occurs twice within 110 tokens, and many tokens are unknown."""
    rng, documents = np.random.default_rng(seed), []
    for _ in range(count):
        document: list[int] = []
        for _ in range(rng.integers(0, 4)):
            document += rng.permutation(words)[: rng.integers(1, words)].tolist() + [-1] * 110
        gaps = [[word, *[-1] * rng.integers(0, 8)] for word in document]
        documents.append(sum(gaps, []))
    return documents


@compiled
def test_gensim_finds_the_same_where_no_word_is_twice_in_a_window():
    documents = once_in_a_window(40, 12, 1)
    assert max(map(len, documents)) > 300
    topics = [np.array(topic) for topic in ([0, 1, 2, 3, 4], [11, 3, 7], [9, 8, 10, 5, 6])]
    found = np.array(measure_in_windows(tokens_of(documents), topics))
    for column, measure in enumerate(("c_v", "c_npmi")):
        expected = scores_of_gensim(documents, topics, measure)
        np.testing.assert_allclose(found[:, column], expected, rtol=1e-9, err_msg=measure)


@compiled
def test_gensim_finds_the_same_if_it_looks_into_each_window(monkeypatch):
    analysis = pytest.importorskip("gensim.topic_coherence.text_analysis")
    documents = random_documents(40, 60, 400, 2)
    topics = [np.arange(first, first + 10) for first in (0, 5, 20, 50)]
    found = np.array(measure_in_windows(tokens_of(documents), topics))
    differ = []
    for column, measure in enumerate(("c_v", "c_npmi")):
        differ.append(scores_of_gensim(documents, topics, measure) - found[:, column])
    assert np.abs(differ).max() > 1e-3, "gensim counts all words of a window: say so in the manual"

    def slide(self, window, number):
        self._uniq_words[:] = False
        self._uniq_words[np.unique(window)] = True

    monkeypatch.setattr(analysis.WordOccurrenceAccumulator, "_slide_window", slide)
    for column, measure in enumerate(("c_v", "c_npmi")):
        expected = scores_of_gensim(documents, topics, measure)
        np.testing.assert_allclose(found[:, column], expected, rtol=1e-9, err_msg=measure)


# The command


@pytest.fixture
def trained(w2v, folder):
    rng = np.random.default_rng(1)
    themes = ["sun moon star sky", "bread milk cheese salt"]
    rows = [" ".join(rng.choice(themes[n % 2].split(), 9)) for n in range(40 if COMPILED else 4)]
    (folder / "text").write_text("\n".join([*rows, ""]))
    args = ("--model", "lda", "--topics", "2", "--min-count", "1", "--epochs", "4")
    outcome = w2v("train", "text", *args, "-o", "x.safetensors")
    assert outcome.code == 0, outcome.err
    return "x.safetensors"


def test_a_reference_adds_the_measures_of_windows(w2v, folder, trained):
    reference = "sun and the moon\n\nstar with sky then sun\nmilk or bread\n"
    (folder / "other").write_text(reference)
    outcome = w2v("topics", trained, "--reference", "other", "--json")
    assert outcome.code == 0, outcome.err
    assert "1 document without any word of the vocabulary" in outcome.err
    rows = [json.loads(line) for line in outcome.out.splitlines()]
    names = {"sun": 0, "moon": 1, "star": 2, "sky": 3, "milk": 4, "bread": 5, "and": -1}
    documents = [[names.get(word, -1) for word in line.split()] for line in reference.split("\n")]
    for row in rows:
        topic = [names[each["word"]] for each in row["words"] if each["word"] in names]
        expected = by_definition(documents[:-1], topic)
        assert (row["c_v"], row["c_npmi"]) == pytest.approx(expected, rel=1e-9)
    tsv = w2v("topics", trained, "--reference", "other", "--tsv").out.splitlines()
    assert [line.split("\t")[6:8] for line in tsv] == [
        [f"{row['c_v']:.6f}", f"{row['c_npmi']:.6f}"] for row in rows
    ]
    assert "c_v" not in w2v("topics", trained, "--json").out
    plain = w2v("topics", trained, "--reference", "other").out.splitlines()
    assert [line.split()[2] for line in plain] == [f"{row['npmi']:.3f}" for row in rows]
