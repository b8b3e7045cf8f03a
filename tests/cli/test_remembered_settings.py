"""Commands read new documents as those that a model was trained on, unless options say how."""

import json
from pathlib import Path

import pytest

MODEL = "m.safetensors"
ROWS = [("hr", "two days off"), ("it", "no access at all")] * 12
NAMED = "--id-field", "nr", "--label-field", "queue", "--text-field", "body"
COLUMNS = "--columns", "id,label,text", "--header", "yes"
LABELS = [("1.0", "hr"), ("1.0", "it")] * 12


def write(name, header="nr,queue,body", row="{n},{queue},{body}", rows=ROWS):
    """Write a table of mails."""
    lines = [row.format(n=f"m{n}", queue=queue, body=body) for n, (queue, body) in enumerate(rows)]
    Path(name).write_text("\n".join([*([header] if header else []), *lines, ""]))


def trained(w2v, model, *options, path="mail.csv"):
    """Train a model on mail.csv."""
    write("mail.csv")
    args = {
        "nbow": ("--epochs", 40, "--deterministic"), "lsa": ("--topics", 2),
        "lda": ("--topics", 2, "--epochs", 5), "pv-dbow": ("--epochs", 2, "--dim", 4),
        "mlp": ("--task", "classify", "--epochs", 2), "skipgram": ("--epochs", 2, "--dim", 4),
    }[model]  # fmt: skip
    sample = ("--sample", 0) if model in ("pv-dbow", "skipgram") else ()
    outcome = w2v("train", path, "--model", model, *options, *args, "--min-count", 1, *sample,
                  "--quiet", "-o", MODEL)  # fmt: skip
    assert outcome.code == 0, outcome.err


@pytest.mark.parametrize("options", [NAMED, COLUMNS])
def test_predict_and_evaluate_read_tables_as_training_did(w2v, folder, options):
    trained(w2v, "nbow", *options)
    outcome = w2v("predict", MODEL, "mail.csv", "--tsv")
    assert [line.split("\t")[0] for line in outcome.out.splitlines()] == [q for q, _ in ROWS]
    report = json.loads(w2v("evaluate", "classify", "mail.csv", "-v", MODEL, "--by", "model",
                            "--json").out)  # fmt: skip
    assert (report["documents"], report["accuracy"]) == (24, 1.0)


@pytest.mark.parametrize("options", [NAMED, COLUMNS])
@pytest.mark.parametrize(("name", "header", "row"), [
    ("new.txt", "", "{body}"),
    ("new.tsv", "", "{queue}\t{body}"),
    ("new.csv", "", "{queue},{body}"),
    ("new.csv", "id,text", "{n},{body}"),
    ("new.csv", "id,label,text", "{n},{queue},{body}"),
    ("new.csv", "text,n,id", "{body},x,{n}"),
    ("new.jsonl", "", '{{"text": "{body}"}}'),
    ("new.jsonl", "", '{{"body": "{body}", "text": "{body}", "id": 1}}'),
])  # fmt: skip
def test_files_of_another_kind_are_read_as_without_a_model(w2v, folder, options, name, header, row):
    trained(w2v, "nbow", *options)
    write(name, header, row)
    outcome = w2v("predict", MODEL, name, "--tsv")
    assert [line.split("\t")[0] for line in outcome.out.splitlines()] == [q for q, _ in ROWS]
    assert outcome.code == 0, outcome.err


def test_texts_of_stdin_are_lines(w2v, folder):
    trained(w2v, "nbow", *NAMED)
    assert w2v("predict", MODEL, "--tsv", stdin=b"days off\n").out.startswith("hr\t")


