"""Pruned classifiers: which features are kept, equal scores without the others, retraining."""

import json
import random
from itertools import pairwise

import numpy as np
import pytest
from helpers import COMPILED, compiled, mutate
from labelled_texts import LABELS, OWN, run, texts, write

from w2v.embeddings import container
from w2v.runs.saved_classifier import open_classifier
from w2v.runs.saved_explainer import open_explainer
from w2v.settings import DocumentSettings
from w2v.text.encode import open_corpus
from w2v.text_classification.named_features import word_hash
from w2v.text_classification.pruning import (
    most_important,
    pruned,
    score_norms,
    squared_shares,
)

FILLER = ("the", "a", "and", "of", "is", "it", "rare", "süß")
OPTIONS = [
    (), ("--loss", "hs"), ("--loss", "ova"), ("--loss", "ns"), ("--word-ngrams", "1-2"),
    ("--subwords", "2-3"), ("--hidden", "5"), ("--word-ngrams", "1-3", "--subwords", "3-4"),
    ("--word-ngrams", "1-2", "--dim", "2"), ("--valid", "test.tsv"),
]  # fmt: skip


@pytest.fixture
def labelled(folder):
    write(folder, FILLER)
    return folder


def train(w2v, *more, path="train.tsv"):
    return run(
        w2v, "train", path, "--model", "nbow", "--min-count", "1", "--dim", "8", "--epochs", "6",
        "--threads", "1", "--lr", "0.2", "-o", "m.safetensors", "--quiet", *more,
    )  # fmt: skip


def shrink(w2v, *more, source="m.safetensors", target="small.safetensors", code=0):
    return run(w2v, "convert", source, target, *more, code=code).err


RETRAIN = ("--retrain", "train.tsv", "--threads", "1")


def features_of(trained, path="test.tsv", labels="if there"):
    """The features of the texts of a file."""
    classifier = open_classifier("m.safetensors")
    corpus = open_corpus([path], classifier.text_settings, DocumentSettings(), labels)
    return trained.read(corpus)


def predictions(path, text="test.tsv"):
    classifier = open_classifier(path)
    corpus = open_corpus([text], classifier.text_settings, DocumentSettings(), "if there")
    p = np.concatenate(list(classifier.predict(corpus, 1).blocks))
    return p, np.array([classifier.labels.index(name) for [name] in corpus.labels])


def accuracy(path, text="test.tsv"):
    p, truth = predictions(path, text)
    return float((p.argmax(axis=1) == truth).mean())


def rows_by_hand(path, lines):
    """The rows of the features of each text, found one by one in Python."""
    names = open_explainer(path).explainer.features
    return [{each.row for each in names.of(line.encode().split())[0]} for line in lines]


def norms_by_hand(layers):
    """The norm of the scores of each feature alone."""
    if layers.hidden:
        return np.linalg.norm(layers.vectors @ layers.hidden[0][0], axis=1)
    scores = layers.vectors.astype(float) @ layers.outputs.T.astype(float)
    if layers.loss == "softmax":
        scores -= scores.mean(axis=1, keepdims=True)
    if layers.loss == "hs":
        scores = scores[:, :-1]
    return np.linalg.norm(scores, axis=1)


def probabilities_by_hand(layers, kept, found, temperature):
    """The probabilities of texts from the mean of those of their features that are kept."""
    scores = []
    for rows in found:
        mine = sorted(rows & kept)
        hidden = layers.vectors[mine].mean(axis=0) if mine else np.zeros(layers.vectors.shape[1])
        for weights, biases in layers.hidden:
            hidden = np.maximum(hidden @ weights + biases, 0)
        scores.append(layers.outputs @ hidden + layers.biases)
    return layers.probabilities(np.array(scores, np.float32), temperature)


