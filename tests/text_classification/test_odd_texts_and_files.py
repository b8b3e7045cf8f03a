"""What users get wrong with text classifiers: each mistake is one line that says what to do."""

import json
import select
import subprocess
import sys

import numpy as np
import pytest
from helpers import compiled

from w2v.embeddings import container
from w2v.text_classification.labels import LabelNumbers
from w2v.text_classification.scores import TrainedLayers, mean_loss

SMALL = ("--model", "nbow", "--dim", "4", "--threads", "1", "--epochs", "2")


def run(w2v, *args, code=0):
    """The outcome of a command, which must have this exit status; an error is its last line."""
    outcome = w2v(*args)
    assert outcome.code == code, outcome.err
    assert "Warning" not in outcome.err
    assert "Traceback" not in outcome.err
    return outcome


@pytest.fixture
def labelled(folder):
    (folder / "train.txt").write_text("__label__a x y\n__label__b z x\n" * 4)
    return folder


@pytest.mark.parametrize("model", ["nbow", "mlp"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__label__a x\n__label__a y\n", "t.txt: all texts have the label 'a': a classifier needs"),
        ("__label__a x\n__label__b y __label__c\n", "the texts have the word '__label__c': move"),
        ("__label__a x\nx __label__b\n", "t.txt: row 2 has no label"),
        ("__label__a x\n__label__ y\n", "t.txt: row 2 has a label without a name"),
        ("__label__a\n__label__b\n", "t.txt: no words in the text"),
    ],
)
def test_labels_that_cannot_be_learnt(w2v, folder, model, text, message):
    (folder / "t.txt").write_text(text)
    options = SMALL if model == "nbow" else ("--model", "mlp", "--task", "classify", "--dim", "4")
    args = ("train", "t.txt", *options, "--min-count", "1", "--quiet", "-o", "m.safetensors")
    error = run(w2v, *args, code=2).err
    assert message in error
    assert error.count("\n") == 1
    assert not (folder / "m.safetensors").exists()


def test_dropout_that_leaves_nothing_is_named(w2v, folder):
    (folder / "t.txt").write_text("__label__a x\n__label__b y\n")
    args = ("train", "t.txt", *SMALL, "--dropout", "0.99", "-o", "m.safetensors")
    error = run(w2v, *args, code=2).err
    assert "t.txt: --dropout left no feature to train: try a lower --dropout" in error


@compiled
@pytest.mark.parametrize("name", ["words.matrix", "output_vectors", "b_o", "dense1.W"])
@pytest.mark.parametrize("loss", ["softmax", "ova", "hs"])
def test_numbers_that_overflow_are_one_line(w2v, labelled, name, loss):
    hidden = ("--hidden", "3") if name == "dense1.W" else ()
    run(w2v, "train", "train.txt", *SMALL, "--loss", loss, *hidden, "-o", "m.safetensors")
    tensors, metadata = container.read("m.safetensors")
    for value in (3e38, -3e38):
        large = np.where(np.arange(tensors[name].size) % 2, -value, value)
        changed = {name: large.astype(np.float32).reshape(tensors[name].shape)}
        container.write("bad.safetensors", {**tensors, **changed}, metadata)
        for threads in ("1", "2"):
            predicted = w2v("predict", "bad.safetensors", "train.txt", "--threads", threads)
            assert "Warning" not in predicted.err
            assert predicted.code in (0, 2)
            if predicted.code:
                assert "has numbers that are too large to compute with" in predicted.err


def test_a_loss_of_zero_has_no_sign():
    labels = LabelNumbers(["a", "b"], np.array([0], np.int32), np.array([0, 1]))
    for loss in ("softmax", "ova"):
        layers = TrainedLayers(np.zeros((1, 1)), [], np.zeros((2, 1)), np.zeros(2), loss, None)
        scores = np.array([[500, -500]], np.float32)
        assert f"{mean_loss(layers, scores, labels):.4f}" == "0.0000"


@compiled
def test_a_run_is_another_one_if_its_weights_change(w2v, labelled):
    """The metadata have the contents of the file instead of its path."""
    (labelled / "one").write_text("a\t2\n")
    (labelled / "other").write_text("a\t2\n")
    data = []
    for name in ("one", "other"):
        args = ("train", "train.txt", *SMALL, "--weights", name, "-o", "m.safetensors")
        run(w2v, *args)
        data.append((labelled / "m.safetensors").read_bytes())
        assert "already" in run(w2v, *args, "--resume").err
    assert data[0] == data[1]
    (labelled / "other").write_text("a\t9\n")
    assert "already" not in run(w2v, *args, "--resume").err
    assert (labelled / "m.safetensors").read_bytes() != data[0]


