"""Precision, recall, F1, confusions, calibration and log loss, beside plain Python and peers."""

from __future__ import annotations

import json
import math
from collections import Counter

import fasttext_files as files
import numpy as np
import pytest

from w2v.evaluation.classification_report import ClassificationCounts

NAMES = ["a b", "ö", "c", "日本", "e"]


def sample(seed, texts=60, names=NAMES, several=True, unknown=True):
    """The probabilities of labels for texts, with many ties, and the true labels of the texts."""
    rng = np.random.default_rng(seed)
    p = rng.integers(0, 12, (texts, len(names))) / 12
    p = np.where(rng.random(p.shape) < 0.7, rng.random(p.shape), p).astype(np.float32)
    known = [*names, "new"] if unknown else names
    sizes = rng.integers(1, 4, texts) if several else np.ones(texts, int)
    true = [tuple(rng.choice(known, size, replace=False).tolist()) for size in sizes]
    return p, true


def report_of(p, true, is_exclusive=False, blocks=7, names=NAMES, **options):
    counts = ClassificationCounts(names, is_exclusive, **options)
    for first in range(0, len(p), blocks):
        counts.add(p[first : first + blocks], true[first : first + blocks])
    return counts.report()


def predictions(row, names, ties="first", count=1, threshold=0.0):
    """The labels that are predicted for a text, in plain Python."""
    sign = 1 if ties == "first" else -1
    order = sorted(range(len(names)), key=lambda label: (-row[label], sign * label))
    return [names[label] for label in order[:count] if row[label] >= threshold]


@pytest.mark.parametrize("is_exclusive", [False, True])
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(
    "options",
    [{}, {"count": 2}, {"count": 99, "threshold": 0.5}, {"count": 3, "threshold": 0.9},
     {"ties": "last", "count": 2}],
)  # fmt: skip
def test_precision_recall_and_f1_are_those_of_plain_python(is_exclusive, several, options):
    p, true = sample(1, several=several)
    found = report_of(p, true, is_exclusive, **options)
    chosen = [predictions(row, NAMES, **options) for row in p.tolist()]
    pairs = list(zip(true, chosen, strict=True))
    hits = Counter(label for truth, guess in pairs for label in guess if label in truth)
    trues = Counter(label for truth, _ in pairs for label in truth)
    guesses = Counter(label for _, guess in pairs for label in guess)
    assert found.labels == sorted({*trues, *guesses})
    for i, label in enumerate(found.labels):
        assert (found.true[i], found.predicted[i]) == (trues[label], guesses[label])
        precision = hits[label] / guesses[label] if guesses[label] else 0
        recall = hits[label] / trues[label] if trues[label] else 0
        assert found.label_precision()[i] == precision
        assert found.label_recall()[i] == recall
        f1 = 2 * precision * recall / (precision + recall) if hits[label] else 0
        assert found.label_f1()[i] == pytest.approx(f1)
    assert found.macro_f1 == pytest.approx(found.label_f1().mean())
    precision, recall = (hits.total() / max(each.total(), 1) for each in (guesses, trues))
    assert (found.precision, found.recall) == (precision, recall)
    assert found.micro_f1 == pytest.approx(2 * precision * recall / (precision + recall))
    best = [predictions(row, NAMES, options.get("ties", "first"))[0] for row in p.tolist()]
    if several:
        assert found.accuracy is None
        assert found.confusions is None
        return
    assert found.accuracy == sum(
        label == truth for label, (truth,) in zip(best, true, strict=True)
    ) / len(p)
    confused = Counter((truth, label) for (truth,), label in zip(true, best, strict=True))
    labels, matrix = found.matrix()
    assert set(labels) >= {*found.labels, *best}
    for row, truth in zip(matrix, labels, strict=True):
        assert row.tolist() == [confused[truth, label] for label in labels]
    assert [tuple(each) for each in found.confusions] == sorted(
        ((*pair, number) for pair, number in confused.items() if pair[0] != pair[1]),
        key=lambda each: (-each[2], each),
    )