@compiled
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dtype", ["f32", "f16", "i8", "i4"])
def test_scores_are_those_of_the_features_that_are_kept(w2v, labelled, options, dtype):
    train(w2v, *options)
    trained = open_classifier("m.safetensors").trained
    count = trained.features.count // 3
    report = shrink(w2v, "--dtype", dtype, "--prune", str(count))
    assert f"a classifier of {count} of {trained.features.count} features of " in report
    assert report.count("\n") == 1
    norms = norms_by_hand(trained.layers)
    np.testing.assert_allclose(score_norms(trained.layers), norms, rtol=1e-4, atol=1e-6)
    kept = set(np.argsort(-score_norms(trained.layers), kind="stable")[:count].tolist())
    lines = [line.split("\t")[1] for line in (labelled / "test.tsv").read_text().splitlines()]
    expected = probabilities_by_hand(
        trained.layers, kept, rows_by_hand("m.safetensors", lines), trained.temperature
    )
    found, _ = predictions("small.safetensors")
    np.testing.assert_allclose(
        found, expected, atol={"f32": 1e-5, "f16": 5e-3, "i8": 0.1, "i4": 0.2}[dtype]
    )


@compiled
@pytest.mark.parametrize("options", [(), ("--word-ngrams", "1-2"), ("--subwords", "2-3")])
def test_with_texts_a_feature_counts_by_its_share_of_them(w2v, labelled, options):
    train(w2v, *options)
    trained = open_classifier("m.safetensors").trained
    lines = [line.split("\t")[1] for line in (labelled / "train.tsv").read_text().splitlines()]
    sums = np.zeros(trained.features.count)
    for rows in rows_by_hand("m.safetensors", lines):
        sums[[*rows]] += 1 / len(rows) ** 2
    features = features_of(trained, "train.tsv")
    np.testing.assert_allclose(squared_shares(features), sums)
    shrink(w2v, "--dtype", "f32", "--prune", "30", *RETRAIN, "--epochs", "0")
    kept = most_important(score_norms(trained.layers) * np.sqrt(sums), 30)
    small = open_classifier("small.safetensors").trained
    np.testing.assert_array_equal(small.layers.vectors, collapse_by_hand(trained.layers, kept))


def collapse_by_hand(layers, rows):
    outputs = layers.outputs.astype(np.float64)
    outputs -= outputs.mean(axis=0)
    directions = np.linalg.svd(outputs, full_matrices=False)[2][:2].T
    return (layers.vectors[rows] @ directions).astype(np.float32)


def test_of_equal_values_the_first_rows_are_kept():
    assert most_important(np.array([1.0, 2, 2, 1, 3, 2]), 3).tolist() == [1, 2, 4]
    assert most_important(np.array([1.0, 2]), 5).tolist() == [0, 1]


@compiled
def test_the_label_is_found_in_the_words_that_are_kept(w2v, labelled):
    train(w2v, "--word-ngrams", "1-2")
    shrink(w2v, "--dtype", "i8", "--prune", "24", *RETRAIN)
    names = set(open_classifier("small.safetensors").names)
    assert names == {word for words in OWN.values() for word in words}
    assert accuracy("small.safetensors") == 1.0


@compiled
@pytest.mark.parametrize("options", OPTIONS)
def test_retraining_lowers_the_loss(w2v, labelled, options):
    train(w2v, "--epochs", "2", "--lr", "0.02", *options)
    more = "--epochs", "8", "--lr", "0.1"
    report = shrink(w2v, "--dtype", "f32", "--prune", "30", *RETRAIN, *more)
    metadata = container.read("small.safetensors")[1]
    facts = container.nested(metadata, "retrained")
    losses = facts["losses"]
    assert (facts["epochs"], len(losses), facts["texts"]) == (8, 8, 300)
    assert f"8 epochs: loss {losses[0]:.4f} at first, {losses[-1]:.4f} at last" in report
    assert losses[-1] < losses[0]
    assert container.nested(metadata, "pruned") == {"features": 30}
    small, model = (open_classifier(f"{name}.safetensors") for name in ("small", "m"))
    assert small.labels == model.labels
    np.testing.assert_array_equal(small.trained.label_counts, model.trained.label_counts)
    assert accuracy("small.safetensors") > 0.9