@compiled
def test_a_run_is_another_one_if_its_stop_words_change(w2v, folder):
    (folder / "t.txt").write_text("x y z\ny z w\n" * 3)
    args = ("train", "t.txt", "--model", "lsa", "--topics", "1", "--min-count", "1", "--stopwords")
    (folder / "stop").write_text("x\n")
    run(w2v, *args, "stop", "-o", "m.safetensors")
    assert "already" in run(w2v, *args, "stop", "-o", "m.safetensors", "--resume").err
    (folder / "stop").write_text("w\n")
    assert "already" not in run(w2v, *args, "stop", "-o", "m.safetensors", "--resume").err


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ((), "try a higher --min-count or a smaller --dim"),
        (("--word-ngrams", "1-2", "--hidden", "3"), "try a lower --max-ngrams, smaller --hidden"),
        (("--subwords", "2-3"), "fewer lengths in --subwords"),
    ],
)
def test_too_little_memory_advises_options_of_the_model(w2v, labelled, options, advice):
    args = ("train", "train.txt", *SMALL, *options, "--max-memory", "1MB")
    assert advice in run(w2v, *args, "-o", "m.safetensors", code=2).err


@pytest.mark.parametrize(
    ("header", "warned"), [("id,stars,review", True), ("id,label,text", False)]
)
def test_ids_that_are_read_as_labels_are_reported(w2v, folder, header, warned):
    rows = [f"r{n},{'good' if n % 2 else 'bad'},a text of words" for n in range(20)]
    (folder / "t.csv").write_text("\n".join([header, *rows]))
    columns = ("--columns", "label,-,text") if warned else ()
    message = run(w2v, "train", "t.csv", *SMALL, *columns, "-o", "m.safetensors").err
    assert ("21 labels of 21 texts: were ids read as labels" in message) == warned


def test_combinations_of_few_labels_are_not_taken_for_ids(w2v, folder):
    names = "abcdef"
    pairs = [(x, y) for x in names for y in names if x < y] + [(x,) for x in names]
    lines = [" ".join(f"__label__{label}" for label in pair) + " some words\n" for pair in pairs]
    (folder / "t.txt").write_text("".join(lines))
    message = run(w2v, "train", "t.txt", *SMALL, "--loss", "ova", "-o", "m.safetensors").err
    assert "6 labels" in message
    assert "were ids read" not in message


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["good", "bad", " good"], "learnt as 2: ' good' and 'good'"),
        (["GOOD", "bad ", "Good", "bad"], "learnt as 2: 'GOOD' and 'Good', and in 1 other group"),
        (["1", "1.0", "0"], "learnt as 2: '1' and '1.0'"),
        (["a b", "a  b", "a.0", "a"], "learnt as 2: 'a  b' and 'a b'"),
        (["1.5", "1", "one", "on e"], ""),
    ],
)
def test_labels_that_may_be_meant_to_be_one_are_reported(w2v, folder, labels, said):
    (folder / "t.csv").write_text("label,text\n" + "".join(f"{label},a b\n" for label in labels))
    message = run(w2v, "train", "t.csv", *SMALL, "-o", "m.safetensors").err
    assert ("labels that may be meant to be one are " + said in message) == bool(said)
    assert ("meant to be one" in message) == bool(said)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["b", "a; b", "a", "b;a"], "2 labels may be several labels in one, such as 'a; b': "
         "--model nbow --loss ova --label-separator ';' learns each of them\n"),
        (["b", "a|b", "a"], "1 label may be several labels in one, such as 'a|b': --model nbow "),
        (["a; b", "a", "c"], ""),
    ],
)  # fmt: skip
def test_several_labels_that_are_read_as_one_are_reported(w2v, folder, labels, said):
    (folder / "t.csv").write_text("label,text\n" + "".join(f'"{label}",a b\n' for label in labels))
    message = run(w2v, "train", "t.csv", *SMALL, "-o", "m.safetensors").err
    assert said in message
    assert ("several labels in one" in message) == bool(said)
    # The advice works, and then there is nothing to report.
    separator = "|" if "|" in "".join(labels) else ";"
    more = ("--loss", "ova", "--label-separator", separator)
    message = run(w2v, "train", "t.csv", *SMALL, *more, "-o", "m.safetensors").err
    assert "several labels in one" not in message


def test_a_record_without_one_of_the_fields_of_the_model_names_that_field(w2v, folder):
    rows = [{"head": "x", "body": "y", "label": "a"}, {"head": "z", "body": "x", "label": "b"}]
    (folder / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows * 4))
    fields = ("--text-field", "head,body")
    run(w2v, "train", "t.jsonl", *SMALL, *fields, "-o", "m.safetensors")
    for row, message in [
        ({"head": "x"}, "the field 'body' is missing or null"),
        ({"body": "x", "text": "y"}, "the field 'head' is missing or null"),
        ({"other": "x"}, "the field 'head' is missing or null"),
    ]:
        (folder / "new.jsonl").write_text(json.dumps(row))
        assert f"row 1: {message}" in run(w2v, "predict", "m.safetensors", "new.jsonl", code=2).err
    (folder / "new.jsonl").write_text('{"text": "z x"}\n{"head": "z", "body": null}\n')
    assert run(w2v, "predict", "m.safetensors", "new.jsonl").out.count("\n") == 2


