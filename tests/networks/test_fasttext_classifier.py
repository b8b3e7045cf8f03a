"""fastText's classifiers predict what fastText predicts, and what a twin in Python computes."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import fasttext_files as files
import numpy as np
import pytest

import w2v
from w2v import load
from w2v.errors import W2VError
from w2v.networks.text_classifier import best_labels
from w2v.runs.saved_classifier import open_classifier
from w2v.text.encode import texts_corpus

LOSSES = {"hs": 1, "ns": 2, "softmax": 3, "ova": 4}
WORDS = ["</s>", "good", "bad", "Straße", "👍🏽", "e\u0301", "a", "no\u00a0break"]
LABELS = [
    "__label__y",
    "__label__n",
    "__label__日",
    "__label__maybe",
    "__label__x y".replace(" ", "_"),
]
COUNTS = [9, 8, 7, 6, 5, 4, 3, 2]
LABEL_COUNTS = [9, 4, 4, 2, 2]
LINES = [
    "good bad good",
    "",
    "unknown",
    "q 日本",
    "👍 👍🏽 e\u0301 Straße Strassen no\u00a0break",
    "\tgood  \v bad\f",
    "a",
    "good __label__n bad __label__other a",
]
RNG = np.random.default_rng(11)
INPUTS = RNG.normal(size=(len(WORDS) + 50, 6)).astype(np.float32)
OUTPUTS = RNG.normal(size=(len(LABELS), 6)).astype(np.float32) * 3


def write(folder: Path, **settings) -> Path:
    """Write a classifier; the settings are fastText's, and arguments of `fasttext_files.model`."""
    values = {"dim": 6, "model": 3, "loss": 3, "minn": 0, "maxn": 0} | settings
    inputs = values.pop("inputs", files.dense(INPUTS))
    path = folder / "classifier.bin"
    path.write_bytes(
        files.model(WORDS, COUNTS + LABEL_COUNTS, inputs, files.dense(OUTPUTS), LABELS, **values)
    )
    return path


def read_json(answers) -> np.ndarray:
    """The probabilities in the lines of `w2v predict --json`."""
    records = [json.loads(line) for line in answers.out.splitlines()]
    names = [label.removeprefix("__label__") for label in LABELS]
    assert all(list(record["labels"]) == names for record in records)
    return np.array([list(record["labels"].values()) for record in records])


def twin(matrix: np.ndarray, loss: str, **settings) -> np.ndarray:
    """The probabilities of the labels of all lines, by the twin."""
    found = []
    for line in LINES:
        rows = files.features(line, WORDS, **settings)
        hidden = matrix[rows].mean(axis=0)
        found.append(files.probabilities(hidden, OUTPUTS, LOSSES[loss], LABEL_COUNTS))
    return np.array(found)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    "settings",
    [{}, {"wordNgrams": 2}, {"wordNgrams": 3, "minn": 1, "maxn": 3}, {"minn": 2, "maxn": 4}],
)
def test_the_probabilities_are_those_of_the_twin(w2v, folder, loss, settings):
    model = write(folder, loss=LOSSES[loss], **settings)
    (folder / "new.txt").write_text("".join(line + "\n" for line in LINES), newline="")
    found = read_json(w2v("predict", model, "new.txt", "--json"))
    expected = twin(INPUTS, loss, **{"minn": 0, "maxn": 0} | settings)
    np.testing.assert_allclose(found, expected, atol=2e-6)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("norms", [False, True])
def test_pruned_and_quantized_classifiers(tmp_path, loss, norms):
    """Only some n-grams have a row, and the input matrix has codes."""
    settings = {"minn": 2, "maxn": 3, "wordNgrams": 2}
    buckets = np.random.default_rng(4).permutation(50)[:20].tolist()
    pruned = {bucket: row for row, bucket in enumerate(buckets)}
    codes = RNG.integers(0, 256, (len(WORDS) + len(pruned), 2))
    parts = [RNG.normal(size=(256, width)).astype(np.float32) for width in (4, 2)]
    matrix = np.concatenate([part[codes[:, i]] for i, part in enumerate(parts)], axis=1)
    factors = None
    if norms:
        factors = RNG.integers(0, 256, len(codes)), RNG.uniform(1, 2, 256).astype(np.float32)
        matrix = matrix * factors[1][factors[0], None]
    path = write(
        tmp_path, inputs=files.quantized(codes, parts, factors), pruned=list(pruned.items()),
        quantizes=(True, False), loss=LOSSES[loss], **settings,
    )  # fmt: skip
    expected = twin(matrix, loss, pruned=pruned, **settings)
    answers = w2v.load(path).predict([line.replace("__label__", "") for line in LINES[:7]])
    # Of equally probable labels, the last is predicted.
    best = [max(range(len(LABELS)), key=lambda label: (row[label], label)) for row in expected[:7]]
    assert [label for label, _ in answers] == [LABELS[label][9:] for label in best]
    np.testing.assert_allclose([p for _, p in answers], expected[:7].max(axis=1), atol=2e-6)