@compiled
@pytest.mark.parametrize("options", [("--word-ngrams", "1-2"), ("--subwords", "2-3")])
def test_the_features_of_read_texts_are_pruned_without_reading_again(w2v, labelled, options):
    (labelled / "new.tsv").write_text(
        "bird\tbirda unseen birdb the zzz a\n" + texts(20, seed=3, filler=FILLER)
    )
    train(w2v, *options)
    trained = open_classifier("m.safetensors").trained
    rows = most_important(score_norms(trained.layers), 40)
    small = pruned(trained, rows)
    read = features_of(small, "new.tsv")
    trained.spans_unknown = small.spans_unknown
    whole = features_of(trained, "new.tsv")
    kept = whole.features.keeping(rows).of_texts(whole.text)
    numbers = np.arange(21, dtype=np.int32)
    for a, b in zip(read.gather(numbers, read.features.scratch()),
                    kept.gather(numbers, kept.features.scratch()), strict=True):  # fmt: skip
        np.testing.assert_array_equal(a, b)


FACTOR = 116049371


def bucket(words, buckets):
    """The bucket of a word n-gram, as in the paper of fastText."""
    code = 0
    for word in words:
        code = code * FACTOR + word_hash(word.encode())
    return code % (1 << 64) % buckets


@compiled
def test_word_ngrams_of_words_that_are_pruned_stay(w2v, labelled):
    """Only pairs tell the labels apart: the words are pruned, and keep their places."""
    rng, rows = np.random.default_rng(1), []
    for number in range(300):
        words = ["not", "bad"] if number % 2 else ["bad", "not"]
        at, filler = rng.integers(4), [*rng.choice(FILLER, 3)]
        rows.append(f"{'ab'[number % 2]}\t{' '.join([*filler[:at], *words, *filler[at:]])}\n")
    (labelled / "pairs.tsv").write_text("".join(rows))
    train(w2v, "--word-ngrams", "1-2", "--epochs", "10", path="pairs.tsv")
    shrink(w2v, "--dtype", "i8", "--prune", "2")
    small = open_classifier("small.safetensors")
    ngrams = small.trained.features.ngrams
    pairs = [("not", "bad"), ("bad", "not")]
    assert small.names == []
    assert ngrams.kept.tolist() == sorted(bucket(pair, ngrams.buckets) for pair in pairs)
    assert accuracy("small.safetensors", "pairs.tsv") == 1.0
    (labelled / "new.txt").write_text("bad not\nnot bad\nnot unseen bad\nbad unseen not\n")
    outcome = run(w2v, "predict", "small.safetensors", "new.txt", "--json")
    assert [line[11] for line in outcome.out.splitlines()[:2]] == ["a", "b"]
    # A word that was never seen keeps its place too, so that there is no pair across it.
    assert len(set(outcome.out.splitlines()[2:])) == 1
    assert "4 texts; 10 unknown tokens" in outcome.err


@compiled
@pytest.mark.parametrize("options", [*OPTIONS, ("--word-ngrams", "1-2", "--min-count", "4")])
def test_predict_and_explain_find_the_same_features(w2v, labelled, options):
    train(w2v, *options)
    shrink(w2v, "--prune", "25", "--dtype", "f32")
    lines = ["birda unseen the birdb", "x y z", "", "the fisha süß it is fishb", "goat birdab"]
    (labelled / "new.txt").write_text("\n".join(lines) + "\n")
    small = open_classifier("small.safetensors").trained
    found = features_of(small, "new.txt")
    rows, bounds = found.gather(np.arange(5, dtype=np.int32), found.features.scratch())
    by_text = [set(rows[a:b].tolist()) for a, b in pairwise(bounds)]
    assert by_text == rows_by_hand("small.safetensors", lines)
    explainer = open_explainer("small.safetensors")
    layers = small.layers
    p = layers.probabilities(layers.scores(rows, bounds), small.temperature)
    for line, probabilities in zip(lines, p, strict=True):
        for label, expected in enumerate(probabilities):
            assert explainer.explain(line.encode(), label).p == pytest.approx(expected, abs=1e-4)


