"""w2v predict -k N --threshold P: which labels are printed, and that fastText prints the same."""

from __future__ import annotations

import json

import fasttext_files as files
import numpy as np
import pytest

LOSSES = {"hs": 1, "ns": 2, "softmax": 3, "ova": 4}
NAMES = ["y", "n", "日本", "x-y", "z"]
WORDS = ["</s>", "good", "bad", "a"]
TEXTS = ["good bad", "", "a a good", "unknown"]
RNG = np.random.default_rng(5)
INPUTS = RNG.normal(size=(len(WORDS), 6)).astype(np.float32)
OUTPUTS = RNG.normal(size=(len(NAMES), 6)).astype(np.float32)


@pytest.fixture(params=["softmax", "ova"])
def expected(request, folder):
    """A classifier and its texts in files; the probabilities of the labels by the twin."""
    loss = LOSSES[request.param]
    (folder / "model.bin").write_bytes(
        files.model(
            WORDS, [9, 8, 7, 6, 5, 4, 3, 2, 1], files.dense(INPUTS), files.dense(OUTPUTS),
            [f"__label__{name}" for name in NAMES], dim=6, model=3, loss=loss, minn=0, maxn=0,
        )
    )  # fmt: skip
    (folder / "texts").write_text("".join(text + "\n" for text in TEXTS))
    rows = [files.features(text, WORDS, minn=0, maxn=0) for text in TEXTS]
    means = [INPUTS[row].mean(axis=0) for row in rows]
    return [files.probabilities(mean, OUTPUTS, loss, [5, 4, 3, 2, 1]) for mean in means]


def chosen(p, count=1, threshold=0.0):
    """The pairs (label, probability) that are predicted, in plain Python."""
    order = sorted(range(len(p)), key=lambda label: (-p[label], -label))
    return [(NAMES[i], p[i]) for i in order if p[i] - 1e-5 >= threshold][:count]


@pytest.mark.parametrize("options", [(), (1,), (2,), (3, 0.3), (99, 0.2), (1, 0.35), (5, 1.0)])
def test_all_formats_have_the_most_probable_labels(w2v, expected, options):
    given = zip(("-k", "--threshold"), options, strict=False)
    args = ["predict", "model.bin", "texts", *(part for pair in given for part in pair)]
    pairs = [chosen(p, *options) for p in expected]
    plain, tsv, records = (w2v(*args, *more).out for more in ((), ("--tsv",), ("--json",)))
    assert len(plain.splitlines()) == len(TEXTS) == tsv.count("\n")
    for line, row in zip(plain.splitlines(), pairs, strict=True):
        found = [tuple(part.split("  ")) for part in line.split("\t") if part != "-"]
        assert (line == "-") == (not row)
        assert [label for _, label in found] == [label for label, _ in row]
        assert [float(p) for p, _ in found] == pytest.approx([p for _, p in row], abs=6e-5)
    for line, row in zip(tsv.split("\n"), [*pairs, []], strict=True):
        fields = line.split("\t") if line else []
        assert fields[::2] == [label for label, _ in row]
        assert [*map(float, fields[1::2])] == pytest.approx([p for _, p in row], abs=2e-6)
    for line, row, p in zip(records.splitlines(), pairs, expected, strict=True):
        record = json.loads(line)
        assert record["label"] == (row[0][0] if row else None)
        assert record["p"] == (pytest.approx(row[0][1], abs=2e-6) if row else None)
        # Without -k and --threshold there are all labels, in the order of the model.
        every = row if options else list(zip(NAMES, p, strict=True))
        assert list(record["labels"]) == [label for label, _ in every]
        assert list(record["labels"].values()) == pytest.approx([p for _, p in every], abs=2e-6)


