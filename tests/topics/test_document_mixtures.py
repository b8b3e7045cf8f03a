"""Sparse topics of documents (--document-table sparse), and their use in blocks."""

from __future__ import annotations

import json
import tracemalloc
from types import SimpleNamespace

import numpy as np
import planted
import pytest
from helpers import COMPILED, one_line

from w2v.embeddings import container
from w2v.factorization.term_matrix import EncodedTerms
from w2v.runs.saved_model import SavedTopicModel
from w2v.topics.coherence import measure_coherence
from w2v.topics.document_mixtures import (
    DenseMixtures,
    DocumentTopics,
    InferredMixtures,
    read_sparse,
    sparse_tensors,
)
from w2v.topics.inference import TopicInference
from w2v.topics.perplexity import document_completion
from w2v.topics.topic_documents import top_documents
from w2v.topics.topic_samples import (
    keep_sample,
    sample_after,
    sample_count,
    tally_bytes,
    tally_samples,
)
from w2v.topics.topic_shares import shares_by_value

TRAIN = ("--model", "lda", "--min-count", "1", "--topics", "4", "--seed", "3", "--deterministic")


def averaging(epochs, burned_in):
    return SimpleNamespace(burned_in=burned_in, averaged=epochs - burned_in)


@pytest.mark.parametrize(("epochs", "burned_in"), [(200, 150), (8, 0), (9, 1), (10, 7), (21, 2)])
def test_samples_are_spread_over_the_averaged_epochs(epochs, burned_in):
    settings = averaging(epochs, burned_in)
    found = [sample_after(epoch, settings) for epoch in range(epochs)]
    at = [epoch for epoch, number in enumerate(found) if number is not None]
    assert [found[epoch] for epoch in at] == [*range(sample_count(settings))]
    assert sample_count(settings) == min(8, epochs - burned_in)
    assert min(at) >= burned_in
    assert at[-1] == epochs - 1
    gaps = np.diff([burned_in - 1, *at])
    assert gaps.max() - gaps.min() <= 1


def test_a_sample_keeps_the_topics_of_its_epoch_only():
    settings, topics = averaging(16, 0), np.arange(5, dtype=np.int16)
    samples = np.full((8, 5), -1, np.int16)
    keep_sample(samples, topics, 0, settings, slice(0, 5))  # not an epoch of a sample
    assert (samples == -1).all()
    keep_sample(samples, topics, 3, settings, slice(1, 3))
    assert samples[1].tolist() == [-1, 1, 2, -1, -1]
    assert (np.delete(samples, 1, axis=0) == -1).all()
    keep_sample(samples[:0], topics, 3, settings, slice(1, 3))


def sampled(documents=60, topics=7, kept=8, seed=1):
    """Random samples of random documents, some of them empty: samples, tokens, and alpha."""
    rng = np.random.default_rng(seed)
    lengths = np.array([0, 1, *rng.integers(0, 9, documents - 3), 0])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    words = rng.integers(0, 5, starts[-1]).astype(np.int32)
    samples = rng.integers(0, topics, (kept, starts[-1])).astype(np.int16)
    return samples, EncodedTerms(words, starts), (rng.random(topics) + 0.1).astype(np.float32)


def twin(samples, tokens, alpha):
    """The shares of topics in documents, counted one token at a time."""
    rows = []
    for begin, end in zip(tokens.starts, tokens.starts[1:], strict=False):
        counts = alpha.astype(np.float64)
        for token in range(begin, end):
            for sample in samples:
                counts[sample[token]] += 1 / len(samples)
        rows.append(counts / counts.sum() if end > begin else 0 * counts)
    return np.array(rows)