@compiled
def test_the_same_bytes_twice(w2v, labelled):
    train(w2v, "--word-ngrams", "1-2")
    for name, more in (
        ("a", ("--threads", "1")), ("b", ("--threads", "1")),
        ("c", ("--threads", "1", "--deterministic")), ("d", ("--threads", "3", "--deterministic")),
        ("e", ("--threads", "1", "--seed", "5")),
    ):  # fmt: skip
        shrink(
            w2v, "--dtype", "i8", "--prune", "50", "--retrain", "train.tsv", *more,
            target=f"{name}.safetensors",
        )  # fmt: skip
    a, b, c, d, e = ((labelled / f"{name}.safetensors").read_bytes() for name in "abcde")
    assert a == b
    assert c == d
    assert len({a, c, e}) == 3


@compiled
def test_a_pruned_file_is_pruned_again(w2v, labelled):
    train(w2v, "--word-ngrams", "1-2", "--subwords", "2-3")
    shrink(w2v, "--dtype", "f32", "--prune", "60")
    more = {"source": "small.safetensors", "target": "again.safetensors"}
    report = shrink(w2v, "--prune", "20", **more)
    assert "a classifier of 20 of 60 features" in report
    shrink(w2v, "--dtype", "f32", "--prune", "20", target="at-once.safetensors")
    again, once = (open_classifier(f"{name}.safetensors") for name in ("again", "at-once"))
    assert again.names == once.names
    assert container.nested(again.metadata, "pruned") == {"features": 20}
    np.testing.assert_allclose(
        predictions("again.safetensors")[0], predictions("at-once.safetensors")[0], atol=1e-5
    )
    shrink(w2v, "--prune", "9", *RETRAIN, **more)
    assert '"checked": true' in run(w2v, "info", "again.safetensors", "--check", "--json").out


def test_more_features_than_there_are(w2v, labelled):
    train(w2v, "--word-ngrams", "1-2")
    count = open_classifier("m.safetensors").trained.features.count
    report = shrink(w2v, "--dtype", "f32", "--prune", str(count + 1))
    assert f"m.safetensors has {count} features: nothing to prune\n" in report
    shrink(w2v, "--dtype", "f32", target="whole.safetensors")
    assert (labelled / "small.safetensors").read_bytes() == (
        labelled / "whole.safetensors"
    ).read_bytes()
    report = shrink(w2v, "--prune", str(count), *RETRAIN, target="again.safetensors")
    assert "nothing to prune" in report
    assert "retrained on" in report


def test_retraining_alone_keeps_all_features(w2v, labelled):
    train(w2v, "--word-ngrams", "1-2")
    report = shrink(w2v, *RETRAIN)
    count = open_classifier("m.safetensors").trained.features.count
    assert f"a classifier of {count} features of" in report
    assert open_classifier("small.safetensors").trained.features.count == count


@pytest.mark.parametrize("options", [("--subwords", "2-3"), ("--word-ngrams", "1-2")])
def test_one_feature_is_enough(w2v, labelled, options):
    train(w2v, *options)
    shrink(w2v, "--dtype", "i8", "--prune", "1")
    run(w2v, "predict", "small.safetensors", "test.tsv")
    run(w2v, "explain", "small.safetensors", "birda the")
    run(w2v, "info", "small.safetensors", "--check")


def test_an_error_that_advises_options_says_how_retrain_reads(w2v, labelled):
    """w2v convert has neither --columns nor --format."""
    train(w2v, "--format", "tsv", "--label-separator", " ", "--merge-ids")
    (labelled / "again.csv").write_text("good,a fine plot\n")
    report = shrink(w2v, "--prune", "3", "--retrain", "again.csv", code=2)
    said = "see --columns (--retrain reads texts as those of training were read, with --format tsv"
    assert f"{said} --label-separator ' ' --merge-ids: give such a file)" in report
    report = shrink(w2v, "--prune", "3", "--retrain", "nowhere", code=2)
    assert "as those of training" not in report


