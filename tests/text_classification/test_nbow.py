"""Neural bags of words: planted labels, equal bytes, resuming, files, wrong input."""

import json
import os
import random
from collections import Counter

import numpy as np
import pytest
from helpers import COMPILED, Silent, compiled, mutate

from w2v.classifier_settings import ClassifierSettings
from w2v.embeddings import container
from w2v.models import models
from w2v.runs.executors import local_executor
from w2v.runs.messages import Messages
from w2v.runs.request import Request
from w2v.runs.run import TrainingRun
from w2v.runs.saved_classifier import open_classifier
from w2v.settings import DocumentSettings, RunSettings, TextSettings
from w2v.text.encode import open_corpus
from w2v.text_classification.labels import LabelNumbers, importance
from w2v.training.loop import run

TOPICS = {"sport": ["goal", "match", "team"], "food": ["bread", "soup", "salt"],
          "sea area": ["ship", "wave", "harbour"]}  # fmt: skip
FILLER = ["the", "a", "and", "of", "is", "it"]


def texts(count, seed=1, several=False):
    """Rows LABEL TAB TEXT; each text has words of its topics. Labels are separated by `|`."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        names = [list(TOPICS)[number % 3]]
        if several and number % 2:
            names.append(list(TOPICS)[(number + 1) % 3])
        words = [str(word) for word in rng.choice(FILLER, 5)]
        words += [str(rng.choice(TOPICS[name])) for name in names for _ in range(2)]
        rng.shuffle(words)
        rows.append(f"{'|'.join(names)}\t{' '.join(words)}\n")
    return "".join(rows)


@pytest.fixture
def labelled(folder):
    (folder / "train.tsv").write_text(texts(300 if COMPILED else 30))
    (folder / "test.tsv").write_text(texts(60 if COMPILED else 9, seed=2))
    (folder / "several.tsv").write_text(texts(300 if COMPILED else 30, several=True))
    return folder


SMALL = ("--model", "nbow", "--min-count", "1", "--dim", "8", "--threads", "1", "--lr", "0.2")


def train(w2v, path, *more, output="m.safetensors", code=0):
    return expect(w2v("train", path, *SMALL, "-o", output, *more), code)


def expect(outcome, code):
    """The outcome of a command, which must have this exit status."""
    assert outcome.code == code, outcome.err
    return outcome


def make_run(path, output="m.safetensors", threads=1, valid=None, **options):
    settings = ClassifierSettings(**{"dim": 8, "epochs": 2, "lr": 0.2, **options})
    request = Request(
        [path], output, models()["nbow"], settings, TextSettings(min_count=1),
        RunSettings(threads=threads, valid=valid), DocumentSettings(label_separator="|"),
    )  # fmt: skip
    training = TrainingRun(request, local_executor(request), Messages(Silent(), request))
    training.read()
    training.start()
    return training


def arrays(path):
    tensors, _ = container.read(str(path))
    return {name: np.array(array) for name, array in tensors.items()}


def predictions(path, text, **documents):
    """The probabilities of the labels of each text of a table, and the classifier."""
    classifier = open_classifier(str(path))
    settings = DocumentSettings(**documents)
    corpus = open_corpus([str(text)], classifier.text_settings, settings, "if there")
    predicted = classifier.predict(corpus, 1)
    return np.concatenate(list(predicted.blocks)), classifier, corpus


@compiled
@pytest.mark.parametrize(
    "options",
    [
        (), ("--loss", "hs"), ("--loss", "ns"), ("--loss", "ova"),
        ("--hidden", "6", "--lr", "0.05"),
        ("--word-ngrams", "1-2"), ("--subwords", "2-3"), ("--dropout", "0.3"), ("--deterministic",),
        ("--optimizer", "sgd", "--lr", "1"), ("--balance",), ("--feature-rates", "equal"),
        ("--word-ngrams", "1-3", "--subwords", "3-4", "--hidden", "8,4", "--loss", "ova",
         "--lr", "0.05"),
    ],
)  # fmt: skip
def test_planted_labels_are_found(w2v, labelled, options):
    train(w2v, "train.tsv", "--epochs", "12", *options)
    p, classifier, text = predictions("m.safetensors", "test.tsv")
    assert classifier.labels == sorted(TOPICS)
    right = [
        classifier.labels[k] == name for k, [name] in zip(p.argmax(1), text.labels, strict=True)
    ]
    assert np.mean(right) > 0.97
    if classifier.is_exclusive:
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)


@compiled
@pytest.mark.parametrize("loss", ["ova", "ns"])
def test_several_labels_are_found(w2v, labelled, loss):
    args = ("--label-separator", "|", "--loss", loss, "--epochs", "25")
    train(w2v, "several.tsv", *args)
    p, classifier, text = predictions("m.safetensors", "several.tsv", label_separator="|")
    truth = np.array([[name in names for name in classifier.labels] for names in text.labels])
    assert ((p > 0.5) == truth).mean() > 0.97


def test_several_labels_need_a_loss_for_them(w2v, labelled):
    result = train(w2v, "several.tsv", "--label-separator", "|", code=2)
    assert "--loss ova" in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("loss", ["softmax", "hs", "ns"])
def test_any_number_of_threads_gives_the_same_bytes(labelled, loss):
    files = []
    for threads in (1, 2, 3):
        training = make_run(
            "train.tsv", f"{threads}.safetensors", threads, deterministic=True, shards=3,
            round_words=40, loss=loss, word_ngrams="1-2", hidden="4", dropout=0.2,
        )  # fmt: skip
        training.train()
        training.save()
        files.append((labelled / f"{threads}.safetensors").read_bytes())
    assert files[0] == files[1] == files[2]


@pytest.mark.parametrize("deterministic", [False, True])
def test_a_stopped_run_continues_bit_for_bit(labelled, deterministic):
    options = {"deterministic": deterministic, "word_ngrams": "1-2", "hidden": "4"}
    options["valid"] = "test.tsv"
    whole = make_run("train.tsv", "whole.safetensors", **options)
    whole.train()
    whole.save()
    stopped = make_run("train.tsv", "stopped.safetensors", **options)
    executor = stopped.executor
    run(
        executor.trainer, executor.plan, 1, state=executor.state,
        stop_before=len(executor.plan) // 2 - 1, in_rounds=deterministic,
    )  # fmt: skip
    assert stopped.checkpoint()
    resumed = make_run("train.tsv", "stopped.safetensors", **options)
    assert resumed.resume()
    resumed.train()
    resumed.save()
    assert not os.path.exists("stopped.safetensors.checkpoint")
    first, second = arrays("whole.safetensors"), arrays("stopped.safetensors")
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)


def test_predictions_follow_from_the_arrays_of_the_file(w2v, labelled):
    """In plain NumPy, from the words of a text alone."""
    train(w2v, "train.tsv", "--epochs", "2", "--hidden", "5")
    file = arrays("m.safetensors")
    names = container.read_names(file, "words")
    p, _, text = predictions("m.safetensors", "test.tsv")
    for number, line in enumerate((labelled / "test.tsv").read_text().splitlines()):
        rows = [names.index(word) for word in dict.fromkeys(line.split("\t")[1].split())]
        h = file["words.matrix"][rows].mean(axis=0)
        h = np.maximum(h @ file["dense1.W"] + file["dense1.b"], 0)
        s = file["output_vectors"] @ h + file["b_o"]
        np.testing.assert_allclose(p[number], np.exp(s) / np.exp(s).sum(), rtol=1e-4)
    assert len(text.labels) == number + 1


@compiled
def test_fewer_labels_than_dimensions_give_the_same_scores(w2v, labelled):
    """The scores of each feature alone are used for many texts, the vectors for few."""
    train(w2v, "train.tsv", "--epochs", "3", "--word-ngrams", "1-2")
    p, _, _ = predictions("m.safetensors", "test.tsv")
    for number, line in enumerate((labelled / "test.tsv").read_text().splitlines()[:5]):
        (labelled / "one.tsv").write_text(line + "\n")
        alone, _, _ = predictions("m.safetensors", "one.tsv")
        np.testing.assert_allclose(alone[0], p[number], rtol=1e-4)


@compiled
def test_unknown_words_count_by_their_ngrams(w2v, labelled):
    train(w2v, "train.tsv", "--epochs", "12", "--subwords", "3-4")
    (labelled / "new.txt").write_text("harbours shipwave\nsoupy bready\n\nqqq\n")
    result = w2v("predict", "m.safetensors", "new.txt")
    labels = [line.split("  ")[1] for line in result.out.splitlines()]
    assert labels[:2] == ["sea area", "food"]
    assert len(labels) == 4
    assert "1 unknown token" in result.err


@compiled
def test_validation_keeps_the_best_epoch_and_calibrates(w2v, labelled):
    result = train(w2v, "train.tsv", "--valid", "test.tsv", "--epochs", "30", "--patience", "3")
    assert ", accuracy 100.00%" in result.err
    assert "calibration: temperature" in result.err
    assert arrays("m.safetensors")["temperature"].shape == (1,)
    assert "kept epoch" in result.err


@compiled
def test_initial_and_frozen_vectors(w2v, labelled):
    rng = np.random.default_rng(3)
    lines = [" ".join([word, *map(str, rng.normal(size=8).round(3))]) for word in FILLER]
    (labelled / "init.txt").write_text(f"{len(lines)} 8\n" + "\n".join(lines) + "\n")
    args = [arg for arg in SMALL if arg not in ("--dim", "8")]
    w2v("train", "train.tsv", *args, "--init", "init.txt", "--freeze", "-o", "m.safetensors")
    file = arrays("m.safetensors")
    names = container.read_names(file, "words")
    for line in lines:
        word, *numbers = line.split()
        found = file["words.matrix"][names.index(word)]
        np.testing.assert_allclose(found, np.array(numbers, np.float32))


@compiled
def test_the_weights_of_labels_move_predictions(w2v, labelled):
    (labelled / "weights.tsv").write_text("food\t50\nsea area\t0.1\n")
    (labelled / "empty.txt").write_text("the a of\n" * 3)
    shares = []
    for options in ((), ("--weights", "weights.tsv")):
        train(w2v, "train.tsv", *options)
        p, classifier, _ = predictions("m.safetensors", "empty.txt")
        shares.append(p[0, classifier.labels.index("food")])
    assert shares[1] > shares[0] + 0.2


@compiled
def test_balance_finds_rare_labels_among_several(w2v, folder):
    """Without weights, texts with a rare label are outvoted by those without it."""
    chance = random.Random(3)
    rows = []
    for number in range(600):
        names = ["rare"] if number % 60 == 0 else [chance.choice("abc")]
        words = chance.choices(["the", "of", "and", "to", "in", "is"], k=8)
        words += [f"{name}{chance.randrange(8)}" for name in names for _ in range(2)]
        rows.append(f"{'|'.join(names)}\t{' '.join(words)}\n")
    (folder / "t.tsv").write_text("".join(rows))
    found = []
    for options in ((), ("--balance",)):
        train(w2v, "t.tsv", "--label-separator", "|", "--loss", "ova", *options)
        p, classifier, text = predictions("m.safetensors", "t.tsv", label_separator="|")
        rare = np.array([names == ("rare",) for names in text.labels])
        found.append(p[:, classifier.labels.index("rare")] > 0.5)
    assert found[0][rare].mean() < 0.5
    assert found[1][rare].mean() > 0.9
    assert found[1][~rare].mean() < 0.05


def test_balance_gives_both_sides_of_a_label_the_same_weight():
    names = [("a",), ("a", "b"), ("a",), ("a",), ("a", "b"), ("a",), ("a", "c"), ("a",)]
    ids = np.array(["abc".index(each) for row in names for each in row], np.int32)
    bounds = np.cumsum([0, *map(len, names)])
    labels = LabelNumbers(["a", "b", "c"], ids, bounds)
    weights = importance(labels, ClassifierSettings(loss="ova", balance=True))
    # b: 2 texts with it weigh as much as 6 without; all texts have a, which keeps some weight.
    np.testing.assert_allclose(weights, [1 / 8, 3, 7])
    softmax = importance(labels, ClassifierSettings(balance=True))
    np.testing.assert_allclose(softmax, ids.size / (3 * labels.counts), rtol=1e-6)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("food 2\n", "line 1: expected LABEL TAB WEIGHT"),
        ("food\t1\nfood\t2\n", "line 2: the label 'food' has an earlier line"),
        ("food\t-1\n", "line 1: expected LABEL TAB WEIGHT"),
        ("food\tnan\n", "line 1: expected LABEL TAB WEIGHT"),
        ("fish\t1\n", "no text has the label 'fish'"),
    ],
)
def test_wrong_weights(w2v, labelled, lines, message):
    (labelled / "weights.tsv").write_text(lines)
    result = train(w2v, "train.tsv", "--weights", "weights.tsv", code=2)
    assert message in result.err
    assert result.err.strip().count("\n") == 0


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--word-ngrams", "2-3"), "--word-ngrams '2-3': expected 1-N"),
        (("--word-ngrams", "0"), "expected 1-N"),
        (("--hidden", "a"), "--hidden a: expected numbers of units"),
        (("--subwords", "6-3"), "--subwords '6-3'"),
        (("--buckets", "10"), "--buckets works only with --subwords"),
        (("--balance", "--weights", "train.tsv"), "give one"),
        (("--window", "3"), "--window"),
    ],
)
def test_wrong_settings(w2v, labelled, args, message):
    result = train(w2v, "train.tsv", *args, code=2)
    assert message in result.err
    assert not os.path.exists("m.safetensors")


def test_a_format_without_labels_is_told(w2v, labelled):
    result = train(w2v, "train.tsv", "--epochs", "1", output="words.txt")
    assert "words.txt: this format holds only the word vectors" in result.err


def test_the_features_are_counted(w2v, labelled):
    result = train(w2v, "train.tsv", "--epochs", "1", "--word-ngrams", "1-2")
    tensors = arrays("m.safetensors")
    count = len(tensors["word_ngrams.buckets"])
    assert f"features: 15 words, {count:,} word n-grams; 3 labels" in result.err


def test_texts_of_one_label_are_refused(w2v, folder):
    (folder / "one.tsv").write_text("a\tx y\na\tz\n")
    assert "two labels or more" in train(w2v, "one.tsv", code=2).err


def test_odd_labels_and_texts(w2v, folder):
    """Blanks, Unicode and thousands of labels, an empty text, texts of one word."""
    rows = [f"läbel {n} 👍\tword{n} same\n" for n in range(1500 if COMPILED else 20)]
    (folder / "many.tsv").write_text("".join(rows) + "läbel 0 👍\tword0\n")
    loss = ("--loss", "hs", "--epochs", "3")
    train(w2v, "many.tsv", *loss)
    p, classifier, _ = predictions("m.safetensors", "many.tsv")
    assert classifier.labels[0] == "läbel 0 👍"
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-3)
    (folder / "none.txt").write_text("")
    assert w2v("predict", "m.safetensors", "none.txt").out == ""


def test_a_held_out_label_must_be_known(w2v, labelled):
    (labelled / "valid.tsv").write_text("fish\tsoup\n")
    result = train(w2v, "train.tsv", "--valid", "valid.tsv", code=2)
    assert "has the label 'fish', which no training text has" in result.err
    assert "blank rows" not in result.err
    (labelled / "valid.tsv").write_text("\nfish\tsoup\n")
    result = train(w2v, "train.tsv", "--valid", "valid.tsv", code=2)
    assert "w2v: valid.tsv: text 1 has the label 'fish'" in result.err
    assert result.err.endswith("(blank rows do not count as texts)\n")


@pytest.mark.parametrize("name", ["words.matrix", "output_vectors", "b_o", "word_ngrams.vectors",
                                  "word_ngrams.buckets", "labels.counts"])  # fmt: skip
def test_a_file_with_wrong_arrays_is_refused(w2v, labelled, name):
    train(w2v, "train.tsv", "--word-ngrams", "1-2", "--epochs", "1")
    tensors, metadata = container.read("m.safetensors")
    metadata.pop("checksums")
    for change in (None, tensors[name][:-1], np.zeros((0,), tensors[name].dtype)):
        changed = {**tensors, name: change}
        if change is None:
            del changed[name]
        container.write("bad.safetensors", changed, metadata)
        result = expect(w2v("predict", "bad.safetensors", "test.tsv"), 2)
        assert "bad.safetensors" in result.err
        assert result.err.strip().count("\n") == 0
    if tensors[name].dtype == np.float32:
        bad = np.array(tensors[name])
        bad.flat[0] = np.nan
        container.write("bad.safetensors", {**tensors, name: bad}, metadata)
        expect(w2v("predict", "bad.safetensors", "test.tsv"), 2)


def test_damaged_files_give_one_line(w2v, labelled):
    import random

    train(w2v, "train.tsv", "--word-ngrams", "1-2", "--subwords", "3-4", "--epochs", "1")
    data, rng = (labelled / "m.safetensors").read_bytes(), random.Random(1)
    for _ in range(30 if COMPILED else 5):
        (labelled / "bad.safetensors").write_bytes(mutate(data, rng))
        outcome = w2v("predict", "bad.safetensors", "test.tsv")
        assert outcome.code in (0, 2)
        assert "Traceback" not in outcome.err


def test_info_and_queries_work_on_the_file(w2v, labelled):
    train(w2v, "train.tsv", "--subwords", "3-4", "--epochs", "2")
    assert "nbow" in w2v("info", "m.safetensors").out
    counts = Counter(
        line.split("\t")[0] for line in (labelled / "train.tsv").read_text().splitlines()
    )
    assert json.loads(w2v("info", "m.safetensors", "--json").out)["labels"] == counts
    assert w2v("similar", "goal", "-v", "m.safetensors", "-k", "2").out.count("\n") == 2
    json.loads(w2v("evaluate", "classify", "test.tsv", "-v", "m.safetensors", "--by", "model",
                   "--json").out.splitlines()[0])  # fmt: skip


@compiled
@pytest.mark.parametrize("negative", [2, 20])
@pytest.mark.parametrize("is_valid", [False, True])
def test_probabilities_by_negative_sampling_are_shares_of_texts(w2v, folder, negative, is_valid):
    """They depend neither on the number of samples nor on how often labels are drawn.

    A text is one word, so that the best probabilities are the shares of the word's texts.
    """
    counts = {"x": [80, 20, 0, 4], "y": [100, 60, 30, 2]}  # of the labels 0 to 3
    rows = [
        f"{label}\t{word}\n"
        for word, numbers in counts.items()
        for label, number in enumerate(numbers)
        for _ in range(number)
    ]
    (folder / "t.tsv").write_text("".join(rows))
    (folder / "words.tsv").write_text("0\tx\n0\ty\n")
    valid = ("--valid", "t.tsv") if is_valid else ()
    args = ("--loss", "ns", "--negative", str(negative), "--epochs", "60", *valid)
    train(w2v, "t.tsv", *args)
    p = predictions("m.safetensors", "words.tsv")[0]
    expected = [np.divide(numbers, sum(numbers)) for numbers in counts.values()]
    np.testing.assert_allclose(p, expected, atol=0.04)