def test_infer_has_the_ids_of_the_field_or_else_those_of_the_file(w2v, folder):
    trained(w2v, "lsa", *NAMED)
    ids = [f"m{n}" for n in range(24)]
    found = w2v("infer", MODEL, "mail.csv", "--tsv").out.splitlines()
    assert [line.split("\t")[0] for line in found] == ids
    write("new.csv", "id,text", "{n},{body}")
    again = w2v("infer", MODEL, "new.csv", "--tsv").out.splitlines()
    assert again == found
    write("new.jsonl", "", '{{"body": "{body}"}}')
    again = w2v("infer", MODEL, "new.jsonl", "--tsv").out.splitlines()
    assert [line.split("\t")[0] for line in again] == [str(n) for n in range(1, 25)]
    outcome = w2v("infer", MODEL, "new.jsonl", "--tsv", "--id-field", "nr")  # given: an error
    assert "row 1: the field 'nr' is missing" in outcome.err


def test_options_replace_what_is_remembered(w2v, folder):
    trained(w2v, "nbow", *COLUMNS)
    write("new.csv", "", "{queue},{n},{body}")
    outcome = w2v("predict", MODEL, "new.csv", "--tsv", "--columns", "label,-,text")
    assert len(outcome.out.splitlines()) == 24
    outcome = w2v("predict", MODEL, "mail.csv", "--columns", "id,label,text", "--header", "no")
    assert len(outcome.out.splitlines()) == 25


def test_a_row_that_only_the_training_text_says_is_a_header_is_reported(w2v, folder):
    trained(w2v, "nbow", *COLUMNS)
    write("new.csv", "", "{n},{queue},{body}", [("it", "access"), *ROWS])
    outcome = w2v("predict", MODEL, "new.csv", "--tsv")
    assert len(outcome.out.splitlines()) == 24
    assert "new.csv: row 1 was left out as a header, which the training text had" in outcome.err


def test_a_format_is_remembered_for_a_file_whose_name_does_not_tell_it(w2v, folder):
    write("mail")
    trained(w2v, "nbow", *NAMED, "--format", "csv", path="mail")
    outcome = w2v("predict", MODEL, "mail", "--tsv")
    assert len(outcome.out.splitlines()) == 24
    assert "read as csv, as in training: --format lines reads lines" in outcome.err
    assert len(w2v("predict", MODEL, "mail", "--format", "lines").out.splitlines()) == 25
    assert len(w2v("predict", MODEL, stdin=b"a,b\nc,d\n").out.splitlines()) == 2


@pytest.mark.parametrize("model", ["pv-dbow", "lda", "mlp", "skipgram"])
def test_other_commands_remember_the_fields_too(w2v, folder, model):
    trained(w2v, model, *(NAMED if model != "skipgram" else NAMED[-2:]))
    if model == "pv-dbow":
        outcome = w2v("evaluate", "self-retrieval", MODEL, "mail.csv", "--json")
        assert json.loads(outcome.out)["documents"] == 24, outcome.err
        by = w2v("evaluate", "classify", "mail.csv", "mail.csv", "-v", MODEL, "--json")
        assert json.loads(by.out)["documents"] == 24, by.err
    elif model == "lda":
        outcome = w2v("perplexity", MODEL, "mail.csv", "--json")
        assert json.loads(outcome.out)["documents"] == 24, outcome.err
        assert w2v("topics", MODEL, "--reference", "mail.csv").code == 0
    elif model == "mlp":
        assert len(w2v("predict", MODEL, "mail.csv").out.splitlines()) == 24
    else:
        args = "evaluate", "classify", "mail.csv", "mail.csv", "-v", MODEL, "--by", "words"
        outcome = w2v(*args, "--label-field", "queue", "--json")
        assert json.loads(outcome.out)["accuracy"] == 1, outcome.err


def test_perplexity_of_a_language_model_is_that_of_the_field(w2v, folder):
    write("mail.csv")
    args = "--model", "mlp", "--task", "lm", "--epochs", 1, "--min-count", 1, "--quiet"
    w2v("train", "mail.csv", *args, *NAMED[-2:], "-o", MODEL)
    Path("plain").write_text("".join(f"{body}\n" for _, body in ROWS))
    found = [w2v("perplexity", MODEL, name, "--json").out for name in ("mail.csv", "plain")]
    found.append(w2v("perplexity", MODEL, "--json", stdin=Path("plain").read_bytes()).out)
    assert found[0]
    assert found == [found[0]] * 3