@pytest.mark.parametrize("several", [False, True])
def test_calibration_and_log_loss_are_those_of_plain_python(several):
    p, true = sample(2, several=several)
    p[0, :2] = 0, 1.00001  # fastText's probabilities may be a little more than 1
    for is_exclusive in (True, False):
        found = report_of(p, true, is_exclusive)
        bins, losses = {}, []
        for row, truth in zip(p.tolist(), true, strict=True):
            pairs = list(zip(NAMES, row, strict=True))
            judged = [max(pairs, key=lambda pair: pair[1])] if is_exclusive else pairs
            for label, each in judged:
                each = min(each, 1)
                number = max(math.ceil(each * 15), 1)
                bins.setdefault(number, []).append((each, label in truth))
            for label, each in pairs:
                kept = min(max(each, 2.0**-23), 1 - 2.0**-23)
                if label in truth:
                    losses.append(-math.log(kept))
                elif not is_exclusive:
                    losses.append(-math.log(1 - kept))
        total = sum(map(len, bins.values()))
        error = sum(
            len(each)
            / total
            * abs(sum(ok for _, ok in each) / len(each) - sum(q for q, _ in each) / len(each))
            for each in bins.values()
        )
        assert found.calibration_error == pytest.approx(error)
        assert found.log_loss == pytest.approx(sum(losses) / len(losses))


def test_a_calibrated_classifier_has_no_calibration_error():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([1, 1, 1], 200_000).astype(np.float32)
    number = (p.cumsum(axis=1) < rng.random((len(p), 1))).sum(axis=1).clip(0, 2)
    true = [("abc"[label],) for label in number.tolist()]
    found = report_of(p, true, True, blocks=50_000, names="abc")
    assert found.calibration_error < 0.01
    sharp = p**4 / (p**4).sum(axis=1, keepdims=True)
    overconfident = report_of(sharp, true, True, blocks=50_000, names="abc")
    assert overconfident.calibration_error > 0.1
    assert overconfident.log_loss > found.log_loss


def test_a_text_of_unknown_labels_alone():
    found = report_of(np.array([[0.5, 0.25]], np.float32), [("new",)], True, names=["x", "y"])
    assert (found.labels, found.accuracy, found.log_loss) == (["new", "x"], 0, None)
    assert found.micro_f1 == found.macro_f1 == 0
    assert found.confusions == [("new", "x", 1)]


def test_no_label_is_probable_enough():
    found = report_of(np.full((3, 2), 0.5, np.float32), [("x",)] * 3, True, names=["x", "y"],
                      threshold=0.9)  # fmt: skip
    assert (found.precision, found.recall, found.micro_f1, found.accuracy) == (0, 0, 0, 1)
    assert found.labels == ["x"]


@pytest.mark.parametrize("average", ["micro", "macro", None])
@pytest.mark.parametrize("several", [False, True])
def test_scikit_learn_computes_the_same(average, several):
    metrics = pytest.importorskip("sklearn.metrics")
    p, true = sample(3, several=several, unknown=False)
    for options in ({}, {"count": 2}, {"count": 5, "threshold": 0.4}):
        found = report_of(p, true, **options)
        columns = [NAMES.index(label) for label in found.labels]
        truth, guess = np.zeros((2, len(p), len(NAMES)), int)
        for i, row in enumerate(p.tolist()):
            truth[i, [NAMES.index(label) for label in true[i]]] = 1
            guess[i, [NAMES.index(label) for label in predictions(row, NAMES, **options)]] = 1
        precision, recall, f1, support = metrics.precision_recall_fscore_support(
            truth[:, columns], guess[:, columns], average=average, zero_division=0
        )
        if average == "micro":
            assert (found.precision, found.recall, found.micro_f1) == pytest.approx(
                (precision, recall, f1)
            )
        elif average == "macro":
            assert found.macro_f1 == pytest.approx(f1)
            assert found.label_precision().mean() == pytest.approx(precision)
            assert found.label_recall().mean() == pytest.approx(recall)
        else:
            assert found.label_precision() == pytest.approx(precision)
            assert found.label_recall() == pytest.approx(recall)
            assert found.label_f1() == pytest.approx(f1)
            assert found.true.tolist() == support.tolist()
    if not several:
        q = (p + 0.01) / (p + 0.01).sum(axis=1, keepdims=True)
        names = [label for (label,) in true]
        columns = [NAMES.index(label) for label in sorted(NAMES)]
        loss = metrics.log_loss(names, q[:, columns], labels=sorted(NAMES))
        assert report_of(q, true, True).log_loss == pytest.approx(loss, rel=1e-5)


