"""The topic sweep: its table and chart, resuming, threads, help, and mistakes."""

import csv
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from helpers import COMPILED, Silent, compiled

from w2v.embeddings import container
from w2v.models import models
from w2v.runs import topic_sweep
from w2v.runs.executors import read
from w2v.runs.request import Request
from w2v.runs.sweep_texts import SweepTexts
from w2v.runs.topic_sweep import TopicSweep
from w2v.settings import DocumentSettings, RunSettings, TextSettings
from w2v.system import locks

THEMES = [
    "sun moon star sky comet planet orbit", "bread milk cheese salt butter flour egg",
    "wheel motor road brake tyre engine clutch", "piano song drum tune guitar choir violin",
]  # fmt: skip
COLUMNS = [
    "topics", "perplexity", "npmi", "u_mass", "c_v", "diversity", "stability", "seconds"
]  # fmt: skip
EPOCHS = "40" if COMPILED else "4"
ARGS = ("--min-count", "1", "--epochs", EPOCHS, "--quiet")


def themed(count, seed=0):
    """Documents of one theme each, with a rare word in some."""
    rng, lines = np.random.default_rng(seed), []
    for number in range(count):
        words = rng.choice(THEMES[number % 4].split(), 15).tolist()
        lines.append(" ".join([*words, *[f"rare{number}"] * (number % 10 == 3)]))
    return "\n".join(lines) + "\n"


@pytest.fixture
def text(folder):
    (folder / "text").write_text(themed(200 if COMPILED else 12))
    return "text"


def sweep(w2v, numbers, *more, code=0, text="text", **options):
    outcome = w2v("topics", "--sweep", numbers, text, *ARGS, *more, **options)
    assert outcome.code == code, outcome.err
    return outcome


def records(outcome):
    """The records of --json, without the seconds."""
    rows = [json.loads(line) for line in outcome.out.splitlines()]
    for record in [*rows, *(model for row in rows for model in row["models"])]:
        del record["seconds"]
    return rows