def test_names_have_the_label_as_a_prefix_as_in_training(w2v, folder):
    write("same.csv", "id,label,text", "1,{queue},{body}", ROWS[:2])
    trained(w2v, "lsa", *NAMED)
    write("mail.csv", "id,label,text", "{n},{queue},{body}")
    settings = ("--model", "lsa", "--topics", 2, "--min-count", 1, "--quiet", "-o", MODEL)
    assert w2v("train", "mail.csv", "--id-prefix", "label", *settings).code == 0

    def names(*options):
        found = w2v("infer", MODEL, *options, "--tsv", "--quiet")
        return [line.split("\t")[0] for line in found.out.splitlines()]

    assert names("same.csv") == ["hr:1", "it:1"]
    assert names("same.csv", "--id-prefix", "none") == ["1"]
    Path("plain.txt").write_text("two days off\n")
    assert names("plain.txt") == ["1"]
    tested = ("evaluate", "classify", "mail.csv", "mail.csv", "-v", MODEL, "--by", "documents")
    assert w2v(*tested).code == 0
    for options in ((), ("--id-prefix", "none")):
        assert w2v("infer", MODEL, "mail.csv", *options, "-o", "both.safetensors").code == 0
        tested = ("evaluate", "classify", "mail.csv", "mail.csv", "-v", "both.safetensors")
        assert w2v(*tested, "--by", "documents").code == 0
    settings = ("--model", "nbow", "--epochs", 1, "--min-count", 1, "--quiet", "-o", MODEL)
    assert w2v("train", "mail.csv", "--id-prefix", "label", *settings).code == 0
    assert len(w2v("predict", MODEL, "same.csv", "--tsv").out.splitlines()) == 2


@pytest.mark.parametrize("options", [(), ("--header", "yes")])
def test_topics_by_a_field_reads_a_table_with_other_columns_as_infer_does(w2v, folder, options):
    write("mail.csv", "", "{queue},{n},{body}")
    model = ("--model", "lda", "--topics", 2, "--epochs", 5, "--min-count", 1, "--quiet")
    settings = (*model, "--columns", "-,id,text", "-o", MODEL)
    assert w2v("train", "mail.csv", *settings).code == 0
    args = ("topics", MODEL, "by.csv", "--by", "queue", "--json")
    found = []
    for header, row in (("id,text,queue", "{n},{body},{queue}"),
                        ("queue,id,text", "{queue},{n},{body}")):  # fmt: skip
        write("by.csv", header, row)
        found.append(w2v(*args, *options))
    assert [outcome.code for outcome in found] == [0, 0], found[0].err
    tables = [outcome.out for outcome in found]
    assert '"tokens": 0' not in tables[0]
    assert tables[0] == tables[1]


def test_self_retrieval_and_quotes_read_a_table_with_other_columns(w2v, folder):
    write("mail.csv", "", "{queue},{n},{body}")
    settings = ("--model", "pv-dbow", "--epochs", 2, "--dim", 4, "--sample", 0, "--min-count", 1)
    columns = ("--columns", "-,id,text", "--quiet", "-o", MODEL)
    assert w2v("train", "mail.csv", *settings, *columns).code == 0
    write("by.csv", "id,text,queue", "{n},{body},{queue}")
    outcome = w2v("evaluate", "self-retrieval", MODEL, "by.csv", "--json")
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["documents"] == 24
    args = ("similar", "m0", "--table", "documents", "-v", MODEL, "-k", 1, "--quote", "by.csv")
    outcome = w2v(*args, "--json")
    assert json.loads(outcome.out)["results"][0]["text"] in ("two days off", "no access at all")
