"""Runs with hierarchical softmax (--loss hs): their files, what they refuse, and their memory."""

import json

import numpy as np
import planted
import pytest
from helpers import ARGS, COMPILED, finish, make_run

import w2v as package
from w2v.embeddings import container, formats
from w2v.negative_sampling.trainer import WordTrainer
from w2v.negative_sampling.word_paths import word_paths


@pytest.fixture
def text(folder):
    """A planted text in the current folder."""
    (folder / "text").write_text(planted.text(300 if COMPILED else 12))
    return "text"


@pytest.fixture
def trained(w2v, text):
    """A file of skip-gram with hierarchical softmax, and one with negative sampling."""
    assert w2v("train", text, "--loss", "hs", *ARGS, "-o", "hs.safetensors").code == 0
    assert w2v("train", text, *ARGS, "-o", "ns.safetensors").code == 0
    return "hs.safetensors"


def test_the_file_has_the_vectors_of_inner_nodes_and_says_so(w2v, trained):
    tensors, metadata = container.read(trained)
    words = len(formats.load(trained))
    assert tensors["output_vectors"].shape == (words - 1, 6)
    assert tensors["output_vectors"].any(axis=1).mean() > 0.9
    assert json.loads(metadata["settings"])["loss"] == "hs"
    assert w2v("info", trained, "--check").code == 0
    assert "loss: hs" in w2v("info", trained).out or '"loss": "hs"' in w2v("info", trained).out
    assert w2v("similar", "the", "-v", trained).code == 0


def test_the_tree_is_that_of_the_counts_in_the_file(trained):
    """The losses of words by the file alone are probabilities, and favour what was trained."""
    tensors, _ = container.read(trained)
    counts, outputs = tensors["words.counts"], tensors["output_vectors"]
    paths = word_paths(counts)
    vector = tensors["words.matrix"][3]
    total, expected = 0.0, 0.0
    for word, count in enumerate(counts):
        nodes = paths.nodes[paths.offsets[word] : paths.offsets[word + 1]]
        nodes = nodes[nodes < len(outputs)]
        signs = np.where(np.arange(nodes.size) < paths.lefts[word], -1, 1)
        probability = np.exp(-np.logaddexp(0, signs * (outputs[nodes] @ vector)).sum())
        total += probability
        expected += probability * count
    assert total == pytest.approx(1, rel=1e-5)
    assert expected > (counts / counts.size).sum()  # frequent words are more probable


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--negative", 5), "--negative is for --loss ns, and --loss hs has no negative samples: "),
        (("--noise-exponent", 1), "--noise-exponent is for --loss ns, and --loss hs has no negat"),
        (("--update", "ns.safetensors"), "--loss hs cannot be used with --update, which keeps th"),
        (("--model", "lda"), "--loss works only with --model cbow or nbow or pv-dbow or pv-dm or "),
        (("--min-count", 30), "text: the vocabulary has only one word, which --loss hs cannot p"),
    ],
)
def test_what_does_not_go_with_it_is_a_line(w2v, folder, args, message):
    (folder / "text").write_text("a b c a\n" * 20)
    assert w2v("train", "text", *ARGS, "-o", "ns.safetensors").code == 0
    outcome = w2v("train", "text", "--loss", "hs", *args, "-o", "x.safetensors")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"w2v: {message}")
    assert outcome.err.count("\n") == 1
    assert not (folder / "x.safetensors").exists()


@pytest.mark.parametrize(
    ("text", "args", "advice"),
    [
        ("a a a\n" * 9, (), "a longer text"),
        ("a b c a\n" * 9, ("--max-vocab", 1), "a lower --min-count, or a higher --max-vocab"),
    ],
)
def test_the_advice_for_a_tree_of_one_word_helps(w2v, folder, text, args, advice):
    """As for negative sampling: --loss ns would not help."""
    (folder / "text").write_text(text)
    for loss in ("hs", "ns"):
        outcome = w2v("train", "text", "--loss", loss, *ARGS, *args, "-o", "x.safetensors")
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.endswith(f": try {advice}\n")