@compiled
@pytest.mark.parametrize("loss", ["hs", "ns", "softmax"])
def test_labels_without_texts_stay_as_they_are(w2v, labelled, loss):
    """The tree and the negative samples follow from the texts of the model, not from these."""
    (labelled / "few.tsv").write_text(
        texts(40, labels=LABELS[:1], filler=FILLER) + texts(4, labels=LABELS[1:], filler=FILLER)
    )
    train(w2v, "--loss", loss)
    shrink(w2v, "--dtype", "f32", "--prune", "30", "--retrain", "few.tsv", "--threads", "1")
    small, model = (open_classifier(f"{name}.safetensors") for name in ("small", "m"))
    assert small.labels == LABELS
    np.testing.assert_array_equal(small.trained.label_counts, model.trained.label_counts)
    assert accuracy("small.safetensors") > 0.9


@compiled
@pytest.mark.parametrize("form", ["tsv", "jsonl"])
def test_texts_are_read_as_in_training(w2v, labelled, form):
    rng = np.random.default_rng(1)
    pairs = [(rng.permutation(LABELS)[:2], rng.choice(FILLER, 4)) for _ in range(200)]
    rows = [([*map(str, names)], " ".join([*words, *(str(rng.choice(OWN[n])) for n in names)]))
            for names, words in pairs]  # fmt: skip
    if form == "tsv":
        lines = [f"{text}\t{' + '.join(names)}\n" for names, text in rows]
        more = ("--columns", "text,label", "--label-separator", "+")
    else:
        lines = [json.dumps({"body": text, "topics": names}) + "\n" for names, text in rows]
        more = ("--text-field", "body", "--label-field", "topics")
    (labelled / f"several.{form}").write_text("".join(lines))
    train(w2v, "--loss", "ova", *more, path=f"several.{form}")
    report = shrink(w2v, "--prune", "24", "--dtype", "i8", "--retrain", f"several.{form}")
    assert "retrained on 200 texts, 5 epochs" in report
    assert set(open_classifier("small.safetensors").names) == {
        w for own in OWN.values() for w in own
    }


def test_the_weights_of_labels_are_given_again(w2v, labelled):
    (labelled / "weights").write_text("bird\t3\n")
    train(w2v, "--weights", "weights")
    report = shrink(w2v, "--prune", "9", *RETRAIN, code=2)
    assert report.endswith("and does not keep them: add --weights FILE\n")
    written = []
    for weight in (3, 3, 0):
        (labelled / "again").write_text(f"bird\t{weight}\n")
        shrink(w2v, "--prune", "9", *RETRAIN, "--weights", "again")
        written.append((labelled / "small.safetensors").read_bytes())
    assert written[0] == written[1] != written[2]
    (labelled / "again").write_text("lynx\t1\n")
    report = shrink(w2v, "--prune", "9", *RETRAIN, "--weights", "again", code=2)
    assert "again: no text has the label 'lynx'" in report
    train(w2v, "--balance")
    report = shrink(w2v, "--prune", "9", *RETRAIN, "--weights", "weights", code=2)
    assert "the model was trained with --balance: leave out --weights" in report


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("bird\tthe birda\n\nlynx\ta b\n", "text 2 (blank rows do not count as texts) has"),
        ("bird\tthe birda\nlynx\ta b\n", "text 2 has the label 'lynx', which m.safetensors does"),
        ("bird\tu v w\nfish\tx\n", "no text has a feature of m.safetensors"),
        ("", "no text has a feature of m.safetensors"),
        ("\ta text\n", "row 1 has no label: expected LABEL TAB TEXT"),
    ],
)  # fmt: skip
def test_texts_that_do_not_suit_the_model(w2v, labelled, content, error):
    train(w2v)
    (labelled / "again.tsv").write_text(content)
    report = shrink(w2v, "--prune", "3", "--retrain", "again.tsv", code=2)
    assert error in report.splitlines()[-1]
    assert report.splitlines()[-1].startswith("w2v: again.tsv: ")
    is_about_options = " --" in report.splitlines()[-1]  # which w2v convert does not have
    assert is_about_options == ("(--retrain reads texts as those of training" in report)
    assert not (labelled / "small.safetensors").exists()


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (("--prune", "0"), "--prune"),
        (("--prune", "-3"), "--prune"),
        (("--prune", "3", "--only", "train.tsv"), "--prune is for classifiers, --only for vectors"),
        (("--retrain", "train.tsv", "--normalize"), "--retrain is for classifiers, --normalize"),
        (("--prune", "3", "--epochs", "2"), "--epochs is for --retrain: add --retrain FILE"),
        (("--dtype", "i8", "--deterministic"), "--deterministic is for --retrain"),
        (("--prune", "3", "--retrain", "nowhere"), "nowhere"),
        (("--prune", "3", "--retrain", "train.tsv", "--lr", "nan"), "--lr"),
        (("--prune", "3", "--retrain", "train.tsv", "--dropout", "1"), "--dropout"),
        (("--dtype", "i4", "--limit", "3"), "--dtype i4 is for classifiers of --model nbow"),
    ],
)
def test_wrong_options_are_refused(w2v, labelled, args, error):
    train(w2v, "--epochs", "1")
    report = shrink(w2v, *args, code=2)
    assert error in report
    assert report.count("\n") == 1
    assert not (labelled / "small.safetensors").exists()


