"""Labels in Python: predictions and explanations are those of the command line."""

import json
import runpy
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import readme
from helpers import compiled

import w2v as package
from w2v.errors import NotFoundError, W2VError

TEXT = "__label__good a fine plot\n__label__bad a dull film\n__label__odd a strange plot film\n" * 6
TEXTS = ["a fine film", "dull", "", "unknown words"]


@pytest.fixture
def model(w2v, folder):
    (folder / "t.txt").write_text(TEXT)
    args = ("--model", "nbow", "--dim", "8", "--threads", "1", "--word-ngrams", "1-2")
    for name, more in {"m": ("--subwords", "2-3"), "several": ("--loss", "ova")}.items():
        result = w2v("train", "t.txt", *args, *more, "-o", f"{name}.safetensors")
        assert result.code == 0, result.err
    assert w2v("convert", "m.safetensors", "small.safetensors", "--dtype", "f32").code == 0
    return folder


def printed(w2v, command, *args, stdin=None):
    """The answers of a command in JSON."""
    result = w2v(command, *args, "--json", stdin=stdin)
    assert result.code == 0, result.err
    return [json.loads(line) for line in result.out.splitlines()]


def near(answers, others):
    """Check that two lists have equal labels, and nearly equal probabilities."""
    assert [label for label, _ in answers] == [label for label, _ in others]
    np.testing.assert_allclose([p for _, p in answers], [p for _, p in others], atol=1e-6)


@compiled
@pytest.mark.parametrize("name", ["m", "several", "small"])
@pytest.mark.parametrize("options", [{"k": 2}, {"threshold": 0.4}, {"k": "all", "threshold": 0.1}])
def test_predictions_are_those_of_the_command_line(w2v, model, name, options):
    classifier = package.Classifier(f"{name}.safetensors")
    args = ["-k", str(options["k"])] if "k" in options else []
    args += ["--threshold", str(options["threshold"])] if "threshold" in options else []
    lines = "".join(f"{text}\n" for text in TEXTS).encode()
    answers = printed(w2v, "predict", f"{name}.safetensors", *args, stdin=lines)
    found = classifier.predict(TEXTS, **options)
    assert [[label for label, _ in row] for row in found] == [[*each["labels"]] for each in answers]
    for row, each in zip(found, answers, strict=True):
        np.testing.assert_allclose([p for _, p in row], [*each["labels"].values()], atol=1e-6)
    # BLAS may sum in another order for another number of texts.
    near(classifier.predict(TEXTS[0], **options), found[0])
    assert classifier.predict([]) == classifier.predict([], **options) == []
    best = printed(w2v, "predict", f"{name}.safetensors", stdin=lines)
    assert [label for label, _ in classifier.predict(TEXTS)] == [each["label"] for each in best]
    if name != "small":
        vectors = package.load(f"{name}.safetensors")
        assert vectors.predict(TEXTS, **options) == found
        assert vectors.predict(TEXTS[1].split()) == classifier.predict([TEXTS[1]])


@compiled
@pytest.mark.parametrize("name", ["m", "several", "small"])
@pytest.mark.parametrize(("label", "parts"), [(None, False), ("odd", True)])
def test_explanations_are_those_of_the_command_line(w2v, model, name, label, parts):
    classifier = package.Classifier(f"{name}.safetensors")
    args = ["--label", label] if label else []
    args += ["--parts"] if parts else []
    answers = printed(w2v, "explain", f"{name}.safetensors", *TEXTS, "-k", "all", *args)
    found = classifier.explain(TEXTS, label=label, parts=parts)
    for each, answer in zip(found, answers, strict=True):
        assert (each.label, each.features, each.unknown) == (
            answer["label"], answer["features"], answer["unknown"],
        )  # fmt: skip
        assert [each.p, each.margin, each.bias] == pytest.approx(
            [answer["p"], answer["margin"], answer["bias"]], abs=1e-6
        )
        listed = answer["contributions"]
        assert [" / ".join(part.names) for part in each.contributions] == [
            part["feature"] for part in listed
        ]
        assert [part.value for part in each.contributions] == pytest.approx(
            [part["contribution"] for part in listed], abs=1e-6
        )
    assert classifier.explain(TEXTS[0], label=label, parts=parts) == found[0]
    if name != "small":
        vectors = package.load(f"{name}.safetensors")
        assert vectors.explain(TEXTS[0], label=label, parts=parts) == found[0]


@compiled
def test_a_classifier_is_read_once(model):
    classifier = package.Classifier("m.safetensors")
    assert classifier.labels == ["bad", "good", "odd"]
    assert repr(classifier) == "<a classifier of 3 labels of m.safetensors>"
    first = classifier.predict(TEXTS), classifier.explain(TEXTS)
    (model / "m.safetensors").unlink()
    assert (classifier.predict(TEXTS), classifier.explain(TEXTS)) == first


@compiled
def test_a_classifier_explains_after_a_change_of_the_current_folder(model, monkeypatch):
    classifier = package.Classifier("m.safetensors")
    monkeypatch.chdir("/")
    assert classifier.explain(TEXTS[0]).label == classifier.predict(TEXTS[0])[0]


