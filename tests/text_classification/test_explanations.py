"""w2v explain: gradients, exact sums, planted words, names of features, output, wrong input."""

import json
import math
import random

import fasttext_files as files
import numpy as np
import pytest
from helpers import COMPILED, compiled, mutate

from w2v import Classifier
from w2v.embeddings import container
from w2v.runs.saved_classifier import open_classifier
from w2v.runs.saved_explainer import open_explainer
from w2v.settings import DocumentSettings
from w2v.text.encode import open_corpus
from w2v.text_classification.explanation import LabelScores
from w2v.text_classification.features import word_hashes
from w2v.text_classification.label_margin import best_label, label_margin
from w2v.text_classification.labels import LabelTree
from w2v.text_classification.named_features import word_hash

LOSSES = ("softmax", "ova", "hs", "ns")
TOPICS = {"sport": ["goal", "match", "team"], "food": ["bread", "süppe", "salt"],
          "sea area": ["ship", "wave", "港"]}  # fmt: skip
FILLER = ["the", "a", "and", "of", "is", "it"]
SMALL = ("--model", "nbow", "--min-count", "1", "--dim", "8", "--threads", "1", "--lr", "0.2")


@pytest.fixture
def labelled(folder):
    rng = np.random.default_rng(1)
    rows = []
    for number in range(300 if COMPILED else 30):
        name = list(TOPICS)[number % 3]
        words = [*rng.choice(FILLER, 5), *rng.choice(TOPICS[name], 2)]
        rng.shuffle(words)
        rows.append(f"{name}\t{' '.join(words)}\n")
    (folder / "train.tsv").write_text("".join(rows))
    (folder / "two.tsv").write_text("".join(row for row in rows if not row.startswith("sea")))
    return folder


def train(w2v, *more, path="train.tsv", output="m.safetensors"):
    outcome = w2v("train", path, *SMALL, "-o", output, "--quiet", *more)
    assert outcome.code == 0, outcome.err


def explained(w2v, *args, stdin=b"", path="m.safetensors"):
    """The objects of --json."""
    outcome = w2v("explain", path, *args, "--json", stdin=stdin)
    assert outcome.code == 0, outcome.err
    return [json.loads(line) for line in outcome.out.splitlines()]


def made(loss, labels=5, units=(), temperature=1.0, dim=6, seed=2):
    """Random layers."""
    rng = np.random.default_rng(seed)
    widths = (dim, *units)
    hidden = [
        (rng.normal(size=(a, b)), rng.normal(size=b))
        for a, b in zip(widths, widths[1:], strict=False)
    ]
    tree = LabelTree.of(rng.integers(1, 50, labels)) if loss == "hs" else None
    outputs, biases = rng.normal(size=(labels, widths[-1])), rng.normal(size=labels)
    return LabelScores(hidden, outputs, biases, loss, tree, temperature)


def probability(layers, mean, label):
    """The probability of a label, as in the paper of each loss."""
    scores = layers.forward(mean)[1]
    if layers.loss == "softmax":
        return np.exp(scores[label]) / np.exp(scores).sum()
    if layers.tree is None:
        return 1 / (1 + np.exp(-scores[label]))
    nodes, turns, bounds = layers.tree.paths()
    path = slice(bounds[label], bounds[label + 1])
    return np.prod(1 / (1 + np.exp(np.where(turns[path], -1, 1) * scores[nodes[path]])))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("units", [(), (7,), (7, 4)])
