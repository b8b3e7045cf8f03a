"""Files of folders, whose labels are the names of their folders."""

import json
import tarfile
from pathlib import Path

import pytest

import w2v as python

TEXTS = {"hr": "two days off", "it": "no access at all"}
FIELD = "--label-field", "folder"


@pytest.fixture
def mail(folder):
    """A folder with a folder of files for each label."""
    for label, text in TEXTS.items():
        (folder / "mail" / label).mkdir(parents=True)
        for number in range(8):
            (folder / "mail" / label / f"{number}.eml").write_text(f"{text}\n{number}\n")
    return folder / "mail"


def test_a_classifier_learns_the_names_of_folders(w2v, mail):
    train = "train", "mail", "--model", "nbow", "--epochs", 40, "-o", "m.safetensors", *FIELD
    outcome = w2v(*train, "--min-count", 1, "--deterministic")
    assert "; 2 labels" in outcome.err
    outcome = w2v("predict", "m.safetensors", "mail", "--tsv")
    labels = [line.split("\t")[0] for line in outcome.out.splitlines()]
    assert labels == ["hr"] * 8 + ["it"] * 8
    report = w2v("evaluate", "classify", "mail", "-v", "m.safetensors", "--by", "model", "--json")
    assert json.loads(report.out)["accuracy"] == 1
    args = "evaluate", "classify", "mail", "-v", "m.safetensors", "--by", "model", "--penalty", 1
    assert "--penalty is for a regression: leave it out with --by model" in w2v(*args).err
    with tarfile.open("mail.tar", "w") as archive:
        archive.add(mail, "mail")
    outcome = w2v("evaluate", "classify", "mail.tar", "-v", "m.safetensors", "--by", "model")
    assert "mail/hr" in outcome.err  # the folder in the archive, as --by folder has it
    Path("one.eml").write_text("days off")
    outcome = w2v("predict", "m.safetensors", "one.eml", "--format", "files", "--tsv")
    assert outcome.out.startswith("hr\t")


@pytest.mark.parametrize(("model", "options"), [
    ("nbow", ()),
    ("nbow", ("--format", "files")),
    ("mlp", ()),
])  # fmt: skip
def test_a_classifier_reads_a_folder_with_and_without_r(w2v, mail, model, options):
    small = "--model", model, *options, "--epochs", 1, "--min-count", 1, "--threads", 1, *FIELD
    files = []
    for recursive in ((), ("-r",)):
        outcome = w2v("train", *recursive, "mail", *small, "-o", "m.safetensors")
        assert outcome.code == 0, outcome.err
        files.append(Path("m.safetensors").read_bytes())
    assert files[0] == files[1]
    settings = {"epochs": 1, "min_count": 1, "threads": 1, "label_field": "folder"}
    python.train("mail", model=model, recursive=True, output="p.safetensors", **settings)
    labels = [json.loads(w2v("info", name, "--json").out)["labels"]
              for name in ("m.safetensors", "p.safetensors")]  # fmt: skip
    assert labels[0] == labels[1]


def test_a_file_without_a_label_is_told_of_the_folder(w2v, mail):
    outcome = w2v("train", "mail", "--model", "nbow")
    assert outcome.code == 2
    assert "0.eml has no label" in outcome.err
    assert "--label-field folder takes the name of the folder that each" in outcome.err
    (mail / "7.eml").write_text("in no folder")
    outcome = w2v("train", "mail", "--model", "nbow", *FIELD)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "mail/7.eml has no label" in outcome.err


def test_other_models_keep_the_labels_and_another_folder_is_another_text(w2v, mail):
    w2v("train", "mail", "--model", "lsa", "--topics", 1, "-o", "a.safetensors", *FIELD)
    train = "train", "mail", "--model", "nbow", "--epochs", 1, *FIELD, "-o"
    w2v(*train, "b.safetensors")
    (mail / "it").rename(mail / "jt")
    w2v(*train, "c.safetensors")
    sums = [json.loads(w2v("info", name, "--json").out)["corpus"]["sha256"]
            for name in ("b.safetensors", "c.safetensors")]  # fmt: skip
    assert sums[0] != sums[1]
    args = "evaluate", "classify", "mail", "mail", "-v", "a.safetensors", "--by", "words", "--json"
    outcome = w2v(*args)
    assert json.loads(outcome.out)["accuracy"] == 1, outcome.err