@pytest.mark.parametrize("block", [1, 20, 1 << 20])
def test_shares_are_those_of_a_twin(monkeypatch, block):
    monkeypatch.setattr("w2v.topics.topic_samples._BLOCK_TOKENS", block)
    samples, tokens, alpha = sampled()
    found, wanted = tally_samples(samples, tokens, alpha), twin(samples, tokens, alpha)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found.rows(slice(None)), wanted, rtol=1e-5)
    np.testing.assert_allclose(found.rows(slice(7, 30)), wanted[7:30], rtol=1e-5)
    np.testing.assert_allclose(found.rows([30, 1, 0, 1]), wanted[[30, 1, 0, 1]], rtol=1e-5)
    assert found.rows([]).shape == (0, 7)
    assert found.counts.dtype == np.uint8
    stored = {**sparse_tensors(found), "documents.counts": found.lengths, "alpha": alpha}
    np.testing.assert_array_equal(read_sparse(stored).rows(slice(None)), found.rows(slice(None)))


def test_counts_of_long_documents_have_room():
    tokens = EncodedTerms(np.zeros(100, np.int32), np.array([0, 100]))
    found = tally_samples(np.zeros((8, 100), np.int16), tokens, np.ones(2, np.float32))
    assert (found.counts.dtype, found.counts.tolist()) == (np.uint16, [800])


@pytest.mark.parametrize("length", [1, 64])
def test_the_memory_of_a_block_is_as_estimated(monkeypatch, length):
    monkeypatch.setattr("w2v.topics.topic_samples._BLOCK_TOKENS", 1 << 14)
    count = 1 << 16
    samples = np.random.default_rng(1).integers(0, 1000, (8, count)).astype(np.int16)
    tokens = EncodedTerms(np.zeros(count, np.int32), np.arange(0, count + 1, length))
    tally_samples(samples, tokens, np.ones(1000, np.float32))  # imports what it needs
    tracemalloc.start()
    try:
        found = tally_samples(samples, tokens, np.ones(1000, np.float32))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    kept = found.topics.nbytes + found.counts.nbytes + 3 * found.starts.nbytes
    assert 0.5 < (peak - kept) / tally_bytes(count, length) < 1.1


def test_text_without_tokens_has_no_entries():
    tokens = EncodedTerms(np.zeros(0, np.int32), np.zeros(4, np.int64))
    found = tally_samples(np.zeros((8, 0), np.int16), tokens, np.ones(2, np.float32))
    assert found.rows(slice(None)).tolist() == [[0, 0]] * 3


def test_damaged_arrays_are_refused():
    samples, tokens, alpha = sampled()
    found = tally_samples(samples, tokens, alpha)
    stored = {**sparse_tensors(found), "documents.counts": found.lengths, "alpha": alpha}
    damages = {
        "documents.starts": lambda a: a[:-1],
        "documents.topics": lambda a: a + np.int16(7),
        "documents.topic_counts": lambda a: a * np.uint8(0),
        "documents.counts": lambda a: np.where(a > 0, 0, 1),
        "alpha": lambda a: a * np.float32(np.nan),
    }
    for name, damage in damages.items():
        with pytest.raises(ValueError, match=name.partition(".")[0]):
            read_sparse({**stored, name: damage(stored[name])})
    one = {
        "documents.starts": np.array([0, 2, 3]), "documents.topics": np.array([0, 1, 1], np.int16),
        "documents.topic_counts": np.ones(3, np.uint8), "documents.counts": np.array([4, 4]),
        "alpha": np.ones(2, np.float32),
    }  # fmt: skip
    assert read_sparse(one).rows([1]).shape == (1, 2)
    for name, value in [
        ("starts", [1, 2, 3]),
        ("starts", [0, 4, 3]),
        ("topics", [0, 1, 2]),
        ("topics", [0, -1, 1]),
    ]:
        changed = np.array(value, one[f"documents.{name}"].dtype)
        lengths = np.where(np.diff(changed) > 0, 4, 0) if name == "starts" else [4, 4]
        with pytest.raises(ValueError, match=r"documents\.starts, documents\.topics"):
            read_sparse(
                {**one, "documents.counts": np.array(lengths), f"documents.{name}": changed}
            )
    with pytest.raises(ValueError, match="alpha"):
        read_sparse({**one, "alpha": np.array([1, 0], np.float32)})
    for name in stored:
        with pytest.raises(KeyError):
            read_sparse({key: array for key, array in stored.items() if key != name})