@pytest.mark.parametrize("labels", [2, 5])
def test_gradients_are_those_of_finite_differences(loss, units, labels):
    layers = made(loss, labels, units, temperature=1.7)
    mean, step = np.random.default_rng(3).normal(size=6), 1e-6
    for label in range(labels):
        found, value, gradient, _ = layers.margin(mean, label)
        p = probability(layers, mean, label)
        assert found == label
        assert value == pytest.approx(math.log(p / (1 - p)))

        def margin_at(at, change, label=label):
            moved = mean.copy()
            moved[at] += change
            p = probability(layers, moved, label)
            return math.log(p / (1 - p))

        wanted = [(margin_at(at, step) - margin_at(at, -step)) / (2 * step) for at in range(6)]
        np.testing.assert_allclose(gradient, wanted, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_most_probable_label_is_found(loss):
    layers = made(loss)
    for seed in range(20):
        mean = np.random.default_rng(seed).normal(size=6)
        p = [probability(layers, mean, label) for label in range(5)]
        assert layers.margin(mean, None)[0] == np.argmax(p)


@pytest.mark.parametrize(("loss", "labels"), [("softmax", 2), ("hs", 2), ("ova", 5), ("ns", 5)])
@pytest.mark.parametrize("units", [(), (7, 4)])
def test_contributions_and_biases_add_up_to_the_margin(loss, labels, units):
    layers = made(loss, labels, units, temperature=0.6)
    mean = np.random.default_rng(4).normal(size=6)
    for label in range(labels):
        _, value, gradient, bias = layers.margin(mean, label)
        # With hs even of two labels, the margin is the score of the only inner node.
        assert mean @ gradient + bias == pytest.approx(value, rel=1e-10)


def test_what_is_missing_with_softmax_is_the_entropy_of_the_other_labels():
    layers = made("softmax")
    mean = np.random.default_rng(5).normal(size=6)
    _, value, gradient, bias = layers.margin(mean, 1)
    others = np.array([probability(layers, mean, label) for label in (0, 2, 3, 4)])
    others /= others.sum()
    entropy = -(others * np.log(others)).sum()
    assert value == pytest.approx(mean @ gradient + bias - entropy)


@pytest.mark.parametrize("loss", LOSSES)
def test_probabilities_near_0_and_1_give_finite_margins(loss):
    tree = LabelTree.of(np.array([9, 5, 2, 1])) if loss == "hs" else None
    for size in (1.0, 50.0, 1e3, 1e5):
        scores = np.array([1.0, -1.0, 1.0, 0.0]) * size
        for label in range(4):
            margin = label_margin(scores, label, loss, tree)
            assert math.isfinite(margin.value)
            assert np.isfinite(margin.slopes).all()
            assert np.abs(margin.slopes).max() <= 1 + 1e-9
        best = best_label(scores, tree)
        values = [label_margin(scores, label, loss, tree).value for label in range(4)]
        assert values[best] == max(values)


def test_the_path_to_a_label_is_that_of_all_paths():
    tree = LabelTree.of(np.array([3, 8, 1, 1, 4, 9, 2]))
    nodes, turns, bounds = tree.paths()
    for label in range(7):
        path = slice(bounds[label], bounds[label + 1])
        found = tree.path(label)
        np.testing.assert_array_equal(found[0], nodes[path])
        np.testing.assert_array_equal(found[1], turns[path])


def test_hashes_are_those_of_the_kernel():
    words = ["", "a", "goal", "süppe", "港", "👍" * 9]
    found = [word_hash(word.encode()) for word in words]
    assert found == word_hashes([word.encode() for word in words]).tolist()


NEW = [
    "the goal of it is süppe goals", "ship ship 港 the wave", "zzz qqq", "",
    "the\u00a0goal </s> team", "wavy goals and süpper zzzz match it", "__label__food the ship",
]  # fmt: skip


@compiled
@pytest.mark.parametrize(
    "options",
    [
        (), ("--loss", "hs"), ("--loss", "ova"), ("--loss", "ns"), ("--word-ngrams", "1-3"),
        ("--subwords", "2-3"), ("--hidden", "6,5"), ("--valid", "two.tsv"),
        ("--word-ngrams", "1-2", "--ngram-min-count", "1", "--subwords", "3-4", "--buckets", "40",
         "--hidden", "5"),
    ],
)  # fmt: skip
def test_labels_and_probabilities_are_those_of_predict(w2v, labelled, options):
    train(w2v, "--epochs", "6", *options)
    (labelled / "new.txt").write_text("".join(f"{text}\n" for text in NEW))
    classifier, explainer = open_classifier("m.safetensors"), open_explainer("m.safetensors")
    corpus = open_corpus(["new.txt"], classifier.text_settings, DocumentSettings(), "if there")
    predicted = np.concatenate([*classifier.predict(corpus, 1).blocks])
    assert len(predicted) == len(NEW)
    for text, p in zip(NEW, predicted, strict=True):
        assert explainer.explain(text.encode()).label == p.argmax()
        for label in range(3):
            found = explainer.explain(text.encode(), label)
            assert found.p == pytest.approx(float(p[label]), rel=1e-4, abs=1e-6)
            parts = explainer.explain(text.encode(), label, by_part=True)
            sums = [math.fsum(c.value for c in each.contributions) for each in (found, parts)]
            assert sums[0] == pytest.approx(sums[1], abs=1e-6)
            if "ova" in options or "ns" in options:
                assert sums[0] + found.bias == pytest.approx(found.margin, abs=1e-5)


@compiled
@pytest.mark.parametrize("valid", [(), ("--valid", "train.tsv")])
def test_the_printed_numbers_add_up_with_two_labels(w2v, labelled, valid):
    (labelled / "train.tsv").write_bytes((labelled / "two.tsv").read_bytes())
    train(w2v, "--epochs", "5", "--word-ngrams", "1-2", *valid)
    for answer in explained(w2v, *NEW, "-k", "2"):
        total = sum(each["contribution"] for each in answer["contributions"])
        total += answer["others"]["contribution"] + answer["bias"]
        assert total == pytest.approx(answer["margin"], abs=1e-5)
        assert answer["p"] == pytest.approx(1 / (1 + math.exp(-answer["margin"])), abs=1e-6)


@compiled
@pytest.mark.parametrize(
    "options",
    [
        (), ("--loss", "ova"), ("--loss", "hs"), ("--hidden", "6", "--lr", "0.05"),
        ("--subwords", "2-4"),
    ],
)  # fmt: skip
def test_planted_words_come_first(w2v, labelled, options):
    train(w2v, "--epochs", "12", *options)
    for label, words in TOPICS.items():
        [answer] = explained(w2v, f"the {words[0]} of {words[2]} and it is a")
        assert answer["label"] == label
        first = answer["contributions"][:2]
        assert {each["feature"] for each in first} == {words[0], words[2]}
        assert all(each["contribution"] > 0 for each in first)
        sizes = [abs(each["contribution"]) for each in answer["contributions"]]
        assert sizes == sorted(sizes, reverse=True)
    [answer] = explained(w2v, "goal", "--label", "sea area")
    assert answer["label"] == "sea area"
    assert answer["contributions"][0]["contribution"] < 0


@compiled
def test_the_names_of_features(w2v, labelled):
    train(w2v, "--word-ngrams", "1-2", "--ngram-min-count", "1", "--subwords", "2-2")
    [by_word] = explained(w2v, "süppe süppe it", "-k", "all")
    kinds = {each["feature"]: each["kind"] for each in by_word["contributions"]}
    assert {kinds["süppe"], kinds["it"]} == {"word"}
    assert set(kinds) <= {"süppe", "it", "süppe süppe", "süppe it"}
    [by_part] = explained(w2v, "süppe süppe it", "-k", "all", "--parts")
    found = {each["feature"]: each for each in by_part["contributions"]}
    assert {"<s", "sü", "üp", "pp", "pe", "e>", "süppe", "it", "<i", "t>"} <= set(found)
    assert found["üp"]["kind"] == "character n-gram"
    assert found["üp"]["words"] == ["süppe"]
    assert found["it"]["words"] in ([], ["it"])
    assert by_part["features"] == len(by_part["contributions"])
    said = w2v("explain", "m.safetensors", "süppe it", "--parts", "-k", "all").out
    assert "  üp (süppe)\n" in said


@compiled
def test_ngrams_that_share_a_bucket_are_joined(w2v, labelled):
    train(w2v, "--subwords", "1-2", "--buckets", "1")
    [answer] = explained(w2v, "of it", "--parts", "-k", "all")
    [shared] = [each for each in answer["contributions"] if " / " in each["feature"]]
    assert shared["feature"].split(" / ")[:2] == ["<o", "o"]
    assert shared["words"] == ["of", "it"]
    [by_word] = explained(w2v, "of it", "-k", "all")
    own = {each["feature"]: each["contribution"] for each in answer["contributions"]}
    for each in by_word["contributions"]:
        wanted = own[each["feature"]] + shared["contribution"] / 2
        assert each["contribution"] == pytest.approx(wanted, abs=3e-6)


def test_texts_from_arguments_and_stdin(w2v, labelled):
    train(w2v, "--epochs", "2")
    plain = w2v("explain", "m.safetensors", "the goal", "team", "-k", "1").out
    lines = w2v("explain", "m.safetensors", "-k", "1", stdin=b"the goal\r\nteam").out
    mixed = w2v("explain", "m.safetensors", "the goal", "-", "-k", "1", stdin=b"team\n").out
    assert plain == lines == mixed
    assert plain.count("(bias)") == 2
    assert plain.count("(1 more)") == 1
    marked = w2v("explain", "m.safetensors", "-k", "1", stdin=b"\xef\xbb\xbfthe goal\nteam\n").out
    assert marked == plain
    rows = w2v("explain", "m.safetensors", "the goal", "team", "--tsv").out.splitlines()
    fields = [row.split("\t") for row in rows]
    assert {len(each) for each in fields} == {7}
    assert [each[0] for each in fields] == ["1"] * 3 + ["2"] * 2
    assert {each[3] for each in fields} == {"word", "bias"}
    assert w2v("explain", "m.safetensors", stdin=b"").out == ""
    twice = w2v("explain", "m.safetensors", "-", "-")
    assert twice.code == 2
    assert "named twice" in twice.err


def test_a_text_without_known_features_has_a_result(w2v, labelled):
    train(w2v, "--epochs", "2")
    outcome = w2v("explain", "m.safetensors", "goal", "", "zzz \udcff", "--json")
    assert outcome.code == 0
    answers = [json.loads(line) for line in outcome.out.splitlines()]
    assert len(answers) == 3
    for answer in answers[1:]:
        assert answer["contributions"] == []
        assert answer["features"] == 0
    assert [answer["unknown"] for answer in answers] == [0, 0, 2]
    said = outcome.err.splitlines()
    assert [line.split(" of ")[0] for line in said] == [
        "w2v: text 2 has no feature", "w2v: text 3 has no feature",
    ]  # fmt: skip


def test_an_unknown_label_is_named_with_near_ones(w2v, labelled):
    train(w2v, "--epochs", "1")
    outcome = w2v("explain", "m.safetensors", "goal", "--label", "spurt")
    assert (outcome.code, outcome.out) == (3, "")
    assert outcome.err == "w2v: m.safetensors has no label 'spurt' among 3; near: sport\n"
    far = w2v("explain", "m.safetensors", "goal", "--label", "xyzxyz")
    assert far.code == 3
    assert far.err.endswith("the first ones: food, sea area, sport\n")


def test_what_has_no_explanation_is_named(w2v, folder):
    (folder / "text.tsv").write_text("a\tx y z\nb\ty z x\n" * 5)
    small = ("--min-count", "1", "--dim", "4", "--epochs", "1", "--threads", "1", "--quiet")
    w2v("train", "text.tsv", "--model", "mlp", *small, "-o", "net.safetensors")
    outcome = w2v("explain", "net.safetensors", "x y")
    assert outcome.code == 2
    assert outcome.err == (
        "w2v: net.safetensors was trained with --model mlp: what can be explained are the "
        "labels of nbow models and of fastText's classifiers\n"
    )
    w2v("convert", "net.safetensors", "vectors.txt")
    outcome = w2v("explain", "vectors.txt", "x y")
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    "name",
    [
        "words.matrix", "output_vectors", "b_o", "word_ngrams.vectors", "word_ngrams.buckets",
        "labels.counts", "subwords.vectors",
    ],
)  # fmt: skip
def test_a_file_with_wrong_arrays_is_refused(w2v, labelled, name):
    train(
        w2v, "--word-ngrams", "1-2", "--subwords", "2-3", "--epochs", "1", "--ngram-min-count", "1"
    )
    text = (labelled / "train.tsv").read_text().splitlines()[0].split("\t")[1]
    tensors, metadata = container.read("m.safetensors")
    metadata.pop("checksums")
    for change in (None, tensors[name][:-1], np.zeros((0,), tensors[name].dtype)):
        changed = {**tensors, name: change}
        if change is None:
            del changed[name]
        container.write("bad.safetensors", changed, metadata)
        outcome = w2v("explain", "bad.safetensors", text)
        assert outcome.code == 2
        assert "bad.safetensors" in outcome.err
        assert outcome.err.strip().count("\n") == 0
    if tensors[name].dtype == np.float32 and name != "words.matrix":
        bad = np.full_like(tensors[name], np.nan)
        container.write("bad.safetensors", {**tensors, name: bad}, metadata)
        assert w2v("explain", "bad.safetensors", text).code == 2