def test_version_11_has_no_character_ngrams(w2v, folder):
    """Whatever its settings say."""
    model = write(folder, version=11, minn=2, maxn=3)
    (folder / "new.txt").write_text("".join(line + "\n" for line in LINES), newline="")
    found = read_json(w2v("predict", model, "new.txt", "--json"))
    np.testing.assert_allclose(found, twin(INPUTS, "softmax", minn=0, maxn=0), atol=2e-6)


def test_a_classifier_with_one_label(w2v, tmp_path):
    for loss in LOSSES.values():
        path = tmp_path / "one.bin"
        path.write_bytes(
            files.model(
                WORDS, [*COUNTS, 3], files.dense(INPUTS), files.dense(OUTPUTS[:1]), LABELS[:1],
                dim=6, model=3, loss=loss, minn=0, maxn=0,
            )
        )  # fmt: skip
        label, p = load(path).predict("good")
        assert label == "y"
        assert loss in (2, 4) or p == pytest.approx(1, abs=2e-5)
    (tmp_path / "one.txt").write_text("__label__y good\n")
    outcome = w2v("evaluate", "classify", tmp_path / "one.txt", "-v", path, "--by", "model")
    assert "macro F1, the mean over 1 label\n" in outcome.out


def test_plain_output_and_evaluation(w2v, folder):
    """The labels of the file are compared with the predicted ones; stdin is read."""
    model = write(folder)
    best = [LABELS[row.argmax()] for row in twin(INPUTS, "softmax", minn=0, maxn=0)]
    (folder / "test.txt").write_text(f"{best[0]} {LINES[0]}\n{best[4]} {LINES[4]}\n__label__no a\n")
    lines = w2v("predict", model, stdin=LINES[0].encode() + b"\n").out.splitlines()
    assert [line.split()[1] for line in lines] == [best[0][9:]]
    judged = w2v("evaluate", "classify", "test.txt", "-v", model, "--by", "model")
    assert judged.out.split()[0] == "66.67%"
    assert "1 text with a label that the model was not trained on, such as 'no'" in judged.err


def test_a_text_without_features_has_a_prediction(tmp_path):
    """The model has no </s>, and the word is unknown: the mean of nothing is zero."""
    path = tmp_path / "small.bin"
    data = files.model(
        WORDS[1:3], [2, 1, 3, 2], files.dense(INPUTS), files.dense(OUTPUTS[:2]), LABELS[:2],
        dim=6, model=3, loss=3, minn=0, maxn=0,
    )  # fmt: skip
    path.write_bytes(data)
    assert w2v.load(path).predict("unknown")[1] == pytest.approx(0.5, abs=2e-5)


def test_a_word_model_has_no_labels(w2v, folder):
    path = folder / "words.bin"
    path.write_bytes(
        files.model(WORDS, COUNTS, files.dense(INPUTS), files.dense(INPUTS[:8]), dim=6)
    )
    for command in (
        ("predict", "words.bin", "new.txt"),
        ("evaluate", "classify", "new.txt", "-v", "words.bin", "--by", "model"),
    ):
        (folder / "new.txt").write_text("__label__y good\n")
        failed = w2v(*command)
        assert failed.code == 2
        assert failed.err.count("\n") == 1
        assert "words.bin is a skipgram model of fastText, which has no labels" in failed.err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": LABELS[:4]}, "4 labels have 5 output vectors"),
        (
            {"outputs": files.dense(OUTPUTS * np.nan)},
            r"NaN or numbers above 1e\+15: its training diverged",
        ),
        ({"wordNgrams": 10**6}, "word n-grams have 1,000,000 words"),
        ({"counts": [*COUNTS, 10**15, 4, 4, 2, 2]}, "a label has the count"),
    ],
)
def test_damaged_classifiers_are_refused(tmp_path, change, message):
    path, values = tmp_path / "damaged.bin", {
        "words": WORDS, "counts": COUNTS + LABEL_COUNTS, "inputs": files.dense(INPUTS),
        "outputs": files.dense(OUTPUTS), "labels": LABELS, "dim": 6, "model": 3, "loss": 1,
        "minn": 0, "maxn": 0,
    }  # fmt: skip
    path.write_bytes(files.model(**values | change))
    with pytest.raises(W2VError, match=message):
        open_classifier(str(path))