def test_rows_of_joined_and_of_inferred_shares_are_those_of_each():
    tokens = EncodedTerms(np.array([0, 1, 1, 2, 0, 0], np.int32), np.array([0, 2, 2, 5, 6]))
    words = np.array([[0.7, 0.1], [0.2, 0.2], [0.1, 0.7]], np.float32)
    inferred = InferredMixtures(tokens, TopicInference(words, np.ones(2, np.float32)), 1)
    whole = inferred.inference.mixtures(tokens)
    assert inferred.shape == whole.shape == (4, 2)
    for numbers in (slice(None), slice(2, 4), [3, 0], np.array([1, 2])):
        np.testing.assert_allclose(inferred.rows(numbers), whole[numbers], rtol=1e-6)
    shares = np.arange(6, dtype=np.float32).reshape(3, 2)
    first = DocumentTopics([*"abc"], DenseMixtures(shares), np.array([1, 2, 3]))
    both = first.joined(DocumentTopics([*"defg"], DenseMixtures(whole), np.diff(tokens.starts)))
    assert both.names == [*"abcdefg"]
    assert both.tokens.tolist() == [1, 2, 3, 2, 0, 3, 1]
    assert both.mixtures.shape == (7, 2)
    together = np.concatenate([shares, whole])
    for numbers in (slice(None), slice(2, 5), [3], [6, 0, 3, 2], slice(0, 3), slice(3, 7)):
        np.testing.assert_array_equal(both.mixtures.rows(numbers), together[numbers])


def test_blocks_change_no_result(monkeypatch):
    rng = np.random.default_rng(5)
    samples, tokens, alpha = sampled(documents=200)
    mixtures = tally_samples(samples, tokens, alpha)
    dense = DenseMixtures(mixtures.rows(slice(None)))
    words = [rng.permutation(5)[:4] for _ in range(3)]
    values = rng.choice(["a", "b", "c", None], 200).tolist()
    phi = rng.dirichlet(np.ones(5), 7).T.astype(np.float32)

    def results(shares):
        tops = top_documents(shares, 5)
        by = shares_by_value("x", values, shares, mixtures.lengths)
        assert by.documents.sum() == 200 - values.count(None)
        return (
            [(top.rows.tolist(), top.shares.tolist()) for top in tops],
            by.shares.tolist(),
            measure_coherence(tokens, words),
            document_completion(tokens, phi, alpha, 2).nats,
        )

    wanted = results(dense)
    for place, size in (
        ("topic_documents._BLOCK_ROWS", 7),
        ("topic_shares._BLOCK_ROWS", 7),
        ("coherence._BLOCK_BYTES", 80),
        ("inference.ROWS", 9),
    ):
        monkeypatch.setattr(f"w2v.topics.{place}", size)
    for shares in (dense, mixtures):
        tops, by, coherence, nats = results(shares)
        assert tops == wanted[0]
        np.testing.assert_allclose(by, wanted[1], rtol=1e-9)
        assert coherence == wanted[2]
        assert nats == pytest.approx(wanted[3], rel=1e-9)
    for topic, (rows, shares) in enumerate(wanted[0]):
        order = np.argsort(-dense.shares[:, topic], kind="stable")[:5]
        assert rows == order.tolist()
        assert shares == dense.shares[order, topic].tolist()