@pytest.mark.parametrize("command", ["explain", "predict"])
@pytest.mark.parametrize("count", [-5, 1 << 60])
def test_impossible_counts_of_labels_are_refused(w2v, labelled, command, count):
    """The tree of labels would have a loop."""
    train(w2v, "--loss", "hs", "--epochs", "1")
    tensors, metadata = container.read("m.safetensors")
    metadata.pop("checksums")
    counts = np.full_like(tensors["labels.counts"], count)
    container.write("bad.safetensors", {**tensors, "labels.counts": counts}, metadata)
    outcome = w2v(command, "bad.safetensors", "train.tsv")
    assert outcome.code == 2
    assert "labels.counts" in outcome.err


def test_only_the_features_of_the_text_are_read(w2v, labelled):
    """Numbers of other features may be anything, because they are not looked at."""
    train(w2v, "--word-ngrams", "1-2", "--epochs", "1")
    wanted = explained(w2v, "the goal", "-k", "all")
    tensors, metadata = container.read("m.safetensors")
    metadata.pop("checksums")
    names, vectors = container.read_names(tensors, "words"), np.array(tensors["words.matrix"])
    vectors[[name not in ("the", "goal") for name in names]] = np.nan
    container.write("other.safetensors", {**tensors, "words.matrix": vectors}, metadata)
    assert explained(w2v, "the goal", "-k", "all", path="other.safetensors") == wanted
    assert w2v("explain", "other.safetensors", "team").code == 2