def files_of(folder):
    """The files in the folder of a sweep, with the times of their writing."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "models").iterdir()}


def request_for(text="text", topics=2, **options):
    model = models()["lda"]
    settings = model.settings(topics=topics, epochs=int(EPOCHS), **options)
    run, reading = RunSettings(threads=1), TextSettings(min_count=1)
    return Request([text], "", model, settings, reading, run, DocumentSettings())


# The figures


@compiled
def test_planted_topics_are_seen_in_the_table(w2v, text, folder):
    outcome = sweep(w2v, "2,4,8", "--json")
    two, four, eight = (json.loads(line) for line in outcome.out.splitlines())
    assert [row["topics"] for row in (two, four, eight)] == [2, 4, 8]
    assert [*four] == [*COLUMNS, "models"]
    assert four["perplexity"] < 0.8 * two["perplexity"]
    assert 6 < four["perplexity"] < 9  # themes have 7 words
    assert four["npmi"] > two["npmi"] + 0.1
    assert four["c_v"] > two["c_v"] + 0.1
    assert four["stability"] > 0.6
    assert eight["diversity"] < four["diversity"]
    for row in (two, four, eight):
        assert -1 <= row["npmi"] <= 1
        assert row["u_mass"] <= 0.7
        assert 0 < row["diversity"] <= 1
        assert 0 <= row["stability"] <= 1
        assert row["seconds"] > 0
        assert [model["seed"] for model in row["models"]] == [1, 2, 3]
        for name in ("perplexity", "npmi", "u_mass", "c_v", "diversity", "seconds"):
            mean = np.mean([model[name] for model in row["models"]])
            assert row[name] == pytest.approx(mean), name
        for model in row["models"]:
            assert len(model["words"]) == row["topics"]
            assert all(len({*words}) == 25 for words in model["words"])
    assert len({model["perplexity"] for model in four["models"]}) > 1
    assert not [path for path in folder.iterdir() if path.name != "text"]
    tops = [{*words[:7]} for words in four["models"][0]["words"]]
    assert sorted(map(sorted, tops)) == sorted(sorted(theme.split()) for theme in THEMES)


def test_the_table_is_printed_as_text_and_as_tsv_and_drawn(w2v, text, folder):
    plain = sweep(w2v, "3,2", "--sweep-seeds", "2").out.splitlines()
    assert plain[0].split() == COLUMNS
    assert [line.split()[0] for line in plain[1:]] == ["3", "2"]
    assert len({len(line) for line in plain}) == 1
    tsv = sweep(w2v, "3,2", "--sweep-seeds", "2", "--tsv", "--plot", "t.tsv").out
    rows = [line.split("\t") for line in tsv.splitlines()]
    assert [len(row) for row in rows] == [8, 8]
    for line, row in zip(plain[1:], rows, strict=True):
        for shown, value in zip(line.split()[1:-1], row[1:-1], strict=True):
            assert float(shown.replace(",", "")) == pytest.approx(float(value), abs=0.051)
    with (folder / "t.tsv").open() as file:
        chart = [*csv.reader(file, delimiter="\t")]
    assert sorted(chart[0]) == sorted(COLUMNS)
    assert [row[0] for row in chart[1:]] == ["2", "3"]
    column = chart[0].index("stability")
    assert [row[column] for row in chart[1:]] == [rows[1][6], rows[0][6]]


def test_one_seed_has_no_stability(w2v, text):
    outcome = sweep(w2v, "2", "--sweep-seeds", "1", "--seed", "7", "--json")
    [row] = records(outcome)
    assert row["stability"] is None
    assert [model["seed"] for model in row["models"]] == [7]
    assert sweep(w2v, "2", "--sweep-seeds", "1").out.splitlines()[1].split()[6] == "-"


@pytest.mark.parametrize("name", ["png", "svg"])
def test_a_picture_is_drawn(w2v, text, folder, name):
    pytest.importorskip("matplotlib")
    sweep(w2v, "2,3", "--sweep-seeds", "1", "--plot", f"t.{name}")
    assert (folder / f"t.{name}").stat().st_size > 1000


def test_figures_are_those_of_the_other_commands(w2v, text, folder):
    """The held-out documents are written to a file, and the models are measured on it."""
    outcome = sweep(w2v, "3", "--sweep-seeds", "1", "--json", "-o", "models")
    [model] = records(outcome)[0]["models"]
    texts = SweepTexts(request_for())
    read_text = texts.read(read, lambda tokens: None, {}, False)
    names = {*read_text[1].names}
    lines = (folder / text).read_text().splitlines()
    held_out = [line for number, line in enumerate(lines, 1) if str(number) not in names]
    assert len(held_out) == round(len(lines) / 10)
    (folder / "held-out").write_text("\n".join([*held_out, ""]))
    saved = "models/topics-3-seed-1.safetensors"
    found = json.loads(w2v("perplexity", saved, "held-out", "--json").out)
    assert found["perplexity"] == pytest.approx(model["perplexity"], rel=1e-6)
    (folder / "train").write_text("\n".join([*(set(lines) - {*held_out}), ""]))
    for options, names in ((), ("npmi", "u_mass")), (("--reference", "train"), ("c_v",)):
        listed = w2v("topics", saved, "--json", *options).out.splitlines()
        topics = [json.loads(line) for line in listed]
        for name in names:
            assert np.mean([topic[name] for topic in topics]) == pytest.approx(model[name])
    tops = {tuple(word["word"] for word in topic["words"]) for topic in topics}
    assert tops == {tuple(words[:10]) for words in model["words"]}


def test_any_number_of_threads_has_the_same_figures(w2v, text, folder):
    one = sweep(w2v, "2,3", "--sweep-seeds", "2", "--json", "--threads", "1", "-o", "models")
    two = sweep(w2v, "2,3", "--sweep-seeds", "2", "--json", "--threads", "2", "-o", "others")
    assert records(one) == records(two)
    mapped = sweep(w2v, "2,3", "--sweep-seeds", "2", "--json", "--map-documents")
    assert records(mapped) == records(one)
    for name in ("topics-2-seed-1.safetensors", "topics-3-seed-2.safetensors"):
        assert (folder / "models" / name).read_bytes() == (folder / "others" / name).read_bytes()


def test_held_out_documents_may_be_given(w2v, text, folder):
    (folder / "valid").write_text(themed(20, 5) + "unheard of\n")
    args = ("2", "--sweep-seeds", "1", "-o", "models", "--valid")
    outcome = w2v("topics", "--sweep", *args, "valid", text, *ARGS[:-1], "--json")
    assert outcome.code == 0, outcome.err
    assert "held out for the perplexity: 21 documents of valid\n" in outcome.err
    assert "1 document without any word of the vocabulary\n" in outcome.err
    saved = "models/topics-2-seed-1.safetensors"
    found = json.loads(w2v("perplexity", saved, "valid", "--json").out)
    assert found["perplexity"] == pytest.approx(records(outcome)[0]["perplexity"], rel=1e-6)
    corpus = json.loads(container.read(saved)[1]["corpus"])
    assert corpus["documents"] == len((folder / text).read_text().splitlines())
    (folder / "valid").write_text(themed(20, 6))
    outcome = sweep(w2v, *args, "valid", code=2)
    assert "the SHA-256 of --valid was " in outcome.err
    outcome = sweep(w2v, *args[:-1], code=2)
    assert "the SHA-256 of --valid was " in outcome.err
    (folder / "one").write_text(" ".join(themed(8).split()))
    assert sweep(w2v, "1", "--valid", "valid", text="one", stdin=b"").out.count("\n") == 2


def test_two_sweeps_do_not_write_one_folder(w2v, text, folder):
    (folder / "models").mkdir()
    with locks.locked("models/sweep.json"):
        outcome = sweep(w2v, "2", "-o", "models", code=2)
    assert "models/sweep.json is being written by another run" in outcome.err
    assert not [*(folder / "models").iterdir()]


def test_documents_from_a_pipe_are_read_once(w2v, text, folder):
    data = (folder / text).read_bytes()
    piped = sweep(w2v, "2", "--sweep-seeds", "1", "--json", text="-", stdin=data)
    assert records(piped) == records(sweep(w2v, "2", "--sweep-seeds", "1", "--json"))


# The texts


def test_the_vocabulary_is_that_of_a_run_and_tokens_keep_their_places(text, folder):
    request = replace(request_for(), text=TextSettings(min_count=2))
    texts = SweepTexts(request)
    vocabulary, training = texts.read(read, lambda tokens: None, {}, False)
    corpus = SweepTexts(request).corpus
    plain, _ = read(corpus, request.text, lambda tokens: None, {}, False, None)
    assert vocabulary.names == plain.names
    assert vocabulary.counts.tolist() == plain.counts.tolist()
    assert (vocabulary.types, vocabulary.tokens) == (plain.types, plain.tokens)
    lines = (folder / text).read_text().splitlines()
    words, starts = texts.places
    assert (
        starts.size - 1 == len(training.names) == len(lines) - texts.held_out_words.starts.size + 1
    )
    for row, name in enumerate(training.names):
        here = words[starts[row] : starts[row + 1]]
        said = [vocabulary.names[word] if word >= 0 else "?" for word in here]
        line = lines[int(name) - 1].split()
        assert said == [word if word in vocabulary.names else "?" for word in line]
        ids = training.ids.read(*training.starts[row : row + 2])
        assert ids.tolist() == here[here >= 0].tolist()
    again = SweepTexts(request_for())
    assert again.read(read, lambda tokens: None, {}, False)[1].names == training.names


# The folder


def test_finished_models_are_not_trained_again(w2v, text, folder):
    first = sweep(w2v, "2,3", "--sweep-seeds", "2", "-o", "models", "--json")
    before = files_of(folder)
    kept = {f"topics-{k}-seed-{seed}.safetensors" for k in (2, 3) for seed in (1, 2)}
    assert before.keys() == kept | {"sweep.json"}
    again = w2v("topics", "--sweep", "2,3", text, *ARGS[:-1], "--sweep-seeds", "2", "-o", "models",
                "--json")  # fmt: skip
    assert again.out == first.out
    assert "0 models to train; 4 of 4 were finished before" in again.err
    assert files_of(folder) == before
    more = sweep(w2v, "3,4", "--sweep-seeds", "3", "-o", "models", "--json")
    after = files_of(folder)
    assert [row["topics"] for row in records(more)] == [3, 4]
    assert records(more)[0]["models"][:2] == records(first)[1]["models"]
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert len(after) == 4 + 1 + 3 + 1
    fresh = sweep(w2v, "3,4", "--sweep-seeds", "3", "--json")
    assert records(fresh) == records(more)
    assert w2v("topics", "models/topics-4-seed-3.safetensors").out.count("\n") == 4


def test_a_folder_of_another_sweep_is_refused(w2v, text, folder):
    sweep(w2v, "2", "--sweep-seeds", "1", "-o", "models")
    before = files_of(folder)
    (folder / "other").write_text(themed(50, 1))
    for more, said in (
        (("--alpha", "0.2"), "--alpha was 0.1, is now 0.2"),
        (("--lowercase",), "--lowercase was False, is now True"),
        (("--shards", "2"), "--shards was 8, is now 2"),
    ):
        outcome = sweep(w2v, "2,3", "--sweep-seeds", "1", "-o", "models", *more, code=2)
        assert f"sweep.json is the record of another sweep: {said}. Repeat its" in outcome.err
        assert outcome.out == ""
    outcome = sweep(w2v, "2", "-o", "models", text="other", code=2)
    assert "the text's SHA-256 was " in outcome.err
    assert files_of(folder) == before


def interrupting(monkeypatch, chunks):
    """Interrupt a sweep after some chunks of training."""
    from w2v.training import loop

    seen, run = [0], loop.run

    def run_some(trainer, plan, threads, on_progress, seconds, state, before, in_rounds):
        seen[0] += 1
        if seen[0] == chunks:
            raise KeyboardInterrupt
        run(trainer, plan, threads, on_progress, seconds, state, before, in_rounds)

    monkeypatch.setattr(loop, "run", run_some)


def test_an_interrupted_sweep_keeps_what_is_finished(w2v, text, folder, monkeypatch):
    args = ("2,3", "--sweep-seeds", "2", "-o", "models", "--threads", "1")
    whole = sweep(w2v, *args[:3], "-o", "others", "--json")
    with monkeypatch.context() as patch:
        interrupting(patch, 2 * int(EPOCHS) + 3)
        outcome = w2v("topics", "--sweep", *args, text, *ARGS[:-1], "--json")
    assert outcome.code == 130
    assert "stopped after 2 of 4 models; the same command continues the sweep in models" in (
        outcome.err
    )
    assert len(records(outcome)) == 1
    assert files_of(folder).keys() == {
        "sweep.json", "topics-2-seed-1.safetensors", "topics-2-seed-2.safetensors",
        "topics-3-seed-1.safetensors.checkpoint",
    }  # fmt: skip
    rest = sweep(w2v, *args, "--json")
    assert records(rest) == records(whole)
    assert len(files_of(folder)) == 5
    seconds = [model["seconds"] for line in rest.out.splitlines()
               for model in json.loads(line)["models"]]  # fmt: skip
    assert [value is None for value in seconds] == [False, False, True, False]


def test_an_interrupted_sweep_without_a_folder_leaves_nothing(w2v, text, folder, monkeypatch):
    with monkeypatch.context() as patch:
        interrupting(patch, 2)
        outcome = w2v("topics", "--sweep", "2", text, *ARGS[:-1])
    assert outcome.code == 130
    assert "stopped after 0 of 3 models\n" in outcome.err
    assert [path.name for path in folder.iterdir()] == ["text"]


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[1]", '{"settings": {}, "models": [{}]}', '{"settings": 3, "models": []}',
     '{"settings": {}, "models": [{"topics": "2"}]}', "\xff"],
)  # fmt: skip
def test_a_file_that_is_no_record_is_refused(w2v, text, folder, content):
    (folder / "models").mkdir()
    (folder / "models" / "sweep.json").write_text(content, encoding="latin-1")
    outcome = sweep(w2v, "2", "-o", "models", code=2)
    assert "models/sweep.json is not the record of a sweep: move it" in outcome.err
    assert (folder / "models" / "sweep.json").read_text(encoding="latin-1") == content


def test_a_changed_figure_in_a_record_is_noticed(w2v, text, folder):
    sweep(w2v, "2", "--sweep-seeds", "1", "-o", "models")
    path = folder / "models" / "sweep.json"
    good = path.read_text()
    for found, other in {
        '"npmi": ': '"npmi": "x" ,"y":', '"c_v": ': '"c_v": NaN,"y":',
        '"words": [': '"words": [["a"],', '"seed": 1': '"seed": null',
    }.items():  # fmt: skip
        assert found in good
        path.write_text(good.replace(found, other))
        outcome = sweep(w2v, "2", "--sweep-seeds", "1", "-o", "models", code=2)
        assert "is not the record of a sweep" in outcome.err


# Python, progress and help


def test_python_trains_a_sweep(text):
    rows = [*TopicSweep(request_for(), [2, 3], 2, None, Silent()).rows()]
    assert [row.topics for row in rows] == [2, 3]
    assert [model.seed for model in rows[0].models] == [1, 2]


def test_progress_is_that_of_the_whole_sweep(text, monkeypatch):
    shown = []

    class Console(Silent):
        def show(self, state):
            shown.append(str(state))

    [*TopicSweep(request_for(), [2, 3], 2, None, Console()).rows()]
    lines = [line for line in shown if line.startswith("model ")]
    assert {line.partition(":")[0] for line in lines} == {
        "model 1 of 4, 2 topics, seed 1", "model 2 of 4, 2 topics, seed 2",
        "model 3 of 4, 3 topics, seed 1", "model 4 of 4, 3 topics, seed 2",
    }  # fmt: skip
    assert all(re.search(r": +[\d.]+%  (\?|[\d.]+ s|\d+ min \d+ s) left in all$", x) for x in lines)


def test_what_is_said_about_the_text(w2v, text, folder):
    (folder / "text").write_text((folder / "text").read_text() + "\n" * 3)
    call = ("topics", "--sweep", "2", text, *ARGS[:-1], "--sweep-seeds", "2", "--threads", "2")
    outcome = w2v(*call)
    assert outcome.code == 0, outcome.err
    said = outcome.err
    assert said.count("vocabulary: ") == 1
    assert re.search(r"without any word of the vocabulary", said)
    count = len((folder / "text").read_text().splitlines())
    assert f"held out for the perplexity: {round(count / 10)} of {count} documents" in said
    assert "2 models to train, 2 at a time\n" in said
    assert "wrote" not in said
    assert sweep(w2v, "2", "--sweep-seeds", "1").err == ""


def test_seed_words_steer_each_model_and_are_reported_once(w2v, text, folder):
    (folder / "seeds").write_text("sky\tsun moon nowhere\nfood\tbread salt\n")
    loud = ("topics", "--sweep", "2,3", text, *ARGS[:-1], "--sweep-seeds", "1", "-o", "models")
    outcome = w2v(*loud, "--seeds", "seeds")
    assert outcome.code == 0, outcome.err
    assert outcome.err.count("seeds: 4 words in 2 topics\n") == 1
    assert "seed words that are not used: 1 (nowhere): not in the vocabulary" in outcome.err
    for topics in (2, 3):
        model = f"models/topics-{topics}-seed-1.safetensors"
        rows = [json.loads(line) for line in w2v("topics", model, "--json").out.splitlines()]
        assert {row["name"] for row in rows} >= {"sky", "food"}
    (folder / "seeds").write_text("sky\tsun\nfood\tbread\nroad\twheel\n")
    outcome = w2v(*loud[:-2], "--seeds", "seeds", "--quiet")
    assert outcome.code == 2
    assert "seeds: line 3: a seed for topic 3, but there are only --topics 2" in outcome.err
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.parametrize("given", [("--sweep", "5"), ("--sweep=5",)])
def test_the_help_has_the_options_of_lda(w2v, given):
    outcome = w2v("topics", *given, "--help")
    for option in ("--sweep-seeds", "--epochs", "--min-df", "--text-field", "--threads", "--alpha"):
        assert f"  {option} " in outcome.out
    for option in ("--topics ", "--deterministic", "--patience", "--topic-keys", "--dim"):
        assert f"\n  {option}" not in outcome.out
    listing = w2v("topics", "--help").out
    assert "--epochs N" not in listing
    assert "--sweep LIST" in listing


# Mistakes


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--sweep", "2,3,2", "text"), "--sweep names 2 twice: leave one out"),
        (("--sweep", "0", "text"), "--sweep 0 is out of range: 1 to 16,384"),
        (("--sweep", "2,,3", "text"), "--sweep 2,,3: expected whole numbers, separated by"),
        (("--sweep", "-2", "text"), "--sweep -2: expected whole numbers"),
        (("--sweep", "2.5", "text"), "--sweep 2.5: expected whole numbers"),
        (("--sweep", "", "text"), "expected whole numbers"),
        (("--sweep", "5,99999", "text"), "--sweep 99999 is out of range: 1 to 16,384"),
        (("--sweep", "9" * 5000, "text"), "is out of range: 1 to 16,384"),
        (("--sweep", "2,300", "text"), "--sweep 300: more topics than the "),
        (("--sweep", "2", "nowhere"), "nowhere: No such file"),
        (("--sweep", "2", "nowhere", "-o", "models"), "nowhere: No such file"),
        (("--sweep", "2"), "Missing argument 'CORPUS...'"),
        (("--sweep", "2", "one"), "one: a sweep holds out a tenth of the documents, and this is"),
        (("--sweep", "2", "empty"), "empty: no words in the text"),
        (("--sweep", "2", "text", "--min-count", "9999"), "different words occurs 9,999 times"),
        (("--sweep", "2", "text", "--sweep-seeds", "0"), "'--sweep-seeds': 0 is not in the range"),
        (("--sweep", "2", "text", "--valid", "nowhere"), "nowhere: No such file"),
        (("--sweep", "2", "text", "--valid", "other"), "other: none of its 2 words is in the"),
        (("--sweep", "2", "-", "--valid", "-"), "standard input is named twice, by --valid and"),
        (("--sweep", "2", "text", "--valid", "v.tsv", "--plot", "v.tsv"), "is the held-out text"),
        (
            ("--sweep", "2", "text", "--topics", "5"),
            "w2v topics --sweep LIST --help lists all",
        ),
        (("--sweep", "2", "text", "--topic-keys", "k"), "No such option '--topic-keys'"),
        (("--sweep", "2", "--sweep", "3", "text"), "--sweep is given twice: leave one out"),
        (("--sweep", "2", "text", "--alpha", "0"), "--alpha 0.0 is out of range"),
        (("--sweep", "2", "text", "--epochs", "4", "--burn-in", "4"), "leaves no epoch"),
        (("--sweep", "2", "text", "--min-df", "999"), "no term is left"),
        (("--sweep", "2", "text", "--max-memory", "1MB"), "or smaller numbers in --sweep"),
        (("--sweep", "2", "text", "--min-df", "999", "-o", "new/a/b"), "no term is left"),
        (("--sweep", "2", "text", "-o", "empty"), "empty is not a folder: name the folder"),
        (("--sweep", "2", "text", "--plot", "t.doc"), "t.doc: expected a name that ends in"),
        (("--sweep", "2", "text", "--plot", "./text.tsv"), "--plot ./text.tsv is one of"),
        (("--sweep", "2", "text", "--stopwords", "stop.tsv", "--plot", "stop.tsv"), "stop.tsv is"),
        (("text", "--sweep-seeds", "2"), "No such option '--sweep-seeds'"),
    ],
)
def test_a_mistake_is_one_line(w2v, text, folder, args, said):
    (folder / "one").write_text("sun moon\n")
    (folder / "empty").write_text("")
    for name in ("other", "v.tsv"):
        (folder / name).write_text("unheard of\n")
    (folder / "stop.tsv").write_text("sun\n")
    if "./text.tsv" in args:
        (folder / "text.tsv").write_text(themed(9))
        args = tuple("text.tsv" if arg == "text" else arg for arg in args)
    before = sorted(folder.iterdir())
    options = () if args[0] == "text" or "--min-count" in args else ("--min-count", "1")
    outcome = w2v("topics", *args, *options)
    assert outcome.code == 2, outcome
    assert said in outcome.err.splitlines()[-1]
    assert outcome.err.splitlines()[-1].startswith("w2v: ")
    assert outcome.out == ""
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    "content", [b"\xff king\n\xfe\xfe queen\n", bytes(4096), b"\n \n\t\n", b"7", b"king " * 1000]
)
def test_an_odd_corpus_is_read_or_refused_in_one_line(w2v, folder, content):
    (folder / "bad").write_bytes(content)
    outcome = w2v("topics", "--sweep", "1", "bad", *ARGS, "--sweep-seeds", "1")
    assert outcome.code in (0, 2)
    assert "Traceback" not in outcome.err
    assert not outcome.code or outcome.err.splitlines()[-1].startswith("w2v: bad")


def test_a_stop_while_a_model_is_measured_keeps_the_model(w2v, text, folder, monkeypatch):
    def stop(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(topic_sweep, "measure", stop)
        assert sweep(w2v, "2", "--sweep-seeds", "1", "-o", "models", code=130)
    name = "topics-2-seed-1.safetensors"
    before = files_of(folder)
    assert before.keys() == {name}
    sweep(w2v, "2", "--sweep-seeds", "1", "-o", "models")
    metadata = container.read(f"models/{name}")[1]
    assert metadata["model"] == "lda"
    assert files_of(folder).keys() == {name, "sweep.json"}