WORDS = ["</s>", "good", "bad", "a"]
RNG = np.random.default_rng(5)


def write_classifier(folder, names, loss):
    inputs = RNG.normal(size=(len(WORDS), 6)).astype(np.float32)
    outputs = RNG.normal(size=(len(names), 6)).astype(np.float32)
    (folder / "model.bin").write_bytes(
        files.model(
            WORDS, [9, 8, 7, 6, *[1] * len(names)], files.dense(inputs), files.dense(outputs),
            [f"__label__{name}" for name in names], dim=6, model=3, loss=loss, minn=0, maxn=0,
        )
    )  # fmt: skip


def write_texts(folder, names, texts=40):
    lines = [
        "".join(
            f"__label__{name} "
            for name in RNG.choice(names, RNG.integers(1, min(4, len(names))), replace=False)
        )
        + " ".join(RNG.choice(WORDS[1:], 3))
        for _ in range(texts)
    ]
    (folder / "test.txt").write_text("".join(line + "\n" for line in lines))


BY_MODEL = ("evaluate", "classify", "test.txt", "-v", "model.bin", "--by", "model")


@pytest.mark.parametrize("loss", [1, 2, 3, 4])
def test_several_labels_a_text_on_the_command_line(w2v, folder, loss):
    names = ["x", "y", "z", "w"]
    write_classifier(folder, names, loss)
    write_texts(folder, names)
    for options in ((), ("-k", 2), ("-k", "all", "--threshold", 0.4)):
        record = json.loads(w2v(*BY_MODEL, *options, "--json").out)
        plain = w2v(*BY_MODEL, *options).out
        rows = [line.split("\t") for line in w2v(*BY_MODEL, *options, "--tsv").out.splitlines()]
        assert record["accuracy"] is None
        assert "confusions" not in record
        totals = {name: value for kind, name, value in (r for r in rows if r[0] == "total")}
        assert totals["accuracy"] == ""
        for name in ("precision", "recall", "micro_f1", "macro_f1", "log_loss"):
            assert float(totals[name]) == pytest.approx(record[name], abs=2e-6)
        by_label = {row[1]: [*map(float, row[2:])] for row in rows if row[0] == "label"}
        assert {name: [*map(float, each.values())] for name, each in record["labels"].items()} == {
            name: pytest.approx(each, abs=2e-6) for name, each in by_label.items()
        }
        assert not [row for row in rows if row[0] == "confusion"]
        k = options[1] if options else 1
        assert f"precision@{k}: " in plain
        assert f"{record['micro_f1']:7.4f}  micro F1" in plain
        assert ("p >= 0.4" in plain) == (len(options) > 2)
        table = plain.partition("\n\n")[2].splitlines()
        assert table[0].split() == ["label", "precision", "recall", "F1", "documents", "predicted"]
        assert len({len(line) for line in table}) == 1, "the columns are aligned"
        assert [line.split()[0] for line in table[1:]] == sorted(record["labels"])


@pytest.mark.parametrize("is_exclusive", [True, False])
@pytest.mark.parametrize("several", [True, False])
def test_sure_texts_are_those_of_plain_python(is_exclusive, several):
    p, true = sample(3, several=several)
    p[:4] = 0
    p[:4, 0] = 0.9  # exactly a threshold, in float32 a little less
    p[4:9, 1] = 0.999
    report = report_of(p, true, is_exclusive)
    if several or not is_exclusive:
        assert report.sure is None
        return
    for threshold, texts, right in report.sure:
        best = [max(range(len(NAMES)), key=lambda k: row[k]) for row in p]
        sure = [n for n, row in enumerate(p) if row[best[n]] >= np.float32(threshold)]
        assert texts == len(sure)
        assert right == sum(NAMES[best[n]] in true[n] for n in sure)
    assert report.sure[0].texts > report.sure[-1].texts > 0