def test_damaged_files_give_one_line(w2v, labelled):
    train(w2v, "--word-ngrams", "1-2", "--subwords", "3-4", "--epochs", "1")
    data, rng = (labelled / "m.safetensors").read_bytes(), random.Random(1)
    for _ in range(40 if COMPILED else 5):
        (labelled / "bad.safetensors").write_bytes(mutate(data, rng))
        outcome = w2v("explain", "bad.safetensors", "the goal of it", "goals")
        assert outcome.code in (0, 2), outcome.err
        assert "Traceback" not in outcome.err


WORDS = ["</s>", "good", "bad", "Straße", "港", "a"]
LABELS = ["__label__y", "__label__n", "__label__日", "__label__maybe"]
LABEL_COUNTS = [9, 4, 4, 2]
NUMBERS = np.random.default_rng(7)
INPUTS = NUMBERS.normal(size=(len(WORDS) + 50, 6)).astype(np.float32)
OUTPUTS = NUMBERS.normal(size=(len(LABELS), 6)).astype(np.float32)
LINES = [
    "good bad good",
    "unknown q",
    "港 Straße Strassen",
    "good __label__n bad __label__other a",
    "",
]
PRUNED = {bucket: row for row, bucket in enumerate((3, 44, 9, 21, 30, 6, 17))}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    "settings",
    [
        {}, {"wordNgrams": 2}, {"wordNgrams": 3, "minn": 1, "maxn": 3},
        {"wordNgrams": 2, "minn": 1, "maxn": 2, "pruned": PRUNED},
    ],
)  # fmt: skip
def test_the_classifiers_of_fasttext_are_explained(folder, loss, settings):
    """The sum of the contributions is that of the twin's features, and p is the twin's."""
    values = {"dim": 6, "model": 3, "minn": 0, "maxn": 0} | settings
    values["loss"] = {"hs": 1, "ns": 2, "softmax": 3, "ova": 4}[loss]
    pruned = values.pop("pruned", None)
    inputs = INPUTS if pruned is None else INPUTS[: len(WORDS) + len(pruned)]
    data = files.model(
        WORDS, [9] * len(WORDS) + LABEL_COUNTS, files.dense(inputs), files.dense(OUTPUTS), LABELS,
        [*pruned.items()] if pruned else None, **values,
    )  # fmt: skip
    (folder / "classifier.bin").write_bytes(data)
    explainer = open_explainer("classifier.bin")
    assert explainer.labels == ["y", "n", "日", "maybe"]
    for line in LINES:
        text = " ".join(word for word in line.split() if not word.startswith("__label__"))
        mean = inputs[files.features(text, WORDS, pruned, **values)].mean(axis=0)
        p = files.probabilities(mean, OUTPUTS, values["loss"], LABEL_COUNTS)
        for label in range(4):
            found = explainer.explain(line.encode(), label)
            parts = explainer.explain(line.encode(), label, by_part=True)
            assert found.p == pytest.approx(p[label], abs=0.01)
            layers = explainer.explainer.scores
            _, margin, gradient, _ = layers.margin(mean.astype(float), label)
            assert found.margin == pytest.approx(margin, abs=1e-5)
            for each in (found, parts):
                total = math.fsum(each.value for each in each.contributions)
                assert total == pytest.approx(float(mean @ gradient), abs=1e-5)
            if loss in ("ova", "ns"):
                assert total == pytest.approx(margin, abs=1e-5)