def test_only_classifiers_are_pruned(w2v, labelled):
    train(w2v, "--epochs", "1")
    report = shrink(w2v, "--prune", "3", target="words.txt", code=2)
    assert report.startswith("w2v: --prune writes a small classifier: OUT must end in .safetensors")
    (labelled / "plain.txt").write_text("a b c\n" * 9)
    run(w2v, "train", "plain.txt", "--min-count", "1", "-o", "words.safetensors", "--threads", "1",
        "--dim", "4", "--epochs", "1", "--sample", "0")  # fmt: skip
    report = shrink(w2v, "--prune", "3", source="words.safetensors", code=2)
    assert report.startswith("w2v: words.safetensors is no classifier of --model nbow")
    report = shrink(
        w2v, "--retrain", "train.tsv", source="m.safetensors", target="train.tsv", code=2
    )
    assert "train.tsv is the texts of --retrain" in report


@compiled
def test_training_that_diverges_writes_nothing(w2v, labelled):
    train(w2v, "--optimizer", "sgd", "--hidden", "4")
    report = shrink(w2v, "--prune", "30", *RETRAIN, "--lr", "1e6", "--epochs", "30", code=1)
    assert "diverged" in report
    assert not (labelled / "small.safetensors").exists()


def test_damaged_files_give_one_line(w2v, labelled):
    train(w2v, "--word-ngrams", "1-2", "--subwords", "3-4", "--epochs", "1")
    shrink(w2v, "--dtype", "i8", "--prune", "50")
    data, rng = (labelled / "small.safetensors").read_bytes(), random.Random(1)
    for _ in range(60 if COMPILED else 5):
        (labelled / "bad.safetensors").write_bytes(mutate(data, rng))
        for args in (("predict",), ("explain",)):
            given = ("test.tsv",) if args[0] == "predict" else ("birda the",)
            outcome = w2v(*args, "bad.safetensors", *given)
            assert outcome.code in (0, 2)
            assert "Traceback" not in outcome.err


@pytest.mark.parametrize("value", [1, "yes", None, [True]])
def test_metadata_of_other_types_are_refused(w2v, labelled, value):
    train(w2v, "--word-ngrams", "1-2", "--epochs", "1")
    shrink(w2v, "--prune", "9")
    tensors, metadata = container.read("small.safetensors")
    found = container.nested(metadata, "found")
    found["word_ngrams"]["spans_unknown"] = value
    container.write("bad.safetensors", tensors, {**metadata, "found": json.dumps(found)})
    for args in (("predict", "bad.safetensors", "test.tsv"), ("explain", "bad.safetensors", "a")):
        error = run(w2v, *args, code=2).err
        assert "bad.safetensors: damaged" in error