def test_sure_texts_on_the_command_line(w2v, folder):
    names = ["x", "y", "z", "w"]
    write_classifier(folder, names, 3)
    lines = [f"__label__{names[n % 4]} {WORDS[1 + n % 3]}\n" for n in range(60)]
    (folder / "test.txt").write_text("".join(lines))
    record = json.loads(w2v(*BY_MODEL, "--json").out)
    assert [each["threshold"] for each in record["sure"]] == [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]
    rows = [line.split("\t") for line in w2v(*BY_MODEL, "--tsv").out.splitlines()]
    rows = [[float(each) for each in row[1:]] for row in rows if row[0] == "sure"]
    assert rows == [[*each.values()] for each in record["sure"]]
    for _, texts, right in rows:
        assert right <= texts <= record["documents"]
    table = w2v(*BY_MODEL).out.rpartition("\n\n")[2].splitlines()
    assert table[0] == "Documents whose most probable label has at least this probability:"
    assert table[1].split() == ["probability", "documents", "of", "all", "right"]
    assert [line.split()[1] for line in table[2:]] == [f"{texts:.0f}" for _, texts, _ in rows]


def test_many_labels_are_listed_in_part_for_people_only(w2v, folder):
    names = [f"日本{n}" if n % 2 else f"label{n}" for n in range(2000)]
    write_classifier(folder, names, 3)
    lines = [f"__label__{names[n % 150]} {WORDS[1 + n % 3]}\n" for n in range(600)]
    (folder / "test.txt").write_text("".join(lines))
    plain = w2v(*BY_MODEL).out
    assert "The 50 most frequent of 15" in plain
    assert "labels; --tsv and --json have all:" in plain
    assert "The 20 largest of 1" in plain
    assert len(plain.splitlines()) < 100
    record = json.loads(w2v(*BY_MODEL, "--json").out)
    assert len(record["labels"]) >= 150
    assert "confusion" not in record
    wrong = sum(number for _, _, number in record["confusions"])
    assert wrong == 600 - round(record["accuracy"] * 600)
    rows = w2v(*BY_MODEL, "--tsv").out.splitlines()
    assert sum(row.startswith("label\t") for row in rows) == len(record["labels"])
    assert sum(row.startswith("confusion\t") for row in rows) == len(record["confusions"])


def test_a_text_without_labels_is_an_error_with_its_row(w2v, folder):
    write_classifier(folder, ["x", "y"], 3)
    (folder / "test.txt").write_text("__label__x good\nbad\n")
    outcome = w2v(*BY_MODEL)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "test.txt: row 2 has no label" in outcome.err


@pytest.mark.parametrize("loss", ["softmax", "ova", "hs", "ns"])
def test_the_package_fasttext_tests_the_same(w2v, folder, loss):
    fasttext = pytest.importorskip("fasttext")
    names = ["x", "y", "z", "v", "w"]
    write_texts(folder, names, 300)
    # Each thread of fastText initializes a tenth of the matrix, so that it needs ten.
    trained = fasttext.train_supervised(
        "test.txt", loss=loss, dim=10, epoch=9, lr=0.1, thread=10, verbose=0
    )
    trained.save_model("model.bin")
    options = [(1, 0.0), (1, 0.3), (2, 0.1), (5, 0.0), (-1, 0.25)]
    for count, threshold in options:
        record = json.loads(w2v(*BY_MODEL, "-k", count, "--threshold", threshold, "--json").out)
        texts, precision, recall = trained.f.test("test.txt", count, threshold)
        assert record["documents"] == texts
        precision = 0 if math.isnan(precision) else precision
        assert (record["precision"], record["recall"]) == pytest.approx(
            (precision, recall), abs=1e-6
        )
        by_label = trained.f.testLabel("test.txt", count, threshold)
        for label, each in record["labels"].items():
            theirs = by_label[f"__label__{label}"]
            for name in ("precision", "recall"):
                value = theirs[name]
                assert each[name] == pytest.approx(0 if math.isnan(value) else value, abs=1e-6)