def test_ids_join_predictions_with_texts_although_rows_are_left_out(w2v, labelled):
    run(w2v, "train", "train.txt", *SMALL, "--min-count", "1", "-o", "m.safetensors")
    (labelled / "new.csv").write_text("id,label,text\nn,,x\nbroken,row\nn,,z\n")
    (labelled / "new.jsonl").write_text('{"text": "x"}\n{"no": 1}\n{"nr": 7, "text": "z"}\n')
    (labelled / "box" / "deep").mkdir(parents=True)
    (labelled / "box" / "deep" / "a.txt").write_text("x\ny\n")
    (labelled / "box" / "b.txt").write_text("z")
    (labelled / "new.txt").write_text("x\nz\n")

    def ids(*args, code=0):
        call = ("predict", "m.safetensors", *args, "--ids")
        plain, tsv, records = (
            run(w2v, *call, *kind, code=code).out.splitlines()
            for kind in ([], ["--tsv"], ["--json"])
        )
        found = [row.split("\t")[0] for row in tsv]
        assert [row.split("\t")[0] for row in plain] == found
        assert [json.loads(record)["document"] for record in records] == found
        return found

    assert ids("new.csv", code=2) == ["n", "n"]
    assert ids("new.jsonl", code=2) == ["1", "3"]
    assert sorted(ids("box")) == ["b.txt", "deep/a.txt"]
    assert ids("new.txt") == ["1", "2"]
    assert ids("new.txt", "--id-prefix", "file") == ["new.txt:1", "new.txt:2"]
    assert run(w2v, "predict", "m.safetensors", "new.txt", "--tsv").out.startswith(("a\t", "b\t"))


@compiled
@pytest.mark.parametrize(
    ("format", "texts"),
    [
        ("lines", ["x\n", "z x\n"]), ("tsv", ["id\tlabel\ttext\na\t\tx\n", "b\t\tz\n"]),
        ("jsonl", ['{"text": "x"}\n', '{"text": "z"}\n']),
        ("csv", ['id,text\na,"x\ny"\n', "b,z\n"]),
    ],
)  # fmt: skip
def test_a_program_gets_the_labels_of_a_text_before_it_writes_the_next(
    w2v, labelled, format, texts
):
    run(w2v, "train", "train.txt", *SMALL, "--min-count", "1", "-o", "m.safetensors")
    (labelled / "all").write_text("".join(texts))
    call = ["predict", "m.safetensors", "--format", format, "--ids", "--quiet"]
    expected = run(w2v, *call, "all").out.splitlines(keepends=True)
    assert len(expected) == 2
    with subprocess.Popen(
        [sys.executable, "-m", "w2v", *call, "-", "--unbuffered"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            for text, line in zip(texts, expected, strict=True):
                process.stdin.write(text.encode())
                process.stdin.flush()
                assert select.select([process.stdout], [], [], 60)[0], "no answer"
                assert process.stdout.readline() == line.encode()
            process.stdin.close()
            assert process.stdout.read() == b""
        finally:
            process.kill()


def test_unbuffered_needs_a_classifier_that_does_not_read_all_texts_first(w2v, labelled):
    small = ("--model", "mlp", "--task", "classify", "--epochs", "1", "--dim", "2")
    run(w2v, "train", "train.txt", *small, "--threads", "1", "-o", "m.safetensors")
    result = w2v("predict", "m.safetensors", "--unbuffered", stdin=b"x\n")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "w2v: m.safetensors: --unbuffered needs a classifier of w2v train --model nbow: this one "
        "reads all texts before it predicts labels: leave the option out\n"
    )


@compiled
@pytest.mark.parametrize(
    ("name", "text", "ids"),
    [
        ("t.jsonl", '{"text": "x y"}\n\n  \n{"text": "z"}\n', ["1", "4"]),
        ("t.tsv", "a\tx y\n\n   \nb\tz\n", ["1", "4"]),
        ("t.csv", "a,x y\n\nb,z\n", ["1", "3"]),
        ("e.csv", "", []),
        ("h.tsv", "label\ttext\na\tx y\n\t\nb\tz\n", ["1", "2", "3"]),
    ],
)
def test_blank_rows_are_left_out_and_counted_in_the_numbers_of_texts(
    w2v, labelled, name, text, ids
):
    run(w2v, "train", "train.txt", *SMALL, "--min-count", "1", "-o", "m.safetensors")
    (labelled / name).write_text(text)
    outcome = run(w2v, "predict", "m.safetensors", name, "--ids")
    assert [line.split("\t")[0] for line in outcome.out.splitlines()] == ids
    blank = text.count("\n") - len(ids) - text.startswith("label")
    said = f"{blank} blank row{'s' * (blank > 1)} left out"
    assert (said in outcome.err) == bool(blank)


@compiled
def test_a_folder_of_labelled_files_is_read_with_r(w2v, labelled):
    (labelled / "all").mkdir()
    (labelled / "train.txt").rename(labelled / "all" / "train.txt")
    run(w2v, "train", "-r", "all", *SMALL, "--min-count", "1", "-o", "m.safetensors")
    assert (labelled / "m.safetensors").exists()