@pytest.mark.parametrize("factor", [np.inf, 1e30])
def test_rows_that_are_not_finite_are_refused(tmp_path, factor):
    path = write(tmp_path, inputs=files.dense(abs(INPUTS) * np.float32(factor)))
    with pytest.raises(W2VError, match="in the rows of this text: its training diverged"):
        w2v.load(path).predict("good")


def test_a_changed_byte_is_one_error_or_another_model(tmp_path):
    """No damage to the file is a traceback."""
    data = write(tmp_path, loss=1, minn=1, maxn=3, wordNgrams=2).read_bytes()
    path = tmp_path / "changed.bin"
    for at in RNG.integers(0, len(data), 30).tolist() + RNG.integers(0, 420, 30).tolist():
        changed = bytearray(data)
        changed[at] ^= int(RNG.integers(1, 256))
        path.write_bytes(changed)
        with suppress(W2VError):
            model = open_classifier(str(path))
            with texts_corpus(LINES, model.text_settings) as corpus:
                list(model.predict(corpus, 1).blocks)


TRAINING = [
    "__label__y good 👍🏽 fine e\u0301 day", "__label__n bad 👎 awful day", "__label__y a good day",
    "__label__m so so day Straße", "__label__n a bad 日本 day", "__label__x odd x q",
    "__label__y good good",
]  # fmt: skip
ODD = [
    "good day", "bad", "", "unknownword", "👍🏽", "👍", "e\u0301", "é", "q", "日本語 day",
    "q unknown", "a\u00a0b good", "\u2028 day", "< >", "day " * 40,
]  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("maxn", [0, 3])
@pytest.mark.parametrize("quantized", [False, True])
def test_the_package_fasttext_predicts_the_same(tmp_path, loss, order, maxn, quantized):
    fasttext = pytest.importorskip("fasttext")
    # A matrix that is quantized needs 256 rows: words, and labels if the outputs are quantized.
    labels = 260 if order == 3 else 3
    lines = TRAINING * 60 + [f"__label__{i % labels} day {i} {i % 7}" for i in range(300)]
    (tmp_path / "train.txt").write_text("".join(line + "\n" for line in lines))
    # Each thread of fastText initializes a tenth of the matrix, so that it needs ten.
    trained = fasttext.train_supervised(
        str(tmp_path / "train.txt"), loss=loss, wordNgrams=order, minn=min(maxn, 2), maxn=maxn,
        dim=10, bucket=1000, epoch=5, lr=0.5, thread=10, verbose=0,
    )  # fmt: skip
    path = str(tmp_path / ("model.ftz" if quantized else "model.bin"))
    if quantized:
        trained.quantize(cutoff=300, qnorm=order == 2, qout=order == 3, verbose=False)
    trained.save_model(path)
    model = open_classifier(path)
    with texts_corpus(ODD, model.text_settings) as corpus:
        predicted = model.predict(corpus, 1)
    assert model.is_exclusive == (loss in ("softmax", "hs"))
    [rows] = predicted.blocks
    for line, row, [best] in zip(ODD, rows, best_labels(rows, 1, predicted.ties), strict=True):
        # The method of the C++ class, because the wrapper does not work with NumPy 2.
        pairs = trained.f.predict(line + "\n", len(row), 0.0, "strict")
        by_label = {name.removeprefix("__label__"): p for p, name in pairs}
        expected = [by_label.get(label, 0) for label in model.labels]  # fastText leaves out p < ε
        np.testing.assert_allclose(row, expected, atol=1e-5)
        assert row[best] == row.max()


@pytest.mark.parametrize("command", ["generate", "perplexity", "infer", "topics"])
def test_other_commands_say_that_it_is_a_classifier(w2v, folder, command):
    model = write(folder)
    (folder / "new.txt").write_text("good\n")
    failed = w2v(command, model, *(["new.txt"] if command in ("perplexity", "infer") else []))
    assert (failed.code, failed.err.count("\n")) == (2, 1)
    said = "is a classifier of fastText, to which w2v predict and w2v evaluate classify --by model"
    assert said in failed.err