def test_all_labels(w2v, expected):
    found = [w2v("predict", "model.bin", "texts", "-k", count).out for count in ("all", -1, 5, 700)]
    assert len(set(found)) == 1
    assert all(line.count("\t") == 4 for line in found[0].splitlines())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-k", "0"), "'0': expected a number from 1, or all"),
        (("-k", "-2"), "'-2': expected a number from 1, or all"),
        (("-k", "some"), "'some': expected a number from 1, or all"),
        (("--threshold", "1.5"), "1.5 is not in the range 0<=x<=1"),
        (("--threshold", "nan"), "nan"),
    ],
)
def test_wrong_options(w2v, expected, options, message):
    failed = w2v("predict", "model.bin", "texts", *options)
    assert (failed.code, failed.out) == (2, "")
    assert message in failed.err


def test_no_text_has_no_line(w2v, expected):
    for more in ((), ("--tsv",), ("--json",), ("-k", "all")):
        assert w2v("predict", "model.bin", *more, stdin=b"").out == ""


def test_thousands_of_labels_in_several_blocks(w2v, folder, monkeypatch):
    names = [f"label{n}" for n in range(3000)]
    outputs = RNG.normal(size=(3000, 6)).astype(np.float32)
    (folder / "many.bin").write_bytes(
        files.model(
            WORDS, [9, 8, 7, 6, *[1] * 3000], files.dense(INPUTS), files.dense(outputs),
            [f"__label__{name}" for name in names], dim=6, model=3, loss=3, minn=0, maxn=0,
        )
    )  # fmt: skip
    text = "".join(f"{WORDS[1 + n % 3]} {WORDS[1 + n // 3 % 3]}\n" for n in range(50)).encode()
    whole = w2v("predict", "many.bin", "-k", 7, "--tsv", stdin=text).out
    monkeypatch.setattr("w2v.networks.text_classifier._LARGEST_BLOCK", 40_000)  # 13 texts
    assert w2v("predict", "many.bin", "-k", 7, "--tsv", "--threads", 2, stdin=text).out == whole
    scores = INPUTS[[0, 1, 1]].mean(axis=0) @ outputs.T
    best = [names[n] for n in np.argsort(-scores)[:7]]
    assert whole.splitlines()[0].split("\t")[::2] == best


LINES = [
    f"__label__{'abcdefg'[(n * n + n // 3) % 7]} {'pq'[n % 2]} w{n % 5} v{n % 3} t"
    for n in range(90)
]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("count", "threshold"), [(1, 0.0), (3, 0.0), (-1, 0.0), (-1, 0.15), (2, 0.2), (1, 0.5)]
)
def test_the_package_fasttext_predicts_the_same_labels(w2v, folder, loss, count, threshold):
    fasttext = pytest.importorskip("fasttext")
    (folder / "train.txt").write_text("\n".join(LINES) + "\n")
    # Each thread of fastText initializes a tenth of the matrix, so that it needs ten.
    trained = fasttext.train_supervised(
        "train.txt", loss=loss, dim=10, epoch=9, lr=0.3, thread=10, verbose=0
    )
    trained.save_model("model.bin")
    texts = ["p w1 v2", "q", "t t t", "w4 v0 unknown", "v1 v2 q p"]
    (folder / "new").write_text("\n".join(texts) + "\n")
    options = ("-k", count, "--threshold", threshold, "--tsv")
    lines = w2v("predict", "model.bin", "new", *options).out.split("\n")
    for text, line in zip(texts, lines[:-1], strict=True):
        # The method of the C++ class, because the wrapper does not work with NumPy 2.
        pairs = trained.f.predict(text + "\n", count, threshold, "strict")
        fields = line.split("\t") if line else []
        p = [*map(float, fields[1::2])]
        assert p == pytest.approx([p for p, _ in pairs], abs=1e-5)
        names = [name.removeprefix("__label__") for _, name in pairs]
        if len({round(each, 4) for each in p}) == len(p):
            assert fields[::2] == names
        else:  # equally probable labels have no certain order in fastText
            assert sorted(fields[::2]) == sorted(names) or count != -1