def test_labels_with_another_prefix_are_left_out_of_a_text(folder):
    """As in w2v predict: fasttext supervised -label __tag__ makes them."""
    labels = [label.replace("label", "tag") for label in LABELS]
    data = files.model(
        WORDS, [9] * len(WORDS) + LABEL_COUNTS, files.dense(INPUTS), files.dense(OUTPUTS), labels,
        dim=6, model=3, loss=3, minn=1, maxn=2, wordNgrams=2,
    )  # fmt: skip
    (folder / "classifier.bin").write_bytes(data)
    classifier = Classifier("classifier.bin")
    for text in ("good __tag__n bad", "__tag__y", "good __tag__unknown"):
        found = classifier.explain(text)
        assert classifier.predict(text) == (found.label, pytest.approx(found.p, abs=1e-4))


def test_models_of_fasttext_without_labels_are_refused(w2v, folder):
    one = files.model(WORDS, [9] * 7, files.dense(INPUTS), files.dense(OUTPUTS[:1]), LABELS[:1],
                      model=3, loss=3, dim=6)  # fmt: skip
    (folder / "one.bin").write_bytes(one)
    outcome = w2v("explain", "one.bin", "good")
    assert outcome.code == 2
    assert outcome.err.endswith("one.bin has one label, which every text has: nothing to explain\n")
    words = files.model(WORDS, [9] * 6, files.dense(INPUTS), files.dense(INPUTS[:6]), dim=6)
    (folder / "words.bin").write_bytes(words)
    outcome = w2v("explain", "words.bin", "good")
    assert outcome.code == 2
    assert "no labels" in outcome.err


@compiled
def test_the_name_of_a_file_in_place_of_a_text_is_reported(w2v, folder):
    (folder / "t.txt").write_text("__label__good a fine plot\n__label__bad a dull film\n" * 4)
    args = ("--model", "nbow", "--dim", "4", "--threads", "1", "--quiet", "-o", "m.safetensors")
    assert w2v("train", "t.txt", *args).code == 0
    (folder / "new mail.txt").write_text("a fine film\n")
    outcome = w2v("explain", "m.safetensors", "new mail.txt")
    advice = "w2v explain m.safetensors < 'new mail.txt' explains each line of the file\n"
    assert outcome.err.startswith(
        "TEXT 'new mail.txt': this is the name of a file, but its letters"
    )
    assert advice in outcome.err
    read = w2v("explain", "m.safetensors", stdin=(folder / "new mail.txt").read_bytes())
    assert read == w2v("explain", "m.safetensors", "a fine film")