def test_a_model_of_a_tree_is_no_model_to_update(w2v, text, trained):
    for more in ((), ("--loss", "ns")):
        outcome = w2v("train", text, "--update", trained, *more, "-o", "x.safetensors")
        assert outcome == (
            2,
            "",
            "w2v: hs.safetensors was trained with --loss hs, whose tree of words cannot take new "
            "counts: train on all texts, or start from its word vectors with --init\n",
        )
    args = ("--loss", "hs", "--init", trained, *ARGS)
    assert w2v("train", text, *args, "-o", "x.safetensors").code == 0


def test_vectors_of_nodes_are_not_added_to_those_of_words(w2v, folder, trained):
    (folder / "pairs").write_text("the\tand\t5\nand\tof\t3\nthe\tof\t1\n")
    message = f"{trained}: --combine sum needs the output vectors of words"
    for command in (
        ("convert", trained, "x.txt"),
        ("evaluate", "similarity", "pairs", "-v", trained),
    ):
        outcome = w2v(*command, "--combine", "sum")
        assert (outcome.code, message in outcome.err) == (2, True), outcome


def test_a_fasttext_model_names_its_loss(w2v, text):
    args = ("--loss", "hs", "--subwords", "3-4", "--buckets", 1000, *ARGS)
    assert w2v("train", text, *args, "-o", "x.bin").code == 0
    info = w2v("info", "x.bin").out
    assert "hs" in info
    fasttext = pytest.importorskip("fasttext", reason="fastText is not installed")
    ours, theirs = formats.load("x.bin"), fasttext.load_model("x.bin")
    np.testing.assert_allclose(theirs.get_word_vector("the"), ours.matrix[ours.find("the")], 1e-5)


def test_python_programs_take_it_too(text):
    vectors = package.train(text, loss="hs", min_count=1, dim=6, epochs=1, threads=1)
    assert len(vectors["the"]) == 6
    with pytest.raises(package.W2VError, match="--loss 'tree': expected ns or hs"):
        package.train(text, loss="tree", threads=1)


@pytest.mark.parametrize("options", [{}, {"deterministic": True, "shards": 3, "round_words": 40}])
@pytest.mark.parametrize("name", ["skipgram", "cbow", "pv-dbow", "pv-dm"])
def test_ngrams_of_words_are_trained_with_it(text, name, options):
    words = {"word_vectors": True} if name == "pv-dbow" else {}
    training = make_run(text, name=name, loss="hs", subwords="3-4", epochs=4, **words, **options)
    finish(training)
    losses = training.executor.state.mean_losses()
    assert losses[-1] < losses[0] or not COMPILED  # else there are few sentences
    table = formats.load("x.safetensors", "words")
    assert np.linalg.norm(table.subwords.compose(b"themes")) > 0


def test_the_estimate_of_memory_has_the_paths_and_the_copies_of_nodes(text):
    def needed(**options):
        trainer = make_run(text, dim=16, **options).executor.trainer
        assert isinstance(trainer, WordTrainer)
        return trainer.memory_bytes(1)

    words = len(make_run(text).vocabulary.names)
    paths = sum(array.nbytes for array in word_paths(make_run(text).vocabulary.counts))
    threads = needed(loss="hs", deterministic=False)
    assert threads - needed(deterministic=False) == paths - 4 * 16
    # One shard needs no copies; of two shards, each copies rows of words and of nodes.
    alone, two = (needed(loss="hs", shards=shards, round_words=40) - threads for shards in (1, 2))
    assert 4 * 2 * words < alone < two
    assert 2 * 4 * 16 * words / 10 < two - 2 * alone + 4 * 4 * words < 2 * 4 * 2 * 16 * words


def test_a_dry_run_says_how_long_it_takes(w2v, text):
    outcome = w2v("train", text, "--loss", "hs", *ARGS, "--dry-run")
    assert outcome.code == 0
    assert "training time: about " in outcome.err
    outcome = w2v("train", text, "--loss", "hs", *ARGS, "--max-memory", "10MB")
    assert (outcome.code, "but --max-memory is 10 MB" in outcome.err) == (2, True)