@pytest.fixture
def text(folder):
    """Documents with an id and a field."""
    lines = planted.text(120 if COMPILED else 12).splitlines()
    records = [
        {"id": f"d{number}", "text": line, "year": 1990 + number % 3}
        for number, line in enumerate([*lines, "", lines[0]])
    ]
    (folder / "text.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    return "text.jsonl"


def train(w2v, text, output, *options):
    outcome = w2v("train", text, *TRAIN, *options, "-o", output)
    assert outcome.code == 0, outcome.err
    return outcome


@pytest.mark.parametrize("sampler", ["dense", "sparse"])
def test_a_run_of_eight_averaged_epochs_has_the_shares_of_the_dense_table(w2v, text, sampler):
    options = ("--epochs", "10", "--burn-in", "2", "--sampler", sampler)
    train(w2v, text, "dense.safetensors", *options)
    train(w2v, text, "sparse.safetensors", *options, "--document-table", "sparse")
    dense, sparse = (
        SavedTopicModel(f"{name}.safetensors").document_topics() for name in ("dense", "sparse")
    )
    assert dense.names == sparse.names
    np.testing.assert_array_equal(dense.tokens, sparse.tokens)
    np.testing.assert_allclose(
        sparse.mixtures.rows(slice(None)), dense.mixtures.rows(slice(None)), rtol=1e-5, atol=1e-7
    )
    files = [container.read(f"{name}.safetensors")[0] for name in ("dense", "sparse")]
    for name in ("words.matrix", "alpha", "eta"):
        np.testing.assert_array_equal(files[0][name], files[1][name])
    assert "documents.matrix" not in files[1]


def test_commands_print_the_same_of_both(w2v, text):
    options = ("--epochs", "10", "--burn-in", "2")
    train(w2v, text, "dense.safetensors", *options)
    train(w2v, text, "sparse.safetensors", *options, "--document-table", "sparse")
    for command in (
        ("topics", "MODEL", "--documents", "3"),
        ("topics", "MODEL", text, "--by", "year"),
        ("infer", "MODEL", text, "--top", "2"),
        ("infer", "MODEL", text),
        ("topics", "MODEL"),
    ):
        outcomes = [
            w2v(*(f"{name}.safetensors" if word == "MODEL" else word for word in command))
            for name in ("dense", "sparse")
        ]
        assert [outcome.code for outcome in outcomes] == [0, 0], outcomes[1].err
        assert outcomes[0].out == outcomes[1].out
    for name in ("dense", "sparse"):
        model = f"{name}.safetensors"
        assert w2v("topics", model, text, "-o", f"{name}.html", "--by", "year").code == 0
        assert w2v("topics", model, "--doc-topics", f"{name}.mallet").code == 0
    mallet = [np.loadtxt(f"{name}.mallet", usecols=range(2, 6)) for name in ("dense", "sparse")]
    np.testing.assert_allclose(mallet[0], mallet[1], rtol=1e-4, atol=1e-6)
    assert "tables" in w2v("info", "sparse.safetensors").out


def test_what_needs_vectors_of_documents_says_so(w2v, text):
    train(w2v, text, "x.safetensors", "--epochs", "2", "--document-table", "sparse")
    for command in (
        ("similar", "d1", "--table", "documents", "-v", "x.safetensors"),
        ("evaluate", "self-retrieval", "x.safetensors", text),
        ("convert", "x.safetensors", "x.txt", "--table", "documents"),
    ):
        outcome = w2v(*command)
        assert one_line(outcome, 2, "w2v infer makes vectors, or train without"), outcome
    outcome = w2v("train", text, *TRAIN, "--document-table", "sparse", "-o", "x.txt")
    assert one_line(outcome, 2, "write X.safetensors, or add --document-table dense")


def test_damaged_files_are_refused_in_one_line(w2v, text):
    train(w2v, text, "x.safetensors", "--epochs", "2", "--document-table", "sparse")
    tensors, metadata = container.read("x.safetensors")
    container.write(
        "y.safetensors", {**tensors, "documents.topics": tensors["documents.topics"] + 4}, metadata
    )
    assert one_line(w2v("topics", "y.safetensors", "--documents", "2"), 2, "damaged")


def test_many_short_documents_take_less_memory_than_their_dense_table(w2v, folder):
    words = [f"w{number}" for number in range(50)]
    rng = np.random.default_rng(0)
    (folder / "text").write_text(
        "".join(" ".join(rng.choice(words, 4)) + "\n" for _ in range(3000))
    )
    options = ("--model", "lda", "--topics", "2000", "--epochs", "2", "--dry-run")
    needed = {}
    for table in ("dense", "sparse"):
        outcome = w2v("train", "text", *options, "--document-table", table, "--max-memory", "1KB")
        assert outcome.code == 2
        assert ("--document-table sparse" in outcome.err) is (table == "dense")
        needed[table] = outcome.err
    assert needed["dense"] != needed["sparse"]