@compiled
def test_wrong_arguments(model):
    classifier = package.Classifier("m.safetensors")
    for wrong in (
        {"k": 0}, {"k": True}, {"k": "some"}, {"k": 1.5}, {"threshold": 1.1}, {"threshold": -0.1},
        {"threshold": float("nan")}, {"threshold": "x"}, {"threshold": True}, {"threads": 0},
    ):  # fmt: skip
        with pytest.raises(W2VError, match=f"{next(iter(wrong))}: expected"):
            classifier.predict("a", **wrong)
    for call in (classifier.predict, classifier.explain):
        for texts in (None, 3, [3], b"a", {"a": 1}):
            with pytest.raises(W2VError, match="texts"):
                call(texts)
    with pytest.raises(NotFoundError, match=r"m.safetensors has no label 'goud' .*near: good"):
        classifier.explain("a", label="goud")
    with pytest.raises(W2VError, match="label: expected a string, found 3"):
        classifier.explain("a", label=3)
    assert classifier.explain("\ud800 a").unknown == 1  # half of a pair, which is no UTF-8
    with pytest.raises(W2VError, match="path: expected the path of a file"):
        package.Classifier(3)
    with pytest.raises(FileNotFoundError):
        package.Classifier("nothing")


def test_vectors_that_are_no_classifier(folder):
    vectors = package.Vectors(["a", "b"], np.eye(2))
    for call in (vectors.predict, vectors.explain):
        with pytest.raises(W2VError, match="do not come from a model"):
            call("a")


def test_word_ngrams_may_be_a_number(folder):
    (folder / "t.txt").write_text("__label__a x y\n__label__b z\n" * 3)
    vectors = package.train("t.txt", model="nbow", dim=2, epochs=1, threads=1, word_ngrams=2)
    assert vectors.info()["settings"]["word_ngrams"] == "2"


@compiled
@pytest.mark.parametrize("name", ["m", "small"])
def test_the_words_of_the_model_are_looked_up_once_for_all_calls(model, name):
    """A service asks for one text a call; the dictionary of a large model takes 0.1 s."""

    class Counted(list):
        read = 0

        def __iter__(self):
            Counted.read += 1
            return super().__iter__()

    classifier = package.Classifier(f"{name}.safetensors")
    trained = classifier._opened.trained
    trained.names = Counted(trained.names)
    answers = [classifier.predict(text) for text in TEXTS]
    assert Counted.read == 1
    near(answers, classifier.predict(TEXTS))


@compiled
def test_threads_may_share_a_classifier(model):
    classifier = package.Classifier("m.safetensors")
    expected = [classifier.predict(text, threads=1) for text in TEXTS]
    shared = package.Classifier("m.safetensors")  # its words have not been looked up yet
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: shared.predict(text, threads=1), TEXTS * 8))
        explained = list(pool.map(lambda text: shared.explain(text).label, TEXTS * 8))
    assert found == expected * 8
    assert explained == [label for label, _ in expected] * 8


@compiled
def test_wrong_labels_are_found_by_the_program_of_the_manual(folder, monkeypatch, capsys):
    page = Path(package.__file__).parent / "manual" / "classification.md"
    (folder / "suspects.py").write_text(readme.programs(page.read_text())["suspects.py"])
    rows = []
    for number in range(60):
        label = "ab"[number % 2]
        words = f"{label}{number % 4} {label}{number % 6} the of"
        rows.append(f"m{number},{'b' if number in (10, 24) else label},{words}\n")
    (folder / "mails.csv").write_text("id,label,text\n" + "".join(rows))
    monkeypatch.setattr("sys.argv", ["suspects.py", "mails.csv"])
    runpy.run_path("suspects.py")
    found = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert len(found) == 60
    assert {row[1] for row in found[:2]} == {"m10", "m24"}
    assert found[0][2:] == ["b", "a"]


@compiled
def test_a_classifier_has_the_words_of_its_texts_and_neither_ids_nor_texts(w2v, folder):
    """What the manual says about privacy."""
    (folder / "t.csv").write_text(
        'id,label,text\nT-4711,good,"zyx quux zyx"\nT-4712,bad,abc quux\nT-4713,bad,abc abc\n'
    )
    args = ("--model", "nbow", "--word-ngrams", "1-2", "--threads", "1", "--quiet")
    assert w2v("train", "t.csv", *args, "-o", "m.safetensors").code == 0
    (folder / "u.csv").write_text(
        (folder / "t.csv").read_text().replace("zyx quux zyx", "zyx quux")
    )
    assert w2v("train", "u.csv", *args, "--min-count", "2", "-o", "few.safetensors").code == 0
    full, few = ((folder / f"{name}.safetensors").read_bytes() for name in ("m", "few"))
    assert b"zyx" in full
    assert b"zyx" not in few
    for data in (full, few):
        assert b"T-47" not in data
        assert b"abc quux" not in data
        assert b"t.csv" not in data
